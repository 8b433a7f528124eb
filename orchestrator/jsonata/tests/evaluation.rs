//! What expressions give, as Step Functions answers them.
#![allow(
    clippy::unwrap_used,
    reason = "these are tests: a failure is a panic that names its place"
)]

use expression::value::Value;
use expression::variables::Variables;
use jsonata::{Bindings, Expression, Limits, Surroundings};

const NOW: Surroundings = Surroundings {
    now_millis: 1_795_413_600_123,
    seed: 7,
};

fn evaluate_within(text: &str, limits: &Limits) -> String {
    let expression = match Expression::parse(text) {
        Ok(expression) => expression,
        Err(error) => return format!("cannot be parsed: {error}"),
    };
    let input = r#"{"a": 1, "big": 9007199254740993, "whole": 2.0, "items": [1, 2, 3], "one": [1], "none": [], "nothing": null,
        "orders": [{"id": 1, "lines": [{"sku": "x"}, {"sku": "y"}]}, {"id": 2}], "text": "abc", "deep": {"er": {"b": true}}}"#;
    let context = r#"{"Execution": {"Name": "run"}}"#;
    let states = vec![
        ("input", Value::parse(input).unwrap()),
        ("context", Value::parse(context).unwrap()),
    ];
    let mut variables = Variables::default();
    variables.set("total".into(), Value::from(3_i64));
    variables.set("list".into(), Value::parse("[[1, 2], [3]]").unwrap());
    let bindings = Bindings::new(states, variables);
    match expression.evaluate(&bindings, &NOW, limits) {
        Ok(Some(value)) => value.to_text(),
        Ok(None) => "nothing".to_owned(),
        Err(error) => error.to_string(),
    }
}

fn evaluate(text: &str) -> String {
    evaluate_within(text, &Limits::aws())
}

fn check(text: &str, expected: &str) {
    assert_eq!(evaluate(text), expected, "{text}");
}

#[test]
fn values_are_read() {
    check("$states.input.a", "1");
    check("$states.input.a + 1", "2");
    check("$states.input.items", "[1,2,3]");
    check("$states.input.one", "[1]");
    check("$states.input.none", "[]");
    check("$states.input.nothing", "null");
    check("$states.input.missing", "nothing");
    check("$states.input.a.b", "nothing");
    check("$states.input.deep.er", r#"{"b":true}"#);
    check("$states.input.orders.id", "[1,2]");
    check("$states.input.orders.lines.sku", r#"["x","y"]"#);
    check("$states.input.orders[id = 2]", r#"{"id":2}"#);
    check("$states.context", r#"{"Execution":{"Name":"run"}}"#);
    check("$states.result", "nothing");
    check("$keys($states)", r#"["input","context"]"#);
    check("$total + 1", "4");
    check("$list", "[[1,2],[3]]");
    check("$missing", "nothing");
    check("name", "nothing");
    check("$", "nothing");
}

#[test]
fn numbers_stay_what_they_are() {
    check("$states.input.big", "9007199254740993");
    check("$states.input.whole", "2.0");
    check("$states.input.whole + 0", "2");
    check("1 / 4", "0.25");
    check("1e3", "1000");
    check("-0", "0");
    check("9007199254740992", "9007199254740992");
    check("1e300 * 10", "1e+301");
    check("1 / 0", "D1001: Number out of range: inf");
}

#[test]
fn functions_of_step_functions_answer() {
    check("$partition([1, 2, 3, 4], 3)", "[[1,2,3],[4]]");
    check("$partition([0], 5)", "[[0]]");
    check(
        "$partition([1], 0)",
        "T0410: Argument 2 of function \"partition\" does not match function signature",
    );
    check("$range(0, 9, 3)", "[0,3,6,9]");
    check("$range(0, 10, 3)", "[0,3,6,9]");
    check("$range(1, 9, 9)", "1");
    check("$range(5, 1, -2)", "[5,3,1]");
    check("$range(5, 1, 2)", "nothing");
    check(
        "$range(0, 1, 0)",
        "T0410: Argument 3 of function \"range\" does not match function signature",
    );
    check(
        "$hash('abc', 'MD5')",
        r#""900150983cd24fb0d6963f7d28e17f72""#,
    );
    check(
        "$hash('abc', 'SHA-1')",
        r#""a9993e364706816aba3e25717850c26c9cd0d89d""#,
    );
    check(
        "$hash('abc', 'SHA-256')",
        r#""ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad""#,
    );
    check(
        "$hash('abc', 'CRC')",
        "T0410: Argument 2 of function \"hash\" does not match function signature",
    );
    check("$random(42)", "0.7275636800328681");
    check("$parse('{\"a\": [1, 2.5]}').a", "[1,2.5]");
    check(
        "$parse('{')",
        "D3120: The text is not valid JSON: EOF while parsing an object at line 1 column 1",
    );
    check("$eval('1')", "T1006: Attempted to invoke a non-function");
    check("$map(['[1]', '2'], $parse)", "[[1],2]");
}

#[test]
fn time_and_chance_are_arguments() {
    check("$now()", r#""2026-11-23T06:00:00.123Z""#);
    check("$now('[D]/[M]/[Y]')", r#""23/11/2026""#);
    check("$millis()", "1795413600123");
    check("$millis() = $toMillis($now())", "true");
    check(
        "$fromMillis($toMillis('10:30', '[H]:[m]'))",
        r#""2026-11-23T10:30:00.000Z""#,
    );
    check(
        "$fromMillis($toMillis('24 December', '[D] [MNn]'))",
        r#""2026-12-24T00:00:00.000Z""#,
    );
    check("$toMillis('2020-02-02', '[Y]-[M]-[D]')", "1580601600000");
    for text in [
        "$random()",
        "$uuid()",
        "$shuffle([1..20])",
        "[$random(), $random()]",
    ] {
        assert_eq!(evaluate(text), evaluate(text), "{text}");
    }
    check("$random() != $random()", "true");
    check(
        "$match($uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/).index",
        "0",
    );
    check("$sort($shuffle([1..5]))", "[1,2,3,4,5]");
    check(
        "$map([1, 2], function() { $millis() })",
        "[1795413600123,1795413600123]",
    );
}

#[test]
fn what_is_no_value_is_refused() {
    let refused = "the result is a function, not a JSON value";
    check("$fn := function($x){$x}", refused);
    check("{'f': $sum}", refused);
    check("/a/", refused);
    check("$sum", refused);
    check("( $x := 1 )", "1");
}

#[test]
fn guarded_operators_mean_what_they_meant() {
    check(
        "'a' & 1 & true & null & {'b': [1]} & $missing",
        r#""a1truenull{\"b\":[1]}""#,
    );
    check("[1..3, 5..6]", "[1,2,3,5,6]");
    check("[1..0]", "[]");
    check("[2..2]", "[2]");
    check("(1..3)", "[1,2,3]");
    check("$sum([1..100])", "5050");
    check("$count([1..$total])", "3");
    check("$pad('x', 5, '-')", r#""x----""#);
    check("$pad('x', -5, '-')", r#""----x""#);
    check("('x').$pad(3, '.')", r#""x..""#);
    check("$map(['a', 'b'], $pad(?, 2, '.'))", r#"["a.","b."]"#);
    check("($p := $pad; $p('x', 3, '.'))", r#""x..""#);
    check("'x' ~> $pad(3, '.')", r#""x..""#);
    check("$join(['a', 'b'], '-')", r#""a-b""#);
    check("$join('a')", r#""a""#);
    check("['a', 'b'] ~> $join('+')", r#""a+b""#);
    check("$join(?, '-')(['a', 'b'])", r#""a-b""#);
    check("$replace('banana', 'a', 'o', 2)", r#""bonona""#);
    check("$replace('banana', /an/, '<$0>')", r#""b<an><an>a""#);
    check(
        "$replace('banana', /a/, function($m) { $uppercase($m.match) })",
        r#""bAnAnA""#,
    );
    check("('banana').$replace('a', 'o')", r#""bonono""#);
    check("$string({'a': 1})", r#""{\"a\":1}""#);
    check("$string([1, 2], true)", r#""[\n  1,\n  2\n]""#);
    check("('7').$string()", r#""7""#);
    check("$map([1, 2], $string)", r#"["1","2"]"#);
    check("($join := function($x) { $x }; $join(1))", "1");
    check(
        "$reduce(['a', 'b', 'c'], function($all, $one) { $all & $one })",
        r#""abc""#,
    );
    check("$states.input.orders.('#' & id)", r##"["#1","#2"]"##);
}

#[test]
fn errors_have_their_codes() {
    check(
        "'a' + 1",
        "T2001: The left side of the + operator must evaluate to a number",
    );
    check("$error('stop here')", "D3137: stop here");
    check("$assert(false, 'not so')", "D3141: not so");
    check(
        "$nope()",
        "T1006: Attempted to invoke a non-function: $nope",
    );
    check(
        "1 +",
        "cannot be parsed: S0207: Unexpected end of expression",
    );
    check(
        "'open",
        "cannot be parsed: S0101: String literal must be terminated by a matching quote",
    );
    check(
        "1 /* open",
        "cannot be parsed: S0106: Comment has no closing tag",
    );
    check("", "cannot be parsed: S0207: Unexpected end of expression");
}

#[test]
fn variables_and_functions_are_known() {
    fn check(text: &str, variables: &str, functions: &str) {
        let expression = Expression::parse(text).unwrap();
        let join = |names: std::collections::BTreeSet<String>| {
            names.into_iter().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(join(expression.variables()), variables, "{text}");
        assert_eq!(join(expression.functions()), functions, "{text}");
    }
    check("$states.input.a + $x", "states x", "");
    check(
        "$map($items, function($v, $i) { $v * $factor + $i })",
        "factor items",
        "map",
    );
    check("($y := $x; $y)", "x", "");
    check("$map($items, $string)", "items", "map");
    check("$eval($code)", "code", "eval");
    check("$states.input.rows@$r#$n.($r & $n)", "states", "");
}
