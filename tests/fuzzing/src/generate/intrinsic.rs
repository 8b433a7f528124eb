//! Calls of intrinsic functions.

use tests::support::random::Random;

use crate::generate::{list, path, pick};

/// A call that nests that deep at most.
pub fn call(random: &mut Random, depth: u32) -> String {
    let (name, arguments) = *random.one_of(FUNCTIONS);
    if random.percent(15) {
        let arguments = list(random, 5, ", ", |random| argument(random, '*', depth));
        return format!("{name}({arguments})");
    }
    let arguments: Vec<String> = arguments
        .chars()
        .map(|kind| argument(random, kind, depth))
        .collect();
    let between = pick(random, &[",", ", ", " , "]);
    format!("{name}({})", arguments.join(between))
}

/// The functions, with what each argument is: `a`rray, `n`umber, `s`tring, `o`bject, `f`ormat, `b`oolean, anything.
const FUNCTIONS: &[(&str, &str)] = &[
    ("States.Format", "f**"),
    ("States.Format", "ss"),
    ("States.StringToJson", "s"),
    ("States.JsonToString", "*"),
    ("States.Array", "***"),
    ("States.Array", ""),
    ("States.ArrayPartition", "an"),
    ("States.ArrayContains", "a*"),
    ("States.ArrayRange", "nnn"),
    ("States.ArrayGetItem", "an"),
    ("States.ArrayLength", "a"),
    ("States.ArrayUnique", "a"),
    ("States.Base64Encode", "s"),
    ("States.Base64Decode", "s"),
    ("States.Hash", "*s"),
    ("States.JsonMerge", "oob"),
    ("States.MathRandom", "nn"),
    ("States.MathRandom", "nnn"),
    ("States.MathAdd", "nn"),
    ("States.StringSplit", "ss"),
    ("States.UUID", ""),
    ("States.Nothing", "*"),
];

fn argument(random: &mut Random, kind: char, depth: u32) -> String {
    if depth > 0 && random.percent(25) {
        return call(random, depth - 1);
    }
    if random.percent(15) {
        return path::path(random);
    }
    match kind {
        'a' => pick(random, &["$.c", "$.list", "$.a", "States.Array(1,2,'a')"]).to_owned(),
        'n' => pick(
            random,
            &[
                "0",
                "1",
                "-1",
                "3",
                "1.5",
                "-2.5",
                "1000",
                "1e3",
                "2147483647",
                "-2147483648",
                "9223372036854775807",
                "-9223372036854775808",
                "1e400",
                "$.n",
            ],
        )
        .to_owned(),
        'o' => pick(random, &["$.o", "$", "$.a", "States.StringToJson('{}')"]).to_owned(),
        'b' => pick(random, &["true", "false"]).to_owned(),
        'f' => pick(
            random,
            &[
                "'{} {}'",
                "'{}{}{}'",
                "'\\{\\} {}'",
                "'{'",
                "'{a}'",
                "'\\\\{}'",
                "'\\q'",
                "''",
            ],
        )
        .to_owned(),
        's' => pick(
            random,
            &[
                "'a,b;c'",
                "','",
                "''",
                "'MD5'",
                "'SHA-256'",
                "'SHA-1'",
                "'YWJj'",
                "'{\"a\":[1]}'",
                "'é😀'",
                "'\\''",
                "$.s",
                "'null'",
            ],
        )
        .to_owned(),
        _ => pick(
            random,
            &[
                "$",
                "$.a",
                "null",
                "true",
                "1",
                "'text'",
                "$$.Execution",
                "$v",
            ],
        )
        .to_owned(),
    }
}
