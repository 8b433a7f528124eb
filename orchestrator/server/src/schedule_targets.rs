//! What schedules can call here: executions, container jobs, replication tasks, functions.

mod batch_jobs;
mod executions;
mod tasks;
mod templates;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use integrations::Integrations;
use interpreter::failure::Failure;
use runtime::arn::qualifier_of;
use runtime::runtime::Runtime;
use schedule::definition;
use schedule::expression::Mistake;
use schedule::state::Stop;
use schedule::step::{Accepted, Outcome};
use schedule_runtime::targets::{Call, Refusal, Targets};
use store::contract::Qualifier;

use templates::Template;

pub(crate) use batch_jobs::BatchJobs;

/// What schedules can call.
#[derive(Clone)]
pub(crate) struct ScheduleTargets {
    pub(crate) runtime: Runtime,
    pub(crate) integrations: Arc<Integrations>,
    pub(crate) batch: BatchJobs,
}

/// What a target's ARN names.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Target {
    /// The state machine of that name, or a version or alias of it: the input is the execution's.
    StateMachine(String, Option<Qualifier>),
    /// The input is that of StartExecution.
    StartExecution,
    /// The queue of that ARN: the input is that of SubmitJob, without the queue.
    JobQueue(String),
    /// The input is that of SubmitJob.
    SubmitJob,
    /// The input is that of StartReplicationTask.
    StartReplicationTask,
    /// The input is that of the service's operation.
    Service { service: String, operation: String },
    /// The function of that ARN: the input is its payload.
    Function(String),
    /// Another resource.
    Template(Template),
}

impl Target {
    fn parse(arn: &str) -> Result<Self, String> {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let &["arn", _, service, _, _, resource] = parts.as_slice() else {
            return Err("it is no ARN".to_owned());
        };
        match (service, resource.split_once([':', '/'])) {
            ("states", Some(("stateMachine", name))) => {
                let (name, qualifier) = match name.split_once(':') {
                    Some((name, qualifier)) => (name, Some(qualifier_of(qualifier))),
                    None => (name, None),
                };
                Ok(Self::StateMachine(name.to_owned(), qualifier))
            }
            ("batch", Some(("job-queue", _))) => Ok(Self::JobQueue(arn.to_owned())),
            ("lambda", Some(("function", _))) => Ok(Self::Function(arn.to_owned())),
            ("scheduler", Some(("aws-sdk", call))) => match call {
                "sfn:startExecution" => Ok(Self::StartExecution),
                "batch:submitJob" => Ok(Self::SubmitJob),
                "databasemigration:startReplicationTask" => Ok(Self::StartReplicationTask),
                _ => match call.split_once(':') {
                    Some((service, operation)) if is_word(service) && is_word(operation) => {
                        Ok(Self::Service {
                            service: service.to_owned(),
                            operation: operation.to_owned(),
                        })
                    }
                    _ => Err(format!(
                        "aws-sdk:{call} names no operation; it should be aws-sdk:SERVICE:OPERATION, as aws-sdk:sqs:sendMessage"
                    )),
                },
            },
            _ => Template::of(arn).map(Self::Template).ok_or_else(|| {
                "a schedule can call state machines, job queues, functions of Lambda, queues of SQS, topics of SNS, streams of Kinesis and \
                 Firehose, event buses, clusters of ECS, pipelines of SageMaker and CodePipeline, projects of CodeBuild, and whatever \
                 arn:aws:scheduler:::aws-sdk:SERVICE:OPERATION names"
                    .to_owned()
            }),
        }
    }
}

impl Targets for ScheduleTargets {
    fn check(&self, target: &definition::Target) -> Result<(), Mistake> {
        let wrong = |why| Mistake::new("Target.Arn", &target.arn, why);
        match Target::parse(&target.arn).map_err(wrong)? {
            Target::JobQueue(_) | Target::SubmitJob => self.batch.check().map_err(wrong),
            Target::Template(template) => template.check(&target.others),
            Target::StateMachine(..)
            | Target::StartExecution
            | Target::StartReplicationTask
            | Target::Service { .. }
            | Target::Function(_) => Ok(()),
        }
    }

    fn call(&self, call: Call) -> BoxFuture<'static, Result<Accepted, Refusal>> {
        let this = self.clone();
        Box::pin(async move {
            match Target::parse(&call.target_arn).map_err(Refusal::never)? {
                Target::StateMachine(name, qualifier) => {
                    executions::start(&this.runtime, name, qualifier, call.run, call.input).await
                }
                Target::StartExecution => executions::start_as_asked(&this.runtime, call).await,
                Target::JobQueue(queue) => this.batch.submit(Some(queue), call).await,
                Target::SubmitJob => this.batch.submit(None, call).await,
                Target::StartReplicationTask => {
                    tasks::start_replication(&*this.integrations, call).await
                }
                Target::Service { service, operation } => {
                    let kind = format!("aws-sdk:{service}");
                    tasks::call_service(&*this.integrations, &kind, &operation, call).await
                }
                Target::Template(template) => {
                    let request = template.request(&call).map_err(Refusal::never)?;
                    let call = Call {
                        input: request.input.to_string(),
                        ..call
                    };
                    tasks::call_service(&*this.integrations, request.kind, request.operation, call)
                        .await
                }
                Target::Function(arn) => tasks::invoke(&*this.integrations, &arn, call).await,
            }
        })
    }

    fn ended(&self, target_arn: &str, handle: &str) -> BoxFuture<'static, Outcome> {
        let (this, handle) = (self.clone(), handle.to_owned());
        let target = Target::parse(target_arn);
        Box::pin(async move {
            match target {
                Ok(Target::StateMachine(..) | Target::StartExecution) => {
                    executions::ended(&this.runtime, &handle).await
                }
                Ok(Target::JobQueue(_) | Target::SubmitJob) => this.batch.ended(&handle).await,
                Ok(
                    Target::StartReplicationTask
                    | Target::Service { .. }
                    | Target::Function(_)
                    | Target::Template(_),
                )
                | Err(_) => Outcome::Started,
            }
        })
    }

    fn stop(
        &self,
        target_arn: &str,
        handle: &str,
        how: Stop,
    ) -> BoxFuture<'static, Result<(), String>> {
        let (this, handle) = (self.clone(), handle.to_owned());
        let target = Target::parse(target_arn);
        Box::pin(async move {
            match target {
                Ok(Target::StateMachine(..) | Target::StartExecution) => {
                    executions::stop(&this.runtime, &handle, how).await
                }
                Ok(Target::JobQueue(_) | Target::SubmitJob) => this.batch.stop(&handle, how).await,
                Ok(
                    Target::StartReplicationTask
                    | Target::Service { .. }
                    | Target::Function(_)
                    | Target::Template(_),
                )
                | Err(_) => Ok(()),
            }
        })
    }
}

/// Letters and digits, and not none of them.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// A failure in a line.
fn explained(failure: &Failure) -> String {
    let parts = [&failure.error, &failure.cause];
    let parts: Vec<&str> = parts.into_iter().flatten().map(|part| &**part).collect();
    parts.join(": ")
}

#[cfg(test)]
mod tests;
