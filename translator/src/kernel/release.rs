//! Kernel release strings.
