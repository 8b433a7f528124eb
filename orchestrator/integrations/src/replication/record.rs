//! What of a replication task survives the process.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use store::records::ResourceRecord;

use crate::replication::definition::Definition;

/// The kind of these resources in the store.
pub(crate) const KIND: &str = "replication-task";

/// The version of [`Record`]s that this binary writes.
const VERSION: u32 = 1;

/// A replication task as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Record {
    version: u32,
    pub(crate) definition: Definition,
    /// Whether it is to run: then it is started again with the server.
    pub(crate) wanted: Wanted,
    /// The execution that started it: when that is stopped, so is the task.
    pub(crate) owner: Option<Arc<str>>,
    /// The attempt that started it, which may come again after a crash.
    pub(crate) attempt: Option<String>,
    /// Whether it has yet to begin anew.
    pub(crate) reloads: bool,
    /// When it was created, first started, and last started: milliseconds since 1970.
    pub(crate) created_at: i64,
    pub(crate) fresh_at: i64,
    pub(crate) started_at: i64,
    /// How it ended, if it has.
    pub(crate) end: Option<End>,
}

/// What a task is wanted to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Wanted {
    Running,
    Stopped,
}

/// How a task ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct End {
    pub(crate) how: How,
    /// What happened, if it failed.
    pub(crate) message: Option<String>,
    /// When: milliseconds since 1970.
    pub(crate) at: i64,
    /// What the statistics were: DMS's JSON.
    pub(crate) statistics: Option<Figures>,
}

/// Figures that are shown of a task that has ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Figures {
    /// `ReplicationTaskStats`
    pub(crate) task: String,
    /// `TableStatistics`
    pub(crate) tables: String,
}

/// The ways to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum How {
    /// Every table is loaded, and more was not wanted.
    FullLoadFinished,
    /// It has caught up, and more was not wanted.
    CaughtUp,
    /// It was asked to stop.
    Stopped,
    /// It failed, and starting it again may help.
    Failed,
    /// It failed, and can't go on without loading its tables anew.
    ResyncRequired,
}

impl Record {
    /// A task that is to run.
    pub(crate) fn new(definition: Definition, now: i64) -> Self {
        Self {
            version: VERSION,
            definition,
            wanted: Wanted::Running,
            owner: None,
            attempt: None,
            reloads: false,
            created_at: now,
            fresh_at: now,
            started_at: now,
            end: None,
        }
    }

    /// Reads what [`Record::resource`] wrote.
    ///
    /// # Errors
    /// When the document is of a version that this binary does not know, or damaged.
    pub(crate) fn read(resource: &ResourceRecord) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let text = &*resource.document;
        let wrong = |why: &dyn std::fmt::Display| {
            format!("cannot read the replication task {}: {why}", resource.name)
        };
        let Versioned { version } = serde_json::from_str(text).map_err(|error| wrong(&error))?;
        if version != VERSION {
            return Err(wrong(&format_args!(
                "its version is {version}, this binary knows {VERSION}"
            )));
        }
        serde_json::from_str(text).map_err(|error| wrong(&error))
    }

    /// The record as a store keeps it.
    pub(crate) fn resource(&self, name: &Arc<str>) -> ResourceRecord {
        let document = serde_json::to_string(self).expect("a record has string keys only");
        ResourceRecord {
            kind: Arc::from(KIND),
            name: name.clone(),
            document: document.into(),
        }
    }
}
