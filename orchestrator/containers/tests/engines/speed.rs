//! What an attempt costs at the daemon.

use std::sync::{Arc, Mutex};

use containers::docker::{Docker, Settings};
use containers::logs::LogStore;
use containers::{Launch, Runner};
use tempfile::TempDir;
use tests::support::docker::Daemon;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{UnixListener, UnixStream};

use crate::bed::{outcome_text, script};

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_costs_five_calls() {
    let daemon = Daemon::start();
    let home = TempDir::new().unwrap();
    let calls = Arc::new(Mutex::new(Vec::new()));
    let listener = UnixListener::bind(home.path().join("socket")).unwrap();
    let (noted, real) = (Arc::clone(&calls), daemon.socket());
    // Each call has a connection of its own.
    let proxy = tokio::spawn(async move {
        loop {
            let (mut near, _) = listener.accept().await.unwrap();
            let (noted, real) = (Arc::clone(&noted), real.clone());
            tokio::spawn(async move {
                let mut far = UnixStream::connect(real).await.unwrap();
                let mut first = vec![0; 4096];
                let length = near.read(&mut first).await.unwrap_or(0);
                let line = String::from_utf8_lossy(&first[..length]);
                let path = line.split(['?', ' ']).nth(1).unwrap_or_default();
                let what = path.rsplit('/').next().unwrap_or_default();
                noted.lock().unwrap().push(what.to_owned());
                far.write_all(&first[..length]).await.unwrap();
                let _ = copy_bidirectional(&mut near, &mut far).await;
            });
        }
    });
    let mut settings = Settings::new("test");
    settings.socket = home.path().join("socket");
    let logs = LogStore::open(home.path().join("logs"), 1 << 20).unwrap();
    let docker = Docker::new(settings, logs);
    docker.ready().await.unwrap();
    calls.lock().unwrap().clear();
    let run = async |launch: Launch| {
        let attempt = launch.attempt.to_string();
        let told = tokio::sync::mpsc::channel(10).0;
        let outcome = docker.run(launch, told).await;
        docker.forget(&attempt).await.unwrap();
        outcome_text(&outcome)
    };
    assert_eq!(run(script("short", "echo x")).await, "exited 0: no reason");
    let short = std::mem::take(&mut *calls.lock().unwrap());
    assert_eq!(short, ["create", "start", "wait", "logs", "short"]);
    assert_eq!(
        run(script("longer", "echo x; sleep 1")).await,
        "exited 0: no reason"
    );
    let longer = std::mem::take(&mut *calls.lock().unwrap());
    assert_eq!(longer, ["create", "start", "wait", "logs", "longer"]);
    assert_eq!(
        run(script("fails", "exit 1")).await,
        "exited 1: exit code 1"
    );
    let mut fails = std::mem::take(&mut *calls.lock().unwrap());
    fails.sort_unstable();
    assert_eq!(fails, ["create", "fails", "json", "logs", "start", "wait"]);
    proxy.abort();
}
