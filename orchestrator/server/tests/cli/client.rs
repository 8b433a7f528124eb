//! `ratchet executions …` and `ratchet state-machines …` against a server.

use expect_test::expect;

use crate::house::{House, PASS, WAIT, masked};

#[test]
fn a_day_at_the_desk() {
    let house = House::with(&[
        ("pass.json", PASS),
        ("wait.json", WAIT),
        ("wrong.json", r#"{"StartAt":"A"}"#),
    ]);
    let server = house.serve(&[]);
    let mut said = String::new();
    for command in [
        "state-machines create pass pass.json",
        "state-machines create wait wait.json",
        "state-machines create wrong wrong.json",
        "state-machines list",
        "state-machines update gone pass.json",
        "state-machines update pass pass.json --output json",
        "executions start wait --name one -i [1,2]",
        "executions describe wait:one",
        "executions history wait:one",
        "executions list --status running",
        "executions stop arn:aws:states:us-east-1:000000000000:execution:wait:one --error Enough --cause because",
        "executions list --state-machine wait --output json",
        "executions describe wait:two",
        "state-machines delete pass",
        "state-machines describe pass",
    ] {
        let arguments: Vec<&str> = command.split(' ').collect();
        let output = house
            .ratchet(&arguments)
            .env("RATCHET_SERVER", server.url())
            .output()
            .unwrap();
        said.push_str(&format!(
            "$ ratchet {command}\n{}\n",
            masked(&house.said(&output))
        ));
    }
    expect![[r#"
        $ ratchet state-machines create pass pass.json
        exit code 0
        --- stdout
        name        pass
        arn         arn:aws:states:us-east-1:000000000000:stateMachine:pass
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

        $ ratchet state-machines create wait wait.json
        exit code 0
        --- stdout
        name        wait
        arn         arn:aws:states:us-east-1:000000000000:stateMachine:wait
        type        STANDARD
        createdAt   <time>
        updatedAt   <time>
        roleArn     arn:aws:iam::000000000000:role/ratchet
        definition
          {
            "StartAt": "W",
            "States": {
              "W": {
                "Type": "Wait",
                "Seconds": 600,
                "End": true
              }
            }
          }

        $ ratchet state-machines create wrong wrong.json
        exit code 1
        --- stderr
        error: the definition has 1 finding
          1:1: SCHEMA_VALIDATION_FAILED /: These fields are required: [States]

        $ ratchet state-machines list
        exit code 0
        --- stdout
        NAME  TYPE      CREATED
        pass  STANDARD  <time>
        wait  STANDARD  <time>

        $ ratchet state-machines update gone pass.json
        exit code 1
        --- stderr
        error: there is no state machine arn:aws:states:us-east-1:000000000000:stateMachine:gone

        $ ratchet state-machines update pass pass.json --output json
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

        $ ratchet executions start wait --name one -i [1,2]
        exit code 0
        --- stdout
        id            wait:one
        arn           arn:aws:states:us-east-1:000000000000:execution:wait:one
        stateMachine  wait
        name          one
        status        RUNNING
        startedAt     <time>

        $ ratchet executions describe wait:one
        exit code 0
        --- stdout
        id            wait:one
        arn           arn:aws:states:us-east-1:000000000000:execution:wait:one
        stateMachine  wait
        name          one
        status        RUNNING
        startedAt     <time>
        input
          [
            1,
            2
          ]

        $ ratchet executions history wait:one
        exit code 0
        --- stdout
        ID  TIME                      TYPE              DETAILS
        1   <time>  ExecutionStarted
        2   <time>  WaitStateEntered  W

        $ ratchet executions list --status running
        exit code 0
        --- stdout
        EXECUTION  STATUS   STARTED                   STOPPED
        wait:one   RUNNING  <time>

        $ ratchet executions stop arn:aws:states:us-east-1:000000000000:execution:wait:one --error Enough --cause because
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
          [
            1,
            2
          ]
        error         Enough
        cause         because

        $ ratchet executions list --state-machine wait --output json
        exit code 0
        --- stdout
        [
          {
            "id": "wait:one",
            "arn": "arn:aws:states:us-east-1:000000000000:execution:wait:one",
            "stateMachine": "wait",
            "name": "one",
            "status": "ABORTED",
            "startedAt": "<time>",
            "stoppedAt": "<time>"
          }
        ]

        $ ratchet executions describe wait:two
        exit code 1
        --- stderr
        error: there is no execution arn:aws:states:us-east-1:000000000000:execution:wait:two

        $ ratchet state-machines delete pass
        exit code 0

        $ ratchet state-machines describe pass
        exit code 1
        --- stderr
        error: there is no state machine arn:aws:states:us-east-1:000000000000:stateMachine:pass

    "#]].assert_eq(&said);
}

#[test]
fn lists_go_over_pages() {
    let house = House::with(&[("pass.json", PASS)]);
    let server = house.serve(&[]);
    let url = server.url();
    house.output(&[
        "state-machines",
        "create",
        "pass",
        "pass.json",
        "--server",
        &url,
    ]);
    for _ in 0..12 {
        server.ask(
            "POST",
            "/api/v1/state-machines/pass/executions?wait=10",
            "{}",
        );
    }
    let count = |limit: &str| {
        let output = house.output(&[
            "executions",
            "list",
            "--limit",
            limit,
            "-o",
            "json",
            "--server",
            &url,
        ]);
        let list: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        list.as_array().unwrap().len()
    };
    assert_eq!((count("5"), count("12"), count("5000")), (5, 12, 12));
}
