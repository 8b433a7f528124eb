//! Reads Task states.

use crate::definition::{QueryLanguage, Seconds, Task};
use crate::integrations;
use crate::json::Kind;
use crate::parameters;
use crate::parser::errors;
use crate::parser::fields::{self, Fields, In, Known, MAX_SECONDS};
use crate::parser::findings::{Place, Pointer};
use crate::parser::state::{COMMON, INPUT_AND_OUTPUT, Reader, STEP};
use crate::resource::{Pattern, Resource, ResourceError, ServiceCall};

/// A Task state's fields.
pub(crate) const FIELDS: Known = &[
    COMMON,
    INPUT_AND_OUTPUT,
    STEP,
    errors::ON_ERROR,
    &[
        ("Resource", In::Both),
        ("Parameters", In::JsonPath),
        ("Arguments", In::Jsonata),
        ("Credentials", In::Both),
        ("TimeoutSeconds", In::Both),
        ("TimeoutSecondsPath", In::JsonPath),
        ("HeartbeatSeconds", In::Both),
        ("HeartbeatSecondsPath", In::JsonPath),
        ("ResultSelector", In::JsonPath),
        ("ResultPath", In::JsonPath),
    ],
];

impl<'t> Reader<'_, 't> {
    /// A Task state's own part.
    pub(crate) fn task(&self, fields: &Fields<'_, 't>) -> Option<Task> {
        fields.require(&["Resource"]);
        let resource = fields
            .get("Resource")
            .and_then(|place| self.resource(&place));
        let seconds = 1..=MAX_SECONDS;
        let timeout =
            fields.number_or_path("TimeoutSeconds", "TimeoutSecondsPath", seconds.clone());
        let heartbeat = fields.number_or_path("HeartbeatSeconds", "HeartbeatSecondsPath", seconds);
        check_heartbeat(fields, timeout.as_ref(), heartbeat.as_ref());
        if let Some(place) = fields.get("Credentials") {
            self.check_credentials(&place);
        }
        if let Some(Resource::Service(call)) = &resource {
            self.check_parameters(fields, call);
        }
        let name = payload_name(fields.language);
        Some(Task {
            parameters: fields.payload(name),
            credentials: fields.payload("Credentials"),
            timeout,
            heartbeat,
            result_selector: fields.template("ResultSelector"),
            result_path: fields.result_path(),
            on_error: self.on_error(fields),
            resource: resource?,
        })
    }

    fn resource(&self, place: &Place<'_, '_>) -> Option<Resource> {
        let text = fields::string(place, self.findings)?;
        match Resource::parse(text) {
            Ok(resource) => {
                if self.options.express
                    && let Some(message) = express_refusal(&resource)
                {
                    self.findings.schema(place, message);
                }
                Some(resource)
            }
            Err(ResourceError::NotAnArn) => {
                self.findings
                    .schema(place, "Value is not a valid resource ARN");
                None
            }
            Err(ResourceError::NotRecognized) => {
                self.findings.schema(place, not_recognized(text));
                None
            }
        }
    }

    /// Parameters that the action doesn't know, in the words that AWS has for them.
    fn check_parameters(&self, fields: &Fields<'_, 't>, call: &ServiceCall) {
        let is_sdk = call.resource_type.starts_with("aws-sdk:");
        let there_is = match is_sdk {
            true => Ok(()),
            false => integrations::check(call),
        };
        let known = parameters::known(&call.resource_type, &call.action);
        let (Some(known), Ok(())) = (known, &there_is) else {
            if let Some(place) = fields.get("Resource") {
                self.findings
                    .schema_in_detail(&place, not_recognized(&call.arn), there_is.err());
            }
            return;
        };
        let Some(place) = fields.get(payload_name(fields.language)) else {
            return;
        };
        let Kind::Object(members) = &place.node.kind else {
            return;
        };
        for member in &members.list {
            if !known.contains(&member.name) {
                self.findings.schema_at(
                    Pointer::Field(&place.pointer, &member.name),
                    member.name_span,
                    format!(
                        "The field \"{}\" is not supported by Step Functions",
                        member.name
                    ),
                );
            }
        }
    }

    fn check_credentials(&self, place: &Place<'_, '_>) {
        if !matches!(place.node.kind, Kind::Object(_)) {
            self.findings.schema(place, "Expected value of type Object");
        } else if place.node.get("RoleArn").is_none() && place.node.get("RoleArn.$").is_none() {
            self.findings
                .schema(place, "The field 'RoleArn' is required but was missing");
        }
    }
}

fn not_recognized(arn: &str) -> String {
    format!(
        "The resource provided {arn} is not recognized. The value is not a valid resource ARN, or the resource is not available in this region."
    )
}

/// What a task or Parallel is called with has a name of its own in each language.
pub(crate) fn payload_name(language: QueryLanguage) -> &'static str {
    match language {
        QueryLanguage::JsonPath => "Parameters",
        QueryLanguage::Jsonata => "Arguments",
    }
}

/// A heartbeat that is due no earlier than the timeout would never be missed.
fn check_heartbeat(
    fields: &Fields<'_, '_>,
    timeout: Option<&Seconds>,
    heartbeat: Option<&Seconds>,
) {
    let (Some(Seconds::Fixed(timeout)), Some(Seconds::Fixed(heartbeat))) = (timeout, heartbeat)
    else {
        return;
    };
    if heartbeat >= timeout
        && let Some(place) = fields.get("HeartbeatSeconds")
    {
        fields.findings.schema(
            &place,
            "HeartbeatSeconds must be smaller than TimeoutSeconds",
        );
    }
}

/// What AWS says of a resource that an Express machine can't use. The second blank of the token's text is AWS's own.
fn express_refusal(resource: &Resource) -> Option<String> {
    let refused = |suffix: &str| {
        format!("Express state machine does not support '{suffix}' service integration")
    };
    match resource {
        Resource::Function(_) => None,
        Resource::Activity(_) => {
            Some("Express state machine does not support activities".to_owned())
        }
        Resource::Service(call) => match call.pattern {
            Pattern::RequestResponse => None,
            Pattern::Sync | Pattern::Sync2 => Some(refused(call.pattern.suffix())),
            Pattern::WaitForTaskToken => Some(refused(call.pattern.suffix()) + " "),
        },
    }
}
