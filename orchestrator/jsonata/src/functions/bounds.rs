//! What looks at values before something is made of them, so that nothing grows beyond the limits.

use jsonata_core::evaluator::EvaluatorError;
use jsonata_core::functions::string;
use jsonata_core::value::JValue;

use super::{Answer, State, argument};

/// The text of an operand of `&`, if it is within the bounds.
pub(super) fn operand(state: &State, value: &JValue) -> Result<JValue, EvaluatorError> {
    match value {
        JValue::String(_) => Ok(value.clone()),
        JValue::Undefined => Ok(JValue::string("")),
        JValue::Null | JValue::Bool(_) | JValue::Number(_) => Ok(string::string(value, None)?),
        _ => {
            measure(state, value)?;
            Ok(string::string(value, None)?)
        }
    }
}

pub(super) fn concatenate(state: &State, arguments: &[JValue]) -> Answer {
    let left = operand(state, argument(arguments, 0))?;
    let right = operand(state, argument(arguments, 1))?;
    let (left, right) = (
        left.as_str().unwrap_or_default(),
        right.as_str().unwrap_or_default(),
    );
    let length = left.len() + right.len();
    state.check_length(length)?;
    state.spend(length)?;
    let mut text = String::with_capacity(length);
    text.push_str(left);
    text.push_str(right);
    Ok(JValue::string(text))
}

pub(super) fn bounded(state: &State, arguments: &[JValue]) -> Answer {
    let value = argument(arguments, 0);
    if let JValue::Array(items) = value {
        state.spend(items.len() * size_of::<JValue>())?;
    }
    Ok(value.clone())
}

pub(super) fn width(state: &State, arguments: &[JValue]) -> Answer {
    let value = argument(arguments, 0);
    if let JValue::Number(number) = value {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a cast saturates, and no bound is as large"
        )]
        let width = number.abs() as usize;
        state.check_length(width)?;
        state.spend(width)?;
    }
    Ok(value.clone())
}

pub(super) fn text(state: &State, arguments: &[JValue]) -> Answer {
    let value = argument(arguments, 0);
    measure(state, value)?;
    Ok(value.clone())
}

/// Refuses a value whose text is too long. What is shared counts as often as it would be written.
pub(super) fn measure(state: &State, value: &JValue) -> Result<(), EvaluatorError> {
    let mut bytes: usize = 0;
    let mut left = vec![value];
    while let Some(value) = left.pop() {
        bytes += match value {
            JValue::String(text) => text.len(),
            JValue::Array(items) => {
                left.extend(items.iter());
                items.len()
            }
            JValue::Object(members) => {
                left.extend(members.values());
                members.keys().map(|name| name.len() + 1).sum()
            }
            _ => 1,
        };
        state.check_length(bytes)?;
    }
    state.spend(bytes)
}

pub(super) fn part(state: &State, arguments: &[JValue]) -> Answer {
    let number = |position| {
        let number = argument(arguments, position).as_i64();
        number
            .and_then(|number| usize::try_from(number).ok())
            .unwrap_or(0)
    };
    let (site, replaces, position) = (number(0), number(1) == 1, number(2));
    let value = argument(arguments, 3);
    let length = match value {
        JValue::String(text) => text.len(),
        JValue::Array(items) => items
            .iter()
            .map(|item| item.as_str().map_or(0, str::len))
            .sum(),
        _ => 0,
    };
    let mut parts = state.parts.borrow_mut();
    if parts.len() <= site {
        parts.resize(site + 1, [0; 3]);
    }
    let known = &mut parts[site];
    if replaces {
        if let Some(slot) = known.get_mut(position) {
            *slot = length;
        }
        if position == 2 {
            // An expression matches once for each character at most, and `$1` in the replacement stands for what it matched.
            let [string, pattern, _] = *known;
            let matches = string / pattern.max(1) + 1;
            let groups = value.as_str().map_or(0, |text| text.matches('$').count());
            let made = matches
                .saturating_mul(length)
                .saturating_add(string.saturating_mul(groups + 1));
            state.spend(made / 8)?;
        }
    } else {
        match position {
            0 => *known = [length, value.as_array().map_or(1, Vec::len), 0],
            _ => known[2] = length,
        }
        let [parts, count, separator] = *known;
        let made = parts.saturating_add(count.saturating_mul(separator));
        state.check_length(made)?;
        if position > 0 || separator == 0 {
            state.spend(made)?;
        }
    }
    drop(parts);
    Ok(value.clone())
}
