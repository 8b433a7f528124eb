//! `ratchet run`: one execution in this process, durable like any other.

mod companions;
mod directory;
mod execution;

use std::io::IsTerminal;

use interpreter::failure::Failure;
use runtime::views::ExecutionView;
use store::records::ExecutionStatus;

use crate::arguments::Run;
use crate::commands::serve::{Front, bind, stop_cleanly};
use crate::commands::validate::file_name;
use crate::commands::{read_input, read_text};
use crate::config::Config;
use crate::config::layers::{Environment, InForce, Origin};
use crate::config::values::LogFilter;
use crate::outcome::{Error, Outcome};
use crate::signals::Stop;
use crate::{engine, findings, output, telemetry};

use self::directory::RunDirectory;
use self::execution::{Ending, Order};

/// Executes a definition and prints its output.
pub(super) async fn run(
    arguments: &Run,
    in_force: InForce,
    environment: &Environment,
) -> Result<Outcome, Error> {
    let config = quiet_by_default(in_force);
    telemetry::begin(&config.log);
    let definition = read_text(&arguments.file)?;
    let companions = companions::find(&arguments.file, &definition);
    let files = companions
        .values()
        .map(|companion| (companion.file.clone(), &*companion.definition))
        .chain([(file_name(&arguments.file), &*definition)]);
    for (file, definition) in files {
        if !is_sound(&file, definition, &config) {
            return Ok(Outcome::Negative);
        }
    }
    let order = Order {
        machine: directory::machine_name(&arguments.file),
        name: match &arguments.name {
            Some(name) => directory::checked_name(name)?,
            None => uuid::Uuid::new_v4().to_string(),
        },
        definition,
        companions,
        input: match &arguments.input {
            Some(input) => Some(read_input("--input", input)?),
            None => None,
        },
        test_case: arguments.test_case.clone(),
        trace_header: arguments.trace_header.as_deref().map(Into::into),
        role_arn: format!("arn:aws:iam::{}:role/ratchet-run", config.account),
    };
    directory::sweep(&config.data, config.retention.0);
    let place = RunDirectory::at(&config.data, &order.machine, &order.name);
    let mut stop = Stop::listen()
        .map_err(|error| Error::Unavailable(format!("cannot wait for signals: {error}")))?;
    let listener = match &arguments.listen {
        Some(address) => Some(bind(&address.parse().map_err(Error::Usage)?).await?),
        None => None,
    };
    let address = listener
        .as_ref()
        .and_then(|listener| listener.local_addr().ok());
    let engine = engine::open(&config, environment, place.path(), address).await?;
    let front = match listener {
        Some(listener) => Some(Front::start(listener, &engine, &config)?),
        None => None,
    };
    if let Some(front) = &front {
        output::note(&format!("listening on http://{}", front.address));
    }
    let ending = tokio::select! {
        ending = execution::execute(&engine.runtime, &order, arguments.quiet) => Some(ending),
        _ = stop.asked() => None,
    };
    for task in engine.running_replication_tasks() {
        output::note(&format!(
            "the replication task {task} stops with this process; `ratchet serve` would let it go on"
        ));
    }
    tokio::select! {
        stopped = stop_cleanly(front, engine, config.shutdown.0) => if let Err(error) = stopped {
            tracing::warn!(%error, "cannot close the engine cleanly; what was done is safe");
        },
        _ = stop.asked() => {}
    }
    match ending {
        Some(Ending::Ended(view)) => {
            place.ended(arguments.name.is_some());
            Ok(report(&view))
        }
        Some(Ending::Refused(error)) => {
            if arguments.name.is_none() {
                place.ended(false);
            }
            Err(error)
        }
        Some(Ending::Broken(error)) => Err(error),
        None => {
            let file = arguments.file.display();
            output::note(&format!(
                "interrupted; `ratchet run {file} --name {}` goes on from here",
                order.name
            ));
            Ok(Outcome::Interrupted)
        }
    }
}

/// The configuration, without log lines between those of the progress unless the user asks for them.
fn quiet_by_default(in_force: InForce) -> Config {
    let mut config = in_force.config;
    let level = in_force.values.get("log.level");
    if level.is_some_and(|level| level.origin == Origin::Default) {
        config.log.level = "warn".parse::<LogFilter>().expect("warn is a level");
    }
    config
}

/// Shows what is wrong with the definition; warnings alone don't stop it.
fn is_sound(file: &str, definition: &str, config: &Config) -> bool {
    let options = asl::parser::Options {
        max_bytes: config.limits.engine().definition_bytes,
        express: false,
    };
    let parsed = asl::parser::parse(definition, &options);
    let is_terminal = std::io::stderr().is_terminal();
    let found = findings::render(&parsed.diagnostics, definition, file, is_terminal);
    if !found.is_empty() {
        output::note(found.trim_end());
    }
    if parsed.machine.is_none() {
        output::print_error(&format!("the definition in {file} has errors"));
    }
    parsed.machine.is_some()
}

/// Prints the output, or why there is none.
fn report(view: &ExecutionView) -> Outcome {
    let failure = view.failure.clone().unwrap_or_default();
    let what = match view.status {
        ExecutionStatus::Succeeded => {
            output::print_json(view.output.as_ref().map_or("null", |output| output.text()));
            return Outcome::Done;
        }
        ExecutionStatus::Failed => "failed",
        ExecutionStatus::TimedOut => "timed out",
        ExecutionStatus::Aborted => "was stopped",
        ExecutionStatus::Running => "has not ended",
    };
    output::print_error(&format!(
        "the execution {} {what}{}",
        view.name,
        describe(&failure)
    ));
    Outcome::Negative
}

fn describe(failure: &Failure) -> String {
    let line = |name: &str, text: &Option<std::sync::Arc<str>>| {
        text.as_ref()
            .map_or_else(String::new, |text| format!("\n  {name}: {text}"))
    };
    line("error", &failure.error) + &line("cause", &failure.cause)
}
