//! Net changes of a table: many rows in array parameters, inserts by COPY, few rows one by one.
//!
//! Measured (PostgreSQL 15, a table of five million rows, microseconds of the target's CPU for each row): one-row statements 11 to 13;
//! array parameters in the order of the key 6; the same in random order 11; a temporary table filled by COPY and joined 6, and it makes
//! catalogue churn, can't be prepared (two-phase commit) and needs 300 microseconds each time; delete and COPY 10.

use std::sync::Arc;

use pgoutput::Value;
use replication::binding::Key;
use replication::net::{KeyOf, Net, Row, UpdateGroup};
use replication::piece::Piece;

use crate::target::applier::Applier;
use crate::target::encode::{
    Array, BINARY_HEADER, BINARY_TRAILER, OtherForm, binary_row, text_row,
};
use crate::target::error::ApplyError;
use crate::target::image::{Forms, Images, neighbourhood};
use crate::target::route::{Form, Route};
use crate::target::statement::{self, Arrays, Find, Sent};

/// From how many rows on arrays pay.
const ARRAYS: usize = 6;
/// From how many rows on COPY pays.
const COPY: usize = 16;
/// From how many rows on the order pays.
const SORT: usize = 64;
/// How large the arrays of one statement grow, in rows and bytes.
const ARRAY_ROWS: usize = 16_384;
const ARRAY_BYTES: usize = 1 << 20;
/// How large one COPY grows.
const COPY_BYTES: usize = 4 << 20;

impl Applier {
    /// First all deletes, then all updates, then all inserts.
    pub(crate) async fn net(
        &mut self,
        route: &Arc<Route>,
        piece: &Piece,
        net: &Net,
    ) -> Result<(), ApplyError> {
        if !net.deletes.is_empty() {
            self.delete_rows(route, piece, &net.deletes).await?;
        }
        for group in &net.updates {
            self.update_rows(route, piece, group).await?;
        }
        if !net.inserts.is_empty() {
            self.insert_rows(route, piece, &net.inserts).await?;
        }
        Ok(())
    }

    async fn delete_rows(
        &mut self,
        route: &Arc<Route>,
        piece: &Piece,
        keys: &[KeyOf],
    ) -> Result<(), ApplyError> {
        let mut images = Images::new(piece);
        let key = keyed(route)?;
        let sorted = sorted(keys, |of| neighbourhood(pick(images.key(**of), key)));
        let keys = sorted.as_deref().unwrap_or(keys);
        if keys.len() >= ARRAYS {
            let mut forms = Forms::new(key.len());
            let _ = keys.iter().any(|of| forms.see(pick(images.key(*of), key)));
            let sent: Vec<Sent> = key.iter().copied().zip(forms.of).collect();
            if let Some(arrays) = statement::delete_many(route, &sent, &self.array_types) {
                let mut filler = Filler::new(&sent);
                for of in keys {
                    filler.push(route, pick(images.key(*of), key))?;
                    if filler.is_full() {
                        self.execute_arrays(route, &arrays, &mut filler, Some(()))
                            .await?;
                    }
                }
                return self
                    .execute_arrays(route, &arrays, &mut filler, Some(()))
                    .await;
            }
        }
        for of in keys {
            self.delete_row(route, images.key(*of), Find::Key)?;
            self.flush_if_large().await?;
        }
        Ok(())
    }

    async fn update_rows(
        &mut self,
        route: &Arc<Route>,
        piece: &Piece,
        group: &UpdateGroup,
    ) -> Result<(), ApplyError> {
        let mut images = Images::new(piece);
        let key = keyed(route)?;
        let set: Vec<u32> = group
            .columns
            .iter()
            .copied()
            .filter(|&column| !route.column(column).is_nothing() && !route.pinned.contains(&column))
            .collect();
        if set.is_empty() {
            return Ok(());
        }
        let sorted = sorted(&group.rows, |(of, _)| {
            neighbourhood(pick(images.key(*of), key))
        });
        let rows = sorted.as_deref().unwrap_or(&group.rows);
        if rows.len() >= ARRAYS {
            let pinned = &route.pinned;
            let columns = || set.iter().chain(key).chain(pinned).copied();
            let mut forms = Forms::new(columns().count());
            let _ = rows.iter().any(|(of, row)| {
                let (old, new) = images.both(*of, row);
                forms.see(
                    pick(new, &set)
                        .chain(pick(old, key))
                        .chain(pick(new, pinned)),
                )
            });
            let sent: Vec<Sent> = columns().zip(forms.of).collect();
            let (sent_set, sent_key) = sent.split_at(set.len());
            let arrays = statement::update_many(route, sent_set, sent_key, &self.array_types);
            if let Some(arrays) = arrays {
                let mut filler = Filler::new(&sent);
                for (of, row) in rows {
                    let (old, new) = images.both(*of, row);
                    let values = pick(new, &set).chain(pick(old, key));
                    filler.push(route, values.chain(pick(new, pinned)))?;
                    if filler.is_full() {
                        self.execute_arrays(route, &arrays, &mut filler, Some(()))
                            .await?;
                    }
                }
                return self
                    .execute_arrays(route, &arrays, &mut filler, Some(()))
                    .await;
            }
        }
        for (of, row) in rows {
            let (old, new) = images.both(*of, row);
            self.update_row(route, &set, new, old, Find::Key)?;
            self.flush_if_large().await?;
        }
        Ok(())
    }

    pub(crate) async fn insert_rows(
        &mut self,
        route: &Arc<Route>,
        piece: &Piece,
        rows: &[Row],
    ) -> Result<(), ApplyError> {
        let mut images = Images::new(piece);
        let columns = &route.written;
        let sorted = match route.binding.key {
            Key::Unique(_) => sorted(rows, |row| neighbourhood(pick(images.row(row), &route.key))),
            Key::Row(_) | Key::None => None,
        };
        let rows = sorted.as_deref().unwrap_or(rows);
        if rows.len() >= ARRAYS && !columns.is_empty() {
            let mut forms = Forms::new(columns.len());
            let _ = rows
                .iter()
                .any(|row| forms.see(pick(images.row(row), columns)));
            let sent: Vec<Sent> = columns.iter().copied().zip(forms.of).collect();
            if rows.len() >= COPY
                && let Some(format) = Format::of(route, &sent)
            {
                return self.copy_rows(route, &mut images, rows, format).await;
            }
            if let Some(arrays) = statement::insert_many(route, &sent, &self.array_types) {
                let mut filler = Filler::new(&sent);
                for row in rows {
                    filler.push(route, pick(images.row(row), columns))?;
                    if filler.is_full() {
                        self.execute_arrays(route, &arrays, &mut filler, None)
                            .await?;
                    }
                }
                return self.execute_arrays(route, &arrays, &mut filler, None).await;
            }
        }
        for row in rows {
            self.insert_row(route, images.row(row))?;
            self.flush_if_large().await?;
        }
        Ok(())
    }

    async fn copy_rows(
        &mut self,
        route: &Arc<Route>,
        images: &mut Images<'_>,
        rows: &[Row],
        format: Format,
    ) -> Result<(), ApplyError> {
        let columns = &route.written;
        let names = route.names(columns);
        let sql = match format {
            Format::Binary => format!("copy {} ({names}) from stdin (format binary)", route.table),
            Format::Text => format!("copy {} ({names}) from stdin", route.table),
        };
        let mut rest = rows.iter().peekable();
        while rest.peek().is_some() {
            let mut outcome = Ok(());
            self.expect(route, None);
            self.batch.copy(&mut self.session, &sql, |payload| {
                let mut bytes = 0;
                if format == Format::Binary {
                    payload.buffer().extend_from_slice(BINARY_HEADER);
                }
                for row in rest.by_ref() {
                    let values = pick(images.row(row), columns);
                    let output = payload.buffer();
                    let before = output.len();
                    outcome = match format {
                        Format::Binary => binary_row(output, columns.len(), values),
                        Format::Text => text_row(output, values),
                    };
                    bytes += output.len() - before;
                    if outcome.is_err() || bytes > COPY_BYTES {
                        break;
                    }
                }
                if format == Format::Binary {
                    payload.buffer().extend_from_slice(BINARY_TRAILER);
                }
            });
            outcome.map_err(|OtherForm| mixed(route))?;
            self.flush_if_large().await?;
        }
        Ok(())
    }

    /// Executes a statement with the arrays that have gathered. `exactly` asks for as many rows to be changed.
    async fn execute_arrays(
        &mut self,
        route: &Arc<Route>,
        arrays: &Arrays,
        filler: &mut Filler<'_>,
        exactly: Option<()>,
    ) -> Result<(), ApplyError> {
        if filler.rows == 0 {
            return Ok(());
        }
        self.expect(route, exactly.map(|()| filler.rows as u64));
        let sql = &arrays.sql;
        let statement = self
            .batch
            .statement(&mut self.session, &sql.text, &sql.types);
        self.batch.execute(statement, |parameters| {
            for (array, form) in filler.arrays.iter_mut().zip(&arrays.elements) {
                parameters.write_binary(|output| array.write(output, form.element_id));
            }
        });
        filler.rows = 0;
        filler.bytes = 0;
        self.flush_if_large().await
    }
}

/// In which format rows can be copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Binary,
    Text,
}

impl Format {
    /// None when the columns come in different forms, or in binary ones that are not the target's.
    fn of(route: &Route, columns: &[Sent]) -> Option<Self> {
        let all = |form| {
            columns
                .iter()
                .all(|sent| sent.1 == form || sent.1 == Form::Null)
        };
        let same = columns
            .iter()
            .all(|sent| route.column(sent.0).differs.is_none());
        if all(Form::Binary) && same {
            Some(Self::Binary)
        } else {
            all(Form::Text).then_some(Self::Text)
        }
    }
}

/// Gathers rows in arrays, one for each column.
struct Filler<'a> {
    sent: &'a [Sent],
    arrays: Vec<Array>,
    rows: usize,
    bytes: usize,
}

impl<'a> Filler<'a> {
    fn new(sent: &'a [Sent]) -> Self {
        Self {
            sent,
            arrays: sent.iter().map(|_| Array::default()).collect(),
            rows: 0,
            bytes: 0,
        }
    }

    fn push<'v>(
        &mut self,
        route: &Route,
        values: impl Iterator<Item = Value<'v>>,
    ) -> Result<(), ApplyError> {
        for ((array, value), sent) in self.arrays.iter_mut().zip(values).zip(self.sent) {
            let before = array.bytes();
            array
                .push(value, sent.1)
                .map_err(|OtherForm| mixed(route))?;
            self.bytes += array.bytes() - before;
        }
        self.rows += 1;
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.rows >= ARRAY_ROWS || self.bytes >= ARRAY_BYTES
    }
}

/// The values of some columns.
pub(crate) fn pick<'a, 'v>(
    values: &'a [Value<'v>],
    columns: &'a [u32],
) -> impl Iterator<Item = Value<'v>> + use<'a, 'v> {
    columns.iter().map(|&column| {
        values
            .get(column as usize)
            .copied()
            .unwrap_or(Value::Unchanged)
    })
}

/// The key by which rows are found; an error for a table without one.
pub(crate) fn keyed(route: &Route) -> Result<&[u32], ApplyError> {
    if route.key.is_empty() {
        return Err(ApplyError::Incomplete {
            table: route.binding.table.name.clone(),
            what: "the source does not tell which row was changed (it has no replica identity)"
                .to_owned(),
        });
    }
    Ok(&route.key)
}

/// Rows in the order of their keys, so that neighbours in the index and in the table come together; none if it does not pay.
fn sorted<T: Clone>(rows: &[T], mut key: impl FnMut(&&T) -> u64) -> Option<Vec<T>> {
    if rows.len() < SORT {
        return None;
    }
    let mut order: Vec<(u64, usize)> = rows
        .iter()
        .enumerate()
        .map(|(index, row)| (key(&row), index))
        .collect();
    order.sort_unstable();
    Some(
        order
            .iter()
            .map(|&(_, index)| rows[index].clone())
            .collect(),
    )
}

fn mixed(route: &Route) -> ApplyError {
    ApplyError::Incomplete {
        table: route.binding.table.name.clone(),
        what: "the values of a column came in different forms, or are missing".to_owned(),
    }
}
