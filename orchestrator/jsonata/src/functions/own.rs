//! What Step Functions adds to JSONata, and what draws by chance.

use expression::java;
use expression::value::Value;
use jsonata_core::value::JValue;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::{Answer, State, argument, failure, integer, mismatch};
use crate::convert;

/// `$partition(array, size)`: arrays of that many items, the last with what is left.
pub(super) fn partition(_: &State, arguments: &[JValue]) -> Answer {
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
pub(super) fn range(state: &State, arguments: &[JValue]) -> Answer {
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
pub(super) fn hash(_: &State, arguments: &[JValue]) -> Answer {
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
pub(super) fn random(state: &State, arguments: &[JValue]) -> Answer {
    if matches!(argument(arguments, 0), JValue::Undefined) {
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
        let drawn = (state.draw() >> 11) as f64 / (1_u64 << 53) as f64;
        return Ok(JValue::Number(drawn));
    }
    let seed = integer(arguments, 0, "random")?;
    Ok(JValue::Number(java::Random::new(seed).next_double()))
}

/// `$uuid()`: version 4.
pub(super) fn uuid(state: &State, _: &[JValue]) -> Answer {
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
pub(super) fn parse(_: &State, arguments: &[JValue]) -> Answer {
    let text = match argument(arguments, 0) {
        JValue::Undefined => return Ok(JValue::Undefined),
        value => value.as_str().ok_or_else(|| mismatch(1, "parse"))?,
    };
    let value = Value::parse(text)
        .map_err(|error| failure("D3120", &format!("The text is not valid JSON: {error}")))?;
    Ok(convert::value(&value))
}

/// `$shuffle(array)`, by Fisher and Yates.
pub(super) fn shuffle(state: &State, arguments: &[JValue]) -> Answer {
    let mut items = match argument(arguments, 0) {
        JValue::Undefined => return Ok(JValue::Undefined),
        JValue::Array(items) => items.to_vec(),
        single => vec![single.clone()],
    };
    for position in (1..items.len()).rev() {
        let other = (u128::from(state.draw()) * (position as u128 + 1)) >> 64;
        let other = usize::try_from(other).expect("it is at most the position");
        items.swap(position, other);
    }
    Ok(JValue::array(items))
}
