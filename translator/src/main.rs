//! stap: see the library.

fn main() {
    let words: Vec<_> = std::env::args_os().skip(1).collect();
    std::process::exit(stap::driver::run(&words));
}
