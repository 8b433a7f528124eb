//! The protocols that have members in path, query and headers, and the rest in the body.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use crate::model::{Kind, Model, Operation, Place, Protocol};
use crate::parameters::{Member, Node};
use crate::request::{Prepared, json, rest_xml};
use crate::signature::{Slash, encode_into};
use crate::timestamps;

/// Makes a request of rest-json or rest-xml.
pub(super) fn prepare(
    model: &Model,
    protocol: Protocol,
    operation: &Operation,
    input: Option<Place<'_>>,
    members: &[Member<'_>],
) -> Prepared {
    let mut prepared = Prepared {
        method: operation.http.method.clone(),
        ..Prepared::default()
    };
    let uri = &operation.http.request_uri;
    let (path, query) = match uri.split_once('?') {
        Some((path, query)) => (path, query),
        None => (uri.as_str(), ""),
    };
    prepared.path = path_of(path, members);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        prepared.query.push((name.to_owned(), value.to_owned()));
    }
    let mut rest = Vec::new();
    for member in members {
        match member.place.reference.location.as_deref() {
            Some("uri") => {}
            Some("querystring") => in_query(&mut prepared, member),
            Some("header") => {
                let name = member.place.wire_name().unwrap_or(member.name);
                if let Some(value) = in_header(member.place, &member.node) {
                    prepared.header(name, value);
                }
            }
            Some("headers") => {
                if let Node::Map(_, item, nodes) = &member.node {
                    let prefix = member.place.wire_name().unwrap_or_default();
                    for (key, node) in nodes {
                        if let Some(value) = in_header(*item, node) {
                            prepared.header(&format!("{prefix}{key}"), value);
                        }
                    }
                }
            }
            _ => rest.push(member),
        }
    }
    if let Some(input) = input {
        body(&mut prepared, model, protocol, input, &rest);
    }
    prepared
}

fn body(
    prepared: &mut Prepared,
    model: &Model,
    protocol: Protocol,
    input: Place<'_>,
    rest: &[&Member<'_>],
) {
    let is_json = protocol == Protocol::RestJson;
    let content_type = if is_json {
        "application/json"
    } else {
        "application/xml"
    };
    let mut is_raw = false;
    prepared.body = match input.shape.payload.as_deref() {
        Some(payload) => {
            let member = rest.iter().find(|member| member.name == payload);
            match member.map(|member| (member, &member.node)) {
                Some((_, Node::Bytes(bytes))) => {
                    is_raw = true;
                    Bytes::from(bytes.clone())
                }
                Some((_, Node::Text(text))) => {
                    is_raw = true;
                    Bytes::from(text.clone())
                }
                Some((member, node)) if is_json => {
                    Bytes::from(json::value(member.place, node).to_string())
                }
                Some((member, node)) => {
                    let name = member.place.wire_name().unwrap_or(member.name);
                    Bytes::from(rest_xml::document(name, member.place, node))
                }
                None if is_json && is_structure(model, input, payload) => Bytes::from_static(b"{}"),
                None => Bytes::new(),
            }
        }
        None if is_json => {
            let has_body = input
                .shape
                .members
                .values()
                .any(|member| member.location.is_none());
            if has_body {
                Bytes::from(json::object(rest.iter().copied()).to_string())
            } else {
                Bytes::new()
            }
        }
        None if rest.is_empty() => Bytes::new(),
        None => {
            let name = input.wire_name().unwrap_or(&input.reference.shape);
            Bytes::from(rest_xml::root(name, input, rest))
        }
    };
    if !prepared.body.is_empty() && !is_raw && !prepared.has_header("content-type") {
        prepared.header("Content-Type", content_type.to_owned());
    }
}

fn is_structure(model: &Model, input: Place<'_>, member: &str) -> bool {
    let reference = input.shape.members.get(member);
    let place = reference.and_then(|reference| model.place(reference));
    place.is_some_and(|place| place.shape.kind == Kind::Structure)
}

/// The path with members in place of `{Name}` and, over several segments, `{Name+}`.
fn path_of(template: &str, members: &[Member<'_>]) -> String {
    let mut path = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        path.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            path.push('{');
            rest = after;
            continue;
        };
        let (name, slash) = match name.strip_suffix('+') {
            Some(name) => (name, Slash::Keep),
            None => (name, Slash::Encode),
        };
        let member = members.iter().find(|member| {
            member.place.reference.location.as_deref() == Some("uri")
                && member.place.wire_name().unwrap_or(member.name) == name
        });
        if let Some(member) = member {
            encode_into(
                &mut path,
                &text(member.place, &member.node, "iso8601"),
                slash,
            );
        }
        rest = after;
    }
    path.push_str(rest);
    path
}

fn in_query(prepared: &mut Prepared, member: &Member<'_>) {
    let name = member.place.wire_name().unwrap_or(member.name).to_owned();
    match &member.node {
        Node::Map(_, item, nodes) => {
            for (key, node) in nodes {
                match node {
                    Node::List(item, nodes) => {
                        for node in nodes {
                            let pair = (key.clone(), text(*item, node, "iso8601"));
                            prepared.query.push(pair);
                        }
                    }
                    node => {
                        let pair = (key.clone(), text(*item, node, "iso8601"));
                        prepared.query.push(pair);
                    }
                }
            }
        }
        Node::List(item, nodes) => {
            for node in nodes {
                let pair = (name.clone(), text(*item, node, "iso8601"));
                prepared.query.push(pair);
            }
        }
        node => prepared
            .query
            .push((name, text(member.place, node, "iso8601"))),
    }
}

fn in_header(place: Place<'_>, node: &Node<'_>) -> Option<String> {
    let value = match node {
        Node::List(item, nodes) => {
            let items = nodes.iter().map(|node| {
                let text = text(*item, node, "rfc822");
                if text.contains([',', '"']) && !matches!(node, Node::Time(_)) {
                    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
                } else {
                    text
                }
            });
            items.collect::<Vec<_>>().join(",")
        }
        node => {
            let text = text(place, node, "rfc822");
            if place.reference.jsonvalue {
                STANDARD.encode(text)
            } else {
                text
            }
        }
    };
    // A header can't have line ends; nothing else could come of them but another header.
    let value = value.replace(['\r', '\n'], " ");
    (!value.is_empty()).then_some(value)
}

fn text(place: Place<'_>, node: &Node<'_>, time_format: &str) -> String {
    match node {
        Node::Text(text) => text.clone(),
        Node::Number(number) => number.to_string(),
        Node::Bool(value) => value.to_string(),
        Node::Bytes(bytes) => STANDARD.encode(bytes),
        Node::Time(time) => match place.timestamp_format().unwrap_or(time_format) {
            "unixTimestamp" => timestamps::seconds(*time).to_string(),
            "rfc822" => timestamps::http(*time),
            _ => timestamps::iso(*time),
        },
        Node::Document(value) => value.to_string(),
        Node::Structure(_) | Node::List(..) | Node::Map(..) => json::value(place, node).to_string(),
    }
}
