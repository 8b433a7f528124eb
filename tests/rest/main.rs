//! Works through the REST API of the real binary: create, start, follow, ask, answer, stop.
#![allow(
    clippy::unwrap_used,
    reason = "these are tests: a failure is a panic that names its place"
)]

use std::io::{BufReader, Write};
use std::sync::mpsc;

use serde_json::{Value, json};
use tests::support::http::{connect, read_head, read_line};
use tests::support::lambda::{self, Answer};
use tests::support::server::Server;

/// Greets at once, or waits for somebody who does.
fn greeting() -> Value {
    json!({
        "StartAt": "IsThereSomebody",
        "States": {
            "IsThereSomebody": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.name", "IsPresent": true, "Next": "Greet"}],
                "Default": "Ask",
            },
            "Ask": {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
                "Parameters": {"FunctionName": "ask", "Payload": {"token.$": "$$.Task.Token"}},
                "Next": "Greet",
            },
            "Greet": {
                "Type": "Pass",
                "Parameters": {"text.$": "States.Format('Hello, {}!', $.name)"},
                "End": true,
            },
        },
    })
}

/// A server with the machine `greeting`, and the tokens that it hands out.
fn server() -> (Server, mpsc::Receiver<String>) {
    let (sender, tokens) = mpsc::channel();
    let endpoint = lambda::serve(move |call| {
        let token = call.payload["token"].as_str().unwrap_or_default();
        sender.send(token.to_owned()).unwrap();
        Answer::Result(Value::Null)
    });
    let server = Server::new()
        .variable("AWS_ENDPOINT_URL_LAMBDA", format!("http://{endpoint}"))
        .start();
    let body = json!({"name": "greeting", "definition": greeting()});
    let created = server.http().post("/api/v1/state-machines", &body).unwrap();
    assert_eq!(created.status, 201, "{}", created.text());
    assert_eq!(
        created.header("location"),
        Some("/api/v1/state-machines/greeting")
    );
    (server, tokens)
}

#[test]
fn an_execution_is_started_and_its_end_awaited() {
    let (server, _tokens) = server();
    let mut http = server.http();
    let executions = "/api/v1/state-machines/greeting/executions";
    let body = json!({"name": "first", "input": {"name": "Ada"}});
    let ended = http.post(&format!("{executions}?wait=10"), &body).unwrap();
    assert_eq!(ended.status, 200, "{}", ended.text());
    assert_eq!(ended.json()["output"], json!({"text": "Hello, Ada!"}));

    let found = http
        .get("/api/v1/executions/greeting:first?history=true")
        .unwrap()
        .json();
    assert_eq!(found["status"], "SUCCEEDED");
    let events = found["history"]["events"].as_array().unwrap();
    let kinds: Vec<_> = events
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        [
            "ExecutionStarted",
            "ChoiceStateEntered",
            "ChoiceStateExited",
            "PassStateEntered",
            "PassStateExited",
            "ExecutionSucceeded"
        ]
    );

    let listed = http
        .get("/api/v1/executions?status=SUCCEEDED")
        .unwrap()
        .json();
    assert_eq!(listed["executions"][0]["id"], "greeting:first");
    let again = http.post(executions, &body).unwrap();
    assert_eq!(again.status, 409);
    assert_eq!(
        again.header("content-type"),
        Some("application/problem+json")
    );
}

#[test]
fn events_stream_while_a_task_waits_for_its_token() {
    let (server, tokens) = server();
    let mut http = server.http();
    let body = json!({"name": "asks", "input": {}});
    let started = http
        .post("/api/v1/state-machines/greeting/executions", &body)
        .unwrap();
    assert_eq!(started.status, 201, "{}", started.text());

    let mut stream = BufReader::new(connect(server.address()).unwrap());
    let request = "GET /api/v1/executions/greeting:asks/events HTTP/1.1\r\nhost: localhost\r\n\r\n";
    stream.get_mut().write_all(request.as_bytes()).unwrap();
    let head = read_head(&mut stream).unwrap();
    assert_eq!(head.header("content-type"), Some("text/event-stream"));
    let mut next = || loop {
        let line = read_line(&mut stream).unwrap();
        if let Some(kind) = line.strip_prefix("event: ") {
            return kind.to_owned();
        }
    };
    // These come while the execution runs.
    while next() != "TaskScheduled" {}

    let token = tokens.recv().unwrap();
    let task = format!(
        "/api/v1/tasks/{}",
        token
            .replace('+', "%2B")
            .replace('/', "%2F")
            .replace('=', "%3D")
    );
    let beat = http.post(&format!("{task}/heartbeat"), &json!({})).unwrap();
    assert_eq!(beat.status, 204, "{}", beat.text());
    let answer = json!({"output": {"name": "Grace"}});
    let answered = http.post(&format!("{task}/succeed"), &answer).unwrap();
    assert_eq!(answered.status, 204, "{}", answered.text());
    while next() != "ExecutionSucceeded" {}

    let ended = http.get("/api/v1/executions/greeting:asks").unwrap().json();
    assert_eq!(ended["output"], json!({"text": "Hello, Grace!"}));
    let late = http
        .post(&format!("{task}/fail"), &json!({"error": "Late"}))
        .unwrap();
    assert_eq!(late.status, 410, "{}", late.text());
}

#[test]
fn an_execution_is_stopped_and_its_machine_replaced_and_deleted() {
    let (server, tokens) = server();
    let mut http = server.http();
    let body = json!({"name": "asks", "input": {}});
    http.post("/api/v1/state-machines/greeting/executions", &body)
        .unwrap();
    tokens.recv().unwrap();
    let reason = json!({"error": "NotNeeded", "cause": "nobody is there"});
    let stopped = http
        .post("/api/v1/executions/greeting:asks/stop", &reason)
        .unwrap()
        .json();
    assert_eq!(stopped["status"], "ABORTED");
    assert_eq!(stopped["error"], "NotNeeded");

    let machine = "/api/v1/state-machines/greeting";
    let replacement =
        json!({"definition": {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}});
    let headers = [("content-type", "application/json")];
    let bytes = replacement.to_string();
    let replaced = http
        .request("PUT", machine, &headers, bytes.as_bytes())
        .unwrap();
    assert_eq!(replaced.status, 200, "{}", replaced.text());
    assert_eq!(replaced.json()["definition"], replacement["definition"]);

    let wrong = json!({"definition": {"StartAt": "Nowhere", "States": {}}}).to_string();
    let refused = http
        .request("PUT", machine, &headers, wrong.as_bytes())
        .unwrap();
    assert_eq!(refused.status, 422);
    assert!(!refused.json()["findings"].as_array().unwrap().is_empty());

    assert_eq!(
        http.request("DELETE", machine, &[], b"").unwrap().status,
        204
    );
    assert_eq!(http.get(machine).unwrap().status, 404);
}

#[test]
fn the_document_names_every_path_and_the_server_says_how_it_is() {
    let (server, _tokens) = server();
    let mut http = server.http();
    let document = http.get("/api/v1/openapi.json").unwrap().json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    for path in [
        "/api/v1/state-machines",
        "/api/v1/state-machines/{name}",
        "/api/v1/state-machines/{name}/executions",
        "/api/v1/executions",
        "/api/v1/executions/{id}",
        "/api/v1/executions/{id}/history",
        "/api/v1/executions/{id}/events",
        "/api/v1/executions/{id}/stop",
        "/api/v1/tasks/{token}/succeed",
        "/api/v1/tasks/{token}/fail",
        "/api/v1/tasks/{token}/heartbeat",
        "/healthz",
        "/readyz",
        "/metrics",
    ] {
        assert!(document["paths"][path].is_object(), "{path}");
    }
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(http.get(path).unwrap().status, 200, "{path}");
    }
}

#[test]
fn what_was_acknowledged_is_there_after_a_kill() {
    let (mut server, tokens) = server();
    let body = json!({"name": "asks", "input": {}});
    server
        .http()
        .post("/api/v1/state-machines/greeting/executions", &body)
        .unwrap();
    let token = tokens.recv().unwrap();
    server.kill();
    server.restart();
    let mut http = server.http();
    let task = format!("/api/v1/tasks/{token}/succeed");
    let answered = http
        .post(&task, &json!({"output": {"name": "Barbara"}}))
        .unwrap();
    assert_eq!(answered.status, 204, "{}", answered.text());
    server.kill();
    server.restart();
    let ended = server
        .aws()
        .wait("arn:aws:states:us-east-1:000000000000:execution:greeting:asks");
    assert_eq!(ended["output"], r#"{"text":"Hello, Barbara!"}"#);
    assert!(server.terminate().success());
}
