//! JSON Lines: one JSON value on each line; empty lines are none.

use std::str;

use expression::value::Value;

use crate::error::Malformed;
use crate::parsed::{MAX_ITEM_BYTES, Parsed, Parser};

/// Reads lines.
#[derive(Debug, Default)]
pub(crate) struct JsonLinesParser {
    /// What came of the line that has not ended.
    open: Vec<u8>,
    /// How many lines have ended.
    lines: u64,
}

impl JsonLinesParser {
    fn line(&mut self, line: &[u8], items: &mut Vec<Parsed>) -> Result<(), Malformed> {
        self.lines += 1;
        if line.iter().all(u8::is_ascii_whitespace) {
            return Ok(());
        }
        let wrong = |reason: String| Malformed::at_line(self.lines, reason);
        let text = str::from_utf8(line).map_err(|_| wrong("the line is not UTF-8".to_owned()))?;
        let value =
            Value::parse(text).map_err(|error| wrong(format!("the line is no JSON: {error}")))?;
        items.push(Parsed::of(value));
        Ok(())
    }
}

impl Parser for JsonLinesParser {
    fn push(&mut self, bytes: &[u8], items: &mut Vec<Parsed>) -> Result<(), Malformed> {
        let mut lines = bytes.split(|byte| *byte == b'\n');
        let unfinished = lines.next_back().unwrap_or_default();
        for line in lines {
            if self.open.is_empty() {
                self.line(line, items)?;
            } else {
                let mut whole = std::mem::take(&mut self.open);
                whole.extend_from_slice(line);
                self.line(&whole, items)?;
            }
        }
        self.open.extend_from_slice(unfinished);
        if self.open.len() > MAX_ITEM_BYTES {
            let reason = format!("the line is longer than {MAX_ITEM_BYTES} bytes");
            return Err(Malformed::at_line(self.lines + 1, reason));
        }
        Ok(())
    }

    fn finish(&mut self, items: &mut Vec<Parsed>) -> Result<(), Malformed> {
        let last = std::mem::take(&mut self.open);
        self.line(&last, items)
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    use super::*;
    use crate::parsed::pieces::{parse, show};

    #[expect(clippy::needless_pass_by_value, reason = "it reads better")]
    fn check(text: &[u8], expected: Expect) {
        let whole = show(parse(&mut JsonLinesParser::default(), text, &[]));
        expected.assert_eq(&whole);
        let split = show(parse(&mut JsonLinesParser::default(), text, &[1]));
        assert_eq!(split, whole, "one byte at a time");
    }

    #[test]
    fn each_line_is_an_item() {
        check(
            b"{\"a\": 1}\n\n  \r\n[1, 2]\r\n\"x\"\nnull",
            expect![[r#"
                {"a":1}
                [1,2]
                "x"
                null"#]],
        );
        check(b"", expect![""]);
        check(b"\n\n", expect![""]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        check(
            b"{}\n\n{\"a\":}\n",
            expect!["malformed: line 3: the line is no JSON: expected value at line 1 column 6"],
        );
        check(
            b"{}\n{} {}\n",
            expect![
                "malformed: line 2: the line is no JSON: trailing characters at line 1 column 4"
            ],
        );
        check(
            b"\"\xff\"\n",
            expect!["malformed: line 1: the line is not UTF-8"],
        );
        let long = vec![b' '; MAX_ITEM_BYTES + 1];
        let complaint = show(parse(&mut JsonLinesParser::default(), &long, &[]));
        expect!["malformed: line 1: the line is longer than 8388608 bytes"].assert_eq(&complaint);
    }

    proptest! {
        #[test]
        fn pieces_make_no_difference(
            text in prop::collection::vec(prop::sample::select(b"{}[]\"a:1,\n\r \xc3\xa4".to_vec()), 0..40),
            lengths in prop::collection::vec(1_usize..5, 1..6),
        ) {
            let whole = parse(&mut JsonLinesParser::default(), &text, &[]);
            let split = parse(&mut JsonLinesParser::default(), &text, &lengths);
            prop_assert_eq!(split, whole);
        }
    }
}
