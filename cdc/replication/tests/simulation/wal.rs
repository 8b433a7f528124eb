//! What the source writes down, in the order in which it happens.

use std::rc::Rc;

use pgoutput::message::Xid;
use replication::shape::TableShape;

use crate::database::Row;

#[derive(Clone, Debug)]
pub(crate) struct Record {
    /// Where it starts, and where it ends.
    pub(crate) lsn: u64,
    pub(crate) end: u64,
    /// The transaction.
    pub(crate) top: Xid,
    /// The subtransaction, or the transaction itself.
    pub(crate) xid: Xid,
    pub(crate) body: Body,
}

#[derive(Clone, Debug)]
pub(crate) enum Body {
    Row {
        /// What the table looks like to the transaction.
        shape: Rc<TableShape>,
        before: Option<Row>,
        after: Option<Row>,
    },
    Truncate {
        shapes: Vec<Rc<TableShape>>,
        cascade: bool,
    },
    /// A table has another definition.
    Define(u32),
    /// What the source's event trigger tells of it.
    Told(Rc<TableShape>),
    /// A logical message that belongs to no transaction.
    Heartbeat,
    /// Subtransactions aborted.
    SubtransactionsAbort(Vec<Xid>),
    Commit,
    Abort,
    Prepare(String),
    CommitPrepared(String),
    RollbackPrepared(String),
}
