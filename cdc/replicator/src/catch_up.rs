//! Where a source is at a moment, for those who wait until a task that runs has come there.

use endpoint::source::Source;
use pgoutput::Lsn;

use crate::error::Error;
use crate::task::Task;

/// The end of the source's WAL: once [`crate::status::Status::applied`] has reached it, everything that the source had committed is durable at the
/// target. A message is written to the source's WAL, so that an idle source's stream gets there, too.
///
/// # Errors
/// When the source can't be reached.
pub async fn source_end(task: &Task) -> Result<Lsn, Error> {
    let source = Source::connect(&task.source, &task.name).await?;
    let end = source.wal_end().await?;
    source.heartbeat().await?;
    source.close().await;
    Ok(end)
}
