//! A panic is a mistake of ours: the user gets one line and no backtrace.

use std::panic::PanicHookInfo;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU8, Ordering};

/// The pass that runs, 0 before the first.
static PASS: AtomicU8 = AtomicU8::new(0);
/// The first panic's message and place.
static STORY: Mutex<Option<String>> = Mutex::new(None);

/// Notes which pass runs.
pub fn entered(pass: u8) {
    PASS.store(pass, Ordering::Relaxed);
}

/// Panics are noted from here on, and nothing is printed.
pub fn keep_quiet() {
    std::panic::set_hook(Box::new(note));
}

/// Prints what the hook noted.
pub fn tell() {
    let story = STORY.lock().unwrap_or_else(|e| e.into_inner()).take();
    let pass = PASS.load(Ordering::Relaxed);
    eprintln!("ERROR: internal error in pass {pass}: {}", story.as_deref().unwrap_or("unknown"));
    eprintln!("Please report it, with the script.");
}

fn note(info: &PanicHookInfo<'_>) {
    let payload = info.payload();
    let text =
        payload.downcast_ref::<&str>().copied().or(payload.downcast_ref::<String>().map(String::as_str));
    let text = text.unwrap_or("panic");
    let place =
        info.location().map(|place| format!(" ({}:{})", place.file(), place.line())).unwrap_or_default();
    STORY.lock().unwrap_or_else(|e| e.into_inner()).get_or_insert_with(|| format!("{text}{place}"));
}
