//! Loads tables: parts of them in parallel, each in a target transaction of its own that also remembers it.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use endpoint::schema::definition::Schema;
use endpoint::schema::target_table::{SessionRole, target_tables};
use endpoint::schema::{create, partitions};
use endpoint::source::slot::{SlotKind, Snapshot};
use endpoint::target::loader::{Format, Loader, Pages, Part};
use endpoint::target::records::{TableRecord, TaskRecord};
use pgoutput::Lsn;
use replication::relation::TableName;
use replication::settings::{DdlPolicy, ErrorPolicy, PrepareMode};
use replication::table::TargetTable;
use replication::table_state::TableState;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::attempt::{Attempt, Ends, is_unfinished, show};
use crate::error::Error;
use crate::options::crash_points;
use crate::parts::divide;
use crate::replicator::Surroundings;
use crate::start::{Details, FOLLOWING, LateSnapshot, inserts_only, table_record, taken};
use crate::status::{Phase, TableStatus};
use crate::task::MigrationType;
use crate::two_phase;
use crate::units::{Taken, Unit, units};

/// A snapshot that is held, and what is loaded from it.
#[derive(Debug)]
pub(crate) struct Held {
    snapshot: Snapshot,
    /// Where it stands in the stream.
    position: Lsn,
    /// How the tables are divided; it stays as it is, since parts that are loaded must not be cut anew.
    tables: Option<Vec<TableLoad>>,
}

/// A table to load.
#[derive(Clone, Debug)]
struct TableLoad {
    record: TableRecord,
    parts: Vec<Part>,
    rows: u64,
    bytes: u64,
}

/// What a worker tells.
enum Told {
    /// A part is loaded.
    Loaded { table: usize },
    /// A table can't be loaded, and the others can.
    Failed { table: usize, reason: String },
}

/// Parts that are left, the next first: indexes of the table and its part.
type Queue = Arc<Mutex<VecDeque<(usize, usize)>>>;

impl Held {
    pub(crate) fn new(snapshot: Snapshot, position: Lsn) -> Self {
        Self {
            snapshot,
            position,
            tables: None,
        }
    }

    pub(crate) fn position(&self) -> Lsn {
        self.position
    }
}

impl Attempt {
    /// Loads all tables that are not loaded, and gives those that the task has made their indexes and constraints.
    pub(crate) async fn load_tables(
        &mut self,
        ends: &Ends,
        record: &mut TaskRecord,
    ) -> Result<(), Error> {
        let task = Arc::clone(&self.surroundings.task);
        let mut details = Details::read(record);
        let mut records = ends.control.tables().await?;
        let schema = self
            .schema_now(ends, record, &mut details, &mut records)
            .await?;
        if record.phase == FOLLOWING {
            self.repartition(ends, &schema, &details).await?;
        }
        if std::mem::take(&mut self.mend) && task.migration != MigrationType::Cdc {
            let mode = PrepareMode::DoNothing;
            self.create(ends, &schema, mode, &mut details, record)
                .await?;
        }
        let units = units(&schema, taken(task.migration));
        let known: HashSet<u32> = records
            .iter()
            .filter_map(|record| Some(record.shape.as_ref()?.id))
            .collect();
        for unit in &units {
            let named = records
                .iter()
                .any(|record| record.source == unit.table.name);
            if !known.contains(&unit.table.id) && !named {
                self.surroundings
                    .inform(format!("{}: taken into the task", unit.table.name));
                let table = table_record(unit, TableState::BeforeLoad, Lsn::ZERO);
                ends.control.save_table(&table).await?;
                records.push(table);
            }
        }
        show(&self.surroundings, &records);
        let pending: Vec<TableRecord> = records.into_iter().filter(is_unfinished).collect();
        let late = record.phase == FOLLOWING && !pending.is_empty();
        if late && details.two_phase && self.must_wait(ends, &pending).await? {
            return Ok(());
        }
        if pending.is_empty() && record.phase == FOLLOWING {
            return Ok(());
        }
        if !pending.is_empty() {
            self.surroundings.phase(Phase::Loading);
            let tables = self
                .divide(ends, record, &mut details, &schema, &units, pending)
                .await?;
            self.run_load(ends, tables).await?;
        }
        self.complete(ends, &schema, &details).await?;
        FOLLOWING.clone_into(&mut record.phase);
        details.write(record);
        ends.control.save_task(record).await?;
        self.surroundings.crash_point(crash_points::LOAD_FINISHED);
        Ok(())
    }

    /// Whether tables that come later can't be loaded yet: a transaction that is prepared at the target may hold them, and ends only when the stream
    /// has come to its end. What comes of these tables until then is left out, as it is in their snapshot.
    async fn must_wait(&self, ends: &Ends, pending: &[TableRecord]) -> Result<bool, Error> {
        let prefix = two_phase::prefix(&self.surroundings.task);
        if ends.control.prepared(&prefix).await?.is_empty() {
            return Ok(false);
        }
        for table in pending {
            self.surroundings.inform(format!(
                "{}: it is loaded when no transaction is prepared at the target any more",
                table.source
            ));
        }
        Ok(true)
    }

    /// Gives the partitioned tables that the task has made the partitions that they have at the source now.
    async fn repartition(
        &self,
        ends: &Ends,
        schema: &Schema,
        details: &Details,
    ) -> Result<(), Error> {
        let roots: Vec<TableName> = schema
            .tables
            .iter()
            .filter(|table| !table.has_rows() && table.partition.is_none())
            .map(|table| table.name.clone())
            .filter(|name| details.created.contains(name))
            .collect();
        if roots.is_empty() || self.surroundings.task.settings.ddl.altered != DdlPolicy::Apply {
            return Ok(());
        }
        let client = ends.control.client();
        for statement in partitions::plan(schema, client, &roots).await? {
            statement.run(client).await?;
            self.surroundings.inform(statement.description);
        }
        Ok(())
    }

    /// The selected tables as they are now. Publications of our own take up new ones; a table that has got a key since is published with its
    /// updates from now on, and must be loaded anew: those in between were not.
    async fn schema_now(
        &self,
        ends: &Ends,
        record: &mut TaskRecord,
        details: &mut Details,
        records: &mut [TableRecord],
    ) -> Result<Schema, Error> {
        let task = &self.surroundings.task;
        let client = ends.source.client();
        let schema = Schema::read(client, &task.selection, &record.publications).await?;
        if !details.own_publication {
            return Ok(schema);
        }
        let all = units(&schema, Taken::Everything);
        let now = inserts_only(&schema);
        let published = all.iter().all(|unit| unit.table.published.is_some());
        if published && now == details.inserts_only {
            return Ok(schema);
        }
        let ids: Vec<u32> = all.iter().map(|unit| unit.table.id).collect();
        ends.source
            .ensure_publication(&task.own_publication(), &ids)
            .await?;
        for table in records {
            let id = table.shape.as_ref().map_or(0, |shape| shape.id);
            let keyed = details.inserts_only.contains(&id) && !now.contains(&id);
            if keyed && ids.contains(&id) && table.state == TableState::Completed {
                self.surroundings.inform(format!(
                    "{}: it has a key now, and is loaded anew, as its updates and deletes were not published before",
                    table.source
                ));
                table.state = TableState::BeforeLoad;
                ends.control.save_table(table).await?;
            }
        }
        details.inserts_only = now;
        details.write(record);
        ends.control.save_task(record).await?;
        Ok(Schema::read(client, &task.selection, &record.publications).await?)
    }

    /// Divides the tables into parts, for a snapshot that is still held, or for a new one: then what was loaded of them is thrown away.
    async fn divide(
        &mut self,
        ends: &Ends,
        record: &mut TaskRecord,
        details: &mut Details,
        schema: &Schema,
        units: &[Unit<'_>],
        pending: Vec<TableRecord>,
    ) -> Result<Vec<TableLoad>, Error> {
        let task = Arc::clone(&self.surroundings.task);
        if let Some(tables) = self.held.as_ref().and_then(|held| held.tables.clone()) {
            let wanted = |table: &TableLoad| {
                pending
                    .iter()
                    .any(|record| record.source == table.record.source)
            };
            return Ok(tables.into_iter().filter(wanted).collect());
        }
        let mut tables = Vec::new();
        if self.held.is_none() {
            let held = match task.migration {
                MigrationType::FullLoad => {
                    Held::new(ends.source.export_snapshot().await?, Lsn::ZERO)
                }
                MigrationType::Cdc | MigrationType::FullLoadAndCdc => {
                    let name = format!("{}_load", record.slot.chars().take(50).collect::<String>());
                    let held = self.slot(ends, name, SlotKind::Temporary).await?;
                    if details.two_phase {
                        let (checkpoint, _) = ends.control.checkpoint().await?;
                        details.late_snapshots.retain(|late| {
                            late.position
                                .parse()
                                .is_ok_and(|position: Lsn| position > checkpoint.end_lsn)
                        });
                        details.late_snapshots.push(LateSnapshot {
                            position: held.position.to_string(),
                            transactions: ends.source.transactions_of(&held.snapshot).await?,
                        });
                        // It is remembered before a table is that was loaded from it.
                        details.write(record);
                        ends.control.save_task(record).await?;
                    }
                    held
                }
            };
            let ids: Vec<u32> = pending
                .iter()
                .filter_map(|record| Some(record.shape.as_ref()?.id))
                .collect();
            let again = Schema::read_ids(ends.source.client(), &ids).await?;
            let mode = PrepareMode::TruncateBeforeLoad;
            self.create(ends, &again, mode, details, record).await?;
            for mut table in pending {
                ends.control.forget_parts(&table.source).await?;
                table.snapshot_lsn = held.position;
                table.state = TableState::BeforeLoad;
                tables.push(table);
            }
            self.held = Some(held);
        } else {
            tables = pending;
        }
        // The order of the units is that of the load.
        let place = |record: &TableRecord| {
            let id = record.shape.as_ref().map(|shape| shape.id);
            units.iter().position(|unit| Some(unit.table.id) == id)
        };
        tables.sort_by_key(place);
        let presence = create::plan(schema, ends.control.client(), PrepareMode::DoNothing).await?;
        let mut loads = Vec::new();
        for mut table in tables {
            let Some(unit) = place(&table).map(|place| &units[place]) else {
                self.surroundings.inform(format!(
                    "{}: it does not exist any more at the source, and is left out",
                    table.source
                ));
                ends.control.forget_table(&table.source).await?;
                continue;
            };
            table.state = TableState::FullLoad;
            table.shape = Some(unit.table.shape());
            ends.control.save_table(&table).await?;
            let heaps = unit.heaps.iter();
            let targets: Vec<TableName> = heaps
                .map(|heap| presence.load_table(heap).clone())
                .collect();
            let found =
                target_tables(ends.control.client(), &targets, SessionRole::Replica).await?;
            loads.push(TableLoad {
                parts: parts(
                    &table,
                    unit,
                    &targets,
                    &found,
                    task.settings.replication.part_bytes,
                ),
                rows: unit.heaps.iter().filter_map(|heap| heap.rows).sum(),
                bytes: unit.heaps.iter().map(|heap| heap.bytes).sum(),
                record: table,
            });
        }
        if let Some(held) = &mut self.held {
            held.tables = Some(loads.clone());
        }
        Ok(loads)
    }

    async fn run_load(&self, ends: &Ends, tables: Vec<TableLoad>) -> Result<(), Error> {
        let Some(held) = &self.held else {
            return Ok(());
        };
        let settings = &self.surroundings.task.settings;
        let done: HashSet<(TableName, i32)> = ends
            .control
            .parts()
            .await?
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
        self.begin_counting(&tables);
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
            }
        }
        while let Some(ended) = tasks.join_next().await {
            ended.map_err(|error| Error::Internal(error.to_string()))??;
        }
        Ok(())
    }

    fn begin_counting(&self, tables: &[TableLoad]) {
        self.surroundings.status.send_modify(|status| {
            for table in tables {
                let shown = status
                    .tables
                    .entry(table.record.source.clone())
                    .or_insert_with(|| TableStatus::new(TableState::BeforeLoad));
                shown.expected_rows = table.rows;
                shown.expected_bytes = table.bytes;
            }
        });
    }

    async fn table_loaded(&self, ends: &Ends, table: &TableLoad) -> Result<(), Error> {
        let mut record = table.record.clone();
        record.state = TableState::Completed;
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

/// One of those that load parts.
struct LoadWorker {
    surroundings: Surroundings,
    ends: Ends,
    snapshot: String,
    tables: Arc<Vec<TableLoad>>,
    queue: Queue,
    tell: mpsc::Sender<Told>,
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

/// The parts of a table: each of its heaps, divided by pages.
fn parts(
    record: &TableRecord,
    unit: &Unit<'_>,
    targets: &[TableName],
    found: &[TargetTable],
    part_bytes: u64,
) -> Vec<Part> {
    let mut parts = Vec::new();
    for (heap, to) in unit.heaps.iter().zip(targets) {
        let published = unit.published.columns.as_ref();
        let columns: Vec<String> = heap
            .copied_columns()
            .map(|column| column.shape.name.clone())
            .filter(|name| published.is_none_or(|published| published.contains(name)))
            .collect();
        let target = found.iter().find(|table| table.name == *to);
        let format = target.map_or(Format::Text, |target| Format::between(heap, target));
        let divided = divide(heap.pages, part_bytes);
        let alone = divided.len() == 1;
        for pages in divided {
            parts.push(Part {
                table: record.source.clone(),
                number: i32::try_from(parts.len()).unwrap_or(i32::MAX),
                from: heap.name.clone(),
                to: to.clone(),
                columns: columns.clone(),
                pages: (!alone).then_some(Pages {
                    from: pages.from,
                    to: pages.to,
                }),
                filter: unit.published.row_filter.clone(),
                format,
            });
        }
    }
    parts
}
