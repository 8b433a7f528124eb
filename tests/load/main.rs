//! Small workloads, and what an execution of each costs the server.

use std::env;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use serde_json::{Value, json};
use tests::support::aws::{ROLE_ARN, text};
use tests::support::lambda::{self, Answer};
use tests::support::server::Server;

/// How many clients there are at once.
const CLIENTS: u64 = 16;

/// How many ticks the kernel counts in a second.
const TICKS: f64 = 100.0;

/// A workload: a machine, how its executions are started, and how many there are of a full load.
struct Workload {
    name: &'static str,
    definition: Value,
    is_sync: bool,
    share: f64,
}

fn main() {
    let mut wanted = env::args().filter_map(|argument| argument.parse::<u64>().ok());
    let full = wanted.next_back().unwrap_or(2_000);
    let endpoint = lambda::serve(|call| Answer::Result(call.payload));
    let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("there is a disk");
    let server = Server::new()
        .data(place.path())
        .toml(&format!(
            "lambda_endpoint = \"http://{endpoint}\"\nlog.level = \"warn\"\n"
        ))
        .start();
    // First, while nothing else has given memory back that could be used again.
    park(&server, full * 5);
    println!("workload              executions   CPU ms each   executions/s");
    for workload in workloads() {
        let executions = ((full as f64 * workload.share) as u64).max(1);
        measure(&server, &workload, executions);
    }
}

fn workloads() -> Vec<Workload> {
    let workload = |name, definition, share| Workload {
        name,
        definition,
        is_sync: false,
        share,
    };
    let pass = |next: Option<String>| match next {
        Some(next) => json!({"Type": "Pass", "Next": next}),
        None => json!({"Type": "Pass", "End": true}),
    };
    let task = |next: Option<String>| {
        let mut state = pass(next);
        state["Type"] = json!("Task");
        state["Resource"] = json!("arn:aws:lambda:us-east-1:000000000000:function:echo");
        state
    };
    // The names of states must differ throughout a machine.
    let single = |name: String| json!({"StartAt": name, "States": {name: {"Type": "Succeed"}}});
    let branches: Vec<Value> = (0..10).map(|number| single(format!("S{number}"))).collect();
    vec![
        workload("ten-states", row(10, pass), 1.0),
        Workload {
            is_sync: true,
            ..workload("ten-states-sync", row(10, pass), 1.0)
        },
        workload("ten-tasks", row(10, task), 0.25),
        workload(
            "parallel-of-ten",
            json!({"StartAt": "P", "States": {"P": {"Type": "Parallel", "Branches": branches, "End": true}}}),
            0.5,
        ),
        workload(
            "map-of-1000",
            json!({"StartAt": "R", "States": {
                "R": {"Type": "Pass", "Parameters": {"items.$": "States.ArrayRange(1, 1000, 1)"}, "Next": "M"},
                "M": {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": single("S".to_owned()), "End": true},
            }}),
            0.01,
        ),
        workload(
            "loop-of-1000",
            json!({"StartAt": "Begin", "States": {
                "Begin": {"Type": "Pass", "Result": {"n": 0}, "Next": "Count"},
                "Count": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "Enough"},
                "Enough": {"Type": "Choice", "Default": "Done",
                    "Choices": [{"Variable": "$.n", "NumericLessThan": 1000, "Next": "Count"}]},
                "Done": {"Type": "Succeed"},
            }}),
            0.02,
        ),
    ]
}

/// States one after the other.
fn row(states: usize, state: impl Fn(Option<String>) -> Value) -> Value {
    let named = (0..states).map(|number| {
        let next = (number + 1 < states).then(|| format!("S{}", number + 1));
        (format!("S{number}"), state(next))
    });
    json!({"StartAt": "S0", "States": named.collect::<serde_json::Map<_, _>>()})
}

fn measure(server: &Server, workload: &Workload, executions: u64) {
    let machine = create(server, workload);
    let before = cpu_seconds(server.id());
    let began = Instant::now();
    let next = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                let mut aws = server.aws();
                while next.fetch_add(1, Ordering::Relaxed) < executions {
                    let request = json!({"stateMachineArn": machine, "input": "{}"});
                    let operation = if workload.is_sync {
                        "StartSyncExecution"
                    } else {
                        "StartExecution"
                    };
                    let started = aws.call(operation, &request);
                    assert!(started.is_ok(), "{started:?}");
                }
            });
        }
    });
    if !workload.is_sync {
        wait_for_all(server, &machine);
    }
    let elapsed = began.elapsed().as_secs_f64();
    let spent = cpu_seconds(server.id()) - before;
    println!(
        "{:<20} {executions:>11}   {:>11.3}   {:>12.0}",
        workload.name,
        spent * 1000.0 / executions as f64,
        executions as f64 / elapsed
    );
}

/// Parks executions and tells how much memory each takes.
fn park(server: &Server, executions: u64) {
    let workload = Workload {
        name: "parked",
        definition: json!({"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 86_400, "End": true}}}),
        is_sync: false,
        share: 1.0,
    };
    let machine = create(server, &workload);
    let before = resident_bytes(server.id());
    let mut aws = server.aws();
    for _ in 0..executions {
        aws.start(&machine, "{}");
    }
    let grown = resident_bytes(server.id()).saturating_sub(before);
    println!(
        "{executions} executions parked, {} bytes of memory each\n",
        grown / executions
    );
}

fn create(server: &Server, workload: &Workload) -> String {
    let request = json!({
        "name": workload.name,
        "definition": workload.definition.to_string(),
        "roleArn": ROLE_ARN,
        "type": if workload.is_sync { "EXPRESS" } else { "STANDARD" },
    });
    match server.aws().call("CreateStateMachine", &request) {
        Ok(created) => text(&created, "stateMachineArn").to_owned(),
        Err(error) => panic!("cannot create {}: {error}", workload.name),
    }
}

fn wait_for_all(server: &Server, machine: &str) {
    let mut aws = server.aws();
    let request = json!({"stateMachineArn": machine, "statusFilter": "RUNNING", "maxResults": 1});
    loop {
        let listed = aws.call("ListExecutions", &request);
        let listed = listed.unwrap_or_else(|error| panic!("cannot list {machine}: {error}"));
        if listed["executions"].as_array().is_none_or(Vec::is_empty) {
            return;
        }
        thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// The CPU time that a process has used (proc(5), `stat`).
fn cpu_seconds(process: u32) -> f64 {
    let stat = read(process, "stat");
    let fields = stat.rsplit(") ").next().unwrap_or_default();
    let ticks = fields.split(' ').skip(11).take(2);
    ticks
        .filter_map(|field| field.parse::<f64>().ok())
        .sum::<f64>()
        / TICKS
}

/// How much memory a process has resident (proc(5), `status`).
fn resident_bytes(process: u32) -> u64 {
    let status = read(process, "status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kibibytes.unwrap_or_default() * 1024
}

fn read(process: u32, file: &str) -> String {
    let path = Path::new("/proc").join(process.to_string()).join(file);
    fs::read_to_string(path).unwrap_or_default()
}
