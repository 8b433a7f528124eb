//! Posts spans to an OpenTelemetry collector: OTLP over HTTP, in protobuf.
//!
//! The rules: <https://opentelemetry.io/docs/specs/otlp/#otlphttp>.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, Method, Request, Uri};
use http_body_util::Full;

use crate::connector::{self, Endpoint, Origin};
use crate::http_client::{Client, Outgoing};
use crate::settings::{Error, Settings};

/// How long one call may take.
const LONGEST_CALL: Duration = Duration::from_secs(10);

/// The longest answer that is read.
const ANSWER_BYTES: usize = 64 * 1024;

/// How much of an answer an error shows, in bytes.
const SHOWN: usize = 512;

/// A collector.
pub struct OtlpEndpoint {
    client: Client,
    origin: Origin,
    target: Uri,
    headers: HeaderMap,
}

/// Why a request was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PostError {
    /// It may work later, perhaps not before so long.
    #[error("{0}")]
    Later(String, Option<Duration>),
    /// It was refused.
    #[error("{0}")]
    Refused(String),
}

impl OtlpEndpoint {
    /// The collector at that URL, which is posted to as it stands. `headers` are as OpenTelemetry's variable has them:
    /// `name=value,name=value`, the values percent-encoded.
    ///
    /// # Errors
    /// When it is no URL that can be called, or the headers can't be read.
    pub fn new(url: &str, headers: Option<&str>, settings: &Settings) -> Result<Self, Error> {
        let wrong = |reason: String| Error::Endpoint {
            url: url.to_owned(),
            reason,
        };
        let endpoint = Endpoint::parse(url)?;
        let target = endpoint
            .uri
            .path_and_query()
            .map_or("/", |path| path.as_str());
        let target = target
            .parse()
            .map_err(|error: http::uri::InvalidUri| wrong(error.to_string()))?;
        let mut made = read_headers(headers.unwrap_or_default()).map_err(wrong)?;
        made.insert(HOST, endpoint.host_header);
        let content = HeaderValue::from_static("application/x-protobuf");
        made.insert(CONTENT_TYPE, content);
        made.entry(USER_AGENT)
            .or_insert(HeaderValue::from_static("ratchet"));
        let connector = connector::to_anywhere(&settings.http)?;
        Ok(Self {
            client: Client::new(connector, 1, ANSWER_BYTES),
            origin: endpoint.origin,
            target,
            headers: made,
        })
    }

    /// Posts a request.
    ///
    /// # Errors
    /// Why it was not taken.
    pub async fn post(&self, body: Vec<u8>) -> Result<(), PostError> {
        let body = Bytes::from(body);
        let send = self.client.send(&self.origin, || self.request(&body));
        let Ok(sent) = tokio::time::timeout(LONGEST_CALL, send).await else {
            let why = format!("no answer within {} s", LONGEST_CALL.as_secs());
            return Err(PostError::Later(why, None));
        };
        let answer = sent.map_err(|error| PostError::Later(format!("{error:?}"), None))?;
        if answer.status.is_success() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&answer.body);
        let shown: String = text.chars().take(SHOWN).collect();
        let why = format!("{}: {shown}", answer.status);
        if !matches!(answer.status.as_u16(), 429 | 502 | 503 | 504) {
            return Err(PostError::Refused(why));
        }
        let seconds = answer.headers.get(RETRY_AFTER);
        let seconds = seconds.and_then(|value| value.to_str().ok()?.parse().ok());
        Err(PostError::Later(why, seconds.map(Duration::from_secs)))
    }

    fn request(&self, body: &Bytes) -> Outgoing {
        let mut request = Request::new(Full::new(body.clone()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.target.clone();
        *request.headers_mut() = self.headers.clone();
        request
    }
}

fn read_headers(text: &str) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for pair in text
        .split(',')
        .map(str::trim)
        .filter(|pair| !pair.is_empty())
    {
        let (name, value) = pair
            .split_once('=')
            .ok_or("its headers are wrong; write name=value,name=value")?;
        let value = decoded(value.trim());
        let name = name.trim();
        let header = name.parse::<HeaderName>().ok();
        let (Some(header), Ok(value)) = (header, HeaderValue::from_bytes(&value)) else {
            return Err(format!("its header `{name}` can't be sent"));
        };
        headers.insert(header, value);
    }
    Ok(headers)
}

/// What percent-encoding stands for; a percent sign without two digits stands for itself.
fn decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, more)) = rest.split_first() {
        let digits = more
            .get(..2)
            .filter(|digits| first == b'%' && digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match digits {
            Some(byte) => {
                bytes.push(byte);
                rest = &more[2..];
            }
            None => {
                bytes.push(first);
                rest = more;
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_pairs() {
        let check = |text: &str, expected: Result<&str, &str>| {
            let read = read_headers(text).map(|headers| {
                let pairs = headers.iter().map(|(name, value)| {
                    format!("{name}={}", String::from_utf8_lossy(value.as_bytes()))
                });
                pairs.collect::<Vec<_>>().join("|")
            });
            assert_eq!(read.as_deref().map_err(String::as_str), expected, "{text}");
        };
        check("", Ok(""));
        check("api-key=a%20b, X-Two = 100%,", Ok("api-key=a b|x-two=100%"));
        check(
            "key",
            Err("its headers are wrong; write name=value,name=value"),
        );
        check("a b=c", Err("its header `a b` can't be sent"));
        check("a=%0a", Err("its header `a` can't be sent"));
    }
}
