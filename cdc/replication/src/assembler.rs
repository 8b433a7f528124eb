//! Frames of the stream in, deliveries out: whole transactions, in pieces of bounded size.

use bytes::Bytes;
use pgoutput::{Lsn, PgTimestamp};

use crate::piece::Delivery;

/// Puts transactions together. One for each connection: relations are told anew on each.
#[derive(Debug)]
pub struct Assembler {
    settings: Settings,
}

/// What an assembler needs to know.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The durable position: transactions that end at or before it were applied and are dropped.
    pub checkpoint: Lsn,
    /// Bytes after which an unfinished transaction is handed on in parts.
    pub piece_bytes: usize,
    /// The prefixes of logical messages to keep (others are dropped).
    pub message_prefixes: Vec<String>,
}

/// Why the stream can't be understood. The connection must be given up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Bytes that are no message.
    #[error("cannot read the replication stream at {lsn}: {source}")]
    Message {
        /// The last position seen.
        lsn: Lsn,
        /// What is wrong.
        source: pgoutput::Error,
    },
    /// A message at a place where it can't be.
    #[error("the replication stream broke its protocol at {lsn}: {what}")]
    Protocol {
        /// The last position seen.
        lsn: Lsn,
        /// What came.
        what: String,
    },
}

/// What reading a frame told besides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// The server asked for an answer at once.
    pub reply_requested: bool,
    /// The furthest position that the frame named: what to report as written.
    pub written: Lsn,
    /// The server's clock at the last envelope.
    pub sent: PgTimestamp,
}

impl Assembler {
    /// An assembler for a new connection.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }

    /// Takes a frame: complete CopyData messages, one after the other, **with** their headers (`d`, length). It is kept, not copied.
    ///
    /// # Errors
    /// When the stream can't be understood.
    pub fn read(&mut self, frame: Bytes) -> Result<Read, Error> {
        let _ = frame;
        Err(Error::Protocol {
            lsn: self.settings.checkpoint,
            what: String::new(),
        })
    }

    /// How many bytes wait to be taken.
    #[must_use]
    pub fn waiting(&self) -> usize {
        0
    }

    /// Whether something is there to take: a whole transaction, a part that has reached its size, a streamed part, an end, or a position.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        false
    }

    /// Takes the next delivery. Consecutive whole transactions come as one piece, as many as have arrived.
    pub fn take(&mut self) -> Option<Delivery> {
        None
    }
}
