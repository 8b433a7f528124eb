//! What the tests stand on: an engine with a log, launches, and what became of them as text.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use containers::docker::{self, Docker};
use containers::logs::{LogStore, Query};
use containers::processes::{self, Limits, Processes};
use containers::{Launch, Outcome, Runner, Told};
use tempfile::TempDir;
use tests::support::docker::{Daemon, IMAGE};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// How long anything may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// An engine and the log of its attempts.
pub(crate) struct Bed {
    pub(crate) runner: Arc<dyn Runner>,
    pub(crate) logs: LogStore,
    /// What must live as long as the engine.
    _home: Option<TempDir>,
}

impl Bed {
    /// Docker, with the operator's settings changed.
    pub(crate) fn docker(daemon: &Daemon, change: impl FnOnce(&mut docker::Settings)) -> Self {
        let home = TempDir::new().unwrap();
        let bed = Self::docker_in(daemon, home.path(), change);
        Self {
            _home: Some(home),
            ..bed
        }
    }

    /// Likewise, with the log in this directory: as a Ratchet that was started again has it.
    pub(crate) fn docker_in(
        daemon: &Daemon,
        home: &Path,
        change: impl FnOnce(&mut docker::Settings),
    ) -> Self {
        let mut settings = docker::Settings::new("test");
        settings.socket = daemon.socket();
        change(&mut settings);
        let logs = LogStore::open(home.join("logs"), 1 << 20).unwrap();
        Self {
            runner: Arc::new(Docker::new(settings, logs.clone())),
            logs,
            _home: None,
        }
    }

    /// Processes, in this directory.
    pub(crate) fn processes_in(home: &Path, limits: Limits) -> Self {
        let logs = LogStore::open(home.join("logs"), 1 << 20).unwrap();
        let settings = processes::Settings {
            directory: home.join("attempts"),
            program: env!("CARGO_BIN_EXE_attempt-shim").into(),
            arguments: Vec::new(),
            limits,
        };
        let processes = Processes::new(settings, logs.clone()).unwrap();
        Self {
            runner: Arc::new(processes),
            logs,
            _home: None,
        }
    }

    /// Runs an attempt to its end.
    pub(crate) async fn run(&self, launch: Launch) -> Ran {
        let stream = Arc::clone(&launch.log_stream);
        let going = self.begin(launch);
        let (told, outcome) = going.end().await;
        Ran {
            told,
            outcome,
            log: self.log(&stream),
        }
    }

    /// Begins an attempt.
    pub(crate) fn begin(&self, launch: Launch) -> Going {
        let (sender, told) = mpsc::channel(100);
        Going {
            task: tokio::spawn(self.runner.run(launch, sender)),
            told,
        }
    }

    /// The lines in the log.
    pub(crate) fn log(&self, stream: &str) -> Vec<String> {
        let mut lines = Vec::new();
        let mut query = Query::default();
        while let Some(page) = self.logs.read(stream, &query).unwrap() {
            if page.entries.is_empty() {
                break;
            }
            query.from = containers::logs::From::Offset(page.next);
            lines.extend(page.entries.into_iter().map(|entry| entry.text));
        }
        lines
    }

    /// Waits until the log has a line like this.
    pub(crate) async fn until_logged(&self, stream: &str, line: &str) {
        let seen = async {
            while !self.log(stream).iter().any(|logged| logged == line) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let seen = tokio::time::timeout(PATIENCE, seen).await;
        assert!(
            seen.is_ok(),
            "{line} was not logged: {:?}",
            self.log(stream)
        );
    }
}

/// An attempt that goes on.
pub(crate) struct Going {
    pub(crate) task: JoinHandle<Outcome>,
    pub(crate) told: mpsc::Receiver<Told>,
}

impl Going {
    /// Waits until it is told to have started.
    pub(crate) async fn started(&mut self) -> Told {
        loop {
            let told = tokio::time::timeout(PATIENCE, self.told.recv()).await;
            match told.expect("it starts in time") {
                Some(Told::Pulling { .. }) => {}
                Some(started @ Told::Started { .. }) => return started,
                None => panic!("it ended and never started"),
            }
        }
    }

    pub(crate) async fn end(mut self) -> (Vec<Told>, Outcome) {
        let outcome = tokio::time::timeout(PATIENCE, self.task).await;
        let outcome = outcome.expect("it ends in time").unwrap();
        let mut told = Vec::new();
        while let Ok(one) = self.told.try_recv() {
            told.push(one);
        }
        (told, outcome)
    }

    /// As when Ratchet is killed: nobody waits any more.
    pub(crate) async fn abandon(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

/// What became of an attempt.
pub(crate) struct Ran {
    pub(crate) told: Vec<Told>,
    pub(crate) outcome: Outcome,
    pub(crate) log: Vec<String>,
}

impl Ran {
    /// Without what differs from run to run.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for told in &self.told {
            match told {
                Told::Pulling { text: progress } => writeln!(text, "pulling: {progress}"),
                Told::Started {
                    at, container_id, ..
                } => {
                    assert!(*at > 1_600_000_000_000 && !container_id.is_empty());
                    writeln!(text, "started")
                }
            }
            .unwrap();
        }
        writeln!(text, "{}", outcome_text(&self.outcome)).unwrap();
        for line in &self.log {
            writeln!(text, "| {line}").unwrap();
        }
        text
    }
}

/// An outcome without its times.
pub(crate) fn outcome_text(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Exited {
            code,
            oom,
            started_at,
            at,
            reason,
        } => {
            assert!(started_at <= at, "{started_at} to {at}");
            let oom = if *oom { ", out of memory" } else { "" };
            let reason = reason.as_deref().unwrap_or("no reason");
            format!("exited {code}{oom}: {reason}")
        }
        Outcome::FailedToStart { reason, code } => format!("failed to start, {code:?}: {reason}"),
        Outcome::Unavailable { why } => format!("unavailable: {why}"),
        Outcome::Lost { why } => format!("lost: {why}"),
    }
}

/// An attempt that runs a script in a shell.
pub(crate) fn script(attempt: &str, script: &str) -> Launch {
    Launch {
        command: ["sh", "-c", script].map(str::to_owned).to_vec(),
        ..launch(attempt)
    }
}

/// An attempt that runs what the image says.
pub(crate) fn launch(attempt: &str) -> Launch {
    Launch {
        attempt: attempt.into(),
        image: IMAGE.to_owned(),
        log_stream: format!("job/default/{attempt}").into(),
        ..Launch::default()
    }
}
