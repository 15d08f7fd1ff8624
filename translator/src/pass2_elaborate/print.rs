//! The text of -p2: sections, names, types; bodies when asked for.

use std::fmt::Write;

use super::code::Code;
use crate::ir::Program;
use crate::ir::arena::Arena;
use crate::ir::program::{Constant, Function, FunctionBody, Global, Local, Probe};
use crate::ir::ty::ValueTy;
use crate::probes::quoted;

/// The program as -p2 shows it; `bodies` adds what functions and handlers do.
pub fn print(program: &Program, bodies: bool) -> String {
    let mut out = String::new();
    if !program.embedded.is_empty() {
        out.push_str("# global embedded code\n");
        for code in &program.embedded {
            line(&mut out, format_args!("%{{{}%}}", String::from_utf8_lossy(&code.code)));
        }
    }
    if !program.globals.is_empty() {
        out.push_str("# globals\n");
        for (_, global) in program.globals.iter() {
            print_global(&mut out, global, bodies);
        }
    }
    if !program.functions.is_empty() {
        out.push_str("# functions\n");
        let mut functions: Vec<&Function> = program.functions.iter().map(|(_, function)| function).collect();
        functions.sort_by_key(|function| (function.name, function.unique));
        for function in functions {
            print_function(&mut out, program, function, bodies);
        }
    }
    if !program.probes.is_empty() {
        out.push_str("# probes\n");
        for probe in &program.probes {
            print_probe(&mut out, program, probe, bodies);
        }
    }
    out
}

/// Writing to a string cannot fail.
fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(text);
    out.push('\n');
}

fn print_global(out: &mut String, global: &Global, init: bool) {
    out.push_str(global.name.as_str());
    if global.wrap {
        out.push('%');
    }
    if let Some(size) = global.size {
        let _ = write!(out, "[{size}]");
    }
    match global.value {
        ValueTy::Scalar(ty) => {
            let _ = write!(out, ":{ty}");
        }
        ValueTy::Stat(_) => out.push_str(":stats"),
    }
    if !global.keys.is_empty() {
        let keys: Vec<String> = global.keys.iter().map(|key| key.to_string()).collect();
        let _ = write!(out, " [{}]", keys.join(", "));
    }
    match &global.init {
        Some(Constant::Long(value)) if init => line(out, format_args!(" = {value}")),
        Some(Constant::String(value)) if init => line(out, format_args!(" = {}", quoted(value))),
        _ => out.push('\n'),
    }
}

fn print_function(out: &mut String, program: &Program, function: &Function, bodies: bool) {
    let ret = function.ret.map_or("unknown".to_owned(), |ty| ty.to_string());
    let params = function.locals.iter().take(function.params);
    let params: Vec<String> = params.map(|(_, local)| format!("{}:{}", local.name, local.ty)).collect();
    line(out, format_args!("{}:{ret} ({})", function.name, params.join(", ")));
    print_locals(out, &function.locals, function.params);
    if bodies {
        match &function.body {
            FunctionBody::Embedded(code) => {
                line(out, format_args!("%{{{}%}}", String::from_utf8_lossy(&code.code)));
            }
            FunctionBody::Script(body) => {
                out.push_str(&Code { program, locals: &function.locals }.body(body));
            }
        }
    }
}

fn print_probe(out: &mut String, program: &Program, probe: &Probe, bodies: bool) {
    let code = Code { program, locals: &probe.locals };
    let condition = probe.condition.as_ref().map(|condition| format!(" if ({})", code.expr(condition)));
    line(out, format_args!("{}{} /*{} */", probe.pp, condition.unwrap_or_default(), probe.lineage));
    print_locals(out, &probe.locals, 0);
    if bodies {
        out.push_str(&code.body(&probe.body));
    }
}

fn print_locals(out: &mut String, locals: &Arena<Local>, params: usize) {
    let shown = locals.iter().skip(params).filter(|(_, local)| !local.is_hidden());
    for (index, (_, local)) in shown.enumerate() {
        if index == 0 {
            out.push_str("  # locals\n");
        }
        line(out, format_args!("  {}:{}", local.name, local.ty));
    }
}
