//! EventBridge Scheduler: schedules and their groups.
//!
//! Read here which request is which operation, then [`schedules`], [`groups`] and [`tags`]; [`refusals`] has the words of a refusal.

mod groups;
mod refusals;
mod schedules;
mod tags;

use axum::http::{Method, StatusCode};
use futures_util::future::BoxFuture;
use schedule_runtime::schedules::Schedules;
use serde::Serialize;

use crate::aws::body::Unread;
use crate::aws::rest_json::{Call, Reply, RestService};
use refusals::Refusal;

/// The service.
pub(crate) struct SchedulerService {
    schedules: Option<Schedules>,
}

impl SchedulerService {
    /// Over these schedules; without any it refuses everything.
    pub(crate) fn new(schedules: Option<Schedules>) -> Self {
        Self { schedules }
    }

    async fn perform(&self, call: &Call) -> Result<Vec<u8>, Refusal> {
        let Some(schedules) = &self.schedules else {
            return Err(Refusal::internal(
                "Schedules are turned off on this server.",
            ));
        };
        if let Some(arn) = call.rest_after("/tags/") {
            return tags::perform(schedules, call, &arn).await;
        }
        let segments = call.segments();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match (&call.method, segments.as_slice()) {
            (&Method::GET, ["schedules"]) => schedules::list(schedules, call).await,
            (&Method::POST, ["schedules", name]) => schedules::create(schedules, call, name).await,
            (&Method::GET, ["schedules", name]) => schedules::get(schedules, call, name).await,
            (&Method::PUT, ["schedules", name]) => schedules::update(schedules, call, name).await,
            (&Method::DELETE, ["schedules", name]) => {
                schedules::delete(schedules, call, name).await
            }
            (&Method::GET, ["schedule-groups"]) => groups::list(schedules, call).await,
            (&Method::POST, ["schedule-groups", name]) => {
                groups::create(schedules, call, name).await
            }
            (&Method::GET, ["schedule-groups", name]) => groups::get(schedules, name).await,
            (&Method::DELETE, ["schedule-groups", name]) => {
                groups::delete(schedules, call, name).await
            }
            (method, _) => Err(Refusal::unknown_operation(method, call.uri.path())),
        }
    }
}

impl RestService for SchedulerService {
    fn paths(&self) -> &'static [&'static str] {
        &[
            "/schedules",
            "/schedules/{name}",
            "/schedule-groups",
            "/schedule-groups/{name}",
            "/tags/{*arn}",
        ]
    }

    fn call(&self, call: Call) -> BoxFuture<'_, Reply> {
        Box::pin(async move {
            match self.perform(&call).await {
                Ok(body) => Reply::done(body),
                Err(refusal) => refusal.reply(),
            }
        })
    }

    fn unread(&self, why: &Unread, _: &str) -> Reply {
        let status = match why {
            Unread::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Unread::TooSlow | Unread::Broken(_) => StatusCode::BAD_REQUEST,
        };
        Refusal::of_request(status, why.to_string()).reply()
    }

    fn failed(&self, _: &str) -> Reply {
        Refusal::internal("An internal error occurred.").reply()
    }
}

/// An answer's JSON.
fn encoded(answer: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(answer).expect("an answer has string keys only")
}

/// A query's parameter.
fn parameter(call: &Call, name: &str) -> Option<String> {
    let pairs = call.query();
    pairs
        .into_iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value)
}

/// An instant on the wire: seconds since 1970, with milliseconds as a fraction.
fn seconds(milliseconds: i64) -> f64 {
    milliseconds as f64 / 1000.0
}
