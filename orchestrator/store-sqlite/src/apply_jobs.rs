//! Writes the jobs of a group.

use std::sync::Arc;

use sqlx::{Arguments, SqliteConnection};
use store::records::JobRecord;

use crate::many_rows::ManyRows;
use crate::rows::integer;

static PUT_JOBS: ManyRows = ManyRows::new(
    "insert into jobs
     (number, id, queue, parent, name, definition, share, status, created_at, ended_at, document) values",
    "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    " on conflict (id) do update set status = excluded.status, ended_at = excluded.ended_at,
     document = excluded.document",
    11,
);

/// Adds jobs, or replaces what changes of them.
pub(crate) async fn write_jobs(
    connection: &mut SqliteConnection,
    jobs: &[&JobRecord],
) -> Result<(), sqlx::Error> {
    PUT_JOBS
        .run(connection, jobs, |job, arguments| {
            arguments.add(integer(job.number))?;
            arguments.add(job.id.clone())?;
            arguments.add(job.queue.clone())?;
            arguments.add(job.parent.clone())?;
            arguments.add(job.name.clone())?;
            arguments.add(job.definition.clone())?;
            arguments.add(job.share.clone())?;
            arguments.add(i64::from(job.status))?;
            arguments.add(job.created_at)?;
            arguments.add(job.ended_at)?;
            arguments.add(job.document.clone())
        })
        .await?;
    Ok(())
}

const KEEP_NUMBER: &str =
    "insert into numbers (kind, last) values (2, coalesce((select max(number) from jobs), 0))
     on conflict (kind) do update set last = max(last, excluded.last)";
static DELETE_JOBS: ManyRows = ManyRows::new("delete from jobs where id in (", "?", ")", 1);
static DELETE_PARTS: ManyRows = ManyRows::new("delete from jobs where parent in (", "?", ")", 1);

/// Removes jobs with their parts; their numbers stay used.
pub(crate) async fn delete_jobs(
    connection: &mut SqliteConnection,
    ids: &[&Arc<str>],
) -> Result<(), sqlx::Error> {
    if ids.is_empty() {
        return Ok(());
    }
    sqlx::query(KEEP_NUMBER).execute(&mut *connection).await?;
    for statement in [&DELETE_PARTS, &DELETE_JOBS] {
        statement
            .run(connection, ids, |id, arguments| {
                arguments.add(Arc::clone(id))
            })
            .await?;
    }
    Ok(())
}
