//! Lone states, as TestState takes them.

use asl::parser::{self, Options};
use expect_test::{Expect, expect};

use crate::shown;

fn check(state: &str, expected: Expect) {
    let parsed = parser::parse_state(state, "Lone", &Options::default());
    let mut text = shown(state, &parsed);
    for state in parsed.machine.iter().flat_map(|machine| &machine.states) {
        text.push_str(&format!(
            "\n{} {} {:?}",
            state.name,
            state.kind.name(),
            state.then
        ));
    }
    expected.assert_eq(&text);
}

#[test]
fn the_states_that_it_names_need_not_be_there() {
    check(
        r#"{"Type": "Pass", "Next": "Elsewhere"}"#,
        expect![[r#"
        fine
        Lone Pass Next(StateId(1))
        Elsewhere Succeed End"#]],
    );
    check(
        r#"{"Type": "Pass", "Next": "Lone"}"#,
        expect![[r#"
        fine
        Lone Pass Next(StateId(0))"#]],
    );
    check(
        r#"{"Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": true, "Next": "X"}, {"Variable": "$.a", "IsNull": false, "Next": "Y"}], "Default": "X"}"#,
        expect![[r#"
            fine
            Lone Choice End
            X Succeed End
            Y Succeed End"#]],
    );
    check(
        r#"{"Type": "Map", "Next": "X", "ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Succeed"}}}, "Catch": [{"ErrorEquals": ["a"], "Next": "Y"}]}"#,
        expect![[r#"
            fine
            Lone Map Next(StateId(2))
            I Succeed End
            X Succeed End
            Y Succeed End"#]],
    );
}

#[test]
fn its_mistakes_are_found() {
    check(
        r#"{"Type": "Parallel", "Branches": [], "End": true}"#,
        expect![[r#"
            1:34 [] — SCHEMA_VALIDATION_FAILED /States/Lone/Branches: Value cannot be empty
        "#]],
    );
    check(
        r#"{"Type": "Map", "End": true, "ItemProcessor": {"StartAt": "I", "States": {"J": {"Type": "Pass", "Next": "K"}}}}"#,
        expect![[r#"
            1:59 "I" — MISSING_TRANSITION_TARGET /States/Lone/ItemProcessor/StartAt: Missing 'Next' target: I
            1:105 "K" — MISSING_TRANSITION_TARGET /States/Lone/ItemProcessor/States/J/Next: Missing 'Next' target: K
        "#]],
    );
    check(
        "[]",
        expect![[r#"
        1:1 [] — SCHEMA_VALIDATION_FAILED : Definition must be a valid JSON object
    "#]],
    );
    check(
        "{",
        expect![[r#"
            1:2  — INVALID_JSON_DESCRIPTION [Source: (String)"{"; line: 1, column: 2]: Unexpected end-of-input: expected close marker for Object (start marker at [Source: (String)"{"; line: 1, column: 1])
             at [Source: (String)"{"; line: 1, column: 2]
        "#]],
    );
    check(
        "{}",
        expect![[r#"
        1:1 { — SCHEMA_VALIDATION_FAILED /States/Lone: These fields are required: [Type]
    "#]],
    );
}
