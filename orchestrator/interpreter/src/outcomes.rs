//! What becomes of a task: what each of its signs of life records, and where its end leads.

use std::sync::Arc;

use asl::definition::StateKind;
use asl::resource::{Pattern, Resource};

use crate::failure::{Failure, names};
use crate::failures::{FailureKind, Fault};
use crate::flow::data_limit_exceeded;
use crate::history::{EventKind, TaskResource};
use crate::input::AttemptId;
use crate::payload::Payload;
use crate::step::{Stepper, Transition};
use crate::tasks::task_resource;
use crate::thread::{Phase, Progress, ThreadId};

impl Stepper<'_> {
    /// A worker took an activity's task.
    pub(crate) fn task_started(&mut self, attempt: AttemptId, worker_name: Option<Arc<str>>) {
        let Some(thread) = self.waiting_for(attempt) else {
            return;
        };
        let now = self.clock();
        self.disarm(thread);
        let Phase::Task(task) = &mut self.thread_mut(thread).phase else {
            return;
        };
        let was_scheduled = task.progress == Progress::Scheduled;
        if was_scheduled {
            task.progress = Progress::Started;
            task.start_clocks(now);
        }
        self.arm(thread);
        if was_scheduled {
            self.emit(thread, EventKind::ActivityStarted { worker_name });
        }
    }

    /// The call of a `.sync` or `.waitForTaskToken` task was accepted.
    pub(crate) fn task_submitted(&mut self, attempt: AttemptId, output: Payload) {
        let Some(thread) = self.waiting_for(attempt) else {
            return;
        };
        let Some(resource) = self.submitted_service(thread) else {
            return;
        };
        let Phase::Task(task) = &mut self.thread_mut(thread).phase else {
            return;
        };
        if task.progress == Progress::Submitted {
            return;
        }
        task.progress = Progress::Submitted;
        self.emit(thread, EventKind::TaskSubmitted { resource, output });
    }

    /// A task ended well.
    pub(crate) fn task_succeeded(&mut self, attempt: AttemptId, output: Payload) {
        let Some(thread) = self.take(attempt) else {
            return;
        };
        let state = self.machine.state(self.thread(thread).state);
        let StateKind::Task(task) = &state.kind else {
            return;
        };
        if !output.fits(self.env.limits.payload_bytes, &self.scratch) {
            let failure = data_limit_exceeded(called_name(&task.resource));
            self.emit(thread, failed_event(&task.resource, failure.clone()));
            let kind = FailureKind::Result;
            self.state_failed(thread, Fault { failure, kind });
            return;
        }
        self.observe(|seen| seen.inspection.result = Some(output.clone()));
        let output_of_event = output.clone();
        let kind = match &task.resource {
            Resource::Activity(_) => EventKind::ActivitySucceeded {
                output: output_of_event,
            },
            Resource::Function(_) => EventKind::LambdaFunctionSucceeded {
                output: output_of_event,
            },
            Resource::Service(call) => EventKind::TaskSucceeded {
                resource: task_resource(call),
                output: output_of_event,
            },
        };
        self.emit(thread, kind);
        let transition = self
            .apply_selector(thread, task.result_selector.as_ref(), &output)
            .and_then(|selected| self.leave(thread, state, output, selected, &task.result_path))
            .unwrap_or_else(Transition::Fail);
        self.follow(thread, transition);
    }

    /// A result after its ResultSelector; `None` where there is none.
    pub(crate) fn apply_selector(
        &self,
        thread: ThreadId,
        selector: Option<&expression::template::Template>,
        result: &Payload,
    ) -> Result<Option<Payload>, Fault> {
        match selector {
            None => Ok(None),
            selector => self
                .apply_template(thread, selector, result.clone())
                .map(Some),
        }
    }

    /// A task failed.
    pub(crate) fn task_failed(&mut self, attempt: AttemptId, failure: Failure) {
        let was_queued = self.waiting_for(attempt).is_some_and(|thread| {
            matches!(&self.thread(thread).phase, Phase::Task(task) if task.progress == Progress::Scheduled)
        });
        let Some(thread) = self.take(attempt) else {
            return;
        };
        let StateKind::Task(task) = &self.machine.state(self.thread(thread).state).kind else {
            return;
        };
        let kind = match &task.resource {
            Resource::Activity(_) if was_queued => {
                EventKind::ActivityScheduleFailed(failure.clone())
            }
            resource => failed_event(resource, failure.clone()),
        };
        self.emit(thread, kind);
        self.state_failed(thread, failure.into());
    }

    /// A task showed that it is alive.
    pub(crate) fn heartbeat(&mut self, attempt: AttemptId) {
        let Some(thread) = self.waiting_for(attempt) else {
            return;
        };
        let now = self.clock();
        self.disarm(thread);
        if let Phase::Task(task) = &mut self.thread_mut(thread).phase
            && task.progress != Progress::Scheduled
        {
            task.beat(now);
        }
        self.arm(thread);
    }

    /// A task's timeout or heartbeat is due.
    pub(crate) fn task_timed_out(&mut self, thread: ThreadId) {
        let Phase::Task(pending) = &self.thread(thread).phase else {
            return;
        };
        let attempt = pending.token.attempt;
        let kind = match (pending.times_out, pending.beats_out) {
            (Some(timeout), Some(heartbeat)) if timeout <= heartbeat => FailureKind::Ordinary,
            (_, Some(_)) => FailureKind::Heartbeat,
            (_, None) => FailureKind::Ordinary,
        };
        self.take(attempt);
        let state = self.thread(thread).state;
        self.cancel(attempt, state);
        let StateKind::Task(task) = &self.machine.state(state).kind else {
            return;
        };
        let failure = Failure::named(names::TIMEOUT);
        let event = match &task.resource {
            Resource::Activity(_) => EventKind::ActivityTimedOut(failure.clone()),
            Resource::Function(_) => EventKind::LambdaFunctionTimedOut(failure.clone()),
            Resource::Service(call) => EventKind::TaskTimedOut {
                resource: task_resource(call),
                failure: failure.clone(),
            },
        };
        self.emit(thread, event);
        self.state_failed(thread, Fault { failure, kind });
    }

    fn waiting_for(&self, attempt: AttemptId) -> Option<ThreadId> {
        self.execution.attempts.get(&attempt).copied()
    }

    /// The thread that waits for an attempt; it waits no longer.
    fn take(&mut self, attempt: AttemptId) -> Option<ThreadId> {
        let thread = self.execution.attempts.remove(&attempt)?;
        self.disarm(thread);
        self.thread_mut(thread).phase = Phase::Ready;
        Some(thread)
    }

    /// The service of a task whose call is accepted before its result is known.
    fn submitted_service(&self, thread: ThreadId) -> Option<TaskResource> {
        match &self.state_of(thread).kind {
            StateKind::Task(task) => match &task.resource {
                Resource::Service(call) if call.pattern != Pattern::RequestResponse => {
                    Some(task_resource(call))
                }
                Resource::Service(_) | Resource::Function(_) | Resource::Activity(_) => None,
            },
            _ => None,
        }
    }
}

/// The event of a task that failed.
fn failed_event(resource: &Resource, failure: Failure) -> EventKind {
    match resource {
        Resource::Activity(_) => EventKind::ActivityFailed(failure),
        Resource::Function(_) => EventKind::LambdaFunctionFailed(failure),
        Resource::Service(call) => EventKind::TaskFailed {
            resource: task_resource(call),
            failure,
        },
    }
}

/// What AWS calls a task's resource where its result is too long.
fn called_name(resource: &Resource) -> &str {
    match resource {
        Resource::Activity(arn) | Resource::Function(arn) => arn,
        Resource::Service(call) => &call.resource_type,
    }
}
