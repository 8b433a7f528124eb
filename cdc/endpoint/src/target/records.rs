//! What the control tables remember of a task, its tables and their parts.

use pgoutput::Lsn;
use replication::relation::TableName;
use replication::shape::TableShape;
use replication::table_state::TableState;

use crate::Error;
use crate::schema::quote::{identifier, literal};
use crate::target::control::Lease;

/// What is known of a task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskRecord {
    /// The source that it began with (`IDENTIFY_SYSTEM`).
    pub system_identifier: String,
    /// The timeline that it last saw.
    pub timeline: u32,
    /// Its slot.
    pub slot: String,
    /// Its publications.
    pub publications: Vec<String>,
    /// `full-load`, `cdc` or `full-load-and-cdc`.
    pub migration_type: String,
    /// How far it is, in its own words.
    pub phase: String,
    /// Why it stopped, if it failed.
    pub error: Option<String>,
    /// Whatever else it keeps, as JSON.
    pub details: Option<String>,
}

/// What is known of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableRecord {
    /// Its name at the source.
    pub source: TableName,
    /// Its name at the target.
    pub target: TableName,
    /// How far it is.
    pub state: TableState,
    /// The consistent point of the snapshot that it was loaded from: changes that were committed before it are in it.
    pub snapshot_lsn: Lsn,
    /// What it looked like when last seen.
    pub shape: Option<TableShape>,
    /// What was counted, as JSON.
    pub statistics: Option<String>,
    /// Why it is suspended.
    pub error: Option<String>,
}

/// A part of a table that is loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartRecord {
    /// The table, by its name at the source.
    pub table: TableName,
    /// Which part.
    pub part: i32,
    /// How many rows.
    pub rows: u64,
    /// How many bytes of COPY.
    pub bytes: u64,
}

impl TableRecord {
    pub(crate) fn read(
        source: TableName,
        target: TableName,
        state: &str,
        snapshot_lsn: Lsn,
        shape: Option<&str>,
        statistics: Option<String>,
        error: Option<String>,
    ) -> Result<Self, Error> {
        let unreadable = |what: &str| {
            Error::Refused(format!(
                "cannot read the {what} of the table {source} in the control tables: were they written by another version?"
            ))
        };
        let state = serde_json::from_value(serde_json::Value::from(state))
            .map_err(|_| unreadable("state"))?;
        let shape = shape
            .map(serde_json::from_str)
            .transpose()
            .map_err(|_| unreadable("shape"))?;
        Ok(Self {
            state,
            shape,
            snapshot_lsn,
            statistics,
            error,
            source,
            target,
        })
    }

    /// One statement that writes it. It fails (division by zero) when the task was taken over.
    pub(crate) fn upsert(&self, lease: &Lease) -> String {
        let nullable = |text: Option<&str>| text.map_or("null".to_owned(), literal);
        let state = serde_json::to_value(self.state).ok();
        let state = state.as_ref().and_then(serde_json::Value::as_str);
        let shape = self.shape.as_ref().map(|shape| {
            serde_json::to_string(shape).expect("a shape is plain data with texts as keys")
        });
        format!(
            "insert into {schema}.tables (task, source_schema, source_table, target_schema, target_table, state, snapshot_lsn, shape, \
             statistics, error) select {task}, {source_schema}, {source_table}, {target_schema}, {target_table}, {state}, \
             '{snapshot_lsn}', {shape}::json, {statistics}::json, {error} \
             where 1 / (select count(*) from {schema}.checkpoints where task = {task} and epoch = {epoch}) = 1 \
             on conflict (task, source_schema, source_table) do update set target_schema = excluded.target_schema, \
             target_table = excluded.target_table, state = excluded.state, snapshot_lsn = excluded.snapshot_lsn, \
             shape = excluded.shape, statistics = excluded.statistics, error = excluded.error",
            schema = identifier(&lease.schema),
            task = literal(&lease.task),
            epoch = lease.epoch,
            source_schema = literal(&self.source.schema),
            source_table = literal(&self.source.table),
            target_schema = literal(&self.target.schema),
            target_table = literal(&self.target.table),
            state = literal(state.unwrap_or("before-load")),
            snapshot_lsn = self.snapshot_lsn,
            shape = nullable(shape.as_deref()),
            statistics = nullable(self.statistics.as_deref()),
            error = nullable(self.error.as_deref()),
        )
    }
}

/// One statement that forgets a table. It fails (division by zero) when the task was taken over.
#[must_use]
pub fn forget_table(lease: &Lease, source: &TableName) -> String {
    format!(
        "delete from {schema}.tables where task = {task} and source_schema = {source_schema} and source_table = {source_table} \
         and 1 / (select count(*) from {schema}.checkpoints where task = {task} and epoch = {epoch}) = 1",
        schema = identifier(&lease.schema),
        task = literal(&lease.task),
        epoch = lease.epoch,
        source_schema = literal(&source.schema),
        source_table = literal(&source.table),
    )
}
