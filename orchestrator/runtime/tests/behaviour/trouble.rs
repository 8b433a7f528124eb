//! A store that fails: nothing is acknowledged, and everything goes on when it recovers.

use expect_test::expect;

use crate::{PASSES, callback, check, function, task, waits};

#[test]
fn a_start_that_is_not_durable_never_was() {
    check(
        &format!(
            "create m {PASSES}
            inject full 1
            start m e
            describe m e
            start m e
            describe m e
            counters"
        ),
        expect![[r#"
            > create m {"StartAt":"P","States":{"P":{"Type":"Pass","End":t
            done
            > inject full 1
            > start m e
            Store: cannot use the store
            > describe m e
            ExecutionDoesNotExist: there is no execution arn:aws:states:us-east-1:000000000000:execution:m:e
            > start m e
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > describe m e
            Succeeded +0s to +0s input {} output {}
            > counters
            executions_started: 1, executions_succeeded: 1, history_events: 4
        "#]],
    );
}

#[test]
fn a_result_that_is_not_durable_may_be_sent_again() {
    let machine = callback("");
    check(
        &format!(
            "create m {machine}
            start m e
            sleep 1s
            inject full 1
            succeed token1 1
            describe m e
            succeed token1 2
            describe m e"
        ),
        expect![[r#"
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > start m e
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 1s
            > inject full 1
            > succeed token1 1
            Unavailable: cannot make the change durable: cannot use the store
            > describe m e
            Running +0s input {}
            > succeed token1 2
            done
            > describe m e
            Succeeded +0s to +1050ms input {} output 2
        "#]],
    );
}

#[test]
fn timers_and_outcomes_wait_until_the_disk_has_room() {
    let (waits, slow) = (waits(5), task(&function("slow"), ""));
    check(
        &format!(
            "create w {waits}
            create s {slow}
            start w e
            start s e
            inject full 8
            sleep 60s
            describe w e
            describe s e
            calls
            counters"
        ),
        expect![[r#"
            > create w {"StartAt":"W","States":{"W":{"Type":"Wait","Second
            done
            > create s {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > start w e
            arn:aws:states:us-east-1:000000000000:execution:w:e +0s
            > start s e
            arn:aws:states:us-east-1:000000000000:execution:s:e +0s
            > inject full 8
            > sleep 60s
            > describe w e
            Succeeded +0s to +11350ms input {} output {}
            > describe s e
            Succeeded +0s to +10050ms input {} output {}
            > calls
            slow e#3 {}
            > counters
            executions_started: 2, executions_succeeded: 2, history_events: 11, tasks_scheduled: 1
        "#]],
    );
}

#[test]
fn a_stop_that_is_not_durable_may_be_asked_for_again() {
    let waits = waits(50);
    check(
        &format!(
            "create m {waits}
            start m e
            inject full 1
            stop m e
            describe m e
            stop m e
            describe m e"
        ),
        expect![[r#"
            > create m {"StartAt":"W","States":{"W":{"Type":"Wait","Second
            done
            > start m e
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > inject full 1
            > stop m e
            Unavailable: cannot make the change durable: cannot use the store
            > describe m e
            Running +0s input {}
            > stop m e
            +50ms
            > describe m e
            Aborted +0s to +50ms input {} error - cause -
        "#]],
    );
}

#[test]
fn a_machine_that_is_not_durable_is_not_there() {
    let other = waits(5);
    check(
        &format!(
            "inject full 1
            create m {PASSES}
            machine m
            create m {PASSES}
            inject full 1
            update m {other}
            machine m
            inject full 1
            delete m
            machine m
            inject full 1
            activity a
            describe-activity a
            activity a"
        ),
        expect![[r#"
            > inject full 1
            > create m {"StartAt":"P","States":{"P":{"Type":"Pass","End":t
            Store: cannot use the store
            > machine m
            StateMachineDoesNotExist: there is no state machine arn:aws:states:us-east-1:000000000000:stateMachine:m
            > create m {"StartAt":"P","States":{"P":{"Type":"Pass","End":t
            done
            > inject full 1
            > update m {"StartAt":"W","States":{"W":{"Type":"Wait","Second
            Store: cannot use the store
            > machine m
            arn:aws:states:us-east-1:000000000000:stateMachine:m Standard first {"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}
            > inject full 1
            > delete m
            Store: cannot use the store
            > machine m
            arn:aws:states:us-east-1:000000000000:stateMachine:m Standard first {"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}
            > inject full 1
            > activity a
            Store: cannot use the store
            > describe-activity a
            ActivityDoesNotExist: there is no activity arn:aws:states:us-east-1:000000000000:activity:a
            > activity a
            arn:aws:states:us-east-1:000000000000:activity:a +0s
        "#]],
    );
}

#[test]
fn a_process_that_dies_at_the_start_has_started_it_or_not() {
    let waits = waits(5);
    check(
        &format!(
            "create m {waits}
            inject crash-before 1
            start m e
            reopen
            describe m e
            inject crash-after 1
            start m e
            reopen
            describe m e
            sleep 5s
            describe m e"
        ),
        expect![[r#"
            > create m {"StartAt":"W","States":{"W":{"Type":"Wait","Second
            done
            > inject crash-before 1
            > start m e
            Store: cannot use the store
            > reopen
            > describe m e
            ExecutionDoesNotExist: there is no execution arn:aws:states:us-east-1:000000000000:execution:m:e
            > inject crash-after 1
            > start m e
            Store: cannot use the store
            > reopen
            > describe m e
            Running +1ms input {}
            > sleep 5s
            > describe m e
            Succeeded +1ms to +5001ms input {} output {}
        "#]],
    );
}
