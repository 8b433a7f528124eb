//! The way out: whoever has sockets sends what this crate made.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response};

/// Sends a request and reads the answer to its end.
pub trait Transport: Send + Sync {
    /// Sends a request with an absolute address. Dropping the future cancels it.
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, Unreachable>>;
}

/// Why there is no answer. The texts are what a person reads after "Unable to execute HTTP request".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreachable {
    /// The rules of the transport forbid it.
    Forbidden(String),
    /// No connection could be made.
    Connect(String),
    /// The connection broke before the answer was complete.
    Broken(String),
    /// The answer is longer than what is read.
    TooLong,
}
