//! Versions and aliases: what they lead to, and what stands against changing them.

use expect_test::expect;

use crate::{PASSES, check, waits};

#[test]
fn a_version_stays_what_it_was() {
    check(
        &format!(
            "
            create m {PASSES}
            publish m
            publish m INITIAL
            update m {}
            publish m INITIAL
            publish m
            versions m
            qualified m 1
            qualified m 2
            start m@1 a
            start m@2 b
            start m@3 c
            start m d
            executions m@1
            executions m@2
            unpublish m 1
            unpublish m 1
            versions m
            start m@1 e
            describe m a
            reopen
            versions m
            publish m
            update m {PASSES}
            publish m
            versions m
            ",
            waits(5)
        ),
        expect![[r#"
            > create m {"StartAt":"P","States":{"P":{"Type":"Pass","End":t
            done
            > publish m
            arn:aws:states:us-east-1:000000000000:stateMachine:m:1
            > publish m INITIAL
            arn:aws:states:us-east-1:000000000000:stateMachine:m:1
            > update m {"StartAt":"W","States":{"W":{"Type":"Wait","Second
            arn:aws:states:us-east-1:000000000000:stateMachine:m Standard revised {"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":5,"End":true}}}
            > publish m INITIAL
            Conflict: Failed to publish the State Machine version for revision INITIAL. The current State Machine revision is <uuid>.
            > publish m
            arn:aws:states:us-east-1:000000000000:stateMachine:m:2
            > versions m
            2, 1
            > qualified m 1
            arn:aws:states:us-east-1:000000000000:stateMachine:m:1 Standard first {"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}
            > qualified m 2
            arn:aws:states:us-east-1:000000000000:stateMachine:m:2 Standard revised {"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":5,"End":true}}}
            > start m@1 a
            arn:aws:states:us-east-1:000000000000:execution:m:a +0s
            > start m@2 b
            arn:aws:states:us-east-1:000000000000:execution:m:b +0s
            > start m@3 c
            StateMachineDoesNotExist: there is no state machine arn:aws:states:us-east-1:000000000000:stateMachine:m:3
            > start m d
            arn:aws:states:us-east-1:000000000000:execution:m:d +0s
            > executions m@1
            1 a Succeeded
            > executions m@2
            2 b Running
            > unpublish m 1
            done
            > unpublish m 1
            done
            > versions m
            2
            > start m@1 e
            StateMachineDoesNotExist: there is no state machine arn:aws:states:us-east-1:000000000000:stateMachine:m:1
            > describe m a
            Succeeded +0s to +0s input {} output {}
            > reopen
            > versions m
            2
            > publish m
            arn:aws:states:us-east-1:000000000000:stateMachine:m:2
            > update m {"StartAt":"P","States":{"P":{"Type":"Pass","End":t
            arn:aws:states:us-east-1:000000000000:stateMachine:m Standard revised {"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}
            > publish m
            arn:aws:states:us-east-1:000000000000:stateMachine:m:3
            > versions m
            3, 2
        "#]],
    );
}

#[test]
fn an_alias_leads_to_versions() {
    check(
        &format!(
            "
            create m {PASSES}
            alias m live 1=100
            publish m
            update m {}
            publish m
            alias m live 1=100
            alias m live 1=100
            alias m live 2=100
            alias m both 1=50 2=50
            alias m odd 1=50 2=49
            alias m same 1=50 1=50
            alias m none 1=50 3=50
            alias m empty
            aliases m
            aliases m 2
            aliases m 3
            start m@live a
            executions m@live
            executions m@1
            realias m live 2=100
            start m@live b
            qualified m live
            executions m@live
            unpublish m 2
            unalias m live
            unalias m live
            start m@live c
            realias m live 1=100
            delete m
            create m {PASSES}
            versions m
            aliases m
            publish m
            ",
            waits(5)
        ),
        expect![[r#"
            > create m {"StartAt":"P","States":{"P":{"Type":"Pass","End":t
            done
            > alias m live 1=100
            NoSuchQualifier: there is no version or alias arn:aws:states:us-east-1:000000000000:stateMachine:m:1
            > publish m
            arn:aws:states:us-east-1:000000000000:stateMachine:m:1
            > update m {"StartAt":"W","States":{"W":{"Type":"Wait","Second
            arn:aws:states:us-east-1:000000000000:stateMachine:m Standard revised {"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":5,"End":true}}}
            > publish m
            arn:aws:states:us-east-1:000000000000:stateMachine:m:2
            > alias m live 1=100
            live -> 1=100
            > alias m live 1=100
            live -> 1=100
            > alias m live 2=100
            Conflict: Failed to create alias because an alias with the same name and a different routing configuration already exists.
            > alias m both 1=50 2=50
            both -> 1=50 2=50
            > alias m odd 1=50 2=49
            InvalidRouting: Sum of routing configuration weights must equal 100. Received: [50, 49]
            > alias m same 1=50 1=50
            InvalidRouting: Routing configuration must contain distinct state machine version ARNs. Received: [arn:aws:states:us-east-1:000000000000:stateMachine:m:1, arn:aws:states:us-east-1:000000000000:stateMachine:m:1]
            > alias m none 1=50 3=50
            NoSuchQualifier: there is no version or alias arn:aws:states:us-east-1:000000000000:stateMachine:m:3
            > alias m empty
            InvalidRouting: Routing configuration must contain one or two state machine version ARNs. Received: []
            > aliases m
            both -> 1=50 2=50, live -> 1=100
            > aliases m 2
            both -> 1=50 2=50
            > aliases m 3
            NoSuchQualifier: there is no version or alias arn:aws:states:us-east-1:000000000000:stateMachine:m:3
            > start m@live a
            arn:aws:states:us-east-1:000000000000:execution:m:a +0s
            > executions m@live
            1 a Succeeded
            > executions m@1
            1 a Succeeded
            > realias m live 2=100
            live -> 2=100
            > start m@live b
            arn:aws:states:us-east-1:000000000000:execution:m:b +0s
            > qualified m live
            arn:aws:states:us-east-1:000000000000:stateMachine:m:2 Standard revised {"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":5,"End":true}}}
            > executions m@live
            2 b Running, 1 a Succeeded
            > unpublish m 2
            Conflict: Version to be deleted must not be referenced by an alias. Current list of aliases referencing this version: [live, both]
            > unalias m live
            done
            > unalias m live
            NoSuchQualifier: there is no version or alias arn:aws:states:us-east-1:000000000000:stateMachine:m:live
            > start m@live c
            StateMachineDoesNotExist: there is no state machine arn:aws:states:us-east-1:000000000000:stateMachine:m:live
            > realias m live 1=100
            NoSuchQualifier: there is no version or alias arn:aws:states:us-east-1:000000000000:stateMachine:m:live
            > delete m
            done
            > create m {"StartAt":"P","States":{"P":{"Type":"Pass","End":t
            done
            > versions m
            > aliases m
            > publish m
            arn:aws:states:us-east-1:000000000000:stateMachine:m:1
        "#]],
    );
}
