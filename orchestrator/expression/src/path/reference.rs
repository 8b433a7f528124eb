//! Reference paths: where a state's result is put (`ResultPath`).

use std::sync::Arc;

use crate::path::step::{self, Step};
use crate::path::{Path, PathError, Start, Tail};
use crate::scope::EvaluationError;
use crate::value::Value;

/// A definite path into the state's input where a result is put (`ResultPath`): fields and indexes only.
#[derive(Clone, Debug, PartialEq)]
pub struct ReferencePath {
    text: Arc<str>,
    steps: Vec<Step>,
}

impl ReferencePath {
    /// Compiles a reference path.
    ///
    /// # Errors
    /// When the text is no reference path.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let path = Path::parse(text)?;
        if path.start != Start::Input {
            return Err(PathError::new(
                "a reference path must begin at the input, with '$.' or '$['",
            ));
        }
        let negative = |step: &Step| matches!(step, Step::Item(index) if *index < 0);
        if path.tail != Tail::None || path.steps.iter().any(negative) {
            return Err(PathError::new(
                "a reference path can only name one field or one item",
            ));
        }
        Ok(Self {
            text: path.text,
            steps: path.steps,
        })
    }

    /// The text that was compiled.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The value at this path, if there is one.
    #[must_use]
    pub fn get<'v>(&self, input: &'v Value) -> Option<&'v Value> {
        step::walk(input, &self.steps).ok()
    }

    /// The input with the result put at this path; missing objects on the way are made.
    ///
    /// Only the objects and arrays on the way are copied, and only where somebody else still holds them.
    ///
    /// # Errors
    /// When the path meets a value that can't hold it (`States.ResultPathMatchFailure`): a member of something else
    /// than an object, an item that an array does not have, an array that would have to be made.
    pub fn put(&self, input: Value, result: Value) -> Result<Value, EvaluationError> {
        let mut input = input;
        self.check(&input)?;
        let mut slot = &mut input;
        for step in &self.steps {
            slot = match (step, slot) {
                (Step::Member(name), Value::Object(members)) => Arc::make_mut(members)
                    .entry(name.clone())
                    .or_insert_with(Value::empty_object),
                (Step::Item(index), Value::Array(items)) => {
                    let item = usize::try_from(*index).expect("parse refuses negative indexes");
                    &mut Arc::make_mut(items)[item]
                }
                (Step::Member(_) | Step::Item(_), _) => unreachable!("check() saw the same values"),
            };
        }
        *slot = result;
        Ok(input)
    }

    /// Refuses an input in which some step of the path neither exists nor can be made.
    fn check(&self, input: &Value) -> Result<(), EvaluationError> {
        let mut value = Some(input);
        for step in &self.steps {
            value = match (step, value) {
                (Step::Member(name), Some(Value::Object(members))) => members.get(&**name),
                (Step::Member(_), None) => None,
                (Step::Item(index), Some(Value::Array(items))) => {
                    let item = usize::try_from(*index)
                        .ok()
                        .and_then(|index| items.get(index));
                    Some(item.ok_or_else(|| mismatch(step, value))?)
                }
                (Step::Member(_), Some(_)) | (Step::Item(_), _) => {
                    return Err(mismatch(step, value));
                }
            };
        }
        Ok(())
    }
}

#[cold]
fn mismatch(step: &Step, found: Option<&Value>) -> EvaluationError {
    let step = step::fragment(step);
    let message = match found {
        Some(Value::Array(items)) if !step.starts_with("['") => {
            format!(
                "{step} is beyond the end of an array of length {}",
                items.len()
            )
        }
        Some(other) => format!("{step} does not fit a value of type {}", other.type_name()),
        None => format!("{step} needs an array, and only objects are made"),
    };
    EvaluationError::Type { message }
}
