//! JSON texts.

use tests::support::random::Random;

use crate::generate::{list, pick};

/// A JSON text that nests that deep at most.
pub fn text(random: &mut Random, depth: u32) -> String {
    match random.below(if depth == 0 { 6 } else { 10 }) {
        0 => pick(random, NUMBERS).to_owned(),
        1 => random.below(10).to_string(),
        2 | 3 => format!("\"{}\"", pick(random, STRINGS)),
        4 => pick(random, &["true", "false", "null"]).to_owned(),
        5 => pick(random, &["[]", "{}", "\"\"", "[[]]", "[null]"]).to_owned(),
        6 | 7 => {
            let items = list(random, 4, ",", |random| text(random, depth - 1));
            format!("[{items}]")
        }
        _ => {
            let members = list(random, 4, ",", |random| {
                format!("\"{}\":{}", name(random), text(random, depth - 1))
            });
            format!("{{{members}}}")
        }
    }
}

/// A document in which the paths and expressions of the generators find much.
pub fn document(random: &mut Random) -> String {
    if random.percent(20) {
        return text(random, 4);
    }
    format!(
        r#"{{"a":{},"b":{},"c":[{}],"n":{},"s":"{}","list":[1,2,{{"a":3}}],"o":{{"a":{}}}}}"#,
        text(random, 2),
        text(random, 3),
        list(random, 5, ",", |random| text(random, 2)),
        pick(random, NUMBERS),
        pick(random, STRINGS),
        text(random, 1),
    )
}

/// The name of a member.
pub fn name(random: &mut Random) -> &'static str {
    pick(
        random,
        &["a", "b", "c", "n", "s", "list", "o", "a b", "é", "", "x.$"],
    )
}

const NUMBERS: &[&str] = &[
    "0",
    "-0",
    "1",
    "-1",
    "2",
    "3.5",
    "-2.5e3",
    "1e-7",
    "1e21",
    "1.7976931348623157e308",
    "9007199254740993",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "1e400",
    "123456789012345678901234567890",
];

const STRINGS: &[&str] = &[
    "",
    "a",
    "text",
    "a,b,,c",
    "é😀",
    "2026-11-22T20:00:03Z",
    "2026-11-22T20:00:03.5+02:00",
    "{\\\"a\\\":1}",
    "YWJj",
    "$.a",
    "\\u0000",
    "\\ud83d\\ude00",
    "100",
    "{}{}",
    "a*b\\\\*",
];
