//! What must hold, checked against what is committed.
//!
//! | invariant | checked |
//! |---|---|
//! | what attempts use is within each environment's limits, and is what the scheduler says | after every step |
//! | consumable resources are never overdrawn | after every step |
//! | the scheduler knows each unfinished job as it is committed, and no others | after every step |
//! | counts of arrays are exact; a parent ends with its last child, and as it should | after every step |
//! | nothing is RUNNABLE or further with an unmet dependency; a failed dependency has failed what waits | after every step |
//! | statuses follow one another as they may; ended jobs never change | every commit |
//! | attempts are numbered, one at a time, no more than allowed | every commit |
//! | no job waits that could start; the urgent queue goes first; equal jobs of a FIFO queue start in order | after every step |
//! | every job ends; no container is left | at the end |
//!
//! That no attempt is started twice is checked by the engine.

use std::collections::BTreeMap;
use std::sync::Arc;

use batch::container::Resources;
use batch::job::{DependencyKind, Job, JobStatus, Role};
use batch::names::JobId;
use batch::placement::HOLD_AFTER_MS;
use batch::queue::State;
use batch::scheduler::Step;

use crate::world::World;

/// Checks what a commit changes, before it does.
pub(crate) fn transitions(world: &World, step: &Step) {
    use JobStatus::{Failed, Pending, Runnable, Running, Starting, Submitted, Succeeded};
    for job in &step.changed {
        let id = &job.id;
        let limit = job.spec.max_attempts() as usize;
        assert!(
            job.attempts.len() <= limit,
            "{id} has {} attempts of {limit}",
            job.attempts.len()
        );
        for (at, attempt) in job.attempts.iter().enumerate() {
            assert_eq!(attempt.number as usize, at + 1, "{id}");
            assert!(
                at + 1 == job.attempts.len() || attempt.stopped_at.is_some(),
                "{id} has two attempts at once"
            );
        }
        let Some(before) = world.rows.get(id) else {
            continue;
        };
        let is_allowed = match (before.status, job.status) {
            (Succeeded | Failed, _) => false,
            (before, after) if before == after => true,
            (Submitted, after) => !matches!(after, Submitted),
            (Pending, after) => !matches!(after, Submitted),
            (Runnable, after) => matches!(after, Starting | Failed),
            (Starting, after) => matches!(after, Running | Runnable | Succeeded | Failed),
            (Running, after) => matches!(after, Starting | Runnable | Succeeded | Failed),
        };
        assert!(
            is_allowed,
            "{id} went from {:?} to {:?}",
            before.status, job.status
        );
    }
}

/// Checks everything that is committed.
pub(crate) fn after_step(world: &World, started: &[JobId]) {
    let used = used(world);
    for environment in &world.environments {
        let used = used.get(&environment.name).copied().unwrap_or_default();
        let limits = environment.limits;
        assert!(
            fits(used, limits),
            "{} is overfull: {used:?} of {limits:?}",
            environment.name
        );
        assert_eq!(
            world.scheduler.used(&environment.name),
            Some(used),
            "{}",
            environment.name
        );
    }
    let in_use = in_use(world);
    for (name, resource) in &world.consumables {
        let in_use = in_use.get(name).copied().unwrap_or_default();
        assert!(
            in_use <= resource.total_quantity,
            "{name} is overdrawn: {in_use} of {}",
            resource.total_quantity
        );
        let (known, known_use) = world.scheduler.consumable(name).unwrap();
        assert_eq!(
            (known.total_quantity, known_use),
            (resource.total_quantity, in_use),
            "{name}"
        );
    }
    let mut unfinished = 0;
    for (id, row) in &world.rows {
        family(world, row);
        dependencies(world, row);
        if row.status.is_terminal() {
            continue;
        }
        unfinished += 1;
        let known = world
            .scheduler
            .job(id)
            .unwrap_or_else(|| panic!("{id} is not known"));
        let plain = |job: &Job| Job {
            summary: None,
            ..job.clone()
        };
        assert_eq!(
            plain(&known),
            plain(row),
            "{id} has changed without being committed"
        );
    }
    assert_eq!(world.scheduler.len(), unfinished);
    order(world, started, &used, &in_use);
}

/// Checks that all is done.
pub(crate) fn at_the_end(world: &World) {
    let left: Vec<String> = world
        .rows
        .values()
        .filter(|row| !row.status.is_terminal())
        .map(|row| {
            let why = world
                .scheduler
                .waiting_reason(&row.id, world.now)
                .map(|waiting| waiting.text)
                .unwrap_or_default();
            format!("{} {:?} {why}", row.id, row.status)
        })
        .collect();
    assert!(left.is_empty(), "jobs never ended:\n{}", left.join("\n"));
    assert!(world.scheduler.is_empty());
}

fn fits(asked: Resources, free: Resources) -> bool {
    asked.vcpus_milli <= free.vcpus_milli
        && asked.memory_mib <= free.memory_mib
        && asked.gpus <= free.gpus
}

fn plus(left: Resources, right: Resources) -> Resources {
    Resources {
        vcpus_milli: left.vcpus_milli + right.vcpus_milli,
        memory_mib: left.memory_mib + right.memory_mib,
        gpus: left.gpus + right.gpus,
    }
}

/// Jobs whose attempt has a place.
fn flying(world: &World) -> impl Iterator<Item = &Arc<Job>> {
    world.rows.values().filter(|row| {
        row.runs()
            && matches!(row.status, JobStatus::Starting | JobStatus::Running)
            && row.current_attempt().is_some()
    })
}

fn used(world: &World) -> BTreeMap<Arc<str>, Resources> {
    let mut used: BTreeMap<Arc<str>, Resources> = BTreeMap::new();
    for row in flying(world) {
        let environment = row.current_attempt().unwrap().environment.clone();
        let sum = used.entry(environment).or_default();
        *sum = plus(*sum, row.resources());
    }
    used
}

fn in_use(world: &World) -> BTreeMap<Arc<str>, i64> {
    let mut in_use: BTreeMap<Arc<str>, i64> = BTreeMap::new();
    for consumption in flying(world).flat_map(|row| row.consumables()) {
        *in_use.entry(consumption.resource.clone()).or_default() += consumption.quantity;
    }
    in_use
}

fn family(world: &World, row: &Job) {
    let id = &row.id;
    match row.role {
        Role::ArrayParent { size } => {
            let mut counts = [0; 7];
            for index in 0..size {
                counts[usize::from(world.rows[&id.child(index)].status.number())] += 1;
            }
            let known = world.scheduler.job(id);
            let job = known.as_deref().unwrap_or(row);
            assert_eq!(
                job.summary.as_ref().map(|summary| summary.counts),
                Some(counts),
                "{id}"
            );
            let ended = counts[5] + counts[6];
            let expected = match (ended == size, counts[6]) {
                (false, _) => JobStatus::Pending,
                (true, 0) => JobStatus::Succeeded,
                (true, _) => JobStatus::Failed,
            };
            assert_eq!(row.status, expected, "{id} {counts:?}");
        }
        Role::MultiNodeParent { nodes, main } => {
            let statuses: Vec<JobStatus> = (0..nodes)
                .map(|index| world.rows[&id.node(index)].status)
                .collect();
            let is_over = statuses.iter().all(|status| status.is_terminal());
            assert_eq!(row.status.is_terminal(), is_over, "{id} {statuses:?}");
            if row.status == JobStatus::Succeeded {
                assert_eq!(statuses[main as usize], JobStatus::Succeeded, "{id}");
                assert_eq!(row.attempts.last().unwrap().exit_code, Some(0), "{id}");
            }
        }
        Role::Single | Role::ArrayChild { .. } | Role::Node { .. } => {}
    }
}

/// The rows that must have succeeded before this one may run.
fn needed<'a>(world: &'a World, row: &'a Job) -> Vec<&'a Arc<Job>> {
    let index = match row.role {
        Role::ArrayChild { index, .. } => Some(index),
        _ => None,
    };
    let mut needed = Vec::new();
    for dependency in &row.spec.depends_on {
        match (&dependency.job_id, dependency.kind, index) {
            (Some(id), Some(DependencyKind::NToN), Some(index)) => {
                needed.extend(world.rows.get(&id.child(index)))
            }
            // Of a parent only its children wait.
            (Some(_), Some(DependencyKind::NToN), None) => {}
            (Some(id), _, _) => needed.extend(world.rows.get(id)),
            (None, _, Some(index)) if index > 0 => {
                needed.extend(world.rows.get(&row.parent().unwrap().child(index - 1)))
            }
            (None, _, _) => {}
        }
    }
    needed
}

fn dependencies(world: &World, row: &Job) {
    if matches!(row.role, Role::ArrayParent { .. }) || row.status.is_terminal() {
        return;
    }
    for needed in needed(world, row) {
        assert_ne!(
            needed.status,
            JobStatus::Failed,
            "{} waits for {}, which has failed",
            row.id,
            needed.id
        );
        let is_met = needed.status == JobStatus::Succeeded;
        assert!(
            row.status < JobStatus::Runnable || is_met,
            "{} is {:?} but {} is {:?}",
            row.id,
            row.status,
            needed.id,
            needed.status
        );
    }
}

/// Checks who was started and who was not. While a job has waited for long, room may be held for it, and nothing is said here.
fn order(
    world: &World,
    started: &[JobId],
    used: &BTreeMap<Arc<str>, Resources>,
    in_use: &BTreeMap<Arc<str>, i64>,
) {
    let waiting = world
        .rows
        .values()
        .filter(|row| row.status == JobStatus::Runnable && !matches!(row.role, Role::Node { .. }));
    let waiting: Vec<&Arc<Job>> = waiting.collect();
    if world
        .runnable_since
        .values()
        .any(|since| world.now - since >= HOLD_AFTER_MS)
    {
        return;
    }
    fifo(world, started, &waiting);
    for job in waiting {
        let queue = world
            .queues
            .iter()
            .find(|queue| queue.name == job.queue)
            .unwrap();
        if queue.policy.is_some() {
            continue;
        }
        let nodes = world
            .rows
            .values()
            .filter(|row| row.parent() == Some(&job.id))
            .collect::<Vec<_>>();
        let parts = if nodes.is_empty() { vec![job] } else { nodes };
        let asked = parts.iter().fold(Resources::default(), |sum, part| {
            plus(sum, part.resources())
        });
        let mut quantities: BTreeMap<Arc<str>, i64> = BTreeMap::new();
        for consumption in parts.iter().flat_map(|part| part.consumables()) {
            *quantities.entry(consumption.resource.clone()).or_default() += consumption.quantity;
        }
        let is_left = |(name, quantity): (&Arc<str>, &i64)| {
            let resource = &world.consumables[name];
            resource.total_quantity - in_use.get(name).copied().unwrap_or_default() >= *quantity
        };
        if !quantities.iter().all(is_left) {
            continue;
        }
        for order in &queue.environments {
            let environment = world
                .environments
                .iter()
                .find(|environment| environment.name == order.environment)
                .unwrap();
            if environment.state == State::Disabled || world.down.contains(&environment.name) {
                continue;
            }
            let used = used.get(&environment.name).copied().unwrap_or_default();
            assert!(
                !fits(plus(used, asked), environment.limits),
                "{} of {} waits though {} has room: {:?}",
                job.id,
                job.queue,
                environment.name,
                world.scheduler.waiting_reason(&job.id, world.now)
            );
            // Room that a less urgent job was given in this step was this job's.
            if &*queue.name == "urgent" && quantities.is_empty() {
                for id in started {
                    let row = &world.rows[id];
                    let is_here = row
                        .attempts
                        .last()
                        .is_some_and(|attempt| attempt.environment == environment.name);
                    if !is_here || row.queue == job.queue || matches!(row.role, Role::Node { .. }) {
                        continue;
                    }
                    let used = Resources {
                        vcpus_milli: used.vcpus_milli - row.resources().vcpus_milli,
                        memory_mib: used.memory_mib - row.resources().memory_mib,
                        gpus: 0,
                    };
                    assert!(
                        !fits(plus(used, asked), environment.limits),
                        "{id} of {} was given the room of {}",
                        row.queue,
                        job.id
                    );
                }
            }
        }
    }
}

/// Of jobs that ask for the same in a queue without a policy, those submitted first start first.
fn fifo(world: &World, started: &[JobId], waiting: &[&Arc<Job>]) {
    for row in started.iter().map(|id| &world.rows[id]) {
        let queue = world
            .queues
            .iter()
            .find(|queue| queue.name == row.queue)
            .unwrap();
        if queue.policy.is_some() || matches!(row.role, Role::Node { .. }) {
            continue;
        }
        let is_alike = |other: &&&Arc<Job>| {
            other.queue == row.queue
                && other.runs()
                && other.resources() == row.resources()
                && other.consumables() == row.consumables()
        };
        for other in waiting.iter().filter(is_alike) {
            assert!(
                other.number > row.number,
                "{} started before {}",
                row.id,
                other.id
            );
        }
    }
}
