//! All timers of all executions: one entry for each execution's next wake-up.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use store::records::ExecutionId;
use tokio::sync::Notify;

use crate::clock::World;

/// The longest sleep, so that a clock that was set forward is noticed.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// The wake-ups that wait, at most one for each execution.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    waiting: Mutex<Waiting>,
    earlier: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    by_time: BTreeSet<(i64, ExecutionId)>,
    by_execution: HashMap<ExecutionId, i64>,
}

impl Timers {
    /// Wakes the execution at that time (milliseconds since 1970), and no longer at the one that was set before.
    pub(crate) fn set(&self, execution: ExecutionId, due: i64) {
        let mut waiting = self.lock();
        if let Some(before) = waiting.by_execution.insert(execution, due) {
            waiting.by_time.remove(&(before, execution));
        }
        waiting.by_time.insert((due, execution));
        let is_earliest = waiting.by_time.first() == Some(&(due, execution));
        drop(waiting);
        if is_earliest {
            self.earlier.notify_one();
        }
    }

    /// Lets the execution sleep.
    pub(crate) fn clear(&self, execution: ExecutionId) {
        let mut waiting = self.lock();
        if let Some(due) = waiting.by_execution.remove(&execution) {
            waiting.by_time.remove(&(due, execution));
        }
        waiting.give_memory_back();
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.lock().by_time.len()
    }

    /// Waits until some are due and takes them, at most `limit` at once, in the order of their times.
    pub(crate) async fn due(&self, world: &World, limit: usize) -> Vec<ExecutionId> {
        loop {
            let next = {
                let mut waiting = self.lock();
                let due = waiting.take_due(world.now(), limit);
                if !due.is_empty() {
                    return due;
                }
                waiting.by_time.first().map(|&(first, _)| first)
            };
            match next {
                Some(first) => {
                    let pause = world.until(first).min(LONGEST_SLEEP);
                    tokio::select! {
                        () = tokio::time::sleep(pause) => {}
                        () = self.earlier.notified() => {}
                    }
                }
                None => self.earlier.notified().await,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn take_due(&mut self, now: i64, limit: usize) -> Vec<ExecutionId> {
        let mut due = Vec::new();
        while due.len() < limit
            && let Some(&(first, execution)) = self.by_time.first()
            && first <= now
        {
            self.by_time.pop_first();
            self.by_execution.remove(&execution);
            due.push(execution);
        }
        self.give_memory_back();
        due
    }

    fn give_memory_back(&mut self) {
        let capacity = self.by_execution.capacity();
        if capacity > 1024 && self.by_execution.len() < capacity / 4 {
            self.by_execution.shrink_to(capacity / 2);
        }
    }
}
