//! Which executions stay in memory while they only wait: the ones that rested most recently, up to a bound.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use store::records::ExecutionId;

use crate::engine::Engine;
use crate::slot::SlotState;

/// An execution with a larger snapshot leaves memory as soon as it rests.
const LARGEST: usize = 8 * 1024;

/// Executions that wait for something outside the process, longest resting first.
///
/// An execution that was busy again since it was put here has a later entry too; the earlier one then says nothing.
#[derive(Debug, Default)]
pub(crate) struct Resting(Mutex<Queue>);

#[derive(Debug, Default)]
struct Queue {
    entries: VecDeque<(ExecutionId, u64)>,
    rests: u64,
}

impl Engine {
    /// Whether an execution that has nothing to do may stay in memory.
    pub(crate) fn may_rest(&self, state: &SlotState) -> bool {
        self.options.resting_executions > 0
            && state.loaded.as_ref().is_some_and(|loaded| {
                loaded.execution.is_running() && loaded.snapshot_bytes <= LARGEST
            })
    }

    /// Keeps an execution in memory, and says who has rested longest when there are too many.
    pub(crate) fn keep(
        &self,
        id: ExecutionId,
        state: &mut SlotState,
    ) -> Option<(ExecutionId, u64)> {
        let mut queue = self
            .resting
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        queue.rests += 1;
        let rest = queue.rests;
        state.rest = rest;
        queue.entries.push_back((id, rest));
        if queue.entries.len() > self.options.resting_executions {
            queue.entries.pop_front()
        } else {
            None
        }
    }

    /// Lets an execution leave memory, unless it has been busy since that rest.
    pub(crate) fn evict(&self, rested: Option<(ExecutionId, u64)>) {
        let Some((id, rest)) = rested else { return };
        let mut shard = self.shard(id);
        let still_rests = shard.get(&id).is_some_and(|slot| {
            let state = slot.lock();
            let is_busy = state.is_driven || !state.inbox.is_empty() || !state.running.is_empty();
            !is_busy && state.rest == rest
        });
        if still_rests {
            shard.remove(&id);
        }
    }
}
