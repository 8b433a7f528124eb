//! Names of states and of variables.

use expect_test::expect;

use crate::{check, check_state};

#[test]
fn state_names_are_short_and_unique() {
    let name = "ü".repeat(80);
    check(
        &format!(r#"{{"StartAt": "{name}", "States": {{"{name}": {{"Type": "Succeed"}}}}}}"#),
        expect!["fine"],
    );
    let name = "ü".repeat(81);
    check(
        &format!(r#"{{"StartAt": "{name}", "States": {{"{name}": {{"Type": "Succeed"}}}}}}"#),
        expect![[r#"
            1:109 "üüüüüüüüüüüüüüüüüüüüüüüüüüüüüüü — SCHEMA_VALIDATION_FAILED /States/üüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüü...: State name is longer than 80 characters
        "#]],
    );
    check(
        r#"{"StartAt": "P", "States": {
            "P": {"Type": "Parallel", "Next": "A", "Branches": [
                {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}},
                {"StartAt": "B", "States": {"B": {"Type": "Succeed"}}},
                {"StartAt": "B", "States": {"B": {"Type": "Succeed"}}}
            ]},
            "A": {"Type": "Succeed"}
        }}"#,
        expect![[r#"
            5:45 "B" — DUPLICATE_STATE_NAME /States/P/Branches[2]/States/B: Duplicate State name: B
            7:13 "A" — DUPLICATE_STATE_NAME /States/A: Duplicate State name: A
        "#]],
    );
}

#[test]
fn variable_names_are_identifiers() {
    check_state(
        r#""Type": "Pass", "End": true, "Assign": {"a": 1, "_b2": 2, "größe.$": "$.c"}"#,
        expect!["fine"],
    );
    let long = "v".repeat(81);
    check_state(
        &format!(
            r#""Type": "Pass", "End": true, "Assign": {{"": 1, "2b": 2, "a-b.$": "$.c", "states": 3, "{long}": 4, "a b": 5}}"#
        ),
        expect![[r#"
            1:75 "" — SCHEMA_VALIDATION_FAILED /States/A/Assign: Variable name '' must start with a letter and go on with letters, digits and _
            1:82 "2b" — SCHEMA_VALIDATION_FAILED /States/A/Assign: Variable name '2b' must start with a letter and go on with letters, digits and _
            1:91 "a-b.$" — SCHEMA_VALIDATION_FAILED /States/A/Assign: Variable name 'a-b' must start with a letter and go on with letters, digits and _
            1:107 "states" — SCHEMA_VALIDATION_FAILED /States/A/Assign: Variable name 'states' is reserved
            1:120 "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv — SCHEMA_VALIDATION_FAILED /States/A/Assign: Variable name 'vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv' is longer than 80 characters
            1:208 "a b" — SCHEMA_VALIDATION_FAILED /States/A/Assign: Variable name 'a b' must start with a letter and go on with letters, digits and _
        "#]],
    );
    check_state(
        r#""Type": "Pass", "End": true, "Assign": "{}""#,
        expect![[r#"
            1:74 "{}" — SCHEMA_VALIDATION_FAILED /States/A/Assign: Expected value of type Object
        "#]],
    );
    check_state(
        r#""Type": "Pass", "End": true, "Assign": {"a.$": "b"}"#,
        expect![[r#"
            1:82 "b" — INVALID_EXPRESSION /States/A/Assign: The value for the field 'a.$' must be a valid JSONPath or a valid intrinsic function call
                a path begins with '$', a call with 'States.'
        "#]],
    );
}

#[test]
fn inner_blocks_assign_no_variable_of_outer_ones() {
    check(
        r#"{"StartAt": "A", "States": {
            "A": {"Type": "Pass", "Assign": {"n": 1, "free": 1}, "Next": "P"},
            "P": {"Type": "Parallel", "Assign": {"own": 1}, "Next": "Z", "Branches": [
                {"StartAt": "B", "States": {
                    "B": {"Type": "Pass", "Assign": {"n.$": "$.x", "own": 2, "m": 3}, "Next": "M"},
                    "M": {"Type": "Map", "End": true, "ItemProcessor": {"StartAt": "C", "States": {
                        "C": {"Type": "Choice", "Default": "D", "Assign": {"n": 1, "k": 1}, "Choices": [
                            {"Variable": "$n", "IsNull": true, "Next": "D", "Assign": {"m": 1, "own": 3}}
                        ]},
                        "D": {"Type": "Succeed"}
                    }}}
                }},
                {"StartAt": "E", "States": {"E": {"Type": "Pass", "Assign": {"m": 4}, "End": true}}}
            ]},
            "Z": {"Type": "Succeed"}
        }}"#,
        expect![[r#"
            5:54 "n.$" — SCHEMA_VALIDATION_FAILED /States/P/Branches[0]/States/B/Assign: Variable 'n' is already assigned in an outer scope
            7:76 "n" — SCHEMA_VALIDATION_FAILED /States/P/Branches[0]/States/M/ItemProcessor/States/C/Assign: Variable 'n' is already assigned in an outer scope
            8:88 "m" — SCHEMA_VALIDATION_FAILED /States/P/Branches[0]/States/M/ItemProcessor/States/C/Choices[0]/Assign: Variable 'm' is already assigned in an outer scope
            8:96 "own" — SCHEMA_VALIDATION_FAILED /States/P/Branches[0]/States/M/ItemProcessor/States/C/Choices[0]/Assign: Variable 'own' is already assigned in an outer scope
        "#]],
    );
    check(
        r#"{"StartAt": "A", "States": {
            "A": {"Type": "Pass", "Assign": {"n": 1}, "Next": "M"},
            "M": {"Type": "Map", "End": true, "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                "StartAt": "B", "States": {"B": {"Type": "Pass", "Assign": {"n": 2}, "End": true}}
            }}
        }}"#,
        expect!["fine"],
    );
    check(
        r#"{"StartAt": "T", "States": {
            "T": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Next": "P",
                  "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "P", "Assign": {"why.$": "$.Cause"}}]},
            "P": {"Type": "Parallel", "End": true, "Branches": [
                {"StartAt": "B", "States": {"B": {"Type": "Pass", "Assign": {"why": ""}, "End": true}}}
            ]}
        }}"#,
        expect![[r#"
            5:78 "why" — SCHEMA_VALIDATION_FAILED /States/P/Branches[0]/States/B/Assign: Variable 'why' is already assigned in an outer scope
        "#]],
    );
}
