//! `apigateway:invoke`: a request to an API, as it is.

use std::time::Duration;

use aws_client::error::Error;
use aws_client::request::Prepared;
use aws_client::response::Received;
use aws_client::transport::Unreachable;
use interpreter::failure::Failure;
use runtime::tasks::TaskCall;
use serde_json::{Map, Value, json};

use crate::failures::{self, failure};
use crate::lambda_result::Reply;

use super::optimised::{Optimised, Performed};
use super::service_failures::{Dialect, failed};
use super::{AwsServices, trace};

/// API Gateway gives an API's backend 29 seconds, or what the operator asked for.
const LONGEST: Duration = Duration::from_secs(330);

const METHODS: [&str; 7] = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"];

/// Headers that a state can't set, beside those that begin with one of [`RESERVED_BEGINNINGS`].
const RESERVED: [&str; 16] = [
    "authorization",
    "connection",
    "content-length",
    "content-md5",
    "date",
    "expect",
    "host",
    "max-forwards",
    "proxy-authenticate",
    "server",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "www-authenticate",
];
const RESERVED_BEGINNINGS: [&str; 2] = ["x-amz", "x-forwarded"];

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
        .send(
            &request.prepared,
            &request.url,
            signed_for,
            LONGEST,
            &trace(call),
        )
        .await;
    match sent {
        Ok(received) => answered(&received),
        // It is named by what happened, not by the client.
        Err(Error::Unreachable {
            why: Unreachable::Connect(why) | Unreachable::Broken(why) | Unreachable::Forbidden(why),
            ..
        }) => Err(failure(
            "ApiGateway.SdkClientException",
            format!("Unable to execute HTTP request: {why}"),
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
                || RESERVED_BEGINNINGS
                    .iter()
                    .any(|beginning| lower.starts_with(beginning))
            {
                problems.push(format!("The header \"{name}\" can't be set"));
            } else {
                prepared.headers.push((name, value));
            }
        }
        let keeps_nulls = match members.get("AllowNullValues") {
            None | Some(Value::Null) => false,
            Some(Value::Bool(keeps)) => *keeps,
            Some(other) => {
                problems.push(format!(
                    "The value {other} for the field 'AllowNullValues' must be a BOOLEAN"
                ));
                false
            }
        };
        let body = members.get("RequestBody").filter(|body| !body.is_null());
        if let Some(body) = body {
            let body = match keeps_nulls {
                true => body.clone(),
                false => without_nulls(body),
            };
            prepared.body = written(&body, &mut prepared.headers).into();
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

/// The body as it is sent: JSON, unless a header says that it is something else and it is a text.
fn written(body: &Value, headers: &mut Vec<(String, String)>) -> String {
    let content = headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    match (content, body) {
        (Some((_, content)), Value::String(text)) if !content.contains("json") => text.clone(),
        (Some(_), body) => body.to_string(),
        (None, body) => {
            let json = "application/json".to_owned();
            headers.push(("Content-Type".to_owned(), json));
            body.to_string()
        }
    }
}

/// What a state sends unless it asks for nulls: members that are null are left out, at any depth. A list keeps its places.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name.clone(), without_nulls(value)))
            .collect(),
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        value => value.clone(),
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

/// Names and values; a name may have several. What is null is left out: there is no way to write it.
fn pairs(given: Option<&Value>) -> Vec<(String, String)> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    let members = given.and_then(Value::as_object).into_iter().flatten();
    members
        .filter(|(_, value)| !value.is_null())
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
        .map(|(name, _)| {
            let values = received.headers.get_all(&*name).iter();
            let values = values.map(|value| String::from_utf8_lossy(value.as_bytes()));
            (name.to_string(), json!(values.collect::<Vec<_>>()))
        })
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
