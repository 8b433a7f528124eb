//! The contract suite: what every store must pass. Each case begins with an empty store, closes it, and opens it again.
#![allow(
    clippy::unwrap_used,
    reason = "these are tests: a failure is a panic that names its place"
)]

mod commits;
mod executions;
mod history;
mod jobs;
mod map_runs;
mod recovery;
mod resources;
pub mod samples;

use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::contract::Store;

/// One place where data lies, empty at first.
pub trait Subject: Send {
    /// Opens a store on it. Called again after the store before was closed: then it must find what that one left.
    fn open(&mut self) -> BoxFuture<'_, Arc<dyn Store>>;
}

/// A case of the suite.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// What must hold.
    pub name: &'static str,
    /// Panics where it does not.
    pub run: for<'a> fn(&'a mut dyn Subject) -> BoxFuture<'a, ()>,
}

/// Runs every case on a subject of its own; the name of a case that fails is the last one printed.
///
/// # Panics
/// When the store breaks the contract.
pub async fn run_all<S: Subject>(mut subject: impl FnMut() -> S) {
    for case in cases() {
        println!("case: {}", case.name);
        (case.run)(&mut subject()).await;
    }
}

/// All cases.
pub fn cases() -> impl Iterator<Item = Case> {
    commits::CASES
        .iter()
        .chain(executions::CASES)
        .chain(history::CASES)
        .chain(recovery::CASES)
        .chain(resources::CASES)
        .chain(jobs::CASES)
        .chain(map_runs::CASES)
        .copied()
}

/// Closes the store and opens it again.
async fn reopen(subject: &mut dyn Subject, store: Arc<dyn Store>) -> Arc<dyn Store> {
    store.close().await.expect("an open store closes");
    drop(store);
    subject.open().await
}
