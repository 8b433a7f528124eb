//! Nothing runs twice and nothing is lost when Ratchet or the daemon go away.

use std::time::Duration;

use containers::launch::{Mount, Network};
use containers::{Launch, Outcome};
use tempfile::TempDir;
use tests::support::docker::{Daemon, Live, Stop};

use crate::bed::{Bed, launch, outcome_text, script};

/// Appends to a file of the host, so that each time it really ran is seen.
fn counted(attempt: &str, host: &TempDir, then: &str) -> Launch {
    Launch {
        mounts: vec![Mount {
            source: Some(host.path().display().to_string()),
            target: "/host".into(),
            read_only: false,
        }],
        ..script(attempt, &format!("echo ran >> /host/{attempt}; {then}"))
    }
}

fn times_run(attempt: &str, host: &TempDir) -> usize {
    let text = std::fs::read_to_string(host.path().join(attempt)).unwrap_or_default();
    text.lines().count()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_is_taken_up_after_a_crash_of_ratchet() {
    let daemon = Daemon::start();
    let host = TempDir::new().unwrap();
    let home = TempDir::new().unwrap();
    let bed = || {
        Bed::docker_in(&daemon, home.path(), |settings| {
            settings.allowed_mounts.push(host.path().to_owned());
        })
    };
    // While it runs; its log goes on where it was.
    let running = counted(
        "running",
        &host,
        "for i in $(seq 1 40); do echo line $i; sleep 0.05; done; exit 5",
    );
    for _ in 0..3 {
        let before = bed();
        let mut going = before.begin(running.clone());
        going.started().await;
        before.until_logged("job/default/running", "line 3").await;
        going.abandon().await;
    }
    let ran = bed().run(running.clone()).await;
    assert_eq!(
        outcome_text(&ran.outcome),
        "exited 5: exit code 5: line 38 | line 39 | line 40"
    );
    assert_eq!(
        ran.log,
        (1..=40)
            .map(|line| format!("line {line}"))
            .collect::<Vec<_>>()
    );
    // When it has ended; again and again, until it is forgotten.
    for _ in 0..2 {
        let ran = bed().run(running.clone()).await;
        assert_eq!(
            outcome_text(&ran.outcome),
            "exited 5: exit code 5: line 38 | line 39 | line 40"
        );
        assert_eq!(ran.log.len(), 40);
    }
    assert_eq!(times_run("running", &host), 1);
    assert_eq!(bed().runner.present().await.unwrap(), ["running"]);

    // Created and never started.
    let fresh = counted("fresh", &host, "exit 6");
    let body = serde_json::json!({
        "Image": fresh.image, "Cmd": fresh.command, "Labels": {"ratchet.instance": "test"},
        "HostConfig": {"Binds": [format!("{}:/host", host.path().display())]},
    });
    create(&daemon, "fresh", &body);
    assert_eq!(
        outcome_text(&bed().run(fresh).await.outcome),
        "exited 6: exit code 6"
    );
    assert_eq!(times_run("fresh", &host), 1);

    // Somebody else's container of that name is not ours to start.
    create(
        &daemon,
        "foreign",
        &serde_json::json!({"Image": body["Image"]}),
    );
    let ran = bed().run(launch("foreign")).await;
    assert!(
        ran.text()
            .contains("is taken by a container that is not of this instance"),
        "{}",
        ran.text()
    );

    // Removed by somebody while it runs.
    let taken = bed();
    let mut going = taken.begin(counted("taken", &host, "sleep 100"));
    going.started().await;
    taken.runner.forget("taken").await.unwrap();
    let (_, outcome) = going.end().await;
    assert!(
        !matches!(
            outcome,
            Outcome::Unavailable { .. } | Outcome::FailedToStart { .. }
        ),
        "{outcome:?}"
    );

    // A network that an earlier Ratchet made goes with what used it.
    let node = Launch {
        network: Network::Group {
            name: "left".into(),
            host_name: None,
        },
        ..script("node", "true")
    };
    bed().run(node).await;
    for attempt in bed().runner.present().await.unwrap() {
        bed().runner.forget(&attempt).await.unwrap();
    }
    assert!(bed().runner.present().await.unwrap().is_empty());
    assert!(!daemon.ask("GET", "/networks").contains("left"));
}

fn create(daemon: &Daemon, name: &str, body: &serde_json::Value) {
    let answer = daemon.post(
        &format!("/containers/create?name={name}"),
        &body.to_string(),
    );
    assert!(answer.contains("201"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_lives_through_restarts_of_the_daemon() {
    let mut daemon = Daemon::start();
    let host = TempDir::new().unwrap();
    let bed = Bed::docker(&daemon, |settings| {
        settings.allowed_mounts.push(host.path().to_owned())
    });
    for (attempt, stop) in [("asked", Stop::Ask), ("killed", Stop::Kill)] {
        let text = format!(
            "echo begin; until [ -e /host/go-{attempt} ]; do sleep 0.05; done; echo end; exit 7"
        );
        let mut going = bed.begin(counted(attempt, &host, &text));
        going.started().await;
        bed.until_logged(&format!("job/default/{attempt}"), "begin")
            .await;
        daemon.down(stop);
        let refused = bed.runner.ready().await.unwrap_err();
        assert!(
            refused.contains("cannot reach the Docker daemon"),
            "{refused}"
        );
        // What is not known to exist is not waited for.
        let unknown = bed.run(script("unknown", "true")).await;
        assert!(
            unknown
                .text()
                .starts_with("unavailable: cannot reach the Docker daemon"),
            "{}",
            unknown.text()
        );
        assert!(!going.task.is_finished());
        daemon.up();
        std::fs::write(host.path().join(format!("go-{attempt}")), "").unwrap();
        let (_, outcome) = going.end().await;
        assert_eq!(outcome_text(&outcome), "exited 7: exit code 7: begin | end");
        assert_eq!(bed.log(&format!("job/default/{attempt}")), ["begin", "end"]);
        assert_eq!(times_run(attempt, &host), 1);
    }
    // It ended while nobody was there.
    let mut going = bed.begin(counted(
        "meanwhile",
        &host,
        "sleep 1; echo done; touch /host/over; exit 2",
    ));
    going.started().await;
    daemon.down(Stop::Kill);
    while !host.path().join("over").exists() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    daemon.up();
    let (_, outcome) = going.end().await;
    assert!(
        matches!(outcome, Outcome::Exited { code: 2 | 137, .. }),
        "{outcome:?}"
    );
    assert_eq!(times_run("meanwhile", &host), 1);
    assert_eq!(
        outcome_text(&bed.run(script("unknown", "true")).await.outcome),
        "exited 0: no reason"
    );
    // Stopped while the daemon was away: it is stopped when it is back.
    let mut going = bed.begin(script(
        "stopped",
        "trap 'exit 9' TERM; echo ready; while :; do sleep 0.1; done",
    ));
    going.started().await;
    bed.until_logged("job/default/stopped", "ready").await;
    daemon.down(Stop::Ask);
    let stop = tokio::spawn(bed.runner.stop("stopped", Duration::from_secs(20)));
    daemon.up();
    let (_, outcome) = going.end().await;
    assert_eq!(outcome_text(&outcome), "exited 9: exit code 9: ready");
    stop.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_takes_its_containers_along_tells_how_they_ended() {
    let mut daemon = Daemon::start_with(Live::End);
    let bed = Bed::docker(&daemon, |_| {});
    for (attempt, stop) in [("asked", Stop::Ask), ("killed", Stop::Kill)] {
        let mut going = bed.begin(script(
            attempt,
            "trap 'exit 9' TERM; echo ready; while :; do sleep 0.1; done",
        ));
        going.started().await;
        bed.until_logged(&format!("job/default/{attempt}"), "ready")
            .await;
        daemon.restart(stop);
        let (_, outcome) = going.end().await;
        assert!(
            matches!(
                outcome,
                Outcome::Exited {
                    code: 9 | 137 | 143,
                    ..
                }
            ),
            "{outcome:?}"
        );
        // It was not started again.
        let again = bed.run(script(attempt, "true")).await;
        assert_eq!(outcome_text(&again.outcome), outcome_text(&outcome));
    }
}
