use expect_test::{Expect, expect};
use pgoutput::message::ReplicaIdentity;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, proptest};

use super::*;

/// Columns as `number:name:type[:flags]`; flags are `n` (not null), `g` (generated), `i` (identity) and `=default`.
fn shape(name: &str, columns: &str) -> TableShape {
    let columns = columns.split_whitespace().map(|text| {
        let mut parts = text.split(':');
        let number = parts.next().unwrap().parse().unwrap();
        let name = parts.next().unwrap().to_owned();
        let type_name = parts.next().unwrap().to_owned();
        let flags = parts.next().unwrap_or("");
        let (flags, default) = match flags.split_once('=') {
            Some((flags, default)) => (flags, Some(default.to_owned())),
            None => (flags, None),
        };
        let flag = |flag: char, value: &str| match flags.contains(flag) {
            true => value.to_owned(),
            false => String::new(),
        };
        ShapeColumn {
            number,
            name,
            type_id: type_name.bytes().map(u32::from).sum(),
            type_name,
            type_modifier: -1,
            not_null: flags.contains('n'),
            default,
            generated: flag('g', "s"),
            identity: flag('i', "d"),
            missing: None,
            collation: None,
        }
    });
    TableShape {
        id: 9,
        name: TableName::new("s", name),
        columns: columns.collect(),
    }
}

fn relation_of(shape: &TableShape) -> Relation {
    let columns = shape
        .columns
        .iter()
        .filter(|column| column.generated.is_empty());
    Relation {
        id: shape.id,
        name: shape.name.clone(),
        identity: ReplicaIdentity::Default,
        columns: columns
            .map(|column| Column {
                name: column.name.clone(),
                key: false,
                type_id: column.type_id,
                type_modifier: column.type_modifier,
            })
            .collect(),
    }
}

fn show(change: &SchemaChange) -> String {
    match change {
        SchemaChange::CreateTable(shape) => format!("create table {}", shape.name),
        SchemaChange::DropTable => "drop table".to_owned(),
        SchemaChange::RenameTable { to } => format!("rename table to {to}"),
        SchemaChange::AddColumn(column) => format!("add {} {}", column.name, column.type_name),
        SchemaChange::DropColumn { name } => format!("drop {name}"),
        SchemaChange::RenameColumn { from, to } => format!("rename {from} to {to}"),
        SchemaChange::AlterType { name, column } => format!("{name} type {}", column.type_name),
        SchemaChange::AlterDefault { name, default } => format!("{name} default {default:?}"),
        SchemaChange::AlterIdentity { name, identity } => format!("{name} identity {identity:?}"),
        SchemaChange::AlterGenerated { name, column } => {
            format!(
                "{name} generated {:?} {:?}",
                column.generated, column.default
            )
        }
        SchemaChange::AlterNotNull { name, not_null } => format!("{name} not null {not_null}"),
    }
}

fn check(before: &TableShape, after: &TableShape, expected: &Expect) {
    let changes: Vec<String> = between(before, after).iter().map(show).collect();
    expected.assert_eq(&changes.join("\n"));
}

/// Does a change to a shape, as a database would: it panics where a database would refuse.
fn apply(shape: &mut TableShape, change: &SchemaChange) {
    let find = |shape: &TableShape, name: &str| {
        shape
            .columns
            .iter()
            .position(|column| column.name == name)
            .expect("the column is there")
    };
    match change {
        SchemaChange::CreateTable(_) | SchemaChange::DropTable => panic!("the table stays"),
        SchemaChange::RenameTable { to } => shape.name = to.clone(),
        SchemaChange::AddColumn(column) => {
            assert!(shape.columns.iter().all(|other| other.name != column.name));
            shape.columns.push(column.clone());
        }
        SchemaChange::DropColumn { name } => {
            let index = find(shape, name);
            shape.columns.remove(index);
        }
        SchemaChange::RenameColumn { from, to } => {
            assert!(shape.columns.iter().all(|other| other.name != *to));
            let index = find(shape, from);
            shape.columns[index].name = to.clone();
        }
        SchemaChange::AlterType { name, column } => {
            let index = find(shape, name);
            let target = &mut shape.columns[index];
            target.type_name = column.type_name.clone();
            target.type_id = column.type_id;
            target.type_modifier = column.type_modifier;
            target.collation = column.collation.clone();
        }
        SchemaChange::AlterDefault { name, default } => {
            let index = find(shape, name);
            shape.columns[index].default = default.clone();
        }
        SchemaChange::AlterIdentity { name, identity } => {
            let index = find(shape, name);
            shape.columns[index].identity = identity.clone();
        }
        SchemaChange::AlterGenerated { name, column } => {
            let index = find(shape, name);
            shape.columns[index].generated = column.generated.clone();
            shape.columns[index].default = column.default.clone();
        }
        SchemaChange::AlterNotNull { name, not_null } => {
            let index = find(shape, name);
            shape.columns[index].not_null = *not_null;
        }
    }
}

#[test]
fn what_was_done() {
    let before = shape("t", "1:id:int4:n 2:a:text 3:b:int4 4:c:int4:=0");
    check(&before, &before, &expect![""]);
    check(
        &before,
        &shape("u", "1:id:int8:n 3:b:int4 4:c:int4:=1 5:a:json"),
        &expect![[r#"
            rename table to s.u
            drop a
            id type int8
            c default Some("1")
            add a json"#]],
    );
    check(
        &before,
        &shape("t", "1:id:int4:n 2:b:text 3:c:int4 4:d:int4:=0"),
        &expect![[r#"
            rename c to d
            rename b to c
            rename a to b"#]],
    );
    check(
        &before,
        &shape("t", "1:id:int4:n 2:b:text 3:a:int4 4:c:int4:n=0"),
        &expect![[r#"
            rename a to ratchet_rename_0
            rename b to a
            rename ratchet_rename_0 to b
            c not null true"#]],
    );
    check(
        &shape("t", "1:id:int4:ni 2:g:int4:g=id*2 3:k:int4"),
        &shape("t", "1:id:int4 2:g:int4 3:k:int4:ni"),
        &expect![[r#"
            id identity ""
            id not null false
            g generated "" None
            k not null true
            k identity "d""#]],
    );
}

#[test]
fn what_a_relation_message_tells() {
    let check = |before: &str, told: &str, now: Option<&str>, expected: Expect| {
        let before = shape("t", before);
        let relation = relation_of(&shape("t", told));
        let now = now.map(|columns| shape("t", columns));
        let after = after_relation(&before, &relation, now.as_ref());
        let changes: Vec<String> = between(&before, &after).iter().map(show).collect();
        expected.assert_eq(&changes.join("\n"));
    };
    let before = "1:id:int4:n 2:a:text 3:g:int4:g=1";
    // The catalogue says the same.
    check(
        before,
        "1:id:int4 2:b:text",
        Some("1:id:int4:n 2:b:text 3:g:int4:g=1"),
        expect!["rename a to b"],
    );
    check(
        before,
        "1:id:int4 2:a:text 4:n:int4",
        Some("1:id:int4:n 2:a:text 3:g:int4:g=1 4:n:int4:n=0"),
        expect!["add n int4"],
    );
    check(
        before,
        "1:id:int4",
        Some("1:id:int4:n 3:g:int4:g=1"),
        expect!["drop a"],
    );
    check(
        before,
        "1:id:int8 2:a:text",
        Some("1:id:int8:n 2:a:text 3:g:int4:g=1"),
        expect!["id type int8"],
    );
    // The catalogue is later: the column was renamed twice.
    check(
        before,
        "1:id:int4 2:b:text",
        Some("1:id:int4:n 2:c:text 3:g:int4:g=1"),
        expect!["rename a to b"],
    );
    // The message is as before, and the catalogue has dropped a column since.
    check(
        before,
        "1:id:int4 2:a:text",
        Some("1:id:int4:n 3:g:int4:g=1"),
        expect![""],
    );
    // The table is gone from the catalogue.
    check(before, "1:id:int4 2:b:text", None, expect!["rename a to b"]);
    check(before, "1:id:int4", None, expect!["drop a"]);
    // A column came and went before the catalogue was asked.
    check(
        before,
        "1:id:int4 2:a:text 4:n:int4",
        Some(before),
        expect!["add n text"],
    );
    // A column that no list publishes stays.
    check(before, "1:id:int4", Some(before), expect![""]);
    // A column that became not null stays nullable, one that became nullable becomes so at once.
    check(
        before,
        "1:id:int4 2:a:text",
        Some("1:id:int4 2:a:text:n 3:g:int4:g=1"),
        expect!["id not null false"],
    );
}

/// A table after any changes: columns of small numbers, names from few so that they meet.
fn shapes() -> impl Strategy<Value = TableShape> {
    let column = (
        proptest::sample::select(vec!["int4", "text", "json"]),
        any::<bool>(),
        proptest::option::of("[01]"),
        proptest::sample::select(vec!["", "", "", "s"]),
        proptest::sample::select(vec!["", "", "d", "a"]),
    );
    let names: Vec<String> = "a b c d e f g ratchet_rename_0"
        .split(' ')
        .map(str::to_owned)
        .collect();
    (
        proptest::collection::btree_map(1_i16..9, column, 0..7),
        Just(names).prop_shuffle(),
        proptest::sample::select(vec!["t", "u"]),
    )
        .prop_map(|(columns, names, table)| TableShape {
            id: 9,
            name: TableName::new("s", table),
            columns: columns
                .into_iter()
                .zip(names)
                .map(
                    |((number, (type_name, not_null, default, generated, identity)), name)| {
                        ShapeColumn {
                            number,
                            name,
                            type_name: type_name.to_owned(),
                            type_id: type_name.bytes().map(u32::from).sum(),
                            type_modifier: -1,
                            not_null,
                            default,
                            generated: generated.to_owned(),
                            identity: identity.to_owned(),
                            missing: None,
                            collation: None,
                        }
                    },
                )
                .collect(),
        })
}

proptest! {
    #[test]
    fn doing_the_changes_again_gives_the_same(before in shapes(), after in shapes()) {
        let mut replayed = before.clone();
        for change in between(&before, &after) {
            apply(&mut replayed, &change);
        }
        replayed.columns.sort_by_key(|column| column.number);
        prop_assert_eq!(replayed, after);
    }

    #[test]
    fn a_message_that_the_catalogue_agrees_with_gives_the_catalogue(before in shapes(), now in shapes()) {
        let after = after_relation(&before, &relation_of(&now), Some(&now));
        let told = |shape: &TableShape| -> Vec<(i16, String, String)> {
            let columns = shape.columns.iter().filter(|column| {
                now.columns.iter().any(|now| now.number == column.number && now.generated.is_empty())
            });
            columns
                .map(|column| (column.number, column.name.clone(), column.type_name.clone()))
                .collect()
        };
        prop_assert_eq!(told(&after), told(&now));
        let known = after.columns.iter().all(|column| {
            now.columns.iter().any(|now| now.number == column.number)
        });
        prop_assert!(known);
    }

    #[test]
    fn any_message_is_survived(before in shapes(), told in shapes(), now in proptest::option::of(shapes())) {
        let after = after_relation(&before, &relation_of(&told), now.as_ref());
        prop_assert_eq!(&after.name, &told.name);
        for column in relation_of(&told).columns {
            prop_assert_eq!(after.columns.iter().filter(|other| other.name == column.name).count(), 1);
        }
    }
}
