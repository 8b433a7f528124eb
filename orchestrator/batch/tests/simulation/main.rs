//! A simulation of the scheduler with random jobs, engines that go down, and deaths of the scheduler; one seed is one run.
//!
//! ```text
//!   Workload ──jobs──► Scheduler ──changed──► rows (what a crash leaves)
//!                          ▲ │ effects
//!                          │ ▼
//!                         Engine (containers outlive the scheduler)
//! ```
//!
//! What must hold is listed at the head of `checker`. `RATCHET_SEED=17` runs that seed alone, `RATCHET_SEEDS=100000` so many of them.

#![allow(clippy::unwrap_used, reason = "a test that panics says so")]

mod checker;
mod engine;
mod random;
#[path = "../support/mod.rs"]
mod support;
mod workload;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};

use world::World;

/// How many runs there are if nothing else is said.
const SEEDS: u64 = 150;

#[test]
fn every_job_ends_as_it_should() {
    if let Some(seed) = setting("RATCHET_SEED") {
        World::new(seed).run();
        return;
    }
    for seed in 1..=setting("RATCHET_SEEDS").unwrap_or(SEEDS) {
        let run = catch_unwind(AssertUnwindSafe(|| World::new(seed).run()));
        assert!(
            run.is_ok(),
            "seed {seed} failed; RATCHET_SEED={seed} runs it again"
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
