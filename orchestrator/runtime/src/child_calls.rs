//! What a task says to `states:startExecution`, and what it is answered: texts as AWS has them.

use std::sync::Arc;

use asl::resource::Pattern;
use expression::value::Value;
use interpreter::failure::{Failure, names};
use interpreter::input::{AttemptId, Input};
use interpreter::payload::Payload;
use sha2::{Digest, Sha256};

use crate::arn::{ArnResource, StatesArn, qualifier_of};
use crate::error::Error;
use crate::trace::LONGEST_HEADER;
use crate::views::{ExecutionView, StartExecution};

/// What a task's parameters ask for.
pub(crate) fn child_request(
    parameters: &Payload,
    default_name: String,
) -> Result<StartExecution, Failure> {
    let value = parameters.value();
    let arn = value
        .get("StateMachineArn")
        .and_then(Value::as_str)
        .ok_or_else(|| {
            Failure::new(
                names::RUNTIME,
                "The field 'StateMachineArn' is required but was missing",
            )
        })?;
    let (machine, qualifier) = match StatesArn::parse(arn).map(|arn| arn.resource) {
        Some(ArnResource::StateMachine(name)) => (name.to_owned(), None),
        Some(ArnResource::Qualified(name, qualifier)) => {
            (name.to_owned(), Some(qualifier_of(qualifier)))
        }
        _ => {
            return Err(sfn_failure(
                "InvalidArnException",
                &format!("Invalid Arn: 'Invalid ARN prefix: {arn}'"),
            ));
        }
    };
    let input = match value.get("Input") {
        None => None,
        Some(Value::String(text)) => Some(text.to_string()),
        Some(other) => Some(other.to_text()),
    };
    let name = match value.get("Name") {
        Some(Value::String(name)) => name.to_string(),
        _ => default_name,
    };
    Ok(StartExecution {
        state_machine: machine,
        qualifier,
        name: Some(name),
        input,
        trace_header: trace_header(value)?,
    })
}

fn trace_header(parameters: &Value) -> Result<Option<Arc<str>>, Failure> {
    let Some(Value::String(header)) = parameters.get("TraceHeader") else {
        return Ok(None);
    };
    let rule = if !header.is_ascii() {
        "satisfy regular expression pattern: \\p{ASCII}*".to_owned()
    } else if header.len() > LONGEST_HEADER {
        format!("have length less than or equal to {LONGEST_HEADER}")
    } else {
        return Ok(Some(header.clone()));
    };
    Err(sfn_failure(
        "ValidationException",
        &format!(
            "1 validation error detected: Value '{header}' at 'traceHeader' failed to satisfy constraint: Member must {rule}"
        ),
    ))
}

/// The response of the call that started a child, as AWS's own client shows it: dates are milliseconds since 1970.
pub(crate) fn start_response(arn: &Arc<str>, started_at: i64) -> Value {
    let request_id = Value::from(uuid::Uuid::new_v4().hyphenated().to_string());
    let headers = [
        ("x-amzn-RequestId", request_id.clone()),
        ("Content-Type", "application/x-amz-json-1.0".into()),
    ];
    let all = headers
        .iter()
        .map(|(name, value)| (*name, Value::array([value.clone()])));
    let metadata = Value::object([
        ("AllHttpHeaders", Value::object(all)),
        ("HttpHeaders", Value::object(headers.clone())),
        ("HttpStatusCode", 200_u64.into()),
    ]);
    Value::object([
        ("ExecutionArn", Value::String(arn.clone())),
        ("SdkHttpMetadata", metadata),
        (
            "SdkResponseMetadata",
            Value::object([("RequestId", request_id)]),
        ),
        ("StartDate", started_at.into()),
    ])
}

/// What a task that waits for a child gets when the child has ended; `None` while it runs.
pub(crate) fn child_outcome(
    attempt: AttemptId,
    pattern: Pattern,
    view: &ExecutionView,
) -> Option<Input> {
    use store::records::ExecutionStatus as S;
    let status = match view.status {
        S::Running => return None,
        S::Succeeded => "SUCCEEDED",
        S::Failed => "FAILED",
        S::TimedOut => "TIMED_OUT",
        S::Aborted => "ABORTED",
    };
    let as_text = |payload: &Payload| Value::from(payload.text());
    let as_value = |payload: &Payload| payload.value().clone();
    let shown = |payload: &Payload| match pattern {
        Pattern::Sync2 => as_value(payload),
        _ => as_text(payload),
    };
    let details = || Value::object([("Included", true.into())]);
    let mut members: Vec<(&str, Value)> = Vec::new();
    if let Some(failure) = &view.failure {
        if let Some(cause) = &failure.cause {
            members.push(("Cause", cause.clone().into()));
        }
        if let Some(error) = &failure.error {
            members.push(("Error", error.clone().into()));
        }
    }
    members.push(("ExecutionArn", view.arn.clone().into()));
    members.push(("Input", shown(&view.input)));
    members.push(("InputDetails", details()));
    members.push(("Name", view.name.clone().into()));
    if let Some(output) = &view.output {
        members.push(("Output", shown(output)));
        members.push(("OutputDetails", details()));
    }
    members.push(("RedriveCount", 0_u64.into()));
    if view.status == S::Succeeded {
        let reason = "Execution is SUCCEEDED and cannot be redriven";
        members.push(("RedriveStatus", "NOT_REDRIVABLE".into()));
        members.push(("RedriveStatusReason", reason.into()));
    } else {
        members.push(("RedriveStatus", "REDRIVABLE".into()));
    }
    members.push(("StartDate", view.started_at.into()));
    members.push(("StateMachineArn", view.state_machine_arn.clone().into()));
    members.push(("Status", status.into()));
    if let Some(stopped_at) = view.stopped_at {
        members.push(("StopDate", stopped_at.into()));
    }
    if let Some(header) = &view.trace_header {
        members.push(("TraceHeader", header.clone().into()));
    }
    let description = Value::object(members);
    Some(match view.status {
        S::Succeeded => Input::TaskSucceeded {
            attempt,
            output: Payload::of(description),
        },
        _ => Input::TaskFailed {
            attempt,
            failure: Failure::new(names::TASK_FAILED, description.to_text()),
        },
    })
}

pub(crate) fn start_failure(error: &Error) -> Failure {
    let (code, message) = match error {
        Error::StateMachineDoesNotExist(arn) => (
            "StateMachineDoesNotExistException",
            format!("State Machine Does Not Exist: '{arn}'"),
        ),
        Error::ExecutionAlreadyExists(arn) => (
            "ExecutionAlreadyExistsException",
            format!("Execution Already Exists: '{arn}'"),
        ),
        Error::InvalidExecutionInput(why) => (
            "InvalidExecutionInputException",
            format!("Invalid State Machine Execution Input: '{why}'"),
        ),
        other => ("SfnException", other.to_string()),
    };
    sfn_failure(code, &message)
}

/// A failure in the dialect of the optimised integrations.
fn sfn_failure(code: &str, message: &str) -> Failure {
    let bare = code.strip_suffix("Exception").unwrap_or(code);
    Failure::new(
        format!("StepFunctions.{code}"),
        format!(
            "{message} (Service: AWSStepFunctions; Status Code: 400; Error Code: {bare}; Request ID: {}; Proxy: null)",
            uuid::Uuid::new_v4()
        ),
    )
}

/// A name that the same attempt always gives: a UUID made of a hash.
pub(crate) fn stable_name(key: &str) -> String {
    let digest = Sha256::digest(key.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes)
        .into_uuid()
        .hyphenated()
        .to_string()
}
