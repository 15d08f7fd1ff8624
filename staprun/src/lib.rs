//! Module loader (staprun) and output reader (stapio) of stap-rs.
//!
//! staprun may be installed setuid root, so it is small and trusts nothing: it opens a module once, checks what it
//! opened, reads it once, verifies those bytes and gives those bytes to the kernel.  The types carry the steps:
//! only an [`open::OpenedModule`] can be verified, only an [`image::VerifiedModule`] can be inserted.  stapio runs
//! with the user's own rights; it speaks with the module through `/proc/systemtap/MODULE`, merges the output of
//! all CPUs into one order and shows every loss.
//!
//! Invariants: no unsafe code outside [`sys`]; nothing panics on any input; nothing waits for ever; nothing is
//! printed through macros that panic.
#![deny(unsafe_code)]
#![deny(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod cli;
pub mod command;
pub mod control;
pub mod environment;
pub mod error;
pub mod events;
pub mod image;
pub mod input;
pub mod kernel;
pub mod loader;
pub mod memory;
pub mod merge;
pub mod messages;
pub mod module;
pub mod name;
pub mod notices;
pub mod open;
pub mod output;
pub mod pace;
pub mod print;
pub mod privilege;
pub mod records;
pub mod refusal;
pub mod relay;
pub mod self_check;
pub mod session;
pub mod sessions;
pub mod signals;
pub mod stapio;
pub mod supervise;
pub mod sys;
pub mod user;
