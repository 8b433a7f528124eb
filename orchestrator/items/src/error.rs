//! Why items can't be read or results can't be written, in words for the cause of a failed execution.

use std::fmt;
use std::sync::Arc;

/// A bucket, or an object in it; shown as `s3://bucket/key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The bucket.
    pub bucket: Arc<str>,
    /// The object's key; absent for the bucket itself.
    pub key: Option<Arc<str>>,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "s3://{}", self.bucket)?;
        match &self.key {
            Some(key) => write!(formatter, "/{key}"),
            None => Ok(()),
        }
    }
}

/// Why items can't be read or results can't be written.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// What the state asks for makes no sense, or is not supported.
    #[error("{0}")]
    Request(String),
    /// The server's settings of S3 can't be used.
    #[error("cannot use the s3 settings: {0}")]
    Settings(String),
    /// The bucket, or the object in it, is not there.
    #[error("there is no {place}: {reason}")]
    Missing {
        /// What.
        place: Place,
        /// How the store said so.
        reason: String,
    },
    /// The credentials don't suffice.
    #[error("access to {place} was denied: {reason}")]
    Denied {
        /// To what.
        place: Place,
        /// How the store said so.
        reason: String,
    },
    /// The object is another one than when it was first read.
    #[error("{place} was changed while its items were read")]
    Changed {
        /// Which.
        place: Place,
    },
    /// The store could not be asked, or failed.
    #[error("cannot {action} {place}: {reason}")]
    Store {
        /// What was tried: `read`, `write`, `list`.
        action: &'static str,
        /// On what.
        place: Place,
        /// Why not.
        reason: String,
    },
    /// The object is not what it should be.
    #[error("cannot read items from {place}: {malformed}")]
    Malformed {
        /// Which object.
        place: Place,
        /// What is wrong with it, and where.
        malformed: Malformed,
    },
}

impl Error {
    /// Whether another attempt can't go otherwise: what is wrong is the request or the object, not the moment.
    #[must_use]
    pub fn is_final(&self) -> bool {
        match self {
            Self::Store { .. } => false,
            Self::Request(_)
            | Self::Settings(_)
            | Self::Missing { .. }
            | Self::Denied { .. }
            | Self::Changed { .. }
            | Self::Malformed { .. } => true,
        }
    }
}

/// What is wrong with an object's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Where: `line 7`, `row 12`.
    pub at: Option<String>,
    /// What.
    pub reason: String,
}

impl Malformed {
    pub(crate) fn at_line(line: u64, reason: impl Into<String>) -> Self {
        Self {
            at: Some(format!("line {line}")),
            reason: reason.into(),
        }
    }

    pub(crate) fn anywhere(reason: impl Into<String>) -> Self {
        Self {
            at: None,
            reason: reason.into(),
        }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.at {
            Some(at) => write!(formatter, "{at}: {}", self.reason),
            None => formatter.write_str(&self.reason),
        }
    }
}
