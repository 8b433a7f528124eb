//! Runs an unmodified Lambda handler under AWS's own runtime client, `awslambdaric`, as a function of the operator's.
#![allow(
    clippy::unwrap_used,
    reason = "these are tests: a failure is a panic that names its place"
)]

use std::path::Path;

use serde_json::{Value, json};
use tests::support::aws::text;
use tests::support::binary::root;
use tests::support::python::python;
use tests::support::server::Server;

/// A server with the handlers of `handlers.py`.
fn server() -> Server {
    let functions: String = ["greet", "fail", "identify", "count"]
        .map(|handler| {
            let command = [
                python().to_str().unwrap().to_owned(),
                "-m".to_owned(),
                "awslambdaric".to_owned(),
                format!("handlers.{handler}"),
            ];
            format!(
                "[functions.{handler}]\nruntime = {command:?}\nworking_directory = {:?}\nenvironment = {{ PYTHONDONTWRITEBYTECODE = \"1\" }}\n",
                handlers()
            )
        })
        .concat();
    Server::new().toml(&functions).start()
}

fn handlers() -> std::path::PathBuf {
    root().join(Path::new("tests/lambda_runtime"))
}

/// Calls a function in an execution and describes how that ended.
fn call(server: &Server, function: &str, payload: Value) -> Value {
    let definition = json!({
        "StartAt": "Call",
        "States": {
            "Call": {
                "Type": "Task",
                "Resource": format!("arn:aws:lambda:us-east-1:000000000000:function:{function}"),
                "End": true,
            },
        },
    });
    let mut aws = server.aws();
    let machine = aws.create(function, &definition.to_string());
    let execution = aws.start(&machine, &payload.to_string());
    aws.wait(&execution)
}

fn output(ended: &Value) -> Value {
    serde_json::from_str(text(ended, "output")).unwrap_or_else(|_| panic!("{ended}"))
}

#[test]
fn a_handler_s_result_is_the_task_s() {
    let server = server();
    let ended = call(&server, "greet", json!({"name": "Ada"}));
    assert_eq!(
        output(&ended),
        json!({"greeting": "Hello, Ada!", "length": 3})
    );
}

#[test]
fn a_handler_s_exception_is_the_task_s_failure() {
    let server = server();
    let ended = call(&server, "fail", json!({"name": "Ada"}));
    assert_eq!(ended["status"], "FAILED");
    assert_eq!(ended["error"], "NotToday");
    let cause: Value = serde_json::from_str(text(&ended, "cause")).unwrap();
    assert_eq!(cause["errorMessage"], "Ada must come back tomorrow");
    assert_eq!(cause["errorType"], "NotToday");
    assert!(!cause["stackTrace"].as_array().unwrap().is_empty());
}

#[test]
fn a_handler_knows_who_it_is() {
    let server = server();
    let identity = output(&call(&server, "identify", json!({})));
    assert_eq!(identity["name"], "identify");
    assert_eq!(
        identity["arn"],
        "arn:aws:lambda:us-east-1:000000000000:function:identify"
    );
    assert!(identity["remaining"].as_u64().unwrap() > 1_000);
    assert!(!identity["request"].as_str().unwrap().is_empty());
    assert!(
        identity["attempt"]
            .as_str()
            .unwrap()
            .contains("execution:identify:"),
        "{identity}"
    );
}

#[test]
fn a_process_is_kept_for_the_next_call() {
    let server = server();
    assert_eq!(output(&call(&server, "count", json!({}))), 1);
    assert_eq!(output(&call(&server, "count", json!({}))), 2);
}
