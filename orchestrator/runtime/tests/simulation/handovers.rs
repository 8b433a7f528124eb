//! The invariants of what passes between executions and the world: tokens, calls and nested executions.

use std::collections::{HashMap, HashSet};

use interpreter::history::EventKind;
use serde_json::Value;
use store::records::ExecutionStatus;

use crate::checker::Execution;
use crate::world::World;

/// How long after its parent's end a child may run on: the process may be down, or the store fail, in between.
const SLACK: i64 = 120_000;

pub(crate) fn check_tokens(executions: &[Execution<'_>], world: &World, wrong: &mut Vec<String>) {
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

pub(crate) fn check_calls(executions: &[Execution<'_>], world: &World, wrong: &mut Vec<String>) {
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

pub(crate) fn check_children(executions: &[Execution<'_>], wrong: &mut Vec<String>) {
    let by_id: HashMap<u64, &Execution<'_>> = executions
        .iter()
        .map(|execution| (execution.record.id.0, execution))
        .collect();
    let mut attempts = HashSet::new();
    for child in executions {
        let Some(parent) = child.record.parent else {
            continue;
        };
        if !child.is_item && !attempts.insert((parent.execution, parent.attempt)) {
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
            let waits = match &event.kind {
                EventKind::TaskScheduled { resource, .. } => resource.resource.contains(".sync"),
                EventKind::MapRunStarted { .. } => true,
                _ => false,
            };
            event.id == parent.attempt && waits
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
