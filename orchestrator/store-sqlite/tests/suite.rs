//! The store in SQLite passes the contract suite.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use store::contract::Store;
use store::suite::{Subject, run_all};
use store_sqlite::{Options, SqliteStore};
use tempfile::TempDir;

struct Directory {
    directory: TempDir,
    options: Options,
}

impl Subject for Directory {
    fn open(&mut self) -> BoxFuture<'_, Arc<dyn Store>> {
        Box::pin(async {
            let store = SqliteStore::open(self.directory.path(), self.options.clone()).await;
            let store: Arc<dyn Store> = Arc::new(store.unwrap());
            store
        })
    }
}

async fn check(options: Options) {
    run_all(|| Directory {
        directory: tempfile::tempdir().unwrap(),
        options: options.clone(),
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_store_in_sqlite_keeps_the_contract() {
    check(Options::default()).await;
}

/// Groups of seven, a queue of one, and a checkpoint after nearly every group.
#[tokio::test]
async fn so_does_one_with_the_smallest_limits() {
    let options = Options {
        readers: 1,
        queued_commits: 1,
        group_commits: 7,
        group_bytes: 1000,
        checkpoint_pages: 1,
        idle: Duration::from_millis(1),
        ..Options::default()
    };
    check(options).await;
}
