//! Runs `ratchet replicate`, stops it, kills it, and knows when it has caught up with its source.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::binary::ratchet;
use super::server::quiet_environment;
use super::sql::{Failure, Sql};

/// A replication task that is run in the foreground of a process of its own, again and again.
#[derive(Debug)]
pub struct Replicator {
    home: TempDir,
    arguments: Vec<OsString>,
    variables: Vec<(String, String)>,
    process: Option<Child>,
}

impl Replicator {
    /// A task of this name, not yet started.
    ///
    /// # Panics
    /// When there is no temporary directory.
    #[must_use]
    pub fn new(name: &str, source: &str, target: &str) -> Self {
        let home =
            TempDir::with_prefix("ratchet-replicate-").expect("there is a temporary directory");
        let replicator = Self {
            home,
            arguments: Vec::new(),
            variables: Vec::new(),
            process: None,
        };
        replicator
            .argument("--source")
            .argument(source)
            .argument("--target")
            .argument(target)
            .argument("--name")
            .argument(name)
    }

    /// Gives it another argument.
    #[must_use]
    pub fn argument(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Gives it table mappings.
    ///
    /// # Panics
    /// When they can't be written to a file.
    #[must_use]
    pub fn mappings(self, json: &str) -> Self {
        let file = self.write("mappings.json", json);
        self.argument("--table-mappings").argument(file)
    }

    /// Gives it task settings.
    ///
    /// # Panics
    /// When they can't be written to a file.
    #[must_use]
    pub fn settings(self, json: &str) -> Self {
        let file = self.write("settings.json", json);
        self.argument("--task-settings").argument(file)
    }

    /// Sets an environment variable of its next starts; without a value it is taken away.
    pub fn set_variable(&mut self, name: &str, value: Option<&str>) {
        self.variables.retain(|(other, _)| other != name);
        if let Some(value) = value {
            self.variables.push((name.to_owned(), value.to_owned()));
        }
    }

    /// Starts it, with further arguments.
    ///
    /// # Panics
    /// When it runs already, or can't be started.
    pub fn start(&mut self, arguments: &[String]) {
        assert!(self.process.is_none(), "it runs already");
        let log = || {
            let file = File::options()
                .create(true)
                .append(true)
                .open(self.log_file());
            file.expect("the log can be written")
        };
        let mut command = Command::new(ratchet());
        command
            .arg("replicate")
            .args(&self.arguments)
            .args(arguments)
            .current_dir(self.home.path())
            .stdin(Stdio::null())
            .stdout(log())
            .stderr(log());
        quiet_environment(&mut command);
        // A panic says where; the rest would bury it.
        command.env("RUST_BACKTRACE", "0");
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        self.process = Some(command.spawn().expect("the binary can be started"));
    }

    /// How it ended by itself, if it did.
    ///
    /// # Panics
    /// When it was not started.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        let process = self.process.as_mut().expect("it was started");
        let status = process.try_wait().expect("it is our child")?;
        self.process = None;
        Some(status)
    }

    /// Whether it was started and nobody has seen its end yet.
    #[must_use]
    pub fn is_started(&self) -> bool {
        self.process.is_some()
    }

    /// Waits for it to end by itself.
    ///
    /// # Errors
    /// When it does not in this time; it is killed then.
    pub fn wait(&mut self, patience: Duration) -> Result<ExitStatus, String> {
        let began = Instant::now();
        while began.elapsed() < patience {
            if let Some(status) = self.ended() {
                return Ok(status);
            }
            sleep(Duration::from_millis(5));
        }
        self.kill();
        Err(format!("it did not end within {patience:?}"))
    }

    /// Asks it to stop, and waits until it has.
    ///
    /// # Errors
    /// When it doesn't in this time; it is killed then.
    ///
    /// # Panics
    /// When it was not started.
    pub fn terminate(&mut self, patience: Duration) -> Result<ExitStatus, String> {
        let id = self.process.as_ref().expect("it was started").id();
        let id = i32::try_from(id).ok().and_then(Pid::from_raw);
        let _gone = kill_process(
            id.expect("process ids are positive and small"),
            Signal::TERM,
        );
        self.wait(patience)
    }

    /// Kills it as `kill -9` does. It may have ended already.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _gone = process.kill();
            let _reaped = process.wait();
        }
    }

    /// Waits until everything that is committed at the source by now is durable at the target.
    ///
    /// # Errors
    /// When it ends meanwhile, or doesn't get there in this time.
    pub fn catch_up(
        &mut self,
        source: &Sql,
        target: &Sql,
        patience: Duration,
    ) -> Result<(), String> {
        let began = Instant::now();
        // Before the load is over, the slot may be new: what it is confirmed up to is then nothing that was applied.
        while target.try_rows(FOLLOWING).map_or(0, |rows| rows.len()) == 0 {
            if let Some(status) = self.ended() {
                return Err(format!("it ended before it had loaded all: {status}"));
            }
            if began.elapsed() > patience {
                return Err(format!("it did not load all within {patience:?}"));
            }
            sleep(Duration::from_millis(5));
        }
        let position = mark(source).map_err(|failure| format!("cannot mark the end: {failure}"))?;
        let began = Instant::now();
        let mut last = None;
        while began.elapsed() < patience {
            if let Some(status) = self.ended() {
                return Err(format!("it ended while it was to catch up: {status}"));
            }
            last = confirmed(source, &position).map_err(|failure| failure.to_string())?;
            if last == Some(true) {
                return Ok(());
            }
            sleep(Duration::from_millis(5));
        }
        let state = match last {
            None => "there is no slot",
            Some(_) => "the slot is behind",
        };
        Err(format!(
            "it did not catch up with {position} within {patience:?}: {state}"
        ))
    }

    /// What it printed since it was made.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    fn log_file(&self) -> PathBuf {
        self.home.path().join("log")
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let file = self.home.path().join(name);
        fs::write(&file, text).expect("the file can be written");
        file
    }

    /// A directory for whatever belongs to it.
    #[must_use]
    pub fn home(&self) -> &Path {
        self.home.path()
    }
}

impl Drop for Replicator {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Gives a row when the task follows changes.
const FOLLOWING: &str = "select 1 from ratchet.tasks where phase = 'following'";

/// Writes a transaction of nothing but a message, and says where it ends.
fn mark(source: &Sql) -> Result<String, Failure> {
    source.try_run("select pg_logical_emit_message(true, 'ratchet.test', 'mark')")?;
    let rows = source.try_rows("select pg_current_wal_insert_lsn()")?;
    Ok(rows[0][0].clone().expect("there is a position"))
}

/// Whether the slots of the source's database are confirmed up to a position; nothing if there is no slot.
fn confirmed(source: &Sql, position: &str) -> Result<Option<bool>, Failure> {
    let query = format!(
        "select bool_and(coalesce(confirmed_flush_lsn >= '{position}', false)) from pg_replication_slots \
         where database = current_database() and not temporary"
    );
    let rows = source.try_rows(&query)?;
    Ok(rows[0][0].as_deref().map(|value| value == "t"))
}
