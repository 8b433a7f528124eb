//! Where a run keeps what must survive: a store of its own, so that runs disturb neither each other nor a server.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use store_sqlite::open::LOCK_FILE;

use crate::outcome::Error;

/// The file that says that a run's execution has ended, and by its age since when.
const ENDED_FILE: &str = "ended";

/// The longest name that AWS allows.
const NAME_LENGTH: usize = 80;

/// A run's directory: `runs/MACHINE/NAME` in the data directory.
#[derive(Debug)]
pub(super) struct RunDirectory(PathBuf);

impl RunDirectory {
    /// The directory of an execution.
    pub(super) fn at(data: &Path, machine: &str, name: &str) -> Self {
        Self(data.join("runs").join(machine).join(name))
    }

    /// Its path.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// The execution has ended: the record of a run with a name is kept for the retention, that of one without can't be asked
    /// for again.
    pub(super) fn ended(&self, has_name: bool) {
        let done = if has_name {
            File::create(self.0.join(ENDED_FILE)).map(drop)
        } else {
            fs::remove_dir_all(&self.0)
        };
        if let Err(error) = done {
            tracing::warn!(path = %self.0.display(), %error, "cannot tidy up after the run");
        }
    }
}

/// Removes the records of runs that ended longer ago than the retention.
pub(super) fn sweep(data: &Path, retention: Duration) {
    let Some(oldest) = SystemTime::now().checked_sub(retention) else {
        return;
    };
    for machine in entries(&data.join("runs")) {
        for run in entries(&machine) {
            let ended = fs::metadata(run.join(ENDED_FILE)).and_then(|file| file.modified());
            if ended.is_ok_and(|ended| ended < oldest) && is_free(&run) {
                let _ = fs::remove_dir_all(&run);
            }
        }
    }
}

/// The state machine's name for a definition: its file's, up to the first dot.
pub(super) fn machine_name(file: &Path) -> String {
    let stem = file
        .file_name()
        .and_then(|name| name.to_str())
        .and_then(|name| name.split('.').next())
        .unwrap_or_default();
    let name: String = stem
        .chars()
        .map(|letter| if is_plain(letter) { letter } else { '-' })
        .take(NAME_LENGTH)
        .collect();
    if name.chars().any(|letter| letter != '-') {
        name
    } else {
        "definition".to_owned()
    }
}

/// A name that the user gave, if an execution and a directory can have it.
pub(super) fn checked_name(name: &str) -> Result<String, Error> {
    let is_allowed = |letter| is_plain(letter) || letter == '.';
    if !name.is_empty()
        && name.len() <= NAME_LENGTH
        && !name.starts_with('.')
        && name.chars().all(is_allowed)
    {
        return Ok(name.to_owned());
    }
    Err(Error::Usage(format!(
        "`{name}` can't be a run's name; use up to {NAME_LENGTH} letters, digits, dots, dashes and underscores"
    )))
}

/// Whether a letter can stand in any name.
pub(super) fn is_plain(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '-' || letter == '_'
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else {
        return Vec::new();
    };
    entries.flatten().map(|entry| entry.path()).collect()
}

/// Whether no process has the run open.
fn is_free(run: &Path) -> bool {
    File::open(run.join(LOCK_FILE)).is_ok_and(|file| file.try_lock().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_are_named_after_their_files() {
        for (file, name) in [
            ("workflows/order-saga.asl.json", "order-saga"),
            ("Nightly Job.json", "Nightly-Job"),
            ("-", "definition"),
            ("", "definition"),
            (".json", "definition"),
            ("ünïcode.json", "-n-code"),
        ] {
            assert_eq!(machine_name(Path::new(file)), name, "{file}");
        }
    }

    #[test]
    fn names_stay_inside_their_directory() {
        for name in ["nightly-2026-11-22", "a", "a.b_c"] {
            assert!(checked_name(name).is_ok(), "{name}");
        }
        for name in ["", ".", "..", "../a", "a/b", "a b", "ä", &"a".repeat(81)] {
            assert!(checked_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn only_ended_runs_are_swept() {
        let data = tempfile::tempdir().unwrap();
        for (name, has_ended) in [("ended", true), ("interrupted", false)] {
            let run = RunDirectory::at(data.path(), "job", name);
            fs::create_dir_all(run.path()).unwrap();
            File::create(run.path().join(LOCK_FILE)).unwrap();
            if has_ended {
                run.ended(true);
            }
        }
        sweep(data.path(), Duration::from_secs(60));
        assert_eq!(entries(&data.path().join("runs/job")).len(), 2);
        sweep(data.path(), Duration::ZERO);
        assert_eq!(
            entries(&data.path().join("runs/job")),
            [data.path().join("runs/job/interrupted")]
        );
    }
}
