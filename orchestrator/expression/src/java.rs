//! What AWS's answers inherit from Java: how values print, how numbers round, how a `HashMap` orders its keys, and which
//! numbers `java.util.Random` draws.

use std::fmt::{self, Write};

use crate::value::{Number, Value};

/// The text of a value as `String.valueOf` prints it: `{a=1, b=[x, null]}`.
#[must_use]
pub fn text(value: &Value) -> String {
    let mut text = String::new();
    write_text(&mut text, value).expect("writing to a string cannot fail");
    text
}

/// Writes what [`text`] returns.
///
/// # Errors
/// The writer's own.
pub fn write_text(out: &mut impl Write, value: &Value) -> fmt::Result {
    match value {
        Value::Null => out.write_str("null"),
        Value::Bool(value) => write!(out, "{value}"),
        Value::Number(number) => out.write_str(&number_text(number)),
        Value::String(text) => out.write_str(text),
        Value::Array(items) => {
            out.write_char('[')?;
            for (position, item) in items.iter().enumerate() {
                out.write_str(if position > 0 { ", " } else { "" })?;
                write_text(out, item)?;
            }
            out.write_char(']')
        }
        Value::Object(members) => {
            out.write_char('{')?;
            for (position, (name, member)) in members.iter().enumerate() {
                out.write_str(if position > 0 { ", " } else { "" })?;
                write!(out, "{name}=")?;
                write_text(out, member)?;
            }
            out.write_char('}')
        }
    }
}

/// `Double.toString` for doubles: plain between a thousandth and ten millions, otherwise `1.0E10`.
fn number_text(number: &Number) -> String {
    let Some(double) = number.as_f64().filter(|_| number.is_f64()) else {
        return number.to_string();
    };
    let magnitude = double.abs();
    if magnitude == 0.0 || (1e-3..1e7).contains(&magnitude) {
        return format!("{double:?}");
    }
    let text = format!("{double:E}");
    match text.split_once('E') {
        Some((mantissa, exponent)) if !mantissa.contains('.') => format!("{mantissa}.0E{exponent}"),
        _ => text,
    }
}

/// The class that Jackson gives a value, as error messages name it.
#[must_use]
pub fn class_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "java.lang.Boolean",
        Value::Number(number) => match number.as_i64() {
            Some(integer) if i32::try_from(integer).is_ok() => "java.lang.Integer",
            Some(_) => "java.lang.Long",
            None if number.is_f64() => "java.lang.Double",
            None => "java.math.BigInteger",
        },
        Value::String(_) => "java.lang.String",
        Value::Array(_) => "java.util.ArrayList",
        Value::Object(_) => "java.util.LinkedHashMap",
    }
}

/// `Math.round`: halves go up, also below zero. `None` for what is no number or beyond 64 bits.
#[must_use]
pub fn round(value: &Value) -> Option<i64> {
    let Value::Number(number) = value else {
        return None;
    };
    if let Some(integer) = number.as_i64() {
        return Some(integer);
    }
    let double = number.as_f64().filter(|_| number.is_f64())?;
    // The fraction is compared instead of adding a half, which would round 0.49999999999999994 up.
    let floor = double.floor();
    let rounded = if double - floor >= 0.5 {
        floor + 1.0
    } else {
        floor
    };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the range is checked and the fraction is gone"
    )]
    (-9.2e18..9.2e18)
        .contains(&rounded)
        .then_some(rounded as i64)
}

/// Sorts keys as a `HashMap` that was filled in the given order iterates over them.
///
/// AWS collects the computed members of a payload template in such a map, so their order in recorded results is this one.
pub fn sort_as_hash_map<T>(entries: &mut [T], key: impl Fn(&T) -> &str) {
    // The table doubles from 16 buckets as soon as it is more than three quarters full.
    let mut buckets = 16_usize;
    while entries.len() * 4 > buckets * 3 {
        buckets *= 2;
    }
    // Within a bucket the order of insertion stays: the sort is stable.
    entries.sort_by_key(|entry| {
        let hash = hash_code(key(entry));
        (hash ^ (hash >> 16)) as usize & (buckets - 1)
    });
}

/// `String.hashCode`.
fn hash_code(text: &str) -> u32 {
    text.encode_utf16().fold(0_u32, |hash, unit| {
        hash.wrapping_mul(31).wrapping_add(u32::from(unit))
    })
}

/// `java.util.Random`: the same seed draws the same numbers.
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

impl Random {
    const MULTIPLIER: u64 = 0x5_DEEC_E66D;
    const MASK: u64 = (1 << 48) - 1;

    /// A generator with that seed.
    #[must_use]
    pub fn new(seed: i64) -> Self {
        Self {
            state: (seed.cast_unsigned() ^ Self::MULTIPLIER) & Self::MASK,
        }
    }

    /// An integer from zero up to and without the bound (`nextInt(bound)`), which Java bounds by 31 bits.
    pub fn next_int(&mut self, bound: u32) -> u32 {
        debug_assert!(0 < bound && bound < 1 << 31, "Java refuses such a bound");
        if bound.is_power_of_two() {
            let drawn = u64::from(bound) * u64::from(self.next(31));
            return u32::try_from(drawn >> 31).expect("a product of 62 bits, less 31, fits");
        }
        loop {
            let drawn = self.next(31);
            let value = drawn % bound;
            // Java redraws where the signed sum overflows, so that the last incomplete round does not count.
            if drawn - value + (bound - 1) < 1 << 31 {
                return value;
            }
        }
    }

    /// A double from zero up to and without one (`nextDouble()`).
    pub fn next_double(&mut self) -> f64 {
        let high = u64::from(self.next(26)) << 27;
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
        let drawn = (high + u64::from(self.next(27))) as f64;
        drawn / (1_u64 << 53) as f64
    }

    fn next(&mut self, bits: u32) -> u32 {
        let next = self.state.wrapping_mul(Self::MULTIPLIER).wrapping_add(0xB);
        self.state = next & Self::MASK;
        u32::try_from(self.state >> (48 - bits)).expect("at most 32 bits are asked for")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_print_as_java_prints_them() {
        fn check(json: &str, expected: &str) {
            assert_eq!(text(&Value::parse(json).unwrap()), expected, "{json}");
        }
        check(r#""plain""#, "plain");
        check(
            r#"{"a":1,"b":[null,"x",true],"c":{}}"#,
            "{a=1, b=[null, x, true], c={}}",
        );
        check("1.1", "1.1");
        check("100.0", "100.0");
        check("0.001", "0.001");
        check("0.0001", "1.0E-4");
        check("12345678.9", "1.23456789E7");
        check("1e10", "1.0E10");
        check("-0.0", "-0.0");
        check("18446744073709551615", "18446744073709551615");
    }

    #[test]
    fn halves_round_up() {
        fn check(json: &str, expected: Option<i64>) {
            assert_eq!(round(&Value::parse(json).unwrap()), expected, "{json}");
        }
        check("7", Some(7));
        check("2.5", Some(3));
        check("-2.5", Some(-2));
        check("-2.51", Some(-3));
        check("0.49999999999999994", Some(0));
        check("1e300", None);
        check("18446744073709551615", None);
        check("\"7\"", None);
    }

    #[test]
    fn keys_come_in_the_order_of_a_hash_map() {
        fn check(keys: &str, expected: &str) {
            let mut sorted: Vec<&str> = keys.split(' ').collect();
            sort_as_hash_map(&mut sorted, |key| key);
            assert_eq!(sorted.join(" "), expected);
        }
        // The orders that AWS recorded for templates with these members.
        check("encoded decoded", "decoded encoded");
        check(
            "mergedJson parsedJson stringifiedJson",
            "parsedJson mergedJson stringifiedJson",
        );
        check(
            "original_input iteration_index from_input_constant",
            "from_input_constant iteration_index original_input",
        );
        // Equal hashes keep the order of insertion.
        check("BB Aa", "BB Aa");
        check("Aa BB", "Aa BB");
        // More than twelve keys make the table grow.
        check(
            "a b c d e f g h i j k l m n o p q",
            "a b c d e f g h i j k l m n o p q",
        );
    }

    #[test]
    fn random_draws_what_java_draws() {
        assert_eq!(
            Random::new(42).next_double().to_string(),
            "0.7275636800328681"
        );
        let mut random = Random::new(42);
        let drawn: Vec<u32> = (0..5).map(|_| random.next_int(10)).collect();
        assert_eq!(drawn, [0, 3, 8, 4, 0]);
        let mut random = Random::new(42);
        let drawn: Vec<u32> = (0..5).map(|_| random.next_int(16)).collect();
        assert_eq!(drawn, [11, 0, 10, 0, 4]);
    }
}
