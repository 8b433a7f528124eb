//! A piece of the stream, ready for the target: the bytes as they came, and what is where in them.

use std::sync::Arc;

use bytes::Bytes;
use pgoutput::message::{RelationId, Xid};
use pgoutput::{Lsn, PgTimestamp, Tuple, Values};

use crate::relation::Relation;

/// A run of changes with the bytes that they point into. It holds whole transactions, or a part of one that is too large for one piece.
#[derive(Clone, Debug, Default)]
pub struct Piece {
    /// The bytes that the changes point into.
    pub frames: Vec<Bytes>,
    /// The relations that the changes name, each version of each by itself.
    pub relations: Vec<Arc<Relation>>,
    /// The changes, in the order of the stream.
    pub changes: Vec<Change>,
    /// What a change of kind [`ChangeKind::Barrier`] is.
    pub barriers: Vec<Barrier>,
    /// The transactions that end in this piece, in commit order. Changes after the last one's belong to a transaction that goes on.
    pub ends: Vec<TransactionEnd>,
    /// Runs of one subtransaction each, in a streamed piece; empty in others.
    pub subtransactions: Vec<Subtransaction>,
    /// How many bytes of the stream it stands for.
    pub bytes: usize,
}

/// One change: where its tuples are. Sixteen bytes, as there are many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// What happened.
    pub kind: ChangeKind,
    /// Index into [`Piece::relations`]; for barriers into [`Piece::barriers`].
    pub relation: u32,
    /// Index into [`Piece::frames`].
    pub frame: u32,
    /// Where in the frame the first tuple's count stands.
    pub offset: u32,
}

/// What happened to a row, and which tuples follow at the change's offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// New.
    Insert,
    /// New; the key is what it was.
    Update,
    /// Key of the old row, a byte `N`, new.
    UpdateKey,
    /// Whole old row, a byte `N`, new.
    UpdateFull,
    /// Key of the old row.
    DeleteKey,
    /// Whole old row.
    DeleteFull,
    /// Everything before it must be done before it, and it before everything after it.
    Barrier,
}

/// What is no row's change and keeps its place among them.
#[derive(Clone, Debug, PartialEq)]
pub enum Barrier {
    /// Tables were emptied, in one statement.
    Truncate {
        /// Which: indexes into [`Piece::relations`].
        relations: Vec<u32>,
        /// Also tables that refer to them.
        cascade: bool,
        /// Also their sequences.
        restart_identity: bool,
    },
    /// A relation looks different from what it was when last seen: index of the new version in [`Piece::relations`].
    Relation {
        /// What it was.
        before: Arc<Relation>,
        /// What it is: index into [`Piece::relations`].
        after: u32,
    },
    /// A transactional message of `pg_logical_emit_message`, with a prefix that the assembler was told to keep.
    Message {
        /// Its prefix.
        prefix: String,
        /// Its content.
        content: Bytes,
    },
}

/// The end of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransactionEnd {
    /// Its changes end before this index of [`Piece::changes`].
    pub changes: u32,
    /// Its id at the source.
    pub xid: Xid,
    /// Where its commit record starts.
    pub commit_lsn: Lsn,
    /// Where it ends: the position to go on from.
    pub end_lsn: Lsn,
    /// When it committed at the source.
    pub commit_time: PgTimestamp,
}

/// A run of changes of one (sub)transaction in a streamed piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subtransaction {
    /// Whose: the top-level transaction's id, or a subtransaction's.
    pub xid: Xid,
    /// The run ends before this index of [`Piece::changes`].
    pub changes: u32,
}

impl Piece {
    /// The row before the change: its key (the other columns are placeholders), or all of it.
    #[must_use]
    pub fn old(&self, change: &Change) -> Option<Tuple<'_>> {
        match change.kind {
            ChangeKind::UpdateKey
            | ChangeKind::UpdateFull
            | ChangeKind::DeleteKey
            | ChangeKind::DeleteFull => Some(self.first(change).0),
            ChangeKind::Insert | ChangeKind::Update | ChangeKind::Barrier => None,
        }
    }

    /// The row after the change.
    #[must_use]
    #[expect(
        clippy::new_ret_no_self,
        reason = "old and new are what the protocol calls the two rows"
    )]
    pub fn new(&self, change: &Change) -> Option<Tuple<'_>> {
        match change.kind {
            ChangeKind::Insert | ChangeKind::Update => Some(self.first(change).0),
            ChangeKind::UpdateKey | ChangeKind::UpdateFull => {
                let length = self.first(change).1;
                // The byte `N` stands between the two.
                let rest = &self.bytes_at(change)[length + 1..];
                Some(
                    Tuple::read(rest)
                        .expect("the assembler decoded this tuple")
                        .0,
                )
            }
            ChangeKind::DeleteKey | ChangeKind::DeleteFull | ChangeKind::Barrier => None,
        }
    }

    /// The values of the row before the change, as in [`Self::old`]; only those that are asked for are looked at.
    #[must_use]
    #[inline]
    pub fn old_values(&self, change: &Change) -> Option<Values<'_>> {
        match change.kind {
            ChangeKind::UpdateKey
            | ChangeKind::UpdateFull
            | ChangeKind::DeleteKey
            | ChangeKind::DeleteFull => Some(Values::at(self.bytes_at(change))),
            ChangeKind::Insert | ChangeKind::Update | ChangeKind::Barrier => None,
        }
    }

    /// The values of the row after the change, as in [`Self::new`]; only those that are asked for are looked at.
    #[must_use]
    #[inline]
    pub fn new_values(&self, change: &Change) -> Option<Values<'_>> {
        match change.kind {
            ChangeKind::Insert | ChangeKind::Update => Some(Values::at(self.bytes_at(change))),
            ChangeKind::UpdateKey | ChangeKind::UpdateFull => {
                // The byte `N` stands between the two.
                let rest = Values::at(self.bytes_at(change)).rest();
                Some(Values::at(rest.get(1..)?))
            }
            ChangeKind::DeleteKey | ChangeKind::DeleteFull | ChangeKind::Barrier => None,
        }
    }

    /// The relation of a row's change.
    #[must_use]
    pub fn relation(&self, change: &Change) -> &Arc<Relation> {
        &self.relations[change.relation as usize]
    }

    /// Whether a transaction goes on after this piece.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.ends.last().map_or(!self.changes.is_empty(), |end| {
            (end.changes as usize) < self.changes.len()
        })
    }

    fn first(&self, change: &Change) -> (Tuple<'_>, usize) {
        Tuple::read(self.bytes_at(change)).expect("the assembler decoded this tuple")
    }

    fn bytes_at(&self, change: &Change) -> &[u8] {
        &self.frames[change.frame as usize][change.offset as usize..]
    }
}

/// What the assembler hands on, in the order in which it must be taken.
#[derive(Clone, Debug)]
pub enum Delivery {
    /// Whole transactions in commit order, or the next part of one.
    Piece(Piece),
    /// A part of a transaction in progress: it may still abort.
    Streamed {
        /// The top-level transaction.
        xid: Xid,
        /// Its next changes; no [`Piece::ends`].
        piece: Piece,
    },
    /// A transaction in progress, or a subtransaction of it, aborted: its changes never were.
    StreamedAbort {
        /// The top-level transaction.
        xid: Xid,
        /// What aborted: the same, or a subtransaction.
        subxid: Xid,
    },
    /// A transaction in progress committed: now is its place in the commit order.
    StreamedCommit {
        /// Its end; `changes` has no meaning.
        end: TransactionEnd,
    },
    /// A whole transaction was prepared. Its changes are in the pieces before (up to an open end), or were streamed. It may have been
    /// prepared before the checkpoint: the server tells it then because it was never told, and commits now.
    Prepared {
        /// Its global identifier at the source.
        gid: String,
        /// Whether its changes were streamed.
        streamed: bool,
        /// Where the PREPARE ends; `changes` has no meaning.
        end: TransactionEnd,
    },
    /// A prepared transaction was committed, or rolled back.
    PreparedEnd {
        /// Its global identifier at the source.
        gid: String,
        /// How.
        committed: bool,
        /// Where the record ends; `changes` has no meaning.
        end: TransactionEnd,
    },
    /// The stream is past this position and nothing that was not delivered is before it: it may be confirmed when all that was
    /// delivered before is durable.
    Position {
        /// The position.
        lsn: Lsn,
        /// The server's clock.
        sent: PgTimestamp,
    },
}

/// A relation's OID, to ask for it by.
pub type Relations = hashbrown::HashMap<RelationId, Arc<Relation>, foldhash::fast::FixedState>;
