//! How `batch:…` fails: names and causes as AWS has them.

use batch::Error;
use batch::view::JobDetail;
use interpreter::failure::{Failure, names};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::batch::members;
use crate::failures::failure;

/// The longest cause, in bytes; see `failures`.
const CAUSE_BYTES: usize = 32_768;

/// Which of AWS's two integrations speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// `batch:…`
    Optimised,
    /// `aws-sdk:batch:…`
    Sdk,
}

/// An answer of Batch that is an error.
pub(super) fn refused(dialect: Dialect, error: &Error) -> Failure {
    let id = Uuid::new_v4();
    let (code, status, text) = match error {
        Error::Client(text) => ("ClientException", 400, text),
        Error::Unavailable(text) => ("ServerException", 500, text),
    };
    let said = format!("Error executing request, Exception : {text}, RequestId: {id}");
    let cause = match dialect {
        Dialect::Optimised => format!(
            "{said} (Service: AWSBatch; Status Code: {status}; Error Code: {code}; Request ID: {id}; Proxy: null)"
        ),
        Dialect::Sdk => format!(
            "{said} (Service: Batch, Status Code: {status}, Request ID: {id}) (SDK Attempt Count: 1)"
        ),
    };
    failure(&format!("Batch.{code}"), cause)
}

/// A job failed: the cause is what DescribeJobs says of it. What makes it longer than a cause may be is left out, so that it can be read as
/// JSON whatever the job is.
pub(super) fn job_failed(job: &JobDetail) -> Failure {
    let mut described = members::upper(&json!(job));
    let mut text = described.to_string();
    for path in [
        &["Container", "Environment"][..],
        &["NodeProperties"],
        &["EcsProperties"],
        &["Container", "Command"],
        &["Parameters"],
        &["Tags"],
        &["Container"],
    ] {
        if text.len() <= CAUSE_BYTES {
            break;
        }
        remove(&mut described, path);
        text = described.to_string();
    }
    failure(names::TASK_FAILED, text)
}

fn remove(value: &mut Value, path: &[&str]) {
    let Value::Object(members) = value else {
        return;
    };
    match path {
        [] => {}
        [last] => {
            members.remove(*last);
        }
        [first, rest @ ..] => {
            if let Some(inner) = members.get_mut(*first) {
                remove(inner, rest);
            }
        }
    }
}
