//! Whether the taker of a stream waits for a delivery: known to a thread that sleeps, and to a task that waits.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;

/// Shared by the taker and the thread of the stream.
#[derive(Debug, Default)]
pub(super) struct Demand {
    state: Mutex<State>,
    changed: Condvar,
    notify: Notify,
}

#[derive(Debug, Default)]
struct State {
    asked: bool,
    stopped: bool,
}

impl Demand {
    /// The taker waits. Asking twice for the same delivery changes nothing.
    pub(super) fn ask(&self) {
        let mut state = self.lock();
        if state.asked {
            return;
        }
        state.asked = true;
        drop(state);
        self.changed.notify_one();
        self.notify.notify_one();
    }

    /// The taker gets its delivery.
    pub(super) fn answered(&self) {
        self.lock().asked = false;
    }

    /// The stream is to end.
    pub(super) fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_one();
        self.notify.notify_one();
    }

    pub(super) fn is_asked(&self) -> bool {
        self.lock().asked
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.lock().stopped
    }

    /// Waits until something changes, which may have been before.
    pub(super) async fn changed(&self) {
        self.notify.notified().await;
    }

    /// **Blocks the thread** until then, or until the stream is to end, or (if there is something to deliver) somebody asks for it.
    pub(super) fn block(&self, until: Instant, something: Something) {
        let pause = until.saturating_duration_since(Instant::now());
        let state = self.lock();
        let waiting = self.changed.wait_timeout_while(state, pause, |state| {
            let served = something == Something::Ready && state.asked;
            !(state.stopped || served)
        });
        drop(waiting.unwrap_or_else(PoisonError::into_inner));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that holds it can panic in the middle of a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether there is something to deliver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Something {
    /// Yes.
    Ready,
    /// Not yet.
    Unready,
}
