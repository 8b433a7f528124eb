//! The functions that Step Functions adds to JSONata or takes away, those that read time or chance, and those that look before something
//! grows.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use expression::java;
use expression::value::Value;
use jsonata_core::evaluator::{Evaluator, EvaluatorError};
use jsonata_core::functions::string;
use jsonata_core::value::JValue;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::convert;
use crate::limits::{Limits, Surroundings};

/// `a & b` within the bounds.
pub(crate) const CONCATENATE: &str = "#concatenate";
/// A range, counted.
pub(crate) const BOUNDED: &str = "#bounded";
/// An argument of `$pad`: a width within the bounds.
pub(crate) const WIDTH: &str = "#width";
/// An argument of `$string`: a value whose text is within the bounds.
pub(crate) const TEXT: &str = "#text";
/// An argument of `$join` or `$replace`: which call, which function, which argument, and the argument.
pub(crate) const PART: &str = "#part";
/// The moment, whatever `$millis` is bound to.
pub(crate) const MILLIS: &str = "#millis";

type Answer = Result<JValue, EvaluatorError>;
type Function = fn(&State, &[JValue]) -> Answer;

/// What the functions of one evaluation share.
pub(crate) struct State {
    surroundings: Surroundings,
    limits: Limits,
    drawn: Cell<u64>,
    spent: Cell<usize>,
    /// How long the strings are that each call of `$join` and `$replace` is about to get, by the call and the argument.
    parts: RefCell<Vec<[usize; 3]>>,
}

impl State {
    pub(crate) fn new(surroundings: Surroundings, limits: Limits) -> Self {
        Self {
            surroundings,
            limits,
            drawn: Cell::new(surroundings.seed),
            spent: Cell::new(0),
            parts: RefCell::default(),
        }
    }

    /// The next 64 bits: SplitMix64.
    fn draw(&self) -> u64 {
        let state = self.drawn.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.drawn.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Counts what was made.
    fn spend(&self, bytes: usize) -> Result<(), EvaluatorError> {
        let spent = self.spent.get().saturating_add(bytes);
        self.spent.set(spent);
        if spent > self.limits.memory {
            let most = self.limits.memory;
            return Err(failure(
                "U1004",
                &format!("The strings and ranges take more than {most} bytes"),
            ));
        }
        Ok(())
    }

    /// Refuses a string of that many bytes, if it has as many characters, too.
    fn check_length(&self, bytes: usize) -> Result<(), EvaluatorError> {
        if bytes > self.limits.string {
            let most = self.limits.string;
            return Err(failure(
                "U1004",
                &format!("The string is longer than {most} characters"),
            ));
        }
        Ok(())
    }
}

/// The function of that name, if it is one of these.
fn function(name: &str) -> Option<Function> {
    Some(match name {
        "partition" => partition,
        "range" => range,
        "hash" => hash,
        "random" => random,
        "uuid" => uuid,
        "parse" => parse,
        "eval" => |_, _| Err(failure("T1006", "Attempted to invoke a non-function")),
        "now" => now,
        "millis" | MILLIS => millis,
        "shuffle" => shuffle,
        CONCATENATE => concatenate,
        BOUNDED => bounded,
        WIDTH => width,
        TEXT => text,
        PART => part,
        _ => return None,
    })
}

/// Whether a name is that of a function of this module.
pub(crate) fn is_ours(name: &str) -> bool {
    function(name).is_some()
}

/// Lets an evaluation call the function of that name.
pub(crate) fn register(name: &str, evaluator: &mut Evaluator, state: &Rc<State>) {
    let Some(function) = function(name) else {
        return;
    };
    let state = Rc::clone(state);
    evaluator
        .register_fn_override(name, move |arguments: &[JValue]| {
            function(&state, arguments)
        })
        .expect("none of these functions is inlined by the compiler");
}

fn failure(code: &str, message: &str) -> EvaluatorError {
    EvaluatorError::EvaluationError(format!("{code}: {message}"))
}

/// JSONata's words for an argument of the wrong type.
fn mismatch(position: usize, function: &str) -> EvaluatorError {
    failure(
        "T0410",
        &format!(
            "Argument {position} of function \"{function}\" does not match function signature"
        ),
    )
}

fn argument(arguments: &[JValue], position: usize) -> &JValue {
    arguments.get(position).unwrap_or(&JValue::Undefined)
}

/// A whole number, which JSON's numbers may be.
fn integer(arguments: &[JValue], position: usize, function: &str) -> Result<i64, EvaluatorError> {
    let number = argument(arguments, position).as_f64();
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
    number
        .filter(|number| number.fract() == 0.0 && number.abs() < 9.2e18)
        .map(|number| number as i64)
        .ok_or_else(|| mismatch(position + 1, function))
}

/// `$partition(array, size)`: arrays of that many items, the last with what is left.
fn partition(_: &State, arguments: &[JValue]) -> Answer {
    let items = match argument(arguments, 0) {
        JValue::Undefined => return Ok(JValue::Undefined),
        JValue::Array(items) => items.to_vec(),
        single => vec![single.clone()],
    };
    let size = integer(arguments, 1, "partition")?;
    let size = usize::try_from(size)
        .ok()
        .filter(|size| *size > 0)
        .ok_or_else(|| mismatch(2, "partition"))?;
    let chunks = items.chunks(size);
    Ok(JValue::array(
        chunks.map(|chunk| JValue::array(chunk.to_vec())).collect(),
    ))
}

/// `$range(first, last, step)`, with the last where the steps meet it. A single number is not put into an array, as AWS answers it.
fn range(state: &State, arguments: &[JValue]) -> Answer {
    let mut numbers = [0.0; 3];
    for (position, number) in numbers.iter_mut().enumerate() {
        *number = match argument(arguments, position) {
            JValue::Undefined => return Ok(JValue::Undefined),
            value => value
                .as_f64()
                .filter(|number| number.is_finite())
                .ok_or_else(|| mismatch(position + 1, "range"))?,
        };
    }
    let [first, last, step] = numbers;
    if step == 0.0 {
        return Err(mismatch(3, "range"));
    }
    let steps = ((last - first) / step).floor();
    if steps < 0.0 {
        return Ok(JValue::sequence(Vec::new()));
    }
    let most = state.limits.sequence;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast saturates, and no bound is as large"
    )]
    let count = (steps as usize).saturating_add(1);
    if count > most {
        return Err(failure(
            "D2015",
            &format!("The maximum sequence length of {most} was exceeded."),
        ));
    }
    state.spend(count * size_of::<JValue>())?;
    #[expect(clippy::cast_precision_loss, reason = "the bound is far below 53 bits")]
    let numbers = (0..count).map(|position| JValue::Number(first + position as f64 * step));
    Ok(JValue::sequence(numbers.collect()))
}

/// `$hash(text, algorithm)`, in hexadecimal digits.
fn hash(_: &State, arguments: &[JValue]) -> Answer {
    let text = match argument(arguments, 0) {
        JValue::Undefined => return Ok(JValue::Undefined),
        value => value.as_str().ok_or_else(|| mismatch(1, "hash"))?,
    };
    let algorithm = argument(arguments, 1);
    let digest = match algorithm.as_str().ok_or_else(|| mismatch(2, "hash"))? {
        "MD5" => hexadecimal(&Md5::digest(text)),
        "SHA-1" => hexadecimal(&Sha1::digest(text)),
        "SHA-256" => hexadecimal(&Sha256::digest(text)),
        "SHA-384" => hexadecimal(&Sha384::digest(text)),
        "SHA-512" => hexadecimal(&Sha512::digest(text)),
        _ => return Err(mismatch(2, "hash")),
    };
    Ok(JValue::string(digest))
}

fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 0xf])
        .map(|digit| char::from(DIGITS[usize::from(digit)]));
    digits.collect()
}

/// `$random()`, and `$random(seed)`, which draws what Java's generator draws first.
fn random(state: &State, arguments: &[JValue]) -> Answer {
    if matches!(argument(arguments, 0), JValue::Undefined) {
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
        let drawn = (state.draw() >> 11) as f64 / (1_u64 << 53) as f64;
        return Ok(JValue::Number(drawn));
    }
    let seed = integer(arguments, 0, "random")?;
    Ok(JValue::Number(java::Random::new(seed).next_double()))
}

/// `$uuid()`: version 4.
fn uuid(state: &State, _: &[JValue]) -> Answer {
    let high = state.draw() & !0xf000 | 0x4000;
    let low = state.draw() & !(0b11 << 62) | 0b10 << 62;
    Ok(JValue::string(format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff,
    )))
}

/// `$parse(text)`: the value of a JSON text.
fn parse(_: &State, arguments: &[JValue]) -> Answer {
    let text = match argument(arguments, 0) {
        JValue::Undefined => return Ok(JValue::Undefined),
        value => value.as_str().ok_or_else(|| mismatch(1, "parse"))?,
    };
    let value = Value::parse(text)
        .map_err(|error| failure("D3120", &format!("The text is not valid JSON: {error}")))?;
    Ok(convert::value(&value))
}

/// `$millis()`.
fn millis(state: &State, _: &[JValue]) -> Answer {
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds of any year that people live in fit"
    )]
    let now = state.surroundings.now_millis as f64;
    Ok(JValue::Number(now))
}

/// `$now()` without a picture: `2026-11-23T06:00:00.000Z`. With a picture the call is one of `$fromMillis`.
fn now(state: &State, _: &[JValue]) -> Answer {
    Ok(JValue::string(instant(state.surroundings.now_millis)))
}

/// An instant in ISO 8601, after Howard Hinnant's `civil_from_days`.
fn instant(millis: i64) -> String {
    const DAY: i64 = 86_400_000;
    let (days, of_day) = (millis.div_euclid(DAY), millis.rem_euclid(DAY));
    let shifted = days + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute) = (of_day / 3_600_000, of_day / 60_000 % 60);
    let (second, thousandth) = (of_day / 1000 % 60, of_day % 1000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{thousandth:03}Z")
}

/// `$shuffle(array)`, by Fisher and Yates.
fn shuffle(state: &State, arguments: &[JValue]) -> Answer {
    let mut items = match argument(arguments, 0) {
        JValue::Undefined => return Ok(JValue::Undefined),
        JValue::Array(items) => items.to_vec(),
        single => vec![single.clone()],
    };
    for position in (1..items.len()).rev() {
        let other = u128::from(state.draw()) * (position as u128 + 1) >> 64;
        let other = usize::try_from(other).expect("it is at most the position");
        items.swap(position, other);
    }
    Ok(JValue::array(items))
}

/// The text of an operand of `&`, if it is within the bounds.
fn operand(state: &State, value: &JValue) -> Result<JValue, EvaluatorError> {
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

fn concatenate(state: &State, arguments: &[JValue]) -> Answer {
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

fn bounded(state: &State, arguments: &[JValue]) -> Answer {
    let value = argument(arguments, 0);
    if let JValue::Array(items) = value {
        state.spend(items.len() * size_of::<JValue>())?;
    }
    Ok(value.clone())
}

fn width(state: &State, arguments: &[JValue]) -> Answer {
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

fn text(state: &State, arguments: &[JValue]) -> Answer {
    let value = argument(arguments, 0);
    measure(state, value)?;
    Ok(value.clone())
}

/// Refuses a value whose text is too long. What is shared counts as often as it would be written.
fn measure(state: &State, value: &JValue) -> Result<(), EvaluatorError> {
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

fn part(state: &State, arguments: &[JValue]) -> Answer {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_in_iso_8601() {
        fn check(millis: i64, expected: &str) {
            assert_eq!(instant(millis), expected);
        }
        check(0, "1970-01-01T00:00:00.000Z");
        check(951_782_400_001, "2000-02-29T00:00:00.001Z");
        check(1_795_413_600_123, "2026-11-23T06:00:00.123Z");
        check(-1, "1969-12-31T23:59:59.999Z");
    }
}
