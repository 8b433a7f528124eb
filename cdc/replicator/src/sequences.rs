//! The sequences' values, which replication does not carry: read at the source, and set at the target.

use std::time::Duration;

use endpoint::schema::definition::Schema;
use endpoint::schema::sequences::{read_sequences, set_sequences};
use endpoint::source::Source;
use wire::client;

use crate::attempt::Ends;
use crate::error::Error;
use crate::replicator::Surroundings;
use crate::task::Task;

/// How long it may take at the end of a task.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sets the sequences that a task's tables use to the source's values, without the task. For the moment when writers move to the target.
///
/// # Errors
/// When an end can't be reached, or refuses.
pub async fn set_now(task: &Task) -> Result<usize, Error> {
    let source = Source::connect(&task.source, &task.name).await?;
    let mut settings = task.target.clone();
    // Not the task's own name: its sessions end those that they find under it.
    settings.application_name = format!("ratchet-sequences:{}", task.name);
    let target = client::connect(&settings)
        .await
        .map_err(endpoint::Error::wire(
            "connect to the target to set its sequences",
        ))?;
    let schema = Schema::read(source.client(), &task.selection, &[]).await?;
    let values = read_sequences(source.client(), &schema).await?;
    let missing = set_sequences(&target, &values).await?;
    target.close().await;
    Ok(values.len() - missing.len())
}

/// Sets them at the end of a task. What goes wrong there is told, and no more: the rows are there.
pub(crate) async fn set(surroundings: &Surroundings, ends: &Ends) {
    let set = async {
        let schema = Schema::read(ends.source.client(), &surroundings.task.selection, &[]).await?;
        let values = read_sequences(ends.source.client(), &schema).await?;
        let missing = set_sequences(ends.control.client(), &values).await?;
        Ok::<_, endpoint::Error>((values.len(), missing))
    };
    match tokio::time::timeout(PATIENCE, set).await {
        Ok(Ok((count, missing))) => {
            for sequence in missing {
                surroundings.warn(format!("the target has no sequence {sequence}"));
            }
            if count > 0 {
                surroundings.inform(format!("{count} sequences were set"));
            }
        }
        Ok(Err(error)) => surroundings.warn(format!("the sequences were not set: {error}")),
        Err(_) => surroundings.warn("the sequences were not set: it took too long"),
    }
}
