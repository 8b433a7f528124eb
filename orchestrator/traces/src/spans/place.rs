//! Where events happened: the spans that are open, how they contain each other, and in which of them each event left its thread.

use std::collections::BTreeSet;
use std::sync::Arc;

use interpreter::failure::Failure;
use interpreter::history::{EventKind, HistoryEvent, StateType};
use runtime::trace::TraceContext;

use super::{Note, Span};

/// A span's number among those of its execution, in the order of their beginnings.
pub(super) type Index = usize;

/// What a span is of.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Execution,
    State(StateType, Arc<str>),
    Iteration,
    MapRun,
    Attempt,
}

/// The same without its particulars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    State,
    Iteration,
    MapRun,
    Attempt,
}

impl Kind {
    fn is(&self, sort: Sort) -> bool {
        match self {
            Self::Execution => false,
            Self::State(..) => sort == Sort::State,
            Self::Iteration => sort == Sort::Iteration,
            Self::MapRun => sort == Sort::MapRun,
            Self::Attempt => sort == Sort::Attempt,
        }
    }
}

/// A span with what is needed to find it. What has ended keeps its place.
pub(super) struct Open {
    /// Absent once it has ended.
    span: Option<Span>,
    id: runtime::trace::SpanId,
    kind: Kind,
    parent: Index,
    event: u64,
    /// How often its work was begun.
    attempts: u64,
    /// What its attempts are called.
    calls: String,
    /// Whether its children failed and were ended.
    is_failed_fork: bool,
}

impl Open {
    pub(super) fn new(span: Span, kind: Kind, parent: Index, event: u64) -> Self {
        Self {
            id: span.id,
            span: Some(span),
            kind,
            parent,
            event,
            attempts: 0,
            calls: String::new(),
            is_failed_fork: false,
        }
    }
}

/// What an open span says of itself, for its going on in a redrive.
pub(super) struct Resting(Option<Span>);

/// All spans of an execution.
#[derive(Default)]
pub(super) struct Places {
    all: Vec<Open>,
    /// Those that have not ended, in the order of their beginnings.
    open: BTreeSet<Index>,
    /// Those that a failure took down and that go on if the execution is redriven: nothing has happened in them since.
    resting: BTreeSet<Index>,
    /// For each event its span and its time.
    events: Vec<(Index, i64)>,
    /// The first event that is known; those of an execution in memory may begin later.
    first: u64,
    redriven: u64,
}

impl Places {
    /// The execution's own span.
    pub(super) const ROOT: Index = 0;

    /// The execution begins.
    pub(super) fn begin(&mut self, span: Span) {
        self.open(Open::new(span, Kind::Execution, Self::ROOT, 0));
    }

    /// The execution goes on, and what rests may do so.
    pub(super) fn resume(&mut self, span: Span, redrive: u32, context: &TraceContext, at: i64) {
        self.all[Self::ROOT].id = span.id;
        self.all[Self::ROOT].span = Some(span);
        self.open.insert(Self::ROOT);
        for &index in &self.resting {
            let id = context.resumed_span(self.all[index].event, redrive);
            let parent = self.all[self.all[index].parent].id;
            let place = &mut self.all[index];
            (place.id, place.attempts, place.is_failed_fork) = (id, 0, false);
            if let Some(span) = &mut place.span {
                (span.id, span.parent, span.from) = (id, Some(parent), at);
                span.failure = None;
                span.notes.clear();
            }
        }
    }

    pub(super) fn open(&mut self, open: Open) -> Index {
        let index = self.all.len();
        self.all.push(open);
        self.open.insert(index);
        index
    }

    /// The span in which an event left its thread.
    pub(super) fn of(&self, event: u64) -> Index {
        self.known(event).map_or(Self::ROOT, |(index, _)| index)
    }

    /// When an event was.
    pub(super) fn time_of(&self, event: u64) -> i64 {
        self.known(event).map_or(0, |(_, at)| at)
    }

    fn known(&self, event: u64) -> Option<(Index, i64)> {
        let offset = event.checked_sub(self.first.max(1))?;
        self.events.get(usize::try_from(offset).ok()?).copied()
    }

    /// An event happened and left its thread in that span.
    pub(super) fn put(&mut self, event: &HistoryEvent, index: Index) {
        if self.events.is_empty() {
            self.first = event.id;
        }
        if matches!(event.kind, EventKind::ExecutionRedriven { .. }) {
            self.redriven = event.id;
        }
        self.events.push((index, event.timestamp));
    }

    /// Whether an event is the redrive: what follows it does not say where it goes on.
    pub(super) fn is_redrive(&self, event: u64) -> bool {
        event != 0 && event == self.redriven
    }

    pub(super) fn span(&self, index: Index) -> SpanView {
        SpanView {
            id: self.all[index].id,
        }
    }

    pub(super) fn parent(&self, index: Index) -> Index {
        self.all[index].parent
    }

    pub(super) fn is(&self, index: Index, sort: Sort) -> bool {
        self.all[index].kind.is(sort)
    }

    /// The innermost one of a sort around a place, itself included.
    pub(super) fn nearest(&self, from: Index, sort: Sort) -> Index {
        self.upwards(from, |open| open.kind.is(sort))
    }

    /// The innermost state of a type, and of a name if one is known.
    pub(super) fn state(&self, from: Index, state_type: StateType, name: Option<&str>) -> Index {
        let is_it = |open: &Open| match &open.kind {
            Kind::State(known, called) => {
                *known == state_type && name.is_none_or(|name| **called == *name)
            }
            Kind::Execution | Kind::Iteration | Kind::MapRun | Kind::Attempt => false,
        };
        let found = self.upwards(from, is_it);
        if found != Self::ROOT {
            return found;
        }
        // After a redrive nothing but this tells which it is.
        let mut resting = self.resting.iter();
        let found = resting.find(|&&index| is_it(&self.all[index]));
        found.copied().unwrap_or(Self::ROOT)
    }

    /// The innermost Parallel or Map whose children may still run.
    pub(super) fn fork(&self, from: Index, state_type: StateType) -> Index {
        self.upwards(from, |open| {
            matches!(&open.kind, Kind::State(known, _) if *known == state_type)
                && !open.is_failed_fork
        })
    }

    fn upwards(&self, from: Index, is_it: impl Fn(&Open) -> bool) -> Index {
        let mut index = from;
        while index != Self::ROOT && !is_it(&self.all[index]) {
            index = self.all[index].parent;
        }
        index
    }

    /// The first state of a type that rests and contains none that does.
    pub(super) fn resting(
        &self,
        state_type: StateType,
        is_named: impl Fn(&str) -> bool,
    ) -> Option<Index> {
        let rests_below = |of: Index| {
            let mut younger = self.resting.range(of + 1..);
            younger.any(|&index| self.all[index].parent == of)
        };
        let is_it = |index: Index| match &self.all[index].kind {
            Kind::State(known, name) => *known == state_type && is_named(name),
            Kind::Execution | Kind::Iteration | Kind::MapRun | Kind::Attempt => false,
        };
        let mut resting = self.resting.iter().copied();
        resting.find(|&index| is_it(index) && !rests_below(index))
    }

    /// The first Task that rests and called this, or any.
    pub(super) fn resting_task(&self, call: &str) -> Option<Index> {
        let tasks = || {
            let resting = self.resting.iter().copied();
            resting.filter(|&index| matches!(self.all[index].kind, Kind::State(StateType::Task, _)))
        };
        let same = tasks().find(|&index| self.all[index].calls == call);
        same.or_else(|| tasks().next())
    }

    /// Counts that a state's work begins; says how often it had begun before.
    pub(super) fn count_attempt(&mut self, index: Index, call: &str) -> u64 {
        let open = &mut self.all[index];
        open.is_failed_fork = false;
        if open.calls != call {
            open.calls = call.to_owned();
        }
        open.attempts += 1;
        open.attempts - 1
    }

    pub(super) fn set_failure(&mut self, index: Index, failure: Option<Failure>) {
        // The execution's own end says whether it failed.
        if index != Self::ROOT
            && let Some(span) = &mut self.all[index].span
        {
            span.failure = failure;
        }
    }

    /// A failure took down what contains it, up to a span that is not counted.
    pub(super) fn set_failure_up_to(&mut self, from: Index, end: Index, failure: &Failure) {
        let mut index = from;
        while index != Self::ROOT && index != end {
            if let Some(span) = &mut self.all[index].span
                && !self.resting.contains(&index)
            {
                span.failure.get_or_insert_with(|| failure.clone());
            }
            index = self.all[index].parent;
        }
    }

    pub(super) fn set_failed_fork(&mut self, index: Index, failure: Failure) {
        self.set_failure(index, Some(failure));
        self.all[index].is_failed_fork = index != Self::ROOT;
    }

    pub(super) fn note(&mut self, index: Index, note: Note) {
        if let Some(span) = &mut self.all[index].span {
            span.notes.push(note);
        }
    }

    /// Something happens in a place: if it rests it goes on, with everything around it.
    pub(super) fn touch(&mut self, index: Index) {
        let mut index = index;
        while index != Self::ROOT {
            if self.resting.remove(&index) {
                self.open.insert(index);
            }
            index = self.all[index].parent;
        }
    }

    /// The open spans in another, the innermost first.
    pub(super) fn below(&self, of: Index) -> Vec<Index> {
        let younger = self.open.range(of + 1..).rev().copied();
        younger.filter(|index| self.is_below(*index, of)).collect()
    }

    /// Nothing in a span goes on any more, whatever happens to the execution.
    pub(super) fn give_up_below(&mut self, of: Index) {
        let younger = self.resting.range(of + 1..).copied();
        let gone: Vec<Index> = younger.filter(|index| self.is_below(*index, of)).collect();
        for index in gone {
            self.resting.remove(&index);
            self.all[index].span = None;
        }
    }

    /// A parent is always older than what it contains.
    fn is_below(&self, index: Index, of: Index) -> bool {
        let mut index = index;
        while index > of {
            index = self.all[index].parent;
        }
        index == of
    }

    /// Ends a span.
    pub(super) fn end(&mut self, index: Index) -> Option<Span> {
        self.open.remove(&index);
        self.resting.remove(&index);
        self.all[index].span.take()
    }

    /// What goes on when an execution that ends is redriven: states and iterations, and no attempts.
    pub(super) fn rest(&self, index: Index) -> Resting {
        let open = &self.all[index];
        match open.kind {
            Kind::State(..) | Kind::Iteration => Resting(open.span.clone()),
            Kind::Execution | Kind::MapRun | Kind::Attempt => Resting(None),
        }
    }

    pub(super) fn lay_down(&mut self, index: Index, Resting(span): Resting) {
        if span.is_some() {
            self.resting.insert(index);
        }
        self.all[index].span = span;
    }
}

/// What others need of a span that may have ended.
pub(super) struct SpanView {
    pub(super) id: runtime::trace::SpanId,
}
