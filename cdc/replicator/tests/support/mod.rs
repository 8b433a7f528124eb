//! A pair of clusters, and a replicator between two databases of them.

use std::time::{Duration, Instant};

use replication::mapping::Selection;
use replication::settings::TaskSettings;
use replicator::task::{MigrationType, Start, Until};
use replicator::{Error, Options, Outcome, Replicator, Status, Task};
use tests::support::compare::{Compared, differences};
use tests::support::postgres::Cluster;
use tests::support::sql::Sql;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The clusters that all cases of a program share.
pub(crate) struct Clusters {
    source: Cluster,
    target: Cluster,
}

/// Two databases of the same name, one in each cluster.
pub(crate) struct Pair {
    pub(crate) source: Sql,
    pub(crate) target: Sql,
    name: String,
    source_url: String,
    target_url: String,
    spill: tempfile::TempDir,
}

impl Clusters {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// The target with these settings.
    pub(crate) fn start_with(target: &[(&str, &str)]) -> Self {
        let settings = [
            ("wal_level", "logical"),
            ("max_replication_slots", "40"),
            ("max_wal_senders", "40"),
            ("logical_decoding_work_mem", "64kB"),
        ];
        Self {
            source: Cluster::start(&settings),
            target: Cluster::start(target),
        }
    }

    /// Makes the databases of a case, the source's with these statements.
    pub(crate) fn pair(&self, name: &str, source: &str) -> Pair {
        for cluster in [&self.source, &self.target] {
            cluster.create_database(name);
        }
        let pair = Pair {
            source: self.source.sql(name),
            target: self.target.sql(name),
            source_url: self.source.url(name),
            target_url: self.target.url(name),
            spill: tempfile::tempdir().unwrap(),
            name: name.to_owned(),
        };
        pair.source.run(source);
        pair
    }
}

impl Pair {
    /// A task that replicates everything.
    pub(crate) fn task(&self) -> Task {
        Task {
            name: self.name.clone(),
            source: wire::Settings::parse(&self.source_url).unwrap(),
            target: wire::Settings::parse(&self.target_url).unwrap(),
            selection: Selection::everything(),
            settings: TaskSettings::default(),
            migration: MigrationType::FullLoadAndCdc,
            slot: None,
            publications: Vec::new(),
            until: Until::Forever,
            start: Start::Resume,
        }
    }

    pub(crate) fn options(&self) -> Options {
        let mut options = Options::new(self.spill.path());
        let start = Instant::now();
        options.observer = std::sync::Arc::new(move |notice| {
            eprintln!("{:6.3} {notice}", start.elapsed().as_secs_f64());
        });
        options
    }

    /// Starts a task in the background.
    pub(crate) fn start(&self, task: Task) -> Running {
        self.start_with(task, self.options())
    }

    pub(crate) fn start_with(&self, task: Task, options: Options) -> Running {
        let runtime = Runtime::new().unwrap();
        let replicator = Replicator::new(task, options);
        let status = replicator.status();
        let stop = CancellationToken::new();
        let handle = runtime.spawn(replicator.run(stop.clone()));
        Running {
            runtime,
            status,
            stop,
            handle,
        }
    }

    /// Runs a task until everything is replicated, and compares.
    pub(crate) fn catch_up(&self) {
        let task = Task {
            until: Until::CaughtUp,
            ..self.task()
        };
        assert_eq!(self.start(task).end().unwrap(), Outcome::CaughtUp);
        self.assert_equal();
    }

    pub(crate) fn differences(&self) -> String {
        let compared = Compared {
            except: [
                "tasks",
                "checkpoints",
                "tables",
                "parts",
                "awsdms_apply_exceptions",
            ]
            .map(|table| format!("ratchet.{table}"))
            .to_vec(),
            ..Compared::default()
        };
        differences(&self.source, &self.target, &compared).unwrap_or_else(|error| error.to_string())
    }

    pub(crate) fn assert_equal(&self) {
        assert_eq!(self.differences(), "");
    }

    /// Waits until both are equal.
    pub(crate) fn wait_until_equal(&self, running: &Running) {
        self.wait_for("equal databases", running, || self.differences().is_empty());
    }

    /// Waits until something holds.
    pub(crate) fn wait_for(&self, what: &str, running: &Running, holds: impl Fn() -> bool) {
        let start = Instant::now();
        while !holds() {
            assert!(
                !running.handle.is_finished() && start.elapsed() < PATIENCE,
                "no {what}: {}\n{:#?}",
                self.differences(),
                running.status.borrow(),
            );
        }
    }
}

/// A task that runs in the background.
pub(crate) struct Running {
    runtime: Runtime,
    pub(crate) status: watch::Receiver<Status>,
    pub(crate) stop: CancellationToken,
    handle: JoinHandle<Result<Outcome, Error>>,
}

impl Running {
    /// Waits for its end.
    pub(crate) fn end(self) -> Result<Outcome, Error> {
        let ended = self
            .runtime
            .block_on(async { tokio::time::timeout(PATIENCE, self.handle).await });
        ended.expect("it ends in time").expect("it does not panic")
    }

    /// Ends it as a crash would: everything is dropped where it stands.
    pub(crate) fn kill(self) {
        self.handle.abort();
        self.runtime.shutdown_background();
    }

    /// Stops it cleanly.
    pub(crate) fn stop(self) -> Result<Outcome, Error> {
        self.stop.cancel();
        self.end()
    }

    /// Waits until its status is as wanted.
    pub(crate) fn wait_for(&mut self, wanted: impl FnMut(&Status) -> bool) {
        let status = &mut self.status;
        self.runtime.block_on(async {
            tokio::time::timeout(PATIENCE, status.wait_for(wanted))
                .await
                .expect("it comes in time")
                .expect("it has not ended");
        });
    }
}
