//! `ratchet map-runs …` against a server.

use std::fmt::Write as _;
use std::time::Duration;

use expect_test::expect;
use serde_json::Value;

use crate::house::{House, Server, masked};

/// Three items, each of which waits for a long time in a child of its own, one child at once.
const MANY: &str = r#"{"StartAt":"M","States":{"M":{"Type":"Map","End":true,"Label":"all","MaxConcurrency":1,"Items":[1,2,3],"QueryLanguage":"JSONata",
    "ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},
        "StartAt":"W","States":{"W":{"Type":"Wait","Seconds":600,"End":true}}}}}}"#;

/// The Map Run of the execution, once it has started a child.
fn map_run(house: &House, server: &Server) -> Value {
    let arguments = ["map-runs", "list", "many:one", "--output", "json"];
    for _ in 0..1000 {
        let output = house.at(server, &arguments).output().unwrap();
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        let first = &found[0];
        if first["executions"]["running"] == 1 {
            return first.clone();
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("no Map Run starts a child");
}

#[test]
fn map_runs_are_listed_shown_and_changed() {
    let house = House::with(&[("many.json", MANY)]);
    let server = house.serve(&[]);
    house.session(
        &server,
        "state-machines create many many.json\nexecutions start many --name one",
    );
    let run = map_run(&house, &server);
    let id = run["id"].as_str().unwrap();
    let unique = id.rsplit(':').next().unwrap();
    let mut said = String::new();
    for command in [
        "list many:one",
        "list many:two",
        &format!("describe {id}"),
        &format!("update {id}"),
        &format!(
            "update {id} --max-concurrency 1 --tolerated-failure-count 2 --tolerated-failure-percentage 12.5"
        ),
        &format!("update {id} --tolerated-failure-percentage 101"),
        "describe many:one",
        "describe many:all:gone",
        "describe arn:aws:states:us-east-1:000000000000:execution:many:one",
    ] {
        let arguments: Vec<&str> = ["map-runs"].into_iter().chain(command.split(' ')).collect();
        let output = house.at(&server, &arguments).output().unwrap();
        let text = masked(&house.said(&output));
        writeln!(said, "$ ratchet map-runs {command}\n{text}").unwrap();
    }
    let by_arn = house
        .at(
            &server,
            &["map-runs", "describe", run["arn"].as_str().unwrap()],
        )
        .output();
    assert!(house.said(&by_arn.unwrap()).contains(id));
    expect![[r#"
        $ ratchet map-runs list many:one
        exit code 0
        --- stdout
        MAP RUN                                        STATUS   STARTED                   STOPPED  ITEMS  SUCCEEDED  FAILED
        many:all:<unique>  RUNNING  <time>           3      0          0

        $ ratchet map-runs list many:two
        exit code 1
        --- stderr
        error: there is no execution arn:aws:states:us-east-1:000000000000:execution:many:two

        $ ratchet map-runs describe many:all:<unique>
        exit code 0
        --- stdout
        id                          many:all:<unique>
        arn                         arn:aws:states:us-east-1:000000000000:mapRun:many/all:<unique>
        executionArn                arn:aws:states:us-east-1:000000000000:execution:many:one
        status                      RUNNING
        startedAt                   <time>
        maxConcurrency              1
        toleratedFailureCount       0
        toleratedFailurePercentage  0.0
        items
          {
            "pending": 2,
            "running": 1,
            "succeeded": 0,
            "failed": 0,
            "timedOut": 0,
            "aborted": 0,
            "pendingRedrive": 0,
            "failuresNotRedrivable": 0,
            "total": 3,
            "resultsWritten": 0
          }
        executions
          {
            "pending": 2,
            "running": 1,
            "succeeded": 0,
            "failed": 0,
            "timedOut": 0,
            "aborted": 0,
            "pendingRedrive": 0,
            "failuresNotRedrivable": 0,
            "total": 3,
            "resultsWritten": 0
          }

        $ ratchet map-runs update many:all:<unique>
        exit code 1
        --- stderr
        error: say maxConcurrency, toleratedFailureCount or toleratedFailurePercentage, or several

        $ ratchet map-runs update many:all:<unique> --max-concurrency 1 --tolerated-failure-count 2 --tolerated-failure-percentage 12.5
        exit code 0
        --- stdout
        id                          many:all:<unique>
        arn                         arn:aws:states:us-east-1:000000000000:mapRun:many/all:<unique>
        executionArn                arn:aws:states:us-east-1:000000000000:execution:many:one
        status                      RUNNING
        startedAt                   <time>
        maxConcurrency              1
        toleratedFailureCount       2
        toleratedFailurePercentage  12.5
        items
          {
            "pending": 2,
            "running": 1,
            "succeeded": 0,
            "failed": 0,
            "timedOut": 0,
            "aborted": 0,
            "pendingRedrive": 0,
            "failuresNotRedrivable": 0,
            "total": 3,
            "resultsWritten": 0
          }
        executions
          {
            "pending": 2,
            "running": 1,
            "succeeded": 0,
            "failed": 0,
            "timedOut": 0,
            "aborted": 0,
            "pendingRedrive": 0,
            "failuresNotRedrivable": 0,
            "total": 3,
            "resultsWritten": 0
          }

        $ ratchet map-runs update many:all:<unique> --tolerated-failure-percentage 101
        exit code 1
        --- stderr
        error: toleratedFailurePercentage: 101 is not between 0 and 100

        $ ratchet map-runs describe many:one
        exit code 2
        --- stderr
        error: `many:one` names no Map Run; write STATE_MACHINE:LABEL:UNIQUE or its ARN, as `ratchet map-runs list EXECUTION` shows them

        $ ratchet map-runs describe many:all:gone
        exit code 1
        --- stderr
        error: there is no Map Run arn:aws:states:us-east-1:000000000000:mapRun:many/all:gone

        $ ratchet map-runs describe arn:aws:states:us-east-1:000000000000:execution:many:one
        exit code 2
        --- stderr
        error: `arn:aws:states:us-east-1:000000000000:execution:many:one` is no ARN of a Map Run

    "#]].assert_eq(&said.replace(unique, "<unique>"));
}
