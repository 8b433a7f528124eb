//! The trace that a call is a part of, in every way to call something.

#![allow(
    clippy::unwrap_used,
    reason = "a test fails where something is not as it must be"
)]

mod support;

use expect_test::{Expect, expect};
use runtime::tasks::{CallTrace, TaskCall};
use support::{Stub, function, perform, service};

fn traced(mut call: TaskCall, x_ray: &str) -> TaskCall {
    call.trace = Some(CallTrace {
        x_ray: x_ray.into(),
        traceparent: Some("00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01".into()),
    });
    call
}

const X_RAY: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

/// Performs a call with a stub at `URL`, and tells the headers of a trace that it got.
async fn check(toml: &str, call: TaskCall, expected: Expect) {
    let stub = Stub::fixed(200, &[], "{}").await;
    perform(&toml.replace("URL", &stub.url()), call).await;
    expected.assert_eq(&trace_lines(&stub));
}

fn trace_lines(stub: &Stub) -> String {
    let seen = stub.seen().join("\n");
    let lines = seen
        .lines()
        .filter(|line| line.starts_with("x-amzn-trace-id") || line.starts_with("traceparent"));
    lines.collect::<Vec<_>>().join("\n")
}

async fn check_http(headers: &str, expected: Expect) {
    let stub = Stub::fixed(200, &[], "{}").await;
    let url = stub.url();
    let input = format!(r#"{{"ApiEndpoint":"{url}","Method":"GET","Headers":{headers}}}"#);
    perform("", traced(service("http:invoke", &input), X_RAY)).await;
    expected.assert_eq(&trace_lines(&stub));
}

#[tokio::test]
async fn a_lambda_endpoint_gets_it() {
    let toml = "lambda_endpoint = \"URL\"";
    check(toml, function("f", "{}"), expect![""]).await;
    check(
        toml,
        traced(function("f", "{}"), X_RAY),
        expect![[r#"
        x-amzn-trace-id: Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1
        traceparent: 00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01"#]],
    )
    .await;
    // What no header can carry stays here.
    check(
        toml,
        traced(function("f", "{}"), "Root=\n1"),
        expect!["traceparent: 00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01"],
    )
    .await;
}

#[tokio::test]
async fn a_function_behind_a_url_gets_it() {
    check(
        "[functions.f]\nurl = \"URL\"",
        traced(function("f", "{}"), X_RAY),
        expect![[r#"
        x-amzn-trace-id: Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1
        traceparent: 00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01"#]],
    )
    .await;
}

#[tokio::test]
async fn a_command_has_it_in_its_environment() {
    let script = "import os, json; print(json.dumps({k: v for k, v in sorted(os.environ.items()) if 'TRACE' in k}))";
    let command = toml::Value::from(vec!["python3", "-c", script]);
    let toml = format!("[functions.f]\ncommand = {command}");
    let outcome = async |x_ray| perform(&toml, traced(function("f", "{}"), x_ray)).await;
    expect![[r#"{"RUST_BACKTRACE":"1","TRACEPARENT":"00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01","_X_AMZN_TRACE_ID":"Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"}"#]]
        .assert_eq(&outcome(X_RAY).await);
    expect![[r#"{"RUST_BACKTRACE":"1","TRACEPARENT":"00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01"}"#]]
        .assert_eq(&outcome("\0").await);
}

#[tokio::test]
async fn a_process_gets_it_with_its_call() {
    const RUNTIME: &str = include_str!("support/runtime.py");
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("runtime.py"), RUNTIME).unwrap();
    let toml = format!(
        "[functions.f]\nruntime = [\"python3\", \"-u\", \"runtime.py\", \"describe\"]\nworking_directory = {:?}",
        directory.path()
    );
    let outcome = perform(&toml, traced(function("f", "{}"), X_RAY)).await;
    assert!(
        outcome.contains(&format!("\"Trace-Id\":\"{X_RAY}\"")),
        "{outcome}"
    );
}

#[tokio::test]
async fn an_http_service_gets_it_unless_the_state_says_another() {
    check_http(
        "{}",
        expect![[r#"
        x-amzn-trace-id: Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1
        traceparent: 00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01"#]],
    )
    .await;
    check_http(
        r#"{"X-Amzn-Trace-Id":"Root=mine"}"#,
        expect![[r#"
        x-amzn-trace-id: Root=mine
        traceparent: 00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01"#]],
    )
    .await;
}
