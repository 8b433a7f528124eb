//! The invariants, and what checks them when a simulation is over.
//!
//! | invariant | checked by |
//! |---|---|
//! | an acknowledged StartExecution exists once, under its ARN, and ends as its machine says | `check_ending` |
//! | what was stopped is ABORTED, or had ended before; nothing follows | `check_ending`, `check_history` |
//! | ids are gapless from 1, previous ids point backwards, one terminal event, time never goes back | `check_history` |
//! | a history that was read once is a prefix of what it became | `clients::note_history`, `check_reads` |
//! | a Wait or a machine's timeout is never early | `check_waits`, `check_timeout` |
//! | who follows an execution sees each event once, in order, to the last | `clients::follow` |
//! | an acknowledged SendTaskSuccess counts exactly once; a second one gives TaskTimedOut | `check_tokens`, `clients::send_again` |
//! | a task is handed over only when its Scheduled event is durable, with the id of that event | `check_calls` |
//! | an attempt is handed over once a life, and every attempt that ended was handed over | `services::record`, `check_calls` |
//! | an attempt that starts an execution starts exactly one | `check_children` |
//! | an execution whose waiting parent went away ends soon | `check_children` |
//! | nothing is left RUNNING, loaded, or waiting for a timer when all work is done | `lives::work` |

use std::collections::{HashMap, HashSet};

use futures_util::FutureExt;
use interpreter::history::{EventKind, HistoryEvent, StateType};
use serde_json::Value;
use store::contract::{Direction, ExecutionFilter, Store};
use store::memory::MemoryStore;
use store::records::{ExecutionRecord, ExecutionStatus};

use crate::machines::{Ending, Machine};
use crate::world::World;

/// How long after its parent's end a child may run on: the process may be down, or the store fail, in between.
const SLACK: i64 = 180_000;

/// One execution as the store has it.
struct Execution<'a> {
    record: ExecutionRecord,
    machine: &'a Machine,
    arn: String,
    events: Vec<HistoryEvent>,
}

/// Everything that is wrong.
pub(crate) fn check(durable: &MemoryStore, world: &World) -> Vec<String> {
    let (mut wrong, machines) = {
        let records = world.lock();
        (records.violations.clone(), records.machines.clone())
    };
    let executions = read_all(durable, &machines, &mut wrong);
    for execution in &executions {
        check_history(execution, &mut wrong);
        check_waits(execution, &mut wrong);
    }
    check_ending(&executions, world, &mut wrong);
    check_reads(&executions, world, &mut wrong);
    check_tokens(&executions, world, &mut wrong);
    check_calls(&executions, world, &mut wrong);
    check_children(&executions, &mut wrong);
    wrong
}

fn read_all<'a>(
    durable: &MemoryStore,
    machines: &'a [Machine],
    wrong: &mut Vec<String>,
) -> Vec<Execution<'a>> {
    let records = durable
        .executions(ExecutionFilter::default(), None, usize::MAX)
        .now_or_never()
        .unwrap()
        .unwrap();
    let mut executions = Vec::new();
    for record in records {
        let machine = durable
            .state_machine(record.machine)
            .now_or_never()
            .unwrap();
        let name = machine.unwrap().unwrap().name;
        let page = durable
            .history(record.id, 1, usize::MAX, Direction::Forward)
            .now_or_never()
            .unwrap();
        let machine = machines.iter().find(|machine| machine.name == *name);
        let Some(machine) = machine else {
            wrong.push(format!("there is no machine {name}"));
            continue;
        };
        executions.push(Execution {
            arn: format!(
                "arn:aws:states:us-east-1:000000000000:execution:{name}:{}",
                record.name
            ),
            record,
            machine,
            events: page.unwrap().events,
        });
    }
    executions
}

pub(crate) fn is_terminal(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::ExecutionSucceeded { .. }
            | EventKind::ExecutionFailed(_)
            | EventKind::ExecutionAborted(_)
            | EventKind::ExecutionTimedOut(_)
    )
}

fn check_history(execution: &Execution<'_>, wrong: &mut Vec<String>) {
    let events = &execution.events;
    let arn = &execution.arn;
    for (id, event) in (1..).zip(events) {
        if event.id != id {
            wrong.push(format!(
                "{arn}: event {} stands where {id} should",
                event.id
            ));
            return;
        }
        if event.previous >= event.id {
            wrong.push(format!("{arn}: event {id} follows {}", event.previous));
        }
    }
    for pair in events.windows(2) {
        if pair[1].timestamp < pair[0].timestamp {
            wrong.push(format!("{arn}: time goes back at event {}", pair[1].id));
        }
    }
    let terminal: Vec<u64> = events
        .iter()
        .filter(|event| is_terminal(&event.kind))
        .map(|event| event.id)
        .collect();
    if terminal != [events.len() as u64] {
        wrong.push(format!(
            "{arn}: terminal events {terminal:?} of {} (status {:?})",
            events.len(),
            execution.record.status
        ));
    }
}

fn check_ending(executions: &[Execution<'_>], world: &World, wrong: &mut Vec<String>) {
    let records = world.lock();
    let mut by_arn = HashMap::new();
    for execution in executions {
        if by_arn.insert(execution.arn.as_str(), execution).is_some() {
            wrong.push(format!("{} is there twice", execution.arn));
        }
    }
    for start in &records.starts {
        let Some((arn, started_at)) = &start.acknowledged else {
            continue;
        };
        let Some(execution) = by_arn.get(arn.as_str()) else {
            wrong.push(format!("{arn} was acknowledged and is not there"));
            continue;
        };
        if *started_at >= 0 && *started_at != execution.record.started_at {
            wrong.push(format!("{arn} began at another time than acknowledged"));
        }
        if let Some(stopped) = start.stopped
            && execution.record.stopped_at != Some(stopped)
        {
            wrong.push(format!(
                "{arn} ended at another time than StopExecution said"
            ));
        }
        if start.stop.is_none() && execution.record.status == ExecutionStatus::Aborted {
            wrong.push(format!("{arn} was stopped by nobody"));
        }
    }
    for execution in executions {
        check_outcome(execution, wrong);
    }
}

fn check_outcome(execution: &Execution<'_>, wrong: &mut Vec<String>) {
    let arn = &execution.arn;
    let input = match execution.events.first().map(|event| &event.kind) {
        Some(EventKind::ExecutionStarted { input, .. }) => {
            serde_json::from_str::<Value>(input.text()).unwrap()
        }
        other => {
            wrong.push(format!("{arn} begins with {other:?}"));
            return;
        }
    };
    let end = execution.events.last().map(|event| &event.kind);
    let status = execution.record.status;
    match (end, status, &execution.machine.ending) {
        (
            Some(EventKind::ExecutionSucceeded { output }),
            ExecutionStatus::Succeeded,
            Ending::Output(_),
        ) => {
            let output: Value = serde_json::from_str(output.text()).unwrap();
            let expected = execution.machine.ending.output(&input);
            if Some(&output) != expected.as_ref() {
                wrong.push(format!("{arn}: output {output}, expected {expected:?}"));
            }
        }
        (
            Some(EventKind::ExecutionFailed(failure)),
            ExecutionStatus::Failed,
            Ending::Error(error),
        ) if failure.error.as_deref() == Some(*error) => {}
        (Some(EventKind::ExecutionAborted(_)), ExecutionStatus::Aborted, _) => {}
        (Some(EventKind::ExecutionTimedOut(_)), ExecutionStatus::TimedOut, _) => {
            check_timeout(execution, wrong);
        }
        (end, status, expected) => {
            wrong.push(format!(
                "{arn}: {status:?} with {end:?}, expected {expected:?}"
            ));
        }
    }
}

fn check_timeout(execution: &Execution<'_>, wrong: &mut Vec<String>) {
    let record = &execution.record;
    let took = record.stopped_at.unwrap_or(0) - record.started_at;
    let allowed = execution.machine.timeout.map(|seconds| seconds * 1000);
    if allowed.is_none_or(|allowed| took < i64::try_from(allowed).unwrap()) {
        wrong.push(format!("{} timed out after {took} ms", execution.arn));
    }
}

/// Every Wait of a simulation is one that its machine gives in seconds.
fn check_waits(execution: &Execution<'_>, wrong: &mut Vec<String>) {
    let definition: Value = serde_json::from_str(&execution.machine.definition).unwrap();
    let mut seconds = HashMap::new();
    collect_waits(&definition, &mut seconds);
    for event in &execution.events {
        let EventKind::StateExited {
            state_type: StateType::Wait,
            name,
            ..
        } = &event.kind
        else {
            continue;
        };
        // The Wait's Exited event follows its Entered event.
        let entered = &execution.events[usize::try_from(event.previous - 1).unwrap()];
        let due = entered.timestamp + seconds[name.as_ref()] * 1000;
        if event.timestamp < due {
            let early = due - event.timestamp;
            wrong.push(format!("{}: {name} ended {early} ms early", execution.arn));
        }
    }
}

fn collect_waits(definition: &Value, into: &mut HashMap<String, i64>) {
    match definition {
        Value::Object(members) => {
            for (name, value) in members {
                if value["Type"] == "Wait" {
                    into.insert(name.clone(), value["Seconds"].as_i64().unwrap());
                }
                collect_waits(value, into);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect_waits(item, into)),
        _ => {}
    }
}

fn check_reads(executions: &[Execution<'_>], world: &World, wrong: &mut Vec<String>) {
    let records = world.lock();
    for execution in executions {
        let key = (
            execution.machine.name.clone(),
            execution.record.name.to_string(),
        );
        let Some(seen) = records.reads.get(&key) else {
            continue;
        };
        if !execution.events.starts_with(seen) {
            wrong.push(format!("{}: what was read has changed", execution.arn));
        }
    }
}

fn check_tokens(executions: &[Execution<'_>], world: &World, wrong: &mut Vec<String>) {
    let mut counted: HashMap<u64, u64> = HashMap::new();
    for event in executions.iter().flat_map(|execution| &execution.events) {
        let output = match &event.kind {
            EventKind::TaskSucceeded { output, .. } | EventKind::ActivitySucceeded { output } => {
                output
            }
            _ => continue,
        };
        let output: Value = serde_json::from_str(output.text()).unwrap();
        if let Some(nonce) = output["nonce"].as_u64() {
            *counted.entry(nonce).or_default() += 1;
        }
    }
    let records = world.lock();
    for (token, nonce) in &records.acknowledged {
        let count = counted.get(nonce).copied().unwrap_or(0);
        if count != 1 {
            wrong.push(format!(
                "a result that was acknowledged counts {count} times ({token})"
            ));
        }
    }
    if let Some((nonce, count)) = counted.iter().find(|(_, count)| **count > 1) {
        wrong.push(format!("result {nonce} counts {count} times"));
    }
}

fn check_calls(executions: &[Execution<'_>], world: &World, wrong: &mut Vec<String>) {
    let records = world.lock();
    let called: HashSet<&str> = records
        .calls
        .iter()
        .map(|call| call.attempt_id.as_str())
        .collect();
    let mut scheduled = HashMap::new();
    for execution in executions {
        for event in &execution.events {
            let input = match &event.kind {
                EventKind::LambdaFunctionScheduled { input, .. } => input,
                EventKind::TaskScheduled {
                    resource,
                    parameters,
                    ..
                } if &*resource.resource_type == "lambda" => parameters,
                _ => continue,
            };
            scheduled.insert(format!("{}#{}", execution.arn, event.id), input.text());
        }
        check_ended_calls(execution, &called, wrong);
    }
    for call in &records.calls {
        if scheduled.get(&call.attempt_id) != Some(&call.input.as_str()) {
            wrong.push(format!(
                "{} was handed over and is not scheduled in the history of {}",
                call.attempt_id, call.execution_arn
            ));
        }
    }
}

/// A function that succeeded was called.
fn check_ended_calls(execution: &Execution<'_>, called: &HashSet<&str>, wrong: &mut Vec<String>) {
    for event in &execution.events {
        if !matches!(event.kind, EventKind::LambdaFunctionSucceeded { .. }) {
            continue;
        }
        // Succeeded follows Started, which follows Scheduled.
        let started = &execution.events[usize::try_from(event.previous - 1).unwrap()];
        let attempt = format!("{}#{}", execution.arn, started.previous);
        if !called.contains(attempt.as_str()) {
            wrong.push(format!("{attempt} succeeded without having been called"));
        }
    }
}

fn check_children(executions: &[Execution<'_>], wrong: &mut Vec<String>) {
    let by_id: HashMap<u64, &Execution<'_>> = executions
        .iter()
        .map(|execution| (execution.record.id.0, execution))
        .collect();
    let mut attempts = HashSet::new();
    for child in executions {
        let Some(parent) = child.record.parent else {
            continue;
        };
        if !attempts.insert((parent.execution, parent.attempt)) {
            wrong.push(format!(
                "{} is one of two that one attempt started",
                child.arn
            ));
        }
        let Some(of) = by_id.get(&parent.execution.0) else {
            wrong.push(format!("{} has no parent", child.arn));
            continue;
        };
        let is_awaited = of.events.iter().any(|event| {
            event.id == parent.attempt
                && matches!(&event.kind, EventKind::TaskScheduled { resource, .. }
                    if resource.resource.contains(".sync"))
        });
        let ended = (of.record.stopped_at, child.record.stopped_at);
        if let (Some(parent_ended), Some(child_ended)) = ended
            && is_awaited
            && child_ended > parent_ended + SLACK
        {
            wrong.push(format!("{} outlived its parent", child.arn));
        }
    }
    check_started_children(executions, wrong);
}

/// Whatever a task that starts executions says that it started is there.
fn check_started_children(executions: &[Execution<'_>], wrong: &mut Vec<String>) {
    let arns: HashSet<&str> = executions
        .iter()
        .map(|execution| execution.arn.as_str())
        .collect();
    let mut said = HashMap::new();
    for execution in executions {
        for event in &execution.events {
            let output = match &event.kind {
                EventKind::TaskSucceeded { resource, output }
                    if &*resource.resource == "startExecution" =>
                {
                    output
                }
                EventKind::TaskSubmitted { resource, output }
                    if &*resource.resource_type == "states" =>
                {
                    output
                }
                _ => continue,
            };
            let output: Value = serde_json::from_str(output.text()).unwrap();
            let arn = output["ExecutionArn"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            if !arns.contains(arn.as_str()) {
                wrong.push(format!("{}: the child {arn} is not there", execution.arn));
            }
            if said.insert(arn.clone(), &execution.arn).is_some() {
                wrong.push(format!("{arn} was started by two tasks"));
            }
        }
    }
    for execution in executions {
        let is_child = execution.machine.name.starts_with("child");
        let is_known = said.contains_key(&execution.arn) || execution.record.parent.is_some();
        let is_plain =
            execution.record.name.starts_with('e') && !execution.record.name.contains('-');
        if is_child && !is_known && !is_plain {
            let text = format!("{} was started by no task that knows of it", execution.arn);
            // A parent that was stopped may never have heard of it.
            let is_orphan = executions
                .iter()
                .any(|parent| parent.record.status == ExecutionStatus::Aborted);
            if !is_orphan {
                wrong.push(text);
            }
        }
    }
}
