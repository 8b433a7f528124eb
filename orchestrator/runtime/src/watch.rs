//! Who follows an execution's events live.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use interpreter::history::HistoryEvent;
use store::records::ExecutionId;
use tokio::sync::broadcast;

/// How many commits a follower may lag behind before it must read from the store again.
const BUFFER: usize = 64;

/// The followers of all executions. Publishing to an execution that nobody follows costs one look at a counter.
#[derive(Debug, Default)]
pub(crate) struct Watchers {
    channels: Mutex<HashMap<ExecutionId, broadcast::Sender<Arc<[HistoryEvent]>>>>,
    count: std::sync::atomic::AtomicUsize,
}

impl Watchers {
    /// Follows an execution from now on.
    pub(crate) fn subscribe(&self, id: ExecutionId) -> broadcast::Receiver<Arc<[HistoryEvent]>> {
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        channels.retain(|_, sender| sender.receiver_count() > 0);
        let receiver = channels
            .entry(id)
            .or_insert_with(|| broadcast::channel(BUFFER).0)
            .subscribe();
        self.count
            .store(channels.len(), std::sync::atomic::Ordering::Release);
        receiver
    }

    /// Tells the followers of an execution what was committed.
    pub(crate) fn publish(&self, id: ExecutionId, events: &[HistoryEvent]) {
        if self.count.load(std::sync::atomic::Ordering::Acquire) == 0 {
            return;
        }
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(sender) = channels.get(&id) else {
            return;
        };
        if sender.send(events.into()).is_err() {
            // The last follower has gone.
            channels.remove(&id);
            self.count
                .store(channels.len(), std::sync::atomic::Ordering::Release);
        }
    }
}
