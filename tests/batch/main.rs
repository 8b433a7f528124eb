//! The cases of container jobs: each asks a real server over HTTP, which runs its jobs on a Docker daemon of the tests' own, or as processes.
//!
//! ```text
//!   cases/*.txt ──notation──► Case ──driver──► definitions, queues, jobs ──► what DescribeJobs and the logs say
//! ```
//!
//! `RATCHET_CASE=text` runs those whose name or file has the text, `RATCHET_CASE_THREADS=n` so many at the same time.

mod driver;
mod notation;
mod world;

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use notation::{Case, Engine, Whose};
use tests::support::binary::ratchet;
use world::World;

#[test]
fn every_case_is_as_the_reference_says() {
    let cases = notation::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("batch/cases"));
    let runs = chosen(&cases);
    let _built = ratchet();
    let shared = Mutex::new(World::new());
    let failures = Mutex::new(Vec::new());
    let next = AtomicUsize::new(0);
    // Most of the time they wait.
    let threads = env::var("RATCHET_CASE_THREADS").map_or(16, |number| {
        number.parse().expect("RATCHET_CASE_THREADS is a number")
    });
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some((case, engine)) = runs.get(index) else {
                        return;
                    };
                    let title = format!("{} {}: {}", case.place, engine.as_str(), case.name);
                    let began = Instant::now();
                    let problem = check(case, *engine, &shared, &format!("c{index}"));
                    let word = if problem.is_some() { "FAILED" } else { "ok" };
                    println!("{word} {title} ({:.1?})", began.elapsed());
                    if let Some(problem) = problem {
                        println!("--- {title}\n{problem}\n");
                        let mut failures = failures.lock().expect("nobody panics with it");
                        failures.push(title);
                    }
                }
            });
        }
    });
    let titles = failures.into_inner().expect("nobody panics with it");
    assert!(
        titles.is_empty(),
        "{} of {} runs failed:\n{}",
        titles.len(),
        runs.len(),
        titles.join("\n")
    );
    println!("{} cases, {} runs", cases.len(), runs.len());
}

/// What is wrong with a case, if anything is.
fn check(case: &Case, engine: Engine, shared: &Mutex<World>, word: &str) -> Option<String> {
    let outcome = catch_unwind(AssertUnwindSafe(|| match case.server {
        Whose::Shared => driver::run(case, engine, shared, word),
        Whose::Own => driver::run(case, engine, &Mutex::new(World::new()), word),
    }));
    match outcome {
        Ok(outcome) => outcome.err(),
        Err(panic) => Some(text_of(&*panic)),
    }
}

/// The runs that the environment asks for, those that take longest first.
fn chosen(cases: &[Case]) -> Vec<(&Case, Engine)> {
    let text = env::var("RATCHET_CASE").unwrap_or_default();
    let mut runs: Vec<_> = cases
        .iter()
        .filter(|case| case.name.contains(&text) || case.place.contains(&text))
        .flat_map(|case| case.engines.iter().map(move |engine| (case, *engine)))
        .collect();
    runs.sort_by_key(|(case, _)| (case.pace, case.server == Whose::Shared));
    assert!(!runs.is_empty(), "no case matches {text:?}");
    runs
}

fn text_of(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_else(|| "it panicked".to_owned())
}
