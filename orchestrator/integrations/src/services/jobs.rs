//! The jobs that `.sync` waits for: how each is asked after, what its end means, and how it is stopped.

use interpreter::failure::{Failure, names};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::failures::failure;

/// A job that was submitted, and how to look after it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Job {
    /// The kind of job.
    pub(super) kind: JobKind,
    /// The operation that tells how it is, and its parameters.
    pub(super) describe: (String, Value),
    /// The operation that stops it, and its parameters.
    pub(super) stop: Option<(String, Value)>,
}

/// The kinds of jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum JobKind {
    /// A query of Athena.
    Query,
    /// A container job of Batch.
    BatchJob,
    /// A build of CodeBuild.
    Build,
    /// Several builds of CodeBuild.
    BuildBatch,
    /// A run of a DataBrew job.
    RecipeRun,
    /// A task of ECS.
    ContainerTask,
    /// A cluster of EMR that starts.
    Cluster,
    /// A cluster of EMR that ends.
    ClusterEnd,
    /// A step of EMR.
    Step,
    /// A virtual cluster of EMR on EKS that ends.
    VirtualClusterEnd,
    /// A job of EMR on EKS.
    VirtualJob,
    /// An application of EMR Serverless that is made.
    ApplicationCreated,
    /// An application of EMR Serverless that starts.
    ApplicationStarted,
    /// An application of EMR Serverless that stops.
    ApplicationStopped,
    /// An application of EMR Serverless that goes away.
    ApplicationEnd,
    /// A job of EMR Serverless.
    ServerlessJob,
    /// A job of EMR Serverless that is cancelled.
    ServerlessJobEnd,
    /// A cluster of EKS that is made.
    KubernetesCluster,
    /// A group of nodes of EKS that is made.
    Nodegroup,
    /// A Fargate profile of EKS that is made.
    FargateProfile,
    /// Something of EKS that goes away.
    KubernetesEnd,
    /// A run of a Glue job.
    JobRun,
    /// A job of MediaConvert.
    Transcoding,
    /// A tuning job of SageMaker.
    HyperParameterTuning,
    /// A labelling job of SageMaker.
    Labeling,
    /// A processing job of SageMaker.
    Processing,
    /// A training job of SageMaker.
    Training,
    /// A transform job of SageMaker.
    Transform,
}

/// What a description says.
#[derive(Debug, PartialEq)]
pub(super) enum Verdict {
    /// It goes on.
    Running,
    /// It ended well, with this result.
    Succeeded(Value),
    /// It ended badly.
    Failed(Failure),
}

impl Job {
    /// The job that a call has submitted: what it was called with and what it gave.
    pub(super) fn of(service: &str, action: &str, given: &Value, response: &Value) -> Option<Self> {
        let from = |value: &Value, path: &str| value.pointer(path).cloned();
        let job = |kind, describe: (&str, Value), stop: Option<(&str, Value)>| Self {
            kind,
            describe: (describe.0.to_owned(), describe.1),
            stop: stop.map(|(operation, parameters)| (operation.to_owned(), parameters)),
        };
        Some(match (service, action) {
            ("athena", "startQueryExecution") => {
                let query = json!({ "QueryExecutionId": from(response, "/QueryExecutionId")? });
                let stop = Some(("stopQueryExecution", query.clone()));
                job(JobKind::Query, ("getQueryExecution", query), stop)
            }
            ("batch", "submitJob") => {
                let id = from(response, "/JobId")?;
                let reason = "The workflow that waited for this job no longer does.";
                let stop = json!({ "JobId": id, "Reason": reason });
                let describe = ("describeJobs", json!({ "Jobs": [id] }));
                job(JobKind::BatchJob, describe, Some(("terminateJob", stop)))
            }
            ("codebuild", "startBuild") => {
                let id = from(response, "/Build/Id")?;
                let describe = ("batchGetBuilds", json!({ "Ids": [id] }));
                job(
                    JobKind::Build,
                    describe,
                    Some(("stopBuild", json!({ "Id": id }))),
                )
            }
            ("codebuild", "startBuildBatch" | "retryBuildBatch") => {
                let id = from(response, "/BuildBatch/Id")?;
                let describe = ("batchGetBuildBatches", json!({ "Ids": [id] }));
                let stop = Some(("stopBuildBatch", json!({ "Id": id })));
                job(JobKind::BuildBatch, describe, stop)
            }
            ("databrew", "startJobRun") => {
                let name = from(given, "/Name")?;
                let run = json!({ "Name": name, "RunId": from(response, "/RunId")? });
                let stop = Some(("stopJobRun", run.clone()));
                job(JobKind::RecipeRun, ("describeJobRun", run), stop)
            }
            ("ecs", "runTask") => {
                let task = from(response, "/Tasks/0/TaskArn")?;
                let cluster = from(response, "/Tasks/0/ClusterArn").or(from(given, "/Cluster"));
                let mut describe = json!({ "Tasks": [task], "Include": ["TAGS"] });
                let reason = "The workflow that waited for this task no longer does.";
                let mut stop = json!({ "Task": task, "Reason": reason });
                if let Some(cluster) = cluster {
                    describe["Cluster"] = cluster.clone();
                    stop["Cluster"] = cluster;
                }
                job(
                    JobKind::ContainerTask,
                    ("describeTasks", describe),
                    Some(("stopTask", stop)),
                )
            }
            ("elasticmapreduce", "createCluster") => {
                let id = from(response, "/ClusterId")?;
                let stop = Some(("terminateJobFlows", json!({ "JobFlowIds": [id] })));
                job(
                    JobKind::Cluster,
                    ("describeCluster", json!({ "ClusterId": id })),
                    stop,
                )
            }
            ("elasticmapreduce", "terminateCluster") => {
                let id = from(given, "/ClusterId")?;
                job(
                    JobKind::ClusterEnd,
                    ("describeCluster", json!({ "ClusterId": id })),
                    None,
                )
            }
            ("elasticmapreduce", "addStep") => {
                let (cluster, step) = (from(given, "/ClusterId")?, from(response, "/StepId")?);
                let stop = json!({ "ClusterId": cluster, "StepIds": [step] });
                job(
                    JobKind::Step,
                    (
                        "describeStep",
                        json!({ "ClusterId": cluster, "StepId": step }),
                    ),
                    Some(("cancelSteps", stop)),
                )
            }
            ("emr-containers", "startJobRun") => {
                let cluster = from(given, "/VirtualClusterId")?;
                let run = json!({ "Id": from(response, "/Id")?, "VirtualClusterId": cluster });
                let stop = Some(("cancelJobRun", run.clone()));
                job(JobKind::VirtualJob, ("describeJobRun", run), stop)
            }
            ("emr-containers", "deleteVirtualCluster") => {
                let id = json!({ "Id": from(given, "/Id")? });
                job(
                    JobKind::VirtualClusterEnd,
                    ("describeVirtualCluster", id),
                    None,
                )
            }
            ("emr-serverless", "startJobRun") => {
                let application = from(given, "/ApplicationId")?;
                let run = json!({ "ApplicationId": application, "JobRunId": from(response, "/JobRunId")? });
                let stop = Some(("cancelJobRun", run.clone()));
                job(JobKind::ServerlessJob, ("getJobRun", run), stop)
            }
            ("emr-serverless", "cancelJobRun") => {
                let application = from(given, "/ApplicationId")?;
                let run =
                    json!({ "ApplicationId": application, "JobRunId": from(given, "/JobRunId")? });
                job(JobKind::ServerlessJobEnd, ("getJobRun", run), None)
            }
            ("emr-serverless", _) => {
                let kind = match action {
                    "createApplication" => JobKind::ApplicationCreated,
                    "startApplication" => JobKind::ApplicationStarted,
                    "stopApplication" => JobKind::ApplicationStopped,
                    "deleteApplication" => JobKind::ApplicationEnd,
                    _ => return None,
                };
                let id = from(response, "/ApplicationId").or(from(given, "/ApplicationId"))?;
                let id = json!({ "ApplicationId": id });
                job(kind, ("getApplication", id), None)
            }
            // AWS leaves a cluster to those who made it when the execution is stopped.
            ("eks", _) => {
                let (kind, what) = match action {
                    "createCluster" => (JobKind::KubernetesCluster, "Cluster"),
                    "createNodegroup" => (JobKind::Nodegroup, "Nodegroup"),
                    "createFargateProfile" => (JobKind::FargateProfile, "FargateProfile"),
                    "deleteCluster" => (JobKind::KubernetesEnd, "Cluster"),
                    "deleteNodegroup" => (JobKind::KubernetesEnd, "Nodegroup"),
                    "deleteFargateProfile" => (JobKind::KubernetesEnd, "FargateProfile"),
                    _ => return None,
                };
                let name = match what {
                    "Cluster" => json!({ "Name": from(given, "/Name")? }),
                    _ => {
                        let member = format!("{what}Name");
                        let cluster = from(given, "/ClusterName")?;
                        json!({ "ClusterName": cluster, &member: given.get(&member)? })
                    }
                };
                job(kind, (&format!("describe{what}"), name), None)
            }
            ("glue", "startJobRun") => {
                let (name, run) = (from(given, "/JobName")?, from(response, "/JobRunId")?);
                let stop = json!({ "JobName": name, "JobRunIds": [run] });
                let describe = json!({ "JobName": name, "RunId": run });
                job(
                    JobKind::JobRun,
                    ("getJobRun", describe),
                    Some(("batchStopJobRun", stop)),
                )
            }
            ("mediaconvert", "createJob") => {
                let id = json!({ "Id": from(response, "/Job/Id")? });
                let stop = Some(("cancelJob", id.clone()));
                job(JobKind::Transcoding, ("getJob", id), stop)
            }
            ("sagemaker", _) => {
                let (kind, what) = match action {
                    "createHyperParameterTuningJob" => {
                        (JobKind::HyperParameterTuning, "HyperParameterTuningJob")
                    }
                    "createLabelingJob" => (JobKind::Labeling, "LabelingJob"),
                    "createProcessingJob" => (JobKind::Processing, "ProcessingJob"),
                    "createTrainingJob" => (JobKind::Training, "TrainingJob"),
                    "createTransformJob" => (JobKind::Transform, "TransformJob"),
                    _ => return None,
                };
                let member = format!("{what}Name");
                let name = json!({ &member: given.get(&member)? });
                job(
                    kind,
                    (&format!("describe{what}"), name.clone()),
                    Some((&format!("stop{what}"), name)),
                )
            }
            _ => return None,
        })
    }
}

impl JobKind {
    /// Whether it has ended well when the service knows it no more.
    pub(super) fn goes_away(self) -> bool {
        match self {
            Self::KubernetesEnd | Self::ApplicationEnd | Self::VirtualClusterEnd => true,
            Self::Query
            | Self::BatchJob
            | Self::Build
            | Self::BuildBatch
            | Self::RecipeRun
            | Self::ContainerTask
            | Self::Cluster
            | Self::ClusterEnd
            | Self::Step
            | Self::VirtualJob
            | Self::ApplicationCreated
            | Self::ApplicationStarted
            | Self::ApplicationStopped
            | Self::ServerlessJob
            | Self::ServerlessJobEnd
            | Self::KubernetesCluster
            | Self::Nodegroup
            | Self::FargateProfile
            | Self::JobRun
            | Self::Transcoding
            | Self::HyperParameterTuning
            | Self::Labeling
            | Self::Processing
            | Self::Training
            | Self::Transform => false,
        }
    }

    /// What a description says.
    pub(super) fn judge(self, described: &Value) -> Verdict {
        let at = |path: &str| described.pointer(path).cloned().unwrap_or_default();
        let state = |path: &str| {
            let state = described.pointer(path).and_then(Value::as_str);
            state.unwrap_or_default().to_owned()
        };
        match self {
            Self::Query => by_state(
                &state("/QueryExecution/Status/State"),
                &["SUCCEEDED"],
                &["FAILED", "CANCELLED"],
                described.clone(),
                &at("/QueryExecution"),
            ),
            Self::BatchJob => by_state(
                &state("/Jobs/0/Status"),
                &["SUCCEEDED"],
                &["FAILED"],
                at("/Jobs/0"),
                &at("/Jobs/0"),
            ),
            Self::Build => by_state(
                &state("/Builds/0/BuildStatus"),
                &["SUCCEEDED"],
                &["FAILED", "FAULT", "TIMED_OUT", "STOPPED"],
                json!({ "Build": at("/Builds/0") }),
                &json!({ "Build": at("/Builds/0") }),
            ),
            Self::BuildBatch => by_state(
                &state("/BuildBatches/0/BuildBatchStatus"),
                &["SUCCEEDED"],
                &["FAILED", "FAULT", "TIMED_OUT", "STOPPED"],
                json!({ "BuildBatch": at("/BuildBatches/0") }),
                &json!({ "BuildBatch": at("/BuildBatches/0") }),
            ),
            Self::RecipeRun => by_state(
                &state("/State"),
                &["SUCCEEDED"],
                &["FAILED", "STOPPED", "TIMEOUT"],
                described.clone(),
                described,
            ),
            Self::ContainerTask => container_task(described),
            Self::Cluster => by_state(
                &cluster_state(described),
                &["WAITING", "RUNNING", "TERMINATED"],
                &["TERMINATED_WITH_ERRORS"],
                cluster(described),
                &cluster(described),
            ),
            Self::ClusterEnd => by_state(
                &state("/Cluster/Status/State"),
                &["TERMINATED", "TERMINATED_WITH_ERRORS"],
                &[],
                cluster(described),
                described,
            ),
            Self::Step => by_state(
                &state("/Step/Status/State"),
                &["COMPLETED"],
                &["CANCELLED", "FAILED", "INTERRUPTED"],
                described.clone(),
                described,
            ),
            Self::VirtualClusterEnd => by_state(
                &state("/VirtualCluster/State"),
                &["TERMINATED"],
                &["ARRESTED"],
                described.clone(),
                described,
            ),
            Self::VirtualJob => by_state(
                &state("/JobRun/State"),
                &["COMPLETED"],
                &["FAILED", "CANCELLED"],
                at("/JobRun"),
                &at("/JobRun"),
            ),
            Self::ApplicationCreated => application(
                described,
                &["CREATED", "STARTING", "STARTED", "STOPPING", "STOPPED"],
            ),
            Self::ApplicationStarted => application(described, &["STARTED"]),
            Self::ApplicationStopped => application(described, &["STOPPED"]),
            Self::ApplicationEnd => application(described, &[]),
            Self::ServerlessJob => by_state(
                &state("/JobRun/State"),
                &["SUCCESS"],
                &["FAILED", "CANCELLED"],
                at("/JobRun"),
                &at("/JobRun"),
            ),
            Self::ServerlessJobEnd => by_state(
                &state("/JobRun/State"),
                &["CANCELLED", "SUCCESS", "FAILED"],
                &[],
                at("/JobRun"),
                &at("/JobRun"),
            ),
            Self::KubernetesCluster => by_state(
                &state("/Cluster/Status"),
                &["ACTIVE"],
                &["FAILED", "DELETING"],
                described.clone(),
                described,
            ),
            Self::Nodegroup => by_state(
                &state("/Nodegroup/Status"),
                &["ACTIVE"],
                &["CREATE_FAILED", "DEGRADED", "DELETING"],
                described.clone(),
                described,
            ),
            Self::FargateProfile => by_state(
                &state("/FargateProfile/Status"),
                &["ACTIVE"],
                &["CREATE_FAILED", "DELETING"],
                described.clone(),
                described,
            ),
            Self::KubernetesEnd => {
                let states = [
                    "/Cluster/Status",
                    "/Nodegroup/Status",
                    "/FargateProfile/Status",
                ];
                let state: String = states.into_iter().map(state).collect();
                let failures = ["FAILED", "DELETE_FAILED"];
                by_state(&state, &[], &failures, described.clone(), described)
            }
            Self::JobRun => by_state(
                &state("/JobRun/JobRunState"),
                &["SUCCEEDED"],
                &["STOPPED", "FAILED", "TIMEOUT", "ERROR", "EXPIRED"],
                at("/JobRun"),
                &at("/JobRun"),
            ),
            Self::Transcoding => by_state(
                &state("/Job/Status"),
                &["COMPLETE"],
                &["ERROR", "CANCELED"],
                described.clone(),
                described,
            ),
            Self::HyperParameterTuning => learning(described, "HyperParameterTuningJobStatus"),
            Self::Labeling => learning(described, "LabelingJobStatus"),
            Self::Processing => learning(described, "ProcessingJobStatus"),
            Self::Training => learning(described, "TrainingJobStatus"),
            Self::Transform => learning(described, "TransformJobStatus"),
        }
    }
}

fn by_state(state: &str, good: &[&str], bad: &[&str], result: Value, cause: &Value) -> Verdict {
    if good.contains(&state) {
        Verdict::Succeeded(result)
    } else if bad.contains(&state) {
        Verdict::Failed(failure(names::TASK_FAILED, cause.to_string()))
    } else {
        Verdict::Running
    }
}

/// An application that is gone is in no other state any more.
fn application(described: &Value, good: &[&str]) -> Verdict {
    let state = described
        .pointer("/Application/State")
        .and_then(Value::as_str);
    let (good, bad): (&[&str], &[&str]) = match good {
        [] => (&["TERMINATED"], &[]),
        good => (good, &["TERMINATED"]),
    };
    by_state(
        state.unwrap_or_default(),
        good,
        bad,
        described.clone(),
        described,
    )
}

fn learning(described: &Value, member: &str) -> Verdict {
    let state = described.get(member).and_then(Value::as_str);
    by_state(
        state.unwrap_or_default(),
        &["Completed"],
        &["Failed", "Stopped"],
        described.clone(),
        described,
    )
}

/// A cluster that ends by itself when its steps are done may have ended before it was seen to run.
fn cluster_state(described: &Value) -> String {
    let text = |path: &str| {
        let text = described.pointer(path).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    let state = text("/Cluster/Status/State");
    let reason = text("/Cluster/Status/StateChangeReason/Code");
    if state == "TERMINATED" && reason != "ALL_STEPS_COMPLETED" {
        return "TERMINATED_WITH_ERRORS".to_owned();
    }
    state
}

fn cluster(described: &Value) -> Value {
    let mut result = described.clone();
    if let Some(id) = described.pointer("/Cluster/Id") {
        result["ClusterId"] = id.clone();
    }
    result
}

/// A task of ECS has ended well when each of its containers has.
fn container_task(described: &Value) -> Verdict {
    let Some(task) = described.pointer("/Tasks/0") else {
        let failed = described
            .get("Failures")
            .and_then(Value::as_array)
            .is_some_and(|failures| !failures.is_empty());
        return if failed {
            Verdict::Failed(failure(names::TASK_FAILED, described.to_string()))
        } else {
            Verdict::Running
        };
    };
    if task.get("LastStatus").and_then(Value::as_str) != Some("STOPPED") {
        return Verdict::Running;
    }
    let containers = task.get("Containers").and_then(Value::as_array);
    let codes: Vec<Option<i64>> = containers
        .into_iter()
        .flatten()
        .map(|container| container.get("ExitCode").and_then(Value::as_i64))
        .collect();
    let failed_to_start = task.get("StopCode").and_then(Value::as_str) == Some("TaskFailedToStart");
    let any_failed = codes.iter().any(|code| code.unwrap_or_default() != 0);
    let none_ended = !codes.is_empty() && codes.iter().all(Option::is_none);
    if failed_to_start || any_failed || none_ended {
        Verdict::Failed(failure(names::TASK_FAILED, task.to_string()))
    } else {
        Verdict::Succeeded(task.clone())
    }
}
