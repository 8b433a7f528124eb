//! What can't be used gets one clear message and the exit code that `--help` promises.

use expect_test::expect;

use crate::house::{House, PASS};

#[test]
fn bad_input() {
    let house = House::with(&[
        ("pass.json", PASS),
        ("bad/ratchet.toml", "[functions]\n[limits]\npayload = 3\n"),
        ("bad/pass.json", PASS),
        (
            "contradiction/ratchet.toml",
            "[functions.f]\ncommand = [\"a\"]\nurl = \"http://x\"\n",
        ),
        ("contradiction/pass.json", PASS),
        ("file", ""),
    ]);
    std::fs::write(
        house.path().join("latin.json"),
        b"{\"StartAt\": \"Gr\xf6\xdfe\"}",
    )
    .unwrap();
    let mut said = String::new();
    for arguments in [
        &["run", "gone.json"] as &[&str],
        &["run", "latin.json"],
        &["run", "."],
        &["run", "pass.json", "-i", "{\"a\": }"],
        &["run", "pass.json", "-i", "@gone.json"],
        &["run", "pass.json", "-i", ""],
        &["run", "pass.json", "--name", "../up"],
        &["run", "pass.json", "--name", ""],
        &["run", "pass.json", "--data", "file", "--name", "n"],
        &["run", "pass.json", "--listen", "here"],
        &["run", "bad/pass.json"],
        &["run", "contradiction/pass.json"],
        &["run", "pass.json", "--config", "gone.toml"],
        &["validate", "gone.json"],
        &["serve", "--listen", "nowhere"],
        &["serve", "--set", "limits.payload_bytes=lots"],
        &["serve", "--set", "colour=red"],
        &["executions", "describe", "one"],
        &["executions", "list", "--server", "https://example.com"],
    ] {
        let output = house.output(arguments);
        said.push_str(&format!(
            "$ ratchet {}\n{}\n",
            arguments.join(" "),
            house.said(&output)
        ));
    }
    expect![[r#"
        $ ratchet run gone.json
        exit code 2
        --- stderr
        error: cannot read gone.json: No such file or directory (os error 2)

        $ ratchet run latin.json
        exit code 2
        --- stderr
        error: cannot read latin.json: it is no UTF-8 text at byte 15

        $ ratchet run .
        exit code 2
        --- stderr
        error: cannot read .: Is a directory (os error 21)

        $ ratchet run pass.json -i {"a": }
        exit code 2
        --- stderr
        error: what --input says is no JSON: expected value at line 1 column 7

        $ ratchet run pass.json -i @gone.json
        exit code 2
        --- stderr
        error: cannot read gone.json: No such file or directory (os error 2)

        $ ratchet run pass.json -i 
        exit code 2
        --- stderr
        error: what --input says is no JSON: EOF while parsing a value at line 1 column 0

        $ ratchet run pass.json --name ../up
        exit code 2
        --- stderr
        error: `../up` can't be a run's name; use up to 80 letters, digits, dots, dashes and underscores

        $ ratchet run pass.json --name 
        exit code 2
        --- stderr
        error: `` can't be a run's name; use up to 80 letters, digits, dots, dashes and underscores

        $ ratchet run pass.json --data file --name n
        exit code 3
        --- stderr
        error: cannot open the data directory file/runs/pass/n: Not a directory (os error 20)

        $ ratchet run pass.json --listen here
        exit code 2
        --- stderr
        error: `here` is no address to listen on; write HOST:PORT, such as 127.0.0.1:8083

        $ ratchet run bad/pass.json
        exit code 2
        --- stderr
        error: bad/ratchet.toml:3: unknown key `limits.payload`; known here are payload_bytes, history_events, map_concurrency, step_events, definition_bytes, state_machines, activities, activity_pollers, tags, express_seconds, versions, aliases, redrive_days

        $ ratchet run contradiction/pass.json
        exit code 2
        --- stderr
        error: cannot use function f: give exactly one of runtime, command and url

        $ ratchet run pass.json --config gone.toml
        exit code 2
        --- stderr
        error: cannot read the configuration gone.toml: No such file or directory (os error 2)

        $ ratchet validate gone.json
        exit code 2
        --- stderr
        error: cannot read gone.json: No such file or directory (os error 2)

        $ ratchet serve --listen nowhere
        exit code 2
        --- stderr
        error: --listen: `listen` is wrong: `nowhere` is no address to listen on; write HOST:PORT, such as 127.0.0.1:8083

        $ ratchet serve --set limits.payload_bytes=lots
        exit code 2
        --- stderr
        error: --set: `limits.payload_bytes` is wrong: `lots` is no limit; write a number from 1 on or "unlimited"

        $ ratchet serve --set colour=red
        exit code 2
        --- stderr
        error: --set colour=red: write KEY=VALUE with a key that `ratchet config` shows

        $ ratchet executions describe one
        exit code 2
        --- stderr
        error: `one` names no execution; write STATE_MACHINE:NAME or its ARN

        $ ratchet executions list --server https://example.com
        exit code 2
        --- stderr
        error: `https://example.com` is no server's URL: only http:// is spoken

    "#]].assert_eq(&said);
}

#[test]
fn a_server_that_is_not_there() {
    let house = House::with(&[]);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let output = house.output(&["executions", "list", "--server", &address]);
    let said = house.said(&output).replace(&address, "<address>");
    expect![[r#"
        exit code 3
        --- stderr
        error: cannot reach the server at http://<address>: Connection refused (os error 111)
    "#]]
    .assert_eq(&said);
}

#[test]
fn deep_documents() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let house = House::with(&[("deep.json", &deep), ("pass.json", PASS)]);
    house.check(
        &["validate", "deep.json", "-o", "json"],
        expect![[r#"
            exit code 1
            --- stdout
            {
              "files": [
                {
                  "file": "deep.json",
                  "findings": [
                    {
                      "severity": "error",
                      "code": "SCHEMA_VALIDATION_FAILED",
                      "pointer": "",
                      "line": 1,
                      "column": 513,
                      "offset": 512,
                      "length": 1,
                      "message": "Definition nests deeper than 512 levels",
                      "detail": null
                    }
                  ]
                }
              ],
              "errors": 1,
              "warnings": 0
            }
        "#]],
    );
    house.check(&["run", "pass.json", "-i", "@deep.json"], expect![[r#"
        exit code 2
        --- stderr
        error: what deep.json says is no JSON: the document nests deeper than 512 levels at line 1 column 513
    "#]]);
}
