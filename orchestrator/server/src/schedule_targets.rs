//! What schedules can call here: executions, container jobs, replication tasks, functions.

mod batch_jobs;
mod executions;
mod tasks;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use integrations::Integrations;
use interpreter::failure::Failure;
use runtime::runtime::Runtime;
use schedule::state::Stop;
use schedule::step::{Accepted, Outcome};
use schedule_runtime::targets::{Call, Refusal, Targets};
use serde_json::json;

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
    /// The state machine of that name: the input is the execution's.
    StateMachine(String),
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
    /// The SQS queue of that address: the input is the message.
    Queue(String),
    /// The SNS topic of that ARN: the input is the message.
    Topic(String),
}

impl Target {
    fn parse(arn: &str) -> Result<Self, String> {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let &["arn", _, service, region, account, resource] = parts.as_slice() else {
            return Err("it is no ARN".to_owned());
        };
        match (service, resource.split_once([':', '/'])) {
            ("states", Some(("stateMachine", name))) if !name.contains(':') => {
                Ok(Self::StateMachine(name.to_owned()))
            }
            ("states", Some(("stateMachine", _))) => Err(
                "versions and aliases of state machines can't be called; name the state machine"
                    .to_owned(),
            ),
            ("batch", Some(("job-queue", _))) => Ok(Self::JobQueue(arn.to_owned())),
            ("lambda", Some(("function", _))) => Ok(Self::Function(arn.to_owned())),
            ("sqs", None) => Ok(Self::Queue(format!(
                "https://sqs.{region}.amazonaws.com/{account}/{resource}"
            ))),
            ("sns", None) => Ok(Self::Topic(arn.to_owned())),
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
            _ => Err(
                "this server can call state machines, job queues, Lambda functions, SQS queues, SNS topics and \
                 arn:aws:scheduler:::aws-sdk:… calls"
                    .to_owned(),
            ),
        }
    }
}

impl Targets for ScheduleTargets {
    fn check(&self, target_arn: &str) -> Result<(), String> {
        match Target::parse(target_arn)? {
            Target::JobQueue(_) | Target::SubmitJob => self.batch.check(),
            Target::StateMachine(_)
            | Target::StartExecution
            | Target::StartReplicationTask
            | Target::Service { .. }
            | Target::Function(_)
            | Target::Queue(_)
            | Target::Topic(_) => Ok(()),
        }
    }

    fn call(&self, call: Call) -> BoxFuture<'static, Result<Accepted, Refusal>> {
        let this = self.clone();
        Box::pin(async move {
            match Target::parse(&call.target_arn).map_err(Refusal::never)? {
                Target::StateMachine(name) => {
                    executions::start(&this.runtime, name, None, call.run, call.input).await
                }
                Target::StartExecution => executions::start_as_asked(&this.runtime, call).await,
                Target::JobQueue(queue) => this.batch.submit(Some(queue), call).await,
                Target::SubmitJob => this.batch.submit(None, call).await,
                Target::StartReplicationTask => {
                    tasks::start_replication(&*this.integrations, call).await
                }
                Target::Service { service, operation } => {
                    tasks::call_service(&*this.integrations, &service, &operation, call).await
                }
                Target::Queue(url) => {
                    let message = json!({"QueueUrl": url, "MessageBody": call.input});
                    let call = Call {
                        input: message.to_string(),
                        ..call
                    };
                    tasks::call_service(&*this.integrations, "sqs", "sendMessage", call).await
                }
                Target::Topic(arn) => {
                    let message = json!({"TopicArn": arn, "Message": call.input});
                    let call = Call {
                        input: message.to_string(),
                        ..call
                    };
                    tasks::call_service(&*this.integrations, "sns", "publish", call).await
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
                Ok(Target::StateMachine(_) | Target::StartExecution) => {
                    executions::ended(&this.runtime, &handle).await
                }
                Ok(Target::JobQueue(_) | Target::SubmitJob) => this.batch.ended(&handle).await,
                Ok(
                    Target::StartReplicationTask
                    | Target::Service { .. }
                    | Target::Function(_)
                    | Target::Queue(_)
                    | Target::Topic(_),
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
                Ok(Target::StateMachine(_) | Target::StartExecution) => {
                    executions::stop(&this.runtime, &handle, how).await
                }
                Ok(Target::JobQueue(_) | Target::SubmitJob) => this.batch.stop(&handle, how).await,
                Ok(
                    Target::StartReplicationTask
                    | Target::Service { .. }
                    | Target::Function(_)
                    | Target::Queue(_)
                    | Target::Topic(_),
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
