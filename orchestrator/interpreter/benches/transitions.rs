//! What a transition and an event cost, through `step` alone, with the text of every event.
//!
//! `cargo bench -p interpreter` prints nanoseconds; one argument runs only the benchmarks whose names contain it.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a benchmark reads the clock and prints"
)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use asl::definition::StateMachine;
use asl::parser::{Options, parse};
use interpreter::execution::{Execution, Identity};
use interpreter::history::{EventKind, HistoryEvent};
use interpreter::input::Input;
use interpreter::payload::Payload;
use interpreter::step::{Env, Limits, step};
use serde_json::{Value, json};

const STARTED_AT: i64 = 1_795_377_600_000;

const ENV: Env = Env {
    now: STARTED_AT,
    seed: 0x1234_5678_9abc_def0_0fed_cba9_8765_4321,
    limits: Limits {
        payload_bytes: 262_144,
        history_events: 25_000,
        map_concurrency: 40,
        step_events: 1_000_000,
    },
};

fn main() {
    let filter = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    let order =
        json!({ "order": 17, "customer": { "name": "Ada", "country": "DE" }, "items": [1, 2, 3] });
    let benchmarks = [
        (
            "ten Pass states with ResultPath",
            chain(),
            order.to_string(),
        ),
        (
            "Choice loop of 1000 turns",
            turns(),
            json!({ "n": 1000 }).to_string(),
        ),
        ("inline Map of 1000 items", map(), items().to_string()),
        ("Parallel of 10", parallel(), order.to_string()),
    ];
    for (name, machine, input) in benchmarks {
        if filter
            .as_ref()
            .is_none_or(|filter| name.contains(filter.as_str()))
        {
            measure(name, &machine, &input);
        }
    }
}

/// Ten states, each of which adds a field.
fn chain() -> StateMachine {
    let states: serde_json::Map<String, Value> = (0..10)
        .map(|index| {
            let mut state = json!({
                "Type": "Pass",
                "Parameters": { "step": index, "customer.$": "$.customer.name" },
                "ResultPath": format!("$.step{index}"),
            });
            match index {
                9 => state["End"] = json!(true),
                _ => state["Next"] = json!(format!("S{}", index + 1)),
            }
            (format!("S{index}"), state)
        })
        .collect();
    compile(&json!({ "StartAt": "S0", "States": states }))
}

/// A counter that is counted down to zero.
fn turns() -> StateMachine {
    compile(&json!({ "StartAt": "More", "States": {
        "More": { "Type": "Choice", "Default": "Less", "Choices": [
            { "Variable": "$.n", "NumericLessThanEquals": 0, "Next": "Done" },
        ] },
        "Less": { "Type": "Pass", "Parameters": { "n.$": "States.MathAdd($.n, -1)" }, "Next": "More" },
        "Done": { "Type": "Succeed" },
    } }))
}

fn map() -> StateMachine {
    compile(
        &json!({ "StartAt": "Map", "States": { "Map": { "Type": "Map", "End": true,
        "ItemProcessor": { "StartAt": "Item", "States": {
            "Item": { "Type": "Pass", "End": true },
        } },
    } } }),
    )
}

fn items() -> Value {
    (0..1000)
        .map(|index| json!({ "id": index, "name": "item" }))
        .collect()
}

fn parallel() -> StateMachine {
    let branches: Value = (0..10)
        .map(|index| {
            let name = format!("Branch{index}");
            json!({ "StartAt": name, "States": { name: { "Type": "Pass", "End": true } } })
        })
        .collect();
    compile(&json!({ "StartAt": "Par", "States": {
        "Par": { "Type": "Parallel", "Branches": branches, "End": true },
    } }))
}

fn compile(definition: &Value) -> StateMachine {
    let parsed = parse(&definition.to_string(), &Options::default());
    parsed
        .machine
        .unwrap_or_else(|| panic!("{:?}", parsed.diagnostics))
}

/// The fastest of many rounds: what the code costs when nothing else disturbs it.
fn measure(name: &str, machine: &StateMachine, input: &str) {
    let mut best = Duration::MAX;
    let mut rounds = 0;
    let mut events = Vec::new();
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(2) {
        let mut execution = Execution::new(Arc::new(identity(input)));
        let start = Instant::now();
        events = run(machine, &mut execution);
        best = best.min(start.elapsed());
        rounds += 1;
    }
    let transitions = events
        .iter()
        .filter(|event| matches!(event.kind, EventKind::StateEntered { .. }))
        .count();
    let per = |count: usize| best.as_nanos() / count as u128;
    println!(
        "{name}: {} ns, {} ns per transition, {} ns per event ({} events, {rounds} rounds)",
        best.as_nanos(),
        per(transitions),
        per(events.len()),
        events.len()
    );
}

/// One execution from its start to its end, and the text of all payloads, which the store writes.
fn run(machine: &StateMachine, execution: &mut Execution) -> Vec<HistoryEvent> {
    let events = step(machine, execution, Input::Start, &ENV).events;
    assert!(!execution.is_running());
    for event in &events {
        if let EventKind::StateExited { output, .. } = &event.kind {
            black_box(output.text());
        }
    }
    events
}

fn identity(input: &str) -> Identity {
    Identity {
        number: 7,
        arn: "arn:aws:states:us-east-1:123456789012:execution:Machine:Run".into(),
        name: "Run".into(),
        role_arn: "arn:aws:iam::123456789012:role/Role".into(),
        state_machine_arn: "arn:aws:states:us-east-1:123456789012:stateMachine:Machine".into(),
        state_machine_name: "Machine".into(),
        version_arn: None,
        alias_arn: None,
        region: "us-east-1".into(),
        started_at: STARTED_AT,
        input: Payload::parse(input).expect("the input is JSON"),
    }
}
