//! Prepared transactions, and streams that cannot be.

use expect_test::expect;
use pgoutput::Lsn;
use replication::assembler::{Assembler, Settings};

use crate::check;

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
