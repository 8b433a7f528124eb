//! Writes what the actor gathered, however long that takes.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use batch::Error;
use store::contract::{Commit, Store, Write};
use tokio::time::Instant;

use crate::driver::Answer;

/// How long a caller is kept waiting while the store fails.
const PATIENCE: Duration = Duration::from_secs(5);

/// Writes it all together, again with growing pauses while the store fails: the scheduler has decided, so there is no way back. Callers who
/// waited for long are answered that it is not known yet; the others stay.
///
/// # Errors
/// When the store is closed or damaged.
pub(crate) async fn commit(
    store: &dyn Store,
    writes: Vec<Write>,
    replies: &mut Vec<Answer>,
) -> Result<(), store::contract::Error> {
    let began = Instant::now();
    let pauses = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(50))
        .with_max_delay(Duration::from_secs(5))
        .without_max_times()
        .build();
    let commit = Commit { writes };
    for pause in pauses {
        let error = match store.commit(commit.clone()).await {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        if !error.is_retryable() {
            refuse(replies, &error);
            return Err(error);
        }
        tracing::warn!(%error, "cannot keep what became of container jobs: trying again");
        if began.elapsed() >= PATIENCE {
            refuse(replies, &error);
        }
        tokio::time::sleep(pause).await;
    }
    Err(store::contract::Error::Closed)
}

fn refuse(replies: &mut Vec<Answer>, error: &store::contract::Error) {
    for reply in replies.drain(..) {
        reply(Err(Error::Unavailable(error.to_string())));
    }
}
