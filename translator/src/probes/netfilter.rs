//! Hooks that packets pass. Names become numbers here; priorities stay the kernel's own names.

use super::{Derivation, Family, string, wrong};
use crate::debuginfo::Objects;
use crate::diag::Diagnostic;
use crate::ir::program::{NetfilterPoint, Point};
use crate::pass1_parse::ast::{Component, Literal};
use crate::pass1_parse::glob;

/// `netfilter.hook("H").pf("P").priority("N")`
pub struct Netfilter;

/// A protocol family.
struct Protocol {
    name: &'static str,
    number: u8,
    /// Its hooks in the order of their numbers, each with its names.
    hooks: &'static [&'static [&'static str]],
    /// What its named priorities begin with, and how they go on.
    priorities: (&'static str, &'static [&'static str]),
}

const IP_PRIORITIES: &[&str] = &[
    "FIRST",
    "RAW_BEFORE_DEFRAG",
    "CONNTRACK_DEFRAG",
    "RAW",
    "SELINUX_FIRST",
    "CONNTRACK",
    "MANGLE",
    "NAT_DST",
    "FILTER",
    "SECURITY",
    "NAT_SRC",
    "SELINUX_LAST",
    "CONNTRACK_HELPER",
    "LAST",
];

const PROTOCOLS: [Protocol; 4] = [
    Protocol {
        name: "NFPROTO_IPV4",
        number: 2,
        hooks: &[
            &["NF_INET_PRE_ROUTING", "NF_IP_PRE_ROUTING"],
            &["NF_INET_LOCAL_IN", "NF_IP_LOCAL_IN"],
            &["NF_INET_FORWARD", "NF_IP_FORWARD"],
            &["NF_INET_LOCAL_OUT", "NF_IP_LOCAL_OUT"],
            &["NF_INET_POST_ROUTING", "NF_IP_POST_ROUTING"],
        ],
        priorities: ("NF_IP_PRI_", IP_PRIORITIES),
    },
    Protocol {
        name: "NFPROTO_IPV6",
        number: 10,
        hooks: &[
            &["NF_IP6_PRE_ROUTING", "NF_INET_PRE_ROUTING"],
            &["NF_IP6_LOCAL_IN", "NF_INET_LOCAL_IN"],
            &["NF_IP6_FORWARD", "NF_INET_FORWARD"],
            &["NF_IP6_LOCAL_OUT", "NF_INET_LOCAL_OUT"],
            &["NF_IP6_POST_ROUTING", "NF_INET_POST_ROUTING"],
        ],
        priorities: ("NF_IP6_PRI_", IP_PRIORITIES),
    },
    Protocol {
        name: "NFPROTO_ARP",
        number: 3,
        hooks: &[&["NF_ARP_IN"], &["NF_ARP_OUT"], &["NF_ARP_FORWARD"]],
        priorities: ("", &[]),
    },
    Protocol {
        name: "NFPROTO_BRIDGE",
        number: 7,
        hooks: &[
            &["NF_BR_PRE_ROUTING"],
            &["NF_BR_LOCAL_IN"],
            &["NF_BR_FORWARD"],
            &["NF_BR_LOCAL_OUT"],
            &["NF_BR_POST_ROUTING"],
        ],
        priorities: (
            "NF_BR_PRI_",
            &[
                "FIRST",
                "NAT_DST_BRIDGED",
                "FILTER_BRIDGED",
                "BRNF",
                "NAT_DST_OTHER",
                "FILTER_OTHER",
                "NAT_SRC",
                "LAST",
            ],
        ),
    },
];

impl Family for Netfilter {
    fn patterns(&self) -> &'static [&'static str] {
        &[
            "netfilter.hook(string).pf(string)",
            "netfilter.hook(string).pf(string).priority(string)",
            "netfilter.pf(string).hook(string)",
            "netfilter.pf(string).hook(string).priority(string)",
        ]
    }

    fn derive(&self, components: &[Component], objects: &Objects<'_>) -> Result<Vec<Derivation>, Diagnostic> {
        let hooks_known = objects.exports("kernel");
        if hooks_known.is_ok_and(|exports| !exports.contains("nf_register_net_hook")) {
            return Err(wrong(&components[0], "the kernel has no netfilter (CONFIG_NETFILTER)"));
        }
        let guru = objects.guru();
        let named = |name: &str| components.iter().position(|component| component.name.as_str() == name);
        let at = (named("pf").unwrap_or(1), named("hook").unwrap_or(2));
        let mut found = Vec::new();
        for (family, family_text) in families(&components[at.0], guru)? {
            let hooks = match family {
                Some(family) => family.hooks_of(&components[at.1], guru),
                None => vec![(text(&components[at.1]), text(&components[at.1]))],
            };
            for (hook, hook_text) in hooks {
                let priority = priority(family, components.get(3), guru)?;
                let number = family.map_or(family_text.clone(), |family| family.number.to_string());
                let mut shown = components.to_vec();
                shown[at.0].arg = Some(Literal::String(family_text.clone().into_bytes()));
                shown[at.1].arg = Some(Literal::String(hook_text.into_bytes()));
                let point = Point::Netfilter(NetfilterPoint { family: number, hook, priority });
                found.extend(Derivation::as_written(point, &shown));
            }
        }
        if found.is_empty() {
            return Err(no_hook(components, at));
        }
        Ok(found)
    }
}

fn no_hook(components: &[Component], (family, hook): (usize, usize)) -> Diagnostic {
    let known = families(&components[family], false).ok().and_then(|found| found.first()?.0);
    let (number, names) = match known {
        Some(known) => (known.number.to_string(), known.hooks.iter().map(|names| names[0]).collect()),
        None => (text(&components[family]), Vec::new()),
    };
    let message = format!(
        "unsupported netfilter hook \"{}\" for protocol family \"{number}\"; need stap -g",
        text(&components[hook])
    );
    let error = wrong(&components[hook], message);
    if names.is_empty() { error } else { error.help(format!("its hooks are {}", names.join(", "))) }
}

/// The protocol families that a component means, with the text that names each; none for what guru mode lets through.
fn families(
    component: &Component,
    guru: bool,
) -> Result<Vec<(Option<&'static Protocol>, String)>, Diagnostic> {
    let wanted = text(component);
    let known = PROTOCOLS.iter().filter(|family| {
        glob::matches(wanted.as_bytes(), family.name.as_bytes()) || wanted == family.number.to_string()
    });
    let found: Vec<_> = known
        .map(|family| {
            let shown =
                if glob::is_pattern(wanted.as_bytes()) { family.name.to_owned() } else { wanted.clone() };
            (Some(family), shown)
        })
        .collect();
    if !found.is_empty() {
        return Ok(found);
    }
    if guru && !glob::is_pattern(wanted.as_bytes()) {
        return Ok(vec![(None, wanted)]);
    }
    let names: Vec<&str> = PROTOCOLS.iter().map(|family| family.name).collect();
    let message = format!("unsupported netfilter protocol family \"{wanted}\"; need stap -g");
    Err(wrong(component, message).help(format!("the families are {}", names.join(", "))))
}

impl Protocol {
    /// The hooks that a component means: in C, and the text that names each.
    fn hooks_of(&self, component: &Component, guru: bool) -> Vec<(String, String)> {
        let wanted = text(component);
        let mut found = Vec::new();
        for (number, names) in self.hooks.iter().enumerate() {
            let number = number.to_string();
            let name = names.iter().find(|name| glob::matches(wanted.as_bytes(), name.as_bytes()));
            if name.is_some() || wanted == number {
                let shown = match name {
                    Some(name) if glob::is_pattern(wanted.as_bytes()) => (*name).to_owned(),
                    _ => wanted.clone(),
                };
                found.push((number, shown));
            }
        }
        if found.is_empty() && guru && !glob::is_pattern(wanted.as_bytes()) {
            found.push((wanted.clone(), wanted));
        }
        found
    }

    fn has_priority(&self, name: &str) -> bool {
        let (start, ends) = self.priorities;
        name.strip_prefix(start).is_some_and(|end| ends.contains(&end))
    }
}

/// A priority in C: a number of 32 bits, a name of the family's, or in guru mode whatever stands there.
fn priority(
    family: Option<&Protocol>,
    component: Option<&Component>,
    guru: bool,
) -> Result<String, Diagnostic> {
    let Some(component) = component else { return Ok("0".to_owned()) };
    let wanted = text(component);
    if let Ok(number) = wanted.parse::<i32>() {
        return Ok(format!("({number})"));
    }
    if guru || family.is_some_and(|family| family.has_priority(&wanted)) {
        return Ok(wanted);
    }
    let number = family.map_or(0, |family| family.number);
    let message =
        format!("unsupported netfilter priority \"{wanted}\" for protocol family \"{number}\"; need stap -g");
    let error = wrong(component, message);
    let Some(family) = family.filter(|family| !family.priorities.1.is_empty()) else { return Err(error) };
    let (start, ends) = family.priorities;
    Err(error.help(format!("a number, or {start}{}", ends.join(&format!(", {start}")))))
}

fn text(component: &Component) -> String {
    String::from_utf8_lossy(string(component).unwrap_or_default()).into_owned()
}
