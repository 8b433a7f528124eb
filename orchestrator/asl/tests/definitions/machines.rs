//! The machine's own members, and those of branches and processors.

use asl::diagnostic::invalid_definition_text;
use asl::parser::{self, Options};
use expect_test::{Expect, expect};

use crate::{check, machine};

fn check_line(definition: &str, expected: Expect) {
    let parsed = parser::parse(definition, &Options::default());
    expected.assert_eq(&invalid_definition_text(&parsed.diagnostics));
}

#[test]
fn states_and_a_start_are_required() {
    check(
        "{}",
        expect![[r#"
        1:1 { — SCHEMA_VALIDATION_FAILED /: These fields are required: [States, StartAt]
    "#]],
    );
    check(
        r#"{"States": {"A": {"Type": "Succeed"}}}"#,
        expect![[r#"
        1:1 { — SCHEMA_VALIDATION_FAILED /: These fields are required: [StartAt]
    "#]],
    );
    check(
        r#"{"StartAt": "A"}"#,
        expect![[r#"
        1:1 { — SCHEMA_VALIDATION_FAILED /: These fields are required: [States]
    "#]],
    );
    check(
        r#"{"StartAt": "A", "States": {}}"#,
        expect![[r#"
        1:28 {} — SCHEMA_VALIDATION_FAILED /States: Value cannot be empty
    "#]],
    );
    check(
        r#"{"StartAt": "A", "States": []}"#,
        expect![[r#"
        1:28 [] — SCHEMA_VALIDATION_FAILED /States: Expected value of type Object
    "#]],
    );
    check(
        r#"{"StartAt": 1, "States": {"A": {"Type": "Succeed"}}}"#,
        expect![[r#"
            1:13 1 — SCHEMA_VALIDATION_FAILED /StartAt: Expected value of type String
        "#]],
    );
    check(
        r#"{"StartAt": "A", "States": {"A": 1}}"#,
        expect![[r#"
        1:34 1 — SCHEMA_VALIDATION_FAILED /States/A: Expected value of type Object
    "#]],
    );
}

#[test]
fn other_members_have_their_types_and_ranges() {
    check(
        r#"{"Comment": "c", "Version": "1.0", "TimeoutSeconds": 99999999, "QueryLanguage": "JSONPath", "StartAt": "A", "States": {"A": {"Type": "Succeed"}}}"#,
        expect!["fine"],
    );
    check(
        r#"{
            "Comment": 1,
            "Version": "2.0",
            "TimeoutSeconds": 100000000,
            "Owner": "me",
            "StartAt": "A",
            "States": {"A": {"Type": "Succeed"}}
        }"#,
        expect![[r#"
            2:24 1 — SCHEMA_VALIDATION_FAILED /Comment: Expected value of type String
            3:24 "2.0" — SCHEMA_VALIDATION_FAILED /Version: Value should be one of the following: [1.0]
            4:31 100000000 — SCHEMA_VALIDATION_FAILED /TimeoutSeconds: Maximum value is 99999999
            5:13 "Owner" — SCHEMA_VALIDATION_FAILED /: Field 'Owner' is not supported
        "#]],
    );
    check(
        r#"{"TimeoutSeconds": 0, "StartAt": "A", "States": {"A": {"Type": "Succeed"}}}"#,
        expect![[r#"
            1:20 0 — SCHEMA_VALIDATION_FAILED /TimeoutSeconds: Minimum value is 1
        "#]],
    );
    check(
        r#"{"TimeoutSeconds": 5.0, "StartAt": "A", "States": {"A": {"Type": "Succeed"}}}"#,
        expect![[r#"
            1:20 5.0 — SCHEMA_VALIDATION_FAILED /TimeoutSeconds: Expected value of type Integer
        "#]],
    );
    check(
        r#"{"TimeoutSeconds": -5, "StartAt": "A", "States": {"A": {"Type": "Succeed"}}}"#,
        expect![[r#"
            1:20 -5 — SCHEMA_VALIDATION_FAILED /TimeoutSeconds: Minimum value is 1
        "#]],
    );
    check(
        r#"{"TimeoutSeconds": 123456789012345678901234567890, "StartAt": "A", "States": {"A": {"Type": "Succeed"}}}"#,
        expect![[r#"
            1:20 123456789012345678901234567890 — SCHEMA_VALIDATION_FAILED /TimeoutSeconds: Maximum value is 99999999
        "#]],
    );
}

#[test]
fn inner_blocks_have_fewer_members() {
    check(
        r#"{"StartAt": "P", "States": {"P": {"Type": "Parallel", "End": true, "Branches": [
            {"Comment": "c", "TimeoutSeconds": 1, "StartAt": "A", "States": {"A": {"Type": "Succeed"}}},
            {"QueryLanguage": "JSONPath", "States": {}}
        ]}}}"#,
        expect![[r#"
            2:30 "TimeoutSeconds" — SCHEMA_VALIDATION_FAILED /States/P/Branches[0]: Field 'TimeoutSeconds' is not supported
            3:13 { — SCHEMA_VALIDATION_FAILED /States/P/Branches[1]: These fields are required: [StartAt]
            3:14 "QueryLanguage" — SCHEMA_VALIDATION_FAILED /States/P/Branches[1]: Field 'QueryLanguage' is not supported
            3:53 {} — SCHEMA_VALIDATION_FAILED /States/P/Branches[1]/States: Value cannot be empty
        "#]],
    );
    check(
        r#"{"StartAt": "M", "States": {"M": {"Type": "Map", "End": true, "ItemProcessor":
            {"Version": "1.0", "StartAt": "A", "States": {"A": {"Type": "Succeed"}}}
        }}}"#,
        expect![[r#"
            2:14 "Version" — SCHEMA_VALIDATION_FAILED /States/M/ItemProcessor: Field 'Version' is not supported
        "#]],
    );
}

#[test]
fn findings_become_one_line() {
    check_line(
        "{}",
        expect![
            "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: These fields are required: [States, StartAt] at /'"
        ],
    );
    check_line(
        " ",
        expect![
            "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: Definition must be a valid JSON object at null'"
        ],
    );
    check_line(
        "nope",
        expect![[r#"
        Invalid State Machine Definition: 'INVALID_JSON_DESCRIPTION: Unrecognized token 'nope': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')
         at [Source: (String)"nope"; line: 1, column: 5] at [Source: (String)"nope"; line: 1, column: 5]'"#]],
    );
    check_line(
        r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "X"}, "B": {"Type": "Pass", "End": true, "Colour": 1}}}"#,
        expect![[
            r#"Invalid State Machine Definition: 'MISSING_TRANSITION_TARGET: Missing 'Next' target: X at /States/A/Next, MISSING_TRANSITION_TARGET: State "B" is not reachable. at /States/B, SCHEMA_VALIDATION_FAILED: Field 'Colour' is not supported at /States/B'"#
        ]],
    );
    check_line(
        r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "A"}}}"#,
        expect![
            "Invalid State Machine Definition: 'MISSING_END_STATE: Workflow has no terminal state at null'"
        ],
    );
}

#[test]
fn a_machine_is_flat_and_numbered_in_document_order() {
    let machine = machine(
        r#"{"Comment": "all kinds", "TimeoutSeconds": 60, "StartAt": "P", "States": {
            "Z": {"Type": "Succeed"},
            "P": {"Type": "Parallel", "Next": "M", "Branches": [
                {"StartAt": "PA", "States": {"PA": {"Type": "Pass", "End": true}}},
                {"StartAt": "PB2", "States": {
                    "PB1": {"Type": "Fail"},
                    "PB2": {"Type": "Map", "Next": "PB1", "Iterator": {"StartAt": "PBI", "States": {"PBI": {"Type": "Succeed"}}}}
                }}
            ]},
            "M": {"Type": "Map", "Next": "Z", "ItemProcessor": {"StartAt": "MI", "States": {"MI": {"Type": "Wait", "Seconds": 1, "End": true}}}}
        }}"#,
    );
    let blocks: Vec<String> = machine
        .blocks
        .iter()
        .map(|block| {
            let names: Vec<&str> = block
                .states
                .iter()
                .map(|id| &*machine.state(*id).name)
                .collect();
            let parent = block.parent.map(|id| machine.state(id).name.clone());
            let start = &machine.state(block.start).name;
            format!("{parent:?}: {start} of {names:?}")
        })
        .collect();
    expect![[r#"
        None: P of ["Z", "P", "M"]
        Some("P"): PA of ["PA"]
        Some("P"): PB2 of ["PB1", "PB2"]
        Some("PB2"): PBI of ["PBI"]
        Some("M"): MI of ["MI"]"#]]
    .assert_eq(&blocks.join("\n"));
    let states: Vec<String> = machine
        .states
        .iter()
        .map(|state| {
            format!(
                "{} in {} {} {:?}",
                state.name,
                state.block.0,
                state.kind.name(),
                state.then
            )
        })
        .collect();
    expect![[r#"
        Z in 0 Succeed End
        P in 0 Parallel Next(StateId(6))
        PA in 1 Pass End
        PB1 in 2 Fail End
        PB2 in 2 Map Next(StateId(3))
        PBI in 3 Succeed End
        M in 0 Map Next(StateId(0))
        MI in 4 Wait End"#]]
    .assert_eq(&states.join("\n"));
}
