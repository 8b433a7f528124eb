//! Target tables as replication binds to them.

use endpoint::schema::target_table::{SessionRole, target_tables};
use expect_test::{Expect, expect};

use crate::bench::{Bench, block_on, name, run};

#[test]
fn what_a_target_table_is() {
    let bench = Bench::start();
    block_on(async {
        let pair = bench.pair("tables").await;
        let check = async |case: &str, ddl: &str, role: SessionRole, expected: Expect| {
            run(&pair.target, &format!("set search_path = public; {ddl}")).await;
            let table = case.replace(' ', "_");
            let tables = target_tables(&pair.target, &[name(&table), name("missing")], role)
                .await
                .expect("they can be read");
            let [table] = tables.as_slice() else {
                panic!("one is there");
            };
            let mut text = String::new();
            for column in &table.columns {
                let flags = [
                    (column.not_null, " not-null"),
                    (column.generated, " generated"),
                    (column.identity_always, " identity-always"),
                    (!column.comparable, " incomparable"),
                ];
                let flags: String = flags
                    .iter()
                    .filter(|flag| flag.0)
                    .map(|flag| flag.1)
                    .collect();
                text.push_str(&format!("{} {}{flags}\n", column.name, column.type_name));
            }
            text.push_str(&format!(
                "primary {:?} unique {:?} other {} triggers {}\n",
                table.primary_key,
                table
                    .unique_indexes
                    .iter()
                    .map(|index| (&index.columns, index.not_null))
                    .collect::<Vec<_>>(),
                table.other_constraints,
                table.triggers_fire
            ));
            expected.assert_eq(&text);
        };
        check(
            "types",
            "create type mood as enum ('a'); create type pair as (a int, j json); create domain d as text; create type good as (a int, b text[]);
             create table types (a char(4) not null, b varchar(3)[], c bit(3), d json, e json[], f pair, g good, h point, i xml, j mood, k d, l int4range,
                 m nummultirange, n jsonb, o \"char\", p box, q cidr, r name, s regclass, t tsvector, u numeric(5,2))",
            SessionRole::Origin,
            expect![[r#"
                a bpchar not-null
                b character varying[]
                c "bit"
                d json incomparable
                e json[] incomparable
                f public.pair incomparable
                g public.good
                h point incomparable
                i xml incomparable
                j public.mood
                k public.d
                l int4range
                m nummultirange
                n jsonb
                o "char"
                p box incomparable
                q cidr
                r name
                s regclass
                t tsvector
                u numeric
                primary [] unique [] other false triggers false
            "#]],
        )
        .await;
        check(
            "keys",
            "create table keys (a int, dropped int, b int not null, c text, d int generated always as identity, e int generated always as (a) stored,
                 primary key (b, a), unique (c) include (b), unique (d)); alter table keys drop dropped",
            SessionRole::Origin,
            expect![[r#"
                a integer not-null
                b integer not-null
                c text
                d integer not-null identity-always
                e integer generated
                primary [1, 0] unique [([2], false), ([3], true)] other false triggers false
            "#]],
        )
        .await;
        check(
            "others",
            "create table others (a int, b int unique deferrable); create unique index on others (lower(a::text)); create index on others (b)",
            SessionRole::Origin,
            expect![[r#"
                a integer
                b integer
                primary [] unique [] other true triggers false
            "#]],
        )
        .await;
        check(
            "exclusion",
            "create table exclusion (a int4range, exclude using gist (a with &&))",
            SessionRole::Origin,
            expect![[r#"
                a int4range
                primary [] unique [] other true triggers false
            "#]],
        )
        .await;
        check(
            "partitioned",
            "create table partitioned (a int primary key) partition by range (a)",
            SessionRole::Replica,
            expect![[r#"
                a integer not-null
                primary [0] unique [] other false triggers false
            "#]],
        )
        .await;
        let trigger = "create or replace function f() returns trigger language plpgsql as 'begin return new; end'";
        check(
            "triggers",
            &format!("{trigger}; create table triggers (a int); create trigger t before insert on triggers for each row execute function f()"),
            SessionRole::Origin,
            expect![[r#"
                a integer
                primary [] unique [] other false triggers true
            "#]],
        )
        .await;
        check(
            "triggers",
            "",
            SessionRole::Replica,
            expect![[r#"
            a integer
            primary [] unique [] other false triggers false
        "#]],
        )
        .await;
        check(
            "triggers",
            "alter table triggers enable always trigger t",
            SessionRole::Replica,
            expect![[r#"
                a integer
                primary [] unique [] other false triggers true
            "#]],
        )
        .await;
        check(
            "foreign keys",
            "create table foreign_keys (a int primary key, b int references foreign_keys)",
            SessionRole::Origin,
            expect![[r#"
                a integer not-null
                b integer
                primary [0] unique [] other false triggers false
            "#]],
        )
        .await;
    });
}
