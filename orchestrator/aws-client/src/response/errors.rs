//! What services say when they refuse.

use http::HeaderMap;
use serde_json::Value;

use crate::cbor::{self, Item};
use crate::error::ServiceError;
use crate::model::Protocol;
use crate::response::{Received, text_of};
use crate::xml::{Element, parse};

/// The error of an answer.
pub(super) fn read(protocol: Protocol, received: &Received) -> ServiceError {
    let headers = &received.headers;
    let mut error = ServiceError {
        code: None,
        shape: None,
        message: None,
        status: received.status,
        request_id: ["x-amzn-requestid", "x-amz-request-id"]
            .iter()
            .find_map(|name| header(headers, name)),
        extended_request_id: header(headers, "x-amz-id-2"),
        attempts: 1,
    };
    match protocol {
        Protocol::Json | Protocol::RestJson => in_json(&mut error, &received.body),
        Protocol::Query | Protocol::Ec2 | Protocol::RestXml => in_xml(&mut error, &received.body),
        Protocol::Cbor => in_cbor(&mut error, &received.body),
    }
    if let Some(code) = header(headers, "x-amzn-errortype") {
        error.code = Some(code);
    }
    error.code = error.code.map(|code| bare(&code).to_owned());
    // `AWS.SimpleQueueService.NonExistentQueue;Sender`
    if let Some(code) = header(headers, "x-amzn-query-error") {
        error.code = code.split(';').next().map(str::to_owned);
    }
    if error.code.is_none() && error.status == 404 && received.body.is_empty() {
        // A HEAD request has no body to say it in.
        error.code = Some("404".to_owned());
    }
    error
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get(name)
        .map(text_of)
        .filter(|text| !text.is_empty())
}

/// `com.amazonaws.x#ThrottlingException:http://…` without what is around it.
fn bare(code: &str) -> &str {
    let code = code.split(':').next().unwrap_or(code);
    code.rsplit('#').next().unwrap_or(code)
}

fn in_json(error: &mut ServiceError, body: &[u8]) {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |names: &[&str]| {
        names
            .iter()
            .find_map(|name| body.get(name)?.as_str())
            .map(str::to_owned)
    };
    error.code = text(&["__type", "code", "Code"]).or_else(|| {
        let code = body.get("code")?;
        code.is_number().then(|| code.to_string())
    });
    error.message = text(&["message", "Message", "errorMessage"]);
}

fn in_cbor(error: &mut ServiceError, body: &[u8]) {
    let Ok(Item::Map(members)) = cbor::parse(body) else {
        return;
    };
    for (name, item) in members {
        match (name.as_str(), item) {
            ("__type", Item::Text(text)) => error.code = Some(text),
            ("message" | "Message", Item::Text(text)) => error.message = Some(text),
            _ => {}
        }
    }
}

fn in_xml(error: &mut ServiceError, body: &[u8]) {
    let Some(root) = std::str::from_utf8(body)
        .ok()
        .and_then(|text| parse(text).ok())
    else {
        return;
    };
    // `<ErrorResponse><Error>`, `<Response><Errors><Error>`, or the error by itself.
    let inside = |element: &Element, name: &str| element.child(name).is_some();
    let place = if inside(&root, "Error") {
        root.child("Error")
    } else if let Some(errors) = root.child("Errors") {
        errors.child("Error")
    } else {
        Some(&root)
    };
    let Some(place) = place else {
        return;
    };
    let text = |element: &Element, name: &str| element.child_text(name).map(str::to_owned);
    error.code = text(place, "Code");
    error.message = text(place, "Message").or_else(|| text(place, "message"));
    let id = text(&root, "RequestId")
        .or_else(|| text(&root, "RequestID"))
        .or_else(|| text(root.child("ResponseMetadata")?, "RequestId"));
    error.request_id = id.or_else(|| error.request_id.take());
    if let Some(id) = text(&root, "HostId") {
        error.extended_request_id = Some(id);
    }
}
