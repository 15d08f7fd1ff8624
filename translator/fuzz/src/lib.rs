//! Fuzzing of the passes: [`checks`] has what must hold for any input.

pub mod checks;
