//! What all states have, and Pass, Wait, Succeed and Fail.

use expect_test::{Expect, expect};

use crate::{check, check_state, machine, machine_of};

/// Checks what a state becomes.
fn check_read(members: &str, expected: Expect) {
    let machine = machine(&machine_of(members));
    let state = &machine.states[0];
    expected.assert_eq(&format!(
        "{:?} {:?} {:?}",
        state.input_path, state.output_path, state.kind
    ));
}

#[test]
fn a_type_is_required_and_known() {
    check_state(
        r#""End": true"#,
        expect![[r#"
        1:34 { — SCHEMA_VALIDATION_FAILED /States/A: These fields are required: [Type]
    "#]],
    );
    check_state(
        r#""Type": "Passs", "End": true"#,
        expect![[r#"
        1:43 "Passs" — SCHEMA_VALIDATION_FAILED /States/A/Type: The field 'Type' should have one of these values: [Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map]
    "#]],
    );
    check_state(
        r#""Type": 1, "End": true"#,
        expect![[r#"
        1:43 1 — SCHEMA_VALIDATION_FAILED /States/A/Type: Expected value of type String
    "#]],
    );
    check_state(
        r#""Type": "pass", "Colour": 1"#,
        expect![[r#"
        1:43 "pass" — SCHEMA_VALIDATION_FAILED /States/A/Type: The field 'Type' should have one of these values: [Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map]
    "#]],
    );
}

#[test]
fn a_state_goes_on_or_ends() {
    check_state(r#""Type": "Pass", "End": true"#, expect!["fine"]);
    check_state(r#""Type": "Pass", "Next": "Z""#, expect!["fine"]);
    check_state(
        r#""Type": "Pass", "Next": "Z", "End": false"#,
        expect!["fine"],
    );
    check_state(
        r#""Type": "Pass", "Next": "Z", "End": true"#,
        expect![[r#"
        1:34 { — SCHEMA_VALIDATION_FAILED /States/A: Only one of these fields can be specified: [Next, End]
    "#]],
    );
    check_state(
        r#""Type": "Pass""#,
        expect![[r#"
        1:34 { — SCHEMA_VALIDATION_FAILED /States/A: One of these fields is required: [Next, End]
    "#]],
    );
    check_state(
        r#""Type": "Pass", "End": false"#,
        expect![[r#"
        1:34 { — SCHEMA_VALIDATION_FAILED /States/A: One of these fields is required: [Next, End]
    "#]],
    );
    check_state(
        r#""Type": "Pass", "End": "true""#,
        expect![[r#"
        1:58 "true" — SCHEMA_VALIDATION_FAILED /States/A/End: Expected value of type Boolean
    "#]],
    );
    check_state(
        r#""Type": "Pass", "Next": 1"#,
        expect![[r#"
        1:59 1 — SCHEMA_VALIDATION_FAILED /States/A/Next: Expected value of type String
    "#]],
    );
    check_state(
        r#""Type": "Pass", "Next": "Y""#,
        expect![[r#"
        1:59 "Y" — MISSING_TRANSITION_TARGET /States/A/Next: Missing 'Next' target: Y
        1:1 {"StartAt": "A", "States": {"A": — NO_WAY_TO_AN_END : Workflow has no terminal state
    "#]],
    );
}

#[test]
fn fields_belong_to_types() {
    for kind in [
        "Pass", "Wait", "Choice", "Succeed", "Fail", "Map", "Parallel",
    ] {
        let definition = machine_of(&format!(r#""Type": "{kind}", "TimeoutSeconds": 1"#));
        let parsed = asl::parser::parse(&definition, &asl::parser::Options::default());
        let first = &parsed.diagnostics[0];
        let refused = parsed.diagnostics.iter().any(|finding| {
            (&*finding.pointer, &*finding.message)
                == ("/States/A", "Field 'TimeoutSeconds' is not supported")
        });
        assert!(refused, "{kind}: {first:?}");
    }
    check_state(
        r#""Type": "Succeed", "Next": "Z""#,
        expect![[r#"
            1:54 "Next" — SCHEMA_VALIDATION_FAILED /States/A: Field 'Next' is not supported
        "#]],
    );
    check_state(
        r#""Type": "Fail", "End": true, "InputPath": "$""#,
        expect![[r#"
            1:51 "End" — SCHEMA_VALIDATION_FAILED /States/A: Field 'End' is not supported
            1:64 "InputPath" — SCHEMA_VALIDATION_FAILED /States/A: Field 'InputPath' is not supported
        "#]],
    );
    check_state(
        r#""Type": "Wait", "Seconds": 1, "ResultPath": null, "Catch": [], "End": true"#,
        expect![[r#"
            1:65 "ResultPath" — SCHEMA_VALIDATION_FAILED /States/A: Field 'ResultPath' is not supported
            1:85 "Catch" — SCHEMA_VALIDATION_FAILED /States/A: Field 'Catch' is not supported
        "#]],
    );
    check_state(
        r#""Type": "Pass", "End": true, "comment": "lower case""#,
        expect![[r#"
            1:64 "comment" — SCHEMA_VALIDATION_FAILED /States/A: Field 'comment' is not supported
        "#]],
    );
    check_state(
        r#""Type": "Pass", "End": true, "Comment": ["a"]"#,
        expect![[r#"
            1:75 ["a"] — SCHEMA_VALIDATION_FAILED /States/A/Comment: Expected value of type String
        "#]],
    );
}

#[test]
fn paths_may_be_null_and_must_be_paths() {
    check_read(
        r#""Type": "Succeed", "InputPath": null, "OutputPath": "$""#,
        expect!["Nothing Everything Succeed"],
    );
    check_read(
        r#""Type": "Succeed", "InputPath": "$$.Execution", "OutputPath": "$total.sum""#,
        expect![[
            r#"Path(Path { text: "$$.Execution", start: Context, steps: [Member("Execution")], tail: None }) Path(Path { text: "$total.sum", start: Variable("total"), steps: [Member("sum")], tail: None }) Succeed"#
        ]],
    );
    check_state(
        r#""Type": "Pass", "InputPath": "a.b", "OutputPath": 1, "ResultPath": "$$.x", "End": true"#,
        expect![[r#"
            1:64 "a.b" — INVALID_EXPRESSION /States/A/InputPath: Value must be a valid JSONPath.
                a path must begin with '$'
            1:85 1 — SCHEMA_VALIDATION_FAILED /States/A/OutputPath: Expected value of type String
            1:102 "$$.x" — INVALID_EXPRESSION /States/A/ResultPath: Value is not a Reference Path: a reference path must begin at the input, with '$.' or '$['
                a reference path must begin at the input, with '$.' or '$['
        "#]],
    );
    check_state(
        r#""Type": "Pass", "InputPath": "", "OutputPath": "$.a[", "ResultPath": "$.a[*]", "End": true"#,
        expect![[r#"
            1:64 "" — INVALID_EXPRESSION /States/A/InputPath: Value must be a valid JSONPath.
                a path must begin with '$'
            1:82 "$.a[" — INVALID_EXPRESSION /States/A/OutputPath: Value must be a valid JSONPath.
                a bracket or a quote is not closed
            1:104 "$.a[*]" — INVALID_EXPRESSION /States/A/ResultPath: Value is not a Reference Path: a reference path can only name one field or one item
                a reference path can only name one field or one item
        "#]],
    );
    check_state(
        r#""Type": "Pass", "ResultPath": true, "End": true"#,
        expect![[r#"
            1:65 true — SCHEMA_VALIDATION_FAILED /States/A/ResultPath: Expected value of type String
        "#]],
    );
    check_state(
        r#""Type": "Pass", "ResultPath": "a", "End": true"#,
        expect![[r#"
            1:65 "a" — INVALID_EXPRESSION /States/A/ResultPath: Value is not a Reference Path: Reference path didn't start with '$'
                a path must begin with '$'
        "#]],
    );
}

#[test]
fn a_pass_state_has_a_result_or_parameters() {
    check_read(
        r#""Type": "Pass", "Result": {"a.$": "$.b"}, "ResultPath": "$.c", "End": true"#,
        expect![[
            r#"Everything Everything Pass(Pass { result: Some({"a.$":"$.b"}), parameters: None, result_path: Put(ReferencePath { text: "$.c", steps: [Member("c")] }) })"#
        ]],
    );
    check_read(
        r#""Type": "Pass", "ResultPath": null, "End": true"#,
        expect![
            "Everything Everything Pass(Pass { result: None, parameters: None, result_path: Discard })"
        ],
    );
    check_state(
        r#""Type": "Pass", "Parameters": {"a.$": "b", "c": [{"d.$": "States.Nothing(1)"}], "e.$": 1}, "End": true"#,
        expect![[r#"
            1:73 "b" — INVALID_EXPRESSION /States/A/Parameters: The value for the field 'a.$' must be a valid JSONPath or a valid intrinsic function call
                a path begins with '$', a call with 'States.'
            1:92 "States.Nothing(1)" — INVALID_EXPRESSION /States/A/Parameters/c[0]: The value for the field 'd.$' must be a valid JSONPath or a valid intrinsic function call
                'States.Nothing' is no intrinsic function
            1:122 1 — INVALID_EXPRESSION /States/A/Parameters: The value for the field 'e.$' must be a valid JSONPath or a valid intrinsic function call
                a string is expected, not number
        "#]],
    );
}

#[test]
fn a_wait_state_has_one_way_to_wait() {
    check_read(
        r#""Type": "Wait", "Seconds": 0, "End": true"#,
        expect!["Everything Everything Wait(Seconds(Fixed(0)))"],
    );
    check_read(
        r#""Type": "Wait", "Timestamp": "1970-01-01T01:00:01.5+01:00", "End": true"#,
        expect!["Everything Everything Wait(Until(1500))"],
    );
    check_state(
        r#""Type": "Wait", "SecondsPath": "$.s", "End": true"#,
        expect!["fine"],
    );
    check_state(
        r#""Type": "Wait", "TimestampPath": "$t", "End": true"#,
        expect!["fine"],
    );
    check_state(
        r#""Type": "Wait", "End": true"#,
        expect![[r#"
        1:34 { — SCHEMA_VALIDATION_FAILED /States/A: Exactly one of these fields must be specified: [Seconds, SecondsPath, Timestamp, TimestampPath]
    "#]],
    );
    check_state(
        r#""Type": "Wait", "Seconds": 1, "TimestampPath": "$.t", "End": true"#,
        expect![[r#"
            1:34 { — SCHEMA_VALIDATION_FAILED /States/A: Exactly one of these fields must be specified: [Seconds, SecondsPath, Timestamp, TimestampPath]
        "#]],
    );
    check_state(
        r#""Type": "Wait", "Seconds": 100000000, "End": true"#,
        expect![[r#"
            1:62 100000000 — SCHEMA_VALIDATION_FAILED /States/A/Seconds: Maximum value is 99999999
        "#]],
    );
    check_state(
        r#""Type": "Wait", "Seconds": "1", "End": true"#,
        expect![[r#"
            1:62 "1" — SCHEMA_VALIDATION_FAILED /States/A/Seconds: Expected value of type Integer
        "#]],
    );
    check_state(
        r#""Type": "Wait", "SecondsPath": "$.s[*]", "End": true"#,
        expect![[r#"
            1:66 "$.s[*]" — INVALID_EXPRESSION /States/A/SecondsPath: Value is not a Reference Path: Reference path must identify a single value
                Reference path must identify a single value
        "#]],
    );
    check_state(
        r#""Type": "Wait", "Timestamp": "2024-02-30T00:00:00Z", "End": true"#,
        expect![[r#"
            1:64 "2024-02-30T00:00:00Z" — SCHEMA_VALIDATION_FAILED /States/A/Timestamp: String does not match RFC3339 timestamp
        "#]],
    );
    check_state(
        r#""Type": "Wait", "Timestamp": 5, "End": true"#,
        expect![[r#"
            1:64 5 — SCHEMA_VALIDATION_FAILED /States/A/Timestamp: Expected value of type String
        "#]],
    );
}

#[test]
fn a_fail_state_may_compute_its_texts() {
    check_read(
        r#""Type": "Fail", "Error": "E", "Cause": "C""#,
        expect![[
            r#"Everything Everything Fail(Fail { error: Some(Literal("E")), cause: Some(Literal("C")) })"#
        ]],
    );
    check_state(r#""Type": "Fail""#, expect!["fine"]);
    check_state(
        r#""Type": "Fail", "ErrorPath": "States.Format('{}', $.e)", "CausePath": "$$.State.Name""#,
        expect!["fine"],
    );
    check_state(
        r#""Type": "Fail", "Error": "E", "ErrorPath": "$.e", "Cause": 1, "CausePath": "$c""#,
        expect![[r#"
            1:34 { — SCHEMA_VALIDATION_FAILED /States/A: There should only be one of the following fields: [Error, ErrorPath]
            1:34 { — SCHEMA_VALIDATION_FAILED /States/A: There should only be one of the following fields: [Cause, CausePath]
            1:94 1 — SCHEMA_VALIDATION_FAILED /States/A/Cause: Expected value of type String
        "#]],
    );
    check_state(
        r#""Type": "Fail", "ErrorPath": "States.MathAdd(1, 2)", "CausePath": "cause""#,
        expect![[r#"
            1:64 "States.MathAdd(1, 2)" — INVALID_EXPRESSION /States/A/ErrorPath: The value for the field 'ErrorPath' must be a valid JSONPath or a valid intrinsic function call
                States.MathAdd does not give a string
            1:101 "cause" — INVALID_EXPRESSION /States/A/CausePath: The value for the field 'CausePath' must be a valid JSONPath or a valid intrinsic function call
                a path begins with '$', a call with 'States.'
        "#]],
    );
}

#[test]
fn findings_come_in_the_order_of_their_places() {
    check(
        "{\n  \"StartAt\": \"Ä\",\n  \"States\": {\n    \"Ä\": {\"Type\": \"Wait\", \"Seconds\": -1, \"Next\": \"Ö\"},\n    \"Ü\": {\"Type\": \"Pass\", \"End\": 1, \"ä\": 2}\n  }\n}",
        expect![[r#"
            4:38 -1 — SCHEMA_VALIDATION_FAILED /States/Ä/Seconds: Minimum value is 0
            4:50 "Ö" — MISSING_TRANSITION_TARGET /States/Ä/Next: Missing 'Next' target: Ö
            5:34 1 — SCHEMA_VALIDATION_FAILED /States/Ü/End: Expected value of type Boolean
            5:37 "ä" — SCHEMA_VALIDATION_FAILED /States/Ü: Field 'ä' is not supported
        "#]],
    );
}
