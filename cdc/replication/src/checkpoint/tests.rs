use expect_test::{Expect, expect};

use super::*;

fn task() -> TaskPosition {
    TaskPosition {
        system_identifier: "7001".to_owned(),
        timeline: 3,
        checkpoint: Checkpoint {
            end_lsn: Lsn(1000),
            commit_time: PgTimestamp(0),
        },
        acknowledged: Lsn(1200),
    }
}

fn source() -> SourceState {
    SourceState {
        system_identifier: "7001".to_owned(),
        timeline: 3,
        history: Vec::new(),
        wal_end: Lsn(2000),
        slot: Some(slot()),
    }
}

fn slot() -> SlotState {
    SlotState {
        plugin: "pgoutput".to_owned(),
        database: "shop".to_owned(),
        confirmed_flush: Lsn(900),
        wal_status: Some("reserved".to_owned()),
        invalidation: None,
        active_pid: None,
        unsynchronised: false,
    }
}

/// Changes what is as it should be, and compares the answer.
fn check(change: impl FnOnce(&mut SourceState), expected: &Expect) {
    let mut source = source();
    change(&mut source);
    let answer = match can_resume(&task(), &source, "s") {
        Ok(()) => "it can".to_owned(),
        Err(error) => error.to_string(),
    };
    expected.assert_eq(&answer);
}

fn check_slot(change: impl FnOnce(&mut SlotState), expected: &Expect) {
    check(
        |source| change(source.slot.as_mut().expect("there is one")),
        expected,
    );
}

#[test]
fn the_slot_must_have_what_follows() {
    check(|_| {}, &expect!["it can"]);
    check(
        |source| source.slot = None,
        &expect!["the replication slot s does not exist any more at the source"],
    );
    check_slot(|slot| slot.confirmed_flush = Lsn(1000), &expect!["it can"]);
    check_slot(|slot| slot.confirmed_flush = Lsn(1200), &expect!["it can"]);
    check_slot(
        |slot| slot.confirmed_flush = Lsn(1201),
        &expect![
            "the replication slot s was confirmed up to 0/4B1, and this task only has applied up to 0/4B0: what is between is lost"
        ],
    );
    check_slot(
        |slot| slot.wal_status = Some("unreserved".to_owned()),
        &expect!["it can"],
    );
    check_slot(
        |slot| slot.wal_status = Some("lost".to_owned()),
        &expect![
            "the replication slot s can't be used any more: the source has removed WAL that it needs, as max_slot_wal_keep_size says"
        ],
    );
    check_slot(
        |slot| slot.invalidation = Some("idle_timeout".to_owned()),
        &expect![
            "the replication slot s can't be used any more: the source has invalidated it (idle_timeout)"
        ],
    );
    check_slot(
        |slot| slot.plugin = "test_decoding".to_owned(),
        &expect![
            "the replication slot s can't be used any more: its output plugin is test_decoding, and must be pgoutput"
        ],
    );
    check_slot(
        |slot| slot.unsynchronised = true,
        &expect![
            "the replication slot s can't be used any more: it is a standby's copy that was not in step with the primary yet"
        ],
    );
}

#[test]
fn the_source_must_be_the_same_and_have_all_that_was_applied() {
    check(
        |source| source.system_identifier = "8".to_owned(),
        &expect!["the source is another cluster (system identifier 8, was 7001)"],
    );
    check(|source| source.wal_end = Lsn(1000), &expect!["it can"]);
    check(
        |source| source.wal_end = Lsn(999),
        &expect![
            "the source's WAL ends at 0/3E7, before 0/3E8, which was applied already: it lost transactions that the target has"
        ],
    );
}

#[test]
fn a_failover_is_no_trouble_if_nothing_was_lost() {
    let failover = |history: &[(u32, u64)]| {
        let history: Vec<_> = history.iter().map(|(id, end)| (*id, Lsn(*end))).collect();
        move |source: &mut SourceState| {
            source.timeline = 5;
            source.history = history;
        }
    };
    check(failover(&[]), &expect!["it can"]);
    check(
        failover(&[(1, 10), (2, 20), (3, 1000), (4, 1500)]),
        &expect!["it can"],
    );
    check(
        failover(&[(1, 10), (2, 20), (3, 900), (4, 1500)]),
        &expect![
            "the source's WAL ends at 0/384, before 0/3E8, which was applied already: it lost transactions that the target has"
        ],
    );
    check(
        |source| source.timeline = 2,
        &expect![
            "the source is on timeline 2, and the task followed timeline 3: the source was restored to an earlier time"
        ],
    );
}
