//! Sends spans to a collector, in the background.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use interpreter::history::HistoryEvent;
use runtime::observe::Observed;
use runtime::runtime::Runtime;
use runtime::trace::TraceContext;
use runtime::tracer::{EndedTrace, TracedExecution, Tracer};
use serde_json::Value;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::gathered::Gathering;
use crate::messages::{Prepared, prepare, request};
use crate::spans::Spans;

/// How many spans a request has at most, but for those of the same events.
const SPANS_AT_ONCE: usize = 512;

/// How many events are read at once.
const PAGE: usize = 1000;

/// How long ends gather before their spans are made.
const GATHER: Duration = Duration::from_millis(200);

/// The pauses between two tries: the first, and the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// How long the end waits for what can still be sent.
const AT_CLOSE: Duration = Duration::from_secs(3);

/// A way to a collector.
pub trait Collector: Send + Sync + 'static {
    /// Sends one request of OTLP, in protobuf.
    fn send(&self, request: Vec<u8>) -> BoxFuture<'_, Result<(), SendError>>;
}

/// Why a request was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendError {
    /// It may be taken later, perhaps not before so long.
    Later(String, Option<Duration>),
    /// It never will.
    Refused(String),
}

/// How spans are made and sent.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The service that they are said to be of.
    pub service: String,
    /// Whether all executions have spans, and not only those of state machines with `tracingConfiguration.enabled`.
    pub all: bool,
}

/// The traces of a server.
#[derive(Debug)]
pub struct Traces {
    settings: Settings,
    gathering: Gathering,
    wake: Notify,
    closing: CancellationToken,
    sent: AtomicU64,
    refused: AtomicU64,
}

impl Tracer for Traces {
    fn is_interested(&self, settings: &str) -> bool {
        if self.settings.all {
            return true;
        }
        let settings: Option<Value> = serde_json::from_str(settings).ok();
        settings.is_some_and(|settings| settings["tracingConfiguration"]["enabled"] == true)
    }

    fn wake(&self) {
        self.wake.notify_one();
    }

    fn observe(&self, context: &TraceContext, observed: Observed<'_>) {
        if self.gathering.take(context, observed) {
            self.wake.notify_one();
        }
    }
}

impl Traces {
    /// Traces that nobody sends yet.
    #[must_use]
    pub fn new(settings: Settings) -> Arc<Self> {
        Arc::new(Self {
            settings,
            gathering: Gathering::default(),
            wake: Notify::new(),
            closing: CancellationToken::new(),
            sent: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        })
    }

    /// Begins to send, first what a process before this one left.
    pub fn begin(self: &Arc<Self>, runtime: Runtime, collector: impl Collector) -> JoinHandle<()> {
        let exporter = Exporter {
            traces: self.clone(),
            runtime,
            collector,
            batch: Vec::new(),
            done: Vec::new(),
            is_warned: false,
        };
        self.wake.notify_one();
        tokio::spawn(exporter.work())
    }

    /// Lets the sending end: what can be sent at once is sent, the rest after the next start.
    pub fn close(&self) {
        self.closing.cancel();
    }

    /// Figures in Prometheus's text format.
    #[must_use]
    pub fn figures(&self, runtime: &Runtime) -> String {
        let counters = runtime.counters();
        let figures = [
            (
                "ratchet_spans_sent_total",
                "counter",
                "Spans sent to the collector.",
                self.sent.load(Ordering::Relaxed),
            ),
            (
                "ratchet_spans_refused_total",
                "counter",
                "Spans that the collector refused.",
                self.refused.load(Ordering::Relaxed),
            ),
            (
                "ratchet_traces_dropped_total",
                "counter",
                "Executions without spans because too many waited.",
                counters.traces_dropped + self.gathering.dropped(),
            ),
            (
                "ratchet_traces_waiting",
                "gauge",
                "Executions that ended and whose spans wait to be sent.",
                counters.traces_waiting,
            ),
        ];
        let lines = figures.map(|(name, kind, help, value)| {
            format!("# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n")
        });
        lines.concat()
    }
}

/// The server closes: what was not sent is sent after the next start.
struct Closing;

struct Exporter<C> {
    traces: Arc<Traces>,
    runtime: Runtime,
    collector: C,
    /// Spans that wait for the next request.
    batch: Vec<Prepared>,
    /// The executions whose last spans are in it.
    done: Vec<EndedTrace>,
    is_warned: bool,
}

impl<C: Collector> Exporter<C> {
    async fn work(mut self) {
        let closing = self.traces.closing.clone();
        let traces = self.traces.clone();
        while !closing.is_cancelled() {
            tokio::select! {
                () = traces.wake.notified() => {
                    // Few requests with many spans, not one for each execution.
                    tokio::select! {
                        () = tokio::time::sleep(GATHER) => {}
                        () = closing.cancelled() => {}
                    }
                }
                () = closing.cancelled() => {}
            }
            if closing.is_cancelled() {
                break;
            }
            if self.send_all().await.is_err() {
                break;
            }
        }
        self.begin_anew();
        // What ended last; a collector that does not answer now is not waited for.
        let _ = tokio::time::timeout(AT_CLOSE, self.send_all()).await;
    }

    /// Sends the spans of everything that has ended.
    async fn send_all(&mut self) -> Result<(), Closing> {
        while let Some((execution, events)) = self.traces.gathering.next() {
            let mut spans = Spans::new(execution.clone(), 0);
            for event in &events {
                spans.event(event);
            }
            self.add(&execution, &mut spans);
            self.send_if_full().await?;
        }
        loop {
            let marks = match self.runtime.ended_traces().await {
                Ok(marks) => marks,
                Err(error) => {
                    tracing::warn!(%error, "cannot read which executions have spans to send");
                    return self.pause().await;
                }
            };
            if marks.is_empty() {
                break;
            }
            for mark in marks {
                if let Err(error) = self.execution(mark).await? {
                    tracing::warn!(execution = mark.number, %error, "cannot make the spans of an execution");
                    return self.pause().await;
                }
                self.done.push(mark);
                self.send_if_full().await?;
            }
            self.send().await?;
        }
        self.send().await
    }

    /// The store can't be read: it is asked again later.
    async fn pause(&mut self) -> Result<(), Closing> {
        self.begin_anew();
        tokio::select! {
            () = tokio::time::sleep(FIRST_PAUSE) => {}
            () = self.traces.closing.cancelled() => return Err(Closing),
        }
        self.traces.wake.notify_one();
        Ok(())
    }

    /// Forgets what was made and not sent: the marks lead to it again.
    fn begin_anew(&mut self) {
        self.batch.clear();
        self.done.clear();
    }

    /// Makes the spans of one end of an execution.
    async fn execution(
        &mut self,
        mark: EndedTrace,
    ) -> Result<Result<(), runtime::error::Error>, Closing> {
        let execution = match self.runtime.traced_execution(mark.number).await {
            Ok(Some(execution)) => execution,
            // It was deleted meanwhile.
            Ok(None) => return Ok(Ok(())),
            Err(error) => return Ok(Err(error)),
        };
        let mut spans = Spans::new(execution.clone(), mark.redrive);
        let mut next = 1;
        while !spans.is_over() {
            let events: Vec<HistoryEvent> =
                match self.runtime.traced_events(mark.number, next, PAGE).await {
                    Ok(events) => events,
                    Err(error) => return Ok(Err(error)),
                };
            let Some(last) = events.last() else { break };
            next = last.id + 1;
            for event in &events {
                spans.event(event);
            }
            self.add(&execution, &mut spans);
            self.send_if_full().await?;
        }
        Ok(Ok(()))
    }

    fn add(&mut self, execution: &TracedExecution, spans: &mut Spans) {
        let trace = execution.context.trace;
        let ended = spans.take().into_iter();
        self.batch.extend(ended.map(|span| prepare(trace, span)));
    }

    async fn send_if_full(&mut self) -> Result<(), Closing> {
        if self.batch.len() >= SPANS_AT_ONCE || self.done.len() >= SPANS_AT_ONCE {
            self.send().await?;
        }
        Ok(())
    }

    /// Sends what is there, as often as it takes, and forgets the executions that are complete with it.
    async fn send(&mut self) -> Result<(), Closing> {
        while !self.batch.is_empty() {
            let count = self.batch.len().min(SPANS_AT_ONCE);
            let spans: Vec<Prepared> = self.batch[..count].to_vec();
            let body = request(&self.traces.settings.service, spans);
            self.deliver(body, count as u64).await?;
            self.batch.drain(..count);
        }
        if self.done.is_empty() {
            return Ok(());
        }
        match self.runtime.forget_traces(&self.done).await {
            Ok(()) => {
                self.done.clear();
                Ok(())
            }
            // They would be sent again and again: better once, after the next start.
            Err(error) => {
                tracing::warn!(%error, "cannot note that spans were sent; none are sent until the next start");
                Err(Closing)
            }
        }
    }

    async fn deliver(&mut self, body: Vec<u8>, spans: u64) -> Result<(), Closing> {
        let mut pause = FIRST_PAUSE;
        loop {
            let (why, wait) = match self.collector.send(body.clone()).await {
                Ok(()) => {
                    self.traces.sent.fetch_add(spans, Ordering::Relaxed);
                    self.is_warned = false;
                    return Ok(());
                }
                Err(SendError::Refused(why)) => {
                    if self.traces.refused.fetch_add(spans, Ordering::Relaxed) == 0 {
                        tracing::warn!(spans, why, "the collector refuses spans; they are dropped");
                    }
                    return Ok(());
                }
                Err(SendError::Later(why, wait)) => (why, wait),
            };
            if !self.is_warned {
                self.is_warned = true;
                tracing::warn!(why, "cannot send spans; they are kept and sent later");
            }
            tokio::select! {
                () = tokio::time::sleep(wait.unwrap_or(pause).min(LONGEST_PAUSE)) => {}
                () = self.traces.closing.cancelled() => return Err(Closing),
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}
