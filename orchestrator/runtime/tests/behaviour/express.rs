//! Express machines: with a caller that waits, and without one.

use expect_test::expect;

use crate::{PASSES, check, function, task, waits};

#[test]
fn a_caller_that_waits_gets_the_end() {
    let slow = task(&function("slow"), "");
    let broken = task(&function("broken"), "");
    let waits = waits(3);
    check(
        &format!(
            r#"express p {PASSES}
            express s {slow}
            express b {broken}
            express w {waits}
            create m {PASSES}
            sync p e {{"a":1}}
            sync s e
            sync b e
            sync w e
            sync m e
            sync nobody e
            sync p e not
            counters
            executions
            unfinished"#
        ),
        expect![[r#"
            > express p {"StartAt":"P","States":{"P":{"Type":"Pass","End":
            done
            > express s {"StartAt":"T","States":{"T":{"Type":"Task","Resou
            done
            > express b {"StartAt":"T","States":{"T":{"Type":"Task","Resou
            done
            > express w {"StartAt":"W","States":{"W":{"Type":"Wait","Secon
            done
            > create m {"StartAt":"P","States":{"P":{"Type":"Pass","End":t
            done
            > sync p e {"a":1}
            Succeeded +0s to +0s input {"a":1} output {"a":1}, 4 events
            > sync s e
            Succeeded +0s to +10s input {} output {}, 7 events
            > sync b e
            Failed +10s to +10s input {} error Broken cause as it is, 6 events
            > sync w e
            Succeeded +10s to +13s input {} output {}, 4 events
            > sync m e
            StateMachineTypeNotSupported: the state machine arn:aws:states:us-east-1:000000000000:stateMachine:m is of a type that does not support this
            > sync nobody e
            StateMachineDoesNotExist: there is no state machine arn:aws:states:us-east-1:000000000000:stateMachine:nobody
            > sync p e not
            InvalidExecutionInput: the input is no JSON: expected ident at line 1 column 2
            > counters
            executions_started: 4, executions_succeeded: 3, executions_failed: 1, history_events: 21, tasks_scheduled: 2
            > executions
            > unfinished
        "#]],
    );
}

#[test]
fn a_caller_that_goes_away_leaves_nothing() {
    let slow = task(&function("slow"), "");
    check(
        &format!(
            "express s {slow}
            & sync s e
            counters
            leave
            sleep 20s
            counters"
        ),
        expect![[r#"
            > express s {"StartAt":"T","States":{"T":{"Type":"Task","Resou
            done
            > & sync s e
            > counters
            executions_started: 1, history_events: 4, tasks_scheduled: 1, tasks_running: 1, executions_loaded: 1, timers_waiting: 1
            > leave
            > sleep 20s
            > counters
            executions_started: 1, executions_succeeded: 1, history_events: 7, tasks_scheduled: 1
        "#]],
    );
}

#[test]
fn without_a_caller_it_survives_a_crash_and_leaves_nothing() {
    let slow = task(&function("slow"), "");
    check(
        &format!(
            "express s {slow}
            express p {PASSES}
            start s e
            start s e
            start p e
            executions
            crash
            calls
            sleep 10s
            executions
            counters"
        ),
        expect![[r#"
            > express s {"StartAt":"T","States":{"T":{"Type":"Task","Resou
            done
            > express p {"StartAt":"P","States":{"P":{"Type":"Pass","End":
            done
            > start s e
            arn:aws:states:us-east-1:000000000000:express:s:e:<uuid> +0s
            > start s e
            arn:aws:states:us-east-1:000000000000:express:s:e:<uuid> +0s
            > start p e
            arn:aws:states:us-east-1:000000000000:express:p:e:<uuid> +0s
            > executions
            2 e Running, 1 e Running
            > crash
            > calls
            slow <uuid>#3 {}
            slow <uuid>#3 {}
            -- another process
            slow <uuid>#3 {}
            slow <uuid>#3 {}
            > sleep 10s
            > executions
            > counters
            executions_succeeded: 2, history_events: 6
        "#]],
    );
}

#[test]
fn no_express_execution_runs_for_ever() {
    let hangs = task(&function("hang"), "");
    let short = hangs.replacen('{', r#"{"TimeoutSeconds":7,"#, 1);
    check(
        &format!(
            "express h {hangs}
            express s {short}
            sync h e
            sync s e
            start h e
            reopen
            sleep 299s
            executions
            sleep 1s
            executions
            counters"
        ),
        expect![[r#"
            > express h {"StartAt":"T","States":{"T":{"Type":"Task","Resou
            done
            > express s {"TimeoutSeconds":7,"StartAt":"T","States":{"T":{"
            done
            > sync h e
            TimedOut +0s to +300s input {} error - cause -, 5 events
            > sync s e
            TimedOut +300s to +307s input {} error - cause -, 5 events
            > start h e
            arn:aws:states:us-east-1:000000000000:express:h:e:<uuid> +307s
            > reopen
            > sleep 299s
            > executions
            3 e Running
            > sleep 1s
            > executions
            > counters
            executions_timed_out: 1, history_events: 1
        "#]],
    );
}

#[test]
fn a_caller_that_waits_is_told_of_the_end_of_the_runtime() {
    let slow = task(&function("slow"), "");
    check(
        &format!(
            "express s {slow}
            & sync s e
            close
            join"
        ),
        expect![[r#"
            > express s {"StartAt":"T","States":{"T":{"Type":"Task","Resou
            done
            > & sync s e
            > close
            closed
            > join
            sync s e: ShuttingDown: the server is shutting down
        "#]],
    );
}
