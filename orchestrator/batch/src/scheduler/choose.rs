//! Which job starts next, and where.

use std::cell::Cell;
use std::cmp::Reverse;

use super::lines::{Position, Shape};
use super::queues::Queue;
use super::table::Key;
use super::{Effect, Scheduler};
use crate::job::{Attempt, JobStatus, Role};
use crate::launch::launch;
use crate::placement::{self, Environment, HOLD_AFTER_MS, Hold, Rank};
use crate::share;

use super::table::Flight;

/// How many lines of a queue are looked at of which room is there for the first job, but not what else it needs. The front is always
/// among them, so that every job comes to be looked at.
const WINDOW: usize = 4096;

/// A job that can start now.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    key: Key,
    position: Position,
    environment: u32,
}

/// Whether a job can start now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Fits(u32),
    /// Too little of a consumable resource is left.
    NoConsumable,
    NoRoom,
    /// What is free is kept for other shares.
    Reserved,
}

impl Scheduler {
    /// Starts all jobs that can start: queues of a higher priority first, among equals the job that was submitted first.
    pub(crate) fn schedule(&mut self) {
        loop {
            let mut dirty: Vec<u32> = (0..self.queues.len() as u32)
                .filter(|index| self.queues[*index as usize].is_dirty)
                .collect();
            if dirty.is_empty() {
                return;
            }
            for index in &dirty {
                self.queues[*index as usize].is_dirty = false;
            }
            dirty.sort_by_key(|index| Reverse(self.queues[*index as usize].priority()));
            for equals in dirty
                .chunk_by(|left, right| {
                    self.queues[*left as usize].priority()
                        == self.queues[*right as usize].priority()
                })
                .map(<[u32]>::to_vec)
                .collect::<Vec<_>>()
            {
                self.schedule_equals(&equals);
            }
        }
    }

    /// Starts jobs of queues that have the same priority.
    fn schedule_equals(&mut self, queues: &[u32]) {
        let mut candidates: Vec<(u32, Candidate)> = Vec::new();
        for queue in queues {
            candidates.extend(self.candidate(*queue).map(|candidate| (*queue, candidate)));
        }
        while let Some(best) = (0..candidates.len()).min_by_key(|at| {
            (
                candidates[*at].1.position.number,
                candidates[*at].1.position.index,
            )
        }) {
            let (queue, chosen) = candidates[best];
            self.place(chosen.key, chosen.environment);
            // What the others wanted may be gone. What did not fit before does not fit now.
            let mut next = Vec::new();
            for (other, candidate) in candidates {
                let is_as_before = other != queue
                    && self.judge(other, candidate.key, None)
                        == Verdict::Fits(candidate.environment);
                let candidate = if is_as_before {
                    Some(candidate)
                } else {
                    self.candidate(other)
                };
                next.extend(candidate.map(|candidate| (other, candidate)));
            }
            candidates = next;
        }
    }

    /// The job of the queue that starts next, if one can. Holds room for the front if it has waited for long.
    fn candidate(&mut self, index: u32) -> Option<Candidate> {
        // A new hold may bind the job that was found, so it is looked for again. Each turn adds a hold, and a hold is taken over only by
        // those that go before.
        loop {
            let (found, blocked) = self.look(index);
            let mut is_held = false;
            for (key, verdict) in blocked {
                let since = *self.queues[index as usize]
                    .blocked
                    .entry(key)
                    .or_insert(self.now);
                if self.now - since >= HOLD_AFTER_MS {
                    is_held |= self.hold(index, key, since, verdict);
                }
            }
            if !is_held {
                return found;
            }
        }
    }

    /// Looks for a job that can start: answers it, and the first ones before it that cannot, one for each reason.
    fn look(&self, index: u32) -> (Option<Candidate>, Vec<(Key, Verdict)>) {
        let queue = &self.queues[index as usize];
        let priority = queue.priority();
        let mut blocked: Vec<(Key, Verdict)> = Vec::new();
        let environments = queue
            .environments
            .iter()
            .map(|index| &self.environments[*index as usize]);
        let usable: Vec<&Environment> = environments
            .filter(|environment| environment.is_usable())
            .collect();
        // A job for which room is held comes first where it is held.
        for key in usable
            .iter()
            .filter_map(|environment| environment.hold.map(|hold| hold.by))
        {
            if let Some(entry) = self.table.get(key).filter(|entry| entry.queue == index)
                && let Verdict::Fits(environment) = self.judge(index, key, None)
            {
                return (
                    Some(Candidate {
                        key,
                        position: queue.position(&entry.job),
                        environment,
                    }),
                    blocked,
                );
            }
        }
        // What does not fit into this fits nowhere.
        let most = usable
            .iter()
            .map(|environment| environment.free_for(priority))
            .reduce(placement::most);
        let Some(most) = most else {
            return (None, blocked);
        };
        let is_looking = Cell::new(true);
        let mut looked_at = 0;
        for (_, name, share) in queue.shares_in_order(self.now) {
            for head in share.lines.heads().within(most, || is_looking.get()) {
                match self.judge(index, head.key, Some(name)) {
                    Verdict::Fits(environment) => {
                        return (
                            Some(Candidate {
                                key: head.key,
                                position: head.position,
                                environment,
                            }),
                            blocked,
                        );
                    }
                    verdict if blocked.iter().all(|(_, known)| *known != verdict) => {
                        blocked.push((head.key, verdict));
                        is_looking.set(is_looking.get() && verdict != Verdict::NoRoom);
                    }
                    _ => {}
                }
                looked_at += 1;
                if looked_at == WINDOW {
                    return (None, blocked);
                }
            }
        }
        (None, blocked)
    }

    /// Whether the job can start now.
    fn judge(&self, index: u32, key: Key, share: Option<&str>) -> Verdict {
        let queue = &self.queues[index as usize];
        let entry = self.table.entry(key);
        let Some(shape) = entry.shape.as_deref() else {
            return Verdict::NoRoom;
        };
        let priority = queue.priority();
        let has = |(consumable, quantity): &(u32, i64)| {
            self.consumables[*consumable as usize].has(*quantity, key, priority)
        };
        if !shape.consumables.iter().all(has) {
            return Verdict::NoConsumable;
        }
        if queue.policy.is_some() {
            let name = share.unwrap_or_else(|| queue.share_of(&entry.job));
            if !self.leaves_reserve(queue, name, key, shape) {
                return Verdict::Reserved;
            }
        }
        let has_room = |index: &&u32| {
            self.environments[**index as usize].has_room(shape.resources, key, priority)
        };
        queue
            .environments
            .iter()
            .find(has_room)
            .map_or(Verdict::NoRoom, |index| Verdict::Fits(*index))
    }

    /// Whether enough stays free for shares that are not active. A job that is larger than all that active shares may use is let through
    /// when nothing of the queue runs, or when it has waited at the front for long.
    fn leaves_reserve(&self, queue: &Queue, name: &str, key: Key, shape: &Shape) -> bool {
        let Some(policy) = queue.policy.as_ref().filter(|policy| {
            policy
                .compute_reservation
                .is_some_and(|percent| percent > 0)
        }) else {
            return true;
        };
        let is_active = queue
            .shares
            .get(name)
            .is_some_and(|share| share.running > 0);
        let active = queue.active_shares() + usize::from(!is_active);
        let environments = queue
            .environments
            .iter()
            .map(|index| &self.environments[*index as usize]);
        let vcpus = environments
            .filter(|environment| environment.is_usable())
            .map(|environment| environment.limits().vcpus_milli)
            .sum();
        let allowed = share::allowed(policy, vcpus, active);
        let asked = shape.resources.vcpus_milli;
        let has_waited = || {
            queue
                .blocked
                .get(&key)
                .is_some_and(|since| self.now - since >= HOLD_AFTER_MS)
        };
        queue.used.vcpus_milli + asked <= allowed
            || queue.used.vcpus_milli == 0
            || asked > allowed && has_waited()
    }

    /// Holds for a job what it lacks. Answers whether something is held that was not before.
    fn hold(&mut self, index: u32, key: Key, since: i64, verdict: Verdict) -> bool {
        let queue = &self.queues[index as usize];
        let entry = self.table.entry(key);
        let Some(shape) = entry.shape.clone() else {
            return false;
        };
        let rank = Rank {
            priority: Reverse(queue.priority()),
            since,
            number: entry.job.number,
        };
        match verdict {
            Verdict::Fits(_) | Verdict::Reserved => false,
            Verdict::NoConsumable => {
                // Room is not held for a job that cannot use it yet.
                let is_enough = |(at, quantity): &(u32, i64)| {
                    self.consumables[*at as usize].total() >= *quantity
                };
                let is_possible = shape.consumables.iter().all(is_enough);
                let had_room = self
                    .environments
                    .iter_mut()
                    .filter(|environment| environment.hold.is_some_and(|hold| hold.by == key))
                    .map(|environment| environment.hold = None)
                    .count()
                    > 0;
                let mut is_held = had_room;
                for (at, quantity) in shape.consumables.iter().filter(|_| is_possible) {
                    is_held |= self.consumables[*at as usize].try_hold(Hold {
                        by: key,
                        rank,
                        asked: *quantity,
                    });
                }
                is_held
            }
            Verdict::NoRoom => {
                let environments = queue.environments.clone();
                let is_held_by_it = |index: &u32| {
                    self.environments[*index as usize]
                        .hold
                        .is_some_and(|hold| hold.by == key)
                };
                if environments.iter().any(is_held_by_it) {
                    return false;
                }
                environments.into_iter().any(|index| {
                    let environment = &mut self.environments[index as usize];
                    let is_possible =
                        environment.is_usable() && environment.is_large_enough(shape.resources);
                    is_possible
                        && environment.try_hold(Hold {
                            by: key,
                            rank,
                            asked: shape.resources,
                        })
                })
            }
        }
    }

    /// Gives up what is held for a job; what it held back may start.
    pub(crate) fn drop_holds_of(&mut self, key: Key) {
        let is_its = |by: Key| by == key;
        self.drop_holds(is_its);
    }

    /// Gives up what is held for jobs of a queue.
    pub(crate) fn drop_holds_of_queue(&mut self, index: u32) {
        let blocked = std::mem::take(&mut self.queues[index as usize].blocked);
        self.drop_holds(|by| blocked.contains_key(&by));
    }

    fn drop_holds(&mut self, is_dropped: impl Fn(Key) -> bool) {
        for index in 0..self.environments.len() {
            if self.environments[index]
                .hold
                .is_some_and(|hold| is_dropped(hold.by))
            {
                self.environments[index].hold = None;
                self.wake_queues_of(index as u32);
            }
        }
        let mut is_one = false;
        for consumable in &mut self.consumables {
            if consumable.hold.is_some_and(|hold| is_dropped(hold.by)) {
                consumable.hold = None;
                is_one = true;
            }
        }
        if is_one {
            self.wake_all();
        }
    }

    /// Gives a job its place. All nodes of a multi-node job get theirs at once; the main node starts first.
    fn place(&mut self, key: Key, environment: u32) {
        self.leave_line(key);
        let job = self.table.entry(key).job.clone();
        let Role::MultiNodeParent { main, .. } = job.role else {
            self.start_attempt(key, environment, true);
            return;
        };
        let nodes = self
            .table
            .families
            .get(&key)
            .map(|family| family.live())
            .unwrap_or_default();
        self.set_status(key, JobStatus::Starting);
        for node in nodes {
            let is_main = super::table::index_of(&self.table.entry(node).job) == main;
            self.start_attempt(node, environment, is_main);
            if is_main {
                let attempt = self.table.entry(node).job.attempts.last().cloned();
                let parent = self.table.job_mut(key);
                parent.started_at = None;
                parent.attempts.extend(attempt);
            }
        }
    }

    /// Begins an attempt: takes what it needs and, if it can start at once, tells the engine.
    fn start_attempt(&mut self, key: Key, environment: u32, is_handed: bool) {
        let name = self.environments[environment as usize].name.clone();
        let job = self.table.job_mut(key);
        let number = job.attempts.last().map_or(1, |attempt| attempt.number + 1);
        let attempt = Attempt::new(job, number, name);
        job.attempts.push(attempt.clone());
        job.started_at = None;
        self.set_status(key, JobStatus::Starting);
        self.take_off(key, environment, &attempt, is_handed);
        if is_handed {
            let launch = launch(&self.table.entry(key).job, &attempt, None);
            self.out.effects.push(Effect::Start(Box::new(launch)));
        }
    }

    /// Reckons an attempt that has a place.
    pub(crate) fn take_off(
        &mut self,
        key: Key,
        environment: u32,
        attempt: &Attempt,
        is_handed: bool,
    ) {
        let entry = self.table.entry(key);
        let (job, index) = (entry.job.clone(), entry.queue as usize);
        let resources = job.resources();
        let hold = self.environments[environment as usize].take(resources);
        for consumption in job.consumables() {
            let at = self.consumable_index(&consumption.resource);
            self.consumables[at as usize].in_use += consumption.quantity;
        }
        let now = self.now;
        let queue = &mut self.queues[index];
        queue.used = crate::placement::plus(queue.used, resources);
        let decay = queue.decay_seconds();
        let share = queue.share_mut(&job);
        share.running += 1;
        share.usage.start(resources.vcpus_milli, now, decay);
        self.table.attempts.insert(attempt.id.clone(), key);
        let flight = Flight {
            environment,
            hold,
            resources,
            deadline: None,
            stop: None,
            is_handed,
            pulling: None,
        };
        self.table.entry_mut(key).flight = Some(Box::new(flight));
    }

    /// Gives back what an attempt took.
    pub(crate) fn land(&mut self, key: Key) -> Option<Box<Flight>> {
        let entry = self.table.entry_mut(key);
        let flight = entry.flight.take()?;
        let (job, index) = (entry.job.clone(), entry.queue as usize);
        if let Some(deadline) = flight.deadline {
            self.deadlines.remove(&(deadline, key));
        }
        self.environments[flight.environment as usize].give_back(flight.resources, flight.hold);
        for consumption in job.consumables() {
            let at = self.consumable_index(&consumption.resource);
            if self.consumables[at as usize].give_back(consumption.quantity)
                && !self.out.consumables.contains(&at)
            {
                self.out.consumables.push(at);
            }
        }
        let now = self.now;
        let queue = &mut self.queues[index];
        queue.used = crate::placement::minus(queue.used, flight.resources);
        let decay = queue.decay_seconds();
        let share = queue.share_mut(&job);
        share.running = share.running.saturating_sub(1);
        share.usage.stop(flight.resources.vcpus_milli, now, decay);
        queue.is_dirty = true;
        if job.consumables().is_empty() {
            self.wake_queues_of(flight.environment);
        } else {
            self.wake_all();
        }
        if let Some(attempt) = job.attempts.last() {
            self.table.attempts.remove(&attempt.id);
        }
        Some(flight)
    }
}
