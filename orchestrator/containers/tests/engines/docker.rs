//! What a container gets, may not have, and how it ends.

use std::fs;
use std::time::Duration;

use containers::launch::{Device, Mount, Network, Tmpfs, Ulimit};
use containers::{Launch, Told};
use expect_test::{Expect, expect};
use tempfile::TempDir;
use tests::support::docker::Daemon;

use crate::bed::{Bed, launch, outcome_text, script};

/// Runs an attempt that must end as expected, and leaves nothing of it.
async fn check(bed: &Bed, launch: Launch, expected: Expect) {
    let attempt = launch.attempt.to_string();
    let ran = bed.run(launch).await;
    expected.assert_eq(&ran.text());
    bed.runner.forget(&attempt).await.unwrap();
    // Twice is fine.
    bed.runner.forget(&attempt).await.unwrap();
    assert!(!bed.runner.present().await.unwrap().contains(&attempt));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_gets_what_its_launch_says() {
    let daemon = Daemon::start();
    let host = TempDir::new().unwrap();
    fs::create_dir(host.path().join("in")).unwrap();
    fs::write(host.path().join("in/file"), "from the host").unwrap();
    let bed = Bed::docker(&daemon, |settings| {
        settings.allowed_mounts.push(host.path().to_owned());
        settings.allowed_devices.push("/dev/zero".into());
        settings.allow_privileged = true;
        settings.allow_host_network = true;
    });
    bed.runner.ready().await.unwrap();
    check(
        &bed,
        script("hello", "echo out; sleep 0.1; echo err >&2"),
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
        launch("image-command"),
        expect![[r#"
        started
        exited 0: no reason
    "#]],
    )
    .await;
    check(
        &bed,
        Launch {
            environment: vec![
                ("NAME".into(), "a b=c".into()),
                ("EMPTY".into(), String::new()),
            ],
            ..script("environment", "echo \"<$NAME>$EMPTY<\"")
        },
        expect![[r#"
            started
            exited 0: no reason
            | <a b=c><
        "#]],
    )
    .await;
    check(
        &bed,
        Launch {
            user: Some("worker".into()),
            working_directory: Some("/tmp".into()),
            ..script("user", "id -u; id -g; pwd")
        },
        expect![[r#"
            started
            exited 0: no reason
            | 1234
            | 1235
            | /tmp
        "#]],
    )
    .await;
    check(
        &bed,
        Launch {
            read_only_root: true,
            tmpfs: vec![Tmpfs {
                path: "/scratch".into(),
                size_mib: 3,
                options: vec!["noexec".into()],
            }],
            ..script(
                "read-only",
                "touch /file 2>&1; touch /scratch/file && echo wrote; df -k /scratch | tail -n 1 | awk '{print $2}'",
            )
        },
        expect![[r#"
            started
            exited 0: no reason
            | touch: /file: Read-only file system
            | wrote
            | 3072
        "#]],
    )
    .await;
    check(
        &bed,
        Launch {
            vcpus_milli: 500,
            memory_mib: 64,
            shared_memory_mib: Some(9),
            ..script(
                "limits",
                "cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes memory.max 2>/dev/null; \
                 cat cpu/cpu.cfs_quota_us 2>/dev/null || cut -d' ' -f1 cpu.max; \
                 df -k /dev/shm | tail -n 1 | awk '{print $2}'",
            )
        },
        expect![[r#"
            started
            exited 0: no reason
            | 67108864
            | 50000
            | 9216
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
            memory_mib: 64,
            max_swap_mib: Some(32),
            swappiness: Some(20),
            ..script(
                "swap",
                "cat /sys/fs/cgroup/memory/memory.memsw.limit_in_bytes 2>/dev/null || echo $((64*1048576 + $(cat /sys/fs/cgroup/memory.swap.max)))",
            )
        },
        expect![[r#"
            started
            exited 0: no reason
            | 100663296
        "#]],
    )
    .await;
    check(
        &bed,
        Launch {
            mounts: vec![
                Mount {
                    source: Some(host.path().join("in").display().to_string()),
                    target: "/in".into(),
                    read_only: true,
                },
                Mount {
                    source: None,
                    target: "/volume".into(),
                    read_only: false,
                },
            ],
            ..script(
                "mounts",
                "cat /in/file; echo; touch /in/other 2>&1; touch /volume/x && echo wrote",
            )
        },
        expect![[r#"
            started
            exited 0: no reason
            | from the host
            | touch: /in/other: Read-only file system
            | wrote
        "#]],
    )
    .await;
    check(
        &bed,
        Launch {
            devices: vec![Device {
                host_path: "/dev/zero".into(),
                container_path: Some("/dev/nothing".into()),
                read: true,
                write: false,
                make: false,
            }],
            ..script("devices", "head -c 4 /dev/nothing | wc -c")
        },
        expect![[r#"
            started
            exited 0: no reason
            | 4
        "#]],
    )
    .await;
    // Whether the machine can give all rights or not: they are asked for.
    let privileged = Launch {
        privileged: true,
        ..script("privileged", "true")
    };
    bed.run(privileged).await;
    let inspected = daemon.ask("GET", "/containers/privileged/json");
    assert!(inspected.contains(r#""Privileged":true"#), "{inspected}");
    bed.runner.forget("privileged").await.unwrap();
    check(
        &bed,
        Launch {
            network: Network::None,
            ..script("no-network", "ls /sys/class/net")
        },
        expect![[r#"
            started
            exited 0: no reason
            | lo
        "#]],
    )
    .await;
    check(
        &bed,
        Launch {
            network: Network::Host,
            ..script("host-network", "ls /sys/class/net | grep -x docker0")
        },
        expect![[r#"
            started
            exited 0: no reason
            | docker0
        "#]],
    )
    .await;
    // Less memory than Docker can do is given what it can.
    check(
        &bed,
        Launch {
            memory_mib: 4,
            ..script("little-memory", "echo runs")
        },
        expect![[r#"
        started
        exited 0: no reason
        | runs
    "#]],
    )
    .await;
    let volumes = daemon.ask("GET", "/volumes");
    assert!(
        volumes.contains(r#""Volumes":[]"#) || volumes.contains(r#""Volumes":null"#),
        "{volumes}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn how_a_container_ends() {
    let daemon = Daemon::start();
    let bed = Bed::docker(&daemon, |_| {});
    check(
        &bed,
        script("three", "echo one; echo two; echo three; echo four; exit 3"),
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
        script("silent", "exit 4"),
        expect![[r#"
        started
        exited 4: exit code 4
    "#]],
    )
    .await;
    check(
        &bed,
        script("no-line-end", "printf 'no end'; exit 1"),
        expect![[r#"
        started
        exited 1: exit code 1: no end
        | no end
    "#]],
    )
    .await;
    check(
        &bed,
        Launch {
            memory_mib: 16,
            ..script("memory", "head -c 100m /dev/zero | tail; exit 137")
        },
        expect![[r#"
            started
            exited 137, out of memory: OutOfMemoryError: Container killed due to memory usage
            | Killed
        "#]],
    )
    .await;
    check(
        &bed,
        Launch {
            memory_mib: 16,
            command: ["tail", "/dev/zero"].map(str::to_owned).to_vec(),
            ..launch("memory-of-the-first")
        },
        expect![[r#"
            started
            exited 137, out of memory: OutOfMemoryError: Container killed due to memory usage
        "#]],
    )
    .await;
    check(
        &bed,
        Launch {
            init: true,
            ..script("killed", "kill -KILL $$")
        },
        expect![[r#"
        started
        exited 137: exit code 137 (SIGKILL)
    "#]],
    )
    .await;
    let missing = bed
        .run(Launch {
            command: vec!["/no/such".into()],
            ..launch("missing")
        })
        .await;
    let text = missing.text();
    assert!(
        text.starts_with(
            "failed to start, Some(127): CannotStartContainerError: Error response from daemon:"
        ) && text.contains("/no/such"),
        "{text}"
    );
    // Asked again, it says the same.
    let again = bed
        .run(Launch {
            command: vec!["/no/such".into()],
            ..launch("missing")
        })
        .await;
    assert!(
        again.text().starts_with("failed to start, Some(127)"),
        "{}",
        again.text()
    );
    let forbidden = bed
        .run(Launch {
            command: vec!["/etc/passwd".into()],
            ..launch("forbidden")
        })
        .await;
    assert!(
        forbidden.text().starts_with("failed to start, Some(126)"),
        "{}",
        forbidden.text()
    );
    let user = bed
        .run(Launch {
            user: Some("nobody-knows".into()),
            ..launch("user")
        })
        .await;
    assert!(
        user.text().starts_with("failed to start"),
        "{}",
        user.text()
    );
    // A long line is one line, and bytes that are no text do no harm.
    let long = bed
        .run(script(
            "long",
            "head -c 100000 /dev/zero | tr '\\0' x; echo; printf 'a\\377b\\n'",
        ))
        .await;
    assert_eq!(
        long.log.iter().map(String::len).collect::<Vec<_>>(),
        [100_000, 5]
    );
    let many = bed.run(script("many", "seq 1 20000")).await;
    assert_eq!(
        many.log,
        (1..=20_000)
            .map(|number| number.to_string())
            .collect::<Vec<_>>()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_operator_does_not_allow_is_refused() {
    let daemon = Daemon::start();
    let host = TempDir::new().unwrap();
    std::os::unix::fs::symlink("/etc", host.path().join("link")).unwrap();
    let bed = Bed::docker(&daemon, |settings| {
        settings.allowed_mounts.push(host.path().to_owned());
        settings.pull = containers::docker::PullPolicy::Never;
    });
    let mount = |source: String| Launch {
        mounts: vec![Mount {
            source: Some(source),
            target: "/in".into(),
            read_only: true,
        }],
        ..launch("refused")
    };
    check(&bed, mount("/etc".into()), expect![[r#"
        failed to start, None: mounting /etc of the host is not allowed: the setting is allowed_mounts in [batch]
    "#]]).await;
    for source in ["link", "../..", "link/passwd"] {
        let source = host.path().join(source).display().to_string();
        let ran = bed.run(mount(source.clone())).await;
        assert!(
            ran.text().contains("is not allowed"),
            "{source}: {}",
            ran.text()
        );
    }
    check(&bed, Launch { privileged: true, ..launch("refused") }, expect![[r#"
        failed to start, None: privileged containers are not allowed: the setting is privileged in [batch]
    "#]]).await;
    check(&bed, Launch { network: Network::Host, ..launch("refused") }, expect![[r#"
        failed to start, None: the host's network is not allowed: the setting is host_network in [batch]
    "#]]).await;
    let device = Device {
        host_path: "/dev/kmsg".into(),
        container_path: None,
        read: true,
        write: true,
        make: true,
    };
    check(&bed, Launch { devices: vec![device], ..launch("refused") }, expect![[r#"
        failed to start, None: the device /dev/kmsg of the host is not allowed: the setting is allowed_devices in [batch]
    "#]]).await;
    check(&bed, Launch { image: "not-here".into(), ..launch("never-pulled") }, expect![[r#"
        failed to start, None: CannotPullContainerError: Error response from daemon: No such image: not-here:latest
    "#]]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_is_asked_to_stop_and_then_made_to() {
    let daemon = Daemon::start();
    let bed = Bed::docker(&daemon, |_| {});
    let polite = script(
        "polite",
        "trap 'echo bye; exit 9' TERM; echo ready; while :; do sleep 0.1; done",
    );
    let mut going = bed.begin(polite);
    going.started().await;
    bed.until_logged("job/default/polite", "ready").await;
    bed.runner.stop("polite", Duration::from_secs(30)).await;
    let (_, outcome) = going.end().await;
    assert_eq!(outcome_text(&outcome), "exited 9: exit code 9: ready | bye");

    let stubborn = script(
        "stubborn",
        "trap '' TERM; echo ready; while :; do sleep 0.1; done",
    );
    let mut going = bed.begin(stubborn);
    going.started().await;
    bed.until_logged("job/default/stubborn", "ready").await;
    bed.runner.stop("stubborn", Duration::from_secs(1)).await;
    let (_, outcome) = going.end().await;
    assert_eq!(
        outcome_text(&outcome),
        "exited 137: exit code 137 (SIGKILL): ready"
    );

    // Its own signal, and nobody there to wait for it.
    let own = Launch {
        stop_signal: Some("SIGUSR1".into()),
        ..script(
            "own-signal",
            "trap 'exit 8' USR1; echo ready; while :; do sleep 0.1; done",
        )
    };
    let mut going = bed.begin(own.clone());
    going.started().await;
    bed.until_logged("job/default/own-signal", "ready").await;
    going.abandon().await;
    bed.runner.stop("own-signal", Duration::from_secs(30)).await;
    assert_eq!(
        outcome_text(&bed.run(own).await.outcome),
        "exited 8: exit code 8: ready"
    );

    // Before it starts.
    let early = bed.runner.run(
        script("early", "echo never"),
        tokio::sync::mpsc::channel(1).0,
    );
    let stopped = bed.runner.stop("early", Duration::from_secs(1));
    // It is asked to stop before anybody has begun to run it.
    let ((), outcome) = tokio::join!(
        async {
            tokio::time::timeout(Duration::from_secs(30), stopped)
                .await
                .unwrap();
        },
        early
    );
    let text = outcome_text(&outcome);
    assert!(
        text == "failed to start, None: early was stopped before it started",
        "{text}"
    );

    bed.runner.stop("unknown", Duration::from_secs(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_of_a_job_share_a_network() {
    let daemon = Daemon::start();
    let bed = Bed::docker(&daemon, |_| {});
    let node = |attempt: &str, text: &str| Launch {
        network: Network::Group {
            name: "job-network".into(),
            host_name: Some(format!("host-{attempt}")),
        },
        ..script(attempt, text)
    };
    // A caller that sees the end of what it is sent says nothing any more: so the input stays open.
    let serves = "mkfifo /open; exec 3<>/open; nc -l -p 7000 <&3; nc -l -p 7001 <&3; echo served";
    let mut main = bed.begin(node("main", serves));
    let Told::Started {
        address: Some(address),
        ..
    } = main.started().await
    else {
        panic!("a node has an address");
    };
    let call = format!(
        "until echo hello {address} | nc host-main 7000 2>/dev/null; do sleep 0.1; done; ip -o -4 addr | grep -c eth0"
    );

    let (child, second) = tokio::join!(
        bed.run(node("child", &call)),
        bed.run(node(
            "second",
            "until echo other | nc main 7001 2>/dev/null; do sleep 0.1; done; echo found"
        ))
    );
    assert_eq!(child.text(), "started\nexited 0: no reason\n| 1\n");
    assert_eq!(second.text(), "started\nexited 0: no reason\n| found\n");
    let (_, outcome) = main.end().await;
    assert_eq!(outcome_text(&outcome), "exited 0: no reason");
    assert_eq!(
        bed.log("job/default/main"),
        [format!("hello {address}"), "other".into(), "served".into()]
    );
    assert!(daemon.ask("GET", "/networks").contains("job-network"));
    for attempt in ["child", "main", "second"] {
        bed.runner.forget(attempt).await.unwrap();
    }
    assert!(!daemon.ask("GET", "/networks").contains("job-network"));
}
