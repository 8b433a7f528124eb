//! The stream: what is delivered, confirmed, survived and ended.

use std::time::Duration;

use endpoint::source::Source;
use endpoint::source::ddl::{DDL, DdlTrigger};
use endpoint::source::slot::{SlotKind, SlotOptions};
use endpoint::source::stream::{GULP, Stream, StreamOptions};
use pgoutput::Lsn;
use pgoutput::options::Options;
use replication::assembler::Settings;
use replication::piece::{Barrier, Delivery, Piece};
use replication::shape::TableShape;

use crate::{connect, oid, run, with_source};

async fn slot(source: &Source) -> Lsn {
    let options = SlotOptions {
        name: "ours".to_owned(),
        kind: SlotKind::Permanent,
        two_phase: false,
        failover: false,
        lock_timeout: Duration::from_secs(60),
    };
    let created = source.create_slot(&options, &|_| ()).await.unwrap();
    created.snapshot.close().await;
    created.consistent_point
}

fn options(start: Lsn) -> StreamOptions {
    StreamOptions {
        slot: "ours".to_owned(),
        start,
        plugin: Options {
            publications: vec!["ours".to_owned(), "ours_inserts".to_owned()],
            binary: true,
            streaming: false,
            two_phase: false,
            without_origin: false,
        },
        assembler: Settings {
            checkpoint: start,
            piece_bytes: 1 << 20,
            message_prefixes: vec![DDL.to_owned()],
        },
        window_bytes: 4 << 20,
        gulp: GULP,
        status_interval: Duration::from_secs(10),
    }
}

async fn piece(stream: &mut Stream) -> Piece {
    loop {
        if let Delivery::Piece(piece) = stream.next().await.unwrap() {
            return piece;
        }
    }
}

#[test]
fn changes_are_delivered_and_confirmed_and_the_rest_comes_again() {
    with_source(&[("wal_level", "logical")], |_, source| async move {
        run(&source, "create table t (id int primary key, name text)").await;
        source
            .ensure_publication("ours", &[oid(&source, "t").await])
            .await
            .unwrap();
        let start = slot(&source).await;
        let mut stream = source.stream(options(start)).await.unwrap();
        run(
            &source,
            "insert into t values (1, 'a'); insert into t values (2, 'b')",
        )
        .await;
        let first = piece(&mut stream).await;
        assert_eq!(first.changes.len(), 2);
        let end = first.ends[0].end_lsn;
        stream.confirm(end, end);
        // An older position takes nothing back.
        stream.confirm(start, start);
        while stream.confirmed() < end {
            tokio::task::yield_now().await;
        }
        let second = source.stream(options(start)).await.unwrap_err();
        assert_eq!(
            (second.code(), second.is_retryable()),
            (Some("55006"), true),
            "{second}"
        );
        stream.close().await;

        run(&source, "insert into t values (3, 'c')").await;
        source.release_slot("ours").await.unwrap();
        assert_eq!(
            source.slot("ours").await.unwrap().unwrap().confirmed_flush,
            end
        );
        let mut stream = source.stream(options(end)).await.unwrap();
        assert_eq!(piece(&mut stream).await.changes.len(), 1);
        // The sender is ended: the stream says so, and a new one goes on.
        let pid = stream.sender_pid();
        run(&source, &format!("select pg_terminate_backend({pid})")).await;
        let error = loop {
            if let Err(error) = stream.next().await {
                break error;
            }
        };
        assert!(error.is_retryable(), "{error}");
        assert!(stream.next().await.is_err());
        stream.close().await;
        source.release_slot("ours").await.unwrap();
        let mut stream = source.stream(options(end)).await.unwrap();
        assert_eq!(piece(&mut stream).await.changes.len(), 1);
        drop(stream);
        source.drop_slot("ours").await.unwrap();
    });
}

#[test]
fn a_large_backlog_waits_in_the_source_while_nobody_takes_it() {
    let settings = [("wal_level", "logical"), ("wal_sender_timeout", "1s")];
    with_source(&settings, |_, source| async move {
        run(&source, "create table t (id int primary key, name text)").await;
        source
            .ensure_publication("ours", &[oid(&source, "t").await])
            .await
            .unwrap();
        let start = slot(&source).await;
        for part in 0..10 {
            let (from, to) = (part * 20_000, part * 20_000 + 19_999);
            run(&source, &format!("insert into t select id, repeat('x', 200) from generate_series({from}, {to}) as id")).await;
        }
        let mut stream = source.stream(options(start)).await.unwrap();
        let mut seen = piece(&mut stream).await.changes.len();
        // Longer than the sender waits for a word: reports go out all the while.
        let began = std::time::Instant::now();
        while began.elapsed() < Duration::from_secs(3) {
            run(&source, "select pg_sleep(0.5)").await;
        }
        let sql = "select count(*) from pg_stat_replication where pid = $1";
        let pid = stream.sender_pid();
        let sender = source.client().query_one(sql, &[&pid]).await.unwrap();
        assert_eq!(sender.get::<_, i64>(0), 1);
        let mut largest = 0;
        while seen < 200_000 {
            let piece = piece(&mut stream).await;
            largest = largest.max(piece.bytes);
            seen += piece.changes.len();
        }
        assert_eq!(seen, 200_000);
        assert!(largest < 8 << 20, "{largest}");
        stream.close().await;
    });
}

#[test]
fn an_idle_stream_moves_by_heartbeats_and_these_make_no_echo() {
    with_source(&[("wal_level", "logical")], |cluster, source| async move {
        source.ensure_publication("ours", &[]).await.unwrap();
        let start = slot(&source).await;
        let mut stream = source.stream(options(start)).await.unwrap();
        run(&source, "create database other").await;
        connect(&cluster.url("other"))
            .await
            .client()
            .batch_execute("create table t as select generate_series(1, 100000)")
            .await
            .unwrap();
        let written = source.wal_end().await.unwrap();
        source.heartbeat().await.unwrap();
        let position = loop {
            if let Delivery::Position { lsn, .. } = stream.next().await.unwrap()
                && lsn >= written
            {
                break lsn;
            }
        };
        stream.confirm(position, position);
        while source.slot("ours").await.unwrap().unwrap().confirmed_flush < position {}
        let insert = "select pg_current_wal_insert_lsn() - '0/0'::pg_lsn < $1::bigint";
        let limit = i64::try_from(position.0).unwrap() + 4096;
        for _ in 0..100 {
            source.heartbeat().await.unwrap();
        }
        let quiet: bool = source
            .client()
            .query_one(insert, &[&limit])
            .await
            .unwrap()
            .get(0);
        assert!(quiet);
        stream.close().await;
    });
}

#[test]
fn the_event_triggers_tell_of_definitions_in_the_right_place() {
    with_source(&[("wal_level", "logical")], |cluster, source| async move {
        run(
            &source,
            "create table t (id int primary key, name varchar(20)); create role poor login",
        )
        .await;
        let poor = connect(&cluster.url_as("poor", "postgres")).await;
        assert_eq!(
            poor.install_ddl_trigger().await.unwrap(),
            DdlTrigger::NotAllowed
        );
        assert_eq!(
            source.install_ddl_trigger().await.unwrap(),
            DdlTrigger::Installed
        );
        assert_eq!(
            source.install_ddl_trigger().await.unwrap(),
            DdlTrigger::Installed
        );
        assert_eq!(
            poor.install_ddl_trigger().await.unwrap(),
            DdlTrigger::Installed
        );
        let id = oid(&source, "t").await;
        source.ensure_publication("ours", &[id]).await.unwrap();
        let start = slot(&source).await;
        let mut stream = source.stream(options(start)).await.unwrap();
        let statements = "
            begin; insert into t values (1, 'a'); alter table t add \"N\" numeric(10, 2) not null default 7; insert into t values (2, 'b', 3); commit;
            alter table t rename column name to \"Name\"; alter table t rename to u; create schema s; alter table u set schema s;
            alter schema s rename to s2; create table made (id int generated always as identity, twice int generated always as (2) stored);
            create temp table temporary (id int); create unlogged table fleeting (id int); drop table temporary, made; drop table s2.u";
        run(&source, statements).await;
        let mut told = Vec::new();
        while told.len() < 9 {
            let piece = piece(&mut stream).await;
            for change in &piece.changes {
                let text = match change.kind {
                    replication::piece::ChangeKind::Barrier => {
                        match &piece.barriers[change.relation as usize] {
                            Barrier::Message { content, .. } => describe(content, id),
                            _ => continue,
                        }
                    }
                    _ => "row".to_owned(),
                };
                told.push(text);
            }
        }
        expect_test::expect![[r#"
            row
            "ALTER TABLE" t public.t: 1 id integer not null default None missing None, 2 name character varying(20) default None missing None, 3 N numeric(10,2) not null default Some("7") missing Some("7.00")
            row
            "ALTER TABLE" t public.t: 1 id integer not null default None missing None, 2 Name character varying(20) default None missing None, 3 N numeric(10,2) not null default Some("7") missing Some("7.00")
            "ALTER TABLE" t public.u: 1 id integer not null default None missing None, 2 Name character varying(20) default None missing None, 3 N numeric(10,2) not null default Some("7") missing Some("7.00")
            "ALTER TABLE" t s.u: 1 id integer not null default None missing None, 2 Name character varying(20) default None missing None, 3 N numeric(10,2) not null default Some("7") missing Some("7.00")
            "ALTER SCHEMA" t s2.u: 1 id integer not null default None missing None, 2 Name character varying(20) default None missing None, 3 N numeric(10,2) not null default Some("7") missing Some("7.00")
            "CREATE TABLE" another public.made: 1 id integer not nulla default None missing None, 2 twice integers default Some("2") missing None
            dropped another "public"."made"
            dropped t "s2"."u""#]].assert_eq(&told.join("\n"));
        stream.close().await;
        // A user who may not read our schema still makes tables.
        run(&source, "grant create on schema public to poor").await;
        run(&poor, "create table theirs (id int); drop table theirs").await;
        source.remove_ddl_trigger().await.unwrap();
        assert_eq!(
            poor.install_ddl_trigger().await.unwrap(),
            DdlTrigger::NotAllowed
        );
    });
}

/// A message in one line, with the table's OID named `t`.
fn describe(content: &[u8], id: u32) -> String {
    let document: serde_json::Value = serde_json::from_slice(content).unwrap();
    let name = |found: u64| {
        if found == u64::from(id) {
            "t"
        } else {
            "another"
        }
    };
    if let Some(dropped) = document.get("dropped") {
        let found = dropped["id"].as_u64().unwrap();
        return format!(
            "dropped {} {}.{}",
            name(found),
            dropped["schema"],
            dropped["table"]
        );
    }
    let shape: TableShape = serde_json::from_value(document["table"].clone()).unwrap();
    let columns: Vec<String> = shape
        .columns
        .iter()
        .map(|column| {
            format!(
                "{} {} {}{}{}{} default {:?} missing {:?}",
                column.number,
                column.name,
                column.type_name,
                if column.not_null { " not null" } else { "" },
                column.generated,
                column.identity,
                column.default,
                column.missing
            )
        })
        .collect();
    let found = u64::from(shape.id);
    format!(
        "{} {} {}: {}",
        document["tag"],
        name(found),
        shape.name,
        columns.join(", ")
    )
}
