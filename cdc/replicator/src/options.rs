//! What a task's surroundings give it: where it may spill, and who listens.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use replication::relation::TableName;

/// A task's surroundings.
#[derive(Clone)]
pub struct Options {
    /// Where changes go that wait for their transaction's end and don't fit into memory. The task makes a directory of its own in it, and removes
    /// it at the end. What is in there need not survive anything.
    pub spill_directory: PathBuf,
    /// Who listens to what happens.
    pub observer: Observer,
    /// Is called when the task comes to a named point (see [`crash_points`]); for tests that end the process there.
    pub crash_point: fn(&'static str),
}

/// Who listens to what happens. Called in the middle of things: it must return at once.
pub type Observer = Arc<dyn Fn(&Notice) + Send + Sync>;

/// Something that a person may want to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// How grave it is.
    pub level: Level,
    /// The source table that it is about, if it is about one.
    pub table: Option<TableName>,
    /// What happened: one sentence, without a period at its end.
    pub text: String,
}

/// How grave a notice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As it should be.
    Information,
    /// Somebody should look at it; the task goes on.
    Warning,
}

/// The points at which [`Options::crash_point`] is called.
pub mod crash_points {
    /// The slot is there, and nothing else.
    pub const SLOT_CREATED: &str = "slot-created";
    /// The target's tables are there, and empty.
    pub const TABLES_CREATED: &str = "tables-created";
    /// A part of a table is loaded, and remembered.
    pub const PART_COPIED: &str = "part-copied";
    /// All parts of a table are loaded, and remembered.
    pub const TABLE_LOADED: &str = "table-loaded";
    /// An index or a constraint is there.
    pub const INDEX_BUILT: &str = "index-built";
    /// The load is over, and remembered.
    pub const LOAD_FINISHED: &str = "load-finished";
    /// A transaction is about to be committed at the target.
    pub const BEFORE_COMMIT: &str = "before-commit";
    /// It is committed.
    pub const AFTER_COMMIT: &str = "after-commit";
    /// A position is about to be confirmed to the source.
    pub const BEFORE_CONFIRM: &str = "before-confirm";
    /// It is confirmed.
    pub const AFTER_CONFIRM: &str = "after-confirm";
    /// Changes of a transaction in progress went to disk.
    pub const SPILL_WRITTEN: &str = "spill-written";
    /// A part of a transaction in progress is applied, uncommitted.
    pub const STREAMED_APPLIED: &str = "streamed-applied";
    /// A data definition is done at the target, uncommitted.
    pub const DDL_APPLIED: &str = "ddl-applied";
    /// All of them.
    pub const ALL: [&str; 13] = [
        SLOT_CREATED,
        TABLES_CREATED,
        PART_COPIED,
        TABLE_LOADED,
        INDEX_BUILT,
        LOAD_FINISHED,
        BEFORE_COMMIT,
        AFTER_COMMIT,
        BEFORE_CONFIRM,
        AFTER_CONFIRM,
        SPILL_WRITTEN,
        STREAMED_APPLIED,
        DDL_APPLIED,
    ];
}

impl Options {
    /// Nobody listens; spills go to the directory.
    #[must_use]
    pub fn new(spill_directory: impl Into<PathBuf>) -> Self {
        Self {
            spill_directory: spill_directory.into(),
            observer: Arc::new(|_| ()),
            crash_point: |_| (),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Options")
            .field("spill_directory", &self.spill_directory)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.table {
            Some(table) => write!(formatter, "{table}: {}", self.text),
            None => formatter.write_str(&self.text),
        }
    }
}
