//! This process's environment.

/// Removes every variable but these.  It must be called before the process has a second thread.
pub fn clear_except(kept: &[&str]) {
    let names: Vec<_> = std::env::vars_os().map(|(name, _)| name).collect();
    for name in names {
        if !kept.iter().any(|kept| name == *kept) {
            // SAFETY: the program has one thread here, so that nobody reads the environment meanwhile.
            unsafe { std::env::remove_var(&name) };
        }
    }
}
