//! Tasks: scheduling an attempt, what its outcome records, and what happens when its time is up.

use std::sync::Arc;

use asl::definition::{State, Task};
use asl::resource::{Pattern, Resource, ServiceCall};
use expression::value::Value;

use crate::failures::Fault;
use crate::history::{EventKind, TaskResource};
use crate::input::{AttemptId, Effect, ScheduledTask, TaskToken};
use crate::jsonata::Field;
use crate::payload::Payload;
use crate::reading::Source;
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
        let has_token = matches!(
            &task.resource,
            Resource::Service(call) if call.pattern == Pattern::WaitForTaskToken
        );
        let source = Source {
            token: has_token.then(|| token.encode()),
            ..Source::of(&input)
        };
        let parameters = match &task.parameters {
            Some(template) => {
                self.evaluate(thread, &source, template, Field::Named("Arguments"))?
            }
            None => input.clone(),
        };
        self.observe(|seen| seen.inspection.after_parameters = Some(parameters.clone()));
        self.check_size(&parameters, &state.name)?;
        let timeout = task
            .timeout
            .as_ref()
            .map(|seconds| self.seconds(thread, &source, seconds, "TimeoutSeconds"))
            .transpose()?;
        let heartbeat = task
            .heartbeat
            .as_ref()
            .map(|seconds| self.seconds(thread, &source, seconds, "HeartbeatSeconds"))
            .transpose()?;
        let role = self.credentials(thread, &source, task)?;
        drop(source);
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
        if !self.answer_by_mock(token.attempt, &state.name) {
            self.effects.push(Effect::ScheduleTask(scheduled));
        }
        Ok(Transition::Await)
    }

    /// The role of the state's Credentials.
    fn credentials(
        &self,
        thread: ThreadId,
        source: &Source<'_>,
        task: &Task,
    ) -> Result<Option<Arc<str>>, Fault> {
        let Some(template) = &task.credentials else {
            return Ok(None);
        };
        let credentials = self.evaluate(thread, source, template, Field::Named("Credentials"))?;
        match credentials.value().get("RoleArn") {
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
