//! How calls of services fail: names and causes in the two dialects that AWS was seen to speak.
//!
//! `aws-sdk:…` speaks that of the SDK for Java 2: `Sfn.InvalidTokenException`, `… (Service: Sfn, Status Code: 400, Request ID: …) (SDK Attempt
//! Count: 1)`. The optimised integrations speak that of version 1: `SNS.NotFoundException`, `… (Service: AmazonSNS; Status Code: 404; Error
//! Code: NotFound; Request ID: …; Proxy: null)`. An error that a service's model doesn't know has the name of the service's general exception.

use aws_client::catalogue;
use aws_client::error::{Error, ServiceError};
use aws_client::names::{class_prefix, exception};
use aws_client::transport::Unreachable;
use interpreter::failure::{Failure, names};
use runtime::tasks::TaskCall;

use crate::failures::{self, failure};

use super::optimised::Optimised;

/// Who speaks.
#[derive(Clone, Copy)]
pub(super) enum Dialect<'a> {
    /// `aws-sdk:SERVICE:…`
    Sdk(&'a str),
    /// An integration of its own.
    Optimised(&'a Optimised),
}

/// What a state gets of a call that gave no result.
pub(super) fn failed(dialect: Dialect<'_>, call: &TaskCall, error: Error) -> Failure {
    let arn = match &call.resource {
        asl::resource::Resource::Function(arn) | asl::resource::Resource::Activity(arn) => arn,
        asl::resource::Resource::Service(service) => &service.arn,
    };
    match error {
        Error::Parameters(problems) => failures::parameters(call.input.text(), &problems),
        Error::Refused(error) => refused(dialect, &error),
        Error::Unreachable {
            why: Unreachable::TooLong,
            ..
        } => failures::too_long(arn),
        Error::Unreachable { why, attempts } => {
            let text = match why {
                Unreachable::Forbidden(text)
                | Unreachable::Connect(text)
                | Unreachable::Broken(text) => text,
                Unreachable::TooLong => String::new(),
            };
            client_failure(
                dialect,
                &format!("Unable to execute HTTP request: {text}"),
                attempts,
            )
        }
        Error::Credentials => client_failure(
            dialect,
            "Unable to load credentials from any of the providers in the chain: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or a profile of \
             the AWS tools, or an endpoint that takes any signature (AWS_ENDPOINT_URL)",
            0,
        ),
        Error::Answer(text) => client_failure(
            dialect,
            &format!("Unable to unmarshall response ({text})"),
            1,
        ),
        error @ (Error::UnknownService(_)
        | Error::UnknownAction { .. }
        | Error::Unsupported { .. }
        | Error::Model { .. }
        | Error::Endpoint { .. }) => failure(
            names::TASK_FAILED,
            format!("The resource '{arn}' can't be called: {error}."),
        ),
    }
}

/// A failure before any service said something.
fn client_failure(dialect: Dialect<'_>, text: &str, attempts: u32) -> Failure {
    match dialect {
        Dialect::Sdk(service) => {
            let counted = match attempts {
                0 => String::new(),
                attempts => format!(" (SDK Attempt Count: {attempts})"),
            };
            failure(
                &format!("{}.SdkClientException", prefix(service)),
                format!("{text}{counted}"),
            )
        }
        Dialect::Optimised(service) => {
            failure(&format!("{}.SdkClientException", service.prefix), text)
        }
    }
}

fn refused(dialect: Dialect<'_>, error: &ServiceError) -> Failure {
    let message = error.message.as_deref().unwrap_or("null");
    let status = error.status;
    let id = error.request_id.as_deref().unwrap_or("null");
    match dialect {
        Dialect::Sdk(service) => {
            let prefix = prefix(service);
            let name = match &error.shape {
                Some(shape) => exception(shape),
                None => format!("{prefix}Exception"),
            };
            let extended = match &error.extended_request_id {
                Some(id) => format!(", Extended Request ID: {id}"),
                None => String::new(),
            };
            failure(
                &format!("{prefix}.{name}"),
                format!(
                    "{message} (Service: {prefix}, Status Code: {status}, Request ID: {id}{extended}) (SDK Attempt Count: {})",
                    error.attempts
                ),
            )
        }
        Dialect::Optimised(service) => {
            let name = match &error.shape {
                Some(shape) => first_exception(shape),
                None => service.general.to_owned(),
            };
            let code = error.code.as_deref().unwrap_or("null");
            failure(
                &format!("{}.{name}", service.prefix),
                format!(
                    "{message} (Service: {}; Status Code: {status}; Error Code: {code}; Request ID: {id}; Proxy: null)",
                    service.client
                ),
            )
        }
    }
}

/// The class of an error in version 1 of the SDK, which keeps the letters of the model.
fn first_exception(shape: &str) -> String {
    if shape.ends_with("Exception") {
        return shape.to_owned();
    }
    format!("{}Exception", shape.strip_suffix("Fault").unwrap_or(shape))
}

fn prefix(service: &str) -> String {
    match catalogue::service_id(service) {
        Some(id) => class_prefix(id),
        None => class_prefix(&aws_client::names::capitalised(service)),
    }
}
