//! Findings as ValidateStateMachineDefinition shows them.

use asl::diagnostic::{Code, Diagnostic, Position, Severity};
use expect_test::{Expect, expect};

use super::verdict;
use crate::aws::json::encode;

fn finding(severity: Severity, pointer: &str) -> Diagnostic {
    Diagnostic {
        code: Code::SchemaValidationFailed,
        severity,
        pointer: pointer.to_owned(),
        position: Position::default(),
        message: "These fields are required: [States]".to_owned(),
        detail: None,
    }
}

fn check(found: &[Diagnostic], with_warnings: bool, limit: usize, expected: &Expect) {
    let body = encode(&verdict(found, with_warnings, limit));
    expected.assert_eq(&String::from_utf8(body).expect("JSON is UTF-8"));
}

#[test]
fn verdicts() {
    let error = finding(Severity::Error, "/");
    let placeless = finding(Severity::Error, "");
    let warning = finding(Severity::Warning, "/States/A");
    check(
        &[],
        false,
        100,
        &expect![[r#"{"result":"OK","diagnostics":[],"truncated":false}"#]],
    );
    check(
        std::slice::from_ref(&warning),
        false,
        100,
        &expect![[r#"{"result":"OK","diagnostics":[],"truncated":false}"#]],
    );
    check(
        std::slice::from_ref(&warning),
        true,
        100,
        &expect![[
            r#"{"result":"OK","diagnostics":[{"severity":"WARNING","code":"SCHEMA_VALIDATION_FAILED","message":"These fields are required: [States]","location":"/States/A"}],"truncated":false}"#
        ]],
    );
    check(
        &[warning, placeless, error],
        false,
        1,
        &expect![[
            r#"{"result":"FAIL","diagnostics":[{"severity":"ERROR","code":"SCHEMA_VALIDATION_FAILED","message":"These fields are required: [States]"}],"truncated":true}"#
        ]],
    );
}
