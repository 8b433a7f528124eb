//! Tasks that somebody with a token ends.

use expect_test::expect;
use runtime::options::EngineLimits;

use crate::{callback, check, check_with};

#[test]
fn a_token_ends_its_task_once() {
    let machine = callback("");
    check(
        &format!(
            r#"create m {machine}
            start m e
            sleep 1s
            beat token1
            succeed token1 not
            succeed token1 {{"ok":true}}
            succeed token1 {{"ok":false}}
            fail token1 Late
            beat token1
            succeed nonsense {{}}
            describe m e
            history m e"#
        ),
        expect![[r#"
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > start m e
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 1s
            > beat token1
            done
            > succeed token1 not
            InvalidOutput: the output is no JSON: expected ident at line 1 column 2
            > succeed token1 {"ok":true}
            done
            > succeed token1 {"ok":false}
            TaskTimedOut: the task timed out or has ended
            > fail token1 Late
            TaskTimedOut: the task timed out or has ended
            > beat token1
            TaskTimedOut: the task timed out or has ended
            > succeed nonsense {}
            InvalidToken: the task token is invalid
            > describe m e
            Succeeded +0s to +1s input {} output {"ok":true}
            > history m e
            1 ExecutionStarted +0s
            2 StateEntered +0s
            3 TaskScheduled +0s
            4 TaskStarted +0s
            5 TaskSubmitted +0s
            6 TaskSucceeded +1s
            7 StateExited +1s
            8 ExecutionSucceeded +1s
        "#]],
    );
}

#[test]
fn two_results_at_once_count_as_one() {
    let machine = callback("");
    check(
        &format!(
            "create m {machine}
            start m e
            sleep 1s
            & succeed token1 1
            & succeed token1 2
            join
            describe m e"
        ),
        expect![[r#"
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > start m e
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 1s
            > & succeed token1 1
            > & succeed token1 2
            > join
            succeed token1 1: done
            succeed token1 2: TaskTimedOut: the task timed out or has ended
            > describe m e
            Succeeded +0s to +1s input {} output 1
        "#]],
    );
}

#[test]
fn a_failure_with_a_token() {
    let machine = callback("");
    check(
        &format!(
            "create m {machine}
            start m a
            start m b
            sleep 1s
            fail token1 Refused by hand
            fail token2
            describe m a
            describe m b"
        ),
        expect![[r#"
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > start m a
            arn:aws:states:us-east-1:000000000000:execution:m:a +0s
            > start m b
            arn:aws:states:us-east-1:000000000000:execution:m:b +0s
            > sleep 1s
            > fail token1 Refused by hand
            done
            > fail token2
            done
            > describe m a
            Failed +0s to +1s input {} error Refused cause by hand
            > describe m b
            Failed +0s to +1s input {} error - cause -
        "#]],
    );
}

#[test]
fn a_result_that_is_too_long() {
    let mut limits = EngineLimits::aws();
    limits.execution.payload_bytes = 200;
    let long = "x".repeat(200);
    check_with(
        limits,
        0,
        &format!(
            "create m {}
            start m e
            sleep 1s
            succeed token1 \"{long}\"",
            callback("")
        ),
        expect![[r#"
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > start m e
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 1s
            > succeed token1 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
            TooLong: the output has 202 bytes, the limit is 200
        "#]],
    );
}

#[test]
fn heartbeats_keep_a_task_alive() {
    let machine = callback(r#","HeartbeatSeconds":5"#);
    check(
        &format!(
            "create m {machine}
            start m e
            sleep 4s
            beat token1
            sleep 4s
            beat token1
            sleep 5s
            beat token1
            describe m e
            counters"
        ),
        expect![[r#"
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > start m e
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 4s
            > beat token1
            done
            > sleep 4s
            > beat token1
            done
            > sleep 5s
            > beat token1
            TaskTimedOut: the task timed out or has ended
            > describe m e
            Failed +0s to +13s input {} error States.Timeout cause -
            > counters
            executions_started: 1, executions_failed: 1, history_events: 7, tasks_scheduled: 1
        "#]],
    );
}

#[test]
fn many_heartbeats_leave_one_timer() {
    let machine = callback(r#","HeartbeatSeconds":500,"TimeoutSeconds":1000"#);
    check(
        &format!(
            "create m {machine}
            start m e
            sleep 1s
            beat token1
            sleep 1s
            beat token1
            sleep 1s
            beat token1
            counters
            succeed token1 1
            counters"
        ),
        expect![[r#"
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > start m e
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 1s
            > beat token1
            done
            > sleep 1s
            > beat token1
            done
            > sleep 1s
            > beat token1
            done
            > counters
            executions_started: 1, history_events: 5, tasks_scheduled: 1, timers_waiting: 1
            > succeed token1 1
            done
            > counters
            executions_started: 1, executions_succeeded: 1, history_events: 8, tasks_scheduled: 1
        "#]],
    );
}

#[test]
fn a_token_of_nobody() {
    // The token of an execution number 99 that never was.
    check(
        "succeed AQAAAAAAAABjAAAAAAAAAAMAAAAAAAAAAAAAAAAAAAAB 1
        beat AQAAAAAAAABjAAAAAAAAAAMAAAAAAAAAAAAAAAAAAAAB",
        expect![[r#"
            > succeed AQAAAAAAAABjAAAAAAAAAAMAAAAAAAAAAAAAAAAAAAAB 1
            TaskDoesNotExist: the task does not exist
            > beat AQAAAAAAAABjAAAAAAAAAAMAAAAAAAAAAAAAAAAAAAAB
            TaskDoesNotExist: the task does not exist
        "#]],
    );
}

#[test]
fn a_stop_makes_a_result_void_that_comes_with_it() {
    let machine = callback("");
    check(
        &format!(
            "create m {machine}
            start m e
            sleep 1s
            & stop m e
            & succeed token1 1
            join
            describe m e"
        ),
        expect![[r#"
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > start m e
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 1s
            > & stop m e
            > & succeed token1 1
            > join
            stop m e: +1s
            succeed token1 1: TaskTimedOut: the task timed out or has ended
            > describe m e
            Aborted +0s to +1s input {} error - cause -
        "#]],
    );
}
