//! Map Runs are listed, shown and changed.

use expect_test::expect;

use super::harness::Api;

const MAP: &str = r#"PUT /api/v1/state-machines/m {"definition":{"StartAt":"M","States":{"M":{"Type":"Map","Label":"l","MaxConcurrency":2,"ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":600,"End":true}}},"End":true}}}}"#;

#[tokio::test]
async fn a_map_run_from_its_beginning_to_its_end() {
    let api = Api::new().await;
    api.send(MAP).await;
    api.send(r#"POST /api/v1/state-machines/m/executions {"name":"e","input":[1,2,3]}"#)
        .await;
    let runs = "GET /api/v1/executions/m:e/map-runs";
    let id = loop {
        let answer = api.json(runs).await;
        let run = &answer["mapRuns"][0];
        if run["items"]["running"] == 2 {
            break run["id"].as_str().expect("it has an id").to_owned();
        }
        tokio::task::yield_now().await;
    };
    let describe = format!("GET /api/v1/map-runs/{id}");
    let update = |body: &str| format!("PATCH /api/v1/map-runs/{id} {body}");
    let one = update(r#"{"maxConcurrency":1,"toleratedFailurePercentage":2.5}"#);
    let wrong = [
        update("{}"),
        update(r#"{"toleratedFailurePercentage":101}"#),
        update(r#"{"maxConcurrency":-1}"#),
    ];
    let requests = [
        runs,
        "GET /api/v1/executions/m:e/map-runs?limit=0",
        "GET /api/v1/executions/m:nobody/map-runs",
        &one,
        &wrong[0],
        &wrong[1],
        &wrong[2],
        "GET /api/v1/map-runs/m:l",
        "GET /api/v1/map-runs/m:l:x",
        "POST /api/v1/executions/m:e/stop",
    ];
    api.check_masked(&requests, &id, expect![[r#"
        > GET /api/v1/executions/m:e/map-runs
        200
        {"mapRuns":[{"id":"m:l:<uuid>","arn":"arn:aws:states:us-east-1:000000000000:mapRun:m/l:<uuid>","executionArn":"arn:aws:states:us-east-1:000000000000:execution:m:e","status":"RUNNING","startedAt":"<time>","maxConcurrency":2,"toleratedFailureCount":0,"toleratedFailurePercentage":0.0,"items":{"pending":1,"running":2,"succeeded":0,"failed":0,"timedOut":0,"aborted":0,"pendingRedrive":0,"failuresNotRedrivable":0,"total":3,"resultsWritten":0},"executions":{"pending":1,"running":2,"succeeded":0,"failed":0,"timedOut":0,"aborted":0,"pendingRedrive":0,"failuresNotRedrivable":0,"total":3,"resultsWritten":0}}]}
        > GET /api/v1/executions/m:e/map-runs?limit=0
        400 application/problem+json
        {"type":"/api/v1/problems/invalid-query","title":"The request's query can't be read","status":400,"detail":"limit: 0 is not between 1 and 1000"}
        > GET /api/v1/executions/m:nobody/map-runs
        404 application/problem+json
        {"type":"/api/v1/problems/execution-not-found","title":"There is no such execution","status":404,"detail":"there is no execution arn:aws:states:us-east-1:000000000000:execution:m:nobody"}
        > PATCH /api/v1/map-runs/<id> {"maxConcurrency":1,"toleratedFailurePercentage":2.5}
        200
        {"id":"m:l:<uuid>","arn":"arn:aws:states:us-east-1:000000000000:mapRun:m/l:<uuid>","executionArn":"arn:aws:states:us-east-1:000000000000:execution:m:e","status":"RUNNING","startedAt":"<time>","maxConcurrency":1,"toleratedFailureCount":0,"toleratedFailurePercentage":2.5,"items":{"pending":1,"running":2,"succeeded":0,"failed":0,"timedOut":0,"aborted":0,"pendingRedrive":0,"failuresNotRedrivable":0,"total":3,"resultsWritten":0},"executions":{"pending":1,"running":2,"succeeded":0,"failed":0,"timedOut":0,"aborted":0,"pendingRedrive":0,"failuresNotRedrivable":0,"total":3,"resultsWritten":0}}
        > PATCH /api/v1/map-runs/<id> {}
        400 application/problem+json
        {"type":"/api/v1/problems/invalid-body","title":"The request's body can't be read","status":400,"detail":"say maxConcurrency, toleratedFailureCount or toleratedFailurePercentage, or several"}
        > PATCH /api/v1/map-runs/<id> {"toleratedFailurePercentage":101}
        400 application/problem+json
        {"type":"/api/v1/problems/invalid-body","title":"The request's body can't be read","status":400,"detail":"toleratedFailurePercentage: 101 is not between 0 and 100"}
        > PATCH /api/v1/map-runs/<id> {"maxConcurrency":-1}
        400 application/problem+json
        {"type":"/api/v1/problems/invalid-body","title":"The request's body can't be read","status":400,"detail":"invalid value: integer `-1`, expected u64 at line 1 column 20"}
        > GET /api/v1/map-runs/m:l
        400 application/problem+json
        {"type":"/api/v1/problems/invalid-id","title":"This is no id","status":400,"detail":"`m:l` is no Map Run's id; an id is STATE_MACHINE:LABEL:UNIQUE"}
        > GET /api/v1/map-runs/m:l:x
        404 application/problem+json
        {"type":"/api/v1/problems/no-such-resource","title":"There is nothing at this path","status":404,"detail":"there is no Map Run arn:aws:states:us-east-1:000000000000:mapRun:m/l:x"}
        > POST /api/v1/executions/m:e/stop
        200
        {"id":"m:e","arn":"arn:aws:states:us-east-1:000000000000:execution:m:e","stateMachine":"m","name":"e","status":"ABORTED","startedAt":"<time>","stoppedAt":"<time>","input":[1,2,3]}
    "#]]).await;
    while api.json(&describe).await["status"] == "RUNNING" {
        tokio::task::yield_now().await;
    }
    let late = update(r#"{"maxConcurrency":1}"#);
    api.check_masked(&[&describe, &late], &id, expect![[r#"
        > GET /api/v1/map-runs/<id>
        200
        {"id":"m:l:<uuid>","arn":"arn:aws:states:us-east-1:000000000000:mapRun:m/l:<uuid>","executionArn":"arn:aws:states:us-east-1:000000000000:execution:m:e","status":"ABORTED","startedAt":"<time>","stoppedAt":"<time>","maxConcurrency":1,"toleratedFailureCount":0,"toleratedFailurePercentage":2.5,"items":{"pending":1,"running":0,"succeeded":0,"failed":0,"timedOut":0,"aborted":2,"pendingRedrive":0,"failuresNotRedrivable":0,"total":3,"resultsWritten":0},"executions":{"pending":1,"running":0,"succeeded":0,"failed":0,"timedOut":0,"aborted":2,"pendingRedrive":0,"failuresNotRedrivable":0,"total":3,"resultsWritten":0}}
        > PATCH /api/v1/map-runs/<id> {"maxConcurrency":1}
        409 application/problem+json
        {"type":"/api/v1/problems/execution-ended","title":"The execution has ended","status":409,"detail":"the Map Run arn:aws:states:us-east-1:000000000000:mapRun:m/l:<uuid> has ended"}
    "#]])
        .await;
}
