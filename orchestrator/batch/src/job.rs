//! A job: what it was submitted as, and what became of it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::container::{ContainerProperties, Resources};
use crate::definition::{
    ConsumableResourceProperties, ConsumableResourceRequirement, Map, NodeProperties, RetryStrategy,
};
use crate::names::{AttemptId, JobId, name_of};

/// Where a job is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum JobStatus {
    /// It was accepted.
    Submitted,
    /// It waits for other jobs.
    Pending,
    /// It waits for its turn and for room.
    Runnable,
    /// Its container is being made.
    Starting,
    /// Its container runs.
    Running,
    /// It ended well.
    Succeeded,
    /// It ended otherwise.
    Failed,
}

impl JobStatus {
    /// All of them, in the order of life.
    pub const ALL: [Self; 7] = [
        Self::Submitted,
        Self::Pending,
        Self::Runnable,
        Self::Starting,
        Self::Running,
        Self::Succeeded,
        Self::Failed,
    ];

    /// The name that the documents use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Submitted => "SUBMITTED",
            Self::Pending => "PENDING",
            Self::Runnable => "RUNNABLE",
            Self::Starting => "STARTING",
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
        }
    }

    /// The number that rows of a store have.
    pub fn number(self) -> u8 {
        match self {
            Self::Submitted => 0,
            Self::Pending => 1,
            Self::Runnable => 2,
            Self::Starting => 3,
            Self::Running => 4,
            Self::Succeeded => 5,
            Self::Failed => 6,
        }
    }

    /// The status that a row's number means.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// Whether nothing will happen to the job any more.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed)
    }
}

/// What a job is among others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// A job of its own.
    Single,
    /// Stands for its children, which are all alike but for their index.
    ArrayParent {
        /// How many children.
        size: u32,
    },
    /// One of an array.
    ArrayChild {
        /// The job that stands for all.
        parent: JobId,
        /// Its index, from 0.
        index: u32,
    },
    /// Stands for its nodes.
    MultiNodeParent {
        /// How many nodes.
        nodes: u32,
        /// The node whose end is the job's.
        main: u32,
    },
    /// One node of several.
    Node {
        /// The job that stands for all.
        parent: JobId,
        /// Its index, from 0.
        index: u32,
        /// Whether its end is the job's.
        is_main: bool,
    },
}

/// A job. A hundred thousand of them wait in memory, so what children have in common is shared and what is rare is apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// Its place in the order of submissions.
    pub number: u64,
    /// Its name.
    pub name: Arc<str>,
    /// The name of its queue.
    pub queue: Arc<str>,
    /// What it is among others.
    pub role: Role,
    /// What it was submitted as.
    pub spec: Arc<JobSpec>,
    /// Where it is in its life.
    pub status: JobStatus,
    /// Why.
    pub status_reason: Option<Arc<str>>,
    /// When it was submitted: milliseconds since 1970, as all times here.
    pub created_at: i64,
    /// When its last attempt started.
    pub started_at: Option<i64>,
    /// When it ended.
    pub stopped_at: Option<i64>,
    /// What was tried, the last one included while it runs.
    pub attempts: Vec<Attempt>,
    /// How many children are where; of an array job's parent only.
    pub summary: Option<Box<StatusSummary>>,
    /// Whether it was cancelled before it started.
    pub is_cancelled: bool,
    /// Whether it was terminated.
    pub is_terminated: bool,
}

impl Job {
    /// The parent, of a child or a node.
    pub fn parent(&self) -> Option<&JobId> {
        match &self.role {
            Role::ArrayChild { parent, .. } | Role::Node { parent, .. } => Some(parent),
            Role::Single | Role::ArrayParent { .. } | Role::MultiNodeParent { .. } => None,
        }
    }

    /// Whether the job runs in a container itself, and does not only stand for others.
    pub fn runs(&self) -> bool {
        match self.role {
            Role::Single | Role::ArrayChild { .. } | Role::Node { .. } => true,
            Role::ArrayParent { .. } | Role::MultiNodeParent { .. } => false,
        }
    }

    /// The container that it runs in: that of its node for a node, that of the main node for a multi-node job as a whole.
    pub fn container(&self) -> &Arc<ContainerProperties> {
        &self.part().container
    }

    /// What its container asks for. A multi-node job's parent asks for nothing itself: its nodes do.
    pub fn resources(&self) -> Resources {
        if self.runs() {
            self.part().resources
        } else {
            Resources::default()
        }
    }

    /// What it takes from stores of consumable resources. Parents take nothing: their children and nodes do.
    pub fn consumables(&self) -> &[Consumption] {
        if self.runs() {
            &self.part().consumables
        } else {
            &[]
        }
    }

    /// The part of the spec that this job runs.
    fn part(&self) -> &Part {
        let index = match self.role {
            Role::Node { index, .. } => index,
            Role::MultiNodeParent { main, .. } => main,
            Role::Single | Role::ArrayParent { .. } | Role::ArrayChild { .. } => 0,
        };
        self.spec.part(index)
    }

    /// The attempt that runs or is about to.
    pub fn current_attempt(&self) -> Option<&Attempt> {
        self.attempts
            .last()
            .filter(|attempt| attempt.stopped_at.is_none())
    }
}

/// What a job was submitted as: the definition with the submission's overrides over it. Children and nodes share it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobSpec {
    /// The definition's `name:revision`.
    pub definition: Arc<str>,
    /// What runs: one part, or for a multi-node job one for each range of nodes.
    pub parts: Vec<Part>,
    /// The nodes, overrides included; of multi-node jobs only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<Arc<NodeProperties>>,
    /// The definition's `ecsProperties`, if it has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ecs_properties: Option<Arc<Value>>,
    /// What is tried again.
    #[serde(default)]
    pub retry: RetryStrategy,
    /// How long an attempt may run, seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u32>,
    /// The share it belongs to; on fair-share queues.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<Arc<str>>,
    /// Its priority inside the share.
    #[serde(default)]
    pub priority: i32,
    /// What it waits for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<JobDependency>,
    /// Values for `Ref::name`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub parameters: Map,
    /// Tags of the job.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub tags: Map,
    /// Whether tags are passed on; kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub propagate_tags: Option<bool>,
    /// Kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub platform_capabilities: Vec<String>,
    /// The task token of the workflow that waits for the job; the container has it as `TaskToken`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_token: Option<Arc<str>>,
    /// The execution of a workflow that waits for the job's end: nobody wants the job any more when the execution is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub awaited_by: Option<Arc<str>>,
}

impl JobSpec {
    /// What the node of this index runs; of a job without nodes what it runs.
    pub fn part(&self, index: u32) -> &Part {
        let inside = |part: &&Part| (part.first..=part.last).contains(&index);
        // The narrowest range that has the node is the one that counts.
        let narrowest = self
            .parts
            .iter()
            .filter(inside)
            .min_by_key(|part| part.last - part.first);
        narrowest
            .or(self.parts.first())
            .expect("a job has at least one part")
    }

    /// How many attempts there may be.
    pub fn max_attempts(&self) -> u32 {
        self.retry
            .attempts
            .and_then(|attempts| u32::try_from(attempts).ok())
            .unwrap_or(1)
            .max(1)
    }
}

/// What a job, or a range of nodes, runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// The first node; 0 without nodes.
    #[serde(default)]
    pub first: u32,
    /// The last node; 0 without nodes.
    #[serde(default)]
    pub last: u32,
    /// The container, shared with the definition where nothing is overridden. `Ref::name` still stands in its command.
    pub container: Arc<ContainerProperties>,
    /// What the container asks for; read from it again when a record is decoded.
    #[serde(skip)]
    pub resources: Resources,
    /// What is taken from stores of consumable resources.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consumables: Vec<Consumption>,
}

impl Part {
    /// What nodes `first` to `last` run.
    pub fn new(
        first: u32,
        last: u32,
        container: Arc<ContainerProperties>,
        consumables: Option<&ConsumableResourceProperties>,
    ) -> Self {
        let list = consumables
            .iter()
            .flat_map(|properties| &properties.consumable_resource_list);
        let taken = |requirement: &ConsumableResourceRequirement| {
            let resource = name_of(requirement.consumable_resource.as_deref()?).into();
            Some(Consumption {
                resource,
                quantity: requirement.quantity?,
            })
        };
        let consumables = list.filter_map(taken).collect();
        Self {
            first,
            last,
            resources: container.resources(),
            container,
            consumables,
        }
    }
}

/// What a job takes from one store of consumable resources.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consumption {
    /// The store's name.
    pub resource: Arc<str>,
    /// How much.
    pub quantity: i64,
}

/// What a job waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobDependency {
    /// The other job; SEQUENTIAL has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_id: Option<JobId>,
    /// What of it; without a kind, the whole job.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<DependencyKind>,
}

/// Kinds of dependencies between array jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DependencyKind {
    /// Each child waits for the other array's child of the same index.
    NToN,
    /// Each child waits for the one before it.
    Sequential,
}

/// One try to run a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// From 1.
    pub number: u32,
    /// Its id, its container's name.
    pub id: AttemptId,
    /// The environment that runs it.
    pub environment: Arc<str>,
    /// When its container started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<i64>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<i64>,
    /// What its process ended with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// What is to be said of the container (`container.reason`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Arc<str>>,
    /// What is to be said of the attempt (`statusReason`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_reason: Option<Arc<str>>,
    /// Where its log is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_stream: Option<Arc<str>>,
    /// The engine's id of the container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container_id: Option<Arc<str>>,
    /// The container's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Arc<str>>,
}

impl Attempt {
    /// An attempt of `job` that is about to start in `environment`.
    pub fn new(job: &Job, number: u32, environment: Arc<str>) -> Self {
        let id = job.id.attempt(number);
        let log_stream = Some(crate::launch::log_stream(job, &id).into());
        Self {
            number,
            id,
            environment,
            started_at: None,
            stopped_at: None,
            exit_code: None,
            reason: None,
            status_reason: None,
            log_stream,
            container_id: None,
            address: None,
        }
    }
}

/// How many of an array job's children are where.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusSummary {
    /// Counts, in the order of [`JobStatus::ALL`].
    pub counts: [u32; 7],
    /// When that was so.
    pub updated_at: i64,
}
