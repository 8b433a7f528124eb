//! What may go wrong below the operations: bodies, targets, connections.

use expect_test::expect;
use serde_json::json;

use crate::client::Client;
use crate::server::Server;

const LIST: &str = "X-Amz-Target: AWSStepFunctions.ListStateMachines\r\n";

#[tokio::test]
async fn bodies_and_targets() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let large = vec![b' '; 65_537];
    for (headers, body, expected) in [
        (LIST, &b"{}"[..], expect![[r#"200 {"stateMachines":[]}"#]]),
        (LIST, b"", expect![[r#"200 {"stateMachines":[]}"#]]),
        (
            LIST,
            b"{",
            expect![[
                r#"400 {"__type":"SerializationException","message":"Unexpected end of the request's JSON: EOF while parsing an object at line 1 column 1"}"#
            ]],
        ),
        (
            LIST,
            b"\xff\xfe",
            expect![[
                r#"400 {"__type":"SerializationException","message":"The request is not valid JSON: expected value at line 1 column 1"}"#
            ]],
        ),
        (
            LIST,
            b"[1]",
            expect![[
                r#"400 {"__type":"SerializationException","message":"Start of list found where not expected"}"#
            ]],
        ),
        (
            LIST,
            b"{\"maxResults\":\"1\"}",
            expect![[
                r#"400 {"__type":"SerializationException","message":"STRING_VALUE can not be converted to an Integer"}"#
            ]],
        ),
        (
            "",
            b"{}",
            expect![[
                r#"400 {"__type":"UnknownOperationException","message":"The request has no X-Amz-Target header"}"#
            ]],
        ),
        (
            "X-Amz-Target: Nonsense\r\n",
            b"{}",
            expect![[
                r#"400 {"__type":"UnknownOperationException","message":"There is no operation \"Nonsense\""}"#
            ]],
        ),
        (
            "X-Amz-Target: AWSStepFunctions.Nonsense\r\n",
            b"{}",
            expect![[
                r#"400 {"__type":"UnknownOperationException","message":"There is no operation \"AWSStepFunctions.Nonsense\""}"#
            ]],
        ),
    ] {
        expected.assert_eq(&client.post(headers, body).await.shown());
    }
    let odd = format!("{LIST}Content-Type: text/plain\r\nAuthorization: nonsense\r\n");
    assert_eq!(client.post(&odd, b"{}").await.status, 200);
    expect![[r#"413 {"__type":"RequestEntityTooLargeException","message":"Request size exceeded the limit of 65536 bytes"}"#]].assert_eq(&client.post(LIST, &large).await.shown());
}

#[tokio::test]
async fn a_body_that_grows_too_large() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let head = format!("POST / HTTP/1.1\r\nHost: h\r\n{LIST}Transfer-Encoding: chunked\r\n\r\n");
    client.send(head.as_bytes()).await;
    for _ in 0..5 {
        let chunk = format!("4000\r\n{}\r\n", " ".repeat(0x4000));
        client.send(chunk.as_bytes()).await;
    }
    client.send(b"0\r\n\r\n").await;
    let reply = client.reply().await.expect("an answer");
    expect![[r#"413 {"__type":"RequestEntityTooLargeException","message":"Request size exceeded the limit of 65536 bytes"}"#]].assert_eq(&reply.shown());
}

#[tokio::test]
async fn a_truncated_body_harms_nobody_else() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let head = format!("POST / HTTP/1.1\r\nHost: h\r\n{LIST}Content-Length: 100\r\n\r\n{{\"max");
    client.send(head.as_bytes()).await;
    client.finish().await;
    let status = client.reply().await.map(|reply| reply.status);
    assert!(matches!(status, None | Some(400)), "{status:?}");
    assert_eq!(server.client().await.post(LIST, b"{}").await.status, 200);
}

#[tokio::test]
async fn ids_and_headers() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let first = client.post(LIST, b"{}").await;
    let second = client.post("", b"{}").await;
    let id = |reply: &crate::client::Reply| reply.header("x-amzn-requestid").map(str::to_owned);
    assert!(id(&first).is_some_and(|id| id.len() == 36));
    assert!(id(&second).is_some());
    assert_ne!(id(&first), id(&second));
    assert_eq!(
        first.header("content-type"),
        Some("application/x-amz-json-1.0")
    );
}

#[tokio::test]
async fn a_stop_lets_requests_end() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let idle: Client = server.client().await;
    client.call("CreateActivity", &json!({"name": "a"})).await;
    let arn = "arn:aws:states:us-east-1:000000000000:activity:a";
    let body = json!({"activityArn": arn}).to_string();
    let head = format!(
        "POST / HTTP/1.1\r\nHost: h\r\nX-Amz-Target: AWSStepFunctions.GetActivityTask\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    client.send(head.as_bytes()).await;
    // Another answer on another connection says that the server has had the time to read that.
    server.client().await.post(LIST, b"{}").await;
    let stopped = tokio::spawn(server.stop());
    let reply = client.reply().await.expect("the poll's answer");
    assert_eq!((reply.status, &*reply.body), (200, r#"{"taskToken":null}"#));
    stopped.await.expect("a clean stop");
    drop(idle);
}
