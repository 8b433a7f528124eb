//! JSONPath as the Amazon States Language uses it: `$`, `$$` and `$variable` paths, compiled once.
//!
//! The rules are those of Jayway's JsonPath, which AWS uses: a definite path answers with its value and fails where
//! there is none; an indefinite path answers with a list, which may be empty.

mod query;
mod reference;
mod scan;
mod step;

use std::sync::Arc;

pub use reference::ReferencePath;

use crate::path::query::Query;
use crate::path::step::{Missing, Step};
use crate::scope::{EvaluationError, Scope};
use crate::value::{Object, Value};

/// A compiled path. A definite path (`$.a.b[0]`) is a walk over steps; anything else goes through `jsonpath-rust`.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    text: Arc<str>,
    start: Start,
    steps: Vec<Step>,
    tail: Tail,
}

/// Why a text is no path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathError {
    /// What is wrong, without the path itself.
    pub message: String,
}

/// The value that a path begins at.
#[derive(Clone, Debug, PartialEq)]
enum Start {
    /// `$`
    Input,
    /// `$$`
    Context,
    /// `$name`
    Variable(Arc<str>),
}

/// What follows after the definite steps.
#[derive(Clone, Debug, PartialEq)]
enum Tail {
    /// Nothing: the path is definite.
    None,
    /// `['a','b']` at the end: one object of those members, as Jayway has it.
    Members(Vec<Arc<str>>),
    /// `.length()`, the one function that definitions in use rely on.
    Length,
    /// Everything from the first step that can select several values.
    Query(Query),
}

impl PathError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
        }
    }
}

impl Path {
    /// Compiles a path.
    ///
    /// # Errors
    /// When the text is no JSONPath, or uses a feature whose result is known to be wrong.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        scan::path(text)
    }

    /// The text that was compiled.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The name of the variable that the path begins at, if it does.
    #[must_use]
    pub fn variable(&self) -> Option<&str> {
        match &self.start {
            Start::Variable(name) => Some(name),
            Start::Input | Start::Context => None,
        }
    }

    /// Whether the path is just `$`.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.start == Start::Input && self.steps.is_empty() && self.tail == Tail::None
    }

    /// Whether the path begins at the context object (`$$`).
    #[must_use]
    pub fn is_context(&self) -> bool {
        self.start == Start::Context
    }

    /// Whether the path can lead to one value only; any other path answers with a list.
    #[must_use]
    pub fn is_definite(&self) -> bool {
        !matches!(self.tail, Tail::Query(_))
    }

    /// Whether the path leads anywhere (`IsPresent`). Unlike a failed [`Self::evaluate`] this builds no message.
    #[must_use]
    pub fn is_present(&self, scope: &Scope<'_>) -> bool {
        let Ok(root) = self.root(scope) else {
            return false;
        };
        let Ok(value) = step::walk(root, &self.steps) else {
            return false;
        };
        match &self.tail {
            Tail::None => true,
            Tail::Members(_) => value.as_object().is_some(),
            Tail::Length => length(value).is_some(),
            Tail::Query(query) => !query.select(root, value).is_empty(),
        }
    }

    /// The one value of a definite path, or the list of all values of an indefinite one.
    ///
    /// An indefinite path whose definite beginning leads nowhere answers with the empty list, as AWS was seen to do.
    ///
    /// # Errors
    /// When a definite path leads nowhere or the variable is unknown.
    pub fn evaluate(&self, scope: &Scope<'_>) -> Result<Value, EvaluationError> {
        let root = self.root(scope)?;
        let found = step::walk(root, &self.steps);
        match &self.tail {
            Tail::None => match found {
                Ok(value) => Ok(value.clone()),
                Err(missing) => Err(self.no_such_path(root, &missing)),
            },
            Tail::Members(names) => match found {
                Ok(Value::Object(members)) => Ok(pick(members, names)),
                Ok(other) => Err(self.not_an_object(root, other, names)),
                Err(missing) => Err(self.no_such_path(root, &missing)),
            },
            Tail::Length => match found {
                Ok(value) => length(value).ok_or_else(|| self.no_length(value)),
                Err(missing) => Err(self.no_such_path(root, &missing)),
            },
            Tail::Query(query) => Ok(Value::array(
                found.map_or_else(|_| Vec::new(), |value| query.select(root, value)),
            )),
        }
    }

    fn root<'s>(&self, scope: &Scope<'s>) -> Result<&'s Value, EvaluationError> {
        match &self.start {
            Start::Input => Ok(scope.root),
            Start::Context => Ok(scope.context.object()),
            Start::Variable(name) => {
                scope
                    .variables
                    .get(name)
                    .ok_or_else(|| EvaluationError::NoSuchVariable {
                        name: name.to_string(),
                    })
            }
        }
    }

    #[cold]
    fn no_such_path(&self, root: &Value, missing: &Missing<'_>) -> EvaluationError {
        EvaluationError::NoSuchPath {
            path: self.text.to_string(),
            normalized: missing.normalized(&self.steps),
            reason: missing.reason(&self.steps, self.tail == Tail::None).into(),
            input: root.to_quoted_text(),
        }
    }

    #[cold]
    fn not_an_object(&self, root: &Value, found: &Value, names: &[Arc<str>]) -> EvaluationError {
        let normalized = step::normalized(&self.steps);
        EvaluationError::NoSuchPath {
            path: self.text.to_string(),
            reason: step::not_an_object(&step::members(names), &normalized, found).into(),
            normalized: normalized + &step::members(names),
            input: root.to_quoted_text(),
        }
    }

    #[cold]
    fn no_length(&self, found: &Value) -> EvaluationError {
        EvaluationError::Type {
            message: format!(
                "the length of {} is asked for in '{}', only arrays and objects have one",
                found.type_name(),
                self.text
            ),
        }
    }
}

/// The named members that exist, as one object.
fn pick(members: &Object, names: &[Arc<str>]) -> Value {
    Value::object(
        names
            .iter()
            .filter_map(|name| Some((name.clone(), members.get(name)?.clone()))),
    )
}

fn length(value: &Value) -> Option<Value> {
    let length = match value {
        Value::Array(items) => items.len(),
        Value::Object(members) => members.len(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return None,
    };
    Some(Value::from(length as u64))
}

#[cfg(test)]
mod tests;
