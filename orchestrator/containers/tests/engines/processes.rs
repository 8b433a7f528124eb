//! Attempts as processes: limits, ends, and that each runs once whoever dies.

use std::path::Path;
use std::time::Duration;

use containers::launch::{Network, Ulimit};
use containers::processes::Limits;
use containers::{Launch, Told};
use expect_test::{Expect, expect};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::bed::{Bed, PATIENCE, launch, outcome_text, script};

async fn check(bed: &Bed, launch: Launch, expected: Expect) {
    let attempt = launch.attempt.to_string();
    let ran = bed.run(launch.clone()).await;
    expected.assert_eq(&ran.text());
    // Asked again, it says the same, and did not run again.
    let again = bed.run(launch).await;
    expected.assert_eq(&again.text());
    bed.runner.forget(&attempt).await.unwrap();
    bed.runner.forget(&attempt).await.unwrap();
    assert_eq!(bed.runner.present().await.unwrap(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_gets_what_its_launch_says_and_ends() {
    let home = TempDir::new().unwrap();
    let bed = Bed::processes_in(home.path(), Limits::Off);
    bed.runner.ready().await.unwrap();
    check(
        &bed,
        script("hello", "echo out; echo err >&2"),
        expect![[r#"
        started
        exited 0: no reason
        | out
        | err
    "#]],
    )
    .await;
    check(
        &bed,
        script(
            "three",
            "echo one; echo two; echo three; printf four; exit 3",
        ),
        expect![[r#"
        started
        exited 3: exit code 3: two | three | four
        | one
        | two
        | three
        | four
    "#]],
    )
    .await;
    check(
        &bed,
        script("killed", "kill -SEGV $$"),
        expect![[r#"
        started
        exited 139: exit code 139 (SIGSEGV)
    "#]],
    )
    .await;
    check(
        &bed,
        Launch {
            environment: vec![("NAME".into(), "a b=c".into())],
            working_directory: Some("/usr".into()),
            ..script("environment", "echo \"<$NAME>$CARGO_MANIFEST_DIR\"; pwd")
        },
        expect![[r#"
            started
            exited 0: no reason
            | <a b=c>
            | /usr
        "#]],
    )
    .await;
    check(
        &bed,
        Launch {
            ulimits: vec![Ulimit {
                name: "nofile".into(),
                soft: 77,
                hard: 88,
            }],
            ..script("ulimits", "ulimit -Sn; ulimit -Hn")
        },
        expect![[r#"
            started
            exited 0: no reason
            | 77
            | 88
        "#]],
    )
    .await;
    check(
        &bed,
        Launch {
            user: Some("nobody".into()),
            ..script("user", "id -un; touch mine && echo wrote")
        },
        expect![[r#"
        started
        exited 0: no reason
        | nobody
        | wrote
    "#]],
    )
    .await;
    check(&bed, Launch { command: vec!["no-such-command".into()], ..launch("missing") }, expect![[r#"
        failed to start, Some(127): CannotStartContainerError: cannot execute no-such-command: No such file or directory (os error 2)
    "#]]).await;
    check(&bed, Launch { command: vec!["/etc/passwd".into()], ..launch("forbidden") }, expect![[r#"
        failed to start, Some(126): CannotStartContainerError: cannot execute /etc/passwd: Permission denied (os error 13)
    "#]]).await;
    check(&bed, Launch { working_directory: Some("/no/such".into()), ..script("no-directory", "true") }, expect![[r#"
        failed to start, Some(126): CannotStartContainerError: there is no directory /no/such to start in
    "#]]).await;
    check(&bed, Launch { user: Some("nobody-knows".into()), ..script("no-user", "true") }, expect![[r#"
        failed to start, None: CannotStartContainerError: there is no user nobody-knows on this machine
    "#]]).await;
    let refused = [
        launch("refused"),
        Launch {
            privileged: true,
            ..script("refused", "true")
        },
        Launch {
            read_only_root: true,
            ..script("refused", "true")
        },
        Launch {
            network: Network::None,
            ..script("refused", "true")
        },
    ];
    for launch in refused {
        let text = outcome_text(&bed.run(launch).await.outcome);
        assert!(
            text.contains("an environment with the engine docker can do it"),
            "{text}"
        );
    }
    // What it leaves behind dies with it, also what fled into a session of its own.
    let fled = "setsid sleep 7777 & sleep 8888 & sleep 0.2; echo $! $(pgrep -x -f 'sleep 7777')";
    let ran = bed.run(script("fled", fled)).await;
    assert_eq!(outcome_text(&ran.outcome), "exited 0: no reason");
    for process in ran.log[0].split(' ').filter_map(|id| id.parse().ok()) {
        assert!(is_dead(process), "{process} lives");
    }
    let many = bed.run(script("many", "seq 1 20000")).await;
    assert_eq!(
        many.log,
        (1..=20_000)
            .map(|number| number.to_string())
            .collect::<Vec<_>>()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_and_vcpus_are_limited() {
    let home = TempDir::new().unwrap();
    let bed = Bed::processes_in(home.path(), Limits::WherePossible);
    let limited = |attempt: &str, text: &str| Launch {
        memory_mib: 32,
        vcpus_milli: 250,
        ..script(attempt, text)
    };
    check(
        &bed,
        limited("memory", "exec tail /dev/zero"),
        expect![[r#"
        started
        exited 137, out of memory: OutOfMemoryError: Container killed due to memory usage
    "#]],
    )
    .await;
    check(
        &bed,
        limited(
            "limits",
            "own() { grep -E \"$1\" /proc/self/cgroup | cut -d: -f3; }; \
             cat /sys/fs/cgroup/memory$(own ':memory:')/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup$(own '^0:')/memory.max; \
             cat /sys/fs/cgroup/cpu$(own ':cpu:')/cpu.cfs_quota_us 2>/dev/null || cut -d' ' -f1 /sys/fs/cgroup$(own '^0:')/cpu.max",
        ),
        expect![[r#"
            started
            exited 0: no reason
            | 33554432
            | 25000
        "#]],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_is_asked_to_stop_and_then_made_to() {
    let home = TempDir::new().unwrap();
    let bed = Bed::processes_in(home.path(), Limits::Off);
    let run = async |attempt: &str, text: &str, grace: Duration| {
        let mut going = bed.begin(script(attempt, text));
        going.started().await;
        bed.until_logged(&format!("job/default/{attempt}"), "ready")
            .await;
        bed.runner.stop(attempt, grace).await;
        outcome_text(&going.end().await.1)
    };
    let polite =
        "exec 2>/dev/null; trap 'echo bye; exit 9' TERM; echo ready; while :; do sleep 0.1; done";
    let text = run("polite", polite, Duration::from_secs(30)).await;
    assert_eq!(text, "exited 9: exit code 9: ready | bye");
    let stubborn = "trap '' TERM; echo ready; while :; do sleep 0.1; done";
    let text = run("stubborn", stubborn, Duration::from_millis(300)).await;
    assert_eq!(text, "exited 137: exit code 137 (SIGKILL): ready");
    let early = bed.runner.run(
        script("early", "echo never"),
        tokio::sync::mpsc::channel(1).0,
    );
    let stopped = bed.runner.stop("early", Duration::from_secs(1));
    // It is asked to stop before anybody has begun to run it.
    let ((), outcome) = tokio::join!(
        async {
            tokio::time::timeout(PATIENCE, stopped).await.unwrap();
        },
        early
    );
    assert_eq!(
        outcome_text(&outcome),
        "failed to start, None: early was stopped before it started"
    );
    bed.runner.stop("unknown", Duration::from_secs(1)).await;
    assert!(!home.path().join("attempts/unknown").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_outlives_ratchet_and_runs_once() {
    let home = TempDir::new().unwrap();
    let bed = || Bed::processes_in(home.path(), Limits::Off);
    let count = home.path().join("count");
    let text = format!(
        "echo ran >> {}; for i in $(seq 1 40); do echo line $i; sleep 0.05; done; exit 5",
        count.display()
    );
    let running = script("running", &text);
    for _ in 0..3 {
        let before = bed();
        let mut going = before.begin(running.clone());
        going.started().await;
        before.until_logged("job/default/running", "line 3").await;
        going.abandon().await;
    }
    assert_eq!(bed().runner.present().await.unwrap(), ["running"]);
    let ran = bed().run(running).await;
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
    // Abandoned at any instant of the beginning.
    for delay in 0..40 {
        let attempt = format!("early-{delay}");
        let launch = script(
            &attempt,
            &format!("echo ran >> {}; exit 6", count.display()),
        );
        let going = bed().begin(launch.clone());
        tokio::time::sleep(Duration::from_micros(delay * 500)).await;
        going.abandon().await;
        let (one, two) = (bed(), bed());
        let (one, two) = tokio::join!(one.run(launch.clone()), two.run(launch));
        assert_eq!(
            outcome_text(&one.outcome),
            "exited 6: exit code 6",
            "{delay}"
        );
        assert_eq!(
            outcome_text(&two.outcome),
            "exited 6: exit code 6",
            "{delay}"
        );
    }
    assert_eq!(lines(&count), 41);
    // Its shim is killed: what became of the command is not known, and it is not run again.
    let lost = script(
        "lost",
        &format!("echo ran >> {}; echo ready; sleep 1000", count.display()),
    );
    let before = bed();
    let mut going = before.begin(lost.clone());
    let Told::Started { container_id, .. } = going.started().await else {
        unreachable!("it has started")
    };
    before.until_logged("job/default/lost", "ready").await;
    let shim = std::fs::read_to_string(format!("/proc/{container_id}/stat")).unwrap();
    let shim = shim
        .rsplit_once(')')
        .unwrap()
        .1
        .split_whitespace()
        .nth(1)
        .unwrap();
    kill_process(Pid::from_raw(shim.parse().unwrap()).unwrap(), Signal::KILL).unwrap();
    let (_, outcome) = going.end().await;
    assert!(
        outcome_text(&outcome).starts_with("lost: the process that watched"),
        "{outcome:?}"
    );
    assert!(outcome_text(&bed().run(lost).await.outcome).starts_with("lost: "));
    assert_eq!(lines(&count), 42);
    bed().runner.forget("lost").await.unwrap();
    // It was killed; the kernel takes a moment.
    let command = container_id.parse().unwrap();
    let dead = async {
        while !is_dead(command) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let dead = tokio::time::timeout(PATIENCE, dead).await;
    assert!(dead.is_ok(), "what is lost must not go on running");
    // Forgotten while it runs.
    let forgotten = bed();
    let mut going = forgotten.begin(script("forgotten", "sleep 1000"));
    going.started().await;
    forgotten.runner.forget("forgotten").await.unwrap();
    going.task.abort();
    assert!(!home.path().join("attempts/forgotten").exists());
}

/// Gone, or only waiting for its parent to ask how it ended.
fn is_dead(process: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit_once(')')
        .is_none_or(|(_, rest)| rest.trim_start().starts_with('Z'))
}

fn lines(path: &Path) -> usize {
    std::fs::read_to_string(path).unwrap().lines().count()
}
