//! Why an expression could not be parsed or evaluated.

use std::fmt;

/// Why evaluation gave no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The expression failed.
    Failed {
        /// JSONata's code: a letter and four digits, such as `T2001`.
        code: String,
        /// What JSONata says, without the code.
        message: String,
    },
    /// The result is a function, or holds one, and so no JSON value.
    Unsupported,
}

impl Error {
    /// A failure with one of JSONata's codes.
    pub(crate) fn failed(code: &str, message: impl Into<String>) -> Self {
        Self::Failed {
            code: code.to_owned(),
            message: message.into(),
        }
    }

    /// The code and the message of what the language's implementation said.
    pub(crate) fn from_text(text: &str) -> Self {
        let (code, message) = split(text, "D1001");
        Self::Failed { code, message }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed { code, message } => write!(formatter, "{code}: {message}"),
            Self::Unsupported => formatter.write_str("the result is a function, not a JSON value"),
        }
    }
}

impl std::error::Error for Error {}

/// Why a text is no JSONata expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// JSONata's code, such as `S0201`.
    pub code: String,
    /// What is wrong.
    pub message: String,
}

impl SyntaxError {
    pub(crate) fn from_text(text: &str) -> Self {
        let text = text.strip_prefix("Parse error: ").unwrap_or(text);
        let text = match text {
            "Unclosed comment" => "S0106: Comment has no closing tag",
            other => other,
        };
        let (code, message) = split(text, "S0201");
        Self { code, message }
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for SyntaxError {}

/// Takes the code from the front of a message, or from within where it stands there, or takes the one given.
fn split(text: &str, otherwise: &str) -> (String, String) {
    let code_at = |start: usize| {
        let code = text.get(start..start + 5)?;
        let mut letters = code.bytes();
        let letter = letters.next()?.is_ascii_uppercase();
        let digits = letters.all(|letter| letter.is_ascii_digit());
        let follows = text[start + 5..].chars().next();
        (letter && digits && !follows.is_some_and(char::is_alphanumeric)).then_some(code)
    };
    let starts = text.char_indices().filter(|&(start, _)| {
        !text[..start]
            .chars()
            .next_back()
            .is_some_and(char::is_alphanumeric)
    });
    let Some((start, code)) = starts
        .filter_map(|(start, _)| Some((start, code_at(start)?)))
        .next()
    else {
        return (otherwise.to_owned(), text.to_owned());
    };
    let before = text[..start].trim_end_matches([' ', ':', '(', '[']);
    let after = text[start + 5..].trim_start_matches([':', ' ', ')', ']']);
    let message = match (before, after) {
        ("" | "Invalid syntax" | "Invalid number", after) => after.to_owned(),
        (before, "") => before.to_owned(),
        (before, after) => format!("{before}: {after}"),
    };
    (code.to_owned(), message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_taken_from_messages() {
        fn check(text: &str, code: &str, message: &str) {
            let (found, rest) = split(text, "S0201");
            assert_eq!((found.as_str(), rest.as_str()), (code, message), "{text}");
        }
        check(
            "T2001: the left side is no number",
            "T2001",
            "the left side is no number",
        );
        check(
            "Invalid syntax: S0201: Syntax error: b",
            "S0201",
            "Syntax error: b",
        );
        check("matching failed: D1004", "D1004", "matching failed");
        check("D3137: code X12345 is none", "D3137", "code X12345 is none");
        check("no code", "S0201", "no code");
        check("ü", "S0201", "ü");
    }
}
