//! What is missing at a source, told before anything is begun.

use endpoint::source::check::{Needs, StreamNeeds};
use expect_test::{Expect, expect};
use tests::support::postgres::Cluster;

use crate::{connect, oid, run, runtime, with_source};

struct Case<'a> {
    user: &'a str,
    needs: Needs,
    expected: Expect,
}

fn stream(new_slots: i64, publications: &[&str]) -> Needs {
    Needs {
        read: Vec::new(),
        stream: Some(StreamNeeds {
            new_slots,
            publications: publications.iter().map(|&name| name.to_owned()).collect(),
        }),
    }
}

async fn check(cluster: &Cluster, case: Case<'_>) {
    let source = connect(&cluster.url_as(case.user, "postgres")).await;
    let text = match source.check(&case.needs).await {
        Ok(()) => "good".to_owned(),
        Err(error) => error.to_string(),
    };
    case.expected.assert_eq(&text);
}

#[test]
fn what_is_missing_is_told_with_what_to_do() {
    let settings = [("wal_level", "logical"), ("max_replication_slots", "1")];
    with_source(&settings, |cluster, source| async move {
        run(
            &source,
            "create table seen (id int primary key, note text); create schema hidden; create table hidden.\"One\" (id int);
             create publication there for table seen; create role poor login; create role sender login replication;
             grant select (id, note) on seen to poor; grant select on hidden.\"One\" to sender",
        )
        .await;
        let seen = oid(&source, "seen").await;
        let one = oid(&source, "hidden.\"One\"").await;
        let reads = |tables: &[u32]| Needs {
            read: tables.to_vec(),
            stream: None,
        };
        for (user, needs, expected) in [
            ("postgres", stream(1, &["there"]), expect!["good"]),
            ("sender", stream(1, &[]), expect!["good"]),
            (
                "poor",
                stream(1, &[]),
                expect![[
                    r#"poor may not replicate from the source; run as a superuser: alter role "poor" replication"#
                ]],
            ),
            (
                "postgres",
                stream(0, &["there", "nowhere", "Elsewhere"]),
                expect![
                    "the source has no publication nowhere, Elsewhere; make it (create publication … for table …), or name none to have one made"
                ],
            ),
            ("postgres", reads(&[seen, one]), expect!["good"]),
            ("poor", reads(&[seen]), expect!["good"]),
            (
                "poor",
                reads(&[seen, one]),
                expect![[
                    r#"poor may not read hidden."One" at the source; grant select on hidden."One" to poor (and usage on the schema)"#
                ]],
            ),
            (
                "sender",
                reads(&[seen, one]),
                expect![[
                    r#"sender may not read hidden."One", public.seen at the source; grant select on them to sender (and usage on the schema)"#
                ]],
            ),
        ] {
            check(
                &cluster,
                Case {
                    user,
                    needs,
                    expected,
                },
            )
            .await;
        }
        run(
            &source,
            "select pg_create_logical_replication_slot('taken', 'pgoutput')",
        )
        .await;
        for (needs, expected) in [
            (
                stream(1, &[]),
                expect![
                    "the source has no free replication slot: all of max_replication_slots = 1 are taken by taken (not in use); drop one that is not needed (select pg_drop_replication_slot('…')), or raise the setting and restart the server"
                ],
            ),
            (stream(0, &[]), expect!["good"]),
        ] {
            check(
                &cluster,
                Case {
                    user: "postgres",
                    needs,
                    expected,
                },
            )
            .await;
        }
    });
}

#[test]
fn a_source_without_logical_wal_is_told_how_to_get_it() {
    with_source(&[("wal_level", "replica")], |cluster, _| async move {
        let case = Case {
            user: "postgres",
            needs: stream(1, &[]),
            expected: expect![
                "the source has wal_level = replica, and changes can only be read with logical; run: alter system set wal_level = logical, and restart the server (managed services have a parameter for it, such as rds.logical_replication = 1)"
            ],
        };
        check(&cluster, case).await;
    });
}

#[test]
fn a_source_that_is_not_there_or_refuses_says_so() {
    let cluster = Cluster::start(&[]);
    cluster
        .sql("postgres")
        .run("create role anna login password 'right'");
    cluster.add_access_rules("host all anna 127.0.0.1/32 scram-sha-256");
    runtime().block_on(async {
        let text = async |url: String| {
            let settings = wire::Settings::parse(&url).unwrap();
            let error = endpoint::source::Source::connect(&settings, "test")
                .await
                .unwrap_err();
            format!("{error} (retryable: {})", error.is_retryable())
                .replace(&cluster.port().to_string(), "PORT")
        };
        expect![[r#"cannot connect to the source postgresql://anna@127.0.0.1:PORT/postgres: cannot authenticate at 127.0.0.1 as anna: password authentication failed for user "anna" (28P01) (retryable: false)"#]].assert_eq(&text(cluster.url_as("anna:wrong", "postgres")).await);
        expect!["cannot connect to the source postgresql://anna@127.0.0.1:PORT/postgres: cannot authenticate at 127.0.0.1 as anna: the server asks for a password, and the connection URL has none (retryable: false)"].assert_eq(&text(cluster.url_as("anna", "postgres")).await);
        expect![[r#"cannot connect to the source postgresql://nobody@127.0.0.1:PORT/postgres: cannot authenticate at 127.0.0.1 as nobody: role "nobody" does not exist (28000) (retryable: false)"#]].assert_eq(&text(cluster.url_as("nobody", "postgres")).await);
        expect![[r#"cannot connect to the source postgresql://postgres@127.0.0.1:PORT/nowhere: database "nowhere" does not exist (3D000) (retryable: false)"#]].assert_eq(&text(cluster.url("nowhere")).await);
    });
}
