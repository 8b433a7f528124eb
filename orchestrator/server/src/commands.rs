//! What each command does.

mod completions;
mod compute_environments;
mod config;
mod executions;
mod job_definitions;
mod job_queues;
mod jobs;
mod map_runs;
mod replicate;
mod run;
mod schedules;
mod serve;
mod state_machines;
mod test_state;
mod validate;

use std::io::Read;
use std::path::Path;

use expression::value::Value;

use crate::arguments::{Arguments, Command};
use crate::config::layers::{Environment, Flags, InForce, load};
use crate::outcome::{Error, Outcome};

/// Does what was asked.
///
/// # Errors
/// Why it can't.
pub(crate) fn perform(arguments: Arguments, stack_bytes: usize) -> Result<Outcome, Error> {
    let environment = Environment::of_process();
    match arguments.command {
        Command::Serve(serve) => {
            let in_force = configure(&serve.listening.flags(&serve.sources), &environment, None)?;
            threads(stack_bytes)?.block_on(serve::serve(&in_force, &environment))
        }
        Command::Run(run) => {
            let in_force = configure(&run.sources.flags(), &environment, Some(&run.file))?;
            threads(stack_bytes)?.block_on(run::run(&run, in_force, &environment))
        }
        Command::Replicate(replicate) => {
            let in_force = configure(&replicate.sources.flags(), &environment, None)?;
            let work = replicate::replicate(&replicate, in_force, &environment);
            threads(stack_bytes)?.block_on(work)
        }
        Command::Validate(validate) => validate::validate(&validate, &environment),
        Command::TestState(command) => {
            one_thread()?.block_on(test_state::perform(*command, &environment))
        }
        Command::Executions(command) => {
            one_thread()?.block_on(executions::perform(command, &environment))
        }
        Command::MapRuns(command) => {
            one_thread()?.block_on(map_runs::perform(command, &environment))
        }
        Command::StateMachines(command) => {
            one_thread()?.block_on(state_machines::perform(command, &environment))
        }
        Command::Jobs(command) => one_thread()?.block_on(jobs::perform(command, &environment)),
        Command::JobDefinitions(command) => {
            one_thread()?.block_on(job_definitions::perform(command, &environment))
        }
        Command::JobQueues(command) => {
            one_thread()?.block_on(job_queues::perform(command, &environment))
        }
        Command::ComputeEnvironments(command) => {
            one_thread()?.block_on(compute_environments::perform(command, &environment))
        }
        Command::Schedules(command) => {
            one_thread()?.block_on(schedules::perform(command, &environment))
        }
        Command::Config(config) => {
            let flags = config.listening.flags(&config.sources);
            Ok(config::print(&configure(&flags, &environment, None)?))
        }
        Command::Completions { shell } => Ok(completions::print(shell)),
    }
}

/// The configuration; that of a definition may stand in a `ratchet.toml` beside it, any other in the current directory.
fn configure(
    flags: &Flags,
    environment: &Environment,
    definition: Option<&Path>,
) -> Result<InForce, Error> {
    let beside = definition
        .filter(|file| !is_stdin(file))
        .and_then(Path::parent)
        .unwrap_or(Path::new(""));
    Ok(load(flags, environment, beside)?)
}

/// The threads of the engine: one for each core.
fn threads(stack_bytes: usize) -> Result<tokio::runtime::Runtime, Error> {
    tokio::runtime::Builder::new_multi_thread()
        .thread_name("ratchet-worker")
        .thread_stack_size(stack_bytes)
        .enable_all()
        .build()
        .map_err(|error| Error::Unavailable(format!("cannot start threads: {error}")))
}

/// A client needs no more than the thread it is on.
fn one_thread() -> Result<tokio::runtime::Runtime, Error> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::Unavailable(format!("cannot set up the network: {error}")))
}

/// Whether a file stands for standard input.
fn is_stdin(file: &Path) -> bool {
    file == Path::new("-")
}

/// A file's text, or that of standard input for `-`.
fn read_text(file: &Path) -> Result<String, Error> {
    let bytes = if is_stdin(file) {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        std::fs::read(file)
    };
    let bytes =
        bytes.map_err(|error| Error::Usage(format!("cannot read {}: {error}", file.display())))?;
    String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        Error::Usage(format!(
            "cannot read {}: it is no UTF-8 text at byte {offset}",
            file.display()
        ))
    })
}

/// The text of an `--input`: JSON itself, or `@FILE`.
fn read_input(flag: &str, argument: &str) -> Result<String, Error> {
    let (text, place) = match argument.strip_prefix('@') {
        Some(file) => (read_text(Path::new(file))?, file),
        None => (argument.to_owned(), flag),
    };
    match Value::parse(&text) {
        Ok(_) => Ok(text),
        Err(error) => Err(Error::Usage(format!(
            "what {place} says is no JSON: {error}"
        ))),
    }
}
