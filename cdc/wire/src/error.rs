//! What goes wrong on the wire.

use std::fmt;
use std::io;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server refused a statement.
    #[error(transparent)]
    Database(Box<DatabaseError>),
    /// The server can't be reached.
    #[error("cannot connect to {host}:{port}: {source}")]
    Connect {
        /// The host, as the settings name it.
        host: String,
        /// The port.
        port: u16,
        /// Why.
        source: io::Error,
    },
    /// No encrypted connection as `sslmode` asks for it.
    #[error("cannot make a TLS connection to {host}: {reason}")]
    Tls {
        /// The host.
        host: String,
        /// Why.
        reason: String,
    },
    /// The server can't be shown who we are.
    #[error("cannot authenticate at {host} as {user}: {reason}")]
    Authentication {
        /// The host.
        host: String,
        /// The user.
        user: String,
        /// Why.
        reason: String,
        /// PostgreSQL's code, when it was the server that refused.
        code: Option<String>,
    },
    /// The connection is gone.
    #[error("the connection to {host} was lost: {reason}")]
    Closed {
        /// The host.
        host: String,
        /// Why, as far as known.
        reason: String,
    },
    /// The bytes are not what the protocol allows.
    #[error("the server broke the protocol: {0}")]
    Protocol(String),
    /// The settings are no settings.
    #[error("{0}")]
    Settings(String),
    /// An ordinary client failed.
    #[error("{}", client_error(.0))]
    Client(tokio_postgres::Error),
}

/// An error as the server told it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DatabaseError {
    /// `ERROR`, `FATAL` or `PANIC`.
    pub severity: String,
    /// The SQLSTATE.
    pub code: String,
    /// The message.
    pub message: String,
    /// More of it.
    pub detail: Option<String>,
    /// What to do.
    pub hint: Option<String>,
    /// In which schema.
    pub schema: Option<String>,
    /// In which table.
    pub table: Option<String>,
    /// In which column.
    pub column: Option<String>,
    /// By which constraint.
    pub constraint: Option<String>,
    /// In which place of what: for COPY the line and column.
    pub where_: Option<String>,
}

impl Error {
    /// PostgreSQL's code (SQLSTATE), when the server answered with an error.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Database(error) => Some(&error.code),
            Self::Client(error) => error.code().map(tokio_postgres::error::SqlState::code),
            Self::Authentication { code, .. } => code.as_deref(),
            Self::Connect { .. }
            | Self::Tls { .. }
            | Self::Closed { .. }
            | Self::Protocol(_)
            | Self::Settings(_) => None,
        }
    }

    /// What the server said, if it was the server.
    #[must_use]
    pub fn database(&self) -> Option<&DatabaseError> {
        match self {
            Self::Database(error) => Some(error),
            Self::Connect { .. }
            | Self::Tls { .. }
            | Self::Authentication { .. }
            | Self::Closed { .. }
            | Self::Protocol(_)
            | Self::Settings(_)
            | Self::Client(_) => None,
        }
    }

    /// Whether the same may succeed later, with nobody doing anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Database(error) => {
                is_retryable_code(&error.code) || is_passing(&error.code, &error.message)
            }
            Self::Connect { source, .. } => !matches!(
                source.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::PermissionDenied
            ),
            Self::Closed { .. } | Self::Protocol(_) => true,
            Self::Client(error) => match error.code() {
                Some(code) => {
                    let message = error.as_db_error().map_or("", |told| told.message());
                    is_retryable_code(code.code()) || is_passing(code.code(), message)
                }
                None => error.is_closed() || std::error::Error::source(error).is_some(),
            },
            Self::Tls { .. } | Self::Authentication { .. } | Self::Settings(_) => false,
        }
    }
}

/// Whether an error of this SQLSTATE may be gone later: connection trouble (08), lack of resources (53), a server that starts, stops or ended
/// our session (57P01 to 57P05), serialization failures and deadlocks (40), a lock or object in use (55P03, 55006).
///
/// Source: PostgreSQL's documentation, appendix "PostgreSQL Error Codes".
#[must_use]
pub fn is_retryable_code(code: &str) -> bool {
    matches!(code.get(..2), Some("08" | "53"))
        || matches!(
            code,
            "57P01" | "57P02" | "57P03" | "57P05" | "40001" | "40003" | "40P01" | "55P03" | "55006"
        )
}

/// Whether an error tells of something that will be another when all is tried anew, though its SQLSTATE doesn't: somebody changed a definition
/// while we read the catalogue, whose functions look at what is there now and not at what their statement's snapshot has; or an exported
/// snapshot is gone with the session that held it.
#[must_use]
pub fn is_passing(code: &str, message: &str) -> bool {
    let beginnings: &[&str] = match code {
        "XX000" => &[
            "could not open relation with OID",
            "cache lookup failed for",
            "tuple concurrently",
        ],
        "22023" => &["invalid snapshot identifier"],
        "42704" => &["snapshot "],
        _ => &[],
    };
    beginnings
        .iter()
        .any(|beginning| message.starts_with(beginning))
}

impl DatabaseError {
    /// Reads the fields of an ErrorResponse or NoticeResponse.
    pub(crate) fn read(body: &[u8]) -> Self {
        let mut error = Self::default();
        for field in body.split(|&byte| byte == 0) {
            let Some((&kind, text)) = field.split_first() else {
                continue;
            };
            let text = String::from_utf8_lossy(text).into_owned();
            match kind {
                // `V` is the severity untranslated; it comes after `S`.
                b'S' | b'V' => error.severity = text,
                b'C' => error.code = text,
                b'M' => error.message = text,
                b'D' => error.detail = Some(text),
                b'H' => error.hint = Some(text),
                b's' => error.schema = Some(text),
                b't' => error.table = Some(text),
                b'c' => error.column = Some(text),
                b'n' => error.constraint = Some(text),
                b'W' => error.where_ = Some(text),
                _ => {}
            }
        }
        error
    }
}

impl fmt::Display for DatabaseError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({})", self.message, self.code)?;
        for more in [&self.detail, &self.hint].into_iter().flatten() {
            write!(formatter, "; {more}")?;
        }
        Ok(())
    }
}

impl std::error::Error for DatabaseError {}

/// tokio-postgres's error tells only its kind; the words are in what it came from.
pub(crate) fn client_error(error: &tokio_postgres::Error) -> String {
    match (error.as_db_error(), std::error::Error::source(error)) {
        (Some(database), _) => format!("{} ({})", database.message(), database.code().code()),
        (None, Some(source)) => format!("{error}: {source}"),
        (None, None) => error.to_string(),
    }
}
