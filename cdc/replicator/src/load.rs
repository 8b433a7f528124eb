//! Loads tables: which of them, and from which snapshot; their parts are loaded in parallel.

mod copying;
mod division;

use std::collections::HashSet;
use std::sync::Arc;

use endpoint::schema::definition::Schema;
use endpoint::schema::partitions;
use endpoint::source::slot::Snapshot;
use endpoint::target::records::{TableRecord, TaskRecord};
use pgoutput::Lsn;
use replication::relation::TableName;
use replication::settings::{DdlPolicy, PrepareMode};
use replication::table_state::TableState;

use self::division::TableLoad;
use crate::attempt::{Attempt, Ends, is_unfinished, show};
use crate::error::Error;
use crate::options::crash_points;
use crate::start::{Details, FOLLOWING, inserts_only, table_record, taken};
use crate::status::Phase;
use crate::task::MigrationType;
use crate::two_phase;
use crate::units::{Taken, units};

/// A snapshot that is held, and what is loaded from it.
#[derive(Debug)]
pub(crate) struct Held {
    snapshot: Snapshot,
    /// Where it stands in the stream.
    position: Lsn,
    /// How the tables are divided; it stays as it is, since parts that are loaded must not be cut anew.
    tables: Option<Vec<TableLoad>>,
    before: Before,
}

/// What tables that a snapshot is for hold before they are loaded from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    /// What the settings left there.
    Prepared,
    /// What an earlier load left of them, which is to be thrown away.
    PartlyLoaded,
}

impl Held {
    pub(crate) fn new(snapshot: Snapshot, position: Lsn) -> Self {
        Self {
            snapshot,
            position,
            tables: None,
            before: Before::Prepared,
        }
    }

    pub(crate) fn position(&self) -> Lsn {
        self.position
    }
}

impl Attempt {
    /// Loads all tables that are not loaded, and gives those that the task has made their indexes and constraints.
    pub(crate) async fn load_tables(
        &mut self,
        ends: &Ends,
        record: &mut TaskRecord,
    ) -> Result<(), Error> {
        let task = Arc::clone(&self.surroundings.task);
        let mut details = Details::read(record);
        let mut records = ends.control.tables().await?;
        let schema = self
            .schema_now(ends, record, &mut details, &mut records)
            .await?;
        if record.phase == FOLLOWING {
            self.repartition(ends, &schema, &details).await?;
        }
        if std::mem::take(&mut self.mend) && task.migration != MigrationType::Cdc {
            let mode = PrepareMode::DoNothing;
            self.create(ends, &schema, mode, &mut details, record)
                .await?;
        }
        let units = units(&schema, taken(task.migration));
        let known: HashSet<u32> = records
            .iter()
            .filter_map(|record| Some(record.shape.as_ref()?.id))
            .collect();
        for unit in &units {
            let named = records
                .iter()
                .any(|record| record.source == unit.table.name);
            if !known.contains(&unit.table.id) && !named {
                self.surroundings
                    .inform(format!("{}: taken into the task", unit.table.name));
                let table = table_record(unit, TableState::BeforeLoad, Lsn::ZERO);
                ends.control.save_table(&table).await?;
                records.push(table);
            }
        }
        show(&self.surroundings, &records);
        let pending: Vec<TableRecord> = records.into_iter().filter(is_unfinished).collect();
        let late = record.phase == FOLLOWING && !pending.is_empty();
        if late && details.two_phase && self.must_wait(ends, &pending).await? {
            return Ok(());
        }
        if pending.is_empty() && record.phase == FOLLOWING {
            return Ok(());
        }
        if !pending.is_empty() {
            self.surroundings.phase(Phase::Loading);
            if self.held.is_none() {
                self.hold(ends, record, &mut details).await?;
            }
            // A definition that was read before the snapshot was taken may lack columns whose values only the snapshot has.
            let mut records = pending.clone();
            let schema = self
                .schema_now(ends, record, &mut details, &mut records)
                .await?;
            let units = crate::units::units(&schema, taken(task.migration));
            let tables = self
                .divide(ends, record, &mut details, &schema, &units, pending)
                .await?;
            self.run_load(ends, tables).await?;
        }
        self.complete(ends, &schema, &details).await?;
        FOLLOWING.clone_into(&mut record.phase);
        details.write(record);
        ends.control.save_task(record).await?;
        self.surroundings.crash_point(crash_points::LOAD_FINISHED);
        Ok(())
    }

    /// Whether tables that come later can't be loaded yet: a transaction that is prepared at the target may hold them, and ends only when the stream
    /// has come to its end. What comes of these tables until then is left out, as it is in their snapshot.
    async fn must_wait(&self, ends: &Ends, pending: &[TableRecord]) -> Result<bool, Error> {
        let prefix = two_phase::prefix(&self.surroundings.task);
        if ends.control.prepared(&prefix).await?.is_empty() {
            return Ok(false);
        }
        for table in pending {
            self.surroundings.inform(format!(
                "{}: it is loaded when no transaction is prepared at the target any more",
                table.source
            ));
        }
        Ok(true)
    }

    /// Gives the partitioned tables that the task has made the partitions that they have at the source now.
    async fn repartition(
        &self,
        ends: &Ends,
        schema: &Schema,
        details: &Details,
    ) -> Result<(), Error> {
        let roots: Vec<TableName> = schema
            .tables
            .iter()
            .filter(|table| !table.has_rows() && table.partition.is_none())
            .map(|table| table.name.clone())
            .filter(|name| details.created.contains(name))
            .collect();
        if roots.is_empty() || self.surroundings.task.settings.ddl.altered != DdlPolicy::Apply {
            return Ok(());
        }
        let client = ends.control.client();
        for statement in partitions::plan(schema, client, &roots).await? {
            statement.run(client).await?;
            self.surroundings.inform(statement.description);
        }
        Ok(())
    }

    /// The selected tables as they are now. Publications of our own take up new ones; a table that has got a key since is published with its
    /// updates from now on, and must be loaded anew: those in between were not.
    async fn schema_now(
        &self,
        ends: &Ends,
        record: &mut TaskRecord,
        details: &mut Details,
        records: &mut [TableRecord],
    ) -> Result<Schema, Error> {
        let task = &self.surroundings.task;
        let client = ends.source.client();
        let schema = Schema::read(client, &task.selection, &record.publications).await?;
        if !details.own_publication {
            return Ok(schema);
        }
        let all = units(&schema, Taken::Everything);
        let now = inserts_only(&schema);
        let published = all.iter().all(|unit| unit.table.published.is_some());
        if published && now == details.inserts_only {
            return Ok(schema);
        }
        let ids: Vec<u32> = all.iter().map(|unit| unit.table.id).collect();
        ends.source
            .ensure_publication(&task.own_publication(), &ids)
            .await?;
        for table in records {
            let id = table.shape.as_ref().map_or(0, |shape| shape.id);
            let keyed = details.inserts_only.contains(&id) && !now.contains(&id);
            if keyed && ids.contains(&id) && table.state == TableState::Completed {
                self.surroundings.inform(format!(
                    "{}: it has a key now, and is loaded anew, as its updates and deletes were not published before",
                    table.source
                ));
                table.state = TableState::BeforeLoad;
                ends.control.save_table(table).await?;
            }
        }
        details.inserts_only = now;
        details.write(record);
        ends.control.save_task(record).await?;
        Ok(Schema::read(client, &task.selection, &record.publications).await?)
    }
}
