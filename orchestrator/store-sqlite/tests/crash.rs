//! `kill -9` at random moments: what was acknowledged is there, and nothing is there by half.
#![allow(clippy::unwrap_used)]

use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use store::contract::{Direction, ExecutionFilter, Store, Write};
use store::records::{ExecutionId, ExecutionStatus};
use store::suite::samples::{append, commit, end, execution, input, snapshot};
use store_sqlite::{Options, SqliteStore};

/// Names the data directory to the child process, which is this test again.
const DIRECTORY: &str = "STORE_SQLITE_CRASH_DIRECTORY";

const ROUNDS: u64 = 6;
const WRITERS: u64 = 16;
const EVENTS: u64 = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_a_kill() {
    if let Ok(directory) = std::env::var(DIRECTORY) {
        return commit_for_ever(Path::new(&directory)).await;
    }
    let directory = tempfile::tempdir().unwrap();
    let mut acknowledged = Vec::new();
    for round in 0..ROUNDS {
        // Some die before they are open, some in the midst of a checkpoint.
        let lifetime = Duration::from_millis(20 + round * round * 25);
        acknowledged.extend(run_and_kill(directory.path(), lifetime));
        check(directory.path(), &acknowledged).await;
    }
    assert!(acknowledged.len() > 100, "too few commits to tell anything");
}

/// Starts the child, kills it after some time, and returns what it said.
fn run_and_kill(directory: &Path, lifetime: Duration) -> Vec<(u64, u64)> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "what_was_acknowledged_survives_a_kill",
            "--exact",
            "--nocapture",
        ])
        .env(DIRECTORY, directory)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let output = child.stdout.take().unwrap();
    let killer = std::thread::spawn(move || kill_after(child, lifetime));
    // A line that the kill cut has no end and is not counted.
    let lines = BufReader::new(output).lines().map_while(Result::ok);
    let acknowledged = lines.filter_map(|line| {
        let (id, step) = line
            .strip_prefix("done ")?
            .strip_suffix('.')?
            .split_once(' ')?;
        Some((id.parse().ok()?, step.parse().ok()?))
    });
    let acknowledged = acknowledged.collect();
    killer.join().unwrap();
    acknowledged
}

fn kill_after(mut child: Child, lifetime: Duration) {
    std::thread::sleep(lifetime);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// The child: executions begin, take two steps and end, each said on standard output once it is acknowledged.
async fn commit_for_ever(directory: &Path) {
    let options = Options {
        checkpoint_pages: 50,
        ..Options::default()
    };
    let store = Arc::new(SqliteStore::open(directory, options).await.unwrap());
    let first = store.last_numbers().await.unwrap().execution + 1;
    let started = Instant::now();
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut id = first + writer;
                // The parent kills long before; this is for the case that it is gone.
                while started.elapsed() < Duration::from_secs(20) {
                    for step in 1..=4 {
                        store.commit(commit(step_of(id, step))).await.unwrap();
                        let line = format!("done {id} {step}.\n");
                        std::io::stdout().write_all(line.as_bytes()).unwrap();
                    }
                    id += WRITERS;
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
}

fn step_of(id: u64, step: u64) -> Vec<Write> {
    let first = (step - 1) * EVENTS + 1;
    let history = append(id, first, first + EVENTS - 1);
    match step {
        1 => vec![
            Write::AddExecution(execution(id, &format!("e{id}"))),
            history,
            snapshot(id, "1", None),
        ],
        2 => vec![history, snapshot(id, "2", Some(7))],
        3 => vec![history, input(id, 0, "3", None)],
        _ => vec![history, end(id, ExecutionStatus::Succeeded, 9)],
    }
}

/// Every execution stands exactly at one step, and at none before the last that was acknowledged.
async fn check(directory: &Path, acknowledged: &[(u64, u64)]) {
    let store = SqliteStore::open(directory, Options::default())
        .await
        .unwrap();
    let all = store.executions(ExecutionFilter::default(), None, usize::MAX);
    let all = all.await.unwrap();
    let mut steps = std::collections::HashMap::new();
    for record in &all {
        steps.insert(
            record.id.0,
            step_found(&store, record.id, record.status).await,
        );
    }
    for (id, step) in acknowledged {
        let found = steps.get(id).copied().unwrap_or_default();
        assert!(
            found >= *step,
            "execution {id} lost step {step}: it stands at {found}"
        );
    }
    let running = steps.values().filter(|step| **step < 4).count();
    let unfinished = store.unfinished(None, usize::MAX).await.unwrap();
    assert_eq!(unfinished.len(), running);
    store.close().await.unwrap();
}

async fn step_found(store: &SqliteStore, id: ExecutionId, status: ExecutionStatus) -> u64 {
    let history = store
        .history(id, 1, 1000, Direction::Forward)
        .await
        .unwrap();
    let events = history.events.len() as u64;
    assert!(
        events.is_multiple_of(EVENTS),
        "execution {id:?} has half a commit"
    );
    let step = events / EVENTS;
    let is_over = status != ExecutionStatus::Running;
    assert_eq!(is_over, step == 4, "execution {id:?}");
    let recovery = store.recovery(id).await.unwrap();
    let found = recovery.map(|found| (found.snapshot, found.inputs.len()));
    let expected = match step {
        1 => Some((b"1".to_vec(), 0)),
        2 => Some((b"2".to_vec(), 0)),
        3 => Some((b"2".to_vec(), 1)),
        _ => None,
    };
    assert_eq!(found, expected, "execution {id:?} at step {step}");
    step
}
