//! What happens when time has passed.

use crate::execution::Status;
use crate::failure::Failure;
use crate::history::EventKind;
use crate::step::Stepper;
use crate::thread::Phase;

impl Stepper<'_> {
    /// Everything that is due now happens, in the order of its times.
    pub(crate) fn timer_fired(&mut self) {
        if let Some(deadline) = self.execution.deadline
            && deadline <= self.now
        {
            // The execution ends exactly when its time was up, however late the timer came.
            self.now = deadline.max(self.execution.last_timestamp);
            let failure = Failure::default();
            self.emit_after(0, EventKind::ExecutionTimedOut(failure.clone()));
            self.end(Status::TimedOut(failure));
            return;
        }
        self.is_firing = true;
    }

    /// The earliest timer goes off, if it is due.
    pub(crate) fn fire_next(&mut self) -> bool {
        let Some(&(due, thread)) = self.execution.timers.first() else {
            return false;
        };
        if due > self.now {
            return false;
        }
        match self.thread(thread).phase {
            Phase::Waiting { .. } => {
                self.disarm(thread);
                let transition = self.waited(thread);
                self.follow(thread, transition);
            }
            Phase::BackingOff { .. } => {
                self.disarm(thread);
                self.thread_mut(thread).phase = Phase::Ready;
                let transition = self.perform(thread);
                self.follow(thread, transition);
            }
            Phase::Task(_) => self.task_timed_out(thread),
            Phase::Ready | Phase::Fork(_) | Phase::MapRun(_) | Phase::RedrivenMapRun { .. } => {
                self.execution.timers.remove(&(due, thread));
            }
        }
        true
    }
}
