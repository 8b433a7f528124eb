//! The heart: everything that ever happens to an execution is one pass of load, step, commit, release.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use interpreter::input::{Input, TaskToken};
use store::contract::Store;
use store::records::ExecutionId;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::activities::Activities;
use crate::catalogue::Catalogue;
use crate::error::Error;
use crate::machines::MachineCache;
use crate::map_runs::MapRuns;
use crate::options::Options;
use crate::resting::Resting;
use crate::slot::{Answer, Delivery, Happening, Slot};
use crate::tasks::TaskRunner;
use crate::timers::Timers;
use crate::watch::Watchers;

/// How many shards the table of loaded executions has, so that threads rarely meet at a lock.
const SHARDS: usize = 64;

/// Everything that the runtime's parts share.
pub(crate) struct Engine {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) runner: Arc<dyn TaskRunner>,
    pub(crate) options: Options,
    pub(crate) machines: MachineCache,
    pub(crate) timers: Timers,
    pub(crate) activities: Activities,
    pub(crate) map_runs: MapRuns,
    pub(crate) watchers: Watchers,
    pub(crate) numbers: Numbers,
    pub(crate) counts: Counts,
    /// Serialises changes of state machines and activities, so that a check and its write are one.
    pub(crate) catalogue: tokio::sync::Mutex<Catalogue>,
    /// Bounds the integration calls that run at once.
    pub(crate) permits: Arc<Semaphore>,
    /// Every task that the runtime spawns.
    pub(crate) tracker: TaskTracker,
    /// Cancelled when the engine takes no new work.
    pub(crate) closing: CancellationToken,
    /// Executions that can't be carried on until somebody looks at them.
    parked: Mutex<HashSet<ExecutionId>>,
    /// Executions that have inputs to replay: a clean end writes them as they stand.
    journaled: Mutex<HashSet<ExecutionId>>,
    slots: Vec<Mutex<HashMap<ExecutionId, Arc<Slot>>>>,
    pub(crate) resting: Resting,
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
    /// Executions whose spans wait to be sent.
    pub(crate) marks: AtomicU64,
    /// Executions that have no spans because too many waited.
    pub(crate) traces_dropped: AtomicU64,
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
            map_runs: MapRuns::default(),
            watchers: Watchers::default(),
            numbers: Numbers::default(),
            counts: Counts::default(),
            catalogue: tokio::sync::Mutex::default(),
            tracker: TaskTracker::new(),
            closing: CancellationToken::new(),
            parked: Mutex::default(),
            journaled: Mutex::default(),
            slots: (0..SHARDS).map(|_| Mutex::default()).collect(),
            resting: Resting::default(),
        }
    }

    /// Gives an input to an execution and does not wait.
    pub(crate) fn deliver(self: &Arc<Self>, id: ExecutionId, input: Input) {
        self.push(id, Delivery::of(Happening::Input(input)));
    }

    /// Gives an input to an execution and waits until it is durable.
    pub(crate) async fn deliver_durably(
        self: &Arc<Self>,
        id: ExecutionId,
        input: Input,
        token: Option<TaskToken>,
    ) -> Answer {
        let (mut delivery, outcome) = Delivery::awaited(Happening::Input(input));
        delivery.token = token;
        self.push(id, delivery);
        outcome.await.unwrap_or(Err(Error::ShuttingDown))
    }

    /// Gives an execution what happened, and drives it unless somebody does already.
    pub(crate) fn push(self: &Arc<Self>, id: ExecutionId, delivery: Delivery) {
        if let Some(slot) = self.enqueue(id, delivery) {
            self.spawn_drive(slot);
        }
    }

    /// The same for many at once: those that are not in memory are read together.
    pub(crate) async fn push_many(self: &Arc<Self>, deliveries: Vec<(ExecutionId, Delivery)>) {
        let slots: BTreeMap<ExecutionId, Arc<Slot>> = deliveries
            .into_iter()
            .filter_map(|(id, delivery)| Some((id, self.enqueue(id, delivery)?)))
            .collect();
        // In the order of their numbers. They are ours to drive, so nobody else can load or change them before they are filled.
        let absent: Vec<ExecutionId> = slots
            .values()
            .filter(|slot| slot.lock().loaded.is_none())
            .map(|slot| slot.id)
            .collect();
        if !absent.is_empty() {
            match self.load_many(&absent).await {
                Ok(all) => {
                    for (id, loaded) in all {
                        if let Some(slot) = slots.get(&id) {
                            slot.lock().loaded = Some(loaded);
                        }
                    }
                }
                // Each meets the error by itself and tries again.
                Err(error) => tracing::warn!(%error, "cannot load executions together"),
            }
        }
        for slot in slots.into_values() {
            self.spawn_drive(slot);
        }
    }

    /// Fills an inbox; gives the slot if it is the caller's to drive.
    fn enqueue(&self, id: ExecutionId, delivery: Delivery) -> Option<Arc<Slot>> {
        let mut shard = self.shard(id);
        let slot = shard.entry(id).or_insert_with(|| Arc::new(Slot::new(id)));
        // Under the shard's lock, so that the slot can't be evicted in between.
        let mut state = slot.lock();
        state.inbox.push_back(delivery);
        if state.is_driven {
            return None;
        }
        state.is_driven = true;
        drop(state);
        Some(slot.clone())
    }

    /// Puts a new execution into memory, driven by the caller, who must call [`Engine::drive_new`].
    pub(crate) fn insert(&self, slot: &Arc<Slot>) {
        self.shard(slot.id).insert(slot.id, slot.clone());
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

    /// Executions that can't be carried on until somebody looks at them.
    pub(crate) fn parked(&self) -> MutexGuard<'_, HashSet<ExecutionId>> {
        self.parked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Executions that have inputs to replay.
    pub(crate) fn journaled(&self) -> MutexGuard<'_, HashSet<ExecutionId>> {
        self.journaled
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// How many executions are in memory.
    pub(crate) fn loaded(&self) -> usize {
        self.slots
            .iter()
            .map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner).len())
            .sum()
    }

    pub(crate) fn shard(&self, id: ExecutionId) -> MutexGuard<'_, HashMap<ExecutionId, Arc<Slot>>> {
        let index = usize::try_from(id.0 % SHARDS as u64).expect("a shard's index is small");
        self.slots[index]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
