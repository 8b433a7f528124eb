//! Statements, pipelines, COPY and cancelling, against a real server.
#![allow(
    clippy::unwrap_used,
    reason = "these are tests: a failure is a panic that names its place"
)]

use bytes::{BufMut, Bytes};
use tests::support::postgres::Cluster;
use wire::batch::Completed;
use wire::session::TransactionStatus;
use wire::{Batch, Error, Mode, Session, Settings};

/// Runs a test on a cluster's database, with a session.
fn with_session<F: Future<Output = ()>>(test: impl FnOnce(Session, Settings) -> F) {
    let cluster = Cluster::start(&[("wal_level", "logical")]);
    let settings = Settings::parse(&cluster.url("postgres")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let session = Session::connect(&settings, Mode::Sql).await.unwrap();
        test(session, settings).await;
    });
}

async fn value(session: &mut Session, sql: &str) -> String {
    let results = session.simple(sql).await.unwrap();
    results[0].rows[0].get(0).unwrap_or("null").to_owned()
}

fn affected(completed: &[Completed]) -> Vec<u64> {
    completed.iter().map(|one| one.rows_affected).collect()
}

#[test]
fn simple_statements_give_text_and_errors_leave_the_session_usable() {
    with_session(|mut session, _| async move {
        let results = session
            .simple("select 1 as a, null as b, '' as c; create temp table t (x int); insert into t values (1), (2)")
            .await
            .unwrap();
        assert_eq!(results[0].columns, ["a", "b", "c"]);
        let row = &results[0].rows[0];
        assert_eq!(
            [row.get(0), row.get(1), row.get(2), row.get(3)],
            [Some("1"), None, Some(""), None]
        );
        assert_eq!(results[2].rows_affected, 2);

        let error = session.simple("select 1; select 1 / 0").await.unwrap_err();
        assert_eq!(error.code(), Some("22012"));
        assert_eq!(error.to_string(), "division by zero (22012)");
        assert_eq!(value(&mut session, "select 7").await, "7");
    });
}

#[test]
fn sessions_fix_the_text_form_of_values() {
    with_session(|mut session, settings| async move {
        session
            .simple(
                "alter role postgres set datestyle = 'German'; alter role postgres set timezone = 'Asia/Tokyo';
                 alter role postgres set intervalstyle = 'iso_8601'; alter role postgres set bytea_output = 'escape';
                 alter role postgres set extra_float_digits = 0; alter role postgres set statement_timeout = '1min';
                 alter role postgres set lock_timeout = '1min'",
            )
            .await
            .unwrap();
        let sql = "select concat_ws(' | ', timestamptz '2026-01-02 03:04:05+00', interval '1 day 2 hours', '\\x00ff'::bytea,
                       0.1::float8 + 0.2, current_setting('statement_timeout'), current_setting('lock_timeout'))";
        let expected =
            "2026-01-02 03:04:05+00 | 1 day 02:00:00 | \\x00ff | 0.30000000000000004 | 0 | ";
        let mut settings = settings;
        settings
            .parameters
            .push(("lock_timeout".to_owned(), "5s".to_owned()));
        let mut session = Session::connect(&settings, Mode::Sql).await.unwrap();
        assert_eq!(value(&mut session, sql).await, format!("{expected}5s"));
        let client = wire::client::connect(&settings).await.unwrap();
        let text: String = client.query_one(sql, &[]).await.unwrap().get(0);
        assert_eq!(text, format!("{expected}5s"));
        client.close().await;
    });
}

#[test]
fn a_batch_prepares_once_and_counts_rows() {
    with_session(|mut session, _| async move {
        let mut batch = Batch::new();
        for round in 0..3 {
            batch.sql(&mut session, "begin");
            batch.sql(
                &mut session,
                "create temp table if not exists t (id int primary key, name text) on commit drop",
            );
            let insert = batch.statement(&mut session, "insert into t values ($1, $2)", &[23, 25]);
            for id in 0..5_i32 {
                batch.execute(insert, |parameters| {
                    parameters.binary(&id.to_be_bytes());
                    if id == 3 {
                        parameters.null();
                    } else {
                        parameters.write_text(|buffer| buffer.put_slice(b"name"));
                    }
                });
            }
            batch.sql(
                &mut session,
                "update t set name = 'x' where name is null or id = 1",
            );
            batch.sql(
                &mut session,
                "select count(*), max(name) from t where name = 'x'",
            );
            batch.sql(&mut session, "commit");
            let completed = session.run(&mut batch).await.unwrap();
            assert_eq!(affected(&completed), [0, 0, 1, 1, 1, 1, 1, 2, 1, 0]);
            assert_eq!(completed[8].rows[0].get(0), Some("2"));
            assert!(batch.is_empty());
            let prepared = value(&mut session, "select count(*) from pg_prepared_statements").await;
            assert_eq!(prepared, "6", "round {round}");
            assert_eq!(session.transaction_status(), TransactionStatus::Idle);
        }
    });
}

#[test]
fn an_error_in_the_middle_names_its_execution_and_leaves_the_rest_undone() {
    with_session(|mut session, _| async move {
        session
            .simple("create table t (id int primary key)")
            .await
            .unwrap();
        let mut batch = Batch::new();
        batch.sql(&mut session, "begin");
        let insert = batch.statement(&mut session, "insert into t values ($1)", &[23]);
        for id in ["1", "2", "1", "3"] {
            batch.execute(insert, |parameters| parameters.text(id.as_bytes()));
        }
        batch.sql(&mut session, "commit");
        let failed = session.run(&mut batch).await.unwrap_err();
        assert_eq!(failed.execute, Some(3));
        assert_eq!(failed.error.code(), Some("23505"));
        let told = failed.error.database().unwrap();
        assert_eq!(
            (told.table.as_deref(), told.constraint.as_deref()),
            (Some("t"), Some("t_pkey"))
        );
        assert_eq!(session.transaction_status(), TransactionStatus::Failed);
        session.simple("rollback").await.unwrap();

        // What was prepared before the error still is, what was skipped is prepared anew.
        let insert = batch.statement(&mut session, "insert into t values ($1)", &[23]);
        batch.execute(insert, |parameters| parameters.text(b"9"));
        batch.sql(&mut session, "commit");
        assert_eq!(affected(&session.run(&mut batch).await.unwrap()), [1, 0]);
        assert_eq!(
            value(&mut session, "select string_agg(id::text, ',') from t").await,
            "9"
        );

        // A statement that can't be prepared.
        batch.sql(&mut session, "select 1");
        batch.sql(&mut session, "select nonsense");
        let failed = session.run(&mut batch).await.unwrap_err();
        assert_eq!(
            (failed.execute, failed.error.code()),
            (Some(1), Some("42703"))
        );
        // A batch that was never run promised statements that aren't there.
        batch.sql(&mut session, "select 'never run'");
        batch.clear();
        batch.sql(&mut session, "select 'never run'");
        assert_eq!(
            session.run(&mut batch).await.unwrap()[0].rows[0].get(0),
            Some("never run")
        );
    });
}

#[test]
fn a_copy_in_a_batch_needs_no_round_trip() {
    with_session(|mut session, _| async move {
        session
            .simple("create table t (id int primary key, name text)")
            .await
            .unwrap();
        let mut batch = Batch::new();
        let fill = |batch: &mut Batch, session: &mut Session, range: std::ops::Range<u32>| {
            batch.copy(session, "copy t from stdin", |payload| {
                for id in range {
                    let row = format!("{id}\t{}\n", "x".repeat(200));
                    payload.buffer().put_slice(row.as_bytes());
                }
            });
        };
        batch.sql(&mut session, "begin");
        fill(&mut batch, &mut session, 0..10_000);
        fill(&mut batch, &mut session, 10_000..10_000);
        batch.sql(&mut session, "delete from t where id < 100");
        fill(&mut batch, &mut session, 0..50);
        batch.sql(&mut session, "commit");
        assert_eq!(
            affected(&session.run(&mut batch).await.unwrap()),
            [0, 10_000, 0, 100, 50, 0]
        );

        batch.sql(&mut session, "begin");
        fill(&mut batch, &mut session, 20_000..30_000);
        fill(&mut batch, &mut session, 20_000..40_000);
        batch.sql(&mut session, "commit");
        let failed = session.run(&mut batch).await.unwrap_err();
        assert_eq!(
            (failed.execute, failed.error.code()),
            (Some(2), Some("23505"))
        );
        session.simple("rollback").await.unwrap();
        // An error before a COPY: its data is skipped.
        batch.sql(&mut session, "select 1 / 0");
        fill(&mut batch, &mut session, 40_000..90_000);
        let failed = session.run(&mut batch).await.unwrap_err();
        assert_eq!(
            (failed.execute, failed.error.code()),
            (Some(0), Some("22012"))
        );
        assert_eq!(value(&mut session, "select count(*) from t").await, "9950");
    });
}

#[test]
fn a_batch_larger_than_all_buffers_in_both_directions_goes_through() {
    with_session(|mut session, _| async move {
        let mut batch = Batch::new();
        let echo = batch.statement(&mut session, "select $1::text", &[25]);
        let long = "y".repeat(20_000);
        for _ in 0..3_000 {
            batch.execute(echo, |parameters| parameters.text(long.as_bytes()));
        }
        assert!(batch.bytes() > 60_000_000);
        let completed = session.run(&mut batch).await.unwrap();
        assert_eq!(completed.len(), 3_000);
        assert!(
            completed
                .iter()
                .all(|one| one.rows[0].get(0) == Some(&long))
        );
    });
}

#[test]
fn only_so_many_statements_stay_prepared() {
    with_session(|mut session, _| async move {
        let mut batch = Batch::new();
        for round in 0..30 {
            for index in 0..40 {
                batch.sql(&mut session, &format!("select {round}, {index}"));
            }
            batch.sql(&mut session, "select 'often'");
            assert_eq!(session.run(&mut batch).await.unwrap().len(), 41);
        }
        let count = value(&mut session, "select count(*) from pg_prepared_statements").await;
        assert_eq!(count, "512");
        session.forget_statements().await.unwrap();
        let count = value(&mut session, "select count(*) from pg_prepared_statements").await;
        assert_eq!(count, "0");
        // More than that in one batch are possible.
        for index in 0..700 {
            batch.sql(&mut session, &format!("select {index}"));
        }
        for index in 0..700 {
            batch.sql(&mut session, &format!("select {index}"));
        }
        let completed = session.run(&mut batch).await.unwrap();
        assert_eq!(completed[1399].rows[0].get(0), Some("699"));
        // The same text with other types is another statement.
        for types in [23_u32, 25, 23] {
            let statement = batch.statement(&mut session, "select pg_typeof($1)", &[types]);
            batch.execute(statement, |parameters| parameters.text(b"1"));
            let completed = session.run(&mut batch).await.unwrap();
            let expected = if types == 23 { "integer" } else { "text" };
            assert_eq!(completed[0].rows[0].get(0), Some(expected));
        }
    });
}

#[test]
fn a_table_is_copied_out_in_large_chunks_and_in_again() {
    with_session(|mut session, settings| async move {
        session
            .simple(
                "create table a as select id, repeat(md5(id::text), 1 + id % 5) as name, case when id % 1000 = 0 then repeat('large', 100000) end as big
                   from generate_series(1, 20000) as id;
                 create table b (like a)",
            )
            .await
            .unwrap();
        for format in ["binary", "text"] {
            let mut target = Session::connect(&settings, Mode::Sql).await.unwrap();
            target.simple("truncate b").await.unwrap();
            let mut sizes = Vec::new();
            let mut out = session
                .copy_out(&format!("copy a to stdout (format {format})"))
                .await
                .unwrap();
            let mut into = target
                .copy_in(&format!("copy b from stdin (format {format})"))
                .await
                .unwrap();
            while let Some(chunk) = out.next().await.unwrap() {
                sizes.push(chunk.len());
                into.send(chunk).await.unwrap();
            }
            assert_eq!(into.finish().await.unwrap(), 20_000);
            sizes.pop();
            assert!(sizes.iter().all(|&size| size >= 128 * 1024), "{sizes:?}");
            let different = "select count(*) from ((table a except all table b) union all (table b except all table a)) as d";
            assert_eq!(value(&mut session, different).await, "0");
        }
        // Nothing at all, and an error after some rows.
        let mut out = session
            .copy_out("copy (select 1 where false) to stdout")
            .await
            .unwrap();
        assert!(out.next().await.unwrap().is_none());
        assert!(out.next().await.unwrap().is_none());
        let mut out = session
            .copy_out("copy (select 1 / (5000 - id) from a order by id) to stdout")
            .await
            .unwrap();
        let error = loop {
            match out.next().await {
                Ok(chunk) => assert!(chunk.is_some()),
                Err(error) => break error,
            }
        };
        assert_eq!(error.code(), Some("22012"));
        assert_eq!(value(&mut session, "select 1").await, "1");
        let error = session
            .copy_out("copy nonsense to stdout")
            .await
            .unwrap_err();
        assert_eq!(error.code(), Some("42P01"));
        assert!(matches!(
            session.copy_out("select 1").await.unwrap_err(),
            Error::Protocol(_)
        ));
        assert_eq!(value(&mut session, "select 2").await, "2");
    });
}

#[test]
fn a_copy_in_that_fails_says_so_early_and_can_be_given_up() {
    with_session(|mut session, _| async move {
        session.simple("create table t (id int)").await.unwrap();
        let rows = |text: &str| Bytes::from(text.repeat(20_000));
        let mut copy = session.copy_in("copy t from stdin").await.unwrap();
        copy.send(rows("1\n")).await.unwrap();
        let mut sent = 0;
        let error = loop {
            match copy.send(rows("one\n")).await {
                Ok(()) => sent += 1,
                Err(error) => break error,
            }
            assert!(sent < 100_000, "the error is never told");
        };
        assert_eq!(error.code(), Some("22P02"));
        assert!(
            error
                .database()
                .unwrap()
                .where_
                .as_deref()
                .unwrap()
                .contains("line 20001")
        );
        drop(copy);
        assert!(session.is_usable());

        let mut copy = session.copy_in("copy t from stdin").await.unwrap();
        copy.send(rows("2\n")).await.unwrap();
        copy.abort("no more").await.unwrap();
        assert_eq!(value(&mut session, "select count(*) from t").await, "0");

        let copy = session.copy_in("copy t from stdin").await.unwrap();
        drop(copy);
        assert!(!session.is_usable());
        assert!(matches!(
            session.simple("select 1").await.unwrap_err(),
            Error::Protocol(_)
        ));
    });
}

#[test]
fn a_statement_is_cancelled_and_a_session_that_is_ended_says_why() {
    with_session(|mut session, settings| async move {
        let cancel = session.cancel_token();
        let mut other = Session::connect(&settings, Mode::Sql).await.unwrap();
        let pid = session.backend_pid();
        let sleeping = session.simple("select pg_sleep(600)");
        let cancelling = async {
            let active = format!("select state from pg_stat_activity where pid = {pid}");
            while value(&mut other, &active).await != "active" {}
            cancel.cancel().await.unwrap();
        };
        let (outcome, ()) = tokio::join!(sleeping, cancelling);
        let error = outcome.unwrap_err();
        assert_eq!(error.code(), Some("57014"));
        assert!(!error.is_retryable());
        assert_eq!(value(&mut session, "select 1").await, "1");

        other
            .simple(&format!("select pg_terminate_backend({pid}, 5000)"))
            .await
            .unwrap();
        let error = session.simple("select 1").await.unwrap_err();
        assert_eq!(error.code(), Some("57P01"), "{error}");
        assert!(error.is_retryable());
        let mut batch = Batch::new();
        batch.sql(&mut other, "select 1");
        batch.sql(&mut other, "select pg_terminate_backend(pg_backend_pid())");
        batch.sql(&mut other, "select 2");
        let failed = other.run(&mut batch).await.unwrap_err();
        assert_eq!(failed.error.code(), Some("57P01"), "{}", failed.error);
        assert!(
            other
                .run(&mut batch)
                .await
                .unwrap_err()
                .error
                .code()
                .is_none()
        );
    });
}

#[test]
fn the_replication_mode_runs_commands_and_streams_both_ways() {
    with_session(|mut sql, settings| async move {
        let mut session = Session::connect(&settings, Mode::Replication)
            .await
            .unwrap();
        let system = session.simple("IDENTIFY_SYSTEM").await.unwrap();
        assert_eq!(
            system[0].columns,
            ["systemid", "timeline", "xlogpos", "dbname"]
        );
        assert_eq!(system[0].rows[0].get(3), Some("postgres"));
        sql.simple("create table t (id int primary key); create publication p for table t")
            .await
            .unwrap();
        let created = session
            .simple("CREATE_REPLICATION_SLOT s TEMPORARY LOGICAL pgoutput NOEXPORT_SNAPSHOT")
            .await
            .unwrap();
        assert_eq!(created[0].rows[0].get(0), Some("s"));
        sql.simple("insert into t select generate_series(1, 100000)")
            .await
            .unwrap();
        let (mut reader, mut writer) = session
            .start_duplex(
                "START_REPLICATION SLOT s LOGICAL 0/0 (proto_version '1', publication_names 'p')",
            )
            .await
            .unwrap();
        let mut inserts = 0;
        'stream: loop {
            let mut frame = reader.read().await.unwrap().unwrap();
            while !frame.is_empty() {
                assert_eq!(frame[0], b'd');
                let length =
                    1 + usize::try_from(u32::from_be_bytes(frame[1..5].try_into().unwrap()))
                        .unwrap();
                let message = frame.split_to(length);
                if message[5] == b'w' {
                    match message[30] {
                        b'I' => inserts += 1,
                        b'C' => break 'stream,
                        _ => {}
                    }
                }
            }
        }
        assert_eq!(inserts, 100_000);
        let mut status = vec![b'r'];
        status.resize(34, 0);
        writer.send(&status).await.unwrap();
        writer.finish().await.unwrap();
        while reader.read().await.unwrap().is_some() {}
    });
}
