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
//! | an acknowledged SendTaskSuccess counts exactly once; a second one gives TaskTimedOut | `handovers::check_tokens`, `clients::send_again` |
//! | a task is handed over only when its Scheduled event is durable, with the id of that event | `handovers::check_calls` |
//! | an attempt is handed over once a life, and every attempt that ended was handed over | `services::record`, `handovers::check_calls` |
//! | an acknowledged redrive is there once, at its time, after an end without success; none is there unasked | `check_redrives`, `check_history` |
//! | an execution that is paused goes on when it is resumed, whatever process does it | `lives::is_over` |
//! | an attempt that starts an execution starts exactly one | `handovers::check_children` |
//! | an execution whose waiting parent went away ends soon | `handovers::check_children` |
//! | a Map Run starts one child for each item, and none twice; its record says how it ended | `map_runs::check_map_runs` |
//! | nothing is left RUNNING, loaded, or waiting for a timer when all work is done | `lives::work` |

use std::collections::HashMap;

use futures_util::FutureExt;
use interpreter::history::{EventKind, HistoryEvent, StateType};
use serde_json::Value;
use store::contract::{Direction, ExecutionFilter, Store};
use store::memory::MemoryStore;
use store::records::{ExecutionRecord, ExecutionStatus};

use crate::handovers::{check_calls, check_children, check_tokens};
use crate::machines::{Ending, Machine};
use crate::map_runs::{check_map_runs, found_name_taken};
use crate::world::{Start, World};

/// One execution as the store has it.
pub(crate) struct Execution<'a> {
    pub(crate) record: ExecutionRecord,
    pub(crate) machine: &'a Machine,
    pub(crate) arn: String,
    /// Whether it is a child of a Map Run.
    pub(crate) is_item: bool,
    pub(crate) events: Vec<HistoryEvent>,
}

/// Everything that is wrong.
pub(crate) fn check(durable: &MemoryStore, world: &World) -> Vec<String> {
    let (mut wrong, machines) = {
        let records = world.lock();
        (records.violations.clone(), records.machines.clone())
    };
    let executions = read_all(durable, &machines, &mut wrong);
    for execution in &executions {
        // Of an Express child only the two ends are written.
        if !execution.record.name.contains(':') {
            check_history(execution, &mut wrong);
        }
        check_waits(execution, &mut wrong);
    }
    check_ending(&executions, world, &mut wrong);
    check_reads(&executions, world, &mut wrong);
    check_tokens(&executions, world, &mut wrong);
    check_calls(&executions, world, &mut wrong);
    check_children(&executions, &mut wrong);
    check_map_runs(durable, &executions, &mut wrong);
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
        let of = name.split('/').next().unwrap_or_default();
        let machine = machines.iter().find(|machine| machine.name == of);
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
            is_item: name.contains('/'),
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
    // Each end but the last is followed by the redrive that undid it.
    let redriven = redriven(events).map(|event| event.id - 1);
    let ends: Vec<u64> = redriven.chain([events.len() as u64]).collect();
    if terminal != ends {
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
        check_redrives(execution, start, wrong);
        if let Some(stopped) = start.stopped
            && start.redriven.is_empty()
            && execution.record.redrives.is_none()
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
    for execution in executions.iter().filter(|execution| !execution.is_item) {
        check_outcome(execution, wrong);
    }
}

fn redriven(events: &[HistoryEvent]) -> impl Iterator<Item = &HistoryEvent> {
    let is_redrive = |kind: &EventKind| matches!(kind, EventKind::ExecutionRedriven { .. });
    events.iter().filter(move |event| is_redrive(&event.kind))
}

/// Each redrive that was acknowledged is there once, at its time; none is there that nobody asked for.
fn check_redrives(execution: &Execution<'_>, start: &Start, wrong: &mut Vec<String>) {
    let times: Vec<i64> = redriven(&execution.events)
        .map(|event| event.timestamp)
        .collect();
    // The last one may be durable although its answer was lost for good.
    let may_be = [start.redriven.len(), start.redriven.len() + 1];
    if !may_be.contains(&times.len()) || times.len() > start.redrives as usize {
        wrong.push(format!(
            "{} was redriven {} times, acknowledged were {}",
            execution.arn,
            times.len(),
            start.redriven.len()
        ));
    }
    if !times.starts_with(&start.redriven) {
        wrong.push(format!(
            "{} was redriven at {times:?}, acknowledged was {:?}",
            execution.arn, start.redriven
        ));
    }
    let count = execution.record.redrives.as_ref();
    if count.map_or(0, |redrives| redrives.count) as usize != times.len() {
        wrong.push(format!("{}: its row counts other redrives", execution.arn));
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
        // A task that starts an execution under a name of its own finds it taken when it is redriven, as with AWS.
        (Some(EventKind::ExecutionFailed(_)), ExecutionStatus::Failed, _)
            if found_name_taken(execution) => {}
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
    // The machine's timeout begins again with each redrive.
    let began = redriven(&execution.events).last();
    let began = began.map_or(record.started_at, |event| event.timestamp);
    let took = record.stopped_at.unwrap_or(0) - began;
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
