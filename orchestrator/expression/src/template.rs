//! Payload templates (`Parameters`, `ResultSelector`, `ItemSelector`, `Assign`): JSON whose `name.$` members are computed.

use crate::path::PathError;
use crate::scope::{EvaluationError, Scope};
use crate::value::Value;

/// A string that is computed: a path, or a call of an intrinsic function.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    text: String,
}

impl Expression {
    /// Compiles `$.path`, `$$.path`, `$variable` or `States.Function(…)`.
    ///
    /// # Errors
    /// When the text is neither.
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

    /// The names of the variables that are read, each once, in order of appearance.
    #[must_use]
    pub fn variables(&self) -> Vec<&str> {
        Vec::new()
    }

    /// The value.
    ///
    /// # Errors
    /// See [`EvaluationError`].
    pub fn evaluate(&self, scope: &Scope<'_>) -> Result<Value, EvaluationError> {
        Ok(scope.root.clone())
    }
}

/// A compiled payload template. A template without computed members is one constant and costs a reference count.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    constant: Value,
}

/// One mistake in a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// Where: the JSON pointer inside the template.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
}

/// Where and why a template has no value.
#[derive(Clone, Debug, PartialEq)]
pub struct TemplateEvaluationError {
    /// The member that failed, as written (`value.$`), innermost name only.
    pub field: String,
    /// The text of the expression.
    pub expression: String,
    /// Why.
    pub error: EvaluationError,
}

impl Template {
    /// Compiles a template.
    ///
    /// # Errors
    /// All mistakes, each with its place.
    pub fn parse(value: &Value) -> Result<Self, Vec<TemplateError>> {
        Ok(Self {
            constant: value.clone(),
        })
    }

    /// The names of the variables that are read, each once, in order of appearance.
    #[must_use]
    pub fn variables(&self) -> Vec<&str> {
        Vec::new()
    }

    /// The payload.
    ///
    /// # Errors
    /// The first member that has no value.
    pub fn evaluate(&self, _scope: &Scope<'_>) -> Result<Value, TemplateEvaluationError> {
        Ok(self.constant.clone())
    }
}
