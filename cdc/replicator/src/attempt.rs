//! One attempt at a task: from the connections to the end, or to the first trouble.

use tokio_util::sync::CancellationToken;

use crate::error::Error;
use crate::replicator::{Outcome, Surroundings};

/// What outlives an attempt, so that the next one need not begin from nothing.
#[derive(Debug)]
pub(crate) struct Attempt {
    surroundings: Surroundings,
}

impl Attempt {
    pub(crate) fn new(surroundings: Surroundings) -> Self {
        Self { surroundings }
    }

    /// # Errors
    /// At the first trouble.
    pub(crate) async fn run(&mut self, stop: &CancellationToken) -> Result<Outcome, Error> {
        self.surroundings.inform("started");
        self.surroundings.crash_point("");
        stop.cancelled().await;
        Ok(Outcome::Stopped)
    }
}
