//! JSONata: an expression, then a document. It keeps the limits of depth, sequences, strings, memory and time.

use std::time::{Duration, Instant};

use ::jsonata::{Bindings, Error, Expression, Limits, Surroundings};
use expression::value::Value;
use expression::variables::Variables;
use tests::support::random::Random;

use super::{halves, joined};
use crate::generate::{json, jsonata};
use crate::target::{Shown, Target};

pub(super) struct Jsonata;

/// Lower than in use, so that whatever grows meets them soon.
const LIMITS: Limits = Limits {
    depth: 320,
    sequence: 20_000,
    string: 1 << 16,
    memory: 4 << 20,
    time: Duration::from_millis(200),
};

/// How long one evaluation may take beyond its limit.
const BEYOND: Duration = Duration::from_millis(800);

const NOW: Surroundings = Surroundings {
    now_millis: 1_795_413_600_123,
    seed: 7,
};

impl Target for Jsonata {
    fn name(&self) -> &'static str {
        "jsonata"
    }

    fn seeds(&self) -> Vec<Vec<u8>> {
        let queries = crate::corpus::strings(|text| text.starts_with("{%"));
        let queries = queries.iter().map(|text| {
            text.trim_start_matches("{%")
                .trim_end_matches("%}")
                .to_owned()
        });
        let mut expressions: Vec<String> = queries.collect();
        for file in ["evaluation.rs", "limits.rs"] {
            let path = format!("orchestrator/jsonata/tests/{file}");
            expressions.extend(crate::corpus::literals_of(&path));
        }
        expressions.iter().map(|text| joined(text, "")).collect()
    }

    fn generate(&self, random: &mut Random) -> Vec<u8> {
        let depth = 1 + u32::try_from(random.below(4)).unwrap_or(0);
        joined(&jsonata::expression(random, depth), &json::document(random))
    }

    fn pieces(&self) -> &'static [&'static str] {
        PIECES
    }

    fn run(&mut self, input: &[u8], shown: &mut Shown) {
        let (text, document) = halves(input);
        let expression = match Expression::parse(&text) {
            Ok(expression) => expression,
            Err(error) => {
                shown.mark(&error.code);
                shown.text(&error.message);
                return;
            }
        };
        let _ = (expression.variables(), expression.functions());
        let document = Value::parse(&document).unwrap_or_else(|_| {
            Value::parse(
                r#"{"a":1,"b":{"a":[1,"x"]},"c":[3,1,2],"s":"abc","n":2,"list":[{"a":1},{"a":2}]}"#,
            )
            .expect("it is JSON")
        });
        let mut variables = Variables::default();
        variables.set("v".into(), document.clone());
        let context = Value::object([("Execution", Value::object([("Name", Value::from("run"))]))]);
        let bindings = Bindings::new(vec![("input", document), ("context", context)], variables);
        let began = Instant::now();
        let answer = expression.evaluate(&bindings, &NOW, &LIMITS);
        let took = began.elapsed();
        assert!(
            took < LIMITS.time + BEYOND,
            "the limit of time was passed: {took:?}"
        );
        match answer {
            Ok(Some(value)) => {
                shown.mark(value.type_name());
                let _ = value.to_text();
            }
            Ok(None) => shown.mark("nothing"),
            Err(Error::Failed { code, message }) => {
                shown.mark(code);
                shown.text(&message);
            }
            Err(Error::Unsupported) => shown.mark("a function"),
        }
    }
}

const PIECES: &[&str] = &[
    "$",
    "$$",
    "$states.input",
    "$x",
    "$v",
    "a",
    "*",
    "**",
    "%",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    ";",
    ".",
    "..",
    "+",
    "-",
    "&",
    "=",
    "!=",
    "<",
    ">",
    " and ",
    " or ",
    " in ",
    "?",
    "??",
    "?:",
    ":=",
    "~>",
    "^(",
    "|",
    "@$x",
    "#$i",
    "[]",
    "[0]",
    "function($x){",
    "λ($x)<s:s>{",
    "$map(",
    "$reduce(",
    "$filter(",
    "$sort(",
    "$each(",
    "$string(",
    "$join(",
    "$replace(",
    "$match(",
    "$pad(",
    "$append(",
    "$zip(",
    "$merge(",
    "$spread(",
    "$formatNumber(",
    "$formatInteger(",
    "$toMillis(",
    "$fromMillis(",
    "$parseInteger(",
    "$substring(",
    "$split(",
    "$distinct(",
    "$lookup(",
    "$keys(",
    "$base64decode(",
    "/a*/",
    "/(a+)+$/",
    "'[Y]'",
    "'#,##0.00'",
    "[1..1000]",
    "1e9",
    "'ab'",
    "`a b`",
    "/* c */",
    "\\u0000",
    "$f := ",
    "$f(",
    "true",
    "null",
];
