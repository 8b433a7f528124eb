//! What executions did whose history is not stored: Express ones. Their events are kept until they end.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use interpreter::history::{EventKind, HistoryEvent};
use runtime::observe::Observed;
use runtime::trace::TraceContext;
use runtime::tracer::TracedExecution;

/// How many events are kept, of those that run and those that have ended together.
const MOST_EVENTS: usize = 500_000;

/// An execution that has ended, with its events.
pub type Gathered = (TracedExecution, Vec<HistoryEvent>);

/// The events of executions.
#[derive(Debug, Default)]
pub struct Gathering(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    running: HashMap<u64, Vec<HistoryEvent>>,
    ended: VecDeque<Gathered>,
    events: usize,
    dropped: u64,
}

impl Gathering {
    /// Takes events of an execution; says whether it has ended.
    pub fn take(&self, context: &TraceContext, observed: Observed<'_>) -> bool {
        let identity = observed.identity;
        let is_over = observed.events.last().is_some_and(ends);
        let mut state = self.lock();
        state.events += observed.events.len();
        let mut events = state.running.remove(&identity.number).unwrap_or_default();
        events.extend_from_slice(observed.events);
        if state.events > MOST_EVENTS {
            state.events -= events.len();
            state.dropped += 1;
            if state.dropped == 1 {
                tracing::warn!(
                    events = MOST_EVENTS,
                    "too many events of Express executions wait to become spans; some are given up"
                );
            }
            return false;
        }
        if !is_over {
            state.running.insert(identity.number, events);
            return false;
        }
        let execution = TracedExecution {
            context: *context,
            arn: identity.arn.clone(),
            name: identity.name.clone(),
            state_machine_arn: identity.state_machine_arn.clone(),
            state_machine_name: identity.state_machine_name.clone(),
            started_at: identity.started_at,
        };
        state.ended.push_back((execution, events));
        true
    }

    /// An execution that has ended.
    pub fn next(&self) -> Option<Gathered> {
        let mut state = self.lock();
        let next = state.ended.pop_front();
        if let Some((_, events)) = &next {
            state.events -= events.len();
        }
        next
    }

    /// How many executions were given up.
    pub fn dropped(&self) -> u64 {
        self.lock().dropped
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn ends(event: &HistoryEvent) -> bool {
    matches!(
        event.kind,
        EventKind::ExecutionSucceeded { .. }
            | EventKind::ExecutionFailed(_)
            | EventKind::ExecutionAborted(_)
            | EventKind::ExecutionTimedOut(_)
    )
}
