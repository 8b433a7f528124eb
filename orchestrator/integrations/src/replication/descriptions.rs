//! Tasks and tables as DMS describes them.
//!
//! Source: the API reference of AWS DMS, `ReplicationTask`, `ReplicationTaskStats` and `TableStatistics`; dates as Step Functions' SDK
//! integrations show them.

use std::time::{Duration, Instant};

use expression::value::Value;
use jiff::Timestamp;
use replication::relation::TableName;
use replication::table_state::TableState;
use replicator::status::{Phase, Status, TableStatus};

use crate::replication::definition::Migration;
use crate::replication::record::{Figures, How, Record};

/// What is known of a task at a moment.
pub(crate) struct View<'a> {
    pub(crate) name: &'a str,
    pub(crate) arn: String,
    pub(crate) record: &'a Record,
    /// While it runs.
    pub(crate) status: Option<&'a Status>,
    pub(crate) is_stopping: bool,
    /// Milliseconds since 1970.
    pub(crate) now: i64,
}

impl View<'_> {
    /// `ReplicationTask`
    pub(crate) fn task(&self, without_settings: bool) -> Value {
        let record = self.record;
        let definition = &record.definition;
        let mut members: Vec<(&str, Value)> = vec![
            ("ReplicationTaskIdentifier", self.name.into()),
            ("ReplicationTaskArn", self.arn.clone().into()),
            ("MigrationType", definition.migration.name().into()),
            ("Source", definition.source.shown().into()),
            ("Target", definition.target.shown().into()),
            ("Status", self.status_word().into()),
        ];
        if !without_settings {
            members.push((
                "TableMappings",
                definition.table_mappings.clone().unwrap_or_default().into(),
            ));
            members.push((
                "ReplicationTaskSettings",
                definition.settings.clone().unwrap_or_default().into(),
            ));
        }
        if let Some(end) = self.record.end.as_ref().filter(|_| self.status.is_none()) {
            members.push((
                "StopReason",
                stop_reason(end.how, definition.migration).into(),
            ));
        }
        if let Some(message) = self.failure_message() {
            members.push(("LastFailureMessage", message.into()));
        }
        members.push(("ReplicationTaskCreationDate", date(record.created_at)));
        members.push(("ReplicationTaskStartDate", date(record.started_at)));
        if let Some(status) = self.status {
            members.push(("RecoveryCheckpoint", status.applied.to_string().into()));
            members.push(("CdcLatencySeconds", status.lag.as_secs_f64().into()));
            members.push(("CdcLatencyBytes", status.lag_bytes().into()));
        }
        members.push(("ReplicationTaskStats", self.stats([])));
        Value::object(members)
    }

    /// `TableStatistics`
    pub(crate) fn tables(&self) -> Value {
        match self.status {
            Some(status) => Value::array(
                status
                    .tables
                    .iter()
                    .map(|(name, table)| self.table(name, table)),
            ),
            None => self
                .figures()
                .and_then(|figures| Value::parse(&figures.tables).ok())
                .unwrap_or_else(|| Value::array([])),
        }
    }

    /// What is kept of the figures when the task ends.
    pub(crate) fn keep(&self) -> Figures {
        Figures {
            task: self.stats([("StopDate", date(self.now))]).to_text(),
            tables: self.tables().to_text(),
        }
    }

    fn figures(&self) -> Option<&Figures> {
        self.record.end.as_ref()?.statistics.as_ref()
    }

    fn status_word(&self) -> &'static str {
        let Some(status) = self.status else {
            return match self.record.end.as_ref().map(|end| end.how) {
                Some(How::FullLoadFinished | How::CaughtUp | How::Stopped) => "stopped",
                Some(How::Failed | How::ResyncRequired) => "failed",
                None => "ready",
            };
        };
        match (&status.phase, self.is_stopping) {
            (_, true) | (Phase::Stopping, _) => "stopping",
            (Phase::Starting, false) => "starting",
            (
                Phase::Loading
                | Phase::Indexing
                | Phase::Following { .. }
                | Phase::Recovering { .. },
                false,
            ) => "running",
            (Phase::Stopped, false) => "stopped",
            (Phase::ResyncRequired { .. } | Phase::Failed { .. }, false) => "failed",
        }
    }

    fn failure_message(&self) -> Option<String> {
        match self.status.map(|status| &status.phase) {
            Some(
                Phase::Recovering { reason }
                | Phase::ResyncRequired { reason }
                | Phase::Failed { reason },
            ) => Some(reason.clone()),
            Some(
                Phase::Starting
                | Phase::Loading
                | Phase::Indexing
                | Phase::Following { .. }
                | Phase::Stopping
                | Phase::Stopped,
            ) => None,
            None => self.record.end.as_ref()?.message.clone(),
        }
    }

    /// `ReplicationTaskStats`
    fn stats<'b, const N: usize>(&'b self, more: [(&'b str, Value); N]) -> Value {
        let Some(status) = self.status else {
            return self
                .figures()
                .and_then(|figures| Value::parse(&figures.task).ok())
                .unwrap_or_else(Value::empty_object);
        };
        let tables = |state| status.tables_in(state) as u64;
        let mut members: Vec<(&str, Value)> = vec![
            ("FullLoadProgressPercent", progress(status).into()),
            (
                "ElapsedTimeMillis",
                self.now.saturating_sub(self.record.started_at).into(),
            ),
            ("TablesLoaded", tables(TableState::Completed).into()),
            ("TablesLoading", tables(TableState::FullLoad).into()),
            ("TablesQueued", tables(TableState::BeforeLoad).into()),
            ("TablesErrored", tables(TableState::Suspended).into()),
            ("FreshStartDate", date(self.record.fresh_at)),
            ("StartDate", date(self.record.started_at)),
        ];
        let starts = status
            .tables
            .values()
            .filter_map(|table| table.load_started);
        if let Some(start) = starts.min() {
            members.push(("FullLoadStartDate", self.moment(start)));
        }
        let are_all_loaded = status
            .tables
            .values()
            .all(|table| table.load_finished.is_some());
        let ends = status
            .tables
            .values()
            .filter_map(|table| table.load_finished);
        if let Some(end) = ends.max().filter(|_| are_all_loaded) {
            members.push(("FullLoadFinishDate", self.moment(end)));
        }
        members.extend(more);
        Value::object(members)
    }

    fn table(&self, name: &TableName, table: &TableStatus) -> Value {
        let statistics = &table.statistics;
        let applied = &statistics.applied;
        let mut members: Vec<(&str, Value)> = vec![
            ("SchemaName", name.schema.clone().into()),
            ("TableName", name.table.clone().into()),
            ("Inserts", applied.inserts.into()),
            ("Deletes", applied.deletes.into()),
            ("Updates", applied.updates.into()),
            ("Ddls", (statistics.ddls + statistics.truncates).into()),
            ("AppliedInserts", applied.inserts.into()),
            ("AppliedDeletes", applied.deletes.into()),
            ("AppliedUpdates", applied.updates.into()),
            (
                "AppliedDdls",
                (statistics.ddls + statistics.truncates).into(),
            ),
            ("FullLoadRows", statistics.full_load_rows.into()),
            ("FullLoadCondtnlChkFailedRows", 0_u64.into()),
            ("FullLoadErrorRows", 0_u64.into()),
        ];
        if let Some(start) = table.load_started {
            members.push(("FullLoadStartTime", self.moment(start)));
        }
        if let Some(end) = table.load_finished {
            members.push(("FullLoadEndTime", self.moment(end)));
        }
        members.push(("FullLoadReloaded", false.into()));
        members.push(("LastUpdateTime", date(self.now)));
        members.push(("TableState", table.state.dms_name().into()));
        members.push(("ValidationState", "Not enabled".into()));
        if let Some(error) = &table.error {
            members.push(("TableStateReason", error.clone().into()));
        }
        Value::object(members)
    }

    /// A moment of this process as a date.
    fn moment(&self, moment: Instant) -> Value {
        let ago = moment.elapsed();
        date(self.now.saturating_sub(milliseconds(ago)))
    }
}

fn stop_reason(how: How, migration: Migration) -> &'static str {
    match (how, migration) {
        (How::FullLoadFinished, Migration::FullLoad) => "Stop Reason FULL_LOAD_ONLY_FINISHED",
        (How::FullLoadFinished, Migration::Cdc | Migration::FullLoadAndCdc) => {
            "Stop Reason STOPPED_AFTER_FULL_LOAD"
        }
        (How::CaughtUp, _) => "Stop Reason STOPPED_AFTER_CACHED_EVENTS",
        (How::Stopped, _) => "Stop Reason NORMAL",
        (How::Failed | How::ResyncRequired, _) => "Stop Reason FATAL_ERROR",
    }
}

/// How much of the load is done, by the bytes that the tables have at the source; 100 when no table is left to be loaded.
fn progress(status: &Status) -> u64 {
    let left = status.tables_in(TableState::BeforeLoad) + status.tables_in(TableState::FullLoad);
    if left == 0 && !status.tables.is_empty() {
        return 100;
    }
    let (mut loaded, mut expected) = (0, 0);
    for table in status.tables.values() {
        let bytes = table.statistics.full_load_bytes;
        let all = table.expected_bytes.max(bytes).max(1);
        expected += all;
        loaded += match table.state {
            TableState::Completed | TableState::Suspended => all,
            TableState::BeforeLoad | TableState::FullLoad => bytes,
        };
    }
    // While something is left, it is not all.
    (loaded * 100).checked_div(expected).unwrap_or(0).min(99)
}

fn date(milliseconds: i64) -> Value {
    match Timestamp::from_millisecond(milliseconds) {
        Ok(timestamp) => timestamp.to_string().into(),
        Err(_) => Value::Null,
    }
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
