//! What operators do to executions: redrive, pause, resume, search.

use expect_test::expect;

use crate::{PASSES, callback, check, function, task, waits};

#[test]
fn a_redrive_goes_on_from_the_state_that_failed() {
    let machine = format!(
        r#"{{"StartAt":"P","TimeoutSeconds":100,"States":{{"P":{{"Type":"Pass","Next":"T"}},
        "T":{{"Type":"Task","Resource":"{}","Parameters":{{"redrives.$":"$$.Execution.RedriveCount"}},"End":true}}}}}}"#,
        function("mended")
    )
    .replace('\n', "");
    check(
        &format!(
            "
            create m {machine}
            start m e 1
            sleep 1s
            describe m e
            redrivable m e
            redrive m e first
            sleep 1s
            describe m e
            redrive m e first
            redrivable m e
            mend
            sleep 1s
            redrive m e second
            sleep 1s
            describe m e
            redrivable m e
            redrive m e third
            redrive m e second
            sleep 960s
            redrive m e second
            history m e
            follow m e
            redrive m nobody
            "
        ),
        expect![[r#"
            > create m {"StartAt":"P","TimeoutSeconds":100,"States":{"P":{
            done
            > start m e 1
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 1s
            > describe m e
            Failed +0s to +0s input 1 error Broken cause as it is
            > redrivable m e
            0 redrives, Yes
            > redrive m e first
            +1s
            > sleep 1s
            > describe m e
            Failed +0s to +1s input 1 error Broken cause as it is
            > redrive m e first
            +1s
            > redrivable m e
            1 redrives, Yes
            > mend
            done
            > sleep 1s
            > redrive m e second
            +3s
            > sleep 1s
            > describe m e
            Succeeded +0s to +3s input 1 output {"redrives":2}
            > redrivable m e
            2 redrives, No("Execution is SUCCEEDED and cannot be redriven")
            > redrive m e third
            ExecutionNotRedrivable: cannot redrive the execution: Execution is SUCCEEDED and cannot be redriven
            > redrive m e second
            +3s
            > sleep 960s
            > redrive m e second
            ExecutionNotRedrivable: cannot redrive the execution: Execution is SUCCEEDED and cannot be redriven
            > history m e
            1 ExecutionStarted +0s
            2 StateEntered +0s
            3 StateExited +0s
            4 StateEntered +0s
            5 LambdaFunctionScheduled +0s
            6 LambdaFunctionStarted +0s
            7 LambdaFunctionFailed +0s
            8 ExecutionFailed +0s
            9 ExecutionRedriven +1s
            10 LambdaFunctionScheduled +1s
            11 LambdaFunctionStarted +1s
            12 LambdaFunctionFailed +1s
            13 ExecutionFailed +1s
            14 ExecutionRedriven +3s
            15 LambdaFunctionScheduled +3s
            16 LambdaFunctionStarted +3s
            17 LambdaFunctionSucceeded +3s
            18 StateExited +3s
            19 ExecutionSucceeded +3s
            > follow m e
            1-19, over
            > redrive m nobody
            ExecutionDoesNotExist: there is no execution arn:aws:states:us-east-1:000000000000:execution:m:nobody
        "#]],
    );
}

#[test]
fn a_redrive_survives_crashes() {
    check(
        &format!(
            "
            create m {}
            start m e 1
            sleep 1s
            inject crash-after 1
            redrive m e one
            reopen
            sleep 1s
            describe m e
            redrivable m e
            redrive m e one
            inject crash-before 1
            redrive m e two
            reopen
            redrivable m e
            redrive m e two
            sleep 1s
            describe m e
            history m e
            ",
            task(&function("broken"), "")
        ),
        expect![[r#"
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > start m e 1
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 1s
            > inject crash-after 1
            > redrive m e one
            ShuttingDown: the server is shutting down
            > reopen
            > sleep 1s
            > describe m e
            Failed +0s to +1s input 1 error Broken cause as it is
            > redrivable m e
            1 redrives, Yes
            > redrive m e one
            +1s
            > inject crash-before 1
            > redrive m e two
            ShuttingDown: the server is shutting down
            > reopen
            > redrivable m e
            1 redrives, Yes
            > redrive m e two
            +2002ms
            > sleep 1s
            > describe m e
            Failed +0s to +2002ms input 1 error Broken cause as it is
            > history m e
            1 ExecutionStarted +0s
            2 StateEntered +0s
            3 LambdaFunctionScheduled +0s
            4 LambdaFunctionStarted +0s
            5 LambdaFunctionFailed +0s
            6 ExecutionFailed +0s
            7 ExecutionRedriven +1s
            8 LambdaFunctionScheduled +1s
            9 LambdaFunctionStarted +1s
            10 LambdaFunctionFailed +1s
            11 ExecutionFailed +1s
            12 ExecutionRedriven +2002ms
            13 LambdaFunctionScheduled +2002ms
            14 LambdaFunctionStarted +2002ms
            15 LambdaFunctionFailed +2002ms
            16 ExecutionFailed +2002ms
        "#]],
    );
}

#[test]
fn a_stopped_or_timed_out_execution_is_redriven_too() {
    check(
        &format!(
            "
            create m {}
            create late {}
            start m e
            sleep 2s
            stop m e Why because
            redrive m e
            sleep 4s
            describe m e
            sleep 2s
            describe m e
            start late e
            sleep 9s
            describe late e
            redrive late e
            sleep 2s
            describe late e
            sleep 9s
            describe late e
            history late e
            ",
            waits(5),
            waits(20).replace("\"StartAt\"", "\"TimeoutSeconds\":8,\"StartAt\""),
        ),
        expect![[r#"
            > create m {"StartAt":"W","States":{"W":{"Type":"Wait","Second
            done
            > create late {"TimeoutSeconds":8,"StartAt":"W","States":{"W":
            done
            > start m e
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 2s
            > stop m e Why because
            +2s
            > redrive m e
            +2s
            > sleep 4s
            > describe m e
            Running +0s input {}
            > sleep 2s
            > describe m e
            Succeeded +0s to +7s input {} output {}
            > start late e
            arn:aws:states:us-east-1:000000000000:execution:late:e +8s
            > sleep 9s
            > describe late e
            TimedOut +8s to +16s input {} error - cause -
            > redrive late e
            +17s
            > sleep 2s
            > describe late e
            Running +8s input {}
            > sleep 9s
            > describe late e
            TimedOut +8s to +25s input {} error - cause -
            > history late e
            1 ExecutionStarted +8s
            2 StateEntered +8s
            3 ExecutionTimedOut +16s
            4 ExecutionRedriven +17s
            5 ExecutionTimedOut +25s
        "#]],
    );
}

#[test]
fn what_can_not_be_redriven() {
    check(
        &format!(
            "
            create m {PASSES}
            create w {}
            create f {}
            start m e
            redrive m e
            start w e
            redrive w e
            start f e
            sleep 1s
            sleep 1296000s
            redrivable f e
            redrive f e
            start f g
            sleep 1s
            delete f
            redrivable f g
            ",
            waits(5),
            task(&function("broken"), "")
        ),
        expect![[r#"
            > create m {"StartAt":"P","States":{"P":{"Type":"Pass","End":t
            done
            > create w {"StartAt":"W","States":{"W":{"Type":"Wait","Second
            done
            > create f {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > start m e
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > redrive m e
            ExecutionNotRedrivable: cannot redrive the execution: Execution is SUCCEEDED and cannot be redriven
            > start w e
            arn:aws:states:us-east-1:000000000000:execution:w:e +0s
            > redrive w e
            ExecutionNotRedrivable: cannot redrive the execution: Execution is RUNNING and cannot be redriven
            > start f e
            arn:aws:states:us-east-1:000000000000:execution:f:e +0s
            > sleep 1s
            > sleep 1296000s
            > redrivable f e
            0 redrives, No("Execution redrivable period exceeded")
            > redrive f e
            ExecutionNotRedrivable: cannot redrive the execution: Execution redrivable period exceeded
            > start f g
            arn:aws:states:us-east-1:000000000000:execution:f:g +1296001s
            > sleep 1s
            > delete f
            done
            > redrivable f g
            0 redrives, No("State machine is in DELETING status")
        "#]],
    );
}

#[test]
fn a_corrected_definition_takes_over() {
    let broken = task(&function("broken"), "");
    check(
        &format!(
            "
            create m {broken}
            start m e 1
            sleep 1s
            correct m e {}
            correct m e nonsense
            correct m e {}
            sleep 1s
            describe m e
            machine m
            machine-of m e
            reopen
            machine-of m e
            history m e
            ",
            PASSES,
            task(&function("echo"), "")
        ),
        expect![[r#"
            > create m {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > start m e 1
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 1s
            > correct m e {"StartAt":"P","States":{"P":{"Type":"Pass","End
            DefinitionDoesNotFit: cannot redrive the execution with this definition: the state `T`, from which the execution would go on, is not in the definition
            > correct m e nonsense
            InvalidDefinition: the definition has 1 finding
            > correct m e {"StartAt":"T","States":{"T":{"Type":"Task","Res
            +1s
            > sleep 1s
            > describe m e
            Succeeded +0s to +1s input 1 output 1
            > machine m
            arn:aws:states:us-east-1:000000000000:stateMachine:m Standard first {"StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:broken","End":true}}}
            > machine-of m e
            arn:aws:states:us-east-1:000000000000:stateMachine:m Standard revised {"StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:echo","End":true}}}
            > reopen
            > machine-of m e
            arn:aws:states:us-east-1:000000000000:stateMachine:m Standard revised {"StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:echo","End":true}}}
            > history m e
            1 ExecutionStarted +0s
            2 StateEntered +0s
            3 LambdaFunctionScheduled +0s
            4 LambdaFunctionStarted +0s
            5 LambdaFunctionFailed +0s
            6 ExecutionFailed +0s
            7 ExecutionRedriven +1s
            8 LambdaFunctionScheduled +1s
            9 LambdaFunctionStarted +1s
            10 LambdaFunctionSucceeded +1s
            11 StateExited +1s
            12 ExecutionSucceeded +1s
        "#]],
    );
}

#[test]
fn only_failed_branches_run_again() {
    let parallel = format!(
        r#"{{"StartAt":"B","States":{{"B":{{"Type":"Parallel","End":true,"Branches":[
        {{"StartAt":"good","States":{{"good":{{"Type":"Task","Resource":"{}","End":true}}}}}},
        {{"StartAt":"wait","States":{{"wait":{{"Type":"Wait","Seconds":1,"Next":"bad"}},"bad":{{"Type":"Task","Resource":"{}","End":true}}}}}},
        {{"StartAt":"long","States":{{"long":{{"Type":"Task","Resource":"{}","End":true}}}}}}]}}}}}}"#,
        function("echo"),
        function("mended"),
        function("slow")
    )
    .replace('\n', "");
    let map = format!(
        r#"{{"StartAt":"M","States":{{"M":{{"Type":"Map","End":true,"MaxConcurrency":1,"ItemProcessor":{{"StartAt":"C","States":{{
        "C":{{"Type":"Choice","Choices":[{{"Variable":"$","NumericEquals":2,"Next":"bad"}}],"Default":"good"}},
        "good":{{"Type":"Task","Resource":"{}","End":true}},"bad":{{"Type":"Task","Resource":"{}","End":true}}}}}}}}}}}}"#,
        function("echo"),
        function("mended")
    )
    .replace('\n', "");
    check(
        &format!(
            "
            create p {parallel}
            create m {map}
            start p e 7
            start m e [1,2,3]
            sleep 20s
            describe p e
            describe m e
            mend
            redrive p e
            redrive m e
            sleep 20s
            describe p e
            describe m e
            calls
            history p e
            history m e
            "
        ),
        expect![[r#"
            > create p {"StartAt":"B","States":{"B":{"Type":"Parallel","En
            done
            > create m {"StartAt":"M","States":{"M":{"Type":"Map","End":tr
            done
            > start p e 7
            arn:aws:states:us-east-1:000000000000:execution:p:e +0s
            > start m e [1,2,3]
            arn:aws:states:us-east-1:000000000000:execution:m:e +0s
            > sleep 20s
            > describe p e
            Failed +0s to +1s input 7 error Broken cause as it is
            > describe m e
            Failed +0s to +0s input [1,2,3] error Broken cause as it is
            > mend
            done
            > redrive p e
            +20s
            > redrive m e
            +20s
            > sleep 20s
            > describe p e
            Succeeded +0s to +30s input 7 output [7,7,7]
            > describe m e
            Succeeded +0s to +20s input [1,2,3] output [1,2,3]
            > calls
            echo e#5 7
            slow e#9 7
            echo e#8 1
            mended e#17 2
            mended e#15 7
            mended e#23 7
            slow e#25 7
            mended e#24 2
            echo e#33 3
            > history p e
            1 ExecutionStarted +0s
            2 StateEntered +0s
            3 ParallelStarted +0s
            4 StateEntered +0s
            5 LambdaFunctionScheduled +0s
            6 LambdaFunctionStarted +0s
            7 StateEntered +0s
            8 StateEntered +0s
            9 LambdaFunctionScheduled +0s
            10 LambdaFunctionStarted +0s
            11 LambdaFunctionSucceeded +0s
            12 StateExited +0s
            13 StateExited +1s
            14 StateEntered +1s
            15 LambdaFunctionScheduled +1s
            16 LambdaFunctionStarted +1s
            17 LambdaFunctionFailed +1s
            18 StateAborted +1s
            19 StateAborted +1s
            20 ParallelFailed +1s
            21 ExecutionFailed +1s
            22 ExecutionRedriven +20s
            23 LambdaFunctionScheduled +20s
            24 LambdaFunctionStarted +20s
            25 LambdaFunctionScheduled +20s
            26 LambdaFunctionStarted +20s
            27 LambdaFunctionSucceeded +20s
            28 StateExited +20s
            29 LambdaFunctionSucceeded +30s
            30 StateExited +30s
            31 ParallelSucceeded +30s
            32 StateExited +30s
            33 ExecutionSucceeded +30s
            > history m e
            1 ExecutionStarted +0s
            2 StateEntered +0s
            3 MapStarted +0s
            4 MapIterationStarted +0s
            5 StateEntered +0s
            6 StateExited +0s
            7 StateEntered +0s
            8 LambdaFunctionScheduled +0s
            9 LambdaFunctionStarted +0s
            10 LambdaFunctionSucceeded +0s
            11 StateExited +0s
            12 MapIterationSucceeded +0s
            13 MapIterationStarted +0s
            14 StateEntered +0s
            15 StateExited +0s
            16 StateEntered +0s
            17 LambdaFunctionScheduled +0s
            18 LambdaFunctionStarted +0s
            19 LambdaFunctionFailed +0s
            20 MapIterationFailed +0s
            21 MapFailed +0s
            22 ExecutionFailed +0s
            23 ExecutionRedriven +20s
            24 LambdaFunctionScheduled +20s
            25 LambdaFunctionStarted +20s
            26 LambdaFunctionSucceeded +20s
            27 StateExited +20s
            28 MapIterationSucceeded +20s
            29 MapIterationStarted +20s
            30 StateEntered +20s
            31 StateExited +20s
            32 StateEntered +20s
            33 LambdaFunctionScheduled +20s
            34 LambdaFunctionStarted +20s
            35 LambdaFunctionSucceeded +20s
            36 StateExited +20s
            37 MapIterationSucceeded +20s
            38 MapSucceeded +20s
            39 StateExited +20s
            40 ExecutionSucceeded +20s
        "#]],
    );
}

#[test]
fn a_paused_execution_stands_still() {
    check(
        &format!(
            "
            create w {}
            create t {}
            start w e
            start t e
            sleep 2s
            pause w e
            pause w e
            pause t e
            redrivable w e
            search all paused:true
            sleep 20s
            describe w e
            close
            reopen
            sleep 20s
            describe w e
            describe t e
            succeed token1 42
            succeed token1 43
            describe t e
            resume w e
            resume t e
            sleep 2s
            describe w e
            describe t e
            sleep 2s
            describe w e
            pause w e
            resume w e
            pause w nobody
            ",
            waits(5),
            callback(r#","TimeoutSeconds":9"#)
                .replace(r#""End":true"#, r#""Next":"P""#)
                .replace("}}}", r#"},"P":{"Type":"Pass","End":true}}}"#),
        ),
        expect![[r#"
            > create w {"StartAt":"W","States":{"W":{"Type":"Wait","Second
            done
            > create t {"StartAt":"T","States":{"T":{"Type":"Task","Resour
            done
            > start w e
            arn:aws:states:us-east-1:000000000000:execution:w:e +0s
            > start t e
            arn:aws:states:us-east-1:000000000000:execution:t:e +0s
            > sleep 2s
            > pause w e
            done
            > pause w e
            done
            > pause t e
            done
            > redrivable w e
            0 redrives, No("Execution is RUNNING and cannot be redriven"), paused
            > search all paused:true
            e, e of 2
            > sleep 20s
            > describe w e
            Running +0s input {}
            > close
            closed
            > reopen
            > sleep 20s
            > describe w e
            Running +0s input {}
            > describe t e
            Running +0s input {}
            > succeed token1 42
            done
            > succeed token1 43
            TaskTimedOut: the task timed out or has ended
            > describe t e
            Running +0s input {}
            > resume w e
            done
            > resume t e
            done
            > sleep 2s
            > describe w e
            Running +0s input {}
            > describe t e
            Succeeded +0s to +42001ms input {} output 42
            > sleep 2s
            > describe w e
            Succeeded +0s to +45001ms input {} output {}
            > pause w e
            ExecutionEnded: the execution arn:aws:states:us-east-1:000000000000:execution:w:e has ended
            > resume w e
            ExecutionEnded: the execution arn:aws:states:us-east-1:000000000000:execution:w:e has ended
            > pause w nobody
            ExecutionDoesNotExist: there is no execution arn:aws:states:us-east-1:000000000000:execution:w:nobody
        "#]],
    );
}

#[test]
fn executions_are_found_by_what_they_are() {
    check(
        &format!(
            r#"
            create m {PASSES}
            create n {}
            start m a-1 {{"id":1}}
            start m a-2 {{"id":2,"who":{{"name":"Ada"}}}}
            start n b-1 {{"id":1}}
            sleep 600s
            start n b-2 {{"id":2}}
            sleep 600s
            start m a-3 {{"id":3}}
            search all
            search m
            search all prefix:b
            search all input:id=1
            search all input:who.name=Ada
            search all input:id=1 prefix:a
            search all after:300s
            search all before:300s
            search all after:300s before:900s
            search all redriven:true
            search nobody
            "#,
            waits(5)
        ),
        expect![[r#"
            > create m {"StartAt":"P","States":{"P":{"Type":"Pass","End":t
            done
            > create n {"StartAt":"W","States":{"W":{"Type":"Wait","Second
            done
            > start m a-1 {"id":1}
            arn:aws:states:us-east-1:000000000000:execution:m:a-1 +0s
            > start m a-2 {"id":2,"who":{"name":"Ada"}}
            arn:aws:states:us-east-1:000000000000:execution:m:a-2 +0s
            > start n b-1 {"id":1}
            arn:aws:states:us-east-1:000000000000:execution:n:b-1 +0s
            > sleep 600s
            > start n b-2 {"id":2}
            arn:aws:states:us-east-1:000000000000:execution:n:b-2 +600s
            > sleep 600s
            > start m a-3 {"id":3}
            arn:aws:states:us-east-1:000000000000:execution:m:a-3 +1200s
            > search all
            a-3, b-2, b-1 of 3, more
            > search m
            a-3, a-2, a-1 of 3
            > search all prefix:b
            b-2, b-1 of 5
            > search all input:id=1
            b-1, a-1 of 5
            > search all input:who.name=Ada
            a-2 of 5
            > search all input:id=1 prefix:a
            a-1 of 5
            > search all after:300s
            a-3, b-2 of 2
            > search all before:300s
            b-1, a-2, a-1 of 3
            > search all after:300s before:900s
            b-2 of 1
            > search all redriven:true
             of 5
            > search nobody
            StateMachineDoesNotExist: there is no state machine arn:aws:states:us-east-1:000000000000:stateMachine:nobody
        "#]],
    );
}
