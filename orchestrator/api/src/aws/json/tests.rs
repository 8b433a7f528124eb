//! Requests that are read and requests that are refused, and why.

use expect_test::{Expect, expect};

use super::{Structure, decode};
use crate::aws::constraints::is_known_pattern;
use crate::aws::states::wire;

fn check<'a, T: Structure<'a> + std::fmt::Debug>(body: &'a str, expected: &Expect) {
    let text = match decode::<T>(body.as_bytes()) {
        Ok(request) => format!("{request:?}"),
        Err(problem) => format!("{} {}", problem.code, problem.message),
    };
    expected.assert_eq(&text);
}

#[test]
fn reads_members_and_passes_over_unknown_ones() {
    check::<wire::StartExecutionInput<'_>>(
        r#"{"stateMachineArn":"arn","unknown":{"deep":[1,{"a":null}]},"input":"{\"a\":1}"}"#,
        &expect![[
            r#"StartExecutionInput { state_machine_arn: Required(Some(Text("arn"))), name: None, input: Some(Text("{\"a\":1}")), trace_header: None }"#
        ]],
    );
    check::<wire::ListStateMachinesInput<'_>>(
        "",
        &expect!["ListStateMachinesInput { max_results: None, next_token: None }"],
    );
    check::<wire::ListStateMachinesInput<'_>>(
        r#" {"maxResults":0,"nextToken":null} "#,
        &expect!["ListStateMachinesInput { max_results: Some(0), next_token: None }"],
    );
    check::<wire::TagResourceInput<'_>>(
        r#"{"resourceArn":"a","tags":[{"key":"k","value":""},{"key":"l"}]}"#,
        &expect![[
            r#"TagResourceInput { resource_arn: Required(Some(Text("a"))), tags: Required(Some([Tag { key: Some(Text("k")), value: Some(Text("")) }, Tag { key: Some(Text("l")), value: None }])) }"#
        ]],
    );
}

#[test]
fn refuses_what_is_not_json() {
    for (body, expected) in [
        (
            "{",
            expect![
                "SerializationException Unexpected end of the request's JSON: EOF while parsing an object at line 1 column 1"
            ],
        ),
        (
            r#"{"maxResults": 1"#,
            expect![
                "SerializationException Unexpected end of the request's JSON: EOF while parsing an object at line 1 column 16"
            ],
        ),
        (
            r#"{"nextToken": "abc"#,
            expect![
                "SerializationException Unexpected end of the request's JSON: EOF while parsing a string at line 1 column 18"
            ],
        ),
        (
            "nonsense",
            expect![
                "SerializationException The request is not valid JSON: expected ident at line 1 column 2"
            ],
        ),
        (
            "{} {}",
            expect![
                "SerializationException The request is not valid JSON: trailing characters at line 1 column 4"
            ],
        ),
        (
            "[]",
            expect!["SerializationException Start of list found where not expected"],
        ),
        (
            "null",
            expect!["SerializationException Unexpected field type"],
        ),
        (
            "\"text\"",
            expect!["SerializationException Unexpected field type"],
        ),
    ] {
        check::<wire::ListStateMachinesInput<'_>>(body, &expected);
    }
    let broken = decode::<wire::ListStateMachinesInput<'_>>(b"{\"nextToken\":\"\xff\"}");
    expect!["The request is not valid JSON: invalid unicode code point at line 1 column 15"]
        .assert_eq(&broken.expect_err("not UTF-8").message);
}

#[test]
fn refuses_other_types() {
    for (body, expected) in [
        (
            r#"{"name": 5}"#,
            expect!["SerializationException NUMBER_VALUE can not be converted to a String"],
        ),
        (
            r#"{"name": true}"#,
            expect!["SerializationException TRUE_VALUE can not be converted to a String"],
        ),
        (
            r#"{"name": ["a"]}"#,
            expect!["SerializationException Start of list found where not expected"],
        ),
        (
            r#"{"name": {"a": 1}}"#,
            expect!["SerializationException Start of structure or map found where not expected."],
        ),
        (
            r#"{"tags": "a"}"#,
            expect!["SerializationException Unexpected field type"],
        ),
        (
            r#"{"tags": ["a"]}"#,
            expect!["SerializationException Unexpected field type"],
        ),
        (
            r#"{"tags": [["key", "value"]]}"#,
            expect!["SerializationException Start of list found where not expected"],
        ),
        (
            r#"{"tracingConfiguration": []}"#,
            expect!["SerializationException Start of list found where not expected"],
        ),
        (
            r#"{"publish": "yes"}"#,
            expect!["SerializationException STRING_VALUE can not be converted to a Boolean"],
        ),
    ] {
        check::<wire::CreateStateMachineInput<'_>>(body, &expected);
    }
    for (body, expected) in [
        (
            r#"{"maxResults": "5"}"#,
            expect!["SerializationException STRING_VALUE can not be converted to an Integer"],
        ),
        (
            r#"{"maxResults": 1.5}"#,
            expect!["SerializationException NUMBER_VALUE can not be converted to an Integer"],
        ),
        (
            r#"{"maxResults": 99999999999}"#,
            expect!["SerializationException NUMBER_VALUE can not be converted to an Integer"],
        ),
        (
            r#"{"maxResults": [1]}"#,
            expect!["SerializationException Start of list found where not expected"],
        ),
    ] {
        check::<wire::ListStateMachinesInput<'_>>(body, &expected);
    }
}

#[test]
fn refuses_what_the_model_forbids() {
    for (body, expected) in [
        (
            "{}",
            expect![
                "ValidationException 1 validation error detected: Value null at 'stateMachineArn' failed to satisfy constraint: Member must not be null"
            ],
        ),
        (
            r#"{"stateMachineArn":null}"#,
            expect![
                "ValidationException 1 validation error detected: Value null at 'stateMachineArn' failed to satisfy constraint: Member must not be null"
            ],
        ),
        (
            r#"{"stateMachineArn":"","name":""}"#,
            expect![
                "ValidationException 2 validation errors detected: Value '' at 'stateMachineArn' failed to satisfy constraint: Member must have length greater than or equal to 1; Value '' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 1"
            ],
        ),
        (
            r#"{"stateMachineArn":"a","traceHeader":"ä"}"#,
            expect![[
                r#"ValidationException 1 validation error detected: Value 'ä' at 'traceHeader' failed to satisfy constraint: Member must satisfy regular expression pattern: \p{ASCII}*"#
            ]],
        ),
    ] {
        check::<wire::StartExecutionInput<'_>>(body, &expected);
    }
    for (body, expected) in [
        (
            r#"{"maxResults":1001}"#,
            expect![
                "ValidationException 1 validation error detected: Value '1001' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 1000"
            ],
        ),
        (
            r#"{"maxResults":-1}"#,
            expect![
                "ValidationException 1 validation error detected: Value '-1' at 'maxResults' failed to satisfy constraint: Member must have value greater than or equal to 0"
            ],
        ),
        (
            r#"{"nextToken":""}"#,
            expect![
                "ValidationException 1 validation error detected: Value '' at 'nextToken' failed to satisfy constraint: Member must have length greater than or equal to 1"
            ],
        ),
    ] {
        check::<wire::ListStateMachinesInput<'_>>(body, &expected);
    }
    check::<wire::ListExecutionsInput<'_>>(
        r#"{"statusFilter":"DONE"}"#,
        &expect![
            "ValidationException 1 validation error detected: Value 'DONE' at 'statusFilter' failed to satisfy constraint: Member must satisfy enum value set: [RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED, PENDING_REDRIVE]"
        ],
    );
    check::<wire::CreateActivityInput<'_>>(
        r#"{"name":"a","tags":[{"key":"ok"},{"key":""}],"encryptionConfiguration":{"kmsDataKeyReusePeriodSeconds":5}}"#,
        &expect![
            "ValidationException 3 validation errors detected: Value '' at 'tags.2.member.key' failed to satisfy constraint: Member must have length greater than or equal to 1; Value '5' at 'encryptionConfiguration.kmsDataKeyReusePeriodSeconds' failed to satisfy constraint: Member must have value greater than or equal to 60; Value null at 'encryptionConfiguration.type' failed to satisfy constraint: Member must not be null"
        ],
    );
    check::<wire::UntagResourceInput<'_>>(
        r#"{"resourceArn":"a","tagKeys":["a",""]}"#,
        &expect![
            "ValidationException 1 validation error detected: Value '' at 'tagKeys.2.member' failed to satisfy constraint: Member must have length greater than or equal to 1"
        ],
    );
    let secret = format!(r#"{{"taskToken":"{}"}}"#, "x".repeat(2049));
    check::<wire::SendTaskHeartbeatInput<'_>>(
        &secret,
        &expect![
            "ValidationException 1 validation error detected: Value at 'taskToken' failed to satisfy constraint: Member must have length less than or equal to 2048"
        ],
    );
    let eighty_one = format!(r#"{{"name":"{}"}}"#, "ä".repeat(81));
    check::<wire::CreateActivityInput<'_>>(
        &eighty_one,
        &expect![
            "ValidationException 1 validation error detected: Value 'äääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääää' at 'name' failed to satisfy constraint: Member must have length less than or equal to 80"
        ],
    );
    let eighty = format!(r#"{{"name":"{}"}}"#, "ä".repeat(80));
    assert!(decode::<wire::CreateActivityInput<'_>>(eighty.as_bytes()).is_ok());
}

#[test]
fn survives_ten_thousand_levels() {
    let deep = format!(
        r#"{{"unknown":{}{}}}"#,
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    assert!(decode::<wire::ListStateMachinesInput<'_>>(deep.as_bytes()).is_ok());
    let deep = format!(r#"{{"tags":{}"#, "[".repeat(10_000));
    assert!(decode::<wire::CreateActivityInput<'_>>(deep.as_bytes()).is_err());
}

#[test]
fn every_pattern_is_known() {
    let text = include_str!("../states/wire.rs");
    for line in text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("pattern: Some("))
    {
        let literal = line.trim_end_matches("),");
        let pattern: String = serde_json::from_str(literal).expect("a literal");
        assert!(is_known_pattern(&pattern), "{pattern}");
    }
}
