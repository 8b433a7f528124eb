//! Ends the process as `kill -9` would when a replication task comes to a named point: for tests of what survives.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use replicator::options::crash_points;
use rustix::process::{Signal, getpid, kill_process};

use crate::config::layers::Environment;
use crate::outcome::Error;

/// The variable that names the point, and at which visit: `before-commit:3`.
pub(crate) const VARIABLE: &str = "RATCHET_CRASH_AT";

static POINT: OnceLock<Point> = OnceLock::new();

struct Point {
    name: String,
    visits_left: AtomicU64,
}

/// What replication tasks call at their points; it does nothing unless the environment names one.
///
/// # Errors
/// When there is no such point.
pub(crate) fn from_environment(environment: &Environment) -> Result<fn(&'static str), Error> {
    let Some(text) = environment.get(VARIABLE) else {
        return Ok(|_| ());
    };
    let (name, visit) = text.split_once(':').unwrap_or((text, "1"));
    let visit = visit.parse().ok().filter(|visit| *visit > 0);
    let Some(visit) = visit.filter(|_| crash_points::ALL.contains(&name)) else {
        return Err(Error::Usage(format!(
            "{VARIABLE}={text} names no point: expected NAME:NUMBER with one of {}",
            crash_points::ALL.join(", ")
        )));
    };
    POINT.get_or_init(|| Point {
        name: name.to_owned(),
        visits_left: AtomicU64::new(visit),
    });
    Ok(visit_point)
}

fn visit_point(name: &'static str) {
    let Some(point) = POINT.get().filter(|point| point.name == name) else {
        return;
    };
    // Wraps after the last visit, which nobody sees.
    if point.visits_left.fetch_sub(1, Ordering::Relaxed) == 1 {
        let _ = kill_process(getpid(), Signal::KILL);
        // The signal comes at once, but to this thread perhaps a moment later.
        loop {
            std::thread::park();
        }
    }
}
