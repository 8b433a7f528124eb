//! What a job is to be: job definitions with their revisions, and the parts that submissions share with them.

mod register;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::container::ContainerProperties;

pub use register::DefinitionReference;
pub(crate) use register::targets;

/// Names with values: parameters, tags, options.
pub type Map = BTreeMap<String, String>;

/// One container, or several nodes that work together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DefinitionKind {
    /// One container.
    Container,
    /// Several nodes.
    Multinode,
}

/// Whether jobs can be made from a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum DefinitionStatus {
    /// They can.
    Active,
    /// It was deregistered.
    Inactive,
}

/// One revision of a job definition. It never changes, but for its status.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobDefinition {
    /// Its name.
    #[serde(rename = "jobDefinitionName")]
    pub name: Arc<str>,
    /// Its number, from 1.
    pub revision: u32,
    /// Whether jobs can be made from it.
    pub status: DefinitionStatus,
    /// One container or several nodes.
    #[serde(rename = "type")]
    pub kind: DefinitionKind,
    /// The priority of its jobs inside their share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduling_priority: Option<i32>,
    /// Defaults for `Ref::name`.
    #[serde(default)]
    pub parameters: Map,
    /// What is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_strategy: Option<RetryStrategy>,
    /// The container; also made from `ecs_properties`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container_properties: Option<Arc<ContainerProperties>>,
    /// How long an attempt may run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<JobTimeout>,
    /// The nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_properties: Option<Arc<NodeProperties>>,
    /// Whether tags are passed on; kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub propagate_tags: Option<bool>,
    /// `EC2`, `FARGATE`; kept.
    #[serde(default)]
    pub platform_capabilities: Vec<String>,
    /// The container in ECS's words, if it was registered so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ecs_properties: Option<Arc<Value>>,
    /// What jobs take from stores of consumable resources.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consumable_resource_properties: Option<ConsumableResourceProperties>,
}

impl JobDefinition {
    /// `name:revision`, as jobs refer to it.
    pub fn reference(&self) -> String {
        format!("{}:{}", self.name, self.revision)
    }
}

/// What is tried again after an attempt failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RetryStrategy {
    /// How many attempts there may be, 1..10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts: Option<i32>,
    /// Rules; the first that matches decides.
    pub evaluate_on_exit: Vec<EvaluateOnExit>,
}

/// A rule: all conditions that it has must match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EvaluateOnExit {
    /// A glob for the attempt's status reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_status_reason: Option<String>,
    /// A glob for the container's reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_reason: Option<String>,
    /// A glob for the exit code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_exit_code: Option<String>,
    /// What to do.
    pub action: ExitAction,
}

/// What a rule says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ExitAction {
    /// Try again, if attempts are left.
    Retry,
    /// Fail.
    Exit,
}

impl<'de> Deserialize<'de> for ExitAction {
    /// The case does not matter.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.to_ascii_uppercase().as_str() {
            "RETRY" => Ok(Self::Retry),
            "EXIT" => Ok(Self::Exit),
            _ => Err(serde::de::Error::unknown_variant(&text, &["RETRY", "EXIT"])),
        }
    }
}

/// How long an attempt may run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobTimeout {
    /// Seconds from the attempt's start; at least 60.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt_duration_seconds: Option<i32>,
}

/// Several nodes that work together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeProperties {
    /// How many.
    pub num_nodes: i32,
    /// The index of the node whose end is the job's.
    pub main_node: i32,
    /// What the nodes are.
    pub node_range_properties: Vec<NodeRangeProperty>,
}

/// What some of the nodes are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeRangeProperty {
    /// Which: `0:3`, `4:`, `:2`, `5`. A range inside a wider one takes its nodes.
    pub target_nodes: String,
    /// The container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<Arc<ContainerProperties>>,
    /// Kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_types: Option<Vec<String>>,
    /// The container in ECS's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ecs_properties: Option<Box<Value>>,
    /// Kubernetes; refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eks_properties: Option<Box<Value>>,
    /// What each node takes from stores of consumable resources.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consumable_resource_properties: Option<ConsumableResourceProperties>,
}

/// What a job takes from stores of consumable resources while it runs, or for ever.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConsumableResourceProperties {
    /// The stores.
    pub consumable_resource_list: Vec<ConsumableResourceRequirement>,
}

/// How much is taken from one store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConsumableResourceRequirement {
    /// The store's name or ARN; once a job is made, its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consumable_resource: Option<String>,
    /// How much.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantity: Option<i64>,
}
