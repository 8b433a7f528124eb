//! Distributed Maps: their runs, the children of these, and what survives.

use expect_test::{Expect, expect};

use crate::{check, function};

/// A machine with a distributed Map over `$.items` whose children have one state.
fn distributed(child_type: &str, state: &str, more: &str) -> String {
    format!(
        r#"{{"StartAt":"M","States":{{"M":{{"Type":"Map","ItemsPath":"$.items","Label":"L"{more},"ItemProcessor":{{"ProcessorConfig":{{"Mode":"DISTRIBUTED","ExecutionType":"{child_type}"}},"StartAt":"S","States":{{"S":{state}}}}},"End":true}}}}}}"#
    )
}

const PASS: &str = r#"{"Type":"Pass","Parameters":{"n.$":"$"},"End":true}"#;
const WAIT: &str = r#"{"Type":"Wait","SecondsPath":"$","End":true}"#;

#[test]
fn children_that_end_at_once() {
    for child_type in ["STANDARD", "EXPRESS"] {
        let machine = distributed(child_type, PASS, r#","MaxConcurrency":1"#);
        check(
            &format!(
                r#"create m {machine}
                start m e {{"items":[1,2,3]}}
                sleep 1s
                describe m e
                history m e
                runs m e
                children m e
                counters"#
            ),
            expect![[r#"
                > create m {"StartAt":"M","States":{"M":{"Type":"Map","ItemsPa
                done
                > start m e {"items":[1,2,3]}
                arn:aws:states:us-east-1:000000000000:execution:m:e +0s
                > sleep 1s
                > describe m e
                Succeeded +0s to +0s input {"items":[1,2,3]} output [{"n":1},{"n":2},{"n":3}]
                > history m e
                1 ExecutionStarted +0s
                2 StateEntered +0s
                3 MapStarted +0s
                4 MapRunStarted +0s
                5 MapRunSucceeded +0s
                6 MapSucceeded +0s
                7 StateExited +0s
                8 ExecutionSucceeded +0s
                > runs m e
                Succeeded +0s +0s at once 1 tolerated 0 items 3: 3 succeeded children 3: 3 succeeded
                > children m e
                Succeeded 1 +0s +0s
                Succeeded 1 +0s +0s
                Succeeded 1 +0s +0s
                > counters
                executions_started: 4, executions_succeeded: 4, history_events: 20
            "#]],
        );
    }
}

#[test]
fn children_that_wait_run_as_many_at_once_as_allowed() {
    let machine = distributed("STANDARD", WAIT, r#","MaxConcurrency":2"#);
    check(
        &format!(
            r#"create m {machine}
            start m e {{"items":[10,5,5,5]}}
            sleep 1s
            runs m e
            bound m e 3
            runs m e
            sleep 5s
            children m e
            runs m e
            sleep 10s
            describe m e
            runs m e
            bound m e 3"#
        ),
        expect![[r#"
            > create m {"StartAt":"M","States":{"M":{"Type":"Map","ItemsPa
            done
            > start m e {"items":[10,5,5,5]}
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 1s
            > runs m e
            Running +0s  at once 2 tolerated 0 items 4: 2 pending, 2 running children 4: 2 pending, 2 running
            > bound m e 3
            done
            > runs m e
            Running +0s  at once 3 tolerated 0 items 4: 1 pending, 3 running children 4: 1 pending, 3 running
            > sleep 5s
            > children m e
            Running 1 +5s 
            Succeeded 1 +1s +6s
            Succeeded 1 +0s +5s
            Running 1 +0s 
            > runs m e
            Running +0s  at once 3 tolerated 0 items 4: 2 running, 2 succeeded children 4: 2 running, 2 succeeded
            > sleep 10s
            > describe m e
            Succeeded +0s to +10s input {"items":[10,5,5,5]} output [10,5,5,5]
            > runs m e
            Succeeded +0s +10s at once 3 tolerated 0 items 4: 4 succeeded children 4: 4 succeeded
            > bound m e 3
            MapRunIsOver: the Map Run arn:aws:states:us-east-1:000000000000:mapRun:m/L:<uuid> has ended
        "#]],
    );
}

#[test]
fn a_run_goes_on_after_a_crash() {
    for child_type in ["STANDARD", "EXPRESS"] {
        let machine = distributed(child_type, WAIT, r#","MaxConcurrency":2"#);
        check(
            &format!(
                r#"create m {machine}
                start m e {{"items":[2,8,3,4,5]}}
                sleep 3s
                runs m e
                crash
                runs m e
                sleep 3s
                crash
                sleep 20s
                describe m e
                children m e
                runs m e"#
            ),
            expect![[r#"
                > create m {"StartAt":"M","States":{"M":{"Type":"Map","ItemsPa
                done
                > start m e {"items":[2,8,3,4,5]}
                arn:aws:states:us-east-1:000000000000:execution:m:e +0s
                > sleep 3s
                > runs m e
                Running +0s  at once 2 tolerated 0 items 5: 2 pending, 2 running, 1 succeeded children 5: 2 pending, 2 running, 1 succeeded
                > crash
                > runs m e
                Running +0s  at once 2 tolerated 0 items 5: 2 pending, 2 running, 1 succeeded children 5: 2 pending, 2 running, 1 succeeded
                > sleep 3s
                > crash
                > sleep 20s
                > describe m e
                Succeeded +0s to +13s input {"items":[2,8,3,4,5]} output [2,8,3,4,5]
                > children m e
                Succeeded 1 +8s +13s
                Succeeded 1 +5s +9s
                Succeeded 1 +2s +5s
                Succeeded 1 +0s +8s
                Succeeded 1 +0s +2s
                > runs m e
                Succeeded +0s +13s at once 2 tolerated 0 items 5: 5 succeeded children 5: 5 succeeded
            "#]],
        );
    }
}

#[test]
fn a_stopped_execution_stops_its_children() {
    let machine = distributed("STANDARD", WAIT, r#","MaxConcurrency":2"#);
    check(
        &format!(
            r#"create m {machine}
            start m e {{"items":[2,80,90,4,5]}}
            sleep 3s
            stop m e
            sleep 1s
            history m e
            children m e
            runs m e
            counters"#
        ),
        expect![[r#"
            > create m {"StartAt":"M","States":{"M":{"Type":"Map","ItemsPa
            done
            > start m e {"items":[2,80,90,4,5]}
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 3s
            > stop m e
            +3s
            > sleep 1s
            > history m e
            1 ExecutionStarted +0s
            2 StateEntered +0s
            3 MapStarted +0s
            4 MapRunStarted +0s
            5 ExecutionAborted +3s
            > children m e
            Aborted 1 +2s +3s
            Aborted 1 +0s +3s
            Succeeded 1 +0s +2s
            > runs m e
            Aborted +0s +3s at once 2 tolerated 0 items 5: 2 pending, 1 succeeded, 2 aborted children 5: 2 pending, 1 succeeded, 2 aborted
            > counters
            executions_started: 4, executions_succeeded: 1, executions_aborted: 3, history_events: 15
        "#]],
    );
}

#[test]
fn a_threshold_stops_the_others() {
    let flaky = format!(
        r#"{{"Type":"Task","Resource":"{}","End":true}}"#,
        function("broken")
    );
    let machine = distributed(
        "STANDARD",
        &flaky,
        r#","MaxConcurrency":1,"ToleratedFailureCount":1"#,
    );
    check(
        &format!(
            r#"create m {machine}
            start m e {{"items":[2,80,90,4,5]}}
            sleep 3s
            describe m e
            history m e
            children m e
            runs m e"#
        ),
        expect![[r#"
            > create m {"StartAt":"M","States":{"M":{"Type":"Map","ItemsPa
            done
            > start m e {"items":[2,80,90,4,5]}
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 3s
            > describe m e
            Failed +0s to +0s input {"items":[2,80,90,4,5]} error States.ExceedToleratedFailureThreshold cause The specified tolerated failure threshold was exceeded
            > history m e
            1 ExecutionStarted +0s
            2 StateEntered +0s
            3 MapStarted +0s
            4 MapRunStarted +0s
            5 MapRunFailed +0s
            6 MapFailed +0s
            7 ExecutionFailed +0s
            > children m e
            Failed 1 +0s +0s
            Failed 1 +0s +0s
            > runs m e
            Failed +0s +0s at once 1 tolerated 1 items 5: 3 pending, 2 failed children 5: 3 pending, 2 failed
        "#]],
    );
}

#[test]
fn items_are_batched() {
    let machine = distributed(
        "EXPRESS",
        PASS,
        r#","ItemBatcher":{"MaxItemsPerBatch":2,"BatchInput":{"x":1}},"ResultSelector":{"all.$":"$[*].n.Items"}"#,
    );
    check(
        &format!(
            r#"create m {machine}
            start m e {{"items":[1,2,3,4,5]}}
            sleep 1s
            describe m e
            children m e
            runs m e"#
        ),
        expect![[r#"
            > create m {"StartAt":"M","States":{"M":{"Type":"Map","ItemsPa
            done
            > start m e {"items":[1,2,3,4,5]}
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 1s
            > describe m e
            Succeeded +0s to +0s input {"items":[1,2,3,4,5]} output {"all":[[1,2],[3,4],[5]]}
            > children m e
            Succeeded 1 +0s +0s
            Succeeded 2 +0s +0s
            Succeeded 2 +0s +0s
            > runs m e
            Succeeded +0s +0s at once 0 tolerated 0 items 5: 5 succeeded children 3: 3 succeeded
        "#]],
    );
}

#[test]
fn batches_have_a_bound_of_bytes() {
    let machine = distributed(
        "STANDARD",
        PASS,
        r#","ItemBatcher":{"MaxInputBytesPerBatch":30}"#,
    );
    check(
        &format!(
            r#"create m {machine}
            start m e {{"items":["aaaaaa","bbbbbb","cccccccccccc","d","e"]}}
            sleep 1s
            describe m e
            start m f {{"items":["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]}}
            sleep 1s
            describe m f"#
        ),
        expect![[r#"
            > create m {"StartAt":"M","States":{"M":{"Type":"Map","ItemsPa
            done
            > start m e {"items":["aaaaaa","bbbbbb","cccccccccccc","d","e"
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 1s
            > describe m e
            Succeeded +0s to +0s input {"items":["aaaaaa","bbbbbb","cccccccccccc","d","e"]} output [{"n":{"Items":["aaaaaa","bbbbbb"]}},{"n":{"Items":["cccccccccccc","d"]}},{"n":{"Items":["e"]}}]
            > start m f {"items":["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
            arn:aws:states:us-east-1:000000000000:execution:m:f +1s
            > sleep 1s
            > describe m f
            Failed +1s to +1s input {"items":["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]} error States.DataLimitExceeded cause The item at index 0 does not fit into a batch of 30 bytes.
        "#]],
    );
}

fn check_results(transformation: &str, expected: Expect) {
    let writer = format!(
        r#","ResultWriter":{{"WriterConfig":{{"OutputType":"JSON","Transformation":"{transformation}"}}}}"#
    );
    let machine = distributed("STANDARD", r#"{"Type":"Pass","End":true}"#, &writer);
    check(
        &format!(
            r#"create m {machine}
            start m e {{"items":[[1,2],3]}}
            sleep 1s
            describe m e"#
        ),
        expected,
    );
}

#[test]
fn results_can_be_described_or_flattened() {
    check_results(
        "NONE",
        expect![[r#"
        > create m {"StartAt":"M","States":{"M":{"Type":"Map","ItemsPa
        done
        > start m e {"items":[[1,2],3]}
        arn:aws:states:us-east-1:000000000000:execution:m:e +0s
        > sleep 1s
        > describe m e
        Succeeded +0s to +0s input {"items":[[1,2],3]} output [{"ExecutionArn":"arn:aws:states:us-east-1:000000000000:execution:m/L:<uuid>","Input":"[1,2]","InputDetails":{"Included":true},"Name":"<uuid>","Output":"[1,2]","OutputDetails":{"Included":true},"RedriveCount":0,"StartDate":"2023-11-14T22:13:20.000Z","StateMachineArn":"arn:aws:states:us-east-1:000000000000:stateMachine:m/L","Status":"SUCCEEDED","StopDate":"2023-11-14T22:13:20.000Z"},{"ExecutionArn":"arn:aws:states:us-east-1:000000000000:execution:m/L:<uuid>","Input":"3","InputDetails":{"Included":true},"Name":"<uuid>","Output":"3","OutputDetails":{"Included":true},"RedriveCount":0,"StartDate":"2023-11-14T22:13:20.000Z","StateMachineArn":"arn:aws:states:us-east-1:000000000000:stateMachine:m/L","Status":"SUCCEEDED","StopDate":"2023-11-14T22:13:20.000Z"}]
    "#]],
    );
    check_results(
        "COMPACT",
        expect![[r#"
        > create m {"StartAt":"M","States":{"M":{"Type":"Map","ItemsPa
        done
        > start m e {"items":[[1,2],3]}
        arn:aws:states:us-east-1:000000000000:execution:m:e +0s
        > sleep 1s
        > describe m e
        Succeeded +0s to +0s input {"items":[[1,2],3]} output [[1,2],3]
    "#]],
    );
    check_results(
        "FLATTEN",
        expect![[r#"
        > create m {"StartAt":"M","States":{"M":{"Type":"Map","ItemsPa
        done
        > start m e {"items":[[1,2],3]}
        arn:aws:states:us-east-1:000000000000:execution:m:e +0s
        > sleep 1s
        > describe m e
        Succeeded +0s to +0s input {"items":[[1,2],3]} output [1,2,3]
    "#]],
    );
}

#[test]
fn a_reader_that_fails_fails_the_state() {
    let machine = r#"{"StartAt":"M","States":{"M":{"Type":"Map","ItemReader":{"Resource":"arn:aws:states:::s3:getObject","ReaderConfig":{"InputType":"JSON"},"Parameters":{"Bucket":"b","Key.$":"$.key"}},"ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"S","States":{"S":{"Type":"Pass","End":true}}},"End":true}}}"#;
    check(
        &format!(
            r#"create m {machine}
            start m e {{"key":"k"}}
            sleep 1s
            describe m e
            history m e
            runs m e"#
        ),
        expect![[r#"
            > create m {"StartAt":"M","States":{"M":{"Type":"Map","ItemRea
            done
            > start m e {"key":"k"}
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 1s
            > describe m e
            Failed +0s to +0s input {"key":"k"} error States.ItemReaderFailed cause there is nothing to read
            > history m e
            1 ExecutionStarted +0s
            2 StateEntered +0s
            3 MapStarted +0s
            4 MapRunStarted +0s
            5 MapRunFailed +0s
            6 MapFailed +0s
            7 ExecutionFailed +0s
            > runs m e
            Failed +0s +0s at once 0 tolerated 0 items 0:  children 0: 
        "#]],
    );
}

#[test]
fn a_run_that_can_not_be_read_fails_with_the_reason() {
    let machine = distributed("STANDARD", WAIT, "");
    check(
        &format!(
            r#"create m {machine}
            start m e {{"items":[50,60]}}
            sleep 1s
            damage-run 1 4
            crash
            sleep 5s
            describe m e
            history m e
            executions m
            unfinished"#
        ),
        expect![[r#"
            > create m {"StartAt":"M","States":{"M":{"Type":"Map","ItemsPa
            done
            > start m e {"items":[50,60]}
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 1s
            > damage-run 1 4
            done
            > crash
            > sleep 5s
            > describe m e
            Failed +0s to +1s input {"items":[50,60]} error States.Runtime cause The Map Run cannot be carried on: cannot use the store: cannot read Map Run m/L:<uuid>: expected ident at line 1 column 2.
            > history m e
            1 ExecutionStarted +0s
            2 StateEntered +0s
            3 MapStarted +0s
            4 MapRunStarted +0s
            5 MapRunFailed +1s
            6 MapFailed +1s
            7 ExecutionFailed +1s
            > executions m
            1 e Failed
            > unfinished
        "#]],
    );
}

#[test]
fn the_results_of_a_run_that_did_not_come_to_its_end() {
    let writer = r#","MaxConcurrency":2,"ItemSelector":{"i.$":"$$.Map.Item.Index","s.$":"$$.Map.Item.Value"},"ResultWriter":{"Resource":"arn:aws:states:::s3:putObject","Parameters":{"Bucket":"b","Prefix":"p"}}"#;
    let wait = r#"{"Type":"Wait","SecondsPath":"$.s","End":true}"#;
    let machine = distributed("STANDARD", wait, writer);
    check(
        &format!(
            r#"create m {machine}
            start m e {{"items":[1,9,2,3,4]}}
            sleep 2s
            stop m e
            sleep 1s
            results
            runs m e
            redrive m e
            sleep 30s
            results
            describe m e
            runs m e"#
        ),
        expect![[r#"
            > create m {"StartAt":"M","States":{"M":{"Type":"Map","ItemsPa
            done
            > start m e {"items":[1,9,2,3,4]}
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 2s
            > stop m e
            +2s
            > sleep 1s
            > results
            "SUCCEEDED" "{\"s\":1,\"i\":0}" redriven 0
            "ABORTED" "{\"s\":9,\"i\":1}" redriven 0
            "ABORTED" "{\"s\":2,\"i\":2}" redriven 0
            "PENDING" "{\"s\":3,\"i\":3}" redriven 
            "PENDING" "{\"s\":4,\"i\":4}" redriven 
            > runs m e
            Aborted +0s +2s at once 2 tolerated 0 items 5: 2 pending, 1 succeeded, 2 aborted, 3 written children 5: 2 pending, 1 succeeded, 2 aborted, 3 written
            > redrive m e
            +3s
            > sleep 30s
            > results
            "SUCCEEDED" "{\"s\":1,\"i\":0}" redriven 0
            "SUCCEEDED" "{\"s\":9,\"i\":1}" redriven 1
            "SUCCEEDED" "{\"s\":2,\"i\":2}" redriven 1
            "SUCCEEDED" "{\"s\":3,\"i\":3}" redriven 0
            "SUCCEEDED" "{\"s\":4,\"i\":4}" redriven 0
            > describe m e
            Succeeded +0s to +12s input {"items":[1,9,2,3,4]} output {"written":true}
            > runs m e
            Succeeded +0s +12s at once 2 tolerated 0 items 5: 5 succeeded, 5 written children 5: 5 succeeded, 5 written redriven 1 +3s
        "#]],
    );
}
