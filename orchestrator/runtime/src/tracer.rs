//! The seam to whoever makes spans of what executions did.
//!
//! The spans of an execution whose history is stored are made of that history, when it has ended. The commit of its end leaves a mark, which goes
//! when the spans have been sent: so they are sent once, whatever crashes. Events of other executions are told as they happen.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use interpreter::history::HistoryEvent;
use store::contract::{Commit, Direction, Write};
use store::records::{ExecutionId, ResourceRecord};

use crate::engine::Engine;
use crate::error::Error;
use crate::observe::Observed;
use crate::slot::{Durability, Loaded};
use crate::trace::TraceContext;

/// The kind of the marks.
const KIND: &str = "trace";

/// How many marks there may be. Of executions that end while these wait no spans are made.
const MOST_MARKS: usize = 50_000;

/// Makes spans.
pub trait Tracer: fmt::Debug + Send + Sync + 'static {
    /// Whether executions of a state machine with these settings have spans. Asked once for each definition.
    fn is_interested(&self, settings: &str) -> bool;

    /// Executions have ended, durably: [`crate::runtime::Runtime::ended_traces`] says which. It must return at once.
    fn wake(&self);

    /// Events of an execution whose history is not stored, in their order. It must return at once.
    fn observe(&self, context: &TraceContext, observed: Observed<'_>);
}

/// An execution that has ended and whose spans were not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndedTrace {
    /// The execution's number.
    pub number: u64,
    /// Which of its ends: that of its redrive of that number, 0 for its first.
    pub redrive: u32,
}

/// What spans tell of an execution beside its events.
#[derive(Clone, Debug)]
pub struct TracedExecution {
    /// Where the spans are.
    pub context: TraceContext,
    /// The execution's ARN.
    pub arn: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// Its state machine's ARN.
    pub state_machine_arn: Arc<str>,
    /// Its state machine's name.
    pub state_machine_name: Arc<str>,
    /// When it started: milliseconds since 1970.
    pub started_at: i64,
}

impl EndedTrace {
    fn name(self) -> Arc<str> {
        format!("{:020}-{:010}", self.number, self.redrive).into()
    }

    fn of_name(name: &str) -> Option<Self> {
        let (number, redrive) = name.split_once('-')?;
        Some(Self {
            number: number.parse().ok()?,
            redrive: redrive.parse().ok()?,
        })
    }
}

impl Engine {
    /// Marks an execution that ends with this commit, if it has spans and a history that they can be made of.
    pub(crate) fn mark_trace(&self, id: ExecutionId, loaded: &Loaded, writes: &mut Vec<Write>) {
        let is_wanted = has_spans(loaded) && matches!(loaded.durability, Durability::Full);
        if !is_wanted || loaded.execution.is_running() {
            return;
        }
        if self.counts.marks.fetch_add(1, Ordering::Relaxed) >= MOST_MARKS as u64 {
            self.counts.marks.fetch_sub(1, Ordering::Relaxed);
            if self.counts.traces_dropped.fetch_add(1, Ordering::Relaxed) == 0 {
                tracing::warn!(
                    waiting = MOST_MARKS,
                    "too many executions wait for their spans to be sent; those that end now have none"
                );
            }
            return;
        }
        let mark = EndedTrace {
            number: id.0,
            redrive: loaded.execution.supplement().redrives,
        };
        writes.push(Write::PutResource(ResourceRecord {
            kind: KIND.into(),
            name: mark.name(),
            document: "{\"version\":1}".into(),
        }));
    }

    /// Tells the tracer what is durable.
    pub(crate) fn tell_tracer(&self, loaded: &Loaded, observed: Observed<'_>) {
        let (Some(tracer), Some(context)) = (&self.options.tracer, &loaded.carried.context) else {
            return;
        };
        if !context.is_sampled {
            return;
        }
        match loaded.durability {
            Durability::Full if loaded.execution.is_running() => {}
            Durability::Full => tracer.wake(),
            Durability::Recovery | Durability::Ends | Durability::None(..) => {
                tracer.observe(context, observed);
            }
        }
    }

    pub(crate) async fn ended_traces(&self) -> Result<Vec<EndedTrace>, Error> {
        let marks = self.store.resources(KIND).await?;
        let marks: Vec<EndedTrace> = marks
            .iter()
            .filter_map(|mark| EndedTrace::of_name(&mark.name))
            .collect();
        self.counts
            .marks
            .store(marks.len() as u64, Ordering::Relaxed);
        Ok(marks)
    }

    pub(crate) async fn traced_execution(
        &self,
        number: u64,
    ) -> Result<Option<TracedExecution>, Error> {
        let Some(record) = self.store.execution(ExecutionId(number)).await? else {
            return Ok(None);
        };
        let machine = self.machine_name(record.machine).await?;
        let partition = &self.options.partition;
        let arn: Arc<str> = partition.recorded_execution(&machine, &record.name).into();
        let header = record.trace_header.as_deref();
        Ok(Some(TracedExecution {
            context: TraceContext::new(&arn, number, record.started_at, header),
            arn,
            name: record.name,
            state_machine_arn: partition.state_machine(&machine).into(),
            state_machine_name: machine,
            started_at: record.started_at,
        }))
    }

    pub(crate) async fn traced_events(
        &self,
        number: u64,
        from: u64,
        limit: usize,
    ) -> Result<Vec<HistoryEvent>, Error> {
        let id = ExecutionId(number);
        let page = self
            .store
            .history(id, from, limit, Direction::Forward)
            .await?;
        Ok(page.events)
    }

    pub(crate) async fn forget_traces(&self, sent: &[EndedTrace]) -> Result<(), Error> {
        let forget = sent.iter().map(|mark| Write::DeleteResource {
            kind: KIND.into(),
            name: mark.name(),
        });
        let writes = forget.collect();
        self.store.commit(Commit { writes }).await?;
        self.counts
            .marks
            .fetch_sub(sent.len() as u64, Ordering::Relaxed);
        Ok(())
    }
}

/// Whether spans are made of an execution.
fn has_spans(loaded: &Loaded) -> bool {
    let context = loaded.carried.context;
    context.is_some_and(|context| context.is_sampled)
}
