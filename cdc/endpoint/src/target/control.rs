//! The task's own tables at the target, and the right to write: one copy of a task at a time.

use std::time::Duration;

use pgoutput::Lsn;
use replication::checkpoint::Checkpoint;
use replication::relation::TableName;
use tokio_postgres::types::PgLsn;
use wire::client::{self, Client};

use crate::Error;
use crate::schema::quote::identifier;
use crate::target::records::{PartRecord, TableRecord, TaskRecord};

/// The right to write for a task: every transaction at the target shows it, and fails when it was taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The schema of the control tables.
    pub schema: String,
    /// The task.
    pub task: String,
    /// Counts the owners.
    pub epoch: i64,
}

/// The control tables of a task, for its owner.
#[derive(Debug)]
pub struct Control {
    pub(crate) client: Client,
    pub(crate) lease: Lease,
    /// The schema, quoted.
    pub(crate) schema: String,
}

impl Control {
    /// Makes the control tables if they are missing, and takes the task over: from a copy of it that is alive or half dead, its sessions
    /// (known by `settings.application_name`) are ended when they have not gone by themselves within `patience`. Transactions of theirs in
    /// flight are either over by then, or fail at their commit.
    ///
    /// # Errors
    /// When the target can't be reached, or does not allow it.
    pub async fn claim(
        settings: &wire::Settings,
        schema: &str,
        task: &str,
        patience: Duration,
    ) -> Result<Self, Error> {
        let what = || {
            format!(
                "take over the task {task} at the target {}",
                settings.host_list()
            )
        };
        let client = client::connect(settings).await.map_err(|error| {
            if error.code() == Some("3D000") {
                return Error::Refused(format!(
                    "the target {} has no database {database}: create it (create database {}), or name another",
                    settings.host_list(),
                    identifier(&settings.database),
                    database = settings.database,
                ));
            }
            Error::wire(what())(error)
        })?;
        let mut control = Self {
            client,
            schema: identifier(schema),
            lease: Lease {
                schema: schema.to_owned(),
                task: task.to_owned(),
                epoch: 0,
            },
        };
        control.create_tables().await?;
        control.lock(patience).await.map_err(Error::sql(what()))?;
        control
            .end_predecessors(&settings.application_name, patience)
            .await
            .map_err(Error::sql(what()))?;
        let sql = format!(
            "insert into {}.checkpoints (task, epoch) values ($1, 1) \
             on conflict (task) do update set epoch = checkpoints.epoch + 1 returning epoch",
            control.schema
        );
        let row = control.client.query_one(&sql, &[&task]).await;
        control.lease.epoch = row.map_err(Error::sql(what()))?.get(0);
        Ok(control)
    }

    /// The right to write, for appliers and loaders.
    #[must_use]
    pub fn lease(&self) -> &Lease {
        &self.lease
    }

    /// The client that holds the task's lock, for statements of the task's own.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// What is known of the task; none the first time.
    ///
    /// # Errors
    /// When the target does not answer.
    pub async fn task(&self) -> Result<Option<TaskRecord>, Error> {
        let sql = format!(
            "select system_identifier, timeline, slot, publications, migration_type, phase, error, details::text \
             from {}.tasks where name = $1",
            self.schema
        );
        let row = self.client.query_opt(&sql, &[&self.lease.task]).await;
        let row = row.map_err(Error::sql("read what is known of the task"))?;
        Ok(row.map(|row| TaskRecord {
            system_identifier: row.get(0),
            timeline: u32::try_from(row.get::<_, i64>(1)).unwrap_or(0),
            slot: row.get(2),
            publications: row.get(3),
            migration_type: row.get(4),
            phase: row.get(5),
            error: row.get(6),
            details: row.get(7),
        }))
    }

    /// Writes what is known of the task.
    ///
    /// # Errors
    /// When it was taken over, or the target does not answer.
    pub async fn save_task(&self, task: &TaskRecord) -> Result<(), Error> {
        let sql = format!(
            "insert into {schema}.tasks as t (name, system_identifier, timeline, slot, publications, migration_type, phase, error, details) \
             select $1, $2, $3, $4, $5, $6, $7, $8, $9::text::json from {fence} \
             on conflict (name) do update set system_identifier = excluded.system_identifier, timeline = excluded.timeline, \
             slot = excluded.slot, publications = excluded.publications, migration_type = excluded.migration_type, \
             phase = excluded.phase, error = excluded.error, details = excluded.details, changed_at = now()",
            schema = self.schema,
            fence = self.fence("$1", "$10"),
        );
        let written = self
            .client
            .execute(
                &sql,
                &[
                    &self.lease.task,
                    &task.system_identifier,
                    &i64::from(task.timeline),
                    &task.slot,
                    &task.publications,
                    &task.migration_type,
                    &task.phase,
                    &task.error,
                    &task.details,
                    &self.lease.epoch,
                ],
            )
            .await;
        self.expect_one(written, "write what is known of the task")
    }

    /// Forgets the task: its position, its tables and their parts. The right to write stays.
    ///
    /// # Errors
    /// When it was taken over, or the target does not answer.
    pub async fn reset(&self) -> Result<(), Error> {
        let sql = format!(
            "with own as (update {schema}.checkpoints set end_lsn = '0/0', commit_time = null, acknowledged = '0/0' \
             where task = $1 and epoch = $2 returning task), \
             a as (delete from {schema}.tasks using own where name = own.task), \
             b as (delete from {schema}.tables t using own where t.task = own.task), \
             c as (delete from {schema}.parts p using own where p.task = own.task) select 1 from own",
            schema = self.schema,
        );
        let written = self
            .client
            .execute(&sql, &[&self.lease.task, &self.lease.epoch])
            .await;
        self.expect_one(written, "forget the task's position")
    }

    /// How far the task has come, and how far it has told the source that all is durable.
    ///
    /// # Errors
    /// When the target does not answer.
    pub async fn checkpoint(&self) -> Result<(Checkpoint, Lsn), Error> {
        let sql = format!(
            "select end_lsn, coalesce((extract(epoch from commit_time) * 1000000)::bigint, 946684800000000), acknowledged \
             from {}.checkpoints where task = $1",
            self.schema
        );
        let row = self.client.query_one(&sql, &[&self.lease.task]).await;
        let row = row.map_err(Error::sql("read how far the task has come"))?;
        let checkpoint = Checkpoint {
            end_lsn: Lsn(row.get::<_, PgLsn>(0).into()),
            commit_time: pgoutput::PgTimestamp::from_unix_micros(row.get(1)),
        };
        Ok((checkpoint, Lsn(row.get::<_, PgLsn>(2).into())))
    }

    /// Sets how far the task has come, outside of an applier: where the stream begins.
    ///
    /// # Errors
    /// When it was taken over, or the target does not answer.
    pub async fn set_checkpoint(&self, end_lsn: Lsn) -> Result<(), Error> {
        let sql = format!(
            "update {}.checkpoints set end_lsn = $3 where task = $1 and epoch = $2",
            self.schema
        );
        let written = self
            .client
            .execute(
                &sql,
                &[&self.lease.task, &self.lease.epoch, &PgLsn::from(end_lsn.0)],
            )
            .await;
        self.expect_one(written, "write how far the task has come")
    }

    /// Writes durably that the source will be told that everything up to here is durable.
    ///
    /// # Errors
    /// When the task was taken over, or the target does not answer.
    pub async fn acknowledge(&self, lsn: Lsn) -> Result<(), Error> {
        let sql = format!(
            "update {}.checkpoints set acknowledged = greatest(acknowledged, $3) where task = $1 and epoch = $2",
            self.schema
        );
        let written = self
            .client
            .execute(
                &sql,
                &[&self.lease.task, &self.lease.epoch, &PgLsn::from(lsn.0)],
            )
            .await;
        self.expect_one(written, "write how far the source will be told to be done")
    }

    /// The task's tables, by the source's names.
    ///
    /// # Errors
    /// When the target does not answer.
    pub async fn tables(&self) -> Result<Vec<TableRecord>, Error> {
        let sql = format!(
            "select source_schema, source_table, target_schema, target_table, state, snapshot_lsn, shape::text, statistics::text, error \
             from {}.tables where task = $1 order by source_schema, source_table",
            self.schema
        );
        let rows = self.client.query(&sql, &[&self.lease.task]).await;
        let rows = rows.map_err(Error::sql("read the states of the task's tables"))?;
        rows.iter()
            .map(|row| {
                TableRecord::read(
                    TableName::new(row.get::<_, String>(0), row.get::<_, String>(1)),
                    TableName::new(row.get::<_, String>(2), row.get::<_, String>(3)),
                    row.get(4),
                    Lsn(row.get::<_, PgLsn>(5).into()),
                    row.get(6),
                    row.get(7),
                    row.get(8),
                )
            })
            .collect()
    }

    /// Writes a table's state.
    ///
    /// # Errors
    /// When the task was taken over, or the target does not answer.
    pub async fn save_table(&self, table: &TableRecord) -> Result<(), Error> {
        let written = self.client.simple_query(&table.upsert(&self.lease)).await;
        written
            .map(drop)
            .map_err(|error| self.fenced_or(error, "write the state of a table"))
    }

    /// Forgets a table and its parts.
    ///
    /// # Errors
    /// When the task was taken over, or the target does not answer.
    pub async fn forget_table(&self, source: &TableName) -> Result<(), Error> {
        let sql = format!(
            "with own as (select from {fence}), a as (delete from {schema}.tables using own \
             where task = $1 and source_schema = $3 and source_table = $4), \
             b as (delete from {schema}.parts using own where task = $1 and source_schema = $3 and source_table = $4) \
             select 1 from own",
            schema = self.schema,
            fence = self.fence("$1", "$2"),
        );
        let written = self
            .client
            .execute(
                &sql,
                &[
                    &self.lease.task,
                    &self.lease.epoch,
                    &source.schema,
                    &source.table,
                ],
            )
            .await;
        self.expect_one(written, "forget a table")
    }

    /// The parts of tables that are loaded.
    ///
    /// # Errors
    /// When the target does not answer.
    pub async fn parts(&self) -> Result<Vec<PartRecord>, Error> {
        let sql = format!(
            "select source_schema, source_table, part, row_count, byte_count from {}.parts where task = $1 order by 1, 2, 3",
            self.schema
        );
        let rows = self.client.query(&sql, &[&self.lease.task]).await;
        let rows = rows.map_err(Error::sql("read which parts are loaded"))?;
        let count = |number: i64| u64::try_from(number).unwrap_or(0);
        Ok(rows
            .iter()
            .map(|row| PartRecord {
                table: TableName::new(row.get::<_, String>(0), row.get::<_, String>(1)),
                part: row.get(2),
                rows: count(row.get(3)),
                bytes: count(row.get(4)),
            })
            .collect())
    }

    /// Forgets which parts of a table are loaded: it is to be loaded anew.
    ///
    /// # Errors
    /// When the task was taken over, or the target does not answer.
    pub async fn forget_parts(&self, source: &TableName) -> Result<(), Error> {
        let sql = format!(
            "with own as (select from {fence}), a as (delete from {schema}.parts using own \
             where task = $1 and source_schema = $3 and source_table = $4) select 1 from own",
            schema = self.schema,
            fence = self.fence("$1", "$2"),
        );
        let written = self
            .client
            .execute(
                &sql,
                &[
                    &self.lease.task,
                    &self.lease.epoch,
                    &source.schema,
                    &source.table,
                ],
            )
            .await;
        self.expect_one(written, "forget a table's parts")
    }

    /// Whether this copy still is the owner.
    ///
    /// # Errors
    /// When the task was taken over, or the target does not answer.
    pub async fn check(&self) -> Result<(), Error> {
        let sql = format!("select 1 from {}", self.fence("$1", "$2"));
        let seen = self
            .client
            .execute(&sql, &[&self.lease.task, &self.lease.epoch])
            .await;
        self.expect_one(seen, "see whether the task was taken over")
    }

    /// How far the target's WAL is flushed: a transaction that was committed without waiting is durable when this is past its commit.
    ///
    /// # Errors
    /// When the target does not answer.
    pub async fn flushed(&self) -> Result<Lsn, Error> {
        let row = self
            .client
            .query_one("select pg_current_wal_flush_lsn()", &[])
            .await;
        let row = row.map_err(Error::sql("read how far the target's WAL is flushed"))?;
        Ok(Lsn(row.get::<_, PgLsn>(0).into()))
    }

    /// How far the target's WAL is written, as its sessions see it: what was committed before this was asked is before it.
    ///
    /// # Errors
    /// When the target does not answer.
    pub async fn written(&self) -> Result<Lsn, Error> {
        let row = self
            .client
            .query_one("select pg_current_wal_insert_lsn()", &[])
            .await;
        let row = row.map_err(Error::sql("read how far the target's WAL is written"))?;
        Ok(Lsn(row.get::<_, PgLsn>(0).into()))
    }

    /// Ends the session. The task's lock is free then.
    pub async fn close(self) {
        self.client.close().await;
    }

    /// One row while this copy is the owner, none otherwise.
    fn fence(&self, task: &str, epoch: &str) -> String {
        format!(
            "(select from {}.checkpoints where task = {task} and epoch = {epoch} for key share) fence",
            self.schema
        )
    }

    fn expect_one(
        &self,
        written: Result<u64, tokio_postgres::Error>,
        what: &str,
    ) -> Result<(), Error> {
        match written {
            Ok(0) => Err(self.fenced()),
            Ok(_) => Ok(()),
            Err(error) => Err(Error::sql(what)(error)),
        }
    }

    fn fenced(&self) -> Error {
        Error::Fenced {
            task: self.lease.task.clone(),
        }
    }

    fn fenced_or(&self, error: tokio_postgres::Error, what: &str) -> Error {
        // The upserts divide by the number of rows that the fence gives.
        if error
            .code()
            .is_some_and(|code| code.code() == DIVISION_BY_ZERO)
        {
            return self.fenced();
        }
        Error::sql(what)(error)
    }
}

/// What a statement fails with when its fence gives no row.
pub(crate) const DIVISION_BY_ZERO: &str = "22012";
