//! Redrives of Map Runs: what goes on, what stays, and what survives.

use expect_test::expect;
use runtime::options::EngineLimits;

use crate::{check, check_with, function};

/// A machine with a distributed Map over `$.items` whose children wait as long as `w` says, or call a function that is broken until it is
/// mended.
fn redriven(child_type: &str, more: &str) -> String {
    let mended = function("mended");
    format!(
        r#"{{"StartAt":"M","States":{{"M":{{"Type":"Map","ItemsPath":"$.items","Label":"L"{more},"ItemProcessor":{{"ProcessorConfig":{{"Mode":"DISTRIBUTED","ExecutionType":"{child_type}"}},"StartAt":"C","States":{{"C":{{"Type":"Choice","Choices":[{{"Variable":"$.w","IsPresent":true,"Next":"W"}}],"Default":"T"}},"W":{{"Type":"Wait","SecondsPath":"$.w","End":true}},"T":{{"Type":"Task","Resource":"{mended}","End":true}}}}}},"End":true}}}}}}"#
    )
}

#[test]
fn what_did_not_succeed_goes_on() {
    let machine = redriven("STANDARD", r#","MaxConcurrency":2"#);
    check(
        &format!(
            r#"create m {machine}
            start m e {{"items":[{{"w":2}},{{"w":4}},{{"f":1}},{{"w":3}},{{"f":2}}]}}
            sleep 10s
            describe m e
            runs m e
            children m e
            child m e 2 describe
            child m e 2 redrive
            mend
            redrive m e
            runs m e
            child m e 1 describe
            sleep 10s
            describe m e
            history m e
            runs m e
            children m e
            child m e 0 history
            child m e 1 history
            child m e 2 history
            child m e 2 describe"#
        ),
        expect![[r#"
            > create m {"StartAt":"M","States":{"M":{"Type":"Map","ItemsPa
            done
            > start m e {"items":[{"w":2},{"w":4},{"f":1},{"w":3},{"f":2}]
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 10s
            > describe m e
            Failed +0s to +2s input {"items":[{"w":2},{"w":4},{"f":1},{"w":3},{"f":2}]} error States.ExceedToleratedFailureThreshold cause The specified tolerated failure threshold was exceeded
            > runs m e
            Failed +0s +2s at once 2 tolerated 0 items 5: 2 pending, 1 succeeded, 1 failed, 1 aborted children 5: 2 pending, 1 succeeded, 1 failed, 1 aborted
            > children m e
            Failed 1 +2s +2s
            Aborted 1 +0s +2s
            Succeeded 1 +0s +2s
            > child m e 2 describe
            Failed, waits for a redrive: false, 0 redrives, ByMapRun
            > child m e 2 redrive
            ExecutionNotRedrivable: cannot redrive the execution: Execution was dispatched by a Map Run and is redriven with the execution of the Map Run
            > mend
            done
            > redrive m e
            +10s
            > runs m e
            Running +0s  at once 2 tolerated 0 items 5: 1 pending, 2 running, 2 succeeded children 5: 1 pending, 2 running, 2 succeeded redriven 1 +10s
            > child m e 1 describe
            Running, waits for a redrive: false, 1 redrives, No("Execution is RUNNING and cannot be redriven")
            > sleep 10s
            > describe m e
            Succeeded +0s to +14s input {"items":[{"w":2},{"w":4},{"f":1},{"w":3},{"f":2}]} output [{"w":2},{"w":4},{"f":1},{"w":3},{"f":2}]
            > history m e
            1 ExecutionStarted +0s
            2 StateEntered +0s
            3 MapStarted +0s
            4 MapRunStarted +0s
            5 MapRunFailed +2s
            6 MapFailed +2s
            7 ExecutionFailed +2s
            8 ExecutionRedriven +10s
            9 MapRunRedriven +10s
            10 MapRunSucceeded +14s
            11 MapSucceeded +14s
            12 StateExited +14s
            13 ExecutionSucceeded +14s
            > runs m e
            Succeeded +0s +14s at once 2 tolerated 0 items 5: 5 succeeded children 5: 5 succeeded redriven 1 +10s
            > children m e
            Succeeded 1 +13s +13s
            Succeeded 1 +10s +13s
            Succeeded 1 +2s +10s redriven 1
            Succeeded 1 +0s +14s redriven 1
            Succeeded 1 +0s +2s
            > child m e 0 history
            1 ExecutionStarted +0s
            2 StateEntered +0s
            3 StateExited +0s
            4 StateEntered +0s
            5 StateExited +2s
            6 ExecutionSucceeded +2s
            > child m e 1 history
            1 ExecutionStarted +0s
            2 StateEntered +0s
            3 StateExited +0s
            4 StateEntered +0s
            5 ExecutionAborted +2s
            6 ExecutionRedriven +10s
            7 StateExited +14s
            8 ExecutionSucceeded +14s
            > child m e 2 history
            1 ExecutionStarted +2s
            2 StateEntered +2s
            3 StateExited +2s
            4 StateEntered +2s
            5 LambdaFunctionScheduled +2s
            6 LambdaFunctionStarted +2s
            7 LambdaFunctionFailed +2s
            8 ExecutionFailed +2s
            9 ExecutionRedriven +10s
            10 LambdaFunctionScheduled +10s
            11 LambdaFunctionStarted +10s
            12 LambdaFunctionSucceeded +10s
            13 StateExited +10s
            14 ExecutionSucceeded +10s
            > child m e 2 describe
            Succeeded, waits for a redrive: false, 1 redrives, No("Execution is SUCCEEDED and cannot be redriven")
        "#]],
    );
}

#[test]
fn those_that_have_no_room_wait_for_their_redrive() {
    let check = |child_type: &str, expected| {
        let machine = redriven(child_type, r#","MaxConcurrency":3"#);
        check(
            &format!(
                r#"create m {machine}
                start m e {{"items":[{{"w":5}},{{"w":6}},{{"w":7}},{{"w":1}}]}}
                sleep 1s
                bound m e 1
                stop m e
                sleep 1s
                redrive m e
                runs m e
                children m e
                child m e 2 describe
                child m e 2 redrive
                stop m e
                sleep 1s
                runs m e
                children m e
                redrive m e
                sleep 6s
                runs m e
                children m e
                sleep 20s
                describe m e
                runs m e
                children m e"#
            ),
            expected,
        );
    };
    check(
        "STANDARD",
        expect![[r#"
        > create m {"StartAt":"M","States":{"M":{"Type":"Map","ItemsPa
        done
        > start m e {"items":[{"w":5},{"w":6},{"w":7},{"w":1}]}
        arn:aws:states:us-east-1:000000000000:execution:m:e +0s
        > sleep 1s
        > bound m e 1
        done
        > stop m e
        +1s
        > sleep 1s
        > redrive m e
        +2s
        > runs m e
        Running +0s  at once 1 tolerated 0 items 4: 1 pending, 1 running, 2 pending redrive children 4: 1 pending, 1 running, 2 pending redrive redriven 1 +2s
        > children m e
        PendingRedrive 1 +0s +1s
        PendingRedrive 1 +0s +1s
        Running 1 +0s  redriven 1
        > child m e 2 describe
        Aborted, waits for a redrive: true, 0 redrives, No("Execution is PENDING_REDRIVE and cannot be redriven")
        > child m e 2 redrive
        ExecutionNotRedrivable: cannot redrive the execution: Execution was dispatched by a Map Run and is redriven with the execution of the Map Run
        > stop m e
        +2s
        > sleep 1s
        > runs m e
        Aborted +0s +2s at once 1 tolerated 0 items 4: 1 pending, 3 aborted children 4: 1 pending, 3 aborted redriven 1 +2s
        > children m e
        Aborted 1 +0s +1s
        Aborted 1 +0s +1s
        Aborted 1 +0s +2s redriven 1
        > redrive m e
        +3s
        > sleep 6s
        > runs m e
        Running +0s  at once 1 tolerated 0 items 4: 1 pending, 1 running, 1 succeeded, 1 pending redrive children 4: 1 pending, 1 running, 1 succeeded, 1 pending redrive redriven 2 +3s
        > children m e
        PendingRedrive 1 +0s +1s
        Running 1 +0s  redriven 1
        Succeeded 1 +0s +8s redriven 2
        > sleep 20s
        > describe m e
        Succeeded +0s to +22s input {"items":[{"w":5},{"w":6},{"w":7},{"w":1}]} output [{"w":5},{"w":6},{"w":7},{"w":1}]
        > runs m e
        Succeeded +0s +22s at once 1 tolerated 0 items 4: 4 succeeded children 4: 4 succeeded redriven 2 +3s
        > children m e
        Succeeded 1 +21s +22s
        Succeeded 1 +0s +21s redriven 1
        Succeeded 1 +0s +14s redriven 1
        Succeeded 1 +0s +8s redriven 2
    "#]],
    );
    check(
        "EXPRESS",
        expect![[r#"
        > create m {"StartAt":"M","States":{"M":{"Type":"Map","ItemsPa
        done
        > start m e {"items":[{"w":5},{"w":6},{"w":7},{"w":1}]}
        arn:aws:states:us-east-1:000000000000:execution:m:e +0s
        > sleep 1s
        > bound m e 1
        done
        > stop m e
        +1s
        > sleep 1s
        > redrive m e
        +2s
        > runs m e
        Running +0s  at once 1 tolerated 0 items 4: 1 pending, 1 running, 2 pending redrive children 4: 1 pending, 1 running, 2 pending redrive redriven 1 +2s
        > children m e
        PendingRedrive 1 +0s +1s
        PendingRedrive 1 +0s +1s
        Running 1 +0s 
        > child m e 2 describe
        Aborted, waits for a redrive: true, 0 redrives, No("Execution is PENDING_REDRIVE and cannot be redriven")
        > child m e 2 redrive
        ExecutionNotRedrivable: cannot redrive the execution: Execution was dispatched by a Map Run and is redriven with the execution of the Map Run
        > stop m e
        +2s
        > sleep 1s
        > runs m e
        Aborted +0s +2s at once 1 tolerated 0 items 4: 1 pending, 3 aborted children 4: 1 pending, 3 aborted redriven 1 +2s
        > children m e
        Aborted 1 +0s +1s
        Aborted 1 +0s +1s
        Aborted 1 +0s +2s
        > redrive m e
        +3s
        > sleep 6s
        > runs m e
        Running +0s  at once 1 tolerated 0 items 4: 1 pending, 1 running, 1 succeeded, 1 pending redrive children 4: 1 pending, 1 running, 1 succeeded, 1 pending redrive redriven 2 +3s
        > children m e
        PendingRedrive 1 +0s +1s
        Running 1 +0s 
        Succeeded 1 +0s +8s
        > sleep 20s
        > describe m e
        Succeeded +0s to +22s input {"items":[{"w":5},{"w":6},{"w":7},{"w":1}]} output [{"w":5},{"w":6},{"w":7},{"w":1}]
        > runs m e
        Succeeded +0s +22s at once 1 tolerated 0 items 4: 4 succeeded children 4: 4 succeeded redriven 2 +3s
        > children m e
        Succeeded 1 +21s +22s
        Succeeded 1 +0s +21s
        Succeeded 1 +0s +14s
        Succeeded 1 +0s +8s
    "#]],
    );
}

#[test]
fn express_children_begin_anew() {
    let more = r#","MaxConcurrency":1,"ToleratedFailureCount":1"#;
    let machine = redriven("EXPRESS", more);
    check(
        &format!(
            r#"create m {machine}
            start m e {{"items":[{{"f":1}},{{"w":1}},{{"f":2}},{{"w":1}}]}}
            sleep 10s
            children m e
            child m e 0 describe
            child m e 0 redrive
            redrive m e
            sleep 10s
            runs m e
            mend
            redrive m e
            sleep 10s
            describe m e
            runs m e
            children m e
            child m e 0 history
            child m e 0 describe
            history m e"#
        ),
        expect![[r#"
            > create m {"StartAt":"M","States":{"M":{"Type":"Map","ItemsPa
            done
            > start m e {"items":[{"f":1},{"w":1},{"f":2},{"w":1}]}
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 10s
            > children m e
            Failed 1 +1s +1s
            Succeeded 1 +0s +1s
            Failed 1 +0s +0s
            > child m e 0 describe
            Failed, waits for a redrive: false, 0 redrives, ByMapRun
            > child m e 0 redrive
            ExecutionNotRedrivable: cannot redrive the execution: Execution was dispatched by a Map Run and is redriven with the execution of the Map Run
            > redrive m e
            +10s
            > sleep 10s
            > runs m e
            Failed +0s +10s at once 1 tolerated 1 items 4: 1 pending, 1 succeeded, 2 failed children 4: 1 pending, 1 succeeded, 2 failed redriven 1 +10s
            > mend
            done
            > redrive m e
            +20s
            > sleep 10s
            > describe m e
            Succeeded +0s to +21s input {"items":[{"f":1},{"w":1},{"f":2},{"w":1}]} output [{"f":1},{"w":1},{"f":2},{"w":1}]
            > runs m e
            Succeeded +0s +21s at once 1 tolerated 1 items 4: 4 succeeded children 4: 4 succeeded redriven 2 +20s
            > children m e
            Succeeded 1 +20s +21s
            Succeeded 1 +1s +20s
            Succeeded 1 +0s +1s
            Succeeded 1 +0s +20s
            > child m e 0 history
            1 ExecutionStarted +20s
            9 ExecutionSucceeded +20s
            > child m e 0 describe
            Succeeded, waits for a redrive: false, 0 redrives, No("Execution is SUCCEEDED and cannot be redriven")
            > history m e
            1 ExecutionStarted +0s
            2 StateEntered +0s
            3 MapStarted +0s
            4 MapRunStarted +0s
            5 MapRunFailed +1s
            6 MapFailed +1s
            7 ExecutionFailed +1s
            8 ExecutionRedriven +10s
            9 MapRunRedriven +10s
            10 MapRunFailed +10s
            11 MapFailed +10s
            12 ExecutionFailed +10s
            13 ExecutionRedriven +20s
            14 MapRunRedriven +20s
            15 MapRunSucceeded +21s
            16 MapSucceeded +21s
            17 StateExited +21s
            18 ExecutionSucceeded +21s
        "#]],
    );
}

#[test]
fn a_threshold_counts_from_the_state_after_the_redrive() {
    let more = r#","MaxConcurrency":1,"ToleratedFailureCount":1"#;
    let machine = redriven("STANDARD", more);
    check(
        &format!(
            r#"create m {machine}
            start m e {{"items":[{{"f":1}},{{"w":1}},{{"f":2}},{{"f":3}},{{"w":1}}]}}
            sleep 10s
            runs m e
            redrive m e
            sleep 10s
            runs m e
            children m e
            redrive m e
            tolerate m e 3
            sleep 10s
            describe m e
            runs m e
            children m e"#
        ),
        expect![[r#"
            > create m {"StartAt":"M","States":{"M":{"Type":"Map","ItemsPa
            done
            > start m e {"items":[{"f":1},{"w":1},{"f":2},{"f":3},{"w":1}]
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 10s
            > runs m e
            Failed +0s +1s at once 1 tolerated 1 items 5: 2 pending, 1 succeeded, 2 failed children 5: 2 pending, 1 succeeded, 2 failed
            > redrive m e
            +10s
            > sleep 10s
            > runs m e
            Failed +0s +10s at once 1 tolerated 1 items 5: 2 pending, 1 succeeded, 2 failed children 5: 2 pending, 1 succeeded, 2 failed redriven 1 +10s
            > children m e
            Failed 1 +1s +10s redriven 1
            Succeeded 1 +0s +1s
            Failed 1 +0s +10s redriven 1
            > redrive m e
            +20s
            > tolerate m e 3
            MapRunIsOver: the Map Run arn:aws:states:us-east-1:000000000000:mapRun:m/L:<uuid> has ended
            > sleep 10s
            > describe m e
            Failed +0s to +20s input {"items":[{"f":1},{"w":1},{"f":2},{"f":3},{"w":1}]} error States.ExceedToleratedFailureThreshold cause The specified tolerated failure threshold was exceeded
            > runs m e
            Failed +0s +20s at once 1 tolerated 1 items 5: 2 pending, 1 succeeded, 2 failed children 5: 2 pending, 1 succeeded, 2 failed redriven 2 +20s
            > children m e
            Failed 1 +1s +20s redriven 2
            Succeeded 1 +0s +1s
            Failed 1 +0s +20s redriven 2
        "#]],
    );
}

#[test]
fn a_redrive_goes_on_after_crashes() {
    let more = r#","MaxConcurrency":2"#;
    for child_type in ["STANDARD", "EXPRESS"] {
        let machine = redriven(child_type, more);
        check(
            &format!(
                r#"create m {machine}
                start m e {{"items":[{{"w":2}},{{"w":9}},{{"w":1}},{{"w":3}},{{"w":4}}]}}
                sleep 3s
                stop m e
                sleep 1s
                runs m e
                redrive m e
                crash
                runs m e
                sleep 5s
                crash
                runs m e
                children m e
                stop m e
                crash
                sleep 1s
                runs m e
                redrive m e
                sleep 1s
                crash
                sleep 20s
                describe m e
                runs m e
                children m e
                history m e"#
            ),
            match child_type {
                "STANDARD" => expect![[r#"
                    > create m {"StartAt":"M","States":{"M":{"Type":"Map","ItemsPa
                    done
                    > start m e {"items":[{"w":2},{"w":9},{"w":1},{"w":3},{"w":4}]
                    arn:aws:states:us-east-1:000000000000:execution:m:e +0s
                    > sleep 3s
                    > stop m e
                    +3s
                    > sleep 1s
                    > runs m e
                    Aborted +0s +3s at once 2 tolerated 0 items 5: 1 pending, 2 succeeded, 2 aborted children 5: 1 pending, 2 succeeded, 2 aborted
                    > redrive m e
                    +4s
                    > crash
                    > runs m e
                    Running +0s  at once 2 tolerated 0 items 5: 1 pending, 2 running, 2 succeeded children 5: 1 pending, 2 running, 2 succeeded redriven 1 +4s
                    > sleep 5s
                    > crash
                    > runs m e
                    Running +0s  at once 2 tolerated 0 items 5: 2 running, 3 succeeded children 5: 2 running, 3 succeeded redriven 1 +4s
                    > children m e
                    Running 1 +7s 
                    Succeeded 1 +3s +7s redriven 1
                    Succeeded 1 +2s +3s
                    Running 1 +0s  redriven 1
                    Succeeded 1 +0s +2s
                    > stop m e
                    +9002ms
                    > crash
                    > sleep 1s
                    > runs m e
                    Aborted +0s +9002ms at once 2 tolerated 0 items 5: 3 succeeded, 2 aborted children 5: 3 succeeded, 2 aborted redriven 1 +4s
                    > redrive m e
                    +10003ms
                    > sleep 1s
                    > crash
                    > sleep 20s
                    > describe m e
                    Succeeded +0s to +19003ms input {"items":[{"w":2},{"w":9},{"w":1},{"w":3},{"w":4}]} output [{"w":2},{"w":9},{"w":1},{"w":3},{"w":4}]
                    > runs m e
                    Succeeded +0s +19003ms at once 2 tolerated 0 items 5: 5 succeeded children 5: 5 succeeded redriven 2 +10003ms
                    > children m e
                    Succeeded 1 +7s +14003ms redriven 1
                    Succeeded 1 +3s +7s redriven 1
                    Succeeded 1 +2s +3s
                    Succeeded 1 +0s +19003ms redriven 2
                    Succeeded 1 +0s +2s
                    > history m e
                    1 ExecutionStarted +0s
                    2 StateEntered +0s
                    3 MapStarted +0s
                    4 MapRunStarted +0s
                    5 ExecutionAborted +3s
                    6 ExecutionRedriven +4s
                    7 MapRunRedriven +4s
                    8 ExecutionAborted +9002ms
                    9 ExecutionRedriven +10003ms
                    10 MapRunRedriven +10003ms
                    11 MapRunSucceeded +19003ms
                    12 MapSucceeded +19003ms
                    13 StateExited +19003ms
                    14 ExecutionSucceeded +19003ms
                "#]],
                _ => expect![[r#"
                    > create m {"StartAt":"M","States":{"M":{"Type":"Map","ItemsPa
                    done
                    > start m e {"items":[{"w":2},{"w":9},{"w":1},{"w":3},{"w":4}]
                    arn:aws:states:us-east-1:000000000000:execution:m:e +0s
                    > sleep 3s
                    > stop m e
                    +3s
                    > sleep 1s
                    > runs m e
                    Aborted +0s +3s at once 2 tolerated 0 items 5: 1 pending, 2 succeeded, 2 aborted children 5: 1 pending, 2 succeeded, 2 aborted
                    > redrive m e
                    +4s
                    > crash
                    > runs m e
                    Running +0s  at once 2 tolerated 0 items 5: 1 pending, 2 running, 2 succeeded children 5: 1 pending, 2 running, 2 succeeded redriven 1 +4s
                    > sleep 5s
                    > crash
                    > runs m e
                    Running +0s  at once 2 tolerated 0 items 5: 2 running, 3 succeeded children 5: 2 running, 3 succeeded redriven 1 +4s
                    > children m e
                    Running 1 +7s 
                    Succeeded 1 +3s +7s
                    Succeeded 1 +2s +3s
                    Running 1 +0s 
                    Succeeded 1 +0s +2s
                    > stop m e
                    +9002ms
                    > crash
                    > sleep 1s
                    > runs m e
                    Aborted +0s +9002ms at once 2 tolerated 0 items 5: 3 succeeded, 2 aborted children 5: 3 succeeded, 2 aborted redriven 1 +4s
                    > redrive m e
                    +10003ms
                    > sleep 1s
                    > crash
                    > sleep 20s
                    > describe m e
                    Succeeded +0s to +19003ms input {"items":[{"w":2},{"w":9},{"w":1},{"w":3},{"w":4}]} output [{"w":2},{"w":9},{"w":1},{"w":3},{"w":4}]
                    > runs m e
                    Succeeded +0s +19003ms at once 2 tolerated 0 items 5: 5 succeeded children 5: 5 succeeded redriven 2 +10003ms
                    > children m e
                    Succeeded 1 +7s +14003ms
                    Succeeded 1 +3s +7s
                    Succeeded 1 +2s +3s
                    Succeeded 1 +0s +19003ms
                    Succeeded 1 +0s +2s
                    > history m e
                    1 ExecutionStarted +0s
                    2 StateEntered +0s
                    3 MapStarted +0s
                    4 MapRunStarted +0s
                    5 ExecutionAborted +3s
                    6 ExecutionRedriven +4s
                    7 MapRunRedriven +4s
                    8 ExecutionAborted +9002ms
                    9 ExecutionRedriven +10003ms
                    10 MapRunRedriven +10003ms
                    11 MapRunSucceeded +19003ms
                    12 MapSucceeded +19003ms
                    13 StateExited +19003ms
                    14 ExecutionSucceeded +19003ms
                "#]],
            },
        );
    }
}

#[test]
fn a_redrive_that_is_lost_with_the_process_was_never_asked_for() {
    let machine = redriven("STANDARD", "");
    check(
        &format!(
            r#"create m {machine}
            start m e {{"items":[{{"f":1}},{{"w":3}}]}}
            sleep 5s
            mend
            inject crash-before 1
            redrive m e one
            reopen
            runs m e
            inject crash-after 1
            redrive m e one
            reopen
            runs m e
            sleep 5s
            describe m e
            runs m e
            redrive m e one"#
        ),
        expect![[r#"
            > create m {"StartAt":"M","States":{"M":{"Type":"Map","ItemsPa
            done
            > start m e {"items":[{"f":1},{"w":3}]}
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 5s
            > mend
            done
            > inject crash-before 1
            > redrive m e one
            ShuttingDown: the server is shutting down
            > reopen
            > runs m e
            Failed +0s +0s at once 0 tolerated 0 items 2: 1 failed, 1 aborted children 2: 1 failed, 1 aborted
            > inject crash-after 1
            > redrive m e one
            ShuttingDown: the server is shutting down
            > reopen
            > runs m e
            Running +0s  at once 0 tolerated 0 items 2: 1 running, 1 succeeded children 2: 1 running, 1 succeeded redriven 1 +5001ms
            > sleep 5s
            > describe m e
            Succeeded +0s to +8001ms input {"items":[{"f":1},{"w":3}]} output [{"f":1},{"w":3}]
            > runs m e
            Succeeded +0s +8001ms at once 0 tolerated 0 items 2: 2 succeeded children 2: 2 succeeded redriven 1 +5001ms
            > redrive m e one
            +5001ms
        "#]],
    );
}

#[test]
fn what_has_nothing_to_go_on_with_begins_anew() {
    let batch = r#","ItemBatcher":{"MaxInputBytesPerBatch":30},"MaxConcurrency":1"#;
    let machine = redriven("STANDARD", batch);
    let no_reader = r#"{"StartAt":"M","States":{"M":{"Type":"Map","ItemReader":{"Resource":"arn:aws:states:::s3:getObject","ReaderConfig":{"InputType":"JSON"},"Parameters":{"Bucket":"b","Key":"k"}},"ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"S","States":{"S":{"Type":"Pass","End":true}}},"End":true}}}"#;
    check(
        &format!(
            r#"create m {machine}
            mend
            start m e {{"items":[{{"w":1}},"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]}}
            sleep 10s
            describe m e
            redrive m e
            sleep 10s
            history m e
            runs m e
            create n {no_reader}
            start n e
            sleep 1s
            redrive n e
            sleep 1s
            history n e
            runs n e"#
        ),
        expect![[r#"
            > create m {"StartAt":"M","States":{"M":{"Type":"Map","ItemsPa
            done
            > mend
            done
            > start m e {"items":[{"w":1},"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 10s
            > describe m e
            Failed +0s to +0s input {"items":[{"w":1},"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]} error States.DataLimitExceeded cause The item at index 1 does not fit into a batch of 30 bytes.
            > redrive m e
            +10s
            > sleep 10s
            > history m e
            1 ExecutionStarted +0s
            2 StateEntered +0s
            3 MapStarted +0s
            4 MapRunStarted +0s
            5 MapRunFailed +0s
            6 MapFailed +0s
            7 ExecutionFailed +0s
            8 ExecutionRedriven +10s
            9 MapStarted +10s
            10 MapRunStarted +10s
            11 MapRunFailed +10s
            12 MapFailed +10s
            13 ExecutionFailed +10s
            > runs m e
            Failed +10s +10s at once 1 tolerated 0 items 1: 1 succeeded children 1: 1 succeeded
            Failed +0s +0s at once 1 tolerated 0 items 1: 1 succeeded children 1: 1 succeeded
            > create n {"StartAt":"M","States":{"M":{"Type":"Map","ItemRea
            done
            > start n e
            arn:aws:states:us-east-1:000000000000:execution:n:e +20s
            > sleep 1s
            > redrive n e
            +21s
            > sleep 1s
            > history n e
            1 ExecutionStarted +20s
            2 StateEntered +20s
            3 MapStarted +20s
            4 MapRunStarted +20s
            5 MapRunFailed +20s
            6 MapFailed +20s
            7 ExecutionFailed +20s
            8 ExecutionRedriven +21s
            9 MapStarted +21s
            10 MapRunStarted +21s
            11 MapRunFailed +21s
            12 MapFailed +21s
            13 ExecutionFailed +21s
            > runs n e
            Failed +21s +21s at once 0 tolerated 0 items 0:  children 0: 
            Failed +20s +20s at once 0 tolerated 0 items 0:  children 0: 
        "#]],
    );
}

#[test]
fn results_that_could_not_be_written_are_written_again() {
    let machine = redriven(
        "STANDARD",
        r#","ResultWriter":{"Resource":"arn:aws:states:::s3:putObject","Parameters":{"Bucket":"gone","Prefix":"p"}}"#,
    );
    check(
        &format!(
            r#"create m {machine}
            start m e {{"items":[{{"w":1}},{{"w":2}}]}}
            sleep 10s
            describe m e
            redrive m e
            sleep 10s
            history m e
            runs m e
            children m e"#
        ),
        expect![[r#"
            > create m {"StartAt":"M","States":{"M":{"Type":"Map","ItemsPa
            done
            > start m e {"items":[{"w":1},{"w":2}]}
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 10s
            > describe m e
            Failed +0s to +2s input {"items":[{"w":1},{"w":2}]} error States.ResultWriterFailed cause there is no bucket
            > redrive m e
            +10s
            > sleep 10s
            > history m e
            1 ExecutionStarted +0s
            2 StateEntered +0s
            3 MapStarted +0s
            4 MapRunStarted +0s
            5 MapRunFailed +2s
            6 MapFailed +2s
            7 ExecutionFailed +2s
            8 ExecutionRedriven +10s
            9 MapRunRedriven +10s
            10 MapRunFailed +10s
            11 MapFailed +10s
            12 ExecutionFailed +10s
            > runs m e
            Failed +0s +10s at once 0 tolerated 0 items 2: 2 succeeded children 2: 2 succeeded redriven 1 +10s
            > children m e
            Succeeded 1 +0s +2s
            Succeeded 1 +0s +1s
        "#]],
    );
}

#[test]
fn several_runs_of_one_state() {
    let branch = |name: &str, path: &str| {
        let machine = redriven("STANDARD", "").replace("$.items", path);
        let machine = machine.replace(r#""Label":"L""#, &format!(r#""Label":"{name}""#));
        machine
            .replace("\"M\"", &format!("\"M{name}\""))
            .replace("\"C\"", &format!("\"C{name}\""))
            .replace("\"W\"", &format!("\"W{name}\""))
            .replace("\"T\":{", &format!("\"T{name}\":{{"))
            .replace("\"Default\":\"T\"", &format!("\"Default\":\"T{name}\""))
    };
    let machine = format!(
        r#"{{"StartAt":"P","States":{{"P":{{"Type":"Parallel","Branches":[{},{},{}],"End":true}}}}}}"#,
        branch("A", "$.a"),
        branch("B", "$.b"),
        branch("D", "$.d")
    );
    check(
        &format!(
            r#"create m {machine}
            start m e {{"a":[{{"w":1}}],"b":[{{"w":2}},{{"w":3}}],"d":[{{"w":9}},{{"w":1}}]}}
            sleep 2500ms
            stop m e
            mend
            sleep 1s
            redrive m e
            sleep 20s
            describe m e
            runs m e
            history m e"#
        ),
        expect![[r#"
            > create m {"StartAt":"P","States":{"P":{"Type":"Parallel","Br
            done
            > start m e {"a":[{"w":1}],"b":[{"w":2},{"w":3}],"d":[{"w":9},
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 2500ms
            > stop m e
            +2500ms
            > mend
            done
            > sleep 1s
            > redrive m e
            +3500ms
            > sleep 20s
            > describe m e
            Succeeded +0s to +12500ms input {"a":[{"w":1}],"b":[{"w":2},{"w":3}],"d":[{"w":9},{"w":1}]} output [[{"w":1}],[{"w":2},{"w":3}],[{"w":9},{"w":1}]]
            > runs m e
            Succeeded +0s +12500ms at once 0 tolerated 0 items 2: 2 succeeded children 2: 2 succeeded redriven 1 +3500ms
            Succeeded +0s +6500ms at once 0 tolerated 0 items 2: 2 succeeded children 2: 2 succeeded redriven 1 +3500ms
            Succeeded +0s +1s at once 0 tolerated 0 items 1: 1 succeeded children 1: 1 succeeded
            > history m e
            1 ExecutionStarted +0s
            2 StateEntered +0s
            3 ParallelStarted +0s
            4 StateEntered +0s
            5 MapStarted +0s
            6 MapRunStarted +0s
            7 StateEntered +0s
            8 MapStarted +0s
            9 MapRunStarted +0s
            10 StateEntered +0s
            11 MapStarted +0s
            12 MapRunStarted +0s
            13 MapRunSucceeded +1s
            14 MapSucceeded +1s
            15 StateExited +1s
            16 ExecutionAborted +2500ms
            17 ExecutionRedriven +3500ms
            18 MapRunRedriven +3500ms
            19 MapRunRedriven +3500ms
            20 MapRunSucceeded +6500ms
            21 MapSucceeded +6500ms
            22 StateExited +6500ms
            23 MapRunSucceeded +12500ms
            24 MapSucceeded +12500ms
            25 StateExited +12500ms
            26 ParallelSucceeded +12500ms
            27 StateExited +12500ms
            28 ExecutionSucceeded +12500ms
        "#]],
    );
}

#[test]
fn a_run_within_a_child_goes_on_too() {
    let inner = redriven("EXPRESS", "").replace("\"Label\":\"L\"", "\"Label\":\"I\"");
    let machine = format!(
        r#"{{"StartAt":"O","States":{{"O":{{"Type":"Map","Label":"L","ItemProcessor":{{"ProcessorConfig":{{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"}},{}}},"End":true}}}}}}"#,
        inner
            .trim_start_matches('{')
            .strip_suffix('}')
            .expect("it is an object")
    );
    check(
        &format!(
            r#"create m {machine}
            start m e [{{"items":[{{"w":1}},{{"f":1}}]}},{{"items":[{{"w":9}}]}}]
            sleep 5s
            describe m e
            child m e 0 history
            mend
            redrive m e
            sleep 20s
            describe m e
            history m e
            child m e 0 history
            child m e 1 history"#
        ),
        expect![[r#"
            > create m {"StartAt":"O","States":{"O":{"Type":"Map","Label":
            done
            > start m e [{"items":[{"w":1},{"f":1}]},{"items":[{"w":9}]}]
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 5s
            > describe m e
            Failed +0s to +0s input [{"items":[{"w":1},{"f":1}]},{"items":[{"w":9}]}] error States.ExceedToleratedFailureThreshold cause The specified tolerated failure threshold was exceeded
            > child m e 0 history
            1 ExecutionStarted +0s
            2 StateEntered +0s
            3 MapStarted +0s
            4 MapRunStarted +0s
            5 MapRunFailed +0s
            6 MapFailed +0s
            7 ExecutionFailed +0s
            > mend
            done
            > redrive m e
            +5s
            > sleep 20s
            > describe m e
            Succeeded +0s to +14s input [{"items":[{"w":1},{"f":1}]},{"items":[{"w":9}]}] output [[{"w":1},{"f":1}],[{"w":9}]]
            > history m e
            1 ExecutionStarted +0s
            2 StateEntered +0s
            3 MapStarted +0s
            4 MapRunStarted +0s
            5 MapRunFailed +0s
            6 MapFailed +0s
            7 ExecutionFailed +0s
            8 ExecutionRedriven +5s
            9 MapRunRedriven +5s
            10 MapRunSucceeded +14s
            11 MapSucceeded +14s
            12 StateExited +14s
            13 ExecutionSucceeded +14s
            > child m e 0 history
            1 ExecutionStarted +0s
            2 StateEntered +0s
            3 MapStarted +0s
            4 MapRunStarted +0s
            5 MapRunFailed +0s
            6 MapFailed +0s
            7 ExecutionFailed +0s
            8 ExecutionRedriven +5s
            9 MapRunRedriven +5s
            10 MapRunSucceeded +6s
            11 MapSucceeded +6s
            12 StateExited +6s
            13 ExecutionSucceeded +6s
            > child m e 1 history
            1 ExecutionStarted +0s
            2 StateEntered +0s
            3 MapStarted +0s
            4 MapRunStarted +0s
            5 ExecutionAborted +0s
            6 ExecutionRedriven +5s
            7 MapRunRedriven +5s
            8 MapRunSucceeded +14s
            9 MapSucceeded +14s
            10 StateExited +14s
            11 ExecutionSucceeded +14s
        "#]],
    );
}

#[test]
fn a_corrected_definition_reaches_the_children() {
    let broken = redriven("STANDARD", "").replace("mended", "broken");
    let corrected = broken.replace("broken", "echo");
    let inline = corrected
        .replace(
            r#""ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"#,
            "",
        )
        .replace(r#""Label":"L","#, "");
    let express = corrected.replace("STANDARD", "EXPRESS");
    check(
        &format!(
            r#"create m {broken}
            start m e {{"items":[{{"f":1}},{{"w":3}}]}}
            sleep 5s
            correct m e {inline}
            correct m e {express}
            correct m e {corrected}
            sleep 5s
            describe m e
            children m e"#
        ),
        expect![[r#"
            > create m {"StartAt":"M","States":{"M":{"Type":"Map","ItemsPa
            done
            > start m e {"items":[{"f":1},{"w":3}]}
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 5s
            > correct m e {"StartAt":"M","States":{"M":{"Type":"Map","Item
            DefinitionDoesNotFit: cannot redrive the execution with this definition: the state `M`, whose branches or iterations go on, must stay the kind of state that it was, with as many branches or children of the same type
            > correct m e {"StartAt":"M","States":{"M":{"Type":"Map","Item
            DefinitionDoesNotFit: cannot redrive the execution with this definition: the state `M`, whose branches or iterations go on, must stay the kind of state that it was, with as many branches or children of the same type
            > correct m e {"StartAt":"M","States":{"M":{"Type":"Map","Item
            +5s
            > sleep 5s
            > describe m e
            Succeeded +0s to +8s input {"items":[{"f":1},{"w":3}]} output [{"f":1},{"w":3}]
            > children m e
            Succeeded 1 +0s +8s redriven 1
            Succeeded 1 +0s +5s redriven 1
        "#]],
    );
}

#[test]
fn a_child_whose_history_is_full_is_not_redriven() {
    let machine = redriven("STANDARD", r#","MaxConcurrency":1"#).replace(
        r#"mended","#,
        r#"mended","Retry":[{"ErrorEquals":["Broken"],"MaxAttempts":2}],"#,
    );
    let mut limits = EngineLimits::aws();
    limits.execution.history_events = 17;
    check_with(
        limits,
        0,
        &format!(
            r#"create m {machine}
            start m e {{"items":[{{"f":1}}]}}
            sleep 5s
            redrive m e
            sleep 5s
            runs m e
            redrive m e
            sleep 1s
            runs m e
            child m e 0 describe"#
        ),
        expect![[r#"
            > create m {"StartAt":"M","States":{"M":{"Type":"Map","ItemsPa
            done
            > start m e {"items":[{"f":1}]}
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 5s
            > redrive m e
            +5s
            > sleep 5s
            > runs m e
            Failed +0s +5s at once 1 tolerated 0 items 1: 1 failed, 1 not redrivable children 1: 1 failed, 1 not redrivable redriven 1 +5s
            > redrive m e
            +10s
            > sleep 1s
            > runs m e
            Failed +0s +10s at once 1 tolerated 0 items 1: 1 failed, 1 not redrivable children 1: 1 failed, 1 not redrivable redriven 2 +10s
            > child m e 0 describe
            Failed, waits for a redrive: false, 1 redrives, No("Execution history event limit exceeded")
        "#]],
    );
}
