//! What the operations of AWS Batch answer: one structure for each output. Lists that AWS shows though they are empty are shown.

mod of;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::consumable::ConsumableKind;
use crate::container::ContainerProperties;
use crate::definition::{
    ConsumableResourceProperties, JobTimeout, Map, NodeProperties, RetryStrategy,
};
use crate::environment::Engine;
use crate::job::{JobDependency, JobStatus};
use crate::queue::{FairsharePolicy, JobStateTimeLimitAction, State};
use crate::request::ComputeEnvironmentOrder;

/// SubmitJob's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SubmittedJob {
    /// The job's ARN.
    pub job_arn: String,
    /// Its name.
    pub job_name: String,
    /// Its id.
    pub job_id: String,
}

/// DescribeJobs' answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Jobs {
    /// Those that are known, in the order of asking.
    pub jobs: Vec<JobDetail>,
}

/// A job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobDetail {
    /// Its ARN.
    pub job_arn: String,
    /// Its name.
    pub job_name: String,
    /// Its id.
    pub job_id: String,
    /// Its queue's ARN.
    pub job_queue: String,
    /// Where it is in its life.
    pub status: JobStatus,
    /// The share it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share_identifier: Option<String>,
    /// Its priority inside the share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduling_priority: Option<i32>,
    /// What was tried and ended.
    #[serde(default)]
    pub attempts: Vec<AttemptDetail>,
    /// Why it is where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_reason: Option<String>,
    /// When it was submitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<i64>,
    /// What is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_strategy: Option<RetryStrategy>,
    /// When its last attempt started. The model asks for it, so before the start the member is not there on AWS either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<i64>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<i64>,
    /// What it waits or waited for.
    #[serde(default)]
    pub depends_on: Vec<JobDependency>,
    /// The definition's ARN.
    pub job_definition: String,
    /// Values for `Ref::name`.
    #[serde(default)]
    pub parameters: Map,
    /// The container, with what became of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<ContainerDetail>,
    /// Which node it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_details: Option<NodeDetails>,
    /// Its nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_properties: Option<Arc<NodeProperties>>,
    /// Its children, or its index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub array_properties: Option<ArrayPropertiesDetail>,
    /// How long an attempt may run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<JobTimeout>,
    /// Its tags.
    #[serde(default)]
    pub tags: Map,
    /// Kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub propagate_tags: Option<bool>,
    /// Kept.
    #[serde(default)]
    pub platform_capabilities: Vec<String>,
    /// Always empty.
    #[serde(default)]
    pub eks_attempts: Vec<Value>,
    /// The container in ECS's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ecs_properties: Option<Arc<Value>>,
    /// Whether it was cancelled.
    #[serde(default)]
    pub is_cancelled: bool,
    /// Whether it was terminated.
    #[serde(default)]
    pub is_terminated: bool,
    /// What it takes from stores of consumable resources.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consumable_resource_properties: Option<ConsumableResourceProperties>,
}

/// An attempt that ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AttemptDetail {
    /// Its container.
    pub container: AttemptContainerDetail,
    /// When it started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<i64>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<i64>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_reason: Option<String>,
    /// The container in ECS's words; only of jobs that are described so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub task_properties: Vec<Value>,
}

/// The container of an attempt.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AttemptContainerDetail {
    /// The environment, as an ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_instance_arn: Option<String>,
    /// The attempt, as an ARN: what follows the last slash is the container's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_arn: Option<String>,
    /// What its process ended with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// What is to be said of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Where its log is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_stream_name: Option<String>,
    /// Its addresses.
    pub network_interfaces: Vec<NetworkInterface>,
}

/// An address of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NetworkInterface {
    /// Not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attachment_id: Option<String>,
    /// Not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipv6_address: Option<String>,
    /// The address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_ipv4_address: Option<String>,
}

/// A job's container: what it was to be, and what became of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerDetail {
    /// What it was to be.
    #[serde(flatten)]
    pub properties: Arc<ContainerProperties>,
    /// What became of the last attempt's.
    #[serde(flatten)]
    pub outcome: AttemptContainerDetail,
}

/// Which node a job is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeDetails {
    /// Its index.
    pub node_index: u32,
    /// Whether its end is the job's.
    pub is_main_node: bool,
}

/// The children of an array, or which child a job is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ArrayPropertiesDetail {
    /// How many children are where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_summary: Option<BTreeMap<String, u32>>,
    /// When that was so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_summary_last_updated_at: Option<i64>,
    /// How many children there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u32>,
    /// The child's index.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<u32>,
}

/// ListJobs' answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobList {
    /// The jobs.
    pub job_summary_list: Vec<JobSummary>,
    /// Where to go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// A job in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobSummary {
    /// Its ARN.
    pub job_arn: String,
    /// Its id.
    pub job_id: String,
    /// Its name.
    pub job_name: String,
    /// When it was submitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<i64>,
    /// The share it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share_identifier: Option<String>,
    /// Where it is in its life.
    pub status: JobStatus,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_reason: Option<String>,
    /// When its last attempt started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<i64>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<i64>,
    /// What became of its container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<ContainerSummary>,
    /// Its children, or its index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub array_properties: Option<ArrayPropertiesDetail>,
    /// Its nodes, or which it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_properties: Option<NodePropertiesSummary>,
    /// The definition's ARN.
    pub job_definition: String,
    /// Whether it was cancelled.
    #[serde(default)]
    pub is_cancelled: bool,
    /// Whether it was terminated.
    #[serde(default)]
    pub is_terminated: bool,
}

/// What became of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerSummary {
    /// What its process ended with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// What is to be said of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A job's nodes, or which it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodePropertiesSummary {
    /// Whether its end is the job's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_main_node: Option<bool>,
    /// How many nodes there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub num_nodes: Option<u32>,
    /// Its index.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_index: Option<u32>,
}

/// The answer of CancelJobs and TerminateJobs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EndedJobs {
    /// Those that it was done to.
    pub successful: Vec<String>,
    /// The others.
    pub errors: Vec<EndJobError>,
}

/// Why a job was not cancelled or terminated.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EndJobError {
    /// The job.
    pub job: String,
    /// The error's name.
    pub code: String,
    /// What is wrong.
    pub message: String,
}

/// The answer of RegisterJobDefinition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegisteredJobDefinition {
    /// Its name.
    pub job_definition_name: String,
    /// The revision's ARN.
    pub job_definition_arn: String,
    /// The revision.
    pub revision: u32,
}

/// The answer of DescribeJobDefinitions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobDefinitions {
    /// The revisions.
    pub job_definitions: Vec<JobDefinitionDetail>,
    /// Where to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// A revision of a job definition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobDefinitionDetail {
    /// The revision's ARN.
    pub job_definition_arn: String,
    /// Its tags.
    #[serde(default)]
    pub tags: Map,
    /// Always `ECS`.
    #[serde(default)]
    pub container_orchestration_type: String,
    /// All else. A container made from `ecsProperties` is left out.
    #[serde(flatten)]
    pub definition: crate::definition::JobDefinition,
}

/// The name and the ARN of a queue that was made or changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NamedJobQueue {
    /// Its name.
    pub job_queue_name: String,
    /// Its ARN.
    pub job_queue_arn: String,
}

/// The answer of DescribeJobQueues.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobQueues {
    /// The queues.
    pub job_queues: Vec<JobQueueDetail>,
    /// Where to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// A job queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobQueueDetail {
    /// Its name.
    pub job_queue_name: String,
    /// Its ARN.
    pub job_queue_arn: String,
    /// Whether it takes jobs.
    pub state: State,
    /// The policy that shares it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduling_policy_arn: Option<String>,
    /// Always `VALID`.
    pub status: String,
    /// What is to be said of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_reason: Option<String>,
    /// Queues that share an environment go by it, highest first.
    pub priority: i32,
    /// Its environments' ARNs.
    pub compute_environment_order: Vec<ComputeEnvironmentOrder>,
    /// Always empty.
    #[serde(default)]
    pub service_environment_order: Vec<Value>,
    /// Kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_queue_type: Option<String>,
    /// Its tags.
    #[serde(default)]
    pub tags: Map,
    /// What is done to jobs at its head that cannot run.
    #[serde(default)]
    pub job_state_time_limit_actions: Vec<JobStateTimeLimitAction>,
}

/// The name and the ARN of an environment that was made or changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NamedComputeEnvironment {
    /// Its name.
    pub compute_environment_name: String,
    /// Its ARN.
    pub compute_environment_arn: String,
}

/// The answer of DescribeComputeEnvironments.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ComputeEnvironments {
    /// The environments.
    pub compute_environments: Vec<ComputeEnvironmentDetail>,
    /// Where to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// A compute environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ComputeEnvironmentDetail {
    /// Its name.
    pub compute_environment_name: String,
    /// Its ARN.
    pub compute_environment_arn: String,
    /// Kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unmanagedv_cpus: Option<i32>,
    /// Its tags.
    #[serde(default)]
    pub tags: Map,
    /// `MANAGED` or `UNMANAGED`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it starts jobs.
    pub state: State,
    /// `VALID`, or `INVALID` while its engine does not answer.
    pub status: String,
    /// What is wrong with the engine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_reason: Option<String>,
    /// What the caller gave of machines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compute_resources: Option<Value>,
    /// Kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_role: Option<String>,
    /// Kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update_policy: Option<Value>,
    /// Always `ECS`.
    pub container_orchestration_type: String,
    /// Tells it from others of the name before it.
    pub uuid: String,
    /// Kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// Kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ecs_settings: Option<Value>,
    /// Not of AWS: what runs its jobs.
    #[serde(rename = "ratchet:engine", default)]
    pub engine: Engine,
    /// Not of AWS: what its jobs may use at once.
    #[serde(rename = "ratchet:limits", default)]
    pub limits: crate::container::Resources,
}

/// The name and the ARN of a policy that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NamedSchedulingPolicy {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
}

/// The answer of DescribeSchedulingPolicies.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SchedulingPolicies {
    /// The policies.
    pub scheduling_policies: Vec<SchedulingPolicyDetail>,
}

/// A scheduling policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SchedulingPolicyDetail {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// How shares are weighed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fairshare_policy: Option<FairsharePolicy>,
    /// Its tags.
    #[serde(default)]
    pub tags: Map,
}

/// The answer of ListSchedulingPolicies.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SchedulingPolicyList {
    /// The policies.
    pub scheduling_policies: Vec<SchedulingPolicyListing>,
    /// Where to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// A policy in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SchedulingPolicyListing {
    /// Its ARN.
    pub arn: String,
}

/// The answer of CreateConsumableResource and UpdateConsumableResource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NamedConsumableResource {
    /// Its name.
    pub consumable_resource_name: String,
    /// Its ARN.
    pub consumable_resource_arn: String,
    /// How much there is now; of an update.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_quantity: Option<i64>,
}

/// A store of something that jobs take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConsumableResourceDetail {
    /// Its name.
    pub consumable_resource_name: String,
    /// Its ARN.
    pub consumable_resource_arn: String,
    /// How much there is, what jobs hold included.
    pub total_quantity: i64,
    /// How much jobs hold.
    pub in_use_quantity: i64,
    /// How much can be taken.
    pub available_quantity: i64,
    /// Whether what a job took comes back.
    pub resource_type: ConsumableKind,
    /// When it was made.
    pub created_at: i64,
    /// Its tags.
    #[serde(default)]
    pub tags: Map,
}

/// The answer of ListConsumableResources.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConsumableResources {
    /// The stores.
    pub consumable_resources: Vec<ConsumableResourceSummary>,
    /// Where to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// A store in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConsumableResourceSummary {
    /// Its ARN.
    pub consumable_resource_arn: String,
    /// Its name.
    pub consumable_resource_name: String,
    /// How much there is.
    pub total_quantity: i64,
    /// How much jobs hold.
    pub in_use_quantity: i64,
    /// Whether what a job took comes back.
    pub resource_type: ConsumableKind,
}

/// The answer of ListJobsByConsumableResource.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobsByConsumableResource {
    /// The jobs.
    pub jobs: Vec<ConsumingJob>,
    /// Where to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// A job that takes from a store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConsumingJob {
    /// Its ARN.
    pub job_arn: String,
    /// Its queue's ARN.
    pub job_queue_arn: String,
    /// Its name.
    pub job_name: String,
    /// Its definition's ARN.
    pub job_definition_arn: String,
    /// The share it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share_identifier: Option<String>,
    /// Where it is in its life.
    pub job_status: JobStatus,
    /// How much it takes.
    pub quantity: i64,
    /// Why it is where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_reason: Option<String>,
    /// When its last attempt started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<i64>,
    /// When it was submitted.
    pub created_at: i64,
    /// All that it takes.
    pub consumable_resource_properties: ConsumableResourceProperties,
}

/// The answer of GetJobQueueSnapshot.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobQueueSnapshot {
    /// Who is next.
    pub front_of_queue: FrontOfQueue,
    /// What is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue_utilization: Option<QueueUtilization>,
}

/// Who is next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FrontOfQueue {
    /// The first hundred that are RUNNABLE, in the order of their turns.
    pub jobs: Vec<FrontOfQueueJob>,
    /// When that was so.
    pub last_updated_at: i64,
}

/// One that is next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FrontOfQueueJob {
    /// Its ARN.
    pub job_arn: String,
    /// Since when it can run.
    pub earliest_time_at_position: i64,
}

/// What a queue's jobs use.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct QueueUtilization {
    /// All together.
    pub total_capacity_usage: Vec<CapacityUsage>,
    /// By share; of fair-share queues.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fairshare_utilization: Option<FairshareUtilization>,
    /// When that was so.
    pub last_updated_at: i64,
}

/// How much of something is used.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CapacityUsage {
    /// Such as `VCPU`.
    pub capacity_unit: String,
    /// How much.
    pub quantity: f64,
}

/// What shares use.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FairshareUtilization {
    /// How many shares have jobs.
    pub active_share_count: u64,
    /// Those that use most.
    pub top_capacity_utilization: Vec<ShareUtilization>,
}

/// What one share uses.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ShareUtilization {
    /// The share.
    pub share_identifier: String,
    /// How much it uses.
    pub capacity_usage: Vec<CapacityUsage>,
}

/// The answer of ListTagsForResource.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Tags {
    /// The tags.
    pub tags: Map,
}

/// An answer that says nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {}
