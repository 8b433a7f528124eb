//! Where jobs run: compute environments.

mod change;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::container::Resources;
use crate::queue::State;

pub use change::{ENGINE_TAG, GPUS_TAG, MEMORY_TAG};

/// What runs an environment's jobs.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// Docker.
    #[default]
    Docker,
    /// Processes of this machine.
    Process,
}

impl Engine {
    /// The name that configurations and tags use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Process => "process",
        }
    }
}

/// A compute environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ComputeEnvironment {
    /// Its name.
    #[serde(rename = "computeEnvironmentName")]
    pub name: Arc<str>,
    /// A uuid that tells it from others of the name before it.
    pub uuid: String,
    /// Whether it starts jobs. Those that run go on.
    pub state: State,
    /// What runs its jobs.
    pub engine: Engine,
    /// What its jobs may use at once, all together.
    pub limits: Resources,
    /// `MANAGED` or `UNMANAGED`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unmanagedv_cpus: Option<i32>,
    /// What the caller gave of machines; only `maxvCpus` is acted on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compute_resources: Option<Value>,
    /// Kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_role: Option<String>,
    /// Kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update_policy: Option<Value>,
    /// Kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// Kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ecs_settings: Option<Value>,
}
