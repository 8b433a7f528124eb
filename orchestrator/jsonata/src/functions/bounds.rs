//! What looks at values before something is made of them, so that nothing grows beyond the limits.

use jsonata_core::evaluator::EvaluatorError;
use jsonata_core::functions::string;
use jsonata_core::value::JValue;

use super::{Answer, State, argument, failure};

/// Sums of two such numbers are 64-bit integers.
const LARGEST_ADDEND: f64 = 4e18;

/// The largest number up to which every whole number is one.
const LARGEST_WHOLE: f64 = 9_007_199_254_740_992.0;

/// How many digits a time zone may have that is no mistake.
const ZONE_DIGITS: usize = 9;

/// How many letters stand for a 64-bit integer.
const MOST_LETTERS: usize = 13;

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

pub(super) fn finite(_: &State, arguments: &[JValue]) -> Answer {
    match argument(arguments, 0) {
        JValue::Number(number) if !number.is_finite() => {
            Err(failure("D1001", &format!("Number out of range: {number}")))
        }
        other => Ok(other.clone()),
    }
}

/// A position or length: beyond every string, one is like another.
pub(super) fn addend(_: &State, arguments: &[JValue]) -> Answer {
    Ok(match argument(arguments, 0) {
        JValue::Number(number) => JValue::Number(number.clamp(-LARGEST_ADDEND, LARGEST_ADDEND)),
        other => other.clone(),
    })
}

pub(super) fn end(_: &State, arguments: &[JValue]) -> Answer {
    let value = argument(arguments, 0);
    match value {
        JValue::Number(number) if number.is_finite() && number.abs() > LARGEST_WHOLE => {
            let why = format!("{number} is too large for an end of a range");
            Err(failure("D2014", &why))
        }
        other => Ok(other.clone()),
    }
}

pub(super) fn zone(_: &State, arguments: &[JValue]) -> Answer {
    let value = argument(arguments, 0);
    let text = value.as_str().unwrap_or_default().trim_start();
    let digits = text.trim_start_matches(['+', '-']).bytes();
    if digits.take_while(u8::is_ascii_digit).count() > ZONE_DIGITS {
        return Err(failure("D3134", "The time zone has too many digits"));
    }
    Ok(value.clone())
}

/// Refuses what the implementation reads past its ends: more letters than an integer has, digits of another script than the picture's, and half
/// of a letter where an ordinal's ending is expected.
pub(super) fn letters(_: &State, arguments: &[JValue]) -> Answer {
    let value = argument(arguments, 0);
    let picture = argument(arguments, 1).as_str().unwrap_or_default();
    let text = value.as_str().unwrap_or_default();
    let (primary, modifier) = picture.rsplit_once(';').unwrap_or((picture, ""));
    let is_of_letters = primary.starts_with(['A', 'a']);
    let is_too_long = is_of_letters && text.chars().nth(MOST_LETTERS).is_some();
    let ending = text.len().saturating_sub(2);
    let is_cut = modifier.starts_with('o') && !text.is_char_boundary(ending);
    let digit = primary
        .chars()
        .find(|letter| !letter.is_ascii() && letter.is_numeric());
    let is_of = |digit: char, letter: char| {
        letter.is_numeric() && u32::from(letter).abs_diff(u32::from(digit)) <= 9
    };
    let is_of_another = digit.is_some_and(|digit| {
        let mut letters = text.chars().filter(|letter| !primary.contains(*letter));
        !letters.all(|letter| is_of(digit, letter))
    });
    if is_too_long || is_cut || is_of_another {
        let why = format!("\"{picture}\" is no picture of the integer");
        return Err(failure("D3130", &why));
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
