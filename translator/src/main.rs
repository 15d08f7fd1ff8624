//! stap: see the library.

fn main() {}
