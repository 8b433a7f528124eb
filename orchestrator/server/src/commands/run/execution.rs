//! The one execution of a run: begun or taken up again, and followed to its end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use expression::value::Value;
use futures_util::StreamExt;
use runtime::error::Error as EngineError;
use runtime::runtime::Runtime;
use runtime::views::{CreateStateMachine, ExecutionView, StartExecution, UpdateStateMachine};
use store::records::{ExecutionStatus, MachineType};

use crate::commands::run::companions::Companion;
use crate::outcome::Error;
use crate::progress::Progress;
use crate::{engine, output};

/// How often Map Runs are asked how far they are.
const LOOK: Duration = Duration::from_secs(1);

/// What to execute.
pub(super) struct Order {
    /// The state machine's name.
    pub(super) machine: String,
    /// The execution's name.
    pub(super) name: String,
    /// The definition's text.
    pub(super) definition: String,
    /// The state machines that it starts, as far as they were found.
    pub(super) companions: BTreeMap<String, Companion>,
    /// Absent when the user gave none, which asks for `{}` or for whatever the execution was started with.
    pub(super) input: Option<String>,
    /// The test case whose responses stand in for tasks.
    pub(super) test_case: Option<String>,
    /// The trace that the execution is a part of.
    pub(super) trace_header: Option<Arc<str>>,
    /// The role that the context object shows.
    pub(super) role_arn: String,
}

/// How a run came to its end.
pub(super) enum Ending {
    /// The execution ended, well or not.
    Ended(Box<ExecutionView>),
    /// It was not begun.
    Refused(Error),
    /// It could not be followed to its end; what it did is safe.
    Broken(Error),
}

/// Starts the execution, or goes on with it, and follows it to its end.
pub(super) async fn execute(engine: &Runtime, order: &Order, is_quiet: bool) -> Ending {
    if let Err(error) = begin(engine, order).await {
        return Ending::Refused(error);
    }
    match follow(engine, order, is_quiet).await {
        Ok(view) => Ending::Ended(Box::new(view)),
        Err(error) => Ending::Broken(refused(&error)),
    }
}

async fn begin(engine: &Runtime, order: &Order) -> Result<(), Error> {
    match engine.describe_execution(&order.machine, &order.name).await {
        Ok(view) => take_up(engine, order, &view).await,
        Err(EngineError::ExecutionDoesNotExist(_) | EngineError::StateMachineDoesNotExist(_)) => {
            start(engine, order).await.map_err(|error| refused(&error))
        }
        Err(error) => Err(refused(&error)),
    }
}

async fn follow(
    engine: &Runtime,
    order: &Order,
    is_quiet: bool,
) -> Result<ExecutionView, EngineError> {
    let mut progress = Progress::new(&order.machine, &order.name, is_quiet);
    let mut events = engine.follow(&order.machine, &order.name, 1).await?;
    let mut look = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            event = events.next() => match event {
                Some(event) => progress.show(&event?),
                None => break,
            },
            _ = look.tick() => {
                for arn in progress.map_runs() {
                    let name = arn.rsplit_once(":mapRun:").map_or(&*arn, |(_, name)| name);
                    // Whoever can't be asked after now can be later.
                    if let Ok(view) = engine.describe_map_run(name).await {
                        progress.show_map_run(&view);
                    }
                }
            }
        }
    }
    progress.end();
    engine.describe_execution(&order.machine, &order.name).await
}

async fn start(engine: &Runtime, order: &Order) -> Result<(), EngineError> {
    for (name, companion) in &order.companions {
        make(engine, order, name, &companion.definition).await?;
    }
    make(engine, order, &order.machine, &order.definition).await?;
    engine
        .start_execution(StartExecution {
            state_machine: match &order.test_case {
                Some(test_case) => format!("{}#{test_case}", order.machine),
                None => order.machine.clone(),
            },
            qualifier: None,
            name: Some(order.name.clone()),
            input: order.input.clone(),
            trace_header: order.trace_header.clone(),
        })
        .await?;
    Ok(())
}

/// Creates a state machine, or gives one that a run left behind before its start the definition of now.
async fn make(
    engine: &Runtime,
    order: &Order,
    name: &str,
    definition: &str,
) -> Result<(), EngineError> {
    let created = engine
        .create_state_machine(CreateStateMachine {
            name: name.to_owned(),
            definition: definition.to_owned(),
            role_arn: order.role_arn.clone(),
            machine_type: MachineType::Standard,
            settings: "{}".to_owned(),
            tags: Vec::new(),
        })
        .await;
    match created {
        Err(EngineError::StateMachineAlreadyExists(_)) => {
            let update = UpdateStateMachine {
                name: name.to_owned(),
                definition: Some(definition.to_owned()),
                ..UpdateStateMachine::default()
            };
            engine.update_state_machine(update).await.map(drop)
        }
        other => other.map(drop),
    }
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

fn refused(error: &EngineError) -> Error {
    Error::Failed(engine::explain(error))
}
