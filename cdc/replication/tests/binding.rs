//! What a relation is bound by, in a small notation.

#![allow(clippy::unwrap_used, reason = "a test that panics says so")]

use std::sync::Arc;

use expect_test::{Expect, expect};
use pgoutput::message::ReplicaIdentity;
use replication::binding::{Binding, Key};
use replication::relation::{Column, Relation, TableName};
use replication::table::{TargetColumn, TargetTable, UniqueIndex};

/// The source's columns (`*` is a part of the identity), and the target's (`+` is computed there, `!` is not null) with its primary key
/// and other unique indexes.
struct Case<'a> {
    identity: ReplicaIdentity,
    source: &'a str,
    target: &'a str,
    primary: &'a str,
    unique: &'a [&'a str],
}

const CASE: Case<'_> = Case {
    identity: ReplicaIdentity::Default,
    source: "id* note",
    target: "id! note",
    primary: "id",
    unique: &[],
};

fn check(case: &Case<'_>, expected: Expect) {
    let columns: Vec<&str> = case.source.split_whitespace().collect();
    let relation = Relation {
        id: 1,
        name: TableName::new("public", "t"),
        identity: case.identity,
        columns: columns
            .iter()
            .map(|name| Column {
                name: name.trim_end_matches('*').to_owned(),
                key: name.ends_with('*'),
                type_id: 25,
                type_modifier: -1,
            })
            .collect(),
    };
    let columns: Vec<TargetColumn> = case
        .target
        .split_whitespace()
        .map(|name| TargetColumn {
            name: name.trim_end_matches(['+', '!']).to_owned(),
            type_name: "text".to_owned(),
            type_id: 25,
            not_null: name.ends_with('!'),
            generated: name.ends_with('+'),
            identity_always: false,
            comparable: true,
        })
        .collect();
    let places = |names: &str| -> Vec<usize> {
        names
            .split_whitespace()
            .map(|name| {
                columns
                    .iter()
                    .position(|column| column.name == name)
                    .unwrap()
            })
            .collect()
    };
    let table = TargetTable {
        name: TableName::new("public", "t"),
        primary_key: places(case.primary),
        unique_indexes: case
            .unique
            .iter()
            .map(|index| UniqueIndex {
                columns: places(index),
                not_null: places(index).iter().all(|&column| columns[column].not_null),
            })
            .collect(),
        columns,
        other_constraints: false,
        triggers_fire: false,
    };
    let told = match Binding::new(Arc::new(relation), Arc::new(table)) {
        Ok(binding) => tell(&binding),
        Err(error) => error.to_string(),
    };
    expected.assert_eq(&told);
}

fn tell(binding: &Binding) -> String {
    let name = |column: &usize| binding.relation.columns[*column].name.clone();
    let key = match &binding.key {
        Key::Unique(columns) => {
            format!("unique {:?}", columns.iter().map(name).collect::<Vec<_>>())
        }
        Key::Row(columns) => format!("row {:?}", columns.iter().map(name).collect::<Vec<_>>()),
        Key::None => "none".to_owned(),
    };
    let columns: Vec<String> = binding
        .columns
        .iter()
        .map(|target| target.map_or("-".to_owned(), |target| target.to_string()))
        .collect();
    let own = if binding.has_target_columns() {
        ", columns of its own"
    } else {
        ""
    };
    let further = if binding.has_further_unique_indexes() {
        ", further unique"
    } else {
        ""
    };
    format!("{key}, to {}{own}{further}", columns.join(" "))
}

#[test]
fn columns_are_bound_by_name() {
    check(&CASE, expect![[r#"unique ["id"], to 0 1"#]]);
    check(
        &Case {
            target: "computed+ note own id!",
            ..CASE
        },
        expect![[r#"unique ["id"], to 3 1, columns of its own"#]],
    );
    check(
        &Case {
            source: "id* computed note",
            target: "id! computed+ note",
            ..CASE
        },
        expect![[r#"unique ["id"], to 0 - 2"#]],
    );
    check(
        &Case {
            source: "id* note more Note",
            ..CASE
        },
        expect!["the target table public.t has no column more, Note that the source table has"],
    );
}

#[test]
fn the_key_is_a_unique_index_of_the_target_whose_columns_the_old_row_tells() {
    let index = Case {
        identity: ReplicaIdentity::Index,
        source: "id code*",
        target: "id! code",
        unique: &["code"],
        ..CASE
    };
    check(
        &index,
        expect![[r#"unique ["code"], to 0 1, further unique"#]],
    );
    check(
        &Case {
            unique: &[],
            ..index
        },
        expect![[r#"row ["code"], to 0 1, further unique"#]],
    );
    check(
        &Case {
            source: "a* b* c",
            target: "a! b! c",
            primary: "b a",
            ..CASE
        },
        expect![[r#"unique ["a", "b"], to 0 1 2"#]],
    );
    check(
        &Case {
            source: "a* b* c",
            target: "a! b! c",
            primary: "a",
            unique: &["a b"],
            ..CASE
        },
        expect![[r#"unique ["a"], to 0 1 2"#]],
    );
    check(
        &Case {
            source: "a* b* c",
            target: "a! b! c",
            primary: "",
            unique: &["a", "a b"],
            ..CASE
        },
        expect![[r#"unique ["a", "b"], to 0 1 2, further unique"#]],
    );
    check(
        &Case {
            source: "a* b",
            target: "a! b!",
            primary: "a b",
            ..CASE
        },
        expect![[r#"row ["a"], to 0 1, further unique"#]],
    );
}

#[test]
fn a_whole_row_tells_any_key() {
    let full = Case {
        identity: ReplicaIdentity::Full,
        source: "id* code* note*",
        target: "id! code note",
        ..CASE
    };
    check(&full, expect![[r#"unique ["id"], to 0 1 2"#]]);
    check(
        &Case {
            primary: "",
            unique: &["code"],
            ..full
        },
        expect![[r#"row ["id", "code", "note"], to 0 1 2, further unique"#]],
    );
    check(
        &Case {
            target: "id! code! note",
            primary: "",
            unique: &["note", "code"],
            ..full
        },
        expect![[r#"unique ["code"], to 0 1 2, further unique"#]],
    );
    check(
        &Case {
            primary: "",
            target: "id! code+ note",
            ..full
        },
        expect![[r#"row ["id", "note"], to 0 - 2"#]],
    );
}

#[test]
fn without_an_identity_there_is_no_key() {
    check(
        &Case {
            source: "id note",
            ..CASE
        },
        expect!["none, to 0 1, further unique"],
    );
    check(
        &Case {
            identity: ReplicaIdentity::Nothing,
            ..CASE
        },
        expect!["none, to 0 1, further unique"],
    );
}
