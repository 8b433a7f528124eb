//! Measures both engines: trivial containers through the engine beside the same straight through Docker's API, and trivial processes.
//!
//! ```text
//!   cargo run --release -p containers --example speed -- CONTAINERS PROCESSES PARALLEL
//! ```
//!
//! It needs what tests/support/docker.rs needs, and `attempt-shim` beside this program's directory.
#![allow(clippy::unwrap_used, reason = "a measurement that panics says so")]

use std::env;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bollard::models::ContainerCreateBody;
use bollard::query_parameters::{
    CreateContainerOptions, LogsOptions, RemoveContainerOptions, WaitContainerOptions,
};
use containers::docker::{Docker, Settings};
use containers::processes::{self, Limits, Processes};
use containers::{Launch, LogStore, Outcome, Runner};
use futures_util::{StreamExt, stream};
use tests::support::docker::{Daemon, IMAGE};
use tokio::sync::mpsc;

#[tokio::main]
async fn main() {
    let numbers: Vec<usize> = env::args()
        .skip(1)
        .map(|text| text.parse().unwrap())
        .collect();
    let [containers, attempts, parallel] = numbers[..] else {
        panic!("give three numbers: containers, processes, parallel");
    };
    let home = tempfile::tempdir().unwrap();
    let logs = LogStore::open(home.path().join("logs"), 1 << 20).unwrap();

    if containers > 0 {
        let daemon = Daemon::start();
        let mut settings = Settings::new("speed");
        settings.socket = daemon.socket();
        let engine: Arc<dyn Runner> = Arc::new(Docker::new(settings, logs.clone()));
        let client = bollard::Docker::connect_with_unix(
            &daemon.socket().to_string_lossy(),
            120,
            bollard::API_DEFAULT_VERSION,
        );
        let client = client.unwrap().negotiate_version().await.unwrap();
        for round in 0..3 {
            let took = measure(containers, parallel, |number| {
                straight(&client, round, number)
            })
            .await;
            report("straight", containers, took);
            let took = measure(containers, parallel, |number| {
                through(&engine, format!("c-{round}-{number}"))
            })
            .await;
            report("through the engine", containers, took);
        }
    }

    for limits in [Limits::Off, Limits::WherePossible] {
        let shim = env::current_exe().unwrap();
        let settings = processes::Settings {
            directory: home.path().join("attempts"),
            program: shim.ancestors().nth(2).unwrap().join("attempt-shim"),
            arguments: Vec::new(),
            limits,
        };
        let engine: Arc<dyn Runner> = Arc::new(Processes::new(settings, logs.clone()).unwrap());
        let took = measure(attempts, parallel, |number| {
            through(&engine, format!("p-{limits:?}-{number}"))
        })
        .await;
        report(&format!("processes, limits {limits:?}"), attempts, took);
    }
}

fn report(what: &str, count: usize, took: Duration) {
    let a_minute = count as f64 / took.as_secs_f64() * 60.0;
    println!(
        "{what}: {count} in {:.2} s, {a_minute:.0} a minute",
        took.as_secs_f64()
    );
}

async fn measure<F: Future<Output = ()>>(
    count: usize,
    parallel: usize,
    one: impl Fn(usize) -> F,
) -> Duration {
    let began = Instant::now();
    stream::iter(0..count)
        .map(one)
        .buffer_unordered(parallel)
        .collect::<()>()
        .await;
    began.elapsed()
}

async fn through(engine: &Arc<dyn Runner>, attempt: String) {
    let launch = Launch {
        attempt: attempt.as_str().into(),
        image: IMAGE.to_owned(),
        command: ["sh", "-c", "echo done"].map(str::to_owned).to_vec(),
        memory_mib: 64,
        vcpus_milli: 1000,
        log_stream: attempt.as_str().into(),
        ..Launch::default()
    };
    let outcome = engine.run(launch, mpsc::channel(10).0).await;
    assert!(
        matches!(outcome, Outcome::Exited { code: 0, .. }),
        "{outcome:?}"
    );
    engine.forget(&attempt).await.unwrap();
}

async fn straight(client: &bollard::Docker, round: usize, number: usize) {
    let name = format!("s-{round}-{number}");
    let options = CreateContainerOptions {
        name: Some(name.clone()),
        ..Default::default()
    };
    let body = ContainerCreateBody {
        image: Some(IMAGE.to_owned()),
        cmd: Some(["sh", "-c", "echo done"].map(str::to_owned).to_vec()),
        ..Default::default()
    };
    client.create_container(Some(options), body).await.unwrap();
    client.start_container(&name, None).await.unwrap();
    let waited: Vec<_> = client
        .wait_container(&name, None::<WaitContainerOptions>)
        .collect()
        .await;
    assert!(waited.iter().all(Result::is_ok));
    let options = LogsOptions {
        stdout: true,
        stderr: true,
        tail: "all".to_owned(),
        ..Default::default()
    };
    let lines: Vec<_> = client.logs(&name, Some(options)).collect().await;
    assert_eq!(lines.len(), 1);
    let options = RemoveContainerOptions {
        force: true,
        v: true,
        link: false,
    };
    client.remove_container(&name, Some(options)).await.unwrap();
}
