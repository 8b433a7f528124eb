//! Requests that can't be done each get one clear answer.

use axum::body::Body;
use axum::http::Request;
use axum::http::header::{HOST, ORIGIN};
use expect_test::expect;

use super::harness::{Api, text};
use crate::options::Options;

#[tokio::test]
async fn bad_requests() {
    Api::new().await.check(
        &[
            "GET /",
            "GET /api/v2/executions",
            "PATCH /api/v1/executions",
            "POST /api/v1/state-machines not json",
            r#"POST /api/v1/state-machines {"name":"a""#,
            r#"POST /api/v1/state-machines {"name":"a"}"#,
            r#"POST /api/v1/state-machines {"name":1,"definition":{}}"#,
            r#"POST /api/v1/state-machines {"name":"a","definition":{},"colour":1}"#,
            r#"POST /api/v1/state-machines {"name":"a/b","definition":{}}"#,
            r#"POST /api/v1/state-machines {"name":"a","definition":null}"#,
            r#"PUT /api/v1/state-machines/a%2Fb {"definition":{}}"#,
            "GET /api/v1/state-machines/%ff",
            r#"POST /api/v1/state-machines/a/executions {"order":1}"#,
            r#"POST /api/v1/state-machines/a/executions {"name":"a:b"}"#,
            "POST /api/v1/state-machines/a/executions?wait=301",
            "POST /api/v1/state-machines/a/executions?wait=soon",
            "GET /api/v1/executions/a",
            "GET /api/v1/executions/arn:aws:states:us-east-1:000000000000:execution:a:b",
            "GET /api/v1/executions/a:b",
            "GET /api/v1/executions?colour=red",
            "POST /api/v1/tasks/nonsense/succeed",
            "POST /api/v1/tasks/nonsense/succeed []",
        ],
        expect![[r#"
            > GET /
            404 application/problem+json
            {"type":"/api/v1/problems/no-such-resource","title":"There is nothing at this path","status":404,"detail":"there is nothing at this path"}
            > GET /api/v2/executions
            404 application/problem+json
            {"type":"/api/v1/problems/no-such-resource","title":"There is nothing at this path","status":404,"detail":"there is nothing at this path"}
            > PATCH /api/v1/executions
            405 application/problem+json
            {"type":"/api/v1/problems/method-not-allowed","title":"This path does not know this method","status":405,"detail":"this path does not know this method"}
            > POST /api/v1/state-machines not json
            400 application/problem+json
            {"type":"/api/v1/problems/invalid-body","title":"The request's body can't be read","status":400,"detail":"expected ident at line 1 column 2"}
            > POST /api/v1/state-machines {"name":"a"
            400 application/problem+json
            {"type":"/api/v1/problems/invalid-body","title":"The request's body can't be read","status":400,"detail":"EOF while parsing an object at line 1 column 11"}
            > POST /api/v1/state-machines {"name":"a"}
            400 application/problem+json
            {"type":"/api/v1/problems/invalid-body","title":"The request's body can't be read","status":400,"detail":"missing field `definition` at line 1 column 12"}
            > POST /api/v1/state-machines {"name":1,"definition":{}}
            400 application/problem+json
            {"type":"/api/v1/problems/invalid-body","title":"The request's body can't be read","status":400,"detail":"invalid type: integer `1`, expected a string at line 1 column 9"}
            > POST /api/v1/state-machines {"name":"a","definition":{},"colour":1}
            400 application/problem+json
            {"type":"/api/v1/problems/invalid-body","title":"The request's body can't be read","status":400,"detail":"unknown field `colour`, expected one of `name`, `definition`, `type`, `roleArn`, `loggingConfiguration`, `tracingConfiguration` at line 1 column 36"}
            > POST /api/v1/state-machines {"name":"a/b","definition":{}}
            400 application/problem+json
            {"type":"/api/v1/problems/invalid-name","title":"This can't be a name","status":400,"detail":"`a/b` can't be a name; a name has 1 to 80 characters, no white space, no control characters and none of < > { } [ ] ? * \" # % \\ ^ | ~ ` $ & , ; : /"}
            > POST /api/v1/state-machines {"name":"a","definition":null}
            422 application/problem+json
            {"type":"/api/v1/problems/invalid-definition","title":"The definition has errors","status":422,"detail":"the definition has 1 finding","findings":[{"severity":"error","code":"SCHEMA_VALIDATION_FAILED","pointer":"","line":1,"column":1,"message":"Definition must be a valid JSON object"}]}
            > PUT /api/v1/state-machines/a%2Fb {"definition":{}}
            400 application/problem+json
            {"type":"/api/v1/problems/invalid-name","title":"This can't be a name","status":400,"detail":"`a/b` can't be a name; a name has 1 to 80 characters, no white space, no control characters and none of < > { } [ ] ? * \" # % \\ ^ | ~ ` $ & , ; : /"}
            > GET /api/v1/state-machines/%ff
            404 application/problem+json
            {"type":"/api/v1/problems/no-such-resource","title":"There is nothing at this path","status":404,"detail":"Invalid URL: Invalid UTF-8 in `name`"}
            > POST /api/v1/state-machines/a/executions {"order":1}
            400 application/problem+json
            {"type":"/api/v1/problems/invalid-body","title":"The request's body can't be read","status":400,"detail":"unknown field `order`, expected one of `input`, `name`, `qualifier`, `testCase`, `traceHeader` at line 1 column 8"}
            > POST /api/v1/state-machines/a/executions {"name":"a:b"}
            400 application/problem+json
            {"type":"/api/v1/problems/invalid-name","title":"This can't be a name","status":400,"detail":"`a:b` can't be a name; a name has 1 to 80 characters, no white space, no control characters and none of < > { } [ ] ? * \" # % \\ ^ | ~ ` $ & , ; : /"}
            > POST /api/v1/state-machines/a/executions?wait=301
            400 application/problem+json
            {"type":"/api/v1/problems/invalid-query","title":"The request's query can't be read","status":400,"detail":"wait: 301 is more than 300 seconds"}
            > POST /api/v1/state-machines/a/executions?wait=soon
            400 application/problem+json
            {"type":"/api/v1/problems/invalid-query","title":"The request's query can't be read","status":400,"detail":"wait: invalid digit found in string"}
            > GET /api/v1/executions/a
            400 application/problem+json
            {"type":"/api/v1/problems/invalid-id","title":"This is no id","status":400,"detail":"`a` is no execution's id; an id is STATE_MACHINE:NAME"}
            > GET /api/v1/executions/arn:aws:states:us-east-1:000000000000:execution:a:b
            400 application/problem+json
            {"type":"/api/v1/problems/invalid-id","title":"This is no id","status":400,"detail":"`arn:aws:states:us-east-1:000000000000:execution:a:b` is no execution's id; an id is STATE_MACHINE:NAME"}
            > GET /api/v1/executions/a:b
            404 application/problem+json
            {"type":"/api/v1/problems/execution-not-found","title":"There is no such execution","status":404,"detail":"there is no execution arn:aws:states:us-east-1:000000000000:execution:a:b"}
            > GET /api/v1/executions?colour=red
            400 application/problem+json
            {"type":"/api/v1/problems/invalid-query","title":"The request's query can't be read","status":400,"detail":"colour: unknown field `colour`, expected one of `stateMachine`, `status`, `namePrefix`, `startedAfter`, `startedBefore`, `input`, `paused`, `redriven`, `cursor`, `limit`"}
            > POST /api/v1/tasks/nonsense/succeed
            400 application/problem+json
            {"type":"/api/v1/problems/invalid-token","title":"This is no task token","status":400,"detail":"the task token is invalid"}
            > POST /api/v1/tasks/nonsense/succeed []
            400 application/problem+json
            {"type":"/api/v1/problems/invalid-body","title":"The request's body can't be read","status":400,"detail":"the body must be an object, not an array"}
        "#]],
    )
    .await;
}

#[tokio::test]
async fn deep_and_long_documents() {
    let options = Options {
        body_bytes: 100_000,
        ..Options::default()
    };
    let api = Api::with_options(options).await;
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let long = format!("\"{}\"", "x".repeat(100_000));
    let definition = r#"{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#;
    api.send(&format!(
        r#"PUT /api/v1/state-machines/a {{"definition":{definition}}}"#
    ))
    .await;
    let mut said = String::new();
    for (what, document) in [("deep", deep), ("long", long)] {
        for request in [
            format!(r#"PUT /api/v1/state-machines/b {{"definition":{document}}}"#),
            format!(r#"POST /api/v1/state-machines/a/executions {{"input":{document}}}"#),
        ] {
            let answer = text(api.send(&request).await).await;
            said.push_str(&format!("{what} {answer}\n"));
        }
    }
    expect![[r#"
        deep 422 application/problem+json
        {"type":"/api/v1/problems/invalid-definition","title":"The definition has errors","status":422,"detail":"the definition has 1 finding","findings":[{"severity":"error","code":"SCHEMA_VALIDATION_FAILED","pointer":"","line":1,"column":513,"message":"Definition nests deeper than 512 levels"}]}
        deep 400 application/problem+json
        {"type":"/api/v1/problems/invalid-input","title":"The input can't be used","status":400,"detail":"the input is no JSON: the document nests deeper than 512 levels at line 1 column 513"}
        long 413 application/problem+json
        {"type":"/api/v1/problems/body-too-long","title":"The request's body is too long","status":413,"detail":"the body is longer than the server's `body_bytes` allows"}
        long 413 application/problem+json
        {"type":"/api/v1/problems/body-too-long","title":"The request's body is too long","status":413,"detail":"the body is longer than the server's `body_bytes` allows"}
    "#]].assert_eq(&said);
}

#[tokio::test]
async fn pages_of_other_origins_change_nothing() {
    let api = Api::new().await;
    let mut said = String::new();
    for (method, origin) in [
        ("POST", "http://localhost:8083"),
        ("POST", "http://example.com"),
        ("DELETE", "null"),
        ("GET", "http://example.com"),
    ] {
        let request = Request::builder()
            .method(method)
            .uri("/api/v1/state-machines/a")
            .header(HOST, "localhost:8083")
            .header(ORIGIN, origin)
            .body(Body::empty())
            .expect("it is a request");
        let status = api.ask(request).await.status();
        said.push_str(&format!("{method} from {origin}: {}\n", status.as_u16()));
    }
    expect![[r#"
        POST from http://localhost:8083: 405
        POST from http://example.com: 403
        DELETE from null: 403
        GET from http://example.com: 404
    "#]]
    .assert_eq(&said);
}
