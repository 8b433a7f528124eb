//! What a schedule does next: `(plan, state, input, now) -> state' + effects`.
//!
//! Whoever drives it commits the state before it carries the effects out, so that each effect of a committed state is carried out at
//! least once: after a restart [`Input::Recovered`] gives again what may not have been done.

mod due;
mod runs;

use crate::definition::{ActionAfterCompletion, Overlap};
use crate::plan::Plan;
use crate::state::{Backfill, Cause, Due, Pause, Phase, Run, State, Stop};

/// What happens to a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Time passed: [`wake_at`] has come.
    Woke,
    /// A run's target was called.
    Called {
        /// The run.
        run: String,
        /// What came of it.
        answer: Result<Accepted, Refused>,
    },
    /// A run that was watched is over.
    Ended {
        /// The run.
        run: String,
        /// How.
        outcome: Outcome,
    },
    /// Somebody wants a run now; the schedule's own policy holds where none is given.
    Trigger {
        /// What is done when it meets others.
        overlap: Option<Overlap>,
    },
    /// Somebody wants the runs of a time in the past, from and until included.
    Backfill {
        /// The first instant.
        from: i64,
        /// The last instant.
        until: i64,
        /// What is done when its runs meet others.
        overlap: Option<Overlap>,
    },
    /// It must not fire any more.
    Pause {
        /// Why, for people.
        why: String,
    },
    /// It may fire again.
    Resume,
    /// It has another timetable.
    Rescheduled,
    /// The process began anew.
    Recovered,
}

/// A target took a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    /// What the target calls the run.
    pub handle: Option<String>,
    /// How it ended, when that is known already or never will be.
    pub outcome: Option<Outcome>,
}

/// A target could not be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Why, for people.
    pub why: String,
    /// After how many milliseconds the call may be tried again; none when that would not help.
    pub again_after: Option<i64>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The target was called, and more is not known.
    Started,
    /// Well.
    Succeeded,
    /// It failed.
    Failed {
        /// Why, for people.
        why: String,
    },
    /// It was stopped.
    Stopped,
}

/// What is to be done, once the state is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Call the target for a run. The answer is [`Input::Called`].
    Call {
        /// The run, as it is now.
        run: Run,
    },
    /// Find out when a run is over. The answer is [`Input::Ended`].
    Watch {
        /// The run.
        run: String,
        /// What the target calls it.
        handle: String,
    },
    /// Ask a run to end; whoever watches it hears of its end.
    Stop {
        /// The run.
        run: String,
        /// What the target calls it.
        handle: String,
        /// How.
        how: Stop,
    },
    /// Tell that a call failed for good.
    DeadLetter {
        /// The run.
        run: Run,
    },
    /// Tell that times were missed for longer than the catch-up window.
    Missed {
        /// The first of them.
        first: i64,
        /// How many.
        count: u64,
    },
    /// Tell that it paused by itself.
    Paused {
        /// Why.
        why: String,
    },
    /// Delete the schedule: nothing is due any more, and that is what it was to do then.
    Complete,
}

/// Lets something happen to a schedule.
pub fn step(plan: &Plan, state: &mut State, input: Input, now: i64) -> Vec<Effect> {
    let mut step = Step {
        plan,
        state,
        now,
        effects: Vec::new(),
    };
    step.take(input);
    step.go_on();
    step.effects
}

/// When the next [`Input::Woke`] is wanted, if ever. A moment that has passed means at once.
#[must_use]
pub fn wake_at(plan: &Plan, state: &State) -> Option<i64> {
    let next = match &state.paused {
        None => plan.timetable.next_after(state.seen),
        Some(_) => None,
    };
    let planned = state.planned.iter().map(|planned| planned.begins_at).min();
    let retry = state
        .open
        .iter()
        .filter_map(|run| match run.phase {
            Phase::Retrying { at } => Some(at),
            Phase::Calling
            | Phase::Running
            | Phase::Stopping(_)
            | Phase::Started
            | Phase::Succeeded
            | Phase::Failed
            | Phase::Stopped => None,
        })
        .min();
    let backfill = due::next_backfill(state).map(|_| i64::MIN);
    [next, planned, retry, backfill].into_iter().flatten().min()
}

/// Whether nothing will ever happen to a schedule by itself.
#[must_use]
pub fn is_complete(plan: &Plan, state: &State) -> bool {
    state.planned.is_empty()
        && state.buffer.is_empty()
        && state.open.is_empty()
        && state.backfills.is_empty()
        && plan.timetable.next_after(state.seen).is_none()
}

/// A step that is being made.
struct Step<'a> {
    plan: &'a Plan,
    state: &'a mut State,
    now: i64,
    effects: Vec<Effect>,
}

impl Step<'_> {
    fn take(&mut self, input: Input) {
        match input {
            Input::Woke => {}
            Input::Called { run, answer } => self.called(&run, answer),
            Input::Ended { run, outcome } => self.ended(&run, outcome),
            Input::Trigger { overlap } => {
                let ordinal = self.next_ordinal();
                self.decide(Due {
                    scheduled_at: self.now,
                    cause: Cause::Hand { ordinal },
                    overlap: overlap.unwrap_or(self.plan.overlap),
                });
            }
            Input::Backfill {
                from,
                until,
                overlap,
            } => {
                let ordinal = self.next_ordinal();
                self.state.backfills.push(Backfill {
                    ordinal,
                    seen: from.saturating_sub(1),
                    until,
                    overlap: overlap.unwrap_or(self.plan.overlap),
                });
            }
            Input::Pause { why } => self.pause(why),
            Input::Resume => {
                if self.state.paused.take().is_some() {
                    // What was due meanwhile was not wanted.
                    self.state.seen = self.state.seen.max(self.now - 1);
                }
            }
            Input::Rescheduled => {
                self.state.planned.clear();
                self.state.seen = self.now - 1;
            }
            Input::Recovered => self.recover(),
        }
    }

    /// Does all that can be done now.
    fn go_on(&mut self) {
        self.retry();
        self.drain();
        self.begin_planned();
        self.see_to_timetable();
        self.see_to_backfills();
        self.drain();
        let deletes = self.plan.after_completion == ActionAfterCompletion::Delete;
        if deletes && self.state.paused.is_none() && is_complete(self.plan, self.state) {
            self.effects.push(Effect::Complete);
        }
    }

    fn pause(&mut self, why: String) {
        self.state.planned.clear();
        let now = self.now;
        self.state.paused.get_or_insert(Pause { at: now, why });
    }

    fn next_ordinal(&mut self) -> u64 {
        self.state.ordinal += 1;
        self.state.ordinal
    }
}

#[cfg(test)]
mod tests;
