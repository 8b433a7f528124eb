//! `states:startExecution`: an execution that a task of another starts, and perhaps waits for.

use std::sync::Arc;
use std::time::Duration;

use asl::resource::{Pattern, Resource};
use expression::value::Value;
use interpreter::execution::Identity;
use interpreter::failure::{Failure, names};
use interpreter::input::{AttemptId, Input, ScheduledTask};
use interpreter::payload::Payload;
use sha2::{Digest, Sha256};
use store::records::{ExecutionId, ExecutionRecord, Parent};

use crate::arn::{ArnResource, StatesArn};
use crate::dispatch::attempt_id;
use crate::engine::Engine;
use crate::error::Error;
use crate::slot::{Delivery, Happening, Loaded, Slot};
use crate::starts::{Begun, Origin, TakenName};
use crate::views::{ExecutionView, StartExecution, StartedExecution};

/// How long to wait before a start that the store could not take is tried again.
const PAUSE: Duration = Duration::from_millis(500);

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
        let attempt = task.attempt;
        let default_name = stable_name(&attempt_id(execution_arn, attempt.0));
        let origin = Origin {
            parent: Parent {
                execution: slot.id,
                attempt: attempt.0,
            },
            pattern,
        };
        self.spawn_for(slot, attempt, async move {
            let request = match child_request(&task.input, default_name) {
                Ok(request) => request,
                Err(failure) => return Some(failed(attempt, failure)),
            };
            loop {
                match engine.run_child(request.clone(), origin).await {
                    Ok(happened) => return happened,
                    // It is asked for again after the restart.
                    Err(Error::ShuttingDown) => return None,
                    Err(error) if error.is_retryable() => tokio::time::sleep(PAUSE).await,
                    Err(error) => return Some(failed(attempt, start_failure(&error))),
                }
            }
        });
    }

    /// Starts the execution, or finds it; says what its task does not hear from it itself.
    async fn run_child(
        self: &Arc<Self>,
        request: StartExecution,
        origin: Origin,
    ) -> Result<Option<Happening>, Error> {
        match self.start_new(request, Some(origin)).await? {
            // It has told its parent.
            Begun::New(_) => Ok(None),
            Begun::NameTaken(taken) => match self.store.child(origin.parent).await? {
                Some(own) => self.find_own_child(own, origin).await,
                None => self.find_other(&taken, origin).await,
            },
        }
    }

    /// The process began again after this very attempt had started its execution.
    async fn find_own_child(
        self: &Arc<Self>,
        child: ExecutionRecord,
        origin: Origin,
    ) -> Result<Option<Happening>, Error> {
        let id = child.id;
        let view = self.view(child).await?;
        let started = StartedExecution {
            arn: view.arn.clone(),
            started_at: view.started_at,
        };
        self.tell(origin, started, Some(id));
        Ok(view.stopped_at.is_some().then(|| ended(origin, view)))
    }

    /// An execution that somebody else started has the name: if it is the same one, this attempt shares it.
    async fn find_other(
        self: &Arc<Self>,
        taken: &TakenName,
        origin: Origin,
    ) -> Result<Option<Happening>, Error> {
        let started = self.started_before(taken).await?;
        self.tell(origin, started, None);
        if !origin.waits() {
            return Ok(None);
        }
        // It tells its own parent only.
        let view = self
            .wait_for_end(&taken.machine.record.name, &taken.name)
            .await?;
        Ok(Some(ended(origin, view)))
    }

    /// A new execution tells the task that started it.
    pub(crate) fn tell_parent_of_start(
        self: &Arc<Self>,
        origin: Origin,
        child: ExecutionId,
        identity: &Identity,
    ) {
        let started = StartedExecution {
            arn: identity.arn.clone(),
            started_at: identity.started_at,
        };
        self.tell(origin, started, Some(child));
    }

    fn tell(
        self: &Arc<Self>,
        origin: Origin,
        started: StartedExecution,
        child: Option<ExecutionId>,
    ) {
        let happened = Happening::ChildStarted {
            attempt: AttemptId(origin.parent.attempt),
            pattern: origin.pattern,
            started,
            child,
        };
        self.push(origin.parent.execution, Delivery::of(happened));
    }

    /// A nested execution has ended: the task that may wait for it learns how.
    pub(crate) fn tell_parent(self: &Arc<Self>, loaded: &Loaded) {
        if let Some(parent) = loaded.parent {
            let view = Arc::new(self.finished_view(&loaded.execution));
            let happened = Happening::ChildEnded(AttemptId(parent.attempt), view);
            self.push(parent.execution, Delivery::of(happened));
        }
    }

    /// Nobody waits for an attempt any more: a nested execution that it waited for is stopped with it.
    ///
    /// One that is being started at this moment finds out by itself: its task does not know it any more.
    pub(crate) fn stop_child(self: &Arc<Self>, id: ExecutionId, attempt: AttemptId) {
        let engine = self.clone();
        let parent = Parent {
            execution: id,
            attempt: attempt.0,
        };
        self.tracker.spawn(async move {
            loop {
                match engine.store.child(parent).await {
                    Ok(Some(child)) if child.stopped_at.is_none() => {
                        return engine.stop_orphan(child.id);
                    }
                    Ok(_) => return,
                    Err(error) if error.is_retryable() && !engine.closing.is_cancelled() => {
                        tokio::time::sleep(PAUSE).await;
                    }
                    Err(error) => {
                        tracing::warn!(execution = id.0, %error, "cannot look for a child");
                        return;
                    }
                }
            }
        });
    }

    /// Stops an execution whose task has gone in the moment of its start, if the task would have waited for it.
    pub(crate) fn stop_stray(self: &Arc<Self>, happened: &Happening) {
        if let Happening::ChildStarted {
            pattern: Pattern::Sync | Pattern::Sync2,
            child: Some(child),
            ..
        } = happened
        {
            self.stop_orphan(*child);
        }
    }

    pub(crate) fn stop_orphan(self: &Arc<Self>, child: ExecutionId) {
        let failure = Failure::new(
            names::TASK_FAILED,
            "The execution that waited for this one was stopped or went on without it.",
        );
        self.deliver(child, Input::Stop(failure));
    }
}

impl Origin {
    fn waits(&self) -> bool {
        matches!(self.pattern, Pattern::Sync | Pattern::Sync2)
    }
}

fn failed(attempt: AttemptId, failure: Failure) -> Happening {
    Happening::Input(Input::TaskFailed { attempt, failure })
}

fn ended(origin: Origin, view: ExecutionView) -> Happening {
    Happening::ChildEnded(AttemptId(origin.parent.attempt), Arc::new(view))
}

/// How a task learns that the execution that it asked for is there; `None` when nobody waits for the attempt any more.
pub(crate) fn child_started(
    loaded: &Loaded,
    attempt: AttemptId,
    pattern: Pattern,
    started: &StartedExecution,
) -> Option<Input> {
    loaded.execution.pending_attempt(attempt)?;
    let output = Payload::of(start_response(&started.arn, started.started_at));
    Some(match pattern {
        Pattern::RequestResponse => Input::TaskSucceeded { attempt, output },
        Pattern::Sync | Pattern::Sync2 | Pattern::WaitForTaskToken => {
            Input::TaskSubmitted { attempt, output }
        }
    })
}

/// How a task learns that the execution it waits for has ended: after it has learned of its start, in any case.
pub(crate) fn child_ended(
    loaded: &Loaded,
    attempt: AttemptId,
    view: &ExecutionView,
) -> [Option<Input>; 2] {
    let Some(task) = loaded.execution.pending_attempt(attempt) else {
        return [None, None];
    };
    let pattern = match loaded.revision.resource(task.state) {
        Some(Resource::Service(call)) => call.pattern,
        Some(Resource::Function(_) | Resource::Activity(_)) | None => return [None, None],
    };
    if !matches!(pattern, Pattern::Sync | Pattern::Sync2) {
        return [None, None];
    }
    let submitted = (!task.is_submitted).then(|| Input::TaskSubmitted {
        attempt,
        output: Payload::of(start_response(&view.arn, view.started_at)),
    });
    [submitted, child_outcome(attempt, pattern, view)]
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

/// The response of the call that started a child, as AWS's own client shows it: dates are milliseconds since 1970.
fn start_response(arn: &Arc<str>, started_at: i64) -> Value {
    let request_id = Value::from(uuid::Uuid::new_v4().hyphenated().to_string());
    let headers = [
        ("x-amzn-RequestId", request_id.clone()),
        ("Content-Type", "application/x-amz-json-1.0".into()),
    ];
    let all = headers
        .iter()
        .map(|(name, value)| (*name, Value::array([value.clone()])));
    let metadata = Value::object([
        ("AllHttpHeaders", Value::object(all)),
        ("HttpHeaders", Value::object(headers.clone())),
        ("HttpStatusCode", 200_u64.into()),
    ]);
    Value::object([
        ("ExecutionArn", Value::String(arn.clone())),
        ("SdkHttpMetadata", metadata),
        (
            "SdkResponseMetadata",
            Value::object([("RequestId", request_id)]),
        ),
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
    members.push(("RedriveCount", 0_u64.into()));
    if view.status == S::Succeeded {
        let reason = "Execution is SUCCEEDED and cannot be redriven";
        members.push(("RedriveStatus", "NOT_REDRIVABLE".into()));
        members.push(("RedriveStatusReason", reason.into()));
    } else {
        members.push(("RedriveStatus", "REDRIVABLE".into()));
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
