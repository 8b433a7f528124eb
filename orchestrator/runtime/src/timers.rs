//! All timers of all executions: one entry for each execution's next wake-up.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Mutex, PoisonError};

use store::records::ExecutionId;
use tokio::sync::Notify;

use crate::clock::World;

/// The wake-ups that wait. An entry that is no longer needed stays until its time and then finds nothing to do.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    heap: Mutex<BinaryHeap<Reverse<(i64, u64)>>>,
    earlier: Notify,
}

impl Timers {
    /// Wakes the execution at that time (milliseconds since 1970).
    pub(crate) fn set(&self, execution: ExecutionId, due: i64) {
        let mut heap = self.heap.lock().unwrap_or_else(PoisonError::into_inner);
        let is_earliest = heap.peek().is_none_or(|Reverse((first, _))| due < *first);
        heap.push(Reverse((due, execution.0)));
        drop(heap);
        if is_earliest {
            self.earlier.notify_one();
        }
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.heap
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
    }

    /// Waits until some are due and gives them, at most `limit` at once, in the order of their times.
    pub(crate) async fn due(&self, world: &World, limit: usize) -> Vec<ExecutionId> {
        loop {
            let next = {
                let mut heap = self.heap.lock().unwrap_or_else(PoisonError::into_inner);
                let now = world.now();
                let mut due = Vec::new();
                while due.len() < limit
                    && let Some(Reverse((first, _))) = heap.peek()
                    && *first <= now
                    && let Some(Reverse((_, execution))) = heap.pop()
                {
                    due.push(ExecutionId(execution));
                }
                if !due.is_empty() {
                    due.dedup();
                    return due;
                }
                // A heap that has emptied gives its memory back.
                if heap.capacity() > 1024 && heap.len() < heap.capacity() / 4 {
                    heap.shrink_to(1024);
                }
                heap.peek().map(|Reverse((first, _))| *first)
            };
            match next {
                Some(first) => {
                    tokio::select! {
                        () = tokio::time::sleep(world.until(first)) => {}
                        () = self.earlier.notified() => {}
                    }
                }
                None => self.earlier.notified().await,
            }
        }
    }
}
