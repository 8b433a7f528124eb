//! `.sync`: jobs that states wait for, through a crash, and stopped when nobody waits any more.

use serde_json::{Value, json};

use super::{World, one_state, output, until};

impl World {
    /// A Glue job.
    fn glue_job(&self) {
        let job = json!({
            "Name": "job", "Role": "arn:aws:iam::123456789012:role/r",
            "Command": { "Name": "glueetl", "ScriptLocation": "s3://b/s.py" },
        });
        self.call("arn:aws:states:::aws-sdk:glue:createJob", job);
    }

    fn glue_runs(&self) -> Vec<Value> {
        let runs = self.call(
            "arn:aws:states:::aws-sdk:glue:getJobRuns",
            json!({ "JobName": "job" }),
        );
        runs["JobRuns"].as_array().unwrap().clone()
    }
}

#[test]
fn jobs_are_waited_for() {
    let mut world = World::open();
    world.glue_job();
    the_end_of_a_job_is_the_result(&world);
    a_job_is_stopped_with_its_execution(&world);
    a_job_is_not_started_again_after_a_crash(&mut world);
}

fn the_end_of_a_job_is_the_result(world: &World) {
    world.transition(
        "glue::job_run",
        json!({ "progression": "manual", "times": 2 }),
    );
    let ended = world.run(
        &one_state("arn:aws:states:::glue:startJobRun.sync"),
        &json!({ "JobName": "job", "Arguments": { "--day": "monday" } }),
    );
    assert_eq!(ended["status"], "SUCCEEDED", "{ended}");
    let result = output(&ended);
    assert_eq!(result["JobRunState"], "SUCCEEDED");
    assert_eq!(result["JobName"], "job");
    // Times of the optimised integrations are milliseconds.
    assert!(
        result["StartedOn"].as_i64().unwrap() > 1_600_000_000_000,
        "{result}"
    );
    let mut aws = world.server.aws();
    let history = aws
        .history(ended["executionArn"].as_str().unwrap())
        .unwrap();
    let kinds: Vec<&str> = history
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds[2..7],
        [
            "TaskScheduled",
            "TaskStarted",
            "TaskSubmitted",
            "TaskSucceeded",
            "TaskStateExited"
        ]
    );

    let query = world.run(
        &one_state("arn:aws:states:::athena:startQueryExecution.sync"),
        &json!({ "QueryString": "select 1", "ResultConfiguration": { "OutputLocation": "s3://b/" } }),
    );
    assert_eq!(
        output(&query)["QueryExecution"]["Status"]["State"],
        "SUCCEEDED",
        "{query}"
    );
}

fn a_job_is_not_started_again_after_a_crash(world: &mut World) {
    let before = world.glue_runs().len();
    world.transition(
        "glue::job_run",
        json!({ "progression": "manual", "times": 1_000_000 }),
    );
    let mut aws = world.server.aws();
    let machine = one_state("arn:aws:states:::glue:startJobRun.sync");
    let execution = world.begin(&mut aws, &machine, &json!({ "JobName": "job" }));
    until("the submission", || {
        let history = aws.history(&execution).unwrap();
        history.iter().any(|event| event["type"] == "TaskSubmitted")
    });
    world.server.kill();
    world.server.restart();
    let mut aws = world.server.aws();
    assert_eq!(world.glue_runs().len(), before + 1);
    world.transition("glue::job_run", json!({ "progression": "immediate" }));
    assert_eq!(aws.wait(&execution)["status"], "SUCCEEDED");
    assert_eq!(world.glue_runs().len(), before + 1);
}

fn a_job_is_stopped_with_its_execution(world: &World) {
    let mut aws = world.server.aws();
    world.call(
        "arn:aws:states:::aws-sdk:ecs:createCluster",
        json!({ "ClusterName": "c" }),
    );
    world.call(
        "arn:aws:states:::aws-sdk:ecs:registerTaskDefinition",
        json!({
            "Family": "f", "NetworkMode": "awsvpc", "RequiresCompatibilities": ["FARGATE"], "Cpu": "256", "Memory": "512",
            "ContainerDefinitions": [{ "Name": "c", "Image": "busybox", "Cpu": 256, "Memory": 512 }],
        }),
    );
    let subnets = world.call("arn:aws:states:::aws-sdk:ec2:describeSubnets", json!({}));
    world.transition(
        "ecs::task",
        json!({ "progression": "manual", "times": 1_000_000 }),
    );
    let parameters = json!({
        "Cluster": "c", "TaskDefinition": "f", "LaunchType": "FARGATE",
        "NetworkConfiguration": { "AwsvpcConfiguration": { "Subnets": [subnets["Subnets"][0]["SubnetId"]], "SecurityGroups": [] } },
    });
    let machine = one_state("arn:aws:states:::ecs:runTask.sync");
    let execution = world.begin(&mut aws, &machine, &parameters);
    until("the submission", || {
        let history = aws.history(&execution).unwrap();
        assert!(
            history.iter().all(|event| event["type"] != "TaskFailed"),
            "{history:?}"
        );
        history.iter().any(|event| event["type"] == "TaskSubmitted")
    });
    aws.call("StopExecution", &json!({ "executionArn": execution }))
        .unwrap();
    let mut said = json!(null);
    until("the stop", || {
        let tasks = world.call(
            "arn:aws:states:::aws-sdk:ecs:listTasks",
            json!({ "Cluster": "c", "DesiredStatus": "STOPPED" }),
        );
        said = tasks["TaskArns"].clone();
        said.as_array().is_some_and(|tasks| tasks.len() == 1)
    });
    let described = world.call(
        "arn:aws:states:::aws-sdk:ecs:describeTasks",
        json!({ "Cluster": "c", "Tasks": said }),
    );
    assert_eq!(
        described["Tasks"][0]["StoppedReason"],
        "The workflow that waited for this task no longer does."
    );
}
