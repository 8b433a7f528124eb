//! The header of a trace: kept with an execution, and carried to everything that it calls.

use expect_test::expect;

use crate::{PASSES, check, function, task};

const HEADER: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1;Lineage=x";

#[test]
fn a_task_carries_it_also_after_a_crash() {
    let machine = task(&function("hang"), "");
    check(
        &format!(
            "create m {machine}
            start m without
            traced {HEADER} m with
            sleep 1s
            crash
            sleep 1s
            describe m with
            stop m with {{}}
            describe m with
            describe m without
            calls"
        ),
        expect![[r#"
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > start m without
            arn:aws:states:us-east-1:000000000000:execution:m:without +0s
            > traced Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1;Li
            arn:aws:states:us-east-1:000000000000:execution:m:with +0s
            > sleep 1s
            > crash
            > sleep 1s
            > describe m with
            Running +0s input {} trace Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1;Lineage=x
            > stop m with {}
            +2001ms
            > describe m with
            Aborted +0s to +2001ms input {} error {} cause - trace Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1;Lineage=x
            > describe m without
            Running +0s input {}
            > calls
            hang without#3 {}
            hang with#3 {} x-amzn-trace-id=Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1;Lineage=x
            -- another process
            hang without#3 {}
            hang with#3 {} x-amzn-trace-id=Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1;Lineage=x
        "#]],
    );
}

#[test]
fn a_redrive_carries_it_on() {
    let machine = task(&function("mended"), "");
    check(
        &format!(
            "create m {machine}
            traced {HEADER} m e
            sleep 1s
            crash
            redrive m e
            sleep 1s
            describe m e
            calls"
        ),
        expect![[r#"
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > traced Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1;Li
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 1s
            > crash
            > redrive m e
            +1001ms
            > sleep 1s
            > describe m e
            Succeeded +0s to +1001ms input {} output {} trace Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1;Lineage=x
            > calls
            mended e#3 {} x-amzn-trace-id=Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1;Lineage=x
            -- another process
            mended e#8 {} x-amzn-trace-id=Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1;Lineage=x
        "#]],
    );
}

#[test]
fn a_synchronous_execution_shows_it() {
    check(
        &format!(
            "express m {PASSES}
            traced-sync {HEADER} m e
            express w {}
            traced-sync {HEADER} w e
            calls",
            task(&function("echo"), "")
        ),
        expect![[r#"
            > express m {"StartAt":"P","States":{"P":{"Type":"Pass","End":
            done
            > traced-sync Root=1-5759e988-bd862e3fe1be46a994272793;Sampled
            Succeeded +0s to +0s input {} output {} trace Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1;Lineage=x, 4 events
            > express w {"StartAt":"T","States":{"T":{"Type":"Task","Resou
            done
            > traced-sync Root=1-5759e988-bd862e3fe1be46a994272793;Sampled
            Succeeded +0s to +0s input {} output {} trace Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1;Lineage=x, 7 events
            > calls
            echo <uuid>#3 {} x-amzn-trace-id=Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1;Lineage=x
        "#]],
    );
}

/// A machine whose task starts `child`.
fn starts(more: &str) -> String {
    task(
        "arn:aws:states:::states:startExecution.sync:2",
        &format!(
            r#","Parameters":{{"StateMachineArn":"arn:aws:states:us-east-1:000000000000:stateMachine:child","Name":"c"{more}}},"ResultPath":null"#
        ),
    )
}

#[test]
fn a_nested_execution_has_it_unless_its_parameters_say_another() {
    let child = task(&function("echo"), "");
    for (more, expected) in [
        (
            "",
            expect![[r#"
            > create child {"StartAt":"T","States":{"T":{"Type":"Task","Re
            done
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > traced Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1;Li
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 1s
            > describe child c
            Succeeded +0s to +0s input {} output {} trace Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1;Lineage=x
            > describe m e
            Succeeded +0s to +0s input {} output {} trace Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1;Lineage=x
            > calls
            echo c#3 {} x-amzn-trace-id=Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1;Lineage=x
        "#]],
        ),
        (
            r#","TraceHeader":"Root=mine""#,
            expect![[r#"
            > create child {"StartAt":"T","States":{"T":{"Type":"Task","Re
            done
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > traced Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1;Li
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 1s
            > describe child c
            Succeeded +0s to +0s input {} output {} trace Root=mine
            > describe m e
            Succeeded +0s to +0s input {} output {} trace Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1;Lineage=x
            > calls
            echo c#3 {} x-amzn-trace-id=Root=mine
        "#]],
        ),
        (
            r#","TraceHeader":"Röot""#,
            expect![[r#"
            > create child {"StartAt":"T","States":{"T":{"Type":"Task","Re
            done
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > traced Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1;Li
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 1s
            > describe child c
            ExecutionDoesNotExist: there is no execution arn:aws:states:us-east-1:000000000000:execution:child:c
            > describe m e
            Failed +0s to +0s input {} error StepFunctions.ValidationException cause 1 validation error detected: Value 'Röot' at 'traceHeader' failed to satisfy constraint: Member must satisfy regular expression pattern: \p{ASCII}* (Service: AWSStepFunctions; Status Code: 400; Error Code: Validation; Request ID: <uuid>; Proxy: null) trace Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1;Lineage=x
            > calls
        "#]],
        ),
    ] {
        check(
            &format!(
                "create child {child}
                create m {}
                traced {HEADER} m e
                sleep 1s
                describe child c
                describe m e
                calls",
                starts(more)
            ),
            expected,
        );
    }
}

#[test]
fn the_children_of_a_map_run_have_it() {
    let machine = |child_type: &str| {
        let echo = function("echo");
        format!(
            r#"{{"StartAt":"M","States":{{"M":{{"Type":"Map","End":true,"ItemProcessor":{{"ProcessorConfig":{{"Mode":"DISTRIBUTED","ExecutionType":"{child_type}"}},"StartAt":"T","States":{{"T":{{"Type":"Task","Resource":"{echo}","End":true}}}}}}}}}}}}"#
        )
    };
    for (child_type, expected) in [
        (
            "STANDARD",
            expect![[r#"
        > create m {"StartAt":"M","States":{"M":{"Type":"Map","End":tr
        done
        > traced Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1;Li
        arn:aws:states:us-east-1:000000000000:execution:m:e +0s
        > sleep 1s
        > calls
        echo <uuid>#3 1 x-amzn-trace-id=Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1;Lineage=x
        echo <uuid>#3 2 x-amzn-trace-id=Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1;Lineage=x
    "#]],
        ),
        (
            "EXPRESS",
            expect![[r#"
        > create m {"StartAt":"M","States":{"M":{"Type":"Map","End":tr
        done
        > traced Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1;Li
        arn:aws:states:us-east-1:000000000000:execution:m:e +0s
        > sleep 1s
        > calls
        echo <uuid>#3 1 x-amzn-trace-id=Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1;Lineage=x
        echo <uuid>#3 2 x-amzn-trace-id=Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1;Lineage=x
    "#]],
        ),
    ] {
        check(
            &format!(
                "create m {}
                traced {HEADER} m e [1,2]
                sleep 1s
                calls",
                machine(child_type)
            ),
            expected,
        );
    }
}
