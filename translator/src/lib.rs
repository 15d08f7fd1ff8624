//! stap: a SystemTap script goes through five passes: parse, elaborate, translate, compile, run.
//!
//! [`driver`] is the list of the passes; each takes the value of the one before it. Modules are listed in the order of
//! the data; one may use those above it, never those below.

pub mod cache;
pub mod cli;
pub mod debuginfo;
pub mod diag;
pub mod driver;
pub mod host;
pub mod ir;
pub mod kernel;
pub mod library;
pub mod pass1_parse;
pub mod pass2_elaborate;
pub mod pass3_translate;
pub mod pass4_build;
pub mod pass5_run;
pub mod probes;
pub mod regex;
pub mod session;
pub mod source;
