//! Reads jobs.

use std::sync::Arc;

use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row, SqlitePool};
use store::contract::{Error, JOB_STATUSES, JobFilter, JobsAmong, TextMatch};
use store::records::JobRecord;

use crate::errors::read_error;
use crate::rows::{integer, number};

const BY_ID: &str =
    "select j.number, j.id, j.queue, j.parent, j.name, j.definition, j.share, j.status, j.created_at, j.ended_at, j.document
     from json_each(?) wanted cross join jobs j on j.id = wanted.value";

/// The jobs with those ids.
pub(crate) async fn jobs_by_id(
    pool: &SqlitePool,
    ids: &[Arc<str>],
) -> Result<Vec<JobRecord>, Error> {
    let rows = sqlx::query(BY_ID)
        .bind(json_array(ids))
        .fetch_all(pool)
        .await
        .map_err(read_error)?;
    rows.iter().map(record).collect()
}

/// `["a","b"]`
fn json_array(ids: &[Arc<str>]) -> String {
    let mut text = String::from("[");
    for id in ids {
        if text.len() > 1 {
            text.push(',');
        }
        text.push('"');
        for character in id.chars() {
            match character {
                '"' | '\\' => text.extend(['\\', character]),
                control if control.is_control() => {
                    text.push_str(&format!("\\u{:04x}", u32::from(control)));
                }
                plain => text.push(plain),
            }
        }
        text.push('"');
    }
    text.push(']');
    text
}

/// Every list takes the queue or parent, the number below which it begins, the limit, the status, and what else is asked of a
/// job. A list of all statuses merges the newest of each, so that the index that serves one status serves it too.
const CONDITIONS: &str = "number < ?2
       and (?5 is null or lower(name) = ?5)
       and (?6 is null or substr(lower(name), 1, length(?6)) = ?6)
       and (?7 is null or definition = ?7)
       and (?8 is null or substr(definition, 1, length(?8)) = ?8)
       and (?9 is null or share = ?9)
       and (?10 is null or created_at < ?10)
       and (?11 is null or created_at > ?11)
       order by number desc limit ?3";

fn list_statement(filter: &JobFilter) -> String {
    let among = match filter.among {
        JobsAmong::Queue(_) => "indexed by jobs_by_queue where parent is null and queue = ?1",
        JobsAmong::Parent(_) => {
            "indexed by jobs_by_parent where parent is not null and parent = ?1"
        }
    };
    let of_status = |status: &str| {
        format!("select number from jobs {among} and status = {status} and {CONDITIONS}")
    };
    let numbers = match filter.status {
        Some(_) => of_status("?4"),
        None => (0..JOB_STATUSES)
            .map(|status| format!("select * from ({})", of_status(&status.to_string())))
            .collect::<Vec<_>>()
            .join(" union all "),
    };
    format!(
        "select number, id, queue, parent, name, definition, share, status, created_at, ended_at, document
         from jobs where number in ({numbers}) order by number desc limit ?3"
    )
}

/// Jobs, newest first, whose number stands below `before`.
pub(crate) async fn jobs(
    pool: &SqlitePool,
    filter: JobFilter,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<JobRecord>, Error> {
    let statement = list_statement(&filter);
    let (JobsAmong::Queue(among) | JobsAmong::Parent(among)) = filter.among;
    let (name, name_prefix) = halves(filter.name);
    let (definition, definition_prefix) = halves(filter.definition);
    let lower = |text: Option<Arc<str>>| text.map(|text| text.to_ascii_lowercase());
    let rows = sqlx::query(AssertSqlSafe(statement))
        .bind(among)
        .bind(before.map_or(i64::MAX, integer))
        .bind(integer(limit as u64))
        .bind(filter.status.map(i64::from))
        .bind(lower(name))
        .bind(lower(name_prefix))
        .bind(definition)
        .bind(definition_prefix)
        .bind(filter.share)
        .bind(filter.created_before)
        .bind(filter.created_after)
        .fetch_all(pool)
        .await
        .map_err(read_error)?;
    rows.iter().map(record).collect()
}

/// The text that must be whole, and the one that must stand at the beginning.
fn halves(wanted: Option<TextMatch>) -> (Option<Arc<str>>, Option<Arc<str>>) {
    match wanted {
        None => (None, None),
        Some(TextMatch::Exact(text)) => (Some(text), None),
        Some(TextMatch::Prefix(text)) => (None, Some(text)),
    }
}

const UNFINISHED: &str =
    "select number, id, queue, parent, name, definition, share, status, created_at, ended_at, document
     from jobs indexed by jobs_unfinished where ended_at is null and number > ? order by number limit ?";

/// Jobs that have not ended, oldest first, whose number stands above `after`.
pub(crate) async fn unfinished_jobs(
    pool: &SqlitePool,
    after: Option<u64>,
    limit: usize,
) -> Result<Vec<JobRecord>, Error> {
    let rows = sqlx::query(UNFINISHED)
        .bind(after.map_or(-1, integer))
        .bind(integer(limit as u64))
        .fetch_all(pool)
        .await
        .map_err(read_error)?;
    rows.iter().map(record).collect()
}

const ENDED: &str =
    "select number, id, queue, parent, name, definition, share, status, created_at, ended_at, document
     from jobs indexed by jobs_by_end
     where ended_at is not null and parent is null and ended_at < ? order by ended_at limit ?";

/// Whole jobs that ended before then.
pub(crate) async fn ended_jobs(
    pool: &SqlitePool,
    ended_before: i64,
    limit: usize,
) -> Result<Vec<JobRecord>, Error> {
    let rows = sqlx::query(ENDED)
        .bind(ended_before)
        .bind(integer(limit as u64))
        .fetch_all(pool)
        .await
        .map_err(read_error)?;
    rows.iter().map(record).collect()
}

fn record(row: &SqliteRow) -> Result<JobRecord, Error> {
    let code = status(row.try_get(7).map_err(read_error)?)?;
    let columns = || -> Result<JobRecord, sqlx::Error> {
        Ok(JobRecord {
            number: number(row.try_get(0)?),
            id: text(row, 1)?,
            queue: text(row, 2)?,
            parent: optional(row, 3)?,
            name: text(row, 4)?,
            definition: text(row, 5)?,
            share: optional(row, 6)?,
            status: code,
            created_at: row.try_get(8)?,
            ended_at: row.try_get(9)?,
            document: text(row, 10)?,
        })
    };
    columns().map_err(read_error)
}

fn text(row: &SqliteRow, column: usize) -> Result<Arc<str>, sqlx::Error> {
    row.try_get::<&str, _>(column).map(Arc::from)
}

fn optional(row: &SqliteRow, column: usize) -> Result<Option<Arc<str>>, sqlx::Error> {
    Ok(row.try_get::<Option<&str>, _>(column)?.map(Arc::from))
}

fn status(code: i64) -> Result<u8, Error> {
    u8::try_from(code)
        .ok()
        .filter(|code| *code < JOB_STATUSES)
        .ok_or_else(|| Error::Damaged {
            what: "a job's status".to_owned(),
            why: format!("there is no code {code}"),
        })
}
