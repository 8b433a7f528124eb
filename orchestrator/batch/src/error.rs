//! What can be wrong with a call.

/// Why an operation was not done. The texts are what the caller reads.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The caller's mistake: AWS Batch's `ClientException`.
    #[error("{0}")]
    Client(String),
    /// Nothing is wrong with the call, it can be made again later: AWS Batch's `ServerException`.
    #[error("{0}")]
    Unavailable(String),
}

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// The caller's mistake, told.
    pub fn client(text: impl Into<String>) -> Self {
        Self::Client(text.into())
    }

    /// Whether the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Client(_) => false,
            Self::Unavailable(_) => true,
        }
    }
}
