use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;
use crate::parsed::pieces::{parse, show};

fn read(pointer: &str, text: &[u8], lengths: &[usize]) -> String {
    let items = JsonParser::new(pointer).and_then(|mut parser| parse(&mut parser, text, lengths));
    show(items)
}

#[expect(clippy::needless_pass_by_value, reason = "it reads better")]
fn check(pointer: &str, text: &str, expected: Expect) {
    let whole = read(pointer, text.as_bytes(), &[]);
    expected.assert_eq(&whole);
    assert_eq!(
        read(pointer, text.as_bytes(), &[1]),
        whole,
        "one byte at a time"
    );
}

#[test]
fn the_elements_of_an_array() {
    check(
        "",
        "[1, \"two\", [3, {\"x\": \"]}\\\"\"}], {\"a\": null} , true]\n",
        expect![[r#"
            1
            "two"
            [3,{"x":"]}\""}]
            {"a":null}
            true"#]],
    );
    check("", " [ ] ", expect![""]);
}

#[test]
fn the_members_of_an_object() {
    check(
        "",
        "{\"a\": {\"n\": 1}, \"b\\u0020c\": -2.5e3 ,\"ö\":[]}",
        expect![[r#"
            a = {"n":1}
            b c = -2500.0
            ö = []"#]],
    );
    check("", "{}", expect![""]);
}

#[test]
fn a_pointer_leads_to_them() {
    let text = r#"{"skipped": ["]", {"items": [0]}], "a/b": {"m~n": [10, [20], {"items": [1, 2]}]}, "rest": }"#;
    check(
        "/a~1b/m~0n/2/items",
        text,
        expect![[r#"
            1
            2"#]],
    );
    check("/a~1b/m~0n/1", text, expect!["20"]);
    check(
        "/a~1b",
        text,
        expect![[r#"m~n = [10,[20],{"items":[1,2]}]"#]],
    );
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    check(
        "items",
        "[]",
        expect!["malformed: ItemsPointer `items` is no JSON Pointer: it must begin with `/`"],
    );
    check(
        "/a/b",
        "{\"a\": {\"c\": [1]}}",
        expect!["malformed: ItemsPointer /a/b leads nowhere: /a has no `b`"],
    );
    check(
        "/a/7",
        "{\"a\": [1, 2]}",
        expect!["malformed: ItemsPointer /a/7 leads nowhere: /a has no `7`"],
    );
    check(
        "/a/b",
        "{\"a\": 5}",
        expect!["malformed: ItemsPointer /a/b leads nowhere: /a has no `b`"],
    );
    check(
        "/a",
        "{\n\"a\": \"text\"}",
        expect!["malformed: line 2: what ItemsPointer /a leads to must be an array or an object"],
    );
    check(
        "",
        "\n17",
        expect!["malformed: line 2: the document must be an array or an object"],
    );
    check(
        "",
        "[1,\n2,\nnope]",
        expect![
            "malformed: line 3: item 3 of the document is no JSON: expected ident at line 1 column 2"
        ],
    );
    check(
        "",
        "[{\"a\": 1]}, 2]",
        expect![
            "malformed: line 1: item 1 of the document is no JSON: expected `,` or `}` at line 1 column 8"
        ],
    );
    check(
        "",
        "[1, 2",
        expect!["malformed: line 1: the document ends before its items do"],
    );
    check(
        "",
        "[1] x",
        expect![
            "malformed: line 1: the document is no JSON: found `x` instead of the end of the document"
        ],
    );
    check(
        "",
        "[1,]",
        expect![
            "malformed: line 1: item 2 of the document is no JSON: expected value at line 1 column 1"
        ],
    );
    check(
        "",
        "[1 2]",
        expect!["malformed: line 1: the document is no JSON: found `2` instead of `,` or `]`"],
    );
    check(
        "",
        "{a: 1}",
        expect!["malformed: line 1: the document is no JSON: found `a` instead of a member's name"],
    );
    check(
        "",
        "{\"a\" 1}",
        expect!["malformed: line 1: the document is no JSON: found `1` instead of `:`"],
    );
    check(
        "",
        "",
        expect!["malformed: line 1: the document ends before its items do"],
    );
    let long = format!("[\"{}\"]", "x".repeat(MAX_ITEM_BYTES));
    let complaint = read("", long.as_bytes(), &[]);
    expect!["malformed: line 1: the item is longer than 8388608 bytes"].assert_eq(&complaint);
}

/// Any JSON value.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a\"\\\\\\[\\]{},:é \n]{0,5}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a\"\\\\]{0,2}", inner), 0..4).prop_map(Value::object),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        elements in prop::collection::vec(value(), 0..5),
        before in value(),
        lengths in prop::collection::vec(1_usize..6, 1..4),
        is_pretty in any::<bool>(),
    ) {
        let document = Value::object([("before", before), ("items", Value::from(elements.clone()))]);
        let text = if is_pretty {
            serde_json::to_string_pretty(&document).unwrap()
        } else {
            document.to_text()
        };
        let mut parser = JsonParser::new("/items").unwrap();
        let read = parse(&mut parser, text.as_bytes(), &lengths).unwrap();
        let expected: Vec<_> = elements.into_iter().map(Parsed::of).collect();
        prop_assert_eq!(read, expected);
    }

    #[test]
    fn pieces_make_no_difference(
        text in prop::collection::vec(prop::sample::select(b"{}[]\"\\a:1, \n\xff".to_vec()), 0..40),
        lengths in prop::collection::vec(1_usize..4, 1..6),
    ) {
        let whole = read("", &text, &[]);
        prop_assert_eq!(read("", &text, &lengths), whole);
    }
}
