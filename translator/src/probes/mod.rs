//! Families of probe points.
