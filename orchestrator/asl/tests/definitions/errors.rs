//! Retry and Catch.

use expect_test::{Expect, expect};

use asl::definition::StateKind;

use crate::{check_state, machine, machine_of};

fn task(members: &str) -> String {
    format!(
        r#""Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Next": "Z", {members}"#
    )
}

fn check_task(members: &str, expected: Expect) {
    check_state(&task(members), expected);
}

fn check_read(members: &str, expected: Expect) {
    let machine = machine(&machine_of(&task(members)));
    let StateKind::Task(task) = &machine.states[0].kind else {
        panic!("no task");
    };
    expected.assert_debug_eq(&task.on_error);
}

#[test]
fn retriers_and_catchers_have_defaults() {
    check_read(
        r#""Retry": [], "Catch": []"#,
        expect![[r#"
        OnError {
            retry: [],
            catch: [],
        }
    "#]],
    );
    check_read(
        r#""Retry": [{"ErrorEquals": ["a"]}, {"Comment": "c", "ErrorEquals": ["States.ALL"], "IntervalSeconds": 2, "MaxAttempts": 0, "BackoffRate": 1, "MaxDelaySeconds": 9, "JitterStrategy": "FULL"}],
           "Catch": [{"Comment": "c", "ErrorEquals": ["b", "States.Timeout"], "ResultPath": null, "Next": "Z"}]"#,
        expect![[r#"
            OnError {
                retry: [
                    Retrier {
                        error_equals: [
                            "a",
                        ],
                        interval_seconds: 1,
                        max_attempts: 3,
                        backoff_rate: 2.0,
                        max_delay_seconds: None,
                        jitter: None,
                    },
                    Retrier {
                        error_equals: [
                            "States.ALL",
                        ],
                        interval_seconds: 2,
                        max_attempts: 0,
                        backoff_rate: 1.0,
                        max_delay_seconds: Some(
                            9,
                        ),
                        jitter: Full,
                    },
                ],
                catch: [
                    Catcher {
                        error_equals: [
                            "b",
                            "States.Timeout",
                        ],
                        next: StateId(
                            1,
                        ),
                        result_path: Discard,
                        assign: None,
                        output: None,
                    },
                ],
            }
        "#]],
    );
}

#[test]
fn numbers_are_within_their_ranges() {
    check_task(
        r#""Retry": [{"ErrorEquals": ["a"], "IntervalSeconds": 0, "MaxAttempts": -1, "BackoffRate": 0.9, "MaxDelaySeconds": 31622401, "JitterStrategy": "SOME"}]"#,
        expect![[r#"
            1:164 0 — SCHEMA_VALIDATION_FAILED /States/A/Retry[0]/IntervalSeconds: Minimum value is 1
            1:182 -1 — SCHEMA_VALIDATION_FAILED /States/A/Retry[0]/MaxAttempts: Minimum value is 0
            1:201 0.9 — SCHEMA_VALIDATION_FAILED /States/A/Retry[0]/BackoffRate: Minimum value is 1
            1:225 31622401 — SCHEMA_VALIDATION_FAILED /States/A/Retry[0]/MaxDelaySeconds: Maximum value is 31622400
            1:253 "SOME" — SCHEMA_VALIDATION_FAILED /States/A/Retry[0]/JitterStrategy: Value should be one of the following: [FULL, NONE]
        "#]],
    );
    check_task(
        r#""Retry": [{"ErrorEquals": ["a"], "IntervalSeconds": 1.5, "MaxAttempts": 100000000, "BackoffRate": "2", "MaxDelaySeconds": 0, "JitterStrategy": true}]"#,
        expect![[r#"
            1:164 1.5 — SCHEMA_VALIDATION_FAILED /States/A/Retry[0]/IntervalSeconds: Expected value of type Integer
            1:184 100000000 — SCHEMA_VALIDATION_FAILED /States/A/Retry[0]/MaxAttempts: Maximum value is 99999999
            1:210 "2" — SCHEMA_VALIDATION_FAILED /States/A/Retry[0]/BackoffRate: Expected value of type Number
            1:234 0 — SCHEMA_VALIDATION_FAILED /States/A/Retry[0]/MaxDelaySeconds: Minimum value is 1
            1:255 true — SCHEMA_VALIDATION_FAILED /States/A/Retry[0]/JitterStrategy: Expected value of type String
        "#]],
    );
}

#[test]
fn errors_are_named() {
    check_task(
        r#""Retry": [{}], "Catch": [{}]"#,
        expect![[r#"
            1:122 { — SCHEMA_VALIDATION_FAILED /States/A/Retry[0]: These fields are required: [ErrorEquals]
            1:137 { — SCHEMA_VALIDATION_FAILED /States/A/Catch[0]: These fields are required: [ErrorEquals, Next]
        "#]],
    );
    check_task(
        r#""Retry": [{"ErrorEquals": []}], "Catch": [{"ErrorEquals": "a", "Next": "Z"}]"#,
        expect![[r#"
            1:138 [] — SCHEMA_VALIDATION_FAILED /States/A/Retry[0]/ErrorEquals: Value cannot be empty
            1:170 "a" — SCHEMA_VALIDATION_FAILED /States/A/Catch[0]/ErrorEquals: Expected value of type Array
        "#]],
    );
    check_task(
        r#""Retry": [{"ErrorEquals": [1, "a"]}], "Catch": {}"#,
        expect![[r#"
            1:139 1 — SCHEMA_VALIDATION_FAILED /States/A/Retry[0]/ErrorEquals[0]: Expected value of type String
            1:159 {} — SCHEMA_VALIDATION_FAILED /States/A/Catch: Expected value of type Array
        "#]],
    );
    check_task(
        r#""Retry": ["a"], "Catch": [{"ErrorEquals": ["a"], "Next": "Y", "Retry": 1}]"#,
        expect![[r#"
            1:122 "a" — SCHEMA_VALIDATION_FAILED /States/A/Retry[0]: Expected value of type Object
            1:169 "Y" — MISSING_TRANSITION_TARGET /States/A/Catch[0]/Next: Missing 'Next' target: Y
            1:174 "Retry" — SCHEMA_VALIDATION_FAILED /States/A/Catch[0]: Field 'Retry' is not supported
        "#]],
    );
}

#[test]
fn all_errors_stand_alone_and_last() {
    check_task(
        r#""Retry": [{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["a", "States.ALL"]}]"#,
        expect![[r#"
            1:138 ["States.ALL"] — SCHEMA_VALIDATION_FAILED /States/A/Retry[0]/ErrorEquals: States.ALL must be in the last of its list
            1:171 ["a", "States.ALL"] — SCHEMA_VALIDATION_FAILED /States/A/Retry[1]/ErrorEquals: States.ALL must be the only error of its list
        "#]],
    );
    check_task(
        r#""Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Z"}, {"ErrorEquals": ["a"], "Next": "Z"}]"#,
        expect![[r#"
            1:138 ["States.ALL"] — SCHEMA_VALIDATION_FAILED /States/A/Catch[0]/ErrorEquals: States.ALL must be in the last of its list
        "#]],
    );
}
