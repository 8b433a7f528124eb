//! One call of a function, and what came back.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use runtime::tasks::{CallTrace, TaskCall};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::function_name::FunctionName;

/// One call of a function.
#[derive(Clone, Debug)]
pub(crate) struct Invocation {
    /// Which function.
    pub(crate) function: FunctionName,
    /// The version or alias, from the name or from `Qualifier`.
    pub(crate) qualifier: Option<Arc<str>>,
    /// The payload's JSON text; empty when there is none.
    pub(crate) body: Bytes,
    /// Whether anybody waits for the result.
    pub(crate) kind: InvocationType,
    /// Whether the end of the log is asked for.
    pub(crate) log: LogType,
    /// `ClientContext` as the state gives it: Base64 of JSON.
    pub(crate) client_context: Option<Arc<str>>,
    /// What the call belongs to.
    pub(crate) attempt: Attempt,
}

/// `InvocationType`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InvocationType {
    RequestResponse,
    Event,
    DryRun,
}

/// `LogType`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogType {
    None,
    Tail,
}

/// The attempt that a call belongs to: what the called side can recognise a repetition by.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    /// The runtime's id of the attempt.
    pub(crate) id: Arc<str>,
    /// The same as a UUID, for those who expect a request id in that form.
    pub(crate) request_id: Uuid,
    /// The execution.
    pub(crate) execution_arn: Arc<str>,
    /// The token, for `.waitForTaskToken`.
    pub(crate) token: Option<Arc<str>>,
    /// How long somebody waits.
    pub(crate) patience: Option<Duration>,
    /// The trace that the call is a part of.
    pub(crate) trace: Option<CallTrace>,
}

impl Attempt {
    pub(crate) fn of(call: &TaskCall) -> Self {
        Self {
            request_id: request_id(&call.attempt_id),
            id: call.attempt_id.as_str().into(),
            execution_arn: call.execution_arn.clone(),
            token: call.token.as_deref().map(Arc::from),
            patience: call.timeout_seconds.map(Duration::from_secs),
            trace: call.trace.clone(),
        }
    }

    /// The environment variables that tell a command what it works for.
    pub(crate) fn environment(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("RATCHET_ATTEMPT_ID", Some(&*self.id)),
            ("RATCHET_EXECUTION_ARN", Some(&*self.execution_arn)),
            ("RATCHET_TASK_TOKEN", self.token.as_deref()),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
    }

    /// The environment variables that tell a command its trace, as Lambda and OpenTelemetry name them.
    pub(crate) fn trace_environment(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.trace_headers().map(|(name, value)| match name {
            "traceparent" => ("TRACEPARENT", value),
            _ => ("_X_AMZN_TRACE_ID", value),
        })
    }

    /// The headers that tell what is called its trace, in lower case.
    pub(crate) fn trace_headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.trace.iter().flat_map(CallTrace::headers)
    }

    /// What the call is for as JSON, in the place where Lambda's client contexts keep what the caller adds.
    pub(crate) fn client_context(&self) -> String {
        let custom: serde_json::Map<_, _> = self
            .environment()
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect();
        serde_json::json!({ "custom": custom }).to_string()
    }
}

/// A UUID (version 8, made of a hash) that is the same whenever the attempt is.
fn request_id(attempt_id: &str) -> Uuid {
    let digest: [u8; 32] = Sha256::digest(attempt_id.as_bytes()).into();
    let (half, _) = digest
        .split_first_chunk::<16>()
        .expect("a digest of 32 bytes has 16");
    uuid::Builder::from_custom_bytes(*half).into_uuid()
}
