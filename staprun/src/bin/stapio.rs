//! Output reader: see the library's `stapio`.

fn main() -> std::process::ExitCode {
    staprun::stapio::main(std::env::args_os()).into()
}
