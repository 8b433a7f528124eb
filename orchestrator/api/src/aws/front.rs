//! The way of a request of AWS's JSON protocols: target, body, operation, answer.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use axum::routing::post;
use futures_util::FutureExt;

use crate::aws::body;
use crate::aws::logs::{self, Logs};
use crate::aws::problem::Problem;
use crate::aws::states::{States, wire};
use crate::options::Options;
use crate::request_id::RequestIds;
use crate::services::Services;

const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const JSON_1_0: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.0");
const JSON_1_1: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.1");

/// The AWS protocols' routes: `POST /`, for whatever host the client thinks it talks to (`sync-` or not).
pub(crate) fn router(services: &Services, options: &Options) -> Router {
    let runtime = services.runtime.clone();
    let streams = services.batch.as_ref().map(|batch| batch.logs().clone());
    let front = Front {
        logs: Logs::new(streams, runtime.options().partition.clone()),
        states: States::new(runtime),
        body_bytes: options.body_bytes,
        request_ids: RequestIds::new(),
    };
    Router::new()
        .route("/", post(answer))
        .with_state(Arc::new(front))
}

struct Front {
    states: States,
    logs: Logs,
    body_bytes: usize,
    request_ids: RequestIds,
}

/// An operation of one of the services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    States(wire::Operation),
    Logs(logs::Operation),
}

impl Operation {
    /// The protocol's version, which differs between the services.
    fn content_type(self) -> HeaderValue {
        match self {
            Self::States(_) => JSON_1_0,
            Self::Logs(_) => JSON_1_1,
        }
    }
}

async fn answer(State(front): State<Arc<Front>>, request: Request) -> Response<Body> {
    let operation = operation(request.headers());
    let content_type = operation
        .as_ref()
        .map_or(JSON_1_0, |operation| operation.content_type());
    // A bug in an operation costs the request that met it, not its connection.
    let (status, body) = match AssertUnwindSafe(front.perform(operation, request))
        .catch_unwind()
        .await
    {
        Ok(Ok(body)) => (StatusCode::OK, body),
        Ok(Err(problem)) => refused(&problem),
        Err(_) => {
            tracing::error!("an operation panicked");
            refused(&Problem::internal("An internal error occurred"))
        }
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, content_type);
    headers.insert(REQUEST_ID, front.request_ids.next());
    response
}

fn refused(problem: &Problem) -> (StatusCode, Vec<u8>) {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::BAD_REQUEST);
    (status, problem.body())
}

impl Front {
    async fn perform(
        &self,
        operation: Result<Operation, Problem>,
        request: Request,
    ) -> Result<Vec<u8>, Problem> {
        let (parts, body) = request.into_parts();
        // Read in any case: a connection can't be used again with a body left in it.
        let body = body::read(&parts.headers, body, self.body_bytes).await?;
        match operation? {
            Operation::States(operation) => {
                self.states.call(operation, &body, &parts.headers).await
            }
            Operation::Logs(operation) => self.logs.call(operation, &body).await,
        }
    }
}

fn operation(headers: &HeaderMap) -> Result<Operation, Problem> {
    let Some(target) = headers.get(TARGET) else {
        return Err(Problem::unknown_operation(
            "The request has no X-Amz-Target header",
        ));
    };
    let target = target.to_str().unwrap_or_default();
    let operation = match target.split_once('.') {
        Some((wire::TARGET_PREFIX, name)) => wire::Operation::named(name).map(Operation::States),
        Some((logs::TARGET_PREFIX, name)) => logs::Operation::named(name).map(Operation::Logs),
        _ => None,
    };
    operation.ok_or_else(|| Problem::unknown_operation(format!("There is no operation {target:?}")))
}

#[cfg(test)]
mod tests;
