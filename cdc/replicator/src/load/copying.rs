//! Copies the parts of tables, several at a time, each in a target transaction that also remembers it.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use endpoint::target::loader::{Loader, Part};
use endpoint::target::records::PartRecord;
use replication::relation::TableName;
use replication::settings::ErrorPolicy;
use replication::table_state::TableState;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::division::TableLoad;
use crate::attempt::{Attempt, Ends};
use crate::error::Error;
use crate::options::crash_points;
use crate::replicator::Surroundings;
use crate::statistics;
use crate::status::TableStatus;

/// What a worker tells.
enum Told {
    /// A part is loaded.
    Loaded { table: usize },
    /// A table can't be loaded, and the others can.
    Failed { table: usize, reason: String },
    /// A table can't be loaded from this snapshot, and the others can.
    Redefined { table: usize },
}

/// Parts that are left, the next first: indexes of the table and its part.
type Queue = Arc<Mutex<VecDeque<(usize, usize)>>>;

/// One of those that load parts.
struct LoadWorker {
    surroundings: Surroundings,
    ends: Ends,
    snapshot: String,
    tables: Arc<Vec<TableLoad>>,
    queue: Queue,
    tell: mpsc::Sender<Told>,
}

impl Attempt {
    pub(super) async fn run_load(&self, ends: &Ends, tables: Vec<TableLoad>) -> Result<(), Error> {
        let Some(held) = &self.held else {
            return Ok(());
        };
        let settings = &self.surroundings.task.settings;
        let parts = ends.control.parts().await?;
        self.begin_counting(&tables, &parts);
        let done: HashSet<(TableName, i32)> = parts
            .into_iter()
            .map(|part| (part.table, part.part))
            .collect();
        let mut left: Vec<usize> = Vec::new();
        let mut queue = VecDeque::new();
        for (index, table) in tables.iter().enumerate() {
            let open = |part: &&Part| !done.contains(&(part.table.clone(), part.number));
            left.push(table.parts.iter().filter(open).count());
            for (number, part) in table.parts.iter().enumerate() {
                if open(&part) {
                    queue.push_back((index, number));
                }
            }
        }
        let workers = settings.full_load.sub_tasks.clamp(1, queue.len().max(1));
        let queue: Queue = Arc::new(Mutex::new(queue));
        let tables = Arc::new(tables);
        let (tell, mut told) = mpsc::channel(64);
        let mut tasks = JoinSet::new();
        for _ in 0..workers {
            let worker = LoadWorker {
                surroundings: self.surroundings.clone(),
                ends: ends.clone(),
                snapshot: held.snapshot.name().to_owned(),
                tables: Arc::clone(&tables),
                queue: Arc::clone(&queue),
                tell: tell.clone(),
            };
            tasks.spawn(worker.run());
        }
        drop(tell);
        for (index, left) in left.iter().enumerate() {
            if *left == 0 {
                self.table_loaded(ends, &tables[index]).await?;
            }
        }
        let mut failed = HashSet::new();
        let mut redefined = None;
        while let Some(told) = told.recv().await {
            match told {
                Told::Loaded { table } => {
                    left[table] -= 1;
                    if left[table] == 0 && !failed.contains(&table) {
                        self.table_loaded(ends, &tables[table]).await?;
                    }
                }
                Told::Failed { table, reason } => {
                    if failed.insert(table) {
                        self.table_failed(ends, &tables[table], reason).await?;
                    }
                }
                Told::Redefined { table } => redefined = Some(table),
            }
        }
        while let Some(ended) = tasks.join_next().await {
            ended.map_err(|error| Error::Internal(error.to_string()))??;
        }
        match redefined {
            Some(table) => Err(endpoint::Error::Redefined {
                table: tables[table].record.source.clone(),
            }
            .into()),
            None => Ok(()),
        }
    }

    /// Counting begins with what is loaded already.
    fn begin_counting(&self, tables: &[TableLoad], done: &[PartRecord]) {
        self.surroundings.status.send_modify(|status| {
            for table in tables {
                let shown = status
                    .tables
                    .entry(table.record.source.clone())
                    .or_insert_with(|| TableStatus::new(TableState::BeforeLoad));
                shown.expected_rows = table.rows;
                shown.expected_bytes = table.bytes;
                let done = done.iter().filter(|part| part.table == table.record.source);
                let count = done.fold((0, 0), |(rows, bytes), part| {
                    (rows + part.rows, bytes + part.bytes)
                });
                let statistics = &mut shown.statistics;
                (statistics.full_load_rows, statistics.full_load_bytes) = count;
            }
        });
    }

    async fn table_loaded(&self, ends: &Ends, table: &TableLoad) -> Result<(), Error> {
        let mut record = table.record.clone();
        record.state = TableState::Completed;
        record.statistics = statistics::text(&self.surroundings.status.borrow(), &record.source);
        ends.control.save_table(&record).await?;
        self.surroundings.status.send_modify(|status| {
            if let Some(shown) = status.tables.get_mut(&record.source) {
                shown.state = TableState::Completed;
                shown.load_finished = Some(Instant::now());
            }
        });
        self.surroundings
            .inform(format!("{}: loaded", record.source));
        self.surroundings.crash_point(crash_points::TABLE_LOADED);
        Ok(())
    }

    /// What `ErrorBehavior.TableErrorPolicy` says about a table that can't be loaded.
    async fn table_failed(
        &self,
        ends: &Ends,
        table: &TableLoad,
        reason: String,
    ) -> Result<(), Error> {
        let task = &self.surroundings.task;
        let mut record = table.record.clone();
        if task.settings.errors.table == ErrorPolicy::StopTask {
            return Err(Error::StoppedByPolicy {
                task: task.name.clone(),
                policy: "ErrorBehavior.TableErrorPolicy".to_owned(),
                reason,
            });
        }
        record.state = TableState::Suspended;
        record.error = Some(reason.clone());
        ends.control.save_table(&record).await?;
        self.surroundings
            .warn(format!("{}: suspended: {reason}", record.source));
        self.surroundings.status.send_modify(|status| {
            if let Some(shown) = status.tables.get_mut(&record.source) {
                shown.state = TableState::Suspended;
                shown.error = Some(reason);
            }
        });
        Ok(())
    }
}

impl LoadWorker {
    async fn run(self) -> Result<(), Error> {
        let mut loader = None;
        let mut failed = HashMap::new();
        loop {
            let next = self
                .queue
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop_front();
            let Some((table, part)) = next else {
                return Ok(());
            };
            if failed.contains_key(&table) {
                continue;
            }
            let connected = match loader.take() {
                Some(connected) => connected,
                None => {
                    let target = self.surroundings.target_settings();
                    let lease = self.ends.control.lease();
                    let source = self.ends.source.settings();
                    Loader::connect(source, &target, lease, &self.snapshot).await?
                }
            };
            let told = match self.load(connected, table, part).await {
                Ok(connected) => {
                    loader = Some(connected);
                    Told::Loaded { table }
                }
                Err(endpoint::Error::Redefined { .. }) => {
                    failed.insert(table, ());
                    Told::Redefined { table }
                }
                Err(error) if error.code().is_none() || error.is_retryable() => {
                    return Err(error.into());
                }
                Err(error) => {
                    failed.insert(table, ());
                    Told::Failed {
                        table,
                        reason: error.to_string(),
                    }
                }
            };
            if self.tell.send(told).await.is_err() {
                return Ok(());
            }
        }
    }

    async fn load(
        &self,
        mut loader: Loader,
        table: usize,
        part: usize,
    ) -> Result<Loader, endpoint::Error> {
        let table = &self.tables[table];
        let name = &table.record.source;
        let status = Arc::clone(&self.surroundings.status);
        status.send_modify(|status| {
            if let Some(shown) = status.tables.get_mut(name) {
                shown.state = TableState::FullLoad;
                shown.load_started.get_or_insert_with(Instant::now);
            }
        });
        let mut count = |progress: endpoint::target::loader::Progress| {
            status.send_modify(|status| {
                if let Some(shown) = status.tables.get_mut(name) {
                    shown.statistics.full_load_rows += progress.rows;
                    shown.statistics.full_load_bytes += progress.bytes;
                }
            });
        };
        loader.load(&table.parts[part], &mut count).await?;
        self.surroundings.crash_point(crash_points::PART_COPIED);
        Ok(loader)
    }
}
