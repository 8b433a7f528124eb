//! Where jobs wait: job queues, and the scheduling policies that share them fairly.

mod change;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Whether something takes part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum State {
    /// It does.
    #[default]
    Enabled,
    /// It does not: a queue takes no jobs, an environment starts none.
    Disabled,
}

/// A job queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobQueue {
    /// Its name.
    #[serde(rename = "jobQueueName")]
    pub name: Arc<str>,
    /// Whether it takes jobs. Those that it has go on.
    pub state: State,
    /// The name of the policy that shares it; without one it is first in, first out.
    #[serde(
        rename = "schedulingPolicy",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub policy: Option<Arc<str>>,
    /// Queues that share an environment go by it, highest first.
    pub priority: i32,
    /// The names of the environments that it uses, in the order of trying.
    pub environments: Vec<EnvironmentOrder>,
    /// `ECS`, `ECS_FARGATE`, …; kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_queue_type: Option<String>,
    /// What is done to jobs at its head that cannot run.
    #[serde(default)]
    pub job_state_time_limit_actions: Vec<JobStateTimeLimitAction>,
}

/// An environment of a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentOrder {
    /// Lower is tried first.
    pub order: i32,
    /// The environment's name.
    pub environment: Arc<str>,
}

/// What is done to a job at the head of a queue that cannot run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobStateTimeLimitAction {
    /// The reason of waiting that it is for, such as `CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY`.
    pub reason: String,
    /// Always `RUNNABLE`.
    pub state: String,
    /// How long the job may wait for that reason, 600..86400 seconds.
    pub max_time_seconds: i32,
    /// `CANCEL`; `TERMINATE` does the same to a job that waits.
    pub action: String,
}

/// A scheduling policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SchedulingPolicy {
    /// Its name.
    pub name: Arc<str>,
    /// How shares of a queue are weighed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fairshare_policy: Option<FairsharePolicy>,
}

/// How shares of a queue are weighed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FairsharePolicy {
    /// How long a finished job's use still counts, seconds; 0 and nothing mean 600.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share_decay_seconds: Option<i32>,
    /// The percentage kept free for shares that are not active: (it/100)^active shares.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compute_reservation: Option<i32>,
    /// Weights of shares.
    pub share_distribution: Vec<ShareAttributes>,
}

/// The weight of one share, or with a trailing `*` of all that begin so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShareAttributes {
    /// The share's identifier.
    pub share_identifier: String,
    /// What its use is multiplied by, 0.0001..999.9999; 1 if not given. Less means more turns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_factor: Option<f64>,
}
