//! `ratchet run`: one execution in this process, durable like any other.

mod directory;

use std::io::IsTerminal;

use expression::value::Value;
use futures_util::StreamExt;
use interpreter::failure::Failure;
use runtime::error::Error as EngineError;
use runtime::runtime::Runtime;
use runtime::views::{CreateStateMachine, ExecutionView, StartExecution, UpdateStateMachine};
use store::records::{ExecutionStatus, MachineType};

use crate::arguments::Run;
use crate::commands::serve::{Front, bind, stop_cleanly};
use crate::commands::validate::file_name;
use crate::commands::{read_input, read_text};
use crate::config::Config;
use crate::config::layers::{InForce, Origin};
use crate::config::values::LogFilter;
use crate::outcome::{Error, Outcome};
use crate::progress::Progress;
use crate::signals::Stop;
use crate::{engine, findings, output, telemetry};

use self::directory::RunDirectory;

/// Executes a definition and prints its output.
pub(super) async fn run(arguments: &Run, in_force: InForce) -> Result<Outcome, Error> {
    let config = quiet_by_default(in_force);
    telemetry::begin(&config.log);
    let definition = read_text(&arguments.file)?;
    if !is_sound(&definition, arguments, &config) {
        return Ok(Outcome::Negative);
    }
    let order = Order {
        machine: directory::machine_name(&arguments.file),
        name: match &arguments.name {
            Some(name) => directory::checked_name(name)?,
            None => uuid::Uuid::new_v4().to_string(),
        },
        definition,
        input: match &arguments.input {
            Some(input) => Some(read_input(input)?),
            None => None,
        },
        account: config.account.as_str().to_owned(),
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
    let engine = engine::open(&config, place.path(), address).await?;
    let front = match listener {
        Some(listener) => Some(Front::start(listener, &engine, &config)?),
        None => None,
    };
    if let Some(front) = &front {
        output::note(&format!("listening on http://{}", front.address));
    }
    let ended = tokio::select! {
        ended = execute(&engine, &order, arguments) => Some(ended),
        _ = stop.asked() => None,
    };
    tokio::select! {
        stopped = stop_cleanly(front, engine, config.shutdown.0) => if let Err(error) = stopped {
            tracing::warn!(%error, "cannot close the engine cleanly; what was done is safe");
        },
        _ = stop.asked() => {}
    }
    match ended {
        Some(Ok(view)) => {
            place.ended(arguments.name.is_some());
            Ok(report(&view))
        }
        Some(Err(error)) => {
            place.remove_if_unused();
            Err(error)
        }
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

/// What to execute.
struct Order {
    machine: String,
    name: String,
    definition: String,
    /// Absent when the user gave none, which asks for `{}` or for whatever the execution was started with.
    input: Option<String>,
    account: String,
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
fn is_sound(definition: &str, arguments: &Run, config: &Config) -> bool {
    let options = asl::parser::Options {
        max_bytes: config.limits.engine().definition_bytes,
        express: false,
    };
    let parsed = asl::parser::parse(definition, &options);
    let file = file_name(&arguments.file);
    let is_terminal = std::io::stderr().is_terminal();
    let found = findings::render(&parsed.diagnostics, definition, &file, is_terminal);
    if !found.is_empty() {
        output::note(found.trim_end());
    }
    if parsed.machine.is_none() {
        output::print_error(&format!("the definition in {file} has errors"));
    }
    parsed.machine.is_some()
}

/// Starts the execution, or goes on with it, and follows it to its end.
async fn execute(engine: &Runtime, order: &Order, arguments: &Run) -> Result<ExecutionView, Error> {
    let found = engine.describe_execution(&order.machine, &order.name).await;
    match found {
        Ok(view) => take_up(engine, order, &view).await?,
        Err(EngineError::ExecutionDoesNotExist(_) | EngineError::StateMachineDoesNotExist(_)) => {
            start(engine, order)
                .await
                .map_err(|error| refused(&error))?;
        }
        Err(error) => return Err(refused(&error)),
    }
    let mut progress = Progress::new(&order.machine, &order.name, arguments.quiet);
    let mut events = engine
        .follow(&order.machine, &order.name, 1)
        .await
        .map_err(|error| refused(&error))?;
    while let Some(event) = events.next().await {
        progress.show(&event.map_err(|error| refused(&error))?);
    }
    progress.end();
    engine
        .describe_execution(&order.machine, &order.name)
        .await
        .map_err(|error| refused(&error))
}

async fn start(engine: &Runtime, order: &Order) -> Result<(), EngineError> {
    let role_arn = format!("arn:aws:iam::{}:role/ratchet-run", order.account);
    let created = engine
        .create_state_machine(CreateStateMachine {
            name: order.machine.clone(),
            definition: order.definition.clone(),
            role_arn,
            machine_type: MachineType::Standard,
            settings: "{}".to_owned(),
            tags: Vec::new(),
        })
        .await;
    match created {
        // A run that was killed between here and its start left the machine behind.
        Err(EngineError::StateMachineAlreadyExists(_)) => {
            engine
                .update_state_machine(UpdateStateMachine {
                    name: order.machine.clone(),
                    definition: Some(order.definition.clone()),
                    ..UpdateStateMachine::default()
                })
                .await?;
        }
        other => {
            other?;
        }
    }
    engine
        .start_execution(StartExecution {
            state_machine: order.machine.clone(),
            name: Some(order.name.clone()),
            input: order.input.clone(),
        })
        .await?;
    Ok(())
}

/// Makes sure that an execution of that name is the one that the user means.
async fn take_up(engine: &Runtime, order: &Order, view: &ExecutionView) -> Result<(), Error> {
    let machine = engine
        .describe_state_machine_for_execution(&order.machine, &order.name)
        .await
        .map_err(|error| refused(&error))?;
    let given = order
        .input
        .as_deref()
        .and_then(|input| Value::parse(input).ok());
    let has_another = if given.is_some_and(|input| input != *view.input.value()) {
        Some("input")
    } else if *machine.definition != *order.definition {
        Some("definition")
    } else {
        None
    };
    let name = &order.name;
    match (view.status, has_another) {
        (_, Some("input")) => Err(Error::Usage(format!(
            "the execution {name} was started with another input; choose another --name"
        ))),
        (ExecutionStatus::Running, None) => {
            output::note(&format!("{name} goes on where it was"));
            Ok(())
        }
        (ExecutionStatus::Running, Some(_)) => {
            output::note(&format!(
                "{name} goes on where it was, with the definition that it was started with"
            ));
            Ok(())
        }
        (_, None) => {
            output::note(&format!(
                "{name} has ended; this is its record (another --name executes again)"
            ));
            Ok(())
        }
        (_, Some(_)) => Err(Error::Usage(format!(
            "the execution {name} has ended and had another definition; choose another --name"
        ))),
    }
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

fn refused(error: &EngineError) -> Error {
    Error::Failed(engine::explain(error))
}
