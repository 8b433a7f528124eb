//! A simulation of everything between the source's log and the target's tables, with crashes; one seed is one run.
//!
//! ```text
//!   Source ──records──► Sender ──messages──► Assembler ──deliveries──► Receiver ──plans──► Target
//! ```
//!
//! At the end both ends are equal; what the target shows at any moment is what the source showed at the checkpoint; nothing is there twice;
//! no more is confirmed than is durable.
//!
//! `SIMULATION_SEED=17` runs that seed alone, `SIMULATION_RUNS=100000` so many of them.

#![allow(clippy::unwrap_used, reason = "a test that panics says so")]

mod database;
mod kinds;
mod progress;
mod random;
mod receiver;
mod sender;
mod source;
#[path = "../support/mod.rs"]
mod support;
mod target;
mod wal;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};

use world::World;

/// How many runs there are if nothing else is said.
const RUNS: u64 = 300;

#[test]
fn the_target_is_what_the_source_was() {
    if let Some(seed) = setting("SIMULATION_SEED") {
        World::new(seed).run();
        return;
    }
    for seed in 1..=setting("SIMULATION_RUNS").unwrap_or(RUNS) {
        let run = catch_unwind(AssertUnwindSafe(|| World::new(seed).run()));
        assert!(
            run.is_ok(),
            "seed {seed} failed; SIMULATION_SEED={seed} runs it again"
        );
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "whoever runs the test chooses the seeds"
)]
fn setting(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().expect("a number of runs, or a seed"))
}
