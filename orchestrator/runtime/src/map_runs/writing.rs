//! Making durable how far a Map Run is, through failures of the store.

use std::time::Duration;

use store::contract::{Commit, Write};

use crate::error::Error;
use crate::map_runs::run::{Halt, Run};

/// How long to wait before the store is asked again.
const PAUSE: Duration = Duration::from_millis(500);

impl Run {
    /// Writes how far the run is, with whatever else; tries until it is durable.
    pub(super) async fn write(
        &mut self,
        mut others: impl FnMut() -> Vec<Write>,
    ) -> Result<(), Halt> {
        self.record.document = self.progress.document();
        loop {
            let mut writes = others();
            writes.push(Write::PutMapRun(self.record.clone()));
            let error = match self.engine.store.commit(Commit { writes }).await {
                Ok(()) => return Ok(()),
                Err(error) => Error::from(error),
            };
            self.pause(&error).await?;
            // It may have been written all the same.
            let (engine, parent) = (self.engine.clone(), self.record.parent);
            let stored = self.retry(|| engine.store.map_run(parent)).await?;
            if stored.as_ref() == Some(&self.record) {
                return Ok(());
            }
        }
    }

    /// Asks the store until it answers.
    pub(super) async fn retry<T, E, F>(&self, mut ask: impl FnMut() -> F) -> Result<T, Halt>
    where
        Error: From<E>,
        F: Future<Output = Result<T, E>>,
    {
        loop {
            match ask().await {
                Ok(answer) => return Ok(answer),
                Err(error) => self.pause(&Error::from(error)).await?,
            }
        }
    }

    /// Waits a little after a failure of the store; gives up where nothing helps.
    pub(super) async fn pause(&self, error: &Error) -> Result<(), Halt> {
        let is_closing = self.engine.closing.is_cancelled();
        let run = &*self.record.name;
        tracing::warn!(run, %error, is_closing, "cannot carry a Map Run on");
        if is_closing || error.is_closed() {
            return Err(Halt::Closing);
        }
        if !error.is_retryable() {
            return Err(Halt::Failed(error.told()));
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => Ok(()),
            () = self.engine.closing.cancelled() => Err(Halt::Closing),
        }
    }
}
