//! A job's way from one status to the next, from submission to its end, without what happens to attempts.

use std::collections::HashMap;
use std::sync::Arc;

use super::table::{Entry, Family, Key, Stop, index_of};
use super::{Effect, Scheduler};
use crate::job::{DependencyKind, Job, JobStatus, Role, StatusSummary};
use crate::names::JobId;

/// How long a container that is stopped has for an orderly end, as on AWS.
pub const STOP_GRACE_MS: u64 = 30_000;

/// What AWS says of an array whose child failed.
const CHILD_FAILED: &str = "Array Child Job failed";

impl Scheduler {
    /// Takes in jobs that were submitted.
    pub(crate) fn submit(&mut self, jobs: Vec<Job>, ended: Vec<(JobId, bool)>) {
        let ended: HashMap<JobId, bool> = ended.into_iter().collect();
        let keys = self.insert(jobs);
        for key in &keys {
            self.touch(*key);
        }
        for key in keys {
            self.admit(key, &ended);
        }
    }

    /// Puts jobs into the table, with their families. Jobs that are there already are left as they are.
    pub(crate) fn insert(&mut self, mut jobs: Vec<Job>) -> Vec<Key> {
        jobs.retain(|job| self.table.find(&job.id).is_none());
        // Parents come before their children, however they were told.
        jobs.sort_by_key(|job| job.parent().is_some());
        let mut keys = Vec::with_capacity(jobs.len());
        for job in jobs {
            let queue = self.queue_index(&job.queue);
            self.queues[queue as usize].counts[usize::from(job.status.number())] += 1;
            let parent = job.parent().and_then(|parent| self.table.find(parent));
            let size = match job.role {
                Role::ArrayParent { size } => Some(size),
                Role::MultiNodeParent { nodes, .. } => Some(nodes),
                Role::Single | Role::ArrayChild { .. } | Role::Node { .. } => None,
            };
            let is_chain =
                matches!(job.role, Role::ArrayParent { .. })
                    && job.spec.depends_on.iter().any(|on| {
                        on.kind == Some(DependencyKind::Sequential) && on.job_id.is_none()
                    });
            let (index, status) = (index_of(&job), job.status);
            let has_shape = matches!(job.role, Role::Single | Role::ArrayChild { .. });
            let shape = has_shape.then(|| self.shape(&job, &[]));
            let since = job.created_at;
            let job = Arc::new(job);
            let key = self.table.insert(Entry {
                job,
                queue,
                parent,
                unmet: 0,
                since,
                shape,
                flight: None,
                is_touched: false,
            });
            if let Some(size) = size {
                self.table
                    .families
                    .insert(key, Family::new(size as usize, is_chain));
            }
            if let Some(family) = parent.and_then(|parent| self.table.families.get_mut(&parent)) {
                if let Some(member) = family.members.get_mut(index as usize) {
                    *member = Some(key);
                }
                family.set(index, status);
            }
            keys.push(key);
        }
        // What a multi-node job asks for is what its nodes ask for together.
        for key in &keys {
            let job = self.table.entry(*key).job.clone();
            if let Role::MultiNodeParent { .. } = job.role {
                let nodes = self
                    .table
                    .families
                    .get(key)
                    .map(|family| family.live())
                    .unwrap_or_default();
                let nodes: Vec<Arc<Job>> = nodes
                    .into_iter()
                    .map(|node| self.table.entry(node).job.clone())
                    .collect();
                let nodes: Vec<&Job> = nodes.iter().map(Arc::as_ref).collect();
                let shape = self.shape(&job, &nodes);
                self.table.entry_mut(*key).shape = Some(shape);
            }
        }
        keys
    }

    /// The job's changes are committed with this step.
    pub(crate) fn touch(&mut self, key: Key) {
        let entry = self.table.entry_mut(key);
        if !entry.is_touched {
            entry.is_touched = true;
            self.out.touched.push(key);
        }
    }

    pub(crate) fn set_status(&mut self, key: Key, status: JobStatus) {
        let entry = self.table.entry_mut(key);
        let old = entry.job.status;
        if old == status {
            return;
        }
        Arc::make_mut(&mut entry.job).status = status;
        let (index, parent) = (index_of(&entry.job), entry.parent);
        let counts = &mut self.queues[entry.queue as usize].counts;
        counts[usize::from(old.number())] -= 1;
        counts[usize::from(status.number())] += 1;
        self.touch(key);
        let Some(parent) = parent else { return };
        if let Some(family) = self.table.families.get_mut(&parent) {
            family.set(index, status);
            // Failures are kept with the parent, so that the counts are right after a restart.
            if status == JobStatus::Failed
                && matches!(self.table.entry(parent).job.role, Role::ArrayParent { .. })
            {
                self.touch(parent);
            }
        }
    }

    /// The job waits for its turn.
    pub(crate) fn make_runnable(&mut self, key: Key) {
        let now = self.now;
        let job = self.table.job_mut(key);
        job.status_reason = None;
        self.table.entry_mut(key).since = now;
        self.set_status(key, JobStatus::Runnable);
        self.stand_in_line(key);
        for node in self.nodes_of(key) {
            self.table.job_mut(node).status_reason = None;
            self.set_status(node, JobStatus::Runnable);
        }
    }

    /// The nodes of a multi-node job; none of other jobs.
    pub(crate) fn nodes_of(&self, key: Key) -> Vec<Key> {
        let is_parent = matches!(self.table.entry(key).job.role, Role::MultiNodeParent { .. });
        let family = self.table.families.get(&key).filter(|_| is_parent);
        family.map(Family::live).unwrap_or_default()
    }

    /// The children of an array; none of other jobs.
    pub(crate) fn children_of(&self, key: Key) -> Vec<Key> {
        let is_parent = matches!(self.table.entry(key).job.role, Role::ArrayParent { .. });
        let family = self.table.families.get(&key).filter(|_| is_parent);
        family.map(Family::live).unwrap_or_default()
    }

    /// The job ends. What follows for others is done by [`settle`](Self::settle).
    pub(crate) fn end(&mut self, key: Key, status: JobStatus, reason: Option<Arc<str>>, at: i64) {
        let Some(entry) = self
            .table
            .get(key)
            .filter(|entry| !entry.job.status.is_terminal())
        else {
            return;
        };
        if entry.job.status == JobStatus::Runnable {
            self.leave_line(key);
        }
        let job = self.table.job_mut(key);
        job.status_reason = reason;
        job.stopped_at = Some(at);
        self.set_status(key, status);
        self.out.ended.push(key);
        self.settled
            .push_back((key, status == JobStatus::Succeeded));
    }

    /// Ends a job that has not started.
    pub(crate) fn end_waiting(&mut self, key: Key, reason: &Arc<str>) {
        let now = self.now;
        for node in self.nodes_of(key) {
            self.end(node, JobStatus::Failed, Some(reason.clone()), now);
        }
        self.end(key, JobStatus::Failed, Some(reason.clone()), now);
    }

    /// An array of which all children have ended ends itself.
    pub(crate) fn end_array(&mut self, key: Key) {
        let Some(family) = self.table.families.get(&key) else {
            return;
        };
        let has_failed = family.count(JobStatus::Failed) > 0;
        let reason = self.table.entry(key).job.status_reason.clone();
        match has_failed {
            true => self.end(
                key,
                JobStatus::Failed,
                reason.or_else(|| Some(CHILD_FAILED.into())),
                self.now,
            ),
            false => self.end(key, JobStatus::Succeeded, None, self.now),
        }
    }

    /// CancelJob: ends what has not started.
    pub(crate) fn cancel(&mut self, key: Key, reason: &Arc<str>) {
        let job = self.table.entry(key).job.clone();
        match (&job.role, job.status) {
            (Role::ArrayParent { .. }, _) => {
                let waiting =
                    |child: &Key| self.table.entry(*child).job.status < JobStatus::Starting;
                let children: Vec<Key> =
                    self.children_of(key).into_iter().filter(waiting).collect();
                if children.is_empty() {
                    return;
                }
                self.mark_parent(key, reason).is_cancelled = true;
                for child in children {
                    self.cancel(child, reason);
                }
            }
            // A node goes with its job.
            (Role::Node { .. }, _) => {}
            (_, JobStatus::Submitted | JobStatus::Pending | JobStatus::Runnable) => {
                for family in self.nodes_of(key).into_iter().chain([key]) {
                    self.table.job_mut(family).is_cancelled = true;
                }
                self.end_waiting(key, reason);
            }
            (
                _,
                JobStatus::Starting | JobStatus::Running | JobStatus::Succeeded | JobStatus::Failed,
            ) => {}
        }
    }

    /// TerminateJob: stops what has started, and cancels what has not.
    pub(crate) fn terminate(&mut self, key: Key, reason: &Arc<str>) {
        let Some(entry) = self.table.get(key) else {
            return;
        };
        let job = entry.job.clone();
        if job.status.is_terminal() {
            return;
        }
        match job.role {
            Role::ArrayParent { .. } => {
                self.mark_parent(key, reason).is_terminated = true;
                for child in self.children_of(key) {
                    self.terminate(child, reason);
                }
            }
            Role::MultiNodeParent { .. } if job.status >= JobStatus::Starting => {
                self.mark_parent(key, reason).is_terminated = true;
                for node in self.nodes_of(key) {
                    self.terminate(node, reason);
                }
                self.end_nodes_if_over(key);
            }
            Role::Node { is_main, .. } if job.status >= JobStatus::Starting => {
                // The main node's end is the job's.
                if let Some(parent) = entry.parent.filter(|_| is_main) {
                    self.mark_parent(parent, reason).is_terminated = true;
                }
                self.mark_parent(key, reason).is_terminated = true;
                self.stop(key, Stop::Terminated);
            }
            Role::Node { .. } => {}
            Role::Single | Role::ArrayChild { .. } if job.status >= JobStatus::Starting => {
                self.mark_parent(key, reason).is_terminated = true;
                self.stop(key, Stop::Terminated);
            }
            Role::Single | Role::ArrayChild { .. } | Role::MultiNodeParent { .. } => {
                self.cancel(key, reason)
            }
        }
    }

    /// Keeps the reason with a job that does not end yet. The first reason stays.
    fn mark_parent(&mut self, key: Key, reason: &Arc<str>) -> &mut Job {
        self.touch(key);
        let job = self.table.job_mut(key);
        if !job.is_terminated {
            job.status_reason = Some(reason.clone());
        }
        job
    }

    /// Asks the engine to stop the job's attempt. The job ends when the attempt does.
    pub(crate) fn stop(&mut self, key: Key, stop: Stop) {
        let entry = self.table.entry_mut(key);
        let Some(flight) = entry.flight.as_mut() else {
            return;
        };
        flight.stop.get_or_insert(stop);
        let is_handed = flight.is_handed;
        if let Some(deadline) = flight.deadline.take() {
            self.deadlines.remove(&(deadline, key));
        }
        match is_handed {
            true => self.send_stop(key),
            false => self.end_unhanded_node(key),
        }
    }

    pub(crate) fn send_stop(&mut self, key: Key) {
        let Some(attempt) = self.table.entry(key).job.attempts.last() else {
            return;
        };
        let (attempt, environment) = (attempt.id.clone(), attempt.environment.clone());
        self.out.effects.push(Effect::Stop {
            attempt,
            environment,
            grace_ms: STOP_GRACE_MS,
        });
    }

    /// The counts of an array's children, as they are now.
    pub(crate) fn summary(&self, key: Key) -> Option<StatusSummary> {
        let is_array = matches!(self.table.entry(key).job.role, Role::ArrayParent { .. });
        let family = self.table.families.get(&key).filter(|_| is_array)?;
        Some(StatusSummary {
            counts: family.counts,
            updated_at: self.now,
        })
    }
}
