//! Why following ends before its end, and what an error of the target means for it.

use pgoutput::Lsn;
use pgoutput::message::RelationId;

use super::Follower;
use crate::error::Error;

/// Why following ended before its end.
#[derive(Debug)]
pub(crate) enum Interruption {
    /// Trouble.
    Error(Box<Error>),
    /// It begins again from the checkpoint, at once.
    Again(Again),
}

/// Why it begins again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    /// The stream told of a table that the task does not know, and should.
    NewTable(RelationId),
    /// Something could not be applied.
    Carefully {
        /// It is before this position.
        until: Lsn,
        /// What the target said.
        reason: String,
    },
    /// A transaction in progress stands in the way of others.
    Patiently {
        /// What the target said.
        reason: String,
    },
    /// The binary form of a value is not understood: values are wanted as text.
    InText,
    /// The tables are to be looked at anew: a prepared transaction has ended that changed them, or stood in the way of their load.
    Anew,
}

impl<E: Into<Error>> From<E> for Interruption {
    fn from(error: E) -> Self {
        Self::Error(Box::new(error.into()))
    }
}

impl Follower {
    /// What an error of a lane means: trouble, or changes before `until` that can't be applied as they are.
    pub(crate) fn interruption(&self, error: Error, until: Lsn) -> Interruption {
        match &error {
            // Some types can't read what they write (an empty oidvector).
            Error::Apply(apply) if self.binary && apply.code() == Some("22P03") => {
                Interruption::Again(Again::InText)
            }
            Error::Apply(apply) if apply.is_about_changes() && !self.is_careful() => {
                Interruption::Again(Again::Carefully {
                    until,
                    reason: error.to_string(),
                })
            }
            // A lock that a transaction in progress holds, or waits for.
            Error::Apply(apply) if apply.is_retryable() && !self.eager.is_empty() => {
                Interruption::Again(Again::Patiently {
                    reason: error.to_string(),
                })
            }
            _ => Interruption::from(error),
        }
    }

    /// What an error of a transaction in progress means: it is better applied at its end.
    pub(crate) fn impatient(&self, error: Error) -> Interruption {
        match &error {
            Error::Apply(apply) if apply.is_about_changes() || apply.is_retryable() => {
                Interruption::Again(Again::Patiently {
                    reason: error.to_string(),
                })
            }
            _ => Interruption::from(error),
        }
    }
}
