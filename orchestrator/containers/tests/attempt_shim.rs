//! The shim of the process engine as a program of its own, for this crate's tests.

use std::process::ExitCode;

fn main() -> ExitCode {
    containers::processes::shim::run(&[], std::env::args_os().skip(1))
}
