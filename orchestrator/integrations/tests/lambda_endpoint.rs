//! Functions that are called at a Lambda endpoint: what is sent, and what becomes of the answer.

#![allow(
    clippy::unwrap_used,
    reason = "a test fails where something is not as it must be"
)]

mod support;

use expect_test::{Expect, expect};
use integrations::Integrations;
use support::{Stub, function, perform, response, run, service, settings};

const HEADERS: &[(&str, &str)] = &[
    ("Content-Type", "application/json"),
    ("x-amzn-RequestId", "7f3c"),
    ("X-Amz-Executed-Version", "$LATEST"),
    ("x-amzn-Remapped-Content-Length", "0"),
    ("Connection", "keep-alive"),
    ("X-Amzn-Trace-Id", "Root=1-0"),
    ("Date", "Sun, 22 Nov 2026 20:00:00 GMT"),
];

async fn check_sent(call: runtime::tasks::TaskCall, expected: Expect) {
    let stub = Stub::fixed(200, HEADERS, "{}").await;
    let toml = format!("lambda_endpoint = \"{}/\"", stub.url());
    perform(&toml, call).await;
    expected.assert_eq(&stub.seen().join("\n---\n"));
}

async fn check_answer(
    status: u16,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
    call: runtime::tasks::TaskCall,
    expected: Expect,
) {
    let stub = Stub::fixed(status, headers, body).await;
    let toml = format!("lambda_endpoint = \"{}\"", stub.url());
    let outcome = perform(&toml, call).await;
    expected.assert_eq(&outcome.replace(&stub.port.to_string(), "PORT"));
}

#[tokio::test]
async fn a_plain_arn_sends_the_input_s_own_text() {
    check_sent(function("echo:live", r#"{"a":  1.0}"#), expect![[r#"
        POST /2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Aecho%3Alive/invocations
        content-type: application/json
        x-amz-client-context: eyJjdXN0b20iOnsiUkFUQ0hFVF9BVFRFTVBUX0lEIjoiYXR0ZW1wdC0xIiwiUkFUQ0hFVF9FWEVDVVRJT05fQVJOIjoiYXJuOmF3czpzdGF0ZXM6dXMtZWFzdC0xOjAwMDAwMDAwMDAwMDpleGVjdXRpb246bWFjaGluZTpuYW1lIn19
        {"a":  1.0}"#]]).await;
}

#[tokio::test]
async fn invoke_sends_its_parameters() {
    let call = service(
        "lambda:invoke",
        r#"{"FunctionName":"f","Qualifier":"live","LogType":"Tail","InvocationType":"Event",
            "ClientContext":"e30=","Payload":{"a":[1.0,null]}}"#,
    );
    check_sent(
        call,
        expect![[r#"
        POST /2015-03-31/functions/f/invocations?Qualifier=live
        content-type: application/json
        x-amz-client-context: e30=
        x-amz-invocation-type: Event
        x-amz-log-type: Tail
        {"a":[1.0,null]}"#]],
    )
    .await;
}

#[tokio::test]
async fn a_string_payload_is_sent_as_it_is_and_null_not_at_all() {
    for (payload, expected) in [
        ("\"0.0\"", "0.0"),
        ("\"\\\"text\\\"\"", "\"text\""),
        ("null", ""),
        ("[1.0, \"é\"]", "[1.0,\"é\"]"),
    ] {
        let stub = Stub::fixed(200, HEADERS, "{}").await;
        let toml = format!("lambda_endpoint = \"{}\"", stub.url());
        let input = format!(r#"{{"FunctionName":"f","Payload":{payload}}}"#);
        perform(&toml, service("lambda:invoke", &input)).await;
        let seen = stub.seen();
        assert_eq!(seen[0].rsplit('\n').next(), Some(expected), "{payload}");
    }
}

#[tokio::test]
async fn the_result_of_invoke_has_the_recorded_shape() {
    let call = service("lambda:invoke", r#"{"FunctionName":"f"}"#);
    check_answer(
        200,
        HEADERS,
        r#"{"body": "string body"}"#,
        call,
        expect![[r#"{"ExecutedVersion":"$LATEST","Payload":{"body":"string body"},"SdkHttpMetadata":{"AllHttpHeaders":{"X-Amz-Executed-Version":["$LATEST"],"x-amzn-Remapped-Content-Length":["0"],"Connection":["keep-alive"],"x-amzn-RequestId":["7f3c"],"Content-Length":["23"],"Date":["Sun, 22 Nov 2026 20:00:00 GMT"],"X-Amzn-Trace-Id":["Root=1-0"],"Content-Type":["application/json"]},"HttpHeaders":{"Connection":"keep-alive","Content-Length":"23","Content-Type":"application/json","Date":"Sun, 22 Nov 2026 20:00:00 GMT","X-Amz-Executed-Version":"$LATEST","x-amzn-Remapped-Content-Length":"0","x-amzn-RequestId":"7f3c","X-Amzn-Trace-Id":"Root=1-0"},"HttpStatusCode":200},"SdkResponseMetadata":{"RequestId":"7f3c"},"StatusCode":200}"#]],
    )
    .await;
}

#[tokio::test]
async fn the_result_of_a_plain_arn_is_the_payload() {
    for (body, expected) in [
        ("\"HelloWorld\"", "\"HelloWorld\""),
        ("[1, 2.0]", "[1,2.0]"),
        ("null", "null"),
        ("", "null"),
    ] {
        let stub = Stub::start(move |_| response(200, HEADERS, body)).await;
        let toml = format!("lambda_endpoint = \"{}\"", stub.url());
        assert_eq!(perform(&toml, function("f", "{}")).await, expected);
    }
}

#[tokio::test]
async fn an_event_has_no_payload() {
    let call = service(
        "lambda:invoke",
        r#"{"FunctionName":"f","InvocationType":"Event"}"#,
    );
    check_answer(202, &[("x-amzn-RequestId", "7f3c"), ("Date", "today")], "", call, expect![[r#"{"SdkHttpMetadata":{"AllHttpHeaders":{"x-amzn-RequestId":["7f3c"],"Content-Length":["0"],"Date":["today"]},"HttpHeaders":{"Content-Length":"0","Date":"today","x-amzn-RequestId":"7f3c"},"HttpStatusCode":202},"SdkResponseMetadata":{"RequestId":"7f3c"},"StatusCode":202}"#]]).await;
}

#[tokio::test]
async fn the_log_s_end_is_passed_on() {
    let call = service("lambda:invoke", r#"{"FunctionName":"f","LogType":"Tail"}"#);
    check_answer(
        200,
        &[("X-Amz-Log-Result", "TG9n"), ("x-amzn-requestid", "7f3c"), ("Date", "today")],
        "1",
        call,
        expect![[r#"{"LogResult":"TG9n","Payload":1,"SdkHttpMetadata":{"AllHttpHeaders":{"X-Amz-Log-Result":["TG9n"],"x-amzn-RequestId":["7f3c"],"Content-Length":["1"],"Date":["today"]},"HttpHeaders":{"Content-Length":"1","Date":"today","X-Amz-Log-Result":"TG9n","x-amzn-RequestId":"7f3c"},"HttpStatusCode":200},"SdkResponseMetadata":{"RequestId":"7f3c"},"StatusCode":200}"#]],
    )
    .await;
}

#[tokio::test]
async fn a_function_s_failure_is_its_own() {
    let headers = &[("X-Amz-Function-Error", "Unhandled")];
    let body = r#"{"errorMessage": "no", "errorType": "Exception", "stackTrace": []}"#;
    for call in [
        function("f", "{}"),
        service("lambda:invoke", r#"{"FunctionName":"f"}"#),
    ] {
        let stub = Stub::fixed(200, headers, body).await;
        let toml = format!("lambda_endpoint = \"{}\"", stub.url());
        assert_eq!(perform(&toml, call).await, format!("Exception: {body}"));
    }
}

#[tokio::test]
async fn what_the_endpoint_refuses_is_told_in_the_optimised_dialect() {
    let headers = &[
        ("x-amzn-ErrorType", "ResourceNotFoundException"),
        ("x-amzn-RequestId", "7f3c"),
    ];
    let body = r#"{"Type":"User","Message":"Function not found: f"}"#;
    check_answer(404, headers, body, function("f", "{}"), expect!["Lambda.ResourceNotFoundException: Function not found: f (Service: AWSLambda; Status Code: 404; Error Code: ResourceNotFoundException; Request ID: 7f3c; Proxy: null)"]).await;
}

#[tokio::test]
async fn answers_that_are_no_json_fail() {
    check_answer(200, HEADERS, "<html>", function("f", "{}"), expect!["States.TaskFailed: The function 'f' did not return JSON (expected value at line 1 column 1): <html>"]).await;
}

#[tokio::test]
async fn a_closed_port_is_an_sdk_client_exception() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let toml = format!("lambda_endpoint = \"http://127.0.0.1:{port}\"");
    let outcome = perform(&toml, function("f", "{}")).await;
    expect!["Lambda.SdkClientException: Unable to execute HTTP request: Connect to 127.0.0.1:PORT failed: Connection refused"].assert_eq(&outcome.replace(&port.to_string(), "PORT"));
}

#[tokio::test]
async fn wrong_parameters_are_told_all_at_once() {
    let call = service(
        "lambda:invoke",
        r#"{"LogType":"x","Qualifier":1,"Unknown":true}"#,
    );
    let outcome = perform("lambda_endpoint = \"http://127.0.0.1:1\"", call).await;
    expect![[r#"States.Runtime: The Parameters '{"LogType":"x","Qualifier":1,"Unknown":true}' could not be used to start the Task: [The value "x" for the field 'LogType' must be one of [None, Tail], The value 1 for the field 'Qualifier' must be a string of visible characters, The field "Unknown" is not supported by Step Functions, The field "FunctionName" is required but was missing]"#]].assert_eq(&outcome);
}

#[tokio::test]
async fn without_an_endpoint_the_cause_says_what_to_configure() {
    expect!["Lambda.ResourceNotFoundException: Function not found: arn:aws:lambda:us-east-1:000000000000:function:charge-card. This server has no function 'charge-card' in its [functions] table and no Lambda endpoint to ask: add [functions.charge-card] with a runtime, command or url to the configuration file, or set AWS_ENDPOINT_URL_LAMBDA."].assert_eq(&perform("", function("charge-card", "{}")).await);
}

#[tokio::test]
async fn connections_are_kept_and_a_closed_one_is_replaced() {
    let stub = Stub::start(|request| {
        let closes = request.body() == "\"close\"";
        let headers: &[_] = if closes {
            &[("connection", "close")]
        } else {
            &[]
        };
        response(200, headers, "1")
    })
    .await;
    let toml = format!("lambda_endpoint = \"{}\"", stub.url());
    let integrations = Integrations::new(&settings(&toml)).unwrap();
    for (input, connections) in [("1", 1), ("1", 1), ("\"close\"", 1), ("1", 2), ("1", 2)] {
        assert_eq!(run(&integrations, function("f", input)).await, "1");
        assert_eq!(stub.connections(), connections);
    }
}

#[tokio::test]
async fn a_connection_that_the_other_side_closed_meanwhile_costs_no_call() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = async {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        for _ in 0..3 {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut buffer = [0; 4096];
            assert!(stream.read(&mut buffer).await.unwrap() > 0);
            // It promises to keep the connection and closes it all the same.
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n1";
            stream.write_all(answer).await.unwrap();
        }
    };
    let toml = format!("lambda_endpoint = \"http://127.0.0.1:{port}\"");
    let integrations = Integrations::new(&settings(&toml)).unwrap();
    let calls = async {
        for _ in 0..3 {
            assert_eq!(run(&integrations, function("f", "1")).await, "1");
        }
    };
    tokio::join!(server, calls);
}

#[tokio::test]
async fn dropping_a_call_closes_its_connection() {
    use tokio::io::AsyncReadExt;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .unwrap();
    let port = listener.local_addr().unwrap().port();
    let toml = format!("lambda_endpoint = \"http://127.0.0.1:{port}\"");
    let integrations = Integrations::new(&settings(&toml)).unwrap();
    let request = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut buffer = [0; 4096];
        assert!(stream.read(&mut buffer).await.unwrap() > 0);
        stream
    };
    let mut stream = tokio::select! {
        outcome = run(&integrations, function("f", "1")) => panic!("the call ended: {outcome}"),
        stream = request => stream,
    };
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
}

#[tokio::test]
async fn a_body_over_the_limit_fails_as_the_data_limit_does() {
    let stub = Stub::fixed(200, HEADERS, "\"0123456789\"").await;
    let toml = format!(
        "lambda_endpoint = \"{}\"\n[http]\nresponse_bytes = 11",
        stub.url()
    );
    expect!["States.DataLimitExceeded: The state/task 'arn:aws:lambda:us-east-1:000000000000:function:f' returned a result with a size exceeding the maximum number of bytes service limit."].assert_eq(&perform(&toml, function("f", "{}")).await);
}
