//! Transactions that are told as a whole, and positions.

use expect_test::expect;

use crate::check;

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
