//! What is not netted, and what is apart from what.

use std::sync::Arc;

use expect_test::expect;
use pgoutput::message::ReplicaIdentity;
use replication::binding::Binding;
use replication::net::Mode;

use crate::model::{FULL, Kind, PLAIN, Source, bindings, piece};
use crate::support::notation::write;
use crate::tell::{check, check_mode, tell};

#[test]
fn tables_that_are_not_netted() {
    let keyless = Kind {
        primary: &[],
        ..FULL
    };
    check(
        &[keyless],
        "insert 0 1 a b u
         insert 0 1 a b u
         delete 0 row 1 a b u
         insert 0 1 a b u
         update 0 row 1 a b u -> 1 aa b u",
        expect![[r#"
            rows
              t0: 2 inserts, 0 updates, 0 deletes
                insert 1 a b u
                insert 1 a b u
            rows
              t0: 1 inserts, 1 updates, 1 deletes
                in order: DeleteFull 1 a b u
                in order: Insert 1 a b u
                in order: UpdateFull 1 a b u -> 1 aa b u
        "#]],
    );
    let nothing = Kind {
        identity: ReplicaIdentity::Nothing,
        key: &[],
        ..PLAIN
    };
    check(
        &[nothing],
        "insert 0 1 a b u
         insert 0 2 a b u",
        expect![[r#"
            rows
              t0: 2 inserts, 0 updates, 0 deletes
                insert 1 a b u
                insert 2 a b u
        "#]],
    );
    let constrained = Kind {
        other_constraints: true,
        ..PLAIN
    };
    check(
        &[constrained],
        "insert 0 1 a b u
         update 0 1 aa b u
         insert 0 2 a b u",
        expect![[r#"
            rows
              t0: 1 inserts, 0 updates, 0 deletes
                insert 1 a b u
            rows
              t0: 1 inserts, 1 updates, 0 deletes
                in order: Update 1 aa b u
                in order: Insert 2 a b u
        "#]],
    );
    let triggered = Kind {
        triggers_fire: true,
        ..PLAIN
    };
    check(
        &[triggered],
        "insert 0 1 a b u
         update 0 1 aa b u
         insert 0 2 a b u",
        expect![[r#"
            rows
              t0: 2 inserts, 1 updates, 0 deletes
                in order: Insert 1 a b u
                in order: Update 1 aa b u
                in order: Insert 2 a b u
        "#]],
    );
}

#[test]
fn tables_are_apart_and_barriers_between() {
    check(
        &[PLAIN, FULL],
        "insert 0 1 a b u
         insert 1 1 a b u
         update 0 key 2 ~ ~ ~ -> 3 a ? u
         insert 0 2 a b u
         truncate 0 1
         insert 1 1 a b u
         truncate 0 0
         truncate 0 1
         delete 1 row 1 a b u",
        expect![[r#"
            rows
              t0: 1 inserts, 0 updates, 0 deletes
                insert 1 a b u
              t1: 1 inserts, 0 updates, 0 deletes
                insert 1 a b u
            rows
              t0: 0 inserts, 1 updates, 0 deletes
                in order: UpdateKey 2 ~ ~ ~ -> 3 a ? u
            rows
              t0: 1 inserts, 0 updates, 0 deletes
                insert 2 a b u
            barrier 0
            rows
              t1: 1 inserts, 0 updates, 0 deletes
                insert 1 a b u
            barrier 1
            barrier 2
            rows
              t1: 0 inserts, 0 updates, 1 deletes
                delete (old 1 a b u)
        "#]],
    );
}

#[test]
fn in_order_is_one_run_after_the_other() {
    check_mode(
        &[PLAIN, FULL],
        "insert 0 1 a b u
         update 0 1 aa b u
         insert 1 1 a b u
         truncate 0 1
         delete 0 key 1 ~ ~ ~
         insert 1 2 a b u
         insert 0 2 a b u",
        Mode::InOrder,
        expect![[r#"
            rows
              t0: 1 inserts, 1 updates, 0 deletes
                in order: Insert 1 a b u
                in order: Update 1 aa b u
            rows
              t1: 1 inserts, 0 updates, 0 deletes
                in order: Insert 1 a b u
            barrier 0
            rows
              t0: 0 inserts, 0 updates, 1 deletes
                in order: DeleteKey 1 ~ ~ ~
            rows
              t1: 1 inserts, 0 updates, 0 deletes
                in order: Insert 2 a b u
            rows
              t0: 1 inserts, 0 updates, 0 deletes
                in order: Insert 2 a b u
        "#]],
    );
}

#[test]
fn relations_of_one_target_table_keep_their_order() {
    let kinds = [PLAIN, PLAIN];
    let mut writer = Source::new(&kinds, Vec::new()).writer;
    for line in [
        "delete 0 key 1 ~ ~ ~",
        "insert 1 1 a b u",
        "insert 0 2 a b u",
    ] {
        write(&line.split_whitespace().collect::<Vec<_>>(), &mut writer);
    }
    writer.commit(100, 108);
    let piece = piece(writer);
    let mut bindings = bindings(&piece, &kinds);
    let second = bindings[1].as_ref().unwrap();
    let table = Arc::clone(&bindings[0].as_ref().unwrap().table);
    bindings[1] = Some(Arc::new(
        Binding::new(Arc::clone(&second.relation), table).unwrap(),
    ));
    expect![[r#"
        rows
          t0: 0 inserts, 0 updates, 1 deletes
            in order: DeleteKey 1 ~ ~ ~
        rows
          t0: 1 inserts, 0 updates, 0 deletes
            in order: Insert 1 a b u
        rows
          t0: 1 inserts, 0 updates, 0 deletes
            in order: Insert 2 a b u
    "#]]
    .assert_eq(&tell(&piece, &bindings, Mode::Net));
    bindings[1] = None;
    expect![[r#"
        rows
          t0: 1 inserts, 0 updates, 1 deletes
            delete (old 1 ~ ~ ~)
            insert 2 a b u
    "#]]
    .assert_eq(&tell(&piece, &bindings, Mode::Net));
}
