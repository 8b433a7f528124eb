//! Stepping what has happened: each delivery against the execution as the ones before it left it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use interpreter::execution::Execution;
use interpreter::failure::{Failure, names};
use interpreter::input::Input;
use interpreter::step::{Env, Step, fail, step};
use store::encoding::RecordedInput;
use store::records::ExecutionId;

use crate::engine::Engine;
use crate::nested::{child_ended, child_started};
use crate::slot::{Delivery, Happening, Loaded, Slot, Stepped};

/// What a batch of deliveries led to.
pub(crate) struct Stepping {
    pub(crate) stepped: Stepped,
    /// Whether there is anything to commit.
    pub(crate) is_changed: bool,
    /// The deliveries that counted.
    pub(crate) batch: Vec<Delivery>,
    /// Those whose token is no longer, or never was, a pending attempt's, and redrives of what can't be redriven.
    pub(crate) refused: Vec<Delivery>,
}

impl Engine {
    /// Steps a batch. Whoever shows a token is judged at their turn: what came before in the batch may have ended the attempt.
    pub(crate) fn step_batch(
        self: &Arc<Self>,
        slot: &Arc<Slot>,
        loaded: &mut Loaded,
        batch: Vec<Delivery>,
    ) -> Stepping {
        let mut stepping = Stepping {
            stepped: Stepped::default(),
            is_changed: false,
            batch: Vec::with_capacity(batch.len()),
            refused: Vec::new(),
        };
        if batch
            .iter()
            .any(|delivery| matches!(delivery.what, Happening::TakeUp))
        {
            // Now, while the execution is as it was stored: what the batch schedules is dispatched after its commit.
            self.hand_over_again(slot, loaded);
        }
        for delivery in batch {
            let is_stale = delivery
                .token
                .as_ref()
                .is_some_and(|token| loaded.execution.pending_task(token).is_none());
            if is_stale {
                stepping.refused.push(delivery);
                continue;
            }
            let inputs = match &delivery.what {
                Happening::Redrive(call) => match self.redrive_input(loaded, call) {
                    Some(input) => [Some(input), None],
                    None => {
                        stepping.refused.push(delivery);
                        continue;
                    }
                },
                what => self.inputs_of(loaded, what),
            };
            for input in inputs.into_iter().flatten() {
                stepping.is_changed |= self.step_one(slot.id, loaded, input, &mut stepping.stepped);
            }
            stepping.batch.push(delivery);
        }
        stepping
    }

    /// What a happening says to the execution as it stands.
    fn inputs_of(self: &Arc<Self>, loaded: &mut Loaded, what: &Happening) -> [Option<Input>; 2] {
        match what {
            Happening::Input(input) => {
                if *input == Input::TimerFired {
                    // The timers have forgotten it.
                    loaded.armed = None;
                }
                [Some(input.clone()), None]
            }
            Happening::ChildStarted {
                attempt,
                pattern,
                started,
                ..
            } => {
                let input = child_started(loaded, *attempt, *pattern, started);
                if input.is_none() {
                    self.stop_stray(what);
                }
                [input, None]
            }
            Happening::ChildEnded(attempt, view) => child_ended(loaded, *attempt, view),
            Happening::Redrive(_) => [None, None],
            Happening::TakeUp => {
                // The timers may not have heard of it.
                loaded.armed = None;
                let goes_on = loaded.execution.has_unfinished_work();
                [goes_on.then_some(Input::Continue), None]
            }
        }
    }

    /// Steps one input; says whether it changed anything that must be kept.
    pub(crate) fn step_one(
        &self,
        id: ExecutionId,
        loaded: &mut Loaded,
        input: Input,
        stepped: &mut Stepped,
    ) -> bool {
        let is_silent = matches!(
            input,
            Input::Heartbeat { .. } | Input::Pause | Input::Resume
        );
        let env = self.env();
        let recorded = input.clone();
        let last_event = loaded.execution.last_event();
        let result = catch_unwind(AssertUnwindSafe(|| {
            step(&loaded.revision.machine, &mut loaded.execution, input, &env)
        }));
        let mut result = result.unwrap_or_else(|_| {
            tracing::error!(execution = id.0, "a step panicked; the execution fails");
            fail_after_panic(&mut loaded.execution, last_event, env.now)
        });
        let is_changed = is_silent || !result.events.is_empty() || !result.effects.is_empty();
        stepped.recorded.push(RecordedInput {
            now: env.now,
            seed: env.seed,
            limits: env.limits,
            last_event: loaded.execution.last_event(),
            input: recorded,
        });
        stepped.events.append(&mut result.events);
        stepped.effects.append(&mut result.effects);
        is_changed
    }

    fn env(&self) -> Env {
        Env {
            now: self.options.world.now(),
            seed: self.options.world.seed(),
            limits: self.options.limits.execution,
        }
    }
}

/// A bug in a step ends that one execution and nothing else.
fn fail_after_panic(execution: &mut Execution, last_event: u64, now: i64) -> Step {
    let failure = Failure::new(
        names::RUNTIME,
        "An internal error occurred while executing the state machine.",
    );
    fail(execution, last_event, now, failure)
}
