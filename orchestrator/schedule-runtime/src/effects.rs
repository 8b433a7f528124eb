//! What is done after the commit: calls, watches, stops, letters. Each is a task that the driver owns; what comes of it goes into
//! the driver's inbox.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder, Retryable};
use futures_util::FutureExt;
use schedule::state::Run;
use schedule::step::{Effect, Input, Refused};
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::book::{Book, Entry};
use crate::driver::Message;
use crate::letters;
use crate::payload::{self, Context};
use crate::targets::{Again, Call, Refusal, Targets};

/// How many calls are made at once.
const CALLS: usize = 256;

/// The longest explanation that is kept of a failure, in bytes.
const EXPLANATION: usize = 2000;

/// Carries effects out.
pub(crate) struct Effects {
    pub(crate) targets: Arc<dyn Targets>,
    pub(crate) inbox: mpsc::Sender<Message>,
    pub(crate) closing: CancellationToken,
    pub(crate) tracker: TaskTracker,
    pub(crate) counters: Arc<Counters>,
    calls: Arc<Semaphore>,
}

/// What happened since the process began.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) schedules: AtomicU64,
    pub(crate) calls: AtomicU64,
    pub(crate) refusals: AtomicU64,
    pub(crate) letters: AtomicU64,
    pub(crate) missed: AtomicU64,
}

impl Effects {
    pub(crate) fn new(
        targets: Arc<dyn Targets>,
        inbox: mpsc::Sender<Message>,
        closing: CancellationToken,
        counters: Arc<Counters>,
    ) -> Self {
        Self {
            targets,
            inbox,
            closing,
            tracker: TaskTracker::new(),
            counters,
            calls: Arc::new(Semaphore::new(CALLS)),
        }
    }

    /// Carries out what a schedule wants done.
    pub(crate) fn release(&self, book: &Book, key: &Arc<str>, entry: &Entry, effect: Effect) {
        let target = entry.record.definition.target.arn.clone();
        match effect {
            Effect::Call { run } => self.call(book, key, entry, &run),
            Effect::Watch { run, handle } => {
                let ended = self.targets.ended(&target, &handle);
                self.spawn(key, async move {
                    let outcome = ended.await;
                    Some(Input::Ended { run, outcome })
                });
            }
            Effect::Stop { run, handle, how } => {
                let targets = self.targets.clone();
                self.spawn(key, async move {
                    let stop = || targets.stop(&target, &handle, how);
                    if let Err(error) = stop.retry(pauses().with_max_times(20)).await {
                        tracing::error!(run, error, "cannot stop a scheduled run");
                    }
                    None
                });
            }
            Effect::DeadLetter { run } => self.send_letter(book, entry, &run),
            Effect::Missed { first, count } => {
                self.counters.missed.fetch_add(count, Ordering::Relaxed);
                let first = payload::time(first);
                tracing::warn!(
                    schedule = &**key,
                    count,
                    first,
                    "scheduled times were missed"
                );
            }
            Effect::Paused { why } => {
                tracing::warn!(schedule = &**key, why, "the schedule is paused");
            }
            Effect::Complete => {
                tracing::info!(schedule = &**key, "deleted: nothing is due any more");
            }
        }
    }

    fn call(&self, book: &Book, key: &Arc<str>, entry: &Entry, run: &Run) {
        self.counters.calls.fetch_add(1, Ordering::Relaxed);
        let target = &entry.record.definition.target;
        let schedule_arn = book.arn(&entry.name);
        let context = Context {
            schedule_arn: &schedule_arn,
            scheduled_at: run.scheduled_at,
            run: &run.name,
            attempt: run.attempts,
            region: &book.options.region,
            account: &book.options.account,
        };
        let call = Call {
            input: payload::of(target.input.as_deref(), &context),
            target_arn: target.arn.clone(),
            parameters: target.others.clone(),
            run: run.name.clone(),
            attempt: run.attempts,
            schedule_arn,
        };
        let (targets, calls) = (self.targets.clone(), self.calls.clone());
        let (counters, key_of_log) = (self.counters.clone(), key.clone());
        let attempt = run.attempts;
        self.spawn(key, async move {
            let _permit = calls.acquire_owned().await.ok()?;
            let run = call.run.clone();
            let answer = attempted(&*targets, call).await;
            if let Err(refusal) = &answer {
                counters.refusals.fetch_add(1, Ordering::Relaxed);
                let error = &*refusal.why;
                tracing::warn!(
                    schedule = &*key_of_log,
                    run,
                    attempt,
                    error,
                    "cannot call a schedule's target"
                );
            }
            let answer = answer.map_err(|refusal| refused(refusal, attempt));
            Some(Input::Called { run, answer })
        });
    }

    /// Tells whoever the schedule names that a call failed for good.
    fn send_letter(&self, book: &Book, entry: &Entry, run: &Run) {
        self.counters.letters.fetch_add(1, Ordering::Relaxed);
        let error = run.error.as_deref().unwrap_or_default();
        tracing::error!(
            run = run.name,
            attempts = run.attempts,
            error,
            "a scheduled call failed for good"
        );
        let Some(address) = letters::address(entry) else {
            return;
        };
        let call = letters::call(address, &letters::letter(book, entry, run));
        let targets = self.targets.clone();
        let key: Arc<str> = entry.name.key().into();
        self.spawn(&key, async move {
            let send = || attempted(&*targets, call.clone());
            let sent = send
                .retry(pauses().with_max_times(10))
                .when(|refusal: &Refusal| refusal.again == Again::Later)
                .await;
            if let Err(refusal) = sent {
                let error = refusal.why;
                tracing::error!(
                    run = call.run,
                    error,
                    "cannot send a schedule's dead letter"
                );
            }
            None
        });
    }

    /// Lets a task run until it is done or the driver closes; what it answers happens to its schedule.
    fn spawn(&self, key: &Arc<str>, task: impl Future<Output = Option<Input>> + Send + 'static) {
        let (inbox, closing, key) = (self.inbox.clone(), self.closing.clone(), key.clone());
        self.tracker.spawn(async move {
            tokio::select! {
                biased;
                () = closing.cancelled() => {}
                input = task => {
                    if let Some(input) = input {
                        // The driver is gone only when everything is.
                        let _ = inbox.send(Message::Happened { key, input }).await;
                    }
                }
            }
        });
    }
}

/// One call; a bug in a target costs that call only.
async fn attempted(targets: &dyn Targets, call: Call) -> Result<schedule::step::Accepted, Refusal> {
    let calling = AssertUnwindSafe(async { targets.call(call).await });
    match calling.catch_unwind().await {
        Ok(answer) => answer,
        Err(_) => Err(Refusal::later("the call failed in the server itself")),
    }
}

fn refused(refusal: Refusal, attempt: u32) -> Refused {
    let end = refusal.why.floor_char_boundary(EXPLANATION);
    let mut why = refusal.why;
    why.truncate(end);
    Refused {
        why,
        again_after: match refusal.again {
            Again::Later => Some(pause_after(attempt)),
            Again::Never => None,
        },
    }
}

/// The pauses between attempts: a second, then twice as long each time, up to five minutes.
fn pauses() -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_secs(1))
        .with_max_delay(Duration::from_secs(300))
        .without_max_times()
}

/// The pause after an attempt, in milliseconds.
fn pause_after(attempt: u32) -> i64 {
    let index = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
    // Beyond this they are all the same.
    let pause = pauses().build().nth(index.min(20)).unwrap_or_default();
    i64::try_from(pause.as_millis()).unwrap_or(i64::MAX)
}
