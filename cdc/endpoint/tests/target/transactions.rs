//! Transactions that span pieces, subtransactions, and two-phase commit.

use pgoutput::Lsn;
use replication::checkpoint::Checkpoint;
use replication::net::{Mode, plan};

use crate::bed::{Bed, Values};

const END: Checkpoint = Checkpoint {
    end_lsn: Lsn(7),
    commit_time: pgoutput::PgTimestamp(0),
};

#[test]
fn subtransactions_that_aborted_leave_nothing() {
    let bed = Bed::start();
    let pair = bed.pair("savepoints", "create table t (id int)");
    let control = pair.claim();
    let mut applier = pair.applier(&control);
    pair.run(async {
        applier.begin();
        applier.execute("insert into public.t values (1)").await?;
        applier.savepoint(10);
        applier.execute("insert into public.t values (2)").await?;
        applier.savepoint(11);
        applier.execute("insert into public.t values (3)").await?;
        applier.savepoint(11);
        applier.execute("insert into public.t values (4)").await?;
        applier.rollback_to(11);
        applier.savepoint(12);
        applier.execute("insert into public.t values (5)").await?;
        // One that never did anything here.
        applier.rollback_to(99);
        applier.savepoint(13);
        applier.execute("insert into public.t values (6)").await?;
        applier.rollback_to(12);
        applier.execute("insert into public.t values (7)").await?;
        applier.commit(&END).await
    })
    .expect("all of it is allowed");
    assert_eq!(
        pair.target
            .one("select string_agg(id::text, ' ' order by id) from t"),
        "1 2 7"
    );
}

#[test]
fn prepared_transactions_can_be_done_again() {
    let bed = Bed::start();
    let pair = bed.pair("two_phase", "create table t (id int)");
    let control = pair.claim();
    let mut applier = pair.applier(&control);
    let count = || pair.target.one("select count(*) from t");
    for long in ["short", &"long ".repeat(60)] {
        pair.target.run("truncate t");
        for again in [false, true] {
            pair.run(async {
                applier.begin();
                applier.execute("insert into public.t values (1)").await?;
                applier.prepare(long, &END).await
            })
            .unwrap_or_else(|error| panic!("prepare {again}: {error}"));
        }
        assert_eq!(count(), "0");
        for _ in 0..2 {
            pair.run(applier.commit_prepared(long, &END))
                .expect("it is prepared");
        }
        assert_eq!(count(), "1");
        pair.run(async {
            applier.begin();
            applier.execute("insert into public.t values (2)").await?;
            applier.prepare(long, &END).await
        })
        .expect("the name is free again");
        for _ in 0..2 {
            pair.run(applier.rollback_prepared(long, &END))
                .expect("it is prepared");
        }
        assert_eq!(count(), "1");
    }
    let (checkpoint, _) = pair.run(control.checkpoint()).expect("the target answers");
    assert_eq!(checkpoint, END);
}

#[test]
fn rows_that_look_alike_do_not_wait_for_a_prepared_one() {
    let bed = Bed::start();
    let pair = bed.pair(
        "alike",
        "create table t (n int, s text); alter table t replica identity full; insert into t values (1, 'a'), (1, 'a')",
    );
    pair.target
        .run("alter database alike_target set statement_timeout = '20s'");
    let control = pair.claim();
    let mut applier = pair.applier(&control);
    let delete = "delete from t where ctid = (select min(ctid) from t)";
    pair.source.run(delete);
    let piece = pair.changes(Values::Text);
    let bindings = pair.bindings(&piece);
    pair.run(async {
        let plan = plan(&piece, 0..piece.changes.len(), &bindings, Mode::Net);
        applier.begin();
        applier.apply(&piece, &plan, &bindings).await?;
        applier.prepare("one", &END).await
    })
    .expect("it is prepared");
    pair.source.run(delete);
    pair.follow(&mut applier, Values::Text, Mode::Net)
        .expect("the other row is there");
    pair.run(applier.commit_prepared("one", &END))
        .expect("it is prepared");
    assert_eq!(pair.differences(), "");
}

#[test]
fn what_the_control_tables_remember_is_what_was_written() {
    use endpoint::target::records::{TableRecord, TaskRecord};
    use replication::relation::TableName;
    use replication::table_state::TableState;

    let bed = Bed::start();
    let pair = bed.pair("records", "create table t (id int)");
    let control = pair.claim();
    pair.run(async {
        assert_eq!(control.task().await.expect("the target answers"), None);
        let task = TaskRecord {
            system_identifier: "7".to_owned(),
            timeline: u32::MAX,
            slot: "s".to_owned(),
            publications: vec!["p".to_owned(), "it's".to_owned()],
            migration_type: "cdc".to_owned(),
            phase: "load".to_owned(),
            error: None,
            details: Some("{\"a\": 1}".to_owned()),
        };
        for phase in ["load", "follow"] {
            let task = TaskRecord {
                phase: phase.to_owned(),
                ..task.clone()
            };
            control.save_task(&task).await.expect("it is the owner");
            assert_eq!(
                control.task().await.expect("the target answers"),
                Some(task)
            );
        }
        let table = TableRecord {
            source: TableName::new("It's", "a \\ \"table\""),
            target: TableName::new("s", "t"),
            state: TableState::FullLoad,
            snapshot_lsn: Lsn(0x16_0000_0001),
            shape: None,
            statistics: Some("{}".to_owned()),
            error: Some("why\n".to_owned()),
        };
        for state in [TableState::FullLoad, TableState::Completed] {
            let table = TableRecord {
                state,
                ..table.clone()
            };
            control.save_table(&table).await.expect("it is the owner");
            assert_eq!(control.tables().await.expect("the target answers"), [table]);
        }
        control.acknowledge(Lsn(9)).await.expect("it is the owner");
        control.acknowledge(Lsn(8)).await.expect("it is the owner");
        control
            .set_checkpoint(Lsn(5))
            .await
            .expect("it is the owner");
        let (checkpoint, acknowledged) = control.checkpoint().await.expect("the target answers");
        assert_eq!((checkpoint.end_lsn, acknowledged), (Lsn(5), Lsn(9)));
        control
            .forget_table(&table.source)
            .await
            .expect("it is the owner");
        assert!(
            control
                .tables()
                .await
                .expect("the target answers")
                .is_empty()
        );
        control.reset().await.expect("it is the owner");
        assert_eq!(control.task().await.expect("the target answers"), None);
        let (checkpoint, acknowledged) = control.checkpoint().await.expect("the target answers");
        assert_eq!(
            (checkpoint, acknowledged),
            (Checkpoint::default(), Lsn::ZERO)
        );
        control.check().await.expect("it still is the owner");
    });
}
