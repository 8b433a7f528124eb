//! JSONata expressions.

use tests::support::random::Random;

use crate::generate::{list, pick};

/// An expression that nests that deep at most.
pub fn expression(random: &mut Random, depth: u32) -> String {
    if depth == 0 {
        return leaf(random);
    }
    let one = |random: &mut Random| expression(random, depth - 1);
    match random.below(30) {
        0..=3 => leaf(random),
        4..=7 => {
            let operator = pick(random, OPERATORS);
            format!("({}){operator}({})", one(random), one(random))
        }
        8 | 9 => format!("{}.{}", one(random), step(random)),
        10 => format!("({})[{}]", one(random), one(random)),
        11 => format!("({}).({})", one(random), one(random)),
        12 => format!(
            "({})^({}{})",
            one(random),
            pick(random, &["", "<", ">"]),
            one(random)
        ),
        13 => format!(
            "({}){{$string({}): {}}}",
            one(random),
            one(random),
            one(random)
        ),
        14 => format!("[{}]", list(random, 3, ",", one)),
        15 => format!(
            "{{'k': {}, $string({}): {}}}",
            one(random),
            one(random),
            one(random)
        ),
        16 => format!("({} ? {} : {})", one(random), one(random), one(random)),
        17 => format!(
            "($x := {}; $y := {}; {})",
            one(random),
            one(random),
            one(random)
        ),
        18 => {
            let body = one(random);
            let lambda = lambda(random, &body);
            format!("($f := {lambda}; $f({}))", list(random, 3, ",", one))
        }
        19 => format!("[{}..{}]", one(random), one(random)),
        20 => format!(
            "({} ~> |{}|{{'n': {}}}|)",
            one(random),
            step(random),
            one(random)
        ),
        21 => format!("({} ~> {})", one(random), pick(random, APPLIED)),
        22 => {
            let body = one(random);
            let lambda = lambda(random, &body);
            let name = pick(random, HIGHER);
            format!("${name}({}, {lambda})", one(random))
        }
        23 => format!("({})@$x.({})", step(random), one(random)),
        24 => format!("({})#$i.({})", step(random), one(random)),
        25 => format!(
            "($s := {}; $reduce([1..{}], function($a, $b) {{ {} }}, $s))",
            one(random),
            pick(random, &["3", "9", "40", "1000"]),
            pick(
                random,
                &[
                    "$a & $a",
                    "[$a, $a]",
                    "{'l': $a, 'r': $a}",
                    "$append($a, $a)",
                    "$a ~> $string"
                ]
            )
        ),
        _ => call(random, depth),
    }
}

fn leaf(random: &mut Random) -> String {
    pick(random, LEAVES).to_owned()
}

fn step(random: &mut Random) -> &'static str {
    pick(
        random,
        &[
            "a",
            "b",
            "c",
            "n",
            "s",
            "list",
            "o",
            "*",
            "**",
            "%",
            "%.%",
            "`a b`",
            "$",
            "a[0]",
            "c[-1]",
            "list[]",
            "$string()",
            "c.a",
            "$keys()",
        ],
    )
}

fn lambda(random: &mut Random, body: &str) -> String {
    let head = pick(
        random,
        &[
            "function($x)",
            "function($x, $y)",
            "function($x, $y, $z)",
            "function()",
            "λ($x, $i)<x-n:x>",
            "function($x)<s:s>",
            "function($x)<a<n>?:n>",
            "function($x, $y)<(sn)-b?:o>",
        ],
    );
    format!("{head}{{ {body} }}")
}

fn call(random: &mut Random, depth: u32) -> String {
    let (name, arguments) = *random.one_of(FUNCTIONS);
    if random.percent(10) {
        let arguments = list(random, 4, ",", |random| expression(random, depth - 1));
        return format!("${name}({arguments})");
    }
    let count = random.between(0, 1 + arguments.len() as u64);
    let count = if random.percent(80) {
        arguments.len()
    } else {
        usize::try_from(count).unwrap_or(0)
    };
    let arguments: Vec<String> = arguments
        .chars()
        .take(count)
        .map(|kind| argument(random, kind, depth))
        .collect();
    format!("${name}({})", arguments.join(", "))
}

fn argument(random: &mut Random, kind: char, depth: u32) -> String {
    if random.percent(30) {
        return expression(random, depth - 1);
    }
    match kind {
        'n' => pick(random, NUMBERS).to_owned(),
        's' => pick(random, STRINGS).to_owned(),
        'a' => pick(
            random,
            &[
                "$states.input.c",
                "[1..9]",
                "[1,'a',[2],{'a':1}]",
                "$states.input.list",
                "[]",
                "[1..20000]",
            ],
        )
        .to_owned(),
        'o' => pick(
            random,
            &["$states.input", "{}", "{'a':{'b':1}}", "$states.input.o"],
        )
        .to_owned(),
        'r' => pick(random, REGEXES).to_owned(),
        'p' => pick(random, PICTURES).to_owned(),
        'f' => pick(
            random,
            &[
                "$string",
                "$sum",
                "function($x){$x}",
                "function($a,$b){$a > $b}",
                "function($a,$b){true}",
                "$uppercase",
                "/a/",
            ],
        )
        .to_owned(),
        _ => leaf(random),
    }
}

const LEAVES: &[&str] = &[
    "$states.input",
    "$states.input.a",
    "$states.input.b",
    "$states.input.c",
    "$states.input.*",
    "$states.input.**",
    "$states.input.list.a",
    "$states.context",
    "$v",
    "$x",
    "$y",
    "$i",
    "$",
    "$$",
    "a",
    "1",
    "0",
    "-3",
    "0.5",
    "1e6",
    "1e308",
    "9007199254740993",
    "'ab'",
    "''",
    "\"\\u0000\\ud800\"",
    "true",
    "null",
    "[]",
    "{}",
    "[1..9]",
    "[1..3].{'k': $}",
    "/b+/",
    "$sum",
    "function($x){$x}",
    "$now()",
    "$random()",
    "$undefined",
];

const OPERATORS: &[&str] = &[
    "+", "-", "*", "/", "%", "&", "=", "!=", "<", "<=", ">", ">=", " in ", " and ", " or ", "~>",
    "??", "?:", ".", "&",
];

const APPLIED: &[&str] = &[
    "$string",
    "$sum",
    "$keys()",
    "$map(function($x){$x})",
    "$join(',')",
    "/a(b)?/",
    "$count",
    "$uppercase",
    "$pad(20)",
    "$string() ~> $length()",
];

const HIGHER: &[&str] = &["map", "filter", "single", "reduce", "sort", "each", "sift"];

const NUMBERS: &[&str] = &[
    "0",
    "1",
    "-1",
    "2",
    "3.7",
    "16",
    "36",
    "37",
    "100",
    "-100",
    "1000",
    "65536",
    "1e9",
    "-1e9",
    "1e18",
    "1e308",
    "1/0",
    "-0",
    "0.0000001",
    "1e-320",
];

const STRINGS: &[&str] = &[
    "''",
    "'a'",
    "'abc abc'",
    "'é😀é'",
    "$states.input.s",
    "'2026-11-22T20:00:03.123Z'",
    "'2018-W07-4'",
    "'twelve hundred and two'",
    "'MCMXCIX'",
    "'YWJj'",
    "'%E4%BD'",
    "'SHA-256'",
    "'[1,{\"a\":null}]'",
    "'\\u0000'",
    "$join([1..500].'ab')",
];

const REGEXES: &[&str] = &[
    "/a*/",
    "/(a)|(b)/i",
    "/(?:a+)+$/",
    "/(a*)*b/",
    "/^/m",
    "/$/",
    "/\\b/",
    "/[^]/",
    "/./",
    "/(.*)(.*)(.*)/",
    "/\\p{L}/",
    "/(?=a)/",
    "/(a{1,1000}){1,1000}/",
    "/é/",
    "','",
    "''",
];

const PICTURES: &[&str] = &[
    "'#,##0.00'",
    "'0.0e0'",
    "'#'",
    "'00%'",
    "'0‰'",
    "'#0.####;(0)'",
    "'w'",
    "'Ww;o'",
    "'I'",
    "'A'",
    "'01'",
    "'#,##0;o'",
    "'١'",
    "'[Y0001]-[M01]-[D01]'",
    "'[Y]-[M]-[D] [H]:[m]:[s].[f001][Z]'",
    "'[FNn], [D1o] [MNn] [Y,4-4]'",
    "'[X0001]-W[W01]-[F1]'",
    "'[Yw] [MI] [Da]'",
    "'[h]:[m][P]'",
    "'[Y,*-2]'",
    "'[H'",
    "'[[x]]'",
    "'[f,1-99999]'",
    "'[Y999999999]'",
    "''",
];

/// The functions, with what each argument is: `s`tring, `n`umber, `a`rray, `o`bject, `r`egular expression, `p`icture, `f`unction, anything.
const FUNCTIONS: &[(&str, &str)] = &[
    ("abs", "n"),
    ("append", "aa"),
    ("assert", "xs"),
    ("average", "a"),
    ("base64decode", "s"),
    ("base64encode", "s"),
    ("boolean", "x"),
    ("ceil", "n"),
    ("clone", "o"),
    ("contains", "sr"),
    ("count", "a"),
    ("decodeUrl", "s"),
    ("decodeUrlComponent", "s"),
    ("distinct", "a"),
    ("each", "of"),
    ("encodeUrl", "s"),
    ("encodeUrlComponent", "s"),
    ("error", "s"),
    ("eval", "s"),
    ("exists", "x"),
    ("filter", "af"),
    ("floor", "n"),
    ("formatBase", "nn"),
    ("formatInteger", "np"),
    ("formatNumber", "np"),
    ("formatNumber", "npo"),
    ("fromMillis", "n"),
    ("fromMillis", "nps"),
    ("hash", "ss"),
    ("join", "as"),
    ("keys", "o"),
    ("length", "s"),
    ("lookup", "os"),
    ("lowercase", "s"),
    ("map", "af"),
    ("match", "sr"),
    ("match", "srn"),
    ("max", "a"),
    ("merge", "a"),
    ("millis", ""),
    ("min", "a"),
    ("not", "x"),
    ("now", ""),
    ("now", "p"),
    ("number", "s"),
    ("pad", "sn"),
    ("pad", "sns"),
    ("parse", "s"),
    ("parseInteger", "sp"),
    ("partition", "an"),
    ("power", "nn"),
    ("random", ""),
    ("random", "n"),
    ("range", "nnn"),
    ("reduce", "af"),
    ("reduce", "afx"),
    ("replace", "srs"),
    ("replace", "srf"),
    ("replace", "srsn"),
    ("reverse", "a"),
    ("round", "nn"),
    ("shuffle", "a"),
    ("sift", "of"),
    ("single", "af"),
    ("sort", "a"),
    ("sort", "af"),
    ("split", "sr"),
    ("split", "srn"),
    ("spread", "o"),
    ("sqrt", "n"),
    ("string", "x"),
    ("string", "ox"),
    ("substring", "snn"),
    ("substringAfter", "ss"),
    ("substringBefore", "ss"),
    ("sum", "a"),
    ("toMillis", "s"),
    ("toMillis", "sp"),
    ("trim", "s"),
    ("type", "x"),
    ("uppercase", "s"),
    ("uuid", ""),
    ("zip", "aa"),
];
