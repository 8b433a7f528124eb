//! Activities: tasks that wait for workers, and workers that wait for tasks.

use expect_test::expect;
use runtime::options::EngineLimits;

use crate::{activity, check, check_with, task};

#[test]
fn activities_are_made_listed_and_deleted() {
    check(
        "activity b
        activity a
        activity c
        activity a
        describe-activity a
        describe-activity nobody
        activities
        activities b
        delete-activity a
        delete-activity a
        describe-activity a
        poll a",
        expect![[r#"
            > activity b
            arn:aws:states:us-east-1:000000000000:activity:b +0s
            > activity a
            arn:aws:states:us-east-1:000000000000:activity:a +0s
            > activity c
            arn:aws:states:us-east-1:000000000000:activity:c +0s
            > activity a
            arn:aws:states:us-east-1:000000000000:activity:a +0s
            > describe-activity a
            arn:aws:states:us-east-1:000000000000:activity:a
            > describe-activity nobody
            ActivityDoesNotExist: there is no activity arn:aws:states:us-east-1:000000000000:activity:nobody
            > activities
            a, b
            > activities b
            c
            > delete-activity a
            done
            > delete-activity a
            done
            > describe-activity a
            ActivityDoesNotExist: there is no activity arn:aws:states:us-east-1:000000000000:activity:a
            > poll a
            ActivityDoesNotExist: there is no activity arn:aws:states:us-east-1:000000000000:activity:a
        "#]],
    );
}

#[test]
fn a_worker_waits_for_a_task_and_ends_it() {
    let machine = task(&activity("a"), "");
    check(
        &format!(
            r#"activity a
            create m {machine}
            & poll a bob
            start m e {{"n":1}}
            join
            history m e
            succeed token1 {{"done":true}}
            history m e
            describe m e
            poll a"#
        ),
        expect![[r#"
            > activity a
            arn:aws:states:us-east-1:000000000000:activity:a +0s
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > & poll a bob
            > start m e {"n":1}
            arn:aws:states:us-east-1:000000000000:execution:m:e +1ms
            > join
            poll a bob: token1 {"n":1}
            > history m e
            1 ExecutionStarted +1ms
            2 StateEntered +1ms
            3 ActivityScheduled +1ms
            4 ActivityStarted +1ms
            > succeed token1 {"done":true}
            done
            > history m e
            1 ExecutionStarted +1ms
            2 StateEntered +1ms
            3 ActivityScheduled +1ms
            4 ActivityStarted +1ms
            5 ActivitySucceeded +1ms
            6 StateExited +1ms
            7 ExecutionSucceeded +1ms
            > describe m e
            Succeeded +1ms to +1ms input {"n":1} output {"done":true}
            > poll a
            nothing
        "#]],
    );
}

#[test]
fn tasks_are_given_in_order_each_to_one_worker() {
    let machine = task(&activity("a"), "");
    check(
        &format!(
            "activity a
            create m {machine}
            & poll a
            & poll a
            start m e 1
            start m f 2
            start m g 3
            join
            poll a
            poll a"
        ),
        expect![[r#"
            > activity a
            arn:aws:states:us-east-1:000000000000:activity:a +0s
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > & poll a
            > & poll a
            > start m e 1
            arn:aws:states:us-east-1:000000000000:execution:m:e +2ms
            > start m f 2
            arn:aws:states:us-east-1:000000000000:execution:m:f +2ms
            > start m g 3
            arn:aws:states:us-east-1:000000000000:execution:m:g +2ms
            > join
            poll a: token1 1
            poll a: token2 2
            > poll a
            token3 3
            > poll a
            nothing
        "#]],
    );
}

#[test]
fn too_many_workers() {
    let limits = EngineLimits {
        activity_pollers: 1,
        ..EngineLimits::aws()
    };
    check_with(
        limits,
        0,
        "activity a
        & poll a
        poll a
        leave
        poll a",
        expect![[r#"
            > activity a
            arn:aws:states:us-east-1:000000000000:activity:a +0s
            > & poll a
            > poll a
            ActivityWorkerLimitExceeded: too many workers poll the activity a
            > leave
            > poll a
            nothing
        "#]],
    );
}

#[test]
fn an_activity_that_is_not_there() {
    let machine = task(&activity("nobody"), "");
    check(
        &format!(
            "create m {machine}
            start m e
            sleep 1s
            describe m e
            history m e"
        ),
        expect![[r#"
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > start m e
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 1s
            > describe m e
            Failed +0s to +0s input {} error States.Runtime cause Activity Does Not Exist: 'arn:aws:states:us-east-1:000000000000:activity:nobody'
            > history m e
            1 ExecutionStarted +0s
            2 StateEntered +0s
            3 ActivityScheduled +0s
            4 ActivityScheduleFailed +0s
            5 ExecutionFailed +0s
        "#]],
    );
}

#[test]
fn a_worker_that_goes_away_takes_no_task_with_it() {
    let machine = task(&activity("a"), "");
    check(
        &format!(
            "activity a
            create m {machine}
            & poll a
            leave
            start m e
            poll a"
        ),
        expect![[r#"
            > activity a
            arn:aws:states:us-east-1:000000000000:activity:a +0s
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > & poll a
            > leave
            > start m e
            arn:aws:states:us-east-1:000000000000:execution:m:e +1ms
            > poll a
            token1 {}
        "#]],
    );
}

#[test]
fn a_task_that_nobody_waits_for_is_given_to_nobody() {
    let machine = task(&activity("a"), r#","TimeoutSeconds":5"#);
    check(
        &format!(
            "activity a
            create m {machine}
            start m e 1
            start m f 2
            stop m f
            sleep 2s
            start m g 3
            sleep 4s
            poll a
            describe m e"
        ),
        expect![[r#"
            > activity a
            arn:aws:states:us-east-1:000000000000:activity:a +0s
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > start m e 1
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > start m f 2
            arn:aws:states:us-east-1:000000000000:execution:m:f +0s
            > stop m f
            +0s
            > sleep 2s
            > start m g 3
            arn:aws:states:us-east-1:000000000000:execution:m:g +2s
            > sleep 4s
            > poll a
            token1 1
            > describe m e
            Running +0s input 1
        "#]],
    );
}

#[test]
fn the_heartbeat_counts_from_the_start() {
    let machine = task(&activity("a"), r#","HeartbeatSeconds":5"#);
    check(
        &format!(
            "activity a
            create m {machine}
            start m e
            sleep 20s
            poll a
            sleep 4s
            beat token1
            sleep 4s
            beat token1
            sleep 6s
            beat token1
            describe m e"
        ),
        expect![[r#"
            > activity a
            arn:aws:states:us-east-1:000000000000:activity:a +0s
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > start m e
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 20s
            > poll a
            token1 {}
            > sleep 4s
            > beat token1
            done
            > sleep 4s
            > beat token1
            done
            > sleep 6s
            > beat token1
            TaskTimedOut: the task timed out or has ended
            > describe m e
            Failed +0s to +33s input {} error States.Timeout cause -
        "#]],
    );
}

#[test]
fn a_store_that_fails_keeps_the_task_in_the_queue() {
    let machine = task(&activity("a"), "");
    check(
        &format!(
            "activity a
            create m {machine}
            start m e
            inject full 1
            poll a
            poll a"
        ),
        expect![[r#"
            > activity a
            arn:aws:states:us-east-1:000000000000:activity:a +0s
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > start m e
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > inject full 1
            > poll a
            Unavailable: cannot make the change durable: cannot use the store
            > poll a
            token1 {}
        "#]],
    );
}

#[test]
fn after_a_restart_what_was_queued_is_queued_and_what_was_taken_is_not() {
    let machine = task(&activity("a"), "");
    check(
        &format!(
            "activity a
            create m {machine}
            start m e 1
            start m f 2
            poll a
            crash
            poll a
            poll a
            succeed token1 11
            succeed token2 22
            describe m e
            describe m f"
        ),
        expect![[r#"
            > activity a
            arn:aws:states:us-east-1:000000000000:activity:a +0s
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > start m e 1
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > start m f 2
            arn:aws:states:us-east-1:000000000000:execution:m:f +0s
            > poll a
            token1 1
            > crash
            > poll a
            token2 2
            > poll a
            nothing
            > succeed token1 11
            done
            > succeed token2 22
            done
            > describe m e
            Succeeded +0s to +60001ms input 1 output 11
            > describe m f
            Succeeded +0s to +60001ms input 2 output 22
        "#]],
    );
}
