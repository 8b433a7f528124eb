//! Map Runs: the executions that a distributed Map starts for its items, and the record of all of them together.
//!
//! ```text
//!   Effect::StartMapRun ─▶ run (one task) ─▶ feed: items, a chunk at a time
//!                              │  ▲          children: begun, stepped and written in groups
//!   Input::MapRunEnded ◀───────┘  └───────── Handle: children that ended, changes, the end from outside
//! ```
//!
//! A group of children and how far the run has come are one commit, so that no item is forgotten and none is handed out twice. Read [`progress`]
//! first, then [`run`] with [`inputs`] and [`ending`]; a run that did not succeed goes on by [`redriving`].

mod children;
mod ending;
mod feed;
mod inputs;
mod lost;
mod progress;
mod redriving;
mod results;
mod run;
pub mod views;
mod writing;

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use asl::definition::StateKind;
use asl::distributed::{ChildType, Distributed};
use futures_util::FutureExt;
use interpreter::execution::{Execution, Identity, Status};
use interpreter::input::{AttemptId, Effect, Input};
use interpreter::map_run::{MapRunOutcome, ScheduledMapRun};
use interpreter::mocks::Mocks;
use store::contract::{Commit, Write};
use store::records::{
    ExecutionId, MachineType, Parent, RevisionId, StartedBy, StateMachineId, StateMachineRecord,
};
use tokio::sync::{Notify, oneshot};

use crate::engine::Engine;
use crate::error::Error;
use crate::machines::Revision;
use crate::map_runs::children::Family;
use crate::map_runs::progress::{Bounds, Progress};
use crate::map_runs::results::Results;
use crate::map_runs::run::{Halt, Run};
use crate::map_runs::views::UpdateMapRun;
use crate::slot::{Delivery, Happening, Loaded};
use crate::trace::Carried;
use crate::views::ExecutionView;

/// How long to wait before the store is asked again.
const PAUSE: Duration = Duration::from_millis(500);

/// The runs that are carried out, by execution and attempt.
#[derive(Default)]
pub(crate) struct MapRuns(Mutex<HashMap<(ExecutionId, u64), Arc<Handle>>>);

/// How a run is reached that is carried out.
pub(crate) struct Handle {
    /// The redrive that it is carried out for; 0 for none.
    redrives: u32,
    shared: Mutex<Shared>,
    /// Told whenever something is put in.
    wake: Notify,
}

/// What waits for the run's task, and what it shows of itself.
#[derive(Default)]
struct Shared {
    ended: Vec<EndedChild>,
    changes: Vec<Change>,
    is_cancelled: bool,
    progress: Option<Progress>,
    /// A redrive of the run, which waits until it has come to its end: its children may still be being stopped.
    next: Option<Box<DueRun>>,
}

/// A Map Run to carry out, with what its execution knows.
struct DueRun {
    revision: Arc<Revision>,
    identity: Arc<Identity>,
    /// What its children carry of a trace.
    trace_header: Option<Arc<str>>,
    scheduled: ScheduledMapRun,
}

/// A child that ended, durably.
struct EndedChild {
    id: ExecutionId,
    view: ExecutionView,
    /// Whether a redrive could change how it ended.
    is_redrivable: bool,
    /// What stood in for its tasks.
    mocks: Option<Box<Mocks>>,
}

/// New bounds of a run; what is absent stays.
#[derive(Debug)]
struct Change {
    update: UpdateMapRun,
    /// Told when it is durable.
    done: oneshot::Sender<()>,
}

impl Change {
    fn apply(&self, bounds: &mut Bounds) {
        let UpdateMapRun {
            max_concurrency,
            tolerated_count,
            tolerated_percentage,
        } = self.update;
        bounds.max_concurrency = max_concurrency.unwrap_or(bounds.max_concurrency);
        bounds.tolerated_count = tolerated_count.or(bounds.tolerated_count);
        bounds.tolerated_percentage = tolerated_percentage.or(bounds.tolerated_percentage);
    }
}

impl Handle {
    fn new(redrives: u32) -> Arc<Self> {
        Arc::new(Self {
            redrives,
            shared: Mutex::default(),
            wake: Notify::new(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MapRuns {
    fn lock(&self) -> MutexGuard<'_, HashMap<(ExecutionId, u64), Arc<Handle>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, parent: Parent) -> Option<Arc<Handle>> {
        self.lock()
            .get(&(parent.execution, parent.attempt))
            .cloned()
    }

    /// Takes a run up, unless somebody does already: then a newer redrive of it waits.
    fn begin(&self, parent: Parent, due: DueRun) -> Option<(Arc<Handle>, DueRun)> {
        let mut active = self.lock();
        let redrives = due.scheduled.redrives;
        match active.entry((parent.execution, parent.attempt)) {
            Entry::Occupied(entry) => {
                if redrives > entry.get().redrives {
                    entry.get().lock().next = Some(Box::new(due));
                }
                None
            }
            Entry::Vacant(entry) => Some((entry.insert(Handle::new(redrives)).clone(), due)),
        }
    }

    /// Takes a run up that nobody waits for, unless somebody does already.
    fn begin_lost(&self, parent: Parent, redrives: u32) -> bool {
        match self.lock().entry((parent.execution, parent.attempt)) {
            Entry::Occupied(_) => false,
            Entry::Vacant(entry) => {
                entry.insert(Handle::new(redrives));
                true
            }
        }
    }

    /// A run has come to its end; gives the redrive of it that has waited for that.
    fn end(&self, parent: Parent) -> Option<(Arc<Handle>, DueRun)> {
        let mut active = self.lock();
        let key = (parent.execution, parent.attempt);
        let ended = active.remove(&key)?;
        let due = *ended.lock().next.take()?;
        let handle = Handle::new(due.scheduled.redrives);
        active.insert(key, handle.clone());
        Some((handle, due))
    }
}

/// The records of the Map Runs that a step began; written with its events.
pub(crate) fn begun(id: ExecutionId, effects: &[Effect], now: i64) -> impl Iterator<Item = Write> {
    effects.iter().filter_map(move |effect| {
        let Effect::StartMapRun(run) = effect else {
            return None;
        };
        if run.redrives > 0 {
            // Its record is there; whoever carries it out opens it again.
            return None;
        }
        let parent = Parent {
            execution: id,
            attempt: run.attempt.0,
        };
        let record = progress::begun(parent, &run.request, now);
        Some(Write::PutMapRun(record))
    })
}

/// Whether a redrive could change how a child ended, or need not.
fn is_redrivable(child: &Execution) -> bool {
    matches!(child.status, Status::Running | Status::Succeeded(_))
        || child.identity.is_express()
        || child.can_go_on()
}

impl Engine {
    /// Carries a Map Run out, from its beginning or from where it was.
    pub(crate) fn start_map_run(
        self: &Arc<Self>,
        id: ExecutionId,
        revision: &Arc<Revision>,
        identity: &Arc<Identity>,
        carried: &Carried,
        scheduled: ScheduledMapRun,
    ) {
        if self.closing.is_cancelled() {
            // It is taken up after the restart.
            return;
        }
        let parent = Parent {
            execution: id,
            attempt: scheduled.attempt.0,
        };
        let due = DueRun {
            revision: revision.clone(),
            identity: identity.clone(),
            trace_header: carried.to_attempt(parent.attempt).map(|call| call.x_ray),
            scheduled,
        };
        if let Some((handle, due)) = self.map_runs.begin(parent, due) {
            self.spawn_map_run(parent, handle, due);
        }
    }

    fn spawn_map_run(self: &Arc<Self>, parent: Parent, handle: Arc<Handle>, due: DueRun) {
        let engine = self.clone();
        self.tracker.spawn(async move {
            let work = engine.carry_out(parent, &handle, &due);
            let outcome = AssertUnwindSafe(work).catch_unwind().await;
            let outcome = outcome
                .unwrap_or_else(|_| Err(Halt::Failed("a bug stopped the Map Run".to_owned())));
            let outcome = match outcome {
                Ok(outcome) => outcome,
                Err(Halt::Closing) => None,
                Err(Halt::Failed(why)) => Some(engine.give_up_map_run(parent, why).await),
            };
            if let Some(outcome) = outcome {
                let ended = due.scheduled.ended(outcome);
                engine.push(parent.execution, Delivery::of(Happening::Input(ended)));
            }
            engine.go_on_after(parent);
        });
    }

    /// A run has come to its end: a redrive of it may have waited for that.
    fn go_on_after(self: &Arc<Self>, parent: Parent) {
        if let Some((handle, due)) = self.map_runs.end(parent) {
            self.spawn_map_run(parent, handle, due);
        }
    }

    async fn carry_out(
        self: &Arc<Self>,
        parent: Parent,
        handle: &Arc<Handle>,
        due: &DueRun,
    ) -> Result<Option<MapRunOutcome>, Halt> {
        loop {
            let error = match self.prepare(parent, handle, due).await {
                Ok(run) => return run.carry_out().await,
                Err(error) => error,
            };
            tracing::warn!(execution = parent.execution.0, %error, "cannot carry a Map Run out");
            if self.closing.is_cancelled() || error.is_closed() {
                return Err(Halt::Closing);
            }
            if !error.is_retryable() {
                return Err(Halt::Failed(error.told()));
            }
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                () = self.closing.cancelled() => return Err(Halt::Closing),
            }
        }
    }

    /// Reads how far the run is, and makes what its children need.
    async fn prepare(
        self: &Arc<Self>,
        parent: Parent,
        handle: &Arc<Handle>,
        due: &DueRun,
    ) -> Result<Run, Error> {
        let DueRun {
            revision,
            identity,
            trace_header,
            scheduled,
        } = due;
        let damaged = |why: &str| store::contract::Error::Damaged {
            what: format!("Map Run {}", scheduled.request.arn),
            why: why.to_owned(),
        };
        let record = self.store.map_run(parent).await?;
        let record = record.ok_or_else(|| damaged("it is not there"))?;
        let mut progress = Progress::of(&record)?;
        if progress.mocks.is_none() {
            progress.mocks = self.mocks_of_children(parent, scheduled).await?;
        }
        let StateKind::Map(map) = &revision.machine.state(scheduled.state).kind else {
            return Err(damaged("its state is no Map").into());
        };
        let Some(distributed) = &map.distributed else {
            return Err(damaged("its state is not distributed").into());
        };
        let distributed = Distributed::clone(distributed);
        let machine_name: Arc<str> = record.name.split(':').next().unwrap_or(&record.name).into();
        let machine = self
            .machine_of_children(&machine_name, distributed.child_type, revision.record.id)
            .await?;
        let timeout_seconds = match distributed.child_type {
            ChildType::Standard => None,
            ChildType::Express => Some(self.options.limits.express_seconds),
        };
        let family = Family {
            parent,
            run: record.name.clone(),
            machine,
            machine_arn: self.options.partition.state_machine(&machine_name).into(),
            machine_name,
            child_type: distributed.child_type,
            of: identity.clone(),
            revision: revision.clone(),
            started_by: StartedBy::default(),
            start: Input::StartChild {
                map: scheduled.state,
                timeout_seconds,
            },
            trace_header: trace_header.clone(),
        };
        let max_bytes = self.options.limits.execution.payload_bytes;
        let mut results = Results::new(ending::transformation(&distributed), max_bytes);
        if scheduled.request.writer.is_some() {
            results.forget();
        }
        Ok(Run {
            engine: self.clone(),
            handle: handle.clone(),
            family,
            scheduled: scheduled.clone(),
            distributed,
            record,
            progress,
            results,
            running: HashMap::new(),
            pending: VecDeque::new(),
            feed: None,
            held: None,
            is_cancelled: false,
            has_stopped: false,
        })
    }

    /// What stands in for the tasks of the children: the runs of an execution use it up one after the other.
    async fn mocks_of_children(
        &self,
        parent: Parent,
        scheduled: &ScheduledMapRun,
    ) -> Result<Option<Mocks>, Error> {
        let Some(mut mocks) = scheduled.mocks().cloned() else {
            return Ok(None);
        };
        let before = Some(parent.attempt);
        let earlier = self.store.map_runs(parent.execution, before, 1).await?;
        if let Some(earlier) = earlier.first()
            && let Some(used) = Progress::of(earlier)?.mocks
        {
            mocks.go_on_after(&used);
        }
        Ok(Some(mocks))
    }

    /// The machine that the rows of children name: `machine/label`. It is never listed, and nothing can be started of it.
    async fn machine_of_children(
        &self,
        name: &Arc<str>,
        child_type: ChildType,
        current: RevisionId,
    ) -> Result<StateMachineId, Error> {
        if let Some(record) = self.store.state_machine_by_name(name).await? {
            return Ok(record.id);
        }
        // Only one may make it.
        let _catalogue = self.catalogue.lock().await;
        if let Some(record) = self.store.state_machine_by_name(name).await? {
            return Ok(record.id);
        }
        let id = StateMachineId(self.numbers.state_machine.fetch_add(1, Ordering::Relaxed) + 1);
        let record = StateMachineRecord {
            id,
            name: name.clone(),
            machine_type: match child_type {
                ChildType::Standard => MachineType::Standard,
                ChildType::Express => MachineType::Express,
            },
            created_at: self.options.world.now(),
            is_deleted: true,
            current,
            settings: "{}".into(),
        };
        let writes = vec![Write::PutStateMachine(record)];
        self.store.commit(Commit { writes }).await?;
        Ok(id)
    }

    /// Nobody waits for a Map Run any more: its children are stopped with it.
    pub(crate) fn cancel_map_run(&self, id: ExecutionId, attempt: AttemptId) {
        let parent = Parent {
            execution: id,
            attempt: attempt.0,
        };
        if let Some(handle) = self.map_runs.get(parent) {
            let mut shared = handle.lock();
            shared.is_cancelled = true;
            shared.next = None;
            drop(shared);
            handle.wake.notify_one();
        }
    }

    /// A child of a Map Run has ended, durably.
    pub(crate) fn tell_map_run(&self, parent: Parent, child: &Loaded) {
        // Whoever takes the run up later reads it from the store.
        if let Some(handle) = self.map_runs.get(parent) {
            let execution: &Execution = &child.execution;
            handle.lock().ended.push(EndedChild {
                id: ExecutionId(execution.identity.number),
                view: self.finished_view(execution),
                is_redrivable: is_redrivable(execution),
                mocks: execution.supplement().mocks.clone(),
            });
            handle.wake.notify_one();
        }
    }
}
