//! Tasks: scheduling an attempt, what its outcome records, and what happens when its time is up.

use std::sync::Arc;

use asl::definition::{State, Task};
use asl::resource::{Pattern, Resource, ServiceCall};
use expression::value::Value;

use crate::failures::Fault;
use crate::history::{EventKind, TaskResource};
use crate::input::{AttemptId, Effect, ScheduledTask, TaskToken};
use crate::payload::Payload;
use crate::step::{Stepper, Transition};
use crate::thread::{PendingTask, Phase, Progress, ThreadId};

impl Stepper<'_> {
    /// Schedules an attempt of a Task state: evaluates its fields, records it, and asks for it to be performed.
    pub(crate) fn schedule(
        &mut self,
        thread: ThreadId,
        state: &State,
        task: &Task,
    ) -> Result<Transition, Fault> {
        let input = self.effective_input(thread, state)?;
        let attempt = self.execution.last_event + 1;
        let token = TaskToken {
            execution: self.execution.identity.number,
            attempt: AttemptId(attempt),
            secret: self.random.secret(attempt),
        };
        let parameters = self.parameters(thread, task, &input, &token)?;
        self.check_size(&parameters, &state.name)?;
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
        let mut pending = PendingTask {
            token,
            input: parameters.clone(),
            credentials_role_arn: role.clone(),
            timeout_seconds: timeout,
            heartbeat_seconds: heartbeat,
            times_out: None,
            beats_out: None,
            progress: Progress::Scheduled,
        };
        // An activity's task waits for its worker without a bound: its clocks begin when one takes it.
        if !matches!(task.resource, Resource::Activity(_)) {
            pending.progress = Progress::Started;
            pending.start_clocks(self.now);
        }
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
    ) -> Result<Payload, Fault> {
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
    ) -> Result<Option<Arc<str>>, Fault> {
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
}

pub(crate) fn task_resource(call: &ServiceCall) -> TaskResource {
    TaskResource {
        resource_type: call.resource_type.clone(),
        resource: call.resource.clone(),
    }
}
