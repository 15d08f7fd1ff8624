//! Types as `-L` and messages spell them: `struct file*`, `char const*`, `int[4]`.

use super::Broken;
use super::types::{Array, Qualifier, Type, TypeId, TypeKind, Types};

/// Deepest type that is spelt out.
const MAX_DEPTH: usize = 50;

/// The name of a type.
pub fn spell(types: &dyn Types, id: TypeId) -> Result<String, Broken> {
    at(types, id, 0)
}

fn at(types: &dyn Types, id: TypeId, depth: usize) -> Result<String, Broken> {
    if depth > MAX_DEPTH {
        return Err(Broken(format!("type {} nests deeper than {MAX_DEPTH}", id.number)));
    }
    let inner = |id| at(types, id, depth + 1);
    Ok(match types.ty(id)? {
        Type::Void => "void".into(),
        Type::Int(int) => int.name.to_string(),
        Type::Float(name, _) | Type::Typedef(name, _) => name.to_string(),
        Type::Pointer(target) => pointer(types, target, depth)?,
        Type::Array(Array { element, count }) => {
            let count = count.map(|count| count.to_string()).unwrap_or_default();
            format!("{}[{count}]", inner(element)?)
        }
        Type::Record(record) => tagged(if record.union { "union" } else { "struct" }, record.name),
        Type::Enum(found) => tagged("enum", found.name),
        Type::Declared(TypeKind::Union, name) => format!("union {name}"),
        Type::Declared(_, name) => format!("struct {name}"),
        Type::Qualified(Qualifier::Tag(_), target) => inner(target)?,
        Type::Qualified(qualifier, target) => {
            let word = match qualifier {
                Qualifier::Const => "const",
                Qualifier::Volatile => "volatile",
                Qualifier::Restrict => "restrict",
                Qualifier::Atomic | Qualifier::Tag(_) => "_Atomic",
            };
            format!("{} {word}", inner(target)?)
        }
        Type::Function(signature) => {
            let params: Result<Vec<_>, _> = signature.params.iter().map(|&param| inner(param)).collect();
            format!("{} ({})", inner(signature.result)?, params?.join(", "))
        }
    })
}

/// A pointer's star stands behind what it points to, but inside of a function's type.
fn pointer(types: &dyn Types, target: TypeId, depth: usize) -> Result<String, Broken> {
    let name = at(types, target, depth + 1)?;
    if let Type::Function(_) = types.ty(target)?
        && let Some((result, params)) = name.split_once(" (")
    {
        return Ok(format!("{result} (*) ({params}"));
    }
    Ok(format!("{name}*"))
}

fn tagged(word: &str, name: Option<crate::source::Symbol>) -> String {
    match name {
        Some(name) => format!("{word} {name}"),
        None => format!("{word} {{...}}"),
    }
}
