//! A disk that is full: errors to the callers, nothing acknowledged is lost, and the server recovers when space returns.
//!
//! The disk is a small tmpfs, which only root may mount; `tests/run` gives everybody else a namespace in which they are root.
//! Where neither is to be had, the test fails and says so.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;
use tests::support::aws::text;
use tests::support::server::Server;

/// Waits for a token, so that executions are in progress while the disk is full.
const WAITING: &str = r#"{"StartAt":"Wait","States":{"Wait":{"Type":"Wait","SecondsPath":"$.seconds","Next":"Done"},"Done":{"Type":"Succeed"}}}"#;

/// A mounted tmpfs; dropping it unmounts it.
struct Disk {
    directory: tempfile::TempDir,
}

impl Disk {
    fn new(megabytes: u32) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args([
                "-t",
                "tmpfs",
                "-o",
                &format!("size={megabytes}m"),
                "ratchet-test",
            ])
            .arg(directory.path())
            .output()
            .unwrap();
        assert!(
            mounted.status.success(),
            "this test needs a small disk of its own, and a tmpfs cannot be mounted here: run it as root ({})",
            String::from_utf8_lossy(&mounted.stderr).trim()
        );
        Self { directory }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Takes all space that is left.
    fn fill(&self) {
        let mut file = File::options()
            .create(true)
            .append(true)
            .open(self.path().join("ballast"))
            .unwrap();
        for size in [1 << 16, 1 << 12, 1 << 9, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
    }

    /// Gives it back.
    fn free(&self) {
        fs::remove_file(self.path().join("ballast")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _left_to_the_system = Command::new("umount")
            .arg("--lazy")
            .arg(self.path())
            .status();
    }
}

#[test]
fn a_full_disk_loses_nothing_that_was_acknowledged() {
    let disk = Disk::new(24);
    let mut server = Server::new().data(&disk.path().join("data")).start();
    let machine = server.aws().create("waiting", WAITING);
    let pad = "x".repeat(20_000);
    let mut aws = server.aws();
    let mut start = |name: &str, seconds: u64| {
        let input = json!({"seconds": seconds, "pad": pad}).to_string();
        aws.call(
            "StartExecution",
            &json!({"stateMachineArn": machine, "name": name, "input": input}),
        )
    };
    for number in 0..20 {
        start(&format!("before-{number}"), 1 + number % 3).unwrap();
    }
    disk.fill();

    // The log may have some space of its own left; then it is full.
    let mut acknowledged = 0;
    let began = Instant::now();
    let refused = loop {
        match start(&format!("full-{acknowledged}"), 1) {
            Ok(_) => acknowledged += 1,
            Err(error) => break error,
        }
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "the disk does not get full"
        );
    };
    let said = refused.to_string();
    assert!(
        said.starts_with("500 ") || said.starts_with("503 "),
        "a start on a full disk is answered by {said}"
    );
    // More than once, and while timers end.
    for number in 0..50 {
        let refused = start(&format!("refused-{number}"), 1).unwrap_err();
        assert_eq!(refused.code(), "ServiceUnavailable", "{refused}");
    }
    // What was there can be read.
    let listed = server.aws().call("ListStateMachines", &json!({})).unwrap();
    assert_eq!(listed["stateMachines"].as_array().unwrap().len(), 1);

    disk.free();
    let began = Instant::now();
    let mut aws = server.aws();
    let after = loop {
        let input = json!({"seconds": 1, "pad": ""}).to_string();
        let request = json!({"stateMachineArn": machine, "name": "after", "input": input});
        match aws.call("StartExecution", &request) {
            Ok(started) => break text(&started, "executionArn").to_owned(),
            Err(error) => assert!(
                began.elapsed() < Duration::from_secs(30),
                "it does not recover: {error}"
            ),
        }
    };
    assert_eq!(aws.wait(&after)["status"], "SUCCEEDED");
    assert_all_end(&server, acknowledged);

    // The same after a crash.
    disk.fill();
    server.kill();
    disk.free();
    server.restart();
    assert_all_end(&server, acknowledged);
    let log = server.logged_text();
    assert!(!log.contains("panicked"), "{log}");
}

/// Every execution whose start was acknowledged ends well, and none of the others is there.
fn assert_all_end(server: &Server, acknowledged: u64) {
    let mut aws = server.aws();
    let arn =
        |name: String| format!("arn:aws:states:us-east-1:000000000000:execution:waiting:{name}");
    let before = (0..20).map(|number| format!("before-{number}"));
    let full = (0..acknowledged).map(|number| format!("full-{number}"));
    for name in before.chain(full) {
        assert_eq!(
            aws.wait(&arn(name.clone()))["status"],
            "SUCCEEDED",
            "{name}"
        );
    }
    for number in 0..50 {
        let execution = arn(format!("refused-{number}"));
        let found = aws.call("DescribeExecution", &json!({"executionArn": execution}));
        assert_eq!(found.unwrap_err().code(), "ExecutionDoesNotExist");
    }
}
