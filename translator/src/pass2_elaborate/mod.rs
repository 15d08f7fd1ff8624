//! Pass 2: names resolved, probe points derived, types inferred, IR made.
