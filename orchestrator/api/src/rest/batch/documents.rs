//! Batch's documents in the OpenAPI document: what they are is said by AWS's reference, not again.

use batch::view::{
    ComputeEnvironmentDetail, JobDefinitionDetail, JobDetail, JobQueueDetail, JobQueueSnapshot,
    JobSummary,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A job, as DescribeJobs of AWS Batch shows it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object)]
pub(in crate::rest) struct Job(pub(in crate::rest) JobDetail);

/// A job in a list, as ListJobs of AWS Batch shows it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object)]
pub(in crate::rest) struct JobInList(pub(in crate::rest) JobSummary);

/// A page of jobs.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(in crate::rest) struct Jobs {
    /// The jobs, the newest first; of an array's children and a multi-node job's nodes, the last first.
    pub(in crate::rest) jobs: Vec<JobInList>,
    /// The cursor of the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(in crate::rest) next: Option<String>,
}

/// A revision of a job definition, as DescribeJobDefinitions of AWS Batch shows it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object)]
pub(in crate::rest) struct JobDefinition(pub(in crate::rest) JobDefinitionDetail);

/// A page of job definitions.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::rest) struct JobDefinitions {
    /// The revisions.
    pub(in crate::rest) job_definitions: Vec<JobDefinition>,
    /// The cursor of the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(in crate::rest) next: Option<String>,
}

/// A job queue, as DescribeJobQueues of AWS Batch shows it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object)]
pub(in crate::rest) struct JobQueue(pub(in crate::rest) JobQueueDetail);

/// A page of job queues.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::rest) struct JobQueues {
    /// The queues.
    pub(in crate::rest) job_queues: Vec<JobQueue>,
    /// The cursor of the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(in crate::rest) next: Option<String>,
}

/// The jobs that are next, as GetJobQueueSnapshot of AWS Batch shows them.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object)]
pub(in crate::rest) struct Snapshot(pub(in crate::rest) JobQueueSnapshot);

/// A compute environment, as DescribeComputeEnvironments of AWS Batch shows it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object)]
pub(in crate::rest) struct ComputeEnvironment(pub(in crate::rest) ComputeEnvironmentDetail);

/// A page of compute environments.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::rest) struct ComputeEnvironments {
    /// The environments.
    pub(in crate::rest) compute_environments: Vec<ComputeEnvironment>,
    /// The cursor of the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(in crate::rest) next: Option<String>,
}

/// A request of AWS Batch, by its members.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object)]
pub(in crate::rest) struct Members(pub(in crate::rest) Map<String, Value>);

/// Says why a job is ended.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::rest) struct Reason {
    /// What is recorded of it.
    pub(in crate::rest) reason: Option<String>,
}
