//! One run: what happens to the scheduler, and what it leads to.

use std::collections::BTreeMap;
use std::sync::Arc;

use batch::consumable::{ConsumableKind, ConsumableResource};
use batch::environment::ComputeEnvironment;
use batch::job::{Job, JobStatus};
use batch::names::JobId;
use batch::queue::{JobQueue, JobStateTimeLimitAction, SchedulingPolicy, State};
use batch::scheduler::{Effect, Input, Scheduler, Step};

use crate::checker;
use crate::engine::Engine;
use crate::random::Random;
use crate::support::{consumable, environment, policy, queue};
use crate::workload::{LIMITED, Workload};

pub(crate) struct World {
    pub(crate) random: Random,
    pub(crate) now: i64,
    pub(crate) scheduler: Scheduler,
    /// What is committed.
    pub(crate) rows: BTreeMap<JobId, Arc<Job>>,
    pub(crate) consumables: BTreeMap<Arc<str>, ConsumableResource>,
    pub(crate) environments: Vec<ComputeEnvironment>,
    pub(crate) down: Vec<Arc<str>>,
    pub(crate) queues: Vec<JobQueue>,
    policies: Vec<SchedulingPolicy>,
    engine: Engine,
    workload: Workload,
    /// Since when jobs are `RUNNABLE`, as the scheduler that lives now has seen it.
    pub(crate) runnable_since: BTreeMap<JobId, i64>,
    /// How often a crash may come: once in so many steps.
    crashes: u64,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let limit = |reason: &str| JobStateTimeLimitAction {
            reason: reason.into(),
            state: "RUNNABLE".into(),
            max_time_seconds: 600,
            action: "CANCEL".into(),
        };
        let mut limited = queue(LIMITED, 1, &["small", "large"]);
        limited.job_state_time_limit_actions = vec![
            limit("MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE"),
            limit("MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT"),
        ];
        let mut shared = queue("shared", 5, &["large"]);
        shared.policy = Some("policy".into());
        let queues = vec![
            queue("urgent", 10, &["large", "small"]),
            shared,
            queue("plain", 5, &["small", "large"]),
            limited,
        ];
        let reservation = if random.once_in(2) { 30 } else { 0 };
        let crashes = if random.once_in(4) {
            u64::MAX
        } else {
            random.between(10, 100)
        };
        Self {
            now: 1_000_000,
            scheduler: Scheduler::new(),
            rows: BTreeMap::new(),
            consumables: BTreeMap::from([
                (
                    "licence".into(),
                    consumable("licence", ConsumableKind::Replenishable, 12),
                ),
                (
                    "token".into(),
                    consumable("token", ConsumableKind::NonReplenishable, 10),
                ),
            ]),
            // Twelve nodes or children of two vCPUs must fit somewhere.
            environments: vec![
                environment("small", 2_000, 2_048),
                environment("large", 6_000, 6_144),
            ],
            down: Vec::new(),
            queues,
            policies: vec![policy(
                "policy",
                120,
                reservation,
                &[("red", 0.5), ("gr*", 1.0)],
            )],
            engine: Engine::default(),
            workload: Workload::new(),
            runnable_since: BTreeMap::new(),
            random,
            crashes,
        }
    }

    pub(crate) fn run(mut self) {
        self.begin();
        let happenings = self.random.between(50, 300);
        for _ in 0..happenings {
            match self.random.below(24) {
                0..6 => self.submit(),
                6 => self.end_some(),
                7 => self.change_environment(),
                8 if self.random.once_in(3) => self.crash(),
                9 if self.random.once_in(3) => self.change_policy(),
                _ => {
                    self.advance();
                }
            }
        }
        self.calm_down();
        for _ in 0..50 {
            let mut turns = 0;
            while self.advance() {
                turns += 1;
                assert!(turns < 10_000, "it never ends");
            }
            if self.scheduler.is_empty() {
                break;
            }
            // What is used up is bought again, so that nobody waits for it for ever.
            self.buy();
        }
        checker::at_the_end(&self);
        assert!(
            self.engine.left().is_empty(),
            "containers are left: {:?}",
            self.engine.left()
        );
    }

    fn submit(&mut self) {
        let at = self.random.below(self.queues.len() as u64) as usize;
        let (name, is_shared) = (
            self.queues[at].name.clone(),
            self.queues[at].policy.is_some(),
        );
        let jobs = self
            .workload
            .submission(&name, is_shared, self.now, &mut self.random);
        let mut ended_dependencies = Vec::new();
        for id in jobs[0]
            .spec
            .depends_on
            .iter()
            .filter_map(|dependency| dependency.job_id.as_ref())
        {
            let family = self
                .rows
                .values()
                .filter(|row| row.id == *id || row.parent() == Some(id));
            ended_dependencies.extend(
                family
                    .filter(|row| row.status.is_terminal())
                    .map(|row| (row.id.clone(), row.status == JobStatus::Succeeded)),
            );
        }
        // A submission that was lost in a crash cannot be waited for.
        let known = |dependency: &batch::job::JobDependency| {
            dependency
                .job_id
                .as_ref()
                .is_none_or(|id| self.rows.contains_key(id))
        };
        if jobs[0].spec.depends_on.iter().all(known) {
            self.step(Input::Submitted {
                jobs,
                ended_dependencies,
            });
        }
    }

    fn end_some(&mut self) {
        let ids: Vec<JobId> = self
            .rows
            .values()
            .filter(|row| !row.status.is_terminal())
            .map(|row| row.id.clone())
            .collect();
        let Some(id) = self.random.pick(&ids).cloned() else {
            return;
        };
        let reason = "no longer wanted".into();
        match self.random.once_in(2) {
            true => self.step(Input::Cancel { id, reason }),
            false => self.step(Input::Terminate { id, reason }),
        }
    }

    fn change_environment(&mut self) {
        let at = self.random.below(2) as usize;
        let name = self.environments[at].name.clone();
        if self.random.once_in(2) {
            let is_enabled = self.environments[at].state == State::Enabled;
            self.environments[at].state = if is_enabled {
                State::Disabled
            } else {
                State::Enabled
            };
            self.step(Input::EnvironmentPut(Box::new(
                self.environments[at].clone(),
            )));
        } else if self.down.contains(&name) {
            self.down.retain(|down| *down != name);
            self.step(Input::EnvironmentReady { name });
        } else {
            self.down.push(name.clone());
            self.step(Input::EnvironmentDown {
                name,
                why: "no answer".into(),
            });
        }
    }

    fn change_policy(&mut self) {
        let at = self
            .queues
            .iter()
            .position(|queue| &*queue.name == "shared")
            .unwrap();
        let is_shared = self.queues[at].policy.is_some();
        self.queues[at].policy = (!is_shared).then(|| "policy".into());
        self.step(Input::QueuePut(self.queues[at].clone()));
    }

    fn calm_down(&mut self) {
        self.crashes = self.crashes.saturating_mul(20);
        for at in 0..self.environments.len() {
            self.environments[at].state = State::Enabled;
            self.step(Input::EnvironmentPut(Box::new(
                self.environments[at].clone(),
            )));
        }
        while let Some(name) = self.down.pop() {
            self.step(Input::EnvironmentReady { name });
        }
    }

    fn buy(&mut self) {
        let mut resource = self.consumables[&Arc::from("token")].clone();
        resource.total_quantity += 10;
        self.consumables
            .insert(resource.name.clone(), resource.clone());
        self.step(Input::ConsumablePut(resource));
    }

    /// Goes on to the next thing that happens by itself; says whether there is one.
    fn advance(&mut self) -> bool {
        let Some(at) = [self.engine.next(), self.scheduler.next_wake()]
            .into_iter()
            .flatten()
            .min()
        else {
            return false;
        };
        self.now = self.now.max(at);
        let input = self.engine.tell(self.now).unwrap_or(Input::Tick);
        self.step(input);
        true
    }

    /// One step with its commit and effects, unless the scheduler dies in between.
    fn step(&mut self, input: Input) {
        let step = self.scheduler.step(input, self.now);
        if self.random.once_in(self.crashes) {
            // Before the commit, or at some point after it.
            if self.random.once_in(2) {
                let mut step = step;
                let done = self.random.below(step.effects.len() as u64 + 1) as usize;
                let rest = step.effects.split_off(done);
                self.commit(step);
                drop(rest);
            }
            self.crash();
            return;
        }
        let started = step.effects.iter().filter_map(|effect| match effect {
            Effect::Start(launch) => Some(launch.job.clone()),
            Effect::Stop { .. } | Effect::Forget { .. } | Effect::Ended { .. } => None,
        });
        let started: Vec<JobId> = started.collect();
        self.commit(step);
        checker::after_step(self, &started);
    }

    fn commit(&mut self, step: Step) {
        checker::transitions(self, &step);
        for job in step.changed {
            match job.status {
                JobStatus::Runnable => {
                    self.runnable_since
                        .entry(job.id.clone())
                        .or_insert(self.now);
                }
                _ => {
                    self.runnable_since.remove(&job.id);
                }
            }
            self.rows.insert(job.id.clone(), job);
        }
        for resource in step.consumables {
            self.consumables
                .insert(resource.name.clone(), (*resource).clone());
        }
        for effect in step.effects {
            match effect {
                Effect::Start(launch) => self.engine.start(&launch, self.now, &mut self.random),
                Effect::Stop {
                    attempt, grace_ms, ..
                } => self
                    .engine
                    .stop(&attempt, self.now, grace_ms, &mut self.random),
                Effect::Forget { attempt, .. } => self.engine.forget(&attempt),
                Effect::Ended { .. } => {}
            }
        }
    }

    fn begin(&mut self) {
        let mut inputs: Vec<Input> = self
            .policies
            .iter()
            .cloned()
            .map(Input::PolicyPut)
            .collect();
        inputs.extend(
            self.environments
                .iter()
                .cloned()
                .map(Box::new)
                .map(Input::EnvironmentPut),
        );
        inputs.extend(self.consumables.values().cloned().map(Input::ConsumablePut));
        inputs.extend(self.queues.iter().cloned().map(Input::QueuePut));
        inputs.extend(self.down.iter().map(|name| Input::EnvironmentDown {
            name: name.clone(),
            why: "no answer".into(),
        }));
        for input in inputs {
            self.scheduler.step(input, self.now);
        }
    }

    /// The scheduler dies, and a new one begins with what is committed.
    fn crash(&mut self) {
        self.scheduler = Scheduler::new();
        self.engine.lose_watches();
        self.runnable_since.clear();
        self.begin();
        let is_needed = |row: &&Arc<Job>| {
            let parent = row.parent().and_then(|parent| self.rows.get(parent));
            !row.status.is_terminal() || parent.is_some_and(|parent| !parent.status.is_terminal())
        };
        let jobs: Vec<Job> = self
            .rows
            .values()
            .filter(is_needed)
            .map(|row| (**row).clone())
            .collect();
        let step = self.scheduler.step(Input::Loaded { jobs }, self.now);
        for (id, row) in &self.rows {
            if row.status == JobStatus::Runnable {
                self.runnable_since.insert(id.clone(), self.now);
            }
        }
        let scheduler = &self.scheduler;
        let engine = &mut self.engine;
        engine.remove_leftovers(|attempt| scheduler.attempt(attempt).is_some());
        self.commit(step);
        checker::after_step(self, &[]);
    }
}
