//! Transactions in progress.

use expect_test::expect;

use crate::check;

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
