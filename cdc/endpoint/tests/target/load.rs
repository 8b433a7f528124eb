//! Tables loaded in parts from a snapshot, and compared.

use endpoint::target::loader::{Format, Pages, Part};
use endpoint::target::{Control, Loader};
use replication::relation::TableName;

use crate::bed::{Bed, Pair};
use crate::zoo::{ZOO, ZOO_ROWS};

/// A part of a table of the schema `public`, with all columns that are not generated.
fn part(pair: &Pair<'_>, table: &str, number: i32, format: Format) -> Part {
    let columns = pair.source.rows(&format!(
        "select attname from pg_attribute where attrelid = '{table}'::regclass and attnum > 0 and not attisdropped and attgenerated = '' order by attnum"
    ));
    let name = TableName::new("public", table);
    Part {
        table: name.clone(),
        number,
        from: name.clone(),
        to: name,
        columns: columns
            .into_iter()
            .map(|mut row| row[0].take().expect("a name"))
            .collect(),
        pages: None,
        filter: None,
        format,
    }
}

/// Loads parts from a snapshot of now, during which the source goes on.
fn load(pair: &Pair<'_>, control: &Control, parts: &[Part], meanwhile: &str) -> (u64, u64) {
    let holder = pair.another_session_at_the_source();
    holder.run("begin isolation level repeatable read");
    let snapshot = holder.one("select pg_export_snapshot()");
    pair.source.run(meanwhile);
    let mut told = (0, 0);
    pair.run(async {
        let mut loader = Loader::connect(
            &pair.source_settings(),
            &pair.settings(),
            control.lease(),
            &snapshot,
        )
        .await
        .expect("both ends are there");
        for part in parts {
            let mut progress = |progress: endpoint::target::loader::Progress| {
                told = (told.0 + progress.rows, told.1 + progress.bytes);
            };
            loader
                .load(part, &mut progress)
                .await
                .expect("the part can be loaded");
        }
        loader.close().await;
    });
    told
}

#[test]
fn every_type_is_loaded_as_it_is() {
    let bed = Bed::start();
    for (name, format) in [("load_binary", Format::Binary), ("load_text", Format::Text)] {
        let pair = bed.pair(name, ZOO);
        pair.source.run(ZOO_ROWS);
        let control = pair.claim();
        let parts = [
            part(&pair, "zoo", 0, format),
            part(&pair, "zoo_full", 0, format),
        ];
        let (rows, bytes) = load(&pair, &control, &parts, "select 1");
        assert_eq!(pair.differences(), "", "{format:?}");
        let records = pair.run(control.parts()).expect("the target answers");
        assert_eq!(records.iter().map(|record| record.rows).sum::<u64>(), rows);
        assert_eq!(
            records.iter().map(|record| record.bytes).sum::<u64>(),
            bytes
        );
        assert_eq!(
            rows.to_string(),
            pair.source
                .one("select (select count(*) from zoo) + (select count(*) from zoo_full)")
        );
    }
}

#[test]
fn parts_of_a_table_come_to_its_snapshot() {
    let bed = Bed::start();
    let pair = bed.pair(
        "load_parts",
        "create table t (id int generated always as identity primary key, a int, twice int generated always as (a * 2) stored, s text)",
    );
    pair.source
        .run("insert into t (a, s) select i, repeat('x', 100) from generate_series(1, 20000) i");
    let wanted = pair
        .source
        .one("select count(*) || ' ' || sum(id) || ' ' || sum(a) || ' ' || sum(twice) from t");
    let control = pair.claim();
    let mut parts = Vec::new();
    for (number, from) in [0, 7, 100, 5000].into_iter().enumerate() {
        let mut part = part(&pair, "t", number as i32, Format::Binary);
        let to = [Some(7), Some(100), Some(5000), None][number];
        part.pages = Some(Pages { from, to });
        parts.push(part);
    }
    load(
        &pair,
        &control,
        &parts,
        "delete from t where id < 100; update t set a = 0; insert into t (a) values (1)",
    );
    assert_eq!(
        pair.target
            .one("select count(*) || ' ' || sum(id) || ' ' || sum(a) || ' ' || sum(twice) from t"),
        wanted
    );
    let records = pair.run(control.parts()).expect("the target answers");
    assert_eq!(records.len(), 4);
    pair.run(control.forget_parts(&TableName::new("public", "t")))
        .expect("it is the owner");
    assert!(
        pair.run(control.parts())
            .expect("the target answers")
            .is_empty()
    );
}

#[test]
fn only_rows_and_columns_that_are_asked_for_are_loaded() {
    let bed = Bed::start();
    let pair = bed.pair(
        "load_some",
        "create table t (id int primary key, a int, b text default 'own')",
    );
    pair.source
        .run("insert into t select i, i, 'b' from generate_series(1, 100) i");
    let control = pair.claim();
    let mut some = part(&pair, "t", 0, Format::Binary);
    some.columns = vec!["a".to_owned(), "id".to_owned()];
    some.filter = Some("a > 90".to_owned());
    load(&pair, &control, &[some], "select 1");
    assert_eq!(
        pair.target
            .one("select count(*) || ' ' || sum(id) || ' ' || min(b) from t"),
        "10 955 own"
    );
}

#[test]
fn a_former_owner_loads_nothing() {
    let bed = Bed::start();
    let pair = bed.pair("load_fenced", "create table t (id int primary key)");
    pair.source.run("insert into t values (1)");
    let first = pair.claim();
    let mut settings = pair.settings();
    settings.application_name = "somebody else".to_owned();
    let second = pair.take_over(&settings, std::time::Duration::from_millis(100));
    let holder = pair.another_session_at_the_source();
    holder.run("begin isolation level repeatable read");
    let snapshot = holder.one("select pg_export_snapshot()");
    let part = part(&pair, "t", 0, Format::Text);
    let outcome = pair.run(async {
        let mut loader =
            Loader::connect(&pair.source_settings(), &settings, first.lease(), &snapshot)
                .await
                .expect("both ends are there");
        loader.load(&part, &mut |_| {}).await
    });
    assert!(
        matches!(outcome, Err(endpoint::Error::Fenced { .. })),
        "{outcome:?}"
    );
    assert_eq!(pair.target.one("select count(*) from t"), "0");
    drop(second);
}
