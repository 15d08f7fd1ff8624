//! `corpus unpack KEPT.txt DIR`: one file for each kept input. `corpus pack DIR KEPT.txt`: the other way round.

use std::path::Path;
use std::{env, fs, io, process};

// rustc compiles this file alone: cargo-fuzz would link it with the fuzzer.
#[path = "../src/kept.rs"]
mod kept;

fn main() {
    let words: Vec<String> = env::args().skip(1).collect();
    let done = match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["unpack", text, dir] => unpack(text.as_ref(), dir.as_ref()),
        ["pack", dir, text] => pack(dir.as_ref(), text.as_ref()),
        _ => Err(io::Error::other("usage: corpus unpack KEPT.txt DIR | pack DIR KEPT.txt")),
    };
    if let Err(error) = done {
        eprintln!("corpus: {error}");
        process::exit(1);
    }
}

fn unpack(text: &Path, dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    let Some(inputs) = kept::read(&fs::read_to_string(text)?) else {
        return Err(io::Error::other(format!("{} has a line that is no input", text.display())));
    };
    for (number, input) in inputs.iter().enumerate() {
        fs::write(dir.join(format!("kept_{number:04}")), input)?;
    }
    Ok(())
}

fn pack(dir: &Path, text: &Path) -> io::Result<()> {
    let mut inputs = Vec::new();
    for entry in fs::read_dir(dir)? {
        inputs.push(fs::read(entry?.path())?);
    }
    inputs.sort_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
    fs::write(text, kept::write(&inputs))
}
