//! Following an execution's events as they are committed.

use expect_test::expect;

use crate::{PASSES, check, function, task, waits};

#[test]
fn a_follower_sees_everything_to_the_end() {
    let slow = task(&function("slow"), "");
    check(
        &format!(
            "create m {slow}
            start m e
            & follow m e
            & follow m e 4
            sleep 20s
            join
            follow m e
            follow m e 3
            follow m nobody"
        ),
        expect![[r#"
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > start m e
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > & follow m e
            > & follow m e 4
            > sleep 20s
            > join
            follow m e: 1-7, over
            follow m e 4: 4-7, over
            > follow m e
            1-7, over
            > follow m e 3
            3-7, over
            > follow m nobody
            ExecutionDoesNotExist: there is no execution arn:aws:states:us-east-1:000000000000:execution:m:nobody
        "#]],
    );
}

#[test]
fn who_begins_behind_the_end_is_told_that_it_is_over() {
    check(
        &format!(
            "create m {PASSES}
            start m e
            follow m e 100"
        ),
        expect![[r#"
            > create m {"StartAt":"P","States":{"P":{"Type":"Pass","End":t
            done
            > start m e
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > follow m e 100
            , over
        "#]],
    );
}

#[test]
fn a_follower_that_lags_reads_what_it_missed() {
    // A thousand commits while the follower waits.
    let machine = r#"{"StartAt":"M","States":{"M":{"Type":"Map","ItemsPath":"$","MaxConcurrency":1,"ItemProcessor":{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":1,"End":true}}},"End":true}}}"#;
    let items: Vec<u32> = (0..300).collect();
    let items = format!("{items:?}").replace(' ', "");
    check(
        &format!(
            "create m {machine}
            start m e {items}
            & follow m e
            sleep 400s
            join"
        ),
        expect![[r#"
            > create m {"StartAt":"M","States":{"M":{"Type":"Map","ItemsPa
            done
            > start m e [0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > & follow m e
            > sleep 400s
            > join
            follow m e: 1-1206, over
        "#]],
    );
}

#[test]
fn a_follower_ends_with_the_runtime() {
    let waits = waits(50);
    check(
        &format!(
            "create m {waits}
            start m e
            & follow m e
            close
            join"
        ),
        expect![[r#"
            > create m {"StartAt":"W","States":{"W":{"Type":"Wait","Second
            done
            > start m e
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > & follow m e
            > close
            closed
            > join
            follow m e: 1-2, over
        "#]],
    );
}
