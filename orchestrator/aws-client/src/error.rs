//! Why a call gave no result.

use crate::transport::Unreachable;

/// Why a call gave no result.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no model of that service.
    #[error(
        "no model of the service {0} is in this binary or in the directory of service models (aws.models)"
    )]
    UnknownService(String),
    /// The service has no such operation.
    #[error("the service {service} has no operation {action}")]
    UnknownAction {
        /// The service.
        service: String,
        /// What was asked for.
        action: String,
    },
    /// The operation can't be called from here.
    #[error("the operation {action} of {service} can't be called: {reason}")]
    Unsupported {
        /// The service.
        service: String,
        /// The operation.
        action: String,
        /// Why.
        reason: String,
    },
    /// The model can't be used.
    #[error("cannot use the model of the service {service}: {reason}")]
    Model {
        /// The service.
        service: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The parameters don't fit the operation: everything that is wrong with them.
    #[error("the parameters can't be used: {}", .0.join("; "))]
    Parameters(Vec<String>),
    /// There is nothing to sign with, and the endpoint is AWS itself.
    #[error("there are no credentials to sign requests with")]
    Credentials,
    /// The endpoint's address can't be called.
    #[error("cannot call {url}: {reason}")]
    Endpoint {
        /// The address.
        url: String,
        /// Why.
        reason: String,
    },
    /// The service refused.
    #[error("{}", .0.message.as_deref().unwrap_or("the service refused"))]
    Refused(Box<ServiceError>),
    /// There was no answer.
    #[error("no answer: {why:?}")]
    Unreachable {
        /// Why.
        why: Unreachable,
        /// How often it was tried.
        attempts: u32,
    },
    /// The answer makes no sense.
    #[error("cannot read the answer: {0}")]
    Answer(String),
}

/// A service's own error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceError {
    /// The code on the wire: `ResourceNotFoundException`, `NotFound`.
    pub code: Option<String>,
    /// The shape that the model has for the code, if it has one.
    pub shape: Option<String>,
    /// What it says.
    pub message: Option<String>,
    /// The status of the answer.
    pub status: u16,
    /// The service's name for the request.
    pub request_id: Option<String>,
    /// S3's second name for it.
    pub extended_request_id: Option<String>,
    /// How often the request was sent.
    pub attempts: u32,
}
