//! Frames of the stream in, deliveries out: whole transactions, in pieces of bounded size.
//!
//! ```text
//!   Begin, Insert, …, Commit ──► growing ──► Piece: all whole transactions that have arrived
//!                                   └─ an unfinished transaction that is too large for one piece: Piece, Piece, … (open)
//!   StreamStart, …, StreamStop ──► Streamed { xid, piece } … then StreamedCommit or StreamedAbort
//!   keepalives, empty transactions ──► Position
//! ```

mod changes;
mod delivering;
mod growing;
mod prepared;
mod progress;
mod versions;
mod whole;

use std::collections::VecDeque;

use bytes::Bytes;
use pgoutput::decode::Place;
use pgoutput::envelope::Envelope;
use pgoutput::message::{Begin, Commit, OldTuple, RelationId, Xid};
use pgoutput::{Lsn, Message, PgTimestamp};

use self::delivering::bytes_of;
use self::growing::{At, Growing};
use self::prepared::Decision;
use self::versions::{Used, Versions};
use crate::piece::{ChangeKind, Delivery, TransactionEnd};

/// Puts transactions together. One for each connection: relations are told anew on each.
///
/// The stream must have been started at the checkpoint (or before it). Transactions that end at or before the checkpoint are dropped;
/// those that are *prepared* before it are not: the server sends them only when they were never sent before, and commit after it.
#[derive(Debug)]
pub struct Assembler {
    settings: Settings,
    /// What can be taken, in order, before what is growing.
    ready: VecDeque<Delivery>,
    /// The bytes of `ready`.
    ready_bytes: usize,
    /// What the next changes are added to.
    growing: Growing,
    /// Whose changes `growing` holds.
    owner: Owner,
    /// Where in the stream the next message stands.
    stand: Stand,
    versions: Versions,
    /// The table of the last change, as it is looked up again and again.
    latest: Option<(RelationId, Used)>,
    /// The furthest position that may be told when all before it is taken, and when the server said so.
    position: (Lsn, PgTimestamp),
    /// The furthest position that was handed over, as the end of a transaction or by itself.
    told: Lsn,
    /// The furthest position that the stream named.
    seen: Lsn,
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

/// Whose changes the growing piece holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    /// Transactions that committed (or were prepared).
    Whole,
    /// One in progress.
    Streamed(Xid),
}

/// Where in the stream a message stands.
#[derive(Clone, Copy, Debug)]
enum Stand {
    /// In no transaction.
    Between,
    /// In one that is told as a whole.
    Whole(Whole),
    /// In a part of one in progress.
    Streamed(Xid),
}

/// A transaction that is told as a whole.
#[derive(Clone, Copy, Debug)]
struct Whole {
    begin: Begin,
    kind: WholeKind,
    /// Whether it has changes.
    any: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WholeKind {
    Committed,
    /// It was applied already.
    Dropped,
    Prepared,
}

impl Assembler {
    /// An assembler for a new connection.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            told: settings.checkpoint,
            seen: settings.checkpoint,
            settings,
            ready: VecDeque::new(),
            ready_bytes: 0,
            growing: Growing::default(),
            owner: Owner::Whole,
            stand: Stand::Between,
            versions: Versions::default(),
            latest: None,
            position: (Lsn::ZERO, PgTimestamp(0)),
        }
    }

    /// Takes a frame: complete CopyData messages, one after the other, **with** their headers (`d`, length). It is kept, not copied.
    ///
    /// # Errors
    /// When the stream can't be understood.
    pub fn read(&mut self, frame: Bytes) -> Result<Read, Error> {
        if u32::try_from(frame.len()).is_err() {
            return Err(self.protocol("a frame of 4 GiB or more"));
        }
        self.growing.next_frame();
        let mut read = Read::default();
        let mut start = 0;
        while start < frame.len() {
            let payload_start = start + 5;
            let end = match frame[start..].first_chunk() {
                Some(&[b'd', a, b, c, d]) => start + 1 + u32::from_be_bytes([a, b, c, d]) as usize,
                _ => return Err(self.protocol("something else than a CopyData message")),
            };
            let Some(payload) = frame.get(payload_start..end) else {
                return Err(self.protocol("a CopyData message that is cut short"));
            };
            let envelope = Envelope::decode(payload).map_err(|source| self.unreadable(source))?;
            match envelope {
                Envelope::Data {
                    start: lsn,
                    end: wal_end,
                    sent,
                    body,
                } => {
                    self.seen = self.seen.max(lsn).max(wal_end);
                    read.sent = sent;
                    let at = At {
                        frame: &frame,
                        body: end - body.len(),
                        end,
                        size: end - start,
                    };
                    self.message(body, &at, sent)?;
                }
                Envelope::Keepalive {
                    end,
                    sent,
                    reply_requested,
                } => {
                    self.seen = self.seen.max(end);
                    read.sent = sent;
                    read.reply_requested |= reply_requested;
                    // In the middle of a transaction it can tell nothing that the ones before haven't told.
                    if !matches!(self.stand, Stand::Whole(_)) {
                        self.reached(end, sent);
                    }
                }
            }
            start = end;
        }
        read.written = self.seen;
        Ok(read)
    }

    /// How many bytes wait to be taken.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.ready_bytes + self.growing.bytes()
    }

    /// Whether something is there to take: a whole transaction, a part that has reached its size, a streamed part, an end, or a position.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        !self.ready.is_empty() || self.is_grown() || self.position.0 > self.told
    }

    /// Takes the next delivery. Consecutive whole transactions come as one piece, as many as have arrived.
    pub fn take(&mut self) -> Option<Delivery> {
        if self.ready.is_empty() {
            if self.is_grown() {
                self.close_whole();
            } else {
                self.close_position();
            }
        }
        let delivery = self.ready.pop_front()?;
        self.ready_bytes -= bytes_of(&delivery);
        Some(delivery)
    }

    fn message(&mut self, body: &[u8], at: &At<'_>, sent: PgTimestamp) -> Result<(), Error> {
        let place = match self.stand {
            Stand::Streamed(_) => Place::Streamed,
            Stand::Between | Stand::Whole(_) => Place::Whole,
        };
        let message = Message::decode(body, place).map_err(|source| self.unreadable(source))?;
        match message {
            Message::Insert { xid, relation, new } => {
                self.row(at, xid, relation, ChangeKind::Insert, (new.len(), None))
            }
            Message::Update {
                xid,
                relation,
                old,
                new,
            } => {
                let (kind, old) = match old {
                    None => (ChangeKind::Update, None),
                    Some(OldTuple::Key(old)) => (ChangeKind::UpdateKey, Some(old.len())),
                    Some(OldTuple::Full(old)) => (ChangeKind::UpdateFull, Some(old.len())),
                };
                self.row(at, xid, relation, kind, (new.len(), old))
            }
            Message::Delete { xid, relation, old } => {
                let (kind, old) = match old {
                    OldTuple::Key(old) => (ChangeKind::DeleteKey, old.len()),
                    OldTuple::Full(old) => (ChangeKind::DeleteFull, old.len()),
                };
                self.row(at, xid, relation, kind, (old, None))
            }
            Message::Begin(begin) => self.begin(begin),
            Message::Commit(commit) => self.commit(commit, at.size, sent),
            Message::Relation(body) => {
                self.relation(&body);
                Ok(())
            }
            Message::Truncate(truncate) => self.truncate(&truncate, at.size),
            Message::Logical {
                xid,
                transactional,
                prefix,
                content,
                ..
            } => match transactional && self.keeps(prefix) {
                true => self.logical(at, xid, prefix, content.len()),
                false => Ok(()),
            },
            Message::Origin { .. } | Message::Type { .. } => Ok(()),
            Message::StreamStart { xid, .. } => self.stream_start(xid),
            Message::StreamStop => self.stream_stop(),
            Message::StreamCommit { xid, commit } => self.stream_commit(xid, commit, sent),
            Message::StreamAbort { xid, subxid, .. } => self.stream_abort(xid, subxid),
            Message::BeginPrepare(prepared) => self.begin_prepare(&prepared),
            Message::Prepare(prepared) => self.prepare(&prepared),
            Message::StreamPrepare(prepared) => self.stream_prepare(&prepared),
            Message::CommitPrepared { commit, xid, gid } => {
                self.prepared_end(gid, Decision::Committed, end_of(xid, commit))
            }
            Message::RollbackPrepared {
                end_lsn,
                rollback_time,
                xid,
                gid,
                ..
            } => {
                // The record of the rollback is only known by its end.
                let commit = Commit {
                    commit_lsn: end_lsn,
                    end_lsn,
                    commit_time: rollback_time,
                };
                self.prepared_end(gid, Decision::RolledBack, end_of(xid, commit))
            }
        }
    }

    fn between(&self, what: &str) -> Result<(), Error> {
        match self.stand {
            Stand::Between => Ok(()),
            Stand::Whole(_) | Stand::Streamed(_) => {
                Err(self.protocol(&format!("{what} in the middle of a transaction")))
            }
        }
    }

    #[cold]
    fn protocol(&self, what: &str) -> Error {
        Error::Protocol {
            lsn: self.seen,
            what: what.to_owned(),
        }
    }

    #[cold]
    fn unreadable(&self, source: pgoutput::Error) -> Error {
        Error::Message {
            lsn: self.seen,
            source,
        }
    }
}

fn end_of(xid: Xid, commit: Commit) -> TransactionEnd {
    TransactionEnd {
        changes: 0,
        xid,
        commit_lsn: commit.commit_lsn,
        end_lsn: commit.end_lsn,
        commit_time: commit.commit_time,
    }
}
