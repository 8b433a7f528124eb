//! Container jobs: `/api/v1/jobs`, `/api/v1/job-definitions`, `/api/v1/job-queues`, `/api/v1/compute-environments`.
//!
//! What is sent and shown are the documents of AWS Batch, as boto3 and workflows have them: members in camelCase, times in milliseconds since
//! 1970. Paths, pages and problems are this API's own.
//!
//! Read [`jobs`] first, then [`logs`] and [`follow`] for what attempts print, [`definitions`], [`queues`] and [`environments`].

pub(super) mod definitions;
mod documents;
pub(super) mod environments;
mod follow;
pub(super) mod jobs;
pub(super) mod logs;
pub(super) mod queues;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use batch_runtime::Batch;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::rest::problem::Problem;
use crate::rest::problem_kinds::Kind;
use crate::services::Services;

/// The engine of jobs; a problem where it is turned off.
#[derive(Clone)]
pub(super) struct Engine(pub(super) Batch);

impl<S: Send + Sync> FromRequestParts<S> for Engine
where
    Services: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(_: &mut Parts, state: &S) -> Result<Self, Problem> {
        let batch = Services::from_ref(state).batch;
        batch.map(Self).ok_or_else(|| {
            Problem::new(
                Kind::BatchTurnedOff,
                "`batch.enabled` is false in the server's configuration",
            )
        })
    }
}

/// How a page of a list is asked for: Batch's own tokens are the cursors.
#[derive(Clone, Debug)]
struct Asked {
    max_results: Option<i32>,
    next_token: Option<String>,
}

impl Asked {
    /// Reads a page's parameters.
    ///
    /// # Errors
    /// When the limit is out of range; what is wrong with a cursor, Batch says.
    fn new(cursor: Option<String>, limit: Option<u32>, most: u32) -> Result<Self, Problem> {
        let limit = limit.unwrap_or(100);
        if !(1..=1000).contains(&limit) {
            let detail = format!("limit: {limit} is not between 1 and 1000");
            return Err(Problem::new(Kind::InvalidQuery, detail));
        }
        Ok(Self {
            max_results: i32::try_from(limit.min(most)).ok(),
            next_token: cursor,
        })
    }
}

/// Reads one of Batch's requests from its members; those that are `null` count as absent.
///
/// # Errors
/// When a member is missing or has the wrong type.
fn request<T: DeserializeOwned>(mut members: Map<String, Value>) -> Result<T, Problem> {
    members.retain(|_, value| !value.is_null());
    serde_json::from_value(Value::Object(members))
        .map_err(|error| Problem::new(Kind::InvalidBody, error.to_string()))
}

/// The same with a member that the path has.
fn request_about<T: DeserializeOwned>(
    mut members: Map<String, Value>,
    member: &str,
    name: String,
) -> Result<T, Problem> {
    members.insert(member.to_owned(), Value::String(name));
    request(members)
}
