//! What the scheduler knows again after a restart.
//!
//! Attempts that had a place have it again and are handed to their engine once more: the runner takes up what is there. Nothing is
//! written for jobs that are as they were.

use std::collections::HashMap;
use std::sync::Arc;

use super::table::{Key, Stop, index_of};
use super::{Effect, Scheduler};
use crate::job::{Job, JobStatus, Role};
use crate::launch::launch;

impl Scheduler {
    pub(crate) fn load(&mut self, jobs: Vec<Job>) {
        let (ended, live): (Vec<Job>, Vec<Job>) =
            jobs.into_iter().partition(|job| job.status.is_terminal());
        let keys = self.insert(live);
        self.recount(&keys, &ended);
        for job in &ended {
            self.remember_use(job);
        }
        for key in &keys {
            self.take_up(*key);
        }
        for key in &keys {
            self.take_up_nodes(*key);
        }
        let nothing = HashMap::new();
        for key in &keys {
            self.admit(*key, &nothing);
        }
        for key in keys {
            let is_over = |key: &Key| {
                self.table
                    .families
                    .get(key)
                    .is_some_and(|family| family.is_over())
            };
            if is_over(&key) && matches!(self.table.entry(key).job.role, Role::ArrayParent { .. }) {
                self.end_array(key);
            }
        }
    }

    /// Counts the children that have ended: those that are told, and those of whose end only the parent's counts tell.
    fn recount(&mut self, keys: &[Key], ended: &[Job]) {
        for key in keys {
            let Some(family) = self.table.families.get_mut(key) else {
                continue;
            };
            for index in 0..family.members.len() {
                if family.members[index].is_none() {
                    family.set(index as u32, JobStatus::Succeeded);
                }
            }
        }
        for job in ended {
            let parent = job.parent().and_then(|parent| self.table.find(parent));
            if let Some(family) = parent.and_then(|parent| self.table.families.get_mut(&parent)) {
                family.set(index_of(job), job.status);
            }
        }
        for key in keys {
            let Some(summary) = self.table.entry(*key).job.summary.clone() else {
                continue;
            };
            let Some(family) = self.table.families.get_mut(key) else {
                continue;
            };
            let [succeeded, failed] = [JobStatus::Succeeded, JobStatus::Failed]
                .map(|status| usize::from(status.number()));
            let more = summary.counts[failed]
                .saturating_sub(family.counts[failed])
                .min(family.counts[succeeded]);
            family.counts[succeeded] -= more;
            family.counts[failed] += more;
        }
    }

    /// What a job used counts towards its share.
    fn remember_use(&mut self, job: &Job) {
        let now = self.now;
        let index = self.queue_index(&job.queue);
        let queue = &mut self.queues[index as usize];
        let decay = queue.decay_seconds();
        if queue.policy.is_none() {
            return;
        }
        let vcpus = job.resources().vcpus_milli;
        for (from, to) in job
            .attempts
            .iter()
            .filter_map(|attempt| attempt.started_at.zip(attempt.stopped_at))
        {
            queue
                .share_mut(job)
                .usage
                .add_past(vcpus, from, to, now, decay);
        }
    }

    /// Takes up the attempt of a job that had a place.
    fn take_up(&mut self, key: Key) {
        let job = self.table.entry(key).job.clone();
        if !job.runs() || !matches!(job.status, JobStatus::Starting | JobStatus::Running) {
            return;
        }
        let Some(attempt) = job.current_attempt().cloned() else {
            // A node whose container ended waits for the others. No other job is like that.
            if !matches!(job.role, Role::Node { .. }) {
                self.make_runnable(key);
            }
            return;
        };
        let waits_for_main = matches!(job.role, Role::Node { is_main: false, .. });
        let environment = self.environment_index(&attempt.environment);
        self.take_off(key, environment, &attempt, !waits_for_main);
        if let Some(from) = attempt.started_at {
            let (now, vcpus) = (self.now, job.resources().vcpus_milli);
            let index = self.table.entry(key).queue;
            let queue = &mut self.queues[index as usize];
            let decay = queue.decay_seconds();
            queue
                .share_mut(&job)
                .usage
                .add_past(vcpus, from, now, now, decay);
            if let Some(seconds) = job
                .spec
                .timeout_seconds
                .filter(|_| !waits_for_main && !job.is_terminated)
            {
                self.set_deadline(key, from + i64::from(seconds) * 1000);
            }
        }
        if waits_for_main {
            return;
        }
        self.out
            .effects
            .push(Effect::Start(Box::new(launch(&job, &attempt, None))));
        if job.is_terminated {
            self.stop(key, Stop::Terminated);
        }
    }

    /// If the main node has ended, the others do not wait to be told its address.
    fn take_up_nodes(&mut self, key: Key) {
        let job: Arc<Job> = self.table.entry(key).job.clone();
        let Role::MultiNodeParent { main, .. } = job.role else {
            return;
        };
        if !matches!(job.status, JobStatus::Starting | JobStatus::Running) {
            return;
        }
        let main = self
            .table
            .families
            .get(&key)
            .and_then(|family| family.member(main));
        if main.is_none_or(|main| self.table.entry(main).flight.is_none()) {
            self.stop_nodes(key);
            self.end_nodes_if_over(key);
        } else if job.is_terminated {
            for node in self.nodes_of(key) {
                self.stop(node, Stop::Terminated);
            }
        }
    }
}
