//! What the ends of jobs mean, and how what was submitted is looked after.

use asl::resource::Pattern;
use aws_client::catalogue::Catalogue;
use aws_client::request::prepare;
use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::jobs::{Job, JobKind, Verdict};

fn submitted(service: &str, action: &str, given: Value, response: Value, expected: Expect) {
    let shown = match Job::of(service, action, &given, &response) {
        None => "none".to_owned(),
        Some(job) => {
            let call =
                |(operation, parameters): &(String, Value)| format!("{operation} {parameters}");
            let stop = job.stop.as_ref().map_or("nothing".to_owned(), call);
            format!("{:?}\nask  {}\nstop {stop}", job.kind, call(&job.describe))
        }
    };
    expected.assert_eq(&shown);
}

#[test]
fn jobs_are_asked_after_and_stopped_by_their_names() {
    submitted(
        "glue",
        "startJobRun",
        json!({ "JobName": "j" }),
        json!({ "JobRunId": "r" }),
        expect![[r#"
            JobRun
            ask  getJobRun {"JobName":"j","RunId":"r"}
            stop batchStopJobRun {"JobName":"j","JobRunIds":["r"]}"#]],
    );
    submitted(
        "ecs",
        "runTask",
        json!({ "TaskDefinition": "d" }),
        json!({ "Tasks": [{ "TaskArn": "t", "ClusterArn": "c" }] }),
        expect![[r#"
            ContainerTask
            ask  describeTasks {"Tasks":["t"],"Include":["TAGS"],"Cluster":"c"}
            stop stopTask {"Task":"t","Reason":"The workflow that waited for this task no longer does.","Cluster":"c"}"#]],
    );
    submitted(
        "sagemaker",
        "createTrainingJob",
        json!({ "TrainingJobName": "n" }),
        json!({ "TrainingJobArn": "a" }),
        expect![[r#"
            Training
            ask  describeTrainingJob {"TrainingJobName":"n"}
            stop stopTrainingJob {"TrainingJobName":"n"}"#]],
    );
    submitted(
        "elasticmapreduce",
        "addStep",
        json!({ "ClusterId": "c", "Step": {} }),
        json!({ "StepId": "s" }),
        expect![[r#"
            Step
            ask  describeStep {"ClusterId":"c","StepId":"s"}
            stop cancelSteps {"ClusterId":"c","StepIds":["s"]}"#]],
    );
    submitted(
        "elasticmapreduce",
        "terminateCluster",
        json!({ "ClusterId": "c" }),
        json!({}),
        expect![[r#"
            ClusterEnd
            ask  describeCluster {"ClusterId":"c"}
            stop nothing"#]],
    );
    submitted("glue", "startJobRun", json!({}), json!({}), expect!["none"]);
}

/// Every member that a job is known by, by any name that it has.
fn everything() -> Value {
    let names = [
        "ApplicationId",
        "ClusterArn",
        "ClusterId",
        "ClusterName",
        "FargateProfileName",
        "HyperParameterTuningJobName",
        "Id",
        "JobName",
        "JobRunId",
        "LabelingJobName",
        "Name",
        "NodegroupName",
        "ProcessingJobName",
        "QueryExecutionId",
        "RunId",
        "StepId",
        "TrainingJobName",
        "TransformJobName",
        "VirtualClusterId",
        "JobId",
    ];
    let mut all: serde_json::Map<String, Value> = names
        .into_iter()
        .map(|name| (name.to_owned(), json!("a-name-that-is-long-enough")))
        .collect();
    for (name, member) in [
        ("Build", json!({ "Id": "b" })),
        ("BuildBatch", json!({ "Id": "b" })),
        ("Job", json!({ "Id": "j" })),
        ("Tasks", json!([{ "TaskArn": "t", "ClusterArn": "c" }])),
    ] {
        all.insert(name.to_owned(), member);
    }
    Value::Object(all)
}

/// What definitions may call is performed, and whatever is waited for can be asked after and stopped.
#[test]
fn every_integration_can_be_performed() {
    let catalogue = Catalogue::new(None);
    let elsewhere = ["dms", "http", "lambda", "states"];
    let members = everything();
    for (service, action, pattern) in asl::integrations::all() {
        if elsewhere.contains(&service) {
            continue;
        }
        let optimised = super::optimised::service(service);
        let optimised = optimised.unwrap_or_else(|| panic!("{service} is not performed"));
        let model = catalogue.model(optimised.service).unwrap();
        let wraps = ["apigateway", "elasticmapreduce"].contains(&service);
        assert!(
            wraps || model.operation(action).is_some(),
            "{service}:{action}"
        );
        if pattern != Pattern::Sync {
            continue;
        }
        let job = Job::of(service, action, &members, &members);
        let job = job.unwrap_or_else(|| panic!("{service}:{action} can't be waited for"));
        for (operation, parameters) in [Some(&job.describe), job.stop.as_ref()]
            .into_iter()
            .flatten()
        {
            let (name, found) = model.operation(operation).unwrap();
            let prepared = prepare(&model, name, found, parameters, "token");
            assert!(
                prepared.is_ok(),
                "{service}:{action}: {operation} {parameters}: {prepared:?}"
            );
        }
    }
}

fn judged(kind: JobKind, described: Value, expected: &str) {
    let shown = match kind.judge(&described) {
        Verdict::Running => "running".to_owned(),
        Verdict::Succeeded(result) => format!("succeeded {result}"),
        Verdict::Failed(failure) => format!(
            "failed {} {}",
            failure.error.unwrap_or_default(),
            failure.cause.unwrap_or_default()
        ),
    };
    assert_eq!(shown, expected, "{kind:?} {described}");
}

#[test]
fn ends_are_told_apart() {
    let run = |state: &str| json!({ "JobRun": { "JobRunState": state } });
    judged(JobKind::JobRun, run("STOPPING"), "running");
    judged(
        JobKind::JobRun,
        run("SUCCEEDED"),
        r#"succeeded {"JobRunState":"SUCCEEDED"}"#,
    );
    judged(
        JobKind::JobRun,
        run("TIMEOUT"),
        r#"failed States.TaskFailed {"JobRunState":"TIMEOUT"}"#,
    );

    let job = |status: &str| json!({ "Jobs": [{ "Status": status }] });
    judged(JobKind::BatchJob, job("RUNNABLE"), "running");
    judged(
        JobKind::BatchJob,
        job("SUCCEEDED"),
        r#"succeeded {"Status":"SUCCEEDED"}"#,
    );
    judged(
        JobKind::BatchJob,
        job("FAILED"),
        r#"failed States.TaskFailed {"Status":"FAILED"}"#,
    );

    let query = |state: &str| json!({ "QueryExecution": { "Status": { "State": state } } });
    judged(JobKind::Query, query("QUEUED"), "running");
    judged(
        JobKind::Query,
        query("SUCCEEDED"),
        r#"succeeded {"QueryExecution":{"Status":{"State":"SUCCEEDED"}}}"#,
    );
    judged(
        JobKind::Query,
        query("CANCELLED"),
        r#"failed States.TaskFailed {"Status":{"State":"CANCELLED"}}"#,
    );

    let task = |status: &str, codes: Value| json!({ "Tasks": [{ "LastStatus": status, "Containers": codes }] });
    judged(
        JobKind::ContainerTask,
        task("RUNNING", json!([])),
        "running",
    );
    judged(
        JobKind::ContainerTask,
        task("STOPPED", json!([{ "ExitCode": 0 }, {}])),
        r#"succeeded {"LastStatus":"STOPPED","Containers":[{"ExitCode":0},{}]}"#,
    );
    judged(
        JobKind::ContainerTask,
        task("STOPPED", json!([{ "ExitCode": 0 }, { "ExitCode": 1 }])),
        r#"failed States.TaskFailed {"LastStatus":"STOPPED","Containers":[{"ExitCode":0},{"ExitCode":1}]}"#,
    );
    judged(
        JobKind::ContainerTask,
        task("STOPPED", json!([{}])),
        r#"failed States.TaskFailed {"LastStatus":"STOPPED","Containers":[{}]}"#,
    );
    judged(
        JobKind::ContainerTask,
        json!({ "Failures": [{ "Reason": "MISSING" }], "Tasks": [] }),
        r#"failed States.TaskFailed {"Failures":[{"Reason":"MISSING"}],"Tasks":[]}"#,
    );

    let training = |status: &str| json!({ "TrainingJobStatus": status });
    judged(JobKind::Training, training("InProgress"), "running");
    judged(
        JobKind::Training,
        training("Completed"),
        r#"succeeded {"TrainingJobStatus":"Completed"}"#,
    );
    judged(
        JobKind::Training,
        training("Stopped"),
        r#"failed States.TaskFailed {"TrainingJobStatus":"Stopped"}"#,
    );

    let cluster = |state: &str, code: &str| json!({ "Cluster": { "Id": "c", "Status": { "State": state, "StateChangeReason": { "Code": code } } } });
    judged(JobKind::Cluster, cluster("STARTING", ""), "running");
    judged(
        JobKind::Cluster,
        cluster("TERMINATED", "ALL_STEPS_COMPLETED"),
        r#"succeeded {"Cluster":{"Id":"c","Status":{"State":"TERMINATED","StateChangeReason":{"Code":"ALL_STEPS_COMPLETED"}}},"ClusterId":"c"}"#,
    );
    judged(
        JobKind::Cluster,
        cluster("TERMINATED", "USER_REQUEST"),
        r#"failed States.TaskFailed {"Cluster":{"Id":"c","Status":{"State":"TERMINATED","StateChangeReason":{"Code":"USER_REQUEST"}}},"ClusterId":"c"}"#,
    );

    let application = |state: &str| json!({ "Application": { "State": state } });
    for (kind, running, good, bad) in [
        (
            JobKind::ApplicationCreated,
            "CREATING",
            Some("CREATED"),
            Some("TERMINATED"),
        ),
        (
            JobKind::ApplicationStarted,
            "STARTING",
            Some("STARTED"),
            Some("TERMINATED"),
        ),
        (
            JobKind::ApplicationStopped,
            "STOPPING",
            Some("STOPPED"),
            Some("TERMINATED"),
        ),
        (JobKind::ApplicationEnd, "STOPPED", Some("TERMINATED"), None),
    ] {
        ends(kind, application, running, good, bad);
    }
    let run = |state: &str| json!({ "JobRun": { "State": state } });
    ends(
        JobKind::ServerlessJob,
        run,
        "SCHEDULED",
        Some("SUCCESS"),
        Some("CANCELLED"),
    );
    ends(
        JobKind::ServerlessJobEnd,
        run,
        "CANCELLING",
        Some("CANCELLED"),
        None,
    );
    ends(
        JobKind::VirtualJob,
        run,
        "CANCEL_PENDING",
        Some("COMPLETED"),
        Some("FAILED"),
    );
    let cluster = |state: &str| json!({ "VirtualCluster": { "State": state } });
    ends(
        JobKind::VirtualClusterEnd,
        cluster,
        "TERMINATING",
        Some("TERMINATED"),
        Some("ARRESTED"),
    );
    let cluster = |status: &str| json!({ "Cluster": { "Status": status } });
    ends(
        JobKind::KubernetesCluster,
        cluster,
        "CREATING",
        Some("ACTIVE"),
        Some("FAILED"),
    );
    ends(
        JobKind::KubernetesEnd,
        cluster,
        "DELETING",
        None,
        Some("FAILED"),
    );
    let group = |status: &str| json!({ "Nodegroup": { "Status": status } });
    ends(
        JobKind::Nodegroup,
        group,
        "CREATING",
        Some("ACTIVE"),
        Some("CREATE_FAILED"),
    );
    ends(
        JobKind::KubernetesEnd,
        group,
        "DELETING",
        None,
        Some("DELETE_FAILED"),
    );
    let profile = |status: &str| json!({ "FargateProfile": { "Status": status } });
    ends(
        JobKind::FargateProfile,
        profile,
        "CREATING",
        Some("ACTIVE"),
        Some("CREATE_FAILED"),
    );
    let batch = |status: &str| json!({ "BuildBatches": [{ "BuildBatchStatus": status }] });
    ends(
        JobKind::BuildBatch,
        batch,
        "IN_PROGRESS",
        Some("SUCCEEDED"),
        Some("TIMED_OUT"),
    );
}

/// A state in which a job goes on, one that is a good end, and one that is a bad one.
fn ends(
    kind: JobKind,
    described: impl Fn(&str) -> Value,
    running: &str,
    good: Option<&str>,
    bad: Option<&str>,
) {
    assert_eq!(
        kind.judge(&described(running)),
        Verdict::Running,
        "{kind:?}"
    );
    if let Some(good) = good {
        let verdict = kind.judge(&described(good));
        assert!(matches!(verdict, Verdict::Succeeded(_)), "{kind:?} {good}");
    }
    if let Some(bad) = bad {
        let verdict = kind.judge(&described(bad));
        assert!(matches!(verdict, Verdict::Failed(_)), "{kind:?} {bad}");
    }
}
