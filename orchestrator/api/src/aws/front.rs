//! The way of an AWS request: target, body, operation, answer.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use axum::routing::post;
use futures_util::FutureExt;
use http_body_util::BodyExt;
use runtime::runtime::Runtime;

use crate::aws::problem::Problem;
use crate::aws::states::States;
use crate::aws::states::wire::{Operation, TARGET_PREFIX};
use crate::options::Options;
use crate::request_id::RequestIds;

const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const JSON_1_0: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.0");

/// The AWS protocols' routes: `POST /`, for whatever host the client thinks it talks to (`sync-` or not).
pub(crate) fn router(runtime: Runtime, options: &Options) -> Router {
    let front = Front {
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
    body_bytes: usize,
    request_ids: RequestIds,
}

async fn answer(State(front): State<Arc<Front>>, request: Request) -> Response<Body> {
    // A bug in an operation costs the request that met it, not its connection.
    let (status, body) = match AssertUnwindSafe(front.perform(request))
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
    headers.insert(CONTENT_TYPE, JSON_1_0);
    headers.insert(REQUEST_ID, front.request_ids.next());
    response
}

fn refused(problem: &Problem) -> (StatusCode, Vec<u8>) {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::BAD_REQUEST);
    (status, problem.body())
}

impl Front {
    async fn perform(&self, request: Request) -> Result<Vec<u8>, Problem> {
        let (parts, body) = request.into_parts();
        // Read in any case: a connection can't be used again with a body left in it.
        let body = self.read(&parts.headers, body).await?;
        let operation = operation(&parts.headers)?;
        self.states.call(operation, &body).await
    }

    /// The whole body. Of one that is too long the rest is read and forgotten, so that the client gets to see the answer: a
    /// socket that is closed with bytes unread takes the answer with it.
    async fn read(&self, headers: &HeaderMap, mut body: Body) -> Result<Bytes, Problem> {
        let length = headers.get(CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
        let most = self.body_bytes.saturating_mul(FORGOTTEN);
        if length.is_some_and(|length: usize| length > most) {
            return Err(Problem::too_large(self.body_bytes));
        }
        let mut whole = Whole::default();
        let arrival = whole.fill(&mut body, self.body_bytes);
        match tokio::time::timeout(ARRIVAL, arrival).await {
            Ok(arrived) => arrived.map_err(|error| {
                Problem::serialization(format!("The request's body can't be read: {error}"))
            })?,
            Err(_) => return Err(Problem::too_slow()),
        }
        if whole.length > self.body_bytes {
            // Whether the rest ends, breaks or takes too long: it is not needed.
            let forgetting = whole.forget(&mut body, most);
            let _ = tokio::time::timeout(FORGETTING, forgetting).await;
            return Err(Problem::too_large(self.body_bytes));
        }
        Ok(whole.into_bytes())
    }
}

/// How long a body may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(60);

/// How long a body that is too long is read on.
const FORGETTING: Duration = Duration::from_secs(2);

/// How many times the limit is read, and forgotten, of a body that is too long.
const FORGOTTEN: usize = 16;

/// A body that is being read; most have one part only, which is then not copied.
#[derive(Default)]
struct Whole {
    length: usize,
    first: Bytes,
    all: Vec<u8>,
}

impl Whole {
    /// Reads to the end, or until there is more than the limit.
    async fn fill(&mut self, body: &mut Body, limit: usize) -> Result<(), axum::Error> {
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame?.into_data() else {
                continue;
            };
            self.length += data.len();
            if self.length > limit {
                return Ok(());
            }
            if self.first.is_empty() && self.all.is_empty() {
                self.first = data;
            } else {
                self.all.extend_from_slice(&std::mem::take(&mut self.first));
                self.all.extend_from_slice(&data);
            }
        }
        Ok(())
    }

    /// Reads what is left without keeping it.
    async fn forget(&mut self, body: &mut Body, most: usize) {
        while self.length <= most
            && let Some(Ok(frame)) = body.frame().await
        {
            self.length += frame.data_ref().map_or(0, Bytes::len);
        }
    }

    fn into_bytes(self) -> Bytes {
        if self.all.is_empty() {
            return self.first;
        }
        self.all.into()
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
        Some((TARGET_PREFIX, name)) => Operation::named(name),
        _ => None,
    };
    operation.ok_or_else(|| Problem::unknown_operation(format!("There is no operation {target:?}")))
}

#[cfg(test)]
mod tests;
