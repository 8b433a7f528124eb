//! A call's arguments, taken by position as the type that the function needs.

use crate::java;
use crate::value::{Object, Value};

pub(super) fn array(arguments: &[Value], position: usize) -> Result<&[Value], String> {
    let value = &arguments[position];
    value
        .as_array()
        .ok_or_else(|| wrong_type(position, "an array", value))
}

pub(super) fn object(arguments: &[Value], position: usize) -> Result<&Object, String> {
    let value = &arguments[position];
    value
        .as_object()
        .ok_or_else(|| wrong_type(position, "an object", value))
}

pub(super) fn string(arguments: &[Value], position: usize) -> Result<&str, String> {
    let value = &arguments[position];
    value
        .as_str()
        .ok_or_else(|| wrong_type(position, "a string", value))
}

/// A number, rounded to the nearest integer as AWS documents it.
pub(super) fn integer(arguments: &[Value], position: usize) -> Result<i64, String> {
    let value = &arguments[position];
    java::round(value).ok_or_else(|| wrong_type(position, "an integer", value))
}

pub(super) fn wrong_type(position: usize, expected: &str, found: &Value) -> String {
    format!(
        "argument {} must be {expected}, but was of type {}",
        position + 1,
        found.type_name()
    )
}
