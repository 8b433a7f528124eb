//! A Map Run of the corpus: children that wait for nothing, one after the other.

use std::sync::Arc;

use asl::definition::StateMachine;
use expression::value::Value;
use interpreter::execution::{Execution, Identity, Status};
use interpreter::failure::{Failure, names};
use interpreter::input::{Effect, Input};
use interpreter::map_run::{MapRunOutcome, STATE_DATA, ScheduledMapRun, SourceItem};
use interpreter::payload::Payload;
use interpreter::step::{Env, step};

/// Carries the run out.
pub(crate) fn carry_out(
    machine: &StateMachine,
    parent: &Identity,
    mut run: ScheduledMapRun,
    env: &Env,
) -> MapRunOutcome {
    let request = run.request.clone();
    assert!(request.batch.is_none(), "no case of the corpus has batches");
    let items = request.items.as_ref().expect("no case has a reader");
    let values: Vec<(Option<Arc<str>>, Value)> = match items.value() {
        Value::Array(items) => items.iter().map(|item| (None, item.clone())).collect(),
        Value::Object(members) => {
            let members = members.iter();
            members
                .map(|(key, value)| (Some(key.clone()), value.clone()))
                .collect()
        }
        other => panic!("{other:?} has no items"),
    };
    let items = (0..).zip(values).map(|(index, (key, value))| SourceItem {
        index,
        value: Payload::of(value),
        key,
        source: STATE_DATA.into(),
    });
    let inputs = run.select(machine, env, items);
    let mut outputs = Vec::new();
    let mut failed = 0;
    for input in inputs {
        let input = match input {
            Ok(input) => input,
            Err(failure) => return MapRunOutcome::Failed(failure),
        };
        let identity = Identity {
            input,
            ..parent.clone()
        };
        let mut child = Execution::new(Arc::new(identity));
        let start = Input::StartChild {
            map: run.state,
            timeout_seconds: None,
        };
        let mut taken = step(machine, &mut child, start, env);
        while taken.effects.contains(&Effect::Continue) {
            taken = step(machine, &mut child, Input::Continue, env);
        }
        match child.status {
            Status::Succeeded(output) => outputs.push(output.value().clone()),
            Status::Running => panic!("children of the corpus wait for nothing"),
            Status::Failed(_) | Status::TimedOut(_) | Status::Aborted(_) => failed += 1,
        }
        if failed > request.tolerated_count.unwrap_or(0) {
            return MapRunOutcome::Failed(Failure::new(
                names::EXCEED_TOLERATED_FAILURE_THRESHOLD,
                "The specified tolerated failure threshold was exceeded",
            ));
        }
    }
    MapRunOutcome::Succeeded(Payload::of(Value::array(outputs)))
}
