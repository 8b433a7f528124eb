//! The protocols that name the operation and send everything else as one document: JSON and CBOR.

use crate::cbor::Item;
use crate::model::{Model, Place};
use crate::parameters::{Member, Node};
use crate::request::{Prepared, json};

/// AWS JSON 1.0 and 1.1.
pub(super) fn json(model: &Model, name: &str, members: &[Member<'_>]) -> Prepared {
    let metadata = &model.metadata;
    let version = metadata.json_version.as_deref().unwrap_or("1.0");
    let content_type = format!("application/x-amz-json-{version}");
    let body = json::object(members).to_string();
    let mut prepared = Prepared::post("/", content_type, body);
    let target = match &metadata.target_prefix {
        Some(prefix) => format!("{prefix}.{name}"),
        None => name.to_owned(),
    };
    prepared.header("X-Amz-Target", target);
    query_mode(model, &mut prepared);
    prepared
}

/// Smithy RPC v2 with CBOR.
pub(super) fn cbor(
    model: &Model,
    name: &str,
    input: Option<Place<'_>>,
    members: &[Member<'_>],
) -> Prepared {
    let service = model.metadata.target_prefix.as_deref().unwrap_or_default();
    let mut body = Vec::new();
    if input.is_some() {
        structure(members).write(&mut body);
    }
    let mut prepared = Prepared::post(
        &format!("/service/{service}/operation/{name}"),
        "application/cbor".to_owned(),
        body,
    );
    if input.is_none() {
        prepared.headers.clear();
    }
    prepared.header("Smithy-Protocol", "rpc-v2-cbor".to_owned());
    prepared.header("Accept", "application/cbor".to_owned());
    query_mode(model, &mut prepared);
    prepared
}

/// Services that once spoke the query protocol are asked for its error codes.
fn query_mode(model: &Model, prepared: &mut Prepared) {
    if model.metadata.aws_query_compatible.is_some() {
        prepared.header("x-amzn-query-mode", "true".to_owned());
    }
}

fn structure(members: &[Member<'_>]) -> Item {
    let members = members.iter().map(|member| {
        let name = member.place.wire_name().unwrap_or(member.name);
        (name.to_owned(), item(&member.node))
    });
    Item::Map(members.collect())
}

fn item(node: &Node<'_>) -> Item {
    match node {
        Node::Structure(members) => structure(members),
        Node::List(_, nodes) => Item::List(nodes.iter().map(item).collect()),
        Node::Map(_, _, nodes) => {
            let members = nodes.iter().map(|(key, node)| (key.clone(), item(node)));
            Item::Map(members.collect())
        }
        Node::Text(text) => Item::Text(text.clone()),
        Node::Number(number) => Item::Number(number.clone()),
        Node::Bool(value) => Item::Bool(*value),
        Node::Bytes(bytes) => Item::Bytes(bytes.clone()),
        #[expect(
            clippy::cast_precision_loss,
            reason = "milliseconds of all dates fit into a double"
        )]
        Node::Time(time) => Item::Time(time.as_millisecond() as f64 / 1000.0),
        Node::Document(value) => document(value),
    }
}

fn document(value: &serde_json::Value) -> Item {
    use serde_json::Value;
    match value {
        Value::Null => Item::Null,
        Value::Bool(value) => Item::Bool(*value),
        Value::Number(number) => Item::Number(number.clone()),
        Value::String(text) => Item::Text(text.clone()),
        Value::Array(items) => Item::List(items.iter().map(document).collect()),
        Value::Object(members) => {
            let members = members
                .iter()
                .map(|(name, value)| (name.clone(), document(value)));
            Item::Map(members.collect())
        }
    }
}
