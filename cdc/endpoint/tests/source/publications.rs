//! Our own publications: no write of the source may ever fail because of them.

use expect_test::{Expect, expect};

use crate::{connect, oid, run, with_source};
use endpoint::source::Source;

const PUBLISHED: &str = "
select coalesce(string_agg(p.pubname || ': ' || r.prrelid::regclass::text, ', ' order by p.pubname, r.prrelid::regclass::text), '')
from pg_publication p left join pg_publication_rel r on r.prpubid = p.oid";

async fn check(source: &Source, tables: &[&str], expected: Expect) {
    let mut ids = Vec::new();
    for table in tables {
        ids.push(oid(source, table).await);
    }
    let names = source.ensure_publication("ours", &ids).await.unwrap();
    assert_eq!(names, ["ours", "ours_inserts"]);
    // A second time changes nothing.
    source.ensure_publication("ours", &ids).await.unwrap();
    let row = source.client().query_one(PUBLISHED, &[]).await.unwrap();
    expected.assert_eq(row.get(0));
}

#[test]
fn tables_without_an_identity_publish_inserts_only() {
    with_source(&[("wal_level", "logical")], |cluster, source| async move {
        run(
            &source,
            "create table keyed (id int primary key, n int); create table bare (n int);
             create table whole (n int); alter table whole replica identity full;
             create table nothing (id int primary key, n int); alter table nothing replica identity nothing;
             create table indexed (a int not null unique, n int); alter table indexed replica identity using index indexed_a_key;
             create table late (id int, n int, primary key (id) deferrable);
             create unlogged table fleeting (id int primary key); create view seen as select 1 as n;
             create table parts (id int, n int, primary key (id)) partition by range (id);
             create table parts_a partition of parts for values from (0) to (10);
             create table parts_b partition of parts for values from (10) to (20);
             create table mixed (id int, n int) partition by range (id);
             create table mixed_a partition of mixed for values from (0) to (10) partition by range (id);
             create table mixed_a_a partition of mixed_a for values from (0) to (10);
             create table \"Odd, name\" (\"I d\" int primary key, n int)",
        )
        .await;
        let all = [
            "keyed",
            "bare",
            "whole",
            "nothing",
            "indexed",
            "late",
            "fleeting",
            "seen",
            "parts",
            "parts_a",
            "parts_b",
            "mixed",
            "mixed_a",
            "mixed_a_a",
            "\"Odd, name\"",
        ];
        check(&source, &all, expect![[r#"ours: "Odd, name", ours: indexed, ours: keyed, ours: parts, ours: whole, ours_inserts: bare, ours_inserts: late, ours_inserts: mixed, ours_inserts: nothing"#]]).await;
        // Every kind of write goes through.
        for table in [
            "keyed", "bare", "whole", "nothing", "late", "parts", "mixed",
        ] {
            let column = if ["bare", "whole"].contains(&table) {
                "n"
            } else {
                "id"
            };
            run(
                &source,
                &format!(
                    "insert into {table} ({column}) values (1); update {table} set n = 2; delete from {table}; truncate {table}"
                ),
            )
            .await;
        }
        check(
            &source,
            &["parts_a", "keyed"],
            expect!["ours: keyed, ours: parts_a"],
        )
        .await;
        check(&source, &[], expect![""]).await;
        run(
            &source,
            "alter table bare add primary key (n); alter table keyed drop constraint keyed_pkey",
        )
        .await;
        check(
            &source,
            &["bare", "keyed"],
            expect!["ours: bare, ours_inserts: keyed"],
        )
        .await;
        assert_eq!(
            source
                .missing_publications(&["ours".to_owned(), "other".to_owned()])
                .await
                .unwrap(),
            ["other"]
        );
        source.drop_publication("ours").await.unwrap();
        run(&source, "create publication ours for all tables; create role poor login; grant create on database postgres to poor").await;
        let error = source.ensure_publication("ours", &[]).await.unwrap_err();
        expect!["the publication ours exists and is not one that this task made; name it as the task's publication to use it as it is, or drop it"].assert_eq(&error.to_string());
        let poor = connect(&cluster.url_as("poor", "postgres")).await;
        let error = poor
            .ensure_publication("theirs", &[oid(&poor, "bare").await])
            .await
            .unwrap_err();
        expect!["cannot publish the tables as poor: must be owner of table bare; let it own the tables and grant it create on the database, or make a publication (create publication … for table …) and name it"].assert_eq(&error.to_string());
    });
}
