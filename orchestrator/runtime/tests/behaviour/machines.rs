//! State machines and tags.

use expect_test::expect;
use runtime::options::EngineLimits;

use crate::{PASSES, check, check_with, waits};

#[test]
fn a_machine_is_made_changed_and_deleted() {
    let other = waits(5);
    check(
        &format!(
            "machine m
            create m {PASSES}
            create m {PASSES}
            create m {other}
            express m {PASSES}
            create wrong {{\"StartAt\":\"X\",\"States\":{{}}}}
            machine m
            update m {PASSES}
            update m {other}
            machine m
            update nobody {other}
            update m {{}}
            delete m
            delete m
            machine m
            start m e
            create m {PASSES}
            machine m"
        ),
        expect![[r#"
            > machine m
            StateMachineDoesNotExist: there is no state machine arn:aws:states:us-east-1:000000000000:stateMachine:m
            > create m {"StartAt":"P","States":{"P":{"Type":"Pass","End":t
            done
            > create m {"StartAt":"P","States":{"P":{"Type":"Pass","End":t
            done
            > create m {"StartAt":"W","States":{"W":{"Type":"Wait","Second
            StateMachineAlreadyExists: the state machine arn:aws:states:us-east-1:000000000000:stateMachine:m exists with another definition
            > express m {"StartAt":"P","States":{"P":{"Type":"Pass","End":
            StateMachineAlreadyExists: the state machine arn:aws:states:us-east-1:000000000000:stateMachine:m exists with another definition
            > create wrong {"StartAt":"X","States":{}}
            InvalidDefinition: the definition has 1 finding
            > machine m
            arn:aws:states:us-east-1:000000000000:stateMachine:m Standard first {"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}
            > update m {"StartAt":"P","States":{"P":{"Type":"Pass","End":t
            arn:aws:states:us-east-1:000000000000:stateMachine:m Standard first {"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}
            > update m {"StartAt":"W","States":{"W":{"Type":"Wait","Second
            arn:aws:states:us-east-1:000000000000:stateMachine:m Standard revised {"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":5,"End":true}}}
            > machine m
            arn:aws:states:us-east-1:000000000000:stateMachine:m Standard revised {"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":5,"End":true}}}
            > update nobody {"StartAt":"W","States":{"W":{"Type":"Wait","S
            StateMachineDoesNotExist: there is no state machine arn:aws:states:us-east-1:000000000000:stateMachine:nobody
            > update m {}
            InvalidDefinition: the definition has 1 finding
            > delete m
            done
            > delete m
            done
            > machine m
            StateMachineDoesNotExist: there is no state machine arn:aws:states:us-east-1:000000000000:stateMachine:m
            > start m e
            StateMachineDoesNotExist: there is no state machine arn:aws:states:us-east-1:000000000000:stateMachine:m
            > create m {"StartAt":"P","States":{"P":{"Type":"Pass","End":t
            done
            > machine m
            arn:aws:states:us-east-1:000000000000:stateMachine:m Standard first {"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}
        "#]],
    );
}

#[test]
fn machines_are_listed_by_number() {
    check(
        &format!(
            "create a {PASSES}
            create b {PASSES}
            create c {PASSES}
            delete b
            machines
            machines 1
            machines 3"
        ),
        expect![[r#"
            > create a {"StartAt":"P","States":{"P":{"Type":"Pass","End":t
            done
            > create b {"StartAt":"P","States":{"P":{"Type":"Pass","End":t
            done
            > create c {"StartAt":"P","States":{"P":{"Type":"Pass","End":t
            done
            > delete b
            done
            > machines
            1 a, 3 c
            > machines 1
            3 c
            > machines 3
        "#]],
    );
}

#[test]
fn an_execution_keeps_the_definition_that_it_started_with() {
    let waits = waits(5);
    check(
        &format!(
            "create m {waits}
            start m e
            update m {PASSES}
            machine-of m e
            machine-of m nobody
            machine-of nobody e
            delete m
            sleep 5s
            describe m e"
        ),
        expect![[r#"
            > create m {"StartAt":"W","States":{"W":{"Type":"Wait","Second
            done
            > start m e
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > update m {"StartAt":"P","States":{"P":{"Type":"Pass","End":t
            arn:aws:states:us-east-1:000000000000:stateMachine:m Standard revised {"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}
            > machine-of m e
            arn:aws:states:us-east-1:000000000000:stateMachine:m Standard first {"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":5,"End":true}}}
            > machine-of m nobody
            ExecutionDoesNotExist: there is no execution arn:aws:states:us-east-1:000000000000:execution:m:nobody
            > machine-of nobody e
            ExecutionDoesNotExist: there is no execution arn:aws:states:us-east-1:000000000000:execution:nobody:e
            > delete m
            done
            > sleep 5s
            > describe m e
            Succeeded +0s to +5s input {} output {}
        "#]],
    );
}

#[test]
fn limits_on_machines_activities_and_tags() {
    let limits = EngineLimits {
        state_machines: 1,
        activities: 1,
        tags: 0,
        ..EngineLimits::aws()
    };
    check_with(
        limits,
        0,
        &format!(
            "create a {PASSES}
            create b {PASSES}
            create a {PASSES}
            delete a
            create b {PASSES}
            reopen
            create c {PASSES}
            activity x
            activity y
            activity x
            tag arn:aws:states:us-east-1:000000000000:stateMachine:b k"
        ),
        expect![[r#"
            > create a {"StartAt":"P","States":{"P":{"Type":"Pass","End":t
            done
            > create b {"StartAt":"P","States":{"P":{"Type":"Pass","End":t
            LimitExceeded: the limit of 1 state machines is reached
            > create a {"StartAt":"P","States":{"P":{"Type":"Pass","End":t
            done
            > delete a
            done
            > create b {"StartAt":"P","States":{"P":{"Type":"Pass","End":t
            done
            > reopen
            > create c {"StartAt":"P","States":{"P":{"Type":"Pass","End":t
            LimitExceeded: the limit of 1 state machines is reached
            > activity x
            arn:aws:states:us-east-1:000000000000:activity:x +1ms
            > activity y
            LimitExceeded: the limit of 1 activities is reached
            > activity x
            arn:aws:states:us-east-1:000000000000:activity:x +1ms
            > tag arn:aws:states:us-east-1:000000000000:stateMachine:b k
            LimitExceeded: the limit of 0 tags is reached
        "#]],
    );
}

#[test]
fn tags_of_machines_and_activities() {
    check(
        &format!(
            "create m {PASSES}
            activity a
            tag arn:aws:states:us-east-1:000000000000:stateMachine:m k
            tags arn:aws:states:us-east-1:000000000000:stateMachine:m
            tags arn:aws:states:us-east-1:000000000000:activity:a
            tags arn:aws:states:us-east-1:000000000000:stateMachine:nobody
            tags nonsense
            delete m
            create m {PASSES}
            tags arn:aws:states:us-east-1:000000000000:stateMachine:m"
        ),
        expect![[r#"
            > create m {"StartAt":"P","States":{"P":{"Type":"Pass","End":t
            done
            > activity a
            arn:aws:states:us-east-1:000000000000:activity:a +0s
            > tag arn:aws:states:us-east-1:000000000000:stateMachine:m k
            done
            > tags arn:aws:states:us-east-1:000000000000:stateMachine:m
            Some([Tag { key: "k", value: "yes" }])
            > tags arn:aws:states:us-east-1:000000000000:activity:a
            Some([])
            > tags arn:aws:states:us-east-1:000000000000:stateMachine:nobo
            None
            > tags nonsense
            None
            > delete m
            done
            > create m {"StartAt":"P","States":{"P":{"Type":"Pass","End":t
            done
            > tags arn:aws:states:us-east-1:000000000000:stateMachine:m
            Some([])
        "#]],
    );
}
