//! The corpus over HTTP: the same machines, the same scripted tasks, the same histories, in real time and from the real binary.
//!
//! ```text
//!   Case ──CreateStateMachine, StartExecution──▶ ratchet ──Invoke──▶ script
//!     expected text ◀──compare── wire ◀──GetExecutionHistory── ratchet
//! ```
//!
//! Left out are cases that need hours, a moment of the calendar, or a service that nobody here is; [`reason_to_leave_out`]
//! says which, and the test holds how many they are. The other two boundaries run them all.
#![allow(
    clippy::unwrap_used,
    reason = "these are tests: a failure is a panic that names its place"
)]

mod script;
mod wire;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;
use std::thread::{self, sleep};
use std::time::Duration;

use serde_json::json;
use tests::corpus::{Case, Feature, Happening, Limits, MachineType, ROLE_ARN};
use tests::support::aws::{Aws, text};
use tests::support::lambda;
use tests::support::server::Server;

use crate::script::Scripts;

/// Cases that take longer than this are left to the boundaries that have a clock of their own.
const LONGEST: i64 = 15_000;

/// How many cases must be left at least: whoever adds cases that can't run here, adds others.
const FEWEST: usize = 200;

/// How many histories are awaited at once.
const CLIENTS: usize = 16;

#[test]
fn every_case_has_its_history() {
    let features = Feature::all();
    let mut left_out: BTreeMap<&str, usize> = BTreeMap::new();
    let mut groups: BTreeMap<String, Vec<(String, Case)>> = BTreeMap::new();
    for feature in &features {
        for case in &feature.cases {
            if let Some(reason) = reason_to_leave_out(case) {
                *left_out.entry(reason).or_default() += 1;
                continue;
            }
            let place = format!("{}:{} {}", feature.name(), case.line, case.name);
            let group = groups.entry(format!("{:?}", case.limits)).or_default();
            group.push((place, case.clone()));
        }
    }
    let scripts = Arc::new(Scripts::default());
    let endpoint = lambda::serve({
        let scripts = scripts.clone();
        move |call| scripts.answer(&call)
    });
    let mut failures = Vec::new();
    let mut count = 0;
    for cases in groups.values() {
        count += cases.len();
        failures.extend(run(cases, &scripts, &format!("http://{endpoint}")));
    }
    println!("{count} cases; left out: {left_out:?}");
    assert!(
        failures.is_empty(),
        "{} of {count} histories differ\n{}",
        failures.len(),
        failures.join("\n")
    );
    assert!(
        count >= FEWEST,
        "only {count} cases; left out: {left_out:?}"
    );
}

/// Why a case can't run here.
fn reason_to_leave_out(case: &Case) -> Option<&'static str> {
    let longest = case.expected.lines().filter_map(mark).max();
    let function = r#""Resource":"arn:aws:lambda:us-east-1:123456789012:function:call""#;
    let is_scripted = |happening: &Happening| match happening {
        // The integration writes a result in its own spelling.
        Happening::Succeed(output) => !output.contains(": "),
        Happening::Fail(error) => error.error.is_some(),
        Happening::Start(_) | Happening::Submit(_) | Happening::Heartbeat => false,
    };
    let moments = case.tasks.iter().map(|task| &task.moments);
    if case.machine_type == MachineType::Express {
        Some("an Express execution has no history")
    } else if longest > Some(LONGEST) {
        Some("it takes long")
    } else if (case.definition.clone() + &case.input).contains("2026-") {
        Some("it happens at a moment of the calendar")
    } else if case.definition.matches(r#""Resource":"#).count()
        != case.definition.matches(function).count()
    {
        Some("it calls a service or an activity")
    } else if moments.clone().any(|moments| moments.len() > 1)
        || !moments
            .flatten()
            .all(|moment| is_scripted(&moment.happening))
    {
        Some("a function does not do that")
    } else if case.expected.contains("RUNNING") {
        Some("it does not end")
    } else {
        None
    }
}

/// `@ 3s`, `@ 250ms`: the time since the start, in milliseconds.
fn mark(line: &str) -> Option<i64> {
    let duration = line.strip_prefix("@ ")?;
    match duration.strip_suffix("ms") {
        Some(milliseconds) => milliseconds.parse().ok(),
        None => Some(duration.strip_suffix('s')?.parse::<i64>().ok()? * 1000),
    }
}

/// Runs cases that have the same limits, all at once, and tells what differs.
fn run(cases: &[(String, Case)], scripts: &Arc<Scripts>, endpoint: &str) -> Vec<String> {
    let server = server(cases[0].1.limits, endpoint);
    scripts.begin(server.address(), cases);
    let mut aws = server.aws();
    for (number, (_, case)) in cases.iter().enumerate() {
        let machine = scripts.machine(number);
        let created = aws.call(
            "CreateStateMachine",
            &json!({"name": machine, "definition": case.definition, "roleArn": ROLE_ARN}),
        );
        let Ok(created) = created else {
            panic!("{}: {created:?}", cases[number].0)
        };
        let request = json!({"stateMachineArn": created["stateMachineArn"], "name": "Run", "input": case.input});
        let started = aws.call("StartExecution", &request);
        assert!(started.is_ok(), "{}: {started:?}", cases[number].0);
        if let Some(stop) = case.stop.clone() {
            let address = server.address();
            let arn = scripts.execution_arn(number);
            thread::spawn(move || {
                sleep(Duration::from_millis(stop.after.unsigned_abs()));
                let mut request = json!({"executionArn": arn});
                for (name, value) in [("error", stop.reason.error), ("cause", stop.reason.cause)] {
                    if let Some(value) = value {
                        request[name] = json!(value);
                    }
                }
                Aws::new(address).call("StopExecution", &request).unwrap();
            });
        }
    }
    let numbers: Vec<usize> = (0..cases.len()).collect();
    let mut failures = Vec::new();
    thread::scope(|scope| {
        let clients: Vec<_> = numbers
            .chunks(cases.len().div_ceil(CLIENTS))
            .map(|chunk| {
                let server = &server;
                scope.spawn(move || {
                    let mut aws = server.aws();
                    let compare = |number: &usize| {
                        let (place, case) = &cases[*number];
                        compare(&mut aws, &scripts.execution_arn(*number), case)
                            .map(|difference| format!("{place}\n{difference}"))
                    };
                    chunk.iter().filter_map(compare).collect::<Vec<_>>()
                })
            })
            .collect();
        for client in clients {
            failures.extend(client.join().unwrap());
        }
    });
    failures
}

fn server(limits: Limits, endpoint: &str) -> Server {
    let mut server = Server::new()
        .argument("--profile")
        .argument("aws-strict")
        .toml(&format!(
            "account = \"123456789012\"\nlambda_endpoint = \"{endpoint}\"\nlog.level = \"warn\"\n"
        ));
    let settings = [
        (
            "payload_bytes",
            limits.payload_bytes.map(|limit| limit as u64),
        ),
        ("history_events", limits.history_events),
        ("map_concurrency", limits.map_concurrency.map(u64::from)),
        ("step_events", limits.step_events.map(u64::from)),
    ];
    for (name, limit) in settings {
        if let Some(limit) = limit {
            server = server
                .argument("--set")
                .argument(format!("limits.{name}={limit}"));
        }
    }
    server.start()
}

/// The lines around the first one that differs.
fn compare(aws: &mut Aws, execution_arn: &str, case: &Case) -> Option<String> {
    let ended = aws.wait(execution_arn);
    let events = aws.history(execution_arn).unwrap();
    let machine = text(&ended, "stateMachineArn").rsplit(':').next().unwrap();
    let lines = wire::lines(&events, &ended);
    let actual = lines.map(|line| wire::comparable(&line, machine, case));
    let actual: Vec<String> = wire::abridged(actual.collect());
    let expected = case.expected.lines().filter(|line| !line.starts_with("@ "));
    let expected: Vec<String> = expected.map(wire::plain).collect();
    if actual == expected {
        return None;
    }
    let pairs = expected.iter().zip(&actual);
    let same = pairs
        .take_while(|(expected, actual)| expected == actual)
        .count();
    let mut difference = String::new();
    for line in expected.iter().skip(same).take(3) {
        writeln!(difference, "  - {line}").unwrap();
    }
    for line in actual.iter().skip(same).take(3) {
        writeln!(difference, "  + {line}").unwrap();
    }
    Some(difference)
}
