//! What the runtime does, as sessions: a script of calls and what each of them answers.
#![allow(
    clippy::unwrap_used,
    reason = "these are tests: a failure is a panic that names its place"
)]

mod activities;
mod ends;
mod executions;
mod express;
mod following;
mod machines;
mod map_run_calls;
mod map_run_redrives;
mod map_runs;
mod memory;
mod nested;
mod operators;
mod performer;
mod restarts;
mod session;
mod shelf;
mod test_cases;
mod texts;
mod tokens;
mod traces;
mod trouble;
mod versions;

use expect_test::Expect;
use runtime::options::EngineLimits;

use crate::session::Session;

/// Runs a session with AWS's limits, and compares what was answered.
fn check(script: &str, expected: Expect) {
    check_with(EngineLimits::aws(), 0, script, expected);
}

/// Runs a session with AWS's limits and a mock configuration file.
fn check_mocked(mocks: &str, script: &str, expected: Expect) {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let file = directory.path().join("MockConfigFile.json");
    std::fs::write(&file, mocks).expect("a file can be written");
    let place = format!("{}/", directory.path().display());
    let text = run(script, || Session::open(EngineLimits::aws(), 0, Some(file)));
    expected.assert_eq(&text.replace(&place, ""));
}

/// Runs a session with limits of its own, and with so many executions that may rest in memory.
fn check_with(limits: EngineLimits, resting: usize, script: &str, expected: Expect) {
    let text = run(script, || Session::open(limits, resting, None));
    expected.assert_eq(&text);
}

/// What a session answers.
fn run<F: Future<Output = Session>>(script: &str, open: impl FnOnce() -> F) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime can be built");
    runtime.block_on(async {
        let mut session = open().await;
        let mut text = String::new();
        for line in script
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
        {
            let answer = session.line(line).await;
            let (call, _) = line.split_at(line.len().min(60));
            text.push_str(&format!("> {call}\n"));
            for line in answer.lines() {
                text.push_str(&format!("{line}\n"));
            }
        }
        text
    })
}

/// A machine of one Task state.
fn task(resource: &str, more: &str) -> String {
    format!(
        r#"{{"StartAt":"T","States":{{"T":{{"Type":"Task","Resource":"{resource}"{more},"End":true}}}}}}"#
    )
}

/// A function's ARN.
fn function(name: &str) -> String {
    format!("arn:aws:lambda:us-east-1:000000000000:function:{name}")
}

/// A task that somebody with the token ends.
fn callback(more: &str) -> String {
    task(
        "arn:aws:states:::lambda:invoke.waitForTaskToken",
        &format!(r#","Parameters":{{"FunctionName":"f","token.$":"$$.Task.Token"}}{more}"#),
    )
}

/// An activity's ARN.
fn activity(name: &str) -> String {
    format!("arn:aws:states:us-east-1:000000000000:activity:{name}")
}

/// A machine that waits.
fn waits(seconds: u32) -> String {
    format!(
        r#"{{"StartAt":"W","States":{{"W":{{"Type":"Wait","Seconds":{seconds},"End":true}}}}}}"#
    )
}

/// A machine that hands its input on.
const PASSES: &str = r#"{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#;
