//! Query languages: which fields belong to which.

use expect_test::expect;

use crate::{check, check_state};

fn jsonata(members: &str) -> String {
    format!(r#""QueryLanguage": "JSONata", {members}"#)
}

#[test]
fn every_field_of_jsonata_is_read() {
    check(
        r#"{"QueryLanguage": "JSONata", "StartAt": "A", "States": {
            "A": {"Type": "Pass", "Output": "{% 1 %}", "Assign": {"x": "{% 2 %}"}, "Next": "B"},
            "B": {"Type": "Wait", "Seconds": "{% 2 %}", "Next": "C"},
            "C": {"Type": "Choice", "Choices": [{"Condition": "{% $x = 1 %}", "Next": "D"}, {"Condition": true, "Output": 1, "Next": "D"}]},
            "D": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Arguments": {"MessageBody": "{% 1 %}"}, "TimeoutSeconds": "{% 9 %}", "Next": "E",
                  "Catch": [{"ErrorEquals": ["a"], "Output": "{% $states.errorOutput %}", "Next": "E"}]},
            "E": {"Type": "Map", "Items": "{% [1] %}", "ItemSelector": "{% 1 %}", "MaxConcurrency": "{% 1 %}", "Next": "F",
                  "ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Succeed", "Output": 1}}}},
            "F": {"Type": "Wait", "Timestamp": "{% $t %}", "Next": "G"},
            "G": {"Type": "Fail", "Error": "{% 'e' %}"}
        }}"#,
        expect!["fine"],
    );
}

#[test]
fn fields_belong_to_languages() {
    check_state(
        r#""Type": "Pass", "Output": 1, "End": true"#,
        expect![[r#"
        1:51 "Output" — SCHEMA_VALIDATION_FAILED /States/A: The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the 'JSONata' QueryLanguage
    "#]],
    );
    check_state(
        r#""Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Arguments": {}, "End": true"#,
        expect![[r#"
            1:99 "Arguments" — SCHEMA_VALIDATION_FAILED /States/A: The QueryLanguage is set to 'JSONPath', but field 'Arguments' is only supported for the 'JSONata' QueryLanguage
        "#]],
    );
    check_state(
        &jsonata(r#""Type": "Pass", "InputPath": 1, "Parameters": {"a.$": 1}, "End": true"#),
        expect![[r#"
            1:79 "InputPath" — SCHEMA_VALIDATION_FAILED /States/A: The QueryLanguage is set to 'JSONata', but field 'InputPath' is only supported for the 'JSONPath' QueryLanguage
            1:95 "Parameters" — SCHEMA_VALIDATION_FAILED /States/A: The QueryLanguage is set to 'JSONata', but field 'Parameters' is only supported for the 'JSONPath' QueryLanguage
        "#]],
    );
    check_state(
        &jsonata(
            r#""Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": true, "Next": "Z"}]"#,
        ),
        expect![[r#"
            1:93 { — SCHEMA_VALIDATION_FAILED /States/A/Choices[0]: These fields are required: [Condition]
            1:94 "Variable" — SCHEMA_VALIDATION_FAILED /States/A/Choices[0]: The QueryLanguage is set to 'JSONata', but field 'Variable' is only supported for the 'JSONPath' QueryLanguage
            1:113 "IsNull" — SCHEMA_VALIDATION_FAILED /States/A/Choices[0]: The QueryLanguage is set to 'JSONata', but field 'IsNull' is only supported for the 'JSONPath' QueryLanguage
        "#]],
    );
    check_state(
        r#""Type": "Choice", "Choices": [{"Condition": "{% true %}", "Next": "Z"}]"#,
        expect![[r#"
            1:65 { — SCHEMA_VALIDATION_FAILED /States/A/Choices[0]: Exactly one comparison or one of [And, Or, Not] must be specified
            1:66 "Condition" — SCHEMA_VALIDATION_FAILED /States/A/Choices[0]: The QueryLanguage is set to 'JSONPath', but field 'Condition' is only supported for the 'JSONata' QueryLanguage
        "#]],
    );
}

#[test]
fn a_jsonata_state_is_checked_in_its_structure() {
    check_state(
        &jsonata(r#""Type": "Wait", "Seconds": "soon", "End": true"#),
        expect![[r#"
            1:90 "soon" — SCHEMA_VALIDATION_FAILED /States/A/Seconds: Expected value of type Integer
        "#]],
    );
    check_state(
        &jsonata(
            r#""Type": "Choice", "Choices": [{"Condition": "yes", "Next": "Z"}, {"Next": "Z"}]"#,
        ),
        expect![[r#"
            1:107 "yes" — SCHEMA_VALIDATION_FAILED /States/A/Choices[0]/Condition: Expected value of type Boolean or JSONata expression
            1:128 { — SCHEMA_VALIDATION_FAILED /States/A/Choices[1]: These fields are required: [Condition]
        "#]],
    );
    check_state(
        &jsonata(
            r#""Type": "Map", "Items": 5, "End": true, "ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Pass", "Output": 1, "End": true}}}"#,
        ),
        expect![[r#"
            1:87 5 — SCHEMA_VALIDATION_FAILED /States/A/Items: Expected value of type Array or JSONata expression
            1:170 "Output" — SCHEMA_VALIDATION_FAILED /States/A/ItemProcessor/States/I: The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the 'JSONata' QueryLanguage
        "#]],
    );
}

#[test]
fn a_language_is_named_exactly() {
    check(
        r#"{"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": {"Type": "Succeed", "QueryLanguage": "JSONPath"}}}"#,
        expect![[r#"
            1:62 { — SCHEMA_VALIDATION_FAILED /States/A: 'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine
        "#]],
    );
    check(
        r#"{"QueryLanguage": "XPath", "StartAt": "A", "States": {"A": {"Type": "Succeed", "QueryLanguage": 1}}}"#,
        expect![[r#"
            1:19 "XPath" — SCHEMA_VALIDATION_FAILED /QueryLanguage: Value should be one of the following: [JSONPath, JSONata]
            1:97 1 — SCHEMA_VALIDATION_FAILED /States/A/QueryLanguage: Expected value of type String
        "#]],
    );
    check(
        r#"{"StartAt": "M", "States": {"M": {"Type": "Map", "End": true, "ItemProcessor": {"QueryLanguage": "JSONPath", "StartAt": "A", "States": {"A": {"Type": "Succeed"}}}}}}"#,
        expect![[r#"
            1:81 "QueryLanguage" — SCHEMA_VALIDATION_FAILED /States/M/ItemProcessor: Field 'QueryLanguage' is not supported
        "#]],
    );
}
