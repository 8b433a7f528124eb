//! Bodies in XML.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::model::{Namespace, Place};
use crate::parameters::{Member, Node};
use crate::timestamps;
use crate::xml::{push_attribute, push_text};

/// The document of one value.
pub(super) fn document(name: &str, place: Place<'_>, node: &Node<'_>) -> String {
    let mut target = String::new();
    element(&mut target, name, place, node);
    target
}

/// The document of an input's members.
pub(super) fn root(name: &str, place: Place<'_>, members: &[&Member<'_>]) -> String {
    let mut target = String::new();
    structure(&mut target, name, place, members.iter().copied());
    target
}

fn structure<'m, 'n>(
    target: &mut String,
    name: &str,
    place: Place<'_>,
    members: impl Iterator<Item = &'n Member<'m>> + Clone,
) where
    'm: 'n,
{
    target.push('<');
    target.push_str(name);
    if let Some(namespace) = place.namespace() {
        let (attribute, uri) = match namespace {
            Namespace::Address(uri) => ("xmlns".to_owned(), uri),
            Namespace::Prefixed { uri, prefix: None } => ("xmlns".to_owned(), uri),
            Namespace::Prefixed {
                uri,
                prefix: Some(prefix),
            } => (format!("xmlns:{prefix}"), uri),
        };
        push_named(target, &attribute, uri);
    }
    let name_of = |member: &'n Member<'m>| member.place.wire_name().unwrap_or(member.name);
    let mut content = String::new();
    for member in members {
        if member.place.reference.xml_attribute {
            push_named(target, name_of(member), &text(member.place, &member.node));
        } else {
            element(&mut content, name_of(member), member.place, &member.node);
        }
    }
    close(target, name, &content);
}

fn element(target: &mut String, name: &str, place: Place<'_>, node: &Node<'_>) {
    match node {
        Node::Structure(members) => structure(target, name, place, members.iter()),
        Node::List(item, nodes) if place.is_flattened() => {
            for node in nodes {
                element(target, name, *item, node);
            }
        }
        Node::List(item, nodes) => {
            let item_name = item.wire_name().unwrap_or("member");
            let mut content = String::new();
            for node in nodes {
                element(&mut content, item_name, *item, node);
            }
            open(target, name);
            close(target, name, &content);
        }
        Node::Map(key, item, nodes) => {
            let mut content = String::new();
            for (key_text, node) in nodes {
                let mut entry = String::new();
                leaf(&mut entry, key.wire_name().unwrap_or("key"), key_text);
                element(&mut entry, item.wire_name().unwrap_or("value"), *item, node);
                open(&mut content, "entry");
                close(&mut content, "entry", &entry);
            }
            open(target, name);
            close(target, name, &content);
        }
        node => leaf(target, name, &text(place, node)),
    }
}

fn leaf(target: &mut String, name: &str, text: &str) {
    let mut content = String::new();
    push_text(&mut content, text);
    open(target, name);
    close(target, name, &content);
}

fn open(target: &mut String, name: &str) {
    target.push('<');
    target.push_str(name);
}

fn close(target: &mut String, name: &str, content: &str) {
    if content.is_empty() {
        target.push_str(" />");
        return;
    }
    target.push('>');
    target.push_str(content);
    target.push_str("</");
    target.push_str(name);
    target.push('>');
}

fn push_named(target: &mut String, name: &str, value: &str) {
    target.push(' ');
    target.push_str(name);
    target.push_str("=\"");
    push_attribute(target, value);
    target.push('"');
}

fn text(place: Place<'_>, node: &Node<'_>) -> String {
    match node {
        Node::Text(text) => text.clone(),
        Node::Number(number) => number.to_string(),
        Node::Bool(value) => value.to_string(),
        Node::Bytes(bytes) => STANDARD.encode(bytes),
        Node::Time(time) => match place.timestamp_format() {
            Some("unixTimestamp") => timestamps::seconds(*time).to_string(),
            Some("rfc822") => timestamps::http(*time),
            _ => timestamps::iso(*time),
        },
        Node::Document(value) => value.to_string(),
        // Members of these are elements.
        Node::Structure(_) | Node::List(..) | Node::Map(..) => String::new(),
    }
}
