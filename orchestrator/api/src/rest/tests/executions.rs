//! Executions are started, watched and stopped.

use axum::body::Body;
use axum::http::Request;
use expect_test::expect;

use super::harness::{Api, text};

/// A server with a state machine that passes its input on, one that waits, one that fails, and an Express one.
async fn api() -> Api {
    let api = Api::new().await;
    for (name, kind, state) in [
        ("pass", "STANDARD", r#"{"Type":"Pass","End":true}"#),
        (
            "wait",
            "STANDARD",
            r#"{"Type":"Wait","Seconds":600,"End":true}"#,
        ),
        (
            "fail",
            "STANDARD",
            r#"{"Type":"Fail","Error":"Broken","Cause":"by design"}"#,
        ),
        (
            "fast",
            "EXPRESS",
            r#"{"Type":"Pass","Result":42,"End":true}"#,
        ),
    ] {
        let definition = format!(r#"{{"StartAt":"S","States":{{"S":{state}}}}}"#);
        let body = format!(r#"{{"definition":{definition},"type":"{kind}"}}"#);
        let answer = api
            .send(&format!("PUT /api/v1/state-machines/{name} {body}"))
            .await;
        assert_eq!(answer.status(), 201);
    }
    api
}

#[tokio::test]
async fn a_start_can_wait_for_the_end() {
    api().await.check(
        &[
            r#"POST /api/v1/state-machines/pass/executions?wait=10 {"name":"1","input":[1, 2.50]}"#,
            r#"POST /api/v1/state-machines/fail/executions?wait=10 {"name":"1"}"#,
            r#"POST /api/v1/state-machines/wait/executions?wait=0 {"name":"1"}"#,
            r#"POST /api/v1/state-machines/fast/executions?wait=10 {"name":"1"}"#,
        ],
        expect![[r#"
            > POST /api/v1/state-machines/pass/executions?wait=10 {"name":"1","input":[1, 2.50]}
            200
            {"id":"pass:1","arn":"arn:aws:states:us-east-1:000000000000:execution:pass:1","stateMachine":"pass","name":"1","status":"SUCCEEDED","startedAt":"<time>","stoppedAt":"<time>","input":[1, 2.50],"output":[1, 2.50]}
            > POST /api/v1/state-machines/fail/executions?wait=10 {"name":"1"}
            200
            {"id":"fail:1","arn":"arn:aws:states:us-east-1:000000000000:execution:fail:1","stateMachine":"fail","name":"1","status":"FAILED","startedAt":"<time>","stoppedAt":"<time>","input":{},"error":"Broken","cause":"by design"}
            > POST /api/v1/state-machines/wait/executions?wait=0 {"name":"1"}
            202 /api/v1/executions/wait:1
            {"id":"wait:1","arn":"arn:aws:states:us-east-1:000000000000:execution:wait:1","stateMachine":"wait","name":"1","status":"RUNNING","startedAt":"<time>","input":{}}
            > POST /api/v1/state-machines/fast/executions?wait=10 {"name":"1"}
            200
            {"id":"fast:1","arn":"arn:aws:states:us-east-1:000000000000:express:fast:1:<uuid>","stateMachine":"fast","name":"1","status":"SUCCEEDED","startedAt":"<time>","stoppedAt":"<time>","input":{},"output":42}
        "#]],
    )
    .await;
}

#[tokio::test]
async fn any_json_value_is_an_input() {
    let api = api().await;
    let inputs = [
        "null",
        "0",
        r#""text""#,
        "[]",
        "1234567890.50",
        r#"{ "b":1, "a":2 }"#,
    ];
    for (number, input) in inputs.into_iter().enumerate() {
        let body = format!(r#"{{"name":"{number}","input":{input}}}"#);
        let path = "/api/v1/state-machines/wait/executions?wait=0";
        let answer = text(api.send(&format!("POST {path} {body}")).await).await;
        assert!(
            answer.contains(&format!(r#""input":{input}"#)),
            "{input}: {answer}"
        );
    }
}

#[tokio::test]
async fn names_are_taken_once() {
    api().await.check(
        &[
            r#"POST /api/v1/state-machines/wait/executions {"name":"n","input":1}"#,
            r#"POST /api/v1/state-machines/wait/executions {"name":"n","input":1}"#,
            r#"POST /api/v1/state-machines/wait/executions {"name":"n","input":2}"#,
            r#"POST /api/v1/executions/wait:n/stop {"error":"Enough","cause":"of it"}"#,
            r#"POST /api/v1/state-machines/wait/executions {"name":"n","input":1}"#,
            r#"POST /api/v1/state-machines/gone/executions {"name":"n"}"#,
        ],
        expect![[r#"
            > POST /api/v1/state-machines/wait/executions {"name":"n","input":1}
            201 /api/v1/executions/wait:n
            {"id":"wait:n","arn":"arn:aws:states:us-east-1:000000000000:execution:wait:n","stateMachine":"wait","name":"n","status":"RUNNING","startedAt":"<time>"}
            > POST /api/v1/state-machines/wait/executions {"name":"n","input":1}
            201 /api/v1/executions/wait:n
            {"id":"wait:n","arn":"arn:aws:states:us-east-1:000000000000:execution:wait:n","stateMachine":"wait","name":"n","status":"RUNNING","startedAt":"<time>"}
            > POST /api/v1/state-machines/wait/executions {"name":"n","input":2}
            409 application/problem+json
            {"type":"/api/v1/problems/execution-exists","title":"The execution's name is taken","status":409,"detail":"the execution arn:aws:states:us-east-1:000000000000:execution:wait:n exists already"}
            > POST /api/v1/executions/wait:n/stop {"error":"Enough","cause":"of it"}
            200
            {"id":"wait:n","arn":"arn:aws:states:us-east-1:000000000000:execution:wait:n","stateMachine":"wait","name":"n","status":"ABORTED","startedAt":"<time>","stoppedAt":"<time>","input":1,"error":"Enough","cause":"of it"}
            > POST /api/v1/state-machines/wait/executions {"name":"n","input":1}
            409 application/problem+json
            {"type":"/api/v1/problems/execution-exists","title":"The execution's name is taken","status":409,"detail":"the execution arn:aws:states:us-east-1:000000000000:execution:wait:n exists already"}
            > POST /api/v1/state-machines/gone/executions {"name":"n"}
            404 application/problem+json
            {"type":"/api/v1/problems/state-machine-not-found","title":"There is no such state machine","status":404,"detail":"there is no state machine arn:aws:states:us-east-1:000000000000:stateMachine:gone"}
        "#]],
    )
    .await;
}

#[tokio::test]
async fn lists_are_filtered_and_have_pages() {
    let api = api().await;
    for (machine, name) in [("pass", "1"), ("wait", "1"), ("fail", "1"), ("pass", "2")] {
        api.send(&format!(
            r#"POST /api/v1/state-machines/{machine}/executions?wait={} {{"name":"{name}"}}"#,
            if machine == "wait" { 0 } else { 10 }
        ))
        .await;
    }
    api.check(
        &[
            "GET /api/v1/executions?limit=3",
            "GET /api/v1/executions?limit=3&cursor=2",
            "GET /api/v1/executions?stateMachine=pass&status=SUCCEEDED",
            "GET /api/v1/state-machines/pass/executions?limit=1",
            "GET /api/v1/state-machines/wait/executions?status=RUNNING",
            "GET /api/v1/state-machines/fast/executions",
            "GET /api/v1/executions?stateMachine=gone",
        ],
        expect![[r#"
            > GET /api/v1/executions?limit=3
            200
            {"executions":[{"id":"pass:2","arn":"arn:aws:states:us-east-1:000000000000:execution:pass:2","stateMachine":"pass","name":"2","status":"SUCCEEDED","startedAt":"<time>","stoppedAt":"<time>"},{"id":"fail:1","arn":"arn:aws:states:us-east-1:000000000000:execution:fail:1","stateMachine":"fail","name":"1","status":"FAILED","startedAt":"<time>","stoppedAt":"<time>"},{"id":"wait:1","arn":"arn:aws:states:us-east-1:000000000000:execution:wait:1","stateMachine":"wait","name":"1","status":"RUNNING","startedAt":"<time>"}],"next":"2"}
            > GET /api/v1/executions?limit=3&cursor=2
            200
            {"executions":[{"id":"pass:1","arn":"arn:aws:states:us-east-1:000000000000:execution:pass:1","stateMachine":"pass","name":"1","status":"SUCCEEDED","startedAt":"<time>","stoppedAt":"<time>"}]}
            > GET /api/v1/executions?stateMachine=pass&status=SUCCEEDED
            200
            {"executions":[{"id":"pass:2","arn":"arn:aws:states:us-east-1:000000000000:execution:pass:2","stateMachine":"pass","name":"2","status":"SUCCEEDED","startedAt":"<time>","stoppedAt":"<time>"},{"id":"pass:1","arn":"arn:aws:states:us-east-1:000000000000:execution:pass:1","stateMachine":"pass","name":"1","status":"SUCCEEDED","startedAt":"<time>","stoppedAt":"<time>"}]}
            > GET /api/v1/state-machines/pass/executions?limit=1
            200
            {"executions":[{"id":"pass:2","arn":"arn:aws:states:us-east-1:000000000000:execution:pass:2","stateMachine":"pass","name":"2","status":"SUCCEEDED","startedAt":"<time>","stoppedAt":"<time>"}],"next":"4"}
            > GET /api/v1/state-machines/wait/executions?status=RUNNING
            200
            {"executions":[{"id":"wait:1","arn":"arn:aws:states:us-east-1:000000000000:execution:wait:1","stateMachine":"wait","name":"1","status":"RUNNING","startedAt":"<time>"}]}
            > GET /api/v1/state-machines/fast/executions
            409 application/problem+json
            {"type":"/api/v1/problems/state-machine-type-not-supported","title":"State machines of this type can't do that","status":409,"detail":"the state machine arn:aws:states:us-east-1:000000000000:stateMachine:fast is of a type that does not support this"}
            > GET /api/v1/executions?stateMachine=gone
            404 application/problem+json
            {"type":"/api/v1/problems/state-machine-not-found","title":"There is no such state machine","status":404,"detail":"there is no state machine arn:aws:states:us-east-1:000000000000:stateMachine:gone"}
        "#]],
    )
    .await;
}

#[tokio::test]
async fn histories_have_pages_and_an_order() {
    let api = api().await;
    api.send(r#"POST /api/v1/state-machines/pass/executions?wait=10 {"name":"1","input":{"a":1}}"#)
        .await;
    api.check(
        &[
            "GET /api/v1/executions/pass:1?history=true",
            "GET /api/v1/executions/pass:1/history?limit=3",
            "GET /api/v1/executions/pass:1/history?limit=3&cursor=4",
            "GET /api/v1/executions/pass:1/history?order=reverse&limit=1",
            "GET /api/v1/executions/pass:2/history",
        ],
        expect![[r#"
            > GET /api/v1/executions/pass:1?history=true
            200
            {"id":"pass:1","arn":"arn:aws:states:us-east-1:000000000000:execution:pass:1","stateMachine":"pass","name":"1","status":"SUCCEEDED","startedAt":"<time>","stoppedAt":"<time>","input":{"a":1},"output":{"a":1},"history":{"events":[{"id":1,"previousId":0,"timestamp":"<time>","type":"ExecutionStarted","details":{"input":{"a":1},"roleArn":"arn:aws:iam::000000000000:role/ratchet"}},{"id":2,"previousId":0,"timestamp":"<time>","type":"PassStateEntered","details":{"name":"S","input":{"a":1}}},{"id":3,"previousId":2,"timestamp":"<time>","type":"PassStateExited","details":{"name":"S","output":{"a":1}}},{"id":4,"previousId":3,"timestamp":"<time>","type":"ExecutionSucceeded","details":{"output":{"a":1}}}]}}
            > GET /api/v1/executions/pass:1/history?limit=3
            200
            {"events":[{"id":1,"previousId":0,"timestamp":"<time>","type":"ExecutionStarted","details":{"input":{"a":1},"roleArn":"arn:aws:iam::000000000000:role/ratchet"}},{"id":2,"previousId":0,"timestamp":"<time>","type":"PassStateEntered","details":{"name":"S","input":{"a":1}}},{"id":3,"previousId":2,"timestamp":"<time>","type":"PassStateExited","details":{"name":"S","output":{"a":1}}}],"next":"4"}
            > GET /api/v1/executions/pass:1/history?limit=3&cursor=4
            200
            {"events":[{"id":4,"previousId":3,"timestamp":"<time>","type":"ExecutionSucceeded","details":{"output":{"a":1}}}]}
            > GET /api/v1/executions/pass:1/history?order=reverse&limit=1
            200
            {"events":[{"id":4,"previousId":3,"timestamp":"<time>","type":"ExecutionSucceeded","details":{"output":{"a":1}}}],"next":"3"}
            > GET /api/v1/executions/pass:2/history
            404 application/problem+json
            {"type":"/api/v1/problems/execution-not-found","title":"There is no such execution","status":404,"detail":"there is no execution arn:aws:states:us-east-1:000000000000:execution:pass:2"}
        "#]],
    )
    .await;
}

#[tokio::test]
async fn events_are_streamed_to_the_end() {
    let api = api().await;
    api.send(r#"POST /api/v1/state-machines/wait/executions {"name":"1"}"#)
        .await;
    let watched = api.send("GET /api/v1/executions/wait:1/events").await;
    api.send("POST /api/v1/executions/wait:1/stop").await;
    expect![[r#"
        200 text/event-stream
        id: 1
        event: ExecutionStarted
        id: 2
        event: WaitStateEntered
        id: 3
        event: ExecutionAborted"#]]
    .assert_eq(&text_of_stream(text(watched).await));
}

#[tokio::test]
async fn a_stream_goes_on_where_it_was() {
    let api = api().await;
    api.send(r#"POST /api/v1/state-machines/pass/executions?wait=10 {"name":"1"}"#)
        .await;
    let mut dialogue = String::new();
    for last in ["3", "4", "9", "x"] {
        let request = Request::builder()
            .uri("/api/v1/executions/pass:1/events")
            .header("Last-Event-ID", last)
            .body(Body::empty())
            .expect("it is a request");
        let answer = text_of_stream(text(api.ask(request).await).await);
        dialogue.push_str(&format!("> after {last}\n{answer}\n"));
    }
    expect![[r#"
        > after 3
        200 text/event-stream
        id: 4
        event: ExecutionSucceeded
        > after 4
        204
        > after 9
        204
        > after x
        400 application/problem+json
        {"type":"/api/v1/problems/invalid-query","title":"The request's query can't be read","status":400,"detail":"Last-Event-ID: this is no event's id"}
    "#]].assert_eq(&dialogue);
}

/// A stream without the events' data, which other tests show.
fn text_of_stream(text: String) -> String {
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("data:") && !line.is_empty())
        .collect();
    lines.join("\n")
}

#[tokio::test]
async fn a_start_can_be_a_part_of_a_trace() {
    let header = r#""traceHeader":"Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1""#;
    let long = format!(r#""traceHeader":"{}""#, "x".repeat(257));
    api()
        .await
        .check(
            &[
                &format!(
                    r#"POST /api/v1/state-machines/pass/executions?wait=10 {{"name":"1",{header}}}"#
                ),
                &format!(
                    r#"POST /api/v1/state-machines/fast/executions?wait=10 {{"name":"1",{header}}}"#
                ),
                r#"POST /api/v1/state-machines/pass/executions {"traceHeader":"Röot"}"#,
                &format!("POST /api/v1/state-machines/pass/executions {{{long}}}"),
            ],
            expect![[r#"
                > POST /api/v1/state-machines/pass/executions?wait=10 {"name":"1","traceHeader":"Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"}
                200
                {"id":"pass:1","arn":"arn:aws:states:us-east-1:000000000000:execution:pass:1","stateMachine":"pass","name":"1","status":"SUCCEEDED","startedAt":"<time>","stoppedAt":"<time>","input":{},"output":{},"traceHeader":"Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"}
                > POST /api/v1/state-machines/fast/executions?wait=10 {"name":"1","traceHeader":"Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"}
                200
                {"id":"fast:1","arn":"arn:aws:states:us-east-1:000000000000:express:fast:1:<uuid>","stateMachine":"fast","name":"1","status":"SUCCEEDED","startedAt":"<time>","stoppedAt":"<time>","input":{},"output":42,"traceHeader":"Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"}
                > POST /api/v1/state-machines/pass/executions {"traceHeader":"Röot"}
                400 application/problem+json
                {"type":"/api/v1/problems/invalid-body","title":"The request's body can't be read","status":400,"detail":"traceHeader: it must be ASCII and have at most 256 characters"}
                > POST /api/v1/state-machines/pass/executions {"traceHeader":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}
                400 application/problem+json
                {"type":"/api/v1/problems/invalid-body","title":"The request's body can't be read","status":400,"detail":"traceHeader: it must be ASCII and have at most 256 characters"}
            "#]],
        )
        .await;
}
