//! When the write-ahead log is copied into the database, so that it stays small under load and is empty when idle.

use sqlx::{Row, SqliteConnection};
use store::contract::{Commit, Write};

use crate::group::size;

/// The size of a page.
const PAGE: f64 = 4096.0;

/// How many free pages one idle moment gives back to the file system.
const VACUUM: &str = "pragma incremental_vacuum(1024)";

/// From how many checkpoint sizes on readers are waited for.
const PATIENCE: i64 = 4;

/// What the writer knows about the write-ahead log. SQLite tells its length only when it is copied, so it is estimated in
/// between from what earlier rounds came to.
pub(crate) struct Checkpoints {
    due_pages: f64,
    pages: f64,
    rows: f64,
    pages_per_row: f64,
    has_idle_work: bool,
}

impl Checkpoints {
    /// With the length from which on the log is copied.
    pub(crate) fn new(due_pages: u32) -> Self {
        Self {
            due_pages: f64::from(due_pages),
            pages: 0.0,
            rows: 0.0,
            pages_per_row: 2.0,
            has_idle_work: true,
        }
    }

    /// Notes that a group was written.
    pub(crate) fn count(&mut self, commits: &[&Commit]) {
        let rows: usize = commits.iter().map(|commit| commit.writes.len()).sum();
        let bytes: usize = commits.iter().map(|commit| size(commit)).sum();
        let deleted = commits
            .iter()
            .flat_map(|commit| &commit.writes)
            .filter(|write| matches!(write, Write::DeleteExecution(_)))
            .count();
        self.add(rows as f64 + bytes as f64 / PAGE);
        self.count_deleted(deleted as u64);
    }

    /// Notes that executions were deleted: each touches about as many pages as it was written with.
    pub(crate) fn count_deleted(&mut self, executions: u64) {
        self.add(executions as f64 * 4.0);
    }

    fn add(&mut self, rows: f64) {
        self.rows += rows;
        self.pages += rows * self.pages_per_row;
        self.has_idle_work = true;
    }

    /// Whether it is time to copy the log.
    pub(crate) fn is_due(&self) -> bool {
        self.pages >= self.due_pages
    }

    /// Whether there is something to do when nobody wants to write.
    pub(crate) fn has_idle_work(&self) -> bool {
        self.has_idle_work
    }

    /// Copies what no reader stands in the way of; waits for readers only when the log has become far too long.
    pub(crate) async fn run(
        &mut self,
        connection: &mut SqliteConnection,
    ) -> Result<(), sqlx::Error> {
        let (length, copied) = checkpoint(connection, PASSIVE).await?;
        if self.rows > 0.0 {
            self.pages_per_row = (length as f64 / self.rows).clamp(0.05, 64.0);
        }
        if copied < length && length as f64 > self.due_pages * PATIENCE as f64 {
            checkpoint(connection, RESTART).await?;
        }
        self.rows = 0.0;
        self.pages = 0.0;
        Ok(())
    }

    /// Empties the log, and gives free pages back when they are a large part of the file.
    pub(crate) async fn tidy(
        &mut self,
        connection: &mut SqliteConnection,
    ) -> Result<(), sqlx::Error> {
        self.has_idle_work = false;
        let row = sqlx::query(FREE_PAGES).fetch_one(&mut *connection).await?;
        let (free, all): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
        if free > 1024 && free > all / 4 {
            sqlx::query(VACUUM).fetch_all(&mut *connection).await?;
            self.has_idle_work = true;
        }
        checkpoint(connection, TRUNCATE).await?;
        self.rows = 0.0;
        self.pages = 0.0;
        Ok(())
    }
}

const PASSIVE: &str = "pragma wal_checkpoint(passive)";
const RESTART: &str = "pragma wal_checkpoint(restart)";
const TRUNCATE: &str = "pragma wal_checkpoint(truncate)";
const FREE_PAGES: &str =
    "select freelist_count, page_count from pragma_freelist_count, pragma_page_count";

/// Returns the log's length and how much of it is copied, in pages.
async fn checkpoint(
    connection: &mut SqliteConnection,
    statement: &'static str,
) -> Result<(i64, i64), sqlx::Error> {
    let row = sqlx::query(statement).fetch_one(connection).await?;
    Ok((row.try_get(1)?, row.try_get(2)?))
}
