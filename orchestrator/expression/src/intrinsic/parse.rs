//! From a call's text to its tree.
//!
//! ```text
//!   call     = name "(" [ argument { "," argument } ] ")"
//!   argument = string | number | "true" | "false" | "null" | path | call
//!   string   = "'" { character | "\'" | "\{" | "\}" | "\\" } "'"
//! ```

use crate::intrinsic::function::Function;
use crate::intrinsic::text::Format;
use crate::intrinsic::{Argument, Call, MAX_NESTING};
use crate::path::{Path, PathError};
use crate::value::Value;

/// Compiles a call that is the whole text.
pub(super) fn call(text: &str) -> Result<Call, PathError> {
    let mut parser = Parser { text, at: 0 };
    let call = parser.call(1)?;
    parser.skip_blanks();
    match parser.rest() {
        "" => Ok(call),
        rest => Err(PathError::new(format!("'{rest}' follows after the call"))),
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Parser<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn eat(&mut self, prefix: char) -> bool {
        let found = self.rest().starts_with(prefix);
        if found {
            self.at += prefix.len_utf8();
        }
        found
    }

    fn skip_blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    /// Reads up to one of the characters, or the end.
    fn take_until(&mut self, stops: &[char]) -> &'t str {
        let rest = self.rest();
        let taken = &rest[..rest.find(stops).unwrap_or(rest.len())];
        self.at += taken.len();
        taken
    }

    fn call(&mut self, nesting: usize) -> Result<Call, PathError> {
        if nesting > MAX_NESTING {
            return Err(PathError::new(format!(
                "calls are nested more than {MAX_NESTING} deep"
            )));
        }
        let from = self.at;
        let name = self.take_until(&['(', ')', ',', ' ']);
        let Some((function, arity)) = Function::named(name) else {
            return Err(PathError::new(format!("'{name}' is no intrinsic function")));
        };
        if !self.eat('(') {
            return Err(PathError::new(format!("'(' is expected after '{name}'")));
        }
        let mut arguments = Vec::new();
        self.skip_blanks();
        if !self.eat(')') {
            loop {
                self.skip_blanks();
                let format = function == Function::Format && arguments.is_empty();
                arguments.push(self.argument(nesting, format)?);
                self.skip_blanks();
                if self.eat(')') {
                    break;
                }
                if !self.eat(',') {
                    return Err(PathError::new(format!(
                        "',' or ')' is expected at '{}'",
                        self.rest()
                    )));
                }
            }
        }
        if !arity.contains(&arguments.len()) {
            return Err(PathError::new(format!(
                "{name} does not take {} arguments",
                arguments.len()
            )));
        }
        Ok(Call {
            text: self.text[from..self.at].to_owned(),
            function,
            arguments,
        })
    }

    fn argument(&mut self, nesting: usize, format: bool) -> Result<Argument, PathError> {
        match self.rest().chars().next() {
            Some('\'') => self.string(format),
            Some('$') => self.path(),
            Some('S') => Ok(Argument::Call(self.call(nesting + 1)?)),
            Some(_) => self.constant(),
            None => Err(PathError::new("the call is not closed")),
        }
    }

    fn constant(&mut self) -> Result<Argument, PathError> {
        let text = self.take_until(&[',', ')']).trim_end();
        match Value::parse(text) {
            Ok(value @ (Value::Null | Value::Bool(_) | Value::Number(_))) => {
                Ok(Argument::Constant(value))
            }
            _ => Err(PathError::new(format!("'{text}' is no argument"))),
        }
    }

    fn string(&mut self, format: bool) -> Result<Argument, PathError> {
        self.at += 1;
        let from = self.at;
        let mut text = String::new();
        let mut open_escape = false;
        let mut characters = self.rest().char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '\'' => {
                    self.at = from + at + 1;
                    return Ok(match (open_escape, format) {
                        (true, _) => Argument::OpenEscape,
                        (false, true) => {
                            Argument::Format(Format::parse(&self.text[from..from + at]))
                        }
                        (false, false) => Argument::Constant(text.into()),
                    });
                }
                '\\' => {
                    let escaped = characters.next().map(|(_, escaped)| escaped);
                    open_escape |= !matches!(escaped, Some('\'' | '{' | '}' | '\\'));
                    text.extend(escaped);
                }
                other => text.push(other),
            }
        }
        Err(PathError::new("a string is not closed"))
    }

    /// A path ends at the comma or parenthesis that is not inside its own brackets, parentheses or quotes.
    fn path(&mut self) -> Result<Argument, PathError> {
        let rest = self.rest();
        let mut depth = 0_usize;
        let mut quote = None;
        let mut escaped = false;
        let end = rest.char_indices().find(|(_, character)| {
            match (quote, character) {
                (Some(_), _) if escaped => escaped = false,
                (Some(_), '\\') => escaped = true,
                (Some(open), _) if *character == open => quote = None,
                (Some(_), _) => {}
                // Outside brackets a quote cannot belong to a path.
                (None, '\'' | '"') if depth > 0 => quote = Some(*character),
                (None, '[' | '(') => depth += 1,
                (None, ',' | ')') if depth == 0 => return true,
                (None, ']' | ')') => depth = depth.saturating_sub(1),
                (None, _) => {}
            }
            false
        });
        let text = rest[..end.map_or(rest.len(), |(at, _)| at)].trim_end();
        self.at += text.len();
        Path::parse(text)
            .map(Argument::Path)
            .map_err(|error| PathError::new(format!("in the path '{text}': {}", error.message)))
    }
}
