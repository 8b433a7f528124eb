//! The seam to what performs tasks: the runtime hands over a call and gets its outcome.

use std::sync::Arc;

use asl::resource::Resource;
use futures_util::future::BoxFuture;
use interpreter::failure::Failure;
use interpreter::payload::Payload;
use store::records::ExecutionStatus;

/// Performs the tasks that are not the runtime's own (activities and nested executions are).
pub trait TaskRunner: Send + Sync + 'static {
    /// Performs one attempt of one task. Dropping the future cancels the attempt: whatever it started must then be stopped.
    ///
    /// The same attempt may be handed over again after a crash, with the same [`TaskCall::attempt_id`].
    fn run(&self, call: TaskCall) -> BoxFuture<'static, TaskOutcome>;

    /// Waits for the end of what [`TaskRunner::run`] said was submitted, with that response. Dropping the future cancels the attempt, from
    /// the moment of this call on, whether it was polled or not. After a crash the attempt is handed to `run` again, not to this.
    fn follow(&self, call: TaskCall, response: Payload) -> BoxFuture<'static, TaskOutcome> {
        let _ = call;
        Box::pin(async move { TaskOutcome::Succeeded(response) })
    }

    /// An execution is over, durably: what its tasks left running for it may be ended. It must return at once.
    ///
    /// It is not called again after a crash in between: whoever keeps something for executions asks for their status when it begins anew.
    fn execution_ended(&self, execution_arn: &Arc<str>, status: ExecutionStatus) {
        let _ = (execution_arn, status);
    }
}

/// One attempt of one task.
#[derive(Clone, Debug)]
pub struct TaskCall {
    /// Stable over restarts and unique among all attempts: the key by which the called side can recognise a repetition.
    pub attempt_id: String,
    /// The execution.
    pub execution_arn: Arc<str>,
    /// The execution's number: its ARN may be that of a later one, when its state machine was deleted and made again.
    pub execution: u64,
    /// What to call.
    pub resource: Resource,
    /// What to call it with.
    pub input: Payload,
    /// The role of the state's Credentials.
    pub credentials_role_arn: Option<Arc<str>>,
    /// The token that ends the task, in its outside form; only for `.waitForTaskToken`.
    pub token: Option<String>,
    /// Seconds until nobody waits for the attempt any more.
    pub timeout_seconds: Option<u64>,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq)]
pub enum TaskOutcome {
    /// It gave a result; for `.waitForTaskToken` the response of the call that handed the token over.
    Succeeded(Payload),
    /// What it asked for was accepted with this response, and its end is to be waited for: [`TaskRunner::follow`]. Only for `.sync`.
    Submitted(Payload),
    /// It failed.
    Failed(Failure),
}
