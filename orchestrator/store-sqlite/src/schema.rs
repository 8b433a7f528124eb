//! The tables, and how an older database becomes a current one.

use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row};

use crate::open::OpenError;

/// Marks the file as ours: "RTCH".
const APPLICATION_ID: i64 = 0x5254_4348;

/// Each brings the schema one version further; `user_version` says how many were applied. Never change one, add one.
const MIGRATIONS: [&str; 6] = [FIRST, RESOURCES, JOBS, OPERATIONS, MAP_RUNS, TRACES];

/// - `executions` and `history` only grow at their ends: a key in the middle would make every commit touch pages of its own.
/// - `executions_by_status` serves every list: one status directly, all of them as a merge.
/// - `unfinished` has a row for exactly the running executions; `snapshots` and `inputs` are what they need to go on. They
///   are apart so that a restart scans no snapshots, and an input does not rewrite one.
/// - `numbers` has the highest numbers among those that were deleted.
const FIRST: &str = "
create table numbers (
    kind integer primary key,
    last integer not null
) strict;

create table state_machines (
    id integer primary key,
    name text not null unique,
    machine_type integer not null,
    created_at integer not null,
    is_deleted integer not null,
    current integer not null,
    settings text not null
) strict;

create table revisions (
    id integer primary key,
    machine integer not null,
    definition text not null,
    role_arn text not null,
    created_at integer not null,
    public_id text
) strict;

create table executions (
    id integer primary key,
    machine integer not null,
    revision integer not null,
    name text not null,
    status integer not null,
    started_at integer not null,
    stopped_at integer,
    parent_execution integer,
    parent_attempt integer
) strict;
create unique index executions_by_name on executions (machine, name);
create index executions_by_status on executions (machine, status);
create index executions_by_rare_status on executions (status) where status > 1;
create index executions_by_parent on executions (parent_execution, parent_attempt) where parent_execution is not null;
create index executions_by_end on executions (stopped_at) where stopped_at is not null;

create table history (
    chunk integer primary key,
    execution integer not null,
    first_event integer not null,
    events blob not null
) strict;
create unique index history_by_execution on history (execution, first_event);

create table unfinished (
    execution integer primary key,
    wake_at integer,
    needs_dispatch integer not null
) strict;

create table snapshots (
    execution integer primary key,
    snapshot blob not null
) strict;

create table inputs (
    number integer primary key,
    execution integer not null,
    sequence integer not null,
    input blob not null
) strict;
create unique index inputs_by_execution on inputs (execution, sequence);

create table activities (
    name text primary key,
    created_at integer not null
) strict, without rowid;

create table tags (
    arn text not null,
    position integer not null,
    key text not null,
    value text not null,
    primary key (arn, position)
) strict, without rowid;
";

/// What other crates keep beside executions: few rows, each a document that only its keeper reads.
const RESOURCES: &str = "
create table resources (
    kind text not null,
    name text not null,
    document text not null,
    primary key (kind, name)
) strict, without rowid;
";

/// - `jobs` grows at its end; a job is found by its id, and listed with its queue or with the job that it is a part of.
/// - `jobs_unfinished` is what a restart loads, `jobs_by_end` what retention removes.
const JOBS: &str = "
create table jobs (
    number integer primary key,
    id text not null,
    queue text not null,
    parent text,
    name text not null,
    definition text not null,
    share text,
    status integer not null,
    created_at integer not null,
    ended_at integer,
    document text not null
) strict;
create unique index jobs_by_id on jobs (id);
create index jobs_by_queue on jobs (queue, status) where parent is null;
create index jobs_by_parent on jobs (parent, status) where parent is not null;
create index jobs_unfinished on jobs (number) where ended_at is null;
create index jobs_by_end on jobs (ended_at) where ended_at is not null and parent is null;
";

/// What is known of an execution beside its course: who started it, its redrives, whether it is paused. Few executions have any of it.
const OPERATIONS: &str = "
alter table executions add column version integer;
alter table executions add column alias text;
alter table executions add column redrive_count integer;
alter table executions add column redriven_at integer;
alter table executions add column redrive_tokens text;
alter table executions add column paused_at integer;
create index executions_by_version on executions (machine, version) where version is not null;
create index executions_by_alias on executions (machine, alias) where alias is not null;
";

/// The children of a run are executions with its execution and attempt as their parent.
const MAP_RUNS: &str = "
create table map_runs (
    execution integer not null,
    attempt integer not null,
    name text not null,
    status integer not null,
    started_at integer not null,
    stopped_at integer,
    document text not null,
    primary key (execution, attempt)
) strict, without rowid;
create unique index map_runs_by_name on map_runs (name);
create index map_runs_unfinished on map_runs (execution, attempt) where status = 0;
";

/// The trace that an execution is a part of. Few have one; it is written by a statement of its own, so that the others pay nothing for it.
const TRACES: &str = "
alter table executions add column trace_header text;
";

const APPLICATION: &str = "pragma application_id";
const VERSION: &str = "pragma user_version";
const TABLES: &str = "select count(*) from sqlite_schema";

/// Brings the database to the newest version.
pub(crate) async fn migrate(connection: &mut SqliteConnection) -> Result<(), OpenError> {
    let application = integer(connection, APPLICATION).await?;
    let is_new = integer(connection, TABLES).await? == 0;
    if application != APPLICATION_ID && !is_new {
        return Err(OpenError::Foreign);
    }
    let version = integer(connection, VERSION).await?;
    let known = MIGRATIONS.len();
    let applied = usize::try_from(version)
        .ok()
        .filter(|&applied| applied <= known)
        .ok_or(OpenError::Newer { version, known })?;
    for (number, migration) in (1..).zip(MIGRATIONS).skip(applied) {
        let text = format!(
            "begin immediate; {migration} pragma application_id = {APPLICATION_ID}; pragma user_version = {number}; commit"
        );
        sqlx::raw_sql(AssertSqlSafe(text))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

async fn integer(
    connection: &mut SqliteConnection,
    statement: &'static str,
) -> Result<i64, sqlx::Error> {
    let row: SqliteRow = sqlx::query(statement).fetch_one(connection).await?;
    row.try_get(0)
}
