//! Results in JSON and CBOR.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Number, Value};

use crate::cbor::Item;
use crate::model::{Kind, Place};
use crate::names::capitalised;
use crate::response::shown::Shown;

/// A value in JSON. What is not of its shape stays as it is.
pub(super) fn value(shown: Shown<'_>, place: Place<'_>, given: &Value) -> Value {
    named(shown, place, "", given)
}

fn named(shown: Shown<'_>, place: Place<'_>, name: &str, given: &Value) -> Value {
    let shape = place.shape;
    if shape.document {
        return given.clone();
    }
    match (shape.kind, given) {
        (Kind::Structure, Value::Object(given)) => {
            let mut members = BTreeMap::new();
            for (name, reference) in &shape.members {
                let Some(place) = shown.model.place(reference) else {
                    continue;
                };
                let wire = place.wire_name().unwrap_or(name);
                // Some services say in another case what their models say.
                let found = given.get(wire).or_else(|| given.get(&capitalised(wire)));
                if let Some(found) = found.filter(|found| !found.is_null()) {
                    members.insert(capitalised(name), named(shown, place, name, found));
                }
            }
            Value::Object(members.into_iter().collect())
        }
        (Kind::List, Value::Array(items)) => {
            let item = shape.member.as_deref();
            match item.and_then(|item| shown.model.place(item)) {
                Some(item) => items
                    .iter()
                    .filter(|given| !given.is_null())
                    .map(|given| named(shown, item, name, given))
                    .collect(),
                None => given.clone(),
            }
        }
        (Kind::Map, Value::Object(items)) => {
            let item = shape.value.as_deref();
            match item.and_then(|item| shown.model.place(item)) {
                Some(item) => {
                    let items = items
                        .iter()
                        .filter(|(_, given)| !given.is_null())
                        .map(|(key, given)| (key.clone(), named(shown, item, name, given)));
                    Value::Object(items.collect())
                }
                None => given.clone(),
            }
        }
        (Kind::Blob, Value::String(text)) => match STANDARD.decode(text) {
            Ok(bytes) => shown.bytes(name, &bytes),
            Err(_) => given.clone(),
        },
        (Kind::Timestamp, given) => shown.time(given),
        (_, given) => given.clone(),
    }
}

/// A value in CBOR.
pub(super) fn cbor(shown: Shown<'_>, place: Place<'_>, given: &Item) -> Value {
    value(shown, place, &plain(given))
}

/// The same in JSON: bytes in base 64, times as seconds.
fn plain(item: &Item) -> Value {
    match item {
        Item::Null => Value::Null,
        Item::Bool(value) => Value::Bool(*value),
        Item::Number(number) => Value::Number(number.clone()),
        Item::Text(text) => Value::String(text.clone()),
        Item::Bytes(bytes) => Value::String(STANDARD.encode(bytes)),
        Item::List(items) => items.iter().map(plain).collect(),
        Item::Map(members) => {
            let members = members
                .iter()
                .map(|(name, item)| (name.clone(), plain(item)));
            Value::Object(members.collect())
        }
        Item::Time(seconds) => Number::from_f64(*seconds).map_or(Value::Null, Value::Number),
    }
}
