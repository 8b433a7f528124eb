//! Calls functions: reads the state's parameters, finds who performs the function, and shapes the result.

use std::sync::Arc;

use bytes::Bytes;
use expression::value::Value;
use interpreter::failure::Failure;
use interpreter::payload::Payload;
use runtime::tasks::TaskCall;

use crate::failures;
use crate::function_name::FunctionName;
use crate::functions::Functions;
use crate::invocation::{Attempt, Invocation, InvocationType, LogType};
use crate::lambda_endpoint::LambdaEndpoint;
use crate::lambda_result::{Reply, result_of_invoke};

/// Everything that a function can be performed by.
pub(crate) struct Lambda {
    pub(crate) functions: Functions,
    pub(crate) endpoint: Option<LambdaEndpoint>,
}

impl Lambda {
    /// A plain function ARN as the Resource: the input is the payload, the function's result is the task's.
    pub(crate) async fn call_function(
        &self,
        arn: &str,
        call: &TaskCall,
    ) -> Result<Payload, Failure> {
        let function =
            FunctionName::parse(arn).ok_or_else(|| failures::unsupported(&call.resource))?;
        let invocation = Invocation {
            qualifier: None,
            body: Bytes::copy_from_slice(call.input.text().as_bytes()),
            kind: InvocationType::RequestResponse,
            log: LogType::None,
            client_context: None,
            attempt: Attempt::of(call),
            function,
        };
        let reply = self.perform(&invocation, arn).await?;
        let result = reply.payload(&invocation.function.name)?;
        Ok(Payload::of(result.unwrap_or_default()))
    }

    /// `lambda:invoke`: the input is the parameters, the result is the whole response of Lambda's Invoke API.
    pub(crate) async fn invoke(&self, arn: &str, call: &TaskCall) -> Result<Payload, Failure> {
        let invocation = read_parameters(call)?;
        let reply = self.perform(&invocation, arn).await?;
        let request_id = invocation.attempt.request_id;
        result_of_invoke(reply, request_id, &invocation.function.name).map(Payload::of)
    }

    async fn perform(&self, invocation: &Invocation, resource: &str) -> Result<Reply, Failure> {
        if let Some(function) = self.functions.find(invocation) {
            return self.functions.perform(function, invocation, resource).await;
        }
        if let Some(endpoint) = &self.endpoint {
            return endpoint.invoke(invocation, resource).await;
        }
        let name = &invocation.function.name;
        let arn = invocation.function.arn(&invocation.attempt.execution_arn);
        Err(failures::failure(
            "Lambda.ResourceNotFoundException",
            format!(
                "Function not found: {arn}. This server has no function '{name}' in its [functions] table and no Lambda endpoint \
                 to ask: add [functions.{name}] with a runtime, command or url to the configuration file, or set \
                 AWS_ENDPOINT_URL_LAMBDA."
            ),
        ))
    }
}

fn read_parameters(call: &TaskCall) -> Result<Invocation, Failure> {
    let mut problems = Vec::new();
    let mut function = None;
    let mut body = Bytes::new();
    let mut kind = InvocationType::RequestResponse;
    let mut log = LogType::None;
    let mut qualifier = None;
    let mut client_context = None;
    for (name, value) in call.input.value().as_object().into_iter().flatten() {
        match &**name {
            "Payload" => body = payload_text(value),
            "FunctionName" => match value.as_str().and_then(FunctionName::parse) {
                Some(parsed) => function = Some(parsed),
                None => {
                    problems.push(format!("The value {value:?} is not a valid function name"));
                    // It is there, so it must not be called missing as well.
                    function = FunctionName::parse("-");
                }
            },
            "InvocationType" => match value.as_str() {
                Some("RequestResponse") => kind = InvocationType::RequestResponse,
                Some("Event") => kind = InvocationType::Event,
                Some("DryRun") => kind = InvocationType::DryRun,
                _ => problems.push(format!(
                    "The value {value:?} for the field 'InvocationType' must be one of [Event, RequestResponse, DryRun]"
                )),
            },
            "LogType" => match value.as_str() {
                Some("None") => log = LogType::None,
                Some("Tail") => log = LogType::Tail,
                _ => problems.push(format!(
                    "The value {value:?} for the field 'LogType' must be one of [None, Tail]"
                )),
            },
            "Qualifier" => read_text(value, name, &mut qualifier, &mut problems),
            "ClientContext" => read_text(value, name, &mut client_context, &mut problems),
            _ => problems.push(format!(
                "The field \"{name}\" is not supported by Step Functions"
            )),
        }
    }
    if function.is_none() {
        problems.push("The field \"FunctionName\" is required but was missing".to_owned());
    }
    match function {
        Some(function) if problems.is_empty() => Ok(Invocation {
            function,
            qualifier,
            body,
            kind,
            log,
            client_context,
            attempt: Attempt::of(call),
        }),
        _ => Err(failures::parameters(call.input.text(), &problems)),
    }
}

/// A string is the payload's text itself, as the recordings show: `"0.0"` reaches the function as the number. Null is no payload.
fn payload_text(value: &Value) -> Bytes {
    match value {
        Value::Null => Bytes::new(),
        Value::String(text) => Bytes::copy_from_slice(text.as_bytes()),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            value.to_text().into()
        }
    }
}

fn read_text(value: &Value, name: &str, target: &mut Option<Arc<str>>, problems: &mut Vec<String>) {
    match value {
        Value::Null => {}
        // Both become part of a request's head, where only visible ASCII is safe.
        Value::String(text) if text.bytes().all(|byte| byte.is_ascii_graphic()) => {
            *target = Some(text.clone());
        }
        _ => problems.push(format!(
            "The value {value:?} for the field '{name}' must be a string of visible characters"
        )),
    }
}
