//! `ratchet run`

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use expect_test::expect;

use crate::house::{House, PASS, signal};

/// Lines of progress without their times.
fn without_times(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let line = line
            .split_once("s  ")
            .filter(|_| line.starts_with("  "))
            .map_or(line, |(_, rest)| rest);
        let line = line.split_once(" in ").map_or(line, |(before, _)| before);
        line.split_once(":")
            .filter(|_| line.starts_with("executing"))
            .map_or(line, |(before, _)| before)
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn output_on_stdout_and_progress_on_stderr() {
    let definition = r#"{"StartAt":"Prepare","States":{
        "Prepare":{"Type":"Pass","Result":{"a":1},"ResultPath":"$.prepared","Next":"Both"},
        "Both":{"Type":"Parallel","End":true,"Branches":[
            {"StartAt":"Left","States":{"Left":{"Type":"Pass","End":true}}},
            {"StartAt":"Each","States":{"Each":{"Type":"Map","ItemsPath":"$.items","End":true,
                "ItemProcessor":{"StartAt":"One","States":{"One":{"Type":"Pass","End":true}}}}}}]}}}"#;
    let house = House::with(&[
        ("flow.asl.json", definition),
        ("input.json", r#"{"items": [1, 2]}"#),
    ]);
    let output = house.output(&["run", "flow.asl.json", "--input", "@input.json"]);
    assert!(output.status.success());
    expect![[r#"
        [{"items":[1,2],"prepared":{"a":1}},[1,2]]
    "#]]
    .assert_eq(&String::from_utf8(output.stdout).unwrap());
    expect![[r#"
        executing flow
        ✓ Prepare
        → Both (Parallel)
        ✓ Left
        → Each (Map)
        … Each has 2 items
        ✓ One
        ✓ One
        ✓ Each
        ✓ Both
        ✓ the execution succeeded"#]]
    .assert_eq(&without_times(&String::from_utf8(output.stderr).unwrap()));
}

#[test]
fn a_state_whose_failure_was_caught_is_told_from_one_that_succeeded() {
    let definition = r#"{"StartAt":"Charge","States":{
        "Charge":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:charge",
            "Catch":[{"ErrorEquals":["Declined"],"Next":"Refund"}],"End":true},
        "Refund":{"Type":"Pass","End":true}}}"#;
    let function = "[functions.charge]\ncommand = [\"sh\", \"-c\", \"echo '{\\\"errorType\\\": \\\"Declined\\\", \\\"errorMessage\\\": \\\"no\\\"}'; exit 1\"]\n";
    let house = House::with(&[("charge.json", definition), ("ratchet.toml", function)]);
    let output = house.output(&["run", "charge.json"]);
    assert!(output.status.success());
    expect![[r#"
        executing charge
        → Charge (Task)
        ! Charge failed: Declined: {"errorType": "Declined", "errorMessage": "no"}
        ↷ Charge was caught
        ✓ Refund
        ✓ the execution succeeded"#]]
    .assert_eq(&without_times(&String::from_utf8(output.stderr).unwrap()));
}

#[test]
fn running_twice_works_and_leaves_nothing() {
    let house = House::with(&[("pass.json", PASS)]);
    for _ in 0..2 {
        let output = house.output(&["run", "--quiet", "pass.json", "-i", "[1, 2.50]"]);
        assert_eq!(house.said(&output), "exit code 0\n--- stdout\n[1, 2.50]\n");
    }
    let left = std::fs::read_dir(house.path().join(".local/share/ratchet/runs/pass")).unwrap();
    assert_eq!(left.count(), 0);
}

#[test]
fn an_output_that_cannot_be_written_is_no_success() {
    let house = House::with(&[("pass.json", PASS)]);
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let output = house
        .ratchet(&["run", "--quiet", "pass.json"])
        .stdout(full)
        .output()
        .unwrap();
    let said = house.said(&output);
    assert!(
        said.starts_with("exit code 1\n--- stderr\nerror: cannot write to standard output: "),
        "{said}"
    );
}

#[test]
fn a_failure_is_told_with_its_error_and_cause() {
    let definition =
        r#"{"StartAt":"F","States":{"F":{"Type":"Fail","Error":"Broken","Cause":"by design"}}}"#;
    House::with(&[("fail.json", definition)]).check(
        &["run", "--quiet", "fail.json", "--name", "one"],
        expect![[r#"
            exit code 1
            --- stderr
            error: the execution one failed
              error: Broken
              cause: by design
        "#]],
    );
}

#[test]
fn a_wrong_definition_is_not_executed() {
    House::with(&[("wrong.json", r#"{"StartAt":"A","States":{}}"#)]).check(
        &["run", "wrong.json"],
        expect![[r#"
            exit code 1
            --- stderr
            error[SCHEMA_VALIDATION_FAILED]: Value cannot be empty
             --> wrong.json:1:25
              |
            1 | {"StartAt":"A","States":{}}
              |                         ^^ /States
            error: the definition in wrong.json has errors
        "#]],
    );
}

#[test]
fn functions_are_found_beside_the_definition() {
    let definition = r#"{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:greet","End":true}}}"#;
    let house = House::with(&[
        ("flows/greet.json", definition),
        (
            "flows/ratchet.toml",
            "[functions.greet]\ncommand = [\"sh\", \"greet.sh\"]\n",
        ),
        (
            "flows/greet.sh",
            "read input; echo \"{\\\"got\\\": $input}\"",
        ),
    ]);
    house.check(
        &["run", "--quiet", "flows/greet.json", "-i", r#"{"n":1}"#],
        expect![[r#"
            exit code 0
            --- stdout
            {"got":{"n":1}}
        "#]],
    );
}

#[test]
fn a_name_is_executed_once() {
    let house = House::with(&[("pass.json", PASS)]);
    let run = |extra: &[&str]| {
        let output = house.output(&[&["run", "pass.json", "--name", "n"], extra].concat());
        let stderr = without_times(&String::from_utf8(output.stderr).unwrap());
        let stdout = String::from_utf8(output.stdout).unwrap();
        format!(
            "exit code {}\n{stdout}{stderr}\n",
            output.status.code().unwrap()
        )
    };
    let first = run(&["-i", "1", "-q"]);
    let again = run(&["-i", "1", "-q"]);
    let without_input = run(&["-q"]);
    let other_input = run(&["-i", "2", "-q"]);
    house.write(
        "pass.json",
        &PASS
            .replace("Pass", "Succeed")
            .replace(r#","End":true"#, ""),
    );
    let other_definition = run(&["-i", "1", "-q"]);
    expect![[r#"
        exit code 0
        1

        exit code 0
        1
        n has ended; this is its record (another --name executes again)
        exit code 0
        1
        n has ended; this is its record (another --name executes again)
        exit code 2
        error: the execution n was started with another input; choose another --name
        exit code 2
        error: the execution n has ended and had another definition; choose another --name
    "#]]
    .assert_eq(&[first, again, without_input, other_input, other_definition].concat());
}

/// A definition whose second state says in a file that it was reached, then waits.
const SLOW: &str = r#"{"StartAt":"Mark","States":{
    "Mark":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:mark","Next":"Pause"},
    "Pause":{"Type":"Wait","Seconds":1,"Next":"Done"},
    "Done":{"Type":"Succeed"}}}"#;

const MARK: &str = "[functions.mark]\ncommand = [\"sh\", \"-c\", \"echo >> marks; echo 1\"]\n";

#[test]
fn a_run_that_was_cut_short_goes_on() {
    for name in ["KILL", "INT", "TERM"] {
        let house = House::with(&[("slow.json", SLOW), ("ratchet.toml", MARK)]);
        let arguments = ["run", "slow.json", "--name", "n"];
        let mut process = house
            .ratchet(&arguments)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains("→ Pause")));
        signal(&process, name);
        let ended = process.wait().unwrap();
        assert_eq!(ended.code(), (name != "KILL").then_some(130), "{name}");

        let output = house.output(&arguments);
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "1\n", "{name}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.starts_with("n goes on where it was\n"), "{stderr}");
        let marks = std::fs::read_to_string(house.path().join("marks")).unwrap();
        assert_eq!(marks, "\n", "the first task was done once");
        assert!(house.run_directory("slow", "n").exists());
    }
}

#[test]
fn a_name_is_executed_by_one_process() {
    let house = House::with(&[("slow.json", SLOW), ("ratchet.toml", MARK)]);
    let arguments = ["run", "slow.json", "--name", "n"];
    let mut process = house
        .ratchet(&arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("→ Pause")));
    house.check(&arguments, expect![[r#"
        exit code 3
        --- stderr
        error: cannot open the data directory <home>/.local/share/ratchet/runs/slow/n: another process has it open
    "#]]);
    assert!(process.wait().unwrap().success());
}

#[test]
fn a_task_token_can_come_back_through_the_api() {
    let definition = r#"{"StartAt":"Ask","States":{"Ask":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke.waitForTaskToken","Parameters":{"FunctionName":"ask","Payload":{"token.$":"$$.Task.Token"}},"End":true}}}"#;
    let answer = "import json, os, sys, urllib.parse, urllib.request\n\
        token = urllib.parse.quote(json.load(sys.stdin)['token'], safe='')\n\
        url = os.environ['RATCHET_SERVER'] + '/api/v1/tasks/' + token + '/succeed'\n\
        urllib.request.urlopen(urllib.request.Request(url, b'{\"output\": \"approved\"}', method='POST'))\n\
        print('null')\n";
    let house = House::with(&[
        ("ask.json", definition),
        (
            "ratchet.toml",
            "[functions.ask]\ncommand = [\"python3\", \"ask.py\"]\n",
        ),
        ("ask.py", answer),
    ]);
    let output = house.output(&["run", "ask.json", "--listen", "127.0.0.1:0"]);
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "\"approved\"\n",
        "{}",
        house.said(&output)
    );
}

#[test]
fn state_machines_that_it_starts_are_found_beside_it() {
    let parent = r#"{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:states:::states:startExecution.sync:2",
        "Parameters":{"StateMachineArn":"arn:aws:states:us-east-1:000000000000:stateMachine:child","Input":{"n":1}},
        "OutputPath":"$.Output","End":true}}}"#;
    let house = House::with(&[
        ("flows/parent.json", parent),
        ("flows/child.asl.json", PASS),
    ]);
    let output = house.output(&["run", "--quiet", "flows/parent.json"]);
    assert_eq!(house.said(&output), "exit code 0\n--- stdout\n{\"n\":1}\n");
}
