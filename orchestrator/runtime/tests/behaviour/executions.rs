//! Starting, reading, listing and stopping Standard executions.

use expect_test::expect;
use runtime::options::EngineLimits;

use crate::{PASSES, check, check_with, function, task, waits};

#[test]
fn a_name_is_used_once() {
    let waits = waits(5);
    check(
        &format!(
            r#"create m {waits}
            start m e {{"a":1}}
            start m e {{"a" : 1}}
            start m e {{"a":2}}
            start m
            sleep 5s
            start m e {{"a":1}}
            start nobody e
            describe m e
            describe m nobody
            describe nobody e"#
        ),
        expect![[r#"
            > create m {"StartAt":"W","States":{"W":{"Type":"Wait","Second
            done
            > start m e {"a":1}
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > start m e {"a" : 1}
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > start m e {"a":2}
            ExecutionAlreadyExists: the execution arn:aws:states:us-east-1:000000000000:execution:m:e exists already
            > start m
            arn:aws:states:us-east-1:000000000000:execution:m:<uuid> +0s
            > sleep 5s
            > start m e {"a":1}
            ExecutionAlreadyExists: the execution arn:aws:states:us-east-1:000000000000:execution:m:e exists already
            > start nobody e
            StateMachineDoesNotExist: there is no state machine arn:aws:states:us-east-1:000000000000:stateMachine:nobody
            > describe m e
            Succeeded +0s to +5s input {"a":1} output {"a":1}
            > describe m nobody
            ExecutionDoesNotExist: there is no execution arn:aws:states:us-east-1:000000000000:execution:m:nobody
            > describe nobody e
            ExecutionDoesNotExist: there is no execution arn:aws:states:us-east-1:000000000000:execution:nobody:e
        "#]],
    );
}

#[test]
fn two_clients_start_the_same_at_once() {
    let waits = waits(5);
    check(
        &format!(
            "create m {waits}
            & start m e
            & start m e
            join
            counters"
        ),
        expect![[r#"
            > create m {"StartAt":"W","States":{"W":{"Type":"Wait","Second
            done
            > & start m e
            > & start m e
            > join
            start m e: arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            start m e: arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > counters
            executions_started: 1, history_events: 2, timers_waiting: 1
        "#]],
    );
}

#[test]
fn inputs_that_are_refused() {
    let mut limits = EngineLimits::aws();
    limits.execution.payload_bytes = 10;
    check_with(
        limits,
        0,
        &format!(
            r#"create m {PASSES}
            start m e not
            start m e "0123456789"
            start m e "01234567""#
        ),
        expect![[r#"
            > create m {"StartAt":"P","States":{"P":{"Type":"Pass","End":t
            done
            > start m e not
            InvalidExecutionInput: the input is no JSON: expected ident at line 1 column 2
            > start m e "0123456789"
            TooLong: the input has 12 bytes, the limit is 10
            > start m e "01234567"
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
        "#]],
    );
}

#[test]
fn a_history_is_read_both_ways() {
    let slow = task(&function("slow"), "");
    check(
        &format!(
            "create m {slow}
            start m e
            history m e
            sleep 10s
            history m e
            history m e reverse
            history m nobody
            calls"
        ),
        expect![[r#"
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > start m e
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > history m e
            1 ExecutionStarted +0s
            2 StateEntered +0s
            3 LambdaFunctionScheduled +0s
            4 LambdaFunctionStarted +0s
            > sleep 10s
            > history m e
            1 ExecutionStarted +0s
            2 StateEntered +0s
            3 LambdaFunctionScheduled +0s
            4 LambdaFunctionStarted +0s
            5 LambdaFunctionSucceeded +10s
            6 StateExited +10s
            7 ExecutionSucceeded +10s
            > history m e reverse
            7 ExecutionSucceeded +10s
            6 StateExited +10s
            5 LambdaFunctionSucceeded +10s
            4 LambdaFunctionStarted +0s
            3 LambdaFunctionScheduled +0s
            2 StateEntered +0s
            1 ExecutionStarted +0s
            > history m nobody
            ExecutionDoesNotExist: there is no execution arn:aws:states:us-east-1:000000000000:execution:m:nobody
            > calls
            slow e#3 {}
        "#]],
    );
}

#[test]
fn executions_are_listed_newest_first() {
    let waits = waits(5);
    check(
        &format!(
            "create m {PASSES}
            create w {waits}
            express x {PASSES}
            start m a
            start w b
            start m c
            executions
            executions all 2
            executions m
            executions running
            executions nobody
            executions x"
        ),
        expect![[r#"
            > create m {"StartAt":"P","States":{"P":{"Type":"Pass","End":t
            done
            > create w {"StartAt":"W","States":{"W":{"Type":"Wait","Second
            done
            > express x {"StartAt":"P","States":{"P":{"Type":"Pass","End":
            done
            > start m a
            arn:aws:states:us-east-1:000000000000:execution:m:a +0s
            > start w b
            arn:aws:states:us-east-1:000000000000:execution:w:b +0s
            > start m c
            arn:aws:states:us-east-1:000000000000:execution:m:c +0s
            > executions
            3 c Succeeded, 2 b Running
            > executions all 2
            1 a Succeeded
            > executions m
            3 c Succeeded, 1 a Succeeded
            > executions running
            2 b Running
            > executions nobody
            StateMachineDoesNotExist: there is no state machine arn:aws:states:us-east-1:000000000000:stateMachine:nobody
            > executions x
            StateMachineTypeNotSupported: the state machine arn:aws:states:us-east-1:000000000000:stateMachine:x is of a type that does not support this
        "#]],
    );
}

#[test]
fn stopping_is_a_fence() {
    let slow = task(&function("slow"), "");
    check(
        &format!(
            "create m {slow}
            start m e
            sleep 1s
            stop m e Enough we have seen it
            stop m e
            sleep 20s
            history m e
            describe m e
            stop m nobody
            counters"
        ),
        expect![[r#"
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > start m e
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 1s
            > stop m e Enough we have seen it
            +1s
            > stop m e
            +1s
            > sleep 20s
            > history m e
            1 ExecutionStarted +0s
            2 StateEntered +0s
            3 LambdaFunctionScheduled +0s
            4 LambdaFunctionStarted +0s
            5 ExecutionAborted +1s
            > describe m e
            Aborted +0s to +1s input {} error Enough cause we have seen it
            > stop m nobody
            ExecutionDoesNotExist: there is no execution arn:aws:states:us-east-1:000000000000:execution:m:nobody
            > counters
            executions_started: 1, executions_aborted: 1, history_events: 5, tasks_scheduled: 1
        "#]],
    );
}

#[test]
fn without_a_reason_there_is_none() {
    let waits = waits(5);
    check(
        &format!(
            "create m {waits}
            start m e
            stop m e
            describe m e"
        ),
        expect![[r#"
            > create m {"StartAt":"W","States":{"W":{"Type":"Wait","Second
            done
            > start m e
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > stop m e
            +0s
            > describe m e
            Aborted +0s to +0s input {} error - cause -
        "#]],
    );
}

#[test]
fn a_machine_times_out() {
    let machine = r#"{"TimeoutSeconds":3,"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":9,"End":true}}}"#;
    check(
        &format!(
            "create m {machine}
            start m e
            sleep 9s
            describe m e
            counters"
        ),
        expect![[r#"
            > create m {"TimeoutSeconds":3,"StartAt":"W","States":{"W":{"T
            done
            > start m e
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 9s
            > describe m e
            TimedOut +0s to +3s input {} error - cause -
            > counters
            executions_started: 1, executions_timed_out: 1, history_events: 3
        "#]],
    );
}

#[test]
fn a_task_that_times_out_is_cancelled_and_tried_again() {
    let hangs = task(
        &function("hang"),
        r#","TimeoutSeconds":4,"Retry":[{"ErrorEquals":["States.Timeout"],"MaxAttempts":1}]"#,
    );
    check(
        &format!(
            "create m {hangs}
            start m e
            counters
            sleep 20s
            history m e
            calls
            counters"
        ),
        expect![[r#"
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > start m e
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > counters
            executions_started: 1, history_events: 4, tasks_scheduled: 1, tasks_running: 1, executions_loaded: 1, timers_waiting: 1
            > sleep 20s
            > history m e
            1 ExecutionStarted +0s
            2 StateEntered +0s
            3 LambdaFunctionScheduled +0s
            4 LambdaFunctionStarted +0s
            5 LambdaFunctionTimedOut +4s
            6 LambdaFunctionScheduled +5s
            7 LambdaFunctionStarted +5s
            8 LambdaFunctionTimedOut +9s
            9 ExecutionFailed +9s
            > calls
            hang e#3 {}
            hang e#6 {}
            > counters
            executions_started: 1, executions_failed: 1, history_events: 9, tasks_scheduled: 2
        "#]],
    );
}

#[test]
fn a_panic_in_a_performer_fails_that_execution() {
    let panics = task(&function("panic"), "");
    check(
        &format!(
            "create m {panics}
            create p {PASSES}
            start m e
            start p e
            sleep 1s
            describe m e
            describe p e
            counters"
        ),
        expect![[r#"
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > create p {"StartAt":"P","States":{"P":{"Type":"Pass","End":t
            done
            > start m e
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > start p e
            arn:aws:states:us-east-1:000000000000:execution:p:e +0s
            > sleep 1s
            > describe m e
            Failed +0s to +0s input {} error States.Runtime cause An internal error occurred while performing the task.
            > describe p e
            Succeeded +0s to +0s input {} output {}
            > counters
            executions_started: 2, executions_succeeded: 1, executions_failed: 1, history_events: 10, tasks_scheduled: 1
        "#]],
    );
}

#[test]
fn a_bug_in_a_step_fails_that_execution() {
    let garbage = task(&function("garbage"), r#","ResultPath":"$.r""#);
    check(
        &format!(
            "create m {garbage}
            create p {PASSES}
            start m e
            sleep 1s
            start p e
            history m e
            describe m e
            describe p e
            counters"
        ),
        expect![[r#"
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > create p {"StartAt":"P","States":{"P":{"Type":"Pass","End":t
            done
            > start m e
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 1s
            > start p e
            arn:aws:states:us-east-1:000000000000:execution:p:e +1s
            > history m e
            1 ExecutionStarted +0s
            2 StateEntered +0s
            3 LambdaFunctionScheduled +0s
            4 LambdaFunctionStarted +0s
            5 ExecutionFailed +0s
            > describe m e
            Failed +0s to +0s input {} error States.Runtime cause An internal error occurred while executing the state machine.
            > describe p e
            Succeeded +1s to +1s input {} output {}
            > counters
            executions_started: 2, executions_succeeded: 1, executions_failed: 1, history_events: 9, tasks_scheduled: 1
        "#]],
    );
}
