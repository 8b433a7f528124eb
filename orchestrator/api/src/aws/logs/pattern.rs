//! Filter patterns for unstructured lines: terms, phrases in quotes, `?any`, `-none`.
//!
//! AWS: "Filter pattern syntax for metric filters, subscription filters, filter log events", section on unstructured log events.

/// What a line must have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pattern {
    all: Vec<String>,
    any: Vec<String>,
    none: Vec<String>,
}

impl Pattern {
    /// Reads a pattern; an empty one matches every line.
    ///
    /// # Errors
    /// When it is one for structured events or has an open quote.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.starts_with(['{', '[', '%']) {
            return Err(format!(
                "The filter pattern {text} is not served: write terms, \"phrases\", ?any or -none."
            ));
        }
        let mut pattern = Self::default();
        let mut rest = text;
        while !rest.is_empty() {
            let (list, after) = match rest.as_bytes()[0] {
                b'?' => (&mut pattern.any, &rest[1..]),
                b'-' => (&mut pattern.none, &rest[1..]),
                _ => (&mut pattern.all, rest),
            };
            let (term, after) = term(after)?;
            if !term.is_empty() {
                list.push(term);
            }
            rest = after.trim_start();
        }
        Ok(pattern)
    }

    /// Whether a line is wanted. As at AWS, `?` terms mean nothing beside others.
    pub(super) fn matches(&self, line: &str) -> bool {
        let has = |term: &String| line.contains(term.as_str());
        let has_any = self.any.is_empty() || !self.all.is_empty() || self.any.iter().any(has);
        has_any && self.all.iter().all(has) && !self.none.iter().any(has)
    }
}

/// The term or phrase that a text begins with, and what follows.
fn term(text: &str) -> Result<(String, &str), String> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        return Ok((text[..end].to_owned(), &text[end..]));
    };
    let mut phrase = String::new();
    let mut letters = quoted.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Ok((phrase, &quoted[at + 1..])),
            '\\' => phrase.extend(letters.next().map(|(_, letter)| letter)),
            _ => phrase.push(letter),
        }
    }
    Err("The filter pattern has a quote that is not closed.".to_owned())
}

#[cfg(test)]
mod unit {
    use super::Pattern;

    #[test]
    fn lines_are_chosen() {
        let check = |pattern: &str, line: &str, is_wanted: bool| {
            let parsed = Pattern::parse(pattern).expect("a pattern");
            assert_eq!(parsed.matches(line), is_wanted, "{pattern} on {line}");
        };
        check("", "anything", true);
        check("ERROR", "an ERROR here", true);
        check("ERROR", "an error here", false);
        check("ERROR disk", "ERROR: disk full", true);
        check("ERROR disk", "ERROR: no more", false);
        check("\"disk full\"", "ERROR: disk full", true);
        check("\"full disk\"", "ERROR: disk full", false);
        check("\"say \\\"no\\\"\"", "they say \"no\"", true);
        check("?WARN ?ERROR", "ERROR", true);
        check("?WARN ?ERROR", "INFO", false);
        check("ERROR -harmless", "ERROR", true);
        check("ERROR -harmless", "harmless ERROR", false);
    }

    #[test]
    fn what_is_not_served() {
        for pattern in ["{ $.level = 50 }", "[a, b]", "%ERR%", "\"open"] {
            assert!(Pattern::parse(pattern).is_err(), "{pattern}");
        }
    }
}
