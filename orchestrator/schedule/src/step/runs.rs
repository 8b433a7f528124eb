//! A run's life: begun, called, watched, tried again, over.

use crate::definition::Overlap;
use crate::names;
use crate::state::{Due, Phase, RECENT, Run};
use crate::step::{Accepted, Effect, Outcome, Refused, Step};

impl Step<'_> {
    /// Begins a run; one that began before does not begin again.
    pub(super) fn begin(&mut self, due: Due) {
        let plan = self.plan;
        let name = names::run(&plan.name, plan.seed, due.scheduled_at, due.cause);
        if self.state.knows(&name) {
            return;
        }
        self.state.counts.begun += 1;
        let run = Run {
            name,
            scheduled_at: due.scheduled_at,
            cause: due.cause,
            overlap: due.overlap,
            began_at: self.now,
            ended_at: None,
            attempts: 1,
            phase: Phase::Calling,
            handle: None,
            error: None,
        };
        self.effects.push(Effect::Call { run: run.clone() });
        self.state.open.push(run);
    }

    /// Calls again what is to be called again by now.
    pub(super) fn retry(&mut self) {
        for run in &mut self.state.open {
            if let Phase::Retrying { at } = run.phase
                && at <= self.now
            {
                run.phase = Phase::Calling;
                run.attempts += 1;
                self.effects.push(Effect::Call { run: run.clone() });
            }
        }
    }

    /// Takes the answer to a call.
    pub(super) fn called(&mut self, name: &str, answer: Result<Accepted, Refused>) {
        let Some(run) = self.state.open.iter_mut().find(|run| run.name == name) else {
            return;
        };
        if run.handle.is_some() || matches!(run.phase, Phase::Running | Phase::Retrying { .. }) {
            return;
        }
        let (phase, handle, outcome) = match answer {
            Err(refused) => return self.refused(name, refused),
            Ok(Accepted { handle, outcome }) => (run.phase, handle, outcome),
        };
        run.handle.clone_from(&handle);
        run.error = None;
        // Under AllowAll nobody needs to know how it ends.
        let is_watched = self.plan.overlap != Overlap::AllowAll
            || run.overlap != Overlap::AllowAll
            || matches!(phase, Phase::Stopping(_))
            || self.plan.pause_on_failure;
        match (outcome, handle) {
            (Some(outcome), _) => self.over(name, outcome),
            (None, Some(handle)) if is_watched => {
                let run_name = run.name.clone();
                if let Phase::Stopping(how) = phase {
                    self.effects.push(Effect::Stop {
                        run: run_name.clone(),
                        handle: handle.clone(),
                        how,
                    });
                } else {
                    run.phase = Phase::Running;
                }
                self.effects.push(Effect::Watch {
                    run: run_name,
                    handle,
                });
            }
            (None, _) => self.over(name, Outcome::Started),
        }
    }

    fn refused(&mut self, name: &str, refused: Refused) {
        let (now, plan) = (self.now, self.plan);
        let Some(run) = self.state.open.iter_mut().find(|run| run.name == name) else {
            return;
        };
        if let Phase::Stopping(_) = run.phase {
            return self.close(name, Phase::Stopped, Some(refused.why));
        }
        // The age counts from the beginning of the run: one that catches up would be too old from the first.
        let at = refused
            .again_after
            .map(|pause| now.saturating_add(pause.max(1)))
            .filter(|at| *at <= run.began_at.saturating_add(plan.maximum_age))
            .filter(|_| run.attempts <= plan.maximum_retries);
        match at {
            Some(at) => {
                run.phase = Phase::Retrying { at };
                run.error = Some(refused.why);
            }
            None => {
                let mut letter = run.clone();
                letter.phase = Phase::Failed;
                letter.ended_at = Some(now);
                letter.error = Some(refused.why.clone());
                self.effects.push(Effect::DeadLetter { run: letter });
                self.over(name, Outcome::Failed { why: refused.why });
            }
        }
    }

    /// Takes the end of a run that was watched.
    pub(super) fn ended(&mut self, name: &str, outcome: Outcome) {
        self.over(name, outcome);
    }

    fn over(&mut self, name: &str, outcome: Outcome) {
        let (phase, why) = match outcome {
            Outcome::Started => (Phase::Started, None),
            Outcome::Succeeded => (Phase::Succeeded, None),
            Outcome::Failed { why } => (Phase::Failed, Some(why)),
            Outcome::Stopped => (Phase::Stopped, None),
        };
        // What was stopped on purpose may say itself that it failed.
        let was_stopped = self
            .state
            .run(name)
            .is_some_and(|run| matches!(run.phase, Phase::Stopping(_)));
        let phase = match phase {
            Phase::Failed if was_stopped => Phase::Stopped,
            phase => phase,
        };
        self.close(name, phase, why);
    }

    /// Puts a run among those that are over, and pauses after a failure where that is wanted.
    pub(super) fn close(&mut self, name: &str, phase: Phase, why: Option<String>) {
        let Some(index) = self.state.open.iter().position(|run| run.name == name) else {
            return;
        };
        let mut run = self.state.open.remove(index);
        run.phase = phase;
        run.ended_at = Some(self.now);
        run.error = why;
        if phase == Phase::Failed {
            self.state.counts.failed += 1;
            if self.plan.pause_on_failure && self.state.paused.is_none() {
                let why = format!(
                    "the run {} failed: {}",
                    run.name,
                    run.error.as_deref().unwrap_or_default()
                );
                self.pause(why.clone());
                self.effects.push(Effect::Paused { why });
            }
        }
        self.state.recent.push_back(run);
        if self.state.recent.len() > RECENT {
            self.state.recent.pop_front();
        }
    }

    /// Gives again what the process before may not have done.
    pub(super) fn recover(&mut self) {
        for run in &self.state.open {
            match (run.phase, &run.handle) {
                (Phase::Retrying { .. }, _) => {}
                (phase, Some(handle)) => {
                    self.effects.push(Effect::Watch {
                        run: run.name.clone(),
                        handle: handle.clone(),
                    });
                    if let Phase::Stopping(how) = phase {
                        self.effects.push(Effect::Stop {
                            run: run.name.clone(),
                            handle: handle.clone(),
                            how,
                        });
                    }
                }
                // Whether it was called is not known: it is called again under the same name.
                (_, None) => self.effects.push(Effect::Call { run: run.clone() }),
            }
        }
    }
}
