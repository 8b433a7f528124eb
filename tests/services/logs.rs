//! Execution logs in log groups: which records, in which order and calls, and what becomes of them when the endpoint is not what it should be.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::support::aws::{Aws, ROLE_ARN, text};
use tests::support::moto::Moto;
use tests::support::server::Server;
use tests::support::web::{Answer, Request, Web};

use super::{World, until};

/// Succeeds or fails, as its input says.
const MACHINE: &str = r#"{
    "StartAt": "Which",
    "States": {
        "Which": { "Type": "Choice", "Default": "Good", "Choices": [{ "Variable": "$.fail", "BooleanEquals": true, "Next": "Bad" }] },
        "Good": { "Type": "Pass", "End": true },
        "Bad": { "Type": "Fail", "Error": "Wanted", "Cause": "by the test" }
    }
}"#;

/// Makes a machine that logs to a group.
fn machine(
    aws: &mut Aws,
    name: &str,
    kind: &str,
    level: &str,
    with_data: bool,
    group: &str,
) -> String {
    let arn = format!("arn:aws:logs:us-east-1:000000000000:log-group:{group}:*");
    let logging = json!({
        "level": level, "includeExecutionData": with_data,
        "destinations": [{ "cloudWatchLogsLogGroup": { "logGroupArn": arn } }],
    });
    let request = json!({
        "name": name, "definition": MACHINE, "roleArn": ROLE_ARN, "type": kind, "loggingConfiguration": logging,
    });
    let created = aws.call("CreateStateMachine", &request);
    text(&created.unwrap(), "stateMachineArn").to_owned()
}

/// What logs there are is asked by another server, which does not log.
struct Logs(World);

impl Logs {
    fn call(&self, action: &str, parameters: Value) -> Value {
        self.0.call(
            &format!("arn:aws:states:::aws-sdk:cloudwatchlogs:{action}"),
            parameters,
        )
    }

    fn make_group(&self, group: &str) {
        self.call("createLogGroup", json!({ "LogGroupName": group }));
    }

    /// The records of a group, of all streams, as parsed.
    fn records(&self, group: &str) -> Vec<Value> {
        let found = self.call("filterLogEvents", json!({ "LogGroupName": group }));
        let events = found["Events"].as_array().unwrap();
        events
            .iter()
            .map(|event| serde_json::from_str(text(event, "Message")).unwrap())
            .collect()
    }

    /// Waits until a group has so many records.
    fn wait(&self, group: &str, count: usize) -> Vec<Value> {
        until("the records", || self.records(group).len() >= count);
        let records = self.records(group);
        assert_eq!(records.len(), count, "{records:?}");
        records
    }
}

fn world() -> (Logs, Server) {
    let moto = Moto::start();
    let server = Server::new()
        .variable("AWS_ENDPOINT_URL_LOGS", moto.url())
        .start();
    let asking = Server::new()
        .variable("AWS_ENDPOINT_URL", moto.url())
        .toml("[batch]\nenabled = false\n")
        .start();
    (Logs(World::with_moto(asking, moto)), server)
}

/// `1 ExecutionStarted`, and so on.
fn kinds(records: &[Value]) -> Vec<String> {
    let mut kinds: Vec<(u32, String)> = records
        .iter()
        .map(|record| {
            let id = text(record, "id");
            (
                id.parse().unwrap(),
                format!("{id} {}", text(record, "type")),
            )
        })
        .collect();
    kinds.sort();
    kinds.into_iter().map(|(_, kind)| kind).collect()
}

#[test]
fn records_arrive_in_their_groups() {
    let (logs, mut server) = world();
    let mut aws = server.aws();
    for group in ["all", "data", "error", "fatal", "off", "express", "stopped"] {
        logs.make_group(group);
    }
    let mut run = |name: &str, kind: &str, level: &str, with_data: bool| {
        let arn = machine(&mut aws, name, kind, level, with_data, name);
        let good = aws.start(&arn, "{\"fail\": false}");
        if kind == "STANDARD" {
            aws.wait(&good);
            let bad = aws.start(&arn, "{\"fail\": true}");
            aws.wait(&bad);
        }
    };
    run("off", "STANDARD", "OFF", true);
    run("all", "STANDARD", "ALL", false);
    run("data", "STANDARD", "ALL", true);
    run("error", "STANDARD", "ERROR", true);
    run("fatal", "STANDARD", "FATAL", true);
    run("express", "EXPRESS", "ALL", true);

    let of_good = [
        "1 ExecutionStarted",
        "2 ChoiceStateEntered",
        "3 ChoiceStateExited",
        "4 PassStateEntered",
        "5 PassStateExited",
        "6 ExecutionSucceeded",
    ];
    let of_bad = [
        "1 ExecutionStarted",
        "2 ChoiceStateEntered",
        "3 ChoiceStateExited",
        "4 FailStateEntered",
        "5 ExecutionFailed",
    ];
    for (group, has_data) in [("all", false), ("data", true)] {
        let records = logs.wait(group, 11);
        let arn = records[0]["execution_arn"].clone();
        let (first, second): (Vec<Value>, Vec<Value>) = records
            .into_iter()
            .partition(|record| record["execution_arn"] == arn);
        assert_eq!(kinds(&first), of_good);
        assert_eq!(kinds(&second), of_bad);
        let started = &first[0]["details"];
        assert_eq!(started["input"].is_string(), has_data, "{started}");
        assert_eq!(second[4]["details"]["error"], "Wanted");
    }
    assert_eq!(
        kinds(&logs.wait("error", 2)),
        ["4 FailStateEntered", "5 ExecutionFailed"]
    );
    assert_eq!(kinds(&logs.wait("fatal", 1)), ["5 ExecutionFailed"]);
    assert_eq!(kinds(&logs.wait("express", 6)), of_good);
    assert!(logs.records("off").is_empty());

    // A stop loses nothing of what was committed.
    let arn = machine(&mut aws, "stopped", "STANDARD", "FATAL", false, "stopped");
    for _ in 0..50 {
        let started = aws.start(&arn, "{\"fail\": true}");
        aws.wait(&started);
    }
    assert!(server.terminate().success());
    assert_eq!(logs.records("stopped").len(), 50);
    assert!(
        !server.logged_text().contains("cannot send"),
        "{}",
        server.logged_text()
    );
}

#[test]
fn a_group_that_is_missing_hurts_nobody() {
    let (logs, server) = world();
    let mut aws = server.aws();
    logs.make_group("there");
    let missing = machine(&mut aws, "missing", "STANDARD", "FATAL", false, "missing");
    let there = machine(&mut aws, "there", "STANDARD", "FATAL", false, "there");
    let mut fail = |machine: &str| {
        let execution = aws.start(machine, "{\"fail\": true}");
        assert_eq!(aws.wait(&execution)["status"], "FAILED");
    };
    fail(&missing);
    fail(&there);
    logs.wait("there", 1);
    let says = |what: &str| {
        let logged = server.logged_text();
        let lines = logged.lines().filter(|line| line.contains(what));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    until("a warning", || {
        !says("cannot send execution logs").is_empty()
    });
    let warned = says("cannot send execution logs");
    assert!(warned[0].contains("group=\"missing\""), "{warned:?}");
    assert!(
        warned[0].contains("there is no such log group or stream"),
        "{warned:?}"
    );
    // Said once, not for each record.
    fail(&missing);
    fail(&there);
    logs.wait("there", 2);
    assert_eq!(says("cannot send execution logs").len(), 1);
    // Whoever makes the group gets what comes from then on.
    logs.make_group("missing");
    fail(&missing);
    logs.wait("missing", 1);
    until("how many were lost", || {
        !says("execution logs are sent again").is_empty()
    });
    let again = says("execution logs are sent again");
    assert!(again[0].contains("records=2"), "{again:?}");
}

/// The records of each call: their times and texts.
type Calls = Vec<Vec<(i64, String)>>;

/// An endpoint of a test's own: it refuses so many calls, then keeps what it gets.
struct Endpoint {
    web: Web,
    refuse: Arc<AtomicU32>,
    calls: Arc<Mutex<Calls>>,
}

impl Endpoint {
    fn new(refused: u32, delay: Duration) -> Self {
        let refuse = Arc::new(AtomicU32::new(refused));
        let calls: Arc<Mutex<Calls>> = Arc::default();
        let (left, kept) = (refuse.clone(), calls.clone());
        let web = Web::serve(move |request: &Request| {
            std::thread::sleep(delay);
            let is_refused = left
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                    left.checked_sub(1)
                })
                .is_ok();
            if is_refused {
                return Answer::text(503, "text/plain", "not now");
            }
            if request.operation() == "PutLogEvents" {
                let body = request.json();
                let events = body["logEvents"].as_array().unwrap().iter();
                let events = events.map(|event| {
                    let time = event["timestamp"].as_i64().unwrap();
                    (time, text(event, "message").to_owned())
                });
                kept.lock().unwrap().push(events.collect());
            }
            Answer::json(&json!({}))
        });
        Self { web, refuse, calls }
    }

    fn records(&self) -> usize {
        self.calls.lock().unwrap().iter().map(Vec::len).sum()
    }
}

#[test]
fn an_endpoint_that_is_away_is_waited_for() {
    let endpoint = Endpoint::new(4, Duration::ZERO);
    let server = Server::new()
        .variable("AWS_ENDPOINT_URL_LOGS", endpoint.web.url())
        .start();
    let mut aws = server.aws();
    let arn = machine(&mut aws, "m", "STANDARD", "ALL", true, "g");
    // Twenty times four records of 200 KB each are more than one call takes.
    let input = json!({ "fail": false, "long": "x".repeat(200_000) }).to_string();
    for _ in 0..20 {
        let execution = aws.start(&arn, &input);
        assert_eq!(aws.wait(&execution)["status"], "SUCCEEDED");
    }
    until("the records", || endpoint.records() >= 120);
    assert_eq!(endpoint.refuse.load(Ordering::Relaxed), 0);
    assert_eq!(endpoint.records(), 120);
    let calls = endpoint.calls.lock().unwrap();
    let mut last = std::collections::HashMap::new();
    for call in calls.iter() {
        let size: usize = call.iter().map(|(_, message)| message.len() + 26).sum();
        assert!(size <= 1_048_576, "{size}");
        assert!(call.is_sorted_by_key(|(time, _)| *time));
        for (_, message) in call {
            let record: Value = serde_json::from_str(message).unwrap();
            let id: u32 = text(&record, "id").parse().unwrap();
            let before = last.insert(text(&record, "execution_arn").to_owned(), id);
            assert_eq!(
                before.unwrap_or(0) + 1,
                id,
                "each comes once and in its order"
            );
        }
    }
    assert!(calls.len() >= 16, "{}", calls.len());
}

#[test]
fn an_endpoint_that_hangs_keeps_no_server_from_its_end() {
    let endpoint = Endpoint::new(0, Duration::from_secs(600));
    let mut server = Server::new()
        .variable("AWS_ENDPOINT_URL_LOGS", endpoint.web.url())
        .start();
    let mut aws = server.aws();
    let arn = machine(&mut aws, "m", "STANDARD", "FATAL", false, "g");
    for _ in 0..3 {
        let execution = aws.start(&arn, "{\"fail\": true}");
        assert_eq!(aws.wait(&execution)["status"], "FAILED");
    }
    until("a call", || !endpoint.web.seen().is_empty());
    let began = Instant::now();
    assert!(server.terminate().success());
    assert!(
        began.elapsed() < Duration::from_secs(20),
        "{:?}",
        began.elapsed()
    );
    let logged = server.logged_text();
    assert!(
        logged.contains("execution logs could not be sent"),
        "{logged}"
    );
    assert!(logged.contains("records=3"), "{logged}");
}
