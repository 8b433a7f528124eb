//! Driving an execution: load, step, commit, release, until nothing is left in its inbox.

use std::ops::ControlFlow;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use store::contract::{Commit, Error as StoreError};
use store::records::ExecutionId;

use crate::engine::Engine;
use crate::error::Error;
use crate::slot::{Delivery, Durability, Happening, Loaded, Slot, Stepped};
use crate::starts::Origin;
use crate::steps::Stepping;

/// The first pause before what could not be made durable is tried again; each next one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// The longest of these pauses.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What was stepped when its commit failed: perhaps it was written all the same.
type Unsure = Option<(Box<Loaded>, Stepped)>;

impl Engine {
    /// Drives a slot in a task of its own. A bug there parks that one execution.
    pub(crate) fn spawn_drive(self: &Arc<Self>, slot: Arc<Slot>) {
        let engine = self.clone();
        self.tracker.spawn(async move {
            let driven = AssertUnwindSafe(engine.drive(&slot)).catch_unwind().await;
            if driven.is_err() {
                engine.abandon(&slot);
            }
        });
    }

    /// Steps everything that has happened to an execution, commits it and releases its effects, until nothing is left.
    async fn drive(self: &Arc<Self>, slot: &Arc<Slot>) {
        let mut pause = FIRST_PAUSE;
        let mut unsure: Unsure = None;
        loop {
            let taken = if unsure.is_some() {
                // Whatever else there is to do, first it must be known what was written.
                Some((None, slot.lock().inbox.drain(..).collect()))
            } else {
                self.take_batch(slot)
            };
            let Some((loaded, batch)) = taken else {
                return;
            };
            let loaded = match loaded {
                Some(loaded) => Ok(Some(loaded)),
                None => self.load_after(slot, &mut unsure).await,
            };
            let loaded = match loaded {
                Ok(None) if has_redrive(&batch) => self.load_ended(slot.id).await,
                loaded => loaded,
            };
            let mut loaded = match loaded {
                Ok(Some(loaded)) => loaded,
                Ok(None) => {
                    self.refuse_all(slot.id, batch).await;
                    continue;
                }
                Err(error) => {
                    if self
                        .put_back(slot, batch, error, &mut pause)
                        .await
                        .is_break()
                    {
                        unsure = None;
                    }
                    continue;
                }
            };
            let was_over = !loaded.execution.is_running();
            let Stepping {
                stepped,
                is_changed,
                mut batch,
                refused,
            } = self.step_batch(slot, &mut loaded, batch);
            let committed = if is_changed {
                self.commit(slot, &mut loaded, &stepped).await
            } else {
                Ok(())
            };
            match committed {
                Ok(()) => {
                    pause = FIRST_PAUSE;
                    answer_all(refused, || Error::TaskTimedOut);
                    acknowledge(batch, &loaded);
                    // One that was over and stays so has nothing to release.
                    if is_changed || !was_over {
                        self.release(slot, loaded, stepped);
                    }
                }
                Err(error) => {
                    // What was stepped is not known to be durable: forget it and begin again from the store.
                    batch.extend(refused);
                    let tries_again = self.put_back(slot, batch, error, &mut pause).await;
                    unsure = tries_again.is_continue().then_some((loaded, stepped));
                }
            }
        }
    }

    /// Loads the execution. A commit that was said to have failed may be there all the same: then its effects are released.
    async fn load_after(
        self: &Arc<Self>,
        slot: &Arc<Slot>,
        unsure: &mut Unsure,
    ) -> Result<Option<Box<Loaded>>, Error> {
        let mut loaded = self.load(slot.id).await?;
        let Some((stepped_to, stepped)) = unsure.take() else {
            return Ok(loaded);
        };
        if let Some(loaded) = &mut loaded {
            // If it was written, nobody has told the timers: they know what they knew before it.
            loaded.armed = stepped_to.armed;
        }
        let was_written = match &loaded {
            Some(loaded) => loaded.execution.last_event() == stepped_to.execution.last_event(),
            None => !stepped_to.execution.is_running(),
        };
        if !was_written || stepped.events.is_empty() {
            return Ok(loaded);
        }
        self.release(slot, stepped_to, stepped);
        Ok(slot.lock().loaded.take())
    }

    /// Commits a new execution's first step and then drives it like any other.
    pub(crate) async fn drive_new(
        self: &Arc<Self>,
        slot: &Arc<Slot>,
        loaded: Box<Loaded>,
        stepped: Stepped,
        commit: Commit,
        origin: Option<Origin>,
    ) -> Result<(), Error> {
        let committed = if commit.writes.is_empty() {
            Ok(())
        } else {
            self.store.commit(commit).await
        };
        if let Err(error) = committed
            && !self.is_there_all_the_same(slot.id, &error).await
        {
            // Nobody was told of the execution; what may have been delivered meanwhile has no addressee.
            self.shard(slot.id).remove(&slot.id);
            let orphans = std::mem::take(&mut slot.lock().inbox);
            answer_all(orphans.into(), || Error::TaskDoesNotExist);
            return Err(error.into());
        }
        self.count_started();
        if let Some(origin) = origin {
            // Before anything else that its parent may hear of it.
            self.tell_parent_of_start(origin, slot.id, &loaded.execution.identity);
        }
        self.release(slot, loaded, stepped);
        let has_more = !slot.lock().inbox.is_empty();
        if has_more {
            self.spawn_drive(slot.clone());
        } else {
            self.rest(slot);
        }
        Ok(())
    }

    /// Whether a new execution is durable although its commit failed. While the store can't tell, it is asked again later.
    async fn is_there_all_the_same(self: &Arc<Self>, id: ExecutionId, error: &StoreError) -> bool {
        if !error.is_retryable() {
            return false;
        }
        match self.store.execution(id).await {
            Ok(record) => record.is_some(),
            Err(_) => {
                let engine = self.clone();
                self.tracker
                    .spawn(async move { engine.take_up_if_there(id).await });
                false
            }
        }
    }

    /// Looks whether an execution is durable whose caller was told that it may not be, and carries it on if it is.
    async fn take_up_if_there(self: &Arc<Self>, id: ExecutionId) {
        let mut pause = FIRST_PAUSE;
        loop {
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.closing.cancelled() => return,
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
            match self.store.execution(id).await {
                Ok(Some(_)) => return self.push(id, Delivery::of(Happening::TakeUp)),
                Ok(None) => return,
                Err(_) => {}
            }
        }
    }

    /// Lets an execution leave memory that no longer has a reason to stay.
    pub(crate) fn settle(self: &Arc<Self>, slot: &Arc<Slot>) {
        let is_driven = std::mem::replace(&mut slot.lock().is_driven, true);
        if !is_driven {
            self.rest(slot);
        }
    }

    /// Ends a drive that found nothing more to do.
    pub(crate) fn rest(self: &Arc<Self>, slot: &Arc<Slot>) {
        if let Some((loaded, batch)) = self.take_batch(slot) {
            // Something arrived in between.
            let mut state = slot.lock();
            state.loaded = loaded;
            for delivery in batch.into_iter().rev() {
                state.inbox.push_front(delivery);
            }
            drop(state);
            self.spawn_drive(slot.clone());
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

    /// The execution has ended, or never was: nothing can happen to it.
    async fn refuse_all(self: &Arc<Self>, id: ExecutionId, batch: Vec<Delivery>) {
        for delivery in &batch {
            self.stop_stray(&delivery.what);
        }
        let has_token = batch.iter().any(|delivery| delivery.token.is_some());
        let is_unknown = has_token && matches!(self.store.execution(id).await, Ok(None));
        answer_all(batch, || {
            if is_unknown {
                Error::TaskDoesNotExist
            } else {
                Error::TaskTimedOut
            }
        });
    }

    /// After a failure of the store: callers get the error, everything else is tried again after a pause, if that can help.
    async fn put_back(
        &self,
        slot: &Arc<Slot>,
        batch: Vec<Delivery>,
        error: Error,
        pause: &mut Duration,
    ) -> ControlFlow<()> {
        let is_closing = self.closing.is_cancelled();
        let is_retryable = error.is_retryable() && !is_closing;
        tracing::warn!(execution = slot.id.0, %error, is_retryable, "cannot carry an execution on");
        if is_closing || matches!(error, Error::Store(StoreError::Closed)) {
            // It is taken up after the restart, with all that is owed to it.
            answer_all(batch, || Error::ShuttingDown);
            return ControlFlow::Break(());
        }
        if !is_retryable {
            let arn = self.park(slot.id).await;
            let why = match error {
                Error::Store(error) => error.to_string(),
                error => error.to_string(),
            };
            answer_all(batch, || Error::Parked {
                arn: arn.clone(),
                why: why.clone(),
            });
            return ControlFlow::Break(());
        }
        let (waiting, mut again): (Vec<_>, Vec<_>) = batch
            .into_iter()
            .partition(|delivery| delivery.done.is_some());
        let error = Arc::new(error);
        answer_all(waiting, || Error::Unavailable(error.clone()));
        {
            let mut state = slot.lock();
            again.extend(state.inbox.drain(..));
            state.inbox = again.into();
        }
        tokio::select! {
            () = tokio::time::sleep(*pause) => {}
            () = self.closing.cancelled() => {}
        }
        *pause = (*pause * 2).min(LONGEST_PAUSE);
        ControlFlow::Continue(())
    }

    /// An execution can't be carried on: it stays as it is until somebody looks at it.
    async fn park(&self, id: ExecutionId) -> Arc<str> {
        self.parked().insert(id);
        let record = self.store.execution(id).await.ok().flatten();
        let name = match &record {
            Some(record) => self.machine_name(record.machine).await.ok(),
            None => None,
        };
        match (record, name) {
            (Some(record), Some(machine)) => self
                .options
                .partition
                .execution(&machine, &record.name)
                .into(),
            _ => format!("number {}", id.0).into(),
        }
    }

    /// A bug stopped the drive of a slot: the slot goes, and the execution is parked.
    fn abandon(&self, slot: &Arc<Slot>) {
        tracing::error!(
            execution = slot.id.0,
            "a bug stopped an execution; it is parked"
        );
        self.parked().insert(slot.id);
        self.shard(slot.id).remove(&slot.id);
        let mut state = slot.lock();
        state.loaded = None;
        for (_, running) in state.running.drain() {
            running.abort();
        }
        let orphans = std::mem::take(&mut state.inbox);
        drop(state);
        answer_all(orphans.into(), || Error::Parked {
            arn: format!("number {}", slot.id.0).into(),
            why: "a bug stopped it".to_owned(),
        });
    }
}

fn has_redrive(batch: &[Delivery]) -> bool {
    let mut batch = batch.iter();
    batch.any(|delivery| matches!(delivery.what, Happening::Redrive(_)))
}

/// Tells the callers that what they brought is durable.
fn acknowledge(batch: Vec<Delivery>, loaded: &Loaded) {
    for Delivery { token, done, .. } in batch {
        let Some(done) = done else { continue };
        let pending = token.as_ref().and_then(|token| {
            let task = loaded.execution.pending_task(token)?;
            Some(task.input.clone())
        });
        // A caller that has gone needs no answer.
        let _ = done.send(Ok(pending));
    }
}

pub(crate) fn answer_all(batch: Vec<Delivery>, error: impl Fn() -> Error) {
    for done in batch.into_iter().filter_map(|delivery| delivery.done) {
        // A caller that has gone needs no answer.
        let _ = done.send(Err(error()));
    }
}
