//! Results in XML.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::model::{Kind, Place};
use crate::names::capitalised;
use crate::response::shown::Shown;
use crate::xml::Element;

/// The body of an answer whose members stand directly in its root.
pub(super) fn body(shown: Shown<'_>, output: Place<'_>, root: &Element) -> Value {
    // S3's GetBucketLocation answers with the text alone, in an element that is named like its member.
    if root.children.is_empty()
        && let Some((name, reference)) = output.shape.members.get_key_value(root.name.as_str())
        && let Some(place) = shown.model.place(reference)
        && !root.text.trim().is_empty()
    {
        let value = shown.text(place, name, root.text.trim());
        return Value::Object(Map::from_iter([(capitalised(name), value)]));
    }
    structure(shown, output, root)
}

/// One value.
pub(super) fn value(shown: Shown<'_>, place: Place<'_>, name: &str, element: &Element) -> Value {
    match place.shape.kind {
        Kind::Structure => structure(shown, place, element),
        Kind::List => {
            let items = element.children.iter();
            list(shown, place, name, items)
        }
        Kind::Map => map(shown, place, name, element.children.iter()),
        Kind::String => Value::String(element.text.clone()),
        _ => shown.text(place, name, &element.text),
    }
}

/// A structure's members.
pub(super) fn structure(shown: Shown<'_>, place: Place<'_>, element: &Element) -> Value {
    let mut members = BTreeMap::new();
    for (name, reference) in &place.shape.members {
        let Some(place) = shown.model.place(reference) else {
            continue;
        };
        if reference.location.is_some() {
            continue;
        }
        if let Some(value) = member(shown, place, name, element) {
            members.insert(capitalised(name), value);
        }
    }
    Value::Object(members.into_iter().collect())
}

fn member(shown: Shown<'_>, place: Place<'_>, name: &str, element: &Element) -> Option<Value> {
    let wire = wire_name(shown, place).unwrap_or(name);
    if place.reference.xml_attribute {
        let wire = wire.rsplit(':').next().unwrap_or(wire);
        let mut attributes = element.attributes.iter();
        let (_, text) = attributes.find(|(name, _)| name == wire)?;
        return Some(shown.text(place, name, text));
    }
    if place.is_flattened() && matches!(place.shape.kind, Kind::List | Kind::Map) {
        let mut found = element
            .children
            .iter()
            .filter(|child| child.name == wire)
            .peekable();
        found.peek()?;
        return Some(match place.shape.kind {
            Kind::List => list(shown, place, name, found),
            _ => map(shown, place, name, found),
        });
    }
    let child = element.child(wire)?;
    Some(value(shown, place, name, child))
}

/// The name of a member's elements: of a flattened list, the name of its items.
fn wire_name<'m>(shown: Shown<'m>, place: Place<'m>) -> Option<&'m str> {
    if place.shape.kind == Kind::List && place.is_flattened() {
        let item = place.shape.member.as_deref();
        let item = item.and_then(|item| shown.model.place(item));
        if let Some(name) = item.and_then(|item| item.wire_name()) {
            return Some(name);
        }
    }
    place.wire_name()
}

fn list<'e>(
    shown: Shown<'_>,
    place: Place<'_>,
    name: &str,
    elements: impl Iterator<Item = &'e Element>,
) -> Value {
    let item = place.shape.member.as_deref();
    let Some(item) = item.and_then(|item| shown.model.place(item)) else {
        return Value::Array(Vec::new());
    };
    elements
        .map(|element| value(shown, item, name, element))
        .collect()
}

fn map<'e>(
    shown: Shown<'_>,
    place: Place<'_>,
    name: &str,
    entries: impl Iterator<Item = &'e Element>,
) -> Value {
    let mut members = Map::new();
    let key = place.shape.key.as_deref();
    let item = place.shape.value.as_deref();
    let places = key
        .and_then(|key| shown.model.place(key))
        .zip(item.and_then(|item| shown.model.place(item)));
    if let Some((key, item)) = places {
        let key_name = key.wire_name().unwrap_or("key");
        let value_name = item.wire_name().unwrap_or("value");
        for entry in entries {
            if let (Some(key), Some(element)) = (entry.child(key_name), entry.child(value_name)) {
                members.insert(key.text.clone(), value(shown, item, name, element));
            }
        }
    }
    Value::Object(members)
}
