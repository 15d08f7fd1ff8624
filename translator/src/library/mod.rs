//! The tapset: which file declares what, and each file parsed when it is needed.

pub mod declared;
pub mod index;
pub mod search;
