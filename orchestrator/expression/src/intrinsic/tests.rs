use proptest::prelude::*;

use super::*;
use crate::scope::testing::World;

/// One call per line, against one document: `call => value` or `call => ! error`.
fn check(document: &str, cases: &[(&str, &str)]) {
    let world = World::new(document);
    for (call, expected) in cases {
        assert_eq!(&answer(call, &world), expected, "{call}");
    }
}

fn answer(call: &str, world: &World) -> String {
    match Call::parse(call) {
        Err(error) => format!("no call: {}", error.message),
        Ok(call) => match call.evaluate(&world.scope()) {
            Ok(value) => value.to_text(),
            Err(EvaluationError::Intrinsic { message, .. }) => format!("! {message}"),
            Err(other) => format!("{other:?}"),
        },
    }
}

#[test]
fn arguments_are_strings_constants_paths_and_calls() {
    check(
        r#"{"a":{"b c":[1,{"x":2}]},"list":[{"id":1,"t":"(,)"},{"id":2}]}"#,
        &[
            ("States.Array()", "[]"),
            ("States.Array(1)", "[1]"),
            (
                "States.Array( 1 ,-2.5,1e2 , true,false , null )",
                "[1,-2.5,100.0,true,false,null]",
            ),
            ("States.Array('a', '', 'ä, (b)')", r#"["a","","ä, (b)"]"#),
            (
                r"States.Array('it\'s', '\{\}', 'a\\b', '{\'x\': 1}')",
                r#"["it's","{}","a\\b","{'x': 1}"]"#,
            ),
            (
                "States.Array($.a['b c'][1].x, $$.Execution.Name, $order.items[0])",
                r#"[2,"run-1",{"id":1}]"#,
            ),
            (
                "States.Array($.list[?(@.id == 1 && @.t == '(,)')].id, $.list.length())",
                "[[1],2]",
            ),
            ("States.Array($.list[0,1].id)", "[[1,2]]"),
            (
                "States.Array(States.Array(), States.Array(States.UUID()))",
                r#"[[],["9e3779b9-7f4a-4c15-bc6e-f372fe94f82a"]]"#,
            ),
            (
                r#"States.Array('an \"open\" escape')"#,
                r"! an open escape '\' is found in an argument",
            ),
            (
                "States.Array($.nope.x)",
                r#"! The JsonPath argument for the field '$.nope.x' could not be found in the input '{"a":{"b c":[1,{"x":2}]},"list":[{"id":1,"t":"(,)"},{"id":2}]}'"#,
            ),
            (
                "States.Array($unknown)",
                r#"NoSuchVariable { name: "unknown" }"#,
            ),
        ],
    );
}

#[test]
fn what_is_no_call_is_refused() {
    let nested = |depth: usize| "States.Array(".repeat(depth) + &")".repeat(depth);
    check(
        "{}",
        &[
            (
                "States.Nope(1)",
                "no call: 'States.Nope' is no intrinsic function",
            ),
            ("States.", "no call: 'States.' is no intrinsic function"),
            (
                "States.UUID",
                "no call: '(' is expected after 'States.UUID'",
            ),
            ("States.UUID(", "no call: the call is not closed"),
            (
                "States.UUID(1)",
                "no call: States.UUID does not take 1 arguments",
            ),
            (
                "States.UUID() ",
                r#""9e3779b9-7f4a-4c15-bc6e-f372fe94f82a""#,
            ),
            ("States.UUID()[0]", "no call: '[0]' follows after the call"),
            (
                "States.ArrayLength()",
                "no call: States.ArrayLength does not take 0 arguments",
            ),
            (
                "States.MathRandom(1)",
                "no call: States.MathRandom does not take 1 arguments",
            ),
            (
                "States.Format()",
                "no call: States.Format does not take 0 arguments",
            ),
            ("States.Array(1,)", "no call: '' is no argument"),
            ("States.Array(,)", "no call: '' is no argument"),
            ("States.Array(1 2)", "no call: '1 2' is no argument"),
            (
                "States.Array('a' 'b')",
                "no call: ',' or ')' is expected at ''b')'",
            ),
            ("States.Array('a)", "no call: a string is not closed"),
            ("States.Array(\"a\")", "no call: '\"a\"' is no argument"),
            ("States.Array([1])", "no call: '[1]' is no argument"),
            ("States.Array(a)", "no call: 'a' is no argument"),
            (
                "States.Array($.)",
                "no call: in the path '$.': a name is expected after '.'",
            ),
            (
                "States.Array($.a b)",
                "no call: in the path '$.a b': '.' or '[' is expected instead of ' '",
            ),
            (&nested(10), "[[[[[[[[[[]]]]]]]]]]"),
            (&nested(11), "no call: calls are nested more than 10 deep"),
        ],
    );
}

#[test]
fn arrays() {
    check(
        r#"{"n":[4,5,6,7,8],"mixed":[null,true,1,1.0,"1",[1],[1],{"a":1,"b":2},{"b":2,"a":1},null],"o":{}}"#,
        &[
            ("States.ArrayContains($.n, 5)", "true"),
            ("States.ArrayContains($.n, 5.0)", "false"),
            ("States.ArrayContains($.mixed, null)", "true"),
            ("States.ArrayContains($.mixed, $.mixed[8])", "true"),
            ("States.ArrayContains($.mixed, false)", "false"),
            ("States.ArrayContains(States.Array(), null)", "false"),
            (
                "States.ArrayContains($.o, 1)",
                "! argument 1 must be an array, but was of type object",
            ),
            ("States.ArrayGetItem($.n, 0)", "4"),
            ("States.ArrayGetItem($.n, 1.5)", "6"),
            (
                "States.ArrayGetItem($.n, 5)",
                "! the index 5 is out of bounds for an array of length 5",
            ),
            (
                "States.ArrayGetItem($.n, -1)",
                "! the index -1 is out of bounds for an array of length 5",
            ),
            (
                "States.ArrayGetItem($.n, '1')",
                "! argument 2 must be an integer, but was of type string",
            ),
            ("States.ArrayLength($.mixed)", "10"),
            (
                "States.ArrayLength('x')",
                "! argument 1 must be an array, but was of type string",
            ),
            ("States.ArrayPartition($.n, 2)", "[[4,5],[6,7],[8]]"),
            ("States.ArrayPartition($.n, 9)", "[[4,5,6,7,8]]"),
            ("States.ArrayPartition(States.Array(), 3)", "[]"),
            (
                "States.ArrayPartition($.n, 0)",
                "! the chunk size must be a positive integer, but was 0",
            ),
            (
                "States.ArrayUnique($.mixed)",
                r#"[null,true,1,1.0,"1",[1],{"a":1,"b":2}]"#,
            ),
        ],
    );
}

#[test]
fn ranges_end_where_a_step_meets_the_end() {
    check(
        "{}",
        &[
            ("States.ArrayRange(2, 8, 3)", "[2,5,8]"),
            ("States.ArrayRange(2, 9, 3)", "[2,5,8]"),
            ("States.ArrayRange(1, 1, 5)", "[1]"),
            ("States.ArrayRange(3, -3, -2)", "[3,1,-1,-3]"),
            ("States.ArrayRange(3, 1, 1)", "[]"),
            ("States.ArrayRange(1, 3, -1)", "[]"),
            ("States.ArrayRange(0.5, 2.4, 1)", "[1,2]"),
            (
                "States.ArrayRange(1, 3, 0)",
                "! the step of a range cannot be 0",
            ),
            ("States.ArrayLength(States.ArrayRange(1, 1000, 1))", "1000"),
            (
                "States.ArrayRange(0, 1000, 1)",
                "! the range has 1001 items, more than 1000",
            ),
            (
                "States.ArrayRange(-9223372036854775808, 9223372036854775807, 1)",
                "! the range has 18446744073709551616 items, more than 1000",
            ),
            (
                "States.ArrayRange(9223372036854775806, 9223372036854775807, 5)",
                "[9223372036854775806]",
            ),
        ],
    );
}

#[test]
fn format_prints_like_java() {
    check(
        r#"{"s":"x","e":"","n":1.10,"i":-7,"t":true,"z":null,"a":[1,"b",[]],"o":{"Id":"i-1","Tags":{"k":null}},"f":"<{}|\\{}|a\\b>"}"#,
        &[
            ("States.Format('plain')", r#""plain""#),
            ("States.Format('{} {}{}', $.s, $.e, $.i)", r#""x -7""#),
            ("States.Format('{}', $.n)", r#""1.1""#),
            ("States.Format('{},{}', $.t, $.z)", r#""true,null""#),
            ("States.Format('{}', $.a)", r#""[1, b, []]""#),
            ("States.Format('{}', $.o)", r#""{Id=i-1, Tags={k=null}}""#),
            (
                r"States.Format('\{\} \{{}\} it\'s \\', $.i)",
                r#""{} {-7} it's \\""#,
            ),
            ("States.Format('{x} { } {} }', 1)", r#""{x} { } 1 }""#),
            ("States.Format($.f, 1)", r#""<1|{}|a\\b>""#),
            (
                "States.Format($.i)",
                "! argument 1 must be a string, but was of type number",
            ),
            (
                "States.Format('{} {}', 1)",
                "! the format has 2 placeholders, but 1 arguments are given",
            ),
            (
                "States.Format('{}', 1, 2)",
                "! the format has 1 placeholders, but 2 arguments are given",
            ),
        ],
    );
}

#[test]
fn json_is_read_written_and_merged() {
    check(
        r#"{"o":{"constant_in_literal":1,"b":[1.0,"x"]},"p":{"constant_input_field":2,"b":null},"t":" [1, {\"a\": \"é\"}] ","blank":" ","bad":"{"}"#,
        &[
            ("States.StringToJson($.t)", r#"[1,{"a":"é"}]"#),
            ("States.StringToJson('')", "null"),
            ("States.StringToJson($.blank)", "null"),
            ("States.StringToJson('-0')", "0"),
            ("States.StringToJson('1.50')", "1.5"),
            (r#"States.StringToJson('{"a": "b"}')"#, r#"{"a":"b"}"#),
            (
                "States.StringToJson($.bad)",
                "! the text is no JSON: EOF while parsing an object at line 1 column 1",
            ),
            (
                "States.StringToJson(1)",
                "! argument 1 must be a string, but was of type number",
            ),
            (
                "States.JsonToString($.o)",
                r#""{\"constant_in_literal\":1,\"b\":[1.0,\"x\"]}""#,
            ),
            ("States.JsonToString('x')", r#""\"x\"""#),
            ("States.JsonToString(null)", r#""null""#),
            // AWS answers in the order of a hash map.
            (
                "States.JsonMerge($.o, $.p, false)",
                r#"{"constant_input_field":2,"b":null,"constant_in_literal":1}"#,
            ),
            (
                "States.JsonMerge($.o, $.p, true)",
                "! deep merging is not supported, the third argument must be false",
            ),
            (
                "States.JsonMerge($.o, $.p, 0)",
                "! argument 3 must be a boolean, but was of type number",
            ),
            (
                "States.JsonMerge($.o, 1, false)",
                "! argument 2 must be an object, but was of type number",
            ),
        ],
    );
}

#[test]
fn strings_are_split_at_any_of_the_separators() {
    check(
        "{}",
        &[
            ("States.StringSplit('a,b,c', ',')", r#"["a","b","c"]"#),
            ("States.StringSplit(',a,,b;c;', ',;')", r#"["a","b","c"]"#),
            ("States.StringSplit('a.+b', '.+')", r#"["a","b"]"#),
            ("States.StringSplit('abc', '')", r#"["abc"]"#),
            ("States.StringSplit('', ',')", "[]"),
            (
                "States.StringSplit('1', 1)",
                "! argument 2 must be a string, but was of type number",
            ),
        ],
    );
}

#[test]
fn base64_and_hashes() {
    let long = Value::object([("t", Value::from("ä".repeat(10_001)))]).to_text();
    check(
        &long,
        &[
            (
                "States.Base64Encode($.t)",
                "! the text has 10001 characters, more than 10000",
            ),
            (
                "States.Hash($.t, 'MD5')",
                "! the text has 10001 characters, more than 10000",
            ),
            ("States.Base64Encode('grüße')", r#""Z3LDvMOfZQ==""#),
            ("States.Base64Decode('Z3LDvMOfZQ==')", r#""grüße""#),
            ("States.Base64Decode('Z3LDvMOfZQ')", r#""grüße""#),
            ("States.Base64Decode('')", r#""""#),
            ("States.Base64Decode('/w==')", "\"\u{fffd}\""),
            (
                "States.Base64Decode('*')",
                "! the text is no base64: Invalid symbol 42, offset 0.",
            ),
            (
                "States.Hash('abc', 'MD5')",
                r#""900150983cd24fb0d6963f7d28e17f72""#,
            ),
            (
                "States.Hash('abc', 'SHA-1')",
                r#""a9993e364706816aba3e25717850c26c9cd0d89d""#,
            ),
            (
                "States.Hash('abc', 'SHA-256')",
                r#""ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad""#,
            ),
            (
                "States.Hash('abc', 'SHA-384')",
                r#""cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7""#,
            ),
            (
                "States.Hash('abc', 'SHA-512')",
                r#""ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f""#,
            ),
            (
                "States.Hash('abc', 'sha256')",
                "! the algorithm 'sha256' is not one of MD5, SHA-1, SHA-256, SHA-384 and SHA-512",
            ),
        ],
    );
}

#[test]
fn operands_are_rounded_before_they_are_added() {
    check(
        "{}",
        &[
            ("States.MathAdd(-9, 4)", "-5"),
            ("States.MathAdd(0.5, 0.49)", "1"),
            ("States.MathAdd(2.5, 3.5)", "7"),
            ("States.MathAdd(-0.5, -1.5)", "-1"),
            ("States.MathAdd(-0.51, -1.51)", "-3"),
            (
                "States.MathAdd(9223372036854775807, 1)",
                "! the sum of 9223372036854775807 and 1 does not fit into 64 bits",
            ),
            (
                "States.MathAdd(1, true)",
                "! argument 2 must be an integer, but was of type boolean",
            ),
        ],
    );
}

#[test]
fn random_numbers_and_identifiers() {
    check(
        "{}",
        &[
            // What `new java.util.Random(42).nextInt(…)` draws.
            ("States.MathRandom(0, 10, 42)", "0"),
            ("States.MathRandom(100, 116, 42)", "111"),
            ("States.MathRandom(1, 2)", "1"),
            (
                "States.MathRandom(1, 1)",
                "! the start 1 must be less than the end 1",
            ),
            (
                "States.MathRandom(0, 9999999999)",
                "! the range from 0 to 9999999999 is wider than 31 bits",
            ),
            (
                "States.MathRandom(-9223372036854775808, 9223372036854775807)",
                "! the range from -9223372036854775808 to 9223372036854775807 is wider than 31 bits",
            ),
        ],
    );
    let world = World::new("{}");
    let drawn: Vec<String> = (0..8)
        .map(|_| answer("States.MathRandom(0, 100)", &world))
        .collect();
    assert_eq!(drawn.join(" "), "61 23 85 47 9 70 32 94");
    assert_ne!(
        answer("States.UUID()", &world),
        answer("States.UUID()", &world)
    );
}

#[test]
fn calls_nest() {
    check(
        r#"{"name":"orders-import-7"}"#,
        &[
            (
                "States.ArrayGetItem(States.StringSplit($.name, '-'), 0)",
                r#""orders""#,
            ),
            (
                "States.ArrayGetItem(States.StringSplit($.name, '-'), States.MathAdd(States.ArrayLength(States.StringSplit($.name, '-')), -1))",
                r#""7""#,
            ),
            (
                "States.JsonMerge(States.StringToJson('{\"a\": 1}'), States.StringToJson(States.Format('\\{\"b\": {}\\}', 2)), false)",
                r#"{"a":1,"b":2}"#,
            ),
        ],
    );
}

#[test]
fn the_failing_call_is_the_inner_one() {
    let world = World::new("{}");
    let call = Call::parse("States.Array(1, States.ArrayLength( 'x' ))").unwrap();
    let Err(EvaluationError::Intrinsic { call, .. }) = call.evaluate(&world.scope()) else {
        panic!("a string has no length");
    };
    assert_eq!(call, "States.ArrayLength( 'x' )");
}

#[test]
fn variables_are_listed_once() {
    let call = Call::parse("States.Array($b.x, $a, States.Array($b, $c[*], $.a, $$.b))").unwrap();
    let mut names = vec!["a"];
    call.collect_variables(&mut names);
    assert_eq!(names, ["a", "b", "c"]);
}

/// Texts that look like calls more often than random ones do.
fn call_text() -> impl Strategy<Value = String> {
    let name = prop::sample::select(function::names());
    let leaf = prop_oneof![
        "-?[0-9]{1,3}(\\.[0-9])?",
        "'[a-c{}\\\\, ]{0,4}'",
        prop::sample::select(vec![
            "true",
            "null",
            "$",
            "$.a",
            "$.a[*]",
            "$$",
            "$order.items",
            "''",
            "'MD5'",
            "'{}'"
        ])
        .prop_map(str::to_owned),
        ".{0,3}",
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        (name.clone(), prop::collection::vec(inner, 0..4))
            .prop_map(|(name, arguments)| format!("{name}({})", arguments.join(",")))
    })
}

proptest! {
    #[test]
    fn any_text_parses_or_is_refused_and_evaluates_or_fails(text in call_text(), document in crate::value::tests::value()) {
        let world = World::of(document);
        if let Ok(call) = Call::parse(&text) {
            let _ = call.evaluate(&world.scope());
            prop_assert_eq!(Call::parse(call.text()), Ok(call.clone()));
        }
    }

    #[test]
    fn any_string_can_be_written_as_a_literal(text in ".*") {
        let literal = text.replace('\\', r"\\").replace('\'', r"\'").replace('{', r"\{").replace('}', r"\}");
        let world = World::new("{}");
        let expected = Value::from(text);
        for call in [format!("States.Format('{literal}')"), format!("States.ArrayGetItem(States.Array('{literal}'), 0)")] {
            prop_assert_eq!(Call::parse(&call).unwrap().evaluate(&world.scope()), Ok(expected.clone()));
        }
    }

    #[test]
    fn text_and_json_are_inverse(document in crate::value::tests::value()) {
        let world = World::of(document.clone());
        let call = Call::parse("States.StringToJson(States.JsonToString($))").unwrap();
        prop_assert_eq!(call.evaluate(&world.scope()), Ok(document));
    }
}
