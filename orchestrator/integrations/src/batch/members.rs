//! The names of members: `JobName` in a state, `jobName` in Batch. What callers name themselves (parameters, tags) keeps its letters.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Members whose own members are named by callers.
const MAPS: [&str; 7] = [
    "parameters",
    "tags",
    "options",
    "labels",
    "annotations",
    "limits",
    "requests",
];

/// Members as Batch's answers have them, as states see them.
pub(super) fn upper(value: &Value) -> Value {
    renamed(value, |first| first.to_ascii_uppercase())
}

/// Reads a request. Members must be spelled as AWS spells them in states, all of them must be known, and the required ones must be there.
///
/// # Errors
/// Everything that is wrong with it.
pub(super) fn read<T: DeserializeOwned + Serialize>(
    parameters: &Value,
    required: &[&str],
) -> Result<T, Vec<String>> {
    let Value::Object(members) = parameters else {
        return Err(vec!["they must be an object".to_owned()]);
    };
    let mut problems: Vec<String> = required
        .iter()
        .filter(|name| members.get(**name).is_none_or(Value::is_null))
        .map(|name| format!("The field \"{name}\" is required but was missing"))
        .collect();
    let lowered = renamed(parameters, |first| first.to_ascii_lowercase());
    if problems.is_empty() {
        match serde_path_to_error::deserialize::<_, T>(lowered) {
            Ok(request) => {
                let known = serde_json::to_value(&request).unwrap_or_default();
                unknown(parameters, &upper(&known), &mut problems);
                if problems.is_empty() {
                    return Ok(request);
                }
            }
            Err(error) => {
                let path = upper_path(&error.path().to_string());
                let why = error.into_inner();
                problems.push(format!(
                    "The value for the field \"{path}\" can't be used: {why}"
                ));
            }
        }
    }
    Err(problems)
}

/// A member's place as the state spells it.
fn upper_path(path: &str) -> String {
    let names = path.split('.').map(|name| {
        let mut letters = name.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    });
    names.collect::<Vec<_>>().join(".")
}

/// Names the members that the reader left out. Nothing is said twice.
fn unknown(given: &Value, known: &Value, problems: &mut Vec<String>) {
    match (given, known) {
        (Value::Object(given), Value::Object(known)) => {
            for (name, value) in given.iter().filter(|(_, value)| !is_nothing(value)) {
                match known.get(name) {
                    Some(inner) => unknown(value, inner, problems),
                    None => {
                        let problem =
                            format!("The field \"{name}\" is not supported by Step Functions");
                        if !problems.contains(&problem) {
                            problems.push(problem);
                        }
                    }
                }
            }
        }
        (Value::Array(given), Value::Array(known)) => {
            for (given, known) in given.iter().zip(known) {
                unknown(given, known, problems);
            }
        }
        _ => {}
    }
}

/// Whether a member may be left out as well.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn renamed(value: &Value, letter: fn(&char) -> char) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| {
                let mut letters = name.chars();
                let first = letters.next();
                let is_map = first.is_some_and(|first| {
                    let rest = letters.as_str();
                    MAPS.iter()
                        .any(|map| map.strip_prefix(first.to_ascii_lowercase()) == Some(rest))
                });
                let name: String = first.iter().map(letter).chain(letters).collect();
                match (is_map, value) {
                    (true, Value::Object(_)) => (name, value.clone()),
                    _ => (name, renamed(value, letter)),
                }
            });
            Value::Object(members.collect::<Map<String, Value>>())
        }
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| renamed(item, letter)).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}
