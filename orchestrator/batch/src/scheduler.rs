//! What happens to jobs next: inputs go in, changed jobs and effects come out.
//!
//! ```text
//! Input ──▶ Scheduler::step ──▶ Step { changed, consumables, effects }
//!             admit, settle       │ one commit     │ after it
//!             schedule            ▼                ▼
//!             time limits       store            engines, waiters
//! ```
//!
//! In reading order: `messages` (what goes in and out), `table` (the jobs), `life` (from status to status), `dependencies`, `attempts` (what
//! engines tell), `lines` and `queues` (who waits where), `choose` (who starts next), `load` (after a restart).

mod attempts;
mod choose;
mod life;
mod lines;
mod load;
mod messages;
mod queues;
mod table;

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use crate::consumable::ConsumableResource;
use crate::container::Resources;
use crate::job::{Job, JobStatus, Role};
use crate::names::{AttemptId, JobId};
use crate::placement::{Consumable, Environment};
use crate::queue::SchedulingPolicy;
use crate::snapshot::{Snapshot, Waiting};

use queues::Queue;
use table::Table;

pub use life::STOP_GRACE_MS;
pub(crate) use lines::Shape;
pub use messages::{Effect, Ended, EndedKind, Input, Step};
pub(crate) use table::{Key, Stop, index_of};

/// All jobs that have not ended, and what decides about them.
#[derive(Debug, Default)]
pub struct Scheduler {
    pub(crate) now: i64,
    pub(crate) table: Table,
    pub(crate) queues: Vec<Queue>,
    queue_names: HashMap<Arc<str>, u32>,
    pub(crate) environments: Vec<Environment>,
    environment_names: HashMap<Arc<str>, u32>,
    pub(crate) consumables: Vec<Consumable>,
    consumable_names: HashMap<Arc<str>, u32>,
    policies: HashMap<Arc<str>, SchedulingPolicy>,
    /// What jobs ask for, so that jobs that ask for the same share it.
    shapes: HashSet<Arc<Shape>>,
    /// How many there may be before unused ones are removed.
    shapes_limit: usize,
    /// When attempts run out of time.
    pub(crate) deadlines: BTreeSet<(i64, Key)>,
    /// Jobs that have ended in this step, of which others have not been told, with whether they succeeded.
    pub(crate) settled: VecDeque<(Key, bool)>,
    out: Out,
}

/// What the step at hand has led to so far.
#[derive(Debug, Default)]
struct Out {
    touched: Vec<Key>,
    ended: Vec<Key>,
    consumables: Vec<u32>,
    effects: Vec<Effect>,
}

impl Scheduler {
    /// A scheduler without queues, environments and jobs.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in what happened and decides what follows. `now` is milliseconds since 1970; if it is before an earlier one, the earlier
    /// one counts.
    pub fn step(&mut self, input: Input, now: i64) -> Step {
        self.now = self.now.max(now);
        self.take_in(input);
        self.stop_overdue();
        loop {
            self.settle();
            self.schedule();
            if !self.cancel_stuck_heads() {
                return self.finish();
            }
        }
    }

    fn take_in(&mut self, input: Input) {
        match input {
            Input::QueuePut(queue) => self.put_queue(queue),
            Input::QueueRemoved(name) => self.remove_queue(&name),
            Input::EnvironmentPut(environment) => self.put_environment(*environment),
            Input::EnvironmentRemoved(name) => self.remove_environment(&name),
            Input::PolicyPut(policy) => self.put_policy(policy),
            Input::PolicyRemoved(name) => self.remove_policy(&name),
            Input::ConsumablePut(resource) => self.put_consumable(resource),
            Input::ConsumableRemoved(name) => self.remove_consumable(&name),
            Input::EnvironmentReady { name } => self.set_down(&name, None),
            Input::EnvironmentDown { name, why } => self.set_down(&name, Some(why)),
            Input::Submitted {
                jobs,
                ended_dependencies,
            } => self.submit(jobs, ended_dependencies),
            Input::Loaded { jobs } => self.load(jobs),
            Input::Cancel { id, reason } => {
                if let Some(key) = self.table.find(&id) {
                    self.cancel(key, &reason);
                }
            }
            Input::Terminate { id, reason } => {
                if let Some(key) = self.table.find(&id) {
                    self.terminate(key, &reason);
                }
            }
            Input::AttemptPulling { attempt, text } => self.attempt_pulling(&attempt, text),
            Input::AttemptStarted {
                attempt,
                at,
                container_id,
                log_stream,
                address,
            } => {
                self.attempt_started(&attempt, at, container_id, log_stream, address);
            }
            Input::AttemptEnded { attempt, outcome } => self.attempt_ended(&attempt, outcome),
            Input::Tick => {}
        }
    }

    /// Gathers what the step has led to, and lets go of the jobs that have ended.
    fn finish(&mut self) -> Step {
        let out = std::mem::take(&mut self.out);
        let mut step = Step {
            effects: out.effects,
            ..Step::default()
        };
        step.changed.reserve_exact(out.touched.len());
        for key in out.touched {
            if let Some(summary) = self.summary(key) {
                self.table.job_mut(key).summary = Some(Box::new(summary));
            }
            let entry = self.table.entry_mut(key);
            entry.is_touched = false;
            step.changed.push(entry.job.clone());
        }
        for key in out.ended {
            let entry = self.table.entry(key);
            step.effects.push(Effect::Ended {
                job: entry.job.clone(),
            });
            let (queue, status) = (entry.queue, entry.job.status);
            self.queues[queue as usize].counts[usize::from(status.number())] -= 1;
            self.table.remove(key);
        }
        let resources = out
            .consumables
            .into_iter()
            .filter_map(|index| self.consumables[index as usize].resource.clone());
        step.consumables.extend(resources);
        step
    }

    /// When the scheduler wants an [`Input::Tick`], if nothing happens before.
    pub fn next_wake(&self) -> Option<i64> {
        self.next_time_limit()
    }

    /// A job that has not ended; an array's parent with its counts as they are now.
    pub fn job(&self, id: &JobId) -> Option<Arc<Job>> {
        let key = self.table.find(id)?;
        let mut job = self.table.entry(key).job.clone();
        if let Some(summary) = self.summary(key) {
            Arc::make_mut(&mut job).summary = Some(Box::new(summary));
        }
        Some(job)
    }

    /// How many jobs have not ended.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether all jobs have ended.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The jobs of a queue that are in one state, oldest first; an array's children and a multi-node job's nodes are not among them. Looks
    /// at all jobs.
    pub fn jobs(&self, queue: &str, status: JobStatus) -> Vec<Arc<Job>> {
        let Some(queue) = self.queue_names.get(queue) else {
            return Vec::new();
        };
        let is_one = |job: &Job| {
            job.status == status && !matches!(job.role, Role::ArrayChild { .. } | Role::Node { .. })
        };
        let entries = self.table.iter().map(|(_, entry)| entry);
        let mut jobs: Vec<Arc<Job>> = entries
            .filter(|entry| entry.queue == *queue && is_one(&entry.job))
            .map(|entry| entry.job.clone())
            .collect();
        jobs.sort_by_key(|job| job.number);
        jobs
    }

    /// How many jobs of a queue are in each state, in the order of [`JobStatus::ALL`]. Children count, their parents do too.
    pub fn counts(&self, queue: &str) -> [u32; 7] {
        self.queue_names
            .get(queue)
            .map_or([0; 7], |index| self.queues[*index as usize].counts)
    }

    /// The job whose attempt this is, if the attempt has not ended.
    pub fn attempt(&self, attempt: &AttemptId) -> Option<JobId> {
        let key = self.table.attempts.get(attempt)?;
        Some(self.table.entry(*key).job.id.clone())
    }

    /// How far the image of a job that is `STARTING` is pulled.
    pub fn pulling(&self, id: &JobId) -> Option<Arc<str>> {
        let flight = self.table.entry(self.table.find(id)?).flight.as_ref()?;
        flight.pulling.clone()
    }

    /// A consumable resource, and how much of it running jobs hold.
    pub fn consumable(&self, name: &str) -> Option<(Arc<ConsumableResource>, i64)> {
        let consumable = &self.consumables[*self.consumable_names.get(name)? as usize];
        Some((consumable.resource.clone()?, consumable.in_use))
    }

    /// What the running jobs of an environment use.
    pub fn used(&self, environment: &str) -> Option<Resources> {
        let environment = &self.environments[*self.environment_names.get(environment)? as usize];
        environment.config.as_ref().map(|_| environment.used)
    }

    /// The front of a queue and what the queue uses.
    pub fn snapshot(&self, queue: &str, now: i64) -> Option<Snapshot> {
        let index = *self.queue_names.get(queue)?;
        self.queues[index as usize]
            .config
            .as_ref()
            .map(|_| self.front(index, now.max(self.now)))
    }

    /// Why a job has not started; `None` for jobs that have a place or are unknown.
    pub fn waiting_reason(&self, id: &JobId, now: i64) -> Option<Waiting> {
        let key = self.table.find(id)?;
        let entry = self.table.entry(key);
        let is_waiting = entry.job.status <= JobStatus::Runnable;
        is_waiting.then(|| Waiting {
            waited_ms: (now - entry.since).max(0),
            ..self.waiting(key)
        })
    }
}
