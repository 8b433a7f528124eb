//! Large and deep definitions.

use std::fmt::Write;

use asl::diagnostic::Severity;
use asl::parser::{self, Options};
use expect_test::expect;

use crate::{check, check_with, shown};

/// A chain of states that is about so many bytes long.
fn long(bytes: usize) -> String {
    let mut text = r#"{"StartAt": "S0", "States": {"#.to_owned();
    let mut number = 0;
    while text.len() < bytes {
        let next = number + 1;
        write!(
            text,
            r#""S{number}": {{"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Parameters": {{"MessageBody.$": "$.items[{number}].body", "constant": [1, 2, "three"]}}, "ResultPath": "$.sent", "Retry": [{{"ErrorEquals": ["States.ALL"], "MaxAttempts": 5}}], "Next": "S{next}"}}, "#
        )
        .expect("a string takes any text");
        number = next;
    }
    write!(text, r#""S{number}": {{"Type": "Succeed"}}}}}}"#).expect("a string takes any text");
    text
}

#[test]
fn a_megabyte_is_read() {
    let text = long(1_047_000);
    let parsed = parser::parse(&text, &Options::default());
    assert_eq!(shown(&text, &parsed), "fine");
    assert!(
        parsed
            .machine
            .is_some_and(|machine| machine.states.len() > 3000)
    );
}

#[test]
fn more_than_the_maximum_is_refused() {
    let options = Options {
        max_bytes: 40,
        ..Options::default()
    };
    let text = r#"{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}"#;
    check_with(
        &options,
        text,
        expect![[r#"
        1:1 {"StartAt": "A", "States": {"A": — SCHEMA_VALIDATION_FAILED : Definition has 54 bytes, more than the maximum of 40
    "#]],
    );
}

#[test]
fn ten_thousand_levels_are_refused_without_a_fall() {
    check(
        &"[".repeat(10_000),
        expect![[r#"
        1:513 [ — SCHEMA_VALIDATION_FAILED : Definition nests deeper than 512 levels
    "#]],
    );
    check(
        &format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000)),
        expect![[r#"
            1:2561 { — SCHEMA_VALIDATION_FAILED : Definition nests deeper than 512 levels
        "#]],
    );
    let inner = "{\"Not\":".repeat(10_000);
    check(
        &format!(r#"{{"StartAt": "A", "States": {{"A": {{"Type": "Choice", "Choices": [{inner}"#),
        expect![[r#"
            1:3621 { — SCHEMA_VALIDATION_FAILED : Definition nests deeper than 512 levels
        "#]],
    );
}

#[test]
fn as_many_levels_as_are_allowed_are_read() {
    let levels = 500;
    let payload = format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
    let text = format!(
        r#"{{"StartAt": "A", "States": {{"A": {{"Type": "Pass", "Parameters": {payload}, "End": true}}}}}}"#
    );
    assert_eq!(
        shown(&text, &parser::parse(&text, &Options::default())),
        "fine"
    );

    let levels = 250;
    let rule = format!(
        r#"{}{{"Variable": "$.a", "IsNull": true}}{}"#,
        r#"{"And": ["#.repeat(levels),
        "]}".repeat(levels)
    );
    let text = format!(
        r#"{{"StartAt": "A", "States": {{"A": {{"Type": "Choice", "Choices": [{{"Not": {rule}, "Next": "Z"}}]}}, "Z": {{"Type": "Succeed"}}}}}}"#
    );
    assert_eq!(
        shown(&text, &parser::parse(&text, &Options::default())),
        "fine"
    );

    let mut text = r#"{"StartAt": "Z", "States": {"Z": {"Type": "Succeed"}}}"#.to_owned();
    for level in 0..120 {
        text = format!(
            r#"{{"StartAt": "M{level}", "States": {{"M{level}": {{"Type": "Map", "End": true, "ItemProcessor": {text}}}}}}}"#
        );
    }
    assert_eq!(
        shown(&text, &parser::parse(&text, &Options::default())),
        "fine"
    );
}

#[test]
fn a_text_full_of_mistakes_gives_a_bounded_list() {
    let members: String = (0..30_000)
        .map(|number| format!(r#""-{number}.$": 1, "-{number}": {{"a": 1, "a": 2}}, "#))
        .collect();
    let text = format!(
        r#"{{"StartAt": "A", "States": {{"A": {{"Type": "Pass", {members} "Assign": {{{members}"x": 1}}, "End": true}}}}}}"#
    );
    let options = Options {
        max_bytes: text.len(),
        ..Options::default()
    };
    let parsed = parser::parse(&text, &options);
    assert!(parsed.machine.is_none());
    let errors = parsed
        .diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
        .count();
    assert_eq!((errors, parsed.diagnostics.len()), (500, 1000));
}
