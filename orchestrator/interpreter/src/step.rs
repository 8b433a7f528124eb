//! One step: everything that one input leads to, up to the next real wait.

use asl::definition::StateMachine;

use crate::execution::Execution;
use crate::history::HistoryEvent;
use crate::input::{Effect, Input};

/// What a step may know of the world.
#[derive(Clone, Copy, Debug)]
pub struct Env {
    /// The time: milliseconds since 1970.
    pub now: i64,
    /// Where all of the step's randomness comes from.
    pub seed: u64,
    /// The limits in force.
    pub limits: Limits,
}

/// The limits that an execution runs under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest payload, in bytes of its JSON text.
    pub payload_bytes: usize,
    /// The most events in one history; the last one says that the execution failed.
    pub history_events: u64,
    /// How many iterations of an inline Map run at once when it sets no lower bound itself.
    pub map_concurrency: u32,
    /// How many events one step may make before it is committed and continued.
    pub step_events: u32,
}

/// What a step led to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    /// What happened, to be appended to the history.
    pub events: Vec<HistoryEvent>,
    /// What to do once the events are committed.
    pub effects: Vec<Effect>,
}

/// Gives an input to an execution.
///
/// There is no error: a workflow that fails is a result like any other, and an input that comes too late changes nothing.
pub fn step(
    _machine: &StateMachine,
    _execution: &mut Execution,
    _input: Input,
    _env: &Env,
) -> Step {
    Step::default()
}
