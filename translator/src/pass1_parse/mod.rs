//! Pass 1: bytes to tree.

pub mod ast;
