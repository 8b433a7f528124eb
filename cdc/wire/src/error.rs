//! What goes wrong on the wire.

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bytes are not what the protocol allows.
    #[error("{0}")]
    Protocol(String),
}
