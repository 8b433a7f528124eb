//! Bytes as the documentation describes them, and what they are read as.

#![allow(clippy::unwrap_used, reason = "a test that panics says so")]

use expect_test::{Expect, expect};
use pgoutput::decode::Place;
use pgoutput::envelope::{Envelope, StatusUpdate};
use pgoutput::message::{Message, OldTuple};
use pgoutput::{Lsn, PgTimestamp, Tuple, Value};

/// Writes bytes: a quoted word is text with its zero byte, `'x` one character, `i16:`, `i32:` and `i64:` numbers, `=word` text as it is.
fn bytes(notation: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for word in notation.split_whitespace() {
        if let Some(character) = word.strip_prefix('\'') {
            bytes.extend(character.as_bytes());
        } else if let Some(text) = word.strip_prefix('=') {
            bytes.extend(text.as_bytes());
        } else if let Some(text) = word.strip_prefix('"') {
            bytes.extend(text.trim_end_matches('"').as_bytes());
            bytes.push(0);
        } else if let Some(number) = word.strip_prefix("i16:") {
            bytes.extend(number.parse::<i16>().unwrap().to_be_bytes());
        } else if let Some(number) = word.strip_prefix("i32:") {
            bytes.extend(number.parse::<i32>().unwrap().to_be_bytes());
        } else if let Some(number) = word.strip_prefix("i64:") {
            bytes.extend(number.parse::<i64>().unwrap().to_be_bytes());
        } else {
            bytes.push(word.parse().unwrap());
        }
    }
    bytes
}

fn row(tuple: Tuple<'_>) -> String {
    let values: Vec<String> = tuple
        .values()
        .map(|value| match value {
            Value::Null => "null".to_owned(),
            Value::Unchanged => "unchanged".to_owned(),
            Value::Text(text) => format!("{:?}", String::from_utf8_lossy(text)),
            Value::Binary(bytes) => format!("{bytes:?}"),
        })
        .collect();
    format!("({})", values.join(", "))
}

fn old_row(old: &OldTuple<'_>) -> String {
    match old {
        OldTuple::Key(tuple) => format!("key {}", row(*tuple)),
        OldTuple::Full(tuple) => format!("row {}", row(*tuple)),
    }
}

fn told(body: &[u8], place: Place) -> String {
    let message = match Message::decode(body, place) {
        Ok(message) => message,
        Err(error) => return error.to_string(),
    };
    match message {
        Message::Insert { xid, relation, new } => format!("Insert {xid:?} {relation} {}", row(new)),
        Message::Update {
            xid,
            relation,
            old,
            new,
        } => {
            let old = old.as_ref().map(old_row);
            format!("Update {xid:?} {relation} {old:?} -> {}", row(new))
        }
        Message::Delete { xid, relation, old } => {
            format!("Delete {xid:?} {relation} {}", old_row(&old))
        }
        Message::Relation(body) => {
            let columns: Vec<String> = body
                .columns()
                .map(|column| {
                    let key = if column.key { " key" } else { "" };
                    format!(
                        "{} {}({}){key}",
                        column.name, column.type_id, column.type_modifier
                    )
                })
                .collect();
            format!(
                "Relation {:?} {} {}.{} {:?} [{}]",
                body.xid,
                body.id,
                body.namespace,
                body.name,
                body.identity,
                columns.join(", ")
            )
        }
        Message::Truncate(truncate) => format!(
            "Truncate {:?} {:?} cascade {} restart {}",
            truncate.xid,
            truncate.relations().collect::<Vec<_>>(),
            truncate.cascade,
            truncate.restart_identity
        ),
        other => format!("{other:?}"),
    }
}

fn check(notation: &str, place: Place, expected: Expect) {
    expected.assert_eq(&told(&bytes(notation), place));
}

#[test]
fn transactions() {
    check(
        "'B i64:16 i64:-1 i32:7",
        Place::Whole,
        expect!["Begin(Begin { commit_lsn: Lsn(16), commit_time: PgTimestamp(-1), xid: 7 })"],
    );
    check(
        "'C 0 i64:16 i64:24 i64:5",
        Place::Whole,
        expect![
            "Commit(Commit { commit_lsn: Lsn(16), end_lsn: Lsn(24), commit_time: PgTimestamp(5) })"
        ],
    );
    check(
        "'C 1 i64:16 i64:24 i64:5",
        Place::Whole,
        expect!["malformed Commit message: it has flags that are not known"],
    );
    check(
        "'O i64:16 \"north\"",
        Place::Whole,
        expect![[r#"Origin { lsn: Lsn(16), name: "north" }"#]],
    );
}

#[test]
fn rows() {
    check(
        "'I i32:100 'N i16:4 'n 'u 't i32:2 =ab 'b i32:2 1 2",
        Place::Whole,
        expect![[r#"Insert None 100 (null, unchanged, "ab", [1, 2])"#]],
    );
    check(
        "'I i32:9 i32:100 'N i16:0",
        Place::Streamed,
        expect!["Insert Some(9) 100 ()"],
    );
    check(
        "'U i32:100 'N i16:1 'n",
        Place::Whole,
        expect!["Update None 100 None -> (null)"],
    );
    check(
        "'U i32:100 'K i16:1 't i32:1 =a 'N i16:1 't i32:1 =b",
        Place::Whole,
        expect![[r#"Update None 100 Some("key (\"a\")") -> ("b")"#]],
    );
    check(
        "'U i32:9 i32:100 'O i16:1 't i32:1 =a 'N i16:1 'u",
        Place::Streamed,
        expect![[r#"Update Some(9) 100 Some("row (\"a\")") -> (unchanged)"#]],
    );
    check(
        "'D i32:100 'K i16:1 't i32:0",
        Place::Whole,
        expect![[r#"Delete None 100 key ("")"#]],
    );
    check(
        "'D i32:9 i32:100 'O i16:2 'n 'n",
        Place::Streamed,
        expect!["Delete Some(9) 100 row (null, null)"],
    );
}

#[test]
fn rows_that_are_none() {
    check(
        "'I i32:100 'O i16:0",
        Place::Whole,
        expect!["malformed Insert message: its row is not marked as new"],
    );
    check(
        "'I i32:100 'N i16:1 'x",
        Place::Whole,
        expect!["malformed Insert message: its row is cut short or garbled"],
    );
    check(
        "'I i32:100 'N i16:1 't i32:-1",
        Place::Whole,
        expect!["malformed Insert message: its row is cut short or garbled"],
    );
    check(
        "'I i32:100 'N i16:1 't i32:3 =ab",
        Place::Whole,
        expect!["malformed Insert message: its row is cut short or garbled"],
    );
    check(
        "'D i32:100 'N i16:0",
        Place::Whole,
        expect!["malformed Delete message: its row is not marked as old"],
    );
    check(
        "'I i32:100 'N i16:0 0",
        Place::Whole,
        expect!["malformed Insert message: bytes follow its end"],
    );
    check(
        "'I i32:100",
        Place::Whole,
        expect!["malformed Insert message: it ends too early"],
    );
    check("'?", Place::Whole, expect!["message of unknown kind 0x3f"]);
    check(
        "",
        Place::Whole,
        expect!["malformed empty message: it ends too early"],
    );
}

#[test]
fn relations_and_types() {
    check(
        "'R i32:100 \"public\" \"Füße\" 'd i16:2 1 \"id\" i32:23 i32:-1 0 \"note\" i32:1043 i32:14",
        Place::Whole,
        expect!["Relation None 100 public.Füße Default [id 23(-1) key, note 1043(14)]"],
    );
    check(
        "'R i32:9 i32:100 \"\" \"pg_x\" 'f i16:0",
        Place::Streamed,
        expect!["Relation Some(9) 100 pg_catalog.pg_x Full []"],
    );
    check(
        "'R i32:100 \"s\" \"t\" 'n i16:0",
        Place::Whole,
        expect!["Relation None 100 s.t Nothing []"],
    );
    check(
        "'R i32:100 \"s\" \"t\" 'i i16:0",
        Place::Whole,
        expect!["Relation None 100 s.t Index []"],
    );
    check(
        "'R i32:100 \"s\" \"t\" 'x i16:0",
        Place::Whole,
        expect!["malformed Relation message: its replica identity is none of d, n, f and i"],
    );
    check(
        "'R i32:100 =s",
        Place::Whole,
        expect!["malformed Relation message: a name in it has no end"],
    );
    check(
        "'R i32:100 255 0",
        Place::Whole,
        expect!["malformed Relation message: a name in it is not UTF-8"],
    );
    check(
        "'Y i32:9 i32:200 \"\" \"mood\"",
        Place::Streamed,
        expect![[r#"Type { xid: Some(9), id: 200, namespace: "pg_catalog", name: "mood" }"#]],
    );
}

#[test]
fn truncate_and_logical_messages() {
    check(
        "'T i32:2 3 i32:100 i32:101",
        Place::Whole,
        expect!["Truncate None [100, 101] cascade true restart true"],
    );
    check(
        "'T i32:9 i32:1 0 i32:100",
        Place::Streamed,
        expect!["Truncate Some(9) [100] cascade false restart false"],
    );
    check(
        "'T i32:2 0 i32:100",
        Place::Whole,
        expect!["malformed Truncate message: it ends too early"],
    );
    check(
        "'M 1 i64:16 \"p\" i32:2 =hi",
        Place::Whole,
        expect![[
            r#"Logical { xid: None, transactional: true, lsn: Lsn(16), prefix: "p", content: [104, 105] }"#
        ]],
    );
    check(
        "'M i32:9 0 i64:16 \"p\" i32:0",
        Place::Streamed,
        expect![[
            r#"Logical { xid: Some(9), transactional: false, lsn: Lsn(16), prefix: "p", content: [] }"#
        ]],
    );
}

#[test]
fn streamed_transactions() {
    check(
        "'S i32:9 1",
        Place::Whole,
        expect!["StreamStart { xid: 9, first: true }"],
    );
    check("'E", Place::Streamed, expect!["StreamStop"]);
    check(
        "'c i32:9 0 i64:16 i64:24 i64:5",
        Place::Whole,
        expect![
            "StreamCommit { xid: 9, commit: Commit { commit_lsn: Lsn(16), end_lsn: Lsn(24), commit_time: PgTimestamp(5) } }"
        ],
    );
    check(
        "'A i32:9 i32:10",
        Place::Whole,
        expect!["StreamAbort { xid: 9, subxid: 10, abort: None }"],
    );
    check(
        "'A i32:9 i32:10 i64:16 i64:5",
        Place::Whole,
        expect!["StreamAbort { xid: 9, subxid: 10, abort: Some((Lsn(16), PgTimestamp(5))) }"],
    );
    check(
        "'A i32:9 i32:10 i64:16",
        Place::Whole,
        expect!["malformed StreamAbort message: it ends too early"],
    );
}

#[test]
fn prepared_transactions() {
    check(
        "'b i64:16 i64:24 i64:5 i32:9 \"g\"",
        Place::Whole,
        expect![[
            r#"BeginPrepare(Prepared { prepare_lsn: Lsn(16), end_lsn: Lsn(24), prepare_time: PgTimestamp(5), xid: 9, gid: "g" })"#
        ]],
    );
    check(
        "'P 0 i64:16 i64:24 i64:5 i32:9 \"g\"",
        Place::Whole,
        expect![[
            r#"Prepare(Prepared { prepare_lsn: Lsn(16), end_lsn: Lsn(24), prepare_time: PgTimestamp(5), xid: 9, gid: "g" })"#
        ]],
    );
    check(
        "'K 0 i64:16 i64:24 i64:5 i32:9 \"g\"",
        Place::Whole,
        expect![[
            r#"CommitPrepared { commit: Commit { commit_lsn: Lsn(16), end_lsn: Lsn(24), commit_time: PgTimestamp(5) }, xid: 9, gid: "g" }"#
        ]],
    );
    check(
        "'r 0 i64:24 i64:40 i64:5 i64:6 i32:9 \"g\"",
        Place::Whole,
        expect![[
            r#"RollbackPrepared { prepare_end_lsn: Lsn(24), end_lsn: Lsn(40), prepare_time: PgTimestamp(5), rollback_time: PgTimestamp(6), xid: 9, gid: "g" }"#
        ]],
    );
    check(
        "'p 0 i64:16 i64:24 i64:5 i32:9 \"g\"",
        Place::Whole,
        expect![[
            r#"StreamPrepare(Prepared { prepare_lsn: Lsn(16), end_lsn: Lsn(24), prepare_time: PgTimestamp(5), xid: 9, gid: "g" })"#
        ]],
    );
}

#[test]
fn envelopes() {
    assert_eq!(
        Envelope::decode(&bytes("'w i64:16 i64:24 i64:5 =body")),
        Ok(Envelope::Data {
            start: Lsn(16),
            end: Lsn(24),
            sent: PgTimestamp(5),
            body: b"body",
        })
    );
    assert_eq!(
        Envelope::decode(&bytes("'k i64:24 i64:5 1")),
        Ok(Envelope::Keepalive {
            end: Lsn(24),
            sent: PgTimestamp(5),
            reply_requested: true,
        })
    );
    let status = StatusUpdate {
        written: Lsn(24),
        flushed: Lsn(16),
        applied: Lsn(17),
        sent: PgTimestamp(5),
        reply_requested: false,
    };
    assert_eq!(
        status.encode().as_slice(),
        bytes("'r i64:24 i64:16 i64:17 i64:5 0")
    );
    for (notation, expected) in [
        ("'w i64:16", "malformed XLogData message: it ends too early"),
        (
            "'k i64:24 i64:5",
            "malformed keepalive message: it ends too early",
        ),
        (
            "'k i64:24 i64:5 0 0",
            "malformed keepalive message: bytes follow its end",
        ),
        ("'z", "message of unknown kind 0x7a"),
        ("", "malformed empty message: it ends too early"),
    ] {
        let error = Envelope::decode(&bytes(notation)).unwrap_err();
        assert_eq!(error.to_string(), expected, "{notation}");
    }
}
