//! The functions over arrays.

use std::collections::HashSet;
use std::fmt::Write;

use crate::intrinsic::argument;
use crate::intrinsic::function::Answer;
use crate::value::Value;

/// How many items `States.ArrayRange` may make.
const MAX_RANGE: i128 = 1000;

pub(super) fn contains(arguments: &[Value]) -> Answer {
    Ok(argument::array(arguments, 0)?
        .contains(&arguments[1])
        .into())
}

pub(super) fn get_item(arguments: &[Value]) -> Answer {
    let items = argument::array(arguments, 0)?;
    let index = argument::integer(arguments, 1)?;
    usize::try_from(index)
        .ok()
        .and_then(|index| items.get(index))
        .cloned()
        .ok_or_else(|| {
            format!(
                "the index {index} is out of bounds for an array of length {}",
                items.len()
            )
        })
}

pub(super) fn length(arguments: &[Value]) -> Answer {
    Ok(Value::from(argument::array(arguments, 0)?.len() as u64))
}

pub(super) fn partition(arguments: &[Value]) -> Answer {
    let items = argument::array(arguments, 0)?;
    let size = argument::integer(arguments, 1)?;
    let size = usize::try_from(size)
        .ok()
        .filter(|size| *size > 0)
        .ok_or_else(|| format!("the chunk size must be a positive integer, but was {size}"))?;
    Ok(Value::array(
        items
            .chunks(size)
            .map(|chunk| Value::array(chunk.iter().cloned())),
    ))
}

/// The last value belongs to the range where a step meets it.
pub(super) fn range(arguments: &[Value]) -> Answer {
    let [first, last, step] = [0, 1, 2].map(|position| argument::integer(arguments, position));
    let (first, last, step) = (first?, last?, step?);
    if step == 0 {
        return Err("the step of a range cannot be 0".to_owned());
    }
    let count = (i128::from(last) - i128::from(first)) / i128::from(step) + 1;
    if count > MAX_RANGE {
        return Err(format!(
            "the range has {count} items, more than {MAX_RANGE}"
        ));
    }
    let ahead = if step > 0 {
        first <= last
    } else {
        first >= last
    };
    let mut values = Vec::new();
    let mut value = Some(first).filter(|_| ahead);
    while let Some(current) = value.filter(|value| {
        if step > 0 {
            *value <= last
        } else {
            *value >= last
        }
    }) {
        values.push(Value::from(current));
        value = current.checked_add(step);
    }
    Ok(Value::from(values))
}

/// The first of equal items stays.
pub(super) fn unique(arguments: &[Value]) -> Answer {
    let mut seen = HashSet::with_hasher(foldhash::fast::FixedState::default());
    let items = argument::array(arguments, 0)?.iter().filter(|item| {
        let mut key = String::new();
        write_key(&mut key, item);
        seen.insert(key)
    });
    Ok(Value::array(items.cloned()))
}

/// A text that equal values have in common: JSON with sorted members.
fn write_key(key: &mut String, value: &Value) {
    match value {
        Value::Array(items) => {
            key.push('[');
            for item in items.iter() {
                write_key(key, item);
                key.push(',');
            }
            key.push(']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            key.push('{');
            for (name, member) in members {
                write!(key, "{name:?}:").expect("writing to a string cannot fail");
                write_key(key, member);
                key.push(',');
            }
            key.push('}');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            key.push_str(&value.to_text())
        }
    }
}
