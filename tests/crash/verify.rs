//! What must hold in the end.
//!
//! 1. Every execution whose start was acknowledged is there and has ended with the right output.
//! 2. A history's ids are 1, 2, 3 …; a previous id is that of an earlier event or 0; time does not go backwards.
//! 3. It begins with ExecutionStarted, and ends with the one event that ends an execution; only a redrive goes on after such an event.
//! 4. An attempt ends once.
//! 5. An acknowledged SendTaskSuccess is the task's end; one that was refused is not.
//! 6. A function sees a repeated call as the same attempt, and no two pieces of work as the same.
//! 7. An acknowledged Express execution reaches its last state.

use std::collections::BTreeSet;

use serde_json::Value;
use tests::support::aws::{Aws, text};

use crate::clients::{Answered, Started, World};
use crate::functions::Functions;
use crate::kinds::{Expected, Order};

/// What does not hold.
pub(crate) fn verify(aws: &mut Aws, world: &World, functions: &Functions) -> Vec<String> {
    let mut wrong = world.wrong();
    wrong.extend(functions.contradictions());
    for Started {
        order,
        execution_arn,
    } in world.started()
    {
        let found = match order.expected() {
            Expected::Output(output) => execution(aws, &execution_arn, &|actual| {
                (*actual != output).then(|| format!("its output is {actual}, not {output}"))
            }),
            Expected::Completion => execution(aws, &execution_arn, &|actual| {
                completion(world, &order, actual)
            }),
            Expected::Unseen => {
                let key = format!("{execution_arn}/Second/0");
                match functions.has_seen("seen", &key) {
                    true => Vec::new(),
                    false => vec!["its last function was never called".to_owned()],
                }
            }
        };
        wrong.extend(
            found
                .into_iter()
                .map(|text| format!("{}: {text}", order.name())),
        );
    }
    wrong
}

/// Checks an execution's end and its history.
fn execution(
    aws: &mut Aws,
    arn: &str,
    check_output: &dyn Fn(&Value) -> Option<String>,
) -> Vec<String> {
    let described = match aws.call(
        "DescribeExecution",
        &serde_json::json!({"executionArn": arn}),
    ) {
        Ok(described) => described,
        Err(error) => return vec![format!("it cannot be described: {error}")],
    };
    let mut wrong = Vec::new();
    match text(&described, "status") {
        "SUCCEEDED" => {
            let output = serde_json::from_str(text(&described, "output")).unwrap_or_default();
            wrong.extend(check_output(&output));
        }
        status => {
            let (error, cause) = (text(&described, "error"), text(&described, "cause"));
            wrong.push(format!("it is {status}: {error}: {cause}"));
        }
    }
    match aws.history(arn) {
        Ok(events) => wrong.extend(history(&events)),
        Err(error) => wrong.push(format!("it has no history: {error}")),
    }
    wrong
}

/// Checks that the task's end is one that somebody was told of.
fn completion(world: &World, order: &Order, actual: &Value) -> Option<String> {
    let completions = world.completions(order.number);
    let acknowledged: Vec<_> = completions
        .iter()
        .filter(|completion| completion.answer == Answered::Yes)
        .collect();
    let is_right = match acknowledged.as_slice() {
        [only] => only.output == *actual,
        [] => completions.iter().any(|completion| {
            completion.answer == Answered::Perhaps && completion.output == *actual
        }),
        [_, ..] => false,
    };
    (!is_right).then(|| format!("its output is {actual} after {completions:?}"))
}

/// Checks a history by itself.
fn history(events: &[Value]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut ended = BTreeSet::new();
    let mut time = 0.0;
    for (event, expected) in events.iter().zip(1_u64..) {
        let id = event["id"].as_u64().unwrap_or_default();
        let previous = event["previousEventId"].as_u64().unwrap_or_default();
        let kind = text(event, "type");
        if id != expected {
            wrong.push(format!("event {expected} has the id {id}"));
            break;
        }
        if previous >= id {
            wrong.push(format!("event {id} follows {previous}"));
        }
        let timestamp = event["timestamp"].as_f64().unwrap_or_default();
        if timestamp < time {
            wrong.push(format!("event {id} is older than the one before"));
        }
        time = timestamp;
        if (kind == "ExecutionStarted") != (id == 1) {
            wrong.push(format!("event {id} is {kind}"));
        }
        let goes_on = ["ExecutionStarted", "ExecutionRedriven"].contains(&kind);
        let ends_execution = kind.starts_with("Execution") && !goes_on;
        let next = events.get(usize::try_from(expected).unwrap());
        let is_last = next.is_none_or(|next| text(next, "type") == "ExecutionRedriven");
        if ends_execution != is_last {
            wrong.push(format!("event {id} of {} is {kind}", events.len()));
        }
        let is_attempt = ["Task", "LambdaFunction", "Activity"]
            .iter()
            .any(|prefix| kind.starts_with(prefix) && !kind.starts_with("TaskState"));
        let ends_attempt = ["Succeeded", "Failed", "TimedOut"]
            .iter()
            .any(|suffix| kind.ends_with(suffix));
        if is_attempt && ends_attempt && !ended.insert(previous) {
            wrong.push(format!("the attempt of event {previous} ended twice"));
        }
    }
    wrong
}
