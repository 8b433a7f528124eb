//! One attempt at a task: from the connections to the end, or to the first trouble.
//!
//! ```text
//!   connect, claim ──┬─ nothing is known of the task: publication, slot, tables ──────┐
//!                    └─ it goes on: can the source go on from the checkpoint? ─────────┤
//!                                                                                      ▼
//!                     tables that are not loaded (new ones, too) ──► load ──► indexes, constraints ──► follow
//! ```

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use endpoint::source::Source;
use endpoint::source::ddl::DDL;
use endpoint::source::stream::{GULP, StreamOptions};
use endpoint::target::careful::Policies;
use endpoint::target::control::Control;
use endpoint::target::error::ApplyError;
use endpoint::target::records::{TableRecord, TaskRecord};
use pgoutput::Lsn;
use pgoutput::message::RelationId;
use pgoutput::options::Options as PluginOptions;
use replication::assembler;
use replication::settings::ApplyMode;
use replication::table_state::TableState;
use tokio_util::sync::CancellationToken;

use crate::error::Error;
use crate::follow::interruption::{Again, Interruption};
use crate::follow::{Beginning, Follower, Manner};
use crate::load::Held;
use crate::replicator::{Outcome, Surroundings};
use crate::routes::{Route, Routes};
use crate::sequences;
use crate::start::Details;
use crate::statistics::{self, Written};
use crate::status::{Phase, TableStatus};
use crate::task::{MigrationType, Until};
use crate::two_phase::TwoPhase;

/// How long a copy of the task that is still there may take to go by itself.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long the end of an attempt waits for its last counts to be written.
const LAST_COUNTS: Duration = Duration::from_secs(1);
/// How much of the stream one target transaction takes at most, without batches.
const WINDOW: usize = 16 << 20;
/// And with them, however much memory the settings allow.
const LARGEST_WINDOW: usize = 32 << 20;
/// A transaction is handed on in parts of this size.
const PART: usize = 8 << 20;

/// What outlives an attempt, so that the next one need not begin from nothing.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) surroundings: Surroundings,
    /// A snapshot that is still held, and what is loaded from it.
    pub(crate) held: Option<Held>,
    /// Whether a reload that was asked for has begun.
    pub(crate) reloaded: bool,
    /// Whether the target is to be given what it lacks of the source's types, before anything is applied row by row …
    pub(crate) mend: bool,
    /// … and at which position that was done.
    mended: Option<Lsn>,
    /// Whether values are asked for in binary form.
    binary: bool,
    /// Whether transactions that are in progress now are applied at their end.
    patient: bool,
    manner: Manner,
    strangers: HashSet<RelationId>,
    policies: Policies,
}

/// The two ends, for one attempt.
#[derive(Clone, Debug)]
pub(crate) struct Ends {
    pub(crate) source: Arc<Source>,
    pub(crate) control: Arc<Control>,
}

impl Attempt {
    pub(crate) fn new(surroundings: Surroundings) -> Self {
        let policies = Policies::new(surroundings.task.settings.errors.clone());
        Self {
            surroundings,
            held: None,
            reloaded: false,
            mend: false,
            mended: None,
            binary: true,
            patient: false,
            manner: Manner::default(),
            strangers: HashSet::new(),
            policies,
        }
    }

    /// # Errors
    /// At the first trouble.
    pub(crate) async fn run(&mut self, stop: &CancellationToken) -> Result<Outcome, Error> {
        loop {
            let again = match self.once(stop).await {
                Ok(outcome) => return Ok(outcome),
                // A type without a binary form (undefined function): the source can't send it so.
                Err(Interruption::Error(error)) if self.binary && error.code() == Some("42883") => {
                    Again::InText
                }
                Err(Interruption::Error(error)) => return Err(self.told(*error)),
                Err(Interruption::Again(again)) => again,
            };
            match again {
                Again::NewTable(id) => {
                    self.strangers.insert(id);
                }
                Again::Carefully { until, reason } => {
                    let stands = self.surroundings.status.borrow().applied;
                    if self.mended == Some(stands) {
                        self.surroundings.warn(format!(
                            "{reason}; everything up to {until} is applied row by row"
                        ));
                        self.manner.careful_until = until;
                    } else {
                        // The source may have something that no message tells of, as another label of an enum.
                        self.mended = Some(stands);
                        self.mend = true;
                    }
                }
                Again::Patiently { reason } => {
                    self.surroundings.inform(format!(
                        "a transaction in progress is applied at its end: {reason}"
                    ));
                    self.patient = true;
                }
                Again::InText => self.binary = false,
                Again::Anew => {}
            }
        }
    }

    /// A policy that stopped the task is told as one.
    fn told(&self, error: Error) -> Error {
        match error {
            Error::Apply(apply) => match *apply {
                ApplyError::Stopped(stopped) => Error::StoppedByPolicy {
                    task: self.surroundings.task.name.clone(),
                    policy: stopped.policy.to_owned(),
                    reason: stopped.to_string(),
                },
                other => Error::Apply(Box::new(other)),
            },
            other => other,
        }
    }

    async fn once(&mut self, stop: &CancellationToken) -> Result<Outcome, Interruption> {
        self.surroundings.phase(Phase::Starting);
        let loaded = tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(Outcome::Stopped),
            loaded = self.load_first() => loaded?,
        };
        let (ends, record) = loaded;
        let task = Arc::clone(&self.surroundings.task);
        if task.migration == MigrationType::FullLoad || task.ends_after_load() {
            sequences::set(&self.surroundings, &ends).await;
            return Ok(Outcome::FullLoadFinished);
        }
        let mut follower = self.begin_to_follow(&ends, &record).await?;
        let ended = follower.run(stop).await;
        // However it ended; a target that does not answer is told of elsewhere.
        let counted = tokio::time::timeout(LAST_COUNTS, follower.write_statistics()).await;
        tracing::debug!(task = task.name, ?counted, "wrote what was counted");
        self.policies = follower.policies.clone();
        let outcome = ended?;
        sequences::set(&self.surroundings, &ends).await;
        follower.stream.close().await;
        Ok(outcome)
    }

    /// Connects, and loads what is not loaded.
    async fn load_first(&mut self) -> Result<(Ends, TaskRecord), Error> {
        let ends = self.connect().await?;
        let mut record = self.enter(&ends).await?;
        if let Err(error) = self.load_tables(&ends, &mut record).await {
            // The session that held the snapshot is gone, and the snapshot with it.
            let gone = error.code() == Some("22023");
            // Nor is it of use when a table has been redefined since.
            if gone || matches!(error, Error::Endpoint(endpoint::Error::Redefined { .. })) {
                self.held = None;
            }
            return Err(error);
        }
        self.held = None;
        Ok((ends, record))
    }

    async fn connect(&self) -> Result<Ends, Error> {
        let task = &self.surroundings.task;
        let settings = self.surroundings.target_settings();
        let schema = &task.settings.control_schema;
        let control = Control::claim(&settings, schema, &task.name, PATIENCE).await?;
        let source = Source::connect(&task.source, &task.name).await?;
        Ok(Ends {
            source: Arc::new(source),
            control: Arc::new(control),
        })
    }

    async fn begin_to_follow(
        &mut self,
        ends: &Ends,
        record: &TaskRecord,
    ) -> Result<Follower, Error> {
        let task = Arc::clone(&self.surroundings.task);
        let settings = &task.settings;
        let details = Details::read(record);
        let (checkpoint, acknowledged) = ends.control.checkpoint().await?;
        let records = ends.control.tables().await?;
        show(&self.surroundings, &records);
        let counted = Written::new(&records, Instant::now());
        // There are some only while they wait for prepared transactions to end.
        let (waiting, records): (Vec<_>, Vec<_>) = records.into_iter().partition(is_unfinished);
        let ids = waiting
            .iter()
            .filter_map(|record| Some(record.shape.as_ref()?.id));
        let strangers = self.strangers.iter().copied().chain(ids).collect();
        let two_phase = match details.two_phase {
            true => {
                let late = &details.late_snapshots;
                Some(TwoPhase::new(&task, &ends.control, late, !waiting.is_empty()).await?)
            }
            false => None,
        };
        let routes = Routes::new(records.into_iter().filter_map(Route::of));
        let window = match settings.apply {
            ApplyMode::Transactional => WINDOW,
            ApplyMode::Batch => settings.tuning.batch_memory.min(LARGEST_WINDOW),
        };
        let options = StreamOptions {
            slot: record.slot.clone(),
            start: checkpoint.end_lsn.max(acknowledged),
            plugin: PluginOptions {
                publications: record.publications.clone(),
                binary: self.binary,
                streaming: settings.replication.streaming,
                two_phase: details.two_phase,
                without_origin: settings.replication.without_origin,
            },
            assembler: assembler::Settings {
                checkpoint: checkpoint.end_lsn,
                piece_bytes: PART,
                message_prefixes: vec![DDL.to_owned()],
            },
            window_bytes: window,
            gulp: GULP,
            status_interval: Duration::from_secs(5),
        };
        ends.source.release_slot(&record.slot).await?;
        let goal = ends.source.wal_end().await?;
        // What is prepared at the target may come again, and would wait for itself.
        let comes_again = two_phase.as_ref().is_some_and(TwoPhase::is_any_prepared);
        if std::mem::take(&mut self.patient) || comes_again {
            self.manner.patient_until = goal;
        }
        let stream = ends.source.stream(options).await?;
        ends.source.heartbeat().await?;
        self.surroundings.status.send_modify(|status| {
            status.applied = checkpoint.end_lsn.max(acknowledged);
            status.source_end = status.source_end.max(goal);
        });
        Follower::new(Beginning {
            surroundings: self.surroundings.clone(),
            source: Arc::clone(&ends.source),
            control: Arc::clone(&ends.control),
            stream,
            routes,
            checkpoint: checkpoint.end_lsn,
            acknowledged,
            goal,
            manner: self.manner,
            strangers,
            policies: self.policies.clone(),
            binary: self.binary,
            two_phase,
            counted,
            inserts_only: details
                .own_publication
                .then(|| details.inserts_only.iter().copied().collect()),
        })
        .await
    }
}

impl crate::task::Task {
    fn ends_after_load(&self) -> bool {
        self.until == Until::FullLoad || self.settings.full_load.stop_after_load
    }

    /// Whether it ends when everything is applied that was committed before the load was over.
    pub(crate) fn ends_caught_up(&self) -> bool {
        self.until == Until::CaughtUp || self.settings.full_load.stop_after_cached_changes
    }
}

/// Shows the tables' states to whoever watches.
pub(crate) fn show(surroundings: &Surroundings, records: &[TableRecord]) {
    surroundings.status.send_modify(|status| {
        let mut before: HashMap<_, _> = std::mem::take(&mut status.tables).into_iter().collect();
        for record in records {
            let mut table = before
                .remove(&record.source)
                .unwrap_or_else(|| TableStatus {
                    statistics: statistics::of(record),
                    ..TableStatus::new(record.state)
                });
            table.state = record.state;
            table.error.clone_from(&record.error);
            table.statistics.snapshot_lsn = record.snapshot_lsn;
            status.tables.insert(record.source.clone(), table);
        }
    });
}

/// Whether a table has yet to be loaded.
pub(crate) fn is_unfinished(record: &TableRecord) -> bool {
    match record.state {
        TableState::BeforeLoad | TableState::FullLoad => true,
        TableState::Completed | TableState::Suspended => false,
    }
}
