//! Traces: spans of executions at a collector, and the headers that go with calls.
//!
//! ```text
//!   test ──StartExecution──▶ server ──Invoke──▶ functions, in this process
//!                              └────OTLP──────▶ collector, in this process
//! ```
#![allow(
    clippy::unwrap_used,
    reason = "these are tests: a failure is a panic that names its place"
)]

mod collector;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::{Duration, Instant};

use expect_test::{Expect, expect};
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use serde_json::{Value, json};
use tests::support::aws::{Aws, ROLE_ARN};
use tests::support::server::Server;
use tests::support::web::{Answer, Request, Web};

use crate::collector::{Collector, hex, text, tree};

const HEADER: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

/// A server with functions and a collector.
struct World {
    server: Server,
    functions: Web,
    collector: Collector,
}

impl World {
    fn open(more: &str) -> Self {
        let calls: Arc<Mutex<HashMap<String, u32>>> = Arc::default();
        let functions = Web::serve(move |request| function(request, &calls));
        let collector = Collector::new();
        let server = Server::new()
            .variable("OTEL_EXPORTER_OTLP_ENDPOINT", collector.web.url())
            .variable("OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%20b")
            .variable("OTEL_SERVICE_NAME", "tested")
            .variable("AWS_ENDPOINT_URL_LAMBDA", functions.url())
            .toml(&format!("batch.enabled = false\n{more}"))
            .start();
        Self {
            server,
            functions,
            collector,
        }
    }

    fn create(&self, name: &str, kind: &str, definition: &Value) -> String {
        let request = json!({
            "name": name,
            "type": kind,
            "definition": definition.to_string(),
            "roleArn": ROLE_ARN,
            "tracingConfiguration": { "enabled": true },
        });
        let created = self.server.aws().call("CreateStateMachine", &request);
        created.unwrap()["stateMachineArn"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Starts an execution `e` and waits for its end.
    fn run(&self, aws: &mut Aws, machine: &str, trace_header: Option<&str>) -> Value {
        let mut request = json!({ "stateMachineArn": machine, "name": "e" });
        if let Some(header) = trace_header {
            request["traceHeader"] = header.into();
        }
        let started = aws.call("StartExecution", &request).unwrap();
        aws.wait(started["executionArn"].as_str().unwrap())
    }
}

/// The functions: `echo`, `flaky` fails at first, `broken` fails, `slow` takes its time, anything else is an HTTP service.
fn function(request: &Request, calls: &Mutex<HashMap<String, u32>>) -> Answer {
    let name = request.target.split('/').nth(3).unwrap_or_default();
    let name = name.rsplit("%3A").next().unwrap_or_default().to_owned();
    let call = {
        let mut calls = calls.lock().unwrap();
        let call = calls.entry(name.clone()).or_default();
        *call += 1;
        *call
    };
    let fails = match &*name {
        "flaky" => call == 1,
        "broken" => true,
        "slow" => {
            sleep(Duration::from_millis(600));
            false
        }
        _ => false,
    };
    let mut answer = Answer::json(&json!(1));
    if fails {
        answer = Answer::json(&json!({ "errorType": "Broken", "errorMessage": "as it is" }));
        answer
            .headers
            .push(("X-Amz-Function-Error", "Unhandled".to_owned()));
    }
    answer
}

fn lambda(name: &str) -> String {
    format!("arn:aws:lambda:us-east-1:000000000000:function:{name}")
}

fn one(state: Value) -> Value {
    named("T", state)
}

fn named(name: &str, state: Value) -> Value {
    json!({ "StartAt": name, "States": { name: state } })
}

fn task(name: &str) -> Value {
    json!({ "Type": "Task", "Resource": lambda(name), "End": true })
}

fn check(spans: &[Span], expected: Expect) {
    expected.assert_eq(&tree(spans));
}

#[test]
fn spans_are_a_tree() {
    let world = World::open("");
    world.create("child", "STANDARD", &one(task("echo")));
    let retry = json!([{ "ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 2 }]);
    let caught = json!([{ "ErrorEquals": ["States.ALL"], "Next": "Nested" }]);
    let definition = json!({ "StartAt": "Fork", "States": {
        "Fork": { "Type": "Parallel", "Next": "Each", "Branches": [
            one(json!({ "Type": "Task", "Resource": lambda("flaky"), "Retry": retry, "End": true })),
            { "StartAt": "P", "States": { "P": { "Type": "Pass", "Next": "W" }, "W": { "Type": "Wait", "Seconds": 0, "End": true } } },
        ] },
        "Each": { "Type": "Map", "ItemsPath": "$", "ItemProcessor": named("Item", task("echo")), "Next": "Caught" },
        "Caught": { "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": { "FunctionName": "broken" }, "Catch": caught, "Next": "Nested" },
        "Nested": { "Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2", "Parameters": {
            "StateMachineArn": "arn:aws:states:us-east-1:000000000000:stateMachine:child", "Input": {} }, "Next": "Fails" },
        "Fails": { "Type": "Parallel", "Branches": [
            { "StartAt": "Ok", "States": { "Ok": { "Type": "Wait", "Seconds": 60, "End": true } } },
            { "StartAt": "Fail", "States": { "Fail": { "Type": "Fail", "Error": "Mine", "Cause": "why" } } },
        ], "Catch": [{ "ErrorEquals": ["States.ALL"], "Next": "Done" }], "End": true },
        "Done": { "Type": "Fail", "Error": "Done", "Cause": "in the end" },
    } });
    let machine = world.create("m", "STANDARD", &definition);
    let mut aws = world.server.aws();
    let ended = world.run(&mut aws, &machine, Some(HEADER));
    assert_eq!(ended["error"], "Done");
    assert_eq!(ended["traceHeader"], HEADER);
    let spans = world.collector.wait(2);
    check(
        &spans,
        expect![[r#"
            m type=Done FAILED
              Fork type=Parallel
                T type=Task (retry)
                  lambda flaky type=Broken invoked_name=flaky FAILED
                  lambda flaky invoked_name=flaky
                P type=Pass
                W type=Wait
              Each type=Map
                Each[0]
                  Item type=Task
                    lambda echo invoked_name=echo
                Each[1]
                  Item type=Task
                    lambda echo invoked_name=echo
              Caught type=Task type=Broken FAILED
                lambda:invoke type=Broken invoked_name=broken FAILED
              Nested type=Task
                states:startExecution.sync:2 service=states method=startExecution (submitted)
                  child
                    T type=Task
                      lambda echo invoked_name=echo
              Fails type=Parallel type=_OTHER FAILED
                Ok type=Wait type=Aborted FAILED
                Fail type=Fail type=_OTHER FAILED
              Done type=Fail type=Done FAILED
        "#]],
    );

    let root = spans.iter().find(|span| span.name == "m").unwrap();
    assert_eq!(hex(&root.trace_id), "5759e988bd862e3fe1be46a994272793");
    assert_eq!(hex(&root.parent_span_id), "53995c3f42cd8ad8");
    assert!(spans.iter().all(|span| span.trace_id == root.trace_id));
    assert_eq!(
        text(&root.attributes, "error.message").as_deref(),
        Some("in the end")
    );
    let keys = world.collector.web.seen();
    assert_eq!(keys[0].header("api-key"), ["a b"]);
    assert_eq!(keys[0].target, "/v1/traces");
    // Every function was told the very span of its attempt.
    let calls = world.functions.seen();
    assert_eq!(calls.len(), 6);
    for call in calls {
        let (x_ray, w3c) = (call.header("x-amzn-trace-id"), call.header("traceparent"));
        let span = w3c[0].split('-').nth(2).unwrap();
        let attempt = spans
            .iter()
            .find(|known| hex(&known.span_id) == span)
            .unwrap();
        assert_eq!(attempt.kind(), SpanKind::Client);
        assert_eq!(
            x_ray[0],
            format!("Root=1-5759e988-bd862e3fe1be46a994272793;Parent={span};Sampled=1")
        );
        assert_eq!(
            w3c[0],
            format!("00-5759e988bd862e3fe1be46a994272793-{span}-01")
        );
    }
    let metrics = world.server.http().get("/metrics").unwrap().text();
    assert!(
        metrics.contains(&format!("ratchet_spans_sent_total {}\n", spans.len())),
        "{metrics}"
    );
}

#[test]
fn a_redrive_goes_on() {
    let world = World::open("");
    let definition = json!({ "StartAt": "A", "States": {
        "A": { "Type": "Task", "Resource": lambda("echo"), "Next": "B" },
        "B": { "Type": "Parallel", "End": true, "Branches": [
            { "StartAt": "C", "States": { "C": task("flaky") } },
            { "StartAt": "D", "States": { "D": { "Type": "Wait", "Seconds": 1, "End": true } } },
        ] },
    } });
    let machine = world.create("m", "STANDARD", &definition);
    let mut aws = world.server.aws();
    world.run(&mut aws, &machine, None);
    let first = world.collector.wait(1);
    check(
        &first,
        expect![[r#"
            m type=Broken FAILED
              A type=Task
                lambda echo invoked_name=echo
              B type=Parallel type=Broken FAILED
                C type=Task type=Broken FAILED
                  lambda flaky type=Broken invoked_name=flaky FAILED
                D type=Wait type=Aborted FAILED
        "#]],
    );
    let execution = machine.replace("stateMachine", "execution") + ":e";
    aws.call("RedriveExecution", &json!({ "executionArn": execution }))
        .unwrap();
    assert_eq!(aws.wait(&execution)["status"], "SUCCEEDED");
    let spans = world.collector.wait(2);
    check(
        &spans[first.len()..],
        expect![[r#"
            m redrive=1 (goes on)
              B type=Parallel
                C type=Task
                  lambda flaky invoked_name=flaky
                D type=Wait
        "#]],
    );
    tree(&spans);
    assert_eq!(spans[0].trace_id, spans.last().unwrap().trace_id);
}

#[test]
fn maps_and_express_executions() {
    let world = World::open("");
    let map = |child_type: &str| {
        let mut processor = named("Item", task("echo"));
        processor["ProcessorConfig"] =
            json!({ "Mode": "DISTRIBUTED", "ExecutionType": child_type });
        one(
            json!({ "Type": "Map", "Label": "L", "ItemProcessor": processor, "ItemsPath": "$.items", "End": true }),
        )
    };
    let mut aws = world.server.aws();
    for (name, child_type) in [("s", "STANDARD"), ("x", "EXPRESS")] {
        let machine = world.create(name, "STANDARD", &map(child_type));
        let request =
            json!({ "stateMachineArn": machine, "name": "e", "input": "{\"items\":[1,2]}" });
        let started = aws.call("StartExecution", &request).unwrap();
        aws.wait(started["executionArn"].as_str().unwrap());
    }
    let spans = world.collector.wait(6);
    let masked = |spans: &[Span]| {
        let tree = tree(spans);
        let lines = tree.lines().map(|line| match line.find("Map Run ") {
            Some(at) => {
                let more = line[at..].split(' ').skip(3);
                let more = more.map(|word| format!(" {word}")).collect::<String>();
                format!("{}Map Run{more}\n", &line[..at])
            }
            None => format!("{line}\n"),
        });
        lines.collect::<String>()
    };
    expect![[r#"
        s
          T type=Map
            Map Run
              s/L
                Item type=Task
                  lambda echo invoked_name=echo
              s/L
                Item type=Task
                  lambda echo invoked_name=echo
        x
          T type=Map
            Map Run
              x/L
                Item type=Task
                  lambda echo invoked_name=echo
              x/L
                Item type=Task
                  lambda echo invoked_name=echo
    "#]]
    .assert_eq(&masked(&spans));

    let express = world.create("express", "EXPRESS", &one(task("echo")));
    let sync = json!({ "stateMachineArn": express, "traceHeader": HEADER });
    aws.call("StartSyncExecution", &sync).unwrap();
    aws.call("StartExecution", &sync).unwrap();
    let all = world.collector.wait(8);
    check(
        &all[spans.len()..],
        expect![[r#"
        express
          T type=Task
            lambda echo invoked_name=echo
        express
          T type=Task
            lambda echo invoked_name=echo
    "#]],
    );

    // A redriven Map Run goes on in the state that it is of.
    let mut processor = named("Item", task("flaky"));
    processor["ProcessorConfig"] = json!({ "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" });
    let machine = world.create(
        "again",
        "STANDARD",
        &one(json!({ "Type": "Map", "Label": "L", "ItemProcessor": processor, "ItemsPath": "$.items", "End": true })),
    );
    let request = json!({ "stateMachineArn": machine, "name": "e", "input": "{\"items\":[1]}" });
    aws.call("StartExecution", &request).unwrap();
    let execution = machine.replace("stateMachine", "execution") + ":e";
    aws.wait(&execution);
    let first = world.collector.wait(10);
    expect![[r#"
        again type=States.ExceedToleratedFailureThreshold FAILED
          T type=Map type=States.ExceedToleratedFailureThreshold FAILED
            Map Run type=States.ExceedToleratedFailureThreshold FAILED
              again/L type=Broken FAILED
                Item type=Task type=Broken FAILED
                  lambda flaky type=Broken invoked_name=flaky FAILED
    "#]]
    .assert_eq(&masked(&first[all.len()..]));
    aws.call("RedriveExecution", &json!({ "executionArn": execution }))
        .unwrap();
    assert_eq!(aws.wait(&execution)["status"], "SUCCEEDED");
    let spans = world.collector.wait(12);
    expect![[r#"
        again redrive=1 (goes on)
          T type=Map
            Map Run
        again/L redrive=1 (goes on)
          Item type=Task
            lambda flaky invoked_name=flaky
    "#]]
    .assert_eq(&masked(&spans[first.len()..]));
    tree(&spans);
}

#[test]
fn each_span_comes_once_whatever_is_killed() {
    let mut world = World::open("");
    let definition = json!({ "StartAt": "A", "States": {
        "A": { "Type": "Task", "Resource": lambda("echo"), "Next": "B" },
        "B": { "Type": "Task", "Resource": lambda("slow"), "Next": "C" },
        "C": { "Type": "Pass", "End": true },
    } });
    let machine = world.create("m", "STANDARD", &definition);
    let start = json!({ "stateMachineArn": machine, "name": "e" });
    let mut aws = world.server.aws();
    aws.call("StartExecution", &start).unwrap();
    // It is killed while a function works, and again when it has ended and the collector takes nothing.
    until("slow is called", || world.functions.seen().len() == 2);
    world.collector.answer(503);
    world.server.kill();
    world.server.restart();
    let execution = machine.replace("stateMachine", "execution") + ":e";
    assert_eq!(world.server.aws().wait(&execution)["status"], "SUCCEEDED");
    until("spans are sent", || !world.collector.web.seen().is_empty());
    world.server.kill();
    assert_eq!(world.collector.count(), 0);
    world.collector.answer(200);
    world.server.restart();
    check(
        &world.collector.wait(1),
        expect![[r#"
        m
          A type=Task
            lambda echo invoked_name=echo
          B type=Task
            lambda slow invoked_name=slow
          C type=Pass
    "#]],
    );

    // What was sent is not sent again.
    until("it is noted", || waiting(&world) == 0);
    world.server.kill();
    world.server.restart();
    let again = world.create(
        "n",
        "STANDARD",
        &one(json!({ "Type": "Pass", "End": true })),
    );
    world.run(&mut world.server.aws(), &again, None);
    let all = world.collector.wait(2);
    tree(&all);

    // A clean stop sends what has just ended.
    let last = world.create(
        "l",
        "STANDARD",
        &one(json!({ "Type": "Pass", "End": true })),
    );
    world.run(&mut world.server.aws(), &last, None);
    world.server.terminate();
    tree(&world.collector.wait(3));
}

fn waiting(world: &World) -> u64 {
    let metrics = world.server.http().get("/metrics").unwrap().text();
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix("ratchet_traces_waiting "));
    line.unwrap().parse().unwrap()
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(30), "not yet: {what}");
        sleep(Duration::from_millis(10));
    }
}

#[test]
fn what_is_not_sampled_has_no_spans_and_says_so() {
    let world = World::open("");
    let nested = json!({ "Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync", "End": true, "Parameters": {
        "StateMachineArn": "arn:aws:states:us-east-1:000000000000:stateMachine:child", "Name": "c" } });
    world.create("child", "STANDARD", &one(task("echo")));
    let machine = world.create("m", "STANDARD", &one(nested));
    let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0";
    let mut aws = world.server.aws();
    world.run(&mut aws, &machine, Some(header));
    let calls = world.functions.taken();
    assert_eq!(calls[0].header("x-amzn-trace-id"), [header]);
    assert!(calls[0].header("traceparent")[0].ends_with("-00"));
    let child =
        json!({ "executionArn": "arn:aws:states:us-east-1:000000000000:execution:child:c" });
    let child = aws.call("DescribeExecution", &child).unwrap();
    assert_eq!(child["traceHeader"], header);

    // Nor has one of a machine that does not ask for it; it carries what it was given.
    let request = json!({ "stateMachineArn": machine, "tracingConfiguration": { "enabled": false }, "definition": one(task("echo")).to_string() });
    aws.call("UpdateStateMachine", &request).unwrap();
    let start = json!({ "stateMachineArn": machine, "name": "quiet", "traceHeader": HEADER });
    let started = aws.call("StartExecution", &start).unwrap();
    aws.wait(started["executionArn"].as_str().unwrap());
    let calls = world.functions.taken();
    assert_eq!(calls[0].header("x-amzn-trace-id"), [HEADER]);
    assert!(calls[0].header("traceparent").is_empty());

    let other = world.create(
        "other",
        "STANDARD",
        &one(json!({ "Type": "Pass", "End": true })),
    );
    world.run(&mut aws, &other, None);
    check(
        &world.collector.wait(1),
        expect![[r#"
        other
          T type=Pass
    "#]],
    );
}

#[test]
fn all_executions_if_the_operator_says_so() {
    let world = World::open("[traces]\nall = true\n");
    let url = world.functions.url();
    let call = json!({ "Type": "Task", "Resource": "arn:aws:states:::http:invoke", "End": true,
        "Parameters": { "ApiEndpoint": format!("{url}/there?secret=1"), "Method": "GET" } });
    let mut aws = world.server.aws();
    let machine = aws.create("m", &one(call).to_string());
    world.run(&mut aws, &machine, None);
    let spans = world.collector.wait(1);
    check(
        &spans,
        expect![[r#"
        m
          T type=Task
            GET method=GET
    "#]],
    );
    let attempt = spans
        .iter()
        .find(|span| span.kind() == SpanKind::Client)
        .unwrap();
    assert_eq!(
        text(&attempt.attributes, "url.full"),
        Some(format!("{url}/there"))
    );
    let calls = world.functions.seen();
    let traceparent = calls[0].header("traceparent");
    assert!(traceparent[0].contains(&hex(&attempt.span_id)));

    // What the collector refuses is dropped, and counted.
    world.collector.answer(400);
    let start = json!({ "stateMachineArn": machine, "name": "f" });
    aws.call("StartExecution", &start).unwrap();
    until("spans are refused", || {
        let metrics = world.server.http().get("/metrics").unwrap().text();
        metrics.contains("ratchet_spans_refused_total 3\n")
    });
}
