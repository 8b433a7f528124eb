//! Releasing effects: after the commit, and only then, tasks are handed over, timers set and waiters told.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use asl::definition::{StateId, StateKind};
use asl::resource::{Pattern, Resource};
use futures_util::FutureExt;
use interpreter::failure::{Failure, names};
use interpreter::input::{AttemptId, Effect, Input, ScheduledTask};
use store::records::ExecutionId;

use crate::commits::status_of;
use crate::engine::Engine;
use crate::machines::Revision;
use crate::slot::{Delivery, Durability, FinishedSync, Happening, Loaded, Slot, Stepped};
use crate::tasks::{CallTrace, TaskCall, TaskOutcome};
use crate::trace::Carried;

impl Engine {
    /// Lets the world see what was committed. The execution goes back into its slot.
    pub(crate) fn release(
        self: &Arc<Self>,
        slot: &Arc<Slot>,
        mut loaded: Box<Loaded>,
        stepped: Stepped,
    ) {
        self.counts
            .events
            .fetch_add(stepped.events.len() as u64, Ordering::Relaxed);
        if !stepped.events.is_empty() {
            self.watchers.publish(slot.id, &stepped.events);
            self.tell_observer(&loaded, &stepped.events);
        }
        let is_running = loaded.execution.is_running();
        if !is_running {
            self.count_ended(&loaded.execution);
            self.runner
                .execution_ended(&loaded.execution.identity.arn, status_of(&loaded.execution));
            if loaded.inputs > 0 {
                self.journaled().remove(&slot.id);
            }
        }
        self.arm(slot.id, &mut loaded);
        let revision = loaded.revision.clone();
        let identity = loaded.execution.identity.clone();
        let carried = loaded.carried.clone();
        if is_running {
            slot.lock().loaded = Some(loaded);
        } else {
            self.tell_parent(&loaded);
            if let Durability::None(events, Some(done)) = loaded.durability {
                // A caller that has gone needs no answer.
                let _ = done.send(FinishedSync {
                    execution: loaded.execution,
                    events,
                    trace_header: loaded.carried.header,
                });
            }
        }
        for effect in stepped.effects {
            match effect {
                Effect::ScheduleTask(task) => {
                    self.counts.tasks.fetch_add(1, Ordering::Relaxed);
                    self.dispatch(slot, &revision, &identity.arn, &carried, task);
                }
                Effect::StartMapRun(run) => {
                    self.start_map_run(slot.id, &revision, &identity, &carried, *run);
                }
                Effect::CancelTask { attempt, state } => {
                    let running = slot.lock().running.remove(&attempt);
                    if let Some(running) = running {
                        running.abort();
                    }
                    match revision.resource(state) {
                        Some(Resource::Activity(arn)) => {
                            self.unqueue_activity_task(arn, slot.id, attempt);
                        }
                        Some(resource) if awaits_execution(resource) => {
                            self.stop_child(slot.id, attempt);
                        }
                        Some(_) => {}
                        None => self.cancel_map_run(slot.id, attempt),
                    }
                }
                // A runtime that closes leaves the rest of a long step to the next one.
                Effect::Continue if self.closing.is_cancelled() => {}
                Effect::Continue => self.deliver_to_driven(slot, Input::Continue),
                Effect::Complete => {}
            }
        }
    }

    /// Lets the timers know when the execution must be woken.
    fn arm(&self, id: ExecutionId, loaded: &mut Loaded) {
        let wake = loaded.execution.next_wake();
        if wake == loaded.armed {
            return;
        }
        match wake {
            Some(due) => self.timers.set(id, due),
            None => self.timers.clear(id),
        }
        loaded.armed = wake;
    }

    /// Hands a task over to whoever performs its resource.
    pub(crate) fn dispatch(
        self: &Arc<Self>,
        slot: &Arc<Slot>,
        revision: &Arc<Revision>,
        execution_arn: &Arc<str>,
        carried: &Carried,
        task: ScheduledTask,
    ) {
        let Some(resource) = revision.resource(task.state) else {
            return;
        };
        if self.closing.is_cancelled() {
            // It is handed over after the restart.
            return;
        }
        match resource {
            Resource::Activity(arn) => self.queue_activity_task(arn, &task),
            Resource::Service(call) if is_nested_execution(resource) => {
                self.start_child(slot, execution_arn, carried, call.pattern, task);
            }
            Resource::Function(_) | Resource::Service(_) => {
                let trace = carried.to_attempt(task.attempt.0);
                self.perform(slot, resource.clone(), execution_arn.clone(), trace, task);
            }
        }
    }

    /// Lets the integrations perform a task, and delivers its outcome.
    fn perform(
        self: &Arc<Self>,
        slot: &Arc<Slot>,
        resource: Resource,
        execution_arn: Arc<str>,
        trace: Option<CallTrace>,
        task: ScheduledTask,
    ) {
        let attempt = task.attempt;
        let waits_for_token = matches!(
            &resource,
            Resource::Service(call) if call.pattern == Pattern::WaitForTaskToken
        );
        let is_followed = matches!(
            &resource,
            Resource::Service(call) if matches!(call.pattern, Pattern::Sync | Pattern::Sync2)
        );
        let call = TaskCall {
            attempt_id: attempt_id(&execution_arn, attempt.0),
            execution_arn,
            execution: slot.id.0,
            resource,
            input: task.input,
            credentials_role_arn: task.credentials_role_arn,
            token: waits_for_token.then(|| task.token.encode()),
            timeout_seconds: task.timeout_seconds,
            trace,
        };
        let (engine, id) = (self.clone(), slot.id);
        self.spawn_for(slot, attempt, async move {
            let permits = engine.permits.clone();
            let permit = permits.acquire_owned().await;
            let counted = Running::count(&engine);
            let followed = is_followed.then(|| call.clone());
            let mut outcome = engine.runner.run(call).await;
            drop(counted);
            // Who only waits for the end of something does not hinder others.
            drop(permit);
            if let (TaskOutcome::Submitted(output), Some(call)) = (&outcome, followed) {
                let output = output.clone();
                let end = engine.runner.follow(call, output.clone());
                let submitted = Input::TaskSubmitted { attempt, output };
                engine.push(id, Delivery::of(Happening::Input(submitted)));
                outcome = end.await;
            }
            Some(Happening::Input(match outcome {
                TaskOutcome::Succeeded(output) if waits_for_token => {
                    Input::TaskSubmitted { attempt, output }
                }
                TaskOutcome::Succeeded(output) | TaskOutcome::Submitted(output) => {
                    Input::TaskSucceeded { attempt, output }
                }
                TaskOutcome::Failed(failure) => Input::TaskFailed { attempt, failure },
            }))
        });
    }

    /// Runs something for an attempt, so that cancelling the attempt cancels it, and gives the execution what it leads to.
    pub(crate) fn spawn_for(
        self: &Arc<Self>,
        slot: &Arc<Slot>,
        attempt: AttemptId,
        work: impl Future<Output = Option<Happening>> + Send + 'static,
    ) {
        let (engine, owner) = (self.clone(), slot.clone());
        let work = async move {
            let happened = AssertUnwindSafe(work).catch_unwind().await;
            let happened = happened.unwrap_or_else(|_| {
                tracing::error!(
                    execution = owner.id.0,
                    "performing a task panicked; the task fails"
                );
                Some(Happening::Input(failed_by_a_bug(attempt)))
            });
            // First, so that whoever drives the execution next may let it leave memory.
            owner.lock().running.remove(&attempt);
            match happened {
                Some(happened) => engine.push(owner.id, Delivery::of(happened)),
                None => engine.settle(&owner),
            }
        };
        // Under the lock, so that work that ends at once finds its entry.
        let mut state = slot.lock();
        if self.closing.is_cancelled() {
            // Whoever closes has aborted what runs, or will when it gets the lock.
            return;
        }
        let handle = self.tracker.spawn(work).abort_handle();
        if let Some(earlier) = state.running.insert(attempt, handle) {
            earlier.abort();
        }
    }

    /// Puts an input into a slot that the caller drives.
    fn deliver_to_driven(&self, slot: &Arc<Slot>, input: Input) {
        slot.lock()
            .inbox
            .push_back(Delivery::of(Happening::Input(input)));
    }
}

impl Revision {
    /// What a Task state calls.
    pub(crate) fn resource(&self, state: StateId) -> Option<&Resource> {
        match &self.machine.state(state).kind {
            StateKind::Task(task) => Some(&task.resource),
            _ => None,
        }
    }
}

/// The key by which the called side recognises a repetition of an attempt.
pub(crate) fn attempt_id(execution_arn: &str, attempt: u64) -> String {
    format!("{execution_arn}#{attempt}")
}

/// What a task gets that a bug in its performer ended.
fn failed_by_a_bug(attempt: AttemptId) -> Input {
    let failure = Failure::new(
        names::RUNTIME,
        "An internal error occurred while performing the task.",
    );
    Input::TaskFailed { attempt, failure }
}

/// Whether a task waits for the end of an execution that it starts on this very engine.
fn awaits_execution(resource: &Resource) -> bool {
    is_nested_execution(resource)
        && matches!(
            resource,
            Resource::Service(call) if matches!(call.pattern, Pattern::Sync | Pattern::Sync2)
        )
}

/// Whether a task starts an execution on this very engine.
pub(crate) fn is_nested_execution(resource: &Resource) -> bool {
    matches!(
        resource,
        Resource::Service(call)
            if &*call.resource_type == "states" && &*call.action == "startExecution"
    )
}

/// Counts an integration call for as long as it lives, also when it is cancelled.
struct Running(Arc<Engine>);

impl Running {
    fn count(engine: &Arc<Engine>) -> Self {
        engine.counts.running.fetch_add(1, Ordering::Relaxed);
        Self(engine.clone())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.counts.running.fetch_sub(1, Ordering::Relaxed);
    }
}
