//! Relations that change, truncations and messages.

use expect_test::expect;

use crate::check;

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
