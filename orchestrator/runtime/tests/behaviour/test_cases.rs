//! Test cases of the mock configuration file: responses that stand in for tasks, and outlive the process.

use expect_test::expect;

use crate::{check_mocked, function, task};

/// Calls a function up to three times, a second apart.
fn retried() -> String {
    task(
        &function("real"),
        r#","Retry":[{"ErrorEquals":["Busy"],"IntervalSeconds":1,"BackoffRate":1}]"#,
    )
}

const BUSY_TWICE: &str = r#"{"StateMachines":{"m":{"TestCases":{"Case":{"T":"R"},"Real":{}}}},
    "MockedResponses":{"R":{"0-1":{"Throw":{"Error":"Busy"}},"2":{"Return":{"paid":true}}}}}"#;

#[test]
fn each_invocation_gets_its_answer() {
    let machine = retried();
    check_mocked(
        BUSY_TWICE,
        &format!(
            "create m {machine}
            start m#Case e 1
            sleep 3s
            history m e
            describe m e
            start m#Real f 2
            sleep 10s
            describe m f
            calls"
        ),
        expect![[r#"
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > start m#Case e 1
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 3s
            > history m e
            1 ExecutionStarted +0s
            2 StateEntered +0s
            3 LambdaFunctionScheduled +0s
            4 LambdaFunctionStarted +0s
            5 LambdaFunctionFailed +0s
            6 LambdaFunctionScheduled +1s
            7 LambdaFunctionStarted +1s
            8 LambdaFunctionFailed +1s
            9 LambdaFunctionScheduled +2s
            10 LambdaFunctionStarted +2s
            11 LambdaFunctionSucceeded +2s
            12 StateExited +2s
            13 ExecutionSucceeded +2s
            > describe m e
            Succeeded +0s to +2s input 1 output {"paid":true}
            > start m#Real f 2
            arn:aws:states:us-east-1:000000000000:execution:m:f +3s
            > sleep 10s
            > describe m f
            Succeeded +3s to +3s input 2 output "real"
            > calls
            real f#3 2
        "#]],
    );
}

#[test]
fn the_responses_belong_to_the_execution() {
    let machine = retried();
    check_mocked(
        BUSY_TWICE,
        &format!(
            r#"create m {machine}
            start m#Case e 1
            mocks {{"StateMachines":{{}},"MockedResponses":{{}}}}
            crash
            sleep 3s
            history m e
            describe m e
            start m#Case f 1
            calls"#
        ),
        expect![[r#"
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > start m#Case e 1
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > mocks {"StateMachines":{},"MockedResponses":{}}
            > crash
            > sleep 3s
            > history m e
            1 ExecutionStarted +0s
            2 StateEntered +0s
            3 LambdaFunctionScheduled +0s
            4 LambdaFunctionStarted +0s
            5 LambdaFunctionFailed +0s
            6 LambdaFunctionScheduled +1s
            7 LambdaFunctionStarted +1s
            8 LambdaFunctionFailed +1s
            9 LambdaFunctionScheduled +2s
            10 LambdaFunctionStarted +2s
            11 LambdaFunctionSucceeded +2s
            12 StateExited +2s
            13 ExecutionSucceeded +2s
            > describe m e
            Succeeded +0s to +2s input 1 output {"paid":true}
            > start m#Case f 1
            TestCase: cannot use the test case 'Case' of the state machine 'm': MockConfigFile.json: /StateMachines: there is no state machine 'm'; there is none
            > calls
            -- another process
        "#]],
    );
}

#[test]
fn iterations_take_their_turns_and_an_answer_too_few_is_an_error() {
    let call = retried();
    let map = format!(
        r#"{{"StartAt":"M","States":{{"M":{{"Type":"Map","Iterator":{call},"End":true}}}}}}"#
    );
    check_mocked(
        r#"{"StateMachines":{"m":{"TestCases":{"Case":{"T":"R"},"Few":{"T":"F"}}}},
        "MockedResponses":{"F":{"0":{"Return":1}},
            "R":{"0":{"Throw":{"Error":"Busy"}},"1":{"Return":1},"2":{"Return":2}}}}"#,
        &format!(
            "create m {map}
            start m#Case e [1,2]
            sleep 3s
            describe m e
            start m#Few f [1,2]
            describe m f"
        ),
        expect![[r#"
            > create m {"StartAt":"M","States":{"M":{"Type":"Map","Iterato
            done
            > start m#Case e [1,2]
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 3s
            > describe m e
            Succeeded +0s to +1s input [1,2] output [1,2]
            > start m#Few f [1,2]
            arn:aws:states:us-east-1:000000000000:execution:m:f +3s
            > describe m f
            Failed +3s to +3s input [1,2] error States.Runtime cause The mocked response 'F' of the state 'T' has no answer for invocation 1 (the first one is 0).
        "#]],
    );
}

#[test]
fn jobs_and_tokens_and_activities_are_mocked_too() {
    let machine = r#"{"StartAt":"Job","States":{"Job":{"Type":"Task","Resource":"arn:aws:states:::batch:submitJob.sync","Next":"Token"},"Token":{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage.waitForTaskToken","Parameters":{"t.$":"$$.Task.Token"},"Next":"Act"},"Act":{"Type":"Task","Resource":"arn:aws:states:us-east-1:000000000000:activity:a","End":true}}}"#;
    check_mocked(
        r#"{"StateMachines":{"m":{"TestCases":{"Case":{"Job":"R","Token":"R","Act":"R"}}},"x":{"TestCases":{"Case":{"T":"R"}}}},
        "MockedResponses":{"R":{"0-9":{"Return":"done"}}}}"#,
        &format!(
            "create m {machine}
            activity a
            start m#Case e 1
            history m e
            express x {}
            sync x#Case s 1
            calls",
            retried()
        ),
        expect![[r#"
            > create m {"StartAt":"Job","States":{"Job":{"Type":"Task","Re
            done
            > activity a
            arn:aws:states:us-east-1:000000000000:activity:a +0s
            > start m#Case e 1
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > history m e
            1 ExecutionStarted +0s
            2 StateEntered +0s
            3 TaskScheduled +0s
            4 TaskStarted +0s
            5 TaskSubmitted +0s
            6 TaskSucceeded +0s
            7 StateExited +0s
            8 StateEntered +0s
            9 TaskScheduled +0s
            10 TaskStarted +0s
            11 TaskSubmitted +0s
            12 TaskSucceeded +0s
            13 StateExited +0s
            14 StateEntered +0s
            15 ActivityScheduled +0s
            16 ActivityStarted +0s
            17 ActivitySucceeded +0s
            18 StateExited +0s
            19 ExecutionSucceeded +0s
            > express x {"StartAt":"T","States":{"T":{"Type":"Task","Resou
            done
            > sync x#Case s 1
            Succeeded +0s to +0s input 1 output "done", 7 events
            > calls
        "#]],
    );
}

#[test]
fn the_children_of_a_map_run_share_the_answers() {
    let machine = |child_type: &str| {
        format!(
            r#"{{"StartAt":"M","States":{{"M":{{"Type":"Map","Label":"L","ToleratedFailureCount":1,"ItemProcessor":{{"ProcessorConfig":{{"Mode":"DISTRIBUTED","ExecutionType":"{child_type}"}},"StartAt":"W","States":{{"W":{{"Type":"Wait","SecondsPath":"$","Next":"T"}},"T":{{"Type":"Task","Resource":"{}","End":true}}}}}},"Next":"N"}},"N":{{"Type":"Choice","Choices":[{{"Variable":"$[2]","IsPresent":true,"Next":"A"}}],"Default":"D"}},"A":{{"Type":"Pass","Result":[0],"Next":"M"}},"D":{{"Type":"Pass","End":true}}}}}}"#,
            function("real")
        )
    };
    let mocks = r#"{"StateMachines":{"m":{"TestCases":{"Case":{"T":"R"}}},"x":{"TestCases":{"Case":{"T":"R"}}}},
        "MockedResponses":{"R":{"0":{"Return":"first"},"1":{"Throw":{"Error":"Busy"}},"2-3":{"Return":"later"}}}}"#;
    check_mocked(
        mocks,
        &format!(
            "create m {}
            create x {}
            start m#Case e [3,1,0]
            sleep 10s
            describe m e
            runs m e
            children m e
            start x#Case e [3,0,1]
            sleep 2s
            crash
            sleep 10s
            describe x e
            runs x e
            calls",
            machine("STANDARD"),
            machine("EXPRESS"),
        ),
        expect![[r#"
            > create m {"StartAt":"M","States":{"M":{"Type":"Map","Label":
            done
            > create x {"StartAt":"M","States":{"M":{"Type":"Map","Label":
            done
            > start m#Case e [3,1,0]
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 10s
            > describe m e
            Succeeded +0s to +4s input [3,1,0] output ["later"]
            > runs m e
            Succeeded +4s +4s at once 0 tolerated 1 items 1: 1 succeeded children 1: 1 succeeded
            Succeeded +0s +4s at once 0 tolerated 1 items 3: 2 succeeded, 1 failed children 3: 2 succeeded, 1 failed
            > children m e
            Succeeded 1 +4s +4s
            > start x#Case e [3,0,1]
            arn:aws:states:us-east-1:000000000000:execution:x:e +10s
            > sleep 2s
            > crash
            > sleep 10s
            > describe x e
            Succeeded +10s to +14s input [3,0,1] output ["later"]
            > runs x e
            Succeeded +14s +14s at once 0 tolerated 1 items 1: 1 succeeded children 1: 1 succeeded
            Succeeded +10s +14s at once 0 tolerated 1 items 3: 2 succeeded, 1 failed children 3: 2 succeeded, 1 failed
            > calls
            -- another process
        "#]],
    );
}
