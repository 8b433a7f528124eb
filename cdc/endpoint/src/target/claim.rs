//! How a copy of a task becomes its owner: the control tables, the lock, and the end of its predecessors' sessions.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::Error;
use crate::schema::quote::{identifier, literal};
use crate::target::control::Control;

/// Between two looks at whether a predecessor is gone.
const PAUSE: Duration = Duration::from_millis(50);

impl Control {
    pub(crate) async fn create_tables(&self) -> Result<(), Error> {
        let created = self
            .client
            .batch_execute(&definition(&self.lease.schema))
            .await;
        let Err(error) = created else {
            return Ok(());
        };
        let code = error.code().map(tokio_postgres::error::SqlState::code);
        if code == Some("25006") {
            return Err(self.read_only().await);
        }
        let Some("42501") = code else {
            return Err(Error::sql(format!(
                "make the control tables in the schema {} of the target",
                self.lease.schema
            ))(error));
        };
        Err(Error::Refused(format!(
            "cannot make the control tables in the schema {schema} of the target: {error}; grant the user the right to create schemas \
             (grant create on database … to …), or make the schema for it (create schema {quoted} authorization …)",
            schema = self.lease.schema,
            error = error
                .as_db_error()
                .map_or("permission denied", |error| error.message()),
            quoted = self.schema,
        )))
    }

    /// Why the target can't be written.
    async fn read_only(&self) -> Error {
        // The transaction that failed is still open.
        let _ended = self.client.batch_execute("rollback").await;
        let standby = self
            .client
            .query_one("select pg_is_in_recovery()", &[])
            .await;
        Error::Refused(match standby.is_ok_and(|row| row.get(0)) {
            true => "the target is a standby, which is read-only: name its primary".to_owned(),
            false => "the target is read-only: set default_transaction_read_only = off for its database or for the user of the task \
                      (alter database … set default_transaction_read_only = off)"
                .to_owned(),
        })
    }

    /// Takes the task's lock, which a session holds as long as it lives.
    pub(crate) async fn lock(&self, patience: Duration) -> Result<(), tokio_postgres::Error> {
        let until = Instant::now() + patience;
        let try_lock = "select pg_try_advisory_lock(hashtext('ratchet ' || $1), hashtext($2))";
        loop {
            let row = self
                .client
                .query_one(try_lock, &[&self.lease.schema, &self.lease.task])
                .await;
            if row?.get(0) {
                return Ok(());
            }
            if Instant::now() >= until {
                let holder = "select pg_terminate_backend(pid, 5000) from pg_locks \
                              where locktype = 'advisory' and objsubid = 2 and granted \
                              and database = (select oid from pg_database where datname = current_database()) \
                              and classid::bigint = hashtext('ratchet ' || $1)::bigint & 4294967295 \
                              and objid::bigint = hashtext($2)::bigint & 4294967295";
                self.client
                    .execute(holder, &[&self.lease.schema, &self.lease.task])
                    .await?;
            }
            sleep(PAUSE).await;
        }
    }

    /// Waits for the other sessions of the task's name to go, and ends those that don't.
    pub(crate) async fn end_predecessors(
        &self,
        application_name: &str,
        patience: Duration,
    ) -> Result<(), tokio_postgres::Error> {
        if application_name.is_empty() {
            return Ok(());
        }
        let until = Instant::now() + patience;
        // PostgreSQL keeps 63 bytes of the name.
        let others = "select count(*) from pg_stat_activity where application_name = left($1, 63) and datname = current_database() \
                      and backend_type = 'client backend' and pid <> pg_backend_pid()";
        let end = "select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = left($1, 63) \
                   and datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()";
        loop {
            let row = self.client.query_one(others, &[&application_name]).await?;
            if row.get::<_, i64>(0) == 0 {
                return Ok(());
            }
            if Instant::now() >= until {
                return self
                    .client
                    .execute(end, &[&application_name])
                    .await
                    .map(drop);
            }
            sleep(PAUSE).await;
        }
    }
}

/// The control tables. A checkpoint is updated with each transaction: its pages are mostly free, so that the update stays on its page and
/// touches no index.
fn definition(schema: &str) -> String {
    let quoted = identifier(schema);
    let lock = literal(&format!("ratchet control tables {schema}"));
    format!(
        "begin;
         select pg_advisory_xact_lock(hashtext({lock}));
         set local client_min_messages = warning;
         do $do$ begin
           if not exists (select from pg_namespace where nspname = {name}) then create schema {quoted}; end if;
         end $do$;
         create table if not exists {quoted}.tasks (
           name text primary key, system_identifier text not null, timeline bigint not null, slot text not null,
           publications text[] not null, migration_type text not null, phase text not null, error text, details json,
           changed_at timestamptz not null default now());
         create table if not exists {quoted}.checkpoints (
           task text primary key, epoch bigint not null, end_lsn pg_lsn not null default '0/0', commit_time timestamptz,
           acknowledged pg_lsn not null default '0/0') with (fillfactor = 10, autovacuum_vacuum_threshold = 10000);
         create table if not exists {quoted}.tables (
           task text, source_schema text, source_table text, target_schema text not null, target_table text not null,
           state text not null, snapshot_lsn pg_lsn not null, shape json, statistics json, error text,
           primary key (task, source_schema, source_table)) with (fillfactor = 50);
         create table if not exists {quoted}.parts (
           task text, source_schema text, source_table text, part integer, row_count bigint not null, byte_count bigint not null,
           primary key (task, source_schema, source_table, part));
         create table if not exists {quoted}.awsdms_apply_exceptions (
           \"TASK_NAME\" varchar(128) not null, \"TABLE_OWNER\" varchar(128) not null, \"TABLE_NAME\" varchar(128) not null,
           \"ERROR_TIME\" timestamp not null, \"STATEMENT\" text not null, \"ERROR\" text not null);
         commit",
        name = literal(schema),
    )
}
