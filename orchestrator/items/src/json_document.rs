//! A JSON document of any length, of which only one item is in memory at a time: the elements of an array, or the members of an object, that
//! stands where a JSON Pointer (RFC 6901) leads.
//!
//! What is passed over on the way is skipped by its brackets; what comes after the array or object, if that is not the whole document, is not
//! read. Where a member's name stands twice, the first is taken.

use std::sync::Arc;

use expression::value::Value;

use crate::error::Malformed;
use crate::json_scan::{Step, ValueScan};
use crate::parsed::{MAX_ITEM_BYTES, Parsed, Parser};

/// Reads a document.
#[derive(Debug)]
pub(crate) struct JsonParser {
    /// The pointer's tokens.
    pointer: Vec<String>,
    /// How many of them were found.
    found: usize,
    state: State,
    /// The value or name that is being read.
    held: Vec<u8>,
    scan: ValueScan,
    /// The name of the member that is being read.
    name: Option<Arc<str>>,
    /// How many elements of an array on the way were passed.
    passed: usize,
    items: u64,
    line: u64,
    /// The line on which what is held began.
    begin: u64,
}

/// Which kind of container the state is in.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Container {
    Array,
    Object,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    /// Before the value at the pointer so far.
    Value,
    /// Before an element or a name; an end may come only if nothing came yet.
    Next(Container, MayEnd),
    /// In a member's name.
    Name,
    /// After it.
    Colon,
    /// Before the value of a member.
    MemberValue,
    /// In an item, or in what is passed over.
    Inside(Container),
    /// After it.
    Comma(Container),
    /// After the array or object.
    Done,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum MayEnd {
    Yes,
    No,
}

/// Whether a byte was used up.
enum Taken {
    Yes,
    No,
}

impl JsonParser {
    /// # Errors
    /// When the pointer is none.
    pub(crate) fn new(pointer: &str) -> Result<Self, Malformed> {
        Ok(Self {
            pointer: tokens(pointer).map_err(Malformed::anywhere)?,
            found: 0,
            state: State::Value,
            held: Vec::new(),
            scan: ValueScan::default(),
            name: None,
            passed: 0,
            items: 0,
            line: 1,
            begin: 1,
        })
    }

    fn is_at_target(&self) -> bool {
        self.found == self.pointer.len()
    }

    fn byte(&mut self, byte: u8, items: &mut Vec<Parsed>) -> Result<Taken, Malformed> {
        let is_space = matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        match self.state {
            State::Name | State::Inside(_) => {}
            _ if is_space => return Ok(Taken::Yes),
            _ => {}
        }
        match self.state {
            State::Value => self.enter(byte)?,
            State::Next(container, may_end) => return self.next(container, may_end, byte),
            State::Name => {
                self.hold(byte)?;
                if self.scan.byte(byte) == Step::Last {
                    let text = String::from_utf8_lossy(&self.held);
                    let name = Value::parse(&text).map_err(|error| self.wrong(&error))?;
                    self.name = name.as_str().map(Arc::from);
                    self.state = State::Colon;
                }
            }
            State::Colon if byte == b':' => self.state = State::MemberValue,
            State::Colon => return Err(self.unexpected(byte, "`:`")),
            State::MemberValue => {
                let is_wanted = !self.is_at_target()
                    && self.name.as_deref() == Some(&*self.pointer[self.found]);
                if is_wanted {
                    self.found += 1;
                    self.state = State::Value;
                } else {
                    self.begin_value(Container::Object);
                }
                return Ok(Taken::No);
            }
            State::Inside(container) => return self.inside(container, byte, items),
            State::Comma(container) => self.comma(container, byte)?,
            State::Done if self.pointer.is_empty() => {
                return Err(self.unexpected(byte, "the end of the document"));
            }
            State::Done => {}
        }
        Ok(Taken::Yes)
    }

    /// The first byte of the value at the pointer so far.
    fn enter(&mut self, byte: u8) -> Result<(), Malformed> {
        let container = match byte {
            b'[' => Container::Array,
            b'{' => Container::Object,
            _ if self.is_at_target() => {
                let what = if self.pointer.is_empty() {
                    "the document".to_owned()
                } else {
                    format!("what ItemsPointer {} leads to", self.way(self.found))
                };
                let reason = format!("{what} must be an array or an object");
                return Err(Malformed::at_line(self.line, reason));
            }
            _ => return Err(self.leads_nowhere()),
        };
        self.passed = 0;
        self.name = None;
        self.state = State::Next(container, MayEnd::Yes);
        Ok(())
    }

    fn next(
        &mut self,
        container: Container,
        may_end: MayEnd,
        byte: u8,
    ) -> Result<Taken, Malformed> {
        match (container, byte) {
            (Container::Array, b']') | (Container::Object, b'}') if may_end == MayEnd::Yes => {
                self.end()?;
                return Ok(Taken::Yes);
            }
            (Container::Object, b'"') => {
                self.begin_value(container);
                self.state = State::Name;
            }
            (Container::Object, _) => return Err(self.unexpected(byte, "a member's name")),
            (Container::Array, _) => {
                let is_wanted =
                    !self.is_at_target() && self.pointer[self.found] == self.passed.to_string();
                if is_wanted {
                    self.found += 1;
                    self.state = State::Value;
                } else {
                    self.begin_value(container);
                }
                self.passed += 1;
            }
        }
        Ok(Taken::No)
    }

    fn begin_value(&mut self, container: Container) {
        self.held.clear();
        self.scan = ValueScan::default();
        self.begin = self.line;
        self.state = State::Inside(container);
    }

    fn inside(
        &mut self,
        container: Container,
        byte: u8,
        items: &mut Vec<Parsed>,
    ) -> Result<Taken, Malformed> {
        let step = self.scan.byte(byte);
        if self.is_at_target() && step != Step::After {
            self.hold(byte)?;
        }
        if step == Step::Part {
            return Ok(Taken::Yes);
        }
        if self.is_at_target() {
            self.item(items)?;
        }
        self.state = State::Comma(container);
        Ok(match step {
            Step::After => Taken::No,
            Step::Part | Step::Last => Taken::Yes,
        })
    }

    fn hold(&mut self, byte: u8) -> Result<(), Malformed> {
        self.held.push(byte);
        if self.held.len() > MAX_ITEM_BYTES {
            let reason = format!("the item is longer than {MAX_ITEM_BYTES} bytes");
            return Err(Malformed::at_line(self.begin, reason));
        }
        Ok(())
    }

    fn item(&mut self, items: &mut Vec<Parsed>) -> Result<(), Malformed> {
        let text = std::str::from_utf8(&self.held).map_err(|error| self.wrong(&error))?;
        let value = Value::parse(text).map_err(|error| self.wrong(&error))?;
        self.items += 1;
        items.push(Parsed {
            key: self.name.take(),
            value,
        });
        Ok(())
    }

    fn comma(&mut self, container: Container, byte: u8) -> Result<(), Malformed> {
        match (container, byte) {
            (_, b',') => self.state = State::Next(container, MayEnd::No),
            (Container::Array, b']') | (Container::Object, b'}') => self.end()?,
            (Container::Array, _) => return Err(self.unexpected(byte, "`,` or `]`")),
            (Container::Object, _) => return Err(self.unexpected(byte, "`,` or `}`")),
        }
        Ok(())
    }

    /// The container that the state is in ends.
    fn end(&mut self) -> Result<(), Malformed> {
        if !self.is_at_target() {
            return Err(self.leads_nowhere());
        }
        self.state = State::Done;
        Ok(())
    }

    fn leads_nowhere(&self) -> Malformed {
        let parent = match self.found {
            0 => "the document".to_owned(),
            found => self.way(found),
        };
        Malformed::anywhere(format!(
            "ItemsPointer {} leads nowhere: {parent} has no `{}`",
            self.way(self.pointer.len()),
            self.pointer[self.found]
        ))
    }

    /// The pointer to the first so many tokens.
    fn way(&self, tokens: usize) -> String {
        let escaped = self.pointer[..tokens]
            .iter()
            .map(|token| format!("/{}", token.replace('~', "~0").replace('/', "~1")));
        escaped.collect()
    }

    fn unexpected(&self, byte: u8, expected: &str) -> Malformed {
        let found = char::from(byte).escape_default();
        let reason = format!("the document is no JSON: found `{found}` instead of {expected}");
        Malformed::at_line(self.line, reason)
    }

    fn wrong(&self, error: &dyn std::fmt::Display) -> Malformed {
        let reason = format!(
            "item {} of the document is no JSON: {error}",
            self.items + 1
        );
        Malformed::at_line(self.begin, reason)
    }
}

impl Parser for JsonParser {
    fn push(&mut self, bytes: &[u8], items: &mut Vec<Parsed>) -> Result<(), Malformed> {
        for &byte in bytes {
            while let Taken::No = self.byte(byte, items)? {}
            if byte == b'\n' {
                self.line += 1;
            }
            if self.is_done() {
                return Ok(());
            }
        }
        Ok(())
    }

    fn finish(&mut self, _items: &mut Vec<Parsed>) -> Result<(), Malformed> {
        if self.state == State::Done {
            return Ok(());
        }
        Err(Malformed::at_line(
            self.line,
            "the document ends before its items do",
        ))
    }

    fn is_done(&self) -> bool {
        self.state == State::Done && !self.pointer.is_empty()
    }
}

/// The tokens of a JSON Pointer.
fn tokens(pointer: &str) -> Result<Vec<String>, String> {
    let Some(rest) = pointer.strip_prefix('/') else {
        return match pointer {
            "" => Ok(Vec::new()),
            _ => Err(format!(
                "ItemsPointer `{pointer}` is no JSON Pointer: it must begin with `/`"
            )),
        };
    };
    Ok(rest
        .split('/')
        .map(|token| token.replace("~1", "/").replace("~0", "~"))
        .collect())
}

#[cfg(test)]
mod tests;
