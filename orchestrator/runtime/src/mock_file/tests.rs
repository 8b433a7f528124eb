use expect_test::{Expect, expect};

use super::find;

/// A file with one machine, its test cases and the responses.
fn file(cases: &str, responses: &str) -> String {
    format!(
        r#"{{"StateMachines":{{"Order":{{"TestCases":{cases}}}}},"MockedResponses":{responses}}}"#
    )
}

fn check(text: &str, expected: Expect) {
    let found = match find(text, "Order", "Case") {
        Ok(mocks) => format!("{mocks:?}"),
        Err(why) => why,
    };
    expected.assert_eq(&found);
}

const GOOD: &str = r#"{"R":{"0":{"Return":1}}}"#;

#[test]
fn a_test_case_gives_its_states_their_answers() {
    check(
        &file(
            r#"{"Case":{"Charge":"R","Ship":"S"},"Other":{}}"#,
            r#"{"R":{"0":{"Throw":{"Error":"Busy","Cause":"later"}},"1-2":{"Throw":{}},"3":{"Return":{"a":[1]}}},"S":{"0":{"Return":null}}}"#,
        ),
        expect![[
            r#"Mocks { states: {"Charge": MockedState { response: "R", answers: [MockedAnswer { first: 0, last: 0, outcome: Throw(Failure { error: Some("Busy"), cause: Some("later") }) }, MockedAnswer { first: 1, last: 2, outcome: Throw(Failure { error: None, cause: None }) }, MockedAnswer { first: 3, last: 3, outcome: Return({"a":[1]}) }], invocations: 0 }, "Ship": MockedState { response: "S", answers: [MockedAnswer { first: 0, last: 0, outcome: Return(null) }], invocations: 0 }} }"#
        ]],
    );
    check(
        &file(r#"{"Case":{}}"#, "{}"),
        expect!["Mocks { states: {} }"],
    );
}

#[test]
fn what_is_not_there_is_named_with_what_is() {
    check(
        r#"{"StateMachines":{"Bill":{"TestCases":{}},"Ship":{"TestCases":{}}},"MockedResponses":{}}"#,
        expect!["/StateMachines: there is no state machine 'Order'; there is Bill, Ship"],
    );
    check(
        r#"{"StateMachines":{},"MockedResponses":{}}"#,
        expect!["/StateMachines: there is no state machine 'Order'; there is none"],
    );
    check(
        &file(r#"{"Happy":{},"Retry":{}}"#, GOOD),
        expect![
            "/StateMachines/Order/TestCases: there is no test case 'Case'; there is Happy, Retry"
        ],
    );
    check(
        &file(r#"{"Case":{"Charge":"Gone"}}"#, GOOD),
        expect![
            "/StateMachines/Order/TestCases/Case/Charge: there is no mocked response 'Gone' in /MockedResponses"
        ],
    );
}

#[test]
fn a_file_of_another_form_is_refused_with_the_place() {
    check(
        "",
        expect!["it is no JSON: EOF while parsing a value at line 1 column 0"],
    );
    check("[]", expect!["/: it must be an object"]);
    check("{}", expect!["/: the field 'StateMachines' is missing"]);
    check(
        r#"{"StateMachines":{}}"#,
        expect!["/: the field 'MockedResponses' is missing"],
    );
    check(
        r#"{"StateMachines":{"Order":{}},"MockedResponses":{}}"#,
        expect!["/StateMachines/Order: the field 'TestCases' is missing"],
    );
    check(
        &file(r#"{"Case":{"Charge":{"0":{"Return":1}}}}"#, GOOD),
        expect!["/StateMachines/Order/TestCases/Case/Charge: it must be a string"],
    );
    // Also where another test case is wrong.
    check(
        &file(r#"{"Case":{"Charge":"R"},"Other":[]}"#, GOOD),
        expect!["/StateMachines/Order/TestCases/Other: it must be an object"],
    );
}

#[test]
fn a_response_says_for_each_invocation_what_it_gives() {
    let response = |text: &str| file(r#"{"Case":{"Charge":"R"}}"#, &format!(r#"{{"R":{text}}}"#));
    check(
        &response("{}"),
        expect!["/MockedResponses/R: there is no answer in it"],
    );
    for range in ["", "a", "-1", "1-", "2-1", "1-2-3", "+1", "4294967296"] {
        let text = response(&format!(r#"{{"{range}":{{"Return":1}}}}"#));
        let why = find(&text, "Order", "Case").unwrap_err();
        assert_eq!(
            why,
            format!(
                r#"/MockedResponses/R: '{range}' is no invocation such as "0", and no range such as "1-3""#
            )
        );
    }
    check(
        &response(r#"{"0-2":{"Return":1},"2-3":{"Return":1}}"#),
        expect!["/MockedResponses/R: invocation 2 has two answers"],
    );
    check(
        &response(r#"{"0":{}}"#),
        expect!["/MockedResponses/R/0: it has neither Return nor Throw"],
    );
    check(
        &response(r#"{"0":{"Return":1,"Throw":{}}}"#),
        expect!["/MockedResponses/R/0: it has Return and Throw"],
    );
    check(
        &response(r#"{"0":{"Returns":1}}"#),
        expect![
            "/MockedResponses/R/0: the field 'Returns' is not known; there can be Return and Throw"
        ],
    );
    check(
        &response(r#"{"0":{"Throw":{"Error":404}}}"#),
        expect!["/MockedResponses/R/0/Throw/Error: it must be a string"],
    );
    check(
        &response(r#"{"0":{"Throw":{"error":"a"}}}"#),
        expect![
            "/MockedResponses/R/0/Throw: the field 'error' is not known; there can be Error and Cause"
        ],
    );
}
