use proptest::prelude::*;

use super::*;
use crate::scope::testing::World;

/// A template, a document, and what comes out: a payload, or the failing member, or all mistakes.
fn check(template: &str, document: &str, expected: &str) {
    let world = World::new(document);
    let answer = match Template::parse(&Value::parse(template).unwrap()) {
        Err(errors) => {
            let errors = errors.iter();
            let lines: Vec<String> = errors
                .map(|error| format!("{:?} {} ({})", error.pointer, error.message, error.reason))
                .collect();
            lines.join("\n")
        }
        Ok(template) => match template.evaluate(&world.scope()) {
            Ok(value) => value.to_text(),
            Err(error) => format!(
                "! {} = {}: {:?}",
                error.field, error.expression, error.error
            ),
        },
    };
    assert_eq!(answer, expected, "{template}");
}

#[test]
fn members_are_computed_at_any_depth() {
    let document = r#"{"a":{"b":[1,2]},"s":"x"}"#;
    check("{}", document, "{}");
    check(r#"{"v.$":"$.a.b"}"#, document, r#"{"v":[1,2]}"#);
    check(
        r#"{"v.$":"$"}"#,
        document,
        r#"{"v":{"a":{"b":[1,2]},"s":"x"}}"#,
    );
    check(
        r#"{"v.$":"$$.Execution.Name","w.$":"$order.items[0]"}"#,
        document,
        r#"{"v":"run-1","w":{"id":1}}"#,
    );
    check(
        r#"{"v.$":"States.Format('<{}>', $.s)"}"#,
        document,
        r#"{"v":"<x>"}"#,
    );
    check(
        r#"{"p":{"q":{"r.$":"$.s"}},"k":1}"#,
        document,
        r#"{"p":{"q":{"r":"x"}},"k":1}"#,
    );
    check(
        r#"{"list":[{"v.$":"$.s"},[{"w.$":"$.a.b[0]"}],"$.s"]}"#,
        document,
        r#"{"list":[{"v":"x"},[{"w":1}],"$.s"]}"#,
    );
    check(r#"[{"v.$":"$.s"},2]"#, document, r#"[{"v":"x"},2]"#);
    // Only members are computed.
    check(r#""$.s""#, document, r#""$.s""#);
    check(r#"{"v":"$.s"}"#, document, r#"{"v":"$.s"}"#);
    check(r#"{".$":"$.s"}"#, document, r#"{"":"x"}"#);
}

#[test]
fn computed_members_follow_the_others_in_the_order_of_a_hash_map() {
    let document = "{}";
    check(
        r#"{"b.$":"$","k":1,"a.$":"$"}"#,
        document,
        r#"{"k":1,"a":{},"b":{}}"#,
    );
    check(
        r#"{"Name.$":"$","Payload":{"Input.$":"$"}}"#,
        document,
        r#"{"Payload":{"Input":{}},"Name":{}}"#,
    );
    check(
        r#"{"original_input.$":"$","iteration_index.$":"$","from_input_constant.$":"$","constant_value":"c"}"#,
        document,
        r#"{"constant_value":"c","from_input_constant":{},"iteration_index":{},"original_input":{}}"#,
    );
}

#[test]
fn the_failing_member_is_named() {
    check(
        r#"{"a":{"list":[{"deep.$":"$.x.y"}]}}"#,
        r#"{"z":1}"#,
        r#"! deep.$ = $.x.y: NoSuchPath { path: "$.x.y", normalized: "$['x']", reason: "Missing property in path $['x']", input: "{\"z\":1}" }"#,
    );
    check(
        r#"{"a.$":"$nope"}"#,
        "{}",
        r#"! a.$ = $nope: NoSuchVariable { name: "nope" }"#,
    );
    check(
        r#"{"a.$":"States.ArrayLength($)"}"#,
        "{}",
        r#"! a.$ = States.ArrayLength($): Intrinsic { call: "States.ArrayLength($)", message: "argument 1 must be an array, but was of type object" }"#,
    );
}

#[test]
fn all_mistakes_are_told() {
    check(
        r#"{"a.$":"text","b.$":1,"c":{"d/e":[{"f.$":"$["}]},"g":1,"g.$":"$","h.$":"States.Nope()"}"#,
        "{}",
        r#""" The value for the field 'a.$' must be a valid JSONPath or a valid intrinsic function call (a path begins with '$', a call with 'States.')
"" The value for the field 'b.$' must be a valid JSONPath or a valid intrinsic function call (a string is expected, not number)
"/c/d~1e/0" The value for the field 'f.$' must be a valid JSONPath or a valid intrinsic function call (a bracket or a quote is not closed)
"" The fields 'g' and 'g.$' cannot be specified together (both would set the same member)
"" The value for the field 'h.$' must be a valid JSONPath or a valid intrinsic function call ('States.Nope' is no intrinsic function)"#,
    );
}

#[test]
fn variables_are_listed_once_in_order_of_appearance() {
    let template =
        r#"{"z.$":"$b.x","a":{"y.$":"States.Array($c, $b, $a)"},"b.$":"$.b","c.$":"$$.c"}"#;
    let template = Template::parse(&Value::parse(template).unwrap()).unwrap();
    assert_eq!(template.variables(), ["b", "c", "a"]);
}

#[test]
fn expressions_are_paths_or_calls() {
    fn check(text: &str, expected: Result<&[&str], &str>) {
        let parsed = Expression::parse(text);
        let told = parsed
            .as_ref()
            .map(Expression::variables)
            .map_err(|error| &*error.message);
        assert_eq!(told, expected.map(<[&str]>::to_vec), "{text}");
        if let Ok(expression) = &parsed {
            assert_eq!(expression.text(), text);
        }
    }
    check("$.a", Ok(&[]));
    check("$$.a", Ok(&[]));
    check("$a.b", Ok(&["a"]));
    check("States.Array($a, $b, $a)", Ok(&["a", "b"]));
    check("a", Err("a path begins with '$', a call with 'States.'"));
    check(" $.a", Err("a path begins with '$', a call with 'States.'"));
}

#[test]
fn constants_are_shared() {
    let source = Value::parse(r#"{"constant":{"a":[1,2,3]},"computed.$":"$"}"#).unwrap();
    let world = World::new("[1]");
    let template = Template::parse(&source).unwrap();
    let payload = template.evaluate(&world.scope()).unwrap();
    let (Some(Value::Object(given)), Some(Value::Object(found))) =
        (source.get("constant"), payload.get("constant"))
    else {
        panic!("both have the constant");
    };
    assert!(Arc::ptr_eq(given, found));

    let source = Value::parse(r#"{"a":{"b":["$.c"]}}"#).unwrap();
    let payload = Template::parse(&source)
        .unwrap()
        .evaluate(&world.scope())
        .unwrap();
    let (Value::Object(given), Value::Object(found)) = (&source, &payload) else {
        panic!("both are objects");
    };
    assert!(
        Arc::ptr_eq(given, found),
        "a template without computed members is one constant"
    );
}

proptest! {
    #[test]
    fn a_template_without_computed_members_is_itself(source in crate::value::tests::value()) {
        let world = World::new("{}");
        if let Ok(template) = Template::parse(&source)
            && template.variables().is_empty()
            && !source.to_text().contains(".$")
        {
            prop_assert_eq!(template.evaluate(&world.scope()), Ok(source));
        }
    }

    #[test]
    fn a_computed_member_has_the_value_of_its_path(document in crate::value::tests::value(), nesting in 0_usize..5) {
        let mut source = Value::object([("v.$", Value::from("$"))]);
        for _ in 0..nesting {
            source = Value::object([("n", Value::array([source]))]);
        }
        let world = World::of(document.clone());
        let mut payload = Template::parse(&source).unwrap().evaluate(&world.scope()).unwrap();
        for _ in 0..nesting {
            payload = payload.get("n").and_then(Value::as_array).unwrap()[0].clone();
        }
        prop_assert_eq!(payload.get("v"), Some(&document));
    }
}
