//! Requests that are refused, each in AWS's words.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::server::Server;

const MACHINE: &str = "arn:aws:states:us-east-1:000000000000:stateMachine:m";
const EXECUTION: &str = "arn:aws:states:us-east-1:000000000000:execution:m:e";
const ROLE: &str = "arn:aws:iam::000000000000:role/r";

async fn check(cases: Vec<(&str, Value, Expect)>) {
    let server = Server::start().await;
    let client = &mut server.client().await;
    for (operation, request, expected) in cases {
        expected.assert_eq(&client.call(operation, &request).await.shown());
    }
}

fn create(with: Value) -> Value {
    let definition = r#"{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}"#;
    let mut request = json!({"name": "m", "roleArn": ROLE, "definition": definition});
    for (name, value) in with.as_object().expect("an object") {
        request[name] = value.clone();
    }
    request
}

#[tokio::test]
async fn machines() {
    let kms = json!({"encryptionConfiguration": {"type": "CUSTOMER_MANAGED_KMS_KEY"}});
    check(vec![
        (
            "CreateStateMachine",
            create(json!({"name": "a b"})),
            expect![[r#"400 {"__type":"InvalidName","message":"Invalid Name: 'a b'"}"#]],
        ),
        (
            "CreateStateMachine",
            create(json!({"type": "FAST"})),
            expect![[r#"400 {"__type":"ValidationException","message":"1 validation error detected: Value 'FAST' at 'type' failed to satisfy constraint: Member must satisfy enum value set: [STANDARD, EXPRESS]"}"#]],
        ),
        (
            "CreateStateMachine",
            create(json!({"versionDescription": "v"})),
            expect![[r#"400 {"__type":"ValidationException","message":"Version description can only be set when publish is true"}"#]],
        ),
        (
            "CreateStateMachine",
            create(json!({"publish": true})),
            expect![[r#"200 {"stateMachineArn":"arn:aws:states:us-east-1:000000000000:stateMachine:m","creationDate":"time","stateMachineVersionArn":"arn:aws:states:us-east-1:000000000000:stateMachine:m:1"}"#]],
        ),
        (
            "CreateStateMachine",
            create(json!({"loggingConfiguration": {"level": "ALL"}})),
            expect![[r#"400 {"__type":"InvalidLoggingConfiguration","message":"Invalid Logging Configuration: Must specify exactly one Log Destination."}"#]],
        ),
        ("CreateStateMachine", create(kms), expect![[r#"400 {"__type":"InvalidEncryptionConfiguration","message":"Invalid Encryption Configuration: A CUSTOMER_MANAGED_KMS_KEY needs a KmsKeyId"}"#]]),
        (
            "CreateStateMachine",
            create(json!({"definition": r#"{"StartAt":"A"}"#})),
            expect![[r#"400 {"__type":"InvalidDefinition","message":"Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: These fields are required: [States] at /'"}"#]],
        ),
        ("CreateStateMachine", create(json!({})), expect![[r#"200 {"stateMachineArn":"arn:aws:states:us-east-1:000000000000:stateMachine:m","creationDate":"time"}"#]]),
        (
            "CreateStateMachine",
            create(json!({"type": "EXPRESS"})),
            expect![[r#"400 {"__type":"StateMachineAlreadyExists","message":"State Machine Already Exists: 'arn:aws:states:us-east-1:000000000000:stateMachine:m'"}"#]],
        ),
        (
            "UpdateStateMachine",
            json!({"stateMachineArn": MACHINE}),
            expect![[r#"400 {"__type":"MissingRequiredParameter","message":"Either the definition, the role ARN, the LoggingConfiguration, the TracingConfiguration, or the EncryptionConfiguration must be specified"}"#]],
        ),
        (
            "UpdateStateMachine",
            json!({"stateMachineArn": format!("{MACHINE}x"), "roleArn": ROLE}),
            expect![[r#"400 {"__type":"StateMachineDoesNotExist","message":"State Machine Does Not Exist: 'arn:aws:states:us-east-1:000000000000:stateMachine:mx'"}"#]],
        ),
        (
            "DescribeStateMachine",
            json!({"stateMachineArn": "not_a_valid_arn"}),
            expect![[r#"400 {"__type":"InvalidArn","message":"Invalid Arn: 'Invalid ARN prefix: not_a_valid_arn'"}"#]],
        ),
        (
            "DescribeStateMachine",
            json!({"stateMachineArn": format!("{MACHINE}:live")}),
            expect![[r#"400 {"__type":"StateMachineDoesNotExist","message":"State Machine Does Not Exist: 'arn:aws:states:us-east-1:000000000000:stateMachine:m:live'"}"#]],
        ),
        (
            "ListStateMachines",
            json!({"nextToken": "abc"}),
            expect![[r#"400 {"__type":"InvalidToken","message":"Invalid Token: 'Invalid token'"}"#]],
        ),
        (
            "StartSyncExecution",
            json!({"stateMachineArn": MACHINE}),
            expect![[r#"400 {"__type":"StateMachineTypeNotSupported","message":"This operation is not supported by this type of state machine"}"#]],
        ),
        (
            "ValidateStateMachineDefinition",
            json!({"definition": "{}"}),
            expect![[r#"200 {"result":"FAIL","diagnostics":[{"severity":"ERROR","code":"SCHEMA_VALIDATION_FAILED","message":"These fields are required: [States, StartAt]","location":"/"}],"truncated":false}"#]],
        ),
    ])
    .await;
}

#[tokio::test]
async fn executions_and_tasks() {
    let long = "x".repeat(257);
    check(vec![
        (
            "StartExecution",
            json!({"stateMachineArn": MACHINE}),
            expect![[r#"400 {"__type":"StateMachineDoesNotExist","message":"State Machine Does Not Exist: 'arn:aws:states:us-east-1:000000000000:stateMachine:m'"}"#]],
        ),
        ("CreateStateMachine", create(json!({})), expect![[r#"200 {"stateMachineArn":"arn:aws:states:us-east-1:000000000000:stateMachine:m","creationDate":"time"}"#]]),
        (
            "StartExecution",
            json!({"stateMachineArn": MACHINE, "input": "{"}),
            expect![[r#"400 {"__type":"InvalidExecutionInput","message":"Invalid State Machine Execution Input: 'EOF while parsing an object at line 1 column 1'"}"#]],
        ),
        (
            "StartExecution",
            json!({"stateMachineArn": MACHINE, "name": "a/b"}),
            expect![[r#"400 {"__type":"InvalidName","message":"Invalid Name: 'a/b'"}"#]],
        ),
        (
            "DescribeExecution",
            json!({"executionArn": EXECUTION}),
            expect![[r#"400 {"__type":"ExecutionDoesNotExist","message":"Execution Does Not Exist: 'arn:aws:states:us-east-1:000000000000:execution:m:e'"}"#]],
        ),
        (
            "StopExecution",
            json!({"executionArn": EXECUTION, "error": long}),
            expect![[r#"400 {"__type":"ValidationException","message":"1 validation error detected: Value at 'error' failed to satisfy constraint: Member must have length less than or equal to 256"}"#]],
        ),
        (
            "GetExecutionHistory",
            json!({"executionArn": "invalid_state_machine_arn"}),
            expect![[r#"400 {"__type":"InvalidArn","message":"Invalid Arn: 'Invalid ARN prefix: invalid_state_machine_arn'"}"#]],
        ),
        (
            "GetExecutionHistory",
            json!({"executionArn": EXECUTION, "nextToken": "abc"}),
            expect![[r#"400 {"__type":"InvalidToken","message":"Invalid Token: 'Invalid token'"}"#]],
        ),
        ("ListExecutions", json!({}), expect![[r#"400 {"__type":"ValidationException","message":"Must provide a StateMachine ARN or MapRun ARN"}"#]]),
        (
            "ListExecutions",
            json!({"stateMachineArn": MACHINE, "redriveFilter": "REDRIVEN"}),
            expect![[r#"400 {"__type":"ValidationException","message":"A redrive filter can only be used with a MapRun ARN"}"#]],
        ),
        (
            "ListExecutions",
            json!({"stateMachineArn": format!("{MACHINE}x")}),
            expect![[r#"400 {"__type":"StateMachineDoesNotExist","message":"State Machine Does Not Exist: 'arn:aws:states:us-east-1:000000000000:stateMachine:mx'"}"#]],
        ),
        (
            "SendTaskSuccess",
            json!({"taskToken": "abc", "output": "{}"}),
            expect![[r#"400 {"__type":"InvalidToken","message":"Invalid Token: 'Invalid token'"}"#]],
        ),
        ("SendTaskHeartbeat", json!({}), expect![[r#"400 {"__type":"ValidationException","message":"1 validation error detected: Value null at 'taskToken' failed to satisfy constraint: Member must not be null"}"#]]),
        (
            "GetActivityTask",
            json!({"activityArn": "no_an_activity_arn"}),
            expect![[r#"400 {"__type":"InvalidArn","message":"Invalid Arn: 'Invalid ARN prefix: no_an_activity_arn'"}"#]],
        ),
        (
            "GetActivityTask",
            json!({"activityArn": "arn:aws:states:us-east-1:000000000000:activity:a"}),
            expect![[r#"400 {"__type":"ActivityDoesNotExist","message":"Activity Does Not Exist: 'arn:aws:states:us-east-1:000000000000:activity:a'"}"#]],
        ),
        (
            "CreateActivity",
            json!({"name": "activity\u{1f}"}),
            expect![[r#"400 {"__type":"InvalidName","message":"Invalid Name: 'activity\u001f'"}"#]],
        ),
        (
            "TagResource",
            json!({"resourceArn": format!("{MACHINE}x"), "tags": []}),
            expect![[r#"400 {"__type":"ResourceNotFound","message":"Resource not found: 'arn:aws:states:us-east-1:000000000000:stateMachine:mx'","resourceName":"arn:aws:states:us-east-1:000000000000:stateMachine:mx"}"#]],
        ),
        (
            "ListTagsForResource",
            json!({"resourceArn": EXECUTION}),
            expect![[r#"400 {"__type":"InvalidArn","message":"Invalid Arn: 'Resource type not valid in this context: execution'"}"#]],
        ),
        (
            "RedriveExecution",
            json!({"executionArn": EXECUTION}),
            expect![[r#"400 {"__type":"ExecutionDoesNotExist","message":"Execution Does Not Exist: 'arn:aws:states:us-east-1:000000000000:execution:m:e'"}"#]],
        ),
    ])
    .await;
}
