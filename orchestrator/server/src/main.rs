//! `ratchet`: configuration, wiring, command line and signals of the workflow engine.
//!
//! Read [`arguments`] for what can be asked, [`commands`] for what is then done, [`config`] for what is in force, and
//! [`engine`] and [`batch`] for how the house's crates are put together.

mod arguments;
mod aws;
mod batch;
mod client;
mod commands;
mod config;
mod crash_at;
mod engine;
mod execution_logs;
mod findings;
mod items;
mod outcome;
mod output;
mod passwords;
mod progress;
mod schedule_targets;
mod sent_traces;
mod signals;
mod telemetry;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::Arguments;

/// How much stack each of the engine's threads has: deep JSON and deep definitions are walked by recursion.
const STACK_BYTES: usize = 8 * 1024 * 1024;

fn main() -> ExitCode {
    let mut given = std::env::args_os().skip(1);
    if given
        .next()
        .is_some_and(|first| first == batch::ATTEMPT_SHIM)
    {
        // Before anything else: it becomes what it is told to run.
        return containers::processes::shim::run(&[batch::ATTEMPT_SHIM], given);
    }
    let arguments = Arguments::parse();
    // The command runs on a thread of its own because the main thread's stack is the shell's to choose.
    let command = std::thread::Builder::new()
        .name("ratchet".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(move || commands::perform(arguments, STACK_BYTES));
    let outcome = match command {
        Ok(thread) => thread.join(),
        Err(error) => Ok(Err(outcome::Error::Failed(format!(
            "cannot start a thread: {error}"
        )))),
    };
    match outcome {
        Ok(Ok(_)) if output::was_lost() => ExitCode::FAILURE,
        Ok(Ok(outcome)) => outcome.exit_code(),
        Ok(Err(error)) => {
            output::print_error(&error.to_string());
            error.exit_code()
        }
        Err(_) => {
            output::print_error("this is a mistake in ratchet itself; what it did is said above");
            ExitCode::from(outcome::INTERNAL)
        }
    }
}
