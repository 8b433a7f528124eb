//! The messages of a logical replication stream.
//!
//! Source: PostgreSQL's documentation, "Logical Replication Message Formats".

use crate::lsn::Lsn;
use crate::time::PgTimestamp;
use crate::tuple::Tuple;

/// A table's identity at the source: its `pg_class.oid`.
pub type RelationId = u32;
/// A transaction's (or subtransaction's) id.
pub type Xid = u32;

/// One message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Message<'a> {
    /// A transaction that committed begins.
    Begin(Begin),
    /// It is complete.
    Commit(Commit),
    /// The transaction came to the source by replication.
    Origin {
        /// Its commit at that origin.
        lsn: Lsn,
        /// The origin's name.
        name: &'a str,
    },
    /// What a relation looks like from here on.
    Relation(RelationBody<'a>),
    /// A type that is not built in, before the relation that uses it.
    Type {
        /// The subtransaction, inside a streamed part.
        xid: Option<Xid>,
        /// The type's OID at the source.
        id: u32,
        /// Its schema.
        namespace: &'a str,
        /// Its name.
        name: &'a str,
    },
    /// A row was inserted.
    Insert {
        /// The subtransaction, inside a streamed part.
        xid: Option<Xid>,
        /// The table.
        relation: RelationId,
        /// The row.
        new: Tuple<'a>,
    },
    /// A row was changed.
    Update {
        /// The subtransaction, inside a streamed part.
        xid: Option<Xid>,
        /// The table.
        relation: RelationId,
        /// What it was, as far as the replica identity tells and needs to.
        old: Option<OldTuple<'a>>,
        /// What it is.
        new: Tuple<'a>,
    },
    /// A row was deleted.
    Delete {
        /// The subtransaction, inside a streamed part.
        xid: Option<Xid>,
        /// The table.
        relation: RelationId,
        /// What it was.
        old: OldTuple<'a>,
    },
    /// Tables were emptied, all in one statement.
    Truncate(Truncate<'a>),
    /// What `pg_logical_emit_message` wrote.
    Logical {
        /// The transaction, inside a streamed part.
        xid: Option<Xid>,
        /// Whether it belongs to its transaction (or was written at once).
        transactional: bool,
        /// Its position.
        lsn: Lsn,
        /// Whom it is for.
        prefix: &'a str,
        /// What it says.
        content: &'a [u8],
    },
    /// A part of a transaction in progress begins.
    StreamStart {
        /// The top-level transaction.
        xid: Xid,
        /// Whether this is its first part.
        first: bool,
    },
    /// The part ends.
    StreamStop,
    /// A transaction that was streamed committed.
    StreamCommit {
        /// The top-level transaction.
        xid: Xid,
        /// Where and when.
        commit: Commit,
    },
    /// A transaction that was streamed, or a subtransaction of it, aborted.
    StreamAbort {
        /// The top-level transaction.
        xid: Xid,
        /// What aborted: the same, or a subtransaction.
        subxid: Xid,
        /// Where and when; from version 4 on with `streaming = parallel`.
        abort: Option<(Lsn, PgTimestamp)>,
    },
    /// A transaction that was prepared begins (two-phase commit).
    BeginPrepare(Prepared<'a>),
    /// It is complete, and prepared.
    Prepare(Prepared<'a>),
    /// A prepared transaction was committed.
    CommitPrepared {
        /// Where and when.
        commit: Commit,
        /// Which.
        xid: Xid,
        /// Its global identifier.
        gid: &'a str,
    },
    /// A prepared transaction was rolled back.
    RollbackPrepared {
        /// Where the PREPARE ended.
        prepare_end_lsn: Lsn,
        /// Where the rollback ended.
        end_lsn: Lsn,
        /// When it was prepared.
        prepare_time: PgTimestamp,
        /// When it was rolled back.
        rollback_time: PgTimestamp,
        /// Which.
        xid: Xid,
        /// Its global identifier.
        gid: &'a str,
    },
    /// A transaction that was streamed was prepared.
    StreamPrepare(Prepared<'a>),
}

/// How a transaction begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begin {
    /// Where its commit record starts.
    pub commit_lsn: Lsn,
    /// When it committed.
    pub commit_time: PgTimestamp,
    /// Its id.
    pub xid: Xid,
}

/// How it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Where its commit record starts.
    pub commit_lsn: Lsn,
    /// Where it ends: the position to go on from.
    pub end_lsn: Lsn,
    /// When it committed.
    pub commit_time: PgTimestamp,
}

/// A transaction that was prepared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prepared<'a> {
    /// Where the PREPARE's record starts.
    pub prepare_lsn: Lsn,
    /// Where it ends.
    pub end_lsn: Lsn,
    /// When.
    pub prepare_time: PgTimestamp,
    /// The transaction.
    pub xid: Xid,
    /// Its global identifier.
    pub gid: &'a str,
}

/// What a relation looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelationBody<'a> {
    /// The subtransaction, inside a streamed part.
    pub xid: Option<Xid>,
    /// The table.
    pub id: RelationId,
    /// Its schema; empty on the wire for `pg_catalog`, and then `pg_catalog` here.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
    /// What identifies a row in updates and deletes.
    pub identity: ReplicaIdentity,
    /// How many columns are published.
    pub column_count: u16,
    /// The columns' bytes, checked; see [`RelationBody::columns`].
    pub(crate) columns: &'a [u8],
}

/// A published column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnBody<'a> {
    /// Whether it is a part of the replica identity.
    pub key: bool,
    /// Its name.
    pub name: &'a str,
    /// Its type's OID at the source.
    pub type_id: u32,
    /// Its type's modifier (`atttypmod`), -1 without.
    pub type_modifier: i32,
}

/// `pg_class.relreplident`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReplicaIdentity {
    /// The primary key.
    Default,
    /// Nothing: updates and deletes are not published.
    Nothing,
    /// The whole row.
    Full,
    /// A unique index that is not the primary key.
    Index,
}

/// The row before the change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OldTuple<'a> {
    /// The columns of the replica identity; **the others are null placeholders**.
    Key(Tuple<'a>),
    /// The whole row.
    Full(Tuple<'a>),
}

/// Tables were emptied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Truncate<'a> {
    /// The subtransaction, inside a streamed part.
    pub xid: Option<Xid>,
    /// Whether tables that refer to them were emptied, too.
    pub cascade: bool,
    /// Whether their sequences were restarted.
    pub restart_identity: bool,
    /// The relations' bytes; see [`Truncate::relations`].
    pub(crate) relations: &'a [u8],
}

impl<'a> RelationBody<'a> {
    /// The published columns, in order.
    pub fn columns(&self) -> impl Iterator<Item = ColumnBody<'a>> + use<'a> {
        crate::decode::columns(self.columns)
    }
}

impl<'a> Truncate<'a> {
    /// The tables.
    pub fn relations(&self) -> impl Iterator<Item = RelationId> + use<'a> {
        self.relations.chunks_exact(4).map(|id| {
            RelationId::from_be_bytes(id.try_into().expect("chunks_exact gives four bytes"))
        })
    }
}
