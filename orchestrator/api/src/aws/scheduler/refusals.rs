//! How a request is refused: code, status, and words in a member `Message`.

use axum::http::{Method, StatusCode};
use schedule::expression::Mistake;
use schedule_runtime::error::Error;
use serde::Serialize;

use crate::aws::rest_json::Reply;

/// A refusal.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    message: &'a str,
}

impl Refusal {
    /// The request says what it must not.
    pub(super) fn validation(message: impl Into<String>) -> Self {
        Self::of_request(StatusCode::BAD_REQUEST, message)
    }

    /// The request can't be taken, with that status.
    pub(super) fn of_request(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            code: "ValidationException",
            message: message.into(),
        }
    }

    /// A member that breaks a rule, in the words of AWS's services.
    pub(super) fn constraint(member: &str, value: Option<&str>, constraint: &str) -> Self {
        let shown = value.map_or("null".to_owned(), |value| format!("'{value}'"));
        let member = member_path(member);
        Self::validation(format!(
            "1 validation error detected: Value {shown} at '{member}' failed to satisfy constraint: {constraint}"
        ))
    }

    /// A mistake that was found in a schedule.
    pub(super) fn mistake(mistake: &Mistake) -> Self {
        Self::constraint(mistake.field, Some(&mistake.value), &mistake.why)
    }

    /// The server failed.
    pub(super) fn internal(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            code: "InternalServerException",
            message: message.into(),
        }
    }

    /// There is no such operation.
    pub(super) fn unknown_operation(method: &Method, path: &str) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            code: "UnknownOperationException",
            message: format!("There is no operation {method} {path}."),
        }
    }

    /// There is no such thing.
    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            code: "ResourceNotFoundException",
            message: message.into(),
        }
    }

    fn conflict(message: String) -> Self {
        Self {
            status: StatusCode::CONFLICT,
            code: "ConflictException",
            message,
        }
    }

    /// The answer.
    pub(super) fn reply(&self) -> Reply {
        let body = super::encoded(&Body {
            message: &self.message,
        });
        Reply::refused(self.status, self.code, body)
    }
}

/// One arm for each error.
impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error {
            Error::ScheduleDoesNotExist(name) => {
                Self::not_found(format!("Schedule {name} does not exist."))
            }
            Error::GroupDoesNotExist(name) => {
                Self::not_found(format!("Schedule group {name} does not exist."))
            }
            Error::ScheduleExists(name) => {
                Self::conflict(format!("Schedule {name} already exists."))
            }
            Error::GroupExists(name) => {
                Self::conflict(format!("Schedule group {name} already exists."))
            }
            Error::Invalid(mistake) => Self::mistake(&mistake),
            Error::LimitExceeded { what, limit } => Self {
                // The service's own status for a quota.
                status: StatusCode::PAYMENT_REQUIRED,
                code: "ServiceQuotaExceededException",
                message: format!("The limit of {limit} {what} is reached."),
            },
            Error::Closed | Error::Store(_) => {
                tracing::error!(%error, "cannot change schedules");
                Self::internal(format!("The request can't be carried out: {error}."))
            }
        }
    }
}

/// A member's place as AWS's messages write it: `target.retryPolicy.maximumRetryAttempts`.
fn member_path(member: &str) -> String {
    let parts = member.split('.').map(|part| {
        let mut letters = part.chars();
        let first = letters.next().map(|first| first.to_ascii_lowercase());
        first.into_iter().chain(letters).collect::<String>()
    });
    parts.collect::<Vec<_>>().join(".")
}
