//! Tasks are ended by their tokens.

use expect_test::expect;

use super::harness::{Api, text};

/// A server with an execution that waits for a token, and that token.
async fn waiting() -> (Api, String) {
    let mut api = Api::new().await;
    let state = r#"{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke.waitForTaskToken","Parameters":{"FunctionName":"f","Payload":{"token.$":"$$.Task.Token"}},"End":true}"#;
    let definition = format!(r#"{{"StartAt":"S","States":{{"S":{state}}}}}"#);
    api.send(&format!(
        r#"PUT /api/v1/state-machines/t {{"definition":{definition}}}"#
    ))
    .await;
    api.send(r#"POST /api/v1/state-machines/t/executions {"name":"1"}"#)
        .await;
    let token = api.token().await;
    (api, token)
}

#[tokio::test]
async fn a_task_succeeds_once() {
    let (api, token) = waiting().await;
    let mut said = Vec::new();
    for end in ["heartbeat", "succeed", "succeed", "fail", "heartbeat"] {
        let body = if end == "succeed" {
            r#"{"output":[1]}"#
        } else {
            "{}"
        };
        let answer = api
            .send(&format!(
                "POST /api/v1/tasks/{}/{end} {body}",
                path_part(&token)
            ))
            .await;
        said.push(format!("{end} {}", answer.status().as_u16()));
    }
    expect![[r#"
        heartbeat 204
        succeed 204
        succeed 410
        fail 410
        heartbeat 410"#]]
    .assert_eq(&said.join("\n"));
    let ended = text(api.send("GET /api/v1/executions/t:1").await).await;
    assert!(
        ended.contains(r#""status":"SUCCEEDED""#) && ended.contains(r#""output":[1]"#),
        "{ended}"
    );
}

#[tokio::test]
async fn a_task_fails_with_its_error() {
    let (api, token) = waiting().await;
    let body = r#"{"error":"Refused","cause":"by the boss"}"#;
    let answer = api
        .send(&format!(
            "POST /api/v1/tasks/{}/fail {body}",
            path_part(&token)
        ))
        .await;
    assert_eq!(answer.status(), 204);
    api.check(&["GET /api/v1/executions/t:1"], expect![[r#"
        > GET /api/v1/executions/t:1
        200
        {"id":"t:1","arn":"arn:aws:states:us-east-1:000000000000:execution:t:1","stateMachine":"t","name":"1","status":"FAILED","startedAt":"<time>","stoppedAt":"<time>","input":{},"error":"Refused","cause":"by the boss"}
    "#]]).await;
}

fn path_part(token: &str) -> String {
    crate::rest::names::encoded(token)
}
