//! Bytes to messages.

use crate::envelope::Envelope;
use crate::message::{ColumnBody, Message};

/// Why bytes are no message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The first byte names no message.
    #[error("message of unknown kind {0:#04x}")]
    UnknownKind(u8),
    /// The bytes end too early, or a part of them is not what it must be.
    #[error("malformed {message} message: {what}")]
    Malformed {
        /// Which message.
        message: &'static str,
        /// What is wrong with it.
        what: &'static str,
    },
}

/// Whether the message stands inside a streamed part, where a transaction id precedes its content (protocol 2 and up).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Between Begin and Commit, or outside of any transaction.
    Whole,
    /// Between StreamStart and StreamStop.
    Streamed,
}

impl<'a> Message<'a> {
    /// Reads one message of the plugin.
    ///
    /// # Errors
    /// When the bytes are no message.
    pub fn decode(body: &'a [u8], place: Place) -> Result<Self, Error> {
        let _ = (body, place);
        Err(Error::UnknownKind(0))
    }
}

pub(crate) fn envelope(payload: &[u8]) -> Result<Envelope<'_>, Error> {
    let _ = payload;
    Err(Error::UnknownKind(0))
}

pub(crate) fn columns(bytes: &[u8]) -> impl Iterator<Item = ColumnBody<'_>> + use<'_> {
    let _ = bytes;
    std::iter::empty()
}
