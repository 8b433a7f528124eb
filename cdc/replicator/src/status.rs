//! How a task is doing, for whoever watches it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use pgoutput::{Lsn, PgTimestamp};
use replication::relation::TableName;
use replication::table_state::{TableState, TableStatistics};

/// How a task is doing. It is changed in place, and read through [`tokio::sync::watch::Receiver::borrow`].
#[derive(Clone, Debug)]
pub struct Status {
    /// What it is at.
    pub phase: Phase,
    /// Its tables, by their names at the source.
    pub tables: BTreeMap<TableName, TableStatus>,
    /// How far the stream was read.
    pub received: Lsn,
    /// How far the target has come: durable.
    pub applied: Lsn,
    /// How far the source was told that all is durable.
    pub confirmed: Lsn,
    /// The source's end of WAL, as last heard.
    pub source_end: Lsn,
    /// When the last transaction that was applied committed at the source.
    pub commit_time: Option<PgTimestamp>,
    /// How long after its commit at the source the last transaction was durable at the target, by both clocks. Zero when the source has sent
    /// nothing since that is not applied.
    pub lag: Duration,
    /// Source transactions that were applied.
    pub transactions: u64,
    /// Transactions of the target that did it.
    pub target_transactions: u64,
    /// Changes that were applied.
    pub changes: u64,
    /// Bytes of the stream that were applied.
    pub bytes: u64,
    /// Bytes of transactions in progress that wait on disk.
    pub spilled_bytes: u64,
    /// How often the task began again after trouble.
    pub restarts: u64,
    /// Indexes and constraints that are still to be made after the load.
    pub definitions_left: u64,
    /// When the task began, in this process.
    pub started: Instant,
}

/// What a task is at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It connects, checks, and prepares the target.
    Starting,
    /// Rows are being copied.
    Loading,
    /// Indexes and constraints are being made.
    Indexing,
    /// Changes are being applied.
    Following {
        /// Whether everything that the source had committed when it was last asked is applied.
        caught_up: bool,
    },
    /// There was trouble; it begins again after a pause.
    Recovering {
        /// What trouble.
        reason: String,
    },
    /// It ends, as it was asked to.
    Stopping,
    /// It has ended.
    Stopped,
    /// It can't go on: its tables must be loaded anew, and only a person may decide that.
    ResyncRequired {
        /// Why.
        reason: String,
    },
    /// It has ended with an error.
    Failed {
        /// What happened.
        reason: String,
    },
}

/// How a table is doing.
#[derive(Clone, Debug)]
pub struct TableStatus {
    /// How far it is.
    pub state: TableState,
    /// What was counted.
    pub statistics: TableStatistics,
    /// How many rows the source thinks it has.
    pub expected_rows: u64,
    /// How many bytes it has at the source.
    pub expected_bytes: u64,
    /// When its load began and ended, in this process.
    pub load_started: Option<Instant>,
    /// When its load ended.
    pub load_finished: Option<Instant>,
    /// Why it is suspended.
    pub error: Option<String>,
}

impl Status {
    /// A task that begins now.
    #[must_use]
    pub fn new() -> Self {
        Self {
            phase: Phase::Starting,
            tables: BTreeMap::new(),
            received: Lsn::ZERO,
            applied: Lsn::ZERO,
            confirmed: Lsn::ZERO,
            source_end: Lsn::ZERO,
            commit_time: None,
            lag: Duration::ZERO,
            transactions: 0,
            target_transactions: 0,
            changes: 0,
            bytes: 0,
            spilled_bytes: 0,
            restarts: 0,
            definitions_left: 0,
            started: Instant::now(),
        }
    }

    /// How many bytes of WAL the target is behind the source.
    #[must_use]
    pub fn lag_bytes(&self) -> u64 {
        self.source_end.0.saturating_sub(self.applied.0)
    }

    /// Rows and bytes that the load has copied.
    #[must_use]
    pub fn loaded(&self) -> (u64, u64) {
        self.tables.values().fold((0, 0), |(rows, bytes), table| {
            (
                rows + table.statistics.full_load_rows,
                bytes + table.statistics.full_load_bytes,
            )
        })
    }

    /// How many tables are in a state.
    #[must_use]
    pub fn tables_in(&self, state: TableState) -> usize {
        self.tables
            .values()
            .filter(|table| table.state == state)
            .count()
    }
}

impl Default for Status {
    fn default() -> Self {
        Self::new()
    }
}

impl TableStatus {
    /// A table of which nothing is known but its state.
    #[must_use]
    pub fn new(state: TableState) -> Self {
        Self {
            state,
            statistics: TableStatistics::default(),
            expected_rows: 0,
            expected_bytes: 0,
            load_started: None,
            load_finished: None,
            error: None,
        }
    }
}

impl Phase {
    /// A word for it, as metrics and lists have it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Loading => "loading",
            Self::Indexing => "indexing",
            Self::Following { .. } => "following",
            Self::Recovering { .. } => "recovering",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::ResyncRequired { .. } => "resync-required",
            Self::Failed { .. } => "failed",
        }
    }
}
