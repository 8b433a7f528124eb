//! Changes of one row each, in prepared statements, and work that must be done in order.

use std::sync::Arc;

use pgoutput::Value;
use replication::net::Row;
use replication::piece::{ChangeKind, Piece};
use wire::batch::Parameters;

use crate::target::applier::Applier;
use crate::target::error::ApplyError;
use crate::target::image::values;
use crate::target::many::keyed;
use crate::target::route::{Form, Route};
use crate::target::statement::{self, Find, Sent};

impl Applier {
    /// One change after the other.
    pub(crate) async fn ordered(
        &mut self,
        route: &Arc<Route>,
        piece: &Piece,
        changes: &[u32],
    ) -> Result<(), ApplyError> {
        let mut rest = changes;
        while let Some(&first) = rest.first() {
            let inserts = rest
                .iter()
                .take_while(|&&change| piece.changes[change as usize].kind == ChangeKind::Insert)
                .count();
            if inserts > 0 {
                let rows: Vec<Row> = rest[..inserts]
                    .iter()
                    .map(|&change| Row {
                        change,
                        elsewhere: None,
                    })
                    .collect();
                self.insert_rows(route, piece, &rows).await?;
                rest = &rest[inserts..];
            } else {
                self.change(route, piece, first)?;
                self.flush_if_large().await?;
                rest = &rest[1..];
            }
        }
        Ok(())
    }

    /// One change of one row.
    pub(crate) fn change(
        &mut self,
        route: &Arc<Route>,
        piece: &Piece,
        index: u32,
    ) -> Result<(), ApplyError> {
        let change = &piece.changes[index as usize];
        let old = values(piece.old(change));
        let new = values(piece.new(change));
        match change.kind {
            ChangeKind::Insert => self.insert_row(route, &new),
            ChangeKind::Update | ChangeKind::UpdateKey | ChangeKind::UpdateFull => {
                if replaces(route, change.kind, &old, &new) {
                    complete(route, &route.written, &new)?;
                    self.delete_row(route, &old, find(route))?;
                    return self.insert_row(route, &new);
                }
                let set = changed(route, change.kind, &old, &new);
                if set.is_empty() {
                    return Ok(());
                }
                let before = if change.kind == ChangeKind::Update {
                    &new
                } else {
                    &old
                };
                self.update_row(route, &set, &new, before, find(route))
            }
            ChangeKind::DeleteKey | ChangeKind::DeleteFull => {
                self.delete_row(route, &old, find(route))
            }
            ChangeKind::Barrier => Ok(()),
        }
    }

    pub(crate) fn insert_row(
        &mut self,
        route: &Arc<Route>,
        values: &[Value<'_>],
    ) -> Result<(), ApplyError> {
        let columns = &route.written;
        complete(route, columns, values)?;
        let descriptor = descriptor(b'i', route, columns, &[], values, &[]);
        let statement = self.statement(route, &descriptor, || {
            statement::insert(route, &sent(columns, values))
        });
        self.expect(route, None);
        self.batch.execute(statement, |parameters| {
            for &column in columns {
                give(parameters, value(values, column));
            }
        });
        Ok(())
    }

    pub(crate) fn update_row(
        &mut self,
        route: &Arc<Route>,
        set: &[u32],
        new: &[Value<'_>],
        old: &[Value<'_>],
        find: Find,
    ) -> Result<(), ApplyError> {
        let key = keyed(route)?;
        let pinned = &route.pinned;
        complete(route, set, new)?;
        complete(route, key, old)?;
        let descriptor = descriptor(operation(b'u', find), route, set, key, new, old);
        let statement = self.statement(route, &descriptor, || {
            let mut by = sent(key, old);
            by.extend(sent(pinned, new));
            statement::update(route, &sent(set, new), &by, find)
        });
        self.expect(route, Some(1));
        self.batch.execute(statement, |parameters| {
            for &column in set {
                give(parameters, value(new, column));
            }
            give_key(parameters, key, old, find);
            give_key(parameters, pinned, new, find);
        });
        Ok(())
    }

    pub(crate) fn delete_row(
        &mut self,
        route: &Arc<Route>,
        old: &[Value<'_>],
        find: Find,
    ) -> Result<(), ApplyError> {
        let key = keyed(route)?;
        complete(route, key, old)?;
        let descriptor = descriptor(operation(b'd', find), route, &[], key, &[], old);
        let statement = self.statement(route, &descriptor, || {
            statement::delete(route, &sent(key, old), find)
        });
        self.expect(route, Some(1));
        self.batch
            .execute(statement, |parameters| give_key(parameters, key, old, find));
        Ok(())
    }
}

/// The columns that an update sets: those that were sent, but for the key where it stays, and for what a whole old row shows to be the same.
pub(crate) fn changed(
    route: &Route,
    kind: ChangeKind,
    old: &[Value<'_>],
    new: &[Value<'_>],
) -> Vec<u32> {
    let is_set = |&column: &u32| match (kind, value(new, column)) {
        (_, Value::Unchanged) => false,
        _ if route.always.contains(&column) => false,
        (ChangeKind::Update, _) => !route.key.contains(&column),
        (ChangeKind::UpdateFull, new) => value(old, column) != new,
        _ => true,
    };
    route.written.iter().copied().filter(is_set).collect()
}

/// Whether an update changes a column that updates may not write, so that the row must be deleted and inserted.
pub(crate) fn replaces(
    route: &Route,
    kind: ChangeKind,
    old: &[Value<'_>],
    new: &[Value<'_>],
) -> bool {
    let known = |column: &u32| match kind {
        ChangeKind::UpdateKey => route.key.contains(column),
        ChangeKind::UpdateFull => true,
        _ => false,
    };
    route
        .always
        .iter()
        .any(|column| known(column) && value(old, *column) != value(new, *column))
}

/// How a row of this table is found.
pub(crate) fn find(route: &Route) -> Find {
    match route.binding.key {
        replication::binding::Key::Unique(_) => Find::Key,
        replication::binding::Key::Row(_) | replication::binding::Key::None => Find::AnyOne,
    }
}

pub(crate) fn value<'v>(values: &[Value<'v>], column: u32) -> Value<'v> {
    values
        .get(column as usize)
        .copied()
        .unwrap_or(Value::Unchanged)
}

/// Whether a value was sent.
pub(crate) fn is_sent(values: &[Value<'_>], column: u32) -> bool {
    value(values, column) != Value::Unchanged
}

fn sent(columns: &[u32], values: &[Value<'_>]) -> Vec<Sent> {
    columns
        .iter()
        .map(|&column| (column, Form::of(value(values, column))))
        .collect()
}

fn operation(kind: u8, find: Find) -> u8 {
    match find {
        Find::Key => kind,
        Find::AnyOne => kind.to_ascii_uppercase(),
    }
}

/// What tells statements of a table apart: the operation, the columns that are set, and which values are null or come in a type that is not the
/// target's.
fn descriptor(
    operation: u8,
    route: &Route,
    set: &[u32],
    key: &[u32],
    new: &[Value<'_>],
    old: &[Value<'_>],
) -> Vec<u8> {
    let mut descriptor = Vec::with_capacity(1 + 3 * set.len() + key.len());
    descriptor.push(operation);
    for &column in set {
        descriptor.extend_from_slice(&column.to_be_bytes()[2..]);
        descriptor.push(of_type(route, column, value(new, column)));
    }
    for &column in key {
        let null = match value(old, column) {
            Value::Null => 2,
            Value::Unchanged | Value::Text(_) | Value::Binary(_) => 0,
        };
        descriptor.push(null | of_type(route, column, value(old, column)));
    }
    descriptor
}

fn of_type(route: &Route, column: u32, value: Value<'_>) -> u8 {
    u8::from(route.column(column).parameter_type(Form::of(value)) != 0)
}

pub(crate) fn give(parameters: &mut Parameters<'_>, value: Value<'_>) {
    match value {
        Value::Null | Value::Unchanged => parameters.null(),
        Value::Text(bytes) => parameters.text(bytes),
        Value::Binary(bytes) => parameters.binary(bytes),
    }
}

fn give_key(parameters: &mut Parameters<'_>, key: &[u32], old: &[Value<'_>], find: Find) {
    for &column in key {
        match (value(old, column), find) {
            // The statement says `is null`.
            (Value::Null, Find::AnyOne) => {}
            (value, _) => give(parameters, value),
        }
    }
}

/// Every value must be there.
pub(crate) fn complete(
    route: &Route,
    columns: &[u32],
    values: &[Value<'_>],
) -> Result<(), ApplyError> {
    let missing = columns.iter().find(|&&column| !is_sent(values, column));
    match missing {
        None => Ok(()),
        Some(&column) => Err(ApplyError::Incomplete {
            table: route.binding.table.name.clone(),
            what: format!(
                "the source did not send the value of the column {}",
                route.binding.relation.columns[column as usize].name
            ),
        }),
    }
}
