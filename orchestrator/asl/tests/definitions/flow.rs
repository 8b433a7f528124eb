//! Where states lead.

use expect_test::expect;

use crate::check;

#[test]
fn targets_must_be_in_the_same_block() {
    check(
        r#"{"StartAt": "P", "States": {
            "P": {"Type": "Parallel", "Next": "B", "Branches": [
                {"StartAt": "Z", "States": {"B": {"Type": "Pass", "Next": "Z"}}}
            ]},
            "Z": {"Type": "Succeed"}
        }}"#,
        expect![[r#"
            2:47 "B" — MISSING_TRANSITION_TARGET /States/P/Next: Missing 'Next' target: B
            3:29 "Z" — MISSING_TRANSITION_TARGET /States/P/Branches[0]/StartAt: Missing 'Next' target: Z
            3:75 "Z" — MISSING_TRANSITION_TARGET /States/P/Branches[0]/States/B/Next: Missing 'Next' target: Z
            5:13 "Z" — UNREACHABLE_STATE /States/Z: State "Z" is not reachable.
        "#]],
    );
    check(
        r#"{"StartAt": "T", "States": {
            "T": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": true,
                  "Catch": [{"ErrorEquals": ["a"], "Next": "X"}]}
        }}"#,
        expect![[r#"
            3:60 "X" — MISSING_TRANSITION_TARGET /States/T/Catch[0]/Next: Missing 'Next' target: X
        "#]],
    );
}

#[test]
fn a_state_that_no_other_names_is_an_error() {
    check(
        r#"{"StartAt": "A", "States": {
            "A": {"Type": "Succeed"},
            "B": {"Type": "Pass", "Next": "A"},
            "C": {"Type": "Pass", "Next": "C"}
        }}"#,
        expect![[r#"
            3:13 "B" — UNREACHABLE_STATE /States/B: State "B" is not reachable.
            4:13 "C" — UNREACHABLE_STATE /States/C: State "C" is not reachable.
        "#]],
    );
    check(
        r#"{"StartAt": "X", "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Succeed"}}}"#,
        expect![[r#"
            1:13 "X" — MISSING_TRANSITION_TARGET /StartAt: Missing 'Next' target: X
            1:29 "A" — UNREACHABLE_STATE /States/A: State "A" is not reachable.
        "#]],
    );
}

#[test]
fn states_that_only_name_each_other_are_a_warning() {
    check(
        r#"{"StartAt": "A", "States": {
            "A": {"Type": "Succeed"},
            "B": {"Type": "Pass", "Next": "C"},
            "C": {"Type": "Pass", "Next": "B"}
        }}"#,
        expect![[r#"
            3:13 "B" — UNREACHABLE_STATE (warning) /States/B: State "B" is not reachable.
            4:13 "C" — UNREACHABLE_STATE (warning) /States/C: State "C" is not reachable.
        "#]],
    );
}

#[test]
fn a_machine_without_an_end_is_refused() {
    check(
        r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}, "C": {"Type": "Pass", "Next": "A"}}}"#,
        expect![[r#"
            1:1 {"StartAt": "A", "States": {"A": — NO_WAY_TO_AN_END : Workflow has no terminal state
        "#]],
    );
    check(
        r#"{"StartAt": "P", "States": {"P": {"Type": "Parallel", "End": true, "Branches": [
            {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "A"}}}
        ]}}}"#,
        expect![[r#"
            2:13 {"StartAt": "A", "States": {"A": — NO_WAY_TO_AN_END (warning) /States/P/Branches[0]: Workflow has no terminal state
        "#]],
    );
    check(
        r#"{"StartAt": "A", "States": {
            "A": {"Type": "Choice", "Choices": [{"Variable": "$.x", "IsNull": true, "Next": "B"}], "Default": "Z"},
            "B": {"Type": "Pass", "Next": "C"},
            "C": {"Type": "Pass", "Next": "B"},
            "Z": {"Type": "Succeed"}
        }}"#,
        expect![[r#"
            3:13 "B" — NO_WAY_TO_AN_END (warning) /States/B: State "B" leads to no terminal state.
            4:13 "C" — NO_WAY_TO_AN_END (warning) /States/C: State "C" leads to no terminal state.
        "#]],
    );
}
