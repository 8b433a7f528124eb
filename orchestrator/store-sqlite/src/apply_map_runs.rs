//! Writes the Map Runs of a group.

use sqlx::{Arguments, SqliteConnection};
use store::map_runs::MapRunRecord;
use store::records::ExecutionId;

use crate::many_rows::ManyRows;
use crate::rows::{integer, map_run_status_code};

static PUT_MAP_RUNS: ManyRows = ManyRows::new(
    "insert into map_runs (execution, attempt, name, status, started_at, stopped_at, document) values",
    "(?, ?, ?, ?, ?, ?, ?)",
    " on conflict (execution, attempt) do update set status = excluded.status, stopped_at = excluded.stopped_at,
     document = excluded.document",
    7,
);

/// Adds Map Runs, or replaces what changes of them.
pub(crate) async fn write_map_runs(
    connection: &mut SqliteConnection,
    runs: &[&MapRunRecord],
) -> Result<(), sqlx::Error> {
    PUT_MAP_RUNS
        .run(connection, runs, |run, arguments| {
            arguments.add(integer(run.parent.execution.0))?;
            arguments.add(integer(run.parent.attempt))?;
            arguments.add(run.name.clone())?;
            arguments.add(map_run_status_code(run.status))?;
            arguments.add(run.started_at)?;
            arguments.add(run.stopped_at)?;
            arguments.add(run.document.clone())
        })
        .await?;
    Ok(())
}

static DELETE_MAP_RUNS: ManyRows =
    ManyRows::new("delete from map_runs where execution in (", "?", ")", 1);

/// Removes the Map Runs of executions that are removed.
pub(crate) async fn delete_map_runs(
    connection: &mut SqliteConnection,
    executions: &[ExecutionId],
) -> Result<(), sqlx::Error> {
    DELETE_MAP_RUNS
        .run(connection, executions, |id, arguments| {
            arguments.add(integer(id.0))
        })
        .await?;
    Ok(())
}
