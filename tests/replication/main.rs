//! The cases of replication: each runs against two real clusters, in both ways to apply, and ends with an exact comparison of every table.
//!
//! ```text
//!   cases/*.txt ──notation──► Case ──driver──► databases, `ratchet replicate`, steps, comparison
//! ```
//!
//! `RATCHET_CASE=text` runs those whose name or file has the text, `RATCHET_CASE_MODE=batch` those of one mode, `RATCHET_CASE_THREADS=n` so many
//! at the same time. `RATCHET_CASE_NATIVE=1` has PostgreSQL's own replication do it instead: whether a case is right can be told by that.
//! `RATCHET_TEST_PG_SOURCE_BIN` and `RATCHET_TEST_PG_TARGET_BIN` name other versions' programs.

mod driver;
mod native;
mod notation;

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use tests::support::binary::ratchet;
use tests::support::postgres::{Cluster, Installation};

use driver::Clusters;
use notation::{Case, Mode};

/// Every setting that changes how values are written is another one at each side: none may matter.
const SOURCE: &[(&str, &str)] = &[
    ("wal_level", "logical"),
    ("logical_decoding_work_mem", "64kB"),
    ("datestyle", "SQL, DMY"),
    ("intervalstyle", "iso_8601"),
    ("timezone", "Asia/Kolkata"),
    ("extra_float_digits", "-5"),
    ("bytea_output", "escape"),
];
const TARGET: &[(&str, &str)] = &[
    ("wal_level", "logical"),
    ("max_logical_replication_workers", "40"),
    ("max_worker_processes", "50"),
    ("wal_retrieve_retry_interval", "100ms"),
    ("datestyle", "German"),
    ("intervalstyle", "sql_standard"),
    ("timezone", "America/St_Johns"),
    ("extra_float_digits", "0"),
    ("bytea_output", "escape"),
];

#[test]
fn every_case_ends_with_equal_tables() {
    let cases = notation::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("replication/cases"));
    let runs = chosen(&cases);
    if env::var_os("RATCHET_CASE_NATIVE").is_none() {
        let _built = ratchet();
    }
    let clusters = Clusters {
        source: Cluster::start_with(&Installation::of_source(), SOURCE),
        target: Cluster::start_with(&Installation::of_target(), TARGET),
    };
    let (runs, left_out): (Vec<_>, Vec<_>) = runs
        .into_iter()
        .partition(|(case, _)| case.since <= clusters.oldest_version());
    for (case, mode) in left_out {
        println!(
            "left out {} {mode:?}: it needs PostgreSQL {}",
            case.place, case.since
        );
    }
    let failures = Mutex::new(Vec::new());
    let next = AtomicUsize::new(0);
    let threads = env::var("RATCHET_CASE_THREADS").map_or(4, |number| {
        number.parse().expect("RATCHET_CASE_THREADS is a number")
    });
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((case, mode)) = runs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let database = format!("{}_{mode:?}", case.place.replace(['.', ':', '-'], "_"))
                        .to_lowercase();
                    let began = Instant::now();
                    let outcome = catch_unwind(AssertUnwindSafe(|| {
                        driver::run(case, *mode, &clusters, &database)
                    }));
                    let problem = match outcome {
                        Ok(Ok(())) => None,
                        Ok(Err(problem)) => Some(problem),
                        Err(panic) => Some(text_of(&*panic)),
                    };
                    let word = if problem.is_some() { "FAILED" } else { "ok" };
                    println!(
                        "{word} {} {mode:?}: {} ({:.1?})",
                        case.place,
                        case.name,
                        began.elapsed()
                    );
                    if let Some(problem) = problem {
                        let title = format!("{} {mode:?}: {}", case.place, case.name);
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

/// The runs that the environment asks for.
fn chosen(cases: &[Case]) -> Vec<(&Case, Mode)> {
    let text = env::var("RATCHET_CASE").unwrap_or_default();
    let mode = env::var("RATCHET_CASE_MODE").unwrap_or_default();
    let native = env::var_os("RATCHET_CASE_NATIVE").is_some();
    let wanted = |case: &Case, its_mode: Mode| {
        let named = case.name.contains(&text) || case.place.contains(&text);
        let by_native = !native || (case.native && its_mode == case.modes[0]);
        named && by_native && format!("{its_mode:?}").to_lowercase().contains(&mode)
    };
    let runs: Vec<_> = cases
        .iter()
        .flat_map(|case| case.modes.iter().map(move |mode| (case, *mode)))
        .filter(|(case, mode)| wanted(case, *mode))
        .collect();
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
