//! Executions that tasks of others start, in all four patterns.

use expect_test::expect;

use crate::{PASSES, callback, check, function, task, waits};

/// A machine whose task starts `child`.
fn starts(pattern: &str, more: &str) -> String {
    task(
        &format!("arn:aws:states:::states:startExecution{pattern}"),
        &format!(
            r#","Parameters":{{"StateMachineArn":"arn:aws:states:us-east-1:000000000000:stateMachine:child","Input":{{"n":1}},"Name":"c"{more}}}"#
        ),
    )
}

#[test]
fn fire_and_forget() {
    let (parent, child) = (starts("", ""), waits(5));
    check(
        &format!(
            "create child {child}
            create m {parent}
            start m e
            sleep 1s
            describe child c
            history m e
            stop child c
            counters"
        ),
        expect![[r#"
            > create child {"StartAt":"W","States":{"W":{"Type":"Wait","Se
            done
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > start m e
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 1s
            > describe child c
            Running +0s input {"n":1}
            > history m e
            1 ExecutionStarted +0s
            2 StateEntered +0s
            3 TaskScheduled +0s
            4 TaskStarted +0s
            5 TaskSucceeded +0s
            6 StateExited +0s
            7 ExecutionSucceeded +0s
            > stop child c
            +1s
            > counters
            executions_started: 2, executions_succeeded: 1, executions_aborted: 1, history_events: 10, tasks_scheduled: 1
        "#]],
    );
}

#[test]
fn sync_gives_texts() {
    let (parent, child) = (starts(".sync", ""), waits(5));
    check(
        &format!(
            "create child {child}
            create m {parent}
            start m e
            sleep 1s
            counters
            sleep 5s
            history m e"
        ),
        expect![[r#"
            > create child {"StartAt":"W","States":{"W":{"Type":"Wait","Se
            done
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > start m e
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 1s
            > counters
            executions_started: 2, history_events: 7, tasks_scheduled: 1, timers_waiting: 1
            > sleep 5s
            > history m e
            1 ExecutionStarted +0s
            2 StateEntered +0s
            3 TaskScheduled +0s
            4 TaskStarted +0s
            5 TaskSubmitted +0s
            6 TaskSucceeded +5s
            7 StateExited +5s
            8 ExecutionSucceeded +5s
        "#]],
    );
}

#[test]
fn a_child_that_ends_at_once_is_submitted_all_the_same() {
    let parent = task(
        "arn:aws:states:::states:startExecution.sync:2",
        r#","Parameters":{"StateMachineArn":"arn:aws:states:us-east-1:000000000000:stateMachine:child","Input":{"n":1},"Name":"c"},"ResultSelector":{"o.$":"$.Output","s.$":"$.Status"}"#,
    );
    check(
        &format!(
            "create child {PASSES}
            create m {parent}
            start m e
            sleep 1s
            history m e
            describe m e"
        ),
        expect![[r#"
            > create child {"StartAt":"P","States":{"P":{"Type":"Pass","En
            done
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > start m e
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 1s
            > history m e
            1 ExecutionStarted +0s
            2 StateEntered +0s
            3 TaskScheduled +0s
            4 TaskStarted +0s
            5 TaskSubmitted +0s
            6 TaskSucceeded +0s
            7 StateExited +0s
            8 ExecutionSucceeded +0s
            > describe m e
            Succeeded +0s to +0s input {} output {"s":"SUCCEEDED","o":{"n":1}}
        "#]],
    );
}

#[test]
fn a_child_that_gets_its_parents_token() {
    let parent = task(
        "arn:aws:states:::states:startExecution.waitForTaskToken",
        r#","Parameters":{"StateMachineArn":"arn:aws:states:us-east-1:000000000000:stateMachine:child","Input":{"token.$":"$$.Task.Token"},"Name":"c"}"#,
    );
    check(
        &format!(
            "create child {PASSES}
            create m {parent}
            start m e
            sleep 1s
            history m e
            crash
            sleep 1s
            history m e
            stop m e"
        ),
        expect![[r#"
            > create child {"StartAt":"P","States":{"P":{"Type":"Pass","En
            done
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > start m e
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 1s
            > history m e
            1 ExecutionStarted +0s
            2 StateEntered +0s
            3 TaskScheduled +0s
            4 TaskStarted +0s
            5 TaskSubmitted +0s
            > crash
            > sleep 1s
            > history m e
            1 ExecutionStarted +0s
            2 StateEntered +0s
            3 TaskScheduled +0s
            4 TaskStarted +0s
            5 TaskSubmitted +0s
            > stop m e
            +2001ms
        "#]],
    );
}

#[test]
fn a_child_that_fails_fails_its_task() {
    let (parent, child) = (
        starts(".sync", "").replace(
            r#""End":true"#,
            r#""Catch":[{"ErrorEquals":["States.TaskFailed"],"Next":"C","ResultPath":null}],"End":true"#,
        ),
        task(&function("broken"), ""),
    );
    let parent = parent.replace(
        r#""States":{"#,
        r#""States":{"C":{"Type":"Pass","Result":"caught","End":true},"#,
    );
    check(
        &format!(
            "create child {child}
            create m {parent}
            start m e
            sleep 1s
            history m e
            describe m e"
        ),
        expect![[r#"
            > create child {"StartAt":"T","States":{"T":{"Type":"Task","Re
            done
            > create m {"StartAt":"T","States":{"C":{"Type":"Pass","Result
            done
            > start m e
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 1s
            > history m e
            1 ExecutionStarted +0s
            2 StateEntered +0s
            3 TaskScheduled +0s
            4 TaskStarted +0s
            5 TaskSubmitted +0s
            6 TaskFailed +0s
            7 StateExited +0s
            8 StateEntered +0s
            9 StateExited +0s
            10 ExecutionSucceeded +0s
            > describe m e
            Succeeded +0s to +0s input {} output "caught"
        "#]],
    );
}

#[test]
fn a_child_of_a_machine_that_is_not_there() {
    let parent = starts(".sync", "");
    check(
        &format!(
            "create m {parent}
            start m e
            sleep 1s
            describe m e"
        ),
        expect![[r#"
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > start m e
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 1s
            > describe m e
            Failed +0s to +0s input {} error StepFunctions.StateMachineDoesNotExistException cause State Machine Does Not Exist: 'arn:aws:states:us-east-1:000000000000:stateMachine:child' (Service: AWSStepFunctions; Status Code: 400; Error Code: StateMachineDoesNotExist; Request ID: <uuid>; Proxy: null)
        "#]],
    );
}

#[test]
fn parameters_that_name_no_machine() {
    let none = task("arn:aws:states:::states:startExecution", "");
    let wrong = task(
        "arn:aws:states:::states:startExecution",
        r#","Parameters":{"StateMachineArn":"nonsense"}"#,
    );
    check(
        &format!(
            "create a {none}
            create b {wrong}
            start a e
            start b e
            sleep 1s
            describe a e
            describe b e"
        ),
        expect![[r#"
            > create a {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > create b {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > start a e
            arn:aws:states:us-east-1:000000000000:execution:a:e +0s
            > start b e
            arn:aws:states:us-east-1:000000000000:execution:b:e +0s
            > sleep 1s
            > describe a e
            Failed +0s to +0s input {} error States.Runtime cause The field 'StateMachineArn' is required but was missing
            > describe b e
            Failed +0s to +0s input {} error StepFunctions.InvalidArnException cause Invalid Arn: 'Invalid ARN prefix: nonsense' (Service: AWSStepFunctions; Status Code: 400; Error Code: InvalidArn; Request ID: <uuid>; Proxy: null)
        "#]],
    );
}

#[test]
fn a_parent_that_is_stopped_takes_its_child_with_it() {
    let (parent, child) = (starts(".sync", ""), waits(50));
    check(
        &format!(
            "create child {child}
            create m {parent}
            start m e
            sleep 1s
            stop m e
            sleep 1s
            describe child c
            counters"
        ),
        expect![[r#"
            > create child {"StartAt":"W","States":{"W":{"Type":"Wait","Se
            done
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > start m e
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 1s
            > stop m e
            +1s
            > sleep 1s
            > describe child c
            Aborted +0s to +1s input {"n":1} error States.TaskFailed cause The execution that waited for this one was stopped or went on without it.
            > counters
            executions_started: 2, executions_aborted: 2, history_events: 9, tasks_scheduled: 1
        "#]],
    );
}

#[test]
fn a_child_that_nobody_waits_for_goes_on_without_its_parent() {
    let parent = starts("", "").replace(
        r#""End":true"#,
        r#""Next":"W"},"W":{"Type":"Wait","Seconds":50,"End":true"#,
    );
    let child = waits(5);
    check(
        &format!(
            "create child {child}
            create m {parent}
            start m e
            sleep 1s
            stop m e
            sleep 5s
            describe child c"
        ),
        expect![[r#"
            > create child {"StartAt":"W","States":{"W":{"Type":"Wait","Se
            done
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > start m e
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 1s
            > stop m e
            +1s
            > sleep 5s
            > describe child c
            Succeeded +0s to +5s input {"n":1} output {"n":1}
        "#]],
    );
}

#[test]
fn a_child_whose_parent_was_stopped_in_the_moment_of_a_crash_is_stopped_after_it() {
    // The parent's stop is the next commit; the process dies before the child's.
    let (parent, child) = (starts(".sync", ""), waits(50));
    check(
        &format!(
            "create child {child}
            create m {parent}
            start m e
            sleep 1s
            inject crash-after 1
            stop m e
            reopen
            sleep 1s
            describe m e
            describe child c"
        ),
        expect![[r#"
            > create child {"StartAt":"W","States":{"W":{"Type":"Wait","Se
            done
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > start m e
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 1s
            > inject crash-after 1
            > stop m e
            ShuttingDown: the server is shutting down
            > reopen
            > sleep 1s
            > describe m e
            Aborted +0s to +1s input {} error - cause -
            > describe child c
            Aborted +0s to +1s input {"n":1} error States.TaskFailed cause The execution that waited for this one was stopped or went on without it.
        "#]],
    );
}

#[test]
fn a_restart_finds_the_child_again() {
    let (parent, child) = (starts(".sync", ""), callback(""));
    check(
        &format!(
            "create child {child}
            create m {parent}
            start m e
            sleep 1s
            crash
            sleep 1s
            executions
            succeed token1 7
            sleep 1s
            history m e
            describe m e"
        ),
        expect![[r#"
            > create child {"StartAt":"T","States":{"T":{"Type":"Task","Re
            done
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > start m e
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 1s
            > crash
            > sleep 1s
            > executions
            2 c Running, 1 e Running
            > succeed token1 7
            done
            > sleep 1s
            > history m e
            1 ExecutionStarted +0s
            2 StateEntered +0s
            3 TaskScheduled +0s
            4 TaskStarted +0s
            5 TaskSubmitted +0s
            6 TaskSucceeded +2001ms
            7 StateExited +2001ms
            8 ExecutionSucceeded +2001ms
            > describe m e
            Succeeded +0s to +2001ms input {} output {"ExecutionArn":"arn:aws:states:us-east-1:000000000000:execution:child:c","Input":"{\"n\":1}","InputDetails":{"Included":true},"Name":"c","Output":"7","OutputDetails":{"Included":true},"RedriveCount":0,"RedriveStatus":"NOT_REDRIVABLE","RedriveStatusReason":"Execution is SUCCEEDED and cannot be redriven","StartDate":1700000000000,"StateMachineArn":"arn:aws:states:us-east-1:000000000000:stateMachine:child","Status":"SUCCEEDED","StopDate":1700000002001}
        "#]],
    );
}

#[test]
fn a_name_that_somebody_else_has_used() {
    let (parent, child) = (starts(".sync", ""), waits(9));
    check(
        &format!(
            r#"create child {child}
            create m {parent}
            start child c {{"n":1}}
            start m shares
            sleep 10s
            describe child c
            history m shares
            start m late
            sleep 1s
            describe m late
            counters"#
        ),
        expect![[r#"
            > create child {"StartAt":"W","States":{"W":{"Type":"Wait","Se
            done
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > start child c {"n":1}
            arn:aws:states:us-east-1:000000000000:execution:child:c +0s
            > start m shares
            arn:aws:states:us-east-1:000000000000:execution:m:shares +0s
            > sleep 10s
            > describe child c
            Succeeded +0s to +9s input {"n":1} output {"n":1}
            > history m shares
            1 ExecutionStarted +0s
            2 StateEntered +0s
            3 TaskScheduled +0s
            4 TaskStarted +0s
            5 TaskSubmitted +0s
            6 TaskSucceeded +9s
            7 StateExited +9s
            8 ExecutionSucceeded +9s
            > start m late
            arn:aws:states:us-east-1:000000000000:execution:m:late +10s
            > sleep 1s
            > describe m late
            Failed +10s to +10s input {} error StepFunctions.ExecutionAlreadyExistsException cause Execution Already Exists: 'arn:aws:states:us-east-1:000000000000:execution:child:c' (Service: AWSStepFunctions; Status Code: 400; Error Code: ExecutionAlreadyExists; Request ID: <uuid>; Proxy: null)
            > counters
            executions_started: 3, executions_succeeded: 2, executions_failed: 1, history_events: 18, tasks_scheduled: 2
        "#]],
    );
}

#[test]
fn a_full_disk_does_not_fail_the_task_that_starts() {
    let (parent, child) = (starts(".sync", ""), waits(5));
    check(
        &format!(
            "create child {child}
            create m {parent}
            inject full 0
            start m e
            inject full 5
            sleep 30s
            describe m e"
        ),
        expect![[r#"
            > create child {"StartAt":"W","States":{"W":{"Type":"Wait","Se
            done
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > inject full 0
            > start m e
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > inject full 5
            > sleep 30s
            > describe m e
            Succeeded +0s to +6550ms input {} output {"ExecutionArn":"arn:aws:states:us-east-1:000000000000:execution:child:c","Input":"{\"n\":1}","InputDetails":{"Included":true},"Name":"c","Output":"{\"n\":1}","OutputDetails":{"Included":true},"RedriveCount":0,"RedriveStatus":"NOT_REDRIVABLE","RedriveStatusReason":"Execution is SUCCEEDED and cannot be redriven","StartDate":1700000000000,"StateMachineArn":"arn:aws:states:us-east-1:000000000000:stateMachine:child","Status":"SUCCEEDED","StopDate":1700000006550}
        "#]],
    );
}
