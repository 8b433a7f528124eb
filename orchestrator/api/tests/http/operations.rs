//! Operations that succeed, in the order in which people call them.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::client::Client;
use crate::server::Server;

const MACHINE: &str = "arn:aws:states:us-east-1:000000000000:stateMachine:m";
const EXECUTION: &str = "arn:aws:states:us-east-1:000000000000:execution:m:e";
const ROLE: &str = "arn:aws:iam::000000000000:role/r";

async fn check(client: &mut Client, operation: &str, body: Value, expected: Expect) -> Value {
    let reply = client.call(operation, &body).await;
    expected.assert_eq(&reply.shown());
    reply.json()
}

fn machine(name: &str, machine_type: &str, states: Value) -> Value {
    let first = states
        .as_object()
        .and_then(|states| states.keys().next().cloned());
    let definition = json!({"StartAt": first, "States": states});
    json!({
        "name": name, "roleArn": ROLE, "type": machine_type, "definition": definition.to_string(),
    })
}

async fn ended(client: &mut Client, execution: &str) {
    loop {
        let reply = client
            .call("DescribeExecution", &json!({"executionArn": execution}))
            .await;
        if reply.json()["status"] != "RUNNING" {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_execution_from_birth_to_list() {
    let server = Server::start().await;
    let client = &mut server.client().await;
    let pass = json!({"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Succeed"}});
    check(
        client,
        "CreateStateMachine",
        machine("m", "STANDARD", pass),
        expect![[r#"200 {"stateMachineArn":"arn:aws:states:us-east-1:000000000000:stateMachine:m","creationDate":"time"}"#]],
    )
    .await;
    let start = json!({"stateMachineArn": MACHINE, "name": "e", "input": "{ \"a\": [1] }"});
    check(client, "StartExecution", start, expect![[r#"200 {"executionArn":"arn:aws:states:us-east-1:000000000000:execution:m:e","startDate":"time"}"#]]).await;
    ended(client, EXECUTION).await;
    let this = json!({"executionArn": EXECUTION});
    check(client, "DescribeExecution", this.clone(), expect![[r#"200 {"executionArn":"arn:aws:states:us-east-1:000000000000:execution:m:e","stateMachineArn":"arn:aws:states:us-east-1:000000000000:stateMachine:m","name":"e","status":"SUCCEEDED","startDate":"time","stopDate":"time","input":"{ \"a\": [1] }","inputDetails":{"included":true},"output":"{ \"a\": [1] }","outputDetails":{"included":true},"redriveCount":0,"redriveStatus":"NOT_REDRIVABLE","redriveStatusReason":"Execution is SUCCEEDED and cannot be redriven"}"#]]).await;
    check(
        client,
        "DescribeStateMachineForExecution",
        this.clone(),
        expect![[r#"200 {"stateMachineArn":"arn:aws:states:us-east-1:000000000000:stateMachine:m","name":"m","definition":"{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Next\":\"B\"},\"B\":{\"Type\":\"Succeed\"}}}","roleArn":"arn:aws:iam::000000000000:role/r","updateDate":"time","loggingConfiguration":{"level":"OFF","includeExecutionData":false}}"#]],
    )
    .await;
    check(
        client,
        "GetExecutionHistory",
        this.clone(),
        expect![[r#"200 {"events":[{"timestamp":"time","type":"ExecutionStarted","id":1,"previousEventId":0,"executionStartedEventDetails":{"input":"{ \"a\": [1] }","inputDetails":{"truncated":false},"roleArn":"arn:aws:iam::000000000000:role/r"}},{"timestamp":"time","type":"PassStateEntered","id":2,"previousEventId":0,"stateEnteredEventDetails":{"name":"A","input":"{ \"a\": [1] }","inputDetails":{"truncated":false}}},{"timestamp":"time","type":"PassStateExited","id":3,"previousEventId":2,"stateExitedEventDetails":{"name":"A","output":"{ \"a\": [1] }","outputDetails":{"truncated":false}}},{"timestamp":"time","type":"SucceedStateEntered","id":4,"previousEventId":3,"stateEnteredEventDetails":{"name":"B","input":"{ \"a\": [1] }","inputDetails":{"truncated":false}}},{"timestamp":"time","type":"SucceedStateExited","id":5,"previousEventId":4,"stateExitedEventDetails":{"name":"B","output":"{ \"a\": [1] }","outputDetails":{"truncated":false}}},{"timestamp":"time","type":"ExecutionSucceeded","id":6,"previousEventId":5,"executionSucceededEventDetails":{"output":"{ \"a\": [1] }","outputDetails":{"truncated":false}}}]}"#]],
    )
    .await;
    check(
        client,
        "StopExecution",
        this,
        expect![[r#"200 {"stopDate":"time"}"#]],
    )
    .await;
    let list = json!({"stateMachineArn": MACHINE});
    check(client, "ListExecutions", list.clone(), expect![[r#"200 {"executions":[{"executionArn":"arn:aws:states:us-east-1:000000000000:execution:m:e","stateMachineArn":"arn:aws:states:us-east-1:000000000000:stateMachine:m","name":"e","status":"SUCCEEDED","startDate":"time","stopDate":"time","redriveCount":0}]}"#]]).await;
    let failed = json!({"stateMachineArn": MACHINE, "statusFilter": "FAILED"});
    check(
        client,
        "ListExecutions",
        failed,
        expect![[r#"200 {"executions":[]}"#]],
    )
    .await;
    let again = json!({"stateMachineArn": MACHINE, "name": "e", "input": "{}"});
    check(client, "StartExecution", again, expect![[r#"400 {"__type":"ExecutionAlreadyExists","message":"Execution Already Exists: 'arn:aws:states:us-east-1:000000000000:execution:m:e'"}"#]]).await;
    check(
        client,
        "DeleteStateMachine",
        list.clone(),
        expect!["200 {}"],
    )
    .await;
    check(client, "DescribeStateMachine", list, expect![[r#"400 {"__type":"StateMachineDoesNotExist","message":"State Machine Does Not Exist: 'arn:aws:states:us-east-1:000000000000:stateMachine:m'"}"#]]).await;
    server.stop().await;
}

#[tokio::test]
async fn a_machine_that_changes() {
    let server = Server::start().await;
    let client = &mut server.client().await;
    let mut create = machine("m", "STANDARD", json!({"A": {"Type": "Succeed"}}));
    create["tracingConfiguration"] = json!({"enabled": true});
    check(client, "CreateStateMachine", create, expect![[r#"200 {"stateMachineArn":"arn:aws:states:us-east-1:000000000000:stateMachine:m","creationDate":"time"}"#]]).await;
    let this = json!({"stateMachineArn": MACHINE});
    check(
        client,
        "DescribeStateMachine",
        this.clone(),
        expect![[r#"200 {"stateMachineArn":"arn:aws:states:us-east-1:000000000000:stateMachine:m","name":"m","status":"ACTIVE","definition":"{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Succeed\"}}}","roleArn":"arn:aws:iam::000000000000:role/r","type":"STANDARD","creationDate":"time","loggingConfiguration":{"level":"OFF","includeExecutionData":false},"tracingConfiguration":{"enabled":true}}"#]],
    )
    .await;
    let update = json!({
        "stateMachineArn": MACHINE,
        "definition": machine("m", "", json!({"B": {"Type": "Succeed"}}))["definition"],
        "loggingConfiguration": {"level": "OFF", "includeExecutionData": true},
    });
    check(
        client,
        "UpdateStateMachine",
        update,
        expect![[r#"200 {"updateDate":"time","revisionId":"<revisionId>"}"#]],
    )
    .await;
    check(client, "DescribeStateMachine", this, expect![[r#"200 {"stateMachineArn":"arn:aws:states:us-east-1:000000000000:stateMachine:m","name":"m","status":"ACTIVE","definition":"{\"StartAt\":\"B\",\"States\":{\"B\":{\"Type\":\"Succeed\"}}}","roleArn":"arn:aws:iam::000000000000:role/r","type":"STANDARD","creationDate":"time","loggingConfiguration":{"level":"OFF","includeExecutionData":true},"tracingConfiguration":{"enabled":true},"revisionId":"<revisionId>"}"#]]).await;
    let metadata = json!({"stateMachineArn": MACHINE, "includedData": "METADATA_ONLY"});
    check(client, "DescribeStateMachine", metadata, expect![[r#"200 {"stateMachineArn":"arn:aws:states:us-east-1:000000000000:stateMachine:m","name":"m","status":"ACTIVE","definition":"{}","roleArn":"arn:aws:iam::000000000000:role/r","type":"STANDARD","creationDate":"time","loggingConfiguration":{"level":"OFF","includeExecutionData":true},"tracingConfiguration":{"enabled":true},"revisionId":"<revisionId>"}"#]]).await;
    check(client, "ListStateMachines", json!({}), expect![[r#"200 {"stateMachines":[{"stateMachineArn":"arn:aws:states:us-east-1:000000000000:stateMachine:m","name":"m","type":"STANDARD","creationDate":"time"}]}"#]]).await;
}

#[tokio::test]
async fn an_activity_and_its_worker() {
    let server = Server::start().await;
    let client = &mut server.client().await;
    let arn = "arn:aws:states:us-east-1:000000000000:activity:work";
    check(
        client,
        "CreateActivity",
        json!({"name": "work"}),
        expect![[r#"200 {"activityArn":"arn:aws:states:us-east-1:000000000000:activity:work","creationDate":"time"}"#]],
    )
    .await;
    let task = json!({"A": {"Type": "Task", "Resource": arn, "End": true}});
    check(
        client,
        "CreateStateMachine",
        machine("m", "STANDARD", task),
        expect![[r#"200 {"stateMachineArn":"arn:aws:states:us-east-1:000000000000:stateMachine:m","creationDate":"time"}"#]],
    )
    .await;
    let this = json!({"activityArn": arn, "workerName": "w"});
    check(
        client,
        "GetActivityTask",
        this.clone(),
        expect![[r#"200 {"taskToken":null}"#]],
    )
    .await;
    let start = json!({"stateMachineArn": MACHINE, "name": "e", "input": "[7]"});
    check(client, "StartExecution", start, expect![[r#"200 {"executionArn":"arn:aws:states:us-east-1:000000000000:execution:m:e","startDate":"time"}"#]]).await;
    let taken = check(
        client,
        "GetActivityTask",
        this,
        expect![[r#"200 {"taskToken":"<taskToken>","input":"[7]"}"#]],
    )
    .await;
    let token = json!({"taskToken": taken["taskToken"]});
    check(
        client,
        "SendTaskHeartbeat",
        token.clone(),
        expect!["200 {}"],
    )
    .await;
    let mut success = token.clone();
    success["output"] = json!("{");
    check(client, "SendTaskSuccess", success.clone(), expect![[r#"400 {"__type":"InvalidOutput","message":"Invalid Output: 'EOF while parsing an object at line 1 column 1'"}"#]]).await;
    success["output"] = json!("[8]");
    check(client, "SendTaskSuccess", success, expect!["200 {}"]).await;
    check(client, "SendTaskFailure", token, expect![[r#"400 {"__type":"TaskTimedOut","message":"Task Timed Out: 'Provided task does not exist anymore'"}"#]]).await;
    ended(client, EXECUTION).await;
    let this = json!({"executionArn": EXECUTION, "reverseOrder": true, "maxResults": 3});
    check(client, "GetExecutionHistory", this, expect![[r#"200 {"events":[{"timestamp":"time","type":"ExecutionSucceeded","id":7,"previousEventId":6,"executionSucceededEventDetails":{"output":"[8]","outputDetails":{"truncated":false}}},{"timestamp":"time","type":"TaskStateExited","id":6,"previousEventId":5,"stateExitedEventDetails":{"name":"A","output":"[8]","outputDetails":{"truncated":false}}},{"timestamp":"time","type":"ActivitySucceeded","id":5,"previousEventId":4,"activitySucceededEventDetails":{"output":"[8]","outputDetails":{"truncated":false}}}],"nextToken":"<nextToken>"}"#]]).await;
    check(client, "ListActivities", json!({}), expect![[r#"200 {"activities":[{"activityArn":"arn:aws:states:us-east-1:000000000000:activity:work","name":"work","creationDate":"time"}]}"#]]).await;
    let this = json!({"activityArn": arn});
    check(client, "DescribeActivity", this.clone(), expect![[r#"200 {"activityArn":"arn:aws:states:us-east-1:000000000000:activity:work","name":"work","creationDate":"time"}"#]]).await;
    check(client, "DeleteActivity", this.clone(), expect!["200 {}"]).await;
    check(client, "DescribeActivity", this, expect![[r#"400 {"__type":"ActivityDoesNotExist","message":"Activity Does Not Exist: 'arn:aws:states:us-east-1:000000000000:activity:work'"}"#]]).await;
}

#[tokio::test]
async fn an_express_execution() {
    let server = Server::start().await;
    let client = &mut server.client().await;
    let fail = json!({"A": {"Type": "Fail", "Error": "E", "Cause": "C"}});
    check(
        client,
        "CreateStateMachine",
        machine("m", "EXPRESS", fail),
        expect![[r#"200 {"stateMachineArn":"arn:aws:states:us-east-1:000000000000:stateMachine:m","creationDate":"time"}"#]],
    )
    .await;
    let start = json!({"stateMachineArn": MACHINE, "name": "x", "input": "{}"});
    check(
        client,
        "StartSyncExecution",
        start.clone(),
        expect![[r#"200 {"executionArn":"arn:aws:states:us-east-1:000000000000:express:m:x:<uuid>","stateMachineArn":"arn:aws:states:us-east-1:000000000000:stateMachine:m","name":"x","startDate":"time","stopDate":"time","status":"FAILED","error":"E","cause":"C","input":"{}","inputDetails":{"included":true},"billingDetails":{"billedMemoryUsedInMB":64,"billedDurationInMilliseconds":"duration"}}"#]],
    )
    .await;
    check(client, "StartExecution", start, expect![[r#"200 {"executionArn":"arn:aws:states:us-east-1:000000000000:express:m:x:<uuid>","startDate":"time"}"#]]).await;
    let list = json!({"stateMachineArn": MACHINE});
    check(client, "ListExecutions", list, expect![[r#"400 {"__type":"StateMachineTypeNotSupported","message":"This operation is not supported by this type of state machine"}"#]]).await;
}

#[tokio::test]
async fn executions_of_a_trace() {
    let server = Server::start().await;
    let client = &mut server.client().await;
    let passes = json!({ "P": { "Type": "Pass", "End": true } });
    client
        .call(
            "CreateStateMachine",
            &machine("m", "EXPRESS", passes.clone()),
        )
        .await;
    client
        .call("CreateStateMachine", &machine("s", "STANDARD", passes))
        .await;
    let arn = |name: &str| format!("arn:aws:states:us-east-1:000000000000:stateMachine:{name}");
    let mut start = async |operation: &str, machine: &str, headers: &str, given: Value| {
        let mut body = json!({ "stateMachineArn": arn(machine), "name": "e" });
        if !given.is_null() {
            body["traceHeader"] = given;
        }
        let headers = format!(
            "X-Amz-Target: AWSStepFunctions.{operation}\r\nContent-Type: application/x-amz-json-1.0\r\n{headers}"
        );
        client
            .post(&headers, body.to_string().as_bytes())
            .await
            .json()["traceHeader"]
            .clone()
    };
    let sync = "StartSyncExecution";
    assert_eq!(start(sync, "m", "", Value::Null).await, Value::Null);
    assert_eq!(start(sync, "m", "", json!("Root=1")).await, "Root=1");
    // AWS prefers the header.
    let header = "X-Amzn-Trace-Id: Root=2\r\n";
    assert_eq!(start(sync, "m", header, json!("Root=1")).await, "Root=2");
    start("StartExecution", "s", header, Value::Null).await;
    let execution = "arn:aws:states:us-east-1:000000000000:execution:s:e";
    ended(client, execution).await;
    let described = client
        .call("DescribeExecution", &json!({ "executionArn": execution }))
        .await;
    assert_eq!(described.json()["traceHeader"], "Root=2");
}

#[tokio::test]
async fn tags_of_a_machine() {
    let server = Server::start().await;
    let client = &mut server.client().await;
    let mut create = machine("m", "STANDARD", json!({"A": {"Type": "Succeed"}}));
    create["tags"] = json!([{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]);
    check(client, "CreateStateMachine", create, expect![[r#"200 {"stateMachineArn":"arn:aws:states:us-east-1:000000000000:stateMachine:m","creationDate":"time"}"#]]).await;
    let tag = json!({"resourceArn": MACHINE, "tags": [{"key": "a", "value": "3"}, {"key": "c"}]});
    check(client, "TagResource", tag, expect!["200 {}"]).await;
    let this = json!({"resourceArn": MACHINE});
    check(
        client,
        "ListTagsForResource",
        this.clone(),
        expect![[r#"200 {"tags":[{"key":"a","value":"3"},{"key":"b","value":"2"},{"key":"c","value":""}]}"#]],
    )
    .await;
    let untag = json!({"resourceArn": MACHINE, "tagKeys": ["b", "unknown"]});
    check(client, "UntagResource", untag, expect!["200 {}"]).await;
    check(
        client,
        "ListTagsForResource",
        this,
        expect![[r#"200 {"tags":[{"key":"a","value":"3"},{"key":"c","value":""}]}"#]],
    )
    .await;
    let many: Vec<Value> = (0..49)
        .map(|n| json!({"key": format!("k{n}"), "value": ""}))
        .collect();
    let tag = json!({"resourceArn": MACHINE, "tags": many});
    check(client, "TagResource", tag, expect![[r#"400 {"__type":"TooManyTags","message":"A resource can have at most 50 tags","resourceName":"arn:aws:states:us-east-1:000000000000:stateMachine:m"}"#]]).await;
}

#[tokio::test]
async fn pages() {
    let server = Server::start().await;
    let client = &mut server.client().await;
    for name in ["m", "n", "o"] {
        let create = machine(name, "STANDARD", json!({"A": {"Type": "Succeed"}}));
        client.call("CreateStateMachine", &create).await;
        client.call("CreateActivity", &json!({"name": name})).await;
        let start = json!({"stateMachineArn": MACHINE, "name": name});
        client.call("StartExecution", &start).await;
    }
    ended(
        client,
        "arn:aws:states:us-east-1:000000000000:execution:m:m",
    )
    .await;
    let history = json!({"executionArn": "arn:aws:states:us-east-1:000000000000:execution:m:m"});
    let mut backwards = history.clone();
    backwards["reverseOrder"] = json!(true);
    let lists = [
        ("ListStateMachines", json!({}), "stateMachines", "name"),
        ("ListActivities", json!({}), "activities", "name"),
        (
            "ListExecutions",
            json!({"stateMachineArn": MACHINE}),
            "executions",
            "name",
        ),
        ("GetExecutionHistory", history, "events", "id"),
        ("GetExecutionHistory", backwards, "events", "id"),
    ];
    let mut text = String::new();
    for (operation, request, list, shown) in lists {
        let mut request = request;
        request["maxResults"] = json!(2);
        loop {
            let page = client.call(operation, &request).await.json();
            let items = page[list].as_array().expect("a list");
            let items: Vec<String> = items.iter().map(|item| item[shown].to_string()).collect();
            text += &format!("{operation} {}\n", items.join(" "));
            request["nextToken"] = page["nextToken"].clone();
            if request["nextToken"].is_null() {
                break;
            }
        }
    }
    expect![[r#"
        ListStateMachines "m" "n"
        ListStateMachines "o"
        ListActivities "m" "n"
        ListActivities "o"
        ListExecutions "o" "n"
        ListExecutions "m"
        GetExecutionHistory 1 2
        GetExecutionHistory 3 4
        GetExecutionHistory 4 3
        GetExecutionHistory 2 1
    "#]]
    .assert_eq(&text);
}
