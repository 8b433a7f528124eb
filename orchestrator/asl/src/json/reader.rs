//! Reads the text byte by byte, and says what is wrong with it in Jackson's words.

use std::borrow::Cow;
use std::collections::HashMap;

use expression::value::{MAX_DEPTH, Number};

use crate::json::{Failure, Kind, Member, Members, Node, Span, shortened, source_place};

/// Reads one document.
///
/// # Errors
/// The first mistake.
pub(crate) fn read(text: &str) -> Result<Node<'_>, Failure> {
    let mut reader = Reader {
        text,
        bytes: text.as_bytes(),
        at: 0,
    };
    reader.skip_space();
    if reader.peek().is_none() {
        return Err(Failure::Empty);
    }
    let node = reader.value(0)?;
    reader.skip_space();
    if reader.peek().is_some() {
        return Err(reader.unexpected("expected the end of the definition"));
    }
    Ok(node)
}

struct Reader<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
}

impl<'t> Reader<'t> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Result<Node<'t>, Failure> {
        let start = self.at;
        let kind = match self.peek() {
            Some(b'{') => Kind::Object(self.object(depth)?),
            Some(b'[') => Kind::Array(self.array(depth)?),
            Some(b'"') => Kind::String(self.string("closing quote for a string value")?),
            Some(b'-' | b'0'..=b'9') => Kind::Number(self.number()?),
            Some(_) => self.word()?,
            None => return Err(self.end_of_input("Unexpected end-of-input".to_owned())),
        };
        Ok(Node {
            span: Span {
                start,
                end: self.at,
            },
            kind,
        })
    }

    fn object(&mut self, depth: usize) -> Result<Members<'t>, Failure> {
        let open = self.open(depth)?;
        let mut members = Vec::new();
        self.skip_space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Members::default());
        }
        loop {
            self.skip_space();
            let start = self.at;
            let name = match self.peek() {
                Some(b'"') => self.string("closing quote for name")?,
                Some(_) => {
                    return Err(self.unexpected("was expecting double-quote to start field name"));
                }
                None => return Err(self.unclosed("Object", open)),
            };
            let name_span = Span {
                start,
                end: self.at,
            };
            self.skip_space();
            match self.peek() {
                Some(b':') => self.at += 1,
                Some(_) => {
                    return Err(
                        self.unexpected("was expecting a colon to separate field name and value")
                    );
                }
                None => return Err(self.unclosed("Object", open)),
            }
            self.skip_space();
            let value = self.value(depth + 1)?;
            members.push(Member {
                name,
                name_span,
                value,
            });
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(without_repetitions(members));
                }
                Some(_) => {
                    return Err(self.unexpected("was expecting comma to separate Object entries"));
                }
                None => return Err(self.unclosed("Object", open)),
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Vec<Node<'t>>, Failure> {
        let open = self.open(depth)?;
        let mut items = Vec::new();
        self.skip_space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(items);
        }
        loop {
            self.skip_space();
            if self.peek().is_none() {
                return Err(self.unclosed("Array", open));
            }
            items.push(self.value(depth + 1)?);
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(items);
                }
                Some(_) => {
                    return Err(self.unexpected("was expecting comma to separate Array entries"));
                }
                None => return Err(self.unclosed("Array", open)),
            }
        }
    }

    /// Steps over an opening bracket and says where it was.
    fn open(&mut self, depth: usize) -> Result<usize, Failure> {
        let start = self.at;
        self.at += 1;
        if depth >= MAX_DEPTH {
            return Err(Failure::TooDeep {
                span: Span {
                    start,
                    end: self.at,
                },
            });
        }
        Ok(start)
    }

    fn string(&mut self, wanted: &str) -> Result<Cow<'t, str>, Failure> {
        self.at += 1;
        let mut start = self.at;
        let mut decoded: Option<String> = None;
        loop {
            match self.peek() {
                Some(b'"') => {
                    let text = &self.text[start..self.at];
                    self.at += 1;
                    return Ok(match decoded {
                        None => Cow::Borrowed(text),
                        Some(mut decoded) => {
                            decoded.push_str(text);
                            Cow::Owned(decoded)
                        }
                    });
                }
                Some(b'\\') => {
                    decoded
                        .get_or_insert_default()
                        .push_str(&self.text[start..self.at]);
                    let character = self.escape()?;
                    decoded.get_or_insert_default().push(character);
                    start = self.at;
                }
                Some(byte) if byte < 0x20 => {
                    return Err(self.fault(
                        1,
                        format!(
                            "Illegal unquoted character ((CTRL-CHAR, code {byte})): has to be escaped using backslash to be included in string value"
                        ),
                    ));
                }
                Some(_) => self.at += 1,
                None => {
                    return Err(self
                        .end_of_input(format!("Unexpected end-of-input: was expecting {wanted}")));
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, Failure> {
        self.at += 1;
        let Some(character) = self.text[self.at..].chars().next() else {
            return Err(self
                .end_of_input("Unexpected end-of-input in character escape sequence".to_owned()));
        };
        let plain = match character {
            '"' | '\\' | '/' => character,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => return self.unicode_escape(),
            _ => {
                return Err(self.fault(
                    character.len_utf8(),
                    format!(
                        "Unrecognized character escape '{character}' (code {})",
                        u32::from(character)
                    ),
                ));
            }
        };
        self.at += 1;
        Ok(plain)
    }

    fn unicode_escape(&mut self) -> Result<char, Failure> {
        let start = self.at - 1;
        let first = self.hex()?;
        let mut code = Some(first);
        if matches!(first, 0xD800..=0xDBFF) && self.bytes[self.at..].starts_with(b"\\u") {
            self.at += 1;
            let second = self.hex()?;
            code = matches!(second, 0xDC00..=0xDFFF)
                .then(|| 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00));
        }
        code.and_then(char::from_u32)
            .ok_or_else(|| Failure::Syntax {
                span: Span {
                    start,
                    end: self.at,
                },
                seen: self.at,
                message: "Unpaired surrogate in a character escape sequence".to_owned(),
            })
    }

    /// Four hexadecimal digits behind a `u`.
    fn hex(&mut self) -> Result<u32, Failure> {
        self.at += 1;
        let mut code = 0;
        for _ in 0..4 {
            let digit = match self.peek() {
                Some(byte) => char::from(byte).to_digit(16),
                None => {
                    return Err(self.end_of_input(
                        "Unexpected end-of-input in character escape sequence".to_owned(),
                    ));
                }
            };
            let Some(digit) = digit else {
                return Err(self.unexpected("expected a hex-digit for character escape sequence"));
            };
            code = code * 16 + digit;
            self.at += 1;
        }
        Ok(code)
    }

    fn number(&mut self) -> Result<Number, Failure> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
            if !matches!(self.peek(), Some(b'0'..=b'9')) {
                return Err(self.bad_number(
                    "expected digit (0-9) to follow minus sign, for valid numeric value",
                ));
            }
        }
        let leading_zero = self.peek() == Some(b'0');
        self.digits();
        if leading_zero
            && matches!(
                self.bytes[start..self.at],
                [b'0', _, ..] | [b'-', b'0', _, ..]
            )
        {
            return Err(Failure::Syntax {
                span: Span {
                    start,
                    end: self.at,
                },
                seen: self.at,
                message: "Invalid numeric value: Leading zeroes not allowed".to_owned(),
            });
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if !matches!(self.peek(), Some(b'0'..=b'9')) {
                return Err(self.bad_number("Decimal point not followed by a digit"));
            }
            self.digits();
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if !matches!(self.peek(), Some(b'0'..=b'9')) {
                return Err(self.bad_number("Exponent indicator not followed by a digit"));
            }
            self.digits();
        }
        let text = &self.text[start..self.at];
        serde_json::from_str(text).map_err(|_| Failure::Syntax {
            span: Span {
                start,
                end: self.at,
            },
            seen: self.at,
            message: format!("Numeric value ({}) out of range", shortened(text, 80)),
        })
    }

    fn digits(&mut self) {
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
    }

    fn bad_number(&self, wanted: &str) -> Failure {
        match self.text[self.at..].chars().next() {
            Some(character) => self.fault(
                character.len_utf8(),
                format!(
                    "Unexpected character ({}) in numeric value: {wanted}",
                    described(character)
                ),
            ),
            None => self.end_of_input("Unexpected end-of-input within a number".to_owned()),
        }
    }

    /// `null`, `true` or `false`; anything else that looks like a word is a token that Jackson does not know.
    fn word(&mut self) -> Result<Kind<'t>, Failure> {
        let rest = &self.text[self.at..];
        let length = rest
            .find(|character: char| {
                !(character.is_alphanumeric() || matches!(character, '_' | '$'))
            })
            .unwrap_or(rest.len());
        let word = &rest[..length];
        let kind = match word {
            "null" => Kind::Null,
            "true" => Kind::Bool(true),
            "false" => Kind::Bool(false),
            "" => {
                return Err(self.unexpected(
                    "expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
                ));
            }
            _ => {
                return Err(self.fault(
                    length,
                    format!(
                        "Unrecognized token '{}': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
                        shortened(word, 256)
                    ),
                ));
            }
        };
        self.at += length;
        Ok(kind)
    }

    /// The character here is not what should be here.
    fn unexpected(&self, wanted: &str) -> Failure {
        match self.text[self.at..].chars().next() {
            Some(character) => self.fault(
                character.len_utf8(),
                format!("Unexpected character ({}): {wanted}", described(character)),
            ),
            None => self.end_of_input("Unexpected end-of-input".to_owned()),
        }
    }

    fn unclosed(&self, what: &str, open: usize) -> Failure {
        let opened = source_place(self.text, open);
        self.end_of_input(format!(
            "Unexpected end-of-input: expected close marker for {what} (start marker at {opened})"
        ))
    }

    fn end_of_input(&self, message: String) -> Failure {
        self.fault(0, message)
    }

    fn fault(&self, length: usize, message: String) -> Failure {
        let end = self.at + length;
        Failure::Syntax {
            span: Span {
                start: self.at,
                end,
            },
            seen: end,
            message,
        }
    }
}

/// A character as Jackson names it.
fn described(character: char) -> String {
    let code = u32::from(character);
    if character.is_control() {
        return format!("(CTRL-CHAR, code {code})");
    }
    format!("'{character}' (code {code})")
}

/// Keeps each name once. Few members are compared with each other, many are looked up.
fn without_repetitions(members: Vec<Member<'_>>) -> Members<'_> {
    const FEW: usize = 16;
    let is_repeated = |index: usize| {
        let (before, rest) = members.split_at(index);
        before.iter().any(|member| member.name == rest[0].name)
    };
    if members.len() <= FEW && !(1..members.len()).any(is_repeated) {
        return Members {
            list: members,
            repeated: Vec::new(),
        };
    }
    let mut places: HashMap<Cow<'_, str>, usize> = HashMap::with_capacity(members.len());
    let mut list: Vec<Member<'_>> = Vec::with_capacity(members.len());
    let mut repeated = Vec::new();
    for member in members {
        match places.get(&member.name) {
            Some(first) => {
                repeated.push((member.name, member.name_span));
                list[*first].value = member.value;
            }
            None => {
                places.insert(member.name.clone(), list.len());
                list.push(member);
            }
        }
    }
    Members { list, repeated }
}
