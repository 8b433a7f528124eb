//! Map Runs: what a store keeps of them, and how their children are read.

use std::sync::Arc;

use crate::records::{ExecutionRecord, Parent};

/// A Map Run: the children that one attempt of a distributed Map starts. They are executions with its [`Parent`], numbered in the order of
/// their items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapRunRecord {
    /// The execution that it is of, and the attempt that waits for it: no two runs have the same.
    pub parent: Parent,
    /// Its own part of its ARN, unique among all runs.
    pub name: Arc<str>,
    /// How far it is.
    pub status: MapRunStatus,
    /// When it started: milliseconds since 1970.
    pub started_at: i64,
    /// When it ended.
    pub stopped_at: Option<i64>,
    /// Everything else, which only its keeper reads: JSON text with a version.
    pub document: Arc<str>,
}

/// How far a Map Run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MapRunStatus {
    /// It is not over.
    Running,
    /// All its items were worked on, and not too many failed.
    Succeeded,
    /// Too many items failed, or they could not be read, or their results not written.
    Failed,
    /// The execution went on or ended without it.
    Aborted,
}

/// A child with the two ends of its history.
#[derive(Clone, Debug, PartialEq)]
pub struct ChildRecord {
    /// The child.
    pub record: ExecutionRecord,
    /// The chunk with its first event; none while nothing of an Express child is written.
    pub first: Option<Arc<[u8]>>,
    /// The chunk with its last event, unless that is the first one.
    pub last: Option<Arc<[u8]>>,
}

/// Which children of a Map Run are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChildFilter {
    /// The run's own.
    pub parent: Parent,
    /// Only those with this status.
    pub status: Option<crate::records::ExecutionStatus>,
}
