//! What the source is told: how far the stream was read, and how far it is durable at the target.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pgoutput::envelope::StatusUpdate;
use pgoutput::{Lsn, PgTimestamp};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until, timeout};
use wire::duplex::Writer;

/// Two reports that nobody asked for are not closer together.
const LEAST_PAUSE: Duration = Duration::from_millis(10);

/// How far the stream is; positions only grow.
#[derive(Debug)]
pub(super) struct Progress {
    written: Count,
    flushed: Count,
    applied: Count,
    /// The `flushed` that was sent last.
    told: Count,
    /// `flushed` or `applied` has grown.
    confirmed: Notify,
    /// The source asks for an answer at once.
    asked: Notify,
}

impl Progress {
    pub(super) fn new(start: Lsn) -> Self {
        let progress = Self {
            written: Count::default(),
            flushed: Count::default(),
            applied: Count::default(),
            told: Count::default(),
            confirmed: Notify::new(),
            asked: Notify::new(),
        };
        progress.flushed.raise(start.0);
        progress.applied.raise(start.0);
        progress.written.raise(start.0);
        progress
    }

    pub(super) fn confirm(&self, flushed: Lsn, applied: Lsn) {
        let before = (self.flushed.get(), self.applied.get());
        self.flushed.raise(flushed.0);
        self.applied.raise(applied.0);
        if before != (self.flushed.get(), self.applied.get()) {
            self.confirmed.notify_one();
        }
    }

    pub(super) fn wrote(&self, position: Lsn) {
        self.written.raise(position.0);
    }

    pub(super) fn ask(&self) {
        self.asked.notify_one();
    }

    pub(super) fn written(&self) -> Lsn {
        Lsn(self.written.get())
    }

    pub(super) fn told(&self) -> Lsn {
        Lsn(self.told.get())
    }

    fn status(&self) -> StatusUpdate {
        let flushed = Lsn(self.flushed.get());
        StatusUpdate {
            // What is durable was read, on this connection or one before.
            written: self.written().max(flushed),
            flushed,
            applied: Lsn(self.applied.get()),
            sent: now(),
            reply_requested: false,
        }
    }
}

/// A position that only grows.
#[derive(Debug, Default)]
struct Count(AtomicU64);

impl Count {
    fn raise(&self, to: u64) {
        self.0.fetch_max(to, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Reports as long as the connection holds. The pause between two reports is `interval` at most.
pub(super) async fn report(
    mut writer: Writer,
    progress: Arc<Progress>,
    interval: Duration,
    ending: Arc<Notify>,
) -> Result<(), wire::Error> {
    loop {
        let status = progress.status();
        writer.send(&status.encode()).await?;
        progress.told.raise(status.flushed.0);
        let sent = Instant::now();
        tokio::select! {
            () = ending.notified() => break,
            () = progress.asked.notified() => {}
            () = sleep_until(sent + interval) => {}
            () = async {
                progress.confirmed.notified().await;
                sleep_until(sent + LEAST_PAUSE).await;
            } => {}
        }
    }
    let status = progress.status();
    writer.send(&status.encode()).await?;
    progress.told.raise(status.flushed.0);
    writer.finish().await
}

/// Sends the last report and says good-bye, but does not wait long for a source that doesn't listen.
pub(super) async fn end<T>(reporting: tokio::task::JoinHandle<T>, ending: &Notify) {
    ending.notify_one();
    let abort = reporting.abort_handle();
    if timeout(Duration::from_secs(1), reporting).await.is_err() {
        abort.abort();
    }
}

fn now() -> PgTimestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let micros = since.map_or(0, |since| i64::try_from(since.as_micros()).unwrap_or(0));
    PgTimestamp::from_unix_micros(micros)
}
