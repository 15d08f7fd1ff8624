//! The tapset: which file declares what.
