//! Registers and memory of the probed code.

use super::body::Body;
use crate::ir::expr::{Answer, ContextValue, Expr, ExprKind, PacketValue};
use crate::ir::program::{Point, Program};
use crate::ir::ty::Ty;
use crate::ir::visit::{bodies, look};
use crate::source::{Span, Symbol};

/// Members of x86-64's pt_regs by DWARF register number (System V ABI, figure 3.36).
const REGISTERS: [&str; 17] = [
    "ax", "dx", "cx", "bx", "si", "di", "bp", "sp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
    "ip",
];

/// Those that a callback of ftrace gives when it is not told to save all: arguments, frame, stack, instruction pointer.
const ALWAYS_SAVED: [u16; 10] = [0, 1, 2, 4, 5, 6, 7, 8, 9, 16];

/// Whether a handler or function reads registers that are there only when all are saved.
pub fn needs_all_registers(program: &Program) -> bool {
    let mut needed = false;
    for block in bodies(program) {
        look::all_exprs(block, &mut |expr| {
            needed |= match expr.kind {
                ExprKind::Context(ContextValue::Register(number)) => !ALWAYS_SAVED.contains(&number),
                // What is written must come back into the register.
                ExprKind::StoreRegister { .. } => true,
                _ => false,
            };
        });
    }
    needed
}

/// The value of a register.
pub fn register(number: u16) -> String {
    match REGISTERS.get(usize::from(number)) {
        Some(name) => format!("((int64_t)stp_argument_registers(c)->{name})"),
        None => "0LL".to_owned(),
    }
}

/// Whether some handler or function reads a perf counter.
pub fn reads_counters(program: &Program) -> bool {
    let mut reads = false;
    for block in bodies(program) {
        look::all_exprs(block, &mut |expr| {
            reads |= matches!(expr.kind, ExprKind::Context(ContextValue::Counter(_)));
        });
    }
    reads
}

/// What a perf counter has counted; counters are rows of the family's table.
pub fn counter(program: &Program, name: Symbol) -> String {
    let mut points = program.probes.iter().filter_map(|probe| match &probe.point {
        Point::Perf(point) => Some(point),
        _ => None,
    });
    let row = points.position(|point| point.counter == Some(name)).unwrap_or(0);
    format!("((int64_t)stp_perf_counter({row}))")
}

/// What the entry kept for this return.
pub fn saved(slot: u16) -> String {
    format!("c->ips.krp.longs[{slot}]")
}

/// The same of a string.
pub fn saved_string(slot: u16) -> String {
    format!("stp_saved_string(c, {slot})")
}

impl Body<'_> {
    /// Keeps a value for the return.
    pub fn save(&mut self, slot: u16, value: &Expr) -> String {
        if value.ty == Ty::String {
            self.string_into(value, &saved_string(slot));
            return "0LL".to_owned();
        }
        let value = self.long(value);
        let slot = saved(slot);
        self.out.line(format!("{slot} = {value};"));
        slot
    }

    /// Writes a register of the probed code.
    pub fn store_register(&mut self, number: u16, value: &Expr) -> String {
        let value = self.long(value);
        let value = self.keep_long(&value);
        if let Some(name) = REGISTERS.get(usize::from(number)) {
            self.out.line(format!("stp_argument_registers(c)->{name} = {value};"));
        }
        value
    }

    /// A register of the current task in user mode; a thread of the kernel has none, which is a soft error.
    pub fn user_register(&mut self, number: u16, span: Span) -> String {
        let Some(name) = REGISTERS.get(usize::from(number)) else { return "0LL".to_owned() };
        let regs = self.declare("struct pt_regs *@");
        self.out.line(format!("{regs} = stp_user_registers(c);"));
        self.fail_if(&format!("!{regs}"), "no user-mode registers: a thread of the kernel", span);
        format!("((int64_t){regs}->{name})")
    }

    /// What a netfilter hook is told.
    pub fn packet(&mut self, value: PacketValue) -> String {
        match value {
            PacketValue::Hook => "((int64_t)c->ips.netfilter.state->hook)".to_owned(),
            PacketValue::Skb => "((int64_t)(uintptr_t)c->ips.netfilter.skb)".to_owned(),
            PacketValue::In => "((int64_t)(uintptr_t)c->ips.netfilter.state->in)".to_owned(),
            PacketValue::Out => "((int64_t)(uintptr_t)c->ips.netfilter.state->out)".to_owned(),
            // What follows may change it.
            PacketValue::Verdict => self.keep_long("((int64_t)c->ips.netfilter.verdict)"),
        }
    }

    /// Decides on the packet.
    pub fn verdict(&mut self, value: &Expr) -> String {
        let value = self.long(value);
        let value = self.keep_long(&value);
        self.out.line(format!("c->ips.netfilter.verdict = (int){value};"));
        value
    }

    /// Gives a reader of procfs its text, or more of it.
    pub fn answer_text(&mut self, to: Answer, value: &Expr) -> String {
        let text = self.string(value);
        let function = if to == Answer::Text { "stp_procfs_set" } else { "stp_procfs_append" };
        self.out.line(format!("{function}(c, {text});"));
        text
    }

    /// Reads memory; a fault is a soft error.
    pub fn load(&mut self, (bytes, signed, user): (u8, bool, bool), address: &Expr, span: Span) -> String {
        let bits = u32::from(bytes) * 8;
        let ty = format!("{}int{bits}_t", if signed { "" } else { "u" });
        let address = self.long(address);
        let address = self.keep_long(&address);
        let value = self.declare(&format!("{ty} @"));
        let space = if user { 'u' } else { 'k' };
        let read = format!("stp_{space}read(&{value}, (const {ty} *)(uintptr_t){address})");
        if self.unit.input.options.skip_badvars {
            self.out.line(format!("if (unlikely({read}))"));
            self.out.line(format!("\t{value} = 0;"));
        } else {
            self.fail_on_fault(&read, &format!("stp_{space}read_fault"), &address, span);
        }
        format!("((int64_t){value})")
    }

    /// Writes memory; a fault is a soft error.
    pub fn store(&mut self, bytes: u8, address: &Expr, value: &Expr, span: Span) -> String {
        let bits = u32::from(bytes) * 8;
        let value = self.long(value);
        let value = self.keep_long(&value);
        let address = self.long(address);
        let address = self.keep_long(&address);
        let write = format!("stp_kwrite_u{bits}((u{bits} *)(uintptr_t){address}, {value})");
        self.fail_on_fault(&write, "stp_kwrite_fault", &address, span);
        value
    }

    fn fail_on_fault(&mut self, access: &str, tell: &str, address: &str, span: Span) {
        self.out.open(format!("if (unlikely({access})) {{"));
        self.out.line(format!("{tell}(c, {address});"));
        let place = self.token_place(span);
        self.out.line(format!("c->last_stmt = {place};"));
        let label = self.error_label().to_owned();
        self.out.line(format!("goto {label};"));
        self.out.close("}");
    }
}
