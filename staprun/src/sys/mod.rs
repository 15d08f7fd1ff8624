//! All unsafe code of staprun and stapio.  Each file wraps one kind of call so that its callers cannot misuse it.
#![allow(unsafe_code)]

pub mod environment;
pub mod ioctl;
pub mod process;
pub mod time;
