//! What the operations of AWS Batch are asked with: one structure for each input, for the wire, for the command line and for
//! workflows. Members that are not known are ignored.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::consumable::ConsumableKind;
use crate::container::{ContainerOverrides, ContainerProperties};
use crate::definition::{
    ConsumableResourceProperties, DefinitionKind, JobTimeout, Map, NodeProperties, RetryStrategy,
};
use crate::job::{DependencyKind, JobStatus};
use crate::queue::{FairsharePolicy, JobStateTimeLimitAction, State};

/// RegisterJobDefinition: makes a new revision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegisterJobDefinition {
    /// The definition's name.
    pub job_definition_name: String,
    /// One container or several nodes.
    #[serde(rename = "type")]
    pub kind: DefinitionKind,
    /// Defaults for `Ref::name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Map>,
    /// The priority of its jobs inside their share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduling_priority: Option<i32>,
    /// The container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container_properties: Option<Arc<ContainerProperties>>,
    /// The nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_properties: Option<Arc<NodeProperties>>,
    /// What is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_strategy: Option<RetryStrategy>,
    /// Kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub propagate_tags: Option<bool>,
    /// How long an attempt may run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<JobTimeout>,
    /// Tags of the definition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Map>,
    /// Kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform_capabilities: Option<Vec<String>>,
    /// Kubernetes; refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eks_properties: Option<Value>,
    /// The container in ECS's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ecs_properties: Option<Value>,
    /// What jobs take from stores of consumable resources.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consumable_resource_properties: Option<ConsumableResourceProperties>,
}

/// SubmitJob.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SubmitJob {
    /// The job's name.
    pub job_name: String,
    /// The queue's name or ARN.
    pub job_queue: String,
    /// The share it belongs to; on fair-share queues.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share_identifier: Option<String>,
    /// Its priority inside the share, instead of the definition's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduling_priority_override: Option<i32>,
    /// Makes it an array.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub array_properties: Option<ArrayProperties>,
    /// What it waits for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depends_on: Option<Vec<Dependency>>,
    /// The definition: `name`, `name:revision`, or an ARN with or without the revision.
    pub job_definition: String,
    /// Values for `Ref::name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Map>,
    /// What is changed of the container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container_overrides: Option<ContainerOverrides>,
    /// What is changed of the nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_overrides: Option<NodeOverrides>,
    /// Another retry strategy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_strategy: Option<RetryStrategy>,
    /// Kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub propagate_tags: Option<bool>,
    /// Another timeout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<JobTimeout>,
    /// Tags of the job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Map>,
    /// Kubernetes; refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eks_properties_override: Option<Value>,
    /// What is changed of the container, in ECS's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ecs_properties_override: Option<Value>,
    /// What it takes from stores of consumable resources, instead of what the definition says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consumable_resource_properties_override: Option<ConsumableResourceProperties>,
}

/// Makes a job an array.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ArrayProperties {
    /// How many children, 2..10000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<i32>,
}

/// What a job waits for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Dependency {
    /// The other job's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_id: Option<String>,
    /// What of it.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<DependencyKind>,
}

/// What a submission changes of the nodes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeOverrides {
    /// Another number of nodes; the last range of the definition must be open (`n:`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub num_nodes: Option<i32>,
    /// What is changed of ranges.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_property_overrides: Option<Vec<NodePropertyOverride>>,
}

/// What a submission changes of one range of nodes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodePropertyOverride {
    /// The range, as the definition has it.
    pub target_nodes: String,
    /// What is changed of the container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container_overrides: Option<ContainerOverrides>,
    /// Refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ecs_properties_override: Option<Value>,
    /// Kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_types: Option<Vec<String>>,
    /// Refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eks_properties_override: Option<Value>,
    /// What each node takes from stores of consumable resources.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consumable_resource_properties_override: Option<ConsumableResourceProperties>,
}

/// CreateJobQueue.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateJobQueue {
    /// The queue's name.
    pub job_queue_name: String,
    /// Whether it takes jobs; it does if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    /// The policy that shares it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduling_policy_arn: Option<String>,
    /// Queues that share an environment go by it, highest first.
    pub priority: i32,
    /// Environments, 1 to 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compute_environment_order: Option<Vec<ComputeEnvironmentOrder>>,
    /// Refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_environment_order: Option<Vec<Value>>,
    /// Kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_queue_type: Option<String>,
    /// Tags of the queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Map>,
    /// What is done to jobs at its head that cannot run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_state_time_limit_actions: Option<Vec<JobStateTimeLimitAction>>,
}

/// An environment of a queue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ComputeEnvironmentOrder {
    /// Lower is tried first.
    pub order: i32,
    /// The environment's name or ARN.
    pub compute_environment: String,
}

/// UpdateJobQueue: what is not given stays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateJobQueue {
    /// The queue's name or ARN.
    pub job_queue: String,
    /// Whether it takes jobs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    /// Another policy; a queue without one gets none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduling_policy_arn: Option<String>,
    /// Another priority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<i32>,
    /// Other environments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compute_environment_order: Option<Vec<ComputeEnvironmentOrder>>,
    /// Refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_environment_order: Option<Vec<Value>>,
    /// What is done to jobs at its head that cannot run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_state_time_limit_actions: Option<Vec<JobStateTimeLimitAction>>,
}

/// DeleteJobQueue.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteJobQueue {
    /// The queue's name or ARN.
    pub job_queue: String,
}

/// DescribeJobQueues.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DescribeJobQueues {
    /// Names or ARNs; all if none is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_queues: Option<Vec<String>>,
    /// How many at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_results: Option<i32>,
    /// Where to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// CreateComputeEnvironment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateComputeEnvironment {
    /// The environment's name.
    pub compute_environment_name: String,
    /// `MANAGED` or `UNMANAGED`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it starts jobs; it does if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    /// Kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unmanagedv_cpus: Option<i32>,
    /// Machines; `maxvCpus` bounds what runs at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compute_resources: Option<Value>,
    /// Kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_role: Option<String>,
    /// Tags; `ratchet:engine` (`docker`, `process`) and `ratchet:memory` (MiB) are acted on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Map>,
    /// Kubernetes; refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eks_configuration: Option<Value>,
    /// Kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// Kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ecs_settings: Option<Value>,
}

/// UpdateComputeEnvironment: what is not given stays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateComputeEnvironment {
    /// The environment's name or ARN.
    pub compute_environment: String,
    /// Whether it starts jobs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    /// Kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unmanagedv_cpus: Option<i32>,
    /// Members of `computeResources` that change.
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
    /// Refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eks_configuration: Option<Value>,
}

/// DeleteComputeEnvironment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteComputeEnvironment {
    /// The environment's name or ARN.
    pub compute_environment: String,
}

/// DescribeComputeEnvironments.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DescribeComputeEnvironments {
    /// Names or ARNs; all if none is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compute_environments: Option<Vec<String>>,
    /// How many at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_results: Option<i32>,
    /// Where to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// CreateSchedulingPolicy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateSchedulingPolicy {
    /// The policy's name.
    pub name: String,
    /// Refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota_share_policy: Option<Value>,
    /// How shares are weighed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fairshare_policy: Option<FairsharePolicy>,
    /// Tags of the policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Map>,
}

/// UpdateSchedulingPolicy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateSchedulingPolicy {
    /// The policy's ARN.
    pub arn: String,
    /// Refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota_share_policy: Option<Value>,
    /// How shares are weighed from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fairshare_policy: Option<FairsharePolicy>,
}

/// DeleteSchedulingPolicy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteSchedulingPolicy {
    /// The policy's ARN.
    pub arn: String,
}

/// DescribeSchedulingPolicies.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeSchedulingPolicies {
    /// Their ARNs.
    pub arns: Vec<String>,
}

/// ListSchedulingPolicies.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ListSchedulingPolicies {
    /// How many at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_results: Option<i32>,
    /// Where to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// CreateConsumableResource.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateConsumableResource {
    /// The store's name.
    pub consumable_resource_name: String,
    /// How much there is; nothing if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_quantity: Option<i64>,
    /// Whether what a job took comes back; it does if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_type: Option<ConsumableKind>,
    /// Tags of the store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Map>,
}

/// UpdateConsumableResource.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateConsumableResource {
    /// The store's name or ARN.
    pub consumable_resource: String,
    /// `SET`, `ADD` or `REMOVE`; `SET` if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// How much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<i64>,
    /// The same token again changes nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_token: Option<String>,
}

/// DeleteConsumableResource and DescribeConsumableResource.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OneConsumableResource {
    /// The store's name or ARN.
    pub consumable_resource: String,
}

/// A name with values that are looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Filter {
    /// The name.
    pub name: String,
    /// The values.
    pub values: Vec<String>,
}

/// ListConsumableResources.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ListConsumableResources {
    /// `CONSUMABLE_RESOURCE_NAME`, with a trailing `*` for all that begin so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filters: Option<Vec<Filter>>,
    /// How many at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_results: Option<i32>,
    /// Where to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// ListJobsByConsumableResource.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListJobsByConsumableResource {
    /// The store's name or ARN.
    pub consumable_resource: String,
    /// `JOB_STATUS` or `JOB_NAME`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filters: Option<Vec<Filter>>,
    /// How many at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_results: Option<i32>,
    /// Where to go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// DeregisterJobDefinition.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeregisterJobDefinition {
    /// `name:revision` or an ARN.
    pub job_definition: String,
}

/// DescribeJobDefinitions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DescribeJobDefinitions {
    /// `name:revision` or ARNs; nothing else may be given with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_definitions: Option<Vec<String>>,
    /// How many at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_results: Option<i32>,
    /// All revisions of this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_definition_name: Option<String>,
    /// `ACTIVE` or `INACTIVE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Where to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// DescribeJobs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeJobs {
    /// Their ids, at most 100.
    pub jobs: Vec<String>,
}

/// ListJobs: of one queue, or the children of one array, or the nodes of one job.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ListJobs {
    /// The queue's name or ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_queue: Option<String>,
    /// The array's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub array_job_id: Option<String>,
    /// The multi-node job's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub multi_node_job_id: Option<String>,
    /// Those in this status; RUNNING if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_status: Option<JobStatus>,
    /// How many at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_results: Option<i32>,
    /// Where to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    /// One filter: `JOB_NAME`, `JOB_DEFINITION`, `BEFORE_CREATED_AT`, `AFTER_CREATED_AT` or `SHARE_IDENTIFIER`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filters: Option<Vec<Filter>>,
}

/// CancelJob and TerminateJob.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EndJob {
    /// The job's id.
    pub job_id: String,
    /// Why, at most 1024 characters.
    pub reason: String,
}

/// CancelJobs and TerminateJobs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EndJobs {
    /// The jobs' ids, at most 50.
    pub jobs: Vec<String>,
    /// Why, at most 1024 characters.
    pub reason: String,
}

/// GetJobQueueSnapshot.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GetJobQueueSnapshot {
    /// The queue's name or ARN.
    pub job_queue: String,
}

/// TagResource.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TagResource {
    /// The ARN; the path has it.
    pub resource_arn: String,
    /// The tags, at most 50.
    pub tags: Map,
}

/// UntagResource.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UntagResource {
    /// The ARN; the path has it.
    pub resource_arn: String,
    /// The names of the tags.
    pub tag_keys: Vec<String>,
}

/// ListTagsForResource.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ListTagsForResource {
    /// The ARN; the path has it.
    pub resource_arn: String,
}
