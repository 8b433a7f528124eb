use expect_test::{Expect, expect};
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

use super::pattern::Pattern;
use super::*;

const TABLES: &[&str] = &[
    "public.orders",
    "public.Orders",
    "public.order_items",
    "public.orderXitems",
    "public.customers",
    "sales.orders",
    "sales.a",
    "sales.b",
    "sales.e",
    "pg_catalog.pg_class",
    "information_schema.tables",
    "ratchet.task",
];

fn name(text: &str) -> TableName {
    let (schema, table) = text.split_once('.').unwrap();
    TableName::new(schema, table)
}

fn included(selection: &Selection) -> String {
    let names: Vec<&str> = TABLES
        .iter()
        .copied()
        .filter(|table| selection.includes(&name(table)))
        .collect();
    names.join(" ")
}

/// Rules as `action schema table`, and the tables that they take.
fn check(rules: &[(&str, &str, &str)], expected: &Expect) {
    let rules: Vec<String> = rules
        .iter()
        .enumerate()
        .map(|(index, (action, schema, table))| {
            format!(
                r#"{{"rule-type": "selection", "rule-id": "{}", "rule-name": "r", "rule-action": "{action}",
                    "object-locator": {{"schema-name": "{schema}", "table-name": "{table}"}}, "filters": []}}"#,
                index + 1
            )
        })
        .collect();
    let selection = Selection::parse(&format!(r#"{{"rules": [{}]}}"#, rules.join(","))).unwrap();
    expected.assert_eq(&included(&selection));
}

#[test]
fn rules_take_tables() {
    check(
        &[("include", "public", "%")],
        &expect![
            "public.orders public.Orders public.order_items public.orderXitems public.customers"
        ],
    );
    check(
        &[("include", "%", "orders")],
        &expect!["public.orders sales.orders"],
    );
    check(
        &[("exclude", "public", "%"), ("include", "%", "%")],
        &expect!["sales.orders sales.a sales.b sales.e"],
    );
    check(
        &[("include", "%", "order_items")],
        &expect!["public.order_items public.orderXitems"],
    );
    check(
        &[("include", "%", "order[_]items")],
        &expect!["public.order_items"],
    );
    check(
        &[("explicit", "public", "order_items")],
        &expect!["public.order_items"],
    );
    check(&[("include", "sales", "[ab]")], &expect!["sales.a sales.b"]);
    check(
        &[("include", "sales", "[a-d]")],
        &expect!["sales.a sales.b"],
    );
    check(
        &[
            ("include", "%", "%s"),
            ("exclude", "%", "%[xX]%"),
            ("explicit", "sales", "e"),
        ],
        &expect![
            "public.orders public.Orders public.order_items public.customers sales.orders sales.e"
        ],
    );
}

#[test]
fn everything_is_not_the_systems() {
    expect!["public.orders public.Orders public.order_items public.orderXitems public.customers sales.orders sales.a sales.b sales.e"]
        .assert_eq(&included(&Selection::everything()));
}

#[test]
fn plain_names() {
    let check = |names: &[&str], expected: Expect| {
        let text = match Selection::from_names(names.iter().copied()) {
            Ok(selection) => included(&selection),
            Err(error) => error.to_string(),
        };
        expected.assert_eq(&text);
    };
    check(
        &["orders", "sales.%"],
        expect!["public.orders sales.orders sales.a sales.b sales.e"],
    );
    check(&[r#""public"."Orders""#], expect!["public.Orders"]);
    check(&["public.order_items"], expect!["public.order_items"]);
    check(
        &["a.b.c"],
        expect![[r#""a.b.c" is no name of a table: expected schema.table"#]],
    );
    check(
        &[r#""a.b"#],
        expect![[
            r#""\"a.b" is no name of a table: expected schema.table, with double quotes around parts that have dots in them"#
        ]],
    );
    let quoted = Selection::from_names([r#""My ""own"" schema"."a.b%""#]).unwrap();
    assert!(quoted.includes(&TableName::new(r#"My "own" schema"#, "a.b%")));
}

#[test]
fn load_order_and_missing_tables() {
    let selection = Selection::parse(
        r#"{"rules": [
            {"rule-type": "selection", "rule-id": "1", "rule-action": "include", "load-order": 2,
             "object-locator": {"schema-name": "public", "table-name": "%", "table-type": "table"}},
            {"rule-type": "selection", "rule-id": 2, "rule-action": "explicit", "load-order": "7",
             "object-locator": {"schema-name": "public", "table-name": "orders"}},
            {"rule-type": "selection", "rule-id": 3, "rule-action": "explicit",
             "object-locator": {"schema-name": "public", "table-name": "gone"}}]}"#,
    )
    .unwrap();
    assert_eq!(selection.load_order(&name("public.orders")), 7);
    assert_eq!(selection.load_order(&name("public.customers")), 2);
    assert_eq!(selection.load_order(&name("sales.a")), 0);
    assert_eq!(
        selection.missing(&[name("public.orders")]),
        [name("public.gone")]
    );
}

#[test]
fn mistakes_are_named() {
    let check = |document: &str, expected: Expect| {
        let error = Selection::parse(document).unwrap_err();
        expected.assert_eq(&error.to_string());
    };
    let rule = |fields: &str| format!(r#"{{"rules": [{{"rule-id": "1", {fields}}}]}}"#);
    let locator = r#""object-locator": {"schema-name": "s", "table-name": "t"}"#;
    check(
        "{",
        expect![
            "Invalid Table Mappings document. Invalid json: EOF while parsing an object at line 1 column 1"
        ],
    );
    check(
        "{}",
        expect![[r#"Invalid Table Mappings document. It must be an object with an array "rules""#]],
    );
    check(
        r#"{"rules": []}"#,
        expect![
            "Error in mapping rules. At least one selection rule must have the rule-action include or explicit."
        ],
    );
    check(
        r#"{"rules": [{"rule-type": "selection"}]}"#,
        expect![
            "Error in mapping rules. The rule at place 1 has no rule-id: it must be a number, also as a string."
        ],
    );
    check(
        &rule(r#""rule-type": "transformation""#),
        expect![
            "Error in mapping rules. Rule with ruleId = 1 failed validation. Rules of the rule-type transformation are not supported yet."
        ],
    );
    check(
        &rule(r#""rule-type": "selektion""#),
        expect![[
            r#"Error in mapping rules. Rule with ruleId = 1 failed validation. "selektion" is no rule-type: it must be selection."#
        ]],
    );
    check(
        &rule(r#""rule-type": "selection", "rule-action": "include""#),
        expect![
            "Error in mapping rules. Rule with ruleId = 1 failed validation. object-locator must be an object with schema-name and table-name."
        ],
    );
    check(
        &rule(
            r#""rule-type": "selection", "rule-action": "include", "object-locator": {"schema-name": "s"}"#,
        ),
        expect![
            "Error in mapping rules. Rule with ruleId = 1 failed validation. table-name is missing."
        ],
    );
    check(
        &rule(&format!(
            r#""rule-type": "selection", "rule-action": "remove", {locator}"#
        )),
        expect![[
            r#"Error in mapping rules. Rule with ruleId = 1 failed validation. "remove" is no rule-action of a selection rule: it must be include, exclude or explicit."#
        ]],
    );
    check(
        &rule(&format!(
            r#""rule-type": "selection", "rule-action": "include", "load-ordr": 1, {locator}"#
        )),
        expect![[
            r#"Error in mapping rules. Rule with ruleId = 1 failed validation. "load-ordr" is no field of it. The nearest is load-order."#
        ]],
    );
    check(
        &rule(&format!(
            r#""rule-type": "selection", "rule-action": "include", "load-order": -1, {locator}"#
        )),
        expect![
            "Error in mapping rules. Rule with ruleId = 1 failed validation. load-order must be a whole number from 0 to 2147483647."
        ],
    );
    check(
        &rule(&format!(
            r#""rule-type": "selection", "rule-action": "include", "filters": [{{"filter-type": "source"}}], {locator}"#
        )),
        expect![
            "Error in mapping rules. Rule with ruleId = 1 failed validation. Filters are not supported yet."
        ],
    );
    check(
        &rule(
            r#""rule-type": "selection", "rule-action": "include",
            "object-locator": {"schema-name": "s", "table-name": "t", "table-type": "view"}"#,
        ),
        expect![
            "Error in mapping rules. Rule with ruleId = 1 failed validation. The table-type view is not supported yet."
        ],
    );
    check(
        &rule(
            r#""rule-type": "selection", "rule-action": "explicit", "object-locator": {"schema-name": "s", "table-name": "%"}"#,
        ),
        expect![
            "Error in mapping rules. Rule with ruleId = 1 failed validation. A rule with the rule-action explicit can't have wildcards."
        ],
    );
    check(
        &format!(
            r#"{{"rules": [{{"rule-type": "selection", "rule-id": "1", "rule-action": "include", {locator}}},
                {{"rule-type": "selection", "rule-id": "1", "rule-action": "exclude", {locator}}}]}}"#
        ),
        expect![
            "Error in mapping rules. Rule with ruleId = 1 failed validation. The rule-id is not unique."
        ],
    );
}

/// What a pattern means, said in the plainest way.
fn matches(pattern: &[char], text: &[char]) -> bool {
    match pattern {
        [] => text.is_empty(),
        ['%', rest @ ..] => (0..=text.len()).any(|skipped| matches(rest, &text[skipped..])),
        ['_', rest @ ..] => !text.is_empty() && matches(rest, &text[1..]),
        [one, rest @ ..] => text.first() == Some(one) && matches(rest, &text[1..]),
    }
}

proptest! {
    #[test]
    fn patterns_match_as_they_say(pattern in "[ab%_]{0,8}", text in "[abc]{0,8}") {
        let expected = matches(
            &pattern.chars().collect::<Vec<_>>(),
            &text.chars().collect::<Vec<_>>(),
        );
        prop_assert_eq!(Pattern::parse(&pattern).matches(&text), expected);
    }

    #[test]
    fn any_text_is_a_mapping_or_an_error(text in any::<String>(), other in any::<String>()) {
        let _ = Selection::parse(&text);
        let _ = Selection::from_names([text.as_str()]);
        let _ = Pattern::parse(&text).matches(&other);
        prop_assert!(Pattern::exactly(&text).matches(&text));
        prop_assert_eq!(Pattern::exactly(&text).plain_text(), Some(text));
    }
}
