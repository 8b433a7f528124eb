//! Reads pages of an execution's history out of its chunks.

use futures_util::TryStreamExt;
use sqlx::{Row, SqlitePool};
use store::contract::{Direction, Error};
use store::history_page::PageBuilder;
use store::records::{ExecutionId, HistoryPage};

use crate::errors::read_error;
use crate::rows::integer;

/// Begins with the chunk that holds the event.
const FORWARD: &str = "select events from history where execution = ?1 and first_event >= coalesce(
       (select max(first_event) from history where execution = ?1 and first_event <= ?2), 0)
     order by first_event";

const REVERSE: &str = "select events from history where execution = ?1 and first_event <= ?2
     order by first_event desc";

/// Up to `limit` events from `from` on. Chunks are read one by one, so that a page never holds more than it shows.
pub(crate) async fn history(
    pool: &SqlitePool,
    id: ExecutionId,
    from: u64,
    limit: usize,
    direction: Direction,
) -> Result<HistoryPage, Error> {
    let statement = match direction {
        Direction::Forward => FORWARD,
        Direction::Reverse => REVERSE,
    };
    let mut chunks = sqlx::query(statement)
        .bind(integer(id.0))
        .bind(integer(from))
        .fetch(pool);
    let mut page = PageBuilder::new(from, limit, direction);
    while !page.is_complete()
        && let Some(row) = chunks.try_next().await.map_err(read_error)?
    {
        page.add(row.try_get(0).map_err(read_error)?)?;
    }
    Ok(page.finish())
}
