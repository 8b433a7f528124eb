//! How failures of functions and of the services that call them are named and worded.
//!
//! The wording is that of recorded executions: `Lambda.ResourceNotFoundException` with `… (Service: AWSLambda; Status Code: 404; Error
//! Code: ResourceNotFoundException; Request ID: …; Proxy: null)`. A plain function ARN and `lambda:invoke` fail alike.

use asl::resource::Resource;
use interpreter::failure::{Failure, names};
use serde_json::Value;

use crate::http_client::ExchangeError;

/// The longest cause, in bytes: what AWS's `SensitiveCause` holds.
const CAUSE_BYTES: usize = 32_768;

/// The exceptions of Lambda's Invoke; any other code becomes `Lambda.AWSLambdaException`.
const INVOKE_EXCEPTIONS: [&str; 31] = [
    "EC2AccessDeniedException",
    "EC2ThrottledException",
    "EC2UnexpectedException",
    "EFSIOException",
    "EFSMountConnectivityException",
    "EFSMountFailureException",
    "EFSMountTimeoutException",
    "ENILimitReachedException",
    "InvalidParameterValueException",
    "InvalidRequestContentException",
    "InvalidRuntimeException",
    "InvalidSecurityGroupIDException",
    "InvalidSubnetIDException",
    "InvalidZipFileException",
    "KMSAccessDeniedException",
    "KMSDisabledException",
    "KMSInvalidStateException",
    "KMSNotFoundException",
    "RecursiveInvocationException",
    "RequestTooLargeException",
    "ResourceConflictException",
    "ResourceNotFoundException",
    "ResourceNotReadyException",
    "SerializedRequestEntityTooLargeException",
    "ServiceException",
    "SnapStartException",
    "SnapStartNotReadyException",
    "SnapStartTimeoutException",
    "SubnetIPAddressLimitReachedException",
    "TooManyRequestsException",
    "UnsupportedMediaTypeException",
];

/// A failure with a cause of bounded length.
pub(crate) fn failure(error: &str, cause: impl AsRef<str>) -> Failure {
    Failure::new(error, bounded(cause.as_ref(), CAUSE_BYTES))
}

/// A function's own failure: the name is its `errorType`, the cause is all that it said.
pub(crate) fn function_error(body: &[u8]) -> Failure {
    let text = String::from_utf8_lossy(body);
    match error_type(&text) {
        Some(error) => failure(&error, &text),
        None => failure(
            "Lambda.Unknown",
            format!(
                "The cause could not be determined because Lambda did not return an error type. Returned payload: {text}"
            ),
        ),
    }
}

/// The `errorType` of an error object.
pub(crate) fn error_type(text: &str) -> Option<String> {
    let body: Value = serde_json::from_str(text).ok()?;
    let error = body.get("errorType")?.as_str()?;
    (!error.is_empty()).then(|| error.to_owned())
}

/// What Lambda's own environment reports about a function that did not report itself.
pub(crate) fn sandbox_error(error: &str, request_id: &str, message: &str) -> Failure {
    let message = format!("RequestId: {request_id} Error: {message}");
    failure(
        error,
        error_object(&[("errorType", error), ("errorMessage", &message)]),
    )
}

/// An error object's text, members in the order given.
pub(crate) fn error_object(members: &[(&str, &str)]) -> String {
    let members = members.iter().map(|(name, text)| (*name, (*text).into()));
    expression::value::Value::object(members).to_text()
}

/// An answer of the Invoke API that is an error.
pub(crate) fn service_error(
    status: u16,
    error_code: Option<&str>,
    body: &[u8],
    request_id: Option<&str>,
) -> Failure {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let code = error_code
        .or_else(|| text("__type"))
        .or_else(|| text("code"))
        .map(bare_code);
    let message = text("message")
        .or_else(|| text("Message"))
        .unwrap_or("null");
    let name = match code {
        Some(code) if INVOKE_EXCEPTIONS.contains(&code) => code,
        None if status == 429 => "TooManyRequestsException",
        Some(_) | None => "AWSLambdaException",
    };
    failure(
        &format!("Lambda.{name}"),
        format!(
            "{message} (Service: AWSLambda; Status Code: {status}; Error Code: {}; Request ID: {}; Proxy: null)",
            code.unwrap_or("null"),
            request_id.unwrap_or("null"),
        ),
    )
}

/// `com.amazonaws.lambda#ThrottlingException:http://…` without what is around it.
fn bare_code(code: &str) -> &str {
    let code = code.split(':').next().unwrap_or(code);
    code.rsplit('#').next().unwrap_or(code)
}

/// No answer from the Lambda endpoint or from a function's URL.
pub(crate) fn lambda_unreachable(resource: &str, error: ExchangeError) -> Failure {
    match error {
        ExchangeError::Forbidden(text)
        | ExchangeError::Connect(text)
        | ExchangeError::Broken(text) => failure(
            "Lambda.SdkClientException",
            format!("Unable to execute HTTP request: {text}"),
        ),
        ExchangeError::TooLong => too_long(resource),
    }
}

/// A result that is longer than what may be read.
pub(crate) fn too_long(resource: &str) -> Failure {
    failure(
        names::DATA_LIMIT_EXCEEDED,
        format!(
            "The state/task '{resource}' returned a result with a size exceeding the maximum number of bytes service limit."
        ),
    )
}

/// A function's result that is no JSON.
pub(crate) fn not_json(function: &str, error: &dyn std::fmt::Display, body: &[u8]) -> Failure {
    let shown = String::from_utf8_lossy(&body[..body.len().min(1024)]).into_owned();
    failure(
        names::TASK_FAILED,
        format!("The function '{function}' did not return JSON ({error}): {shown}"),
    )
}

/// Parameters that the integration can't use, all of what is wrong with them at once.
pub(crate) fn parameters(text: &str, problems: &[String]) -> Failure {
    failure(
        names::RUNTIME,
        format!(
            "The Parameters '{text}' could not be used to start the Task: [{}]",
            problems.join(", ")
        ),
    )
}

/// A resource that nothing here performs.
///
/// It is `States.TaskFailed`, not `States.Runtime`: AWS refuses such a definition when it is created, so no recording says what a running
/// execution meets, and an error that Catch can match lets a workflow compensate for what it has done so far.
pub(crate) fn unsupported(resource: &Resource) -> Failure {
    let nothing = || "nothing here performs it".to_owned();
    let (arn, why) = match resource {
        Resource::Function(arn) | Resource::Activity(arn) => (arn, nothing()),
        Resource::Service(call) => {
            let is_sdk = call.resource_type.starts_with("aws-sdk:");
            let why = match is_sdk {
                true => None,
                false => asl::integrations::check(call).err(),
            };
            (&call.arn, why.unwrap_or_else(nothing))
        }
    };
    failure(
        names::TASK_FAILED,
        format!("The resource '{arn}' is not supported by this server: {why}."),
    )
}

/// A call of container jobs where there are none.
pub(crate) fn no_jobs(resource: &str) -> Failure {
    failure(
        names::TASK_FAILED,
        format!(
            "The resource '{resource}' needs container jobs, which are turned off on this server: set batch.enabled to true."
        ),
    )
}

/// The end of a text that is at most so many bytes, cut between characters.
pub(crate) fn tail(text: &str, bytes: usize) -> &str {
    let mut start = text.len().saturating_sub(bytes);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    &text[start..]
}

/// The beginning of a text that is at most so many bytes, cut between characters.
pub(crate) fn bounded(text: &str, bytes: usize) -> &str {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use interpreter::failure::Failure;

    use super::{bounded, function_error, service_error, tail};

    fn check(actual: Failure, error: &str, cause: &str) {
        assert_eq!(actual, Failure::new(error, cause));
    }

    #[test]
    fn a_function_s_error_keeps_its_name_and_text() {
        let body = r#"{"errorMessage": "", "errorType": "CustomException", "stackTrace": []}"#;
        check(function_error(body.as_bytes()), "CustomException", body);
        check(
            function_error(br#"{"errorMessage":"Task timed out after 3.00 seconds"}"#),
            "Lambda.Unknown",
            r#"The cause could not be determined because Lambda did not return an error type. Returned payload: {"errorMessage":"Task timed out after 3.00 seconds"}"#,
        );
        check(
            function_error(b"oops"),
            "Lambda.Unknown",
            "The cause could not be determined because Lambda did not return an error type. Returned payload: oops",
        );
    }

    #[test]
    fn a_service_s_error_speaks_the_optimised_dialect() {
        check(
            service_error(
                404,
                Some("ResourceNotFoundException:http://x/"),
                br#"{"Type":"User","Message":"Function not found: f","message":"Function not found: f"}"#,
                Some("id"),
            ),
            "Lambda.ResourceNotFoundException",
            "Function not found: f (Service: AWSLambda; Status Code: 404; Error Code: ResourceNotFoundException; Request ID: id; Proxy: null)",
        );
        check(
            service_error(429, None, b"", None),
            "Lambda.TooManyRequestsException",
            "null (Service: AWSLambda; Status Code: 429; Error Code: null; Request ID: null; Proxy: null)",
        );
        check(
            service_error(
                403,
                None,
                br#"{"__type":"x#AccessDeniedException","message":"no"}"#,
                Some("id"),
            ),
            "Lambda.AWSLambdaException",
            "no (Service: AWSLambda; Status Code: 403; Error Code: AccessDeniedException; Request ID: id; Proxy: null)",
        );
        check(
            service_error(503, None, b"<html>", Some("id")),
            "Lambda.AWSLambdaException",
            "null (Service: AWSLambda; Status Code: 503; Error Code: null; Request ID: id; Proxy: null)",
        );
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(bounded("aéb", 2), "a");
        assert_eq!(tail("aéb", 2), "b");
        assert_eq!(tail("aéb", 3), "éb");
        assert_eq!(tail("a", 9), "a");
    }
}
