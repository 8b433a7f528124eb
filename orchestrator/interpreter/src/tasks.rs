//! Tasks: scheduling an attempt, what its outcome records, and what happens when its time is up.

use std::sync::Arc;

use asl::definition::{State, StateKind, Task};
use asl::resource::{Pattern, Resource, ServiceCall};
use expression::value::Value;

use crate::execution::{PendingTask, Phase, Progress, ThreadId};
use crate::failure::{Failure, names};
use crate::failures::FailureKind;
use crate::flow::data_limit_exceeded;
use crate::history::{EventKind, TaskResource};
use crate::input::{AttemptId, Effect, ScheduledTask, TaskToken};
use crate::payload::Payload;
use crate::step::{Stepper, Transition, after_seconds};

impl Stepper<'_> {
    /// Schedules an attempt of a Task state: evaluates its fields, records it, and asks for it to be performed.
    pub(crate) fn schedule(
        &mut self,
        thread: ThreadId,
        state: &State,
        task: &Task,
    ) -> Result<Transition, Failure> {
        let input = self.effective_input(thread, state)?;
        let attempt = self.execution.last_event + 1;
        let token = TaskToken {
            execution: self.execution.identity.number,
            attempt: AttemptId(attempt),
            secret: self.random.secret(attempt),
        };
        let parameters = self.parameters(thread, task, &input, &token)?;
        if parameters.text().len() > self.env.limits.payload_bytes {
            return Err(data_limit_exceeded(state));
        }
        let timeout = task
            .timeout
            .as_ref()
            .map(|seconds| self.seconds(thread, &input, seconds, "TimeoutSecondsPath"))
            .transpose()?;
        let heartbeat = task
            .heartbeat
            .as_ref()
            .map(|seconds| self.seconds(thread, &input, seconds, "HeartbeatSecondsPath"))
            .transpose()?;
        let role = self.credentials(thread, task, &input)?;
        self.record_scheduled(thread, task, &parameters, timeout, heartbeat, role.as_ref());
        if self.ended.is_some() {
            return Ok(Transition::Await);
        }
        let is_activity = matches!(task.resource, Resource::Activity(_));
        let pending = PendingTask {
            token,
            input: parameters.clone(),
            credentials_role_arn: role.clone(),
            timeout_seconds: timeout,
            heartbeat_seconds: heartbeat,
            times_out: timeout.map(|seconds| after_seconds(self.now, seconds)),
            beats_out: heartbeat
                .filter(|_| !is_activity)
                .map(|seconds| after_seconds(self.now, seconds)),
            progress: if is_activity {
                Progress::Scheduled
            } else {
                Progress::Started
            },
        };
        let scheduled = ScheduledTask {
            attempt: token.attempt,
            state: self.thread(thread).state,
            input: parameters,
            credentials_role_arn: role,
            token,
            timeout_seconds: timeout,
            heartbeat_seconds: heartbeat,
        };
        self.thread_mut(thread).phase = Phase::Task(pending);
        self.arm(thread);
        self.execution.attempts.insert(token.attempt, thread);
        self.effects.push(Effect::ScheduleTask(scheduled));
        Ok(Transition::Await)
    }

    /// The payload that the task is called with.
    fn parameters(
        &self,
        thread: ThreadId,
        task: &Task,
        input: &Payload,
        token: &TaskToken,
    ) -> Result<Payload, Failure> {
        let Some(template) = &task.parameters else {
            return Ok(input.clone());
        };
        let has_token = matches!(
            &task.resource,
            Resource::Service(call) if call.pattern == Pattern::WaitForTaskToken
        );
        let token = has_token.then(|| token.encode());
        self.with_token(thread, input.value(), token, |scope| {
            template.evaluate(scope)
        })
        .map(Payload::of)
        .map_err(|error| self.template_failure(thread, error))
    }

    fn credentials(
        &self,
        thread: ThreadId,
        task: &Task,
        input: &Payload,
    ) -> Result<Option<Arc<str>>, Failure> {
        let Some(template) = &task.credentials else {
            return Ok(None);
        };
        let credentials = self
            .with_scope(thread, input.value(), |scope| template.evaluate(scope))
            .map_err(|error| self.template_failure(thread, error))?;
        match credentials.get("RoleArn") {
            Some(Value::String(role)) => Ok(Some(role.clone())),
            _ => Ok(None),
        }
    }

    fn record_scheduled(
        &mut self,
        thread: ThreadId,
        task: &Task,
        input: &Payload,
        timeout_seconds: Option<u64>,
        heartbeat_seconds: Option<u64>,
        role: Option<&Arc<str>>,
    ) {
        let input = input.clone();
        match &task.resource {
            Resource::Activity(arn) => {
                let kind = EventKind::ActivityScheduled {
                    resource: arn.clone(),
                    input,
                    timeout_seconds,
                    heartbeat_seconds,
                };
                self.emit(thread, kind);
            }
            Resource::Function(arn) => {
                let kind = EventKind::LambdaFunctionScheduled {
                    resource: arn.clone(),
                    input,
                    timeout_seconds,
                    credentials_role_arn: role.cloned(),
                };
                self.emit(thread, kind);
                self.emit(thread, EventKind::LambdaFunctionStarted);
            }
            Resource::Service(call) => {
                let resource = task_resource(call);
                let kind = EventKind::TaskScheduled {
                    resource: resource.clone(),
                    region: self.execution.identity.region.clone(),
                    parameters: input,
                    timeout_seconds,
                    heartbeat_seconds,
                    credentials_role_arn: role.cloned(),
                };
                self.emit(thread, kind);
                self.emit(thread, EventKind::TaskStarted { resource });
            }
        }
    }

    /// A worker took an activity's task.
    pub(crate) fn task_started(&mut self, attempt: AttemptId, worker_name: Option<Arc<str>>) {
        let Some(thread) = self.waiting_for(attempt) else {
            return;
        };
        let now = self.now;
        self.disarm(thread);
        let Phase::Task(task) = &mut self.thread_mut(thread).phase else {
            return;
        };
        let was_scheduled = task.progress == Progress::Scheduled;
        if was_scheduled {
            task.progress = Progress::Started;
            task.beats_out = task
                .heartbeat_seconds
                .map(|seconds| after_seconds(now, seconds));
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
        let Some(resource) = self.service_of(thread) else {
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
        if output.text().len() > self.env.limits.payload_bytes {
            self.state_failed(thread, data_limit_exceeded(state));
            return;
        }
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
    ) -> Result<Option<Payload>, Failure> {
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
            Resource::Activity(_) => EventKind::ActivityFailed(failure.clone()),
            Resource::Function(_) => EventKind::LambdaFunctionFailed(failure.clone()),
            Resource::Service(call) => EventKind::TaskFailed {
                resource: task_resource(call),
                failure: failure.clone(),
            },
        };
        self.emit(thread, kind);
        self.state_failed(thread, failure);
    }

    /// A task showed that it is alive.
    pub(crate) fn heartbeat(&mut self, attempt: AttemptId) {
        let Some(thread) = self.waiting_for(attempt) else {
            return;
        };
        let now = self.now;
        self.disarm(thread);
        if let Phase::Task(task) = &mut self.thread_mut(thread).phase {
            task.beats_out = task
                .heartbeat_seconds
                .map(|seconds| after_seconds(now, seconds));
        }
        self.arm(thread);
    }

    /// A task's timeout or heartbeat is due.
    pub(crate) fn task_timed_out(&mut self, thread: ThreadId) {
        let Phase::Task(pending) = &self.thread(thread).phase else {
            return;
        };
        let attempt = pending.token.attempt;
        let kind = match pending.times_out {
            Some(due) if due <= self.now => FailureKind::Ordinary,
            _ => FailureKind::Heartbeat,
        };
        self.take(attempt);
        let state = self.thread(thread).state;
        self.effects.push(Effect::CancelTask { attempt, state });
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
        self.state_failed_as(thread, failure, kind);
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

    fn service_of(&self, thread: ThreadId) -> Option<TaskResource> {
        match &self.state_of(thread).kind {
            StateKind::Task(task) => match &task.resource {
                Resource::Service(call) => Some(task_resource(call)),
                Resource::Function(_) | Resource::Activity(_) => None,
            },
            _ => None,
        }
    }
}

fn task_resource(call: &ServiceCall) -> TaskResource {
    TaskResource {
        resource_type: call.resource_type.clone(),
        resource: call.resource.clone(),
    }
}
