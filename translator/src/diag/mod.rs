//! Diagnostics are data; layout is a renderer's business.

pub mod code;
pub mod diagnostic;
pub mod palette;
pub mod render_classic;
pub mod render_json;
pub mod sink;
pub mod suggest;

pub use code::Code;
pub use diagnostic::{Diagnostic, Severity};
pub use palette::Palette;
pub use sink::Sink;
