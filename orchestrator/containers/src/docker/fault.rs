//! What goes wrong between us and the daemon, by what is to be done about it.

use std::error::Error as _;
use std::path::Path;

use bollard::errors::Error as Wire;

use crate::runner::Error;

/// A call that did not work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    /// No daemon, or none that can work: nothing is known of what was asked.
    #[error("{0}")]
    Unavailable(String),
    /// It took longer than it may: nothing is known of what was asked.
    #[error("the Docker daemon did not answer in time")]
    Timeout,
    /// 304: it is so already.
    #[error("nothing to change")]
    Unchanged,
    /// 404.
    #[error("{0}")]
    Missing(String),
    /// 409.
    #[error("{0}")]
    Conflict(String),
    /// Everything else that the daemon answers.
    #[error("{0}")]
    Refused(String),
}

impl Fault {
    pub(super) fn of(error: Wire, socket: &Path) -> Self {
        match error {
            Wire::RequestTimeoutError => Self::Timeout,
            Wire::DockerResponseServerError {
                status_code,
                message,
            } => match status_code {
                304 => Self::Unchanged,
                404 => Self::Missing(message),
                409 => Self::Conflict(message),
                503 => Self::Unavailable(message),
                500.. if goes_down(&message) => Self::Unavailable(message),
                _ => Self::Refused(message),
            },
            Wire::DockerStreamError { error } if goes_down(&error) => Self::Unavailable(error),
            Wire::DockerStreamError { error } => Self::Refused(error),
            error @ (Wire::IOError { .. }
            | Wire::HyperResponseError { .. }
            | Wire::HyperLegacyError { .. }
            | Wire::SocketNotFoundError(_)) => Self::Unavailable(format!(
                "cannot reach the Docker daemon at {}: {}; is it running, and may this user use its socket?",
                socket.display(),
                innermost(&error)
            )),
            other => Self::Refused(other.to_string()),
        }
    }
}

/// What a daemon says of every request while it shuts down, or while containerd is away.
fn goes_down(message: &str) -> bool {
    [
        "context canceled",
        "connection closing",
        "client connection is closing",
        "code = Unavailable",
        "connection error",
        "transport is closing",
        "error reading from server",
        "containerd.sock",
    ]
    .iter()
    .any(|sign| message.contains(sign))
}

fn innermost(error: &Wire) -> String {
    if let Wire::SocketNotFoundError(_) = error {
        return "there is no such socket".to_owned();
    }
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = cause.to_string();
        source = cause.source();
    }
    text
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Unavailable(_) | Fault::Timeout => Self::Unavailable(fault.to_string()),
            Fault::Unchanged | Fault::Missing(_) | Fault::Conflict(_) | Fault::Refused(_) => {
                Self::Refused(fault.to_string())
            }
        }
    }
}
