//! `states:startExecution`: an execution that a task of another starts, and perhaps waits for.

use std::sync::Arc;

use asl::resource::{Pattern, Resource};
use expression::value::Value;
use interpreter::execution::Execution;
use interpreter::failure::{Failure, names};
use interpreter::input::{AttemptId, Input, ScheduledTask};
use interpreter::payload::Payload;
use sha2::{Digest, Sha256};
use store::records::{ExecutionId, Parent};

use crate::arn::{ArnResource, StatesArn};
use crate::dispatch::attempt_id;
use crate::engine::Engine;
use crate::error::Error;
use crate::slot::{Loaded, Slot};
use crate::views::{ExecutionView, StartExecution};

impl Engine {
    /// Starts the execution that a task asks for. After a crash it is asked for again under the same name and found.
    pub(crate) fn start_child(
        self: &Arc<Self>,
        slot: &Arc<Slot>,
        execution_arn: &Arc<str>,
        pattern: Pattern,
        task: ScheduledTask,
    ) {
        let engine = self.clone();
        let (id, attempt) = (slot.id, task.attempt);
        let default_name = stable_name(&attempt_id(execution_arn, attempt.0));
        self.spawn_for(slot, attempt, async move {
            match engine
                .run_child(id, attempt, pattern, &task.input, default_name)
                .await
            {
                Ok(()) => {}
                Err(failure) => engine.fail_attempt(id, attempt, failure),
            }
        });
    }

    async fn run_child(
        self: &Arc<Self>,
        id: ExecutionId,
        attempt: AttemptId,
        pattern: Pattern,
        parameters: &Payload,
        default_name: String,
    ) -> Result<(), Failure> {
        let request = child_request(parameters, default_name)?;
        let waits = matches!(pattern, Pattern::Sync | Pattern::Sync2);
        let parent = waits.then_some(Parent {
            execution: id,
            attempt: attempt.0,
        });
        let started = match self.start(request, parent).await {
            Ok(started) => Ok((started.arn, started.started_at)),
            // After a crash the child may have ended already: then it is this attempt's own.
            Err(Error::ExecutionAlreadyExists(arn)) if waits => {
                match self.own_child(parent).await {
                    Some(view) => Ok((view.arn, view.started_at)),
                    None => Err(Error::ExecutionAlreadyExists(arn)),
                }
            }
            Err(error) => Err(error),
        };
        let (arn, started_at) = started.map_err(|error| start_failure(&error))?;
        let response = Payload::of(start_response(&arn, started_at));
        if let Some(slot) = self.slot(id) {
            slot.lock().running.remove(&attempt);
        }
        match pattern {
            Pattern::RequestResponse => self.deliver(
                id,
                Input::TaskSucceeded {
                    attempt,
                    output: response,
                },
            ),
            Pattern::WaitForTaskToken => self.deliver(
                id,
                Input::TaskSubmitted {
                    attempt,
                    output: response,
                },
            ),
            Pattern::Sync | Pattern::Sync2 => {
                self.deliver(
                    id,
                    Input::TaskSubmitted {
                        attempt,
                        output: response,
                    },
                );
                // The child may have ended before its parent knew of it.
                if let Some(view) = self.own_child(parent).await
                    && view.stopped_at.is_some()
                {
                    self.deliver_child_ended(id, attempt, view);
                }
            }
        }
        Ok(())
    }

    /// The execution that this very attempt started.
    async fn own_child(&self, parent: Option<Parent>) -> Option<ExecutionView> {
        let record = self.store.child(parent?).await.ok()??;
        self.view(record).await.ok()
    }

    /// A nested execution has ended: the task that waits for it learns how.
    pub(crate) fn tell_parent(self: &Arc<Self>, execution: &Execution, parent: Option<Parent>) {
        if let Some(parent) = parent {
            let view = self.finished_view(execution);
            self.deliver_child_ended(parent.execution, AttemptId(parent.attempt), view);
        }
    }

    /// Nobody waits for an attempt any more: a nested execution that it waited for is stopped with it.
    pub(crate) fn stop_child(self: &Arc<Self>, id: ExecutionId, attempt: AttemptId) {
        let engine = self.clone();
        let parent = Parent {
            execution: id,
            attempt: attempt.0,
        };
        self.tracker.spawn(async move {
            let child = engine.store.child(parent).await;
            match child {
                Ok(Some(child)) if child.stopped_at.is_none() => {
                    let failure = Failure::new(
                        names::TASK_FAILED,
                        "The execution that waited for this one was stopped or went on without it.",
                    );
                    engine.deliver(child.id, Input::Stop(failure));
                }
                Ok(_) => {}
                Err(error) => tracing::warn!(execution = id.0, %error, "cannot look for a child"),
            }
        });
    }
}

/// How a task learns that the execution it waits for has ended.
pub(crate) fn child_ended(
    loaded: &Loaded,
    attempt: AttemptId,
    view: &ExecutionView,
) -> Option<Input> {
    let task = loaded.execution.pending_attempt(attempt)?;
    match loaded.revision.resource(task.state)? {
        Resource::Service(call) => child_outcome(attempt, call.pattern, view),
        Resource::Function(_) | Resource::Activity(_) => None,
    }
}

/// What a task's parameters ask for.
fn child_request(parameters: &Payload, default_name: String) -> Result<StartExecution, Failure> {
    let value = parameters.value();
    let arn = value
        .get("StateMachineArn")
        .and_then(Value::as_str)
        .ok_or_else(|| {
            Failure::new(
                names::RUNTIME,
                "The field 'StateMachineArn' is required but was missing",
            )
        })?;
    let machine = match StatesArn::parse(arn) {
        Some(StatesArn {
            resource: ArnResource::StateMachine(name) | ArnResource::Qualified(name, _),
            ..
        }) => name.to_owned(),
        _ => {
            return Err(sfn_failure(
                "InvalidArnException",
                &format!("Invalid Arn: 'Invalid ARN prefix: {arn}'"),
            ));
        }
    };
    let input = match value.get("Input") {
        None => None,
        Some(Value::String(text)) => Some(text.to_string()),
        Some(other) => Some(other.to_text()),
    };
    let name = match value.get("Name") {
        Some(Value::String(name)) => name.to_string(),
        _ => default_name,
    };
    Ok(StartExecution {
        state_machine: machine,
        name: Some(name),
        input,
    })
}

/// The response of the call that started a child.
fn start_response(arn: &Arc<str>, started_at: i64) -> Value {
    Value::object([
        ("ExecutionArn", Value::String(arn.clone())),
        ("StartDate", started_at.into()),
    ])
}

/// What a task that waits for a child gets when the child has ended; `None` while it runs.
fn child_outcome(attempt: AttemptId, pattern: Pattern, view: &ExecutionView) -> Option<Input> {
    use store::records::ExecutionStatus as S;
    let status = match view.status {
        S::Running => return None,
        S::Succeeded => "SUCCEEDED",
        S::Failed => "FAILED",
        S::TimedOut => "TIMED_OUT",
        S::Aborted => "ABORTED",
    };
    let as_text = |payload: &Payload| Value::from(payload.text());
    let as_value = |payload: &Payload| payload.value().clone();
    let shown = |payload: &Payload| match pattern {
        Pattern::Sync2 => as_value(payload),
        _ => as_text(payload),
    };
    let details = || Value::object([("Included", true.into())]);
    let mut members: Vec<(&str, Value)> = Vec::new();
    if let Some(failure) = &view.failure {
        if let Some(cause) = &failure.cause {
            members.push(("Cause", cause.clone().into()));
        }
        if let Some(error) = &failure.error {
            members.push(("Error", error.clone().into()));
        }
    }
    members.push(("ExecutionArn", view.arn.clone().into()));
    members.push(("Input", shown(&view.input)));
    members.push(("InputDetails", details()));
    members.push(("Name", view.name.clone().into()));
    if let Some(output) = &view.output {
        members.push(("Output", shown(output)));
        members.push(("OutputDetails", details()));
    }
    members.push(("StartDate", view.started_at.into()));
    members.push(("StateMachineArn", view.state_machine_arn.clone().into()));
    members.push(("Status", status.into()));
    if let Some(stopped_at) = view.stopped_at {
        members.push(("StopDate", stopped_at.into()));
    }
    let description = Value::object(members);
    Some(match view.status {
        S::Succeeded => Input::TaskSucceeded {
            attempt,
            output: Payload::of(description),
        },
        _ => Input::TaskFailed {
            attempt,
            failure: Failure::new(names::TASK_FAILED, description.to_text()),
        },
    })
}

fn start_failure(error: &Error) -> Failure {
    let (code, message) = match error {
        Error::StateMachineDoesNotExist(arn) => (
            "StateMachineDoesNotExistException",
            format!("State Machine Does Not Exist: '{arn}'"),
        ),
        Error::ExecutionAlreadyExists(arn) => (
            "ExecutionAlreadyExistsException",
            format!("Execution Already Exists: '{arn}'"),
        ),
        Error::InvalidExecutionInput(why) => (
            "InvalidExecutionInputException",
            format!("Invalid State Machine Execution Input: '{why}'"),
        ),
        other => ("SfnException", other.to_string()),
    };
    sfn_failure(code, &message)
}

/// A failure in the dialect of the optimised integrations.
fn sfn_failure(code: &str, message: &str) -> Failure {
    let bare = code.strip_suffix("Exception").unwrap_or(code);
    Failure::new(
        format!("StepFunctions.{code}"),
        format!(
            "{message} (Service: AWSStepFunctions; Status Code: 400; Error Code: {bare}; Request ID: {}; Proxy: null)",
            uuid::Uuid::new_v4()
        ),
    )
}

/// A name that the same attempt always gives: a UUID made of a hash.
fn stable_name(key: &str) -> String {
    let digest = Sha256::digest(key.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes)
        .into_uuid()
        .hyphenated()
        .to_string()
}
