//! Pause: no state is entered and no timer goes off until the execution is resumed; what tasks bring meanwhile is recorded.

use asl::definition::{StateKind, Wait};

use crate::step::Stepper;
use crate::thread::{Phase, ThreadId};

impl Stepper<'_> {
    /// Stops the execution's clock.
    pub(crate) fn pause(&mut self) {
        let now = self.now;
        self.execution.supplement.paused_at.get_or_insert(now);
    }

    /// Lets the clock go on: everything that was to come after a span of time comes so much later. A Wait state with a point in
    /// time keeps it.
    pub(crate) fn resume(&mut self) {
        let Some(paused_at) = self.execution.supplement.paused_at.take() else {
            return;
        };
        let pause = self.now.saturating_sub(paused_at);
        let machine = self.machine;
        let execution = &mut *self.execution;
        execution.deadline = execution
            .deadline
            .map(|deadline| deadline.saturating_add(pause));
        execution.timers.clear();
        let threads = (0..).map(ThreadId).zip(&mut execution.threads);
        for (id, thread) in threads {
            let Some(thread) = thread else { continue };
            match &mut thread.phase {
                Phase::Waiting { until } => {
                    let state = machine.state(thread.state);
                    if matches!(state.kind, StateKind::Wait(Wait::Seconds(_))) {
                        *until = until.saturating_add(pause);
                    }
                }
                Phase::BackingOff { until } => *until = until.saturating_add(pause),
                Phase::Task(task) => {
                    for due in [&mut task.times_out, &mut task.beats_out] {
                        *due = due.map(|due| due.saturating_add(pause));
                    }
                }
                Phase::Ready | Phase::Fork(_) | Phase::MapRun(_) | Phase::RedrivenMapRun { .. } => {
                }
            }
            if let Some(due) = thread.due() {
                execution.timers.insert((due, id));
            }
        }
    }

    /// The time as the execution's own timers count it.
    pub(crate) fn clock(&self) -> i64 {
        self.execution.supplement.paused_at.unwrap_or(self.now)
    }

    /// Whether its clock stands still.
    pub(crate) fn is_paused(&self) -> bool {
        self.execution.supplement.paused_at.is_some()
    }
}
