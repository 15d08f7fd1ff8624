//! Pass 3: IR to C.
