//! The walk over a definite path's steps, and Jayway's words where it ends early.

use std::fmt::Write;
use std::sync::Arc;

use crate::java;
use crate::value::Value;

/// One step of a definite path.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    /// `.name` or `['name']`
    Member(Arc<str>),
    /// `[0]`; a negative index counts from the end.
    Item(i64),
}

/// Where a walk ended before its last step.
#[derive(Debug)]
pub(super) struct Missing<'v> {
    /// The position of the step that could not be taken.
    position: usize,
    /// The value that it could not be taken from.
    from: &'v Value,
}

/// Takes all steps.
pub(super) fn walk<'v>(root: &'v Value, steps: &[Step]) -> Result<&'v Value, Missing<'v>> {
    let mut value = root;
    for (position, step) in steps.iter().enumerate() {
        let next = match (step, value) {
            (Step::Member(name), Value::Object(members)) => members.get(&**name),
            (Step::Item(index), Value::Array(items)) => {
                position_of(*index, items.len()).and_then(|index| items.get(index))
            }
            _ => None,
        };
        let Some(next) = next else {
            return Err(Missing {
                position,
                from: value,
            });
        };
        value = next;
    }
    Ok(value)
}

/// The position that an index means in an array of that length, which it may lie behind.
fn position_of(index: i64, length: usize) -> Option<usize> {
    match usize::try_from(index) {
        Ok(position) => Some(position),
        Err(_) => length.checked_sub(usize::try_from(index.unsigned_abs()).ok()?),
    }
}

impl Missing<'_> {
    /// The path up to and with the missing step, in brackets.
    pub(super) fn normalized(&self, steps: &[Step]) -> String {
        normalized(&steps[..=self.position])
    }

    /// The message of Jayway's exception. `whole` tells whether the steps are the whole path.
    pub(super) fn reason(&self, steps: &[Step], whole: bool) -> String {
        let before = normalized(&steps[..self.position]);
        match (&steps[self.position], self.from) {
            (Step::Member(_), Value::Object(_)) if !(whole && self.position + 1 == steps.len()) => {
                format!("Missing property in path {}", self.normalized(steps))
            }
            (Step::Member(_), Value::Object(_)) | (Step::Item(_), Value::Array(_)) => {
                format!("No results for path: {}", normalized(steps))
            }
            (step @ Step::Member(_), from) => not_an_object(&fragment(step), &before, from),
            (Step::Item(_), Value::Null) => format!("The path {before} is null"),
            (step @ Step::Item(_), from) => format!(
                "Filter: {} can only be applied to arrays. Current context is: {}",
                fragment(step),
                java::text(from),
            ),
        }
    }
}

/// `$['a'][0]`
pub(super) fn normalized(steps: &[Step]) -> String {
    steps
        .iter()
        .map(fragment)
        .fold("$".to_owned(), |all, one| all + &one)
}

/// `['a','b']`
pub(super) fn members(names: &[Arc<str>]) -> String {
    let mut text = String::from("[");
    for (position, name) in names.iter().enumerate() {
        let comma = if position > 0 { "," } else { "" };
        write!(text, "{comma}'{name}'").expect("writing to a string cannot fail");
    }
    text + "]"
}

/// Jayway's message for a member that is looked for in something else than an object.
pub(super) fn not_an_object(fragment: &str, path: &str, found: &Value) -> String {
    format!(
        "Expected to find an object with property {fragment} in path {path} but found '{}'. This is not a json object \
         according to the JsonProvider: 'com.jayway.jsonpath.spi.json.JacksonJsonProvider'.",
        java::class_name(found),
    )
}

/// `['a']` or `[0]`
pub(super) fn fragment(step: &Step) -> String {
    match step {
        Step::Member(name) => format!("['{name}']"),
        Step::Item(index) => format!("[{index}]"),
    }
}
