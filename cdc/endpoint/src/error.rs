//! What goes wrong at the two ends.

use replication::assembler;
use replication::relation::TableName;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A connection, or a statement over it.
    #[error("cannot {what}: {source}")]
    Wire {
        /// What was tried, as in `read the tables of the source`.
        what: String,
        /// Why it failed.
        source: wire::Error,
    },
    /// A statement over an ordinary client.
    #[error("cannot {what}: {}", describe(source))]
    Sql {
        /// What was tried.
        what: String,
        /// Why it failed.
        source: tokio_postgres::Error,
    },
    /// The stream can't be understood.
    #[error(transparent)]
    Stream(#[from] assembler::Error),
    /// Something is not as the task needs it. The text says what to do; trying again is of no use before that is done.
    #[error("{0}")]
    Refused(String),
    /// A table's definition was changed at the source while it was loaded: its rows must be read from a newer snapshot.
    #[error("the definition of {table} was changed while it was loaded")]
    Redefined {
        /// The table.
        table: TableName,
    },
    /// Another copy of the task has taken over: this one must stop.
    #[error("another process has taken over the task {task}")]
    Fenced {
        /// The task.
        task: String,
    },
}

impl Error {
    /// For `map_err` after a call of the wire: says what was tried.
    pub fn wire(what: impl Into<String>) -> impl FnOnce(wire::Error) -> Self {
        move |source| Self::Wire {
            what: what.into(),
            source,
        }
    }

    /// For `map_err` after a statement of an ordinary client: says what was tried.
    pub fn sql(what: impl Into<String>) -> impl FnOnce(tokio_postgres::Error) -> Self {
        move |source| Self::Sql {
            what: what.into(),
            source,
        }
    }

    /// PostgreSQL's code, when the server answered with an error.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Wire { source, .. } => source.code(),
            Self::Sql { source, .. } => source.code().map(tokio_postgres::error::SqlState::code),
            Self::Stream(_) | Self::Refused(_) | Self::Redefined { .. } | Self::Fenced { .. } => {
                None
            }
        }
    }

    /// Whether the same may succeed later, with nobody doing anything: a lost connection, a server that restarts, a deadlock.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Wire { source, .. } => source.is_retryable(),
            Self::Sql { source, .. } => match source.code() {
                Some(code) => {
                    let message = source.as_db_error().map_or("", |told| told.message());
                    wire::error::is_retryable_code(code.code())
                        || wire::error::is_passing(code.code(), message)
                }
                None => source.is_closed() || std::error::Error::source(source).is_some(),
            },
            // A stream that was cut short is read anew from the checkpoint.
            Self::Stream(_) | Self::Redefined { .. } => true,
            Self::Refused(_) | Self::Fenced { .. } => false,
        }
    }
}

/// tokio-postgres tells only the kind; the server's words are in what it came from.
fn describe(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(database) => {
            let mut text = format!("{} ({})", database.message(), database.code().code());
            for more in [database.detail(), database.hint()].into_iter().flatten() {
                text.push_str("; ");
                text.push_str(more);
            }
            text
        }
        None => match std::error::Error::source(error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        },
    }
}
