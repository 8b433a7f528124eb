//! Runs `client.py`, `testing.py` and `jobs.py`, in which boto3 talks to the real binary as it would to AWS.
#![allow(
    clippy::unwrap_used,
    reason = "these are tests: a failure is a panic that names its place"
)]

use std::process::Command;

use tests::support::binary::root;
use tests::support::python::python;
use tests::support::server::Server;

/// Runs the tests of one class, such as `client.Executions`.
fn check(class: &str) {
    let server = Server::new()
        .toml("activity_poll = \"2s\"\n[functions.double]\ncommand = [\"sh\", \"-c\", \"cat\"]\n[batch]\nengine = \"process\"\n")
        .start();
    let tested = Command::new(python())
        .args(["-m", "unittest", "-v", class])
        .current_dir(root().join("tests/boto3"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("ENDPOINT", format!("http://{}", server.address()))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&tested.stderr);
    println!("{said}");
    assert!(tested.status.success(), "{said}");
}

#[test]
fn executions() {
    check("client.Executions");
}

#[test]
fn activities() {
    check("client.Activities");
}

#[test]
fn state_machines() {
    check("client.StateMachines");
}

#[test]
fn express() {
    check("client.Express");
}

#[test]
fn tested_states() {
    check("testing.States");
}

#[test]
fn test_cases_of_the_mock_configuration_file() {
    let directory = tempfile::tempdir().unwrap();
    let mocks = directory.path().join("MockConfigFile.json");
    let mocks = mocks.to_str().unwrap();
    let server = Server::new().variable("SFN_MOCK_CONFIG", mocks).start();
    let tested = Command::new(python())
        .args(["-m", "unittest", "-v", "testing.TestCases"])
        .current_dir(root().join("tests/boto3"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("ENDPOINT", format!("http://{}", server.address()))
        .env("MOCKS", mocks)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&tested.stderr);
    println!("{said}");
    assert!(tested.status.success(), "{said}");
}

#[test]
fn versions_and_aliases() {
    check("operations.Versions");
}

#[test]
fn redrives() {
    check("operations.Redrives");
}

#[test]
fn settings_and_execution_logs() {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("executions.jsonl");
    let log = log.to_str().unwrap();
    let server = Server::new()
        .variable("RATCHET_EXECUTION_LOG_FILE", log)
        .start();
    let tested = Command::new(python())
        .args(["-m", "unittest", "-v", "operations.Settings"])
        .current_dir(root().join("tests/boto3"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("ENDPOINT", format!("http://{}", server.address()))
        .env("EXECUTION_LOG", log)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&tested.stderr);
    println!("{said}");
    assert!(tested.status.success(), "{said}");
}

#[test]
fn jobs() {
    check("jobs.Jobs");
}

#[test]
fn lists_of_jobs() {
    check("jobs.Lists");
}

#[test]
fn logs() {
    check("jobs.Logs");
}

#[test]
fn errors_of_jobs() {
    check("jobs.Errors");
}

#[test]
fn every_operation_of_batch() {
    check("jobs.Operations");
}

#[test]
fn jobs_of_workflows() {
    check("jobs.Workflows");
}
