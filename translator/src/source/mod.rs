//! Files, places and names: what every pass refers to and none owns.

pub mod interner;
pub mod map;
pub mod token_text;

pub use interner::Symbol;
pub use map::{FileId, OriginId, SourceMap, Span};
