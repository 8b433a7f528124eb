//! State machines come, change and go.

use expect_test::expect;

use super::harness::Api;

#[tokio::test]
async fn a_state_machine_from_its_creation_to_its_end() {
    let api = Api::new().await;
    api.check(
        &[
            r#"POST /api/v1/state-machines {"name":"a","definition":{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}}"#,
            r#"POST /api/v1/state-machines {"name":"a","definition":{"StartAt":"P","States":{"P":{"Type":"Succeed"}}}}"#,
            r#"PUT /api/v1/state-machines/a {"definition":{"StartAt":"P","States":{"P":{"Type":"Succeed"}}},"roleArn":"arn:aws:iam::000000000000:role/b"}"#,
            r#"PUT /api/v1/state-machines/a {"definition":{"StartAt":"P","States":{"P":{"Type":"Succeed"}}},"type":"EXPRESS"}"#,
            "DELETE /api/v1/state-machines/a",
            "DELETE /api/v1/state-machines/a",
            "GET /api/v1/state-machines/a",
        ],
        expect![[r#"
            > POST /api/v1/state-machines {"name":"a","definition":{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}}
            201 /api/v1/state-machines/a
            {"name":"a","arn":"arn:aws:states:us-east-1:000000000000:stateMachine:a","type":"STANDARD","createdAt":"<time>","updatedAt":"<time>","roleArn":"arn:aws:iam::000000000000:role/ratchet","definition":{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}}
            > POST /api/v1/state-machines {"name":"a","definition":{"StartAt":"P","States":{"P":{"Type":"Succeed"}}}}
            409 application/problem+json
            {"type":"/api/v1/problems/state-machine-exists","title":"The state machine exists and is another","status":409,"detail":"the state machine arn:aws:states:us-east-1:000000000000:stateMachine:a exists with another definition"}
            > PUT /api/v1/state-machines/a {"definition":{"StartAt":"P","States":{"P":{"Type":"Succeed"}}},"roleArn":"arn:aws:iam::000000000000:role/b"}
            200
            {"name":"a","arn":"arn:aws:states:us-east-1:000000000000:stateMachine:a","type":"STANDARD","createdAt":"<time>","updatedAt":"<time>","roleArn":"arn:aws:iam::000000000000:role/b","revisionId":"<uuid>","definition":{"StartAt":"P","States":{"P":{"Type":"Succeed"}}}}
            > PUT /api/v1/state-machines/a {"definition":{"StartAt":"P","States":{"P":{"Type":"Succeed"}}},"type":"EXPRESS"}
            409 application/problem+json
            {"type":"/api/v1/problems/state-machine-exists","title":"The state machine exists and is another","status":409,"detail":"the state machine a has another type, which can't be changed"}
            > DELETE /api/v1/state-machines/a
            204
            > DELETE /api/v1/state-machines/a
            204
            > GET /api/v1/state-machines/a
            404 application/problem+json
            {"type":"/api/v1/problems/state-machine-not-found","title":"There is no such state machine","status":404,"detail":"there is no state machine arn:aws:states:us-east-1:000000000000:stateMachine:a"}
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_definition_may_be_a_text() {
    let api = Api::new().await;
    api.check(
        &[
            r#"PUT /api/v1/state-machines/b {"definition":"{\n  \"StartAt\": \"P\", \"States\": {\"P\": {\"Type\": \"Succeed\"}}}","type":"EXPRESS"}"#,
            "GET /api/v1/state-machines/b",
        ],
        expect![[r#"
            > PUT /api/v1/state-machines/b {"definition":"{\n  \"StartAt\": \"P\", \"States\": {\"P\": {\"Type\": \"Succeed\"}}}","type":"EXPRESS"}
            201 /api/v1/state-machines/b
            {"name":"b","arn":"arn:aws:states:us-east-1:000000000000:stateMachine:b","type":"EXPRESS","createdAt":"<time>","updatedAt":"<time>","roleArn":"arn:aws:iam::000000000000:role/ratchet","definition":{
              "StartAt": "P", "States": {"P": {"Type": "Succeed"}}}}
            > GET /api/v1/state-machines/b
            200
            {"name":"b","arn":"arn:aws:states:us-east-1:000000000000:stateMachine:b","type":"EXPRESS","createdAt":"<time>","updatedAt":"<time>","roleArn":"arn:aws:iam::000000000000:role/ratchet","definition":{
              "StartAt": "P", "States": {"P": {"Type": "Succeed"}}}}
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_wrong_definition_has_findings() {
    let api = Api::new().await;
    api.check(
        &[r#"PUT /api/v1/state-machines/c {"definition":"{\"StartAt\": \"P\",\n \"States\": {\"Q\": {\"Type\": \"Pass\", \"Next\": 1}}}"}"#],
        expect![[r#"
            > PUT /api/v1/state-machines/c {"definition":"{\"StartAt\": \"P\",\n \"States\": {\"Q\": {\"Type\": \"Pass\", \"Next\": 1}}}"}
            422 application/problem+json
            {"type":"/api/v1/problems/invalid-definition","title":"The definition has errors","status":422,"detail":"the definition has 2 findings","findings":[{"severity":"error","code":"MISSING_TRANSITION_TARGET","pointer":"/StartAt","line":1,"column":13,"message":"Missing 'Next' target: P"},{"severity":"error","code":"SCHEMA_VALIDATION_FAILED","pointer":"/States/Q/Next","line":2,"column":43,"message":"Expected value of type String"}]}
        "#]],
    )
    .await;
}

#[tokio::test]
async fn lists_have_pages() {
    let api = Api::new().await;
    for name in ["a", "b", "c"] {
        let definition = r#"{"StartAt":"P","States":{"P":{"Type":"Succeed"}}}"#;
        api.send(&format!(
            r#"PUT /api/v1/state-machines/{name} {{"definition":{definition}}}"#
        ))
        .await;
    }
    api.check(
        &[
            "GET /api/v1/state-machines?limit=2",
            "GET /api/v1/state-machines?limit=2&cursor=2",
            "GET /api/v1/state-machines?limit=0",
            "GET /api/v1/state-machines?cursor=x",
        ],
        expect![[r#"
            > GET /api/v1/state-machines?limit=2
            200
            {"stateMachines":[{"name":"a","arn":"arn:aws:states:us-east-1:000000000000:stateMachine:a","type":"STANDARD","createdAt":"<time>"},{"name":"b","arn":"arn:aws:states:us-east-1:000000000000:stateMachine:b","type":"STANDARD","createdAt":"<time>"}],"next":"2"}
            > GET /api/v1/state-machines?limit=2&cursor=2
            200
            {"stateMachines":[{"name":"c","arn":"arn:aws:states:us-east-1:000000000000:stateMachine:c","type":"STANDARD","createdAt":"<time>"}]}
            > GET /api/v1/state-machines?limit=0
            400 application/problem+json
            {"type":"/api/v1/problems/invalid-query","title":"The request's query can't be read","status":400,"detail":"limit: 0 is not between 1 and 1000"}
            > GET /api/v1/state-machines?cursor=x
            400 application/problem+json
            {"type":"/api/v1/problems/invalid-query","title":"The request's query can't be read","status":400,"detail":"cursor: `x` is none of a page's `next`"}
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_state_machine_has_settings() {
    let api = Api::new().await;
    let group = r#"{"level":"ERROR","includeExecutionData":true,"destinations":[{"cloudWatchLogsLogGroup":{"logGroupArn":"arn:aws:logs:us-east-1:000000000000:log-group:g:*"}}]}"#;
    let definition = r#""definition":{"StartAt":"P","States":{"P":{"Type":"Succeed"}}}"#;
    api.check(
        &[
            &format!(r#"PUT /api/v1/state-machines/a {{{definition},"loggingConfiguration":{group}}}"#),
            &format!(r#"PUT /api/v1/state-machines/a {{{definition},"tracingConfiguration":{{"enabled":true}}}}"#),
            &format!(r#"PUT /api/v1/state-machines/a {{{definition},"loggingConfiguration":{{"level":"OFF"}}}}"#),
            &format!(r#"PUT /api/v1/state-machines/a {{{definition},"loggingConfiguration":{{"level":"ALL"}}}}"#),
            &format!(r#"PUT /api/v1/state-machines/a {{{definition},"loggingConfiguration":{{"level":"LOUD"}}}}"#),
            &format!(r#"POST /api/v1/state-machines {{"name":"b",{definition},"tracingConfiguration":{{"enabled":false}}}}"#),
        ],
        expect![[r#"
            > PUT /api/v1/state-machines/a {"definition":{"StartAt":"P","States":{"P":{"Type":"Succeed"}}},"loggingConfiguration":{"level":"ERROR","includeExecutionData":true,"destinations":[{"cloudWatchLogsLogGroup":{"logGroupArn":"arn:aws:logs:us-east-1:000000000000:log-group:g:*"}}]}}
            201 /api/v1/state-machines/a
            {"name":"a","arn":"arn:aws:states:us-east-1:000000000000:stateMachine:a","type":"STANDARD","createdAt":"<time>","updatedAt":"<time>","roleArn":"arn:aws:iam::000000000000:role/ratchet","loggingConfiguration":{"level":"ERROR","includeExecutionData":true,"destinations":[{"cloudWatchLogsLogGroup":{"logGroupArn":"arn:aws:logs:us-east-1:000000000000:log-group:g:*"}}]},"definition":{"StartAt":"P","States":{"P":{"Type":"Succeed"}}}}
            > PUT /api/v1/state-machines/a {"definition":{"StartAt":"P","States":{"P":{"Type":"Succeed"}}},"tracingConfiguration":{"enabled":true}}
            200
            {"name":"a","arn":"arn:aws:states:us-east-1:000000000000:stateMachine:a","type":"STANDARD","createdAt":"<time>","updatedAt":"<time>","roleArn":"arn:aws:iam::000000000000:role/ratchet","revisionId":"<uuid>","loggingConfiguration":{"level":"ERROR","includeExecutionData":true,"destinations":[{"cloudWatchLogsLogGroup":{"logGroupArn":"arn:aws:logs:us-east-1:000000000000:log-group:g:*"}}]},"tracingConfiguration":{"enabled":true},"definition":{"StartAt":"P","States":{"P":{"Type":"Succeed"}}}}
            > PUT /api/v1/state-machines/a {"definition":{"StartAt":"P","States":{"P":{"Type":"Succeed"}}},"loggingConfiguration":{"level":"OFF"}}
            200
            {"name":"a","arn":"arn:aws:states:us-east-1:000000000000:stateMachine:a","type":"STANDARD","createdAt":"<time>","updatedAt":"<time>","roleArn":"arn:aws:iam::000000000000:role/ratchet","revisionId":"<uuid>","loggingConfiguration":{"level":"OFF"},"tracingConfiguration":{"enabled":true},"definition":{"StartAt":"P","States":{"P":{"Type":"Succeed"}}}}
            > PUT /api/v1/state-machines/a {"definition":{"StartAt":"P","States":{"P":{"Type":"Succeed"}}},"loggingConfiguration":{"level":"ALL"}}
            400 application/problem+json
            {"type":"/api/v1/problems/invalid-body","title":"The request's body can't be read","status":400,"detail":"loggingConfiguration: Must specify exactly one Log Destination."}
            > PUT /api/v1/state-machines/a {"definition":{"StartAt":"P","States":{"P":{"Type":"Succeed"}}},"loggingConfiguration":{"level":"LOUD"}}
            400 application/problem+json
            {"type":"/api/v1/problems/invalid-body","title":"The request's body can't be read","status":400,"detail":"unknown variant `LOUD`, expected one of `ALL`, `ERROR`, `FATAL`, `OFF` at line 1 column 102"}
            > POST /api/v1/state-machines {"name":"b","definition":{"StartAt":"P","States":{"P":{"Type":"Succeed"}}},"tracingConfiguration":{"enabled":false}}
            201 /api/v1/state-machines/b
            {"name":"b","arn":"arn:aws:states:us-east-1:000000000000:stateMachine:b","type":"STANDARD","createdAt":"<time>","updatedAt":"<time>","roleArn":"arn:aws:iam::000000000000:role/ratchet","tracingConfiguration":{"enabled":false},"definition":{"StartAt":"P","States":{"P":{"Type":"Succeed"}}}}
        "#]],
    )
    .await;
}
