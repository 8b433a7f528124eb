//! `apigateway:invoke`: a request to an API, as it is.

use std::time::Duration;

use aws_client::error::Error;
use aws_client::request::Prepared;
use aws_client::response::Received;
use interpreter::failure::Failure;
use runtime::tasks::TaskCall;
use serde_json::{Map, Value, json};

use crate::failures::{self, failure};
use crate::lambda_result::Reply;

use super::AwsServices;
use super::optimised::{Optimised, Performed};
use super::service_failures::{Dialect, failed};

/// API Gateway gives an API's backend 29 seconds, or what the operator asked for.
const LONGEST: Duration = Duration::from_secs(330);

const METHODS: [&str; 7] = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"];

/// Headers that a state can't set.
const RESERVED: [&str; 7] = [
    "authorization",
    "connection",
    "content-md5",
    "date",
    "host",
    "transfer-encoding",
    "te",
];

/// Sends the request.
pub(super) async fn invoke(
    services: &AwsServices,
    optimised: &Optimised,
    given: &Value,
    call: &TaskCall,
) -> Result<Performed, Failure> {
    let request = Request::read(given)
        .map_err(|problems| failures::parameters(call.input.text(), &problems))?;
    let signed_for = request.is_signed.then_some("execute-api");
    let sent = services
        .0
        .foreign
        .send(&request.prepared, &request.url, signed_for, LONGEST)
        .await;
    match sent {
        Ok(received) => answered(&received),
        // It is named by what happened, not by the client.
        Err(Error::Unreachable { why, .. }) => Err(failure(
            "ApiGateway.SdkClientException",
            format!("Unable to execute HTTP request: {why:?}"),
        )),
        Err(error) => Err(failed(Dialect::Optimised(optimised), call, error)),
    }
}

struct Request {
    url: String,
    prepared: Prepared,
    is_signed: bool,
}

impl Request {
    fn read(given: &Value) -> Result<Self, Vec<String>> {
        let mut problems = Vec::new();
        let nothing = Map::new();
        let members = given.as_object().unwrap_or(&nothing);
        let text = |name: &str| {
            members
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        for name in ["ApiEndpoint", "Method"] {
            if text(name).is_empty() {
                problems.push(format!("The field \"{name}\" is required but was missing"));
            }
        }
        let method = text("Method");
        if !method.is_empty() && !METHODS.contains(&method) {
            problems.push(format!(
                "The value \"{method}\" for the field 'Method' must be one of [{}]",
                METHODS.join(", ")
            ));
        }
        let is_signed = match text("AuthType") {
            "IAM_ROLE" | "RESOURCE_POLICY" => true,
            "" | "NO_AUTH" => false,
            other => {
                problems.push(format!(
                    "The value \"{other}\" for the field 'AuthType' must be one of [IAM_ROLE, NO_AUTH, RESOURCE_POLICY]"
                ));
                false
            }
        };
        let known = [
            "AllowNullValues",
            "ApiEndpoint",
            "AuthType",
            "Headers",
            "Method",
            "Path",
            "QueryParameters",
            "RequestBody",
            "Stage",
        ];
        for name in members
            .keys()
            .filter(|name| !known.contains(&name.as_str()))
        {
            problems.push(format!(
                "The field \"{name}\" is not supported by Step Functions"
            ));
        }
        let mut prepared = Prepared {
            method: method.to_owned(),
            path: path(text("Stage"), text("Path")),
            ..Prepared::default()
        };
        for (name, value) in pairs(members.get("QueryParameters")) {
            prepared.query.push((name, value));
        }
        for (name, value) in pairs(members.get("Headers")) {
            let lower = name.to_ascii_lowercase();
            if RESERVED.contains(&lower.as_str())
                || lower.starts_with("x-amz")
                || lower.starts_with("x-forwarded")
            {
                problems.push(format!("The header \"{name}\" can't be set"));
            } else {
                prepared.headers.push((name, value));
            }
        }
        let body = members.get("RequestBody").filter(|body| !body.is_null());
        if let Some(body) = body {
            prepared.body = body.to_string().into();
            let has_type = prepared
                .headers
                .iter()
                .any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
            if !has_type {
                let json = "application/json".to_owned();
                prepared.headers.push(("Content-Type".to_owned(), json));
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let endpoint = text("ApiEndpoint").trim_end_matches('/');
        let url = if endpoint.contains("://") {
            endpoint.to_owned()
        } else {
            format!("https://{endpoint}")
        };
        Ok(Self {
            url,
            prepared,
            is_signed,
        })
    }
}

/// Stage and path, each segment percent-encoded.
fn path(stage: &str, path: &str) -> String {
    use aws_client::signature::{Slash, encode_into};
    let mut whole = String::new();
    for part in [stage, path] {
        let part = part.trim_start_matches('/');
        if !part.is_empty() {
            if !whole.ends_with('/') {
                whole.push('/');
            }
            encode_into(&mut whole, part, Slash::Keep);
        }
    }
    if whole.is_empty() {
        whole.push('/');
    }
    whole
}

/// Names and values; a name may have several.
fn pairs(given: Option<&Value>) -> Vec<(String, String)> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    let members = given.and_then(Value::as_object).into_iter().flatten();
    members
        .flat_map(|(name, value)| match value {
            Value::Array(items) => items
                .iter()
                .map(|item| (name.clone(), text(item)))
                .collect(),
            value => vec![(name.clone(), text(value))],
        })
        .collect()
}

fn answered(received: &Received) -> Result<Performed, Failure> {
    let text = String::from_utf8_lossy(&received.body);
    if !(200..300).contains(&received.status) {
        return Err(failure(&format!("ApiGateway.{}", received.status), text));
    }
    let body = serde_json::from_str(&text).unwrap_or_else(|_| Value::String(text.into_owned()));
    let headers: Map<String, Value> = Reply::headers_of(&received.headers)
        .into_iter()
        .map(|(name, value)| (name.to_string(), json!([&*value])))
        .collect();
    let status = http::StatusCode::from_u16(received.status).ok();
    let reason = status.and_then(|status| status.canonical_reason());
    Ok(Performed::bare(json!({
        "Headers": headers,
        "ResponseBody": body,
        "StatusCode": received.status,
        "StatusText": reason.unwrap_or_default(),
    })))
}
