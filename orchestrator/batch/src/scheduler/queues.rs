//! Queues with their shares, and what changes when queues, environments, policies and consumable resources do.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::Scheduler;
use super::lines::{Lines, Position, Shape};
use super::table::{Entry, Key, index_of};
use crate::consumable::ConsumableResource;
use crate::container::Resources;
use crate::environment::ComputeEnvironment;
use crate::job::{Job, JobStatus};
use crate::placement::{Consumable, Environment};
use crate::queue::{FairsharePolicy, JobQueue, SchedulingPolicy};
use crate::share::{self, Usage};
use crate::time_limits::Head;

/// A job queue.
#[derive(Debug)]
pub(crate) struct Queue {
    /// Nothing while only jobs of before a restart name it, or after it was deleted.
    pub(crate) config: Option<JobQueue>,
    /// In the order of trying.
    pub(crate) environments: Vec<u32>,
    /// Without one the queue is first in, first out, and has one share without a name.
    pub(crate) policy: Option<FairsharePolicy>,
    pub(crate) shares: BTreeMap<Arc<str>, Share>,
    pub(crate) counts: [u32; 7],
    pub(crate) used: Resources,
    /// Jobs that have stood at the front without fitting, and since when.
    pub(crate) blocked: HashMap<Key, i64>,
    /// The job at the head, watched for `jobStateTimeLimitActions`.
    pub(crate) head: Option<Head>,
    /// Whether something has changed that may let one of its jobs start.
    pub(crate) is_dirty: bool,
}

/// A share of a queue.
#[derive(Debug, Default)]
pub(crate) struct Share {
    pub(crate) lines: Lines,
    pub(crate) usage: Usage,
    pub(crate) running: u32,
    pub(crate) weight: f64,
}

impl Queue {
    pub(crate) fn new() -> Self {
        Self {
            config: None,
            environments: Vec::new(),
            policy: None,
            shares: BTreeMap::new(),
            counts: [0; 7],
            used: Resources::default(),
            blocked: HashMap::new(),
            head: None,
            is_dirty: false,
        }
    }

    pub(crate) fn priority(&self) -> i32 {
        self.config
            .as_ref()
            .map_or(i32::MIN, |config| config.priority)
    }

    pub(crate) fn decay_seconds(&self) -> f64 {
        self.policy.as_ref().map_or(600.0, share::decay_seconds)
    }

    /// The share that a job of this queue belongs to.
    pub(crate) fn share_of<'job>(&self, job: &'job Job) -> &'job str {
        job.spec
            .share
            .as_deref()
            .filter(|_| self.policy.is_some())
            .unwrap_or_default()
    }

    pub(crate) fn share_mut(&mut self, job: &Job) -> &mut Share {
        let name = self.share_of(job);
        if !self.shares.contains_key(name) {
            let weight = self
                .policy
                .as_ref()
                .map_or(1.0, |policy| share::weight(policy, name));
            self.shares.insert(
                name.into(),
                Share {
                    weight,
                    ..Share::default()
                },
            );
        }
        self.shares
            .get_mut(name)
            .expect("it is there or was inserted above")
    }

    pub(crate) fn position(&self, job: &Job) -> Position {
        let priority = if self.policy.is_some() {
            job.spec.priority
        } else {
            0
        };
        Position {
            priority: std::cmp::Reverse(priority),
            number: job.number,
            index: index_of(job),
        }
    }

    /// The shares that have jobs waiting, the one that is served next first.
    pub(crate) fn shares_in_order(&self, now: i64) -> Vec<(f64, &Arc<str>, &Share)> {
        let decay = self.decay_seconds();
        let waiting = self
            .shares
            .iter()
            .filter(|(_, share)| !share.lines.is_empty());
        let mut order: Vec<_> = waiting
            .map(|(name, share)| (share.usage.place(now, decay, share.weight), name, share))
            .collect();
        if order.len() > 1 {
            order.sort_by(|left, right| {
                left.0
                    .total_cmp(&right.0)
                    .then_with(|| left.2.lines.first().cmp(&right.2.lines.first()))
            });
        }
        order
    }

    pub(crate) fn active_shares(&self) -> usize {
        self.shares
            .values()
            .filter(|share| share.running > 0)
            .count()
    }

    /// Forgets shares that have nothing waiting or running and whose use is past.
    fn forget_idle_shares(&mut self, now: i64) {
        let decay = self.decay_seconds();
        self.shares.retain(|_, share| {
            !share.lines.is_empty() || share.running > 0 || share.usage.used_at(now, decay) > 0.01
        });
    }
}

impl Scheduler {
    /// The queue of this name, made if it is not known.
    pub(crate) fn queue_index(&mut self, name: &Arc<str>) -> u32 {
        if let Some(index) = self.queue_names.get(name) {
            return *index;
        }
        self.queues.push(Queue::new());
        let index = (self.queues.len() - 1) as u32;
        self.queue_names.insert(name.clone(), index);
        index
    }

    /// The environment of this name, made if it is not known.
    pub(crate) fn environment_index(&mut self, name: &Arc<str>) -> u32 {
        if let Some(index) = self.environment_names.get(name) {
            return *index;
        }
        self.environments.push(Environment::new(name.clone()));
        let index = (self.environments.len() - 1) as u32;
        self.environment_names.insert(name.clone(), index);
        index
    }

    /// The consumable resource of this name, made if it is not known.
    pub(crate) fn consumable_index(&mut self, name: &Arc<str>) -> u32 {
        if let Some(index) = self.consumable_names.get(name) {
            return *index;
        }
        self.consumables.push(Consumable::new(name.clone()));
        let index = (self.consumables.len() - 1) as u32;
        self.consumable_names.insert(name.clone(), index);
        index
    }

    pub(crate) fn put_queue(&mut self, config: JobQueue) {
        let index = self.queue_index(&config.name);
        let mut order = config.environments.clone();
        order.sort_by_key(|environment| environment.order);
        let environments = order
            .iter()
            .map(|environment| self.environment_index(&environment.environment))
            .collect();
        let queue = &mut self.queues[index as usize];
        queue.environments = environments;
        queue.config = Some(config);
        queue.head = None;
        self.drop_holds_of_queue(index);
        self.apply_policy(index);
        self.sort_lines(index);
    }

    pub(crate) fn remove_queue(&mut self, name: &Arc<str>) {
        let Some(index) = self.queue_names.get(name).copied() else {
            return;
        };
        let is_top = |entry: &Entry| entry.queue == index && entry.parent.is_none();
        let jobs: Vec<Key> = self
            .table
            .iter()
            .filter(|(_, entry)| is_top(entry))
            .map(|(key, _)| key)
            .collect();
        let reason: Arc<str> = format!("Job queue {name} was deleted").into();
        for key in jobs {
            self.terminate(key, &reason);
        }
        let queue = &mut self.queues[index as usize];
        queue.config = None;
        queue.environments.clear();
        queue.head = None;
        self.sort_lines(index);
    }

    pub(crate) fn put_environment(&mut self, config: ComputeEnvironment) {
        let index = self.environment_index(&config.name);
        self.environments[index as usize].config = Some(config);
        self.environment_changed(index);
    }

    pub(crate) fn remove_environment(&mut self, name: &Arc<str>) {
        let Some(index) = self.environment_names.get(name).copied() else {
            return;
        };
        let environment = &mut self.environments[index as usize];
        environment.config = None;
        environment.down = None;
        self.environment_changed(index);
    }

    pub(crate) fn set_down(&mut self, name: &Arc<str>, down: Option<Arc<str>>) {
        let index = self.environment_index(name);
        let environment = &mut self.environments[index as usize];
        let has_changed = environment.down.is_some() != down.is_some();
        environment.down = down;
        if has_changed {
            self.environment_changed(index);
        }
    }

    fn environment_changed(&mut self, index: u32) {
        self.environments[index as usize].hold = None;
        for queue in 0..self.queues.len() as u32 {
            if self.queues[queue as usize].environments.contains(&index) {
                self.sort_lines(queue);
            }
        }
    }

    pub(crate) fn put_policy(&mut self, policy: SchedulingPolicy) {
        let name = policy.name.clone();
        self.policies.insert(name.clone(), policy);
        self.policy_changed(&name);
    }

    pub(crate) fn remove_policy(&mut self, name: &Arc<str>) {
        self.policies.remove(name);
        self.policy_changed(name);
    }

    fn policy_changed(&mut self, name: &Arc<str>) {
        for queue in 0..self.queues.len() as u32 {
            let config = self.queues[queue as usize].config.as_ref();
            if config.is_some_and(|config| config.policy.as_ref() == Some(name)) {
                self.apply_policy(queue);
            }
        }
    }

    pub(crate) fn put_consumable(&mut self, resource: ConsumableResource) {
        let index = self.consumable_index(&resource.name);
        self.consumables[index as usize].resource = Some(Arc::new(resource));
        self.consumables[index as usize].hold = None;
        self.wake_all();
    }

    pub(crate) fn remove_consumable(&mut self, name: &Arc<str>) {
        let Some(index) = self.consumable_names.get(name).copied() else {
            return;
        };
        self.consumables[index as usize].resource = None;
        self.consumables[index as usize].hold = None;
    }

    /// Lets every queue try again.
    pub(crate) fn wake_all(&mut self) {
        for queue in &mut self.queues {
            queue.is_dirty = true;
        }
    }

    /// Lets the queues of an environment try again.
    pub(crate) fn wake_queues_of(&mut self, environment: u32) {
        for queue in &mut self.queues {
            queue.is_dirty |= queue.environments.contains(&environment);
        }
    }

    /// Whether one of the queue's environments that are up could hold the job if nothing else ran.
    pub(crate) fn could_fit(&self, queue: u32, shape: &Shape) -> bool {
        let environments = self.queues[queue as usize]
            .environments
            .iter()
            .map(|index| &self.environments[*index as usize]);
        environments.into_iter().any(|environment| {
            environment.is_usable() && environment.is_large_enough(shape.resources)
        })
    }

    /// Puts lines aside for which there is no environment, and takes those back for which there is.
    pub(crate) fn sort_lines(&mut self, queue: u32) {
        let mut shares = std::mem::take(&mut self.queues[queue as usize].shares);
        for share in shares.values_mut() {
            share.lines.sort(|shape| !self.could_fit(queue, shape));
        }
        let queue = &mut self.queues[queue as usize];
        queue.shares = shares;
        queue.is_dirty = true;
    }

    /// Takes the queue's policy as it is now. Between fair share and first in, first out all its jobs change places.
    fn apply_policy(&mut self, queue: u32) {
        let config = self.queues[queue as usize].config.as_ref();
        let policy = config.and_then(|config| self.policies.get(config.policy.as_ref()?));
        let policy = policy.map(|policy| policy.fairshare_policy.clone().unwrap_or_default());
        let now = self.now;
        let this = &mut self.queues[queue as usize];
        this.is_dirty = true;
        let is_same_kind = this.policy.is_some() == policy.is_some();
        let decay = this.decay_seconds();
        for share in this.shares.values_mut() {
            share.usage.advance(now, decay);
        }
        this.policy = policy;
        let policy = &this.policy;
        for (name, share) in &mut this.shares {
            share.weight = policy
                .as_ref()
                .map_or(1.0, |policy| share::weight(policy, name));
        }
        this.forget_idle_shares(now);
        if is_same_kind {
            return;
        }
        this.shares.clear();
        let jobs: Vec<Key> = self
            .table
            .iter()
            .filter(|(_, entry)| entry.queue == queue)
            .map(|(key, _)| key)
            .collect();
        for key in jobs {
            let entry = self.table.entry(key);
            let (job, flight) = (
                entry.job.clone(),
                entry
                    .flight
                    .as_ref()
                    .map(|flight| flight.resources.vcpus_milli),
            );
            if let Some(vcpus) = flight {
                let this = &mut self.queues[queue as usize];
                let decay = this.decay_seconds();
                let share = this.share_mut(&job);
                share.usage.start(vcpus, now, decay);
                share.running += 1;
            }
            if job.status == JobStatus::Runnable {
                self.stand_in_line(key);
            }
        }
    }

    /// Puts a job that is `RUNNABLE` in its line.
    pub(crate) fn stand_in_line(&mut self, key: Key) {
        let entry = self.table.entry(key);
        let Some(shape) = entry.shape.clone() else {
            return;
        };
        let (index, job) = (entry.queue, entry.job.clone());
        let is_aside = !self.could_fit(index, &shape);
        let queue = &mut self.queues[index as usize];
        let position = queue.position(&job);
        queue
            .share_mut(&job)
            .lines
            .insert(&shape, position, key, || is_aside);
        queue.is_dirty = true;
    }

    /// Takes a job out of its line.
    pub(crate) fn leave_line(&mut self, key: Key) {
        let entry = self.table.entry(key);
        let Some(shape) = entry.shape.clone() else {
            return;
        };
        let (index, job) = (entry.queue, entry.job.clone());
        let now = self.now;
        let queue = &mut self.queues[index as usize];
        let position = queue.position(&job);
        queue.share_mut(&job).lines.remove(&shape, position);
        if queue.policy.is_some()
            && queue.shares.len() > 64
            && queue.shares.len() > 2 * queue.active_shares()
        {
            queue.forget_idle_shares(now);
        }
        if queue.blocked.remove(&key).is_some() {
            self.drop_holds_of(key);
        }
    }

    /// What the job asks for, shared with the others that ask for the same. Jobs that have no place of their own have none.
    pub(crate) fn shape(&mut self, job: &Job, nodes: &[&Job]) -> Arc<Shape> {
        let jobs = if nodes.is_empty() { &[job] } else { nodes };
        let mut shape = Shape::default();
        for job in jobs {
            shape.resources = crate::placement::plus(shape.resources, job.resources());
            for consumption in job.consumables() {
                let index = self.consumable_index(&consumption.resource);
                match shape
                    .consumables
                    .iter_mut()
                    .find(|(known, _)| *known == index)
                {
                    Some((_, quantity)) => *quantity += consumption.quantity,
                    None => shape.consumables.push((index, consumption.quantity)),
                }
            }
        }
        if let Some(known) = self.shapes.get(&shape) {
            return known.clone();
        }
        if self.shapes.len() >= self.shapes_limit {
            self.shapes.retain(|shape| Arc::strong_count(shape) > 1);
            self.shapes_limit = 64.max(2 * self.shapes.len());
        }
        let shape = Arc::new(shape);
        self.shapes.insert(shape.clone());
        shape
    }
}
