//! What SQLite's errors mean to the store's callers.

use std::sync::Arc;

use sqlx::error::DatabaseError;
use store::contract::Error;

/// `SQLITE_CONSTRAINT`
const CONSTRAINT: i32 = 19;
/// `SQLITE_FULL`
const FULL: i32 = 13;
/// `SQLITE_CORRUPT` and `SQLITE_NOTADB`
const DAMAGED: [i32; 2] = [11, 26];
/// `SQLITE_IOERR_SHMSIZE`: the index of the write-ahead log could not grow.
const SHARED_MEMORY_SIZE: i32 = 4874;

/// Why a group of commits was not written, told to everybody in it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct GroupError(Arc<sqlx::Error>);

impl GroupError {
    /// The error for one of the group's waiters.
    pub(crate) fn answer(&self) -> Error {
        match classify(&self.0) {
            Trouble::Full => Error::DiskFull,
            Trouble::Damaged(why) => damaged(why),
            Trouble::Constraint | Trouble::Other => Error::Database(Box::new(self.clone())),
        }
    }

    /// Whether one commit of the group is to blame, so that the others can be written without it.
    pub(crate) fn blames_a_commit(&self) -> bool {
        matches!(classify(&self.0), Trouble::Constraint)
    }

    /// Whether the connection can't be trusted any more.
    pub(crate) fn breaks_connection(&self) -> bool {
        matches!(classify(&self.0), Trouble::Damaged(_) | Trouble::Other)
    }
}

impl From<sqlx::Error> for GroupError {
    fn from(error: sqlx::Error) -> Self {
        Self(Arc::new(error))
    }
}

/// The error for whoever reads.
pub(crate) fn read_error(error: sqlx::Error) -> Error {
    if matches!(error, sqlx::Error::PoolClosed) {
        return Error::Closed;
    }
    GroupError::from(error).answer()
}

/// SQLite's primary result code.
pub(crate) fn primary_code(error: &dyn DatabaseError) -> Option<i32> {
    extended_code(error).map(|code| code & 0xff)
}

enum Trouble {
    Full,
    Damaged(String),
    Constraint,
    Other,
}

fn classify(error: &sqlx::Error) -> Trouble {
    let sqlx::Error::Database(error) = error else {
        return Trouble::Other;
    };
    match (extended_code(&**error), primary_code(&**error)) {
        (Some(SHARED_MEMORY_SIZE), _) | (_, Some(FULL)) => Trouble::Full,
        (_, Some(CONSTRAINT)) => Trouble::Constraint,
        (_, Some(code)) if DAMAGED.contains(&code) => Trouble::Damaged(error.message().to_owned()),
        _ => Trouble::Other,
    }
}

fn extended_code(error: &dyn DatabaseError) -> Option<i32> {
    error.code()?.parse().ok()
}

fn damaged(why: String) -> Error {
    Error::Damaged {
        what: "the database".to_owned(),
        why,
    }
}
