//! Reads JSON text into a tree that remembers where everything stood.

mod reader;

use std::borrow::Cow;

use expression::value::{Number, Value};

pub(crate) use reader::read;

/// A stretch of the text, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    /// The first byte.
    pub(crate) start: usize,
    /// The byte after the last.
    pub(crate) end: usize,
}

/// A value and its place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node<'t> {
    /// Where it stands.
    pub(crate) span: Span,
    /// What it is.
    pub(crate) kind: Kind<'t>,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind<'t> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string, borrowed from the text when it has no escapes.
    String(Cow<'t, str>),
    /// An array.
    Array(Vec<Node<'t>>),
    /// An object.
    Object(Members<'t>),
}

/// The members of an object. A name that is repeated keeps its first place and takes its last value, as in Jackson.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Members<'t> {
    /// Each name once.
    pub(crate) list: Vec<Member<'t>>,
    /// The names that came again, each with its later place.
    pub(crate) repeated: Vec<(Cow<'t, str>, Span)>,
}

/// One member of an object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Member<'t> {
    /// Its name.
    pub(crate) name: Cow<'t, str>,
    /// Where the name stands, quotes included.
    pub(crate) name_span: Span,
    /// Its value.
    pub(crate) value: Node<'t>,
}

/// Why the text could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// There is nothing but white space.
    Empty,
    /// It is no JSON.
    Syntax {
        /// The characters at fault.
        span: Span,
        /// Where Jackson says that it is: behind the last character that it looked at.
        seen: usize,
        /// What is wrong, in Jackson's words.
        message: String,
    },
    /// It nests deeper than [`expression::value::MAX_DEPTH`].
    TooDeep {
        /// The bracket that opens one level too many.
        span: Span,
    },
}

impl<'t> Node<'t> {
    /// The member of that name.
    pub(crate) fn get(&self, name: &str) -> Option<&Member<'t>> {
        self.members()
            .iter()
            .find(|member| member.name.as_ref() == name)
    }

    /// The members; none if this is no object.
    pub(crate) fn members(&self) -> &[Member<'t>] {
        match &self.kind {
            Kind::Object(members) => &members.list,
            _ => &[],
        }
    }

    /// The items; none if this is no array.
    pub(crate) fn items(&self) -> &[Node<'t>] {
        match &self.kind {
            Kind::Array(items) => items,
            _ => &[],
        }
    }

    /// The string, if this is one.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::String(text) => Some(text),
            _ => None,
        }
    }

    /// The same as a value without places.
    pub(crate) fn to_value(&self) -> Value {
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Bool(value) => Value::Bool(*value),
            Kind::Number(number) => Value::Number(number.clone()),
            Kind::String(text) => text.as_ref().into(),
            Kind::Array(items) => Value::array(items.iter().map(Node::to_value)),
            Kind::Object(members) => Value::object(
                members
                    .list
                    .iter()
                    .map(|member| (member.name.as_ref(), member.value.to_value())),
            ),
        }
    }
}

/// A place as Jackson writes it: `[Source: (String)"{"; line: 1, column: 2]`.
pub(crate) fn source_place(text: &str, offset: usize) -> String {
    let before = &text[..offset];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let column = before[line_start..].chars().count() + 1;
    format!(
        "[Source: (String){}; line: {line}, column: {column}]",
        quoted(text)
    )
}

/// The source as Jackson quotes it: its first 500 characters.
fn quoted(text: &str) -> String {
    const SHOWN: usize = 500;
    match text.char_indices().nth(SHOWN) {
        None => format!("\"{text}\""),
        Some((end, _)) => {
            let left = text[end..].chars().count();
            format!("\"{}\"[truncated {left} chars]", &text[..end])
        }
    }
}

/// A count that fits: a definition's size is bounded far below.
pub(crate) fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// At most that many characters of a text.
pub(crate) fn shortened(text: &str, characters: usize) -> Cow<'_, str> {
    match text.char_indices().nth(characters) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}...", &text[..end])),
    }
}
