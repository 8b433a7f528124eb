//! What people ask of the scheduler: what is at the front of a queue, and why a job waits.

use std::sync::Arc;

use crate::container::Resources;
use crate::job::{JobStatus, Role};
use crate::names::JobId;
use crate::placement::{Environment, fits};
use crate::scheduler::{Key, Scheduler, Shape};

/// How many jobs the front of a queue has.
const FRONT: usize = 100;
/// How many shares a snapshot shows.
const SHARES: usize = 20;

const NO_ROOM: &str = "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY";
const TOO_FEW_VCPUS: &str = "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE";
const TOO_SMALL: &str = "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT";
const NO_ENVIRONMENT: &str = "ACTION_REQUIRED";
const OTHER: &str = "UNDETERMINED";

/// The front of a queue and what the queue uses (`GetJobQueueSnapshot`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// The first jobs that are `RUNNABLE`, at most 100, in the order in which they would start.
    pub front: Vec<FrontJob>,
    /// What the queue's jobs that are `STARTING` or `RUNNING` use.
    pub used: Resources,
    /// On a fair-share queue, the shares that use something, the largest use first, at most 20.
    pub shares: Vec<ShareUse>,
    /// How many shares use something.
    pub active_shares: usize,
    /// When that was so: milliseconds since 1970.
    pub at: i64,
}

/// A job at the front of a queue.
#[derive(Clone, Debug, PartialEq)]
pub struct FrontJob {
    /// The job.
    pub id: JobId,
    /// Since when it waits for its turn.
    pub since: i64,
}

/// What a share uses now.
#[derive(Clone, Debug, PartialEq)]
pub struct ShareUse {
    /// The share.
    pub share: Arc<str>,
    /// vCPUs in use.
    pub vcpus: f64,
}

/// Why a job has not started.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Waiting {
    /// AWS's code for a job that cannot start, such as `CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY`; none if only its turn has not come
    /// or it waits for other jobs.
    pub code: Option<&'static str>,
    /// All of it in words, with numbers; what `statusReason` of a waiting job shows.
    pub text: String,
    /// The environments of its queue, in the order of trying.
    pub environments: Vec<EnvironmentWait>,
    /// The consumable resources that it needs and that are not there.
    pub consumables: Vec<ConsumableWait>,
    /// The jobs that it waits for, at most 20.
    pub jobs: Vec<JobId>,
    /// How long it has waited, milliseconds.
    pub waited_ms: i64,
}

/// Why a job has not started in one environment.
#[derive(Clone, Debug, PartialEq)]
pub struct EnvironmentWait {
    /// The environment.
    pub name: Arc<str>,
    /// What the job asks for.
    pub asked: Resources,
    /// What is free there.
    pub free: Resources,
    /// What there is altogether.
    pub limits: Resources,
    /// In words.
    pub why: String,
}

/// A consumable resource of which too little is left.
#[derive(Clone, Debug, PartialEq)]
pub struct ConsumableWait {
    /// The resource.
    pub name: Arc<str>,
    /// What the job asks for.
    pub asked: i64,
    /// What is free.
    pub free: i64,
}

impl Scheduler {
    pub(crate) fn front(&self, index: u32, now: i64) -> Snapshot {
        let queue = &self.queues[index as usize];
        let decay = queue.decay_seconds();
        // Each share's jobs in order; then the shares take turns as they would if the jobs started one after the other.
        let mut shares: Vec<(f64, f64, std::vec::IntoIter<Key>)> = Vec::new();
        for (place, _, share) in queue.shares_in_order(now) {
            let jobs: Vec<Key> = share
                .lines
                .front(FRONT)
                .into_iter()
                .map(|(_, key)| key)
                .collect();
            shares.push((place, share.weight, jobs.into_iter()));
        }
        let mut front = Vec::new();
        while front.len() < FRONT {
            shares.retain(|(_, _, jobs)| !jobs.as_slice().is_empty());
            let Some((place, weight, jobs)) = shares
                .iter_mut()
                .min_by(|left, right| left.0.total_cmp(&right.0))
            else {
                break;
            };
            let Some(key) = jobs.next() else { break };
            let entry = self.table.entry(key);
            let vcpus = entry
                .shape
                .as_ref()
                .map_or(0.0, |shape| shape.resources.vcpus_milli as f64 / 1000.0);
            *place += vcpus * decay * *weight;
            front.push(FrontJob {
                id: entry.job.id.clone(),
                since: entry.since,
            });
        }
        let using = queue
            .shares
            .iter()
            .filter(|(_, share)| queue.policy.is_some() && share.running > 0);
        let mut uses: Vec<ShareUse> = using
            .map(|(name, share)| ShareUse {
                share: name.clone(),
                vcpus: share.usage.vcpus(),
            })
            .collect();
        uses.sort_by(|left, right| right.vcpus.total_cmp(&left.vcpus));
        let active_shares = uses.len();
        uses.truncate(SHARES);
        Snapshot {
            front,
            used: queue.used,
            shares: uses,
            active_shares,
            at: now,
        }
    }

    /// Why a job has not started.
    pub(crate) fn waiting(&self, key: Key) -> Waiting {
        let entry = self.table.entry(key);
        if entry.job.status < JobStatus::Runnable {
            return self.waiting_for_jobs(key);
        }
        // A node waits with its job.
        let key = entry
            .parent
            .filter(|_| matches!(entry.job.role, Role::Node { .. }))
            .unwrap_or(key);
        let entry = self.table.entry(key);
        let Some(shape) = entry.shape.as_deref() else {
            return Waiting::default();
        };
        let queue = &self.queues[entry.queue as usize];
        let environments = || {
            queue
                .environments
                .iter()
                .map(|index| &self.environments[*index as usize])
        };
        let mut waiting = Waiting::default();
        for environment in environments() {
            waiting.environments.push(EnvironmentWait {
                name: environment.name.clone(),
                asked: shape.resources,
                free: environment.free(),
                limits: environment.limits(),
                why: self.why_not_in(environment, key, shape, queue.priority()),
            });
        }
        for (index, asked) in &shape.consumables {
            let consumable = &self.consumables[*index as usize];
            if !consumable.has(*asked, key, queue.priority()) {
                waiting.consumables.push(ConsumableWait {
                    name: consumable.name.clone(),
                    asked: *asked,
                    free: consumable.free(),
                });
            }
        }
        let enabled: Vec<&Environment> = environments()
            .filter(|environment| environment.is_enabled())
            .collect();
        let large_enough = enabled
            .iter()
            .filter(|environment| environment.is_large_enough(shape.resources));
        let (code, sentence) = if enabled.is_empty() {
            (
                Some(NO_ENVIRONMENT),
                "CE(s) associated with the job queue are invalid.",
            )
        } else if enabled
            .iter()
            .all(|environment| environment.limits().vcpus_milli < shape.resources.vcpus_milli)
        {
            (
                Some(TOO_FEW_VCPUS),
                "CE(s) associated with the job queue cannot meet the CPU requirement of the job.",
            )
        } else if large_enough.clone().next().is_none() {
            let sentence = "The job resource requirement (vCPU/memory/GPU) is higher than that can be met by the CE(s) attached to the job queue.";
            (Some(TOO_SMALL), sentence)
        } else if large_enough
            .clone()
            .all(|environment| environment.down.is_some())
        {
            (
                Some(NO_ENVIRONMENT),
                "No compute environment that could run the job is up.",
            )
        } else if !waiting.consumables.is_empty() {
            (Some(OTHER), "A consumable resource is used up.")
        } else if environments()
            .any(|environment| environment.has_room(shape.resources, key, queue.priority()))
        {
            (
                None,
                "Waits for its turn, or for what is kept for other shares.",
            )
        } else {
            (
                Some(NO_ROOM),
                "Service cannot fulfill the capacity requested.",
            )
        };
        let environments = waiting
            .environments
            .iter()
            .map(|environment| format!("{}: {}", environment.name, environment.why));
        let consumables = waiting
            .consumables
            .iter()
            .map(|wait| format!("{}: asked {}, free {}", wait.name, wait.asked, wait.free));
        let details: Vec<String> = environments.chain(consumables).collect();
        waiting.text = match code {
            Some(code) => format!("{code} - {sentence}"),
            None => sentence.to_owned(),
        };
        if !details.is_empty() {
            waiting.text += &format!(" ({})", details.join("; "));
        }
        waiting.code = code;
        waiting
    }

    fn waiting_for_jobs(&self, key: Key) -> Waiting {
        let entry = self.table.entry(key);
        let parent = entry.parent.map(|parent| &self.table.entry(parent).job);
        let own = entry
            .job
            .spec
            .depends_on
            .iter()
            .filter_map(|dependency| dependency.job_id.clone());
        let mut jobs: Vec<JobId> = own
            .filter(|id| self.table.find(id).is_some())
            .take(20)
            .collect();
        if let (Some(parent), Role::ArrayChild { index: 1.., .. }, true) =
            (parent, &entry.job.role, jobs.is_empty())
        {
            let before = crate::scheduler::index_of(&entry.job) - 1;
            jobs.extend(Some(parent.id.child(before)).filter(|id| self.table.find(id).is_some()));
        }
        let names: Vec<&str> = jobs.iter().map(JobId::as_str).collect();
        let text = match names.is_empty() {
            true => "Waits for its children.".to_owned(),
            false => format!("Waits for {}.", names.join(", ")),
        };
        Waiting {
            text,
            jobs,
            ..Waiting::default()
        }
    }

    fn why_not_in(
        &self,
        environment: &Environment,
        key: Key,
        shape: &Shape,
        priority: i32,
    ) -> String {
        let (asked, free, limits) = (shape.resources, environment.free(), environment.limits());
        if environment.config.is_none() {
            return "does not exist".to_owned();
        }
        if !environment.is_enabled() {
            return "is disabled".to_owned();
        }
        if !environment.is_large_enough(asked) {
            return format!(
                "is too small: asked {}, has {}",
                words(asked),
                words(limits)
            );
        }
        if let Some(why) = &environment.down {
            return format!("is down: {why}");
        }
        if !fits(asked, free) {
            return format!(
                "has too little room: asked {}, free {} of {}",
                words(asked),
                words(free),
                words(limits)
            );
        }
        match &environment.hold {
            Some(hold) if !environment.respects_hold(asked, key, priority) => {
                let holder = self
                    .table
                    .get(hold.by)
                    .map_or_else(String::new, |entry| format!(" for job {}", entry.job.id));
                format!(
                    "holds room{holder}: asked {}, free {}",
                    words(asked),
                    words(free)
                )
            }
            _ => format!("has room: asked {}, free {}", words(asked), words(free)),
        }
    }
}

/// Resources in words: `0.5 vCPU, 512 MiB, 1 GPU`.
fn words(resources: Resources) -> String {
    let vcpus = resources.vcpus_milli as f64 / 1000.0;
    let gpus = if resources.gpus > 0 {
        format!(", {} GPU", resources.gpus)
    } else {
        String::new()
    };
    format!("{vcpus} vCPU, {} MiB{gpus}", resources.memory_mib)
}
