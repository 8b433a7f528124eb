//! What the ends of jobs mean, and how what was submitted is looked after.

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
}
