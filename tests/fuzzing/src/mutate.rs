//! Changes inputs: bytes, pieces, stretches, and values within JSON.

use serde_json::Value;
use tests::support::random::Random;

/// A changed copy. `other` is a second input of which parts may be taken, `pieces` are texts that mean something to the target.
pub fn mutated(one: &[u8], other: &[u8], pieces: &[&str], random: &mut Random) -> Vec<u8> {
    let mut input = one.to_vec();
    for _ in 0..=random.below(4) {
        if random.percent(30)
            && let Some(changed) = json(&input, other, pieces, random)
        {
            input = changed;
            continue;
        }
        change(&mut input, other, pieces, random);
    }
    input
}

fn below(random: &mut Random, bound: usize) -> usize {
    let bound = u64::try_from(bound.max(1)).expect("inputs are short");
    usize::try_from(random.below(bound)).expect("it is below the bound")
}

/// A stretch of a text, mostly a short one.
fn stretch(random: &mut Random, length: usize) -> (usize, usize) {
    let start = below(random, length + 1);
    let most = if random.percent(80) { 16 } else { length };
    let end = (start + below(random, most + 1)).min(length);
    (start, end)
}

fn change(input: &mut Vec<u8>, other: &[u8], pieces: &[&str], random: &mut Random) {
    let at = below(random, input.len() + 1);
    match random.below(9) {
        0 => {
            let (start, end) = stretch(random, input.len());
            input.drain(start..end);
        }
        1 | 2 if !pieces.is_empty() => {
            let piece = *random.one_of(pieces);
            input.splice(at..at, piece.bytes());
        }
        3 if !pieces.is_empty() => {
            let (start, end) = stretch(random, input.len());
            let piece = *random.one_of(pieces);
            input.splice(start..end, piece.bytes());
        }
        4 => {
            let (start, end) = stretch(random, other.len());
            input.splice(at..at, other[start..end].iter().copied());
        }
        5 => {
            let (start, end) = stretch(random, input.len());
            let piece = input[start..end].to_vec();
            let times = if random.percent(5) { 200 } else { 1 };
            for _ in 0..times {
                if input.len() + piece.len() < 32_000 {
                    input.splice(at..at, piece.iter().copied());
                }
            }
        }
        6 if at < input.len() => {
            let bit = random.below(8);
            input[at] ^= 1 << bit;
        }
        7 => {
            // A number becomes another.
            let digits = input[at..].iter().position(u8::is_ascii_digit);
            if let Some(start) = digits.map(|ahead| at + ahead) {
                let length = input[start..]
                    .iter()
                    .take_while(|byte| byte.is_ascii_digit())
                    .count();
                let number = *random.one_of(NUMBERS);
                input.splice(start..start + length, number.bytes());
            }
        }
        _ => {
            let letter = *random.one_of(LETTERS);
            input.splice(at..at, letter.bytes());
        }
    }
}

const NUMBERS: &[&str] = &[
    "0",
    "1",
    "2",
    "7",
    "10",
    "100",
    "255",
    "256",
    "1000",
    "65536",
    "99999999",
    "2147483647",
    "2147483648",
    "4294967295",
    "4294967296",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
    "1e9",
    "1e308",
    "1e400",
    "0.1",
    "-1",
    "-0",
    "-9223372036854775808",
];

const LETTERS: &[&str] = &[
    "\0",
    "\t",
    "\n",
    " ",
    "\"",
    "'",
    "\\",
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    ",",
    ":",
    ".",
    "$",
    "*",
    "é",
    "\u{ff}",
    "\u{202e}",
    "😀",
    "\u{10ffff}",
    "a\u{301}",
    "ß",
    "İ",
];

/// Changes one value of the JSON text that the input is, or ends with.
fn json(input: &[u8], other: &[u8], pieces: &[&str], random: &mut Random) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(input).ok()?;
    let (before, mut value) = document(text)?;
    let donor = std::str::from_utf8(other).ok().and_then(document);
    let count = size(&value);
    let at = below(random, count);
    let donated = donor.map(|(_, donor)| {
        let place = below(random, size(&donor));
        nth(&donor, place).cloned().unwrap_or_default()
    });
    let target = nth_mut(&mut value, at)?;
    match (random.below(8), target) {
        (0 | 1, target) => *target = donated?,
        (2, target) if !pieces.is_empty() => *target = Value::from(*random.one_of(pieces)),
        (3, target) => *target = any(random),
        (4, Value::Object(members)) => {
            let place = below(random, members.len());
            let name = members.keys().nth(place)?.clone();
            members.shift_remove(&name);
        }
        (4, Value::Array(items)) if !items.is_empty() => {
            let place = below(random, items.len());
            items.remove(place);
        }
        (5, Value::Object(members)) if !pieces.is_empty() => {
            members.insert((*random.one_of(pieces)).to_owned(), donated?);
        }
        (_, Value::Array(items)) => {
            let item = donated?;
            for _ in 0..if random.percent(5) { 100 } else { 1 } {
                items.push(item.clone());
            }
        }
        (_, Value::String(text)) => {
            let mut bytes = text.clone().into_bytes();
            change(&mut bytes, other, pieces, random);
            *text = String::from_utf8_lossy(&bytes).into_owned();
        }
        (_, target) => *target = any(random),
    }
    Some(format!("{before}{value}").into_bytes())
}

/// The JSON text that a text is, or what comes before it and the JSON text that it ends with.
fn document(text: &str) -> Option<(&str, Value)> {
    let starts = text.char_indices().filter(|(_, letter)| *letter == '{');
    for (start, _) in starts.take(3) {
        if let Ok(value @ Value::Object(_)) = serde_json::from_str(&text[start..]) {
            return Some((&text[..start], value));
        }
    }
    None
}

/// Any small value.
pub fn any(random: &mut Random) -> Value {
    let text = match random.below(8) {
        0 => "null",
        1 => "true",
        2 => "[]",
        3 => "{}",
        4 => "\"\"",
        5 => "[null,{\"a\":[1]}]",
        6 => "{\"\":{\"a\":-1}}",
        _ => *random.one_of(NUMBERS),
    };
    serde_json::from_str(text).unwrap_or_default()
}

fn size(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Object(members) => 1 + members.values().map(size).sum::<usize>(),
        _ => 1,
    }
}

fn nth(value: &Value, at: usize) -> Option<&Value> {
    let mut left = vec![value];
    for _ in 0..at {
        match left.pop()? {
            Value::Array(items) => left.extend(items),
            Value::Object(members) => left.extend(members.values()),
            _ => {}
        }
    }
    left.pop()
}

fn nth_mut(value: &mut Value, at: usize) -> Option<&mut Value> {
    let mut left = vec![value];
    for _ in 0..at {
        match left.pop()? {
            Value::Array(items) => left.extend(items),
            Value::Object(members) => left.extend(members.values_mut()),
            _ => {}
        }
    }
    left.pop()
}
