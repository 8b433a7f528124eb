//! Functions behind a URL: the payload is posted as JSON, the body of the answer is the result.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use http::{Method, Request, Uri};
use http_body_util::Full;
use interpreter::failure::Failure;

use crate::connector::Origin;
use crate::failures;
use crate::http_client::Client;
use crate::invocation::Invocation;

/// How much of an unexpected answer a cause shows, in bytes.
const SHOWN: usize = 4096;

/// A function behind a URL.
pub(crate) struct UrlFunction {
    name: String,
    url: String,
    uri: Uri,
    origin: Origin,
    host: HeaderValue,
    client: Arc<Client>,
}

impl UrlFunction {
    pub(crate) fn new(name: &str, url: &str, client: Arc<Client>) -> Result<Self, String> {
        let uri: Uri = url
            .parse()
            .map_err(|error: http::uri::InvalidUri| format!("its url is wrong: {error}"))?;
        let origin = Origin::of(&uri).map_err(|reason| format!("its url is wrong: {reason}"))?;
        let host = HeaderValue::from_str(&origin.host_header())
            .map_err(|error| format!("its url is wrong: {error}"))?;
        let target = uri.path_and_query().map_or("/", |path| path.as_str());
        Ok(Self {
            name: name.to_owned(),
            url: url.to_owned(),
            uri: Uri::try_from(target).map_err(|error| format!("its url is wrong: {error}"))?,
            origin,
            host,
            client,
        })
    }

    /// Posts the payload. The headers `X-Ratchet-Attempt-Id`, `X-Ratchet-Execution-Arn` and `X-Ratchet-Task-Token` say what for.
    ///
    /// # Errors
    /// When the answer is not of the 200s, says `X-Amz-Function-Error`, or does not come.
    pub(crate) async fn call(
        &self,
        invocation: &Invocation,
        resource: &str,
    ) -> Result<Bytes, Failure> {
        let answer = self
            .client
            .send(&self.origin, || self.request(invocation))
            .await
            .map_err(|error| failures::lambda_unreachable(resource, error))?;
        if answer.headers.contains_key("x-amz-function-error") {
            return Err(failures::function_error(&answer.body));
        }
        if answer.status.is_success() {
            return Ok(answer.body);
        }
        // The names are those that the usual retriers of Lambda tasks match.
        let error = match answer.status.as_u16() {
            429 => "Lambda.TooManyRequestsException",
            500.. => "Lambda.ServiceException",
            _ => "Lambda.AWSLambdaException",
        };
        let body = String::from_utf8_lossy(&answer.body);
        Err(failures::failure(
            error,
            format!(
                "The function '{}' at {} answered {}: {}",
                self.name,
                self.url,
                answer.status,
                failures::bounded(&body, SHOWN)
            ),
        ))
    }

    fn request(&self, invocation: &Invocation) -> Request<Full<Bytes>> {
        let attempt = &invocation.attempt;
        let mut request = Request::new(Full::new(invocation.body.clone()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.clone();
        let headers = request.headers_mut();
        headers.insert(HOST, self.host.clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in [
            ("x-ratchet-attempt-id", Some(&attempt.id)),
            ("x-ratchet-execution-arn", Some(&attempt.execution_arn)),
            ("x-ratchet-task-token", attempt.token.as_ref()),
        ] {
            if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        for (name, value) in attempt.trace_headers() {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        request
    }
}
