//! What the changes of keys come to.

use expect_test::expect;

use crate::model::{FULL, Kind, PLAIN};
use crate::tell::check;

#[test]
fn one_change_is_left_for_each_key() {
    check(
        &[PLAIN],
        "insert 0 1 a b u
         insert 0 2 a b u
         insert 0 3 a b u
         update 0 1 aa b u
         update 0 1 aaa ? u
         delete 0 key 2 ~ ~ ~
         update 0 5 a b u
         update 0 5 aa ? u
         update 0 6 aa ? u
         update 0 7 aa b u
         delete 0 key 7 ~ ~ ~
         delete 0 key 8 ~ ~ ~
         insert 0 8 a b u
         update 0 8 a bb ?
         delete 0 key 9 ~ ~ ~
         insert 0 9 a b u
         delete 0 key 9 ~ ~ ~",
        expect![[r#"
            rows
              t0: 5 inserts, 7 updates, 5 deletes
                delete (new 7 aa b u)
                delete (old 8 ~ ~ ~)
                delete (old 9 ~ ~ ~)
                update (new 5 a b u) set a = aa, b = b, u = u
                update (new 6 aa ? u) set a = aa, u = u
                insert 1 aaa b u
                insert 3 a b u
                insert 8 a bb u
        "#]],
    );
}

#[test]
fn updates_are_grouped_by_what_they_set() {
    check(
        &[PLAIN],
        "update 0 1 a ? u
         update 0 2 a b u
         update 0 3 a ? u
         update 0 4 ? ? ?
         update 0 5 a b u",
        expect![[r#"
            rows
              t0: 0 inserts, 5 updates, 0 deletes
                update (new 1 a ? u) set a = a, u = u
                update (new 3 a ? u) set a = a, u = u
                update (new 2 a b u) set a = a, b = b, u = u
                update (new 5 a b u) set a = a, b = b, u = u
        "#]],
    );
}

#[test]
fn keys_that_change() {
    check(
        &[PLAIN],
        "update 0 key 1 ~ ~ ~ -> 2 a b u
         update 0 3 a b u
         update 0 key 3 ~ ~ ~ -> 4 a ? u
         insert 0 5 a b u
         update 0 key 5 ~ ~ ~ -> 6 a ? ?
         update 0 key 6 ~ ~ ~ -> 5 ? ? ?",
        expect![[r#"
            rows
              t0: 1 inserts, 5 updates, 0 deletes
                delete (old 1 ~ ~ ~)
                delete (new 3 a b u)
                insert 2 a b u
                insert 4 a b u
                insert 5 a b u
        "#]],
    );
    // A circle.
    check(
        &[PLAIN],
        "update 0 key 1 ~ ~ ~ -> 0 a b one
         update 0 key 2 ~ ~ ~ -> 1 a b two
         update 0 key 0 ~ ~ ~ -> 2 a b one",
        expect![[r#"
            rows
              t0: 0 inserts, 3 updates, 0 deletes
                delete (old 1 ~ ~ ~)
                delete (old 2 ~ ~ ~)
                insert 1 a b two
                insert 2 a b one
        "#]],
    );
    // A value that is not known is only at the target; what follows starts anew.
    check(
        &[PLAIN],
        "update 0 1 a b u
         update 0 key 2 ~ ~ ~ -> 3 a ? u
         update 0 key 4 ~ ~ ~ -> 5 a ? u
         update 0 3 aa b u",
        expect![[r#"
            rows
              t0: 0 inserts, 1 updates, 0 deletes
                update (new 1 a b u) set a = a, b = b, u = u
            rows
              t0: 0 inserts, 2 updates, 0 deletes
                in order: UpdateKey 2 ~ ~ ~ -> 3 a ? u
                in order: UpdateKey 4 ~ ~ ~ -> 5 a ? u
            rows
              t0: 0 inserts, 1 updates, 0 deletes
                update (new 3 aa b u) set a = aa, b = b, u = u
        "#]],
    );
    // With the whole old row it is known.
    check(
        &[FULL],
        "update 0 row 2 a b u -> 3 a ? u
         update 0 row 3 a b u -> 3 aa ? u",
        expect![[r#"
            rows
              t0: 0 inserts, 2 updates, 0 deletes
                delete (old 2 a b u)
                insert 3 aa b u
        "#]],
    );
    // A key that was left out is the old one's.
    check(
        &[PLAIN],
        "update 0 key 1 ~ ~ ~ -> ? a b u
         update 0 ? a b u",
        expect![[r#"
            rows
              t0: 0 inserts, 1 updates, 0 deletes
                update (old 1 ~ ~ ~) set a = a, b = b, u = u
            rows
              t0: 0 inserts, 1 updates, 0 deletes
                in order: Update ? a b u
        "#]],
    );
}

#[test]
fn a_target_with_columns_of_its_own_keeps_them() {
    let own = Kind {
        own_column: true,
        ..PLAIN
    };
    check(
        &[own],
        "update 0 1 a b u
         update 0 key 2 ~ ~ ~ -> 3 a b u
         insert 0 4 a b u
         update 0 key 4 ~ ~ ~ -> 5 a b u",
        expect![[r#"
            rows
              t0: 0 inserts, 1 updates, 0 deletes
                update (new 1 a b u) set a = a, b = b, u = u
            rows
              t0: 0 inserts, 1 updates, 0 deletes
                in order: UpdateKey 2 ~ ~ ~ -> 3 a b u
            rows
              t0: 1 inserts, 1 updates, 0 deletes
                insert 5 a b u
        "#]],
    );
}

#[test]
fn further_unique_indexes() {
    let unique = Kind {
        unique: true,
        ..PLAIN
    };
    check(
        &[unique],
        "update 0 1 a b x
         update 0 2 a b u
         update 0 1 a b v",
        expect![[r#"
            rows
              t0: 0 inserts, 3 updates, 0 deletes
                delete (new 1 a b x)
                delete (new 2 a b u)
                insert 1 a b v
                insert 2 a b u
        "#]],
    );
    check(
        &[unique],
        "update 0 1 a b x",
        expect![[r#"
        rows
          t0: 0 inserts, 1 updates, 0 deletes
            update (new 1 a b x) set a = a, b = b, u = x
    "#]],
    );
    check(
        &[unique],
        "update 0 1 a b x
         update 0 2 a ? u
         update 0 3 a b v
         insert 0 4 a b w",
        expect![[r#"
            rows
              t0: 0 inserts, 1 updates, 0 deletes
                update (new 1 a b x) set a = a, b = b, u = x
            rows
              t0: 0 inserts, 1 updates, 0 deletes
                in order: Update 2 a ? u
            rows
              t0: 1 inserts, 1 updates, 0 deletes
                update (new 3 a b v) set a = a, b = b, u = v
                insert 4 a b w
        "#]],
    );
}

#[test]
fn deferred_constraints_of_the_source() {
    // Two rows have the key 2 for a moment, and the old row says which is meant.
    check(
        &[FULL],
        "update 0 row 1 a b one -> 2 a b one
         update 0 row 2 a b two -> 1 a b two",
        expect![[r#"
            rows
              t0: 0 inserts, 2 updates, 0 deletes
                delete (old 1 a b one)
                delete (new 2 a b one)
                insert 1 a b two
                insert 2 a b one
        "#]],
    );
    check(
        &[FULL],
        "insert 0 2 a b new
         delete 0 row 2 a b old",
        expect![[r#"
            rows
              t0: 1 inserts, 0 updates, 1 deletes
                delete (new 2 a b new)
                insert 2 a b new
        "#]],
    );
    check(
        &[FULL],
        "insert 0 2 a b new
         update 0 row 2 a b old -> 2 aa b old
         delete 0 row 2 aa b old",
        expect![[r#"
            rows
              t0: 1 inserts, 0 updates, 0 deletes
                insert 2 a b new
            rows
              t0: 0 inserts, 1 updates, 0 deletes
                in order: UpdateFull 2 a b old -> 2 aa b old
            rows
              t0: 0 inserts, 0 updates, 1 deletes
                delete (old 2 aa b old)
        "#]],
    );
}

#[test]
fn what_cannot_be_is_left_to_the_target() {
    check(
        &[PLAIN],
        "insert 0 1 a b u
         insert 0 1 a b v",
        expect![[r#"
            rows
              t0: 2 inserts, 0 updates, 0 deletes
                insert 1 a b u
                insert 1 a b v
        "#]],
    );
    check(
        &[PLAIN],
        "update 0 1 a b u
         insert 0 1 a b v
         delete 0 key 1 ~ ~ ~
         delete 0 key 1 ~ ~ ~
         update 0 1 a b w
         delete 0 key 2 ~ ~ ~
         update 0 2 a b w
         update 0 key 3 ~ ~ ~ -> 1 a b u",
        expect![[r#"
            rows
              t0: 0 inserts, 1 updates, 0 deletes
                update (new 1 a b u) set a = a, b = b, u = u
            rows
              t0: 1 inserts, 0 updates, 0 deletes
                in order: Insert 1 a b v
            rows
              t0: 0 inserts, 0 updates, 1 deletes
                delete (old 1 ~ ~ ~)
            rows
              t0: 0 inserts, 0 updates, 1 deletes
                in order: DeleteKey 1 ~ ~ ~
            rows
              t0: 0 inserts, 1 updates, 1 deletes
                delete (old 2 ~ ~ ~)
                update (new 1 a b w) set a = a, b = b, u = w
            rows
              t0: 0 inserts, 1 updates, 0 deletes
                in order: Update 2 a b w
            rows
              t0: 0 inserts, 1 updates, 0 deletes
                delete (old 3 ~ ~ ~)
                insert 1 a b u
        "#]],
    );
}
