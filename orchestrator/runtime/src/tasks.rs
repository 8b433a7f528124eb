//! The seam to what performs tasks: the runtime hands over a call and gets its outcome.

use std::sync::Arc;

use asl::resource::Resource;
use expression::value::Value;
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

    /// The same, with what an HTTP task sent and received; secrets of its connection are shown only if asked for.
    fn run_observed(&self, call: TaskCall, reveal_secrets: bool) -> BoxFuture<'static, Observed> {
        let _ = reveal_secrets;
        let run = self.run(call);
        Box::pin(async move { (run.await, None) })
    }

    /// Holds a mocked result against what the resource can give.
    ///
    /// # Errors
    /// Why the resource can't give it, in AWS's words.
    fn check_mock(
        &self,
        resource: &Resource,
        result: &Value,
        validation: FieldValidation,
    ) -> Result<(), String> {
        let _ = (resource, result, validation);
        Ok(())
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
    /// The trace that it is a part of, if it is a part of one.
    pub trace: Option<CallTrace>,
}

/// The trace that a call is a part of, as it goes along with the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallTrace {
    /// `X-Amzn-Trace-Id`
    pub x_ray: Arc<str>,
    /// `traceparent`, for calls that have a span.
    pub traceparent: Option<Arc<str>>,
}

impl CallTrace {
    /// The headers of HTTP that say so, in lower case; without what no header can carry.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let x_ray = ("x-amzn-trace-id", Some(&*self.x_ray));
        let traceparent = ("traceparent", self.traceparent.as_deref());
        let given = [x_ray, traceparent].into_iter();
        given
            .filter_map(|(name, value)| Some((name, value?)))
            .filter(|(_, value)| value.bytes().all(|byte| (b' '..=b'~').contains(&byte)))
    }
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

/// An attempt's end, with what was sent and received on the way.
pub type Observed = (TaskOutcome, Option<HttpExchange>);

/// How strictly a mocked result is held against a service's model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FieldValidation {
    /// What must be there is there, and all that is there is as the model says.
    #[default]
    Strict,
    /// All that is there is as the model says.
    Present,
    /// Not at all.
    None,
}

/// What an HTTP task sent and received, as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpExchange {
    /// The request.
    pub request: HttpRequest,
    /// The response, unless there was none.
    pub response: Option<HttpResponse>,
}

/// A request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpRequest {
    /// `https`
    pub protocol: String,
    /// `POST`
    pub method: String,
    /// The whole address.
    pub url: String,
    /// The headers.
    pub headers: String,
    /// The body.
    pub body: Option<String>,
}

/// A response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpResponse {
    /// `https`
    pub protocol: String,
    /// `200`
    pub status_code: String,
    /// `OK`
    pub status_message: String,
    /// The headers.
    pub headers: String,
    /// The body.
    pub body: Option<String>,
}
