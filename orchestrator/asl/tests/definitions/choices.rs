//! Choice states: rules, nesting and operators.

use expect_test::{Expect, expect};

use asl::definition::StateKind;

use crate::{check_state, machine, machine_of};

/// Checks a Choice state with that one rule, which leads to Z.
fn check_rule(members: &str, expected: Expect) {
    check_state(&choice(members), expected);
}

fn choice(members: &str) -> String {
    format!(r#""Type": "Choice", "Choices": [{{{members}, "Next": "Z"}}], "Default": "Z""#)
}

#[test]
fn every_operator_is_read() {
    let orders = [
        "Equals",
        "LessThan",
        "LessThanEquals",
        "GreaterThan",
        "GreaterThanEquals",
    ];
    let families = [
        ("String", "\"s\""),
        ("Numeric", "1.5"),
        ("Timestamp", "\"2024-01-01T00:00:00Z\""),
    ];
    let mut operators = vec![
        ("BooleanEquals".to_owned(), "true"),
        ("BooleanEqualsPath".to_owned(), "\"$.b\""),
        ("StringMatches".to_owned(), "\"a*\""),
    ];
    for (family, literal) in families {
        for order in orders {
            operators.push((format!("{family}{order}"), literal));
            operators.push((format!("{family}{order}Path"), "\"$.b\""));
        }
    }
    for test in [
        "Null",
        "Present",
        "Numeric",
        "String",
        "Boolean",
        "Timestamp",
    ] {
        operators.push((format!("Is{test}"), "false"));
    }
    assert_eq!(operators.len(), 39);
    let mut comparisons = std::collections::HashSet::new();
    for (operator, operand) in operators {
        let machine = machine(&machine_of(&choice(&format!(
            r#""Variable": "$.a", "{operator}": {operand}"#
        ))));
        let StateKind::Choice(choice) = &machine.states[0].kind else {
            panic!("{operator} makes no choice");
        };
        let condition = format!("{:?}", choice.rules[0].condition);
        assert!(
            comparisons.insert(condition),
            "{operator} is read as another"
        );
    }
}

#[test]
fn an_operator_has_its_type() {
    check_rule(
        r#""Variable": "$.a", "StringEquals": 1"#,
        expect![[r#"
        1:101 1 — SCHEMA_VALIDATION_FAILED /States/A/Choices[0]/StringEquals: Expected value of type String
    "#]],
    );
    check_rule(
        r#""Variable": "$.a", "NumericLessThan": "1""#,
        expect![[r#"
            1:104 "1" — SCHEMA_VALIDATION_FAILED /States/A/Choices[0]/NumericLessThan: Expected value of type Number
        "#]],
    );
    check_rule(
        r#""Variable": "$.a", "BooleanEquals": "true""#,
        expect![[r#"
            1:102 "true" — SCHEMA_VALIDATION_FAILED /States/A/Choices[0]/BooleanEquals: Expected value of type Boolean
        "#]],
    );
    check_rule(
        r#""Variable": "$.a", "IsPresent": 1"#,
        expect![[r#"
        1:98 1 — SCHEMA_VALIDATION_FAILED /States/A/Choices[0]/IsPresent: Expected value of type Boolean
    "#]],
    );
    check_rule(
        r#""Variable": "$.a", "StringMatches": null"#,
        expect![[r#"
        1:102 null — SCHEMA_VALIDATION_FAILED /States/A/Choices[0]/StringMatches: Expected value of type String
    "#]],
    );
    check_rule(
        r#""Variable": "$.a", "TimestampGreaterThan": "today""#,
        expect![[r#"
            1:109 "today" — SCHEMA_VALIDATION_FAILED /States/A/Choices[0]/TimestampGreaterThan: String does not match RFC3339 timestamp
        "#]],
    );
    check_rule(
        r#""Variable": "$.a", "NumericEqualsPath": 5"#,
        expect![[r#"
            1:106 5 — SCHEMA_VALIDATION_FAILED /States/A/Choices[0]/NumericEqualsPath: Expected value of type String
        "#]],
    );
    check_rule(
        r#""Variable": "$.a", "NumericEqualsPath": "b""#,
        expect![[r#"
            1:106 "b" — INVALID_EXPRESSION /States/A/Choices[0]/NumericEqualsPath: Value is not a Reference Path: Reference path didn't start with '$'
                a path must begin with '$'
        "#]],
    );
}

#[test]
fn a_rule_asks_exactly_one_question() {
    check_rule(
        r#""Variable": "$.a""#,
        expect![[r#"
        1:65 { — SCHEMA_VALIDATION_FAILED /States/A/Choices[0]: Exactly one comparison or one of [And, Or, Not] must be specified
    "#]],
    );
    check_rule(
        r#""IsNull": true"#,
        expect![[r#"
        1:65 { — SCHEMA_VALIDATION_FAILED /States/A/Choices[0]: These fields are required: [Variable]
    "#]],
    );
    check_rule(
        r#""Variable": "$.a", "IsNull": true, "IsString": true"#,
        expect![[r#"
            1:65 { — SCHEMA_VALIDATION_FAILED /States/A/Choices[0]: Exactly one comparison or one of [And, Or, Not] must be specified
        "#]],
    );
    check_rule(
        r#""Variable": "$.a", "StringLike": "a""#,
        expect![[r#"
        1:65 { — SCHEMA_VALIDATION_FAILED /States/A/Choices[0]: Exactly one comparison or one of [And, Or, Not] must be specified
        1:85 "StringLike" — SCHEMA_VALIDATION_FAILED /States/A/Choices[0]: Field 'StringLike' is not supported
    "#]],
    );
    check_rule(
        r#""Variable": "a", "IsNull": true"#,
        expect![[r#"
        1:78 "a" — INVALID_EXPRESSION /States/A/Choices[0]/Variable: Value is not a Reference Path: Reference path didn't start with '$'
            a path must begin with '$'
    "#]],
    );
    check_rule(
        r#""Variable": "$.a[*]", "IsNull": true"#,
        expect![[r#"
        1:78 "$.a[*]" — INVALID_EXPRESSION /States/A/Choices[0]/Variable: Value is not a Reference Path: Reference path must identify a single value
            Reference path must identify a single value
    "#]],
    );
    check_rule(
        r#""Variable": "$.a", "Not": {"Variable": "$.a", "IsNull": true}"#,
        expect![[r#"
            1:66 "Variable" — SCHEMA_VALIDATION_FAILED /States/A/Choices[0]: Field 'Variable' is not supported
        "#]],
    );
}

#[test]
fn rules_nest_and_only_the_outer_one_leads_on() {
    check_rule(
        r#""Comment": "c", "And": [{"Comment": "c", "Variable": "$.a", "IsNull": true}, {"Or": [{"Not": {"Variable": "$$.x", "IsString": false}}]}]"#,
        expect!["fine"],
    );
    check_rule(
        r#""And": []"#,
        expect![[r#"
        1:73 [] — SCHEMA_VALIDATION_FAILED /States/A/Choices[0]/And: Value cannot be empty
    "#]],
    );
    check_rule(
        r#""Or": {"Variable": "$.a", "IsNull": true}"#,
        expect![[r#"
            1:72 {"Variable": "$.a", "IsNull": tr — SCHEMA_VALIDATION_FAILED /States/A/Choices[0]/Or: Expected value of type Array
        "#]],
    );
    check_rule(
        r#""Not": [{"Variable": "$.a", "IsNull": true}]"#,
        expect![[r#"
            1:73 [{"Variable": "$.a", "IsNull": t — SCHEMA_VALIDATION_FAILED /States/A/Choices[0]/Not: Expected value of type Object
        "#]],
    );
    check_rule(
        r#""And": [{"Variable": "$.a", "IsNull": true, "Next": "Z"}, {"Or": [{"Variable": "$.b", "IsNull": 0, "Assign": {"x": 1}}]}]"#,
        expect![[r#"
            1:110 "Next" — SCHEMA_VALIDATION_FAILED /States/A/Choices[0]/And[0]: Field 'Next' is not supported
            1:162 0 — SCHEMA_VALIDATION_FAILED /States/A/Choices[0]/And[1]/Or[0]/IsNull: Expected value of type Boolean
            1:165 "Assign" — SCHEMA_VALIDATION_FAILED /States/A/Choices[0]/And[1]/Or[0]: Field 'Assign' is not supported
        "#]],
    );
}

#[test]
fn choices_are_required_and_lead_somewhere() {
    check_state(
        r#""Type": "Choice", "Default": "Z""#,
        expect![[r#"
        1:34 { — SCHEMA_VALIDATION_FAILED /States/A: These fields are required: [Choices]
    "#]],
    );
    check_state(
        r#""Type": "Choice", "Choices": [], "Default": "Z""#,
        expect![[r#"
            1:64 [] — SCHEMA_VALIDATION_FAILED /States/A/Choices: Value cannot be empty
        "#]],
    );
    check_state(
        r#""Type": "Choice", "Choices": {}, "Default": "Z""#,
        expect![[r#"
            1:64 {} — SCHEMA_VALIDATION_FAILED /States/A/Choices: Expected value of type Array
        "#]],
    );
    check_state(
        r#""Type": "Choice", "Choices": [1], "Default": "Z""#,
        expect![[r#"
            1:65 1 — SCHEMA_VALIDATION_FAILED /States/A/Choices[0]: Expected value of type Object
        "#]],
    );
    check_state(
        r#""Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": true}], "Default": "Z""#,
        expect![[r#"
            1:65 { — SCHEMA_VALIDATION_FAILED /States/A/Choices[0]: These fields are required: [Next]
        "#]],
    );
    check_state(
        r#""Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": true, "Next": "Z"}, {"Variable": "$.a", "IsNull": false, "Next": "Y"}], "Default": "X", "Next": "Z""#,
        expect![[r#"
            1:160 "Y" — MISSING_TRANSITION_TARGET /States/A/Choices[1]/Next: Missing 'Next' target: Y
            1:178 "X" — MISSING_TRANSITION_TARGET /States/A/Default: Missing 'Next' target: X
            1:183 "Next" — SCHEMA_VALIDATION_FAILED /States/A: Field 'Next' is not supported
        "#]],
    );
}
