//! Makes a result, or the service's error, of an answer.

mod errors;
mod json;
mod shown;
mod xml;

use std::collections::BTreeMap;

use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Map, Value};

use crate::cbor;
use crate::error::{Error, ServiceError};
use crate::model::{Kind, Model, Operation, Place, Protocol};
use crate::names::capitalised;
use crate::response::shown::Shown;
use crate::timestamps::Style;
use crate::xml::{Element, parse};

/// An answer of a service.
#[derive(Clone, Debug)]
pub struct Received {
    /// `200`
    pub status: u16,
    /// All of its headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

/// The result that an answer holds: an object whose members begin with capital letters, in the order of the alphabet.
///
/// # Errors
/// The service's own error, or why the answer makes no sense.
pub fn result(
    model: &Model,
    operation: &Operation,
    received: &Received,
    style: Style,
) -> Result<Value, Error> {
    let protocol = model.protocol().ok_or_else(|| {
        Error::Answer("the service speaks no protocol that is known here".to_owned())
    })?;
    if !(200..300).contains(&received.status) {
        return Err(refused(model, operation, protocol, received));
    }
    let output = operation
        .output
        .as_ref()
        .and_then(|reference| model.place(reference));
    let Some(output) = output else {
        return Ok(Value::Object(Map::new()));
    };
    let shown = Shown { model, style };
    let parsed = match protocol {
        Protocol::Json => json_body(&received.body).map(|body| json::value(shown, output, &body)),
        Protocol::Cbor => cbor_body(&received.body).map(|body| json::cbor(shown, output, &body)),
        Protocol::Query | Protocol::Ec2 => xml_body(&received.body).map(|root| {
            let wrapper = output.reference.result_wrapper.as_deref();
            let inner = wrapper.and_then(|name| root.child(name)).unwrap_or(&root);
            xml::structure(shown, output, inner)
        }),
        Protocol::RestJson | Protocol::RestXml => {
            // S3 begins to answer long copies before it knows how they end.
            if protocol == Protocol::RestXml && is_late_error(&received.body) {
                return Err(refused(model, operation, protocol, received));
            }
            rest(shown, protocol, output, received)
        }
    };
    let parsed = parsed.map_err(Error::Answer)?;
    Ok(match parsed {
        Value::Object(members) => Value::Object(members),
        _ => Value::Object(Map::new()),
    })
}

fn refused(model: &Model, operation: &Operation, protocol: Protocol, received: &Received) -> Error {
    let mut error: ServiceError = errors::read(protocol, received);
    error.shape = error
        .code
        .as_deref()
        .and_then(|code| model.error_shape(operation, code))
        .map(str::to_owned);
    Error::Refused(Box::new(error))
}

fn json_body(body: &[u8]) -> Result<Value, String> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Null);
    }
    serde_json::from_slice(body).map_err(|error| format!("its body is no JSON: {error}"))
}

fn cbor_body(body: &[u8]) -> Result<cbor::Item, String> {
    if body.is_empty() {
        return Ok(cbor::Item::Null);
    }
    cbor::parse(body).map_err(|error| format!("its body is no CBOR: {error}"))
}

fn xml_body(body: &[u8]) -> Result<Element, String> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Element::default());
    }
    let text = std::str::from_utf8(body).map_err(|_| "its body is not UTF-8".to_owned())?;
    parse(text).map_err(|error| format!("its body is no XML: {error}"))
}

fn is_late_error(body: &[u8]) -> bool {
    body.len() < 16_384
        && std::str::from_utf8(body)
            .ok()
            .filter(|text| text.contains("<Error>"))
            .and_then(|text| parse(text).ok())
            .is_some_and(|root| root.name == "Error")
}

/// Members from headers and status, and those of the body.
fn rest(
    shown: Shown<'_>,
    protocol: Protocol,
    output: Place<'_>,
    received: &Received,
) -> Result<Value, String> {
    let mut members = BTreeMap::new();
    for (name, reference) in &output.shape.members {
        let Some(place) = shown.model.place(reference) else {
            continue;
        };
        let value = match reference.location.as_deref() {
            Some("header") => {
                let header = place.wire_name().unwrap_or(name);
                shown.header(place, name, &received.headers, header)
            }
            Some("headers") => Some(prefixed(
                &received.headers,
                place.wire_name().unwrap_or_default(),
            )),
            Some("statusCode") => Some(Value::from(received.status)),
            _ => None,
        };
        if let Some(value) = value {
            members.insert(capitalised(name), value);
        }
    }
    let body = match output.shape.payload.as_deref() {
        Some(payload) => {
            let reference = output.shape.members.get(payload);
            let place = reference.and_then(|reference| shown.model.place(reference));
            let value = match place {
                None => None,
                Some(place) => self::payload(shown, protocol, place, payload, &received.body)?,
            };
            return Ok(with(members, payload, value));
        }
        None => match protocol {
            Protocol::RestJson => json::value(shown, output, &json_body(&received.body)?),
            _ => xml::body(shown, output, &xml_body(&received.body)?),
        },
    };
    if let Value::Object(body) = body {
        for (name, value) in body {
            members.entry(name).or_insert(value);
        }
    }
    Ok(Value::Object(members.into_iter().collect()))
}

fn with(mut members: BTreeMap<String, Value>, name: &str, value: Option<Value>) -> Value {
    if let Some(value) = value {
        members.insert(capitalised(name), value);
    }
    Value::Object(members.into_iter().collect())
}

/// The member that is the whole body.
fn payload(
    shown: Shown<'_>,
    protocol: Protocol,
    place: Place<'_>,
    name: &str,
    body: &Bytes,
) -> Result<Option<Value>, String> {
    Ok(match place.shape.kind {
        Kind::Blob => Some(shown.bytes(name, body)),
        Kind::String => Some(Value::String(String::from_utf8_lossy(body).into_owned())),
        _ if body.is_empty() => None,
        _ if protocol == Protocol::RestJson => Some(json::value(shown, place, &json_body(body)?)),
        _ => Some(xml::value(shown, place, name, &xml_body(body)?)),
    })
}

fn prefixed(headers: &HeaderMap, prefix: &str) -> Value {
    let prefix = prefix.to_ascii_lowercase();
    let members = headers.iter().filter_map(|(name, value)| {
        let name = name.as_str().strip_prefix(&prefix)?;
        Some((name.to_owned(), Value::String(text_of(value))))
    });
    Value::Object(members.collect())
}

fn text_of(value: &http::HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}
