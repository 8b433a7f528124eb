//! Every setting that is known: its path, what it may be, its default, and whether it does something here.
//!
//! Source: the DMS guide, "Task settings example" and the pages of its sections; the section `Replication` is ours.

/// One setting.
pub(super) struct Known {
    /// Section and name.
    pub(super) path: &'static str,
    /// What it may be.
    pub(super) kind: Kind,
    /// Whether it does something here.
    pub(super) effect: Effect,
}

/// What a setting may be, with its default.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// `true` or `false`.
    Flag(bool),
    /// A whole number between two, both included: default, least, most.
    Number(i64, i64, i64),
    /// Any text.
    Text(&'static str),
    /// One of these; the first is the default.
    Choice(&'static [&'static str]),
    /// `true` (the default), `false` or `"STOP"`.
    DdlPolicy,
    /// Anything; null is the default.
    Any,
}

/// Whether a setting does something here.
#[derive(Clone, Copy)]
pub(super) enum Effect {
    /// It is read.
    Read,
    /// It does nothing, and nobody misses it: no warning.
    Quiet,
    /// It does nothing, for this reason: a warning unless it is at its default.
    None(&'static str),
    /// It would change what the target gets, and isn't supported: refused unless it is at its default.
    Refused(&'static str),
}

use Effect::{None as Inert, Quiet, Read, Refused};
use Kind::{Any, Choice, DdlPolicy, Flag, Number, Text};

const COUNT: i64 = i32::MAX as i64;

const WHOLE_VALUES: &str = "values are always copied whole";
const LOAD_THREADS: &str = "tables are loaded in parallel parts; see Replication.PartBytes and FullLoadSettings.MaxFullLoadSubTasks";
const APPLY_THREADS: &str = "changes are applied in parallel as Replication.ApplyWorkers says";
const NO_VALIDATION: &str = "validation is not supported yet";
const CONTROL_TABLES: &str =
    "progress and errors are in the control schema's own tables and in awsdms_apply_exceptions";
const CONSISTENT: &str = "the load begins with a snapshot that is consistent with the stream";

const DATA_POLICY: &[&str] = &["LOG_ERROR", "IGNORE_RECORD", "SUSPEND_TABLE", "STOP_TASK"];

const fn known(path: &'static str, kind: Kind, effect: Effect) -> Known {
    Known { path, kind, effect }
}

/// All of them.
#[rustfmt::skip]
pub(super) const SETTINGS: &[Known] = &[
    known("TargetMetadata.TargetSchema", Text(""), Refused("tables keep their schema at the target")),
    known("TargetMetadata.SupportLobs", Flag(true), Inert(WHOLE_VALUES)),
    known("TargetMetadata.FullLobMode", Flag(false), Quiet),
    known("TargetMetadata.LobChunkSize", Number(0, 0, COUNT), Quiet),
    known("TargetMetadata.LimitedSizeLobMode", Flag(true), Quiet),
    known("TargetMetadata.LobMaxSize", Number(32, 0, COUNT), Inert(WHOLE_VALUES)),
    known("TargetMetadata.InlineLobMaxSize", Number(0, 0, COUNT), Quiet),
    known("TargetMetadata.LoadMaxFileSize", Number(0, 0, COUNT), Quiet),
    known("TargetMetadata.ParallelLoadThreads", Number(0, 0, COUNT), Inert(LOAD_THREADS)),
    known("TargetMetadata.ParallelLoadBufferSize", Number(0, 0, COUNT), Inert(LOAD_THREADS)),
    known("TargetMetadata.ParallelLoadQueuesPerThread", Number(0, 0, COUNT), Inert(LOAD_THREADS)),
    known("TargetMetadata.ParallelApplyThreads", Number(0, 0, COUNT), Inert(APPLY_THREADS)),
    known("TargetMetadata.ParallelApplyBufferSize", Number(0, 0, COUNT), Inert(APPLY_THREADS)),
    known("TargetMetadata.ParallelApplyQueuesPerThread", Number(0, 0, COUNT), Inert(APPLY_THREADS)),
    known("TargetMetadata.BatchApplyEnabled", Flag(false), Read),
    known("TargetMetadata.TaskRecoveryTableEnabled", Flag(false), Quiet),

    known("FullLoadSettings.TargetTablePrepMode", Choice(&["DO_NOTHING", "DROP_AND_CREATE", "TRUNCATE_BEFORE_LOAD"]), Read),
    known("FullLoadSettings.CreatePkAfterFullLoad", Flag(false), Quiet),
    known("FullLoadSettings.StopTaskCachedChangesApplied", Flag(false), Read),
    known("FullLoadSettings.StopTaskCachedChangesNotApplied", Flag(false), Read),
    known("FullLoadSettings.MaxFullLoadSubTasks", Number(8, 1, 49), Read),
    known("FullLoadSettings.TransactionConsistencyTimeout", Number(600, 0, COUNT), Inert(CONSISTENT)),
    known("FullLoadSettings.CommitRate", Number(10_000, 1, 50_000), Inert("each part of a table is one transaction of the target")),

    known("Logging.EnableLogging", Flag(false), Quiet),
    known("Logging.EnableLogContext", Flag(false), Quiet),
    known("Logging.LogComponents", Any, Quiet),
    known("Logging.LogConfiguration", Any, Quiet),
    known("Logging.CloudWatchLogGroup", Any, Quiet),
    known("Logging.CloudWatchLogStream", Any, Quiet),
    known("Logging.DeleteTaskLogs", Flag(false), Quiet),

    known("ControlTablesSettings.ControlSchema", Text(""), Read),
    known("ControlTablesSettings.HistoryTimeslotInMinutes", Number(5, 0, COUNT), Quiet),
    known("ControlTablesSettings.historyTimeslotInMinutes", Number(5, 0, COUNT), Quiet),
    known("ControlTablesSettings.CommitPositionTableEnabled", Flag(false), Inert(CONTROL_TABLES)),
    known("ControlTablesSettings.HistoryTableEnabled", Flag(false), Inert(CONTROL_TABLES)),
    known("ControlTablesSettings.SuspendedTablesTableEnabled", Flag(false), Inert(CONTROL_TABLES)),
    known("ControlTablesSettings.StatusTableEnabled", Flag(false), Inert(CONTROL_TABLES)),
    known("ControlTablesSettings.FullLoadExceptionTableEnabled", Flag(false), Inert(CONTROL_TABLES)),

    known("StreamBufferSettings.StreamBufferCount", Number(3, 1, COUNT), Quiet),
    known("StreamBufferSettings.StreamBufferSizeInMB", Number(8, 1, COUNT), Quiet),
    known("StreamBufferSettings.CtrlStreamBufferSizeInMB", Number(5, 1, COUNT), Quiet),

    known("ChangeProcessingDdlHandlingPolicy.HandleSourceTableDropped", DdlPolicy, Read),
    known("ChangeProcessingDdlHandlingPolicy.HandleSourceTableTruncated", DdlPolicy, Read),
    known("ChangeProcessingDdlHandlingPolicy.HandleSourceTableAltered", DdlPolicy, Read),

    known("ErrorBehavior.DataErrorPolicy", Choice(DATA_POLICY), Read),
    known("ErrorBehavior.EventErrorPolicy", Choice(&["IGNORE", "STOP_TASK"]), Quiet),
    known("ErrorBehavior.DataTruncationErrorPolicy", Choice(DATA_POLICY), Inert("a value that is too long is a data error; see DataErrorPolicy")),
    known("ErrorBehavior.DataMaskingErrorPolicy", Choice(&["STOP_TASK", "LOG_ERROR", "IGNORE_RECORD", "SUSPEND_TABLE"]), Quiet),
    known("ErrorBehavior.DataErrorEscalationPolicy", Choice(&["SUSPEND_TABLE", "STOP_TASK"]), Read),
    known("ErrorBehavior.DataErrorEscalationCount", Number(0, 0, COUNT), Read),
    known("ErrorBehavior.TableErrorPolicy", Choice(&["SUSPEND_TABLE", "STOP_TASK"]), Read),
    known("ErrorBehavior.TableErrorEscalationPolicy", Choice(&["STOP_TASK"]), Read),
    known("ErrorBehavior.TableErrorEscalationCount", Number(0, 0, COUNT), Read),
    known("ErrorBehavior.RecoverableErrorCount", Number(-1, -1, COUNT), Read),
    known("ErrorBehavior.RecoverableErrorInterval", Number(5, 0, COUNT), Read),
    known("ErrorBehavior.RecoverableErrorThrottling", Flag(true), Read),
    known("ErrorBehavior.RecoverableErrorThrottlingMax", Number(1800, 0, COUNT), Read),
    known("ErrorBehavior.RecoverableErrorStopRetryAfterThrottlingMax", Flag(true), Quiet),
    known("ErrorBehavior.ApplyErrorDeletePolicy", Choice(&["IGNORE_RECORD", "LOG_ERROR", "SUSPEND_TABLE", "STOP_TASK"]), Read),
    known("ErrorBehavior.ApplyErrorInsertPolicy", Choice(&["LOG_ERROR", "IGNORE_RECORD", "INSERT_RECORD", "SUSPEND_TABLE", "STOP_TASK"]), Read),
    known("ErrorBehavior.ApplyErrorUpdatePolicy", Choice(&["LOG_ERROR", "IGNORE_RECORD", "UPDATE_RECORD", "SUSPEND_TABLE", "STOP_TASK"]), Read),
    known("ErrorBehavior.ApplyErrorEscalationPolicy", Choice(&["LOG_ERROR", "SUSPEND_TABLE", "STOP_TASK"]), Read),
    known("ErrorBehavior.ApplyErrorEscalationCount", Number(0, 0, COUNT), Read),
    known("ErrorBehavior.ApplyErrorFailOnTruncationDdl", Flag(false), Inert("see ChangeProcessingDdlHandlingPolicy.HandleSourceTableTruncated, which may be \"STOP\"")),
    known("ErrorBehavior.FullLoadIgnoreConflicts", Flag(true), Quiet),
    known("ErrorBehavior.FailOnTransactionConsistencyBreached", Flag(false), Inert(CONSISTENT)),
    known("ErrorBehavior.FailOnNoTablesCaptured", Flag(true), Read),

    known("ChangeProcessingTuning.BatchApplyPreserveTransaction", Flag(true), Inert("a window always ends where a transaction of the source ends")),
    known("ChangeProcessingTuning.BatchApplyTimeoutMin", Number(1, 0, COUNT), Read),
    known("ChangeProcessingTuning.BatchApplyTimeoutMax", Number(30, 0, COUNT), Read),
    known("ChangeProcessingTuning.BatchApplyMemoryLimit", Number(500, 1, COUNT), Read),
    known("ChangeProcessingTuning.BatchSplitSize", Number(0, 0, COUNT), Inert("a window is one transaction of the target")),
    known("ChangeProcessingTuning.MinTransactionSize", Number(1000, 1, COUNT), Read),
    known("ChangeProcessingTuning.CommitTimeout", Number(1, 0, COUNT), Inert("changes are applied as soon as the target is free")),
    known("ChangeProcessingTuning.MemoryLimitTotal", Number(1024, 1, COUNT), Read),
    known("ChangeProcessingTuning.MemoryKeepTime", Number(60, 0, COUNT), Quiet),
    known("ChangeProcessingTuning.StatementCacheSize", Number(50, 0, 200), Quiet),
    known("ChangeProcessingTuning.RecoveryTimeout", Number(-1, -1, COUNT), Inert("a task goes on from its checkpoint for as long as the source has what follows it")),

    known("ValidationSettings.EnableValidation", Flag(false), Inert(NO_VALIDATION)),
    known("ValidationSettings.ValidationMode", Choice(&["ROW_LEVEL", "GROUP_LEVEL"]), Inert(NO_VALIDATION)),
    known("ValidationSettings.ValidationOnly", Flag(false), Refused(NO_VALIDATION)),
    known("ValidationSettings.ThreadCount", Number(5, 1, COUNT), Quiet),
    known("ValidationSettings.PartitionSize", Number(10_000, 1, COUNT), Quiet),
    known("ValidationSettings.FailureMaxCount", Number(10_000, 0, COUNT), Quiet),
    known("ValidationSettings.TableFailureMaxCount", Number(1000, 0, COUNT), Quiet),
    known("ValidationSettings.RecordFailureDelayInMinutes", Number(5, 0, COUNT), Quiet),
    known("ValidationSettings.RecordFailureDelayLimitInMinutes", Number(0, 0, COUNT), Quiet),
    known("ValidationSettings.RecordSuspendDelayInMinutes", Number(30, 0, COUNT), Quiet),
    known("ValidationSettings.MaxKeyColumnSize", Number(8096, 0, COUNT), Quiet),
    known("ValidationSettings.HandleCollationDiff", Flag(false), Quiet),
    known("ValidationSettings.SkipLobColumns", Flag(false), Quiet),
    known("ValidationSettings.ValidationPartialLobSize", Number(0, 0, COUNT), Quiet),
    known("ValidationSettings.ValidationQueryCdcDelaySeconds", Number(0, 0, COUNT), Quiet),
    known("ValidationSettings.ValidationS3Mask", Number(0, 0, COUNT), Quiet),
    known("ValidationSettings.ValidationS3Time", Number(0, 0, COUNT), Quiet),

    known("ResyncSettings.EnableResync", Flag(false), Inert(NO_VALIDATION)),
    known("ResyncSettings.ResyncSchedule", Any, Quiet),
    known("ResyncSettings.MaxResyncTime", Any, Quiet),
    known("ResyncSettings.ValidationTaskId", Any, Quiet),

    known("BeforeImageSettings.EnableBeforeImage", Flag(false), Inert("a table has no place for what a row was before")),
    known("BeforeImageSettings.FieldName", Any, Quiet),
    known("BeforeImageSettings.ColumnFilter", Any, Quiet),

    known("CharacterSetSettings.CharacterReplacements", Any, Refused("characters are not replaced")),
    known("CharacterSetSettings.CharacterSetSupport", Any, Refused("characters are not replaced")),

    known("LoopbackPreventionSettings.EnableLoopbackPrevention", Flag(false), Refused("use Replication.WithoutOrigin, from PostgreSQL 16 on")),
    known("LoopbackPreventionSettings.SourceSchema", Any, Quiet),
    known("LoopbackPreventionSettings.TargetSchema", Any, Quiet),

    known("TTSettings.EnableTT", Flag(false), Inert("time travel is not supported")),
    known("TTSettings.TTS3Settings", Any, Quiet),
    known("TTSettings.TTRecordSettings", Any, Quiet),

    known("PostProcessingRules", Any, Refused("rules after the load are not supported")),
    known("FailTaskWhenCleanTaskResourceFailed", Flag(false), Quiet),

    known("Replication.ApplyWorkers", Number(4, 1, 64), Read),
    known("Replication.ExactBoundaries", Flag(false), Read),
    known("Replication.CaptureDdls", Flag(true), Read),
    known("Replication.Streaming", Flag(true), Read),
    known("Replication.TwoPhase", Flag(false), Read),
    known("Replication.WithoutOrigin", Flag(false), Read),
    known("Replication.HeartbeatSeconds", Number(10, 0, 86_400), Read),
    known("Replication.SlotLockTimeoutSeconds", Number(10, 1, 86_400), Read),
    known("Replication.PartBytes", Number(256 << 20, 1 << 20, 1 << 50), Read),
    known("Replication.SynchronousCommit", Flag(true), Read),
];
