//! What happens when the disk is full, the file is damaged, or somebody else has it.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::process::Command;

use futures_util::future::join_all;
use sqlx::{ConnectOptions, Connection};
use store::contract::{Commit, Error, Store, Write};
use store::records::ExecutionId;
use store::suite::samples::{append, commit, ended_child, execution};
use store_sqlite::open::{DATABASE_FILE, LOCK_FILE};
use store_sqlite::{OpenError, Options, SqliteStore};
use tempfile::TempDir;

/// An execution with 40 KB of history.
fn large(id: u64) -> Commit {
    let mut history = append(id, 1, 1);
    if let Write::AppendHistory { chunk, .. } = &mut history {
        chunk.bytes = vec![7; 40_000];
    }
    let added = ended_child(id, &format!("e{id}"), 1);
    commit([Write::AddExecution(added), history])
}

/// Fills the store until it refuses, checks that it refuses whole groups and keeps answering, makes room and goes on.
async fn fill_and_go_on(store: &SqliteStore) {
    let mut id = 0;
    let mut stored = Vec::new();
    let refused = loop {
        let ids: Vec<u64> = (id + 1..=id + 10).collect();
        id += 10;
        let answers = join_all(ids.iter().map(|&id| store.commit(large(id)))).await;
        let mut refused = 0;
        for (id, answer) in ids.into_iter().zip(answers) {
            match answer {
                Ok(()) => stored.push(id),
                Err(Error::DiskFull) => refused += 1,
                Err(other) => panic!("a full disk is told as such: {other:?}"),
            }
        }
        if refused > 0 {
            break refused;
        }
    };
    assert!(refused > 0 && Error::DiskFull.is_retryable());
    for id in 1..=id {
        let found = store.execution(ExecutionId(id)).await.unwrap();
        assert_eq!(found.is_some(), stored.contains(&id), "execution {id}");
    }
    assert_eq!(
        store.delete_ended(2, 1000).await.unwrap(),
        stored.len() as u64
    );
    for id in id + 1..id + 10 {
        store.commit(large(id)).await.unwrap();
    }
}

#[tokio::test]
async fn a_full_database_refuses_and_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let options = Options {
        max_pages: Some(400),
        ..Options::default()
    };
    let store = SqliteStore::open(directory.path(), options).await.unwrap();
    fill_and_go_on(&store).await;
    store.close().await.unwrap();
}

/// A file system of its own, small and real. Mounting takes rights: root's, or those that `tests/run` gets by `unshare`.
struct Mounted(TempDir);

impl Mounted {
    fn new(size: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", size, "tmpfs"])
            .arg(directory.path())
            .output()
            .expect("mount can be started");
        assert!(
            mounted.status.success(),
            "a tmpfs must be mounted for this test; run it as root or through tests/run: {}",
            String::from_utf8_lossy(&mounted.stderr)
        );
        Self(directory)
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).output();
    }
}

#[tokio::test]
async fn a_full_disk_refuses_and_goes_on() {
    let mounted = Mounted::new("size=4m");
    // Something else than the store fills the disk, and later goes.
    let ballast = mounted.0.path().join("ballast");
    fs::write(&ballast, vec![1; 1_500_000]).unwrap();
    let data = mounted.0.path().join("data");
    let store = SqliteStore::open(&data, Options::default()).await.unwrap();
    let mut id = 0;
    loop {
        id += 1;
        match store.commit(large(id)).await {
            Ok(()) => {}
            Err(Error::DiskFull) => break,
            Err(other) => panic!("a full disk is told as such: {other:?}"),
        }
    }
    assert!(id > 3);
    assert_eq!(store.execution(ExecutionId(id)).await.unwrap(), None);
    fs::remove_file(&ballast).unwrap();
    store.commit(large(id)).await.unwrap();
    for id in 1..=id {
        let found = store.execution(ExecutionId(id)).await.unwrap();
        assert!(found.is_some(), "execution {id}");
    }
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_closed_store_is_one_file() {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(directory.path(), Options::default())
        .await
        .unwrap();
    store.commit(large(1)).await.unwrap();
    store.ping().await.unwrap();
    store.close().await.unwrap();
    let files = fs::read_dir(directory.path()).unwrap();
    let mut files: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files, [DATABASE_FILE, LOCK_FILE]);
}

#[tokio::test]
async fn two_cannot_open_one_directory() {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(directory.path(), Options::default())
        .await
        .unwrap();
    check_refusal(
        directory.path(),
        "cannot open the data directory {}: another process has it open",
    )
    .await;
    store.close().await.unwrap();
    let store = SqliteStore::open(directory.path(), Options::default())
        .await
        .unwrap();
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join(DATABASE_FILE), "poetry ".repeat(1000)).unwrap();
    check_refusal(
        directory.path(),
        "cannot open the database {}/ratchet.db: it is damaged: file is not a database",
    )
    .await;
}

#[tokio::test]
async fn a_damaged_database_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(directory.path(), Options::default())
        .await
        .unwrap();
    store
        .commit(commit([Write::AddExecution(execution(1, "a"))]))
        .await
        .unwrap();
    store.close().await.unwrap();
    let file = directory.path().join(DATABASE_FILE);
    let mut bytes = fs::read(&file).unwrap();
    bytes[100..].fill(0xaa);
    fs::write(&file, bytes).unwrap();
    check_refusal(
        directory.path(),
        "cannot open the database {}/ratchet.db: it is damaged: database disk image is malformed",
    )
    .await;
}

#[tokio::test]
async fn a_newer_database_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(directory.path(), Options::default())
        .await
        .unwrap();
    store.close().await.unwrap();
    alter(directory.path(), "pragma user_version = 77").await;
    check_refusal(
        directory.path(),
        "cannot open the database: its version is 77, this binary knows 6",
    )
    .await;
}

#[tokio::test]
async fn an_older_database_is_brought_up_to_date() {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(directory.path(), Options::default())
        .await
        .unwrap();
    let added = Write::AddExecution(execution(1, "kept"));
    store.commit(commit([added])).await.unwrap();
    store.close().await.unwrap();
    // As the first version left it.
    alter(directory.path(), "drop table resources").await;
    alter(directory.path(), "drop table jobs").await;
    alter(directory.path(), "drop table map_runs").await;
    for statement in [
        "drop index executions_by_version",
        "drop index executions_by_alias",
        "alter table executions drop column version",
        "alter table executions drop column alias",
        "alter table executions drop column redrive_count",
        "alter table executions drop column redriven_at",
        "alter table executions drop column redrive_tokens",
        "alter table executions drop column paused_at",
        "alter table executions drop column trace_header",
    ] {
        alter(directory.path(), statement).await;
    }
    alter(directory.path(), "pragma user_version = 1").await;
    let store = SqliteStore::open(directory.path(), Options::default())
        .await
        .unwrap();
    assert!(store.resources("task").await.unwrap().is_empty());
    assert!(store.unfinished_jobs(None, 9).await.unwrap().is_empty());
    assert!(store.execution(ExecutionId(1)).await.unwrap().is_some());
    store.close().await.unwrap();
}

#[tokio::test]
async fn another_programs_database_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    alter(directory.path(), "create table songs (title text)").await;
    check_refusal(
        directory.path(),
        "cannot open the database: another program made it",
    )
    .await;
}

#[tokio::test]
async fn a_directory_that_cannot_be_made_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    let inside = file.join("data");
    let Err(error) = SqliteStore::open(&inside, Options::default()).await else {
        panic!("it is refused");
    };
    assert!(matches!(error, OpenError::Io { .. }), "{error}");
}

#[tokio::test]
async fn a_commit_that_breaks_the_rules_does_not_take_its_group_along() {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(directory.path(), Options::default())
        .await
        .unwrap();
    let commits = (1..=9).map(|number| {
        // The fifth uses the number of the fourth again.
        let id = if number == 5 { 4 } else { number };
        let added = Write::AddExecution(execution(id, &format!("e{number}")));
        store.commit(commit([added]))
    });
    let answers = join_all(commits).await;
    for (number, answer) in (1..=9).zip(answers) {
        assert_eq!(answer.is_err(), number == 5, "{answer:?}");
    }
    store.close().await.unwrap();
}

async fn alter(directory: &Path, statement: &'static str) {
    let mut connection = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(directory.join(DATABASE_FILE))
        .create_if_missing(true)
        .connect()
        .await
        .unwrap();
    sqlx::query(statement)
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
}

/// Opening is refused with that text, in which `{}` stands for the directory.
async fn check_refusal(directory: &Path, expected: &str) {
    let Err(error) = SqliteStore::open(directory, Options::default()).await else {
        panic!("it is refused: {expected}");
    };
    let directory = directory.display().to_string();
    assert_eq!(error.to_string(), expected.replace("{}", &directory));
}
