//! The heart: everything that ever happens to an execution is one pass of load, step, commit, release.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use interpreter::execution::Execution;
use interpreter::failure::{Failure, names};
use interpreter::history::HistoryEvent;
use interpreter::input::{AttemptId, Effect, Input, TaskToken};
use interpreter::payload::Payload;
use interpreter::step::{Env, Step, fail, step};
use store::contract::{Commit, Store};
use store::encoding::RecordedInput;
use store::records::{ExecutionId, Parent};
use tokio::sync::{Notify, Semaphore, oneshot};
use tokio_util::task::TaskTracker;

use crate::activities::Activities;
use crate::error::Error;
use crate::machines::{MachineCache, Revision};
use crate::nested::child_ended;
use crate::options::Options;
use crate::tasks::TaskRunner;
use crate::timers::Timers;
use crate::views::ExecutionView;
use crate::watch::Watchers;

/// How many shards the table of loaded executions has, so that threads rarely meet at a lock.
const SHARDS: usize = 64;

/// The longest pause between two tries to commit what no caller waits for.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Everything that the runtime's parts share.
pub(crate) struct Engine {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) runner: Arc<dyn TaskRunner>,
    pub(crate) options: Options,
    pub(crate) machines: MachineCache,
    pub(crate) timers: Timers,
    pub(crate) activities: Activities,
    pub(crate) watchers: Watchers,
    pub(crate) numbers: Numbers,
    pub(crate) counts: Counts,
    /// Serialises changes of state machines and activities, so that a check and its write are one.
    pub(crate) catalogue: tokio::sync::Mutex<()>,
    /// Bounds the integration calls that run at once.
    pub(crate) permits: Arc<Semaphore>,
    /// Every task that the runtime spawns.
    pub(crate) tracker: TaskTracker,
    pub(crate) closing: AtomicBool,
    pub(crate) closed: Notify,
    slots: Vec<Mutex<HashMap<ExecutionId, Arc<Slot>>>>,
}

/// The next numbers to give out.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    pub(crate) execution: AtomicU64,
    pub(crate) state_machine: AtomicU64,
    pub(crate) revision: AtomicU64,
}

/// What happened since the process began.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) started: AtomicU64,
    pub(crate) succeeded: AtomicU64,
    pub(crate) failed: AtomicU64,
    pub(crate) timed_out: AtomicU64,
    pub(crate) aborted: AtomicU64,
    pub(crate) events: AtomicU64,
    pub(crate) tasks: AtomicU64,
    pub(crate) running: AtomicU64,
    pub(crate) parked: AtomicU64,
}

/// An execution that is in memory.
pub(crate) struct Slot {
    pub(crate) id: ExecutionId,
    pub(crate) state: Mutex<SlotState>,
}

/// What a slot holds under its lock, which is never held across an await.
#[derive(Default)]
pub(crate) struct SlotState {
    /// What has happened and was not stepped yet.
    pub(crate) inbox: VecDeque<Delivery>,
    /// Whether somebody is driving the slot; only that one touches `loaded`.
    pub(crate) is_driven: bool,
    /// The execution between two drives.
    pub(crate) loaded: Option<Box<Loaded>>,
    /// The integration calls that run for it.
    pub(crate) running: HashMap<AttemptId, tokio::task::AbortHandle>,
}

/// Something that happened to an execution.
pub(crate) struct Delivery {
    pub(crate) what: Happening,
    /// The token that the caller showed; the input counts only if it is the pending attempt's.
    pub(crate) token: Option<TaskToken>,
    /// Who waits for it to be durable.
    pub(crate) done: Option<oneshot::Sender<Answer>>,
}

/// What happened.
#[derive(Clone)]
pub(crate) enum Happening {
    /// An input, ready to be stepped.
    Input(Input),
    /// A nested execution that a task waits for has ended; how the task learns of it depends on the task.
    ChildEnded(AttemptId, Arc<ExecutionView>),
}

/// What a durable delivery answers: with a token also the input of the task, if it is still pending.
pub(crate) type Answer = Result<Option<Payload>, Error>;

/// An execution, loaded, with what committing it needs to know.
pub(crate) struct Loaded {
    pub(crate) execution: Execution,
    pub(crate) revision: Arc<Revision>,
    pub(crate) durability: Durability,
    pub(crate) parent: Option<Parent>,
    /// The wake-up that the timers know of.
    pub(crate) armed: Option<i64>,
    /// Inputs since the last snapshot, and their bytes.
    pub(crate) inputs: u32,
    pub(crate) input_bytes: usize,
    /// The last snapshot's bytes.
    pub(crate) snapshot_bytes: usize,
}

/// What of an execution is written.
pub(crate) enum Durability {
    /// Everything: a Standard execution.
    Full,
    /// What recovery needs, without a history, and nothing once it ended: an Express execution nobody waits for.
    Recovery,
    /// Nothing: an Express execution whose caller waits. Its events are gathered here.
    None(Vec<HistoryEvent>, Option<oneshot::Sender<FinishedSync>>),
}

/// A synchronous Express execution's end.
pub(crate) struct FinishedSync {
    pub(crate) execution: Execution,
    pub(crate) events: Vec<HistoryEvent>,
}

/// What one drive of a slot has stepped and must now commit.
pub(crate) struct Stepped {
    pub(crate) recorded: Vec<RecordedInput>,
    pub(crate) events: Vec<HistoryEvent>,
    pub(crate) effects: Vec<Effect>,
}

impl Engine {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        runner: Arc<dyn TaskRunner>,
        options: Options,
    ) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(options.concurrent_tasks)),
            store,
            runner,
            options,
            machines: MachineCache::default(),
            timers: Timers::default(),
            activities: Activities::default(),
            watchers: Watchers::default(),
            numbers: Numbers::default(),
            counts: Counts::default(),
            catalogue: tokio::sync::Mutex::default(),
            tracker: TaskTracker::new(),
            closing: AtomicBool::new(false),
            closed: Notify::new(),
            slots: (0..SHARDS).map(|_| Mutex::default()).collect(),
        }
    }

    /// Gives an input to an execution and does not wait.
    pub(crate) fn deliver(self: &Arc<Self>, id: ExecutionId, input: Input) {
        self.push(id, Delivery::of(Happening::Input(input)));
    }

    /// Tells an execution that a nested one has ended.
    pub(crate) fn deliver_child_ended(
        self: &Arc<Self>,
        id: ExecutionId,
        attempt: AttemptId,
        view: ExecutionView,
    ) {
        let what = Happening::ChildEnded(attempt, Arc::new(view));
        self.push(id, Delivery::of(what));
    }

    /// Gives an input to an execution and waits until it is durable.
    pub(crate) async fn deliver_durably(
        self: &Arc<Self>,
        id: ExecutionId,
        input: Input,
        token: Option<TaskToken>,
    ) -> Answer {
        let (done, outcome) = oneshot::channel();
        self.push(
            id,
            Delivery {
                what: Happening::Input(input),
                token,
                done: Some(done),
            },
        );
        outcome.await.unwrap_or(Err(Error::ShuttingDown))
    }

    fn push(self: &Arc<Self>, id: ExecutionId, delivery: Delivery) {
        let slot = {
            let mut shard = self.shard(id);
            let slot = shard.entry(id).or_insert_with(|| Arc::new(Slot::new(id)));
            // The inbox is filled under the shard's lock, so that the slot can't be evicted in between.
            let mut state = slot.lock();
            state.inbox.push_back(delivery);
            if state.is_driven {
                return;
            }
            state.is_driven = true;
            drop(state);
            slot.clone()
        };
        let engine = self.clone();
        self.tracker.spawn(async move { engine.drive(&slot).await });
    }

    /// Puts a new execution into memory, driven by the caller, who must call [`Engine::drive_new`].
    pub(crate) fn insert(&self, slot: &Arc<Slot>) {
        self.shard(slot.id).insert(slot.id, slot.clone());
    }

    /// The slot of an execution that is in memory.
    pub(crate) fn slot(&self, id: ExecutionId) -> Option<Arc<Slot>> {
        self.shard(id).get(&id).cloned()
    }

    /// All slots in memory.
    pub(crate) fn all_slots(&self) -> Vec<Arc<Slot>> {
        let shards = self.slots.iter();
        shards
            .flat_map(|shard| {
                let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
                shard.values().cloned().collect::<Vec<_>>()
            })
            .collect()
    }

    /// How many executions are in memory.
    pub(crate) fn loaded(&self) -> usize {
        self.slots
            .iter()
            .map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner).len())
            .sum()
    }

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
        if !must_stay {
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

    fn shard(&self, id: ExecutionId) -> MutexGuard<'_, HashMap<ExecutionId, Arc<Slot>>> {
        let index = usize::try_from(id.0 % SHARDS as u64).expect("a shard's index is small");
        self.slots[index]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Delivery {
    /// Something that nobody waits for.
    pub(crate) fn of(what: Happening) -> Self {
        Self {
            what,
            token: None,
            done: None,
        }
    }
}

impl Slot {
    pub(crate) fn new(id: ExecutionId) -> Self {
        Self {
            id,
            state: Mutex::default(),
        }
    }

    /// A slot that its maker drives.
    pub(crate) fn driven(id: ExecutionId) -> Self {
        let slot = Self::new(id);
        slot.lock().is_driven = true;
        slot
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, SlotState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
