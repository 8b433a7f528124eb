//! Retention: ended executions are kept for a time, then they are gone for good, and their names are free.

use expect_test::expect;

use crate::{PASSES, check, waits};

#[test]
fn ended_executions_are_kept_for_ninety_days() {
    let waits = waits(8_640_000);
    check(
        &format!(
            "create m {PASSES}
            create w {waits}
            start m e
            start w e
            sleep 7775000s
            describe m e
            sleep 2000s
            describe m e
            describe w e
            start m e"
        ),
        expect![[r#"
            > create m {"StartAt":"P","States":{"P":{"Type":"Pass","End":t
            done
            > create w {"StartAt":"W","States":{"W":{"Type":"Wait","Second
            done
            > start m e
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > start w e
            arn:aws:states:us-east-1:000000000000:execution:w:e +0s
            > sleep 7775000s
            > describe m e
            Succeeded +0s to +0s input {} output {}
            > sleep 2000s
            > describe m e
            ExecutionDoesNotExist: there is no execution arn:aws:states:us-east-1:000000000000:execution:m:e
            > describe w e
            Running +0s input {}
            > start m e
            arn:aws:states:us-east-1:000000000000:execution:m:e +7777000s
        "#]],
    );
}
