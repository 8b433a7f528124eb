//! `ratchet serve`

use std::io::Read;
use std::time::{Duration, Instant};

use expect_test::expect;

use crate::house::{House, PASS, WAIT};

/// Creates a state machine of that definition and starts an execution of it.
fn start(server: &crate::house::Server, definition: &str) {
    let put = server.ask(
        "PUT",
        "/api/v1/state-machines/m",
        &format!(r#"{{"definition":{definition}}}"#),
    );
    assert!(put.starts_with("HTTP/1.1 20"), "{put}");
    let started = server.ask(
        "POST",
        "/api/v1/state-machines/m/executions",
        r#"{"name":"n"}"#,
    );
    assert!(started.starts_with("HTTP/1.1 201"), "{started}");
}

#[test]
fn serves_until_it_is_asked_to_stop() {
    for name in ["TERM", "INT"] {
        let server = House::with(&[]).serve(&[]);
        assert!(server.ask("GET", "/readyz", "").starts_with("HTTP/1.1 200"));
        server.signal(name);
        let (status, rest) = server.end();
        assert_eq!((status.code(), &*rest), (Some(0), ""), "{name}");
    }
}

#[test]
fn what_was_started_is_there_after_a_restart() {
    let house = House::with(&[]);
    for name in ["TERM", "KILL"] {
        let server = house.serve(&[]);
        start(&server, WAIT);
        server.signal(name);
        server.end();
    }
    let server = house.serve(&[]);
    let shown = server.ask("GET", "/api/v1/executions/m:n", "");
    assert!(shown.contains(r#""status":"RUNNING""#), "{shown}");
}

/// A watcher of events and a worker that polls don't hold up a stop.
#[test]
fn a_stop_does_not_wait_for_those_who_wait() {
    let house = House::with(&[]);
    let server = house.serve(&[]);
    start(&server, WAIT);
    let mut watching = server.send("GET", "/api/v1/executions/m:n/events", "");
    let mut first = [0; 12];
    watching.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    let waiting = server.send("POST", "/api/v1/state-machines/m/executions?wait=300", "{}");
    let idle = std::net::TcpStream::connect(&server.address).unwrap();
    let asked = Instant::now();
    server.signal("TERM");
    let (status, _) = server.end();
    assert_eq!(status.code(), Some(0));
    assert!(
        asked.elapsed() < Duration::from_secs(8),
        "{:?}",
        asked.elapsed()
    );
    drop((waiting, idle));
}

#[test]
fn a_data_directory_has_one_server() {
    let house = House::with(&[]);
    let server = house.serve(&["--data", "d"]);
    house.check(
        &[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--data",
            "d",
            "--log",
            "off",
        ],
        expect![[r#"
            exit code 3
            --- stderr
            error: cannot open the data directory d: another process has it open
        "#]],
    );
    assert!(
        server
            .ask("GET", "/healthz", "")
            .starts_with("HTTP/1.1 200")
    );
}

#[test]
fn an_address_has_one_server() {
    let house = House::with(&[]);
    let server = house.serve(&[]);
    let output = house.output(&[
        "serve",
        "--listen",
        &server.address,
        "--data",
        "e",
        "--log",
        "off",
    ]);
    let said = house.said(&output).replace(&server.address, "<address>");
    expect![[r#"
        exit code 3
        --- stderr
        error: cannot listen on <address>: Address already in use (os error 98)
    "#]]
    .assert_eq(&said);
}

#[test]
fn limits_come_from_the_profile() {
    let house = House::with(&[]);
    let server = house.serve(&["--profile", "aws-strict"]);
    start(&server, PASS);
    let body = format!(r#"{{"input":"{}"}}"#, "x".repeat(300_000));
    let answer = server.ask("POST", "/api/v1/state-machines/m/executions", &body);
    assert!(
        answer.starts_with("HTTP/1.1 413") && answer.contains("262144"),
        "{answer}"
    );
}

#[test]
fn log_lines_may_be_json() {
    let house = House::with(&[]);
    let output = house.output(&[
        "serve",
        "--set",
        "log.format=json",
        "--listen",
        "192.0.2.1:1",
    ]);
    assert_eq!(output.status.code(), Some(3));
    let server = house
        .ratchet(&[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--set",
            "log.format=json",
        ])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut server = server;
    let mut line = String::new();
    std::io::BufRead::read_line(
        &mut std::io::BufReader::new(server.stderr.take().unwrap()),
        &mut line,
    )
    .unwrap();
    server.kill().unwrap();
    server.wait().unwrap();
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["level"], "INFO");
}
