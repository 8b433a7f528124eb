//! Gives loaded tables their indexes and constraints, several at a time.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use endpoint::schema::complete::{self, Order, Step};
use endpoint::schema::definition::Schema;
use tokio::task::JoinSet;
use wire::client;

use crate::attempt::{Attempt, Ends};
use crate::error::Error;
use crate::options::crash_points;
use crate::replicator::Surroundings;
use crate::start::Details;
use crate::status::Phase;

/// How many indexes are built at the same time; each uses several processes of the target besides.
const AT_A_TIME: usize = 4;

impl Attempt {
    /// Makes what the tables lack that the task has made; what is there already is left.
    pub(crate) async fn complete(
        &self,
        ends: &Ends,
        schema: &Schema,
        details: &Details,
    ) -> Result<(), Error> {
        if details.created.is_empty() {
            return Ok(());
        }
        self.surroundings.phase(Phase::Indexing);
        let client = ends.control.client();
        let completion = complete::plan(schema, client, &details.created).await?;
        for problem in &completion.problems {
            match &problem.table {
                Some(table) => self.surroundings.warn(format!("{table}: {}", problem.text)),
                None => self.surroundings.warn(problem.text.clone()),
            }
        }
        let steps = completion.groups.iter().map(|group| group.statements.len());
        let left = steps.sum::<usize>() as u64;
        self.surroundings
            .status
            .send_modify(|status| status.definitions_left = left);
        for group in completion.groups {
            let sessions = match group.order {
                Order::Sequential => 1,
                Order::Parallel => AT_A_TIME.min(group.statements.len()),
            };
            let queue = Arc::new(Mutex::new(VecDeque::from(group.statements)));
            let mut tasks = JoinSet::new();
            for _ in 0..sessions {
                tasks.spawn(build(self.surroundings.clone(), Arc::clone(&queue)));
            }
            while let Some(ended) = tasks.join_next().await {
                ended.map_err(|error| Error::Internal(error.to_string()))??;
            }
        }
        Ok(())
    }
}

/// Runs statements over a connection of its own, until none is left.
async fn build(surroundings: Surroundings, queue: Arc<Mutex<VecDeque<Step>>>) -> Result<(), Error> {
    let next = || {
        queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front()
    };
    let Some(mut step) = next() else {
        return Ok(());
    };
    let client = client::connect(&surroundings.target_settings()).await;
    let client = client.map_err(endpoint::Error::wire("connect to the target"))?;
    loop {
        step.run(&client).await?;
        surroundings.crash_point(crash_points::INDEX_BUILT);
        surroundings.status.send_modify(|status| {
            status.definitions_left = status.definitions_left.saturating_sub(1);
        });
        match next() {
            Some(another) => step = another,
            None => break,
        }
    }
    client.close().await;
    Ok(())
}
