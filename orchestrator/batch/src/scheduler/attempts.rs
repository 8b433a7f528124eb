//! What engines tell of attempts, and what follows: the end of the job, or another attempt.

use std::sync::Arc;

use super::messages::{Ended, EndedKind};
use super::table::{Key, Stop, index_of};
use super::{Effect, Scheduler};
use crate::job::{Attempt, Job, JobStatus, Role};
use crate::launch::launch;
use crate::names::AttemptId;
use crate::retry::{self, Failure};

/// What AWS says when a container has run.
const EXITED: &str = "Essential container in task exited";
/// What AWS says when a container could not be started.
const NOT_STARTED: &str = "Task failed to start";
/// What AWS says when an attempt took too long.
const TIMED_OUT: &str = "Job attempt duration exceeded timeout";
/// What AWS says of a container that used up its memory.
const OUT_OF_MEMORY: &str = "OutOfMemoryError: Container killed due to memory usage";
/// Said of nodes that were stopped because the main node had ended.
const MAIN_ENDED: &str = "Stopped because the main node ended";

/// What follows the end of an attempt.
enum Verdict {
    Succeeded,
    Retry,
    Failed,
}

impl Scheduler {
    pub(crate) fn attempt_pulling(&mut self, attempt: &AttemptId, text: Arc<str>) {
        let Some(key) = self.table.attempts.get(attempt).copied() else {
            return;
        };
        if let Some(flight) = self.table.entry_mut(key).flight.as_mut() {
            flight.pulling = Some(text);
        }
    }

    pub(crate) fn attempt_started(
        &mut self,
        attempt: &AttemptId,
        at: i64,
        container_id: Option<Arc<str>>,
        log_stream: Option<Arc<str>>,
        address: Option<Arc<str>>,
    ) {
        let Some(key) = self.table.attempts.get(attempt).copied() else {
            return;
        };
        let entry = self.table.entry(key);
        let mut told = entry
            .job
            .attempts
            .last()
            .cloned()
            .expect("an attempt in flight is the job's last");
        let before = told.clone();
        told.started_at.get_or_insert(at);
        told.container_id = container_id.or(told.container_id);
        told.log_stream = log_stream.or(told.log_stream);
        told.address = address.or(told.address);
        let at = told.started_at.unwrap_or(at);
        let timeout = entry.job.spec.timeout_seconds;
        let (role, parent) = (entry.job.role.clone(), entry.parent);
        let is_timed = !matches!(role, Role::Node { is_main: false, .. });
        let is_stopping = entry
            .flight
            .as_ref()
            .is_some_and(|flight| flight.stop.is_some());
        self.set_status(key, JobStatus::Running);
        if told != before {
            let job = self.table.job_mut(key);
            job.started_at = Some(at);
            job.attempts.pop();
            job.attempts.push(told.clone());
            self.touch(key);
        }
        if is_stopping {
            // The stop may have come before there was something to stop.
            self.send_stop(key);
        } else if let Some(seconds) = timeout.filter(|_| is_timed) {
            self.set_deadline(key, at + i64::from(seconds) * 1000);
        }
        if let (Role::Node { is_main: true, .. }, Some(parent)) = (role, parent) {
            self.main_started(parent, told);
        }
    }

    /// The main node runs: the others can be told its address.
    fn main_started(&mut self, parent: Key, main: Attempt) {
        let address = main.address.clone();
        self.set_status(parent, JobStatus::Running);
        let job = self.table.job_mut(parent);
        if job.attempts.last() != Some(&main) {
            job.started_at = main.started_at;
            job.attempts.pop();
            job.attempts.push(main);
            self.touch(parent);
        }
        for node in self.nodes_of(parent) {
            let entry = self.table.entry_mut(node);
            let Some(flight) = entry
                .flight
                .as_mut()
                .filter(|flight| !flight.is_handed && flight.stop.is_none())
            else {
                continue;
            };
            flight.is_handed = true;
            if let Some(attempt) = entry.job.attempts.last() {
                let launch = launch(&entry.job, attempt, address.as_deref());
                self.out.effects.push(Effect::Start(Box::new(launch)));
            }
        }
    }

    pub(crate) fn attempt_ended(&mut self, attempt: &AttemptId, ended: Ended) {
        let Some(key) = self.table.attempts.get(attempt).copied() else {
            return;
        };
        let Some(flight) = self.land(key) else { return };
        let stop = flight.stop;
        let at = ended.at;
        let last = self
            .table
            .job_mut(key)
            .attempts
            .last_mut()
            .expect("an attempt in flight is the job's last");
        last.started_at = last.started_at.or(ended.started_at);
        last.stopped_at = Some(at);
        last.exit_code = ended.exit_code;
        last.reason = ended
            .reason
            .or_else(|| ended.oom.then(|| OUT_OF_MEMORY.into()));
        last.status_reason = Some(match ended.kind {
            EndedKind::Exited => EXITED.into(),
            EndedKind::FailedToStart | EndedKind::CannotPull => NOT_STARTED.into(),
            // The words that people's rules match when a machine is lost with all that ran on it.
            EndedKind::Lost => {
                format!("Host EC2 (instance {}) terminated.", last.environment).into()
            }
        });
        let last = last.clone();
        self.table.job_mut(key).started_at = last.started_at;
        self.out.effects.push(Effect::Forget {
            attempt: last.id.clone(),
            environment: last.environment.clone(),
        });
        self.touch(key);
        let job = self.table.entry(key).job.clone();
        if let Role::Node { is_main, .. } = job.role {
            self.node_ended(key, last, stop, is_main);
            return;
        }
        match verdict(&job, &last, stop, ended.kind) {
            Verdict::Succeeded => self.end(key, JobStatus::Succeeded, last.status_reason, at),
            Verdict::Retry => self.make_runnable(key),
            Verdict::Failed => {
                let reason = reason_of_failure(&job, &last, stop);
                self.end(key, JobStatus::Failed, reason, at);
            }
        }
    }

    /// A node has ended. The job goes on until all have; the main node's end stops the others.
    fn node_ended(&mut self, key: Key, mut last: Attempt, stop: Option<Stop>, is_main: bool) {
        let Some(parent) = self.table.entry(key).parent else {
            return;
        };
        if let Some(Stop::MainEnded | Stop::TimedOut) = stop {
            last.status_reason = Some(
                if stop == Some(Stop::MainEnded) {
                    MAIN_ENDED
                } else {
                    TIMED_OUT
                }
                .into(),
            );
            let job = self.table.job_mut(key);
            job.attempts.pop();
            job.attempts.push(last.clone());
        }
        if is_main {
            let job = self.table.job_mut(parent);
            job.started_at = last.started_at;
            job.attempts.pop();
            job.attempts.push(last);
            self.touch(parent);
            self.stop_nodes(parent);
        }
        self.end_nodes_if_over(parent);
    }

    /// Stops the nodes that are left when the main node has ended.
    pub(crate) fn stop_nodes(&mut self, parent: Key) {
        for node in self.nodes_of(parent) {
            self.stop(node, Stop::MainEnded);
        }
    }

    /// A node that the engine was not told of is over at once. It may run since before a restart, so it is removed all the same.
    pub(crate) fn end_unhanded_node(&mut self, key: Key) {
        if self.land(key).is_none() {
            return;
        }
        let now = self.now;
        let Some(last) = self.table.job_mut(key).attempts.last_mut() else {
            return;
        };
        last.stopped_at = Some(now);
        last.status_reason = Some(MAIN_ENDED.into());
        let (attempt, environment) = (last.id.clone(), last.environment.clone());
        self.out.effects.push(Effect::Stop {
            attempt: attempt.clone(),
            environment: environment.clone(),
            grace_ms: 0,
        });
        self.out.effects.push(Effect::Forget {
            attempt,
            environment,
        });
        self.touch(key);
    }

    /// Ends a multi-node job, or tries it again, once no node of it is left.
    pub(crate) fn end_nodes_if_over(&mut self, parent: Key) {
        let nodes = self.nodes_of(parent);
        let job = self.table.entry(parent).job.clone();
        if job.status < JobStatus::Starting
            || nodes
                .iter()
                .any(|node| self.table.entry(*node).flight.is_some())
        {
            return;
        }
        let Role::MultiNodeParent { main, .. } = job.role else {
            return;
        };
        let Some(last) = job
            .attempts
            .last()
            .filter(|last| last.stopped_at.is_some())
            .cloned()
        else {
            return;
        };
        let is_main = |node: &&Key| index_of(&self.table.entry(**node).job) == main;
        let is_terminated = nodes
            .iter()
            .find(is_main)
            .is_some_and(|node| self.table.entry(*node).job.is_terminated);
        // What kind of end it was is in the reason, which is kept.
        let kind = if last.status_reason.as_deref() == Some(EXITED) {
            EndedKind::Exited
        } else {
            EndedKind::Lost
        };
        let stop = if job.is_terminated || is_terminated {
            Some(Stop::Terminated)
        } else {
            (last.status_reason.as_deref() == Some(TIMED_OUT)).then_some(Stop::TimedOut)
        };
        let at = self.now.max(last.stopped_at.unwrap_or(self.now));
        let has_succeeded = match verdict(&job, &last, stop, kind) {
            Verdict::Retry => {
                self.make_runnable(parent);
                return;
            }
            Verdict::Succeeded => true,
            Verdict::Failed => false,
        };
        for node in nodes {
            let own = self.table.entry(node).job.attempts.last().cloned();
            let exit = own.as_ref().and_then(|attempt| attempt.exit_code);
            let reason = own.and_then(|attempt| attempt.status_reason);
            let was_stopped = matches!(reason.as_deref(), None | Some(MAIN_ENDED));
            let status = if exit == Some(0) || was_stopped && has_succeeded {
                JobStatus::Succeeded
            } else {
                JobStatus::Failed
            };
            let stopped_at = self
                .table
                .entry(node)
                .job
                .attempts
                .last()
                .and_then(|attempt| attempt.stopped_at);
            self.end(node, status, reason, stopped_at.unwrap_or(at));
        }
        match has_succeeded {
            true => self.end(parent, JobStatus::Succeeded, last.status_reason, at),
            false => self.end(
                parent,
                JobStatus::Failed,
                reason_of_failure(&job, &last, stop),
                at,
            ),
        }
    }
}

/// Whether the attempt was still there when its time was over.
fn has_timed_out(job: &Job, last: &Attempt, stop: Option<Stop>) -> bool {
    let seconds = job.spec.timeout_seconds.map(i64::from);
    let ran = last
        .started_at
        .zip(last.stopped_at)
        .map(|(from, to)| to - from);
    // After a restart the stop is forgotten, but the times tell.
    stop == Some(Stop::TimedOut)
        || ran
            .zip(seconds)
            .is_some_and(|(ran, seconds)| ran >= seconds * 1000)
}

fn verdict(job: &Job, last: &Attempt, stop: Option<Stop>, kind: EndedKind) -> Verdict {
    if job.is_terminated || stop == Some(Stop::Terminated) || has_timed_out(job, last, stop) {
        return Verdict::Failed;
    }
    if kind == EndedKind::Exited && last.exit_code == Some(0) {
        return Verdict::Succeeded;
    }
    let failure = Failure {
        status_reason: last.status_reason.as_deref().unwrap_or_default(),
        reason: last.reason.as_deref().unwrap_or_default(),
        exit_code: last.exit_code,
    };
    if retry::is_retried(&job.spec.retry, last.number, failure) {
        Verdict::Retry
    } else {
        Verdict::Failed
    }
}

fn reason_of_failure(job: &Job, last: &Attempt, stop: Option<Stop>) -> Option<Arc<str>> {
    if job.is_terminated {
        job.status_reason.clone()
    } else if has_timed_out(job, last, stop) {
        Some(TIMED_OUT.into())
    } else {
        last.status_reason.clone()
    }
}
