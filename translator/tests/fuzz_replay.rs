//! The fuzz targets over the inputs that were worth keeping, and over the cases: a fuzzer's memory without its patience.

#![allow(clippy::disallowed_methods, reason = "the corpus lies in the tree")]

use std::fs;
use std::path::{Path, PathBuf};

#[path = "../fuzz/src/checks.rs"]
mod checks;
#[path = "../fuzz/src/kept.rs"]
mod kept;

fn fuzz_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

#[test]
fn every_kept_input_passes_its_target() {
    for (name, check) in checks::ALL {
        let path = fuzz_dir().join(format!("corpus/{name}.txt"));
        let text = fs::read_to_string(&path).expect("a corpus for each target");
        let inputs = kept::read(&text).expect("lines that a corpus has");
        assert!(!inputs.is_empty(), "{name}");
        for input in inputs {
            check(&input);
        }
    }
}

#[test]
fn lines_of_a_corpus_keep_every_byte() {
    let inputs = vec![(0..=255).collect::<Vec<u8>>(), b"a\\n\n".to_vec(), Vec::new()];
    assert_eq!(kept::read(&kept::write(&inputs)), Some(inputs));
    assert_eq!(kept::read("\\q"), None);
}
