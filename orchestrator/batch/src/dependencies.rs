//! Which jobs wait for which, and what follows when one ends.
//!
//! Kept are counts: how many things a job waits for, and with each job who waits for it. When the failure of a job fails those that wait for
//! it, all of them are in the same step; so after a restart a dependency that is not among the unfinished jobs has succeeded.

use std::collections::HashMap;
use std::sync::Arc;

use crate::job::{DependencyKind, JobStatus, Role};
use crate::names::JobId;
use crate::scheduler::{Key, Scheduler, index_of};

/// What AWS says of a job that waited for one that failed.
pub(crate) const DEPENDENCY_FAILED: &str = "Dependent Job failed";

/// What is known of a job that another waits for.
enum Fate {
    Live(Key),
    Succeeded,
    Failed,
}

impl Fate {
    fn of(has_succeeded: bool) -> Self {
        if has_succeeded {
            Self::Succeeded
        } else {
            Self::Failed
        }
    }
}

impl Scheduler {
    /// Counts what a job waits for, and makes it `RUNNABLE` if that is nothing. Children are counted with their parent.
    pub(crate) fn admit(&mut self, key: Key, ended: &HashMap<JobId, bool>) {
        let entry = self.table.entry(key);
        if entry.parent.is_some() || entry.job.status > JobStatus::Runnable {
            return;
        }
        let job = entry.job.clone();
        let is_array = matches!(job.role, Role::ArrayParent { .. });
        let size = self
            .table
            .families
            .get(&key)
            .map_or(0, |family| family.members.len());
        let mut unmet = 0;
        let mut has_failed = false;
        let (mut arrays, mut ended_arrays) = (Vec::new(), Vec::new());
        for dependency in &job.spec.depends_on {
            let Some(id) = dependency.job_id.as_ref().filter(|id| **id != job.id) else {
                continue;
            };
            let by_index = is_array && dependency.kind == Some(DependencyKind::NToN);
            match self.fate(id, ended) {
                Fate::Live(other) if by_index && self.is_array_of(other, size) => {
                    arrays.push(other)
                }
                Fate::Live(other) => {
                    self.table.dependents.entry(other).or_default().push(key);
                    unmet += 1;
                }
                Fate::Succeeded | Fate::Failed if by_index => ended_arrays.push(id.clone()),
                Fate::Succeeded => {}
                Fate::Failed => has_failed = true,
            }
        }
        if has_failed {
            self.fail_dependent(key);
            return;
        }
        self.table.entry_mut(key).unmet = unmet;
        match is_array {
            true => self.admit_children(key, unmet > 0, &arrays, &ended_arrays, ended),
            false if unmet > 0 => self.set_pending(key),
            false if job.status == JobStatus::Runnable => self.stand_in_line(key),
            false => self.make_runnable(key),
        }
    }

    fn admit_children(
        &mut self,
        key: Key,
        waits: bool,
        arrays: &[Key],
        ended_arrays: &[JobId],
        ended: &HashMap<JobId, bool>,
    ) {
        self.set_pending(key);
        for array in arrays {
            if let Some(family) = self.table.families.get_mut(array) {
                family.followers.push(key);
            }
        }
        for child in self.children_of(key) {
            let job = self.table.entry(child).job.clone();
            if job.status >= JobStatus::Runnable {
                if job.status == JobStatus::Runnable {
                    self.stand_in_line(child);
                }
                continue;
            }
            let index = index_of(&job);
            let before = self
                .table
                .families
                .get(&key)
                .filter(|family| family.is_chain && index > 0);
            let mut others: Vec<JobStatus> = before
                .map(|family| family.statuses[index as usize - 1])
                .into_iter()
                .collect();
            others.extend(arrays.iter().filter_map(|array| {
                self.table
                    .families
                    .get(array)?
                    .statuses
                    .get(index as usize)
                    .copied()
            }));
            let is_lost =
                |array: &JobId| ended.get(&array.child(index)).or(ended.get(array)) == Some(&false);
            if others.contains(&JobStatus::Failed) || ended_arrays.iter().any(is_lost) {
                self.fail_dependent(child);
                continue;
            }
            let unmet = others
                .iter()
                .filter(|status| **status != JobStatus::Succeeded)
                .count() as u32
                + u32::from(waits);
            self.table.entry_mut(child).unmet = unmet;
            match unmet {
                0 => self.make_runnable(child),
                _ => self.set_pending(child),
            }
        }
    }

    fn set_pending(&mut self, key: Key) {
        for job in self.nodes_of(key).into_iter().chain([key]) {
            self.set_status(job, JobStatus::Pending);
        }
    }

    /// What is known of a job that another waits for. One that nobody knows has succeeded; see the head of this file.
    fn fate(&self, id: &JobId, ended: &HashMap<JobId, bool>) -> Fate {
        if let Some(key) = self.table.find(id) {
            let status = self.table.entry(key).job.status;
            return if status.is_terminal() {
                Fate::of(status == JobStatus::Succeeded)
            } else {
                Fate::Live(key)
            };
        }
        if let Some(has_succeeded) = ended.get(id) {
            return Fate::of(*has_succeeded);
        }
        // A child that has ended is still known to its array.
        let family = id
            .parent()
            .and_then(|parent| self.table.families.get(&self.table.find(&parent)?));
        let index = id
            .as_str()
            .rsplit([':', '#'])
            .next()
            .and_then(|index| index.parse::<usize>().ok());
        let status = family
            .zip(index)
            .and_then(|(family, index)| family.statuses.get(index));
        Fate::of(status != Some(&JobStatus::Failed))
    }

    fn is_array_of(&self, key: Key, size: usize) -> bool {
        let is_array = matches!(self.table.entry(key).job.role, Role::ArrayParent { .. });
        is_array
            && self
                .table
                .families
                .get(&key)
                .is_some_and(|family| family.members.len() == size)
    }

    /// Carries on what the end of jobs means for others, until nothing more follows.
    pub(crate) fn settle(&mut self) {
        while let Some((key, has_succeeded)) = self.settled.pop_front() {
            for dependent in self.table.dependents.remove(&key).unwrap_or_default() {
                self.meet(dependent, has_succeeded);
            }
            let entry = self.table.entry(key);
            let index = index_of(&entry.job);
            let is_child = matches!(entry.job.role, Role::ArrayChild { .. });
            let Some(parent) = entry.parent.filter(|_| is_child) else {
                continue;
            };
            let Some(family) = self.table.families.get_mut(&parent) else {
                continue;
            };
            family.members[index as usize] = None;
            let next = family.is_chain.then(|| family.member(index + 1)).flatten();
            let is_over = family.is_over();
            let followers = family.followers.clone();
            let followers = followers
                .iter()
                .filter_map(|follower| self.table.families.get(follower)?.member(index));
            for waiting in followers.chain(next).collect::<Vec<_>>() {
                self.meet(waiting, has_succeeded);
            }
            if is_over {
                self.end_array(parent);
            }
        }
    }

    /// Something that the job waits for has ended.
    fn meet(&mut self, key: Key, has_succeeded: bool) {
        if !has_succeeded {
            self.fail_dependent(key);
            return;
        }
        let Some(entry) = self
            .table
            .get_mut(key)
            .filter(|entry| entry.job.status < JobStatus::Runnable)
        else {
            return;
        };
        entry.unmet = entry.unmet.saturating_sub(1);
        if entry.unmet > 0 {
            return;
        }
        match entry.job.role {
            Role::ArrayParent { .. } => {
                for child in self.children_of(key) {
                    self.meet(child, true);
                }
            }
            Role::Single | Role::ArrayChild { .. } | Role::MultiNodeParent { .. } => {
                self.make_runnable(key)
            }
            Role::Node { .. } => {}
        }
    }

    /// Something that the job waits for has failed, and so has the job.
    fn fail_dependent(&mut self, key: Key) {
        let Some(entry) = self
            .table
            .get(key)
            .filter(|entry| !entry.job.status.is_terminal())
        else {
            return;
        };
        let reason: Arc<str> = DEPENDENCY_FAILED.into();
        if !matches!(entry.job.role, Role::ArrayParent { .. }) {
            self.end_waiting(key, &reason);
            return;
        }
        self.touch(key);
        self.table
            .job_mut(key)
            .status_reason
            .get_or_insert_with(|| reason.clone());
        for child in self.children_of(key) {
            self.end_waiting(child, &reason);
        }
    }
}
