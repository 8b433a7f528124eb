//! `ratchet completions`

use clap::CommandFactory;

use crate::arguments::Arguments;
use crate::outcome::Outcome;
use crate::output;

/// Prints the completion script of a shell.
pub(super) fn print(shell: clap_complete::Shell) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "ratchet", &mut script);
    output::print(&String::from_utf8_lossy(&script));
    Outcome::Done
}
