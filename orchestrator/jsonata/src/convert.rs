//! Values on their way into the language and out of it.

use std::rc::Rc;

use expression::value::{MAX_DEPTH, Object, Value};
use indexmap::IndexMap;
use jsonata_core::value::JValue;

use crate::error::Error;

/// How many values one result may hold. Results share their parts, so a small one could stand for more than fits into memory.
const MAX_NODES: usize = 1_000_000;

/// The first integer that not every double beside it is apart from.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A value as the language's implementation holds it. Its numbers are doubles there.
pub(crate) fn value(value: &Value) -> JValue {
    match value {
        Value::Null => JValue::Null,
        Value::Bool(value) => JValue::Bool(*value),
        Value::Number(number) => JValue::Number(number.as_f64().unwrap_or(f64::NAN)),
        Value::String(text) => JValue::String(Rc::from(&**text)),
        Value::Array(items) => JValue::array(items.iter().map(self::value).collect()),
        Value::Object(members) => object(members.iter().map(|(name, member)| (&**name, member))),
    }
}

/// An object of these members.
pub(crate) fn object<'a>(members: impl Iterator<Item = (&'a str, &'a Value)>) -> JValue {
    let members: IndexMap<String, JValue> = members
        .map(|(name, member)| (name.to_owned(), value(member)))
        .collect();
    JValue::object(members)
}

/// A result as a value; `None` for one that is nothing.
pub(crate) fn result(result: &JValue) -> Result<Option<Value>, Error> {
    if matches!(result, JValue::Undefined) {
        return Ok(None);
    }
    let mut left = MAX_NODES;
    back(result, 0, &mut left).map(Some)
}

fn back(value: &JValue, depth: usize, left: &mut usize) -> Result<Value, Error> {
    *left = left.checked_sub(1).ok_or_else(|| {
        Error::failed(
            "D2015",
            format!("The result holds more than {MAX_NODES} values"),
        )
    })?;
    let deeper = || {
        if depth < MAX_DEPTH {
            return Ok(depth + 1);
        }
        Err(Error::failed(
            "D1011",
            format!("The result nests deeper than {MAX_DEPTH} levels"),
        ))
    };
    match value {
        // Nothing within an array stands for itself as JavaScript's JSON shows it.
        JValue::Null | JValue::Undefined => Ok(Value::Null),
        JValue::Bool(value) => Ok(Value::Bool(*value)),
        JValue::Number(number) if !number.is_finite() => Err(Error::failed(
            "D1001",
            format!("Number out of range: {number}"),
        )),
        JValue::Number(number) => Ok(self::number(*number)),
        JValue::String(text) => Ok(Value::from(&**text)),
        JValue::Array(items) => {
            let depth = deeper()?;
            let items: Result<Vec<Value>, Error> =
                items.iter().map(|item| back(item, depth, left)).collect();
            Ok(Value::from(items?))
        }
        JValue::Object(members) => {
            let depth = deeper()?;
            let mut object = Object::with_capacity_and_hasher(members.len(), Default::default());
            for (name, member) in members.iter() {
                if !matches!(member, JValue::Undefined) {
                    object.insert(name.as_str().into(), back(member, depth, left)?);
                }
            }
            Ok(Value::Object(object.into()))
        }
        JValue::Lambda(_) | JValue::Builtin { .. } | JValue::Regex { .. } => {
            Err(Error::Unsupported)
        }
    }
}

/// A whole number is an integer again where integers and doubles are the same.
fn number(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() <= EXACT {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "it is whole and within 53 bits"
        )]
        return Value::from(number as i64);
    }
    Value::from(number)
}
