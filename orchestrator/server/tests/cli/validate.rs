//! `ratchet validate`

use std::io::Write;
use std::process::Stdio;

use expect_test::expect;

use crate::house::{House, PASS};

const WRONG: &str = r#"{
  "StartAt": "Nope",
  "States": {
    "Prepare": { "Type": "Pass", "Next": "Gone", "Colour": "red" },
    "Größe": { "Type": "Wait", "Seconds": "1", "End": true }
  }
}
"#;

#[test]
fn every_finding_is_shown_with_its_place() {
    House::with(&[("wrong.json", WRONG), ("good.json", PASS)]).check(
        &["validate", "wrong.json", "good.json"],
        expect![[r#"
            exit code 1
            --- stdout
            error[MISSING_TRANSITION_TARGET]: Missing 'Next' target: Nope
             --> wrong.json:2:14
              |
            2 |   "StartAt": "Nope",
              |              ^^^^^^ /StartAt

            error[UNREACHABLE_STATE]: State "Prepare" is not reachable.
             --> wrong.json:4:5
              |
            4 |     "Prepare": { "Type": "Pass", "Next": "Gone", "Colour": "red" },
              |     ^^^^^^^^^ /States/Prepare

            error[MISSING_TRANSITION_TARGET]: Missing 'Next' target: Gone
             --> wrong.json:4:42
              |
            4 |     "Prepare": { "Type": "Pass", "Next": "Gone", "Colour": "red" },
              |                                          ^^^^^^ /States/Prepare/Next

            error[SCHEMA_VALIDATION_FAILED]: Field 'Colour' is not supported
             --> wrong.json:4:50
              |
            4 |     "Prepare": { "Type": "Pass", "Next": "Gone", "Colour": "red" },
              |                                                  ^^^^^^^^ /States/Prepare

            error[UNREACHABLE_STATE]: State "Größe" is not reachable.
             --> wrong.json:5:5
              |
            5 |     "Größe": { "Type": "Wait", "Seconds": "1", "End": true }
              |     ^^^^^^^ /States/Größe

            error[SCHEMA_VALIDATION_FAILED]: Expected value of type Integer
             --> wrong.json:5:43
              |
            5 |     "Größe": { "Type": "Wait", "Seconds": "1", "End": true }
              |                                           ^^^ /States/Größe/Seconds

            2 definitions: 6 errors, 0 warnings
        "#]],
    );
}

#[test]
fn findings_for_programs() {
    House::with(&[("good.json", PASS), ("bad.json", r#"{"StartAt":"A"}"#)]).check(
        &["validate", "good.json", "bad.json", "--output", "json"],
        expect![[r#"
            exit code 1
            --- stdout
            {
              "files": [
                {
                  "file": "good.json",
                  "findings": []
                },
                {
                  "file": "bad.json",
                  "findings": [
                    {
                      "severity": "error",
                      "code": "SCHEMA_VALIDATION_FAILED",
                      "pointer": "/",
                      "line": 1,
                      "column": 1,
                      "offset": 0,
                      "length": 1,
                      "message": "These fields are required: [States]",
                      "detail": null
                    }
                  ]
                }
              ],
              "errors": 1,
              "warnings": 0
            }
        "#]],
    );
}

#[test]
fn what_is_no_json_has_a_place_too() {
    House::with(&[
        ("a.json", "{\n  \"StartAt\": \"A\",\n  oops\n}"),
        ("empty.json", ""),
    ])
    .check(&["validate", "a.json", "empty.json"], expect![[r#"
        exit code 1
        --- stdout
        error[INVALID_JSON_DESCRIPTION]: Unexpected character ('o' (code 111)): was expecting double-quote to start field name
         --> a.json:3:3
          |
        3 |   oops
          |   ^

        error[SCHEMA_VALIDATION_FAILED]: Definition must be a valid JSON object
         --> empty.json:1:1
          |
        1 |
          | ^

        2 definitions: 2 errors, 0 warnings
    "#]]);
}

#[test]
fn express_machines_know_less() {
    let definition = r#"{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke.waitForTaskToken","Parameters":{"FunctionName":"f"},"End":true}}}"#;
    let house = House::with(&[("a.json", definition)]);
    house.check(
        &["validate", "a.json"],
        expect![[r#"
        exit code 0
        --- stdout
        1 definition: 0 errors, 0 warnings
    "#]],
    );
    house.check(&["validate", "--express", "a.json"], expect![[r#"
        exit code 1
        --- stdout
        error[SCHEMA_VALIDATION_FAILED]: Express state machine does not support '.waitForTaskToken' service integration
         --> a.json:1:56
          |
        1 | {"StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke.waitForTaskToken","Parameters":{"FunctionName"...
          |                                                        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ /States/A/Resource

        1 definition: 1 error, 0 warnings
    "#]]);
}

#[test]
fn a_definition_may_come_from_standard_input() {
    let house = House::with(&[]);
    let mut process = house
        .ratchet(&["validate", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    process
        .stdin
        .take()
        .unwrap()
        .write_all(PASS.as_bytes())
        .unwrap();
    let output = process.wait_with_output().unwrap();
    expect![[r#"
        exit code 0
        --- stdout
        1 definition: 0 errors, 0 warnings
    "#]]
    .assert_eq(&house.said(&output));
}

/// One line of a megabyte, with the mistake in its middle: only the mistake's surroundings are shown.
#[test]
fn a_long_line_is_cut() {
    let padding = "x".repeat(500_000);
    let definition = format!(
        r#"{{"Comment":"{padding}","StartAt":"Nope","States":{{"A":{{"Type":"Pass","End":true,"Comment":"{padding}"}}}}}}"#
    );
    let house = House::with(&[("long.json", &definition)]);
    let output = house.output(&["validate", "long.json"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.len() < 5_000, "{} bytes", output.stdout.len());
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.contains(r#""StartAt":"Nope""#) && said.contains("/StartAt"),
        "{said}"
    );
}
