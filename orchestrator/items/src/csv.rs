//! Text with delimiters, read as AWS says that Step Functions reads it: *How Step Functions parses input CSV files*.
//!
//! Beside the quotation marks of RFC 4180 a backslash takes the meaning from a delimiter, a quotation mark or a backslash, and is left out
//! before everything else; two quotation marks are one also outside of quotes; a row may be shorter or longer than the header.

use std::collections::HashSet;
use std::str;
use std::sync::Arc;

use expression::value::Value;

use crate::error::Malformed;
use crate::parsed::{MAX_ITEM_BYTES, Parsed, Parser};

/// How long the header may be together, in bytes.
const MAX_HEADER_BYTES: usize = 10 * 1024;

/// Where the names of the columns come from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Header {
    /// `FIRST_ROW`
    FirstRow,
    /// `GIVEN`, with `CSVHeaders`.
    Given(Vec<Arc<str>>),
}

/// Reads rows.
pub(crate) struct CsvParser {
    delimiter: u8,
    /// Absent until the first row was read.
    names: Option<Vec<Arc<str>>>,
    state: State,
    /// The fields of the record so far, one after the other.
    record: Vec<u8>,
    /// Where each of them ends.
    ends: Vec<usize>,
    /// Whether the record has anything: an empty line has not.
    is_begun: bool,
    /// Whether the last byte was a carriage return that ended a record.
    after_return: bool,
    line: u64,
    /// The line on which the record began.
    begin: u64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    FieldStart,
    Plain,
    Quoted,
    /// After a quotation mark in plain text.
    PlainQuote,
    /// After a quotation mark in quoted text.
    QuotedQuote,
    /// After a backslash in plain text.
    PlainEscape,
    /// After a backslash in quoted text.
    QuotedEscape,
}

impl CsvParser {
    /// # Errors
    /// When the given names can't be a header.
    pub(crate) fn new(delimiter: u8, header: &Header) -> Result<Self, Malformed> {
        let names = match header {
            Header::FirstRow => None,
            Header::Given(names) => Some(checked(names.clone()).map_err(Malformed::anywhere)?),
        };
        Ok(Self {
            delimiter,
            names,
            state: State::FieldStart,
            record: Vec::new(),
            ends: Vec::new(),
            is_begun: false,
            after_return: false,
            line: 1,
            begin: 1,
        })
    }

    fn byte(&mut self, byte: u8, items: &mut Vec<Parsed>) -> Result<(), Malformed> {
        loop {
            // An arm that decides only what the state is goes around once more with the same byte.
            match self.state {
                State::FieldStart if byte == b'"' => {
                    self.is_begun = true;
                    self.state = State::Quoted;
                    return Ok(());
                }
                State::FieldStart => self.state = State::Plain,
                State::Plain => return self.plain(byte, items),
                State::Quoted => {
                    match byte {
                        b'"' => self.state = State::QuotedQuote,
                        b'\\' => self.state = State::QuotedEscape,
                        _ => self.record.push(byte),
                    }
                    return Ok(());
                }
                State::PlainQuote => {
                    self.record.push(b'"');
                    self.state = State::Plain;
                    if byte == b'"' {
                        return Ok(());
                    }
                }
                State::QuotedQuote if byte == b'"' => {
                    self.record.push(b'"');
                    self.state = State::Quoted;
                    return Ok(());
                }
                State::QuotedQuote => self.state = State::Plain,
                State::PlainEscape | State::QuotedEscape => {
                    self.state = match self.state {
                        State::PlainEscape => State::Plain,
                        _ => State::Quoted,
                    };
                    if byte == self.delimiter || matches!(byte, b'"' | b'\\') {
                        self.record.push(byte);
                        return Ok(());
                    }
                }
            }
        }
    }

    fn plain(&mut self, byte: u8, items: &mut Vec<Parsed>) -> Result<(), Malformed> {
        match byte {
            b'\n' | b'\r' => {
                self.after_return = byte == b'\r';
                return self.end_record(items);
            }
            _ if byte == self.delimiter => {
                self.ends.push(self.record.len());
                self.state = State::FieldStart;
            }
            b'\\' => self.state = State::PlainEscape,
            b'"' => self.state = State::PlainQuote,
            _ => self.record.push(byte),
        }
        self.is_begun = true;
        Ok(())
    }

    fn end_record(&mut self, items: &mut Vec<Parsed>) -> Result<(), Malformed> {
        self.state = State::FieldStart;
        if !self.is_begun {
            return Ok(());
        }
        self.is_begun = false;
        self.ends.push(self.record.len());
        let record = str::from_utf8(&self.record)
            .map_err(|_| Malformed::at_line(self.begin, "the row is not UTF-8"))?;
        let mut from = 0;
        let fields = self.ends.iter().map(|end| {
            let field = &record[from..*end];
            from = *end;
            field
        });
        match &self.names {
            None => {
                let names = checked(fields.map(Arc::from).collect());
                self.names = Some(names.map_err(Malformed::anywhere)?);
            }
            Some(names) => {
                let fields = fields.chain(std::iter::repeat(""));
                let row = names.iter().cloned().zip(fields.map(Value::from));
                items.push(Parsed::of(Value::object(row)));
            }
        }
        self.record.clear();
        self.ends.clear();
        Ok(())
    }
}

impl Parser for CsvParser {
    fn push(&mut self, bytes: &[u8], items: &mut Vec<Parsed>) -> Result<(), Malformed> {
        for &byte in bytes {
            let follows_return = std::mem::take(&mut self.after_return);
            if byte == b'\n' && follows_return {
                continue;
            }
            if !self.is_begun {
                self.begin = self.line;
            }
            if byte == b'\n' || byte == b'\r' && self.state != State::Quoted {
                self.line += 1;
            }
            self.byte(byte, items)?;
            // Fields count beside their text: a row may be of delimiters only.
            if self.record.len() + self.ends.len() > MAX_ITEM_BYTES {
                let reason = format!(
                    "the row is longer than {MAX_ITEM_BYTES} bytes; is a quotation mark not closed?"
                );
                return Err(Malformed::at_line(self.begin, reason));
            }
        }
        Ok(())
    }

    fn finish(&mut self, items: &mut Vec<Parsed>) -> Result<(), Malformed> {
        match self.state {
            State::Quoted | State::QuotedEscape => {
                let reason = "a quotation mark of the row that begins here is not closed";
                return Err(Malformed::at_line(self.begin, reason));
            }
            State::PlainQuote => self.record.push(b'"'),
            State::FieldStart | State::Plain | State::QuotedQuote | State::PlainEscape => {}
        }
        self.end_record(items)
    }
}

/// Names that can be a header.
fn checked(names: Vec<Arc<str>>) -> Result<Vec<Arc<str>>, String> {
    let bytes: usize = names.iter().map(|name| name.len()).sum();
    if bytes > MAX_HEADER_BYTES {
        return Err(format!(
            "the CSV headers are longer than {MAX_HEADER_BYTES} bytes"
        ));
    }
    let mut seen = HashSet::new();
    if !names.iter().all(|name| seen.insert(name)) {
        // AWS's own words.
        return Err("CSV headers cannot contain duplicates.".to_owned());
    }
    Ok(names)
}

#[cfg(test)]
mod tests;
