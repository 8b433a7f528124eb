//! Slots and their snapshots.

use std::sync::Mutex;
use std::time::Duration;

use endpoint::source::slot::{SlotKind, SlotOptions, SlotProgress};
use pgoutput::Lsn;
use wire::{Mode, Session};

use crate::{connect, run, with_source};

fn options(name: &str, kind: SlotKind, lock_timeout: Duration) -> SlotOptions {
    SlotOptions {
        name: name.to_owned(),
        kind,
        two_phase: false,
        failover: true,
        lock_timeout,
    }
}

const LONG: Duration = Duration::from_secs(60);

#[test]
fn a_snapshot_shows_what_was_there_before_the_slot() {
    with_source(&[("wal_level", "logical")], |_, source| async move {
        run(
            &source,
            "create table t (id int primary key); insert into t values (1)",
        )
        .await;
        let created = source
            .create_slot(&options("it's", SlotKind::Permanent, LONG), &|_| ())
            .await;
        assert!(
            created.is_err(),
            "PostgreSQL allows lower case, digits and underscores"
        );
        let created = source
            .create_slot(&options("ours", SlotKind::Permanent, LONG), &|_| ())
            .await
            .unwrap();
        run(&source, "insert into t values (2)").await;
        assert!(created.consistent_point > Lsn::ZERO);
        let count = |name: String| {
            let settings = source.settings().clone();
            async move {
                let mut session = Session::connect(&settings, Mode::Sql).await?;
                session
                    .simple("begin isolation level repeatable read read only")
                    .await?;
                session
                    .simple(&format!("set transaction snapshot '{name}'"))
                    .await?;
                let rows = session.simple("select count(*) from t").await?;
                Ok::<_, wire::Error>(rows[0].rows[0].get(0).unwrap().to_owned())
            }
        };
        let name = created.snapshot.name().to_owned();
        assert_eq!(count(name.clone()).await.unwrap(), "1");
        created.snapshot.close().await;
        let pid_is_gone = "select count(*) from pg_stat_activity where backend_type = 'walsender'";
        while source
            .client()
            .query_one(pid_is_gone, &[])
            .await
            .unwrap()
            .get::<_, i64>(0)
            > 0
        {}
        assert!(count(name).await.is_err());

        let state = source.state("ours").await.unwrap();
        assert!(state.wal_end >= created.consistent_point);
        assert_eq!((state.timeline, state.history.len()), (1, 0));
        assert!(state.system_identifier.parse::<u64>().is_ok());
        let slot = state.slot.unwrap();
        assert_eq!(
            (slot.plugin.as_str(), slot.database.as_str()),
            ("pgoutput", "postgres")
        );
        assert_eq!(slot.confirmed_flush, created.consistent_point);
        assert_eq!(
            (
                slot.wal_status.as_deref(),
                slot.active_pid,
                slot.invalidation
            ),
            (Some("reserved"), None, None)
        );
        assert!(!slot.unsynchronised);

        let again = source
            .create_slot(&options("ours", SlotKind::Permanent, LONG), &|_| ())
            .await
            .unwrap_err();
        assert_eq!(again.code(), Some("42710"));
        source.drop_slot("ours").await.unwrap();
        source.drop_slot("ours").await.unwrap();
        assert_eq!(source.state("ours").await.unwrap().slot, None);
    });
}

#[test]
fn the_creation_of_a_slot_tells_whom_it_waits_for_and_tries_again() {
    with_source(&[("wal_level", "logical")], |cluster, source| async move {
        run(&source, "create table t (id int primary key)").await;
        let holder = connect(&cluster.url("postgres")).await;
        run(&holder, "begin; insert into t values (1)").await;
        let pid: i32 = holder
            .client()
            .query_one("select pg_backend_pid()", &[])
            .await
            .unwrap()
            .get(0);

        let told = Mutex::new(Vec::new());
        let (send, mut heard) = tokio::sync::mpsc::unbounded_channel();
        let progress = |progress: SlotProgress| {
            send.send(matches!(progress, SlotProgress::Again)).unwrap();
            told.lock().unwrap().push(progress);
        };
        let slot = options("ours", SlotKind::Temporary, Duration::from_millis(2500));
        let creating = source.create_slot(&slot, &progress);
        let releasing = async {
            while heard.recv().await != Some(true) {}
            // And the next round begins to wait, too.
            heard.recv().await;
            run(&holder, "commit").await;
        };
        let (created, ()) = tokio::join!(creating, releasing);
        let created = created.unwrap();
        assert!(source.slot("ours").await.unwrap().is_some());
        let told = told.into_inner().unwrap();
        let SlotProgress::WaitsFor { blockers, waited } = &told[0] else {
            panic!("{told:?}");
        };
        assert_eq!(blockers.len(), 1);
        assert_eq!(
            (blockers[0].pid, blockers[0].state.as_str()),
            (pid, "idle in transaction")
        );
        assert!(*waited >= Duration::from_millis(900));

        let holder = created.snapshot.pid();
        source.drop_slot("ours").await.unwrap();
        assert_ne!(holder, 0);
        assert!(source.slot("ours").await.unwrap().is_none());
    });
}
