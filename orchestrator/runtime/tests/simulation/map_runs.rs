//! The invariants of Map Runs: a child for each item, none twice, none forgotten.

use std::collections::{HashMap, HashSet};

use futures_util::FutureExt;
use interpreter::history::EventKind;
use serde_json::Value;
use store::contract::Store;
use store::map_runs::MapRunStatus;
use store::memory::MemoryStore;
use store::records::{ExecutionStatus, Parent};

use crate::checker::Execution;

pub(crate) fn check_map_runs(
    durable: &MemoryStore,
    executions: &[Execution<'_>],
    wrong: &mut Vec<String>,
) {
    let mut children: HashMap<(u64, u64), Vec<&Execution<'_>>> = HashMap::new();
    for execution in executions.iter().filter(|execution| execution.is_item) {
        match execution.record.parent {
            Some(parent) => children
                .entry((parent.execution.0, parent.attempt))
                .or_default()
                .push(execution),
            None => wrong.push(format!("{} is of no Map Run", execution.arn)),
        }
    }
    for execution in executions {
        for event in &execution.events {
            let EventKind::MapRunStarted { arn } = &event.kind else {
                continue;
            };
            let started = &execution.events[usize::try_from(event.previous - 1).unwrap()];
            let EventKind::MapStarted { length } = started.kind else {
                wrong.push(format!("{}: a Map Run follows no Map", execution.arn));
                continue;
            };
            let redrives = redrives(execution, arn);
            let counts = redrives.iter().map(|(_, count)| *count);
            if !counts.eq(1..=redrives.len() as u32) {
                wrong.push(format!("{arn} was redriven as {redrives:?}"));
            }
            // What it led to follows the last redrive.
            let carried_out = redrives.last().map_or(event.id, |(id, _)| *id);
            let ended = execution.events.iter().find(|later| {
                later.previous == carried_out
                    && matches!(
                        later.kind,
                        EventKind::MapRunSucceeded
                            | EventKind::MapRunFailed(_)
                            | EventKind::MapRunAborted
                    )
            });
            let own = children.remove(&(execution.record.id.0, event.id));
            let parent = Parent {
                execution: execution.record.id,
                attempt: event.id,
            };
            let status = durable.map_run(parent).now_or_never().unwrap().unwrap();
            check_map_run(
                &format!("{}#{}", execution.arn, event.id),
                length,
                &own.unwrap_or_default(),
                (status.map(|run| run.status), ended.map(|event| &event.kind)),
                wrong,
            );
        }
    }
    for (execution, attempt) in children.keys() {
        wrong.push(format!(
            "children of execution {execution} are of no Map Run that event {attempt} began"
        ));
    }
}

/// Whether an execution failed as it was redriven and found a name taken, or as its own children did.
pub(crate) fn found_name_taken(execution: &Execution<'_>) -> bool {
    let last = execution.events.last().map(|event| &event.kind);
    let Some(EventKind::ExecutionFailed(failure)) = last else {
        return false;
    };
    let names = [
        "StepFunctions.ExecutionAlreadyExistsException",
        "States.ExceedToleratedFailureThreshold",
    ];
    execution.record.redrives.is_some() && names.map(Some).contains(&failure.error.as_deref())
}

/// The events that tell of a run's redrives, each with what it counts.
fn redrives(execution: &Execution<'_>, of: &str) -> Vec<(u64, u32)> {
    let events = execution.events.iter();
    let redrives = events.filter_map(|event| match &event.kind {
        EventKind::MapRunRedriven { arn, count } if **arn == *of => Some((event.id, *count)),
        _ => None,
    });
    redrives.collect()
}

fn check_map_run(
    run: &str,
    length: u64,
    children: &[&Execution<'_>],
    (status, ended): (Option<MapRunStatus>, Option<&EventKind>),
    wrong: &mut Vec<String>,
) {
    let mut inputs = HashSet::new();
    for child in children {
        let input = match child.events.first().map(|event| &event.kind) {
            Some(EventKind::ExecutionStarted { input, .. }) => input,
            other => {
                wrong.push(format!("{run}: {} begins with {other:?}", child.arn));
                continue;
            }
        };
        let input: Value = serde_json::from_str(input.text()).unwrap();
        if !inputs.insert(input["i"].to_string()) {
            wrong.push(format!("{run}: {} works on an item again", child.arn));
        }
    }
    let count = children.len() as u64;
    if count > length {
        wrong.push(format!("{run} has {count} children for {length} items"));
    }
    match (status, ended) {
        (Some(MapRunStatus::Succeeded), Some(EventKind::MapRunSucceeded)) => {
            let is_whole = count == length
                && children
                    .iter()
                    .all(|child| child.record.status == ExecutionStatus::Succeeded);
            if !is_whole {
                wrong.push(format!("{run} succeeded with {count} of {length} items"));
            }
        }
        // What ended its execution came first, or came in the moment of its own end.
        (Some(MapRunStatus::Aborted), None | Some(EventKind::MapRunAborted))
        | (Some(MapRunStatus::Succeeded), None | Some(EventKind::MapRunAborted)) => {}
        (Some(MapRunStatus::Failed), Some(EventKind::MapRunFailed(_)))
            if children.iter().any(|child| found_name_taken(child)) => {}
        (status, ended) => {
            let ends = children.iter().filter_map(|child| child.events.last());
            let ends: Vec<_> = ends.map(|end| &end.kind).collect();
            wrong.push(format!(
                "{run} is {status:?} with {ended:?}; its children {ends:?}"
            ));
        }
    }
}
