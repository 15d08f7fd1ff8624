//! From the points of a probe to derived probes: aliases expanded, wildcards resolved, families asked.

use super::catalog::{Catalog, ItemRef};
use super::points::{Match, PointTree, Target};
use crate::debuginfo::Objects;
use crate::diag::{Code, Diagnostic, Severity, Sink};
use crate::ir::program::Point;
use crate::pass1_parse::ast::{Component, Item, ProbePoint};
use crate::probes::{Derivation, FAMILIES, Scope, point_text};
use crate::source::Span;

/// Which block of an item takes part in a handler.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// What an alias does before its user's handler.
    Prologue(ItemRef),
    /// A probe's own handler.
    Handler(ItemRef),
    /// What an alias does after it.
    Epilogue(ItemRef),
}

/// An `if (…)` on the way from the script's point to the derived one: which point of which item carries it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ConditionRef {
    /// The probe or alias.
    pub item: ItemRef,
    /// Its point, by position.
    pub point: usize,
}

/// A point that fires, with all that shall run there.
#[derive(Clone, Debug)]
pub struct Derived {
    /// Where it fires.
    pub point: Point,
    /// `pp()`
    pub pp: String,
    /// The points on the way, that of the family first, the script's own last.
    pub chain: Vec<String>,
    /// The probe and the aliases on the way as they are written, the innermost first.
    pub lineage: Vec<ItemRef>,
    /// The word `probe` in the script.
    pub span: Span,
    /// It may fail to register.
    pub optional: bool,
    /// Blocks in the order in which they run.
    pub parts: Vec<Part>,
    /// Conditions, all of which must hold.
    pub conditions: Vec<ConditionRef>,
    /// the place whose variables the handler can name.
    pub scope: Option<Scope>,
}

/// One level of expansion: a probe, or an alias used by the level outside it.
struct Level<'l> {
    item: ItemRef,
    outer: Option<&'l Level<'l>>,
    /// The outer level's point that led here; none for the probe itself.
    via: Option<&'l Use>,
}

/// A point of a level, as it is looked up.
struct Use {
    components: Vec<Component>,
    span: Span,
    optional: bool,
    sufficient: bool,
    condition: Option<ConditionRef>,
}

/// Aliases that the points of one probe may go through: each can double what the one before it stands for.
const MAX_ALIASES: usize = 100_000;

/// Functions of one point that are named when the kernel keeps probes out of them.
const MAX_WARNINGS: usize = 8;

/// Derives probes.
pub struct Deriver<'d, 'a> {
    /// Declarations.
    pub catalog: &'d mut Catalog<'a>,
    /// All points.
    pub tree: &'d mut PointTree,
    /// What is known about functions.
    pub objects: &'d Objects<'a>,
    /// For warnings about points that are left out.
    pub sink: &'d Sink,
    /// The session may only use what is harmless (--privilege=stapusr).
    pub user: bool,
    /// Aliases that were gone through so far.
    pub aliases: usize,
}

impl Deriver<'_, '_> {
    /// All probes that the points of `probe` stand for. Errors go to the sink.
    pub fn probe(&mut self, probe: ItemRef) -> Vec<Derived> {
        let mut out = Vec::new();
        self.level(&Level { item: probe, outer: None, via: None }, &[], &mut out, &mut |sink, error| {
            sink.push(error)
        });
        if let Item::Probe(declared) = &self.catalog.file(probe.file).items[probe.item] {
            out.iter_mut().for_each(|derived| derived.span = declared.span);
        }
        out
    }

    /// Expands the points of a probe or alias, `suffix` appended to each. Returns whether any point resolved.
    fn level(
        &mut self,
        level: &Level<'_>,
        suffix: &[Component],
        out: &mut Vec<Derived>,
        report: &mut dyn FnMut(&Sink, Diagnostic),
    ) -> bool {
        let file = self.catalog.file(level.item.file);
        let points = match &file.items[level.item.item] {
            Item::Probe(probe) => &probe.points,
            Item::Alias(alias) => &alias.points,
            _ => return false,
        };
        let mut any = false;
        for (index, point) in points.iter().enumerate() {
            let used = level.use_of(point, index, suffix);
            match self.point(level, &used, out) {
                Ok(()) if point.sufficient => return true,
                Ok(()) => any = true,
                Err(error) if used.optional || point.sufficient => self.left_out(error),
                Err(error) => report(self.sink, in_point(error, used.span)),
            }
        }
        any
    }

    /// An optional point may be absent in silence, but not because we cannot do it yet, or not at all.
    fn left_out(&self, mut error: Diagnostic) {
        match error.code {
            Code::NotYet => {
                error.severity = Severity::Warning;
                error.message.push_str("; this optional point is left out");
                self.sink.push(error);
            }
            Code::TooDeep => self.sink.push(error),
            _ => {}
        }
    }

    fn point(&mut self, level: &Level<'_>, used: &Use, out: &mut Vec<Derived>) -> Result<(), Diagnostic> {
        let matches = self.tree.find(self.catalog, &used.components)?;
        let before = out.len();
        let mut first_error = None;
        let exact = !used.components.iter().any(|c| c.name.as_str().contains('*'));
        for found in &matches {
            if let Err(error) = self.matched(level, used, found, out) {
                if exact {
                    return Err(error);
                }
                first_error.get_or_insert(error);
            }
        }
        match first_error {
            Some(error) if out.len() == before => Err(error),
            _ => Ok(()),
        }
    }

    fn matched(
        &mut self,
        level: &Level<'_>,
        used: &Use,
        found: &Match,
        out: &mut Vec<Derived>,
    ) -> Result<(), Diagnostic> {
        match found.target {
            Target::Family(family) => {
                let derivations = FAMILIES[family].derive(&found.components, self.objects);
                self.warn(used);
                let derivations = derivations?;
                if self.user && !FAMILIES[family].harmless() {
                    let message = "probe point is not allowed for --privilege=stapusr";
                    let last = found.components.last().map_or(used.span, |component| component.span);
                    return Err(Diagnostic::semantic(Code::Privilege, message, last));
                }
                for mut derivation in derivations {
                    if let Some(doubt) = derivation.doubt.take() {
                        self.doubt(used, *doubt)?;
                    }
                    out.push(level.finish(used, derivation));
                }
                Ok(())
            }
            Target::Alias(item) => self.alias(level, used, item, found, out),
        }
    }

    /// Points that were left out are told one by one while they are few.
    fn warn(&self, used: &Use) {
        let warnings = self.objects.take_warnings();
        let more = warnings.len().saturating_sub(MAX_WARNINGS);
        for warning in warnings.into_iter().take(MAX_WARNINGS) {
            self.sink.push(warning);
        }
        if more > 0 {
            let message = format!("{more} more functions are blocklisted or in blocklisted sections");
            self.sink.push(Diagnostic::warning(Code::ProbePoint, message, used.span));
        }
    }

    /// A point that may not be there: not the one that makes others superfluous, and no secret unless it is optional.
    fn doubt(&self, used: &Use, doubt: Diagnostic) -> Result<(), Diagnostic> {
        if used.sufficient {
            return Err(doubt);
        }
        if !used.optional {
            self.sink.push(doubt);
        }
        Ok(())
    }

    fn alias(
        &mut self,
        level: &Level<'_>,
        used: &Use,
        item: ItemRef,
        found: &Match,
        out: &mut Vec<Derived>,
    ) -> Result<(), Diagnostic> {
        if level.contains(item) {
            let name = point_text(&found.components[..found.named]);
            let message = format!("recursive loop in alias expansion of {name}");
            return Err(Diagnostic::semantic(Code::ProbePoint, message, used.span));
        }
        self.aliases += 1;
        if self.aliases > MAX_ALIASES {
            let message = format!("the aliases of this probe expand to more than {MAX_ALIASES} points");
            return Err(Diagnostic::semantic(Code::TooDeep, message, used.span));
        }
        let via = Use {
            components: found.components.clone(),
            span: used.span,
            optional: used.optional,
            sufficient: used.sufficient,
            condition: used.condition,
        };
        self.catalog.use_file(item.file);
        let inner = Level { item, outer: Some(level), via: Some(&via) };
        let mut errors = Vec::new();
        let before = out.len();
        let suffix = &found.components[found.named..];
        let any = self.level(&inner, suffix, out, &mut |_, error| errors.push(error));
        match errors.into_iter().next() {
            Some(error) => {
                out.truncate(before);
                Err(error)
            }
            // All points of the alias were optional and none is there.
            None if !any => Err(Diagnostic::semantic(Code::ProbePoint, "no match", used.span)),
            None => Ok(()),
        }
    }
}

/// Wraps an error in the point that it is about. What cannot run yet says so itself, once.
fn in_point(error: Diagnostic, span: Span) -> Diagnostic {
    if error.code == Code::NotYet {
        return error;
    }
    // What is not installed is no fault of the script, whichever point asks for it.
    let code = if error.code == Code::Kernel { Code::Kernel } else { Code::ProbePoint };
    Diagnostic::semantic(code, "while resolving probe point", span).caused_by(error)
}

impl Level<'_> {
    fn use_of(&self, point: &ProbePoint, index: usize, suffix: &[Component]) -> Use {
        let mut components = point.components.clone();
        components.extend_from_slice(suffix);
        Use {
            components,
            span: point.span,
            optional: point.optional || self.via.is_some_and(|via| via.optional),
            sufficient: point.sufficient || self.via.is_some_and(|via| via.sufficient),
            condition: point.condition.as_ref().map(|_| ConditionRef { item: self.item, point: index }),
        }
    }

    fn contains(&self, item: ItemRef) -> bool {
        self.item == item || self.outer.is_some_and(|outer| outer.contains(item))
    }

    /// The probe that a point of this level derives.
    fn finish(&self, used: &Use, derivation: Derivation) -> Derived {
        let Derivation { point, pp, scope, doubt: _ } = derivation;
        let mut derived = Derived {
            point,
            chain: vec![pp.clone()],
            pp,
            lineage: Vec::new(),
            scope,
            span: used.span,
            optional: used.optional,
            parts: Vec::new(),
            conditions: used.condition.into_iter().collect(),
        };
        let mut epilogues = Vec::new();
        let mut level = self;
        while let (Some(outer), Some(via)) = (level.outer, level.via) {
            derived.lineage.push(level.item);
            derived.parts.push(Part::Prologue(level.item));
            epilogues.push(Part::Epilogue(level.item));
            derived.chain.push(point_text(&via.components));
            derived.conditions.extend(via.condition);
            level = outer;
        }
        derived.lineage.push(level.item);
        derived.parts.push(Part::Handler(level.item));
        epilogues.reverse();
        derived.parts.extend(epilogues);
        derived
    }
}
