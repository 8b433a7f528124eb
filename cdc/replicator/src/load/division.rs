//! How the tables of a load are divided into parts, and which snapshot they are read from.

use std::sync::Arc;

use endpoint::schema::create;
use endpoint::schema::definition::Schema;
use endpoint::schema::target_table::{SessionRole, target_tables};
use endpoint::source::slot::SlotKind;
use endpoint::target::loader::{Format, Pages, Part};
use endpoint::target::records::{TableRecord, TaskRecord};
use pgoutput::Lsn;
use replication::relation::TableName;
use replication::settings::PrepareMode;
use replication::table::TargetTable;
use replication::table_state::TableState;

use super::Held;
use crate::attempt::{Attempt, Ends};
use crate::error::Error;
use crate::parts::divide;
use crate::start::{Details, LateSnapshot};
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
    /// Divides the tables into parts, for a snapshot that is still held, or for a new one: then what was loaded of them is thrown away.
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
