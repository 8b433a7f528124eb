use proptest::prelude::*;

use super::*;
use crate::scope::testing::World;

/// One path per line, against one document: `path => value` or `path => ! error`.
fn check(document: &str, cases: &[(&str, &str)]) {
    let world = World::new(document);
    for (path, expected) in cases {
        let answer = match Path::parse(path) {
            Err(error) => format!("no path: {}", error.message),
            Ok(path) => match path.evaluate(&world.scope()) {
                Ok(value) => value.to_text(),
                Err(EvaluationError::NoSuchPath { reason, .. }) => format!("! {reason}"),
                Err(EvaluationError::NoSuchVariable { name }) => format!("! no variable {name}"),
                Err(
                    EvaluationError::Type { message } | EvaluationError::Intrinsic { message, .. },
                ) => {
                    format!("! {message}")
                }
            },
        };
        assert_eq!(&answer, expected, "{path}");
    }
}

#[test]
fn definite_paths_answer_with_the_value() {
    check(
        r#"{"a":{"b":[10,{"c":null}]},"def ghi":1,"my-name_2":2,"ключ":3,"@id":4,"x:y":5,"it's":6,"t\\\"q":7,"":8}"#,
        &[
            ("$.a.b[0]", "10"),
            ("$['a']['b'][1]", r#"{"c":null}"#),
            ("$.a.b[1].c", "null"),
            ("$.a.b[-1].c", "null"),
            ("$.['def ghi']", "1"),
            (r#"$["def ghi"]"#, "1"),
            ("$[ 'def ghi' ]", "1"),
            ("$.my-name_2", "2"),
            ("$.ключ", "3"),
            ("$.@id", "4"),
            ("$.x:y", "5"),
            (r"$['it\'s']", "6"),
            (r#"$["it's"]"#, "6"),
            // The backslash before the other quote is part of the name, as AWS has it.
            (r#"$['t\"q']"#, "7"),
            (r#"$['t\\"q']"#, "7"),
            ("$['']", "8"),
        ],
    );
}

#[test]
fn the_context_and_variables_are_read_like_the_input() {
    check(
        r#"{"a":1}"#,
        &[
            ("$", r#"{"a":1}"#),
            ("$$", r#"{"Execution":{"Name":"run-1"}}"#),
            ("$$.Execution.Name", r#""run-1""#),
            ("$order", r#"{"items":[{"id":1},{"id":2}]}"#),
            ("$order.items[1].id", "2"),
            ("$order.items[*].id", "[1,2]"),
            ("$größe", "3"),
            ("$unknown.items", "! no variable unknown"),
            ("$$.State.Name", "! Missing property in path $['State']"),
        ],
    );
}

#[test]
fn a_definite_path_that_leads_nowhere_fails_in_jayways_words() {
    check(
        r#"{"a":{"b":"text","n":null,"list":[1]},"flag":true}"#,
        &[
            ("$.nope", "! No results for path: $['nope']"),
            ("$.a.nope", "! No results for path: $['a']['nope']"),
            ("$.nope.deep.er", "! Missing property in path $['nope']"),
            ("$.a.list[1]", "! No results for path: $['a']['list'][1]"),
            ("$.a.list[-2]", "! No results for path: $['a']['list'][-2]"),
            (
                "$.a.list[3].x",
                "! No results for path: $['a']['list'][3]['x']",
            ),
            (
                "$.a[0]",
                "! Filter: [0] can only be applied to arrays. Current context is: {b=text, n=null, list=[1]}",
            ),
            ("$.a.n[0]", "! The path $['a']['n'] is null"),
            (
                "$.a.b.c",
                "! Expected to find an object with property ['c'] in path $['a']['b'] but found 'java.lang.String'. \
                 This is not a json object according to the JsonProvider: \
                 'com.jayway.jsonpath.spi.json.JacksonJsonProvider'.",
            ),
        ],
    );
}

#[test]
fn the_error_tells_path_step_and_input() {
    let world = World::new(r#"{"a":{"b":1}}"#);
    let path = Path::parse("$.a.c.d").unwrap();
    assert_eq!(
        path.evaluate(&world.scope()),
        Err(EvaluationError::NoSuchPath {
            path: "$.a.c.d".into(),
            normalized: "$['a']['c']".into(),
            reason: "Missing property in path $['a']['c']".into(),
            input: r#"{"a":{"b":1}}"#.into(),
        })
    );
}

#[test]
fn indefinite_paths_answer_with_a_list() {
    check(
        r#"{"list":[{"id":1,"tags":["x"]},{"id":2},{"id":3}],"by-name":{"p":{"id":7},"q":{"id":8}}}"#,
        &[
            ("$.list[*].id", "[1,2,3]"),
            ("$.list[0:2].id", "[1,2]"),
            ("$.list[1:].id", "[2,3]"),
            ("$.list[:1].id", "[1]"),
            ("$.list[-1:].id", "[3]"),
            ("$.list[ 0 , 2 ].id", "[1,3]"),
            ("$.list[0,1]['id','tags']", r#"[1,["x"],2]"#),
            ("$.by-name.*.id", "[7,8]"),
            ("$.by-name[*].id", "[7,8]"),
            ("$..id", "[1,2,3,7,8]"),
            ("$.list..id", "[1,2,3]"),
            ("$..list[1]", r#"[{"id":2}]"#),
            ("$..['id']", "[1,2,3,7,8]"),
            // AWS was seen to answer with the empty list where the beginning is missing already.
            ("$.nope[*]", "[]"),
            ("$.nope.deeper[1:5].id", "[]"),
            ("$.list.id[*]", "[]"),
        ],
    );
}

#[test]
fn filters_test_items() {
    check(
        r#"{"want":2,"list":[{"id":1,"n-a":"x","ok":true},{"id":2,"n-a":"it's"},{"id":2.5}],"one":{"id":9,"in":{"id":1}}}"#,
        &[
            ("$.list[?(@.id == 1)].id", "[1]"),
            ("$.list[?(@.id==1)].id", "[1]"),
            ("$.list[?@.id > 1].id", "[2,2.5]"),
            ("$.list[?(@.id >= 2 && @.id < 2.5)].id", "[2]"),
            ("$.list[?(@.id == 1 || @['id'] == 2.5)].id", "[1,2.5]"),
            ("$.list[?(@.n-a == 'x')].id", "[1]"),
            ("$.list[?(@.n-a == 'it\\'s')].id", "[2]"),
            ("$.list[?(@.ok)].id", "[1]"),
            ("$.list[?(!@.ok)].id", "[2,2.5]"),
            ("$.list[?(@.ok == true)].id", "[1]"),
            ("$.list[?(@.id == $.want)].id", "[2]"),
            ("$.list[?(@.id > 1e1)].id", "[]"),
            ("$..[?(@.n-a)].id", "[1,2]"),
            // Jayway tests an object itself, not its members.
            ("$.one[?(@.id == 9)].id", "[9]"),
            ("$.list[*][?(@.id == 2)].id", "[2]"),
            ("$.nope[?(@.id == 1)]", "[]"),
        ],
    );
}

#[test]
fn names_in_one_bracket_make_one_object() {
    check(
        r#"{"a":1,"b":2,"c":{"d":3},"s":"text"}"#,
        &[
            ("$['a','b']", r#"{"a":1,"b":2}"#),
            ("$['b', 'nope']", r#"{"b":2}"#),
            ("$.c['d','e']", r#"{"d":3}"#),
            (
                "$.s['d','e']",
                "! Expected to find an object with property ['d','e'] in path $['s'] but found 'java.lang.String'. \
                 This is not a json object according to the JsonProvider: \
                 'com.jayway.jsonpath.spi.json.JacksonJsonProvider'.",
            ),
        ],
    );
}

#[test]
fn length_counts() {
    check(
        r#"{"list":[1,2,3],"map":{"a":1},"text":"abc"}"#,
        &[
            ("$.list.length()", "3"),
            ("$.map.length()", "1"),
            ("$.nope.length()", "! Missing property in path $['nope']"),
            (
                "$.text.length()",
                "! the length of string is asked for in '$.text.length()', only arrays and objects have one",
            ),
            (
                "$.list[*].length()",
                "no path: length() can only stand at the end of a path to one value",
            ),
            (
                "$.list.sum()",
                "no path: the function 'sum' is not supported; only length() at the end of a path is",
            ),
        ],
    );
}

#[test]
fn what_is_no_path_is_refused() {
    check(
        "{}",
        &[
            ("", "no path: a path must begin with '$'"),
            ("a.b", "no path: a path must begin with '$'"),
            ("$.", "no path: a name is expected after '.'"),
            ("$.a.", "no path: a name is expected after '.'"),
            ("$ .a", "no path: '.' or '[' is expected instead of ' '"),
            ("$.a b", "no path: '.' or '[' is expected instead of ' '"),
            ("$.a[", "no path: a bracket or a quote is not closed"),
            ("$['a]", "no path: a bracket or a quote is not closed"),
            (
                "$['a' 'b']",
                "no path: a quoted name must be followed by ',' or ']'",
            ),
            ("$[a]", "no path: 'a' is neither a quoted name nor an index"),
            ("$[]", "no path: '' is neither a quoted name nor an index"),
            (
                "$[+1]",
                "no path: '+1' is neither a quoted name nor an index",
            ),
            ("$[1:2:3:4]", "no path: '1:2:3:4' is no slice"),
            (
                "$[?(@.a in ['x'])]",
                "no path: the filter operator 'in' is not supported",
            ),
            (
                "$[?(@.a nin ['x'])]",
                "no path: the filter operator 'nin' is not supported",
            ),
            (
                "$[?(@.a =~ /x/)]",
                "no path: the filter operator '=~' is not supported",
            ),
            (
                "$[?(@.a[?(@.b)])]",
                "no path: a filter inside a filter is not supported",
            ),
            (
                "$[?(@..a == 1)]",
                "no path: '..' inside a filter is not supported",
            ),
            (
                "$[?(@.a.length() > 1)]",
                "no path: the function 'length' inside a filter is not supported",
            ),
            (
                "$[?(length(@.a) > 1)]",
                "no path: the filter operator 'length' is not supported",
            ),
            (
                "$[?(@.a == $$.Map.Item.Value)]",
                "no path: a filter can only read from '@' and '$'",
            ),
            (
                "$[?(@.a == $x)]",
                "no path: a filter can only read from '@' and '$'",
            ),
            (
                "$[?(@.a == 1]",
                "no path: '[?(@['a'] == 1]' is not understood",
            ),
            (
                "$..a..b..c",
                "no path: the path has more than 2 descents ('..')",
            ),
            (
                "$..[0,1]",
                "no path: '..' cannot be followed by a union or by a filter that reads '$'",
            ),
        ],
    );
}

#[test]
fn a_path_tells_what_it_reads() {
    fn check(path: &str, variable: Option<&str>, root: bool, context: bool, definite: bool) {
        let path = Path::parse(path).unwrap();
        let told = (
            path.variable(),
            path.is_root(),
            path.is_context(),
            path.is_definite(),
        );
        assert_eq!(told, (variable, root, context, definite), "{}", path.text());
    }
    check("$", None, true, false, true);
    check("$.a", None, false, false, true);
    check("$.a[*]", None, false, false, false);
    check("$$", None, false, true, true);
    check("$name", Some("name"), false, false, true);
    check("$name.length()", Some("name"), false, false, true);
}

#[test]
fn presence_needs_no_value() {
    let world = World::new(r#"{"a":null,"list":[],"s":"x"}"#);
    for (path, expected) in [
        ("$.a", true),
        ("$.b", false),
        ("$.a.b", false),
        ("$.list[0]", false),
        ("$.list[*]", false),
        ("$.list.length()", true),
        ("$.s.length()", false),
        ("$unknown", false),
        ("$order", true),
    ] {
        assert_eq!(
            Path::parse(path).unwrap().is_present(&world.scope()),
            expected,
            "{path}"
        );
    }
}

#[test]
fn a_result_is_put_where_the_reference_path_says() {
    fn check(input: &str, path: &str, expected: &str) {
        let answer = match ReferencePath::parse(path) {
            Err(error) => format!("no path: {}", error.message),
            Ok(path) => match path.put(Value::parse(input).unwrap(), "R".into()) {
                Ok(value) => value.to_text(),
                Err(EvaluationError::Type { message }) => format!("! {message}"),
                Err(other) => format!("{other:?}"),
            },
        };
        assert_eq!(answer, expected, "{path} in {input}");
    }
    check(r#"{"a":1}"#, "$", r#""R""#);
    check(r#"{"a":1,"b":2}"#, "$.a", r#"{"a":"R","b":2}"#);
    check(r#"{"a":1}"#, "$.b", r#"{"a":1,"b":"R"}"#);
    check(
        r#"{"a":1}"#,
        "$.b['c d'].e",
        r#"{"a":1,"b":{"c d":{"e":"R"}}}"#,
    );
    check(
        r#"{"a":[1,{"x":2}]}"#,
        "$.a[1].y",
        r#"{"a":[1,{"x":2,"y":"R"}]}"#,
    );
    check("[1,2]", "$[0]", r#"["R",2]"#);
    check(
        "[1,2]",
        "$[2]",
        "! [2] is beyond the end of an array of length 2",
    );
    check(
        r#"{"a":1}"#,
        "$.a.b",
        "! ['b'] does not fit a value of type number",
    );
    check(
        r#"{"a":null}"#,
        "$.a.b",
        "! ['b'] does not fit a value of type null",
    );
    check(
        r#"{"a":{}}"#,
        "$.a[0]",
        "! [0] does not fit a value of type object",
    );
    check(
        r#"{"a":1}"#,
        "$.b[0]",
        "! [0] needs an array, and only objects are made",
    );
    check("[]", "$.a", "! ['a'] does not fit a value of type array");
    check(
        "{}",
        "$$.a",
        "no path: a reference path must begin at the input, with '$.' or '$['",
    );
    check(
        "{}",
        "$a",
        "no path: a reference path must begin at the input, with '$.' or '$['",
    );
    check(
        "{}",
        "$.a[*]",
        "no path: a reference path can only name one field or one item",
    );
    check(
        "{}",
        "$.a[-1]",
        "no path: a reference path can only name one field or one item",
    );
}

#[test]
fn putting_leaves_shared_input_alone() {
    let input = Value::parse(r#"{"a":{"b":1},"c":[1,2,3]}"#).unwrap();
    let put = ReferencePath::parse("$.a.b")
        .unwrap()
        .put(input.clone(), Value::Null)
        .unwrap();
    assert_eq!(input.to_text(), r#"{"a":{"b":1},"c":[1,2,3]}"#);
    assert_eq!(put.to_text(), r#"{"a":{"b":null},"c":[1,2,3]}"#);
    let (Some(Value::Array(before)), Some(Value::Array(after))) = (input.get("c"), put.get("c"))
    else {
        panic!("both have an array");
    };
    assert!(
        Arc::ptr_eq(before, after),
        "what is beside the path is shared"
    );
}

/// Texts that look like paths more often than random ones do.
fn path_text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("$".to_owned()),
        "\\.[a-c]",
        "\\[-?[0-2]\\]",
        "\\['[a-c]'(,'[a-c]')?\\]",
        "\\[[0-2]?:[0-2]?\\]",
        Just("[*]".to_owned()),
        Just(".*".to_owned()),
        Just("..".to_owned()),
        "\\[\\?\\(@(\\.[a-c])? ?(==|<|>=|!=|in|&&)? ?(1|'x'|\\$\\.a|null)?\\)\\]",
        "[\\[\\]().@?$'\"\\\\,:*! a-c0-2]{0,3}",
        ".{0,3}",
    ];
    prop::collection::vec(part, 0..6).prop_map(|parts| format!("${}", parts.concat()))
}

proptest! {
    #[test]
    fn any_text_parses_or_is_refused_and_evaluates_or_fails(text in path_text(), document in crate::value::tests::value()) {
        let world = World::of(document);
        if let Ok(path) = Path::parse(&text) {
            let answer = path.evaluate(&world.scope());
            if !path.is_definite() && path.variable().is_none() {
                prop_assert!(matches!(answer, Ok(Value::Array(_))));
            }
        }
    }

    #[test]
    fn what_was_put_is_found(input in crate::value::tests::value(), result in crate::value::tests::value(), names in prop::collection::vec("[a-c.' \\\\]{1,3}", 0..4)) {
        let text = names.iter().fold("$".to_owned(), |text, name| {
            text + &format!("['{}']", name.replace('\\', "\\\\").replace('\'', "\\'"))
        });
        let path = ReferencePath::parse(&text).unwrap();
        if let Ok(put) = path.put(input, result.clone()) {
            prop_assert_eq!(path.get(&put), Some(&result));
            let world = World::of(put);
            prop_assert_eq!(Path::parse(&text).unwrap().evaluate(&world.scope()), Ok(result));
        }
    }
}
