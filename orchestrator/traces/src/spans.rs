//! Makes spans of events: the execution, its states, its attempts, iterations and Map Runs.
//!
//! An event tells which event led to it, and so in which span it happened. What a failure took down has no event of its own that says so for
//! certain: it ends with whatever contains it.

mod place;

use interpreter::failure::Failure;
use interpreter::history::{EventKind, HistoryEvent, MapIteration, StateType};
use runtime::trace::SpanId;
use runtime::tracer::TracedExecution;

use crate::names::{self, Attribute, attribute};

use self::place::{Index, Kind, Open, Places, Sort};

/// The error of what was ended by the failure of something else.
const ABORTED: &str = "Aborted";

/// A span that has ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// Its id.
    pub id: SpanId,
    /// The span that it is a child of.
    pub parent: Option<SpanId>,
    /// What it shows first.
    pub name: String,
    /// Whether it receives, works or calls.
    pub kind: SpanKind,
    /// When it began and ended: milliseconds since 1970.
    pub from: i64,
    /// See `from`.
    pub to: i64,
    /// What it says.
    pub attributes: Vec<Attribute>,
    /// What happened in between.
    pub notes: Vec<Note>,
    /// Why it did not end well.
    pub failure: Option<Failure>,
    /// The span that it goes on from.
    pub link: Option<SpanId>,
}

/// OpenTelemetry's kinds of spans, as far as they are needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanKind {
    /// An execution, which somebody asked for.
    Server,
    /// What happens inside.
    Internal,
    /// A call.
    Client,
}

/// An event of a span.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// What happened.
    pub name: &'static str,
    /// When: milliseconds since 1970.
    pub at: i64,
    /// What it says.
    pub attributes: Vec<Attribute>,
}

/// Makes the spans of one execution, event by event.
pub struct Spans {
    execution: TracedExecution,
    places: Places,
    /// The last redrive that was seen.
    redrive: u32,
    /// The end whose spans are wanted: that of the redrive of this number.
    wanted: u32,
    /// What failed before it is known what it takes down.
    last_failure: Option<Failure>,
    ended: Vec<Span>,
    is_over: bool,
}

impl Spans {
    /// The spans of an execution that belong to its end after so many redrives.
    #[must_use]
    pub fn new(execution: TracedExecution, redrive: u32) -> Self {
        let mut spans = Self {
            places: Places::default(),
            redrive: 0,
            wanted: redrive,
            last_failure: None,
            ended: Vec::new(),
            is_over: false,
            execution,
        };
        spans.begin(spans.execution.started_at);
        spans
    }

    /// Whether all of them are there.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Those that have ended since the last time.
    pub fn take(&mut self) -> Vec<Span> {
        std::mem::take(&mut self.ended)
    }

    /// The execution goes on, or begins.
    fn begin(&mut self, at: i64) {
        let execution = &self.execution;
        let span = Span {
            id: execution.context.execution_span(self.redrive),
            parent: execution.context.parent,
            name: execution.state_machine_name.to_string(),
            kind: SpanKind::Server,
            from: at,
            to: at,
            attributes: names::of_execution(execution, self.redrive),
            notes: Vec::new(),
            failure: None,
            link: (self.redrive > 0).then(|| execution.context.execution_span(self.redrive - 1)),
        };
        match self.redrive {
            0 => self.places.begin(span),
            redrive => self.places.resume(span, redrive, &execution.context, at),
        }
    }

    /// Takes the next event.
    pub fn event(&mut self, event: &HistoryEvent) {
        if self.is_over {
            return;
        }
        let before = self.places.of(event.previous);
        let place = self.placed(event, before);
        self.places.put(event, place);
    }

    /// What an event changes; gives the span in which it leaves its thread.
    #[allow(
        clippy::too_many_lines,
        reason = "one match over all events, most of them a line"
    )]
    fn placed(&mut self, event: &HistoryEvent, before: Index) -> Index {
        let at = event.timestamp;
        match &event.kind {
            EventKind::ExecutionStarted { .. } => Places::ROOT,
            EventKind::ExecutionSucceeded { .. } => self.end_execution(None, at),
            EventKind::ExecutionFailed(failure) => {
                self.places.set_failure_up_to(before, Places::ROOT, failure);
                self.end_execution(Some(failure.clone()), at)
            }
            EventKind::ExecutionAborted(failure) | EventKind::ExecutionTimedOut(failure) => {
                self.end_execution(Some(failure.clone()), at)
            }
            EventKind::ExecutionRedriven { count } => {
                self.redrive = *count;
                self.begin(at);
                Places::ROOT
            }
            EventKind::StateEntered {
                state_type, name, ..
            } => {
                self.last_failure = None;
                let before = self.container(before, event.previous, *state_type, name);
                let attributes = names::of_state(*state_type, name, event.id);
                let kind = Kind::State(*state_type, name.clone());
                self.open(before, event, kind, name.to_string(), attributes)
            }
            EventKind::StateExited {
                state_type, name, ..
            } => {
                let state = self.places.state(before, *state_type, Some(name));
                self.close(state, None, at)
            }
            // Which state it was is not told; the end of its container ends it, too.
            EventKind::StateAborted { .. } | EventKind::MapIterationAborted(_) => before,
            EventKind::ParallelStarted => self.fork(before, StateType::Parallel, event),
            EventKind::MapStarted { .. } => self.fork(before, StateType::Map, event),
            EventKind::ParallelSucceeded => self.places.fork(before, StateType::Parallel),
            EventKind::MapSucceeded => self.places.fork(before, StateType::Map),
            EventKind::ParallelFailed => self.fork_failed(before, StateType::Parallel, at),
            EventKind::MapFailed => self.fork_failed(before, StateType::Map, at),
            EventKind::MapIterationStarted(MapIteration { name, index }) => {
                let map = self.places.fork(before, StateType::Map);
                let attributes = vec![attribute("ratchet.map.index", *index)];
                let name = format!("{name}[{index}]");
                self.open(map, event, Kind::Iteration, name, attributes)
            }
            EventKind::MapIterationSucceeded(_) => {
                let iteration = self.places.nearest(before, Sort::Iteration);
                self.close(iteration, None, at)
            }
            EventKind::MapIterationFailed(_) => {
                let iteration = self.places.nearest(before, Sort::Iteration);
                if iteration != Places::ROOT {
                    let failure = self.known_failure();
                    self.places.set_failure_up_to(before, iteration, &failure);
                    self.places.set_failure(iteration, Some(failure));
                    self.lay_down_below(iteration, at);
                    self.lay_down(iteration, at);
                }
                before
            }
            EventKind::MapRunStarted { arn } | EventKind::MapRunRedriven { arn, .. } => {
                let resting = match self.places.is_redrive(event.previous) {
                    true => self.places.resting(StateType::Map, |_| true),
                    false => None,
                };
                let map =
                    resting.unwrap_or_else(|| self.places.state(before, StateType::Map, None));
                let attributes = vec![attribute("ratchet.map_run.arn", arn.to_string())];
                let name = arn.rsplit(':').next().unwrap_or_default().to_owned();
                self.places.set_failure(map, None);
                self.open(
                    map,
                    event,
                    Kind::MapRun,
                    format!("Map Run {name}"),
                    attributes,
                )
            }
            EventKind::MapRunSucceeded => {
                let run = self.places.nearest(before, Sort::MapRun);
                self.close(run, None, at)
            }
            EventKind::MapRunFailed(failure) => {
                let run = self.places.nearest(before, Sort::MapRun);
                self.fail(run, failure, at)
            }
            EventKind::MapRunAborted => before,
            EventKind::TaskScheduled {
                resource,
                region,
                parameters,
                ..
            } => {
                let (name, attributes) = names::of_service(resource, region, parameters);
                self.attempt(before, event, name, attributes)
            }
            EventKind::ActivityScheduled { resource, .. } => {
                let (name, attributes) = names::of_activity(resource);
                self.attempt(before, event, name, attributes)
            }
            EventKind::LambdaFunctionScheduled { resource, .. } => {
                let (name, attributes) = names::of_function(resource);
                self.attempt(before, event, name, attributes)
            }
            EventKind::TaskStarted { .. } | EventKind::LambdaFunctionStarted => before,
            EventKind::ActivityStarted { worker_name } => {
                let worker = worker_name
                    .iter()
                    .map(|name| attribute("ratchet.activity.worker", name.to_string()));
                self.note(before, "started", at, worker.collect());
                before
            }
            EventKind::TaskSubmitted { .. } => {
                self.note(before, "submitted", at, Vec::new());
                before
            }
            EventKind::TaskSucceeded { .. }
            | EventKind::ActivitySucceeded { .. }
            | EventKind::LambdaFunctionSucceeded { .. } => {
                let attempt = self.places.nearest(before, Sort::Attempt);
                self.close(attempt, None, at)
            }
            EventKind::TaskStartFailed { failure, .. }
            | EventKind::TaskSubmitFailed { failure, .. }
            | EventKind::TaskFailed { failure, .. }
            | EventKind::TaskTimedOut { failure, .. }
            | EventKind::ActivityScheduleFailed(failure)
            | EventKind::ActivityFailed(failure)
            | EventKind::ActivityTimedOut(failure)
            | EventKind::LambdaFunctionScheduleFailed(failure)
            | EventKind::LambdaFunctionStartFailed(failure)
            | EventKind::LambdaFunctionFailed(failure)
            | EventKind::LambdaFunctionTimedOut(failure) => {
                let attempt = self.places.nearest(before, Sort::Attempt);
                self.fail(attempt, failure, at)
            }
            EventKind::EvaluationFailed {
                failure, location, ..
            } => {
                let mut attributes = names::of_failure(failure);
                let location = location.iter();
                attributes.extend(location.map(|at| attribute("ratchet.location", at.to_string())));
                self.note(before, "evaluation failed", at, attributes);
                self.last_failure = Some(failure.clone());
                let state = self.places.nearest(before, Sort::State);
                self.places.set_failure(state, Some(failure.clone()));
                before
            }
        }
    }

    /// Where a state is entered. After a redrive only its name and type tell, as for all that goes on then.
    fn container(&self, before: Index, previous: u64, state_type: StateType, name: &str) -> Index {
        if !self.places.is_redrive(previous) {
            return before;
        }
        let again = self.places.resting(state_type, |known| known == name);
        again.map_or(before, |state| self.places.parent(state))
    }

    fn open(
        &mut self,
        parent: Index,
        event: &HistoryEvent,
        kind: Kind,
        name: String,
        attributes: Vec<Attribute>,
    ) -> Index {
        let span_kind = match kind {
            Kind::Attempt => SpanKind::Client,
            Kind::Execution | Kind::State(..) | Kind::Iteration | Kind::MapRun => {
                SpanKind::Internal
            }
        };
        self.places.touch(parent);
        let span = Span {
            id: self.execution.context.event_span(event.id),
            parent: Some(self.places.span(parent).id),
            name,
            kind: span_kind,
            from: event.timestamp,
            to: event.timestamp,
            attributes,
            notes: Vec::new(),
            failure: None,
            link: None,
        };
        self.places.open(Open::new(span, kind, parent, event.id))
    }

    fn attempt(
        &mut self,
        before: Index,
        event: &HistoryEvent,
        name: String,
        attributes: Vec<Attribute>,
    ) -> Index {
        let is_redrive = self.places.is_redrive(event.previous);
        let state = match is_redrive {
            true => self.places.resting_task(&name).unwrap_or(before),
            false => self.places.nearest(before, Sort::State),
        };
        let earlier = self.places.count_attempt(state, &name);
        if earlier > 0 && !is_redrive {
            let number = vec![attribute("ratchet.retry.count", earlier)];
            self.note(state, "retry", event.timestamp, number);
        }
        self.open(state, event, Kind::Attempt, name, attributes)
    }

    /// A Parallel or Map begins its children, perhaps not for the first time.
    fn fork(&mut self, before: Index, state_type: StateType, event: &HistoryEvent) -> Index {
        let resting = match self.places.is_redrive(event.previous) {
            true => self.places.resting(state_type, |_| true),
            false => None,
        };
        let state = resting.unwrap_or_else(|| self.places.fork(before, state_type));
        if state == Places::ROOT {
            // Its beginning is not known.
            return state;
        }
        let earlier = self.places.count_attempt(state, "");
        if earlier > 0 && resting.is_none() {
            // The children of the attempt before ended when it failed.
            let failed_at = self.places.time_of(event.previous);
            let failure = self.known_failure();
            self.places.set_failure_up_to(before, state, &failure);
            self.close_below(state, failed_at);
            let number = vec![attribute("ratchet.retry.count", earlier)];
            self.note(state, "retry", event.timestamp, number);
        }
        self.places.set_failure(state, None);
        self.places.touch(state);
        state
    }

    fn fork_failed(&mut self, before: Index, state_type: StateType, at: i64) -> Index {
        let state = self.places.fork(before, state_type);
        let failure = self.known_failure();
        self.places.set_failure_up_to(before, state, &failure);
        self.lay_down_below(state, at);
        self.places.set_failed_fork(state, failure);
        state
    }

    /// An attempt or Map Run failed, and its state with it unless it is retried.
    fn fail(&mut self, span: Index, failure: &Failure, at: i64) -> Index {
        self.last_failure = Some(failure.clone());
        let state = self.close(span, Some(failure.clone()), at);
        self.places.set_failure(state, Some(failure.clone()));
        state
    }

    fn known_failure(&self) -> Failure {
        self.last_failure.clone().unwrap_or(Failure {
            error: None,
            cause: None,
        })
    }

    /// Ends a span; gives the one around it.
    fn close(&mut self, index: Index, failure: Option<Failure>, at: i64) -> Index {
        if index == Places::ROOT {
            return index;
        }
        let around = self.places.parent(index);
        self.places.touch(index);
        self.close_below(index, at);
        let is_attempt = self.places.is(index, Sort::Attempt);
        let is_well = failure.is_none();
        self.emit(index, failure, at);
        if is_attempt && is_well {
            self.places.set_failure(around, None);
        }
        around
    }

    /// Ends everything in a span, for good.
    fn close_below(&mut self, index: Index, at: i64) {
        for below in self.places.below(index) {
            self.emit(below, Some(Failure::named(ABORTED)), at);
        }
        self.places.give_up_below(index);
    }

    /// Ends everything in a span, so that a redrive may let it go on.
    fn lay_down_below(&mut self, index: Index, at: i64) {
        for below in self.places.below(index) {
            self.lay_down(below, at);
        }
    }

    fn lay_down(&mut self, index: Index, at: i64) {
        let resting = self.places.rest(index);
        self.emit(index, Some(Failure::named(ABORTED)), at);
        self.places.lay_down(index, resting);
    }

    fn emit(&mut self, index: Index, failure: Option<Failure>, at: i64) {
        let Some(mut span) = self.places.end(index) else {
            return;
        };
        span.to = at.max(span.from);
        // What it failed of itself is nearer than what ended it.
        span.failure = span.failure.or(failure);
        if let Some(failure) = &span.failure {
            span.attributes.extend(names::of_failure(failure));
        }
        if self.redrive == self.wanted {
            self.ended.push(span);
        }
    }

    fn end_execution(&mut self, failure: Option<Failure>, at: i64) -> Index {
        self.lay_down_below(Places::ROOT, at);
        self.emit(Places::ROOT, failure, at);
        self.is_over = self.redrive == self.wanted;
        Places::ROOT
    }

    fn note(&mut self, index: Index, name: &'static str, at: i64, attributes: Vec<Attribute>) {
        self.places.note(
            index,
            Note {
                name,
                at,
                attributes,
            },
        );
    }
}
