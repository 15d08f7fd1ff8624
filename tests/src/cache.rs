//! stap's cache, seen from outside.

use std::path::Path;
use std::{fs, io};

/// Removes the entries whose names are wanted from the cache under a SYSTEMTAP_DIR; gives how many there were.
pub fn forget(data: &Path, wanted: &dyn Fn(&str) -> bool) -> io::Result<usize> {
    let mut count = 0;
    for folder in fs::read_dir(data.join("cache"))? {
        let folder = folder?.path();
        if !folder.is_dir() {
            continue;
        }
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if wanted(&entry.file_name().to_string_lossy()) {
                fs::remove_file(entry.path())?;
                count += 1;
            }
        }
    }
    Ok(count)
}

/// Whether an entry holds the commands that Kbuild ran.
pub fn is_recipe(name: &str) -> bool {
    name.starts_with("recipe_") && name.ends_with(".txt")
}

/// Whether an entry is a finished module.
pub fn is_module(name: &str) -> bool {
    name.ends_with(".ko")
}
