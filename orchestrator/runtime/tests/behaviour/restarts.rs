//! Restarts: what a process takes up that another one left.

use expect_test::expect;

use crate::{callback, check, function, task, waits};

#[test]
fn a_task_in_flight_is_handed_over_again_with_its_id() {
    let slow = task(&function("slow"), "");
    check(
        &format!(
            "create m {slow}
            start m e 1
            sleep 1s
            crash
            sleep 1s
            crash
            sleep 10s
            calls
            history m e"
        ),
        expect![[r#"
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > start m e 1
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 1s
            > crash
            > sleep 1s
            > crash
            > sleep 10s
            > calls
            slow e#3 1
            -- another process
            slow e#3 1
            -- another process
            slow e#3 1
            > history m e
            1 ExecutionStarted +0s
            2 StateEntered +0s
            3 LambdaFunctionScheduled +0s
            4 LambdaFunctionStarted +0s
            5 LambdaFunctionSucceeded +12001ms
            6 StateExited +12001ms
            7 ExecutionSucceeded +12001ms
        "#]],
    );
}

#[test]
fn what_was_submitted_is_followed_again() {
    let job = task("arn:aws:states:::batch:submitJob.sync", "");
    check(
        &format!(
            "create m {job}
            start m e 1
            sleep 4s
            crash
            sleep 10s
            calls
            history m e"
        ),
        expect![[r#"
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > start m e 1
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 4s
            > crash
            > sleep 10s
            > calls
            submitJob e#3 1
            follow e#3 {"JobId":"1"}
            -- another process
            submitJob e#3 1
            follow e#3 {"JobId":"1"}
            > history m e
            1 ExecutionStarted +0s
            2 StateEntered +0s
            3 TaskScheduled +0s
            4 TaskStarted +0s
            5 TaskSubmitted +0s
            6 TaskSucceeded +14s
            7 StateExited +14s
            8 ExecutionSucceeded +14s
        "#]],
    );
}

#[test]
fn a_wait_ends_in_its_time() {
    let waits = waits(10);
    check(
        &format!(
            "create m {waits}
            start m e
            sleep 4s
            crash
            counters
            sleep 6s
            describe m e
            start m f
            sleep 1s
            crash
            sleep 20s
            describe m f"
        ),
        expect![[r#"
            > create m {"StartAt":"W","States":{"W":{"Type":"Wait","Second
            done
            > start m e
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 4s
            > crash
            > counters
            timers_waiting: 1
            > sleep 6s
            > describe m e
            Succeeded +0s to +10s input {} output {}
            > start m f
            arn:aws:states:us-east-1:000000000000:execution:m:f +10001ms
            > sleep 1s
            > crash
            > sleep 20s
            > describe m f
            Succeeded +10001ms to +20001ms input {} output {}
        "#]],
    );
}

#[test]
fn a_token_outlives_the_process() {
    let machine = callback("");
    check(
        &format!(
            "create m {machine}
            start m e
            sleep 1s
            crash
            succeed token1 7
            describe m e
            calls"
        ),
        expect![[r#"
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > start m e
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 1s
            > crash
            > succeed token1 7
            done
            > describe m e
            Succeeded +0s to +1001ms input {} output 7
            > calls
            invoke e#3 {"FunctionName":"f","token":"AQAAAAAAAAABAAAAAAAAAAOgfRTBkp_p7y1SdmRecTPR"} token1
            -- another process
        "#]],
    );
}

/// A wide Map of callbacks with a large input: too large for a snapshot at each commit.
fn wide() -> (String, String) {
    let machine = r#"{"StartAt":"M","States":{"M":{"Type":"Map","ItemProcessor":{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke.waitForTaskToken","Parameters":{"FunctionName":"f","token.$":"$$.Task.Token"},"End":true}}},"End":true}}}"#;
    let items: Vec<String> = (0..40)
        .map(|number: u128| {
            // What does not compress.
            let noise = number
                .wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835)
                .wrapping_pow(3);
            format!("\"{noise:x}{:x}\"", noise.wrapping_mul(noise))
        })
        .collect();
    (machine.to_owned(), format!("[{}]", items.join(",")))
}

#[test]
fn a_large_execution_is_replayed_from_its_inputs() {
    let (machine, input) = wide();
    let succeed: Vec<String> = (1..=40)
        .map(|number| format!("succeed token{number} {number}"))
        .collect();
    let (first, second) = succeed.split_at(7);
    check(
        &format!(
            "create m {machine}
            start m e {input}
            sleep 1s
            {}
            unfinished
            crash
            unfinished
            {}
            executions
            counters",
            first.join("\n"),
            second.join("\n"),
        ),
        expect![[r#"
            > create m {"StartAt":"M","States":{"M":{"Type":"Map","ItemPro
            done
            > start m e ["00","8cf6c24956966b2d8ad448bcc308dd8d4ccb7d82672
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 1s
            > succeed token1 1
            done
            > succeed token2 2
            done
            > succeed token3 3
            done
            > succeed token4 4
            done
            > succeed token5 5
            done
            > succeed token6 6
            done
            > succeed token7 7
            done
            > unfinished
            e: 7 inputs
            > crash
            > unfinished
            e: 7 inputs
            > succeed token8 8
            done
            > succeed token9 9
            done
            > succeed token10 10
            done
            > succeed token11 11
            done
            > succeed token12 12
            done
            > succeed token13 13
            done
            > succeed token14 14
            done
            > succeed token15 15
            done
            > succeed token16 16
            done
            > succeed token17 17
            done
            > succeed token18 18
            done
            > succeed token19 19
            done
            > succeed token20 20
            done
            > succeed token21 21
            done
            > succeed token22 22
            done
            > succeed token23 23
            done
            > succeed token24 24
            done
            > succeed token25 25
            done
            > succeed token26 26
            done
            > succeed token27 27
            done
            > succeed token28 28
            done
            > succeed token29 29
            done
            > succeed token30 30
            done
            > succeed token31 31
            done
            > succeed token32 32
            done
            > succeed token33 33
            done
            > succeed token34 34
            done
            > succeed token35 35
            done
            > succeed token36 36
            done
            > succeed token37 37
            done
            > succeed token38 38
            done
            > succeed token39 39
            done
            > succeed token40 40
            done
            > executions
            1 e Succeeded
            > counters
            executions_succeeded: 1, history_events: 102
        "#]],
    );
}

#[test]
fn a_clean_end_leaves_nothing_to_replay() {
    let (machine, input) = wide();
    check(
        &format!(
            "create m {machine}
            start m e {input}
            sleep 1s
            succeed token1 1
            succeed token2 2
            unfinished
            close
            reopen
            unfinished
            succeed token3 3"
        ),
        expect![[r#"
            > create m {"StartAt":"M","States":{"M":{"Type":"Map","ItemPro
            done
            > start m e ["00","8cf6c24956966b2d8ad448bcc308dd8d4ccb7d82672
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 1s
            > succeed token1 1
            done
            > succeed token2 2
            done
            > unfinished
            e: 2 inputs
            > close
            closed
            > reopen
            > unfinished
            e: 0 inputs
            > succeed token3 3
            done
        "#]],
    );
}

#[test]
fn a_runtime_that_closes_takes_nothing_more() {
    let slow = task(&function("slow"), "");
    check(
        &format!(
            "activity a
            create m {slow}
            start m e
            & poll a
            ready
            close
            join
            ready
            close
            start m f
            sync m f
            stop m e
            succeed token1 1
            create n {slow}
            poll a
            counters
            reopen
            sleep 10s
            describe m e
            calls"
        ),
        expect![[r#"
            > activity a
            arn:aws:states:us-east-1:000000000000:activity:a +0s
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > start m e
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > & poll a
            > ready
            ready
            > close
            closed
            > join
            poll a: ShuttingDown: the server is shutting down
            > ready
            ShuttingDown: the server is shutting down
            > close
            closed
            > start m f
            ShuttingDown: the server is shutting down
            > sync m f
            ShuttingDown: the server is shutting down
            > stop m e
            ShuttingDown: the server is shutting down
            > succeed token1 1
            InvalidToken: the task token is invalid
            > create n {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            ShuttingDown: the server is shutting down
            > poll a
            ShuttingDown: the server is shutting down
            > counters
            executions_started: 1, history_events: 4, tasks_scheduled: 1, executions_loaded: 1
            > reopen
            > sleep 10s
            > describe m e
            Succeeded +0s to +10001ms input {} output {}
            > calls
            slow e#3 {}
            -- another process
            slow e#3 {}
        "#]],
    );
}

#[test]
fn what_cannot_be_replayed_is_parked_and_disturbs_nobody() {
    let machine = callback(r#","ResultPath":"$.r""#);
    check(
        &format!(
            "create m {machine}
            start m a
            start m b
            start m c
            start m d
            sleep 1s
            damage 1 mismatch
            damage 2 snapshot
            damage 3 panic
            crash
            counters
            succeed token1 1
            succeed token2 1
            succeed token3 1
            stop m a
            succeed token4 1
            describe m a
            describe m d
            counters"
        ),
        expect![[r#"
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > start m a
            arn:aws:states:us-east-1:000000000000:execution:m:a +0s
            > start m b
            arn:aws:states:us-east-1:000000000000:execution:m:b +0s
            > start m c
            arn:aws:states:us-east-1:000000000000:execution:m:c +0s
            > start m d
            arn:aws:states:us-east-1:000000000000:execution:m:d +0s
            > sleep 1s
            > damage 1 mismatch
            done
            > damage 2 snapshot
            done
            > damage 3 panic
            done
            > crash
            > counters
            executions_parked: 3
            > succeed token1 1
            Parked: the execution arn:aws:states:us-east-1:000000000000:execution:m:a is parked: cannot read execution 1: replaying it led to event 5 where event 77 was recorded
            > succeed token2 1
            Parked: the execution arn:aws:states:us-east-1:000000000000:execution:m:b is parked: cannot read a snapshot: it has format 110, this binary reads 1
            > succeed token3 1
            Parked: the execution arn:aws:states:us-east-1:000000000000:execution:m:c is parked: cannot read execution 3: replaying it panicked
            > stop m a
            Parked: the execution arn:aws:states:us-east-1:000000000000:execution:m:a is parked: cannot read execution 1: replaying it led to event 5 where event 77 was recorded
            > succeed token4 1
            done
            > describe m a
            Running +0s input {}
            > describe m d
            Succeeded +0s to +1001ms input {} output {"r":1}
            > counters
            executions_succeeded: 1, history_events: 3, executions_parked: 3
        "#]],
    );
}
