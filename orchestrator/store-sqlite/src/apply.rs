//! Writes a group of commits as few statements.

use std::collections::HashMap;
use std::sync::Arc;

use sqlx::error::BoxDynError;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, AssertSqlSafe, Row, SqliteConnection};
use store::contract::{Commit, Write};
use store::records::{
    ActivityRecord, ExecutionId, Redrives, ResourceRecord, RevisionId, RevisionRecord,
    StateMachineRecord, Tag,
};

use crate::apply_jobs::{delete_jobs, write_jobs};
use crate::apply_map_runs::{delete_map_runs, write_map_runs};
use crate::group::{Added, ExecutionRow, Rows};
use crate::many_rows::ManyRows;
use crate::rows::{integer, machine_type_code, redrive_tokens_text, status_code};

/// The commits of a group that were refused, by their index, each with the name that is taken.
pub(crate) type Refused = HashMap<usize, Arc<str>>;

/// Writes the commits inside the open transaction. Of those that were refused nothing was written, provided that none is
/// solitary.
pub(crate) async fn apply(
    connection: &mut SqliteConnection,
    commits: &[&Commit],
) -> Result<Refused, sqlx::Error> {
    let added = Added::of(commits);
    let refused = add_executions(connection, &added.rows).await?;
    let rows = Rows::of(commits, &refused, &added);
    for write in &rows.others {
        write_other(connection, write).await?;
    }
    set_statuses(connection, &rows).await?;
    append_history(connection, &rows).await?;
    forget(connection, &rows).await?;
    keep(connection, &rows).await?;
    write_map_runs(connection, &rows.map_runs).await?;
    if !rows.deleted.is_empty() {
        delete_executions(connection, &rows.deleted).await?;
    }
    write_jobs(connection, &rows.jobs).await?;
    delete_jobs(connection, &rows.deleted_jobs).await?;
    Ok(refused)
}

static ADD_EXECUTIONS: ManyRows = ManyRows::new(
    "insert into executions
     (id, machine, revision, name, status, started_at, stopped_at, parent_execution, parent_attempt, version, alias) values",
    "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    " on conflict (machine, name) do nothing",
    11,
);

async fn add_executions(
    connection: &mut SqliteConnection,
    rows: &[(usize, ExecutionRow<'_>)],
) -> Result<Refused, sqlx::Error> {
    let written = ADD_EXECUTIONS
        .run(connection, rows, |(_, row), arguments| {
            bind_execution(row, arguments)
        })
        .await?;
    add_trace_headers(connection, rows).await?;
    if written == rows.len() as u64 {
        return Ok(Refused::new());
    }
    let mut refused = Refused::new();
    for (commit, row) in rows {
        if !is_stored(connection, row.record.id).await? {
            refused
                .entry(*commit)
                .or_insert_with(|| row.record.name.clone());
        }
    }
    Ok(refused)
}

fn bind_execution(
    row: &ExecutionRow<'_>,
    arguments: &mut SqliteArguments,
) -> Result<(), BoxDynError> {
    let record = row.record;
    let parent = record.parent;
    arguments.add(integer(record.id.0))?;
    arguments.add(integer(record.machine.0))?;
    arguments.add(integer(record.revision.0))?;
    arguments.add(record.name.clone())?;
    arguments.add(status_code(row.status))?;
    arguments.add(record.started_at)?;
    arguments.add(row.stopped_at)?;
    arguments.add(parent.map(|parent| integer(parent.execution.0)))?;
    arguments.add(parent.map(|parent| integer(parent.attempt)))?;
    arguments.add(record.started_by.version.map(integer))?;
    arguments.add(record.started_by.alias.clone())
}

const SET_TRACE_HEADER: &str = "update executions set trace_header = ? where id = ?";

/// Of one that was refused there is no row, and nothing happens.
async fn add_trace_headers(
    connection: &mut SqliteConnection,
    rows: &[(usize, ExecutionRow<'_>)],
) -> Result<(), sqlx::Error> {
    let traced = rows.iter().filter_map(|(_, row)| {
        let header = row.record.trace_header.clone()?;
        Some((row.record.id, header))
    });
    for (id, header) in traced {
        sqlx::query(SET_TRACE_HEADER)
            .bind(header)
            .bind(integer(id.0))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

const IS_STORED: &str = "select exists (select 1 from executions where id = ?)";

async fn is_stored(
    connection: &mut SqliteConnection,
    id: ExecutionId,
) -> Result<bool, sqlx::Error> {
    sqlx::query(IS_STORED)
        .bind(integer(id.0))
        .fetch_one(connection)
        .await?
        .try_get(0)
}

static SET_STATUSES: ManyRows = ManyRows::new(
    "update executions set status = changed.column2, stopped_at = changed.column3 from (values",
    "(?, ?, ?)",
    ") as changed where executions.id = changed.column1",
    3,
);

async fn set_statuses(
    connection: &mut SqliteConnection,
    rows: &Rows<'_>,
) -> Result<(), sqlx::Error> {
    SET_STATUSES
        .run(connection, &rows.statuses, |row, arguments| {
            arguments.add(integer(row.id.0))?;
            arguments.add(status_code(row.status))?;
            arguments.add(row.stopped_at)
        })
        .await?;
    Ok(())
}

static APPEND_HISTORY: ManyRows = ManyRows::new(
    "insert into history (execution, first_event, events) values",
    "(?, ?, ?)",
    "",
    3,
);

async fn append_history(
    connection: &mut SqliteConnection,
    rows: &Rows<'_>,
) -> Result<(), sqlx::Error> {
    APPEND_HISTORY
        .run(connection, &rows.history, |(id, chunk), arguments| {
            arguments.add(integer(id.0))?;
            arguments.add(integer(chunk.first_event))?;
            arguments.add(&chunk.bytes[..])
        })
        .await?;
    Ok(())
}

static FORGET_UNFINISHED: ManyRows =
    ManyRows::new("delete from unfinished where execution in (", "?", ")", 1);
static FORGET_SNAPSHOTS: ManyRows =
    ManyRows::new("delete from snapshots where execution in (", "?", ")", 1);
static FORGET_INPUTS: ManyRows =
    ManyRows::new("delete from inputs where execution in (", "?", ")", 1);

async fn forget(connection: &mut SqliteConnection, rows: &Rows<'_>) -> Result<(), sqlx::Error> {
    FORGET_UNFINISHED
        .run(connection, &rows.ended, bind_id)
        .await?;
    FORGET_SNAPSHOTS
        .run(connection, &rows.ended, bind_id)
        .await?;
    FORGET_INPUTS
        .run(connection, &rows.without_inputs, bind_id)
        .await?;
    Ok(())
}

fn bind_id(id: &ExecutionId, arguments: &mut SqliteArguments) -> Result<(), BoxDynError> {
    arguments.add(integer(id.0))
}

static PUT_SNAPSHOTS: ManyRows = ManyRows::new(
    "replace into snapshots (execution, snapshot) values",
    "(?, ?)",
    "",
    2,
);
static PUT_UNFINISHED: ManyRows = ManyRows::new(
    "insert into unfinished (execution, wake_at, needs_dispatch) values",
    "(?, ?, ?)",
    " on conflict (execution) do update set wake_at = excluded.wake_at, needs_dispatch = excluded.needs_dispatch
      where wake_at is not excluded.wake_at or needs_dispatch is not excluded.needs_dispatch",
    3,
);
static BEGIN_UNFINISHED: ManyRows = ManyRows::new(
    "insert into unfinished (execution, wake_at, needs_dispatch) values",
    "(?, null, 1)",
    " on conflict (execution) do nothing",
    1,
);
static APPEND_INPUTS: ManyRows = ManyRows::new(
    "insert into inputs (execution, sequence, input) values",
    "(?, ?, ?)",
    "",
    3,
);

async fn keep(connection: &mut SqliteConnection, rows: &Rows<'_>) -> Result<(), sqlx::Error> {
    PUT_SNAPSHOTS
        .run(connection, &rows.snapshots, |(id, snapshot), arguments| {
            arguments.add(integer(id.0))?;
            arguments.add(*snapshot)
        })
        .await?;
    PUT_UNFINISHED
        .run(connection, &rows.unfinished, |row, arguments| {
            arguments.add(integer(row.id.0))?;
            arguments.add(row.wake_at)?;
            arguments.add(row.needs_dispatch)
        })
        .await?;
    BEGIN_UNFINISHED
        .run(connection, &rows.begun, bind_id)
        .await?;
    APPEND_INPUTS
        .run(
            connection,
            &rows.inputs,
            |(id, sequence, input), arguments| {
                arguments.add(integer(id.0))?;
                arguments.add(i64::from(*sequence))?;
                arguments.add(*input)
            },
        )
        .await?;
    Ok(())
}

static DELETE_EXECUTIONS: ManyRows =
    ManyRows::new("delete from executions where id in (", "?", ")", 1);
static DELETE_HISTORY: ManyRows =
    ManyRows::new("delete from history where execution in (", "?", ")", 1);
const KEEP_NUMBER: &str = "insert into numbers (kind, last) values (1, ?)
     on conflict (kind) do update set last = max(last, excluded.last)";

/// Removes executions with all that belongs to them; their numbers stay used.
pub(crate) async fn delete_executions(
    connection: &mut SqliteConnection,
    ids: &[ExecutionId],
) -> Result<(), sqlx::Error> {
    let greatest = ids.iter().map(|id| id.0).max().unwrap_or_default();
    sqlx::query(KEEP_NUMBER)
        .bind(integer(greatest))
        .execute(&mut *connection)
        .await?;
    for statement in [
        &DELETE_EXECUTIONS,
        &DELETE_HISTORY,
        &FORGET_UNFINISHED,
        &FORGET_SNAPSHOTS,
        &FORGET_INPUTS,
    ] {
        statement.run(connection, ids, bind_id).await?;
    }
    delete_map_runs(connection, ids).await
}

async fn write_other(connection: &mut SqliteConnection, write: &Write) -> Result<(), sqlx::Error> {
    match write {
        Write::PutStateMachine(record) => put_state_machine(connection, record).await,
        Write::AddRevision(record) => add_revision(connection, record).await,
        Write::PutActivity(record) => put_activity(connection, record).await,
        Write::DeleteActivity(name) => delete_activity(connection, name).await,
        Write::PutTags { arn, tags } => put_tags(connection, arn, tags).await,
        Write::PutResource(record) => put_resource(connection, record).await,
        Write::DeleteResource { kind, name } => delete_resource(connection, kind, name).await,
        Write::SetRedrive {
            id,
            revision,
            redrives,
        } => set_redrive(connection, *id, *revision, redrives).await,
        Write::ForgetHistory(id) => DELETE_HISTORY
            .run(connection, &[*id], bind_id)
            .await
            .map(|_| ()),
        Write::SetPaused { id, paused_at } => set_paused(connection, *id, *paused_at).await,
        Write::AddExecution(_)
        | Write::SetStatus { .. }
        | Write::KeepRemains { .. }
        | Write::AppendHistory { .. }
        | Write::PutSnapshot { .. }
        | Write::AppendInput { .. }
        | Write::DeleteExecution(_)
        | Write::PutMapRun(_)
        | Write::PutJob(_)
        | Write::DeleteJobs(_) => Ok(()),
    }
}

const SET_REDRIVE: &str = "update executions
     set revision = ?, redrive_count = ?, redriven_at = ?, redrive_tokens = ? where id = ?";

async fn set_redrive(
    connection: &mut SqliteConnection,
    id: ExecutionId,
    revision: RevisionId,
    redrives: &Redrives,
) -> Result<(), sqlx::Error> {
    sqlx::query(SET_REDRIVE)
        .bind(integer(revision.0))
        .bind(redrives.count)
        .bind(redrives.last_at)
        .bind(redrive_tokens_text(&redrives.tokens))
        .bind(integer(id.0))
        .execute(connection)
        .await?;
    Ok(())
}

const SET_PAUSED: &str = "update executions set paused_at = ? where id = ?";

async fn set_paused(
    connection: &mut SqliteConnection,
    id: ExecutionId,
    paused_at: Option<i64>,
) -> Result<(), sqlx::Error> {
    sqlx::query(SET_PAUSED)
        .bind(paused_at)
        .bind(integer(id.0))
        .execute(connection)
        .await?;
    Ok(())
}

const PUT_STATE_MACHINE: &str = "insert into state_machines
     (id, name, machine_type, created_at, is_deleted, current, settings) values (?, ?, ?, ?, ?, ?, ?)
     on conflict (id) do update set name = excluded.name, machine_type = excluded.machine_type,
     created_at = excluded.created_at, is_deleted = excluded.is_deleted, current = excluded.current,
     settings = excluded.settings";

async fn put_state_machine(
    connection: &mut SqliteConnection,
    record: &StateMachineRecord,
) -> Result<(), sqlx::Error> {
    sqlx::query(PUT_STATE_MACHINE)
        .bind(integer(record.id.0))
        .bind(record.name.clone())
        .bind(machine_type_code(record.machine_type))
        .bind(record.created_at)
        .bind(record.is_deleted)
        .bind(integer(record.current.0))
        .bind(record.settings.clone())
        .execute(connection)
        .await?;
    Ok(())
}

const ADD_REVISION: &str = "insert into revisions
     (id, machine, definition, role_arn, created_at, public_id) values (?, ?, ?, ?, ?, ?)";

async fn add_revision(
    connection: &mut SqliteConnection,
    record: &RevisionRecord,
) -> Result<(), sqlx::Error> {
    sqlx::query(ADD_REVISION)
        .bind(integer(record.id.0))
        .bind(integer(record.machine.0))
        .bind(record.definition.clone())
        .bind(record.role_arn.clone())
        .bind(record.created_at)
        .bind(record.public_id.clone())
        .execute(connection)
        .await?;
    Ok(())
}

const PUT_ACTIVITY: &str =
    "insert into activities (name, created_at) values (?, ?) on conflict (name) do nothing";

async fn put_activity(
    connection: &mut SqliteConnection,
    record: &ActivityRecord,
) -> Result<(), sqlx::Error> {
    sqlx::query(PUT_ACTIVITY)
        .bind(record.name.clone())
        .bind(record.created_at)
        .execute(connection)
        .await?;
    Ok(())
}

const DELETE_ACTIVITY: &str = "delete from activities where name = ?";

async fn delete_activity(connection: &mut SqliteConnection, name: &str) -> Result<(), sqlx::Error> {
    sqlx::query(DELETE_ACTIVITY)
        .bind(name.to_owned())
        .execute(connection)
        .await?;
    Ok(())
}

const DELETE_TAGS: &str = "delete from tags where arn = ?";
static ADD_TAGS: ManyRows = ManyRows::new(
    "insert into tags (arn, position, key, value) values",
    "(?, ?, ?, ?)",
    "",
    4,
);

async fn put_tags(
    connection: &mut SqliteConnection,
    arn: &str,
    tags: &[Tag],
) -> Result<(), sqlx::Error> {
    sqlx::query(DELETE_TAGS)
        .bind(arn.to_owned())
        .execute(&mut *connection)
        .await?;
    let numbered: Vec<(i64, &Tag)> = (0..).zip(tags).collect();
    ADD_TAGS
        .run(connection, &numbered, |(position, tag), arguments| {
            arguments.add(arn)?;
            arguments.add(*position)?;
            arguments.add(tag.key.clone())?;
            arguments.add(tag.value.clone())
        })
        .await?;
    Ok(())
}

const PUT_RESOURCE: &str = "insert into resources (kind, name, document) values (?, ?, ?)
     on conflict (kind, name) do update set document = excluded.document";

async fn put_resource(
    connection: &mut SqliteConnection,
    record: &ResourceRecord,
) -> Result<(), sqlx::Error> {
    sqlx::query(PUT_RESOURCE)
        .bind(record.kind.clone())
        .bind(record.name.clone())
        .bind(record.document.clone())
        .execute(connection)
        .await?;
    Ok(())
}

const DELETE_RESOURCE: &str = "delete from resources where kind = ? and name = ?";

async fn delete_resource(
    connection: &mut SqliteConnection,
    kind: &str,
    name: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(DELETE_RESOURCE)
        .bind(kind.to_owned())
        .bind(name.to_owned())
        .execute(connection)
        .await?;
    Ok(())
}

/// Runs one statement without parameters.
pub(crate) async fn run(
    connection: &mut SqliteConnection,
    statement: &'static str,
) -> Result<(), sqlx::Error> {
    sqlx::query(AssertSqlSafe(statement))
        .execute(connection)
        .await?;
    Ok(())
}
