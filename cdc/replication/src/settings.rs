//! Task settings: DMS's JSON with its defaults, and a section of our own.
//!
//! What DMS knows and has no effect here is accepted; [`TaskSettings::warnings`] names it where it asks for something else than DMS's default.

mod known;
mod reader;
#[cfg(test)]
mod tests;

use std::time::Duration;

use reader::Reader;

/// The schema of the task's own tables at the target, when the settings name none.
pub const CONTROL_SCHEMA: &str = "ratchet";

/// Why settings can't be used. The text names the path, and what is allowed there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Error(pub(crate) String);

/// A task's settings.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskSettings {
    /// `FullLoadSettings`.
    pub full_load: FullLoadSettings,
    /// `TargetMetadata.BatchApplyEnabled`, or transactional apply.
    pub apply: ApplyMode,
    /// `ChangeProcessingTuning`.
    pub tuning: Tuning,
    /// `ChangeProcessingDdlHandlingPolicy`.
    pub ddl: DdlPolicies,
    /// `ErrorBehavior`.
    pub errors: ErrorBehavior,
    /// `ControlTablesSettings.ControlSchema`: where the task keeps its own tables at the target. `ratchet` if it is empty.
    pub control_schema: String,
    /// `Replication`, ours: what DMS has no setting for.
    pub replication: ReplicationSettings,
    /// Settings that were given and have no effect here, each with the reason.
    pub warnings: Vec<String>,
}

/// How changes are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplyMode {
    /// As soon as possible, one or more whole source transactions in one of the target.
    Transactional,
    /// In windows, which are as long as the tuning says.
    Batch,
}

/// `FullLoadSettings`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FullLoadSettings {
    /// `TargetTablePrepMode`.
    pub prepare: PrepareMode,
    /// `MaxFullLoadSubTasks`: how many parts are loaded at the same time, at most.
    pub sub_tasks: usize,
    /// `StopTaskCachedChangesApplied`: stop when the changes that came during the load are applied.
    pub stop_after_cached_changes: bool,
    /// `StopTaskCachedChangesNotApplied`: stop right after the load.
    pub stop_after_load: bool,
}

/// What is done with a target table before its load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrepareMode {
    /// Nothing; made when it is missing.
    DoNothing,
    /// Dropped and made anew.
    DropAndCreate,
    /// Emptied; made when it is missing.
    TruncateBeforeLoad,
}

/// `ChangeProcessingTuning`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tuning {
    /// `BatchApplyTimeoutMin`: the least time between two windows' beginnings. 0 is ours: no waiting.
    pub batch_timeout_min: Duration,
    /// `BatchApplyTimeoutMax`: the longest that a change waits for its window.
    pub batch_timeout_max: Duration,
    /// `BatchApplyMemoryLimit` in bytes: how large a window may grow.
    pub batch_memory: usize,
    /// `MinTransactionSize`: changes that one target transaction gathers at most while the target is busy.
    pub min_transaction_size: usize,
    /// `MemoryLimitTotal` in bytes: what changes that can't be applied yet may take in memory before they go to disk.
    pub memory_total: usize,
}

/// What happens to a kind of data definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DdlPolicy {
    /// It is done at the target.
    Apply,
    /// It is logged.
    Ignore,
    /// The task stops, before it.
    Stop,
}

/// `ChangeProcessingDdlHandlingPolicy`. Each of its settings is `true` (apply), `false` (ignore), or, ours, `"STOP"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DdlPolicies {
    /// `HandleSourceTableDropped`.
    pub dropped: DdlPolicy,
    /// `HandleSourceTableTruncated`.
    pub truncated: DdlPolicy,
    /// `HandleSourceTableAltered`: also created and renamed.
    pub altered: DdlPolicy,
}

/// What happens when a change can't be applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorPolicy {
    /// It is left out.
    IgnoreRecord,
    /// It is left out and written to the exceptions table.
    LogError,
    /// Its table is not replicated any more.
    SuspendTable,
    /// The task stops.
    StopTask,
    /// An insert whose key is there becomes an update (`INSERT_RECORD`), an update whose row is missing an insert (`UPDATE_RECORD`).
    Upsert,
}

/// `ErrorBehavior`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorBehavior {
    /// `DataErrorPolicy`: a value or row that the target refuses.
    pub data: ErrorPolicy,
    /// `DataErrorEscalationPolicy`, after `DataErrorEscalationCount` of a table (0: never).
    pub data_escalation: (ErrorPolicy, u64),
    /// `TableErrorPolicy`: a table that can't be loaded or written as a whole.
    pub table: ErrorPolicy,
    /// `TableErrorEscalationPolicy`, after `TableErrorEscalationCount` of the task (0: never).
    pub table_escalation: (ErrorPolicy, u64),
    /// `ApplyErrorInsertPolicy`: the key is there already.
    pub insert: ErrorPolicy,
    /// `ApplyErrorUpdatePolicy`: the row is missing.
    pub update: ErrorPolicy,
    /// `ApplyErrorDeletePolicy`: the row is missing.
    pub delete: ErrorPolicy,
    /// `ApplyErrorEscalationPolicy`, after `ApplyErrorEscalationCount` of a table (0: never).
    pub apply_escalation: (ErrorPolicy, u64),
    /// `RecoverableErrorCount`: restarts after trouble with a connection; none without limit (-1).
    pub recoverable_count: Option<u64>,
    /// `RecoverableErrorInterval`: the longest pause between two restarts begins at this.
    pub recoverable_interval: Duration,
    /// `RecoverableErrorThrottlingMax`: it grows up to this.
    pub recoverable_throttling_max: Duration,
    /// `FailOnNoTablesCaptured`: a selection that matches nothing is an error.
    pub fail_on_no_tables: bool,
}

/// `Replication`: what DMS has no setting for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplicationSettings {
    /// `ApplyWorkers`: target transactions that are prepared at the same time (transactional mode); 1 is serial.
    pub apply_workers: usize,
    /// `ExactBoundaries`: one target transaction for each of the source.
    pub exact_boundaries: bool,
    /// `CaptureDdls`: install an event trigger at the source when that is allowed.
    pub capture_ddls: bool,
    /// `Streaming`: take large transactions while they are in progress.
    pub streaming: bool,
    /// `TwoPhase`: prepare at the target what is prepared at the source.
    pub two_phase: bool,
    /// `WithoutOrigin`: leave out changes that themselves came by replication.
    pub without_origin: bool,
    /// `HeartbeatSeconds`: pause between heartbeats when the database is idle; none for 0.
    pub heartbeat: Option<Duration>,
    /// `SlotLockTimeoutSeconds`: how long the creation of the slot waits for transactions in progress, before it is tried again.
    pub slot_lock_timeout: Duration,
    /// `PartBytes`: a table larger than this is loaded in parts of this size.
    pub part_bytes: u64,
    /// `SynchronousCommit`: whether the target's transactions wait for their flush; if not, positions are confirmed only when they are flushed.
    pub synchronous_commit: bool,
}

impl Default for TaskSettings {
    fn default() -> Self {
        Self::parse("{}").expect("an empty document leaves every setting at its default")
    }
}

impl TaskSettings {
    /// Reads the document. Sections and settings that it leaves out, or that are null, have their defaults.
    ///
    /// # Errors
    /// When it is no JSON object, names a setting that neither DMS nor we have, or gives one a value that it can't have.
    ///
    /// Source: the DMS guide, "Specifying task settings for AWS Database Migration Service tasks".
    pub fn parse(document: &str) -> Result<Self, Error> {
        let reader = Reader::new(document)?;
        let warnings = reader.check()?;
        Ok(Self {
            full_load: FullLoadSettings::read(&reader),
            apply: if reader.flag("TargetMetadata.BatchApplyEnabled") {
                ApplyMode::Batch
            } else {
                ApplyMode::Transactional
            },
            tuning: Tuning::read(&reader),
            ddl: DdlPolicies::read(&reader),
            errors: ErrorBehavior::read(&reader),
            control_schema: match reader.text("ControlTablesSettings.ControlSchema") {
                "" => CONTROL_SCHEMA.to_owned(),
                name => name.to_owned(),
            },
            replication: ReplicationSettings::read(&reader),
            warnings,
        })
    }
}

impl FullLoadSettings {
    fn read(reader: &Reader) -> Self {
        Self {
            prepare: match reader.text("FullLoadSettings.TargetTablePrepMode") {
                "DROP_AND_CREATE" => PrepareMode::DropAndCreate,
                "TRUNCATE_BEFORE_LOAD" => PrepareMode::TruncateBeforeLoad,
                _ => PrepareMode::DoNothing,
            },
            sub_tasks: reader.size("FullLoadSettings.MaxFullLoadSubTasks"),
            stop_after_cached_changes: reader.flag("FullLoadSettings.StopTaskCachedChangesApplied"),
            stop_after_load: reader.flag("FullLoadSettings.StopTaskCachedChangesNotApplied"),
        }
    }
}

impl Tuning {
    fn read(reader: &Reader) -> Self {
        const MIB: usize = 1 << 20;
        Self {
            batch_timeout_min: reader.seconds("ChangeProcessingTuning.BatchApplyTimeoutMin"),
            batch_timeout_max: reader.seconds("ChangeProcessingTuning.BatchApplyTimeoutMax"),
            batch_memory: reader
                .size("ChangeProcessingTuning.BatchApplyMemoryLimit")
                .saturating_mul(MIB),
            min_transaction_size: reader.size("ChangeProcessingTuning.MinTransactionSize"),
            memory_total: reader
                .size("ChangeProcessingTuning.MemoryLimitTotal")
                .saturating_mul(MIB),
        }
    }
}

impl DdlPolicies {
    fn read(reader: &Reader) -> Self {
        let policy =
            |name: &str| reader.ddl_policy(&format!("ChangeProcessingDdlHandlingPolicy.{name}"));
        Self {
            dropped: policy("HandleSourceTableDropped"),
            truncated: policy("HandleSourceTableTruncated"),
            altered: policy("HandleSourceTableAltered"),
        }
    }
}

impl ErrorBehavior {
    fn read(reader: &Reader) -> Self {
        let policy = |name: &str| error_policy(reader.text(&format!("ErrorBehavior.{name}")));
        let count = |name: &str| reader.number(&format!("ErrorBehavior.{name}"));
        let interval = reader.seconds("ErrorBehavior.RecoverableErrorInterval");
        let escalation = |what: &str| {
            (
                policy(&format!("{what}EscalationPolicy")),
                u64::try_from(count(&format!("{what}EscalationCount"))).unwrap_or(0),
            )
        };
        Self {
            data: policy("DataErrorPolicy"),
            data_escalation: escalation("DataError"),
            table: policy("TableErrorPolicy"),
            table_escalation: escalation("TableError"),
            insert: policy("ApplyErrorInsertPolicy"),
            update: policy("ApplyErrorUpdatePolicy"),
            delete: policy("ApplyErrorDeletePolicy"),
            apply_escalation: escalation("ApplyError"),
            recoverable_count: u64::try_from(count("RecoverableErrorCount")).ok(),
            recoverable_interval: interval,
            recoverable_throttling_max: if reader.flag("ErrorBehavior.RecoverableErrorThrottling") {
                reader
                    .seconds("ErrorBehavior.RecoverableErrorThrottlingMax")
                    .max(interval)
            } else {
                interval
            },
            fail_on_no_tables: reader.flag("ErrorBehavior.FailOnNoTablesCaptured"),
        }
    }
}

impl ReplicationSettings {
    fn read(reader: &Reader) -> Self {
        let heartbeat = reader.seconds("Replication.HeartbeatSeconds");
        Self {
            apply_workers: reader.size("Replication.ApplyWorkers"),
            exact_boundaries: reader.flag("Replication.ExactBoundaries"),
            capture_ddls: reader.flag("Replication.CaptureDdls"),
            streaming: reader.flag("Replication.Streaming"),
            two_phase: reader.flag("Replication.TwoPhase"),
            without_origin: reader.flag("Replication.WithoutOrigin"),
            heartbeat: (!heartbeat.is_zero()).then_some(heartbeat),
            slot_lock_timeout: reader.seconds("Replication.SlotLockTimeoutSeconds"),
            part_bytes: u64::try_from(reader.number("Replication.PartBytes"))
                .expect("its least value is positive"),
            synchronous_commit: reader.flag("Replication.SynchronousCommit"),
        }
    }
}

/// The reader has checked that it is one of these.
fn error_policy(name: &str) -> ErrorPolicy {
    match name {
        "IGNORE_RECORD" => ErrorPolicy::IgnoreRecord,
        "LOG_ERROR" => ErrorPolicy::LogError,
        "SUSPEND_TABLE" => ErrorPolicy::SuspendTable,
        "INSERT_RECORD" | "UPDATE_RECORD" => ErrorPolicy::Upsert,
        _ => ErrorPolicy::StopTask,
    }
}
