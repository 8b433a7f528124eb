//! Calls functions at a Lambda endpoint: the Invoke API over HTTP, signed.

use std::sync::Arc;
use std::time::Duration;

use aws_client::credentials::Credentials;
use aws_client::signature::{Signature, Signer, Slash, Unsigned, encode_into};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use http::{Method, Request, Uri};
use http_body_util::Full;
use interpreter::failure::Failure;
use jiff::Timestamp;

use crate::connector::{Endpoint, Origin};
use crate::failures;
use crate::http_client::{Client, Outgoing};
use crate::invocation::{Invocation, InvocationType, LogType};
use crate::lambda_result::Reply;
use crate::settings::{Error, Settings};

/// Nobody waits longer than Lambda lets a function work (900 seconds), and a little for the way.
const LONGEST_CALL: Duration = Duration::from_secs(930);

const AMZ_DATE: HeaderName = HeaderName::from_static("x-amz-date");
const SECURITY_TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");
const CLIENT_CONTEXT: &str = "x-amz-client-context";
const INVOCATION_TYPE: &str = "x-amz-invocation-type";
const LOG_TYPE: &str = "x-amz-log-type";
const FUNCTION_ERROR: &str = "x-amz-function-error";

/// A Lambda endpoint.
pub(crate) struct LambdaEndpoint {
    client: Arc<Client>,
    signer: Signer,
    origin: Origin,
    host: String,
    host_header: HeaderValue,
    /// The path before Lambda's own, without a slash at its end.
    prefix: String,
}

impl LambdaEndpoint {
    /// The endpoint of the settings.
    ///
    /// # Errors
    /// When it is no URL that can be called.
    pub(crate) fn new(url: &str, settings: &Settings, client: Arc<Client>) -> Result<Self, Error> {
        let Endpoint {
            uri,
            origin,
            host,
            host_header,
        } = Endpoint::parse(url)?;
        let nobody = Credentials::nobody();
        let credentials = settings.credentials.as_ref().unwrap_or(&nobody);
        Ok(Self {
            client,
            signer: Signer::new(credentials, &settings.region, "lambda"),
            origin,
            host,
            host_header,
            prefix: uri.path().trim_end_matches('/').to_owned(),
        })
    }

    /// Calls a function.
    ///
    /// # Errors
    /// When the function fails, the endpoint refuses the call, or there is no answer.
    pub(crate) async fn invoke(
        &self,
        invocation: &Invocation,
        resource: &str,
    ) -> Result<Reply, Failure> {
        let request = Prepared::new(self, invocation);
        let send = self
            .client
            .send(&self.origin, || request.make(self, invocation));
        let Ok(sent) = tokio::time::timeout(LONGEST_CALL, send).await else {
            return Err(failures::failure(
                "Lambda.ClientExecutionTimeoutException",
                "Client execution did not complete before the specified timeout configuration",
            ));
        };
        let answer = sent.map_err(|error| failures::lambda_unreachable(resource, error))?;
        let text = |name: &str| {
            answer
                .headers
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        if !answer.status.is_success() {
            return Err(failures::service_error(
                answer.status.as_u16(),
                text("x-amzn-errortype"),
                &answer.body,
                text("x-amzn-requestid"),
            ));
        }
        if answer.headers.contains_key(FUNCTION_ERROR) {
            return Err(failures::function_error(&answer.body));
        }
        Ok(Reply {
            status: answer.status.as_u16(),
            headers: Reply::headers_of(&answer.headers),
            body: answer.body,
        })
    }
}

/// What a call's request needs; the request itself may have to be made twice.
struct Prepared {
    path: String,
    query: String,
    client_context: String,
}

impl Prepared {
    fn new(endpoint: &LambdaEndpoint, invocation: &Invocation) -> Self {
        let mut path = String::with_capacity(128);
        path.push_str(&endpoint.prefix);
        path.push_str("/2015-03-31/functions/");
        encode_into(&mut path, &invocation.function.text, Slash::Encode);
        path.push_str("/invocations");
        let mut query = String::new();
        if let Some(qualifier) = &invocation.qualifier {
            query.push_str("Qualifier=");
            encode_into(&mut query, qualifier, Slash::Encode);
        }
        let client_context = match &invocation.client_context {
            Some(given) => given.to_string(),
            None => STANDARD.encode(invocation.attempt.client_context()),
        };
        Self {
            path,
            query,
            client_context,
        }
    }

    fn make(&self, endpoint: &LambdaEndpoint, invocation: &Invocation) -> Outgoing {
        let mut special: [(&str, &str); 3] = [("", ""); 3];
        let mut count = 0;
        let mut add = |name, value| {
            special[count] = (name, value);
            count += 1;
        };
        add(CLIENT_CONTEXT, &*self.client_context);
        match invocation.kind {
            InvocationType::RequestResponse => {}
            InvocationType::Event => add(INVOCATION_TYPE, "Event"),
            InvocationType::DryRun => add(INVOCATION_TYPE, "DryRun"),
        }
        if invocation.log == LogType::Tail {
            add(LOG_TYPE, "Tail");
        }
        let special = &special[..count];
        let Signature {
            date,
            authorization,
        } = endpoint.signer.sign(
            &Unsigned {
                method: "POST",
                path: &self.path,
                query: &self.query,
                host: &endpoint.host,
                headers: special,
                body: &invocation.body,
            },
            Timestamp::now(),
        );
        let mut target = self.path.clone();
        if !self.query.is_empty() {
            target.push('?');
            target.push_str(&self.query);
        }
        let mut request = Request::new(Full::new(invocation.body.clone()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = Uri::try_from(target).expect("the path is percent-encoded");
        let headers = request.headers_mut();
        headers.insert(HOST, endpoint.host_header.clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in special {
            headers.insert(HeaderName::from_static(name), visible(value));
        }
        headers.insert(AMZ_DATE, visible(&date));
        headers.insert(AUTHORIZATION, visible(&authorization));
        if let Some(token) = endpoint.signer.session_token() {
            headers.insert(SECURITY_TOKEN, visible(token));
        }
        // Not signed, as by AWS's own clients: proxies change it.
        for (name, value) in invocation.attempt.trace_headers() {
            headers.insert(HeaderName::from_static(name), visible(value));
        }
        request
    }
}

fn visible(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}
