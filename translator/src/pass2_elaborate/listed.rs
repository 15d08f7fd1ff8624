//! What -l, -L and the dumps list, as lines of text and as JSON.

use crate::diag::render_json;

/// One line of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listed {
    /// A probe point, and what its handler can use as `NAME:TYPE`.
    Point(String, Vec<String>),
    /// A probe point with `(number)` and `(string)` for what it is given.
    Type(String),
    /// An alias, and the points that it stands for.
    Alias(String, Vec<String>),
    /// A function: its name and type, its parameters as `NAME:TYPE`, and what its C promises.
    Function(String, String, Vec<String>, Vec<&'static str>),
}

impl Listed {
    /// The line, without its end.
    pub fn text(&self) -> String {
        match self {
            Listed::Point(name, variables) => {
                variables.iter().fold(name.clone(), |line, variable| format!("{line} {variable}"))
            }
            Listed::Type(name) => name.clone(),
            Listed::Alias(name, points) => format!("{name} = {}", points.join(", ")),
            Listed::Function(name, ty, params, tags) => {
                let tags: String = tags.iter().map(|tag| format!(" /* {tag} */")).collect();
                format!("{name}:{ty} ({}){tags}", params.join(", "))
            }
        }
    }

    /// The same as one object.
    pub fn json(&self) -> String {
        match self {
            Listed::Point(name, variables) if variables.is_empty() => object(&[("probe", string(name))]),
            Listed::Point(name, variables) => {
                object(&[("probe", string(name)), ("variables", array(variables, |one| typed(one)))])
            }
            Listed::Type(name) => object(&[("probe_type", string(name))]),
            Listed::Alias(name, points) => {
                object(&[("alias", string(name)), ("points", array(points, |point| string(point)))])
            }
            Listed::Function(name, ty, params, tags) => object(&[
                ("function", string(name)),
                ("type", string(ty)),
                ("parameters", array(params, |param| typed(param))),
                ("tags", array(tags, |tag| string(tag))),
            ]),
        }
    }
}

/// `NAME:TYPE` as an object.
fn typed(text: &str) -> String {
    let (name, ty) = text.split_once(':').unwrap_or((text, "unknown"));
    object(&[("name", string(name)), ("type", string(ty))])
}

fn object(members: &[(&str, String)]) -> String {
    let members: Vec<String> = members.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
    format!("{{{}}}", members.join(","))
}

fn array<T>(items: &[T], one: impl Fn(&T) -> String) -> String {
    format!("[{}]", items.iter().map(one).collect::<Vec<_>>().join(","))
}

fn string(text: &str) -> String {
    let mut out = String::new();
    render_json::string(text, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_have_their_types_and_tags() {
        let listed = Listed::Function("f".into(), "long".into(), vec!["a:string".into()], vec!["pure"]);
        assert_eq!(listed.text(), "f:long (a:string) /* pure */");
        let json =
            r#"{"function":"f","type":"long","parameters":[{"name":"a","type":"string"}],"tags":["pure"]}"#;
        assert_eq!(listed.json(), json);
    }

    #[test]
    fn variables_are_split_at_the_first_colon() {
        let listed = Listed::Point("kernel.function(\"f\")".into(), vec!["$p:struct a*".into()]);
        assert_eq!(listed.text(), "kernel.function(\"f\") $p:struct a*");
        let json = r#"{"probe":"kernel.function(\"f\")","variables":[{"name":"$p","type":"struct a*"}]}"#;
        assert_eq!(listed.json(), json);
    }
}
