//! Reads executions: one, a list of them, and what the running ones need to go on.

use std::sync::Arc;

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqlitePool};
use store::contract::{Error, ExecutionFilter, Qualifier};
use store::records::{
    ExecutionId, ExecutionRecord, ExecutionStatus, Parent, Recovered, Recovery, Redrives,
    RevisionId, StartedBy, StateMachineId, UnfinishedExecution,
};

use crate::errors::read_error;
use crate::rows::{integer, number, redrive_tokens, status, status_code};

const BY_ID: &str = "select id, machine, revision, name, status, started_at, stopped_at, parent_execution, parent_attempt,
       version, alias, redrive_count, redriven_at, redrive_tokens, paused_at, trace_header
     from executions where id = ?";

/// The execution with that number.
pub(crate) async fn execution(
    pool: &SqlitePool,
    id: ExecutionId,
) -> Result<Option<ExecutionRecord>, Error> {
    let row = sqlx::query(BY_ID)
        .bind(integer(id.0))
        .fetch_optional(pool)
        .await
        .map_err(read_error)?;
    row.as_ref().map(record).transpose()
}

const BY_NAME: &str = "select id, machine, revision, name, status, started_at, stopped_at, parent_execution, parent_attempt,
       version, alias, redrive_count, redriven_at, redrive_tokens, paused_at, trace_header
     from executions where machine = ? and name = ?";

/// The machine's execution of that name.
pub(crate) async fn execution_by_name(
    pool: &SqlitePool,
    machine: StateMachineId,
    name: &str,
) -> Result<Option<ExecutionRecord>, Error> {
    let row = sqlx::query(BY_NAME)
        .bind(integer(machine.0))
        .bind(name.to_owned())
        .fetch_optional(pool)
        .await
        .map_err(read_error)?;
    row.as_ref().map(record).transpose()
}

const BY_PARENT: &str = "select id, machine, revision, name, status, started_at, stopped_at, parent_execution, parent_attempt,
       version, alias, redrive_count, redriven_at, redrive_tokens, paused_at, trace_header
     from executions where parent_execution = ? and parent_attempt = ?";

/// The nested execution that an attempt started.
pub(crate) async fn child(
    pool: &SqlitePool,
    parent: Parent,
) -> Result<Option<ExecutionRecord>, Error> {
    let row = sqlx::query(BY_PARENT)
        .bind(integer(parent.execution.0))
        .bind(integer(parent.attempt))
        .fetch_optional(pool)
        .await
        .map_err(read_error)?;
    row.as_ref().map(record).transpose()
}

/// Every one takes the machine, the number below which it begins, the limit and the status, and uses of them what it needs.
const ALL: &str = "select id, machine, revision, name, status, started_at, stopped_at, parent_execution, parent_attempt,
       version, alias, redrive_count, redriven_at, redrive_tokens, paused_at, trace_header
     from executions where id < ?2 order by id desc limit ?3";

const OF_MACHINE_WITH_STATUS: &str = "select id, machine, revision, name, status, started_at, stopped_at, parent_execution, parent_attempt,
       version, alias, redrive_count, redriven_at, redrive_tokens, paused_at, trace_header
     from executions indexed by executions_by_status where machine = ?1 and status = ?4 and id < ?2
     order by id desc limit ?3";

/// The newest of each status, merged: one index serves lists with and without a status.
const OF_MACHINE: &str = "select id, machine, revision, name, status, started_at, stopped_at, parent_execution, parent_attempt,
       version, alias, redrive_count, redriven_at, redrive_tokens, paused_at, trace_header
     from executions where id in (
       select * from (select id from executions indexed by executions_by_status
         where machine = ?1 and status = 0 and id < ?2 order by id desc limit ?3)
       union all select * from (select id from executions indexed by executions_by_status
         where machine = ?1 and status = 1 and id < ?2 order by id desc limit ?3)
       union all select * from (select id from executions indexed by executions_by_status
         where machine = ?1 and status = 2 and id < ?2 order by id desc limit ?3)
       union all select * from (select id from executions indexed by executions_by_status
         where machine = ?1 and status = 3 and id < ?2 order by id desc limit ?3)
       union all select * from (select id from executions indexed by executions_by_status
         where machine = ?1 and status = 4 and id < ?2 order by id desc limit ?3)
     ) order by id desc limit ?3";

const OF_VERSION: &str = "select id, machine, revision, name, status, started_at, stopped_at, parent_execution, parent_attempt,
       version, alias, redrive_count, redriven_at, redrive_tokens, paused_at, trace_header
     from executions indexed by executions_by_version
     where machine = ?1 and version = ?5 and id < ?2 and (?4 is null or status = ?4)
     order by id desc limit ?3";

const OF_ALIAS: &str = "select id, machine, revision, name, status, started_at, stopped_at, parent_execution, parent_attempt,
       version, alias, redrive_count, redriven_at, redrive_tokens, paused_at, trace_header
     from executions indexed by executions_by_alias
     where machine = ?1 and alias = ?5 and id < ?2 and (?4 is null or status = ?4)
     order by id desc limit ?3";

const RUNNING: &str =
    "select e.id, e.machine, e.revision, e.name, e.status, e.started_at, e.stopped_at,
     e.parent_execution, e.parent_attempt,
     e.version, e.alias, e.redrive_count, e.redriven_at, e.redrive_tokens, e.paused_at, e.trace_header
     from unfinished as u cross join executions as e on e.id = u.execution
     where u.execution < ?2 and e.status = 0 order by u.execution desc limit ?3";

const SUCCEEDED: &str = "select id, machine, revision, name, status, started_at, stopped_at, parent_execution, parent_attempt,
       version, alias, redrive_count, redriven_at, redrive_tokens, paused_at, trace_header
     from executions not indexed where status = 1 and id < ?2 order by id desc limit ?3";

const WITH_RARE_STATUS: &str = "select id, machine, revision, name, status, started_at, stopped_at, parent_execution, parent_attempt,
       version, alias, redrive_count, redriven_at, redrive_tokens, paused_at, trace_header
     from executions indexed by executions_by_rare_status where status > 1 and status = ?4 and id < ?2
     order by id desc limit ?3";

/// Executions, newest first, that stand below `before`.
pub(crate) async fn executions(
    pool: &SqlitePool,
    filter: ExecutionFilter,
    before: Option<ExecutionId>,
    limit: usize,
) -> Result<Vec<ExecutionRecord>, Error> {
    let statement = match (filter.machine, filter.status) {
        _ if matches!(filter.started_by, Some(Qualifier::Version(_))) => OF_VERSION,
        _ if matches!(filter.started_by, Some(Qualifier::Alias(_))) => OF_ALIAS,
        (None, None) => ALL,
        (Some(_), None) => OF_MACHINE,
        (Some(_), Some(_)) => OF_MACHINE_WITH_STATUS,
        (None, Some(ExecutionStatus::Running)) => RUNNING,
        (None, Some(ExecutionStatus::Succeeded)) => SUCCEEDED,
        (
            None,
            Some(ExecutionStatus::Failed | ExecutionStatus::TimedOut | ExecutionStatus::Aborted),
        ) => WITH_RARE_STATUS,
    };
    let query = sqlx::query(statement)
        .bind(filter.machine.map(|machine| integer(machine.0)))
        .bind(before.map_or(i64::MAX, |id| integer(id.0)))
        .bind(integer(limit as u64))
        .bind(filter.status.map(status_code));
    let query = match filter.started_by {
        None => query,
        Some(Qualifier::Version(version)) => query.bind(integer(version)),
        Some(Qualifier::Alias(alias)) => query.bind(alias),
    };
    let rows = query.fetch_all(pool).await.map_err(read_error)?;
    rows.iter().map(record).collect()
}

/// The record's columns first, then the snapshot and whether there are inputs after it.
const RECOVERIES: &str =
    "select e.id, e.machine, e.revision, e.name, e.status, e.started_at, e.stopped_at,
       e.parent_execution, e.parent_attempt, s.snapshot,
       exists (select 1 from inputs i where i.execution = s.execution),
       e.version, e.alias, e.redrive_count, e.redriven_at, e.redrive_tokens, e.paused_at, e.trace_header
     from json_each(?) wanted
     cross join snapshots s on s.execution = wanted.value
     cross join executions e on e.id = s.execution
     where e.status = 0";

const INPUTS: &str = "select input from inputs where execution = ? order by sequence";

/// What some running executions need to go on.
pub(crate) async fn recoveries(
    pool: &SqlitePool,
    ids: &[ExecutionId],
) -> Result<Vec<Recovered>, Error> {
    let mut recovered = Vec::with_capacity(ids.len());
    let mut large = Vec::new();
    let rows = sqlx::query(RECOVERIES)
        .bind(json_array(ids))
        .fetch_all(pool)
        .await
        .map_err(read_error)?;
    for row in rows {
        let record = record(&row)?;
        if row.try_get(10).map_err(read_error)? {
            large.push(record.id);
            continue;
        }
        recovered.push(Recovered {
            record,
            recovery: Recovery {
                snapshot: row.try_get(9).map_err(read_error)?,
                inputs: Vec::new(),
            },
        });
    }
    for id in large {
        recovered.extend(recovery_with_inputs(pool, id).await?);
    }
    Ok(recovered)
}

/// The same for one that has inputs. Both reads see the same state, whatever is committed between them.
async fn recovery_with_inputs(
    pool: &SqlitePool,
    id: ExecutionId,
) -> Result<Option<Recovered>, Error> {
    let mut transaction = pool.begin().await.map_err(read_error)?;
    let row = sqlx::query(RECOVERIES)
        .bind(json_array(&[id]))
        .fetch_optional(&mut *transaction)
        .await
        .map_err(read_error)?;
    let inputs = sqlx::query(INPUTS)
        .bind(integer(id.0))
        .fetch_all(&mut *transaction)
        .await
        .map_err(read_error)?;
    transaction.commit().await.map_err(read_error)?;
    let Some(row) = row else { return Ok(None) };
    let inputs = inputs.iter().map(|row| row.try_get(0));
    Ok(Some(Recovered {
        record: record(&row)?,
        recovery: Recovery {
            snapshot: row.try_get(9).map_err(read_error)?,
            inputs: inputs.collect::<Result<_, _>>().map_err(read_error)?,
        },
    }))
}

const REMAINS: &str = "select s.snapshot from snapshots s
     cross join executions e on e.id = s.execution where s.execution = ? and e.status <> 0";

/// What is kept of an execution that ended.
pub(crate) async fn remains(pool: &SqlitePool, id: ExecutionId) -> Result<Option<Vec<u8>>, Error> {
    let row = sqlx::query(REMAINS)
        .bind(integer(id.0))
        .fetch_optional(pool)
        .await
        .map_err(read_error)?;
    row.map(|row| row.try_get(0))
        .transpose()
        .map_err(read_error)
}

/// `[1,2,3]`
fn json_array(ids: &[ExecutionId]) -> String {
    let numbers: Vec<String> = ids.iter().map(|id| id.0.to_string()).collect();
    format!("[{}]", numbers.join(","))
}

const UNFINISHED: &str =
    "select execution, wake_at, needs_dispatch from unfinished where execution > ?
     order by execution limit ?";

/// Running executions by number, after the given one.
pub(crate) async fn unfinished(
    pool: &SqlitePool,
    after: Option<ExecutionId>,
    limit: usize,
) -> Result<Vec<UnfinishedExecution>, Error> {
    let rows = sqlx::query(UNFINISHED)
        .bind(after.map_or(-1, |id| integer(id.0)))
        .bind(integer(limit as u64))
        .fetch_all(pool)
        .await
        .map_err(read_error)?;
    rows.iter()
        .map(|row| {
            Ok(UnfinishedExecution {
                id: ExecutionId(number(row.try_get(0)?)),
                wake_at: row.try_get(1)?,
                needs_dispatch: row.try_get(2)?,
            })
        })
        .collect::<Result<_, sqlx::Error>>()
        .map_err(read_error)
}

/// The execution that a row's columns say, in the order in which every statement here names them.
pub(crate) fn record(row: &SqliteRow) -> Result<ExecutionRecord, Error> {
    let parent = parent(row).map_err(read_error)?;
    Ok(ExecutionRecord {
        id: ExecutionId(number(row.try_get(0).map_err(read_error)?)),
        machine: StateMachineId(number(row.try_get(1).map_err(read_error)?)),
        revision: RevisionId(number(row.try_get(2).map_err(read_error)?)),
        name: Arc::from(row.try_get::<&str, _>(3).map_err(read_error)?),
        status: status(row.try_get(4).map_err(read_error)?)?,
        started_at: row.try_get(5).map_err(read_error)?,
        stopped_at: row.try_get(6).map_err(read_error)?,
        parent,
        started_by: started_by(row).map_err(read_error)?,
        redrives: redrives(row).map_err(read_error)?,
        paused_at: row.try_get("paused_at").map_err(read_error)?,
        trace_header: trace_header(row).map_err(read_error)?,
    })
}

fn started_by(row: &SqliteRow) -> Result<StartedBy, sqlx::Error> {
    Ok(StartedBy {
        version: row.try_get::<Option<i64>, _>("version")?.map(number),
        alias: row.try_get::<Option<&str>, _>("alias")?.map(Arc::from),
    })
}

fn trace_header(row: &SqliteRow) -> Result<Option<Arc<str>>, sqlx::Error> {
    let header: Option<&str> = row.try_get("trace_header")?;
    Ok(header.map(Arc::from))
}

fn redrives(row: &SqliteRow) -> Result<Option<Redrives>, sqlx::Error> {
    let Some(count) = row.try_get::<Option<u32>, _>("redrive_count")? else {
        return Ok(None);
    };
    let tokens = row
        .try_get::<Option<&str>, _>("redrive_tokens")?
        .unwrap_or_default();
    Ok(Some(Redrives {
        count,
        last_at: row
            .try_get::<Option<i64>, _>("redriven_at")?
            .unwrap_or_default(),
        tokens: redrive_tokens(tokens),
    }))
}

fn parent(row: &SqliteRow) -> Result<Option<Parent>, sqlx::Error> {
    let execution: Option<i64> = row.try_get(7)?;
    let attempt: Option<i64> = row.try_get(8)?;
    Ok(execution.zip(attempt).map(|(execution, attempt)| Parent {
        execution: ExecutionId(number(execution)),
        attempt: number(attempt),
    }))
}
