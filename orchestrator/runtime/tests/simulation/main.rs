//! Seeded simulation: random machines and clients, a process that dies at random writes, and the invariants that must hold.
//!
//! `RATCHET_SEEDS=100000` runs so many seeds; `RATCHET_SEED=17` replays one.
#![allow(
    clippy::unwrap_used,
    reason = "these are tests: a failure is a panic that names its place"
)]

mod checker;
mod clients;
mod crashing_store;
mod handovers;
mod lives;
mod machines;
mod map_runs;
mod random;
mod services;
mod world;

use std::sync::Mutex;

/// How many seeds run when nothing else is said.
const SEEDS: u64 = 1000;

/// How many seeds run side by side; each has a thread of its own.
const THREADS: u64 = 2;

/// How many failing seeds are told with their reasons.
const SHOWN: usize = 20;

#[test]
fn invariants_hold_whatever_happens() {
    if let Some(seed) = number("RATCHET_SEED") {
        report(
            vec![(seed, run(seed))]
                .into_iter()
                .filter(|(_, wrong)| !wrong.is_empty())
                .collect(),
        );
        return;
    }
    let seeds = number("RATCHET_SEEDS").unwrap_or(SEEDS);
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let failures = &failures;
            scope.spawn(move || {
                for seed in (thread..seeds).step_by(THREADS as usize) {
                    let violations = run(seed);
                    if !violations.is_empty() {
                        failures.lock().unwrap().push((seed, violations));
                    }
                }
            });
        }
    });
    report(failures.into_inner().unwrap());
}

/// Runs one seed and tells what was violated.
fn run(seed: u64) -> Vec<String> {
    std::panic::catch_unwind(|| lives::simulate(seed))
        .unwrap_or_else(|_| vec!["it panicked".to_owned()])
}

/// Panics with the seeds that failed, the first ones with their reasons.
fn report(mut failures: Vec<(u64, Vec<String>)>) {
    failures.sort();
    let texts: Vec<String> = failures
        .iter()
        .take(SHOWN)
        .map(|(seed, violations)| {
            let violations = violations.join("\n    ");
            format!("seed {seed} (RATCHET_SEED={seed} replays it):\n    {violations}")
        })
        .collect();
    assert!(
        failures.is_empty(),
        "{} seeds failed\n{}",
        failures.len(),
        texts.join("\n")
    );
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}
