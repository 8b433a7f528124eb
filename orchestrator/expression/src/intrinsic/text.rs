//! The functions over strings and JSON text.

use std::fmt::{self, Write};

use crate::intrinsic::argument;
use crate::intrinsic::function::Answer;
use crate::java;
use crate::value::{Object, Value};

/// How many bytes a function may write. A payload of that size is refused anyway; the bound keeps a short definition
/// from writing without end, since values share what they repeat.
const MAX_BYTES: usize = 64 << 20;

/// A format string, cut at its placeholders.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Format {
    /// The text before, between and after the placeholders: always one more than there are placeholders.
    pieces: Vec<String>,
}

impl Format {
    /// Cuts a text at each `{}`. `\{`, `\}` and, in a literal, `\'` and `\\` stand for the character alone.
    pub(super) fn parse(text: &str) -> Self {
        let mut pieces = vec![String::new()];
        let mut piece = String::new();
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            match character {
                '\\' => piece.push(characters.next().unwrap_or('\\')),
                '{' if characters.next_if_eq(&'}').is_some() => {
                    close(&mut pieces, &mut piece);
                    pieces.push(String::new());
                }
                other => piece.push(other),
            }
        }
        close(&mut pieces, &mut piece);
        Self { pieces }
    }

    /// Puts the values where the placeholders are.
    pub(super) fn fill(&self, values: &[Value]) -> Answer {
        let placeholders = self.pieces.len() - 1;
        if placeholders != values.len() {
            return Err(format!(
                "the format has {placeholders} placeholders, but {} arguments are given",
                values.len()
            ));
        }
        let mut out = Bounded {
            text: String::new(),
        };
        let mut pieces = self.pieces.iter();
        let fill = || -> fmt::Result {
            out.write_str(pieces.next().map_or("", |piece| piece))?;
            for (value, piece) in values.iter().zip(pieces) {
                java::write_text(&mut out, value)?;
                out.write_str(piece)?;
            }
            Ok(())
        };
        fill().map_err(|_| too_long())?;
        Ok(out.text.into())
    }
}

fn close(pieces: &mut [String], piece: &mut String) {
    if let Some(last) = pieces.last_mut() {
        *last = std::mem::take(piece);
    }
}

/// `States.Format` whose first argument is computed. Only literals have escapes other than for braces.
pub(super) fn format(arguments: &[Value]) -> Answer {
    let text = argument::string(arguments, 0)?;
    let mut escaped = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        escaped.push(character);
        if character == '\\' && !matches!(characters.peek(), Some('{' | '}')) {
            escaped.push('\\');
        } else if character == '\\' {
            escaped.extend(characters.next());
        }
    }
    Format::parse(&escaped).fill(&arguments[1..])
}

/// The members of the second object win. AWS answers in the order of a Java hash map.
pub(super) fn json_merge(arguments: &[Value]) -> Answer {
    let first = argument::object(arguments, 0)?;
    let second = argument::object(arguments, 1)?;
    match arguments[2] {
        Value::Bool(false) => {}
        Value::Bool(true) => {
            return Err(
                "deep merging is not supported, the third argument must be false".to_owned(),
            );
        }
        ref other => return Err(argument::wrong_type(2, "a boolean", other)),
    }
    let mut merged = first.clone();
    merged.extend(
        second
            .iter()
            .map(|(name, value)| (name.clone(), value.clone())),
    );
    let mut members: Vec<_> = merged.into_iter().collect();
    java::sort_as_hash_map(&mut members, |(name, _)| name);
    Ok(Value::Object(
        members.into_iter().collect::<Object>().into(),
    ))
}

pub(super) fn json_to_string(arguments: &[Value]) -> Answer {
    let text = arguments[0]
        .to_text_within(MAX_BYTES)
        .ok_or_else(too_long)?;
    Ok(text.into())
}

/// A blank text is `null`, and an integer has no negative zero, as in Jackson.
pub(super) fn string_to_json(arguments: &[Value]) -> Answer {
    match argument::string(arguments, 0)? {
        text if text.trim().is_empty() => Ok(Value::Null),
        text if text.trim() == "-0" => Ok(Value::from(0_i64)),
        text => Value::parse(text).map_err(|error| format!("the text is no JSON: {error}")),
    }
}

/// Every character of the second string separates, and empty parts are dropped: `java.util.StringTokenizer`.
pub(super) fn split(arguments: &[Value]) -> Answer {
    let text = argument::string(arguments, 0)?;
    let separators = argument::string(arguments, 1)?;
    let parts = text.split(|character| separators.contains(character));
    Ok(Value::array(
        parts.filter(|part| !part.is_empty()).map(Value::from),
    ))
}

/// A string that refuses to grow beyond [`MAX_BYTES`].
struct Bounded {
    text: String,
}

impl Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.text.len() + text.len() > MAX_BYTES {
            return Err(fmt::Error);
        }
        self.text.push_str(text);
        Ok(())
    }
}

fn too_long() -> String {
    format!("the text would be longer than {MAX_BYTES} bytes or nest too deep")
}
