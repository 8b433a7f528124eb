//! Errors as `application/problem+json` (RFC 9457).

use asl::diagnostic::Diagnostic;
use asl::diagnostic::Severity;
use axum::Json;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use runtime::error::Error;
use serde::Serialize;
use utoipa::ToSchema;

use crate::aws::states::test_state::mistake_text;
use crate::rest::problem_kinds::{Explanation, Kind};

/// An error answer.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(super) struct Problem {
    /// The kind of problem: a path at which it is explained.
    #[serde(rename = "type")]
    kind: String,
    /// The kind in a few words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What is wrong this time.
    detail: String,
    /// Everything that is wrong with a definition.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    findings: Vec<Finding>,
    #[serde(skip)]
    is_temporary: bool,
}

/// One thing that is wrong with a definition.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(super) struct Finding {
    /// `error` or `warning`.
    severity: &'static str,
    /// The kind of mistake; stable, for programs.
    code: String,
    /// Where in the definition.
    pointer: String,
    /// The line in the definition's text, from 1.
    line: u32,
    /// The column in characters, from 1.
    column: u32,
    /// What is wrong.
    message: String,
    /// More about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    detail: Option<String>,
}

impl Problem {
    /// A problem of a kind.
    pub(super) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        let Explanation {
            slug,
            title,
            status,
            ..
        } = kind.explanation();
        Self {
            kind: format!("/api/v1/problems/{slug}"),
            title,
            status,
            detail: detail.into(),
            findings: Vec::new(),
            is_temporary: kind == Kind::Unavailable,
        }
    }
}

/// One arm for each error of the runtime.
impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        match error {
            Error::StateMachineDoesNotExist(_) => Self::new(Kind::StateMachineNotFound, detail),
            Error::StateMachineAlreadyExists(_) => Self::new(Kind::StateMachineExists, detail),
            Error::InvalidDefinition(found) => Self {
                findings: found.into_iter().map(Finding::from).collect(),
                ..Self::new(Kind::InvalidDefinition, detail)
            },
            Error::StateMachineTypeNotSupported(_) => {
                Self::new(Kind::StateMachineTypeNotSupported, detail)
            }
            Error::ExecutionDoesNotExist(_) => Self::new(Kind::ExecutionNotFound, detail),
            Error::ExecutionAlreadyExists(_) => Self::new(Kind::ExecutionExists, detail),
            Error::InvalidTest(mistake) => Self::new(Kind::InvalidTest, mistake_text(&mistake)),
            Error::TestCase(_) => Self::new(Kind::InvalidTestCase, detail),
            Error::ExecutionNotRedrivable(_) => Self::new(Kind::ExecutionNotRedrivable, detail),
            Error::DefinitionDoesNotFit(_) => Self::new(Kind::DefinitionDoesNotFit, detail),
            Error::ExecutionEnded(_) => Self::new(Kind::ExecutionEnded, detail),
            Error::NoSuchQualifier(_) => Self::new(Kind::VersionNotFound, detail),
            Error::Conflict(_) => Self::new(Kind::VersionConflict, detail),
            Error::InvalidRouting(_) => Self::new(Kind::InvalidRouting, detail),
            Error::QuotaExceeded { .. } => Self::new(Kind::LimitReached, detail),
            Error::InvalidExecutionInput(_) => Self::new(Kind::InvalidInput, detail),
            Error::TooLong { .. } => Self::new(Kind::PayloadTooLong, detail),
            Error::InvalidToken => Self::new(Kind::InvalidToken, detail),
            Error::TaskDoesNotExist => Self::new(Kind::TaskNotFound, detail),
            Error::TaskTimedOut => Self::new(Kind::TaskEnded, detail),
            Error::InvalidOutput(_) => Self::new(Kind::InvalidOutput, detail),
            Error::MapRunDoesNotExist(_) => Self::new(Kind::NoSuchResource, detail),
            Error::MapRunIsOver(_) => Self::new(Kind::ExecutionEnded, detail),
            Error::ActivityDoesNotExist(_) => Self::new(Kind::ActivityNotFound, detail),
            Error::ActivityWorkerLimitExceeded(_) => Self::new(Kind::TooManyWorkers, detail),
            Error::LimitExceeded { .. } => Self::new(Kind::LimitReached, detail),
            Error::Parked { .. } => Self::new(Kind::ExecutionParked, detail),
            Error::ShuttingDown | Error::Unavailable(_) => Self::new(Kind::Unavailable, detail),
            Error::Store(error) => {
                let kind = if error.is_retryable() {
                    Kind::Unavailable
                } else {
                    Kind::Internal
                };
                tracing::error!(%error, "cannot use the store");
                Self::new(kind, format!("{detail}: {error}"))
            }
        }
    }
}

/// What Batch refuses is the caller's mistake, whatever it is; what is not found has its own kinds and is looked for before.
impl From<batch::Error> for Problem {
    fn from(error: batch::Error) -> Self {
        match error {
            batch::Error::Client(detail) => Self::new(Kind::InvalidJobRequest, detail),
            batch::Error::Unavailable(detail) => Self::new(Kind::Unavailable, detail),
        }
    }
}

impl From<Diagnostic> for Finding {
    fn from(found: Diagnostic) -> Self {
        Self {
            severity: match found.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            },
            code: found.code.to_string(),
            pointer: found.pointer,
            line: found.position.line,
            column: found.position.column,
            message: found.message,
            detail: found.detail,
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).expect("the kinds have HTTP's statuses");
        let is_temporary = self.is_temporary;
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if is_temporary {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
