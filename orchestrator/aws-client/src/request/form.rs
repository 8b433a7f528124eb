//! Forms: the query protocol, and EC2's kind of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::model::{Model, Place};
use crate::names::capitalised;
use crate::parameters::{Member, Node};
use crate::request::Prepared;
use crate::signature::{Slash, encode_into};
use crate::timestamps;

/// The query protocol.
pub(super) fn query(model: &Model, name: &str, members: &[Member<'_>]) -> Prepared {
    form(model, name, members, Style::Query)
}

/// EC2's protocol.
pub(super) fn ec2(model: &Model, name: &str, members: &[Member<'_>]) -> Prepared {
    form(model, name, members, Style::Ec2)
}

#[derive(Clone, Copy, PartialEq)]
enum Style {
    Query,
    Ec2,
}

fn form(model: &Model, name: &str, members: &[Member<'_>], style: Style) -> Prepared {
    let mut writer = Writer {
        style,
        pairs: vec![
            ("Action".to_owned(), name.to_owned()),
            ("Version".to_owned(), model.metadata.api_version.clone()),
        ],
    };
    writer.structure("", members);
    let mut body = String::new();
    for (name, value) in &writer.pairs {
        if !body.is_empty() {
            body.push('&');
        }
        encode_into(&mut body, name, Slash::Encode);
        body.push('=');
        encode_into(&mut body, value, Slash::Encode);
    }
    let content_type = "application/x-www-form-urlencoded; charset=utf-8";
    Prepared::post("/", content_type.to_owned(), body)
}

struct Writer {
    style: Style,
    pairs: Vec<(String, String)>,
}

impl Writer {
    fn structure(&mut self, prefix: &str, members: &[Member<'_>]) {
        for member in members {
            let name = self.name(member);
            let prefix = if prefix.is_empty() {
                name
            } else {
                format!("{prefix}.{name}")
            };
            self.node(&prefix, member.place, &member.node);
        }
    }

    fn name(&self, member: &Member<'_>) -> String {
        let place = member.place;
        match self.style {
            Style::Query => place.wire_name().unwrap_or(member.name).to_owned(),
            Style::Ec2 => match (place.query_name(), place.wire_name()) {
                (Some(name), _) => name.to_owned(),
                (None, Some(name)) => capitalised(name),
                (None, None) => member.name.to_owned(),
            },
        }
    }

    fn node(&mut self, prefix: &str, place: Place<'_>, node: &Node<'_>) {
        let text = match node {
            Node::Structure(members) => return self.structure(prefix, members),
            Node::List(item, nodes) => return self.list(prefix, place, *item, nodes),
            Node::Map(key, item, nodes) => return self.map(prefix, place, *key, *item, nodes),
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
        };
        self.pairs.push((prefix.to_owned(), text));
    }

    fn list(&mut self, prefix: &str, place: Place<'_>, item: Place<'_>, nodes: &[Node<'_>]) {
        let prefix = match self.style {
            Style::Ec2 => prefix.to_owned(),
            Style::Query if nodes.is_empty() => {
                self.pairs.push((prefix.to_owned(), String::new()));
                return;
            }
            Style::Query if place.is_flattened() => match item.wire_name() {
                // The items' name stands in place of the list's.
                Some(name) => match prefix.rsplit_once('.') {
                    Some((before, _)) => format!("{before}.{name}"),
                    None => name.to_owned(),
                },
                None => prefix.to_owned(),
            },
            Style::Query => format!("{prefix}.{}", item.wire_name().unwrap_or("member")),
        };
        for (number, node) in (1..).zip(nodes) {
            self.node(&format!("{prefix}.{number}"), item, node);
        }
    }

    fn map(
        &mut self,
        prefix: &str,
        place: Place<'_>,
        key: Place<'_>,
        item: Place<'_>,
        nodes: &[(String, Node<'_>)],
    ) {
        let entry = if place.is_flattened() { "" } else { ".entry" };
        let key_name = key.wire_name().unwrap_or("key");
        let value_name = item.wire_name().unwrap_or("value");
        for (number, (key, node)) in (1..).zip(nodes) {
            let prefix = format!("{prefix}{entry}.{number}");
            self.pairs
                .push((format!("{prefix}.{key_name}"), key.clone()));
            self.node(&format!("{prefix}.{value_name}"), item, node);
        }
    }
}
