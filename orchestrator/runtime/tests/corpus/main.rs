//! The corpus through the runtime: simulated time, the memory store, and tasks that do what the case's script says.
#![allow(
    clippy::unwrap_used,
    reason = "these are tests: a failure is a panic that names its place"
)]

mod world;

use std::fmt::Write;

use tests::corpus::{Case, Feature, Happening};

use crate::world::World;

#[test]
fn every_case_has_its_history() {
    let mut failures = String::new();
    let mut count = 0;
    for feature in Feature::all() {
        for case in &feature.cases {
            if !is_for_the_runtime(case) {
                continue;
            }
            count += 1;
            let actual = World::run(case);
            if actual != case.expected {
                let place = format!("{}:{}", feature.path.display(), case.line);
                let difference = difference(&case.expected, &actual);
                let _ = write!(failures, "\n{place}\n{}\n{difference}", case.name);
            }
        }
    }
    assert!(count > 250, "only {count} cases are for the runtime");
    assert!(failures.is_empty(), "histories differ{failures}");
}

/// Whether everything in the case can come from outside the runtime.
///
/// A job's submission (`.sync`) and nested executions are the integrations' and the runtime's own; a task that is no
/// activity's and has no token can't show that it is alive; nobody can end an activity's task without having taken it, and
/// it is taken once; a worker's result that is too long is refused before it reaches the execution.
fn is_for_the_runtime(case: &Case) -> bool {
    let is_native = case.definition.contains(":::states:startExecution");
    let has_job = case.definition.contains(".sync");
    let has_token = case.definition.contains(".waitForTaskToken");
    let has_activity = case.definition.contains(":activity:");
    case.tasks.iter().all(|task| {
        let mut is_taken = !has_activity;
        task.moments.iter().all(|moment| match &moment.happening {
            Happening::Start(_) => has_activity && !std::mem::replace(&mut is_taken, true),
            Happening::Submit(_) => has_token && !has_job,
            Happening::Heartbeat => (has_token || has_activity) && is_taken,
            Happening::Succeed(output) => is_taken && !(has_activity && is_too_long(case, output)),
            Happening::Fail(_) => is_taken,
        })
    }) && !is_native
}

fn is_too_long(case: &Case, output: &str) -> bool {
    let limit = case.limits.payload_bytes;
    limit.is_some_and(|limit| output.len() > limit)
}

/// The lines around the first one that differs.
fn difference(expected: &str, actual: &str) -> String {
    let same = expected
        .lines()
        .zip(actual.lines())
        .take_while(|(expected, actual)| expected == actual)
        .count();
    let mut text = String::new();
    for line in expected.lines().skip(same).take(3) {
        let _ = writeln!(text, "  - {line}");
    }
    for line in actual.lines().skip(same).take(3) {
        let _ = writeln!(text, "  + {line}");
    }
    text
}
