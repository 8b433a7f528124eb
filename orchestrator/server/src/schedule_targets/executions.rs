//! Executions that schedules start. A run's name is the execution's, so that a call that is repeated finds the first one.

use std::time::Duration;

use futures_util::StreamExt;
use interpreter::failure::Failure;
use runtime::arn::{ArnResource, StatesArn, qualifier_of};
use runtime::error::Error;
use runtime::runtime::Runtime;
use runtime::views::StartExecution;
use schedule::state::Stop;
use schedule::step::{Accepted, Outcome};
use schedule_runtime::targets::{Call, Refusal};
use serde::Deserialize;
use store::contract::{Direction, Qualifier};
use store::records::{ExecutionStatus, MachineType};

use crate::engine::explain;
use crate::schedule_targets::explained;

/// The pause before a store that failed is asked again.
const PAUSE: Duration = Duration::from_secs(1);

/// Starts an execution of a state machine under the run's name.
pub(super) async fn start(
    runtime: &Runtime,
    state_machine: String,
    qualifier: Option<Qualifier>,
    name: String,
    input: String,
) -> Result<Accepted, Refusal> {
    let machine = runtime
        .describe_state_machine(&state_machine)
        .await
        .map_err(refusal)?;
    let request = StartExecution {
        state_machine: state_machine.clone(),
        qualifier,
        name: Some(name.clone()),
        input: Some(input),
        trace_header: None,
    };
    let arn = match runtime.start_execution(request).await {
        Ok(started) => started.arn.to_string(),
        // Nobody else has such a name: an attempt before this one started it, maybe with another attempt number in its input.
        Err(Error::ExecutionAlreadyExists(arn)) => arn,
        Err(error) => return Err(refusal(error)),
    };
    Ok(Accepted {
        handle: Some(arn),
        outcome: match machine.machine_type {
            MachineType::Standard => None,
            // An Express execution leaves nothing that could be asked.
            MachineType::Express => Some(Outcome::Started),
        },
    })
}

/// What StartExecution takes.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Parameters {
    state_machine_arn: String,
    #[serde(default)]
    input: Option<String>,
    #[serde(default)]
    name: Option<String>,
}

/// StartExecution with its own parameters. A name that they give is the execution's; without one it is the run's.
pub(super) async fn start_as_asked(runtime: &Runtime, call: Call) -> Result<Accepted, Refusal> {
    let parameters: Parameters = serde_json::from_str(&call.input).map_err(|error| {
        Refusal::never(format!(
            "the target's input is not that of StartExecution: {error}"
        ))
    })?;
    let arn = &parameters.state_machine_arn;
    let (machine, qualifier) = match StatesArn::parse(arn).map(|arn| arn.resource) {
        Some(ArnResource::StateMachine(machine)) => (machine, None),
        Some(ArnResource::Qualified(machine, qualifier)) => {
            (machine, Some(qualifier_of(qualifier)))
        }
        _ => {
            let why =
                format!("the StateMachineArn in the target's input names no state machine: {arn}");
            return Err(Refusal::never(why));
        }
    };
    let name = parameters.name.unwrap_or(call.run);
    let input = parameters.input.unwrap_or_else(|| "{}".to_owned());
    start(runtime, machine.to_owned(), qualifier, name, input).await
}

/// Waits until an execution is over.
pub(super) async fn ended(runtime: &Runtime, arn: &str) -> Outcome {
    let Some((machine, name)) = parts(arn) else {
        return Outcome::Started;
    };
    loop {
        match runtime.describe_execution(machine, name).await {
            Ok(view) => match view.status {
                ExecutionStatus::Running => {}
                ExecutionStatus::Succeeded => return Outcome::Succeeded,
                ExecutionStatus::Aborted => return Outcome::Stopped,
                ExecutionStatus::Failed | ExecutionStatus::TimedOut => {
                    let why = view.failure.map_or_else(
                        || "the execution timed out".to_owned(),
                        |failure| explained(&failure),
                    );
                    return Outcome::Failed { why };
                }
            },
            Err(Error::ExecutionDoesNotExist(_)) => return Outcome::Started,
            Err(error) => {
                tracing::debug!(%error, "cannot ask for a scheduled execution");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        }
        follow(runtime, machine, name).await;
    }
}

/// Follows an execution from its last event to its end.
async fn follow(runtime: &Runtime, machine: &str, name: &str) {
    let last = runtime
        .history(machine, name, None, 1, Direction::Reverse)
        .await
        .ok()
        .and_then(|page| Some(page.events.first()?.id));
    match runtime.follow(machine, name, last.unwrap_or(1)).await {
        Ok(mut events) => while let Some(Ok(_)) = events.next().await {},
        Err(_) => tokio::time::sleep(PAUSE).await,
    }
}

/// Stops an execution; one that is over stays as it is.
pub(super) async fn stop(runtime: &Runtime, arn: &str, how: Stop) -> Result<(), String> {
    let Some((machine, name)) = parts(arn) else {
        return Ok(());
    };
    let error = match how {
        Stop::Cancel => "Schedule.Cancelled",
        Stop::Terminate => "Schedule.Terminated",
    };
    let failure = Failure::new(error, "The schedule's next run takes its place.");
    match runtime.stop_execution(machine, name, failure).await {
        Ok(_) | Err(Error::ExecutionDoesNotExist(_)) => Ok(()),
        Err(error) => Err(explain(&error)),
    }
}

fn parts(arn: &str) -> Option<(&str, &str)> {
    match StatesArn::parse(arn)?.resource {
        ArnResource::Execution(machine, name) => Some((machine, name)),
        ArnResource::StateMachine(_)
        | ArnResource::Qualified(..)
        | ArnResource::ExpressExecution(..)
        | ArnResource::Activity(_)
        | ArnResource::MapRun(..) => None,
    }
}

fn refusal(error: Error) -> Refusal {
    let why = explain(&error);
    let is_passing = match &error {
        // A state machine may be created after its schedule.
        Error::StateMachineDoesNotExist(_) => true,
        error => error.is_retryable(),
    };
    if is_passing {
        Refusal::later(why)
    } else {
        Refusal::never(why)
    }
}
