//! Driving an execution: load, step, commit, release, until nothing is left in its inbox.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use interpreter::execution::Execution;
use interpreter::failure::{Failure, names};
use interpreter::input::{AttemptId, Input};
use interpreter::step::{Env, Step, fail, step};
use store::contract::Commit;
use store::encoding::RecordedInput;
use store::records::ExecutionId;

use crate::engine::Engine;
use crate::error::Error;
use crate::nested::child_ended;
use crate::slot::{Delivery, Durability, Happening, Loaded, Slot, Stepped};

/// The longest pause between two tries to commit what no caller waits for.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

impl Engine {
    /// Steps everything that has happened to an execution, commits it and releases its effects, until nothing is left.
    pub(crate) async fn drive(self: &Arc<Self>, slot: &Arc<Slot>) {
        let mut pause = Duration::from_millis(50);
        loop {
            let Some((loaded, batch)) = self.take_batch(slot) else {
                return;
            };
            let loaded = match loaded {
                Some(loaded) => Ok(Some(loaded)),
                None => self.load(slot.id).await,
            };
            let (mut loaded, mut batch) = match loaded {
                Ok(Some(loaded)) => (loaded, batch),
                Ok(None) => {
                    answer_all(batch, || Error::TaskTimedOut);
                    continue;
                }
                Err(error) => {
                    self.put_back(slot, None, batch, error, &mut pause).await;
                    continue;
                }
            };
            let refused = refuse_stale(&loaded.execution, &mut batch);
            answer_all(refused, || Error::TaskTimedOut);
            let inputs = batch.iter().filter_map(|delivery| match &delivery.what {
                Happening::Input(input) => Some(input.clone()),
                Happening::ChildEnded(attempt, view) => child_ended(&loaded, *attempt, view),
            });
            let inputs = inputs.collect();
            let Some(stepped) = self.step_all(slot.id, &mut loaded, inputs) else {
                answer_all(batch, || Error::TaskTimedOut);
                slot.lock().loaded = Some(loaded);
                continue;
            };
            match self.commit(slot, &mut loaded, &stepped).await {
                Ok(()) => {
                    pause = Duration::from_millis(50);
                    for Delivery { token, done, .. } in batch {
                        let Some(done) = done else { continue };
                        let pending = token.as_ref().and_then(|token| {
                            let task = loaded.execution.pending_task(token)?;
                            Some(task.input.clone())
                        });
                        // A caller that has gone needs no answer.
                        let _ = done.send(Ok(pending));
                    }
                    self.release(slot, loaded, stepped);
                }
                Err(error) => {
                    // What was stepped is not durable: forget it and begin again from the store.
                    self.put_back(slot, Some(loaded), batch, error, &mut pause)
                        .await;
                }
            }
        }
    }

    /// Commits a new execution's first step and then drives it like any other.
    pub(crate) async fn drive_new(
        self: &Arc<Self>,
        slot: &Arc<Slot>,
        loaded: Box<Loaded>,
        stepped: Stepped,
        commit: Commit,
    ) -> Result<(), Error> {
        let committed = if commit.writes.is_empty() {
            Ok(())
        } else {
            self.store.commit(commit).await
        };
        if let Err(error) = committed {
            // Nobody was told of the execution; what may have been delivered meanwhile has no addressee.
            self.shard(slot.id).remove(&slot.id);
            let orphans = std::mem::take(&mut slot.lock().inbox);
            answer_all(orphans.into(), || Error::TaskDoesNotExist);
            return Err(error.into());
        }
        self.count_started();
        self.release(slot, loaded, stepped);
        let engine = self.clone();
        let slot = slot.clone();
        let has_more = !slot.lock().inbox.is_empty();
        if has_more {
            self.tracker.spawn(async move { engine.drive(&slot).await });
        } else {
            engine.rest(&slot);
        }
        Ok(())
    }

    /// Ends a drive that found nothing more to do.
    fn rest(self: &Arc<Self>, slot: &Arc<Slot>) {
        if let Some((loaded, batch)) = self.take_batch(slot) {
            // Something arrived in between.
            let mut state = slot.lock();
            state.loaded = loaded;
            for delivery in batch.into_iter().rev() {
                state.inbox.push_front(delivery);
            }
            drop(state);
            let (engine, slot) = (self.clone(), slot.clone());
            self.tracker.spawn(async move { engine.drive(&slot).await });
        }
    }

    /// What has happened to the execution; with nothing left the drive is over and the execution may leave memory.
    fn take_batch(&self, slot: &Arc<Slot>) -> Option<(Option<Box<Loaded>>, Vec<Delivery>)> {
        let mut shard = self.shard(slot.id);
        let mut state = slot.lock();
        if !state.inbox.is_empty() {
            let batch = state.inbox.drain(..).collect();
            return Some((state.loaded.take(), batch));
        }
        state.is_driven = false;
        let must_stay = !state.running.is_empty()
            || state.loaded.as_ref().is_some_and(|loaded| {
                loaded.execution.is_running() && matches!(loaded.durability, Durability::None(..))
            });
        if must_stay {
            return None;
        }
        if self.may_rest(&state) {
            let evicted = self.keep(slot.id, &mut state);
            drop(state);
            drop(shard);
            self.evict(evicted);
        } else {
            state.loaded = None;
            shard.remove(&slot.id);
        }
        None
    }

    /// Steps the inputs; `None` when they changed nothing.
    pub(crate) fn step_all(
        &self,
        id: ExecutionId,
        loaded: &mut Loaded,
        inputs: Vec<Input>,
    ) -> Option<Stepped> {
        let mut stepped = Stepped {
            recorded: Vec::with_capacity(inputs.len()),
            events: Vec::new(),
            effects: Vec::new(),
        };
        let mut is_changed = false;
        for input in inputs {
            let is_heartbeat = matches!(input, Input::Heartbeat { .. });
            let env = self.env();
            let recorded = input.clone();
            let last_event = loaded.execution.last_event();
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                step(&loaded.revision.machine, &mut loaded.execution, input, &env)
            }));
            let mut result = result.unwrap_or_else(|_| {
                tracing::error!(execution = id.0, "a step panicked; the execution fails");
                self.counts.parked.fetch_add(1, Ordering::Relaxed);
                fail_after_panic(&mut loaded.execution, last_event, env.now)
            });
            is_changed |= is_heartbeat || !result.events.is_empty() || !result.effects.is_empty();
            stepped.recorded.push(RecordedInput {
                now: env.now,
                seed: env.seed,
                limits: env.limits,
                last_event: loaded.execution.last_event(),
                input: recorded,
            });
            stepped.events.append(&mut result.events);
            stepped.effects.append(&mut result.effects);
        }
        is_changed.then_some(stepped)
    }

    pub(crate) fn env(&self) -> Env {
        Env {
            now: self.options.world.now(),
            seed: self.options.world.seed(),
            limits: self.options.limits.execution,
        }
    }

    /// After a failed commit: callers get the error, everything else is tried again after a pause.
    async fn put_back(
        &self,
        slot: &Arc<Slot>,
        loaded: Option<Box<Loaded>>,
        batch: Vec<Delivery>,
        error: Error,
        pause: &mut Duration,
    ) {
        let is_lost = matches!(
            loaded.as_deref(),
            Some(Loaded {
                durability: Durability::None(..),
                ..
            })
        );
        drop(loaded);
        let is_retryable = error.is_retryable() && !is_lost;
        tracing::warn!(execution = slot.id.0, %error, is_retryable, "cannot commit a step");
        let (waiting, mut again): (Vec<_>, Vec<_>) = batch
            .into_iter()
            .partition(|delivery| delivery.done.is_some());
        let error = Arc::new(error);
        answer_all(waiting, || Error::Unavailable(error.clone()));
        if !is_retryable {
            self.counts.parked.fetch_add(1, Ordering::Relaxed);
            return;
        }
        {
            let mut state = slot.lock();
            again.extend(state.inbox.drain(..));
            state.inbox = again.into();
        }
        tokio::time::sleep(*pause).await;
        *pause = (*pause * 2).min(LONGEST_PAUSE);
    }
}

/// Takes out what came with a token that is no longer, or never was, a pending attempt's.
///
/// Two outcomes for one attempt in one batch: the first counts, the second is refused.
fn refuse_stale(execution: &Execution, batch: &mut Vec<Delivery>) -> Vec<Delivery> {
    let mut ended: Vec<AttemptId> = Vec::new();
    let (kept, refused) = std::mem::take(batch).into_iter().partition(|delivery| {
        let Some(token) = &delivery.token else {
            return true;
        };
        if ended.contains(&token.attempt) || execution.pending_task(token).is_none() {
            return false;
        }
        if matches!(
            delivery.what,
            Happening::Input(Input::TaskSucceeded { .. } | Input::TaskFailed { .. })
        ) {
            ended.push(token.attempt);
        }
        true
    });
    *batch = kept;
    refused
}

fn answer_all(batch: Vec<Delivery>, error: impl Fn() -> Error) {
    for done in batch.into_iter().filter_map(|delivery| delivery.done) {
        // A caller that has gone needs no answer.
        let _ = done.send(Err(error()));
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
