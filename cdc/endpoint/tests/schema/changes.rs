//! Changes of a table's definition, told from its shapes at the source, and made at the target while it has rows.

use endpoint::schema::change::{needs_reload, statements};
use endpoint::schema::create;
use endpoint::schema::definition::Schema;
use endpoint::schema::read::shapes;
use expect_test::{Expect, expect};
use replication::schema_change::{SchemaChange, between};
use replication::settings::PrepareMode;

use crate::bench::{Bench, Pair, block_on, run};

/// A table `t` of the source with these columns and rows is copied, changed, and its changes are made at the target: then rows and definitions
/// must be the same, but for what is expected (with the statements above it).
async fn check(pair: &Pair, table: &str, rows: &str, ddl: &str, expected: Expect) {
    pair.clear().await;
    run(&pair.source, table).await;
    pair.copy(PrepareMode::DoNothing).await;
    for side in [&pair.source, &pair.target] {
        run(side, rows).await;
    }
    let id: u32 = pair
        .source
        .query_one("select 'public.t'::regclass::oid", &[])
        .await
        .expect("the table is there")
        .get(0);
    let before = shapes(&pair.source, &[id]).await.expect("it can be read");
    run(&pair.source, &format!("set search_path = public; {ddl}")).await;
    let after = shapes(&pair.source, &[id]).await.expect("it can be read");
    let changes = match after.first() {
        Some(after) => between(&before[0], after),
        None => vec![SchemaChange::DropTable],
    };
    // Types and sequences that the change brings.
    let schema = Schema::read_ids(&pair.source, &[id])
        .await
        .expect("it can be read");
    let surroundings = create::plan_surroundings(&schema, &pair.target)
        .await
        .expect("it can be planned");
    surroundings.run(&pair.target).await.expect("they are made");
    let mut table = before[0].name.clone();
    let mut text = String::new();
    for change in &changes {
        for statement in statements(&table, change) {
            text.push_str(&statement);
            text.push('\n');
            run(&pair.target, &statement).await;
        }
        if let Some(reason) = needs_reload(change) {
            text.push_str(&format!("reload: {reason}\n"));
        }
        if let SchemaChange::RenameTable { to } = change {
            table = to.clone();
        }
    }
    let differs = changes.iter().any(|change| needs_reload(change).is_some());
    if !after.is_empty() && !differs {
        let [source, target] = pair
            .rows(&format!("{}.{}", table.schema, table.table))
            .await;
        if source != target {
            text.push_str(&format!("source {source:?}\ntarget {target:?}\n"));
        }
    }
    text.push_str(&pair.differences());
    expected.assert_eq(&text);
}

const TABLE: &str = "create table t (id int primary key, a text, b int default 3, n int)";
const ROWS: &str =
    "insert into public.t values (1, '10', 1, 7), (2, null, null, 8), (3, '30', 3, 9)";

#[test]
fn columns_come_and_go() {
    let bench = Bench::start();
    block_on(async {
        let pair = bench.pair("changes").await;
        let check = async |ddl, expected| check(&pair, TABLE, ROWS, ddl, expected).await;
        check(
            "alter table t add c numeric(5,2)",
            expect![[r#"
            alter table "public"."t" add column "c" numeric(5,2)
        "#]],
        )
        .await;
        check(
            "alter table t add c text not null default 'it''s \\'",
            expect![[r#"
                alter table "public"."t" add column "c" text default E'it''s \\' not null
                alter table "public"."t" alter column "c" set default 'it''s \'::text
            "#]],
        )
        .await;
        check(
            "alter table t add c int default 5; alter table t alter c set default 6",
            expect![[r#"
                alter table "public"."t" add column "c" integer default '5'
                alter table "public"."t" alter column "c" set default 6
            "#]],
        )
        .await;
        check("alter table t add c int[] not null default '{1,2}'; alter table t alter c drop default",
            expect![[r#"
                alter table "public"."t" add column "c" integer[] default '{1,2}' not null
                alter table "public"."t" alter column "c" drop default
            "#]],
        )
        .await;
        check(
            "alter table t add c int generated always as (b * 2) stored",
            expect![[r#"
                alter table "public"."t" add column "c" integer generated always as ((b * 2)) stored
            "#]],
        )
        .await;
        check("alter table t add c serial", expect![[r#"
            create sequence if not exists public.t_c_seq
            alter table "public"."t" add column "c" integer default nextval('public.t_c_seq'::regclass) not null
            reload: the values that the new column c has in rows that were there before are not in the stream
            - ALTER SEQUENCE public.t_c_seq OWNED BY public.t.c;
            - ALTER TABLE ONLY public.t ALTER COLUMN c SET DEFAULT nextval('public.t_c_seq'::regclass);
            - CREATE TABLE public.t (
                id integer NOT NULL,
                a text,
                b integer DEFAULT 3,
                n integer,
                c integer NOT NULL
            );
            + CREATE TABLE public.t (
                id integer NOT NULL,
                a text,
                b integer DEFAULT 3,
                n integer,
                c integer DEFAULT nextval('public.t_c_seq'::regclass) NOT NULL
            );
        "#]]).await;
        check("alter table t add c uuid default gen_random_uuid()",
            expect![[r#"
                alter table "public"."t" add column "c" uuid default gen_random_uuid()
                reload: the values that the new column c has in rows that were there before are not in the stream
            "#]],
        )
        .await;
        check("alter table t add c int default current_setting('block_size')::int",
            expect![[r#"
                alter table "public"."t" add column "c" integer default '8192'
                alter table "public"."t" alter column "c" set default (current_setting('block_size'::text))::integer
            "#]],
        )
        .await;
        check(
            "create type mood as enum ('a', 'b'); alter table t add c mood default 'b'",
            expect![[r#"
                alter table "public"."t" add column "c" public.mood default 'b'
                alter table "public"."t" alter column "c" set default 'b'::public.mood
            "#]],
        )
        .await;
        check(
            r#"alter table t add "C ""x" text collate "C""#,
            expect![[r#"
                alter table "public"."t" add column "C ""x" text collate pg_catalog."C"
            "#]],
        )
        .await;
        check(
            "alter table t drop b",
            expect![[r#"
            alter table "public"."t" drop column if exists "b"
        "#]],
        )
        .await;
        check(
            "alter table t drop b; alter table t add b text default 'new'",
            expect![[r#"
                alter table "public"."t" drop column if exists "b"
                alter table "public"."t" add column "b" text default 'new'
                alter table "public"."t" alter column "b" set default 'new'::text
            "#]],
        )
        .await;
    });
}

#[test]
fn columns_change() {
    let bench = Bench::start();
    block_on(async {
        let pair = bench.pair("changes").await;
        let check = async |ddl, expected| check(&pair, TABLE, ROWS, ddl, expected).await;
        check(
            "alter table t rename a to z",
            expect![[r#"
            alter table "public"."t" rename column "a" to "z"
        "#]],
        )
        .await;
        check(
            "alter table t rename a to z; alter table t rename b to a; alter table t rename z to b",
            expect![[r#"
                alter table "public"."t" rename column "a" to "ratchet_rename_0"
                alter table "public"."t" rename column "b" to "a"
                alter table "public"."t" rename column "ratchet_rename_0" to "b"
            "#]],
        )
        .await;
        check("alter table t alter a type int using a::int",
            expect![[r#"
                alter table "public"."t" alter column "a" drop default, alter column "a" type integer using "a"::integer
            "#]],
        )
        .await;
        check("alter table t alter b drop default, alter b type text, alter b set default 'x'",
            expect![[r#"
                alter table "public"."t" alter column "b" drop default, alter column "b" type text using "b"::text, alter column "b" set default 'x'::text
                alter table "public"."t" alter column "b" set default 'x'::text
            "#]],
        )
        .await;
        check("alter table t alter id type bigint, alter a type varchar(50)",
            expect![[r#"
                alter table "public"."t" alter column "id" drop default, alter column "id" type bigint using "id"::bigint
                alter table "public"."t" alter column "a" drop default, alter column "a" type character varying(50) using "a"::character varying(50)
            "#]],
        )
        .await;
        check(r#"alter table t alter a type text collate "C""#,
            expect![[r#"
                alter table "public"."t" alter column "a" drop default, alter column "a" type text collate pg_catalog."C" using "a"::text
            "#]],
        )
        .await;
        check(
            "alter table t alter b set default 4, alter a set default 'x'",
            expect![[r#"
                alter table "public"."t" alter column "a" set default 'x'::text
                alter table "public"."t" alter column "b" set default 4
            "#]],
        )
        .await;
        check(
            "alter table t alter b drop default",
            expect![[r#"
                alter table "public"."t" alter column "b" drop default
            "#]],
        )
        .await;
        check(
            "alter table t alter n set not null",
            expect![[r#"
            alter table "public"."t" alter column "n" set not null
        "#]],
        )
        .await;
        check(
            "alter table t alter id add generated always as identity",
            expect![[r#"
                alter table "public"."t" alter column "id" drop identity if exists
                alter table "public"."t" alter column "id" add generated always as identity
            "#]],
        )
        .await;
    });
}

#[test]
fn generated_and_identity_columns_change() {
    let bench = Bench::start();
    block_on(async {
        let pair = bench.pair("changes").await;
        let table = "create table t (id int generated always as identity, b int, g int generated always as (b + 1) stored, n int not null)";
        let rows = "insert into public.t (b, n) values (1, 1), (null, 2)";
        let check = async |ddl, expected| check(&pair, table, rows, ddl, expected).await;
        check(
            "alter table t alter id drop identity",
            expect![[r#"
                alter table "public"."t" alter column "id" drop identity if exists
            "#]],
        )
        .await;
        check(
            "alter table t alter id set generated by default",
            expect![[r#"
                alter table "public"."t" alter column "id" drop identity if exists
                alter table "public"."t" alter column "id" add generated by default as identity
            "#]],
        )
        .await;
        check(
            "alter table t alter g drop expression",
            expect![[r#"
                alter table "public"."t" alter column "g" drop expression if exists
            "#]],
        )
        .await;
        check(
            "alter table t alter n drop not null",
            expect![[r#"
                alter table "public"."t" alter column "n" drop not null
            "#]],
        )
        .await;
        check(
            "alter table t drop b cascade",
            expect![[r#"
                alter table "public"."t" drop column if exists "g"
                alter table "public"."t" drop column if exists "b"
            "#]],
        )
        .await;
    });
}

#[test]
fn tables_change() {
    let bench = Bench::start();
    block_on(async {
        let pair = bench.pair("changes").await;
        let check = async |ddl, expected| check(&pair, TABLE, ROWS, ddl, expected).await;
        check(
            "alter table t rename to u",
            expect![[r#"
            alter table "public"."t" rename to "u"
        "#]],
        )
        .await;
        check(
            "create schema s; alter table t set schema s; alter table s.t rename to u",
            expect![[r#"
                create schema if not exists "s"
                alter table "public"."t" set schema "s"
                alter table "s"."t" rename to "u"
            "#]],
        )
        .await;
        check("drop table t", expect![[r#"
            do 'declare found record;
            begin
                for found in select conrelid::regclass as referrer, conname from pg_constraint
                             where contype = ''f'' and conparentid = 0 and confrelid = to_regclass(''"public"."t"'') and conrelid <> confrelid
                loop
                    execute format(''alter table %s drop constraint %I'', found.referrer, found.conname);
                end loop;
            end'
            drop table if exists "public"."t"
        "#]]).await;
    });
}

#[test]
fn foreign_keys_go_with_the_table_that_they_refer_to() {
    let bench = Bench::start();
    block_on(async {
        let pair = bench.pair("changes").await;
        check(&pair,
            "create table t (id int primary key, up int references t); create table r (id int references t)",
            "insert into public.t values (1)",
            "drop table t cascade",
            expect![[r#"
                do 'declare found record;
                begin
                    for found in select conrelid::regclass as referrer, conname from pg_constraint
                                 where contype = ''f'' and conparentid = 0 and confrelid = to_regclass(''"public"."t"'') and conrelid <> confrelid
                    loop
                        execute format(''alter table %s drop constraint %I'', found.referrer, found.conname);
                    end loop;
                end'
                drop table if exists "public"."t"
            "#]],
        )
        .await;
    });
}

#[test]
fn a_view_keeps_its_table() {
    let bench = Bench::start();
    block_on(async {
        let pair: Pair = bench.pair("view").await;
        run(
            &pair.target,
            "create table t (a int); create view v as select * from t",
        )
        .await;
        let drop = statements(
            &replication::relation::TableName::new("public", "t"),
            &SchemaChange::DropTable,
        );
        run(&pair.target, &drop[0]).await;
        let error = pair.target.batch_execute(&drop[1]).await;
        let code = error.expect_err("it is kept").code().cloned();
        assert_eq!(
            code,
            Some(tokio_postgres::error::SqlState::DEPENDENT_OBJECTS_STILL_EXIST)
        );
    });
}
