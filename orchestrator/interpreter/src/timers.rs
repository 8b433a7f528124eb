//! What happens when time has passed.

use crate::execution::Status;
use crate::failure::Failure;
use crate::history::EventKind;
use crate::step::Stepper;
use crate::thread::Phase;

impl Stepper<'_> {
    /// Everything that is due now happens.
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
        while let Some(&(due, thread)) = self.execution.timers.first() {
            if due > self.now || self.ended.is_some() {
                break;
            }
            self.disarm(thread);
            let phase = &mut self.thread_mut(thread).phase;
            match phase {
                Phase::Waiting { .. } => {
                    let transition = self.waited(thread);
                    self.follow(thread, transition);
                }
                Phase::BackingOff { .. } => {
                    *phase = Phase::Ready;
                    let transition = self.perform(thread);
                    self.follow(thread, transition);
                }
                Phase::Task(_) => {
                    // The task's own code takes the timer out, so put it back first.
                    self.arm(thread);
                    self.task_timed_out(thread);
                }
                Phase::Ready | Phase::Fork(_) => {}
            }
        }
    }
}
