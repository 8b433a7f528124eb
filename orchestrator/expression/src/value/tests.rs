use proptest::prelude::*;

use super::*;

/// Any value of moderate size.
pub(crate) fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-3_i64..3).prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-c]{0,2}".prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a-c]|.{0,3}", inner), 0..4).prop_map(Value::object),
        ]
    })
}

proptest! {
    #[test]
    fn text_and_value_are_the_same(value in value()) {
        let text = value.to_text();
        prop_assert_eq!(Value::parse(&text).unwrap(), value);
    }

    #[test]
    fn the_length_of_the_text_is_known_without_it(value in value()) {
        let text = value.to_text();
        prop_assert_eq!(&serde_json::to_string(&value).unwrap(), &text);
        prop_assert_eq!(value.to_text_within(text.len() - 1), None);
        prop_assert_eq!(value.text_length(usize::MAX), Some(text.len()));
        prop_assert_eq!(value.text_length(text.len()), Some(text.len()));
        prop_assert_eq!(value.text_length(text.len() - 1), None);
        prop_assert_eq!(value.to_text_within(text.len()), Some(text));
    }
}

#[test]
fn depth_is_bounded() {
    fn check(depth: usize, fits: bool) {
        let text = "[".repeat(depth) + &"]".repeat(depth);
        assert_eq!(Value::parse(&text).is_ok(), fits, "{depth}");
        let nested = (0..depth).fold(None, |inner: Option<Value>, _| Some(Value::array(inner)));
        let length = nested.unwrap().text_length(usize::MAX);
        assert_eq!(length, fits.then_some(2 * depth), "{depth}");
    }
    check(1, true);
    check(MAX_DEPTH, true);
    check(MAX_DEPTH + 1, false);
}

#[test]
fn a_value_that_shares_its_parts_is_measured_in_no_time() {
    let mut value = Value::from("x");
    for _ in 0..100 {
        value = Value::array([value.clone(), value]);
    }
    assert_eq!(value.text_length(1 << 20), None);
    assert_eq!(value.to_text_within(1 << 20), None);
    assert_eq!(value.to_quoted_text(), "<a long array>");
}

#[test]
fn members_keep_their_order_and_the_last_of_a_name_wins() {
    fn check(text: &str, expected: &str) {
        assert_eq!(Value::parse(text).unwrap().to_text(), expected);
    }
    check(
        r#" { "b" : 1, "a" : [ 1.0, -2, 1e2 ] } "#,
        r#"{"b":1,"a":[1.0,-2,100.0]}"#,
    );
    check(r#"{"a":1,"b":2,"a":3}"#, r#"{"a":3,"b":2}"#);
    check("3.0676164911650834e+147", "3.0676164911650834e+147");
}
