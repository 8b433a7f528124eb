//! What a Task's `Resource` names: a function, an activity, or a service integration with its pattern.

use std::fmt;
use std::sync::Arc;

/// A Task's `Resource`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resource {
    /// A function's own ARN: `arn:aws:lambda:…:function:name`.
    Function(Arc<str>),
    /// An activity's ARN: `arn:aws:states:…:activity:name`.
    Activity(Arc<str>),
    /// A service integration: `arn:aws:states:::lambda:invoke.waitForTaskToken`.
    Service(ServiceCall),
}

/// A service integration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceCall {
    /// The whole ARN, as written.
    pub arn: Arc<str>,
    /// What the history calls `resourceType`: `lambda`, `states`, `aws-sdk:sfn`.
    pub resource_type: Arc<str>,
    /// What the history calls `resource`: `invoke.waitForTaskToken`.
    pub resource: Arc<str>,
    /// The action without its pattern: `invoke`.
    pub action: Arc<str>,
    /// How the answer comes.
    pub pattern: Pattern,
}

/// How a service integration's answer comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// The call's own response is the result.
    RequestResponse,
    /// `.sync`: the job's end is the result.
    Sync,
    /// `.sync:2`: the same, with the child's output as JSON.
    Sync2,
    /// `.waitForTaskToken`: whoever has the token gives the result.
    WaitForTaskToken,
}

impl Pattern {
    /// What it adds to the action: `.sync`, or nothing.
    #[must_use]
    pub fn suffix(self) -> &'static str {
        match self {
            Self::RequestResponse => "",
            Self::Sync => ".sync",
            Self::Sync2 => ".sync:2",
            Self::WaitForTaskToken => ".waitForTaskToken",
        }
    }
}

/// Why a text is no resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceError {
    /// It is no ARN, or of a service that has no resources to call.
    NotAnArn,
    /// It is an ARN of the right kind whose rest names nothing that can be called.
    NotRecognized,
}

impl fmt::Display for ResourceError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NotAnArn => "not the ARN of something that can be called",
            Self::NotRecognized => "an ARN that names nothing that can be called",
        })
    }
}

impl std::error::Error for ResourceError {}

impl Resource {
    /// Reads a `Resource`, in any AWS partition.
    ///
    /// Regions and accounts are not checked: AWS takes any text there (and samples are full of placeholders).
    ///
    /// # Errors
    /// When the text is no ARN or names nothing that a Task can call.
    pub fn parse(text: &str) -> Result<Self, ResourceError> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let &["arn", partition, service, region, account, rest] = parts.as_slice() else {
            return Err(ResourceError::NotAnArn);
        };
        if partition.is_empty() || text.contains(char::is_whitespace) {
            return Err(ResourceError::NotAnArn);
        }
        match (service, rest.split_once(':')) {
            ("lambda", Some(("function", name))) if is_function_name(name) => {
                Ok(Self::Function(text.into()))
            }
            ("states", Some(("activity", name))) if is_name(name) => {
                Ok(Self::Activity(text.into()))
            }
            ("states", Some(_)) if region.is_empty() && account.is_empty() => {
                service_call(text, rest).map(Self::Service)
            }
            ("lambda" | "states", _) => Err(ResourceError::NotRecognized),
            _ => Err(ResourceError::NotAnArn),
        }
    }
}

/// The part of a service integration's ARN that follows the empty region and account.
fn service_call(arn: &str, rest: &str) -> Result<ServiceCall, ResourceError> {
    const NOT: ResourceError = ResourceError::NotRecognized;
    let sdk = rest.strip_prefix("aws-sdk:");
    let (service, resource) = sdk.unwrap_or(rest).split_once(':').ok_or(NOT)?;
    let (action, pattern) = split_pattern(resource).ok_or(NOT)?;
    if !is_word(service) || !is_word(action) {
        return Err(NOT);
    }
    // The SDK's own calls have no job to follow.
    if sdk.is_some() && matches!(pattern, Pattern::Sync | Pattern::Sync2) {
        return Err(NOT);
    }
    let resource_type = match sdk {
        Some(_) => format!("aws-sdk:{service}").into(),
        None => service.into(),
    };
    Ok(ServiceCall {
        arn: arn.into(),
        resource_type,
        resource: resource.into(),
        action: action.into(),
        pattern,
    })
}

fn split_pattern(resource: &str) -> Option<(&str, Pattern)> {
    let Some((action, suffix)) = resource.split_once('.') else {
        return Some((resource, Pattern::RequestResponse));
    };
    let pattern = match suffix {
        "sync" => Pattern::Sync,
        "sync:2" => Pattern::Sync2,
        "waitForTaskToken" => Pattern::WaitForTaskToken,
        _ => return None,
    };
    Some((action, pattern))
}

fn is_word(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || matches!(character, '-' | '_'))
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.contains(':')
}

/// A name, and perhaps a version or alias.
fn is_function_name(text: &str) -> bool {
    match text.split_once(':') {
        Some((name, qualifier)) => is_name(name) && is_name(qualifier),
        None => is_name(text),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::Resource;

    fn check(text: &str, expected: Expect) {
        let shown = match Resource::parse(text) {
            Ok(Resource::Function(_)) => "function".to_owned(),
            Ok(Resource::Activity(_)) => "activity".to_owned(),
            Ok(Resource::Service(call)) => format!(
                "{} | {} | {} | {:?}",
                call.resource_type, call.resource, call.action, call.pattern
            ),
            Err(error) => error.to_string(),
        };
        expected.assert_eq(&shown);
    }

    #[test]
    fn functions_and_activities_are_known_by_their_arns() {
        check(
            "arn:aws:lambda:eu-west-1:123456789012:function:bill",
            expect!["function"],
        );
        check(
            "arn:aws-cn:lambda:cn-north-1:123456789012:function:bill:$LATEST",
            expect!["function"],
        );
        check(
            "arn:aws:lambda:REGION:ACCOUNT:function:bill:7",
            expect!["function"],
        );
        check(
            "arn:aws-us-gov:states:us-gov-west-1:123456789012:activity:sign-off",
            expect!["activity"],
        );
        check(
            "arn:aws:lambda:eu-west-1:123456789012:function:",
            expect!["an ARN that names nothing that can be called"],
        );
        check(
            "arn:aws:lambda:eu-west-1:123456789012:layer:bill",
            expect!["an ARN that names nothing that can be called"],
        );
        check(
            "arn:aws:lambda:eu-west-1:123456789012:function:bill:7:8",
            expect!["an ARN that names nothing that can be called"],
        );
        check(
            "arn:aws:states:eu-west-1:123456789012:stateMachine:bill",
            expect!["an ARN that names nothing that can be called"],
        );
    }

    #[test]
    fn a_service_integration_tells_its_pattern() {
        check(
            "arn:aws:states:::sqs:sendMessage",
            expect!["sqs | sendMessage | sendMessage | RequestResponse"],
        );
        check(
            "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            expect!["sqs | sendMessage.waitForTaskToken | sendMessage | WaitForTaskToken"],
        );
        check(
            "arn:aws:states:::batch:submitJob.sync",
            expect!["batch | submitJob.sync | submitJob | Sync"],
        );
        check(
            "arn:aws:states:::states:startExecution.sync:2",
            expect!["states | startExecution.sync:2 | startExecution | Sync2"],
        );
        check(
            "arn:aws:states:::aws-sdk:dynamodb:getItem",
            expect!["aws-sdk:dynamodb | getItem | getItem | RequestResponse"],
        );
        check(
            "arn:aws:states:::aws-sdk:sqs:sendMessage.waitForTaskToken",
            expect!["aws-sdk:sqs | sendMessage.waitForTaskToken | sendMessage | WaitForTaskToken"],
        );
        check(
            "arn:aws:states:::aws-sdk:batch:submitJob.sync",
            expect!["an ARN that names nothing that can be called"],
        );
        check(
            "arn:aws:states:::batch:submitJob.later",
            expect!["an ARN that names nothing that can be called"],
        );
        check(
            "arn:aws:states:::batch",
            expect!["an ARN that names nothing that can be called"],
        );
        check(
            "arn:aws:states:::aws-sdk:batch",
            expect!["an ARN that names nothing that can be called"],
        );
        check(
            "arn:aws:states:eu-west-1::sqs:sendMessage",
            expect!["an ARN that names nothing that can be called"],
        );
    }

    #[test]
    fn anything_else_is_no_resource() {
        check(
            "bill",
            expect!["not the ARN of something that can be called"],
        );
        check(
            "arn:aws:s3:::bucket",
            expect!["not the ARN of something that can be called"],
        );
        check(
            "arn::lambda:eu-west-1:123456789012:function:bill",
            expect!["not the ARN of something that can be called"],
        );
        check(
            "arn:aws:states:::sqs:send Message",
            expect!["not the ARN of something that can be called"],
        );
        check("", expect!["not the ARN of something that can be called"]);
    }
}
