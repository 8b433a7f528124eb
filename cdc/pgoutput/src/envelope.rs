//! What a CopyData message carries in replication mode: data or a keepalive from the server, status from the client.
//!
//! Source: PostgreSQL's documentation, "Streaming Replication Protocol".

use crate::decode::Error;
use crate::lsn::Lsn;
use crate::time::PgTimestamp;

/// From the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Envelope<'a> {
    /// `XLogData`: one message of the plugin.
    Data {
        /// Where the data starts; 0 for messages without a place of their own.
        start: Lsn,
        /// The server's current end of WAL, as far as logical decoding tells it.
        end: Lsn,
        /// When it was sent.
        sent: PgTimestamp,
        /// The message; see [`crate::Message::decode`].
        body: &'a [u8],
    },
    /// The server's sign of life.
    Keepalive {
        /// How far the server has come.
        end: Lsn,
        /// When it was sent.
        sent: PgTimestamp,
        /// Whether it asks for an answer at once.
        reply_requested: bool,
    },
}

impl<'a> Envelope<'a> {
    /// Reads what a CopyData message carries.
    ///
    /// # Errors
    /// When the kind is unknown or the payload too short.
    pub fn decode(payload: &'a [u8]) -> Result<Self, Error> {
        crate::decode::envelope(payload)
    }
}

/// From the client: how far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusUpdate {
    /// Received.
    pub written: Lsn,
    /// Durable: the server may forget what is before it.
    pub flushed: Lsn,
    /// Visible.
    pub applied: Lsn,
    /// When it is sent.
    pub sent: PgTimestamp,
    /// Whether the server is asked for an answer at once.
    pub reply_requested: bool,
}

impl StatusUpdate {
    /// The payload of the CopyData message that says so.
    #[must_use]
    pub fn encode(&self) -> [u8; 34] {
        let mut payload = [0; 34];
        payload[0] = b'r';
        payload[1..9].copy_from_slice(&self.written.0.to_be_bytes());
        payload[9..17].copy_from_slice(&self.flushed.0.to_be_bytes());
        payload[17..25].copy_from_slice(&self.applied.0.to_be_bytes());
        payload[25..33].copy_from_slice(&self.sent.0.to_be_bytes());
        payload[33] = u8::from(self.reply_requested);
        payload
    }
}
