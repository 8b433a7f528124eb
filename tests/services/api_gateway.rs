//! `apigateway:invoke`, against an HTTP server of the test's own.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tests::support::binary::root;
use tests::support::python::python;
use tests::support::server::{Server, quiet_environment};
use tests::support::web::{Answer, Request, Web};

use super::{World, one_state, output};

const RESOURCE: &str = "arn:aws:states:::apigateway:invoke";

/// An API: what a path gives.
fn answer(request: &Request) -> Answer {
    let path = request.target.split('?').next().unwrap_or_default();
    match path {
        "/prod/text" => Answer::text(200, "text/plain", "as it is"),
        "/prod/nothing" => Answer {
            status: 204,
            headers: Vec::new(),
            body: String::new(),
        },
        "/prod/missing" => Answer::text(404, "application/json", "{\"message\":\"Not Found\"}"),
        "/prod/broken" => Answer::text(502, "text/html", "<b>no</b>"),
        _ => Answer {
            status: 201,
            headers: vec![
                ("Content-Type", "application/json".to_owned()),
                ("Set-Cookie", "a=1".to_owned()),
                ("Set-Cookie", "b=2".to_owned()),
            ],
            body: "{\"b\":[1],\"a\":null}".to_owned(),
        },
    }
}

fn world() -> (World, Web) {
    let server = Server::new()
        .variable("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .variable(
            "AWS_SECRET_ACCESS_KEY",
            "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        )
        .variable("AWS_SESSION_TOKEN", "a/token+of==")
        .variable("AWS_REGION", "eu-central-1")
        .toml("[batch]\nenabled = false\n")
        .start();
    (World::with(server), Web::serve(answer))
}

/// What a call with these parameters sends, beside what every request has.
fn sent(world: &World, web: &Web, mut parameters: Value) -> (String, Request) {
    parameters["ApiEndpoint"] = web.url().into();
    let ended = world.run(&one_state(RESOURCE), &parameters);
    assert_eq!(ended["status"], "SUCCEEDED", "{ended}");
    let mut taken = web.taken();
    assert_eq!(taken.len(), 1, "{taken:?}");
    let request = taken.remove(0);
    let mut shown = format!("{} {}", request.method, request.target);
    for (name, value) in &request.headers {
        if !["host", "content-length", "user-agent", "accept"].contains(&name.as_str()) {
            shown.push_str(&format!("\n{name}: {value}"));
        }
    }
    if !request.body.is_empty() {
        shown.push_str(&format!("\n\n{}", request.text()));
    }
    (shown, request)
}

#[test]
fn apis_are_called() {
    let (world, web) = world();
    requests_are_made_of_parameters(&world, &web);
    answers_are_results_and_failures(&world, &web);
    parameters_are_checked(&world, &web);
    signatures_are_those_of_botocore(&world, &web);
    a_token_goes_with_the_request(&world, &web);
}

fn requests_are_made_of_parameters(world: &World, web: &Web) {
    let check = |parameters: Value, expected: &str| {
        let (shown, _) = sent(world, web, parameters);
        assert_eq!(shown, expected);
    };
    check(json!({ "Method": "GET" }), "GET /");
    check(
        json!({ "Method": "GET", "Stage": "prod", "Path": "/pets/a b/é", "AuthType": "NO_AUTH" }),
        "GET /prod/pets/a%20b/%C3%A9",
    );
    check(
        json!({ "Method": "DELETE", "Path": "pets", "QueryParameters": { "z": ["1", "2 3"], "a": "x&y", "n": null, "i": 7 } }),
        "DELETE /pets?a=x%26y&i=7&z=1&z=2%203",
    );
    check(
        json!({ "Method": "POST", "Headers": { "X-List": ["1", "2"], "x-one": "3" }, "RequestBody": { "b": 1, "a": "é" } }),
        "POST /\nx-list: 1\nx-list: 2\nx-one: 3\ncontent-type: application/json\n\n{\"b\":1,\"a\":\"é\"}",
    );
    let with_nulls = json!({ "price": 1, "name": null, "of": [{ "a": null }, null] });
    check(
        json!({ "Method": "PUT", "RequestBody": with_nulls }),
        "PUT /\ncontent-type: application/json\n\n{\"price\":1,\"of\":[{},null]}",
    );
    check(
        json!({ "Method": "PATCH", "RequestBody": with_nulls, "AllowNullValues": true }),
        "PATCH /\ncontent-type: application/json\n\n{\"price\":1,\"name\":null,\"of\":[{\"a\":null},null]}",
    );
    check(
        json!({ "Method": "POST", "Headers": { "content-type": "text/csv" }, "RequestBody": "a,b" }),
        "POST /\ncontent-type: text/csv\n\na,b",
    );
    check(
        json!({ "Method": "OPTIONS", "Stage": "prod" }),
        "OPTIONS /prod",
    );
    check(
        json!({ "Method": "HEAD", "Stage": "prod", "Path": "text" }),
        "HEAD /prod/text",
    );
}

fn answers_are_results_and_failures(world: &World, web: &Web) {
    let with = |path: &str| json!({ "ApiEndpoint": web.url(), "Method": "GET", "Stage": "prod", "Path": path });
    let result = world.call(RESOURCE, with("pets"));
    assert_eq!(
        result,
        json!({
            "Headers": { "Content-Length": ["18"], "Content-Type": ["application/json"], "set-cookie": ["a=1", "b=2"] },
            "ResponseBody": { "b": [1], "a": null },
            "StatusCode": 201,
            "StatusText": "Created",
        })
    );
    assert_eq!(
        world.call(RESOURCE, with("text"))["ResponseBody"],
        "as it is"
    );
    let nothing = world.call(RESOURCE, with("nothing"));
    assert_eq!(
        (&nothing["ResponseBody"], &nothing["StatusText"]),
        (&json!(""), &json!("No Content"))
    );
    for (path, error, cause) in [
        ("missing", "ApiGateway.404", "{\"message\":\"Not Found\"}"),
        ("broken", "ApiGateway.502", "<b>no</b>"),
    ] {
        let failed = world.failure(RESOURCE, with(path));
        assert_eq!(failed, (error.to_owned(), cause.to_owned()));
    }
    // A request that may have been done is not sent again by itself.
    assert_eq!(web.taken().len(), 5);
    let nobody = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = nobody.local_addr().unwrap().port();
    drop(nobody);
    let (error, cause) = world.failure(
        RESOURCE,
        json!({ "ApiEndpoint": format!("http://127.0.0.1:{port}"), "Method": "GET" }),
    );
    assert_eq!(error, "ApiGateway.SdkClientException");
    assert!(
        cause.starts_with("Unable to execute HTTP request: "),
        "{cause}"
    );
    assert!(!cause.contains("Connect("), "{cause}");
}

fn parameters_are_checked(world: &World, web: &Web) {
    let (error, cause) = world.failure(
        RESOURCE,
        json!({
            "Method": "BREW", "AuthType": "MAGIC", "AllowNullValues": "yes", "Body": {},
            "Headers": { "Host": "other", "X-Amzn-Trace-Id": "1", "X-Forwarded-For": "me", "Via": "x" },
        }),
    );
    assert_eq!(error, "States.Runtime");
    for said in [
        "The field \"ApiEndpoint\" is required but was missing",
        "The value \"BREW\" for the field 'Method' must be one of [GET, POST, PUT, DELETE, PATCH, HEAD, OPTIONS]",
        "The value \"MAGIC\" for the field 'AuthType' must be one of [IAM_ROLE, NO_AUTH, RESOURCE_POLICY]",
        "The value \"yes\" for the field 'AllowNullValues' must be a BOOLEAN",
        "The field \"Body\" is not supported by Step Functions",
        "The header \"Host\" can't be set",
        "The header \"X-Amzn-Trace-Id\" can't be set",
        "The header \"X-Forwarded-For\" can't be set",
        "The header \"Via\" can't be set",
    ] {
        assert!(cause.contains(said), "{said} is not in {cause}");
    }
    assert!(web.taken().is_empty());
}

fn signatures_are_those_of_botocore(world: &World, web: &Web) {
    for parameters in [
        json!({ "Method": "GET", "AuthType": "IAM_ROLE" }),
        json!({
            "Method": "POST", "AuthType": "IAM_ROLE", "Stage": "prod", "Path": "a b/é/$x",
            "QueryParameters": { "z": ["2", "1"], "a": "x&y=é", "": "e" },
            "Headers": { "X-Own": "1", "Content-Type": "application/json; charset=utf-8" },
            "RequestBody": { "é": [1] },
        }),
        json!({ "Method": "PUT", "AuthType": "RESOURCE_POLICY", "Path": "/p", "RequestBody": "text" }),
    ] {
        let (_, request) = sent(world, web, parameters.clone());
        let headers: serde_json::Map<String, Value> = request
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().into()))
            .collect();
        assert_eq!(headers["x-amz-security-token"], "a/token+of==");
        let told = json!({
            "method": request.method,
            "url": format!("{}{}", web.url(), request.target),
            "headers": headers,
            "body": request.text(),
            "access_key": "AKIDEXAMPLE",
            "secret_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            "session_token": "a/token+of==",
            "region": "eu-central-1",
            "service": "execute-api",
        });
        assert_eq!(
            headers["authorization"].as_str().unwrap(),
            signed_by_botocore(&told),
            "{parameters}"
        );
    }
}

fn signed_by_botocore(told: &Value) -> String {
    let mut command = Command::new(python());
    command
        .arg(root().join("tests/support/signature.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    quiet_environment(&mut command);
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(told.to_string().as_bytes()).unwrap();
    drop(stdin);
    let done = child.wait_with_output().unwrap();
    assert!(done.status.success(), "botocore can't sign {told}");
    String::from_utf8(done.stdout).unwrap().trim().to_owned()
}

fn a_token_goes_with_the_request(world: &World, web: &Web) {
    let mut aws = world.server.aws();
    let machine = json!({
        "StartAt": "Ask",
        "States": { "Ask": {
            "Type": "Task",
            "Resource": "arn:aws:states:::apigateway:invoke.waitForTaskToken",
            "Parameters": {
                "ApiEndpoint": web.url(), "Method": "POST", "Path": "ask",
                "Headers": { "TaskToken.$": "States.Array($$.Task.Token)" },
                "RequestBody": { "token.$": "$$.Task.Token" },
            },
            "End": true,
        } },
    });
    let execution = world.begin(&mut aws, &machine, &json!({}));
    super::until("the request", || !web.seen().is_empty());
    let request = web.taken().remove(0);
    let token = request.json()["token"].clone();
    assert_eq!(request.header("tasktoken"), [token.as_str().unwrap()]);
    let answer = json!({ "taskToken": token, "output": "{\"done\":true}" });
    aws.call("SendTaskSuccess", &answer).unwrap();
    assert_eq!(output(&aws.wait(&execution)), json!({ "done": true }));
}
