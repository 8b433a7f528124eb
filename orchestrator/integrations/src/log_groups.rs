//! Writes records into log groups of CloudWatch Logs, or of whatever speaks its API: PutLogEvents, signed.

use std::sync::Arc;
use std::time::Duration;

use aws_client::credentials::Credentials;
use aws_client::signature::{Signature, Signer, Unsigned};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use http::{Method, Request, Uri};
use http_body_util::Full;
use jiff::Timestamp;
use serde_json::json;

use crate::connector::{self, Endpoint, Origin};
use crate::http_client::{Client, ExchangeError, Outgoing};
use crate::settings::{Error, Settings};

/// How long one call may take.
const LONGEST_CALL: Duration = Duration::from_secs(10);

/// The longest answer that is read.
const ANSWER_BYTES: usize = 64 * 1024;

const CONTENT: &str = "application/x-amz-json-1.1";
const AMZ_DATE: HeaderName = HeaderName::from_static("x-amz-date");
const AMZ_TARGET: &str = "x-amz-target";
const SECURITY_TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");

/// An endpoint of CloudWatch Logs.
pub struct LogGroups {
    client: Client,
    signer: Signer,
    origin: Origin,
    host: String,
    host_header: HeaderValue,
    path: String,
}

/// Why records were not written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PutError {
    /// There is no such log stream yet, or no such group.
    #[error("there is no such log group or stream")]
    NotFound,
    /// It may work later.
    #[error("{0}")]
    Later(String),
    /// It was refused.
    #[error("{0}")]
    Refused(String),
}

impl LogGroups {
    /// The endpoint with that URL.
    ///
    /// # Errors
    /// When it is no URL that can be called.
    pub fn new(url: &str, settings: &Settings) -> Result<Self, Error> {
        let Endpoint {
            uri,
            origin,
            host,
            host_header,
        } = Endpoint::parse(url)?;
        let nobody = Credentials::nobody();
        let credentials = settings.credentials.as_ref().unwrap_or(&nobody);
        let connector = connector::to_anywhere(&settings.http)?;
        Ok(Self {
            client: Client::new(connector, 1, ANSWER_BYTES),
            signer: Signer::new(credentials, &settings.region, "logs"),
            origin,
            host,
            host_header,
            path: match uri.path() {
                "" => "/".to_owned(),
                path => path.to_owned(),
            },
        })
    }

    /// Makes a log stream; one that is there is no mistake.
    ///
    /// # Errors
    /// Why not.
    pub async fn create_stream(&self, group: &str, stream: &str) -> Result<(), PutError> {
        let body = json!({ "logGroupName": group, "logStreamName": stream });
        match self.call("CreateLogStream", &body).await {
            Err(PutError::Refused(why)) if why.contains("ResourceAlreadyExists") => Ok(()),
            answer => answer,
        }
    }

    /// Writes records, each with its time in milliseconds since 1970, in the order of their times.
    ///
    /// # Errors
    /// Why not.
    pub async fn put(
        &self,
        group: &str,
        stream: &str,
        records: &[(i64, String)],
    ) -> Result<(), PutError> {
        let events = records
            .iter()
            .map(|(timestamp, message)| json!({ "timestamp": timestamp, "message": message }));
        let body = json!({
            "logGroupName": group,
            "logStreamName": stream,
            "logEvents": events.collect::<Vec<_>>(),
        });
        self.call("PutLogEvents", &body).await
    }

    async fn call(&self, operation: &str, body: &serde_json::Value) -> Result<(), PutError> {
        let target = format!("Logs_20140328.{operation}");
        let body = Bytes::from(body.to_string());
        let send = self
            .client
            .send(&self.origin, || self.request(&target, &body));
        let Ok(sent) = tokio::time::timeout(LONGEST_CALL, send).await else {
            return Err(PutError::Later(format!(
                "no answer within {} s",
                LONGEST_CALL.as_secs()
            )));
        };
        let answer = sent.map_err(|error| match error {
            ExchangeError::Forbidden(why)
            | ExchangeError::Connect(why)
            | ExchangeError::Broken(why) => PutError::Later(why),
            ExchangeError::TooLong => PutError::Later("the answer is too long".to_owned()),
        })?;
        if answer.status.is_success() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        if text.contains("ResourceNotFound") {
            return Err(PutError::NotFound);
        }
        let why = format!("{}: {text}", answer.status);
        if answer.status.is_server_error() || text.contains("Throttling") {
            return Err(PutError::Later(why));
        }
        Err(PutError::Refused(why))
    }

    fn request(&self, target: &str, body: &Bytes) -> Outgoing {
        let Signature {
            date,
            authorization,
        } = self.signer.sign(
            &Unsigned {
                method: "POST",
                path: &self.path,
                query: "",
                host: &self.host,
                headers: &[(AMZ_TARGET, target)],
                body,
            },
            Timestamp::now(),
        );
        let mut request = Request::new(Full::new(body.clone()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = Uri::try_from(self.path.clone()).expect("it was a URL's path");
        let headers = request.headers_mut();
        headers.insert(HOST, self.host_header.clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(CONTENT));
        headers.insert(HeaderName::from_static(AMZ_TARGET), visible(target));
        headers.insert(AMZ_DATE, visible(&date));
        headers.insert(AUTHORIZATION, visible(&authorization));
        if let Some(token) = self.signer.session_token() {
            headers.insert(SECURITY_TOKEN, visible(token));
        }
        request
    }
}

/// The name of the group in a log group's ARN: `arn:aws:logs:us-east-1:000000000000:log-group:NAME:*`.
#[must_use]
pub fn group_name(arn: &str) -> Option<Arc<str>> {
    let rest = arn.splitn(7, ':').nth(6)?;
    let name = rest.strip_suffix(":*").unwrap_or(rest);
    (!name.is_empty() && arn.split(':').nth(5) == Some("log-group")).then(|| name.into())
}

fn visible(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::group_name;

    #[test]
    fn a_groups_name_is_in_its_arn() {
        let check = |arn: &str, name: Option<&str>| {
            assert_eq!(group_name(arn).as_deref(), name, "{arn}");
        };
        check(
            "arn:aws:logs:us-east-1:000000000000:log-group:/aws/states/m:*",
            Some("/aws/states/m"),
        );
        check("arn:aws:logs:us-east-1:000000000000:log-group:g", Some("g"));
        check("arn:aws:logs:us-east-1:000000000000:log-group::*", None);
        check("arn:aws:s3:::bucket", None);
        check("g", None);
    }
}
