//! AWS's rest-json protocol: operations that are told apart by method and path. Services of it stand in a list, each with its paths.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Query, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, HeaderValue, Method, Response, StatusCode, Uri};
use axum::routing::any;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::aws::body::{self, Unread};
use crate::request_id::RequestIds;

const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A service of that protocol.
pub(crate) trait RestService: Send + Sync + 'static {
    /// All of its paths, in the router's notation: `/v1/{*operation}`. No two services share one.
    fn paths(&self) -> &'static [&'static str];

    /// Performs a call.
    fn call(&self, call: Call) -> BoxFuture<'_, Reply>;

    /// What it says of a call whose body could not be read.
    fn unread(&self, why: &Unread, request_id: &str) -> Reply;

    /// What it says when a call met a bug.
    fn failed(&self, request_id: &str) -> Reply;
}

/// A request that was read.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// Its method.
    pub(crate) method: Method,
    /// Its path and query, as they came.
    pub(crate) uri: Uri,
    /// Its body, empty where there is none.
    pub(crate) body: Bytes,
    /// Its id, for those services that put it into their messages.
    pub(crate) request_id: String,
}

impl Call {
    /// The parts of its path between the slashes, decoded: a slash that was sent as `%2F` is a part's own.
    pub(crate) fn segments(&self) -> Vec<String> {
        let path = self.uri.path();
        path.split('/').skip(1).map(percent_decoded).collect()
    }

    /// What follows in its path, decoded, slashes included: an ARN, which some clients encode and some send as it is.
    pub(crate) fn rest_after(&self, prefix: &str) -> Option<String> {
        let rest = self.uri.path().strip_prefix(prefix)?;
        Some(percent_decoded(rest))
    }

    /// Its query's parameters in their order; a name may come several times.
    pub(crate) fn query(&self) -> Vec<(String, String)> {
        match Query::<Vec<(String, String)>>::try_from_uri(&self.uri) {
            Ok(Query(pairs)) => pairs,
            Err(_) => Vec::new(),
        }
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    /// The HTTP status.
    pub(crate) status: StatusCode,
    /// The error's code, when it is one.
    pub(crate) error: Option<&'static str>,
    /// The body, JSON.
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// An answer with that body.
    pub(crate) fn done(body: Vec<u8>) -> Self {
        Self {
            status: StatusCode::OK,
            error: None,
            body,
        }
    }

    /// A refusal.
    pub(crate) fn refused(status: StatusCode, error: &'static str, body: Vec<u8>) -> Self {
        Self {
            status,
            error: Some(error),
            body,
        }
    }
}

/// The routes of these services.
pub(crate) fn router(services: &[Arc<dyn RestService>], body_bytes: usize) -> Router {
    let request_ids = Arc::new(RequestIds::new());
    let mut router = Router::new();
    for service in services {
        for path in service.paths() {
            let (service, request_ids) = (service.clone(), request_ids.clone());
            let answer = move |request: Request| async move {
                let request_id = request_ids.next();
                answer(&*service, request, request_id, body_bytes).await
            };
            router = router.route(path, any(answer));
        }
    }
    router
}

async fn answer(
    service: &dyn RestService,
    request: Request,
    request_id: HeaderValue,
    body_bytes: usize,
) -> Response<Body> {
    let id = request_id.to_str().unwrap_or_default();
    // A bug in an operation costs the request that met it, not its connection.
    let reply = AssertUnwindSafe(perform(service, request, id, body_bytes))
        .catch_unwind()
        .await
        .unwrap_or_else(|_| {
            tracing::error!("an operation panicked");
            service.failed(id)
        });
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = reply.status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, JSON);
    if let Some(error) = reply.error {
        headers.insert(ERROR_TYPE, HeaderValue::from_static(error));
    }
    headers.insert(REQUEST_ID, request_id);
    response
}

async fn perform(
    service: &dyn RestService,
    request: Request,
    request_id: &str,
    body_bytes: usize,
) -> Reply {
    let (parts, body) = request.into_parts();
    // Read in any case: a connection can't be used again with a body left in it.
    match body::read(&parts.headers, body, body_bytes).await {
        Ok(body) => {
            let call = Call {
                method: parts.method,
                uri: parts.uri,
                body,
                request_id: request_id.to_owned(),
            };
            service.call(call).await
        }
        Err(why) => service.unread(&why, request_id),
    }
}

/// A text whose `%XX` are the bytes that they stand for. What is no such notation, or leads to no UTF-8, stays as it is.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code = (first == b'%')
            .then(|| after.get(..2))
            .flatten()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match code {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod unit {
    use super::*;

    fn call(uri: &str) -> Call {
        Call {
            method: Method::GET,
            uri: uri.parse().expect("a URI"),
            body: Bytes::new(),
            request_id: String::new(),
        }
    }

    #[test]
    fn encoded_slashes_belong_to_their_segment() {
        let arn = "arn:aws:batch:us-east-1:000000000000:job-queue/a b";
        let sent = call(
            "/v1/tags/arn%3Aaws%3Abatch%3Aus-east-1%3A000000000000%3Ajob-queue%2Fa%20b?tagKeys=a%26&tagKeys=b",
        );
        assert_eq!(sent.segments(), ["v1", "tags", arn]);
        assert_eq!(sent.rest_after("/v1/tags/").as_deref(), Some(arn));
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(sent.query(), [pair("tagKeys", "a&"), pair("tagKeys", "b")]);
        let plain = call("/v1/tags/arn:aws:batch:us-east-1:000000000000:job-queue/a");
        assert_eq!(
            plain.rest_after("/v1/tags/").as_deref(),
            Some("arn:aws:batch:us-east-1:000000000000:job-queue/a")
        );
        assert_eq!(plain.query(), []);
    }

    #[test]
    fn what_is_no_code_stays() {
        for (text, decoded) in [
            ("a%2Fb", "a/b"),
            ("%C3%A4", "ä"),
            ("100%", "100%"),
            ("%zz%+1", "%zz%+1"),
            ("%ff", "%ff"),
        ] {
            assert_eq!(percent_decoded(text), decoded);
        }
    }
}
