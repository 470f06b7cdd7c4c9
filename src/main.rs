//! The program: everything is the library's.

use std::process::ExitCode;

fn main() -> ExitCode {
    proxymeter::cli::main()
}
