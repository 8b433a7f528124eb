//! `states:startExecution`: an execution that a task of another starts, and perhaps waits for.

use std::sync::Arc;
use std::time::Duration;

use asl::resource::{Pattern, Resource};
use interpreter::execution::Identity;
use interpreter::failure::{Failure, names};
use interpreter::input::{AttemptId, Input, ScheduledTask};
use interpreter::payload::Payload;
use store::records::{ExecutionId, ExecutionRecord, Parent};

use crate::child_calls::{
    child_outcome, child_request, stable_name, start_failure, start_response,
};
use crate::dispatch::attempt_id;
use crate::engine::Engine;
use crate::error::Error;
use crate::slot::{Delivery, Happening, Loaded, Slot};
use crate::starts::{Begun, Origin, TakenName};
use crate::trace::Carried;
use crate::views::{ExecutionView, StartExecution, StartedExecution};

/// How long to wait before a start that the store could not take is tried again.
const PAUSE: Duration = Duration::from_millis(500);

impl Engine {
    /// Starts the execution that a task asks for. After a crash it is asked for again under the same name and found.
    pub(crate) fn start_child(
        self: &Arc<Self>,
        slot: &Arc<Slot>,
        execution_arn: &Arc<str>,
        carried: &Carried,
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
        let trace = carried.to_attempt(attempt.0);
        self.spawn_for(slot, attempt, async move {
            let mut request = match child_request(&task.input, default_name) {
                Ok(request) => request,
                Err(failure) => return Some(failed(attempt, failure)),
            };
            if request.trace_header.is_none() {
                request.trace_header = trace.map(|trace| trace.x_ray);
            }
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
            if loaded.execution.identity.is_of_map_run() {
                self.tell_map_run(parent, loaded);
                return;
            }
            let view = Arc::new(ExecutionView {
                trace_header: loaded.carried.header.clone(),
                ..self.finished_view(&loaded.execution)
            });
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
