//! `aws-sdk:SERVICE:ACTION`: any operation of any service, as it is.

use std::time::Duration;

use aws_client::client::Call;
use aws_client::timestamps::Style;
use interpreter::failure::Failure;
use interpreter::payload::Payload;
use runtime::tasks::TaskCall;

use super::service_failures::{Dialect, failed};
use super::{AwsServices, parameters, payload, token, trace};

/// How long an attempt may take. Some services answer when something has been done: functions, synchronous executions, polls.
fn longest(service: &str) -> Duration {
    match service {
        "lambda" | "sfn" | "bedrockruntime" | "sagemakerruntime" => Duration::from_secs(930),
        _ => Duration::from_secs(120),
    }
}

/// Calls an operation.
pub(super) async fn call(
    services: &AwsServices,
    service: &str,
    action: &str,
    call: &TaskCall,
) -> Result<Payload, Failure> {
    let parameters = parameters(call)?;
    let (token, headers) = (token(call), trace(call));
    let called = services.0.client.call(Call {
        service,
        action,
        parameters: &parameters,
        token: &token,
        style: Style::Text,
        timeout: Some(longest(service)),
        headers: &headers,
    });
    match called.await {
        Ok(answer) => Ok(payload(answer.result)),
        Err(error) => Err(failed(Dialect::Sdk(service), call, error)),
    }
}
