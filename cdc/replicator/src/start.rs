//! How a task begins: what is made at the source and at the target the first time, and what is checked later.

use std::sync::Arc;

use endpoint::schema::create;
use endpoint::schema::definition::Schema;
use endpoint::source::check::{Needs, StreamNeeds};
use endpoint::source::ddl::DdlTrigger;
use endpoint::source::slot::{SlotKind, SlotOptions, SlotProgress};
use endpoint::target::records::{TableRecord, TaskRecord};
use pgoutput::Lsn;
use replication::checkpoint::{SlotState, TaskPosition, can_resume};
use replication::relation::TableName;
use replication::settings::PrepareMode;
use replication::table_state::TableState;
use serde::{Deserialize, Serialize};

use crate::attempt::{Attempt, Ends};
use crate::error::Error;
use crate::load::Held;
use crate::options::crash_points;
use crate::task::{MigrationType, Start, Task};
use crate::two_phase;
use crate::units::{Taken, Unit, left_out, units};

/// The first phase of a task in the control tables: what is at the source may be half made.
const PREPARING: &str = "preparing";
/// Its tables are known, and may not be loaded.
pub(crate) const LOADING: &str = "loading";
/// All were loaded.
pub(crate) const FOLLOWING: &str = "following";

/// What a task keeps in its record besides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Details {
    /// The target tables that the task has made itself: they get their indexes and constraints after the load.
    #[serde(default)]
    pub(crate) created: Vec<TableName>,
    /// Whether the publication is of our making.
    #[serde(default)]
    pub(crate) own_publication: bool,
    /// The tables, by their OIDs, of which it only has inserts, because they have no key.
    #[serde(default)]
    pub(crate) inserts_only: Vec<u32>,
    /// Whether prepared transactions are told when they are prepared; it stays as it was at the beginning.
    #[serde(default)]
    pub(crate) two_phase: bool,
    /// With prepared transactions: what the snapshots see that tables were loaded from later.
    #[serde(default)]
    pub(crate) late_snapshots: Vec<LateSnapshot>,
}

/// A snapshot of the source that was taken after the slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LateSnapshot {
    /// Its position in the stream.
    pub(crate) position: String,
    /// The transactions that it sees, as `pg_current_snapshot` writes it.
    pub(crate) transactions: String,
}

impl Task {
    /// Whether it follows from a slot that is there already.
    fn uses_slot(&self) -> bool {
        self.migration == MigrationType::Cdc && self.slot.is_some()
    }
}

impl Details {
    pub(crate) fn read(record: &TaskRecord) -> Self {
        let text = record.details.as_deref().unwrap_or("{}");
        // What another version wrote is not needed to go on.
        serde_json::from_str(text).unwrap_or_default()
    }

    pub(crate) fn write(&self, record: &mut TaskRecord) {
        record.details = serde_json::to_string(self).ok();
    }
}

impl Attempt {
    /// Begins the task, or finds it where it was. Afterwards its record, its tables and the beginning of its stream are there.
    pub(crate) async fn enter(&mut self, ends: &Ends) -> Result<TaskRecord, Error> {
        let task = &self.surroundings.task;
        let mut left_over = false;
        if task.start == Start::Reload && !self.reloaded {
            ends.control.reset().await?;
            let prefix = two_phase::prefix(task);
            ends.control.roll_back_prepared(&prefix).await?;
            left_over = true;
        }
        self.reloaded = true;
        match ends.control.task().await? {
            None => self.begin(ends, left_over).await,
            Some(record) if record.phase == PREPARING => self.begin(ends, true).await,
            Some(record) => {
                self.resume(ends, &record).await?;
                Ok(record)
            }
        }
    }

    /// Begins from nothing. What is `left_over` of an earlier beginning at the source is the task's own, and made anew.
    async fn begin(&mut self, ends: &Ends, left_over: bool) -> Result<TaskRecord, Error> {
        let surroundings = self.surroundings.clone();
        let task = &surroundings.task;
        let follows = task.migration != MigrationType::FullLoad;
        // Nothing is made before it is known that all can be.
        let schema =
            Schema::read(ends.source.client(), &task.selection, &task.publications).await?;
        self.all_named(&schema)?;
        self.not_empty(units(&schema, Taken::Everything).is_empty())?;
        if ends.source.is_database_of(ends.control.client()).await? {
            return Err(Error::Refused(format!(
                "source and target are the same database, {} at {}: name another target",
                task.source.database,
                task.source.host_list()
            )));
        }
        self.check(ends, &schema).await?;
        let two_phase = follows && task.settings.replication.two_phase;
        if two_phase {
            two_phase::check(task, ends).await?;
        }
        let mut record = TaskRecord {
            publications: task.publications.clone(),
            migration_type: migration_type(task.migration).to_owned(),
            phase: PREPARING.to_owned(),
            ..TaskRecord::default()
        };
        let mut slot = None;
        if follows {
            record.slot = task.slot_name();
            let state = ends.source.state(&record.slot).await?;
            record.system_identifier = state.system_identifier;
            record.timeline = state.timeline;
            slot = state.slot;
        }
        if slot.is_some() && !task.uses_slot() && !left_over {
            return Err(Error::Refused(format!(
                "the source has a replication slot {slot} already, and the target knows nothing of the task {task}: if it is of no use any more, \
                 drop it (select pg_drop_replication_slot('{slot}')) or start the task with a reload; else name another slot or task",
                slot = record.slot,
                task = task.name,
            )));
        }
        let mut details = match ends.control.task().await? {
            Some(earlier) => Details::read(&earlier),
            None => Details::default(),
        };
        details.two_phase = two_phase;
        details.write(&mut record);
        ends.control.save_task(&record).await?;
        if follows {
            self.publish(ends, &schema, &mut record, &mut details)
                .await?;
        }
        let position = self
            .position(ends, &record, slot.as_ref(), left_over)
            .await?;
        surroundings.crash_point(crash_points::SLOT_CREATED);
        self.set_up_tables(ends, position, &mut record, &mut details)
            .await?;
        surroundings.crash_point(crash_points::TABLES_CREATED);
        Ok(record)
    }

    /// Publishes the tables, if the user has named no publication, and has the source tell of its data definitions.
    async fn publish(
        &self,
        ends: &Ends,
        schema: &Schema,
        record: &mut TaskRecord,
        details: &mut Details,
    ) -> Result<(), Error> {
        let task = &self.surroundings.task;
        if task.publications.is_empty() {
            let tables: Vec<u32> = units(schema, Taken::Everything)
                .iter()
                .map(|unit| unit.table.id)
                .collect();
            let name = task.own_publication();
            record.publications = ends.source.ensure_publication(&name, &tables).await?;
            details.own_publication = true;
            details.inserts_only = inserts_only(schema);
        }
        if task.settings.replication.capture_ddls {
            match ends.source.install_ddl_trigger().await? {
                DdlTrigger::Installed => {}
                DdlTrigger::NotAllowed => self.surroundings.inform(
                    "the source's user may not install event triggers: a table's new definition is seen when its next row comes",
                ),
            }
        }
        Ok(())
    }

    /// Where the stream begins: at a new slot, or at the one that is there. A load holds its snapshot.
    async fn position(
        &mut self,
        ends: &Ends,
        record: &TaskRecord,
        slot: Option<&SlotState>,
        left_over: bool,
    ) -> Result<Lsn, Error> {
        let task = Arc::clone(&self.surroundings.task);
        if task.migration == MigrationType::FullLoad {
            let snapshot = ends.source.export_snapshot().await?;
            self.held = Some(Held::new(snapshot, Lsn::ZERO));
            return Ok(Lsn::ZERO);
        }
        let name = &record.slot;
        if task.uses_slot() {
            let Some(slot) = slot else {
                return Err(Error::Refused(format!(
                    "the source has no replication slot {name}: make it (select pg_create_logical_replication_slot('{name}', 'pgoutput')) at the \
                     moment from which on changes are wanted, or name none to have one made now",
                )));
            };
            if slot.plugin != "pgoutput" {
                return Err(Error::Refused(format!(
                    "the replication slot {name} is one of the plugin {}: name one of the plugin pgoutput, or none to have one made",
                    slot.plugin
                )));
            }
            return Ok(slot.confirmed_flush);
        }
        if left_over {
            ends.source.drop_slot(name).await?;
        }
        let held = self.slot(ends, name.clone(), SlotKind::Permanent).await?;
        let position = held.position();
        if task.migration == MigrationType::FullLoadAndCdc {
            self.held = Some(held);
        }
        Ok(position)
    }

    /// Makes the target's tables, and remembers what is to be loaded, and from where on to follow.
    async fn set_up_tables(
        &self,
        ends: &Ends,
        position: Lsn,
        record: &mut TaskRecord,
        details: &mut Details,
    ) -> Result<(), Error> {
        let task = &self.surroundings.task;
        let client = ends.source.client();
        let mut schema = Schema::read(client, &task.selection, &record.publications).await?;
        let taken = taken(task.migration);
        if taken == Taken::Published {
            let left_out: Vec<u32> = left_out(&schema).iter().map(|table| table.id).collect();
            for table in schema
                .tables
                .extract_if(.., |table| left_out.contains(&table.id))
            {
                self.surroundings.warn(format!(
                    "{}: it is selected, and not replicated: no publication of the task publishes it",
                    table.name
                ));
            }
        }
        let units = units(&schema, taken);
        self.not_empty(units.is_empty())?;
        let (state, phase) = match task.migration {
            MigrationType::Cdc => (TableState::Completed, FOLLOWING),
            MigrationType::FullLoad | MigrationType::FullLoadAndCdc => {
                let mode = task.settings.full_load.prepare;
                self.create(ends, &schema, mode, details, record).await?;
                (TableState::BeforeLoad, LOADING)
            }
        };
        for unit in &units {
            let table = table_record(unit, state, position);
            ends.control.save_table(&table).await?;
        }
        ends.control.set_checkpoint(position).await?;
        phase.clone_into(&mut record.phase);
        details.write(record);
        ends.control.save_task(record).await?;
        Ok(())
    }

    /// Makes a slot, and tells whom it waits for.
    pub(crate) async fn slot(
        &self,
        ends: &Ends,
        name: String,
        kind: SlotKind,
    ) -> Result<Held, Error> {
        let surroundings = self.surroundings.clone();
        let options = SlotOptions {
            name,
            kind,
            two_phase: kind == SlotKind::Permanent
                && surroundings.task.settings.replication.two_phase,
            failover: false,
            lock_timeout: surroundings.task.settings.replication.slot_lock_timeout,
        };
        let told = move |progress: SlotProgress| {
            match progress {
            SlotProgress::WaitsFor { blockers, waited } => {
                if let Some(first) = blockers.first() {
                    surroundings.warn(format!(
                        "the slot waits for {} transactions that are older than it, for {waited:.0?} now; the oldest is that of the process {} \
                         ({} of {}, {}, {:.0?} old)",
                        blockers.len(), first.pid, first.application, first.user, first.state, first.age,
                    ));
                }
            }
            SlotProgress::Waits { waited, standby } => surroundings.inform(match standby {
                true => format!(
                    "the slot waits for the primary to log its running transactions, for {waited:.0?} now (select pg_log_standby_snapshot() there)"
                ),
                false => format!("the slot is being made, for {waited:.0?} now"),
            }),
            SlotProgress::Again => surroundings.inform("the slot waited too long, and is tried again"),
        }
        };
        let created = ends.source.create_slot(&options, &told).await?;
        Ok(Held::new(created.snapshot, created.consistent_point))
    }

    /// Checks that the source can do what the task needs, before anything is made.
    async fn check(&self, ends: &Ends, schema: &Schema) -> Result<(), Error> {
        let task = &self.surroundings.task;
        let reads = task.migration != MigrationType::Cdc;
        let needs = Needs {
            read: match reads {
                true => schema.tables.iter().map(|table| table.id).collect(),
                false => Vec::new(),
            },
            stream: (task.migration != MigrationType::FullLoad).then(|| StreamNeeds {
                new_slots: i64::from(!task.uses_slot()),
                publications: task.publications.clone(),
            }),
        };
        Ok(ends.source.check(&needs).await?)
    }

    /// Makes what the target lacks, or makes it anew. Which tables are the task's own is remembered before they are there.
    pub(crate) async fn create(
        &self,
        ends: &Ends,
        schema: &Schema,
        mode: PrepareMode,
        details: &mut Details,
        record: &mut TaskRecord,
    ) -> Result<(), Error> {
        let creation = create::plan(schema, ends.control.client(), mode).await?;
        for problem in &creation.problems {
            match &problem.table {
                Some(table) => self.surroundings.warn(format!("{table}: {}", problem.text)),
                None => self.surroundings.warn(problem.text.clone()),
            }
        }
        for table in &creation.created {
            if !details.created.contains(table) {
                details.created.push(table.clone());
            }
        }
        details.write(record);
        ends.control.save_task(record).await?;
        creation.run(ends.control.client()).await?;
        Ok(())
    }

    /// Finds out whether the source can go on from where the task is.
    async fn resume(&self, ends: &Ends, record: &TaskRecord) -> Result<(), Error> {
        let task = &self.surroundings.task;
        let kind = migration_type(task.migration);
        if record.migration_type != kind {
            return Err(Error::Refused(format!(
                "the task {} was begun as {}, and can't go on as {kind}: start it as it was begun, give it another name, or start it with a reload",
                task.name, record.migration_type
            )));
        }
        if task.migration == MigrationType::FullLoad {
            return Ok(());
        }
        let two_phase = task.settings.replication.two_phase;
        if Details::read(record).two_phase != two_phase {
            let (was, is) = if two_phase {
                ("without", "with")
            } else {
                ("with", "without")
            };
            return Err(Error::Refused(format!(
                "the task {} was begun {was} Replication.TwoPhase, and can't go on {is} it: start it as it was begun, or start it with a reload",
                task.name
            )));
        }
        if two_phase {
            two_phase::check(task, ends).await?;
        }
        let state = ends.source.state(&record.slot).await?;
        let (checkpoint, acknowledged) = ends.control.checkpoint().await?;
        let position = TaskPosition {
            system_identifier: record.system_identifier.clone(),
            timeline: record.timeline,
            checkpoint,
            acknowledged,
        };
        if let Err(reason) = can_resume(&position, &state, &record.slot) {
            let mut record = record.clone();
            record.error = Some(reason.to_string());
            ends.control.save_task(&record).await?;
            return Err(Error::ResyncRequired {
                task: task.name.clone(),
                reason,
            });
        }
        if state.timeline != record.timeline || record.error.is_some() {
            let mut record = record.clone();
            record.timeline = state.timeline;
            record.error = None;
            ends.control.save_task(&record).await?;
        }
        Ok(())
    }

    /// A table that is named without a wildcard must be there.
    fn all_named(&self, schema: &Schema) -> Result<(), Error> {
        let there: Vec<_> = schema
            .tables
            .iter()
            .map(|table| table.name.clone())
            .collect();
        let missing = self.surroundings.task.selection.missing(&there);
        if missing.is_empty() || !self.surroundings.task.settings.errors.fail_on_no_tables {
            return Ok(());
        }
        let names: Vec<_> = missing.iter().map(ToString::to_string).collect();
        Err(Error::Refused(format!(
            "the source has no table {}, which the selection names: look at its spelling, which is case-sensitive \
             (or set ErrorBehavior.FailOnNoTablesCaptured to false)",
            names.join(", ")
        )))
    }

    fn not_empty(&self, empty: bool) -> Result<(), Error> {
        if empty && self.surroundings.task.settings.errors.fail_on_no_tables {
            return Err(Error::Refused(
                "the selection matches no table of the source: look at the schema-name and table-name of its rules, which are case-sensitive \
                 (or set ErrorBehavior.FailOnNoTablesCaptured to false)"
                    .to_owned(),
            ));
        }
        Ok(())
    }
}

/// The tables whose updates and deletes can't be published.
pub(crate) fn inserts_only(schema: &Schema) -> Vec<u32> {
    units(schema, Taken::Everything)
        .iter()
        .filter(|unit| unit.is_inserts_only())
        .map(|unit| unit.table.id)
        .collect()
}

/// Which of the selected tables are the task's.
pub(crate) fn taken(migration: MigrationType) -> Taken {
    match migration {
        MigrationType::FullLoad => Taken::Everything,
        MigrationType::Cdc | MigrationType::FullLoadAndCdc => Taken::Published,
    }
}

/// What is remembered of a table.
pub(crate) fn table_record(unit: &Unit<'_>, state: TableState, snapshot_lsn: Lsn) -> TableRecord {
    TableRecord {
        source: unit.table.name.clone(),
        target: unit.table.name.clone(),
        state,
        snapshot_lsn,
        shape: Some(unit.table.shape()),
        statistics: None,
        error: None,
    }
}

/// As DMS writes it.
fn migration_type(migration: MigrationType) -> &'static str {
    match migration {
        MigrationType::FullLoad => "full-load",
        MigrationType::Cdc => "cdc",
        MigrationType::FullLoadAndCdc => "full-load-and-cdc",
    }
}
