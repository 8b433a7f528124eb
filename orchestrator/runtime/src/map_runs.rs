//! Map Runs: the executions that a distributed Map starts for its items, and the record of all of them together.
//!
//! ```text
//!   Effect::StartMapRun ─▶ run (one task) ─▶ feed: items, a chunk at a time
//!                              │  ▲          children: begun, stepped and written in groups
//!   Input::MapRunEnded ◀───────┘  └───────── Handle: children that ended, changes, the end from outside
//! ```
//!
//! A group of children and how far the run has come are one commit, so that no item is forgotten and none is handed out twice. Read [`progress`]
//! first, then [`run`].

mod children;
mod feed;
mod lost;
mod progress;
mod results;
mod run;
pub mod views;

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use asl::definition::StateKind;
use asl::distributed::{ChildType, Distributed};
use futures_util::FutureExt;
use interpreter::execution::{Execution, Identity};
use interpreter::failure::{Failure, names};
use interpreter::input::{AttemptId, Effect, Input};
use interpreter::map_run::{MapRunOutcome, ScheduledMapRun};
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
use crate::map_runs::run::{Closing, Run};
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
}

/// A child that ended, durably.
struct EndedChild {
    id: ExecutionId,
    view: ExecutionView,
}

/// A Map Run that is to be carried out.
struct Begun {
    parent: Parent,
    revision: Arc<Revision>,
    identity: Arc<Identity>,
    /// What its children carry of a trace.
    trace_header: Option<Arc<str>>,
    scheduled: ScheduledMapRun,
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

    fn remove(&self, parent: Parent) {
        self.lock().remove(&(parent.execution, parent.attempt));
    }

    /// A handle for a run that nobody carries out yet.
    fn register(&self, parent: Parent) -> Option<Arc<Handle>> {
        let mut active = self.lock();
        let key = (parent.execution, parent.attempt);
        if active.contains_key(&key) {
            return None;
        }
        let handle = Arc::new(Handle {
            shared: Mutex::default(),
            wake: Notify::new(),
        });
        active.insert(key, handle.clone());
        Some(handle)
    }
}

/// The records of the Map Runs that a step began; written with its events.
pub(crate) fn begun(id: ExecutionId, effects: &[Effect], now: i64) -> impl Iterator<Item = Write> {
    effects.iter().filter_map(move |effect| {
        let Effect::StartMapRun(run) = effect else {
            return None;
        };
        let parent = Parent {
            execution: id,
            attempt: run.attempt.0,
        };
        let record = progress::begun(parent, &run.request, now);
        Some(Write::PutMapRun(record))
    })
}

/// Whether an execution is a child of a Map Run: its machine's name says so, as no other's has a slash.
pub(crate) fn is_child(identity: &Identity) -> bool {
    identity.state_machine_name.contains('/')
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
        let Some(handle) = self.map_runs.register(parent) else {
            return;
        };
        let begun = Begun {
            parent,
            revision: revision.clone(),
            identity: identity.clone(),
            trace_header: carried.to_attempt(parent.attempt).map(|call| call.x_ray),
            scheduled,
        };
        let engine = self.clone();
        self.tracker.spawn(async move {
            let attempt = begun.scheduled.attempt;
            let work = engine.carry_out(handle, begun);
            let outcome = AssertUnwindSafe(work).catch_unwind().await;
            let outcome = outcome.unwrap_or_else(|_| {
                tracing::error!(
                    execution = id.0,
                    "carrying a Map Run out panicked; it fails"
                );
                Ok(Some(MapRunOutcome::Failed(Failure::new(
                    names::RUNTIME,
                    "An internal error occurred while carrying the Map Run out.",
                ))))
            });
            if let Ok(Some(outcome)) = outcome {
                let ended = Input::MapRunEnded { attempt, outcome };
                engine.push(id, Delivery::of(Happening::Input(ended)));
            }
            engine.map_runs.remove(parent);
        });
    }

    async fn carry_out(
        self: &Arc<Self>,
        handle: Arc<Handle>,
        begun: Begun,
    ) -> Result<Option<MapRunOutcome>, Closing> {
        loop {
            let error = match self.prepare(&handle, &begun).await {
                Ok(run) => return run.carry_out().await,
                Err(error) => error,
            };
            let is_retryable = error.is_retryable() && !self.closing.is_cancelled();
            tracing::warn!(execution = begun.parent.execution.0, %error, is_retryable, "cannot carry a Map Run out");
            if !is_retryable {
                return Err(Closing);
            }
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                () = self.closing.cancelled() => return Err(Closing),
            }
        }
    }

    /// Reads how far the run is, and makes what its children need.
    async fn prepare(self: &Arc<Self>, handle: &Arc<Handle>, begun: &Begun) -> Result<Run, Error> {
        let Begun {
            parent,
            revision,
            identity,
            trace_header,
            scheduled,
        } = begun;
        let parent = *parent;
        let damaged = |why: &str| store::contract::Error::Damaged {
            what: format!("Map Run {}", scheduled.request.arn),
            why: why.to_owned(),
        };
        let record = self.store.map_run(parent).await?;
        let record = record.ok_or_else(|| damaged("it is not there"))?;
        let progress = Progress::of(&record)?;
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
        let mut results = Results::new(run::transformation(&distributed), max_bytes);
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
            feed: None,
            held: None,
            is_cancelled: false,
            has_stopped: false,
        })
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
            handle.lock().is_cancelled = true;
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
            });
            handle.wake.notify_one();
        }
    }
}
