//! What a Choice state compares with: string patterns, Java's string order, exact numbers and timestamps.

use std::cmp::Ordering;

use crate::value::Number;

/// Whether a text matches a `StringMatches` pattern: `*` stands for any characters, `\*` for an asterisk and `\\` for a
/// backslash. Before anything else a backslash stands for itself.
#[must_use]
pub fn matches(text: &str, pattern: &str) -> bool {
    let text = text.as_bytes();
    let pattern = pattern.as_bytes();
    let (mut at, mut position) = (0, 0);
    // Where to resume when a later part does not match: behind the last asterisk, one byte of text further on.
    let mut resume: Option<(usize, usize)> = None;
    loop {
        match token(&pattern[position..]) {
            Some((Token::Any, length)) => {
                position += length;
                resume = Some((position, at));
                continue;
            }
            Some((Token::Byte(byte), length)) if text.get(at) == Some(&byte) => {
                position += length;
                at += 1;
                continue;
            }
            None if at == text.len() => return true,
            Some((Token::Byte(_), _)) | None => {}
        }
        match resume {
            Some((behind, from)) if from < text.len() => {
                resume = Some((behind, from + 1));
                position = behind;
                at = from + 1;
            }
            _ => return false,
        }
    }
}

enum Token {
    Any,
    Byte(u8),
}

/// The first token of a pattern, with its length.
fn token(pattern: &[u8]) -> Option<(Token, usize)> {
    match pattern {
        [] => None,
        [b'*', ..] => Some((Token::Any, 1)),
        [b'\\', escaped @ (b'*' | b'\\'), ..] => Some((Token::Byte(*escaped), 2)),
        [byte, ..] => Some((Token::Byte(*byte), 1)),
    }
}

/// The order of `String.compareTo`: by UTF-16 units, so that an emoji sorts before U+E000.
#[must_use]
pub fn compare_strings(left: &str, right: &str) -> Ordering {
    if left.is_ascii() && right.is_ascii() {
        return left.cmp(right);
    }
    left.encode_utf16().cmp(right.encode_utf16())
}

/// The order of two numbers by their exact values: an integer is never rounded to a double first.
#[must_use]
pub fn compare_numbers(left: &Number, right: &Number) -> Ordering {
    match (integer(left), integer(right)) {
        (Ok(left), Ok(right)) => left.cmp(&right),
        (Ok(left), Err(right)) => compare_with_double(left, right),
        (Err(left), Ok(right)) => compare_with_double(right, left).reverse(),
        // JSON has no NaN, so two doubles always compare; zero equals negative zero.
        (Err(left), Err(right)) => left.partial_cmp(&right).unwrap_or(Ordering::Equal),
    }
}

/// The integer, or the double where the number is none.
fn integer(number: &Number) -> Result<i128, f64> {
    let integer = number
        .as_i64()
        .map(i128::from)
        .or_else(|| number.as_u64().map(i128::from));
    integer.ok_or_else(|| number.as_f64().unwrap_or(f64::NAN))
}

fn compare_with_double(left: i128, right: f64) -> Ordering {
    // Beyond this every double is further from zero than any 64-bit integer.
    if right.abs() >= 1e20 {
        return if right > 0.0 {
            Ordering::Less
        } else {
            Ordering::Greater
        };
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the whole part of such a double fits into 128 bits"
    )]
    let whole = right.trunc() as i128;
    left.cmp(&whole).then_with(|| {
        0.0_f64
            .partial_cmp(&right.fract())
            .unwrap_or(Ordering::Equal)
    })
}

/// A point in time, to the nanosecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    unix_nanoseconds: i128,
}

impl Timestamp {
    /// Parses the profile of RFC 3339 that the Amazon States Language demands: an upper-case `T`, an offset that is an
    /// upper-case `Z` or `±hh:mm`, and up to nine digits of a second's fraction. `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (date_time, rest) = text.as_bytes().split_at_checked(19)?;
        let [
            year @ ..,
            b'-',
            m1,
            m2,
            b'-',
            d1,
            d2,
            b'T',
            h1,
            h2,
            b':',
            n1,
            n2,
            b':',
            s1,
            s2,
        ] = date_time
        else {
            return None;
        };
        let year = digits(year)?;
        let month = digits(&[*m1, *m2]).filter(|month| (1..=12).contains(month))?;
        let day =
            digits(&[*d1, *d2]).filter(|day| (1..=days_in_month(year, month)).contains(day))?;
        let hour = digits(&[*h1, *h2]).filter(|hour| *hour < 24)?;
        let minute = digits(&[*n1, *n2]).filter(|minute| *minute < 60)?;
        let second = digits(&[*s1, *s2]).filter(|second| *second < 60)?;
        let (fraction, offset) = fraction(rest)?;
        let seconds =
            days_since_epoch(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
        Some(Self {
            unix_nanoseconds: i128::from(seconds - seconds_of_offset(offset)?) * 1_000_000_000
                + i128::from(fraction),
        })
    }

    /// Nanoseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
    #[must_use]
    pub fn unix_nanoseconds(self) -> i128 {
        self.unix_nanoseconds
    }
}

fn digits(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0, |number, byte| {
        byte.is_ascii_digit()
            .then(|| number * 10 + i64::from(byte - b'0'))
    })
}

/// The nanoseconds of a fraction, if there is one, and what follows.
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let Some(rest) = text.strip_prefix(b".") else {
        return Some((0, text));
    };
    let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let missing = 9_u32.checked_sub(u32::try_from(length).ok()?)?;
    let fraction = digits(&rest[..length]).filter(|_| length > 0)?;
    Some((fraction * 10_i64.pow(missing), &rest[length..]))
}

fn seconds_of_offset(text: &[u8]) -> Option<i64> {
    let (sign, [h1, h2, b':', m1, m2]) = (match text {
        [b'Z'] => return Some(0),
        [b'+', offset @ ..] => (1, offset),
        [b'-', offset @ ..] => (-1, offset),
        _ => return None,
    }) else {
        return None;
    };
    let hours = digits(&[*h1, *h2]).filter(|hours| *hours < 24)?;
    let minutes = digits(&[*m1, *m2]).filter(|minutes| *minutes < 60)?;
    Some(sign * (hours * 3600 + minutes * 60))
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 in the Gregorian calendar, counting years from March so that a leap day comes last.
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests;
