//! Values in JSON bodies.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::model::Place;
use crate::parameters::{Member, Node};
use crate::timestamps;

/// The object of some members.
pub(super) fn object<'m, 'n>(members: impl IntoIterator<Item = &'n Member<'m>>) -> Value
where
    'm: 'n,
{
    let members = members.into_iter().map(|member| {
        let name = member.place.wire_name().unwrap_or(member.name);
        (name.to_owned(), value(member.place, &member.node))
    });
    Value::Object(members.collect::<Map<_, _>>())
}

/// One value.
pub(super) fn value(place: Place<'_>, node: &Node<'_>) -> Value {
    match node {
        Node::Structure(members) => object(members),
        Node::List(item, nodes) => nodes.iter().map(|node| value(*item, node)).collect(),
        Node::Map(_, item, nodes) => {
            let members = nodes
                .iter()
                .map(|(key, node)| (key.clone(), value(*item, node)));
            Value::Object(members.collect())
        }
        Node::Text(text) => Value::String(text.clone()),
        Node::Number(number) => Value::Number(number.clone()),
        Node::Bool(value) => Value::Bool(*value),
        Node::Bytes(bytes) => Value::String(STANDARD.encode(bytes)),
        Node::Time(time) => match place.timestamp_format() {
            Some("iso8601") => Value::String(timestamps::iso(*time)),
            Some("rfc822") => Value::String(timestamps::http(*time)),
            _ => Value::Number(timestamps::seconds(*time)),
        },
        Node::Document(value) => value.clone(),
    }
}
