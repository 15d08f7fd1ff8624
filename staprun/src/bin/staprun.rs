//! Module loader: see the library's `loader`.

fn main() -> std::process::ExitCode {
    staprun::loader::main(std::env::args_os()).into()
}
