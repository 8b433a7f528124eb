//! What spans are called and what they say: OpenTelemetry's own words where it has any, else ours.
//!
//! OpenTelemetry: "Semantic conventions for AWS SDK client spans", "… for FaaS", "… for HTTP", and the registry of attributes.

use std::sync::Arc;

use interpreter::failure::Failure;
use interpreter::history::{StateType, TaskResource};
use interpreter::payload::Payload;
use runtime::tracer::TracedExecution;

/// The longest text of an attribute.
const LONGEST: usize = 4096;

/// Something that a span says.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    /// What it is about.
    pub name: &'static str,
    /// What it says.
    pub value: Value,
}

/// What an attribute says.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A text.
    Text(String),
    /// A number.
    Integer(u64),
}

impl From<String> for Value {
    fn from(mut text: String) -> Self {
        if text.len() > LONGEST {
            let mut end = LONGEST;
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            text.truncate(end);
        }
        Self::Text(text)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Integer(number)
    }
}

pub(crate) fn attribute(name: &'static str, value: impl Into<Value>) -> Attribute {
    Attribute {
        name,
        value: value.into(),
    }
}

pub(crate) fn of_execution(execution: &TracedExecution, redrive: u32) -> Vec<Attribute> {
    let machine = &execution.state_machine_arn;
    let mut attributes = vec![
        attribute("aws.step_functions.state_machine.arn", &**machine),
        attribute("ratchet.execution.arn", &*execution.arn),
        attribute("ratchet.execution.name", &*execution.name),
    ];
    if redrive > 0 {
        attributes.push(attribute("ratchet.execution.redrive", u64::from(redrive)));
    }
    attributes
}

pub(crate) fn of_state(state_type: StateType, name: &str, event: u64) -> Vec<Attribute> {
    let state_type = match state_type {
        StateType::Task => "Task",
        StateType::Pass => "Pass",
        StateType::Choice => "Choice",
        StateType::Wait => "Wait",
        StateType::Succeed => "Succeed",
        StateType::Fail => "Fail",
        StateType::Parallel => "Parallel",
        StateType::Map => "Map",
    };
    vec![
        attribute("ratchet.state.name", name),
        attribute("ratchet.state.type", state_type),
        attribute("ratchet.event.id", event),
    ]
}

pub(crate) fn of_failure(failure: &Failure) -> Vec<Attribute> {
    // OpenTelemetry: error.type has this value where there is no better one.
    let error = failure.error.as_deref().unwrap_or("_OTHER");
    let cause = failure.cause.as_deref();
    std::iter::once(attribute("error.type", error))
        .chain(cause.map(|cause| attribute("error.message", cause)))
        .collect()
}

/// A call of a service: its span's name and what it says.
pub(crate) fn of_service(
    resource: &TaskResource,
    region: &str,
    parameters: &Payload,
) -> (String, Vec<Attribute>) {
    let (service, action) = (&*resource.resource_type, &*resource.resource);
    let text = |name: &str| {
        let value = parameters.value().get(name)?;
        value.as_str().map(str::to_owned)
    };
    let operation = action.split('.').next().unwrap_or(action);
    let mut attributes = vec![attribute(
        "ratchet.resource",
        format!("arn:aws:states:::{service}:{action}"),
    )];
    match (service, operation) {
        ("http", "invoke") => {
            let method = text("Method").unwrap_or_default();
            attributes.push(attribute("http.request.method", &*method));
            if let Some(url) = text("ApiEndpoint") {
                // What stands in the query may be secret.
                let url = url.split('?').next().unwrap_or_default();
                attributes.push(attribute("url.full", url));
            }
            return (method, attributes);
        }
        ("lambda", "invoke") => {
            let function = text("FunctionName").unwrap_or_default();
            attributes.extend(function_attributes(&function));
        }
        _ => {
            attributes.push(attribute("rpc.system", "aws-api"));
            let name = service.strip_prefix("aws-sdk:").unwrap_or(service);
            attributes.push(attribute("rpc.service", name));
            attributes.push(attribute("rpc.method", operation));
            attributes.push(attribute("cloud.region", region));
        }
    }
    (format!("{service}:{action}"), attributes)
}

pub(crate) fn of_function(arn: &Arc<str>) -> (String, Vec<Attribute>) {
    (
        format!("lambda {}", function_name(arn)),
        function_attributes(arn),
    )
}

fn function_attributes(function: &str) -> Vec<Attribute> {
    vec![
        attribute("faas.invoked_name", function_name(function)),
        attribute("faas.invoked_provider", "aws"),
    ]
}

/// The name in `arn:aws:lambda:REGION:ACCOUNT:function:NAME:QUALIFIER`, or what else names a function.
fn function_name(function: &str) -> &str {
    if !function.starts_with("arn:") {
        return function;
    }
    function.split(':').nth(6).unwrap_or(function)
}

pub(crate) fn of_activity(arn: &Arc<str>) -> (String, Vec<Attribute>) {
    let name = arn.rsplit(':').next().unwrap_or_default();
    (
        format!("activity {name}"),
        vec![attribute("aws.step_functions.activity.arn", &**arn)],
    )
}
