//! Parameters as workflows spell them, held against the shapes that an operation takes: everything that is wrong is named at once, and what comes
//! out fits, so that nothing after this can fail.

use jiff::Timestamp;
use serde_json::{Map, Number, Value};

use crate::model::{Kind, Model, Place};
use crate::names::capitalised;
use crate::timestamps;

/// A value of a shape.
#[derive(Debug)]
pub(crate) enum Node<'m> {
    Structure(Vec<Member<'m>>),
    /// Items and their place.
    List(Place<'m>, Vec<Node<'m>>),
    /// Values under the caller's keys, and the places of both.
    Map(Place<'m>, Place<'m>, Vec<(String, Node<'m>)>),
    Text(String),
    Number(Number),
    Bool(bool),
    Bytes(Vec<u8>),
    Time(Timestamp),
    Document(Value),
}

/// A member of a structure, in the model's order.
#[derive(Debug)]
pub(crate) struct Member<'m> {
    pub(crate) name: &'m str,
    pub(crate) place: Place<'m>,
    pub(crate) node: Node<'m>,
}

/// Members that are bytes by nature: they stand in base 64 in parameters and results.
pub(crate) fn is_base64(member: &str) -> bool {
    member == "CiphertextBlob"
}

/// Reads the parameters of an operation whose input has this shape. `token` stands for members that the caller is to make up.
///
/// # Errors
/// Everything that is wrong.
pub(crate) fn read<'m>(
    model: &'m Model,
    place: Place<'m>,
    given: &Value,
    token: &str,
) -> Result<Vec<Member<'m>>, Vec<String>> {
    let mut reader = Reader {
        model,
        problems: Vec::new(),
    };
    let nothing = Map::new();
    let members = match given {
        Value::Object(members) => members,
        Value::Null => &nothing,
        _ => return Err(vec!["they must be an object".to_owned()]),
    };
    let mut read = reader.members(place, members, "");
    for (name, reference) in &place.shape.members {
        if reference.idempotency_token
            && read.iter().all(|member| member.name != &**name)
            && let Some(place) = model.place(reference)
        {
            read.push(Member {
                name,
                place,
                node: Node::Text(token.to_owned()),
            });
        }
    }
    // Made up members count as given.
    let is_made_up = |problem: &String| {
        place.shape.members.iter().any(|(name, reference)| {
            reference.idempotency_token && *problem == missing(&capitalised(name))
        })
    };
    reader.problems.retain(|problem| !is_made_up(problem));
    if reader.problems.is_empty() {
        Ok(read)
    } else {
        Err(reader.problems)
    }
}

fn missing(path: &str) -> String {
    format!("The field \"{path}\" is required but was missing")
}

struct Reader<'m> {
    model: &'m Model,
    problems: Vec<String>,
}

impl<'m> Reader<'m> {
    fn members(
        &mut self,
        place: Place<'m>,
        given: &Map<String, Value>,
        path: &str,
    ) -> Vec<Member<'m>> {
        let shape = place.shape;
        let mut used = 0;
        let mut read = Vec::with_capacity(given.len());
        for (name, reference) in &shape.members {
            let spelled = capitalised(name);
            let value = given.get(&spelled).or_else(|| given.get(&**name));
            used += usize::from(value.is_some());
            let path = joined(path, &spelled);
            match value.filter(|value| !value.is_null()) {
                None => {
                    if shape.required.iter().any(|required| required == name) {
                        self.problems.push(missing(&path));
                    }
                }
                Some(value) => {
                    let Some(place) = self.model.place(reference) else {
                        continue;
                    };
                    if let Some(node) = self.node(place, value, &path, name) {
                        read.push(Member { name, place, node });
                    }
                }
            }
        }
        if used < given.len() {
            let known = |given: &str| {
                let mut members = shape.members.keys();
                members.any(|name| **name == *given || capitalised(name) == given)
            };
            for name in given.keys().filter(|name| !known(name)) {
                self.problems.push(format!(
                    "The field \"{}\" is not supported by Step Functions",
                    joined(path, name)
                ));
            }
        }
        read
    }

    fn node(
        &mut self,
        place: Place<'m>,
        value: &Value,
        path: &str,
        name: &str,
    ) -> Option<Node<'m>> {
        let shape = place.shape;
        if shape.document {
            return Some(Node::Document(value.clone()));
        }
        let node = match (shape.kind, value) {
            (Kind::Structure, Value::Object(given)) => {
                Some(Node::Structure(self.members(place, given, path)))
            }
            (Kind::List, Value::Array(given)) => {
                let item = self.model.place(shape.member.as_deref()?)?;
                let items = given.iter().enumerate().filter_map(|(index, value)| {
                    self.node(item, value, &format!("{path}[{index}]"), name)
                });
                Some(Node::List(item, items.collect()))
            }
            (Kind::Map, Value::Object(given)) => {
                let key = self.model.place(shape.key.as_deref()?)?;
                let item = self.model.place(shape.value.as_deref()?)?;
                let items = given
                    .iter()
                    .filter(|(_, value)| !value.is_null())
                    .filter_map(|(key, value)| {
                        let path = joined(path, key);
                        Some((key.clone(), self.node(item, value, &path, name)?))
                    });
                Some(Node::Map(key, item, items.collect()))
            }
            (Kind::String, value) if place.reference.jsonvalue => Some(Node::Text(text_of(value))),
            (Kind::Blob, value) => bytes_of(value, is_base64(name)).map(Node::Bytes),
            (Kind::Timestamp, value) => timestamps::read(value).map(Node::Time),
            (kind, value) => scalar(kind, value),
        };
        if node.is_none() {
            self.problems.push(format!(
                "The value for the field \"{path}\" must be {}",
                expected(shape.kind)
            ));
        }
        node
    }
}

/// Scalars of one kind serve for another where the meaning is plain.
fn scalar<'m>(kind: Kind, value: &Value) -> Option<Node<'m>> {
    match (kind, value) {
        (Kind::String, Value::String(text)) => Some(Node::Text(text.clone())),
        (Kind::String, Value::Number(_) | Value::Bool(_)) => Some(Node::Text(value.to_string())),
        (Kind::Boolean, Value::Bool(value)) => Some(Node::Bool(*value)),
        (Kind::Boolean, Value::String(text)) => text.parse().ok().map(Node::Bool),
        (Kind::Integer | Kind::Long, Value::Number(number)) => whole(number).map(Node::Number),
        (Kind::Integer | Kind::Long, Value::String(text)) => {
            let number: i64 = text.trim().parse().ok()?;
            Some(Node::Number(number.into()))
        }
        (Kind::Float | Kind::Double, Value::Number(number)) => Some(Node::Number(number.clone())),
        (Kind::Float | Kind::Double, Value::String(text)) => {
            Number::from_f64(text.trim().parse().ok()?).map(Node::Number)
        }
        _ => None,
    }
}

/// An integer; `3.0` is one.
fn whole(number: &Number) -> Option<Number> {
    if number.is_i64() || number.is_u64() {
        return Some(number.clone());
    }
    let value = number.as_f64()?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "it is whole and within the bounds"
    )]
    let integer = (value.fract() == 0.0 && value.abs() < 9e15).then_some(value as i64)?;
    Some(integer.into())
}

/// Text as its bytes, and anything else as the text of its JSON.
fn bytes_of(value: &Value, is_base64: bool) -> Option<Vec<u8>> {
    use base64::Engine as _;
    match value {
        Value::String(text) if is_base64 => {
            base64::engine::general_purpose::STANDARD.decode(text).ok()
        }
        Value::Number(_) | Value::Bool(_) if is_base64 => None,
        value => Some(text_of(value).into_bytes()),
    }
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

fn joined(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

fn expected(kind: Kind) -> &'static str {
    match kind {
        Kind::Structure | Kind::Map => "an object",
        Kind::List => "an array",
        Kind::String => "a string",
        Kind::Integer | Kind::Long => "an integer",
        Kind::Float | Kind::Double => "a number",
        Kind::Boolean => "a boolean",
        Kind::Blob => "a string",
        Kind::Timestamp => "a timestamp",
    }
}
