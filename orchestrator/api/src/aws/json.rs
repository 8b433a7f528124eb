//! AWS JSON: requests from bytes without a tree in between, answers into bytes.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::Serialize;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::ser::Serializer;
use serde_json::error::Category;

use crate::aws::constraints::Findings;
use crate::aws::problem::Problem;

/// A structure that a request holds: the generated wire types implement it.
pub(crate) trait Structure<'a>: Default {
    /// Takes the value of the member of that name from the map; `false` when it has no such member.
    ///
    /// # Errors
    /// When the value is of another type.
    fn member<M: MapAccess<'a>>(&mut self, name: &str, map: &mut M) -> Result<bool, M::Error>;

    /// Notes everything that the model forbids.
    fn check(&self, findings: &mut Findings);
}

/// A string of a request, borrowed from the body where it has no escapes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

/// A member that the model requires. It is there in every request that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Required<T>(pub(crate) Option<T>);

/// A time on the wire: milliseconds since 1970 here, seconds with a fraction there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Timestamp(pub(crate) i64);

/// A map of an answer, in the order it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Map<K, V>(pub(crate) Vec<(K, V)>);

/// Reads and checks a request. An empty body stands for a request without members; members that are not known are passed over.
///
/// # Errors
/// SerializationException when the body is no JSON object or a member has the wrong type, ValidationException when the
/// model forbids what it says.
pub(crate) fn decode<'a, T: Structure<'a>>(body: &'a [u8]) -> Result<T, Problem> {
    let body: &[u8] = if body.is_empty() { b"{}" } else { body };
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let request: T = structure(&mut deserializer)
        .and_then(|request| deserializer.end().map(|()| request))
        .map_err(|error| Problem::serialization(serialization_text(&error)))?;
    let mut findings = Findings::default();
    request.check(&mut findings);
    findings.verdict()?;
    Ok(request)
}

/// Writes an answer.
pub(crate) fn encode<T: Serialize>(answer: &T) -> Vec<u8> {
    let mut body = Vec::with_capacity(256);
    serde_json::to_writer(&mut body, answer)
        .expect("wire types have text for keys and memory takes every write");
    body
}

/// Reads a structure member by member.
///
/// # Errors
/// When it is no object or a member has the wrong type.
pub(crate) fn structure<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Structure<'de>,
{
    deserializer.deserialize_map(StructureVisitor(PhantomData))
}

struct StructureVisitor<T>(PhantomData<T>);

impl<'de, T: Structure<'de>> Visitor<'de> for StructureVisitor<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a structure")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<T, M::Error> {
        let mut structure = T::default();
        while let Some(name) = map.next_key::<Text<'de>>()? {
            if !structure.member(&name, &mut map)? {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(structure)
    }
}

/// The wording that AWS's servers have for a body that they can't read.
fn serialization_text(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match error.classify() {
        Category::Eof => format!("Unexpected end of the request's JSON: {text}"),
        Category::Io | Category::Syntax => format!("The request is not valid JSON: {text}"),
        Category::Data => {
            let found = text
                .strip_prefix("invalid type: ")
                .or_else(|| text.strip_prefix("invalid value: "));
            let Some((found, expected)) = found.and_then(|rest| rest.split_once(", expected "))
            else {
                return text;
            };
            type_text(found, expected)
        }
    }
}

fn type_text(found: &str, expected: &str) -> String {
    let token = match found.split(' ').next().unwrap_or_default() {
        "sequence" => return "Start of list found where not expected".to_owned(),
        "map" => return "Start of structure or map found where not expected.".to_owned(),
        "string" => "STRING_VALUE",
        "boolean" if found.contains("true") => "TRUE_VALUE",
        "boolean" => "FALSE_VALUE",
        "null" => "NULL_VALUE",
        _ => "NUMBER_VALUE",
    };
    let wanted = match expected.split(" at line").next().unwrap_or_default() {
        "a string" => "a String",
        "i32" => "an Integer",
        "i64" => "a Long",
        "f64" => "a Double",
        "a boolean" => "a Boolean",
        _ => return "Unexpected field type".to_owned(),
    };
    format!("{token} can not be converted to {wanted}")
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }
}

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl<T> Default for Required<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl Required<Text<'_>> {
    /// The text, on its own.
    pub(crate) fn into_string(self) -> String {
        self.0.map(|text| text.0.into_owned()).unwrap_or_default()
    }
}

/// Empty only before the check.
impl Deref for Required<Text<'_>> {
    type Target = str;

    fn deref(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }
}

/// Empty only before the check.
impl<T> Deref for Required<Vec<T>> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        self.0.as_deref().unwrap_or_default()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Required<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Self)
    }
}

impl<T: Serialize> Serialize for Required<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Exact: a double holds every millisecond of the next 200,000 years.
        #[expect(clippy::cast_precision_loss, reason = "see above")]
        serializer.serialize_f64(self.0 as f64 / 1000.0)
    }
}

impl<K: Serialize, V: Serialize> Serialize for Map<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

#[cfg(test)]
mod tests;
