//! Task states: resources, time limits, credentials, and what Express machines can't call.

use expect_test::expect;

use crate::{check_express, check_state, machine_of};

fn task(members: &str) -> String {
    format!(
        r#""Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": true, {members}"#
    )
}

#[test]
fn a_resource_is_required_and_callable() {
    check_state(
        r#""Type": "Task", "End": true"#,
        expect![[r#"
        1:34 { — SCHEMA_VALIDATION_FAILED /States/A: These fields are required: [Resource]
    "#]],
    );
    check_state(
        r#""Type": "Task", "Resource": "sendMail", "End": true"#,
        expect![[r#"
            1:63 "sendMail" — SCHEMA_VALIDATION_FAILED /States/A/Resource: Value is not a valid resource ARN
        "#]],
    );
    check_state(
        r#""Type": "Task", "Resource": "arn:aws:states:::sqs", "End": true"#,
        expect![[r#"
            1:63 "arn:aws:states:::sqs" — SCHEMA_VALIDATION_FAILED /States/A/Resource: The resource provided arn:aws:states:::sqs is not recognized. The value is not a valid resource ARN, or the resource is not available in this region.
        "#]],
    );
    check_state(
        r#""Type": "Task", "Resource": {"a": 1}, "End": true"#,
        expect![[r#"
            1:63 {"a": 1} — SCHEMA_VALIDATION_FAILED /States/A/Resource: Expected value of type String
        "#]],
    );
}

#[test]
fn time_limits_are_written_or_found() {
    check_state(
        &task(r#""TimeoutSeconds": 99999999, "HeartbeatSeconds": 1"#),
        expect!["fine"],
    );
    check_state(
        &task(r#""TimeoutSecondsPath": "$.t", "HeartbeatSecondsPath": "$h""#),
        expect!["fine"],
    );
    check_state(
        &task(r#""TimeoutSeconds": 0, "HeartbeatSeconds": 100000000"#),
        expect![[r#"
            1:130 0 — SCHEMA_VALIDATION_FAILED /States/A/TimeoutSeconds: Minimum value is 1
            1:153 100000000 — SCHEMA_VALIDATION_FAILED /States/A/HeartbeatSeconds: Maximum value is 99999999
        "#]],
    );
    check_state(
        &task(r#""TimeoutSeconds": 1, "TimeoutSecondsPath": "$.t""#),
        expect![[r#"
            1:34 { — SCHEMA_VALIDATION_FAILED /States/A: There should only be one of the following fields: [TimeoutSeconds, TimeoutSecondsPath]
        "#]],
    );
    check_state(
        &task(r#""HeartbeatSeconds": 1, "HeartbeatSecondsPath": "$.t""#),
        expect![[r#"
            1:34 { — SCHEMA_VALIDATION_FAILED /States/A: There should only be one of the following fields: [HeartbeatSeconds, HeartbeatSecondsPath]
        "#]],
    );
    check_state(
        &task(r#""TimeoutSeconds": 10, "HeartbeatSeconds": 10"#),
        expect![[r#"
            1:154 10 — SCHEMA_VALIDATION_FAILED /States/A/HeartbeatSeconds: HeartbeatSeconds must be smaller than TimeoutSeconds
        "#]],
    );
    check_state(
        &task(r#""TimeoutSecondsPath": "States.MathAdd(1, 2)""#),
        expect![[r#"
            1:134 "States.MathAdd(1, 2)" — INVALID_EXPRESSION /States/A/TimeoutSecondsPath: Value is not a Reference Path: Reference path didn't start with '$'
                a path must begin with '$'
        "#]],
    );
}

#[test]
fn credentials_name_a_role() {
    check_state(
        &task(r#""Credentials": {"RoleArn": "arn:aws:iam::123456789012:role/r"}"#),
        expect!["fine"],
    );
    check_state(
        &task(r#""Credentials": {"RoleArn.$": "$.role"}"#),
        expect!["fine"],
    );
    check_state(
        &task(r#""Credentials": {"Role": "r"}"#),
        expect![[r#"
        1:127 {"Role": "r"} — SCHEMA_VALIDATION_FAILED /States/A/Credentials: The field 'RoleArn' is required but was missing
    "#]],
    );
    check_state(
        &task(r#""Credentials": "r""#),
        expect![[r#"
        1:127 "r" — SCHEMA_VALIDATION_FAILED /States/A/Credentials: Expected value of type Object
    "#]],
    );
}

#[test]
fn templates_say_which_member_is_wrong() {
    check_state(
        &task(
            r#""Parameters": {"QueueUrl": "u", "MessageBody": {"id.$": "$.id", "at.$": "now"}}, "ResultSelector": {"list": [0, {"x.$": "$["}]}"#,
        ),
        expect![[r#"
            1:184 "now" — INVALID_EXPRESSION /States/A/Parameters/MessageBody: The value for the field 'at.$' must be a valid JSONPath or a valid intrinsic function call
                a path begins with '$', a call with 'States.'
            1:232 "$[" — INVALID_EXPRESSION /States/A/ResultSelector/list[1]: The value for the field 'x.$' must be a valid JSONPath or a valid intrinsic function call
                a bracket or a quote is not closed
        "#]],
    );
}

#[test]
fn an_express_machine_waits_for_nobody() {
    for resource in [
        "arn:aws:states:::sqs:sendMessage",
        "arn:aws:lambda:eu-west-1:123456789012:function:bill",
    ] {
        check_express(
            &machine_of(&format!(
                r#""Type": "Task", "Resource": "{resource}", "End": true"#
            )),
            expect!["fine"],
        );
    }
    check_express(
        &machine_of(
            r#""Type": "Task", "Resource": "arn:aws:states:::batch:submitJob.sync", "End": true"#,
        ),
        expect![[r#"
            1:63 "arn:aws:states:::batch:submitJo — SCHEMA_VALIDATION_FAILED /States/A/Resource: Express state machine does not support '.sync' service integration
        "#]],
    );
    check_express(
        &machine_of(
            r#""Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2", "End": true"#,
        ),
        expect![[r#"
            1:63 "arn:aws:states:::states:startEx — SCHEMA_VALIDATION_FAILED /States/A/Resource: Express state machine does not support '.sync:2' service integration
        "#]],
    );
    check_express(
        &machine_of(
            r#""Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "End": true"#,
        ),
        expect![[r#"
            1:63 "arn:aws:states:::sqs:sendMessag — SCHEMA_VALIDATION_FAILED /States/A/Resource: Express state machine does not support '.waitForTaskToken' service integration 
        "#]],
    );
    check_express(
        &machine_of(
            r#""Type": "Task", "Resource": "arn:aws:states:eu-west-1:123456789012:activity:sign", "End": true"#,
        ),
        expect![[r#"
            1:63 "arn:aws:states:eu-west-1:123456 — SCHEMA_VALIDATION_FAILED /States/A/Resource: Express state machine does not support activities
        "#]],
    );
}

#[test]
fn parameters_of_replication_tasks_are_known() {
    let replication = |action: &str, parameters: &str| {
        format!(
            r#""Type": "Task", "Resource": "arn:aws:states:::dms:{action}", "End": true, "Parameters": {parameters}"#
        )
    };
    check_state(
        &replication(
            "startReplicationTask.sync",
            r#"{"ReplicationTaskIdentifier.$": "$.task", "WaitFor": "CAUGHT_UP", "Sorce": {"Url": "x"}, "Speed.$": "$.s"}"#,
        ),
        expect![[r#"
            1:206 "Sorce" — SCHEMA_VALIDATION_FAILED /States/A/Parameters/Sorce: The field "Sorce" is not supported by Step Functions
            1:229 "Speed.$" — SCHEMA_VALIDATION_FAILED /States/A/Parameters/Speed.$: The field "Speed.$" is not supported by Step Functions
        "#]],
    );
    check_state(
        &replication(
            "stopReplicationTask",
            r#"{"ReplicationTaskIdentifier": "a"}"#,
        ),
        expect!["fine"],
    );
    check_state(
        &replication("explodeReplicationTask", "{}"),
        expect![[r#"
            1:63 "arn:aws:states:::dms:explodeRep — SCHEMA_VALIDATION_FAILED /States/A/Resource: The resource provided arn:aws:states:::dms:explodeReplicationTask is not recognized. The value is not a valid resource ARN, or the resource is not available in this region.
                dms has describeReplicationTasks, describeTableStatistics, startReplicationTask, stopReplicationTask; other calls are written aws-sdk:SERVICE:ACTION
        "#]],
    );
}

/// A task with nothing but this resource.
fn calling(resource: &str) -> String {
    format!(r#""Type": "Task", "Resource": "arn:aws:states:::{resource}", "End": true"#)
}

#[test]
fn each_integration_has_its_patterns_and_no_others() {
    use asl::integrations::all;
    use asl::parser::{Options, parse};
    use asl::resource::Pattern;

    let calls: Vec<_> = all().collect();
    assert!(calls.is_sorted_by_key(|(service, action, _)| (*service, *action)));
    let patterns = [
        Pattern::RequestResponse,
        Pattern::Sync,
        Pattern::Sync2,
        Pattern::WaitForTaskToken,
    ];
    for (service, action, _) in &calls {
        for pattern in patterns {
            let resource = format!("{service}:{action}{}", pattern.suffix());
            let definition = machine_of(&calling(&resource));
            let parsed = parse(&definition, &Options::default());
            let is_there = calls.contains(&(*service, *action, pattern));
            assert_eq!(parsed.machine.is_some(), is_there, "{resource}");
        }
    }
}

#[test]
fn what_is_no_integration_is_told_what_there_is() {
    let check = |resource: &str, expected| check_state(&calling(resource), expected);
    check(
        "sqs:sendMessage.sync",
        expect![[r#"
        1:63 "arn:aws:states:::sqs:sendMessag — SCHEMA_VALIDATION_FAILED /States/A/Resource: The resource provided arn:aws:states:::sqs:sendMessage.sync is not recognized. The value is not a valid resource ARN, or the resource is not available in this region.
            sqs:sendMessage is written without a suffix or with .waitForTaskToken
    "#]],
    );
    check(
        "dynamodb:getItem.waitForTaskToken",
        expect![[r#"
        1:63 "arn:aws:states:::dynamodb:getIt — SCHEMA_VALIDATION_FAILED /States/A/Resource: The resource provided arn:aws:states:::dynamodb:getItem.waitForTaskToken is not recognized. The value is not a valid resource ARN, or the resource is not available in this region.
            dynamodb:getItem is written without a suffix
    "#]],
    );
    check(
        "ecs:runTask.sync:2",
        expect![[r#"
        1:63 "arn:aws:states:::ecs:runTask.sy — SCHEMA_VALIDATION_FAILED /States/A/Resource: The resource provided arn:aws:states:::ecs:runTask.sync:2 is not recognized. The value is not a valid resource ARN, or the resource is not available in this region.
            ecs:runTask is written without a suffix or with .sync, .waitForTaskToken
    "#]],
    );
    check(
        "dynamodb:query",
        expect![[r#"
        1:63 "arn:aws:states:::dynamodb:query — SCHEMA_VALIDATION_FAILED /States/A/Resource: The resource provided arn:aws:states:::dynamodb:query is not recognized. The value is not a valid resource ARN, or the resource is not available in this region.
            dynamodb has deleteItem, getItem, putItem, updateItem; other calls are written aws-sdk:SERVICE:ACTION
    "#]],
    );
    check(
        "eks:runJob.sync",
        expect![[r#"
        1:63 "arn:aws:states:::eks:runJob.syn — SCHEMA_VALIDATION_FAILED /States/A/Resource: The resource provided arn:aws:states:::eks:runJob.sync is not recognized. The value is not a valid resource ARN, or the resource is not available in this region.
            the integration eks:runJob is not there
    "#]],
    );
    check(
        "bedrock:createModelCustomizationJob.sync",
        expect![[r#"
        1:63 "arn:aws:states:::bedrock:create — SCHEMA_VALIDATION_FAILED /States/A/Resource: The resource provided arn:aws:states:::bedrock:createModelCustomizationJob.sync is not recognized. The value is not a valid resource ARN, or the resource is not available in this region.
            the integration bedrock:createModelCustomizationJob is not there
    "#]],
    );
    check(
        "redshift:executeStatement",
        expect![[r#"
        1:63 "arn:aws:states:::redshift:execu — SCHEMA_VALIDATION_FAILED /States/A/Resource: The resource provided arn:aws:states:::redshift:executeStatement is not recognized. The value is not a valid resource ARN, or the resource is not available in this region.
            there are integrations of apigateway, athena, batch, bedrock, codebuild, databrew, dms, dynamodb, ecs, eks, elasticmapreduce, emr-containers, emr-serverless, events, glue, http, lambda, mediaconvert, sagemaker, sns, sqs, states; any other service is called as aws-sdk:SERVICE:ACTION
    "#]],
    );
    check(
        "aws-sdk:moon:land",
        expect![[r#"
        1:63 "arn:aws:states:::aws-sdk:moon:l — SCHEMA_VALIDATION_FAILED /States/A/Resource: The resource provided arn:aws:states:::aws-sdk:moon:land is not recognized. The value is not a valid resource ARN, or the resource is not available in this region.
    "#]],
    );
}
