//! Which variables states read.

use asl::variables::variable_references;
use expect_test::{Expect, expect};

use crate::machine;

fn check(definition: &str, expected: Expect) {
    let references = variable_references(&machine(definition));
    let lines: Vec<String> = references
        .iter()
        .map(|(state, names)| format!("{state}: {}", names.join(", ")))
        .collect();
    expected.assert_eq(&lines.join("\n"));
}

#[test]
fn every_field_that_may_read_is_looked_into() {
    check(
        r#"{"StartAt": "T", "States": {
            "T": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Next": "C",
                  "InputPath": "$a", "OutputPath": "$b.c", "TimeoutSecondsPath": "$d", "HeartbeatSecondsPath": "$e.x[0]",
                  "Credentials": {"RoleArn.$": "$f"}, "Parameters": {"x.$": "States.Format('{}', $g)", "y.$": "$a"},
                  "ResultSelector": {"z.$": "$h"}, "Assign": {"i.$": "$j"},
                  "Catch": [{"ErrorEquals": ["a"], "Next": "C", "Assign": {"k.$": "$l"}}]},
            "C": {"Type": "Choice", "Default": "P", "Choices": [
                {"And": [{"Variable": "$m", "NumericEqualsPath": "$n"}, {"Not": {"Variable": "$$.x", "StringEqualsPath": "$o"}}], "Next": "P",
                 "Assign": {"p.$": "$q"}}
            ]},
            "P": {"Type": "Pass", "Parameters": {"a": 1, "b.$": "$.a"}, "Next": "M"},
            "M": {"Type": "Map", "ItemsPath": "$r", "ItemSelector": {"a.$": "$s"}, "MaxConcurrencyPath": "$t", "Next": "F", "ItemProcessor": {
                "StartAt": "W", "States": {"W": {"Type": "Wait", "SecondsPath": "$u", "Next": "V"}, "V": {"Type": "Wait", "TimestampPath": "$v", "End": true}}
            }},
            "F": {"Type": "Fail", "ErrorPath": "$w", "CausePath": "States.Format('{} {}', $x, $w)"}
        }}"#,
        expect![[r#"
            T: a, g, f, d, e, h, l, j, b
            C: m, n, o, q
            M: r, s, t
            W: u
            V: v
            F: w, x"#]],
    );
}

#[test]
fn expressions_are_looked_into() {
    check(
        r#"{"QueryLanguage": "JSONata", "StartAt": "T", "States": {
            "T": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Next": "C", "TimeoutSeconds": "{% $a %}",
                  "Credentials": {"RoleArn": "{% $b %}"}, "Arguments": {"MessageBody": ["{% $c + $states.input.x %}"]},
                  "Assign": {"d": "{% $e %}"}, "Output": "{% $f %}",
                  "Catch": [{"ErrorEquals": ["a"], "Next": "C", "Assign": {"g": "{% $h %}"}, "Output": "{% $i %}"}]},
            "C": {"Type": "Choice", "Default": "M", "Choices": [{"Condition": "{% $j = 1 %}", "Output": "{% $k %}", "Next": "M"}]},
            "M": {"Type": "Map", "Items": "{% $l %}", "ItemSelector": {"a": "{% $m %}"}, "MaxConcurrency": "{% $n %}", "Next": "F", "ItemProcessor": {
                "StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": "{% $o %}", "Next": "V"}, "V": {"Type": "Wait", "Timestamp": "{% $p %}", "End": true}}
            }},
            "F": {"Type": "Fail", "Error": "{% $q %}", "Cause": "{% $r %}"}
        }}"#,
        expect![[r#"
            T: c, b, a, h, i, e, f
            C: j, k
            M: l, m, n
            W: o
            V: p
            F: q, r"#]],
    );
}

#[test]
fn states_that_read_none_are_left_out() {
    check(
        r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Assign": {"x": 1}, "End": true}}}"#,
        expect![[""]],
    );
}
