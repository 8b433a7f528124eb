//! How the tables of a load are divided into parts, and which snapshot they are read from.

use std::sync::Arc;

use endpoint::schema::definition::Schema;
use endpoint::schema::target_table::{SessionRole, target_tables};
use endpoint::schema::{change, create};
use endpoint::source::slot::SlotKind;
use endpoint::target::loader::{Format, Pages, Part, is_same_type};
use endpoint::target::records::{TableRecord, TaskRecord};
use pgoutput::Lsn;
use replication::relation::TableName;
use replication::schema_change::SchemaChange;
use replication::settings::{DdlPolicy, PrepareMode};
use replication::shape::{ShapeColumn, TableShape};
use replication::table::TargetTable;
use replication::table_state::TableState;

use super::{Before, Held};
use crate::attempt::{Attempt, Ends};
use crate::definition::describe;
use crate::error::Error;
use crate::parts::divide;
use crate::start::{Details, FOLLOWING, LateSnapshot};
use crate::task::MigrationType;
use crate::units::Unit;

/// A table to load.
#[derive(Clone, Debug)]
pub(super) struct TableLoad {
    pub(super) record: TableRecord,
    pub(super) parts: Vec<Part>,
    pub(super) rows: u64,
    pub(super) bytes: u64,
}

impl Attempt {
    /// Takes a snapshot for tables whose load begins anew.
    pub(super) async fn hold(
        &mut self,
        ends: &Ends,
        record: &mut TaskRecord,
        details: &mut Details,
    ) -> Result<(), Error> {
        let mut held = match self.surroundings.task.migration {
            MigrationType::FullLoad => Held::new(ends.source.export_snapshot().await?, Lsn::ZERO),
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
        held.before = Before::PartlyLoaded;
        self.held = Some(held);
        Ok(())
    }

    /// Divides the tables into parts, for the snapshot that is held; what an earlier one has left of them is thrown away.
    pub(super) async fn divide(
        &mut self,
        ends: &Ends,
        record: &mut TaskRecord,
        details: &mut Details,
        schema: &Schema,
        units: &[Unit<'_>],
        pending: Vec<TableRecord>,
    ) -> Result<Vec<TableLoad>, Error> {
        let task = Arc::clone(&self.surroundings.task);
        let Some(held) = &self.held else {
            return Ok(Vec::new());
        };
        if let Some(tables) = held.tables.clone() {
            let wanted = |table: &TableLoad| {
                pending
                    .iter()
                    .any(|record| record.source == table.record.source)
            };
            return Ok(tables.into_iter().filter(wanted).collect());
        }
        let mut tables = pending;
        if held.before == Before::PartlyLoaded {
            let position = held.position;
            let changed = self.changed(ends, schema, details, &tables).await?;
            // At first nothing stands on the tables that the task has made; later something may, and they are altered.
            let (anew, altered) = match record.phase == FOLLOWING {
                true => (Vec::new(), changed),
                false => (changed, Vec::new()),
            };
            let is_anew =
                |table: &TableRecord| anew.iter().any(|(other, _)| other.source == table.source);
            let mode = PrepareMode::DropAndCreate;
            let some = part_of(schema, tables.iter().filter(|table| is_anew(table)));
            self.create(ends, &some, mode, details, record).await?;
            let mode = PrepareMode::TruncateBeforeLoad;
            let others = part_of(schema, tables.iter().filter(|table| !is_anew(table)));
            self.create(ends, &others, mode, details, record).await?;
            self.alter(ends, altered).await?;
            for table in &mut tables {
                ends.control.forget_parts(&table.source).await?;
                table.snapshot_lsn = position;
                table.state = TableState::BeforeLoad;
            }
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
}

/// A table, and what makes its columns at the target those that it has at the source now.
type Changed = (TableRecord, Vec<SchemaChange>);

impl Attempt {
    /// Those of the tables that the task has made before their definitions were changed at the source.
    async fn changed(
        &self,
        ends: &Ends,
        schema: &Schema,
        details: &Details,
        tables: &[TableRecord],
    ) -> Result<Vec<Changed>, Error> {
        if self.surroundings.task.settings.ddl.altered != DdlPolicy::Apply {
            return Ok(Vec::new());
        }
        let made = |record: &&TableRecord| details.created.contains(&record.target);
        let made: Vec<&TableRecord> = tables.iter().filter(made).collect();
        let names: Vec<TableName> = made.iter().map(|record| record.target.clone()).collect();
        let found = target_tables(ends.control.client(), &names, SessionRole::Replica).await?;
        let changes = made.into_iter().filter_map(|record| {
            let id = record.shape.as_ref()?.id;
            let source = schema.tables.iter().find(|table| table.id == id)?;
            let target = found.iter().find(|table| table.name == record.target)?;
            Some((record.clone(), aligning(&source.shape(), target)))
        });
        Ok(changes.filter(|(_, changes)| !changes.is_empty()).collect())
    }

    async fn alter(&self, ends: &Ends, tables: Vec<Changed>) -> Result<(), Error> {
        for (record, changes) in tables {
            for change in changes {
                for statement in change::statements(&record.target, &change) {
                    let done = ends.control.client().batch_execute(&statement).await;
                    done.map_err(endpoint::Error::sql(format!(
                        "change the table {} of the target",
                        record.target
                    )))?;
                }
                self.surroundings
                    .inform(format!("{}: {}", record.source, describe(&change)));
            }
        }
        Ok(())
    }
}

/// These tables alone, with their partitions.
fn part_of<'a>(schema: &Schema, records: impl Iterator<Item = &'a TableRecord>) -> Schema {
    let records: Vec<&TableRecord> = records.collect();
    let mut part = schema.clone();
    part.tables.retain(|table| {
        let root = table.partition.as_ref().map(|partition| &partition.root);
        records.iter().any(|record| {
            let id = record.shape.as_ref().map(|shape| shape.id);
            id == Some(table.id) || root == Some(&record.source)
        })
    });
    part
}

/// What makes an empty table's columns those of the source. A column of another type is made anew.
fn aligning(source: &TableShape, target: &TargetTable) -> Vec<SchemaChange> {
    let there = |column: &ShapeColumn| {
        let mut columns = target.columns.iter();
        columns.find(|there| there.name == column.name)
    };
    let differs = |column: &ShapeColumn| {
        there(column).is_some_and(|there| !is_same_type(there, &column.type_name, column.type_id))
    };
    let stays = |name: &str| {
        let mut columns = source.columns.iter();
        columns.any(|column| column.name == name && !differs(column))
    };
    let dropped = target.columns.iter().filter(|column| !stays(&column.name));
    let added = source.columns.iter();
    let added = added.filter(|column| there(column).is_none() || differs(column));
    dropped
        .map(|column| SchemaChange::DropColumn {
            name: column.name.clone(),
        })
        .chain(added.cloned().map(SchemaChange::AddColumn))
        .collect()
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
