//! A refusal as it leaves: AWS's code, HTTP status and words; and those codes that every operation has.

use serde::Serialize;

use crate::aws::body::Unread;

/// An error answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// What stands in `__type`.
    pub(crate) code: &'static str,
    /// The HTTP status.
    pub(crate) status: u16,
    /// What a person should read.
    pub(crate) message: String,
    /// The resource that it is about, for those errors that name one.
    pub(crate) resource_name: Option<String>,
    /// Which of several reasons a ValidationException has, for those that say so.
    pub(crate) reason: Option<&'static str>,
}

/// The codes that any operation may answer with, whether it declares them or not.
/// AWS: "Common Error Types" of the Step Functions API reference, and what its front end answers before an operation begins.
pub(crate) const COMMON: [&str; 8] = [
    "InternalFailure",
    "RequestEntityTooLargeException",
    "RequestTimeoutException",
    "SerializationException",
    "ServiceUnavailable",
    "ThrottlingException",
    "UnknownOperationException",
    "ValidationException",
];

#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "__type")]
    code: &'a str,
    message: &'a str,
    #[serde(rename = "resourceName", skip_serializing_if = "Option::is_none")]
    resource_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl Problem {
    /// A mistake of the caller's.
    pub(crate) fn new(code: &'static str, status: u16, message: impl Into<String>) -> Self {
        Self {
            code,
            status,
            message: message.into(),
            resource_name: None,
            reason: None,
        }
    }

    /// The request can't be read.
    pub(crate) fn serialization(message: impl Into<String>) -> Self {
        Self::new("SerializationException", 400, message)
    }

    /// The request says what it must not.
    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::new("ValidationException", 400, message)
    }

    /// There is no such operation, or not yet.
    pub(crate) fn unknown_operation(message: impl Into<String>) -> Self {
        Self::new("UnknownOperationException", 400, message)
    }

    /// The server can't do it now; a client tries again by itself.
    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self::new("ServiceUnavailable", 503, message)
    }

    /// The server failed.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new("InternalFailure", 500, message)
    }

    /// The same, with one of the reasons that the model names.
    pub(crate) fn because(mut self, reason: &'static str) -> Self {
        self.reason = Some(reason);
        self
    }

    /// The same, naming the resource that it is about.
    pub(crate) fn about(mut self, resource: impl Into<String>) -> Self {
        self.resource_name = Some(resource.into());
        self
    }

    /// The answer's body.
    pub(crate) fn body(&self) -> Vec<u8> {
        super::json::encode(&Body {
            code: self.code,
            message: &self.message,
            resource_name: self.resource_name.as_deref(),
            reason: self.reason,
        })
    }
}

/// The body did not come, or not as one that is read.
impl From<Unread> for Problem {
    fn from(why: Unread) -> Self {
        let message = why.to_string();
        match why {
            Unread::TooLarge(_) => Self::new("RequestEntityTooLargeException", 413, message),
            Unread::TooSlow => Self::new("RequestTimeoutException", 408, message),
            Unread::Broken(_) => Self::serialization(message),
        }
    }
}
