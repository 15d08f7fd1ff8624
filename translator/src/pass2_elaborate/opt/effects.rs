//! What has an effect that outlives its statement.

use crate::ir::Program;
use crate::ir::expr::{Expr, ExprKind, Place};
use crate::ir::program::{EmbeddedC, FunctionBody, FunctionId};
use crate::ir::stmt::{Block, Stmt, StmtKind};
use crate::ir::visit::look;
use crate::pass2_elaborate::callgraph::CallGraph;
use crate::pass2_elaborate::regexes;

/// Which functions have effects.
pub struct Effects {
    functions: Vec<bool>,
    /// A match is kept for matched() and its like, which some function of the program is.
    groups: bool,
}

impl Effects {
    /// Finds the functions with effects, through all that they call.
    pub fn of(program: &Program) -> Self {
        let groups = regexes::wants_groups(program);
        let silent = Effects { functions: vec![false; program.functions.len()], groups };
        let direct = program.functions.iter().map(|(_, function)| match &function.body {
            FunctionBody::Embedded(code) => in_c(code),
            // The last candidate that says `next` ends in an error.
            FunctionBody::Script(body) => silent.block(body) || hands_over(body),
        });
        let direct = direct.collect();
        Effects { functions: CallGraph::new(program).spread(direct), groups }
    }

    /// Whether a call has effects.
    pub fn call(&self, function: FunctionId) -> bool {
        self.functions[function.index()]
    }

    /// Whether evaluating has effects; assignments to locals count when `locals` says so.
    pub fn expr(&self, expr: &Expr, locals: bool) -> bool {
        let own = match &expr.kind {
            ExprKind::Call { function, .. } => self.call(*function),
            ExprKind::Regex { .. } => self.groups,
            ExprKind::Store { .. } | ExprKind::StoreRegister { .. } => true,
            ExprKind::Save { .. } | ExprKind::Answer { .. } => true,
            ExprKind::Embedded(code) => in_c(code),
            ExprKind::Assign { place, .. }
            | ExprKind::AssignBinary { place, .. }
            | ExprKind::AssignConcat { place, .. }
            | ExprKind::Aggregate { place, .. }
            | ExprKind::Crement { place, .. } => locals || !matches!(**place, Place::Local(..)),
            _ => false,
        };
        let mut any = own;
        look::each_expr(expr, &mut |child| any = any || self.expr(child, locals));
        any
    }

    /// Whether a function's block has effects for its callers.
    fn block(&self, block: &Block) -> bool {
        let mut any = false;
        look::all_stmts(block, &mut |stmt| any = any || self.stmt(stmt));
        any
    }

    fn stmt(&self, stmt: &Stmt) -> bool {
        let mut any = match &stmt.kind {
            StmtKind::Print(_) | StmtKind::DeleteAll(_) | StmtKind::DeleteElement { .. } => true,
            StmtKind::Embedded(code) => in_c(code),
            _ => false,
        };
        look::stmt_exprs(stmt, &mut |expr| any = any || self.expr(expr, false));
        any
    }
}

fn hands_over(body: &Block) -> bool {
    let mut found = false;
    look::all_stmts(body, &mut |stmt| found |= matches!(stmt.kind, StmtKind::Next));
    found
}

/// Whether C has effects.
pub fn in_c(code: &EmbeddedC) -> bool {
    !code.pragmas.pure || !code.writes.is_empty()
}
