//! Streams in a small notation, and what is delivered.
//!
//! One message a line; a row is its values, `~` is null and `?` unchanged. `take` asks for all that is ready, `frame` begins another
//! frame, `set piece 100` and `set checkpoint 100` come first. A commit at 100 ends at 108.

#![allow(clippy::unwrap_used, reason = "a test that panics says so")]

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use pgoutput::{Lsn, Tuple, Value};
use replication::assembler::{Assembler, Settings};
use replication::piece::{Barrier, Change, ChangeKind, Delivery, Piece, TransactionEnd};

mod support;

use support::Writer;
use support::notation::write;

fn check(notation: &str, expected: Expect) {
    expected.assert_eq(&run(notation));
}

fn run(notation: &str) -> String {
    let mut settings = Settings {
        checkpoint: Lsn(0),
        piece_bytes: 1 << 20,
        message_prefixes: vec!["kept".to_owned()],
    };
    let mut assembler = None;
    let mut writer = Writer::default();
    let mut told = String::new();
    for line in notation
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
    {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["set", "piece", bytes] => settings.piece_bytes = bytes.parse().unwrap(),
            ["set", "checkpoint", lsn] => settings.checkpoint = Lsn(lsn.parse().unwrap()),
            ["take" | "frame"] => {
                let assembler = assembler.get_or_insert_with(|| Assembler::new(settings.clone()));
                let xid = writer.xid;
                if let Err(error) = assembler.read(std::mem::take(&mut writer).frame()) {
                    writeln!(told, "{error}").unwrap();
                    return told;
                }
                writer.xid = xid;
                if line == "take" {
                    take(assembler, &mut told);
                }
            }
            _ => write(&words, &mut writer),
        }
    }
    told
}

fn take(assembler: &mut Assembler, told: &mut String) {
    loop {
        let ready = assembler.is_ready();
        let delivery = assembler.take();
        assert_eq!(ready, delivery.is_some());
        match delivery {
            None => return,
            Some(delivery) => tell(&delivery, told),
        }
    }
}

fn tell(delivery: &Delivery, told: &mut String) {
    match delivery {
        Delivery::Piece(piece) => {
            let open = if piece.is_open() { " open" } else { "" };
            writeln!(told, "piece{open}").unwrap();
            tell_piece(piece, told);
        }
        Delivery::Streamed { xid, piece } => {
            writeln!(told, "streamed {xid}").unwrap();
            tell_piece(piece, told);
        }
        Delivery::StreamedAbort { xid, subxid } => {
            writeln!(told, "streamed abort {xid} {subxid}").unwrap();
        }
        Delivery::StreamedCommit { end } => {
            writeln!(told, "streamed commit {}", end_text(end)).unwrap();
        }
        Delivery::Prepared { gid, streamed, end } => {
            let how = if *streamed { " streamed" } else { "" };
            writeln!(told, "prepared {gid}{how} {}", end_text(end)).unwrap();
        }
        Delivery::PreparedEnd {
            gid,
            committed,
            end,
        } => {
            let how = if *committed {
                "committed"
            } else {
                "rolled back"
            };
            writeln!(told, "prepared {gid} {how} {}", end_text(end)).unwrap();
        }
        Delivery::Position { lsn, .. } => writeln!(told, "position {}", lsn.0).unwrap(),
    }
}

fn tell_piece(piece: &Piece, told: &mut String) {
    let mut ends = piece.ends.iter().peekable();
    let mut runs = piece.subtransactions.iter().peekable();
    for index in 0..=piece.changes.len() {
        while let Some(end) = ends.next_if(|end| end.changes as usize == index) {
            writeln!(told, "  end {}", end_text(end)).unwrap();
        }
        let Some(change) = piece.changes.get(index) else {
            break;
        };
        runs.next_if(|run| run.changes as usize == index);
        let run = runs
            .peek()
            .map_or(String::new(), |run| format!("{}: ", run.xid));
        writeln!(told, "  {run}{}", change_text(piece, change)).unwrap();
    }
    assert_eq!(ends.next(), None);
}

fn end_text(end: &TransactionEnd) -> String {
    format!("{} at {}-{}", end.xid, end.commit_lsn.0, end.end_lsn.0)
}

fn change_text(piece: &Piece, change: &Change) -> String {
    if change.kind == ChangeKind::Barrier {
        return barrier_text(piece, &piece.barriers[change.relation as usize]);
    }
    let table = &piece.relation(change).name.table;
    let old = piece.old(change).map(row_text);
    let new = piece.new(change).map(row_text);
    match (old, new) {
        (None, Some(new)) => format!("{table} {:?} {new}", change.kind),
        (Some(old), None) => format!("{table} {:?} {old}", change.kind),
        (Some(old), Some(new)) => format!("{table} {:?} {old} -> {new}", change.kind),
        (None, None) => panic!("a row's change without a row"),
    }
}

fn barrier_text(piece: &Piece, barrier: &Barrier) -> String {
    let columns = |relation: &replication::relation::Relation| {
        let names: Vec<&str> = relation
            .columns
            .iter()
            .map(|column| column.name.as_str())
            .collect();
        format!("{}({})", relation.name, names.join(", "))
    };
    match barrier {
        Barrier::Truncate {
            relations,
            cascade,
            restart_identity,
        } => {
            let names: Vec<String> = relations
                .iter()
                .map(|&index| piece.relations[index as usize].name.to_string())
                .collect();
            format!("truncate {names:?} cascade {cascade} restart {restart_identity}")
        }
        Barrier::Relation { before, after } => {
            let after = &piece.relations[*after as usize];
            format!("relation {} -> {}", columns(before), columns(after))
        }
        Barrier::Message { prefix, content } => format!("message {prefix} {content:?}"),
    }
}

fn row_text(tuple: Tuple<'_>) -> String {
    let values: Vec<String> = tuple
        .values()
        .map(|value| match value {
            Value::Null => "~".to_owned(),
            Value::Unchanged => "?".to_owned(),
            Value::Text(text) | Value::Binary(text) => String::from_utf8_lossy(text).into_owned(),
        })
        .collect();
    format!("({})", values.join(" "))
}

#[test]
fn whole_transactions_come_together() {
    check(
        "begin 7 100
         relation 1 t d id* note
         insert 1 1 one
         update 1 1 two
         update 1 key 1 ~ -> 2 ?
         update 1 row 1 two -> 2 ~
         commit 100
         begin 8 110
         delete 1 key 2 ~
         delete 1 row 2 two
         commit 110
         begin 9 120
         insert 1 9 nine
         take
         insert 1 10 ten
         commit 120
         take
         take",
        expect![[r#"
            piece
              t Insert (1 one)
              t Update (1 two)
              t UpdateKey (1 ~) -> (2 ?)
              t UpdateFull (1 two) -> (2 ~)
              end 7 at 100-108
              t DeleteKey (2 ~)
              t DeleteFull (2 two)
              end 8 at 110-118
            piece
              t Insert (9 nine)
              t Insert (10 ten)
              end 9 at 120-128
        "#]],
    );
}

#[test]
fn a_transaction_that_is_too_large_comes_in_parts() {
    check(
        "set piece 100
         begin 7 100
         relation 1 t d id* note
         insert 1 1 one
         commit 100
         begin 8 110
         insert 1 2 two
         insert 1 3 three
         insert 1 4 four
         take
         insert 1 5 five
         commit 110
         begin 9 120
         insert 1 6 six
         commit 120
         take
         begin 10 130
         insert 1 7 seven
         insert 1 8 eight
         commit 130
         take",
        expect![[r#"
            piece
              t Insert (1 one)
              end 7 at 100-108
            piece open
              t Insert (2 two)
              t Insert (3 three)
            piece open
              t Insert (4 four)
              t Insert (5 five)
            piece
              end 8 at 110-118
              t Insert (6 six)
              end 9 at 120-128
            piece open
              t Insert (7 seven)
              t Insert (8 eight)
            piece
              end 10 at 130-138
        "#]],
    );
}

#[test]
fn what_was_applied_is_dropped() {
    check(
        "set checkpoint 108
         begin 7 100
         relation 1 t d id* note
         insert 1 1 one
         commit 100
         take
         begin 8 108
         insert 1 2 two
         commit 108
         stream 9
         relation 1 t d id* note
         insert 1 3 three
         stop
         stream-commit 9 100
         commit-prepared 10 100 g
         take",
        expect![[r#"
            piece
              t Insert (2 two)
              end 8 at 108-116
            streamed 9
              9: t Insert (3 three)
            streamed abort 9 9
        "#]],
    );
    check(
        "set checkpoint 105
         begin 7 100
         commit 100
         take",
        expect![[r#"
            the replication stream broke its protocol at 0/69: a commit from 0/64 to 0/6C, and the checkpoint 0/69 is within it
        "#]],
    );
}

#[test]
fn positions_coalesce_and_wait_for_what_is_before_them() {
    check(
        "keepalive 90
         begin 7 100
         commit 100
         begin 8 110
         message dropped x
         message-at-once kept x
         commit 110
         take
         begin 9 120
         relation 1 t d id* note
         insert 1 1 one
         commit 120
         keepalive 128
         take
         begin 10 130
         insert 1 2 two
         commit 130
         keepalive 150
         keepalive 140
         begin 11 160
         insert 1 3 three
         keepalive 155
         take
         commit 160
         take
         keepalive 100
         take",
        expect![[r#"
            position 118
            piece
              t Insert (1 one)
              end 9 at 120-128
            piece
              t Insert (2 two)
              end 10 at 130-138
            position 150
            piece
              t Insert (3 three)
              end 11 at 160-168
        "#]],
    );
}

#[test]
fn a_position_comes_before_the_first_part_of_what_follows_it() {
    check(
        "set piece 100
         begin 7 100
         relation 1 t d id* note
         insert 1 1 one
         commit 100
         keepalive 120
         begin 8 130
         insert 1 2 two
         insert 1 3 three
         keepalive 125
         insert 1 4 four
         take
         commit 130
         take",
        expect![[r#"
            piece
              t Insert (1 one)
              end 7 at 100-108
            position 120
            piece open
              t Insert (2 two)
              t Insert (3 three)
            piece
              t Insert (4 four)
              end 8 at 130-138
        "#]],
    );
}

#[test]
fn a_relation_that_looks_different_is_a_barrier() {
    check(
        "begin 7 100
         relation 1 t d id* note
         insert 1 1 one
         relation 1 t d id* note
         insert 1 2 two
         relation 1 t d id* note extra
         relation 2 u d id*
         insert 2 1
         insert 1 3 three 3
         commit 100
         begin 8 110
         relation 1 t d id*
         relation 1 t d id* other
         insert 1 4 4
         commit 110
         take
         begin 9 120
         insert 1 5 5
         relation 1 t d id*
         relation 1 t d id* other
         insert 1 6 6
         commit 120
         take",
        expect![[r#"
            piece
              t Insert (1 one)
              t Insert (2 two)
              u Insert (1)
              relation public.t(id, note) -> public.t(id, note, extra)
              t Insert (3 three 3)
              end 7 at 100-108
              relation public.t(id, note, extra) -> public.t(id, other)
              t Insert (4 4)
              end 8 at 110-118
            piece
              t Insert (5 5)
              t Insert (6 6)
              end 9 at 120-128
        "#]],
    );
}

#[test]
fn a_relation_that_changed_in_what_is_dropped_is_none() {
    check(
        "set checkpoint 118
         begin 7 100
         relation 1 t d id* note
         insert 1 1 one
         commit 100
         begin 8 110
         relation 1 t d id*
         insert 1 2
         commit 110
         begin 9 120
         insert 1 3
         relation 1 t d id* note
         insert 1 4 four
         commit 120
         take",
        expect![[r#"
            piece
              t Insert (3)
              relation public.t(id) -> public.t(id, note)
              t Insert (4 four)
              end 9 at 120-128
        "#]],
    );
}

#[test]
fn truncates_and_messages_keep_their_place() {
    check(
        "begin 7 100
         origin
         relation 1 t d id* note
         insert 1 1 one
         relation 2 u d id*
         truncate 3 1 2
         message kept ddl
         message other ddl
         insert 1 2 two
         commit 100
         begin 8 110
         message kept again
         commit 110
         take",
        expect![[r#"
            piece
              t Insert (1 one)
              truncate ["public.t", "public.u"] cascade true restart true
              message kept b"ddl"
              t Insert (2 two)
              end 7 at 100-108
              message kept b"again"
              end 8 at 110-118
        "#]],
    );
}

#[test]
fn the_unfinished_keeps_what_it_names() {
    check(
        "begin 7 100
         relation 1 t d id* note
         relation 2 u d id*
         insert 1 1 one
         message kept first
         frame
         commit 100
         begin 8 110
         insert 2 2
         frame
         message kept second
         truncate 0 2
         relation 2 u d id* more
         insert 2 3 more
         take
         insert 1 4 four
         insert 2 5 five
         commit 110
         take",
        expect![[r#"
            piece
              t Insert (1 one)
              message kept b"first"
              end 7 at 100-108
            piece
              u Insert (2)
              message kept b"second"
              truncate ["public.u"] cascade false restart false
              relation public.u(id) -> public.u(id, more)
              u Insert (3 more)
              t Insert (4 four)
              u Insert (5 five)
              end 8 at 110-118
        "#]],
    );
    check(
        "begin 7 100
         relation 1 t d id* note
         insert 1 1 one
         commit 100
         begin 8 110
         truncate 0 1
         take
         insert 1 4 four
         commit 110
         take",
        expect![[r#"
            piece
              t Insert (1 one)
              end 7 at 100-108
            piece
              truncate ["public.t"] cascade false restart false
              t Insert (4 four)
              end 8 at 110-118
        "#]],
    );
}

#[test]
fn streamed_transactions() {
    check(
        "begin 7 100
         relation 1 t d id* note
         insert 1 1 one
         commit 100
         stream 9
         relation 1 t d id* note
         insert 1 2 two
         sub 10
         insert 1 3 three
         update 1 key 3 ~ -> 4 four
         sub 9
         delete 1 key 2 ~
         take
         stop
         stream 9
         insert 1 5 five
         stop
         take
         stream 11
         relation 1 t d id* note
         truncate 0 1
         message kept ddl
         stop
         begin 8 110
         insert 1 6 six
         commit 110
         stream-abort 9 10
         stream 9
         relation 1 t d id* note
         insert 1 7 seven
         stop
         stream-commit 9 120
         stream-abort 11 11
         take",
        expect![[r#"
            piece
              t Insert (1 one)
              end 7 at 100-108
            streamed 9
              9: t Insert (2 two)
              10: t Insert (3 three)
              10: t UpdateKey (3 ~) -> (4 four)
              9: t DeleteKey (2 ~)
              9: t Insert (5 five)
            streamed 11
              11: truncate ["public.t"] cascade false restart false
              11: message kept b"ddl"
            piece
              t Insert (6 six)
              end 8 at 110-118
            streamed abort 9 10
            streamed 9
              9: t Insert (7 seven)
            streamed commit 9 at 120-128
            streamed abort 11 11
        "#]],
    );
}

#[test]
fn a_large_streamed_part_is_cut() {
    check(
        "set piece 100
         stream 9
         relation 1 t d id* note
         insert 1 2 two
         insert 1 3 three
         insert 1 4 four
         take
         stop
         take
         stream-commit 9 120
         take",
        expect![[r#"
            streamed 9
              9: t Insert (2 two)
              9: t Insert (3 three)
            streamed 9
              9: t Insert (4 four)
            streamed commit 9 at 120-128
        "#]],
    );
}

#[test]
fn streamed_transactions_without_changes() {
    check(
        "stream 9
         stop
         stream 10
         stop
         stream-abort 9 9
         stream-commit 10 120
         take",
        expect![[r#"
            position 128
        "#]],
    );
}

#[test]
fn open_streamed_transactions_do_not_hold_a_position_back() {
    check(
        "stream 9
         relation 1 t d id* note
         insert 1 2 two
         keepalive 130
         take
         stop
         keepalive 140
         take",
        expect![[r#"
            position 130
            streamed 9
              9: t Insert (2 two)
            position 140
        "#]],
    );
}

#[test]
fn relations_of_a_streamed_transaction_are_its_own() {
    check(
        "begin 7 100
         relation 1 t d id* note
         insert 1 1 one
         commit 100
         stream 9
         relation 1 t d id* note
         insert 1 2 two
         sub 10
         relation 1 t d id* note more
         insert 1 3 three more
         stop
         begin 8 110
         insert 1 4 four
         commit 110
         stream-abort 9 10
         stream 9
         relation 1 t d id* note
         insert 1 5 five
         sub 11
         relation 1 t d id*
         insert 1 6
         stop
         stream-commit 9 120
         begin 12 130
         insert 1 7
         relation 1 t d id* note
         insert 1 8 eight
         commit 130
         take",
        expect![[r#"
            piece
              t Insert (1 one)
              end 7 at 100-108
            streamed 9
              9: t Insert (2 two)
              10: relation public.t(id, note) -> public.t(id, note, more)
              10: t Insert (3 three more)
            piece
              t Insert (4 four)
              end 8 at 110-118
            streamed abort 9 10
            streamed 9
              9: t Insert (5 five)
              11: relation public.t(id, note) -> public.t(id)
              11: t Insert (6)
            streamed commit 9 at 120-128
            piece
              t Insert (7)
              relation public.t(id) -> public.t(id, note)
              t Insert (8 eight)
              end 12 at 130-138
        "#]],
    );
}

#[test]
fn a_relation_told_later_outlives_a_streamed_one() {
    check(
        "stream 9
         relation 1 t d id* note
         insert 1 1 one
         stop
         begin 7 100
         relation 1 t d id*
         insert 1 2
         commit 100
         stream-commit 9 110
         begin 8 120
         insert 1 3
         commit 120
         take",
        expect![[r#"
            streamed 9
              9: t Insert (1 one)
            piece
              t Insert (2)
              end 7 at 100-108
            streamed commit 9 at 110-118
            piece
              t Insert (3)
              end 8 at 120-128
        "#]],
    );
}

#[test]
fn prepared_transactions() {
    check(
        "begin 7 100
         relation 1 t d id* note
         insert 1 1 one
         commit 100
         begin-prepare 8 110 first
         insert 1 2 two
         prepare 8 110 first
         begin-prepare 9 120 empty
         prepare 9 120 empty
         begin 10 130
         insert 1 3 three
         commit 130
         commit-prepared 8 140 first
         rollback-prepared 9 150 empty
         stream 11
         relation 1 t d id* note
         insert 1 4 four
         stop
         stream-prepare 11 160 third
         take",
        expect![[r#"
            piece
              t Insert (1 one)
              end 7 at 100-108
            piece open
              t Insert (2 two)
            prepared first 8 at 110-118
            prepared empty 9 at 120-128
            piece
              t Insert (3 three)
              end 10 at 130-138
            prepared first committed 8 at 140-148
            prepared empty rolled back 9 at 158-158
            streamed 11
              11: t Insert (4 four)
            prepared third streamed 11 at 160-168
        "#]],
    );
}

#[test]
fn a_stream_that_cannot_be() {
    for (notation, expected) in [
        (
            "commit 100",
            expect![[r#"
            the replication stream broke its protocol at 0/0: Commit outside of a transaction
        "#]],
        ),
        (
            "begin 7 100
          begin 8 110",
            expect![[r#"
                the replication stream broke its protocol at 0/0: Begin in the middle of a transaction
            "#]],
        ),
        (
            "begin 7 100
          commit 110",
            expect![[r#"
                the replication stream broke its protocol at 0/0: Commit of another transaction than the one that began
            "#]],
        ),
        (
            "begin 7 100
          insert 1 1",
            expect![[r#"
                the replication stream broke its protocol at 0/0: a change of table 1, which was not described
            "#]],
        ),
        (
            "begin 7 100
          relation 1 t d id* note
          insert 1 1",
            expect![[r#"
                the replication stream broke its protocol at 0/0: a row of 1 columns for table 1, which has 2
            "#]],
        ),
        (
            "begin 7 100
          relation 1 t d id* note
          update 1 key 1 -> 1 2",
            expect![[r#"
                the replication stream broke its protocol at 0/0: a row of 1 columns for table 1, which has 2
            "#]],
        ),
        (
            "relation 1 t d id*
          insert 1 1",
            expect![[r#"
                the replication stream broke its protocol at 0/0: a change outside of any transaction
            "#]],
        ),
        (
            "stop",
            expect![[r#"
            the replication stream broke its protocol at 0/0: StreamStop outside of a streamed part
        "#]],
        ),
        (
            "stream-commit 9 100",
            expect![[r#"
            the replication stream broke its protocol at 0/0: the end of streamed transaction 9, of which no part has come
        "#]],
        ),
        (
            "stream-prepare 9 100 g",
            expect![[r#"
            the replication stream broke its protocol at 0/0: the end of streamed transaction 9, of which no part has come
        "#]],
        ),
        (
            "begin-prepare 9 100 g
          commit 100",
            expect![[r#"
                the replication stream broke its protocol at 0/0: Commit of a transaction that is prepared
            "#]],
        ),
        (
            "begin 9 100
          prepare 9 100 g",
            expect![[r#"
                the replication stream broke its protocol at 0/0: Prepare outside of its transaction
            "#]],
        ),
        (
            "stream 9
          stream-commit 9 100",
            expect![[r#"
                the replication stream broke its protocol at 0/0: StreamCommit in the middle of a transaction
            "#]],
        ),
        (
            "keepalive 4096
          data Ix",
            expect![[r#"
                cannot read the replication stream at 0/1000: malformed Insert message: it ends too early
            "#]],
        ),
    ] {
        check(&format!("{notation}\n take"), expected);
    }
    let settings = Settings {
        checkpoint: Lsn(0),
        piece_bytes: 100,
        message_prefixes: Vec::new(),
    };
    for (frame, expected) in [
        (
            &b"x"[..],
            "the replication stream broke its protocol at 0/0: something else than a CopyData message",
        ),
        (
            &b"c\0\0\0\x04"[..],
            "the replication stream broke its protocol at 0/0: something else than a CopyData message",
        ),
        (
            &b"d\0\0\0\x09k"[..],
            "the replication stream broke its protocol at 0/0: a CopyData message that is cut short",
        ),
        (
            &b"d\0\0\0\x03"[..],
            "the replication stream broke its protocol at 0/0: a CopyData message that is cut short",
        ),
        (
            &b"d\0\0\0\x04"[..],
            "cannot read the replication stream at 0/0: malformed empty message: it ends too early",
        ),
    ] {
        let error = Assembler::new(settings.clone())
            .read(bytes::Bytes::copy_from_slice(frame))
            .unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}
