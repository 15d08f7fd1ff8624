//! The test harness: what the case files, the special tests in virtual machines and the bench share.
//!
//! A case is a script with directives in its first comment lines (see [`directives`]). Cases of passes 1 to 4 run on
//! the host; cases under `run/` are compiled on the host and then loaded one after another in one guest a kernel.

pub mod batch;
pub mod cache;
pub mod case;
pub mod compat;
pub mod directives;
pub mod examples;
pub mod expect;
pub mod families;
pub mod guest_cases;
pub mod parallel;
pub mod peer;
pub mod process;
pub mod programs;
