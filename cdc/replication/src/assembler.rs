//! Frames of the stream in, deliveries out: whole transactions, in pieces of bounded size.
//!
//! ```text
//!   Begin, Insert, …, Commit ──► growing ──► Piece: all whole transactions that have arrived
//!                                   └─ an unfinished transaction that is too large for one piece: Piece, Piece, … (open)
//!   StreamStart, …, StreamStop ──► Streamed { xid, piece } … then StreamedCommit or StreamedAbort
//!   keepalives, empty transactions ──► Position
//! ```

mod growing;
mod versions;

use std::collections::VecDeque;

use bytes::Bytes;
use pgoutput::decode::Place;
use pgoutput::envelope::Envelope;
use pgoutput::message::{Begin, Commit, OldTuple, Prepared, RelationBody, RelationId, Xid};
use pgoutput::{Lsn, Message, PgTimestamp};

use self::growing::{At, Growing};
use self::versions::{Used, Versions};
use crate::piece::{Barrier, ChangeKind, Delivery, TransactionEnd};

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

    /// Whether what grows can be taken: not in the middle of a transaction, nor of a streamed part.
    fn is_grown(&self) -> bool {
        match self.owner {
            Owner::Whole => self.growing.has_whole(),
            Owner::Streamed(_) => {
                !self.growing.is_empty() && !matches!(self.stand, Stand::Streamed(_))
            }
        }
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
            Message::Truncate(truncate) => {
                let Some(xid) = self.change_of(truncate.xid)? else {
                    return Ok(());
                };
                let relations = truncate
                    .relations()
                    .map(|id| self.use_relation(id, xid).map(|used| used.index))
                    .collect::<Result<Vec<u32>, Error>>()?;
                let barrier = Barrier::Truncate {
                    relations,
                    cascade: truncate.cascade,
                    restart_identity: truncate.restart_identity,
                };
                self.barrier(barrier, at.size, xid);
                Ok(())
            }
            Message::Logical {
                xid,
                transactional,
                prefix,
                content,
                ..
            } => {
                let kept = self
                    .settings
                    .message_prefixes
                    .iter()
                    .any(|kept| kept == prefix);
                if !transactional || !kept {
                    return Ok(());
                }
                let Some(xid) = self.change_of(xid)? else {
                    return Ok(());
                };
                let barrier = Barrier::Message {
                    prefix: prefix.to_owned(),
                    content: at.frame.slice(at.end - content.len()..at.end),
                };
                self.barrier(barrier, at.size, xid);
                Ok(())
            }
            Message::Origin { .. } | Message::Type { .. } => Ok(()),
            Message::StreamStart { xid, .. } => {
                self.between("StreamStart")?;
                self.owned_by(Owner::Streamed(xid));
                self.versions.open(xid);
                self.stand = Stand::Streamed(xid);
                Ok(())
            }
            Message::StreamStop => match self.stand {
                Stand::Streamed(_) => {
                    self.stand = Stand::Between;
                    Ok(())
                }
                Stand::Between | Stand::Whole(_) => {
                    Err(self.protocol("StreamStop outside of a streamed part"))
                }
            },
            Message::StreamCommit { xid, commit } => self.stream_commit(xid, commit, sent),
            Message::StreamAbort { xid, subxid, .. } => self.stream_abort(xid, subxid),
            Message::BeginPrepare(prepared) => {
                self.between("BeginPrepare")?;
                self.owned_by(Owner::Whole);
                // The transactions before it are to be committed, and this one isn't.
                self.close_whole();
                self.stand = Stand::Whole(Whole {
                    begin: Begin {
                        commit_lsn: prepared.prepare_lsn,
                        commit_time: prepared.prepare_time,
                        xid: prepared.xid,
                    },
                    kind: WholeKind::Prepared,
                    any: false,
                });
                Ok(())
            }
            Message::Prepare(prepared) => match self.stand {
                Stand::Whole(Whole {
                    kind: WholeKind::Prepared,
                    begin,
                    ..
                }) if begin.xid == prepared.xid => {
                    self.close_part();
                    self.stand = Stand::Between;
                    self.prepared(&prepared, Streamed::No);
                    Ok(())
                }
                _ => Err(self.protocol("Prepare outside of its transaction")),
            },
            Message::StreamPrepare(prepared) => {
                self.between("StreamPrepare")?;
                self.owned_by(Owner::Whole);
                if self.versions.close(prepared.xid).is_none() {
                    return Err(self.never_streamed(prepared.xid));
                }
                self.prepared(&prepared, Streamed::Yes);
                Ok(())
            }
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

    /// A row's change. `columns` are the counts of its tuples.
    #[inline]
    fn row(
        &mut self,
        at: &At<'_>,
        xid: Option<Xid>,
        relation: RelationId,
        kind: ChangeKind,
        columns: (usize, Option<usize>),
    ) -> Result<(), Error> {
        let Some(xid) = self.change_of(xid)? else {
            self.versions.skip(relation);
            return Ok(());
        };
        let used = match self.latest {
            Some((latest, used)) if latest == relation => used,
            _ => self.use_relation(relation, xid)?,
        };
        let (first, second) = (columns.0, columns.1.unwrap_or(used.columns));
        if first != used.columns || second != used.columns {
            return Err(self.protocol(&format!(
                "a row of {} columns for table {relation}, which has {}",
                if first == used.columns { second } else { first },
                used.columns
            )));
        }
        self.growing.row(kind, used.index, at, xid);
        if self.growing.unfinished_bytes() >= self.settings.piece_bytes {
            self.close_part();
        }
        Ok(())
    }

    /// Notes that a change comes, and tells the subtransaction that makes it if it is streamed; nothing if it is to be dropped.
    #[inline]
    fn change_of(&mut self, xid: Option<Xid>) -> Result<Option<Option<Xid>>, Error> {
        match &mut self.stand {
            Stand::Whole(whole) if whole.kind == WholeKind::Dropped => Ok(None),
            Stand::Whole(whole) => {
                whole.any = true;
                Ok(Some(None))
            }
            Stand::Streamed(top) => Ok(Some(Some(xid.unwrap_or(*top)))),
            Stand::Between => Err(self.protocol("a change outside of any transaction")),
        }
    }

    /// A relation's place in the growing piece. If it is another than at its last use, a barrier goes before.
    fn use_relation(&mut self, id: RelationId, xid: Option<Xid>) -> Result<Used, Error> {
        let stream = match self.owner {
            Owner::Whole => None,
            Owner::Streamed(top) => Some(top),
        };
        let Some(used) = self.versions.find(id, stream, &mut self.growing, xid) else {
            return Err(self.protocol(&format!("a change of table {id}, which was not described")));
        };
        self.latest = Some((id, used));
        Ok(used)
    }

    fn barrier(&mut self, barrier: Barrier, size: usize, xid: Option<Xid>) {
        self.growing.barrier(barrier, size, xid);
        if self.growing.unfinished_bytes() >= self.settings.piece_bytes {
            self.close_part();
        }
    }

    fn relation(&mut self, body: &RelationBody<'_>) {
        self.latest = None;
        let stream = match self.stand {
            Stand::Streamed(top) => Some((top, body.xid.unwrap_or(top))),
            Stand::Between | Stand::Whole(_) => None,
        };
        self.versions.tell(body, stream);
    }

    fn begin(&mut self, begin: Begin) -> Result<(), Error> {
        self.between("Begin")?;
        self.owned_by(Owner::Whole);
        // Positions lie between records: a commit that starts before the checkpoint ends at it or before, too. Commit checks that.
        let kind = if begin.commit_lsn < self.settings.checkpoint {
            WholeKind::Dropped
        } else {
            WholeKind::Committed
        };
        self.stand = Stand::Whole(Whole {
            begin,
            kind,
            any: false,
        });
        Ok(())
    }

    fn commit(&mut self, commit: Commit, size: usize, sent: PgTimestamp) -> Result<(), Error> {
        let Stand::Whole(whole) = self.stand else {
            return Err(self.protocol("Commit outside of a transaction"));
        };
        if whole.begin.commit_lsn != commit.commit_lsn {
            return Err(self.protocol("Commit of another transaction than the one that began"));
        }
        match whole.kind {
            WholeKind::Prepared => {
                return Err(self.protocol("Commit of a transaction that is prepared"));
            }
            WholeKind::Dropped if commit.end_lsn > self.settings.checkpoint => {
                return Err(self.protocol(&format!(
                    "a commit from {} to {}, and the checkpoint {} is within it",
                    commit.commit_lsn, commit.end_lsn, self.settings.checkpoint
                )));
            }
            WholeKind::Committed if whole.any => {
                self.growing.end(end_of(whole.begin.xid, commit), size);
            }
            WholeKind::Dropped | WholeKind::Committed => self.reached(commit.end_lsn, sent),
        }
        self.stand = Stand::Between;
        Ok(())
    }

    fn stream_commit(&mut self, xid: Xid, commit: Commit, sent: PgTimestamp) -> Result<(), Error> {
        self.between("StreamCommit")?;
        self.owned_by(Owner::Whole);
        let Some(any) = self.versions.commit(xid) else {
            return Err(self.never_streamed(xid));
        };
        if !any {
            self.reached(commit.end_lsn, sent);
        } else if commit.end_lsn <= self.settings.checkpoint {
            self.push_end(Lsn::ZERO, Delivery::StreamedAbort { xid, subxid: xid });
        } else {
            let end = end_of(xid, commit);
            self.push_end(end.end_lsn, Delivery::StreamedCommit { end });
        }
        Ok(())
    }

    fn stream_abort(&mut self, xid: Xid, subxid: Xid) -> Result<(), Error> {
        self.between("StreamAbort")?;
        self.owned_by(Owner::Whole);
        if self.versions.abort(xid, subxid) {
            self.push_end(Lsn::ZERO, Delivery::StreamedAbort { xid, subxid });
        }
        Ok(())
    }

    fn prepared(&mut self, prepared: &Prepared<'_>, streamed: Streamed) {
        let end = TransactionEnd {
            changes: 0,
            xid: prepared.xid,
            commit_lsn: prepared.prepare_lsn,
            end_lsn: prepared.end_lsn,
            commit_time: prepared.prepare_time,
        };
        let delivery = Delivery::Prepared {
            gid: prepared.gid.to_owned(),
            streamed: streamed == Streamed::Yes,
            end,
        };
        self.push_end(end.end_lsn, delivery);
    }

    fn prepared_end(
        &mut self,
        gid: &str,
        decision: Decision,
        end: TransactionEnd,
    ) -> Result<(), Error> {
        self.between("the end of a prepared transaction")?;
        if end.end_lsn <= self.settings.checkpoint {
            return Ok(());
        }
        self.owned_by(Owner::Whole);
        let delivery = Delivery::PreparedEnd {
            gid: gid.to_owned(),
            committed: decision == Decision::Committed,
            end,
        };
        self.push_end(end.end_lsn, delivery);
        Ok(())
    }

    /// The stream is past a position, and all that committed before it has arrived.
    fn reached(&mut self, lsn: Lsn, sent: PgTimestamp) {
        if lsn >= self.position.0 {
            self.position = (lsn, sent);
        }
    }

    /// Makes room for changes of another owner.
    fn owned_by(&mut self, owner: Owner) {
        if self.owner != owner {
            self.close_whole();
            self.owner = owner;
            self.latest = None;
        }
    }

    /// Closes the whole transactions that have grown, or the streamed part. What is unfinished grows on.
    fn close_whole(&mut self) {
        match self.owner {
            Owner::Whole => {
                let Some(piece) = self.growing.take_whole() else {
                    return;
                };
                if let Some(end) = piece.ends.last() {
                    self.told = self.told.max(end.end_lsn);
                }
                self.push(Delivery::Piece(piece));
            }
            Owner::Streamed(xid) => {
                let Some(piece) = self.growing.take_all() else {
                    return;
                };
                self.versions.handed_over(xid);
                self.push(Delivery::Streamed { xid, piece });
            }
        }
        self.latest = None;
    }

    /// Closes all that has grown, an unfinished transaction, too.
    fn close_part(&mut self) {
        self.close_whole();
        if self.owner == Owner::Whole && !self.growing.is_empty() {
            // Once a part is handed over, its receiver has a transaction open and can't confirm anything before its end.
            self.close_position();
            if let Some(piece) = self.growing.take_all() {
                self.push(Delivery::Piece(piece));
            }
            self.latest = None;
        }
    }

    fn close_position(&mut self) {
        let (lsn, sent) = self.position;
        if lsn > self.told {
            self.told = lsn;
            self.push(Delivery::Position { lsn, sent });
        }
    }

    /// Adds what has its place after the transactions that have grown. `lsn` is where it ends, if it is an end.
    fn push_end(&mut self, lsn: Lsn, delivery: Delivery) {
        self.close_whole();
        self.told = self.told.max(lsn);
        self.push(delivery);
    }

    fn push(&mut self, delivery: Delivery) {
        self.ready_bytes += bytes_of(&delivery);
        self.ready.push_back(delivery);
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
    fn never_streamed(&self, xid: Xid) -> Error {
        self.protocol(&format!(
            "the end of streamed transaction {xid}, of which no part has come"
        ))
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

/// Whether a prepared transaction was streamed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Streamed {
    Yes,
    No,
}

/// What became of a prepared transaction.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Decision {
    Committed,
    RolledBack,
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

fn bytes_of(delivery: &Delivery) -> usize {
    match delivery {
        Delivery::Piece(piece) | Delivery::Streamed { piece, .. } => piece.bytes,
        Delivery::StreamedAbort { .. }
        | Delivery::StreamedCommit { .. }
        | Delivery::Prepared { .. }
        | Delivery::PreparedEnd { .. }
        | Delivery::Position { .. } => 0,
    }
}
