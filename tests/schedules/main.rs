//! Schedules of the real binary: boto3 drives them by `client.py`, REST does what AWS does not know, and nothing fires twice or never when the
//! server is killed.
#![allow(
    clippy::unwrap_used,
    reason = "these are tests: a failure is a panic that names its place"
)]

use std::collections::BTreeSet;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tests::support::aws::text;
use tests::support::binary::root;
use tests::support::moto::Moto;
use tests::support::postgres::Cluster;
use tests::support::python::python;
use tests::support::server::Server;

const PASS: &str = r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}"#;
const WAIT: &str =
    r#"{"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 600, "End": true}}}"#;
const FAIL: &str =
    r#"{"StartAt": "A", "States": {"A": {"Type": "Fail", "Error": "Broken", "Cause": "as ever"}}}"#;

/// Writes a file at the path that its input names.
const CONFIGURATION: &str = r#"
[batch]
engine = "process"

[functions.write]
command = ["python3", "-c", "import json, sys; open(json.load(sys.stdin)['path'], 'w').close(); print('{}')"]
"#;

/// Runs the tests of one class of `client.py`.
fn check(class: &str) {
    let server = Server::new().toml(CONFIGURATION).start();
    let tested = Command::new(python())
        .args(["-m", "unittest", "-v", &format!("client.{class}")])
        .current_dir(root().join("tests/schedules"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("ENDPOINT", format!("http://{}", server.address()))
        .env("OUTBOX", server.home())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&tested.stderr);
    println!("{said}");
    assert!(tested.status.success(), "{said}");
}

#[test]
fn schedules() {
    check("Schedules");
}

#[test]
fn groups() {
    check("Groups");
}

#[test]
fn targets() {
    check("Targets");
}

/// Asks REST; the answer must be a success.
fn ask(server: &Server, method: &str, path: &str, body: &Value) -> Value {
    let (status, text) = sent(server, method, path, body);
    assert!(status < 300, "{method} {path}: {status} {text}");
    serde_json::from_str(&text).unwrap_or(Value::Null)
}

fn sent(server: &Server, method: &str, path: &str, body: &Value) -> (u16, String) {
    sent_to(server, method, &format!("/api/v1{path}"), body)
}

/// Sends a request to any path.
fn sent_to(server: &Server, method: &str, path: &str, body: &Value) -> (u16, String) {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let headers = [("content-type", "application/json")];
    let answer = server
        .http()
        .request(method, path, &headers, body.as_bytes())
        .unwrap();
    (answer.status, answer.text())
}

/// Asks again and again until the answer is as wanted.
fn until(server: &Server, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let began = Instant::now();
    loop {
        let answer = ask(server, "GET", path, &Value::Null);
        if wanted(&answer) {
            return answer;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "still {answer}");
        sleep(Duration::from_millis(50));
    }
}

fn create(server: &Server, id: &str, machine: &str, more: &Value) {
    let mut body = json!({
        "id": id,
        "expression": "rate(365 days)",
        "start": "2099-01-01T00:00:00Z",
        "target": {"stateMachine": machine, "input": {"at": "<aws.scheduler.scheduled-time>"}},
    });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    ask(server, "POST", "/schedules", &body);
}

fn statuses(runs: &Value) -> Vec<&str> {
    let runs = runs["runs"].as_array().unwrap();
    runs.iter().map(|run| text(run, "status")).collect()
}

#[test]
fn a_run_that_is_not_over_keeps_the_next_from_beginning() {
    let server = Server::started();
    server.aws().create("slow", WAIT);
    create(&server, "one", "slow", &json!({"overlap": "SKIP"}));
    let trigger = |overlap: Value| ask(&server, "POST", "/schedules/one/trigger", &overlap);
    assert_eq!(trigger(json!({}))["result"], "BEGUN");
    until(&server, "/schedules/one/runs", |runs| {
        statuses(runs) == ["RUNNING"]
    });
    assert_eq!(trigger(json!({}))["result"], "SKIPPED");
    assert_eq!(trigger(json!({"overlap": "BUFFER_ONE"}))["result"], "WAITS");
    // The one that waits begins once the other is terminated; the newest takes its place.
    assert_eq!(
        trigger(json!({"overlap": "TERMINATE_OTHER"}))["result"],
        "WAITS"
    );
    until(&server, "/schedules/one/runs", |runs| {
        statuses(runs) == ["RUNNING", "STOPPED"]
    });
    let shown = ask(&server, "GET", "/schedules/one", &Value::Null);
    assert_eq!(shown["counts"]["skipped"], 2);
    let executions = ask(
        &server,
        "GET",
        "/state-machines/slow/executions",
        &Value::Null,
    );
    let aborted = executions["executions"].as_array().unwrap();
    assert_eq!(aborted.len(), 2);
    assert_eq!(aborted[1]["status"], "ABORTED");
}

#[test]
fn a_failure_pauses_until_somebody_resumes() {
    let server = Server::started();
    server.aws().create("broken", FAIL);
    create(&server, "one", "broken", &json!({"pauseOnFailure": true}));
    ask(&server, "POST", "/schedules/one/trigger", &json!({}));
    let shown = until(&server, "/schedules/one", |shown| shown["paused"] == true);
    let why = text(&shown["pause"], "why");
    assert!(why.ends_with("failed: Broken: as ever"), "{why}");
    let resumed = ask(&server, "POST", "/schedules/one/resume", &Value::Null);
    assert_eq!(resumed["paused"], false);
}

#[test]
fn a_backfill_runs_the_past_in_its_order() {
    let server = Server::started();
    server.aws().create("quick", PASS);
    let daily = json!({"expression": "cron(0 2 * * ? *)", "timeZone": "Europe/Berlin", "start": null, "overlap": "BUFFER_ALL"});
    create(&server, "daily", "quick", &daily);
    let range = json!({"from": "2026-03-27T12:00:00Z", "until": "2026-03-31T12:00:00Z"});
    let answer = ask(&server, "POST", "/schedules/daily/backfill", &range);
    // On the 29th there is no two o'clock in Berlin.
    assert_eq!(answer["times"], 3);
    let runs = until(&server, "/schedules/daily/runs", |runs| {
        statuses(runs) == ["SUCCEEDED"; 3]
    });
    let mut times: Vec<&str> = runs["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| text(run, "scheduledAt"))
        .collect();
    times.sort_unstable();
    assert_eq!(
        times,
        [
            "2026-03-28T01:00:00.000Z",
            "2026-03-30T00:00:00.000Z",
            "2026-03-31T00:00:00.000Z"
        ]
    );
}

#[test]
fn a_call_that_can_not_be_made_leaves_a_letter() {
    let server = Server::started();
    let target = json!({
        "arn": "arn:aws:scheduler:::aws-sdk:sfn:startExecution",
        "input": {"wrong": true},
        "deadLetterArn": "arn:aws:sqs:us-east-1:000000000000:letters",
    });
    create(&server, "lost", "-", &json!({"target": target}));
    ask(&server, "POST", "/schedules/lost/trigger", &json!({}));
    let path = "/schedules/lost/dead-letters";
    let letters = until(&server, path, |letters| {
        !letters["deadLetters"].as_array().unwrap().is_empty()
    });
    let letter = &letters["deadLetters"][0];
    assert_eq!(letter["payload"], r#"{"wrong":true}"#);
    assert!(
        text(letter, "error").contains("not that of StartExecution"),
        "{letter}"
    );
}

/// Calls an operation of SQS by a workflow.
fn sqs(server: &Server, operation: &str, parameters: &Value) -> Value {
    service(server, "sqs", operation, parameters)
}

/// Calls an operation of a service by a workflow.
fn service(server: &Server, service: &str, operation: &str, parameters: &Value) -> Value {
    let resource = format!("arn:aws:states:::aws-sdk:{service}:{operation}");
    let definition = json!({
        "StartAt": "Call",
        "States": {"Call": {"Type": "Task", "Resource": resource, "End": true}},
    });
    let mut aws = server.aws();
    let machine = aws.create(operation, &definition.to_string());
    let execution = aws.start(&machine, &parameters.to_string());
    let ended = aws.wait(&execution);
    serde_json::from_str(text(&ended, "output")).unwrap()
}

/// The next message of a queue.
fn received(server: &Server, url: &str) -> Value {
    let request = json!({"QueueUrl": url, "WaitTimeSeconds": 10, "MessageAttributeNames": ["All"]});
    sqs(server, "receiveMessage", &request)["Messages"][0].clone()
}

#[test]
fn services_of_aws_are_called_and_get_letters() {
    let moto = Moto::start();
    let server = Server::new()
        .variable("AWS_ENDPOINT_URL", moto.url())
        .variable("AWS_REGION", "us-east-1")
        .start();
    let queue = |name: &str| {
        let made = sqs(&server, "createQueue", &json!({"QueueName": name}));
        text(&made, "QueueUrl").to_owned()
    };
    let (messages, letters) = (queue("messages"), queue("letters"));
    let send = |id: &str, target: Value| {
        create(&server, id, "-", &json!({"target": target}));
        ask(
            &server,
            "POST",
            &format!("/schedules/{id}/trigger"),
            &json!({}),
        );
    };

    let call = json!({"QueueUrl": messages, "MessageBody": "by its operation"});
    send(
        "operation",
        json!({"arn": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage", "input": call}),
    );
    assert_eq!(received(&server, &messages)["Body"], "by its operation");
    until(&server, "/schedules/operation/runs", |runs| {
        statuses(runs) == ["SUCCEEDED"]
    });

    let arn = "arn:aws:sqs:us-east-1:123456789012";
    send(
        "queue",
        json!({"arn": format!("{arn}:messages"), "input": {"by": "its ARN"}}),
    );
    assert_eq!(received(&server, &messages)["Body"], r#"{"by":"its ARN"}"#);

    send(
        "nowhere",
        json!({
            "arn": "arn:aws:scheduler:::aws-sdk:dynamodb:getItem",
            "input": {"TableName": "none", "Key": {"id": {"S": "1"}}},
            "deadLetterArn": format!("{arn}:letters"),
        }),
    );
    let letter = received(&server, &letters);
    let attribute = |name: &str| &letter["MessageAttributes"][name]["StringValue"];
    assert_eq!(
        letter["Body"],
        r#"{"TableName":"none","Key":{"id":{"S":"1"}}}"#
    );
    assert_eq!(
        attribute("ERROR_CODE"),
        "DynamoDb.ResourceNotFoundException",
        "{letter}"
    );
    assert_eq!(
        attribute("TARGET_ARN"),
        "arn:aws:scheduler:::aws-sdk:dynamodb:getItem"
    );

    // What can't be made a request is not tried for a day.
    send(
        "unsaid",
        json!({
            "arn": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage",
            "input": {"Message": "to whom?"},
            "deadLetterArn": format!("{arn}:letters"),
        }),
    );
    let letter = received(&server, &letters);
    assert_eq!(letter["Body"], r#"{"Message":"to whom?"}"#);
}

/// Makes a schedule of that target and calls it once; it must end without a mistake, which a schedule knows whose runs may not overlap.
fn call_once(server: &Server, id: &str, target: &Value) {
    create(
        server,
        id,
        "-",
        &json!({"target": target, "overlap": "SKIP"}),
    );
    let path = format!("/schedules/{id}");
    ask(server, "POST", &format!("{path}/trigger"), &json!({}));
    until(server, &format!("{path}/runs"), |runs| {
        statuses(runs) == ["SUCCEEDED"]
    });
}

#[test]
fn resources_of_aws_are_called_with_their_parameters() {
    const OF: &str = "us-east-1:123456789012";
    let moto = Moto::start();
    let server = Server::new()
        .variable("AWS_ENDPOINT_URL", moto.url())
        .variable("AWS_REGION", "us-east-1")
        .start();

    let fifo = json!({"QueueName": "nights.fifo", "Attributes": {"FifoQueue": "true"}});
    let made = sqs(&server, "createQueue", &fifo);
    let queue = format!("arn:aws:sqs:{OF}:nights.fifo");
    let target = json!({"arn": queue, "input": "a", "parameters": {"SqsParameters": {"MessageGroupId": "g"}}});
    call_once(&server, "queue", &target);
    let shown = ask(&server, "GET", "/schedules/queue", &Value::Null);
    assert_eq!(shown["target"]["parameters"], target["parameters"]);
    let request = json!({"QueueUrl": made["QueueUrl"], "AttributeNames": ["All"]});
    let message = sqs(&server, "receiveMessage", &request)["Messages"][0].clone();
    let runs = ask(&server, "GET", "/schedules/queue/runs", &Value::Null);
    assert_eq!(message["Attributes"]["MessageGroupId"], "g");
    assert_eq!(
        message["Attributes"]["MessageDeduplicationId"], runs["runs"][0]["name"],
        "{runs}"
    );

    let stream = json!({"StreamName": "s", "ShardCount": 1});
    service(&server, "kinesis", "createStream", &stream);
    let target = json!({
        "arn": format!("arn:aws:kinesis:{OF}:stream/s"),
        "input": {"at": "<aws.scheduler.execution-id>"},
        "parameters": {"KinesisParameters": {"PartitionKey": "k"}},
    });
    call_once(&server, "stream", &target);
    let at = json!({"StreamName": "s", "ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"});
    let iterator = service(&server, "kinesis", "getShardIterator", &at);
    let at = json!({"ShardIterator": iterator["ShardIterator"]});
    let record = service(&server, "kinesis", "getRecords", &at)["Records"][0].clone();
    assert_eq!(record["PartitionKey"], "k");
    assert!(text(&record, "Data").contains("stream-"), "{record}");

    let target = json!({
        "arn": format!("arn:aws:events:{OF}:event-bus/default"),
        "input": {"of": "the night"},
        "parameters": {"EventBridgeParameters": {"DetailType": "done", "Source": "nights"}},
    });
    call_once(&server, "events", &target);

    let without = json!({
        "id": "none", "expression": "rate(1 day)",
        "target": {"arn": format!("arn:aws:ecs:{OF}:cluster/c"), "input": {}},
    });
    let (status, said) = sent(&server, "POST", "/schedules", &without);
    assert_eq!(status, 400, "{said}");
    assert!(
        said.contains("EcsParameters") && said.contains("TaskDefinitionArn"),
        "{said}"
    );
}

#[test]
fn an_alias_of_a_state_machine_leads_to_its_version() {
    let server = Server::started();
    let mut aws = server.aws();
    let arn = aws.create("machine", PASS);
    let version = json!({"stateMachineArn": arn});
    aws.call("PublishStateMachineVersion", &version).unwrap();
    let routing = json!([{"stateMachineVersionArn": format!("{arn}:1"), "weight": 100}]);
    let alias = json!({"name": "live", "routingConfiguration": routing});
    aws.call("CreateStateMachineAlias", &alias).unwrap();
    let newer = json!({"stateMachineArn": arn, "definition": FAIL});
    aws.call("UpdateStateMachine", &newer).unwrap();
    call_once(&server, "live", &json!({"arn": format!("{arn}:live")}));
    call_once(&server, "first", &json!({"arn": format!("{arn}:1")}));
}

#[test]
fn a_replication_task_is_started() {
    let source = Cluster::start(&[("wal_level", "logical")]);
    let target = Cluster::start(&[]);
    for cluster in [&source, &target] {
        cluster.create_database("shop");
    }
    let orders = "create table orders (id int primary key); insert into orders select generate_series(1, 100)";
    source.sql("shop").run(orders);
    let server = Server::started();
    let call = json!({
        "arn": "arn:aws:scheduler:::aws-sdk:databasemigration:startReplicationTask",
        "input": {
            "ReplicationTaskIdentifier": "nightly",
            "Source": {"Url": source.url("shop")},
            "Target": {"Url": target.url("shop")},
            "MigrationType": "full-load",
        },
    });
    create(&server, "copy", "-", &json!({"target": call}));
    ask(&server, "POST", "/schedules/copy/trigger", &json!({}));
    until(&server, "/schedules/copy/runs", |runs| {
        statuses(runs) == ["STARTED"]
    });
    let began = Instant::now();
    let count = "select count(*) from orders";
    let loaded = || {
        let rows = target.sql("shop").try_rows(count);
        rows.is_ok_and(|rows| rows[0][0].as_deref() == Some("100"))
    };
    while !loaded() {
        assert!(
            began.elapsed() < Duration::from_secs(30),
            "nothing is copied"
        );
        sleep(Duration::from_millis(50));
    }
}

#[test]
fn bad_requests_say_what_is_wrong() {
    let server = Server::started();
    let target = json!({"stateMachine": "a"});
    for (body, said) in [
        (
            json!({"id": "a", "expression": "cron(0 2 * *)", "target": target}),
            "it has 4 fields",
        ),
        (
            json!({"id": "a/b", "expression": "rate(1 day)", "target": target}),
            "`a/b` is no schedule's id",
        ),
        (
            json!({"id": "a", "expression": "rate(1 day)", "target": {}}),
            "either `arn` or `stateMachine`",
        ),
        (
            json!({"id": "a", "expression": "rate(1 day)", "target": target, "jitterSeconds": -1}),
            "from 0 to 86400",
        ),
        (
            json!({"id": "a", "expression": "rate(1 day)", "target": target, "start": "today"}),
            "`today` is no time",
        ),
        (
            json!({"id": "g:a", "expression": "rate(1 day)", "target": target}),
            "there is no schedule group g",
        ),
    ] {
        let (status, answer) = sent(&server, "POST", "/schedules", &body);
        assert!((400..500).contains(&status), "{body}");
        let problem: Value = serde_json::from_str(&answer).unwrap();
        assert!(text(&problem, "detail").contains(said), "{problem}");
    }
}

#[test]
fn each_fires_once_though_the_server_is_killed() {
    const SCHEDULES: usize = 60;
    let mut server = Server::started();
    server.aws().create("quick", PASS);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    for number in 0..SCHEDULES {
        // Six seconds full of them, some at the same instant.
        let start = now + 3 + (number as u64 * 6) / SCHEDULES as u64;
        let start = format!("{}Z", utc(start));
        let once =
            json!({"start": start, "overlap": if number % 2 == 0 { "SKIP" } else { "ALLOW_ALL" }});
        create(&server, &format!("s{number}"), "quick", &once);
    }
    for pause in [2900, 400, 900, 300, 1200, 700] {
        sleep(Duration::from_millis(pause));
        server.kill();
        server.restart();
    }
    let executions = until(
        &server,
        "/state-machines/quick/executions?limit=1000",
        |found| found["executions"].as_array().unwrap().len() >= SCHEDULES,
    );
    sleep(Duration::from_millis(500));
    let found = executions["executions"].as_array().unwrap();
    let names: BTreeSet<&str> = found
        .iter()
        .map(|execution| text(execution, "name").split('-').next().unwrap())
        .collect();
    assert_eq!((names.len(), found.len()), (SCHEDULES, SCHEDULES));
}

#[test]
fn the_nightly_sample_runs_its_jobs() {
    let server = Server::new().toml(CONFIGURATION).start();
    let sample = |name: &str| {
        let path = root().join("workflows").join(name);
        std::fs::read_to_string(path).unwrap()
    };
    let json_of = |name: &str| serde_json::from_str::<Value>(&sample(name)).unwrap();
    server
        .aws()
        .create("nightly-report", &sample("nightly-report.asl.json"));
    let job = json_of("nightly-report.job.json");
    ask(&server, "POST", "/job-definitions", &job);
    let (status, said) = sent_to(
        &server,
        "POST",
        "/schedules/nightly-report",
        &json_of("nightly-report.schedule.json"),
    );
    assert_eq!(status, 200, "{said}");
    // The night of the change to winter time has its two o'clock twice and is run once.
    let night = json!({"from": "2026-10-24T22:00:00Z", "until": "2026-10-25T12:00:00Z", "overlap": "BUFFER_ALL"});
    let path = "/schedules/nightly-report/backfill";
    assert_eq!(ask(&server, "POST", path, &night)["times"], 1);
    let runs = until(&server, "/schedules/nightly-report/runs", |runs| {
        statuses(runs) == ["SUCCEEDED"]
    });
    let execution = text(&runs["runs"][0], "targetRun");
    let mut aws = server.aws();
    let ended = aws.wait(execution);
    assert_eq!(text(&ended, "status"), "SUCCEEDED");
    let output: Value = serde_json::from_str(text(&ended, "output")).unwrap();
    assert_eq!(output["night"], "2026-10-25T00:00:00Z");
    let counted = output["counted"].as_array().unwrap();
    let jobs: Vec<&str> = counted.iter().map(|job| text(job, "job")).collect();
    assert_eq!(jobs, ["count-north", "count-south", "count-west"]);
}

/// An instant of this day and the next as `2026-11-24T02:00:00`.
fn utc(seconds: u64) -> String {
    let said = Command::new("date")
        .args(["-u", "-d", &format!("@{seconds}"), "+%Y-%m-%dT%H:%M:%S"])
        .output()
        .unwrap();
    String::from_utf8(said.stdout).unwrap().trim().to_owned()
}
