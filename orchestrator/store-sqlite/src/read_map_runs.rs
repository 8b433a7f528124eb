//! Reads Map Runs, and the children of one.

use std::sync::Arc;

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqlitePool};
use store::contract::Error;
use store::map_runs::{ChildFilter, ChildRecord, MapRunRecord};
use store::records::{ExecutionId, ExecutionRecord, Parent};

use crate::errors::read_error;
use crate::read_executions::record;
use crate::rows::{integer, map_run_status, number, status_code};

const BY_PARENT: &str = "select execution, attempt, name, status, started_at, stopped_at, document
     from map_runs where execution = ? and attempt = ?";

/// The run that an attempt waits for, or waited for.
pub(crate) async fn map_run(
    pool: &SqlitePool,
    parent: Parent,
) -> Result<Option<MapRunRecord>, Error> {
    let row = sqlx::query(BY_PARENT)
        .bind(integer(parent.execution.0))
        .bind(integer(parent.attempt))
        .fetch_optional(pool)
        .await
        .map_err(read_error)?;
    row.as_ref().map(map_run_of).transpose()
}

const BY_NAME: &str = "select execution, attempt, name, status, started_at, stopped_at, document
     from map_runs where name = ?";

/// The run of that name.
pub(crate) async fn map_run_by_name(
    pool: &SqlitePool,
    name: &str,
) -> Result<Option<MapRunRecord>, Error> {
    let row = sqlx::query(BY_NAME)
        .bind(name.to_owned())
        .fetch_optional(pool)
        .await
        .map_err(read_error)?;
    row.as_ref().map(map_run_of).transpose()
}

const OF_EXECUTION: &str =
    "select execution, attempt, name, status, started_at, stopped_at, document
     from map_runs where execution = ? and attempt < ? order by attempt desc limit ?";

/// The runs of an execution, newest first, whose attempt stands below `before`.
pub(crate) async fn map_runs(
    pool: &SqlitePool,
    execution: ExecutionId,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<MapRunRecord>, Error> {
    let rows = sqlx::query(OF_EXECUTION)
        .bind(integer(execution.0))
        .bind(before.map_or(i64::MAX, integer))
        .bind(integer(limit as u64))
        .fetch_all(pool)
        .await
        .map_err(read_error)?;
    rows.iter().map(map_run_of).collect()
}

const UNFINISHED: &str = "select execution, attempt, name, status, started_at, stopped_at, document
     from map_runs indexed by map_runs_unfinished
     where status = 0 and (execution, attempt) > (?, ?) order by execution, attempt limit ?";

/// Runs that are not over, in the order of their executions and attempts, after the given one.
pub(crate) async fn unfinished_map_runs(
    pool: &SqlitePool,
    after: Option<Parent>,
    limit: usize,
) -> Result<Vec<MapRunRecord>, Error> {
    let rows = sqlx::query(UNFINISHED)
        .bind(after.map_or(-1, |after| integer(after.execution.0)))
        .bind(after.map_or(-1, |after| integer(after.attempt)))
        .bind(integer(limit as u64))
        .fetch_all(pool)
        .await
        .map_err(read_error)?;
    rows.iter().map(map_run_of).collect()
}

const CHILDREN: &str = "select id, machine, revision, name, status, started_at, stopped_at, parent_execution, parent_attempt,
       version, alias, redrive_count, redriven_at, redrive_tokens, paused_at, trace_header
     from executions indexed by executions_by_parent
     where parent_execution = ?1 and parent_attempt = ?2 and id < ?3 and (?4 is null or status = ?4)
     order by id desc limit ?5";

/// The children of a run, newest first, that stand below `before`.
pub(crate) async fn children(
    pool: &SqlitePool,
    filter: ChildFilter,
    before: Option<ExecutionId>,
    limit: usize,
) -> Result<Vec<ExecutionRecord>, Error> {
    let rows = sqlx::query(CHILDREN)
        .bind(integer(filter.parent.execution.0))
        .bind(integer(filter.parent.attempt))
        .bind(before.map_or(i64::MAX, |id| integer(id.0)))
        .bind(filter.status.map(status_code))
        .bind(integer(limit as u64))
        .fetch_all(pool)
        .await
        .map_err(read_error)?;
    rows.iter().map(record).collect()
}

/// The record's columns, then the first and the last chunk of the history; one that is both is read once.
const WITH_ENDS: &str =
    "select e.id, e.machine, e.revision, e.name, e.status, e.started_at, e.stopped_at,
       e.parent_execution, e.parent_attempt,
       e.version, e.alias, e.redrive_count, e.redriven_at, e.redrive_tokens, e.paused_at, e.trace_header,
       f.events as first_events,
       (select l.events from history l where l.execution = e.id and l.first_event > 1
          order by l.first_event desc limit 1) as last_events
     from executions e indexed by executions_by_parent
     left join history f on f.execution = e.id and f.first_event = 1
     where e.parent_execution = ?1 and e.parent_attempt = ?2 and e.id > ?3
     order by e.id limit ?4";

/// The children of a run in the order of their items, after the given one, each with the two ends of its history.
pub(crate) async fn children_with_ends(
    pool: &SqlitePool,
    parent: Parent,
    after: Option<ExecutionId>,
    limit: usize,
) -> Result<Vec<ChildRecord>, Error> {
    let rows = sqlx::query(WITH_ENDS)
        .bind(integer(parent.execution.0))
        .bind(integer(parent.attempt))
        .bind(after.map_or(-1, |id| integer(id.0)))
        .bind(integer(limit as u64))
        .fetch_all(pool)
        .await
        .map_err(read_error)?;
    rows.iter()
        .map(|row| {
            let record = record(row)?;
            let chunk = |name: &str| -> Result<Option<Arc<[u8]>>, Error> {
                let bytes: Option<&[u8]> = row.try_get(name).map_err(read_error)?;
                Ok(bytes.map(Arc::from))
            };
            Ok(ChildRecord {
                record,
                first: chunk("first_events")?,
                last: chunk("last_events")?,
            })
        })
        .collect()
}

fn map_run_of(row: &SqliteRow) -> Result<MapRunRecord, Error> {
    let parent = Parent {
        execution: ExecutionId(number(row.try_get(0).map_err(read_error)?)),
        attempt: number(row.try_get(1).map_err(read_error)?),
    };
    Ok(MapRunRecord {
        parent,
        name: Arc::from(row.try_get::<&str, _>(2).map_err(read_error)?),
        status: map_run_status(row.try_get(3).map_err(read_error)?)?,
        started_at: row.try_get(4).map_err(read_error)?,
        stopped_at: row.try_get(5).map_err(read_error)?,
        document: Arc::from(row.try_get::<&str, _>(6).map_err(read_error)?),
    })
}
