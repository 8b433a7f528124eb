//! JSONPath.

use tests::support::random::Random;

use crate::generate::{json, list, pick};

/// A path.
pub fn path(random: &mut Random) -> String {
    let start = pick(
        random,
        &["$", "$", "$", "$", "$$", "$v", "$order", "$größe", ""],
    );
    let steps = list(random, 5, "", |random| step(random, 2));
    format!("{start}{steps}")
}

fn step(random: &mut Random, depth: u32) -> String {
    match random.below(16) {
        0..=4 => format!(".{}", json::name(random)),
        5 => format!("[{}]", index(random)),
        6 => format!("['{}']", json::name(random)),
        7 => {
            let names = list(random, 3, ",", |random| format!("'{}'", json::name(random)));
            format!("[{names}]")
        }
        8 => format!(
            "[{}:{}{}]",
            index(random),
            index(random),
            pick(random, &["", ":1", ":2", ":0", ":-1", ":"])
        ),
        9 => pick(
            random,
            &["[*]", ".*", "..*", "..[*]", ".length()", "[]", "."],
        )
        .to_owned(),
        10 => format!("..{}", json::name(random)),
        11 => {
            let indexes = list(random, 3, ",", index);
            format!("[{indexes}]")
        }
        12 | 13 => format!("[?({})]", filter(random, depth)),
        14 => format!("[?{}]", filter(random, depth)),
        _ => pick(
            random,
            &[
                ".min()",
                "[(@.length-1)]",
                ".['a']",
                "[\"a\"]",
                "['\\'']",
                "['a\\\\']",
                ".$",
                "$",
            ],
        )
        .to_owned(),
    }
}

fn index(random: &mut Random) -> String {
    pick(
        random,
        &[
            "",
            "0",
            "1",
            "2",
            "-1",
            "-2",
            "100",
            "9223372036854775807",
            "-9223372036854775808",
            "18446744073709551616",
            "01",
            "1.5",
        ],
    )
    .to_owned()
}

fn filter(random: &mut Random, depth: u32) -> String {
    match random.below(if depth == 0 { 5 } else { 9 }) {
        0 | 1 => operand(random, depth),
        2..=4 => format!(
            "{}{}{}",
            operand(random, depth),
            pick(
                random,
                &[
                    "==", "!=", "<", "<=", ">", ">=", "=~", " in ", " nin ", " anyof "
                ]
            ),
            operand(random, depth)
        ),
        5 => format!("!{}", filter(random, depth - 1)),
        6 => format!("({})", filter(random, depth - 1)),
        _ => format!(
            "{}{}{}",
            filter(random, depth - 1),
            pick(random, &["&&", "||", " && ", " || "]),
            filter(random, depth - 1)
        ),
    }
}

fn operand(random: &mut Random, depth: u32) -> String {
    match random.below(8) {
        0..=2 => format!("@.{}", json::name(random)),
        3 => "@".to_owned(),
        4 => format!("$.{}", json::name(random)),
        5 if depth > 0 => format!("@{}", step(random, depth - 1)),
        6 => pick(
            random,
            &[
                "'a'",
                "\"a\"",
                "''",
                "/a.*/",
                "/(a+)+$/",
                "length(@.s)",
                "count(@.*)",
                "match(@.s,'a')",
                "search(@.s,'(a+)+$')",
                "value(@..a)",
                "[1,2]",
            ],
        )
        .to_owned(),
        _ => pick(
            random,
            &[
                "1",
                "-1",
                "0.5",
                "1e400",
                "true",
                "null",
                "99999999999999999999",
            ],
        )
        .to_owned(),
    }
}
