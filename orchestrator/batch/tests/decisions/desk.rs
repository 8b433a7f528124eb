//! A scheduler with one environment of four vCPUs and 4,096 MiB, its clock, and what it says in short lines.

use std::sync::Arc;

use batch::job::{Job, JobSpec, Role};
use batch::names::{AttemptId, JobId};
use batch::scheduler::{Effect, Ended, EndedKind, Input, Scheduler, Step};

use crate::support::{environment, job, queue};

pub(crate) struct Desk {
    pub(crate) scheduler: Scheduler,
    pub(crate) now: i64,
    number: u64,
}

/// The id that stands for a short name.
pub(crate) fn id(name: &str) -> String {
    let (name, rest) = name
        .find([':', '#'])
        .map_or((name, ""), |at| name.split_at(at));
    let name = format!("{name:a>8}");
    format!("{name}-0000-4000-8000-000000000000{rest}")
}

fn short(text: &str) -> String {
    text.trim_start_matches("ratchet-")
        .replace("-0000-4000-8000-000000000000", "")
        .trim_start_matches('a')
        .to_owned()
}

impl Desk {
    pub(crate) fn new() -> Self {
        let mut desk = Self {
            scheduler: Scheduler::new(),
            now: 1_000_000,
            number: 0,
        };
        desk.step(Input::EnvironmentPut(Box::new(environment(
            "here", 4_000, 4_096,
        ))));
        desk.step(Input::QueuePut(queue("queue", 1, &["here"])));
        desk
    }

    pub(crate) fn step(&mut self, input: Input) -> String {
        let step = self.scheduler.step(input, self.now);
        told(&step)
    }

    pub(crate) fn submit(&mut self, name: &str, spec: JobSpec) -> String {
        self.number += 1;
        let job = job(
            &id(name),
            self.number,
            "queue",
            Role::Single,
            &Arc::new(spec),
            self.now,
        );
        self.submit_all(vec![job])
    }

    pub(crate) fn submit_all(&mut self, mut jobs: Vec<Job>) -> String {
        for job in &mut jobs {
            self.number += 1;
            job.number = self.number;
        }
        self.step(Input::Submitted {
            jobs,
            ended_dependencies: Vec::new(),
        })
    }

    /// An attempt, by its job's short name and its number.
    pub(crate) fn attempt(name: &str, number: u32) -> AttemptId {
        JobId::new(&id(name)).attempt(number)
    }

    pub(crate) fn started(&mut self, name: &str, number: u32) -> String {
        let attempt = Self::attempt(name, number);
        let (at, address) = (self.now, Some("10.0.0.1".into()));
        self.step(Input::AttemptStarted {
            attempt,
            at,
            container_id: None,
            log_stream: None,
            address,
        })
    }

    pub(crate) fn exited(&mut self, name: &str, number: u32, code: i32) -> String {
        self.ended(name, number, EndedKind::Exited, Some(code), None)
    }

    pub(crate) fn ended(
        &mut self,
        name: &str,
        number: u32,
        kind: EndedKind,
        exit_code: Option<i32>,
        reason: Option<&str>,
    ) -> String {
        let outcome = Ended {
            kind,
            exit_code,
            oom: false,
            reason: reason.map(Arc::from),
            started_at: None,
            at: self.now,
        };
        self.step(Input::AttemptEnded {
            attempt: Self::attempt(name, number),
            outcome,
        })
    }

    pub(crate) fn cancel(&mut self, name: &str) -> String {
        self.step(Input::Cancel {
            id: JobId::new(&id(name)),
            reason: "not wanted".into(),
        })
    }

    pub(crate) fn terminate(&mut self, name: &str) -> String {
        self.step(Input::Terminate {
            id: JobId::new(&id(name)),
            reason: "not wanted".into(),
        })
    }

    pub(crate) fn wait(&mut self, seconds: i64) -> String {
        self.now += seconds * 1000;
        self.step(Input::Tick)
    }

    /// Why a job waits.
    pub(crate) fn why(&self, name: &str) -> String {
        self.scheduler
            .waiting_reason(&JobId::new(&id(name)), self.now)
            .map_or_else(|| "it does not wait".into(), |waiting| waiting.text)
    }
}

/// A step in short lines: `a STARTING`, `start a-1`.
pub(crate) fn told(step: &Step) -> String {
    let mut lines = Vec::new();
    for job in &step.changed {
        let reason = job
            .status_reason
            .as_ref()
            .map_or_else(String::new, |reason| format!(": {reason}"));
        lines.push(format!(
            "{} {}{reason}",
            short(job.id.as_str()),
            job.status.as_str()
        ));
    }
    for effect in &step.effects {
        lines.push(match effect {
            Effect::Start(launch) => format!(
                "start {} in {}",
                short(launch.attempt.as_str()),
                launch.environment
            ),
            Effect::Stop { attempt, .. } => format!("stop {}", short(attempt.as_str())),
            Effect::Forget { attempt, .. } => format!("forget {}", short(attempt.as_str())),
            Effect::Ended { job } => format!("ended {}", short(job.id.as_str())),
        });
    }
    lines.join("\n")
}
