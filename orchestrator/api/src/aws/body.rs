//! Reads a request's body, whichever protocol it speaks, within bounds of length and time.

use std::fmt;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;
use http_body_util::BodyExt;

/// How long a body may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(60);

/// How long a body that is too long is read on.
const FORGETTING: Duration = Duration::from_secs(2);

/// How many times the limit is read, and forgotten, of a body that is too long.
const FORGOTTEN: usize = 16;

/// Why there is no body to work on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    /// It is longer than this many bytes.
    TooLarge(usize),
    /// It did not arrive in time.
    TooSlow,
    /// The connection broke, or the body is no HTTP.
    Broken(String),
}

impl fmt::Display for Unread {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge(limit) => {
                write!(
                    formatter,
                    "Request size exceeded the limit of {limit} bytes"
                )
            }
            Self::TooSlow => formatter.write_str("The request's body did not arrive in time"),
            Self::Broken(why) => write!(formatter, "The request's body can't be read: {why}"),
        }
    }
}

/// The whole body, of `limit` bytes at most. Of one that is too long the rest is read and forgotten, so that the client gets to see
/// the answer: a socket that is closed with bytes unread takes the answer with it.
///
/// # Errors
/// Why it can't be had.
pub(crate) async fn read(
    headers: &HeaderMap,
    mut body: Body,
    limit: usize,
) -> Result<Bytes, Unread> {
    let length = headers.get(CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
    let most = limit.saturating_mul(FORGOTTEN);
    if length.is_some_and(|length: usize| length > most) {
        return Err(Unread::TooLarge(limit));
    }
    let mut whole = Whole::default();
    let arrival = whole.fill(&mut body, limit);
    match tokio::time::timeout(ARRIVAL, arrival).await {
        Ok(arrived) => arrived.map_err(|error| Unread::Broken(error.to_string()))?,
        Err(_) => return Err(Unread::TooSlow),
    }
    if whole.length > limit {
        // Whether the rest ends, breaks or takes too long: it is not needed.
        let forgetting = whole.forget(&mut body, most);
        let _ = tokio::time::timeout(FORGETTING, forgetting).await;
        return Err(Unread::TooLarge(limit));
    }
    Ok(whole.into_bytes())
}

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
