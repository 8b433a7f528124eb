//! Who watches while everything is killed: no read of the target sees half of a transaction, and no position is confirmed before it is durable.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle, sleep};
use std::time::Duration;

use tests::support::sql::{Failure, Row, Sql};

use crate::schema::{TOTAL, WEIGHTED};

/// The watchers of one pair of databases.
pub(crate) struct Watchers {
    done: Arc<AtomicBool>,
    reads: Arc<AtomicU64>,
    threads: Vec<JoinHandle<Result<(), String>>>,
}

impl Watchers {
    /// Starts them.
    pub(crate) fn start(source: &str, target: &str, commits: Commits) -> Self {
        let done = Arc::new(AtomicBool::new(false));
        let reads = Arc::new(AtomicU64::new(0));
        let reader = {
            let (done, reads, target) = (done.clone(), reads.clone(), target.to_owned());
            thread::spawn(move || read_the_bank(&target, commits, &done, &reads))
        };
        let positions = {
            let (done, source, target) = (done.clone(), source.to_owned(), target.to_owned());
            thread::spawn(move || compare_positions(&source, &target, &done))
        };
        Self {
            done,
            reads,
            threads: vec![reader, positions],
        }
    }

    /// What one of them has found, if it has.
    pub(crate) fn found(&mut self) -> Option<String> {
        let ended = self.threads.iter().position(JoinHandle::is_finished)?;
        let outcome = self
            .threads
            .remove(ended)
            .join()
            .expect("a watcher does not panic");
        outcome.err()
    }

    /// Stops them, and says how often the bank was read.
    pub(crate) fn stop(mut self) -> Result<u64, String> {
        self.done.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            thread.join().expect("a watcher does not panic")?;
        }
        Ok(self.reads.load(Ordering::Relaxed))
    }
}

/// Whether the target's commits are on disk when they are seen: if not, a crash takes the last ones back, and they are applied again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Commits {
    /// They are.
    AreFlushed,
    /// They may not be.
    AreNot,
}

/// Whether the load is over, the newest version, the bank's sum, its weighted sum, and the weighted sum that belongs to the version.
fn bank_query() -> String {
    format!(
        "select (select count(*) = count(*) filter (where state in ('completed', 'suspended') and snapshot_lsn <= (select max(end_lsn) from ratchet.checkpoints)) \
                 and count(*) > 0 from ratchet.tables where source_table ~ '^(account|version)'),
                (select n from version), (select max(n) from version_log), sum(balance), sum(balance * weight),
                (select l.weighted from version_log l, version v where l.n = v.n)
         from {WEIGHTED} w"
    )
}

fn read_the_bank(
    target: &str,
    commits: Commits,
    done: &AtomicBool,
    reads: &AtomicU64,
) -> Result<(), String> {
    let query = bank_query();
    let mut session = None;
    let mut newest = 0;
    while !done.load(Ordering::Relaxed) {
        sleep(Duration::from_millis(5));
        let Some(sql) = &session else {
            session = Sql::try_connect(target).ok();
            continue;
        };
        match sql.try_rows(&query) {
            Ok(rows) => {
                if let Some(version) = check_bank(&rows[0])? {
                    if version < newest && commits == Commits::AreFlushed {
                        return Err(format!(
                            "the target went back from version {newest} to {version}"
                        ));
                    }
                    newest = version;
                    reads.fetch_add(1, Ordering::Relaxed);
                }
            }
            // The tables are not there yet, or the session is not any more.
            Err(Failure { code, .. }) if code.as_deref() == Some("42P01") => {}
            Err(_) => session = None,
        }
    }
    Ok(())
}

fn check_bank(row: &Row) -> Result<Option<u64>, String> {
    let value = |column: usize| row[column].as_deref().unwrap_or("null");
    if value(0) != "t" {
        return Ok(None);
    }
    let right = value(3) == TOTAL && value(4) == value(5) && value(1) == value(2);
    if !right {
        return Err(format!(
            "a read of the target is no state of the source: version {}, newest in the log {}, sum {}, weighted {} and not {}",
            value(1),
            value(2),
            value(3),
            value(4),
            value(5)
        ));
    }
    Ok(value(1).parse().ok())
}

/// First the slot is asked, then the target: the slot may never be ahead.
fn compare_positions(source: &str, target: &str, done: &AtomicBool) -> Result<(), String> {
    let slots = "select confirmed_flush_lsn from pg_replication_slots where database = current_database() and not temporary";
    let mut sessions = None;
    while !done.load(Ordering::Relaxed) {
        sleep(Duration::from_millis(3));
        let Some((of_source, of_target)) = &sessions else {
            sessions = Sql::try_connect(source)
                .ok()
                .zip(Sql::try_connect(target).ok());
            continue;
        };
        let asked = of_source.try_rows(slots).and_then(|slots| {
            let Some(confirmed) = slots.first().and_then(|row| row[0].clone()) else {
                return Ok(None);
            };
            let query = format!(
                "select '{confirmed}', end_lsn, acknowledged, greatest(end_lsn, acknowledged) >= '{confirmed}' from ratchet.checkpoints"
            );
            Ok(of_target.try_rows(&query)?.into_iter().next())
        });
        match asked {
            Ok(Some(row)) if row[3].as_deref() == Some("f") && row[1].as_deref() != Some("0/0") => {
                return Err(format!(
                    "a position was confirmed before it was durable: {row:?} (confirmed, applied, acknowledged)"
                ));
            }
            Ok(_) => {}
            Err(Failure { code, .. }) if code.as_deref() == Some("42P01") => {}
            Err(_) => sessions = None,
        }
    }
    Ok(())
}
