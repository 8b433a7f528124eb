//! No expression leaves its bounds: not its parser, not its evaluation, whatever its text.
#![allow(
    clippy::disallowed_methods,
    reason = "these tests look at the clock to see that nothing runs on"
)]
#![allow(
    clippy::unwrap_used,
    reason = "these are tests: a failure is a panic that names its place"
)]

use std::time::{Duration, Instant};

use expression::value::Value;
use expression::variables::Variables;
use jsonata::{Bindings, Expression, Limits, Surroundings};
use proptest::prelude::*;

const NOW: Surroundings = Surroundings {
    now_millis: 1_795_413_600_123,
    seed: 7,
};

/// How much later than its limit an evaluation may end on a machine that is busy with other tests.
const SLACK: Duration = Duration::from_secs(20);

fn evaluate_on(input: Value, text: &str, limits: &Limits) -> String {
    let expression = match Expression::parse(text) {
        Ok(expression) => expression,
        Err(error) => return error.code,
    };
    let bindings = Bindings::new(vec![("input", input)], Variables::default());
    let started = Instant::now();
    let result = expression.evaluate(&bindings, &NOW, limits);
    let took = started.elapsed();
    assert!(took < limits.time + SLACK, "{text} ran for {took:?}");
    match result {
        Ok(Some(value)) => value.to_text(),
        Ok(None) => "nothing".to_owned(),
        Err(jsonata::Error::Failed { code, .. }) => code,
        Err(jsonata::Error::Unsupported) => "a function".to_owned(),
    }
}

fn check(text: &str, expected: &str) {
    let found = evaluate_on(Value::Null, text, &Limits::aws());
    assert_eq!(found, expected, "{text}");
}

/// It meets a limit; which one first may depend on the machine.
fn check_bounded(text: &str) {
    let found = evaluate_on(Value::Null, text, &Limits::aws());
    let limits = ["D1011", "D1012", "D2015", "U1004"];
    assert!(limits.contains(&found.as_str()), "{text}: {found}");
}

/// The same for lower limits.
fn check_small(text: &str) {
    let found = evaluate_on(Value::Null, text, &small());
    let limits = ["D1011", "D1012", "D2015", "U1004"];
    assert!(limits.contains(&found.as_str()), "{text}: {found}");
}

#[test]
fn the_bounds_seen_on_aws_hold() {
    check("$count([1..873782])", "873782");
    check("$count([1..873783])", "D2015");
    check("$count($range(1, 873782, 1))", "873782");
    check("$count($range(1, 873783, 1))", "D2015");
    let factorial =
        |of: u32| format!("($f := function($n) {{ $n <= 1 ? 1 : $n * $f($n - 1) }}; $f({of}) > 0)");
    check(&factorial(95), "true");
    check(&factorial(150), "D1011");
    let doubled =
        |times: u32| format!("$length($reduce([1..{times}], function($s, $n) {{ $s & $s }}, 'x'))");
    check(&doubled(22), "4194304");
    check(&doubled(23), "U1004");
}

#[test]
fn nothing_grows_in_one_step() {
    check("$pad('', 500000000)", "U1004");
    check("$pad('', -5e18)", "U1004");
    check("('').$pad(5e8)", "U1004");
    check("'' ~> $pad(5e8)", "U1004");
    check("($p := $pad; $p('', 5e8))", "U1004");
    check("$map([''], $pad(?, 5e8))", "U1004");
    check("($big := $pad('', 4000000); $join([$big, $big]))", "U1004");
    check("$join([1..2000].('x'), $pad('', 100000))", "U1004");
    check(
        "($big := $pad('', 4000000); $replace($big, '', $big))",
        "U1004",
    );
    check(
        "($big := $pad('', 4000000); $replace($big, / /, $big))",
        "U1004",
    );
    check(
        "$string($reduce([1..60], function($a, $n) { {'l': $a, 'r': $a} }, 1))",
        "D2015",
    );
    check(
        "'' & $reduce([1..60], function($a, $n) { {'l': $a, 'r': $a} }, 1)",
        "D2015",
    );
    check(
        "$reduce([1..60], function($a, $n) { {'l': $a, 'r': $a} }, 1)",
        "D2015",
    );
    check(
        "$reduce([1..600], function($a, $n) { {'l': $a} }, 1)",
        "D1011",
    );
    check("$count([1..800000].[1..800000])", "U1004");
    check("$map([1..800000], function() { [1..800000] })", "U1004");
}

#[test]
fn what_never_ends_is_ended() {
    fn check(text: &str, expected: &str) {
        let limits = Limits {
            time: Duration::from_millis(100),
            ..Limits::aws()
        };
        assert_eq!(evaluate_on(Value::Null, text, &limits), expected, "{text}");
    }
    check("($f := function() { $f() }; $f())", "D1012");
    check("($f := function($n) { 1 + $f($n + 1) }; $f(1))", "D1011");
    check(
        "$map([1..800000], function($x) { $map([1..1000], function($y) { $x * $y }) })",
        "D1012",
    );
    check(
        "($f := function($n) { $n > 0 ? ($f($n - 1); $f($n - 1)) : 1 }; $f(60))",
        "D1012",
    );
}

/// An expression that doubles a value sixty times, and then looks through it.
fn doubled(step: &str, then: &str) -> String {
    format!("($a := $reduce([1..60], function($a, $n) {{ {step} }}, 1); {then})")
}

#[test]
fn no_value_stands_for_more_than_fits() {
    for then in [
        "$boolean($a)",
        "$a ? 1 : 2",
        "$a and 1",
        "$not($a)",
        "$a = [$a]",
        "[1] in $a",
        "$count($distinct([$a, [$a]]))",
        "$count($a.**)",
        "$count($a.*.*)",
        "$keys($a ~> |**|{'x': 1}|)",
        "$a.$string()",
        "$error($a)",
        "$sum($a)",
        "$lookup($a, 'x')",
        "$spread($a)",
        "$a{$string($): $}",
        "[1, 2][$a]",
        "$hash($a, 'MD5')",
    ] {
        check_small(&doubled("[$a, $a]", then));
        check_small(&doubled("{'l': $a, 'r': $a}", then));
        check_small(&doubled("$map([1, 2], function() { $a })", then));
        check_small(&doubled("[1, 2].{'k': $a}", then));
        check(&doubled("$merge([{'l': $a}, {'r': $a}])", then), "D2015");
    }
    check_bounded("$boolean($map([1..800000], function() { [1..1000] }))");
    check_bounded("($a := [1..1000]; $boolean($map([1..800000], function() { $a })))");
    check_bounded("($a := [1..1000]; [1..800000].{'k': $a} = 1)");
    check(
        "($z := $zip; $boolean($reduce([1..60], function($a, $n) { $z($a, $a) }, [0, 0])))",
        "D2015",
    );
    check(
        "($m := $map; $boolean($reduce([1..60], function($a, $n) { $m([1, 2], function() { $a }) }, 0)))",
        "D2015",
    );
    check(
        "($f := function($a, $n) { $n = 0 ? $a : $f({'l': $a, 'r': $a}, $n - 1) }; $boolean([$f(1, 60)]))",
        "D2015",
    );
    check(
        "($f := function($n) { $n = 0 ? 'end' : $f($n - 1) }; $f(10000))",
        "\"end\"",
    );
    check(
        "$count($reduce([1..600], function($a, $n) { {'a': $a} }, 1).**)",
        "D1011",
    );
    check(
        "$type($reduce([1..600], function($a, $n) { [$a, [$a]] }, 1))",
        "D2015",
    );
    // Large, and all the same no more than may be.
    check(
        "$count($map([1..100000], function($i) { {'i': $i, 'x': [1, 2, 3]} }).i)",
        "100000",
    );
    check(
        "$count($reduce([1..2000], function($a, $n) { $append($a, $n) }, []))",
        "2000",
    );
    check(
        "$reduce([1..100], function($a, $n) { {'a': $a} }, 1) = 1",
        "false",
    );
}

#[test]
fn arrays_that_are_made_are_counted() {
    check_bounded("($a := [1..800000]; $count($map([1..1000], function() { [$a, 1] })))");
    check_bounded("($a := [1..800000]; $count($map([1..1000], function() { $append($a, 1) })))");
    check_bounded("($a := [1..800000]; $count($map([1..1000], function() { $reverse($a) })))");
    check_bounded("($a := [1..800000]; [$a, $a, 1] = 1)");
}

#[test]
fn texts_that_are_made_are_counted() {
    for function in [
        "uppercase",
        "lowercase",
        "trim",
        "base64encode",
        "encodeUrl",
        "decodeUrl",
    ] {
        check_bounded(&format!(
            "($s := $pad('', 4000000, 'ab'); $count($map([1..800000], function() {{ ${function}($s) }})))"
        ));
    }
    check_bounded(
        "($s := $pad('', 4000000, 'ab'); $count($map([1..100], function() { $substring($s, 1) })))",
    );
    check("$uppercase($pad('', 4, 'ab'))", "\"ABAB\"");
}

#[test]
fn what_is_alike_is_told_apart_in_time() {
    check("$count($distinct([1..800000]))", "800000");
    check("$count($distinct([1..100000].($ % 7)))", "7");
    check("$count($distinct([1..50000].{'a': $}))", "50000");
    check(
        "$distinct([1, '1', true, null, 0, -0, [1], [1], {'a': 1, 'b': 2}, {'b': 2, 'a': 1}])",
        r#"[1,"1",true,null,0,[1],{"a":1,"b":2}]"#,
    );
    check("$count($distinct([1..20000].{'a': 1, 'b': $}))", "20000");
    check_bounded("$count($distinct([1..100000].{'a': [1, [$]]}))");
    check("$map([[1, 1], [2, 2]], $distinct)", "[[1],[2]]");
    check_bounded("$map([1], function() { ($d := $distinct; $d([1..100000].{'a': [1, [$]]})) })");
    check("[1, 1, 2] ~> $distinct()", "[1,2]");
}

#[test]
fn no_search_runs_on() {
    check(
        "$contains($pad('', 1000000, 'ab'), /((a|b|ab){1,50}){1,50}c/)",
        "U1004",
    );
    check(
        "($r := /((a|b|ab){1,50}){1,50}c/; $contains('abc', $r))",
        "U1004",
    );
    check_bounded("$pad('', 1000000, 'ab') ~> /(a|b|ab){1,300}c/");
    check("$contains('abc', /(a|b){1,300}c/)", "true");
    check_bounded("$match($pad('', 100000, 'a'), /a*b|a/)");
    check_bounded("$replace($pad('', 100000, 'a'), /a*b|a/, 'c')");
    check_bounded("$split($pad('', 100000, 'a'), /a*b|a/)");
    check_bounded("$pad('', 100000, 'a') ~> $match(/a*b|a/)");
    check_bounded("$pad('', 100000, 'a').$match(/a*b|a/)");
    check_bounded("$count($match($pad('', 4000000, 'ab'), /a/))");
    check("$count($split($pad('', 300000, 'a b '), / /))", "150001");
}

#[test]
fn no_picture_asks_for_too_much() {
    check("$formatNumber(1.5, $pad('', 1000000, '0') & '.0')", "U1004");
    check(
        "1.5 ~> $formatNumber($pad('', 1000000, '0') & '.0')",
        "U1004",
    );
    check("$formatInteger(1e15, 'I')", "U1004");
    check("$formatInteger(1e15, 'i;o')", "U1004");
    check("$formatInteger(3999, 'I')", "\"MMMCMXCIX\"");
    check("$formatInteger(1, $pad('', 1000000, '0'))", "U1004");
    check("$fromMillis(1e12, '[Y,1-100000000]')", "U1004");
    check("$fromMillis(0, '[f,100000000-100000000]')", "U1004");
    check("$now('[Y,1-100000000]')", "U1004");
    check("$toMillis('2018', '[Y,1-100000000]')", "U1004");
    check("$parseInteger('one', $pad('', 1000000, 'w'))", "U1004");
    check("$fromMillis(0, '[Y,4-4]')", "\"1970\"");
}

#[test]
fn no_nesting_overflows_the_stack() {
    let times = 100_000;
    for part in [
        "(",
        "[",
        "{\"a\":",
        "-",
        "a.",
        "1+",
        "$f(",
        "function(){",
        "a?b:",
        "a?",
        "a[",
        "a^(",
        "$x:=",
        "a~>",
        "|a|",
        "a&",
        "[1..",
        "a{",
        "**.",
        "%.",
        "a@$b.",
        "a#$b.",
        "/a/.",
        "`a`.",
        "'a'.",
        "/*",
        "a ?? ",
        "a ?: ",
        "a or ",
        "a in ",
        "$f(?)(",
    ] {
        let text = part.repeat(times);
        let expression = Expression::parse(&text);
        assert!(expression.is_err(), "{part} {times} times is an expression");
        let text = format!("{text}1");
        let _ = Expression::parse(&text);
        // As deep as the parser goes.
        for times in [100, 400, 900, 990] {
            let closing = match part {
                "(" | "$f(" | "a^(" | "$f(?)(" => ")",
                "[" | "a[" | "[1.." => "]",
                "{\"a\":" | "function(){" => "}",
                "a{" => ":1}",
                _ => "",
            };
            let text = format!("{}1{}", part.repeat(times), closing.repeat(times));
            let _ = evaluate_on(Value::from(1_i64), &text, &Limits::aws());
        }
    }
}

#[test]
fn a_deep_value_is_read() {
    let deep = |depth: usize| Value::parse(&format!("{}1{}", "[".repeat(depth), "]".repeat(depth)));
    for text in [
        "$states.input",
        "($states.input)",
        "$string($states.input)",
        "$states.**",
        "[$states.input = $states.input]",
    ] {
        let input = deep(500).unwrap();
        let _ = evaluate_on(input, text, &Limits::aws());
    }
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-1000_i64..1000).prop_map(Value::from),
        (-1e6_f64..1e6)
            .prop_filter("whole ones come back as integers", |number| number.fract()
                != 0.0)
            .prop_map(Value::from),
        "[a-c é]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a-c]", inner), 0..4).prop_map(Value::object),
        ]
    })
}

/// Pieces of which expressions are made, so that random texts often are some.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "$",
        "$$",
        "$states",
        "$states.input",
        "$x",
        "$y",
        "a",
        "b",
        "c",
        "*",
        "**",
        "%",
        "1",
        "2",
        "0",
        "-1",
        "1e9",
        "0.5",
        "'s'",
        "\"t\"",
        "''",
        "true",
        "null",
        "/a*/",
        "/(b|c)+/i",
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
        "*",
        "/",
        "%",
        "&",
        "=",
        "!=",
        "<",
        ">",
        "<=",
        ">=",
        " and ",
        " or ",
        " in ",
        "?",
        "??",
        "?:",
        ":=",
        "~>",
        "^(",
        "<",
        ">",
        "|",
        "@$x",
        "#$y",
        "[]",
        "[0]",
        "[-1]",
        "function($x){",
        "function($x,$y){",
        "λ($x){",
        "$map(",
        "$filter(",
        "$reduce(",
        "$sort(",
        "$each(",
        "$sift(",
        "$single(",
        "$string(",
        "$number(",
        "$join(",
        "$split(",
        "$replace(",
        "$match(",
        "$pad(",
        "$substring(",
        "$count(",
        "$sum(",
        "$append(",
        "$distinct(",
        "$reverse(",
        "$zip(",
        "$shuffle(",
        "$keys(",
        "$lookup(",
        "$spread(",
        "$merge(",
        "$type(",
        "$eval(",
        "$parse(",
        "$hash(",
        "$range(",
        "$partition(",
        "$random(",
        "$uuid()",
        "$now()",
        "$now(",
        "$millis()",
        "$fromMillis(",
        "$toMillis(",
        "$formatNumber(",
        "$formatInteger(",
        "$formatBase(",
        "$parseInteger(",
        "$error(",
        "$assert(",
        "$round(",
        "$power(",
        "$sqrt(",
        "$base64encode(",
        "$base64decode(",
        "$encodeUrl(",
        "$decodeUrl(",
        "$contains(",
        "$trim(",
        "$length(",
        "$max(",
        "$average(",
        "$boolean(",
        "$not(",
        "$exists(",
        "`a b`",
        " ",
        "\n",
        "/* c */",
        "'[Y]-[M]'",
        "'#,##0.00'",
        "'MD5'",
        "<n-n:n>",
        "\\",
        "'",
    ]);
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// An expression that can be parsed, mostly.
fn trees() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "$states.input",
        "$states.input.a",
        "$states.input.*",
        "$states.input.**",
        "$x",
        "$",
        "1",
        "-3",
        "0.5",
        "1e6",
        "'ab'",
        "''",
        "true",
        "null",
        "[]",
        "{}",
        "[1..9]",
        "/b+/",
        "$sum",
        "$string",
        "function($x){$x}",
        "$now()",
        "$random()",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(5, 40, 3, |inner| {
        let two = (inner.clone(), inner.clone());
        let three = (inner.clone(), inner.clone(), inner.clone());
        prop_oneof![
            (
                two.clone(),
                prop::sample::select(vec![
                    "+", "-", "*", "/", "%", "&", "=", "<", "..", " in ", " and ", "~>", "??",
                    "?:", "."
                ])
            )
                .prop_map(|((left, right), operator)| format!("({left}){operator}({right})")),
            (
                two.clone(),
                prop::sample::select(vec![
                    "map",
                    "filter",
                    "sort",
                    "each",
                    "sift",
                    "single",
                    "reduce",
                    "join",
                    "split",
                    "append",
                    "zip",
                    "pad",
                    "match",
                    "contains",
                    "lookup",
                    "formatBase",
                    "power",
                    "round",
                    "range",
                    "partition",
                    "hash",
                    "toMillis",
                    "fromMillis",
                    "formatNumber",
                    "formatInteger",
                    "parseInteger",
                    "substring",
                    "substringAfter",
                    "now"
                ])
            )
                .prop_map(|((left, right), function)| format!("${function}({left}, {right})")),
            (
                inner.clone(),
                prop::sample::select(vec![
                    "string",
                    "number",
                    "count",
                    "sum",
                    "max",
                    "distinct",
                    "reverse",
                    "keys",
                    "spread",
                    "merge",
                    "type",
                    "boolean",
                    "exists",
                    "length",
                    "trim",
                    "base64encode",
                    "parse",
                    "shuffle",
                    "random",
                    "error",
                    "sqrt",
                    "eval",
                    "decodeUrl"
                ])
            )
                .prop_map(|(one, function)| format!("${function}({one})")),
            two.clone()
                .prop_map(|(one, other)| format!("({one})[{other}]")),
            two.clone()
                .prop_map(|(one, other)| format!("({one}).({other})")),
            two.clone()
                .prop_map(|(one, other)| format!("({one})^(>{other})")),
            two.clone()
                .prop_map(|(one, other)| format!("({one}){{$string({other}): $}}")),
            two.clone()
                .prop_map(|(one, other)| format!("$map({one}, function($x, $i) {{ {other} }})")),
            two.clone()
                .prop_map(|(one, other)| format!("$reduce({one}, function($x, $y) {{ {other} }})")),
            two.clone()
                .prop_map(|(one, other)| format!("($x := {one}; {other})")),
            two.prop_map(|(one, other)| format!("[{one}, {{'k': {other}}}]")),
            three
                .clone()
                .prop_map(|(one, two, three)| format!("({one}) ? ({two}) : ({three})")),
            three
                .clone()
                .prop_map(|(one, two, three)| format!("$replace({one}, {two}, {three})")),
            three.prop_map(|(one, two, three)| format!("({one}) ~> |{two}|{{'n': {three}}}|")),
        ]
    })
}

proptest! {
    #[test]
    fn any_text_is_parsed_or_refused(text in "\\PC{0,60}") {
        let _ = evaluate_on(Value::Null, &text, &small());
    }

    #[test]
    fn pieces_of_expressions_never_panic_or_run_on(text in pieces(), input in json()) {
        let _ = evaluate_on(input, &text, &small());
    }

    #[test]
    fn expressions_never_panic_or_run_on(text in trees(), input in json()) {
        let first = evaluate_on(input.clone(), &text, &small());
        let again = evaluate_on(input, &text, &small());
        // Time alone may tell two evaluations apart.
        prop_assert!(first == again || first == "D1012" || again == "D1012", "{}: {} and then {}", text, first, again);
    }

    #[test]
    fn a_value_goes_through_unchanged(input in json()) {
        let text = input.to_text();
        prop_assert_eq!(&evaluate_on(input.clone(), "$states.input", &small()), &text);
        prop_assert_eq!(&evaluate_on(input, "($states.input)", &small()), &text);
    }

    /// The short cut for paths gives what evaluation gives.
    #[test]
    fn a_short_cut_leads_to_the_same(input in json(), path in prop::collection::vec("[a-c]", 0..4)) {
        let text: String = path.iter().flat_map(|name| [".", name.as_str()]).collect();
        let short = evaluate_on(input.clone(), &format!("$states.input{text}"), &small());
        let long = evaluate_on(input, &format!("($states.input{text})"), &small());
        prop_assert_eq!(short, long);
    }
}

fn small() -> Limits {
    Limits {
        depth: 320,
        sequence: 20_000,
        string: 1 << 16,
        memory: 4 << 20,
        time: Duration::from_millis(200),
    }
}

#[test]
fn numbers_of_any_size_are_taken() {
    check("$substring('abc', 1/0, 0)", "\"\"");
    check("$substring('abc', 1, 1e308)", "\"bc\"");
    check("$substring('abc', 1e18, 1e308)", "\"\"");
    check("$substring('abc', -1e308, 2)", "\"ab\"");
    check("($s := 'abcdef'; $s.$substring(2))", "\"cdef\"");
    check(
        "($s := 'abcdef'; $n := 1; $s.$substring($n + 1, $n))",
        "\"c\"",
    );
    check("'abcdef' ~> $substring(1, 2)", "\"bc\"");
    check("($f := $substring; $f('abcdef', 1, 1e308))", "\"bcdef\"");
    check("[-9223372036854775808..3]", "D2014");
    check("[-9223372036854775808..9223372036854775807]", "D2014");
    check("[1..1/0]", "T2004");
    check("[-2..2]", "[-2,-1,0,1,2]");
    check("($n := 3; [1..$n])", "[1,2,3]");
    for number in ["1/0", "-1/0", "0/0"] {
        for picture in ["0.0e0", "Ww;o", "0"] {
            check(&format!("$formatNumber({number}, '{picture}')"), "D1001");
            check(&format!("$formatInteger({number}, '{picture}')"), "D1001");
        }
        check(&format!("$formatBase({number})"), "D1001");
        check(&format!("$map([{number}], $formatBase)"), "D1001");
        check(&format!("{number} ~> $formatInteger('w')"), "D1001");
    }
    for call in [
        "$formatNumber#$i(1/0, '0.0e0')",
        "$formatNumber[0](1/0, '0.0e0')",
        "$formatNumber@$x(1/0, '0.0e0')",
        "$formatNumber(?, '0.0e0')(1/0)",
        "$formatNumber(?, ?)(1/0, '0.0e0')",
        "$map([1/0], $formatNumber(?, '0.0e0'))",
        "1/0 ~> $formatNumber(?, '0.0e0')",
    ] {
        check(call, "D1001");
    }
    check(
        "$map([1.5, 2], $formatNumber(?, '0.00'))",
        "[\"1.50\",\"2.00\"]",
    );
    check("1.5 ~> $formatNumber(?, '0.00')", "\"1.50\"");
    check("$map(['a', 'b'], $join(?, '-'))", "[\"a\",\"b\"]");
    check(
        "$map(['a-b', 'c-d'], $split(?, '-'))",
        "[[\"a\",\"b\"],[\"c\",\"d\"]]",
    );
    check("['a-b'] ~> $map($replace(?, '-', '+'))", "\"a+b\"");
    check("$substring(?, 1)('abc')", "\"bc\"");
    check("$formatNumber(1e308, '0.0e0')", "\"1.0e308\"");
    check("$formatBase(255, 16)", "\"ff\"");
    check("$fromMillis(0, '[Y,1 00]')", "U1004");
    check("$fromMillis(0, '[éD]')", "D3132");
    check("function($x)<sß:s>{ $x }", "S0201");
    check("$fromMillis(1e38, '', '4')", "D1001");
    check("$fromMillis(1e308)", "D1001");
    check("$fromMillis(0, '[H01]:[m01]', '+0530')", "\"05:30\"");
    check(
        "$fromMillis(0, '[Y000000000000000001]')",
        "\"000000000000001970\"",
    );
    check("$fromMillis(0, '[Y9223372036854775808]')", "U1004");
    check("$fromMillis(0, '[Y,*-19]')", "U1004");
    check("$fromMillis(0, '[Y,,56]')", "U1004");
    check("$fromMillis(0, '[Y,2-2]')", "\"70\"");
    check("$fromMillis(0, '[H01]', '9999999999999999999')", "D3134");
    check("$fromMillis(0, '[H01]', '9000000000000000000')", "D3134");
    check("$parseInteger('[1,{\"a\":null}]', 'A')", "D3130");
    check("$parseInteger('BC', 'A')", "55");
    check("$parseInteger('one thousand and one', 'w')", "1001");
    check("$parseInteger('text', '١')", "D3130");
    check("$parseInteger('٤٢', '١')", "42");
    check("$parseInteger('1,234', '#,##0')", "1234");
    check("$parseInteger('22nd', '1;o')", "22");
    check("$parseInteger('2€', '1;o')", "D3130");
}

#[test]
fn what_is_transformed_is_counted() {
    check("([1..800000]) ~> |*|{'a': 1}|", "U1004");
    check(
        "($f := function() { $filter([1..20000], function($x) { $x }) }; $f()) ~> |**|{'n': true}|",
        "U1004",
    );
    check(
        "{'a': {'b': 1}} ~> |a|{'c': 2}|",
        "{\"a\":{\"b\":1,\"c\":2}}",
    );
    check(
        "{'a': [{'b': 1}, {'b': 2}]} ~> |a[b = 2]|{'c': 3}, 'b'|",
        "{\"a\":[{\"b\":1},{\"c\":3}]}",
    );
    check(
        "([1..500].{'k': $} ~> |$|{'n': 1}|)[0]",
        "{\"k\":1,\"n\":1}",
    );
}
