//! Keeps web pages of other origins from changing anything through the browser of somebody who can reach the server.

use axum::extract::Request;
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::rest::problem::Problem;
use crate::rest::problem_kinds::Kind;

/// Refuses a request that changes something and that a page of another origin made.
///
/// Browsers send `Origin` with every such request and let no page forge it; other clients do not send it.
pub(super) async fn check(request: Request, next: Next) -> Response {
    let only_reads = [Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method());
    if only_reads || is_own(request.headers()) {
        return next.run(request).await;
    }
    Problem::new(
        Kind::ForeignOrigin,
        "a page of another origin must not change anything here",
    )
    .into_response()
}

fn is_own(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(origin) = text(ORIGIN) else {
        return !headers.contains_key(ORIGIN);
    };
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    authority.is_some() && authority == text(HOST)
}

#[cfg(test)]
mod unit {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn only_the_own_origin_may_change() {
        for (origin, is_ours) in [
            (None, true),
            (Some("http://localhost:8083"), true),
            (Some("https://localhost:8083"), true),
            (Some("http://localhost:8084"), false),
            (Some("https://example.com"), false),
            (Some("null"), false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_static("localhost:8083"));
            if let Some(origin) = origin {
                headers.insert(ORIGIN, HeaderValue::from_static(origin));
            }
            assert_eq!(is_own(&headers), is_ours, "{origin:?}");
        }
    }
}
