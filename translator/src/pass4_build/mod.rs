//! Pass 4: C to module.
