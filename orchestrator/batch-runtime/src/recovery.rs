//! Opening: what the store has, the engines, and the attempts that are under way.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use batch::environment::{ComputeEnvironment, Engine};
use batch::job::{Job, JobStatus, Role};
use batch::names::{AttemptId, JobId};
use batch::queue::{EnvironmentOrder, JobQueue, State};
use batch::record::Decoder;
use batch::scheduler::{Input, Scheduler};
use batch::share::decay_seconds;
use containers::Runner;
use futures_util::future::join_all;
use store::contract::{JobFilter, JobsAmong, Store};
use tokio::sync::{broadcast, mpsc};

use crate::attempts::Attempts;
use crate::catalogue::Catalogue;
use crate::counters::Counters;
use crate::driver::{Driver, Gathered};
use crate::engines::{Engines, engine};
use crate::handle::Inner;
use crate::housekeeping;
use crate::messages::Change;
use crate::options::{EnvironmentOptions, Options};
use crate::shared::Shared;
use crate::tokens::Tokens;

/// How many messages may wait for the actor.
const WAITING: usize = 1024;

/// How many changes a slow watcher may lag behind.
const LAG: usize = 4096;

/// How many rows are read at once.
const PAGE: usize = 1000;

/// How many of a queue's newest jobs are looked through for what its shares used.
const LOOKED_THROUGH: usize = 10_000;

/// What was used counts for less and less; after so many times the time of decay for nothing (e^-5).
const FORGOTTEN: f64 = 5.0;

/// The name of the environment and of the queue that are made at the first open.
const DEFAULT: &str = "default";

/// Why the runtime could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The store can't be read or written.
    #[error("cannot load container jobs: {0}")]
    Store(#[from] store::contract::Error),
    /// A job's row can't be read.
    #[error("cannot load container jobs: {0}")]
    Record(#[from] batch::record::Error),
}

/// Everything, running.
pub(crate) async fn open(
    store: Arc<dyn Store>,
    runners: HashMap<Engine, Arc<dyn Runner>>,
    options: Options,
) -> Result<Inner, OpenError> {
    let options = Arc::new(options);
    let (to, messages) = mpsc::channel(WAITING);
    let (changes, _) = broadcast::channel(LAG);
    let mut engines = Engines::new();
    let mut watchers = Vec::new();
    for (kind, runner) in runners {
        let (handle, watcher) = engine(kind, runner, to.clone());
        engines.insert(kind, Arc::new(handle));
        watchers.push((kind, watcher));
    }
    let catalogue = Catalogue::load(&*store).await?;
    let mut loaded = load(&*store).await?;
    let lately = ended_lately(&*store, &catalogue, options.world.now()).await?;
    loaded.jobs.extend(lately);
    let answers = join_all(watchers.iter().map(|(_, watcher)| watcher.ask())).await;

    let shared = Arc::new(Shared::new(
        options.clone(),
        store.clone(),
        engines.clone(),
        catalogue.clone(),
    ));
    let statuses = loaded.jobs.iter();
    let statuses = statuses.filter(|job| !job.status.is_terminal());
    let mut driver = Driver {
        shared: shared.clone(),
        scheduler: Scheduler::new(),
        catalogue,
        attempts: Attempts::new(engines, options.clone(), to.clone()),
        messages,
        trouble: HashMap::new(),
        waiters: HashMap::new(),
        tokens: Tokens::new(options.tokens.clone(), options.site.clone(), to.clone()),
        statuses: statuses.map(|job| (job.id.clone(), job.status)).collect(),
        taken_up: loaded.under_way(),
        counters: Counters::default(),
        last_number: store.last_numbers().await?.job,
        changes: changes.clone(),
    };
    let mut present = Vec::new();
    for ((kind, watcher), answer) in watchers.into_iter().zip(answers) {
        let known = match answer {
            Ok(attempts) => {
                present.push((kind, attempts));
                Ok(())
            }
            Err(why) => {
                let mut environments = driver.catalogue.environments.values();
                // What nothing runs on may well be missing.
                if environments.any(|environment| environment.engine == kind) {
                    tracing::warn!(engine = kind.as_str(), %why, "the engine does not answer");
                }
                driver.trouble.insert(kind, why.clone());
                Err(why)
            }
        };
        driver.attempts.spawn(watcher.run(known));
    }
    driver.begin(loaded, present).await?;
    driver.attempts.spawn(housekeeping::run(store, options));
    Ok(Inner {
        shared,
        to,
        changes,
        driver: Mutex::new(Some(tokio::spawn(driver.run()))),
    })
}

/// The jobs that a restart goes on with.
pub(crate) struct Loaded {
    /// For the scheduler.
    jobs: Vec<Job>,
    /// Those that ended, and whose ends a workflow may not know yet.
    untold: Vec<Job>,
}

impl Loaded {
    /// The attempts that may be on an engine.
    fn under_way(&self) -> HashSet<AttemptId> {
        let jobs = self.jobs.iter();
        let jobs =
            jobs.filter(|job| matches!(job.status, JobStatus::Starting | JobStatus::Running));
        jobs.filter_map(|job| job.current_attempt())
            .map(|attempt| attempt.id.clone())
            .collect()
    }
}

/// All jobs that have not ended, and of arrays that have not ended the children that have.
async fn load(store: &dyn Store) -> Result<Loaded, OpenError> {
    let mut decoder = Decoder::new();
    let mut loaded = Loaded {
        jobs: Vec::new(),
        untold: Vec::new(),
    };
    let mut parents: Vec<JobId> = Vec::new();
    let mut after = None;
    loop {
        let rows = store.unfinished_jobs(after, PAGE).await?;
        let Some(last) = rows.last() else { break };
        after = Some(last.number);
        for row in &rows {
            let job = decoder.decode(&row.document)?;
            if job.status.is_terminal() {
                loaded.untold.push(job);
                continue;
            }
            if matches!(
                job.role,
                Role::ArrayParent { .. } | Role::MultiNodeParent { .. }
            ) {
                parents.push(job.id.clone());
            }
            loaded.jobs.push(job);
        }
    }
    for parent in parents {
        let children = ended_children(store, &mut decoder, &parent).await?;
        loaded.jobs.extend(children);
    }
    Ok(loaded)
}

/// The children of a job that have ended.
async fn ended_children(
    store: &dyn Store,
    decoder: &mut Decoder,
    parent: &JobId,
) -> Result<Vec<Job>, OpenError> {
    let mut children = Vec::new();
    let filter = JobFilter::all(JobsAmong::Parent(parent.0.clone()));
    let mut before = None;
    loop {
        let rows = store.jobs(filter.clone(), before, PAGE).await?;
        let Some(last) = rows.last() else {
            return Ok(children);
        };
        before = Some(last.number);
        for row in rows.iter().filter(|row| row.ended_at.is_some()) {
            children.push(decoder.decode(&row.document)?);
        }
    }
}

/// The jobs of shared queues that ended so short a time ago that what they used counts towards their shares.
async fn ended_lately(
    store: &dyn Store,
    catalogue: &Catalogue,
    now: i64,
) -> Result<Vec<Job>, OpenError> {
    let mut decoder = Decoder::new();
    let mut lately = Vec::new();
    for queue in catalogue.queues.values() {
        let policy = queue.policy.as_ref();
        let policy = policy.and_then(|name| catalogue.policies.get(name));
        let Some(policy) = policy.and_then(|policy| policy.fairshare_policy.as_ref()) else {
            continue;
        };
        let since = now - (FORGOTTEN * decay_seconds(policy) * 1000.0) as i64;
        let filter = JobFilter::all(JobsAmong::Queue(queue.name.clone()));
        let (mut before, mut seen) = (None, 0);
        while seen < LOOKED_THROUGH {
            let rows = store.jobs(filter.clone(), before, PAGE).await?;
            let Some(last) = rows.last() else { break };
            before = Some(last.number);
            seen += rows.len();
            for row in rows {
                if row.ended_at.is_none_or(|ended| ended < since) {
                    continue;
                }
                let job = decoder.decode(&row.document)?;
                if job.runs() {
                    lately.push(job);
                } else {
                    lately.extend(ended_children(store, &mut decoder, &job.id).await?);
                }
            }
        }
    }
    Ok(lately)
}

impl Driver {
    /// Takes in what was loaded, and does what follows from it.
    async fn begin(
        &mut self,
        loaded: Loaded,
        present: Vec<(Engine, Vec<String>)>,
    ) -> Result<(), OpenError> {
        let mut gathered = Gathered::default();
        for input in self.catalogue.inputs() {
            self.step(input, &mut gathered);
        }
        let environments: Vec<Arc<ComputeEnvironment>> =
            self.catalogue.environments.values().cloned().collect();
        for environment in environments {
            if let Some(why) = self.why_down(environment.engine) {
                let name = environment.name.clone();
                self.step(Input::EnvironmentDown { name, why }, &mut gathered);
            }
        }
        for change in self.operators_changes(&loaded) {
            self.change(change, &mut gathered);
        }
        self.step(Input::Loaded { jobs: loaded.jobs }, &mut gathered);
        for (engine, attempts) in present {
            self.remove_leftovers(engine, attempts);
        }
        if !self.settle(gathered).await {
            return Err(OpenError::Store(store::contract::Error::Closed));
        }
        self.shared.publish(Arc::new(self.catalogue.clone()));
        for job in loaded.untold {
            self.tell_token(Arc::new(job));
        }
        Ok(())
    }

    /// The operator's environments as the configuration has them, and at the first open the defaults.
    fn operators_changes(&self, loaded: &Loaded) -> Vec<Change> {
        let options = &self.shared.options;
        let mut changes = Vec::new();
        for (name, wanted) in &options.environments {
            let known = self.catalogue.environments.get(name.as_str());
            let is_busy = loaded.jobs.iter().any(|job| {
                job.current_attempt()
                    .is_some_and(|attempt| *attempt.environment == **name)
            });
            let environment = match known {
                None => self.environment(name, *wanted),
                Some(known) => ComputeEnvironment {
                    // What runs there could not be found on another engine.
                    engine: if is_busy { known.engine } else { wanted.engine },
                    limits: wanted.limits,
                    ..(**known).clone()
                },
            };
            if known.is_none_or(|known| **known != environment) {
                changes.push(Change::PutEnvironment(Arc::new(environment)));
            }
        }
        let is_first = self.catalogue.environments.is_empty() && self.catalogue.queues.is_empty();
        if is_first {
            if !options.environments.contains_key(DEFAULT) {
                let environment = self.environment(DEFAULT, options.default_environment);
                changes.push(Change::PutEnvironment(Arc::new(environment)));
            }
            changes.push(Change::PutQueue(Arc::new(default_queue())));
        }
        changes
    }

    fn environment(&self, name: &str, wanted: EnvironmentOptions) -> ComputeEnvironment {
        ComputeEnvironment {
            name: name.into(),
            uuid: self.shared.options.world.uuid().to_string(),
            state: State::Enabled,
            engine: wanted.engine,
            limits: wanted.limits,
            kind: "UNMANAGED".to_owned(),
            unmanagedv_cpus: None,
            compute_resources: None,
            service_role: None,
            update_policy: None,
            context: None,
            ecs_settings: None,
        }
    }
}

fn default_queue() -> JobQueue {
    JobQueue {
        name: DEFAULT.into(),
        state: State::Enabled,
        policy: None,
        priority: 1,
        environments: vec![EnvironmentOrder {
            order: 1,
            environment: DEFAULT.into(),
        }],
        job_queue_type: None,
        job_state_time_limit_actions: Vec::new(),
    }
}
