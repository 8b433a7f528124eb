//! How far each table is, and what was counted for it.

use pgoutput::Lsn;
use serde::{Deserialize, Serialize};

use crate::net::Counts;

/// A table's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TableState {
    /// It is to be loaded. Set when the task begins, and when its load must begin anew.
    BeforeLoad,
    /// Its rows are being copied. Set by the load.
    FullLoad,
    /// It is loaded, and follows the stream from its snapshot on. Set by the load.
    Completed,
    /// Its changes are not applied any more. Set by the error policies.
    Suspended,
}

impl TableState {
    /// As DMS calls it in a table's statistics.
    #[must_use]
    pub fn dms_name(self) -> &'static str {
        match self {
            Self::BeforeLoad => "Before load",
            Self::FullLoad => "Full load",
            Self::Completed => "Table completed",
            Self::Suspended => "Table error",
        }
    }
}

/// What was counted for a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TableStatistics {
    /// Rows copied by the load.
    pub full_load_rows: u64,
    /// Bytes copied by the load.
    pub full_load_bytes: u64,
    /// Changes of the source that were applied.
    pub applied: Counts,
    /// Truncations.
    pub truncates: u64,
    /// Changes of its definition.
    pub ddls: u64,
    /// Rows that went to the exceptions table.
    pub exceptions: u64,
    /// Transactions that end at or before it are in the table's snapshot.
    pub snapshot_lsn: Lsn,
}
