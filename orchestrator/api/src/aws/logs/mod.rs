//! CloudWatch Logs, as far as those who look at the logs of jobs need it: one group, whose streams are what the attempts printed.
//!
//! Read [`events`] for one stream in pages, [`filter`] for all of them in the order of time, [`streams`] for what streams there are, and
//! [`pattern`] for how lines are chosen.

mod events;
mod filter;
mod pattern;
mod streams;

use batch_runtime::logs::LogStore;
use runtime::arn::Partition;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::aws::json;
use crate::aws::problem::Problem;

/// What stands before the operation's name in a target.
pub(crate) const TARGET_PREFIX: &str = "Logs_20140328";

/// The group that AWS Batch writes to.
const GROUP: &str = "/aws/batch/job";

/// The longest page of events, and as many as there are when nobody says otherwise.
const MOST_EVENTS: usize = 10_000;

/// The most text in a page, in bytes.
const PAGE_BYTES: usize = 1 << 20;

/// The operations that are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// One stream, in pages.
    GetLogEvents,
    /// All streams, in the order of time.
    FilterLogEvents,
    /// What streams there are.
    DescribeLogStreams,
    /// What groups there are: one.
    DescribeLogGroups,
}

impl Operation {
    /// The operation of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "GetLogEvents" => Some(Self::GetLogEvents),
            "FilterLogEvents" => Some(Self::FilterLogEvents),
            "DescribeLogStreams" => Some(Self::DescribeLogStreams),
            "DescribeLogGroups" => Some(Self::DescribeLogGroups),
            _ => None,
        }
    }
}

/// The service.
#[derive(Clone)]
pub(crate) struct Logs {
    store: Option<LogStore>,
    partition: Partition,
}

impl Logs {
    /// The service over these streams; without any it is there, and has no group.
    pub(crate) fn new(store: Option<LogStore>, partition: Partition) -> Self {
        Self { store, partition }
    }

    /// Performs an operation: a request's body in, an answer's body out.
    ///
    /// # Errors
    /// The error answer.
    pub(crate) async fn call(&self, operation: Operation, body: &[u8]) -> Result<Vec<u8>, Problem> {
        let (logs, body) = (self.clone(), body.to_vec());
        // The streams are files.
        let answer = tokio::task::spawn_blocking(move || logs.perform(operation, &body)).await;
        answer.unwrap_or_else(|error| {
            tracing::error!(%error, "an operation on logs failed");
            Err(Problem::internal("An internal error occurred"))
        })
    }

    fn perform(&self, operation: Operation, body: &[u8]) -> Result<Vec<u8>, Problem> {
        match operation {
            Operation::GetLogEvents => written(&events::get(self, read(body)?)?),
            Operation::FilterLogEvents => written(&filter::filter(self, read(body)?)?),
            Operation::DescribeLogStreams => written(&streams::describe(self, read(body)?)?),
            Operation::DescribeLogGroups => written(&streams::groups(self, read(body)?)?),
        }
    }

    /// The streams of a group.
    fn group(&self, group: &Group) -> Result<&LogStore, Problem> {
        let name = match (&group.log_group_name, &group.log_group_identifier) {
            (Some(name), None) => name.as_str(),
            (None, Some(identifier)) => match identifier.split_once(":log-group:") {
                Some((_, name)) => name.strip_suffix(":*").unwrap_or(name),
                None => identifier,
            },
            (Some(_), Some(_)) | (None, None) => {
                return Err(invalid(
                    "Exactly one of logGroupName and logGroupIdentifier must be given.",
                ));
            }
        };
        match &self.store {
            Some(store) if name == GROUP => Ok(store),
            Some(_) | None => Err(not_found("The specified log group does not exist.")),
        }
    }

    fn group_arn(&self) -> String {
        let Partition { region, account } = &self.partition;
        format!("arn:aws:logs:{region}:{account}:log-group:{GROUP}")
    }
}

/// Which group a request is about, by its name or its ARN.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Group {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let body: &[u8] = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body)
        .map_err(|error| Problem::serialization(format!("The request can't be read: {error}")))
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "each operation's answer is written where it may have been refused"
)]
fn written(answer: &impl Serialize) -> Result<Vec<u8>, Problem> {
    Ok(json::encode(answer))
}

fn invalid(message: impl Into<String>) -> Problem {
    Problem::new("InvalidParameterException", 400, message)
}

fn not_found(message: &str) -> Problem {
    Problem::new("ResourceNotFoundException", 400, message)
}

/// The streams' files can't be read.
fn unreadable(error: impl std::fmt::Display) -> Problem {
    tracing::error!(%error, "cannot read a job's log");
    Problem::unavailable(format!("cannot read the log: {error}"))
}

/// How many items a page has.
fn page_size(limit: Option<i64>, most: usize) -> Result<usize, Problem> {
    let Some(limit) = limit else {
        return Ok(most);
    };
    match usize::try_from(limit) {
        Ok(limit) if (1..=most).contains(&limit) => Ok(limit),
        Ok(_) | Err(_) => Err(invalid(format!(
            "1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: Member must have value \
             between 1 and {most}"
        ))),
    }
}
