//! What goes on beside the executions: the timers' driver, retention, and a clean end.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use interpreter::input::Input;
use tokio::sync::Semaphore;

use crate::engine::Engine;
use crate::error::Error;
use crate::slot::{Delivery, Happening};
use crate::views::Counters;

/// How many due timers are taken at once.
const TIMER_BATCH: usize = 256;

/// How many due timers may be on their way to their commit.
const TIMERS_IN_PROGRESS: usize = 2048;

/// How often ended executions are looked for that have been kept long enough.
const RETENTION_PERIOD: Duration = Duration::from_secs(10 * 60);

/// How many executions are deleted at once, so that commits never wait long behind a deletion.
const RETENTION_BATCH: usize = 200;

/// How long a clean end waits for steps in progress.
const DRAIN: Duration = Duration::from_secs(20);

impl Engine {
    /// Starts the timers' driver and retention; both end when the engine closes.
    pub(crate) fn start_housekeeping(self: &Arc<Self>) {
        let engine = self.clone();
        self.tracker
            .spawn(async move { engine.drive_timers().await });
        let engine = self.clone();
        self.tracker.spawn(async move { engine.retain().await });
    }

    async fn drive_timers(self: Arc<Self>) {
        let permits = Arc::new(Semaphore::new(TIMERS_IN_PROGRESS));
        loop {
            let due = tokio::select! {
                biased;
                () = self.closing.cancelled() => return,
                due = self.timers.due(&self.options.world, TIMER_BATCH) => due,
            };
            let mut deliveries = Vec::with_capacity(due.len());
            for id in due {
                // A great many timers that are due at once are taken a few at a time.
                let Ok(permit) = permits.clone().acquire_owned().await else {
                    return;
                };
                let mut delivery = Delivery::of(Happening::Input(Input::TimerFired));
                delivery.permit = Some(permit);
                deliveries.push((id, delivery));
            }
            // While these are read from the store, the next ones are taken already; the permits bound how many.
            let engine = self.clone();
            self.tracker
                .spawn(async move { engine.push_many(deliveries).await });
        }
    }

    async fn retain(self: Arc<Self>) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(RETENTION_PERIOD) => {}
                () = self.closing.cancelled() => return,
            }
            let kept = i64::try_from(self.options.retention.as_millis()).unwrap_or(i64::MAX);
            let ended_before = self.options.world.now().saturating_sub(kept);
            loop {
                match self.store.delete_ended(ended_before, RETENTION_BATCH).await {
                    Ok(deleted) if deleted > 0 => {
                        tracing::info!(executions = deleted, "deleted executions past retention");
                    }
                    Ok(_) => break,
                    Err(error) => {
                        tracing::warn!(%error, "cannot delete executions past retention");
                        break;
                    }
                }
                if self.closing.is_cancelled() {
                    return;
                }
            }
        }
    }

    /// Takes no new work, lets steps in progress commit, writes everything as it stands and closes the store.
    pub(crate) async fn close(self: &Arc<Self>) -> Result<(), Error> {
        if self.closing.is_cancelled() {
            return Ok(());
        }
        self.halt().await;
        self.snapshot_all().await?;
        Ok(self.store.close().await?)
    }

    /// Takes no new work and lets steps in progress commit.
    pub(crate) async fn halt(&self) {
        self.closing.cancel();
        // Calls in progress are dropped: they are handed over again after the restart, with their old attempt ids.
        for slot in self.all_slots() {
            for (_, running) in slot.lock().running.drain() {
                running.abort();
            }
        }
        self.tracker.close();
        if tokio::time::timeout(DRAIN, self.tracker.wait())
            .await
            .is_err()
        {
            tracing::warn!(
                "some steps did not end in time; they will be taken up after the restart"
            );
        }
    }

    pub(crate) fn counters(&self) -> Counters {
        let count = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        let counts = &self.counts;
        Counters {
            executions_started: count(&counts.started),
            executions_succeeded: count(&counts.succeeded),
            executions_failed: count(&counts.failed),
            executions_timed_out: count(&counts.timed_out),
            executions_aborted: count(&counts.aborted),
            history_events: count(&counts.events),
            tasks_scheduled: count(&counts.tasks),
            tasks_running: count(&counts.running),
            executions_loaded: self.loaded() as u64,
            timers_waiting: self.timers.len() as u64,
            executions_parked: self.parked().len() as u64,
            traces_waiting: self.counts.marks.load(Ordering::Relaxed),
            traces_dropped: self.counts.traces_dropped.load(Ordering::Relaxed),
        }
    }
}
