//! The store in memory passes the contract suite, and its faults do what they say.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt};
use store::contract::{Error, Store, Write};
use store::memory::{Fault, MemoryStore};
use store::records::ExecutionId;
use store::suite::samples::{commit, execution};
use store::suite::{Subject, run_all};

#[derive(Default)]
struct Memory(Option<MemoryStore>);

impl Subject for Memory {
    fn open(&mut self) -> BoxFuture<'_, Arc<dyn Store>> {
        let store = self.0.take().unwrap_or_default().survivor();
        self.0 = Some(store.clone());
        let store: Arc<dyn Store> = Arc::new(store);
        Box::pin(async move { store })
    }
}

#[test]
fn the_store_in_memory_keeps_the_contract() {
    run_all(Memory::default)
        .now_or_never()
        .expect("the store in memory answers at once");
}

/// Adds three executions, the second of which meets the fault; tells which are there afterwards.
fn after(fault: Fault) -> (Vec<bool>, Vec<u64>, MemoryStore) {
    let store = MemoryStore::new();
    store.inject(1, fault);
    let answers = (1..=3).map(|id| {
        let commit = commit([Write::AddExecution(execution(id, &id.to_string()))]);
        store.commit(commit).now_or_never().unwrap().is_ok()
    });
    let answers = answers.collect();
    let survivor = store.survivor();
    let stored = (1..=3).filter(|&id| {
        let found = survivor.execution(ExecutionId(id)).now_or_never();
        found.unwrap().unwrap().is_some()
    });
    (answers, stored.collect(), store)
}

#[test]
fn a_crash_before_writing_loses_the_commit() {
    let (answers, stored, store) = after(Fault::CrashBeforeWriting);
    assert_eq!((answers, stored), (vec![true, false, false], vec![1]));
    assert!(store.has_crashed());
    let ping = store.ping().now_or_never().unwrap();
    assert!(matches!(ping, Err(Error::Closed)));
}

#[test]
fn a_crash_after_writing_keeps_the_commit() {
    let (answers, stored, store) = after(Fault::CrashAfterWriting);
    assert_eq!((answers, stored), (vec![true, false, false], vec![1, 2]));
    assert!(store.has_crashed());
    assert!(!store.survivor().has_crashed());
}

#[test]
fn a_full_disk_refuses_one_commit() {
    let (answers, stored, store) = after(Fault::DiskFull);
    assert_eq!((answers, stored), (vec![true, false, true], vec![1, 3]));
    assert_eq!(store.commits(), 3);
}
