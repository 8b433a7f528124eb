//! What comes in and goes out: paths, queries and JSON bodies, each refused as a problem when it can't be read.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use interpreter::payload::Payload;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::rest::problem::Problem;
use crate::rest::problem_kinds::Kind;

/// The one variable part of a path.
#[derive(Clone, Debug)]
pub(super) struct Part(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Part {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::<String>::from_request_parts(parts, state).await {
            Ok(Path(text)) => Ok(Self(text)),
            Err(rejection) => Err(Problem::new(Kind::NoSuchResource, rejection.body_text())),
        }
    }
}

/// The query's parameters.
#[derive(Clone, Debug)]
pub(super) struct Parameters<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Parameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(parameters)) => Ok(Self(parameters)),
            Err(rejection) => {
                let text = rejection.body_text();
                let detail = text.strip_prefix("Failed to deserialize query string: ");
                Err(Problem::new(Kind::InvalidQuery, detail.unwrap_or(&text)))
            }
        }
    }
}

/// A JSON body. No body at all stands for `{}`.
///
/// The content type is not looked at, so that `curl -d` works; pages of other origins are refused before.
#[derive(Clone, Debug)]
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let bytes = match Bytes::from_request(request, state).await {
            Ok(bytes) => bytes,
            Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                let detail = "the body is longer than the server's `body_bytes` allows";
                return Err(Problem::new(Kind::BodyTooLong, detail));
            }
            Err(rejection) => {
                return Err(Problem::new(Kind::InvalidBody, rejection.body_text()));
            }
        };
        let bytes: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        // Serde takes an array for a structure too, which would read an input that was sent bare as something else.
        if bytes.trim_ascii_start().starts_with(b"[") {
            let detail = "the body must be an object, not an array";
            return Err(Problem::new(Kind::InvalidBody, detail));
        }
        match serde_json::from_slice(bytes) {
            Ok(body) => Ok(Self(body)),
            Err(error) => Err(Problem::new(Kind::InvalidBody, error.to_string())),
        }
    }
}

/// Any JSON value, passed through as its text.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = serde_json::Value)]
pub(super) struct Any(Box<RawValue>);

impl Any {
    /// The JSON text.
    pub(super) fn text(&self) -> &str {
        self.0.get()
    }

    /// A value of a text that is JSON because it was parsed before.
    ///
    /// # Errors
    /// When it is none after all, which means that the store was damaged.
    pub(super) fn of_stored_text(text: &str) -> Result<Self, Problem> {
        RawValue::from_string(text.to_owned())
            .map(Self)
            .map_err(|error| {
                Problem::new(
                    Kind::Internal,
                    format!("a stored value is no JSON: {error}"),
                )
            })
    }

    /// A payload's value.
    ///
    /// # Errors
    /// See [`Any::of_stored_text`].
    pub(super) fn of(payload: &Payload) -> Result<Self, Problem> {
        Self::of_stored_text(payload.text())
    }
}

/// Reads a member that may be absent, but is a value like any other when it is `null`.
///
/// # Errors
/// When it is no JSON.
pub(super) fn even_null<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Any>, D::Error> {
    Any::deserialize(deserializer).map(Some)
}

/// An instant: milliseconds since 1970 here, RFC 3339 in UTC there.
///
/// # Panics
/// Never: an instant out of jiff's range, which no clock shows, becomes 1970.
pub(super) fn instant(milliseconds: i64) -> String {
    let instant = jiff::Timestamp::from_millisecond(milliseconds).unwrap_or_default();
    format!("{instant:.3}")
}

/// A page of a list, and the cursor that leads to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Page {
    /// Where it begins.
    pub(super) cursor: Option<u64>,
    /// How many items it has at most.
    pub(super) limit: usize,
}

/// How many items a page has when nobody says otherwise, and at most.
const PAGE: (usize, usize) = (100, 1000);

impl Page {
    /// Reads a page's parameters.
    ///
    /// # Errors
    /// When the cursor is none that this server gave, or the limit is out of range.
    pub(super) fn new(cursor: Option<&str>, limit: Option<usize>) -> Result<Self, Problem> {
        let (default, most) = PAGE;
        let limit = limit.unwrap_or(default);
        if !(1..=most).contains(&limit) {
            let detail = format!("limit: {limit} is not between 1 and {most}");
            return Err(Problem::new(Kind::InvalidQuery, detail));
        }
        let cursor = match cursor {
            None => None,
            Some(text) => Some(text.parse().map_err(|_| {
                Problem::new(
                    Kind::InvalidQuery,
                    format!("cursor: `{text}` is none of a page's `next`"),
                )
            })?),
        };
        Ok(Self { cursor, limit })
    }

    /// The cursor after the last item, when there may be more.
    pub(super) fn next(self, found: usize, last: Option<u64>) -> Option<String> {
        last.filter(|_| found == self.limit)
            .map(|number| number.to_string())
    }
}

/// An answer with a body.
pub(super) type Answer<T> = Result<Json<T>, Problem>;

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn instants_are_rfc_3339() {
        assert_eq!(instant(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(instant(1_795_381_200_007), "2026-11-22T21:00:00.007Z");
        assert_eq!(instant(i64::MAX), "1970-01-01T00:00:00.000Z");
    }
}
