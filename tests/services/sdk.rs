//! `aws-sdk:SERVICE:ACTION` over every protocol.

use serde_json::{Value, json};
use tests::support::aws::text;

use super::{World, one_state, output};

/// Holds the members of a result that are told; others may be there.
fn holds(result: &Value, expected: &Value, place: &str) {
    match (result, expected) {
        (Value::Object(result), Value::Object(expected)) => {
            for (name, expected) in expected {
                let found = result.get(name);
                let found =
                    found.unwrap_or_else(|| panic!("{place}.{name} is missing in {result:?}"));
                holds(found, expected, &format!("{place}.{name}"));
            }
        }
        (Value::Array(result), Value::Array(expected)) => {
            assert_eq!(result.len(), expected.len(), "{place}: {result:?}");
            for (number, (result, expected)) in result.iter().zip(expected).enumerate() {
                holds(result, expected, &format!("{place}[{number}]"));
            }
        }
        _ => assert_eq!(result, expected, "{place}"),
    }
}

#[test]
fn any_operation_of_any_service_can_be_called() {
    let world = World::open();
    every_protocol_is_spoken(&world);
    failures_have_the_names_of_the_sdk(&world);
    a_workflow_ends_a_task_of_another_by_its_token(&world);
}

fn every_protocol_is_spoken(world: &World) {
    let check = |action: &str, parameters: Value, expected: Value| -> Value {
        let result = world.call(&format!("arn:aws:states:::aws-sdk:{action}"), parameters);
        holds(&result, &expected, action);
        result
    };
    // JSON 1.0
    check(
        "dynamodb:createTable",
        json!({
            "TableName": "t",
            "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
            "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "S" }],
            "BillingMode": "PAY_PER_REQUEST",
        }),
        json!({ "TableDescription": { "TableName": "t", "TableStatus": "ACTIVE" } }),
    );
    let item =
        json!({ "id": { "S": "1" }, "n": { "N": "2.5" }, "m": { "M": { "x": { "BOOL": true } } } });
    check(
        "dynamodb:putItem",
        json!({ "TableName": "t", "Item": item }),
        json!({}),
    );
    let got = check(
        "dynamodb:getItem",
        json!({ "TableName": "t", "Key": { "id": { "S": "1" } } }),
        json!({ "Item": item }),
    );
    assert_eq!(got, json!({ "Item": item }));
    // JSON 1.0 with the codes of the query protocol
    let queue = check("sqs:createQueue", json!({ "QueueName": "q" }), json!({}));
    let url = &queue["QueueUrl"];
    check(
        "sqs:sendMessage",
        json!({ "QueueUrl": url, "MessageBody": "hello é" }),
        json!({}),
    );
    check(
        "sqs:receiveMessage",
        json!({ "QueueUrl": url }),
        json!({ "Messages": [{ "Body": "hello é" }] }),
    );
    // JSON 1.1, with a token that is made up
    let secret = json!({ "Name": "s", "SecretString": "hush" });
    check(
        "secretsmanager:createSecret",
        secret,
        json!({ "Name": "s" }),
    );
    let read = check(
        "secretsmanager:getSecretValue",
        json!({ "SecretId": "s" }),
        json!({ "SecretString": "hush" }),
    );
    let created = read["CreatedDate"].as_str().unwrap();
    assert!(
        created.starts_with("20") && created.ends_with('Z'),
        "{created}"
    );
    check(
        "eventbridge:putEvents",
        json!({ "Entries": [{ "Source": "s", "DetailType": "d", "Detail": "{}" }] }),
        json!({ "FailedEntryCount": 0 }),
    );
    check(
        "kinesis:createStream",
        json!({ "StreamName": "k", "ShardCount": 1 }),
        json!({}),
    );
    check(
        "kinesis:putRecord",
        json!({ "StreamName": "k", "Data": "text", "PartitionKey": "p" }),
        json!({ "ShardId": "shardId-000000000000" }),
    );
    check(
        "cloudwatchlogs:createLogGroup",
        json!({ "LogGroupName": "g" }),
        json!({}),
    );
    check(
        "cloudwatchlogs:describeLogGroups",
        json!({}),
        json!({ "LogGroups": [{ "LogGroupName": "g" }] }),
    );
    // The query protocol
    let topic = check("sns:createTopic", json!({ "Name": "topic" }), json!({}));
    check(
        "sns:getTopicAttributes",
        json!({ "TopicArn": topic["TopicArn"] }),
        json!({ "Attributes": { "TopicArn": topic["TopicArn"] } }),
    );
    check(
        "sts:getCallerIdentity",
        json!({}),
        json!({ "Account": "123456789012" }),
    );
    check(
        "iam:createRole",
        json!({ "RoleName": "r", "AssumeRolePolicyDocument": "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }),
        json!({ "Role": { "RoleName": "r", "Path": "/" } }),
    );
    // EC2's
    check(
        "ec2:createSecurityGroup",
        json!({ "GroupName": "sg", "Description": "d" }),
        json!({}),
    );
    check(
        "ec2:describeSecurityGroups",
        json!({ "Filters": [{ "Name": "group-name", "Values": ["sg"] }] }),
        json!({ "SecurityGroups": [{ "GroupName": "sg", "Description": "d" }] }),
    );
    // REST with JSON
    check(
        "lambda:listFunctions",
        json!({}),
        json!({ "Functions": [] }),
    );
    check(
        "scheduler:createScheduleGroup",
        json!({ "Name": "a-group" }),
        json!({}),
    );
    check(
        "scheduler:getScheduleGroup",
        json!({ "Name": "a-group" }),
        json!({ "Name": "a-group", "State": "ACTIVE" }),
    );
    // REST with XML
    check("s3:createBucket", json!({ "Bucket": "bucket" }), json!({}));
    check(
        "s3:putObject",
        json!({ "Bucket": "bucket", "Key": "a folder/ö+1.txt", "Body": { "any": ["json"] }, "Metadata": { "who": "me" } }),
        json!({}),
    );
    check(
        "s3:getObject",
        json!({ "Bucket": "bucket", "Key": "a folder/ö+1.txt" }),
        json!({ "Body": "{\"any\":[\"json\"]}", "ContentLength": 16, "Metadata": { "who": "me" } }),
    );
    check(
        "s3:listObjectsV2",
        json!({ "Bucket": "bucket", "Prefix": "a folder/" }),
        json!({ "KeyCount": 1, "Contents": [{ "Key": "a folder/ö+1.txt", "Size": 16 }] }),
    );
    check(
        "s3:deleteObjects",
        json!({ "Bucket": "bucket", "Delete": { "Objects": [{ "Key": "a folder/ö+1.txt" }, { "Key": "none" }] } }),
        json!({}),
    );
    check(
        "s3:listObjectsV2",
        json!({ "Bucket": "bucket" }),
        json!({ "KeyCount": 0 }),
    );
}

fn failures_have_the_names_of_the_sdk(world: &World) {
    let check = |action: &str, parameters: Value, error: &str, cause: &str| {
        let actual = world.failure(&format!("arn:aws:states:::aws-sdk:{action}"), parameters);
        assert_eq!(actual, (error.to_owned(), cause.to_owned()), "{action}");
    };
    check(
        "dynamodb:getItem",
        json!({ "TableName": "none", "Key": { "id": { "S": "1" } } }),
        "DynamoDb.ResourceNotFoundException",
        "Requested resource not found (Service: DynamoDb, Status Code: 400, Request ID: …) (SDK Attempt Count: 1)",
    );
    check(
        "s3:getObject",
        json!({ "Bucket": "none", "Key": "k" }),
        "S3.NoSuchBucketException",
        "The specified bucket does not exist (Service: S3, Status Code: 404, Request ID: …, Extended Request ID: …) (SDK Attempt Count: 1)",
    );
    check(
        "sns:getTopicAttributes",
        json!({ "TopicArn": "arn:aws:sns:us-east-1:123456789012:none" }),
        "Sns.NotFoundException",
        "Topic does not exist (Service: Sns, Status Code: 404, Request ID: …) (SDK Attempt Count: 1)",
    );
    // Before any service is asked.
    let parameters = json!({ "tableName": "t", "Key": 5, "Nonsense": true });
    check(
        "dynamodb:getItem",
        parameters,
        "States.Runtime",
        "The Parameters '{\"tableName\":\"t\",\"Key\":5,\"Nonsense\":true}' could not be used to start the Task: \
         [The field \"TableName\" is required but was missing, The value for the field \"Key\" must be an object, \
         The field \"tableName\" is not supported by Step Functions, The field \"Nonsense\" is not supported by Step Functions]",
    );
    check(
        "accessanalyzer:listAnalyzers",
        json!({}),
        "States.TaskFailed",
        "The resource 'arn:aws:states:::aws-sdk:accessanalyzer:listAnalyzers' can't be called: no model of the service accessanalyzer is in this \
         binary or in the directory of service models (aws.models).",
    );
    check(
        "sqs:flyAway",
        json!({}),
        "States.TaskFailed",
        "The resource 'arn:aws:states:::aws-sdk:sqs:flyAway' can't be called: the service sqs has no operation flyAway.",
    );
}

/// This very server is called without a socket, and its answers are those of its API.
fn a_workflow_ends_a_task_of_another_by_its_token(world: &World) {
    let mut aws = world.server.aws();
    let url = world.call(
        "arn:aws:states:::aws-sdk:sqs:createQueue",
        json!({ "QueueName": "questions" }),
    )["QueueUrl"]
        .clone();
    let asks = json!({
        "StartAt": "Ask",
        "States": { "Ask": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Parameters": { "QueueUrl": url, "MessageBody": { "token.$": "$$.Task.Token", "question": "how many?" } },
            "End": true,
        } },
    });
    let asking = world.begin(&mut aws, &asks, &json!({}));
    let answers = json!({
        "StartAt": "Receive",
        "States": {
            "Receive": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:sqs:receiveMessage",
                "Parameters": { "QueueUrl": url, "WaitTimeSeconds": 20 },
                "ResultSelector": { "message.$": "States.StringToJson($.Messages[0].Body)" },
                "Next": "Answer",
            },
            "Answer": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:sfn:sendTaskSuccess",
                "Parameters": { "TaskToken.$": "$.message.token", "Output": "42" },
                "End": true,
            },
        },
    });
    let answered = world.run(&answers, &json!({}));
    assert_eq!(output(&answered), json!({}), "{answered}");
    assert_eq!(output(&aws.wait(&asking)), json!(42));
    let submitted = aws.history(&asking).unwrap();
    let submitted = submitted
        .iter()
        .find(|event| event["type"] == "TaskSubmitted")
        .unwrap();
    let response: Value =
        serde_json::from_str(text(&submitted["taskSubmittedEventDetails"], "output")).unwrap();
    assert!(response["MessageId"].is_string(), "{response}");
    assert_eq!(response["SdkHttpMetadata"]["HttpStatusCode"], 200);

    let (error, cause) = world.failure(
        "arn:aws:states:::aws-sdk:sfn:describeStateMachine",
        json!({ "StateMachineArn": "arn:aws:states:us-east-1:000000000000:stateMachine:none" }),
    );
    assert_eq!(error, "Sfn.StateMachineDoesNotExistException");
    assert_eq!(
        cause,
        "State Machine Does Not Exist: 'arn:aws:states:us-east-1:000000000000:stateMachine:none' (Service: Sfn, Status Code: 400, Request ID: …) \
         (SDK Attempt Count: 1)"
    );
    let machine = aws.create(
        "child",
        &one_state("arn:aws:states:::aws-sdk:sts:getCallerIdentity").to_string(),
    );
    let started = world.call(
        "arn:aws:states:::aws-sdk:sfn:startExecution",
        json!({ "StateMachineArn": machine, "Name": "child-1", "Input": "{}" }),
    );
    assert_eq!(
        started["ExecutionArn"],
        "arn:aws:states:us-east-1:000000000000:execution:child:child-1"
    );
    assert!(
        started["StartDate"].as_str().unwrap().ends_with('Z'),
        "{started}"
    );
    assert_eq!(
        aws.wait(text(&started, "ExecutionArn"))["status"],
        "SUCCEEDED"
    );
}
