//! What parses but cannot run yet: one clear error each.

use super::{Context, Reported, Resolver};
use crate::diag::{Code, Diagnostic};
use crate::ir::Expr;
use crate::pass1_parse::ast::ExprKind;
use crate::source::Span;

/// What reading target values needs, and the way for now.
const ARGUMENTS: &str = "it needs the kernel's debuginfo or BTF, which this version does not read; in a function probe \
                         use int_arg(N), long_arg(N), pointer_arg(N), and $return in a .return probe";

impl Resolver<'_, '_> {
    /// Reports an expression that has no translation yet, or none where it stands.
    pub(super) fn not_yet(&self, kind: &ExprKind, span: Span) -> Result<Expr, Reported> {
        let (what, help) = match kind {
            ExprKind::Target(name) if name.as_str() == "$return" && self.in_probe() => {
                let message = "$return is only there in .return probes";
                return self.error(Code::Misuse, message, span);
            }
            ExprKind::Target(name) => (format!("target variable {name}"), ARGUMENTS),
            ExprKind::Cast { .. } => ("@cast".into(), ARGUMENTS),
            ExprKind::AtVar { .. } => ("@var".into(), ARGUMENTS),
            ExprKind::Deref { .. } => ("access to members and elements of target values".into(), ARGUMENTS),
            ExprKind::AddressOf(_) => ("the address of a target value".into(), ARGUMENTS),
            ExprKind::Enum(_) | ExprKind::EnumName { .. } => {
                ("@enum and @enumname".into(), "write the number instead")
            }
            ExprKind::Entry(_) => {
                ("@entry".into(), "keep the value in a global array indexed by tid() from an entry probe")
            }
            ExprKind::Perf(_) => ("@perf".into(), "use get_cycles() or gettimeofday_ns()"),
            ExprKind::ProbeWrite(_) => ("@probewrite".into(), "leave it out"),
            ExprKind::Register { .. } => {
                ("@kregister and @uregister".into(), "use register(\"NAME\") in a function probe")
            }
            ExprKind::RawDeref { .. } => {
                ("@kderef and @uderef".into(), "use kernel_long(), kernel_int() and their like")
            }
            ExprKind::Hist { .. } => {
                let message = "histogram may only be printed or indexed";
                return self.error(Code::Misuse, message, span);
            }
            _ => return self.error(Code::Misuse, "expression cannot stand here", span),
        };
        let message = format!("{what} is not available yet");
        self.names.sink.push(Diagnostic::semantic(Code::NotYet, message, span).help(help));
        Err(Reported)
    }

    fn in_probe(&self) -> bool {
        matches!(self.context, Context::Probe { .. })
    }
}
