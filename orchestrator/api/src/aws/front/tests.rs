//! Targets that name an operation, and those that don't.

use axum::http::{HeaderMap, HeaderValue};
use expect_test::expect;

use super::operation;

#[test]
fn targets() {
    let targets = [
        "AWSStepFunctions.StartExecution",
        "AWSStepFunctions.startExecution",
        "AWSStepFunctions.Nonsense",
        "AWSStepFunctions",
        "Logs_20140328.GetLogEvents",
        "Logs_20140328.PutLogEvents",
        "DynamoDB_20120810.GetItem",
        "",
    ];
    let mut text = String::new();
    let mut note = |headers: &HeaderMap| match operation(headers) {
        Ok(operation) => text += &format!("{operation:?}\n"),
        Err(problem) => text += &format!("{} {}\n", problem.code, problem.message),
    };
    note(&HeaderMap::new());
    for target in targets {
        let mut headers = HeaderMap::new();
        headers.insert("x-amz-target", HeaderValue::from_static(target));
        note(&headers);
    }
    expect![[r#"
        UnknownOperationException The request has no X-Amz-Target header
        States(StartExecution)
        UnknownOperationException There is no operation "AWSStepFunctions.startExecution"
        UnknownOperationException There is no operation "AWSStepFunctions.Nonsense"
        UnknownOperationException There is no operation "AWSStepFunctions"
        Logs(GetLogEvents)
        UnknownOperationException There is no operation "Logs_20140328.PutLogEvents"
        UnknownOperationException There is no operation "DynamoDB_20120810.GetItem"
        UnknownOperationException There is no operation ""
    "#]]
    .assert_eq(&text);
}
