//! Random jobs: singles, arrays and multi-node jobs with dependencies, retries, timeouts and consumable resources.

use std::sync::Arc;

use batch::definition::{EvaluateOnExit, ExitAction, RetryStrategy};
use batch::job::{Consumption, DependencyKind, Job, JobDependency, JobSpec, Role};
use batch::names::JobId;

use crate::random::Random;
use crate::support::{array, job, nodes, part, spec};

/// The queue whose jobs may ask for more than any environment has.
pub(crate) const LIMITED: &str = "limited";

pub(crate) struct Workload {
    next_number: u64,
    /// Submitted so far, without children and nodes: id and size of an array.
    pub(crate) submitted: Vec<(JobId, Option<u32>)>,
}

impl Workload {
    pub(crate) fn new() -> Self {
        Self {
            next_number: 1,
            submitted: Vec::new(),
        }
    }

    /// Jobs of one submission to one of the queues; those on fair-share queues have shares.
    pub(crate) fn submission(
        &mut self,
        queue: &str,
        is_shared: bool,
        now: i64,
        random: &mut Random,
    ) -> Vec<Job> {
        let number = self.next_number;
        let id = format!("{number:08}-0000-4000-8000-000000000000");
        let mut spec = self.spec(queue, is_shared, random);
        let kind = random.below(8);
        let (jobs, size) = match kind {
            0 | 1 => {
                let size = random.between(2, 12) as u32;
                spec.depends_on = self.dependencies(Some(size), random);
                (
                    array(&id, number, queue, size, &Arc::new(spec), now),
                    Some(size),
                )
            }
            2 => {
                let count = random.between(1, 3) as u32;
                let main = random.below(u64::from(count)) as u32;
                spec.depends_on = self.dependencies(None, random);
                (nodes(&id, number, queue, count, main, spec, now), None)
            }
            _ => {
                spec.depends_on = self.dependencies(None, random);
                (
                    vec![job(&id, number, queue, Role::Single, &Arc::new(spec), now)],
                    None,
                )
            }
        };
        self.next_number += jobs.len() as u64;
        self.submitted.push((jobs[0].id.clone(), size));
        jobs
    }

    fn spec(&self, queue: &str, is_shared: bool, random: &mut Random) -> JobSpec {
        let vcpus = [250, 500, 1000, 1000, 2000][random.below(5) as usize];
        let memory = [64, 128, 512, 1024][random.below(4) as usize];
        let mut spec = spec(vcpus, memory);
        if queue == LIMITED && random.once_in(3) {
            spec.parts = vec![if random.once_in(2) {
                part(0, 0, 100_000, 64)
            } else {
                part(0, 0, 250, 1_000_000)
            }];
        }
        if random.once_in(5) {
            let resource = if random.once_in(3) {
                "token"
            } else {
                "licence"
            };
            spec.parts[0].consumables.push(Consumption {
                resource: resource.into(),
                quantity: random.between(1, 2) as i64,
            });
        }
        if is_shared {
            spec.share = Some(["red", "green", "blue"][random.below(3) as usize].into());
            spec.priority = random.below(3) as i32;
        }
        if random.once_in(2) {
            let rule = EvaluateOnExit {
                on_status_reason: None,
                on_reason: None,
                on_exit_code: Some("1".into()),
                action: ExitAction::Exit,
            };
            let evaluate_on_exit = if random.once_in(2) {
                vec![rule]
            } else {
                Vec::new()
            };
            spec.retry = RetryStrategy {
                attempts: Some(random.between(1, 4) as i32),
                evaluate_on_exit,
            };
        }
        if random.once_in(3) {
            spec.timeout_seconds = Some(60);
        }
        spec
    }

    fn dependencies(&self, size: Option<u32>, random: &mut Random) -> Vec<JobDependency> {
        let mut dependencies = Vec::new();
        for _ in 0..random.below(3) {
            let recent = &self.submitted[self.submitted.len().saturating_sub(6)..];
            let Some((id, other)) = random.pick(recent) else {
                continue;
            };
            let kind = (size.is_some() && *other == size && random.once_in(2))
                .then_some(DependencyKind::NToN);
            dependencies.push(JobDependency {
                job_id: Some(id.clone()),
                kind,
            });
        }
        // Arrays of one size are made often enough only if one asks for it.
        if let Some((id, _)) = self
            .submitted
            .iter()
            .rev()
            .find(|(_, other)| size.is_some() && *other == size)
            && random.once_in(2)
        {
            dependencies.push(JobDependency {
                job_id: Some(id.clone()),
                kind: Some(DependencyKind::NToN),
            });
        }
        if size.is_some() && random.once_in(4) {
            dependencies.push(JobDependency {
                job_id: None,
                kind: Some(DependencyKind::Sequential),
            });
        }
        dependencies
    }
}
