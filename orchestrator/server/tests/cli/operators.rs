//! What an operator does with executions and state machines of a server: halts them, lets them go on, corrects, publishes, searches, tries out.

use expect_test::{Expect, expect};

use crate::house::{House, PASS, WAIT};

/// Comes to a state that fails.
const FAILS: &str = r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Fail","Error":"Wrong"}}}"#;

/// The same, corrected.
const MENDED: &str = r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Pass","Result":{"mended":true},"End":true}}}"#;

/// The same, without the state at which the execution is.
const OTHER: &str = r#"{"StartAt":"C","States":{"C":{"Type":"Pass","End":true}}}"#;

/// A task, a state that chooses, and one that is called what a shell takes apart.
const STATES: &str = r#"{"StartAt":"Charge","States":{
  "Charge":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"charge","Payload.$":"$"},
    "ResultSelector":{"paid.$":"$.Payload.paid"},
    "Retry":[{"ErrorEquals":["Busy"],"MaxAttempts":2,"IntervalSeconds":3}],"Catch":[{"ErrorEquals":["States.ALL"],"Next":"Sorry"}],"Next":"Is it?"},
  "Is it?":{"Type":"Choice","Choices":[{"Variable":"$.paid","BooleanEquals":true,"Next":"Done"}],"Default":"Sorry"},
  "Done":{"Type":"Succeed"},"Sorry":{"Type":"Fail"}}}"#;

/// Tells what a server says to commands.
fn check(commands: &str, expected: Expect) {
    let house = House::with(&[
        ("pass.json", PASS),
        ("wait.json", WAIT),
        ("fails.json", FAILS),
        ("mended.json", MENDED),
        ("other.json", OTHER),
        ("states.json", STATES),
        ("wrong.json", r#"{"StartAt":"A"}"#),
        (
            "state.json",
            r#"{"Type":"Pass","Result":{"a":1},"ResultPath":"$.r","End":true}"#,
        ),
        ("text", "no JSON"),
    ]);
    let server = house.serve(&[]);
    expected.assert_eq(&house.session(&server, commands));
}

#[test]
fn executions_are_halted_and_go_on() {
    check(
        r#"
            state-machines create wait wait.json -o json
            executions start wait --name one
            executions pause wait:one
            executions pause wait:one
            executions list --paused
            executions describe wait:one
            executions resume wait:one
            executions list --paused
            executions resume wait:one --output json
            executions stop wait:one
            executions pause wait:one
            executions resume wait:one
            executions pause wait:two
            executions resume gone:two
            executions pause one
            executions pause
        "#,
        expect![[r#"
            $ ratchet state-machines create wait wait.json -o json
            exit code 0
            --- stdout
            {
              "name": "wait",
              "arn": "arn:aws:states:us-east-1:000000000000:stateMachine:wait",
              "type": "STANDARD",
              "createdAt": "<time>",
              "updatedAt": "<time>",
              "roleArn": "arn:aws:iam::000000000000:role/ratchet",
              "definition": {
                "StartAt": "W",
                "States": {
                  "W": {
                    "Type": "Wait",
                    "Seconds": 600,
                    "End": true
                  }
                }
              }
            }

            $ ratchet executions start wait --name one
            exit code 0
            --- stdout
            id            wait:one
            arn           arn:aws:states:us-east-1:000000000000:execution:wait:one
            stateMachine  wait
            name          one
            status        RUNNING
            startedAt     <time>

            $ ratchet executions pause wait:one
            exit code 0
            --- stdout
            id            wait:one
            arn           arn:aws:states:us-east-1:000000000000:execution:wait:one
            stateMachine  wait
            name          one
            status        RUNNING
            startedAt     <time>
            pausedAt      <time>
            input
              {}

            $ ratchet executions pause wait:one
            exit code 0
            --- stdout
            id            wait:one
            arn           arn:aws:states:us-east-1:000000000000:execution:wait:one
            stateMachine  wait
            name          one
            status        RUNNING
            startedAt     <time>
            pausedAt      <time>
            input
              {}

            $ ratchet executions list --paused
            exit code 0
            --- stdout
            EXECUTION  STATUS   STARTED                   STOPPED
            wait:one   RUNNING  <time>

            $ ratchet executions describe wait:one
            exit code 0
            --- stdout
            id            wait:one
            arn           arn:aws:states:us-east-1:000000000000:execution:wait:one
            stateMachine  wait
            name          one
            status        RUNNING
            startedAt     <time>
            pausedAt      <time>
            input
              {}

            $ ratchet executions resume wait:one
            exit code 0
            --- stdout
            id            wait:one
            arn           arn:aws:states:us-east-1:000000000000:execution:wait:one
            stateMachine  wait
            name          one
            status        RUNNING
            startedAt     <time>
            input
              {}

            $ ratchet executions list --paused
            exit code 0
            --- stdout
            EXECUTION  STATUS  STARTED  STOPPED

            $ ratchet executions resume wait:one --output json
            exit code 0
            --- stdout
            {
              "id": "wait:one",
              "arn": "arn:aws:states:us-east-1:000000000000:execution:wait:one",
              "stateMachine": "wait",
              "name": "one",
              "status": "RUNNING",
              "startedAt": "<time>",
              "input": {}
            }

            $ ratchet executions stop wait:one
            exit code 0
            --- stdout
            id            wait:one
            arn           arn:aws:states:us-east-1:000000000000:execution:wait:one
            stateMachine  wait
            name          one
            status        ABORTED
            startedAt     <time>
            stoppedAt     <time>
            input
              {}

            $ ratchet executions pause wait:one
            exit code 1
            --- stderr
            error: the execution arn:aws:states:us-east-1:000000000000:execution:wait:one has ended

            $ ratchet executions resume wait:one
            exit code 1
            --- stderr
            error: the execution arn:aws:states:us-east-1:000000000000:execution:wait:one has ended

            $ ratchet executions pause wait:two
            exit code 1
            --- stderr
            error: there is no execution arn:aws:states:us-east-1:000000000000:execution:wait:two

            $ ratchet executions resume gone:two
            exit code 1
            --- stderr
            error: there is no execution arn:aws:states:us-east-1:000000000000:execution:gone:two

            $ ratchet executions pause one
            exit code 2
            --- stderr
            error: `one` names no execution; write STATE_MACHINE:NAME or its ARN

            $ ratchet executions pause
            exit code 2
            --- stderr
            error: the following required arguments were not provided:
              <EXECUTION>

            Usage: ratchet executions pause <EXECUTION>

            For more information, try '--help'.

        "#]],
    );
}

#[test]
fn executions_are_redriven() {
    check(
        r#"
            state-machines create fails fails.json
            executions start fails --name one
            wait fails:one FAILED
            quiet executions redrive fails:one
            wait fails:one FAILED
            executions redrive fails:one --definition gone.json
            executions redrive fails:one --definition text
            executions redrive fails:one --definition wrong.json
            executions redrive fails:one --definition other.json
            quiet executions redrive fails:one --definition mended.json
            wait fails:one SUCCEEDED
            executions describe fails:one
            executions history fails:one
            executions list --redriven
            executions redrive fails:one
            executions redrive fails:two
            executions redrive one
        "#,
        expect![[r#"
            $ ratchet state-machines create fails fails.json
            exit code 0
            --- stdout
            name        fails
            arn         arn:aws:states:us-east-1:000000000000:stateMachine:fails
            type        STANDARD
            createdAt   <time>
            updatedAt   <time>
            roleArn     arn:aws:iam::000000000000:role/ratchet
            definition
              {
                "StartAt": "A",
                "States": {
                  "A": {
                    "Type": "Pass",
                    "Next": "B"
                  },
                  "B": {
                    "Type": "Fail",
                    "Error": "Wrong"
                  }
                }
              }

            $ ratchet executions start fails --name one
            exit code 0
            --- stdout
            id            fails:one
            arn           arn:aws:states:us-east-1:000000000000:execution:fails:one
            stateMachine  fails
            name          one
            status        RUNNING
            startedAt     <time>

            $ ratchet executions redrive fails:one
            exit code 0

            $ ratchet executions redrive fails:one --definition gone.json
            exit code 2
            --- stderr
            error: cannot read gone.json: No such file or directory (os error 2)

            $ ratchet executions redrive fails:one --definition text
            exit code 1
            --- stderr
            error: the definition has 1 finding
              1:1: INVALID_JSON_DESCRIPTION [Source: (String)"no JSON"; line: 1, column: 3]: Unrecognized token 'no': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')
             at [Source: (String)"no JSON"; line: 1, column: 3]

            $ ratchet executions redrive fails:one --definition wrong.json
            exit code 1
            --- stderr
            error: the definition has 1 finding
              1:1: SCHEMA_VALIDATION_FAILED /: These fields are required: [States]

            $ ratchet executions redrive fails:one --definition other.json
            exit code 1
            --- stderr
            error: cannot redrive the execution with this definition: the state `B`, from which the execution would go on, is not in the definition

            $ ratchet executions redrive fails:one --definition mended.json
            exit code 0

            $ ratchet executions describe fails:one
            exit code 0
            --- stdout
            id            fails:one
            arn           arn:aws:states:us-east-1:000000000000:execution:fails:one
            stateMachine  fails
            name          one
            status        SUCCEEDED
            startedAt     <time>
            stoppedAt     <time>
            redriveCount  2
            redrivenAt    <time>
            input
              {}
            output
              {
                "mended": true
              }

            $ ratchet executions history fails:one
            exit code 0
            --- stdout
            ID  TIME                      TYPE                DETAILS
            1   <time>  ExecutionStarted
            2   <time>  PassStateEntered    A
            3   <time>  PassStateExited     A
            4   <time>  FailStateEntered    B
            5   <time>  ExecutionFailed     Wrong
            6   <time>  ExecutionRedriven
            7   <time>  FailStateEntered    B
            8   <time>  ExecutionFailed     Wrong
            9   <time>  ExecutionRedriven
            10  <time>  PassStateExited     B
            11  <time>  ExecutionSucceeded

            $ ratchet executions list --redriven
            exit code 0
            --- stdout
            EXECUTION  STATUS     STARTED                   STOPPED
            fails:one  SUCCEEDED  <time>  <time>

            $ ratchet executions redrive fails:one
            exit code 1
            --- stderr
            error: cannot redrive the execution: Execution is SUCCEEDED and cannot be redriven

            $ ratchet executions redrive fails:two
            exit code 1
            --- stderr
            error: there is no execution arn:aws:states:us-east-1:000000000000:execution:fails:two

            $ ratchet executions redrive one
            exit code 2
            --- stderr
            error: `one` names no execution; write STATE_MACHINE:NAME or its ARN

        "#]],
    );
}

#[test]
fn versions_and_aliases_lead_to_definitions() {
    check(
        r#"
            state-machines create m pass.json
            state-machines publish m --description 'the first'
            state-machines update m mended.json -o json
            state-machines publish m -o json
            state-machines versions m
            state-machines set-alias m live 1
            state-machines set-alias m live 1=90 2=10 --description 'ten of a hundred'
            state-machines aliases m
            state-machines aliases m -o json
            executions start m --name one --qualifier 1
            wait m:one SUCCEEDED
            executions describe m:one
            state-machines delete-version m 1
            state-machines set-alias m live 2
            state-machines delete-version m 1
            state-machines delete-alias m live
            state-machines delete-alias m live
            state-machines versions m -o json
            state-machines publish gone
            state-machines versions gone
            state-machines aliases gone
            state-machines set-alias m live
            state-machines set-alias m live one
            state-machines set-alias m live 7
            state-machines set-alias m live 2=60 1=60
            state-machines set-alias m live 2=150
            state-machines set-alias m live 2=50 2=50
            state-machines set-alias m 7 2
            state-machines set-alias gone live 1
            state-machines delete-version m last
            executions start m --qualifier none
        "#,
        expect![[r#"
            $ ratchet state-machines create m pass.json
            exit code 0
            --- stdout
            name        m
            arn         arn:aws:states:us-east-1:000000000000:stateMachine:m
            type        STANDARD
            createdAt   <time>
            updatedAt   <time>
            roleArn     arn:aws:iam::000000000000:role/ratchet
            definition
              {
                "StartAt": "P",
                "States": {
                  "P": {
                    "Type": "Pass",
                    "End": true
                  }
                }
              }

            $ ratchet state-machines publish m --description 'the first'
            exit code 0
            --- stdout
            version      1
            arn          arn:aws:states:us-east-1:000000000000:stateMachine:m:1
            description  the first
            createdAt    <time>

            $ ratchet state-machines update m mended.json -o json
            exit code 0
            --- stdout
            {
              "name": "m",
              "arn": "arn:aws:states:us-east-1:000000000000:stateMachine:m",
              "type": "STANDARD",
              "createdAt": "<time>",
              "updatedAt": "<time>",
              "roleArn": "arn:aws:iam::000000000000:role/ratchet",
              "revisionId": "<id>",
              "definition": {
                "StartAt": "A",
                "States": {
                  "A": {
                    "Type": "Pass",
                    "Next": "B"
                  },
                  "B": {
                    "Type": "Pass",
                    "Result": {
                      "mended": true
                    },
                    "End": true
                  }
                }
              }
            }

            $ ratchet state-machines publish m -o json
            exit code 0
            --- stdout
            {
              "version": 2,
              "arn": "arn:aws:states:us-east-1:000000000000:stateMachine:m:2",
              "createdAt": "<time>"
            }

            $ ratchet state-machines versions m
            exit code 0
            --- stdout
            VERSION  CREATED                   DESCRIPTION
            2        <time>
            1        <time>  the first

            $ ratchet state-machines set-alias m live 1
            exit code 0
            --- stdout
            name       live
            arn        arn:aws:states:us-east-1:000000000000:stateMachine:m:live
            routes
              [
                {
                  "version": 1,
                  "weight": 100
                }
              ]
            createdAt  <time>
            updatedAt  <time>

            $ ratchet state-machines set-alias m live 1=90 2=10 --description 'ten of a hundred'
            exit code 0
            --- stdout
            name         live
            arn          arn:aws:states:us-east-1:000000000000:stateMachine:m:live
            description  ten of a hundred
            routes
              [
                {
                  "version": 1,
                  "weight": 90
                },
                {
                  "version": 2,
                  "weight": 10
                }
              ]
            createdAt    <time>
            updatedAt    <time>

            $ ratchet state-machines aliases m
            exit code 0
            --- stdout
            NAME  ROUTES     DESCRIPTION
            live  1=90 2=10  ten of a hundred

            $ ratchet state-machines aliases m -o json
            exit code 0
            --- stdout
            [
              {
                "name": "live",
                "arn": "arn:aws:states:us-east-1:000000000000:stateMachine:m:live",
                "description": "ten of a hundred",
                "routes": [
                  {
                    "version": 1,
                    "weight": 90
                  },
                  {
                    "version": 2,
                    "weight": 10
                  }
                ],
                "createdAt": "<time>",
                "updatedAt": "<time>"
              }
            ]

            $ ratchet executions start m --name one --qualifier 1
            exit code 0
            --- stdout
            id            m:one
            arn           arn:aws:states:us-east-1:000000000000:execution:m:one
            stateMachine  m
            name          one
            status        RUNNING
            startedAt     <time>

            $ ratchet executions describe m:one
            exit code 0
            --- stdout
            id            m:one
            arn           arn:aws:states:us-east-1:000000000000:execution:m:one
            stateMachine  m
            name          one
            status        SUCCEEDED
            startedAt     <time>
            stoppedAt     <time>
            version       1
            input
              {}
            output
              {}

            $ ratchet state-machines delete-version m 1
            exit code 1
            --- stderr
            error: Version to be deleted must not be referenced by an alias. Current list of aliases referencing this version: [live]

            $ ratchet state-machines set-alias m live 2
            exit code 0
            --- stdout
            name         live
            arn          arn:aws:states:us-east-1:000000000000:stateMachine:m:live
            description  ten of a hundred
            routes
              [
                {
                  "version": 2,
                  "weight": 100
                }
              ]
            createdAt    <time>
            updatedAt    <time>

            $ ratchet state-machines delete-version m 1
            exit code 0

            $ ratchet state-machines delete-alias m live
            exit code 0

            $ ratchet state-machines delete-alias m live
            exit code 1
            --- stderr
            error: there is no version or alias arn:aws:states:us-east-1:000000000000:stateMachine:m:live

            $ ratchet state-machines versions m -o json
            exit code 0
            --- stdout
            [
              {
                "version": 2,
                "arn": "arn:aws:states:us-east-1:000000000000:stateMachine:m:2",
                "createdAt": "<time>"
              }
            ]

            $ ratchet state-machines publish gone
            exit code 1
            --- stderr
            error: there is no state machine arn:aws:states:us-east-1:000000000000:stateMachine:gone

            $ ratchet state-machines versions gone
            exit code 1
            --- stderr
            error: there is no state machine arn:aws:states:us-east-1:000000000000:stateMachine:gone

            $ ratchet state-machines aliases gone
            exit code 1
            --- stderr
            error: there is no state machine arn:aws:states:us-east-1:000000000000:stateMachine:gone

            $ ratchet state-machines set-alias m live
            exit code 2
            --- stderr
            error: the following required arguments were not provided:
              <VERSION[=WEIGHT]>...

            Usage: ratchet state-machines set-alias <NAME> <ALIAS> <VERSION[=WEIGHT]>...

            For more information, try '--help'.

            $ ratchet state-machines set-alias m live one
            exit code 2
            --- stderr
            error: `one` is no VERSION[=WEIGHT]; write 3, or 3=90 and 4=10

            $ ratchet state-machines set-alias m live 7
            exit code 1
            --- stderr
            error: there is no version or alias arn:aws:states:us-east-1:000000000000:stateMachine:m:7

            $ ratchet state-machines set-alias m live 2=60 1=60
            exit code 1
            --- stderr
            error: Sum of routing configuration weights must equal 100. Received: [60, 60]

            $ ratchet state-machines set-alias m live 2=150
            exit code 1
            --- stderr
            error: Sum of routing configuration weights must equal 100. Received: [150]

            $ ratchet state-machines set-alias m live 2=50 2=50
            exit code 1
            --- stderr
            error: Routing configuration must contain distinct state machine version ARNs. Received: [arn:aws:states:us-east-1:000000000000:stateMachine:m:2, arn:aws:states:us-east-1:000000000000:stateMachine:m:2]

            $ ratchet state-machines set-alias m 7 2
            exit code 1
            --- stderr
            error: `7` can't be an alias; an alias has 1 to 80 letters, digits, `_`, `-` and `.`, and not digits alone

            $ ratchet state-machines set-alias gone live 1
            exit code 1
            --- stderr
            error: there is no state machine arn:aws:states:us-east-1:000000000000:stateMachine:gone

            $ ratchet state-machines delete-version m last
            exit code 2
            --- stderr
            error: invalid value 'last' for '<VERSION>': invalid digit found in string

            For more information, try '--help'.

            $ ratchet executions start m --qualifier none
            exit code 1
            --- stderr
            error: there is no state machine arn:aws:states:us-east-1:000000000000:stateMachine:m:none

        "#]],
    );
}

#[test]
fn executions_are_searched() {
    check(
        r#"
            state-machines create pass pass.json -o json
            executions start pass --name order-1 -i '{"customer":{"id":42},"tags":["a b"]}'
            wait pass:order-1 SUCCEEDED
            executions start pass --name order-2 -i '{"customer":{"id":"42"}}'
            wait pass:order-2 SUCCEEDED
            executions start pass --name bill-3 -i []
            wait pass:bill-3 SUCCEEDED
            executions list --name-prefix order-
            executions list --input customer.id=42
            executions list --input 'customer.id="42"'
            executions list --input 'tags.0=a b'
            executions list --input 'tags[0]=a b'
            executions list --started-after 2020-01-01T00:00:00Z --started-before 2020-01-02T00:00:00Z
            executions list --started-after 2020-01-01T00:00:00Z --limit 1
            executions list --status failed
            executions list --status fine
            executions list --started-after yesterday
            executions list --input customer.id
            executions list --input =42
            executions list --state-machine gone
            executions list --limit many
        "#,
        expect![[r#"
            $ ratchet state-machines create pass pass.json -o json
            exit code 0
            --- stdout
            {
              "name": "pass",
              "arn": "arn:aws:states:us-east-1:000000000000:stateMachine:pass",
              "type": "STANDARD",
              "createdAt": "<time>",
              "updatedAt": "<time>",
              "roleArn": "arn:aws:iam::000000000000:role/ratchet",
              "definition": {
                "StartAt": "P",
                "States": {
                  "P": {
                    "Type": "Pass",
                    "End": true
                  }
                }
              }
            }

            $ ratchet executions start pass --name order-1 -i '{"customer":{"id":42},"tags":["a b"]}'
            exit code 0
            --- stdout
            id            pass:order-1
            arn           arn:aws:states:us-east-1:000000000000:execution:pass:order-1
            stateMachine  pass
            name          order-1
            status        RUNNING
            startedAt     <time>

            $ ratchet executions start pass --name order-2 -i '{"customer":{"id":"42"}}'
            exit code 0
            --- stdout
            id            pass:order-2
            arn           arn:aws:states:us-east-1:000000000000:execution:pass:order-2
            stateMachine  pass
            name          order-2
            status        RUNNING
            startedAt     <time>

            $ ratchet executions start pass --name bill-3 -i []
            exit code 0
            --- stdout
            id            pass:bill-3
            arn           arn:aws:states:us-east-1:000000000000:execution:pass:bill-3
            stateMachine  pass
            name          bill-3
            status        RUNNING
            startedAt     <time>

            $ ratchet executions list --name-prefix order-
            exit code 0
            --- stdout
            EXECUTION     STATUS     STARTED                   STOPPED
            pass:order-2  SUCCEEDED  <time>  <time>
            pass:order-1  SUCCEEDED  <time>  <time>

            $ ratchet executions list --input customer.id=42
            exit code 0
            --- stdout
            EXECUTION     STATUS     STARTED                   STOPPED
            pass:order-1  SUCCEEDED  <time>  <time>

            $ ratchet executions list --input 'customer.id="42"'
            exit code 0
            --- stdout
            EXECUTION     STATUS     STARTED                   STOPPED
            pass:order-2  SUCCEEDED  <time>  <time>

            $ ratchet executions list --input 'tags.0=a b'
            exit code 0
            --- stdout
            EXECUTION     STATUS     STARTED                   STOPPED
            pass:order-1  SUCCEEDED  <time>  <time>

            $ ratchet executions list --input 'tags[0]=a b'
            exit code 1
            --- stderr
            error: input: `tags[0]=a b` is no PATH=VALUE; write customer.id=42 or tags.0=new

            $ ratchet executions list --started-after 2020-01-01T00:00:00Z --started-before 2020-01-02T00:00:00Z
            exit code 0
            --- stdout
            EXECUTION  STATUS  STARTED  STOPPED

            $ ratchet executions list --started-after 2020-01-01T00:00:00Z --limit 1
            exit code 0
            --- stdout
            EXECUTION    STATUS     STARTED                   STOPPED
            pass:bill-3  SUCCEEDED  <time>  <time>

            $ ratchet executions list --status failed
            exit code 0
            --- stdout
            EXECUTION  STATUS  STARTED  STOPPED

            $ ratchet executions list --status fine
            exit code 2
            --- stderr
            error: invalid value 'fine' for '--status <STATUS>'
              [possible values: running, succeeded, failed, timed-out, aborted]

              tip: a similar value exists: 'failed'

            For more information, try '--help'.

            $ ratchet executions list --started-after yesterday
            exit code 1
            --- stderr
            error: startedAfter: `yesterday` is no time; write 2026-11-22T08:00:00Z

            $ ratchet executions list --input customer.id
            exit code 1
            --- stderr
            error: input: `customer.id` is no PATH=VALUE; write customer.id=42 or tags.0=new

            $ ratchet executions list --input =42
            exit code 1
            --- stderr
            error: input: `=42` is no PATH=VALUE; write customer.id=42 or tags.0=new

            $ ratchet executions list --state-machine gone
            exit code 1
            --- stderr
            error: there is no state machine arn:aws:states:us-east-1:000000000000:stateMachine:gone

            $ ratchet executions list --limit many
            exit code 2
            --- stderr
            error: invalid value 'many' for '--limit <NUMBER>': invalid digit found in string

            For more information, try '--help'.

        "#]],
    );
}

#[test]
fn states_are_tried_out() {
    check(
        r#"
            test-state state.json -i '{"b":2}'
            test-state states.json --state Charge --mock '{"Payload":{"paid":true},"StatusCode":200}'
            test-state states.json --state Charge --mock-error Busy --retries 1 -o json
            test-state states.json --state Charge --mock-error Busy --mock-cause very --retries 2
            test-state states.json --state 'Is it?' -i '{"paid":false}'
            test-state states.json --state 'Is it?' -i '{}'
            test-state gone.json
            test-state text
            test-state wrong.json
            test-state state.json -i text
            test-state states.json --state Gone
            test-state states.json --state Charge --role arn:aws:iam::000000000000:role/r --mock @text
            test-state states.json --state Charge --mock '{"Payload":1,"StatusCode":"x"}'
            test-state states.json --state Charge --mock '{}' --mock-error Busy
            test-state states.json --state Charge --mock-cause why
            test-state states.json --state Done --mock '{}'
            test-state state.json --variables [1]
            test-state state.json --retries -1
        "#,
        expect![[r#"
            $ ratchet test-state state.json -i '{"b":2}'
            exit code 0
            --- stdout
            outcome     SUCCEEDED
            output
              {
                "b": 2,
                "r": {
                  "a": 1
                }
              }
            inspection
              {
                "result": {
                  "a": 1
                },
                "afterResultSelector": {
                  "a": 1
                },
                "afterResultPath": {
                  "b": 2,
                  "r": {
                    "a": 1
                  }
                }
              }

            $ ratchet test-state states.json --state Charge --mock '{"Payload":{"paid":true},"StatusCode":200}'
            exit code 0
            --- stdout
            outcome     SUCCEEDED
            output
              {
                "paid": true
              }
            next        Is it?
            inspection
              {
                "afterInputPath": {},
                "afterParameters": {
                  "FunctionName": "charge",
                  "Payload": {}
                },
                "result": {
                  "Payload": {
                    "paid": true
                  },
                  "StatusCode": 200
                },
                "afterResultSelector": {
                  "paid": true
                },
                "afterResultPath": {
                  "paid": true
                }
              }

            $ ratchet test-state states.json --state Charge --mock-error Busy --retries 1 -o json
            exit code 0
            --- stdout
            {
              "outcome": "RETRIABLE",
              "error": "Busy",
              "inspection": {
                "afterInputPath": {},
                "afterParameters": {
                  "FunctionName": "charge",
                  "Payload": {}
                },
                "retryIndex": 0,
                "retryAfterSeconds": 6
              }
            }

            $ ratchet test-state states.json --state Charge --mock-error Busy --mock-cause very --retries 2
            exit code 0
            --- stdout
            outcome     CAUGHT_ERROR
            output
              {
                "Error": "Busy",
                "Cause": "very"
              }
            error       Busy
            cause       very
            next        Sorry
            inspection
              {
                "afterInputPath": {},
                "afterParameters": {
                  "FunctionName": "charge",
                  "Payload": {}
                },
                "catchIndex": 0
              }

            $ ratchet test-state states.json --state 'Is it?' -i '{"paid":false}'
            exit code 0
            --- stdout
            outcome     SUCCEEDED
            output
              {
                "paid": false
              }
            next        Sorry
            inspection
              {
                "afterInputPath": {
                  "paid": false
                }
              }

            $ ratchet test-state states.json --state 'Is it?' -i '{}'
            exit code 1
            --- stdout
            outcome     FAILED
            error       States.Runtime
            cause       An error occurred while executing the state 'Is it?' (entered at the event id #2). Invalid path '$.paid': The choice state's condition path references an invalid value.
            inspection
              {
                "afterInputPath": {}
              }

            $ ratchet test-state gone.json
            exit code 2
            --- stderr
            error: cannot read gone.json: No such file or directory (os error 2)

            $ ratchet test-state text
            exit code 1
            --- stderr
            error: the definition has 1 finding
              1:1: INVALID_JSON_DESCRIPTION [Source: (String)"no JSON"; line: 1, column: 3]: Unrecognized token 'no': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')
             at [Source: (String)"no JSON"; line: 1, column: 3]

            $ ratchet test-state wrong.json
            exit code 1
            --- stderr
            error: the definition has 1 finding
              1:1: SCHEMA_VALIDATION_FAILED /States/StateName: These fields are required: [Type]

            $ ratchet test-state state.json -i text
            exit code 2
            --- stderr
            error: what --input says is no JSON: expected ident at line 1 column 2

            $ ratchet test-state states.json --state Gone
            exit code 1
            --- stderr
            error: State 'Gone' not found in definition

            $ ratchet test-state states.json --state Charge --role arn:aws:iam::000000000000:role/r --mock @text
            exit code 2
            --- stderr
            error: what text says is no JSON: expected ident at line 1 column 2

            $ ratchet test-state states.json --state Charge --mock '{"Payload":1,"StatusCode":"x"}'
            exit code 1
            --- stderr
            error: Mock result schema validation error: Field 'StatusCode' must be a number

            $ ratchet test-state states.json --state Charge --mock '{}' --mock-error Busy
            exit code 2
            --- stderr
            error: the argument '--mock <JSON|@FILE>' cannot be used with '--mock-error <NAME>'

            Usage: ratchet test-state --state <NAME> --mock <JSON|@FILE> <FILE>

            For more information, try '--help'.

            $ ratchet test-state states.json --state Charge --mock-cause why
            exit code 2
            --- stderr
            error: the following required arguments were not provided:
              --mock-error <NAME>

            Usage: ratchet test-state --mock-error <NAME> --state <NAME> --mock-cause <TEXT> <FILE>

            For more information, try '--help'.

            $ ratchet test-state states.json --state Done --mock '{}'
            exit code 1
            --- stderr
            error: State type 'Succeed' is not supported when a mock is specified

            $ ratchet test-state state.json --variables [1]
            exit code 1
            --- stderr
            error: Variables must be a JSON object

            $ ratchet test-state state.json --retries -1
            exit code 2
            --- stderr
            error: unexpected argument '-1' found

              tip: to pass '-1' as a value, use '-- -1'

            Usage: ratchet test-state [OPTIONS] <FILE>

            For more information, try '--help'.

        "#]],
    );
}
