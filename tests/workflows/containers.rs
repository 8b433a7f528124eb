//! The workflows whose states are container jobs, in a Docker daemon of the test's own; and what becomes of a job when its server is killed
//! or its execution is stopped.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use expect_test::{Expect, expect};
use serde_json::{Value, json};
use tests::support::docker::{Daemon, IMAGE};
use tests::support::server::Server;

use crate::{definition, told, workflows};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server whose jobs run in a daemon, and may mount the directory `results` of its home.
fn server(daemon: &Daemon) -> Server {
    let server = Server::new();
    let results = results(&server);
    fs::create_dir(&results).unwrap();
    server
        .config(&workflows().join("ratchet.toml"))
        .variable("RATCHET_BATCH_ENGINE", "docker")
        .variable(
            "RATCHET_BATCH_DOCKER_SOCKET",
            daemon.socket().to_str().unwrap(),
        )
        .variable("RATCHET_BATCH_ALLOWED_MOUNTS", &results)
        .variable("INTEREST_RESULTS", &results)
        .start()
}

fn results(server: &Server) -> String {
    let results = server.home().join("results");
    results.to_str().unwrap().to_owned()
}

/// Asks Batch for something.
fn batch(server: &Server, operation: &str, request: &Value) -> Value {
    let path = format!("/v1/{operation}");
    let headers = [("content-type", "application/json")];
    let body = request.to_string();
    let answer = server
        .http()
        .request("POST", &path, &headers, body.as_bytes())
        .unwrap();
    assert_eq!(answer.status, 200, "{operation}: {}", answer.text());
    answer.json()
}

/// Registers a job definition of `workflows/`, with the image that the daemon has and the directory that the server allows.
fn register(server: &Server, name: &str) {
    let text = fs::read_to_string(workflows().join(format!("{name}.job.json"))).unwrap();
    let text = text
        .replace("\"busybox\"", &format!("{IMAGE:?}"))
        .replace("/tmp/ratchet-interest", &results(server));
    let request: Value = serde_json::from_str(&text).unwrap();
    batch(server, "registerjobdefinition", &request);
}

/// Executes a workflow with an input of `workflows/inputs`, and compares its path and its end.
fn check(server: &Server, machine: &str, input: &str, expected: &Expect) {
    register(server, machine);
    let mut aws = server.aws();
    let arn = aws.create(machine, &fs::read_to_string(definition(machine)).unwrap());
    let input = fs::read_to_string(workflows().join("inputs").join(input)).unwrap();
    let execution = aws.start(&arn, &input);
    expected.assert_eq(&told(&mut aws, &execution));
}

#[test]
fn workflows_of_container_jobs() {
    let daemon = Daemon::start();
    let server = server(&daemon);
    check(
        &server,
        "interest-run",
        "interest-run.json",
        &expect![[r#"
        ComputeShares
        AddUp
        ReadTotal
        SUCCEEDED
        {"month":"2026-10","shares":4,"accounts":12000,"interest":21246.94}
    "#]],
    );
    check(
        &server,
        "interest-run",
        "interest-run.no-rate.json",
        &expect![[r#"
        ComputeShares
        ExplainFailure
        InterestNotComputed
        FAILED
        InterestNotComputed
        the job interest-2026-11 failed: Array Child Job failed
    "#]],
    );
    check(
        &server,
        "nightly-report",
        "nightly-report.json",
        &expect![[r#"
        EachRegion
        CountOrders
        CountOrders
        CountOrders
        CloseTheDay
        SUCCEEDED
        {"night":"2026-11-22","regions":["north","south","west"],"counted":[{"job":"count-north","status":"SUCCEEDED"},{"job":"count-south","status":"SUCCEEDED"},{"job":"count-west","status":"SUCCEEDED"}]}
    "#]],
    );
}

/// A state machine with one job, which writes a line to `results/lines` when it begins and when it ends.
fn lines(server: &Server, seconds: u32) -> String {
    register(server, "interest-run");
    let command = format!(
        "trap 'exit 143' TERM; echo begun >> $RESULTS/lines; sleep {seconds} & wait $!; echo done >> $RESULTS/lines"
    );
    json!({
        "StartAt": "Job",
        "States": { "Job": {
            "Type": "Task",
            "Resource": "arn:aws:states:::batch:submitJob.sync",
            "Parameters": {
                "JobName": "lines",
                "JobQueue": "default",
                "JobDefinition": "interest-run",
                "ContainerOverrides": { "Command": ["sh", "-c", command] },
                "RetryStrategy": { "Attempts": 1 },
            },
            "ResultSelector": { "status.$": "$.Status" },
            "End": true,
        } },
    })
    .to_string()
}

/// Waits until something is as it should be.
fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "{what} takes too long");
        sleep(Duration::from_millis(20));
    }
}

fn read(server: &Server) -> String {
    let lines = Path::new(&results(server)).join("lines");
    fs::read_to_string(lines).unwrap_or_default()
}

/// All jobs of the queue: status and reason.
fn jobs(server: &Server) -> Vec<String> {
    let filter = json!({"jobQueue": "default", "filters": [{"name": "JOB_NAME", "values": ["*"]}]});
    let listed = batch(server, "listjobs", &filter);
    let jobs = listed["jobSummaryList"].as_array().unwrap().iter();
    jobs.map(|job| {
        let text = |name: &str| job[name].as_str().unwrap_or_default().to_owned();
        format!("{}: {}", text("status"), text("statusReason"))
    })
    .collect()
}

/// Starts an execution of one job, and waits until the job runs.
fn started(server: &Server, seconds: u32) -> String {
    let machine = lines(server, seconds);
    let mut aws = server.aws();
    let arn = aws.create("lines", &machine);
    let execution = aws.start(&arn, "{}");
    wait_until("the job's beginning", || read(server).contains("begun"));
    execution
}

#[test]
fn a_job_outlives_its_server_but_not_its_execution() {
    let daemon = Daemon::start();

    let mut killed = server(&daemon);
    let execution = started(&killed, 2);
    killed.kill();
    killed.restart();
    let ended = "Job\nSUCCEEDED\n{\"status\":\"SUCCEEDED\"}\n";
    assert_eq!(told(&mut killed.aws(), &execution), ended);
    assert_eq!(read(&killed), "begun\ndone\n");
    let succeeded = ["SUCCEEDED: Essential container in task exited"];
    assert_eq!(jobs(&killed), succeeded);

    let mut asked = server(&daemon);
    let execution = started(&asked, 2);
    assert!(asked.terminate().success());
    asked.restart();
    assert_eq!(told(&mut asked.aws(), &execution), ended);
    assert_eq!(read(&asked), "begun\ndone\n");
    assert_eq!(jobs(&asked), succeeded);

    let stopped = server(&daemon);
    let execution = started(&stopped, 600);
    let stop = json!({ "executionArn": execution });
    stopped.aws().call("StopExecution", &stop).unwrap();
    let failed = ["FAILED: The workflow that waited for this job no longer does."];
    wait_until("the job's end", || jobs(&stopped) == failed);
    assert_eq!(read(&stopped), "begun\n");
    wait_until("the containers' removal", || {
        let containers = daemon.ask("GET", "/containers/json?all=true");
        containers.trim_end().ends_with("[]")
    });
}
