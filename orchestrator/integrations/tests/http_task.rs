//! `http:invoke`: what is sent, what the result is, what fails how, and where it must not go.

#![allow(
    clippy::unwrap_used,
    reason = "a test fails where something is not as it must be"
)]

mod support;

use expect_test::{Expect, expect};
use support::{Stub, masked, perform, response, service, settings};

const JSON: &[(&str, &str)] = &[
    ("Content-Type", "application/json; charset=utf-8"),
    ("X-Twice", "1"),
    ("X-Twice", "2"),
    ("Date", "today"),
];

/// Performs a call whose parameters are the given members beside `ApiEndpoint`, and tells the request and the outcome.
async fn check(connections: &str, path: &str, members: &str, expected: Expect) {
    let stub = Stub::fixed(200, JSON, r#"{"b": 1, "a": 2.0}"#).await;
    let input = format!(
        r#"{{"ApiEndpoint":"{}{path}",{members}}}"#,
        stub.url().replace("127.0.0.1", "localhost")
    );
    let outcome = perform(connections, service("http:invoke", &input)).await;
    let told = format!("{}\n=> {outcome}", stub.seen().join("\n---\n"));
    expected.assert_eq(&told.replace(&stub.port.to_string(), "PORT"));
}

async fn check_answer(
    status: u16,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
    expected: Expect,
) {
    let stub = Stub::start(move |_| response(status, headers, body)).await;
    let input = format!(r#"{{"ApiEndpoint":"{}","Method":"GET"}}"#, stub.url());
    expected.assert_eq(&masked(&perform("", service("http:invoke", &input)).await));
}

#[tokio::test]
async fn a_get_with_headers_and_query() {
    check(
        "",
        "/path?x=1",
        r#""Method":"GET","Headers":{"X-One":"1","X-Two":["a","b"]},"QueryParameters":{"q":"é &","n":[1,2]}"#,
        expect![[r#"
            GET /path?x=1&q=%C3%A9%20%26&n=1&n=2
            x-one: 1
            x-two: a
            x-two: b
            user-agent: Amazon|StepFunctions|HttpInvoke|us-east-1

            => {"Headers":{"content-type":["application/json; charset=utf-8"],"x-twice":["1","2"],"date":["today"],"content-length":["18"]},"ResponseBody":{"b":1,"a":2.0},"StatusCode":200,"StatusText":"OK"}"#]],
    )
    .await;
}

#[tokio::test]
async fn bodies_are_json_or_forms_or_texts() {
    check(
        "",
        "",
        r#""Method":"POST","RequestBody":{"a":[1.0]}"#,
        expect![[r#"
            POST /
            content-type: application/json
            user-agent: Amazon|StepFunctions|HttpInvoke|us-east-1
            {"a":[1.0]}
            => {"Headers":{"content-type":["application/json; charset=utf-8"],"x-twice":["1","2"],"date":["today"],"content-length":["18"]},"ResponseBody":{"b":1,"a":2.0},"StatusCode":200,"StatusText":"OK"}"#]],
    )
    .await;
    check(
        "",
        "",
        r#""Method":"PUT","RequestBody":"text""#,
        expect![[r#"
            PUT /
            content-type: application/json
            user-agent: Amazon|StepFunctions|HttpInvoke|us-east-1
            "text"
            => {"Headers":{"content-type":["application/json; charset=utf-8"],"x-twice":["1","2"],"date":["today"],"content-length":["18"]},"ResponseBody":{"b":1,"a":2.0},"StatusCode":200,"StatusText":"OK"}"#]],
    )
    .await;
    check(
        "",
        "",
        r#""Method":"PATCH","Headers":{"content-type":"text/csv"},"RequestBody":"a,b""#,
        expect![[r#"
            PATCH /
            content-type: text/csv
            user-agent: Amazon|StepFunctions|HttpInvoke|us-east-1
            a,b
            => {"Headers":{"content-type":["application/json; charset=utf-8"],"x-twice":["1","2"],"date":["today"],"content-length":["18"]},"ResponseBody":{"b":1,"a":2.0},"StatusCode":200,"StatusText":"OK"}"#]],
    )
    .await;
    check(
        "",
        "/form",
        r#""Method":"POST","RequestBody":{"a":["x","y"],"b":"c d"},
           "Transform":{"RequestBodyEncoding":"URL_ENCODED","RequestEncodingOptions":{"ArrayFormat":"BRACKETS"}}"#,
        expect![[r#"
            POST /form
            content-type: application/x-www-form-urlencoded
            user-agent: Amazon|StepFunctions|HttpInvoke|us-east-1
            a%5B%5D=x&a%5B%5D=y&b=c%20d
            => {"Headers":{"content-type":["application/json; charset=utf-8"],"x-twice":["1","2"],"date":["today"],"content-length":["18"]},"ResponseBody":{"b":1,"a":2.0},"StatusCode":200,"StatusText":"OK"}"#]],
    )
    .await;
}

#[tokio::test]
async fn connections_prove_who_calls() {
    let arn = r#""Method":"GET","Authentication":{"ConnectionArn":"arn:aws:events:us-east-1:000000000000:connection/c/81210c42"}"#;
    for (toml, expected) in [
        (
            "[connections.c]\napi_key = { name = \"X-Key\", value = \"k\" }",
            expect![[r#"
                GET /
                user-agent: Amazon|StepFunctions|HttpInvoke|us-east-1
                x-key: k

                => "none","StatusCode":200,"StatusText":"OK"}"#]],
        ),
        (
            "[connections.c]\nbasic = { username = \"u\", password = \"p\" }",
            expect![[r#"
                GET /
                user-agent: Amazon|StepFunctions|HttpInvoke|us-east-1

                => "Basic dTpw","StatusCode":200,"StatusText":"OK"}"#]],
        ),
        (
            "[connections.c]\nbearer = { token = \"t\" }\nheaders = { X-More = \"1\" }\nquery = { key = \"v\" }",
            expect![[r#"
                GET /?key=v
                user-agent: Amazon|StepFunctions|HttpInvoke|us-east-1
                x-more: 1

                => "Bearer t","StatusCode":200,"StatusText":"OK"}"#]],
        ),
        (
            "[connections.other]",
            expect![[r#"

            => Events.ConnectionResource.NotFound: Connection arn:aws:events:us-east-1:000000000000:connection/c/81210c42 does not exist: add [connections.c] to the configuration file."#]],
        ),
    ] {
        // The header is left out of the other tests, as signatures differ; here it is what is tested.
        let stub = Stub::start(|request| {
            let authorization = request.headers().get("authorization");
            let shown = authorization.map_or("none", |value| value.to_str().unwrap());
            response(200, &[], shown)
        })
        .await;
        let input = format!(r#"{{"ApiEndpoint":"{}",{arn}}}"#, stub.url());
        let outcome = perform(toml, service("http:invoke", &input)).await;
        let body = outcome
            .split("\"ResponseBody\":")
            .nth(1)
            .unwrap_or(&outcome);
        expected.assert_eq(&format!("{}\n=> {body}", stub.seen().join("\n---\n")));
    }
}

#[tokio::test]
async fn a_token_is_fetched_once_and_used_again() {
    let stub = Stub::start(|request| match request.uri().path() {
        "/token" => response(200, JSON, r#"{"access_token":"t1","expires_in":3600}"#),
        _ => response(
            200,
            &[],
            request.headers()["authorization"].to_str().unwrap(),
        ),
    })
    .await;
    let toml = format!(
        "[connections.c.oauth]\ntoken_url = \"{}/token\"\nclient_id = \"i\"\nclient_secret = \"s/\"",
        stub.url()
    );
    let integrations = integrations::Integrations::new(&settings(&toml)).unwrap();
    let input = format!(
        r#"{{"ApiEndpoint":"{}","Method":"GET","InvocationConfig":{{"ConnectionArn":"c"}}}}"#,
        stub.url()
    );
    for _ in 0..2 {
        let outcome = support::run(&integrations, service("http:invoke", &input)).await;
        assert!(
            outcome.contains(r#""ResponseBody":"Bearer t1""#),
            "{outcome}"
        );
    }
    expect![[r#"
        POST /token
        content-type: application/x-www-form-urlencoded
        accept: application/json
        grant_type=client_credentials&client_id=i&client_secret=s%2F
        ---
        GET /
        user-agent: Amazon|StepFunctions|HttpInvoke|us-east-1

        ---
        GET /
        user-agent: Amazon|StepFunctions|HttpInvoke|us-east-1
    "#]]
    .assert_eq(&stub.seen().join("\n---\n"));
}

#[tokio::test]
async fn answers() {
    check_answer(200, JSON, "no json", expect![[r#"{"Headers":{"content-type":["application/json; charset=utf-8"],"x-twice":["1","2"],"date":["today"],"content-length":["7"]},"ResponseBody":"no json","StatusCode":200,"StatusText":"OK"}"#]]).await;
    check_answer(200, &[("Date", "today")], "{\"a\":1}", expect![[r#"{"Headers":{"date":["today"],"content-length":["7"]},"ResponseBody":"{\"a\":1}","StatusCode":200,"StatusText":"OK"}"#]]).await;
    check_answer(204, &[("Date", "today")], "", expect![[r#"{"Headers":{"date":["today"]},"ResponseBody":"","StatusCode":204,"StatusText":"No Content"}"#]]).await;
    check_answer(
        404,
        JSON,
        "{\"no\": 1}",
        expect![[r#"States.Http.StatusCode.404: {"no": 1}"#]],
    )
    .await;
    check_answer(
        302,
        &[("location", "http://169.254.169.254/")],
        "",
        expect!["States.Http.StatusCode.302: Found"],
    )
    .await;
    check_answer(
        500,
        &[],
        "",
        expect!["States.Http.StatusCode.500: Internal Server Error"],
    )
    .await;
}

#[tokio::test]
async fn targets_are_held_to_the_rules() {
    let stub = Stub::fixed(200, &[], "").await;
    let port = stub.port;
    for (toml, host, expected) in [
        (
            "",
            "169.254.169.254",
            expect![
                "States.Permissions: 169.254.169.254:PORT is not allowed: the http settings of this server exclude it"
            ],
        ),
        (
            "",
            "[::ffff:169.254.169.254]",
            expect![
                "States.Permissions: [::ffff:169.254.169.254]:PORT is not allowed: the http settings of this server exclude it"
            ],
        ),
        (
            "http.deny = [\"127.0.0.0/8\", \"::1\"]",
            "localhost",
            expect![
                "States.Permissions: localhost:PORT is not allowed: the http settings of this server exclude it"
            ],
        ),
        ("http.deny = [\"localhost\"]", "127.0.0.1", expect!["200"]),
        (
            "http.allow = [\"api.example.com\"]",
            "127.0.0.1",
            expect![
                "States.Permissions: 127.0.0.1:PORT is not allowed: the http settings of this server exclude it"
            ],
        ),
        ("http.allow = [\"127.0.0.1\"]", "127.0.0.1", expect!["200"]),
    ] {
        let input = format!(r#"{{"ApiEndpoint":"http://{host}:{port}/","Method":"GET"}}"#);
        let outcome = perform(toml, service("http:invoke", &input)).await;
        let outcome = outcome.split(",\"SdkHttp").next().unwrap().to_owned();
        let status = if outcome.contains("\"StatusCode\":200") {
            "200".to_owned()
        } else {
            outcome
        };
        expected.assert_eq(&status.replace(&port.to_string(), "PORT"));
    }
    assert_eq!(stub.seen().len(), 2);
}

#[tokio::test]
async fn wrong_parameters_are_told_all_at_once() {
    for (input, expected) in [
        (
            "{}",
            expect![[
                r#"States.Runtime: The Parameters '{}' could not be used to start the Task: [The field "ApiEndpoint" is required but was missing, The field "Method" is required but was missing]"#
            ]],
        ),
        (
            r#"{"ApiEndpoint":"example.com","Method":"FETCH","Headers":{"Host":"x","a b":"c"},"Body":1,
                "Transform":{"RequestBodyEncoding":"URL_ENCODED","RequestEncodingOptions":{"ArrayFormat":"X"}}}"#,
            expect![[r#"
                States.Runtime: The Parameters '{"ApiEndpoint":"example.com","Method":"FETCH","Headers":{"Host":"x","a b":"c"},"Body":1,
                                "Transform":{"RequestBodyEncoding":"URL_ENCODED","RequestEncodingOptions":{"ArrayFormat":"X"}}}' could not be used to start the Task: [The field "Body" is not supported by Step Functions, The value 'example.com' for the field 'ApiEndpoint' is not a valid URL: it must begin with http:// or https://, The value 'FETCH' for the field 'Method' must be one of [GET, POST, PUT, DELETE, PATCH, OPTIONS, HEAD], The header 'Host' cannot be set, The header 'a b' cannot be set, The value 'X' for the field 'ArrayFormat' must be one of [INDICES, REPEAT, COMMAS, BRACKETS]]"#]],
        ),
    ] {
        expected.assert_eq(&perform("", service("http:invoke", input)).await);
    }
}

#[tokio::test]
async fn no_answer_is_a_socket_failure() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let input = format!(r#"{{"ApiEndpoint":"http://127.0.0.1:{port}/","Method":"GET"}}"#);
    let outcome = perform("", service("http:invoke", &input)).await;
    expect!["States.Http.Socket: Connect to 127.0.0.1:PORT failed: Connection refused"]
        .assert_eq(&outcome.replace(&port.to_string(), "PORT"));
}

#[tokio::test]
async fn other_resources_are_named_with_what_is_supported() {
    for name in [
        "sqs:sendMessage",
        "lambda:invoke.sync",
        "aws-sdk:s3:getObject",
    ] {
        let outcome = perform("", service(name, "{}")).await;
        let expected =
            format!("States.TaskFailed: The resource 'arn:aws:states:::{name}' is not supported");
        assert!(outcome.starts_with(&expected), "{outcome}");
    }
}
