//! What is due: by the timetable, after its moment in the window, by a backfill; and what the policy makes of it.

use crate::definition::Overlap;
use crate::state::{BUFFER, Backfill, Cause, Due, Missed, Phase, Planned, State, Stop};
use crate::step::{Effect, Step};

/// How many times one step sees to. What is left is due at once again, so that no schedule keeps the others waiting.
const BATCH: usize = 100;

/// How many missed times are counted one by one.
const COUNTED: u64 = 100_000;

/// How many groups of missed times are remembered.
const MISSED: usize = 10;

impl Step<'_> {
    /// Sees to the times of the timetable that have come.
    pub(super) fn see_to_timetable(&mut self) {
        if self.state.paused.is_some() {
            return;
        }
        self.miss();
        for _ in 0..BATCH {
            let next = self.plan.timetable.next_after(self.state.seen);
            let Some(scheduled_at) = next.filter(|next| *next <= self.now) else {
                return;
            };
            self.state.seen = scheduled_at;
            let begins_at = self.plan.begins_at(scheduled_at);
            if begins_at > self.now {
                self.state.planned.push(Planned {
                    scheduled_at,
                    begins_at,
                });
            } else {
                self.decide_scheduled(scheduled_at);
            }
        }
    }

    /// Writes off what lies further back than the catch-up window.
    fn miss(&mut self) {
        let horizon = self.now.saturating_sub(self.plan.catch_up) - 1;
        let timetable = &self.plan.timetable;
        let Some(first) = timetable
            .next_after(self.state.seen)
            .filter(|first| *first <= horizon)
        else {
            return;
        };
        let count = timetable.count(self.state.seen, horizon, COUNTED);
        self.state.seen = horizon;
        self.state.counts.missed += count;
        self.state.missed.push_back(Missed {
            first,
            count,
            noted_at: self.now,
        });
        if self.state.missed.len() > MISSED {
            self.state.missed.pop_front();
        }
        self.effects.push(Effect::Missed { first, count });
    }

    /// Begins what has come to its moment in the window.
    pub(super) fn begin_planned(&mut self) {
        if self.state.paused.is_some() || self.state.planned.is_empty() {
            return;
        }
        let now = self.now;
        let is_due = |planned: &mut Planned| planned.begins_at <= now;
        let mut due: Vec<Planned> = self.state.planned.extract_if(.., is_due).collect();
        due.sort_unstable_by_key(|planned| (planned.begins_at, planned.scheduled_at));
        for planned in due {
            self.decide_scheduled(planned.scheduled_at);
        }
    }

    fn decide_scheduled(&mut self, scheduled_at: i64) {
        // A run before it may just have failed and paused the schedule.
        if self.state.paused.is_some() {
            return;
        }
        self.decide(Due {
            scheduled_at,
            cause: Cause::Timetable,
            overlap: self.plan.overlap,
        });
    }

    /// Sees to times in the past that somebody wants run.
    pub(super) fn see_to_backfills(&mut self) {
        for _ in 0..BATCH {
            let Some(index) = next_backfill(self.state) else {
                return;
            };
            let Backfill {
                ordinal,
                seen,
                until,
                overlap,
            } = self.state.backfills[index];
            let next = self.plan.timetable.next_after(seen);
            match next.filter(|next| *next <= until) {
                None => {
                    self.state.backfills.remove(index);
                }
                Some(scheduled_at) => {
                    self.state.backfills[index].seen = scheduled_at;
                    self.decide(Due {
                        scheduled_at,
                        cause: Cause::Backfill { ordinal },
                        overlap,
                    });
                }
            }
        }
    }

    /// Does with a run that is due what its policy says.
    pub(super) fn decide(&mut self, due: Due) {
        if is_free(self.state) || due.overlap == Overlap::AllowAll {
            self.begin(due);
            return;
        }
        match due.overlap {
            Overlap::AllowAll | Overlap::Skip => self.state.counts.skipped += 1,
            Overlap::BufferOne if self.state.buffer.is_empty() => self.state.buffer.push_back(due),
            Overlap::BufferOne => self.state.counts.skipped += 1,
            Overlap::BufferAll if self.state.buffer.len() < BUFFER => {
                self.state.buffer.push_back(due);
            }
            Overlap::BufferAll => self.state.counts.skipped += 1,
            Overlap::CancelOther => self.replace_by(due, Stop::Cancel),
            Overlap::TerminateOther => self.replace_by(due, Stop::Terminate),
        }
    }

    /// Stops all that run, forgets all that wait, and lets one wait for their end.
    fn replace_by(&mut self, due: Due, how: Stop) {
        self.state.counts.skipped += self.state.buffer.len() as u64;
        self.state.buffer.clear();
        self.state.buffer.push_back(due);
        self.stop_all(how);
    }

    /// Begins what waited for others, when these are over.
    pub(super) fn drain(&mut self) {
        while self.state.open.is_empty() {
            let Some(index) = next_of_buffer(self.state) else {
                return;
            };
            if let Some(due) = self.state.buffer.remove(index) {
                self.begin(due);
            }
        }
    }

    fn stop_all(&mut self, how: Stop) {
        let mut retrying = Vec::new();
        for run in &mut self.state.open {
            match (run.phase, &run.handle) {
                (Phase::Retrying { .. }, _) => retrying.push(run.name.clone()),
                (Phase::Stopping(before), _) if before == how || before == Stop::Terminate => {}
                (_, None) => run.phase = Phase::Stopping(how),
                (_, Some(handle)) => {
                    run.phase = Phase::Stopping(how);
                    self.effects.push(Effect::Stop {
                        run: run.name.clone(),
                        handle: handle.clone(),
                        how,
                    });
                }
            }
        }
        for name in retrying {
            self.close(&name, Phase::Stopped, None);
        }
    }
}

/// The backfill of which something can be done now: one whose runs wait for each other waits itself instead of filling the buffer.
pub(super) fn next_backfill(state: &State) -> Option<usize> {
    let is_free = is_free(state);
    state
        .backfills
        .iter()
        .position(|backfill| is_free || backfill.overlap != Overlap::BufferAll)
}

/// Whether a run that is due meets no other.
fn is_free(state: &State) -> bool {
    state.open.is_empty() && next_of_buffer(state).is_none()
}

/// Who of those that wait is next. While the schedule is paused, those of its timetable wait on.
fn next_of_buffer(state: &State) -> Option<usize> {
    let is_paused = state.paused.is_some();
    let may_begin = |due: &Due| !(is_paused && due.cause == Cause::Timetable);
    state.buffer.iter().position(may_begin)
}
