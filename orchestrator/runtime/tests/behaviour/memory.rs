//! What stays in memory: executions that only wait leave it.

use expect_test::expect;
use runtime::options::EngineLimits;

use crate::{activity, callback, check, check_with, task, waits};

#[test]
fn what_waits_leaves_memory() {
    let (waits, callback, activity) = (waits(50), callback(""), task(&activity("a"), ""));
    check(
        &format!(
            "activity a
            create w {waits}
            create c {callback}
            create q {activity}
            start w e
            start c e
            start q e
            sleep 1s
            counters
            beat token1
            counters"
        ),
        expect![[r#"
            > activity a
            arn:aws:states:us-east-1:000000000000:activity:a +0s
            > create w {"StartAt":"W","States":{"W":{"Type":"Wait","Second
            done
            > create c {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > create q {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > start w e
            arn:aws:states:us-east-1:000000000000:execution:w:e +0s
            > start c e
            arn:aws:states:us-east-1:000000000000:execution:c:e +0s
            > start q e
            arn:aws:states:us-east-1:000000000000:execution:q:e +0s
            > sleep 1s
            > counters
            executions_started: 3, history_events: 10, tasks_scheduled: 2, timers_waiting: 1
            > beat token1
            done
            > counters
            executions_started: 3, history_events: 10, tasks_scheduled: 2, timers_waiting: 1
        "#]],
    );
}

#[test]
fn a_task_that_runs_stays_until_it_has_ended() {
    let slow = task(&crate::function("slow"), "");
    check(
        &format!(
            "create m {slow}
            start m e
            sleep 1s
            counters
            sleep 10s
            counters"
        ),
        expect![[r#"
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > start m e
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 1s
            > counters
            executions_started: 1, history_events: 4, tasks_scheduled: 1, tasks_running: 1, executions_loaded: 1
            > sleep 10s
            > counters
            executions_started: 1, executions_succeeded: 1, history_events: 7, tasks_scheduled: 1
        "#]],
    );
}

#[test]
fn only_so_many_rest_in_memory() {
    let waits = waits(50);
    check_with(
        EngineLimits::aws(),
        2,
        &format!(
            "create m {waits}
            start m a
            start m b
            start m c
            counters
            sleep 50s
            counters"
        ),
        expect![[r#"
            > create m {"StartAt":"W","States":{"W":{"Type":"Wait","Second
            done
            > start m a
            arn:aws:states:us-east-1:000000000000:execution:m:a +0s
            > start m b
            arn:aws:states:us-east-1:000000000000:execution:m:b +0s
            > start m c
            arn:aws:states:us-east-1:000000000000:execution:m:c +0s
            > counters
            executions_started: 3, history_events: 6, executions_loaded: 2, timers_waiting: 3
            > sleep 50s
            > counters
            executions_started: 3, executions_succeeded: 3, history_events: 12
        "#]],
    );
}
