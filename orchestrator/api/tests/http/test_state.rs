//! TestState: what a state does by itself, and what makes no sense to ask.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::server::Server;

/// Asks for a state to be tested; members of `more` join the request, those that are objects or arrays as their text.
fn check(state: Value, more: Value, expected: Expect) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime can be built");
    let mut body = json!({"definition": state.to_string(), "inspectionLevel": "DEBUG"});
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = match value {
            Value::Object(_) | Value::Array(_)
                if !["mock", "stateConfiguration"].contains(&&**name) =>
            {
                value.to_string().into()
            }
            other => other.clone(),
        };
    }
    let reply = runtime.block_on(async {
        let server = Server::start().await;
        let reply = server.client().await.call("TestState", &body).await;
        server.stop().await;
        reply
    });
    expected.assert_eq(&shown(reply.status, &reply.json()));
}

/// One member a line, JSON texts as what they are.
fn shown(status: u16, answer: &Value) -> String {
    let mut lines = vec![status.to_string()];
    let mut show = |indent: &str, members: &Value| {
        for (name, value) in members.as_object().into_iter().flatten() {
            match value {
                Value::Object(_) if name == "inspectionData" => {}
                Value::String(text) => lines.push(format!("{indent}{name} {text}")),
                other => lines.push(format!("{indent}{name} {other}")),
            }
        }
    };
    show("", answer);
    show("  ", &answer["inspectionData"]);
    lines.push(String::new());
    lines.join("\n")
}

const ROLE: &str = "arn:aws:iam::000000000000:role/r";

#[test]
fn a_pass_shows_each_of_its_filters() {
    check(
        json!({"Type": "Pass", "InputPath": "$.a", "Parameters": {"b.$": "$.b"}, "ResultPath": "$.c", "OutputPath": "$.c", "Next": "N"}),
        json!({"input": {"a": {"b": [1, 2]}}}),
        expect![[r#"
            200
            output {"b":[1,2]}
            nextState N
            status SUCCEEDED
              input {"a":{"b":[1,2]}}
              afterInputPath {"b":[1,2]}
              afterParameters {"b":[1,2]}
              afterResultSelector {"b":[1,2]}
              afterResultPath {"a":{"b":[1,2]},"c":{"b":[1,2]}}
        "#]],
    );
    check(
        json!({"Type": "Pass", "Result": 1, "End": true}),
        json!({"input": {"a": 1}, "inspectionLevel": "INFO"}),
        expect![[r#"
            200
            output 1
            status SUCCEEDED
        "#]],
    );
    check(
        json!({"Type": "Pass", "InputPath": "$.no", "End": true}),
        json!({}),
        expect![[r#"
            200
            error States.Runtime
            cause An error occurred while executing the state 'StateName' (entered at the event id #2). Invalid path '$.no' : No results for path: $['no']
            status FAILED
              input {}
        "#]],
    );
}

#[test]
fn variables_go_in_and_out() {
    check(
        json!({"Type": "Pass", "Parameters": {"x.$": "$x"}, "Assign": {"y.$": "$x"}, "End": true}),
        json!({"variables": {"x": 1, "z": [2]}}),
        expect![[r#"
            200
            output {"x":1}
            status SUCCEEDED
              input {}
              afterInputPath {}
              afterParameters {"x":1}
              afterResultSelector {"x":1}
              afterResultPath {"x":1}
              variables {"x":1,"z":[2],"y":1}
        "#]],
    );
}

#[test]
fn a_task_is_performed() {
    let task = json!({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Parameters": {"a.$": "$.a"}, "ResultSelector": {"b.$": "$.a"}, "ResultPath": "$.r", "End": true});
    check(
        task,
        json!({"roleArn": ROLE, "input": {"a": 1}}),
        expect![[r#"
            200
            output {"a":1,"r":{"b":1}}
            status SUCCEEDED
              input {"a":1}
              afterInputPath {"a":1}
              afterParameters {"a":1}
              result {"a":1}
              afterResultSelector {"b":1}
              afterResultPath {"a":1,"r":{"b":1}}
        "#]],
    );
}

#[test]
fn a_mock_takes_the_place_of_a_task() {
    let task = json!({
        "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"t.$": "$$.Task.Token", "n.$": "$$.State.Name"},
        "Retry": [
            {"ErrorEquals": ["Rare"]},
            {"ErrorEquals": ["Busy"], "IntervalSeconds": 2, "BackoffRate": 3, "MaxAttempts": 2}
        ],
        "Catch": [{"ErrorEquals": ["Other"], "Next": "O"}, {"ErrorEquals": ["States.ALL"], "ResultPath": "$.e", "Next": "A"}],
        "Next": "N"
    });
    let context = json!({"Task": {"Token": "given"}, "State": {"Name": "Mine"}});
    check(
        task.clone(),
        json!({"context": context, "mock": {"result": "[ 1 ]"}}),
        expect![[r#"
            200
            output [ 1 ]
            nextState N
            status SUCCEEDED
              input {}
              afterInputPath {}
              afterParameters {"t":"given","n":"Mine"}
              result [ 1 ]
              afterResultSelector [ 1 ]
              afterResultPath [ 1 ]
        "#]],
    );
    let used_up = [
        (
            0,
            expect![[r#"
        200
        error Busy
        cause c
        status RETRIABLE
          input {}
          afterInputPath {}
          afterParameters {"t":"given","n":"Mine"}
          errorDetails {"retryIndex":1,"retryBackoffIntervalSeconds":2}
    "#]],
        ),
        (
            1,
            expect![[r#"
        200
        error Busy
        cause c
        status RETRIABLE
          input {}
          afterInputPath {}
          afterParameters {"t":"given","n":"Mine"}
          errorDetails {"retryIndex":1,"retryBackoffIntervalSeconds":6}
    "#]],
        ),
        (
            2,
            expect![[r#"
        200
        output {"e":{"Error":"Busy","Cause":"c"}}
        error Busy
        cause c
        nextState A
        status CAUGHT_ERROR
          input {}
          afterInputPath {}
          afterParameters {"t":"given","n":"Mine"}
          errorDetails {"catchIndex":1}
    "#]],
        ),
    ];
    for (used, expected) in used_up {
        check(
            task.clone(),
            json!({"context": context, "mock": {"errorOutput": {"error": "Busy", "cause": "c"}}, "stateConfiguration": {"retrierRetryCount": used}}),
            expected,
        );
    }
}

#[test]
fn a_state_of_a_machine_is_found_by_its_name() {
    let machine = json!({"StartAt": "M", "States": {"M": {"Type": "Map", "Iterator": {"StartAt": "I", "States": {"I": {"Type": "Pass", "Next": "J"}, "J": {"Type": "Succeed"}}}, "End": true}}});
    check(
        machine.clone(),
        json!({"stateName": "I", "input": [1]}),
        expect![[r#"
            200
            output [1]
            nextState J
            status SUCCEEDED
              input [1]
              afterInputPath [1]
              afterParameters [1]
              afterResultSelector [1]
              afterResultPath [1]
        "#]],
    );
    check(
        machine,
        json!({"stateName": "Nobody"}),
        expect![[r#"
        400
        __type ValidationException
        message State 'Nobody' not found in definition
    "#]],
    );
}

#[test]
fn branches_and_iterations_are_mocked_as_a_whole() {
    let branch = json!({"StartAt": "B", "States": {"B": {"Type": "Pass", "End": true}}});
    check(
        json!({"Type": "Parallel", "Branches": [branch, branch.to_string().replace("\"B\"", "\"C\"").parse::<Value>().expect("JSON")], "ResultSelector": {"first.$": "$[0]"}, "Next": "N"}),
        json!({"mock": {"result": "[1, 2]"}}),
        expect![[r#"
            200
            output {"first":1}
            nextState N
            status SUCCEEDED
              input {}
              afterResultSelector {"first":1}
              afterResultPath {"first":1}
        "#]],
    );
    let map = json!({"Type": "Map", "ItemsPath": "$.items", "ItemSelector": {"v.$": "$$.Map.Item.Value", "i.$": "$$.Map.Item.Index"}, "MaxConcurrency": 3, "ItemProcessor": branch, "ResultPath": "$.r", "End": true});
    check(
        map.clone(),
        json!({"input": {"items": ["a", "b"]}, "mock": {"result": "[ 1 ]"}}),
        expect![[r#"
            200
            output {"items":["a","b"],"r":[1]}
            status SUCCEEDED
              input {"items":["a","b"]}
              afterResultSelector [ 1 ]
              afterResultPath {"items":["a","b"],"r":[1]}
              afterItemsPath ["a","b"]
              afterItemSelector [{"v":"a","i":0},{"v":"b","i":1}]
              maxConcurrency 3
        "#]],
    );
    let batched = json!({"Type": "Map", "ItemsPath": "$.items", "ItemSelector": {"v.$": "$$.Map.Item.Value"},
        "ItemBatcher": {"MaxItemsPerBatch": 2, "BatchInput": {"of.$": "$.of"}},
        "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}, "StartAt": "B", "States": {"B": {"Type": "Pass", "End": true}}},
        "End": true});
    check(
        batched,
        json!({"input": {"items": [1, 2, 3], "of": "x"}, "mock": {"result": "[1]"}}),
        expect![[r#"
            200
            output [1]
            status SUCCEEDED
              input {"items":[1,2,3],"of":"x"}
              afterResultSelector [1]
              afterResultPath [1]
              afterItemsPath [1,2,3]
              afterItemSelector [{"v":1},{"v":2},{"v":3}]
              afterItemBatcher [{"BatchInput":{"of":"x"},"Items":[{"v":1},{"v":2}]},{"BatchInput":{"of":"x"},"Items":[{"v":3}]}]
              maxConcurrency 0
        "#]],
    );
    check(
        map.clone(),
        json!({"input": {"items": 1}, "mock": {"result": "[]"}}),
        expect![[r#"
            200
            error States.Runtime
            cause An error occurred while executing the state 'StateName' (entered at the event id #2). Reference path "$.items" must point to array.
            status FAILED
              input {"items":1}
        "#]],
    );
    check(
        map,
        json!({"input": {"items": []}, "mock": {"errorOutput": {"error": "E"}}, "stateConfiguration": {"errorCausedByState": "B"}}),
        expect![[r#"
            200
            error E
            status FAILED
              input {"items":[]}
              afterItemsPath []
              afterItemSelector []
              maxConcurrency 3
        "#]],
    );
}

#[test]
fn what_goes_only_with_a_mock_or_never_with_one_is_refused() {
    let task = json!({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": true});
    let refused = [
        (
            json!({"context": {}}),
            expect![[r#"
            400
            __type ValidationException
            message TestState does not support Context when a mock is not specified.
        "#]],
        ),
        (
            json!({"stateConfiguration": {"retrierRetryCount": 1}}),
            expect![[r#"
                400
                __type ValidationException
                message TestState does not support RetrierRetryCount when a mock is not specified.
            "#]],
        ),
        (
            json!({}),
            expect![[r#"
            400
            __type ValidationException
            message RoleArn must be specified when testing a Task state
        "#]],
        ),
        (
            json!({"mock": {}}),
            expect![[r#"
            400
            __type ValidationException
            message A test mock should have only one of the following fields: [result, errorOutput].
        "#]],
        ),
        (
            json!({"mock": {"result": "1", "errorOutput": {"error": "E"}}}),
            expect![[r#"
                400
                __type ValidationException
                message A test mock should have only one of the following fields: [result, errorOutput].
            "#]],
        ),
        (
            json!({"mock": {"errorOutput": {"cause": "c"}}}),
            expect![[r#"
                400
                __type ValidationException
                message The field 'error' is required in the errorOutput of a test mock.
            "#]],
        ),
        (
            json!({"mock": {"result": "1"}, "revealSecrets": true}),
            expect![[r#"
                400
                __type ValidationException
                message TestState does not support RevealSecrets when a mock is specified.
            "#]],
        ),
        (
            json!({"mock": {"result": "no"}}),
            expect![[r#"
            400
            __type ValidationException
            message Mocked result must be valid JSON
        "#]],
        ),
        (
            json!({"mock": {"result": "1"}, "context": {"Task": {}}}),
            expect![[r#"
                400
                __type ValidationException
                message Invalid Context object provided: Context object contains 'Task' when state is not a Task state with a '.sync' or '.waitForTaskToken' service integration pattern
            "#]],
        ),
        (
            json!({"mock": {"result": "1"}, "context": "no"}),
            expect![[r#"
                400
                __type ValidationException
                message Invalid Context object provided: Context object is not valid JSON
            "#]],
        ),
        (
            json!({"mock": {"result": "1"}, "context": {"Tusk": {}}}),
            expect![[r#"
                400
                __type ValidationException
                message Invalid Context object provided: Context object contains the unknown field 'Tusk'
            "#]],
        ),
        (
            json!({"mock": {"result": "1"}, "variables": "[]"}),
            expect![[r#"
                400
                __type ValidationException
                message Variables must be a JSON object
            "#]],
        ),
        (
            json!({"mock": {"result": "1"}, "input": "no"}),
            expect![[r#"
                400
                __type InvalidExecutionInput
                message Invalid State Machine Execution Input: 'expected ident at line 1 column 2'
            "#]],
        ),
        (
            json!({"mock": {"result": "1"}, "stateConfiguration": {"errorCausedByState": "B"}}),
            expect![[r#"
                400
                __type ValidationException
                message The state 'B' in ErrorCausedByState is not part of the tested state
            "#]],
        ),
        (
            json!({"mock": {"result": "1"}, "stateConfiguration": {"mapItemReaderData": "[]"}}),
            expect![[r#"
                400
                __type ValidationException
                message Invalid MapItemReaderData provided: the state has no ItemReader
            "#]],
        ),
    ];
    for (more, expected) in refused {
        check(task.clone(), more, expected);
    }
    let needing = [
        (
            json!({"Type": "Task", "Resource": "arn:aws:states:::batch:submitJob.sync", "End": true}),
            expect![[r#"
                400
                __type ValidationException
                message The '.sync' service integration pattern is not supported when a mock is not specified
            "#]],
        ),
        (
            json!({"Type": "Task", "Resource": "arn:aws:states:us-east-1:000000000000:activity:a", "End": true}),
            expect![[r#"
                400
                __type ValidationException
                message Activity resource is not supported when a mock is not specified
            "#]],
        ),
        (
            json!({"Type": "Map", "ItemProcessor": {"StartAt": "B", "States": {"B": {"Type": "Pass", "End": true}}}, "End": true}),
            expect![[r#"
                400
                __type ValidationException
                message State type 'Map' is not supported when a mock is not specified
            "#]],
        ),
    ];
    for (state, expected) in needing {
        check(state, json!({"roleArn": ROLE}), expected);
    }
    check(
        json!({"Type": "Nothing"}),
        json!({}),
        expect![[r#"
        400
        __type InvalidDefinition
        message Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: The field 'Type' should have one of these values: [Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map] at /States/StateName/Type'
    "#]],
    );
    check(
        json!({"Type": "Wait", "Seconds": 1, "End": true}),
        json!({"mock": {"result": "1"}}),
        expect![[r#"
            400
            __type ValidationException
            message State type 'Wait' is not supported when a mock is specified
        "#]],
    );
}
