//! What is done with tables that the target has already.

use endpoint::schema::create;
use endpoint::schema::definition::Schema;
use expect_test::{Expect, expect};
use replication::mapping::Selection;
use replication::settings::PrepareMode;

use crate::bench::{Bench, Pair, block_on, name, run};

/// The statements for a source and a target that are as they say, after which they are run; or the error.
async fn check(pair: &Pair, (source, target): (&str, &str), mode: PrepareMode, expected: Expect) {
    pair.clear().await;
    run(&pair.source, source).await;
    run(&pair.target, target).await;
    let schema = Schema::read(&pair.source, &Selection::everything(), &[])
        .await
        .expect("it can be read");
    let creation = create::plan(&schema, &pair.target, mode)
        .await
        .expect("it can be planned");
    let mut text = String::new();
    for statement in &creation.statements {
        text.push_str(&statement.sql);
        text.push('\n');
    }
    for problem in &creation.problems {
        text.push_str(&format!("problem: {}\n", problem.text));
    }
    for table in schema.tables.iter().filter(|table| table.has_rows()) {
        text.push_str(&format!(
            "load {} into {}\n",
            table.name,
            creation.load_table(table)
        ));
    }
    if let Err(error) = creation.run(&pair.target).await {
        text.push_str(&error.to_string());
    }
    expected.assert_eq(&text);
}

#[test]
fn prepare_modes() {
    let bench = Bench::start();
    let source = "create table a (id int primary key, v text); create table b (a int references a)";
    let target =
        "create table a (id int primary key, v text, own int); create table c (a int references a);
                  create view v as select * from a; insert into a values (1)";
    block_on(async {
        let pair = bench.pair("modes").await;
        let sides = (source, target);
        check(
            &pair,
            sides,
            PrepareMode::DoNothing,
            expect![[r#"
                create table "public"."b" ("a" integer)
                load public.a into public.a
                load public.b into public.b
            "#]],
        )
        .await;
        check(
            &pair,
            sides,
            PrepareMode::DropAndCreate,
            expect![[r#"
                drop table if exists "public"."a" cascade
                create table "public"."a" ("id" integer not null, "v" text)
                create table "public"."b" ("a" integer)
                problem: the foreign key c_a_fkey of public.c is dropped with the table
                problem: the view public.v is dropped with the table
                load public.a into public.a
                load public.b into public.b
            "#]],
        )
        .await;
        check(&pair,
            sides,
            PrepareMode::TruncateBeforeLoad,
            expect![[r#"
                truncate only "public"."a"
                create table "public"."b" ("a" integer)
                load public.a into public.a
                load public.b into public.b
                cannot empty the tables of the target: cannot truncate a table referenced in a foreign key constraint (0A000); Table "c" references "a".; Truncate table "c" at the same time, or use TRUNCATE ... CASCADE."#]],
        )
        .await;
        check(&pair,
            (source, "create table a (id int primary key); create table b (a int references a); insert into a values (1)"),
            PrepareMode::TruncateBeforeLoad,
            expect![[r#"
                truncate only "public"."a", only "public"."b"
                load public.a into public.a
                load public.b into public.b
            "#]],
        )
        .await;
    });
}

#[test]
fn children_are_no_partitions() {
    let bench = Bench::start();
    block_on(async {
        let pair = bench.pair("children").await;
        let tables = "create table a (id int); create table b () inherits (a); create table p (id int) partition by range (id)";
        check(
            &pair,
            (tables, tables),
            PrepareMode::TruncateBeforeLoad,
            expect![[r#"
                truncate only "public"."a", only "public"."b", "public"."p"
                load public.a into public.a
                load public.b into public.b
            "#]],
        )
        .await;
    });
}

#[test]
fn types_that_the_target_has_get_the_labels_that_they_lack() {
    let bench = Bench::start();
    block_on(async {
        let pair = bench.pair("labels").await;
        let sides = (
            "create type mood as enum ('first', 'sad', 'it''s', 'ok', 'last'); create table t (a mood[])",
            "create type mood as enum ('sad', 'ok', 'own'); create table t (a mood[])",
        );
        check(
            &pair,
            sides,
            PrepareMode::DoNothing,
            expect![[r#"
            alter type public.mood add value if not exists 'first' before 'sad'
            alter type public.mood add value if not exists 'it''s' after 'sad'
            alter type public.mood add value if not exists 'last' after 'ok'
            load public.t into public.t
        "#]],
        )
        .await;
        let labels: Vec<String> = pair
            .target
            .query_one("select enum_range(null::public.mood)::text[]", &[])
            .await
            .expect("it can be read")
            .get(0);
        assert_eq!(labels, ["first", "sad", "it's", "ok", "last", "own"]);
    });
}

#[test]
fn partitions_that_the_target_has_otherwise() {
    let bench = Bench::start();
    let source = "create table p (a int) partition by range (a); create table p1 partition of p for values from (0) to (10);
                  create table p2 partition of p for values from (10) to (20)";
    block_on(async {
        let pair = bench.pair("partitions").await;
        check(&pair,
            (source, ""),
            PrepareMode::DoNothing,
            expect![[r#"
                create table "public"."p" ("a" integer) partition by RANGE (a)
                create table "public"."p1" ("a" integer);
                alter table only "public"."p" attach partition "public"."p1" FOR VALUES FROM (0) TO (10)
                create table "public"."p2" ("a" integer);
                alter table only "public"."p" attach partition "public"."p2" FOR VALUES FROM (10) TO (20)
                load public.p1 into public.p1
                load public.p2 into public.p2
            "#]],
        )
        .await;
        check(
            &pair,
            (source, "create table p (a int)"),
            PrepareMode::DoNothing,
            expect![[r#"
                load public.p1 into public.p
                load public.p2 into public.p
            "#]],
        )
        .await;
        check(&pair,
            (source, "create table p (a int) partition by range (a); create table p1 partition of p for values from (0) to (20)"),
            PrepareMode::TruncateBeforeLoad,
            expect![[r#"
                truncate "public"."p"
                load public.p1 into public.p
                load public.p2 into public.p
            "#]],
        )
        .await;
    });
}

#[test]
fn what_is_selected_and_published() {
    let bench = Bench::start();
    block_on(async {
        let pair = bench.pair("published").await;
        run(
            &pair.source,
            "create table a (id int primary key, v text, g int generated always as (id) stored); create table b (id int primary key, v text);
             create table c (id int); create unlogged table u (id int);
             create table p (id int, v text) partition by range (id); create table p1 partition of p for values from (0) to (10);
             insert into a values (1, 'x'); analyze a;
             create publication one for table a (id) where (id > 5), b; create publication two for table b where (id < 3);
             create publication parts for table p where (id > 7) with (publish_via_partition_root = true);
             create extension hstore; create table reg (r regclass[], h hstore, p point)",
        )
        .await;
        let publications = ["one", "two", "parts"].map(str::to_owned);
        let schema = Schema::read(&pair.source, &Selection::everything(), &publications)
            .await
            .expect("it can be read");
        let mut text = String::new();
        for table in &schema.tables {
            let columns: Vec<&str> = table
                .copied_columns()
                .map(|column| column.shape.name.as_str())
                .collect();
            text.push_str(&format!(
                "{} {:?} rows {:?} copied {} binary {} identity {} published {:?}\n",
                table.name,
                table.persistence,
                table.rows,
                columns.join(","),
                table.is_binary(),
                table.has_identity(),
                table.published,
            ));
        }
        expect![[r#"
            public.a Logged rows Some(1) copied id binary true identity true published Some(Published { row_filter: Some("(id > 5)"), columns: Some({"id"}) })
            public.b Logged rows None copied id,v binary true identity true published Some(Published { row_filter: None, columns: None })
            public.c Logged rows None copied id binary true identity false published None
            public.p Logged rows None copied id,v binary true identity false published Some(Published { row_filter: Some("(id > 7)"), columns: None })
            public.p1 Logged rows None copied id,v binary true identity false published None
            public.reg Logged rows None copied r,h,p binary false identity false published None
            public.u Unlogged rows None copied id binary true identity false published None
        "#]].assert_eq(&text);

        let some = Selection::from_names(["p1", "b"]).expect("they are names");
        let schema = Schema::read(&pair.source, &some, &[])
            .await
            .expect("it can be read");
        let names: Vec<_> = schema.names().cloned().collect();
        assert_eq!(names, [name("b"), name("p1")]);
        // A partition whose root is not selected is a table like others.
        assert_eq!(schema.tables[1].partition, None);
        let root = Selection::from_names(["p"]).expect("it is a name");
        let schema = Schema::read(&pair.source, &root, &[])
            .await
            .expect("it can be read");
        let names: Vec<_> = schema.names().cloned().collect();
        assert_eq!(names, [name("p"), name("p1")]);
    });
}

#[test]
fn a_snapshot_is_read_as_it_was() {
    let bench = Bench::start();
    block_on(async {
        let pair = bench.pair("snapshot").await;
        run(&pair.source, "create table a (id int)").await;
        run(&pair.source, "begin isolation level repeatable read").await;
        let snapshot: String = pair
            .source
            .query_one("select pg_export_snapshot()", &[])
            .await
            .expect("it can be exported")
            .get(0);
        let other = pair.another_source().await;
        run(
            &other,
            &format!("begin isolation level repeatable read read only; set transaction snapshot '{snapshot}'"),
        )
        .await;
        let schema = Schema::read(&other, &Selection::everything(), &[])
            .await
            .expect("it can be read");
        run(&other, "commit").await;
        assert_eq!(schema.names().cloned().collect::<Vec<_>>(), [name("a")]);
    });
}
