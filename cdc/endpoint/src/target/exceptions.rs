//! The exceptions table: changes that could not be applied, as statements that a person can read and run.

use std::sync::Arc;

use pgoutput::Value;
use replication::piece::{ChangeKind, Piece};
use replication::relation::TableName;

use crate::schema::quote::{identifier, literal};
use crate::target::applier::Applier;
use crate::target::error::ApplyError;
use crate::target::image::values;
use crate::target::route::{Form, Route};
use crate::target::single::{changed, give, is_sent, value};
use crate::target::sql::{joined, list};

/// How much of a value is shown.
const SHOWN: usize = 16 * 1024;

impl Applier {
    /// Writes a change that could not be applied to the exceptions table, in the transaction.
    pub(crate) async fn write_exception(
        &mut self,
        table: &TableName,
        statement: &str,
        reason: &str,
    ) -> Result<(), ApplyError> {
        let sql = format!(
            "insert into {schema}.awsdms_apply_exceptions \
             values (left({task}, 128), left({owner}, 128), left({table}, 128), clock_timestamp() at time zone 'UTC', {statement}, {reason})",
            schema = identifier(&self.lease.schema),
            task = literal(&self.lease.task),
            owner = literal(&table.schema),
            table = literal(&table.table),
            statement = literal(&plain(statement)),
            reason = literal(&plain(reason)),
        );
        self.simple(&sql).await
    }

    /// A change as a statement with its values.
    pub(crate) async fn readable(
        &mut self,
        route: &Arc<Route>,
        piece: &Piece,
        index: u32,
    ) -> Result<String, ApplyError> {
        let change = &piece.changes[index as usize];
        let old = values(piece.old(change));
        let new = values(piece.new(change));
        let table = &route.table;
        let key_of = if old.is_empty() { &new } else { &old };
        Ok(match change.kind {
            ChangeKind::Insert => {
                let columns = &route.written;
                let texts = self.readable_values(route, columns, &new).await?;
                if columns.is_empty() {
                    format!("insert into {table} default values")
                } else {
                    format!(
                        "insert into {table} ({}) values ({})",
                        route.names(columns),
                        list(texts)
                    )
                }
            }
            ChangeKind::Update | ChangeKind::UpdateKey | ChangeKind::UpdateFull => {
                let set = changed(route, change.kind, &old, &new);
                let texts = self.readable_values(route, &set, &new).await?;
                let assignments = set
                    .iter()
                    .zip(texts)
                    .map(|(&column, value)| format!("{} = {value}", route.column(column).name));
                let condition = self.readable_condition(route, key_of).await?;
                format!("update {table} set {}{condition}", list(assignments))
            }
            ChangeKind::DeleteKey | ChangeKind::DeleteFull => {
                let condition = self.readable_condition(route, key_of).await?;
                format!("delete from {table}{condition}")
            }
            ChangeKind::Barrier => String::new(),
        })
    }

    async fn readable_condition(
        &mut self,
        route: &Arc<Route>,
        key: &[Value<'_>],
    ) -> Result<String, ApplyError> {
        let columns: Vec<u32> = route
            .key
            .iter()
            .copied()
            .filter(|&column| is_sent(key, column))
            .collect();
        if columns.is_empty() {
            return Ok(String::new());
        }
        let texts = self.readable_values(route, &columns, key).await?;
        let conditions = columns.iter().zip(texts).map(|(&column, text)| {
            let name = &route.column(column).name;
            match value(key, column) {
                Value::Null => format!("{name} is null"),
                Value::Unchanged | Value::Text(_) | Value::Binary(_) => format!("{name} = {text}"),
            }
        });
        Ok(format!(" where {}", joined(conditions, " and ")))
    }

    /// Values as literals. The target says how binary ones look as text.
    async fn readable_values(
        &mut self,
        route: &Arc<Route>,
        columns: &[u32],
        values: &[Value<'_>],
    ) -> Result<Vec<String>, ApplyError> {
        let mut readable = Vec::with_capacity(columns.len());
        for &column in columns {
            let text = match value(values, column) {
                Value::Null => None,
                Value::Unchanged => Some("(not sent)".to_owned()),
                Value::Text(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
                binary @ Value::Binary(bytes) => match self.as_text(route, column, binary).await? {
                    Some(text) => Some(text),
                    None => Some(hexadecimal(bytes)),
                },
            };
            readable.push(text.map_or("null".to_owned(), |text| literal(&shortened(text))));
        }
        Ok(readable)
    }

    /// None if the target can't read it.
    async fn as_text(
        &mut self,
        route: &Arc<Route>,
        column: u32,
        binary: Value<'_>,
    ) -> Result<Option<String>, ApplyError> {
        let column = route.column(column);
        let sql = format!("select ($1::{})::text", column.type_name);
        self.simple("savepoint readable").await?;
        let types = [column.parameter_type(Form::Binary)];
        let statement = self.batch.statement(&mut self.session, &sql, &types);
        self.batch
            .execute(statement, |parameters| give(parameters, binary));
        let read = match self.session.run(&mut self.batch).await {
            Ok(completed) => completed
                .first()
                .and_then(|completed| completed.rows.first()?.get(0).map(str::to_owned)),
            Err(failed) if failed.error.is_retryable() || failed.error.code().is_none() => {
                return Err(ApplyError::Endpoint(crate::Error::wire(
                    "show a value that could not be applied",
                )(failed.error)));
            }
            Err(_) => None,
        };
        self.simple("rollback to savepoint readable; release savepoint readable")
            .await?;
        Ok(read)
    }
}

fn shortened(mut text: String) -> String {
    if text.len() > SHOWN {
        let end = (0..=SHOWN).rev().find(|&at| text.is_char_boundary(at));
        let left_out = text.len() - end.unwrap_or(0);
        text.truncate(end.unwrap_or(0));
        text.push_str(&format!("… ({left_out} more bytes)"));
    }
    text
}

/// PostgreSQL's texts have no zero bytes.
fn plain(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = "\\x".to_owned();
    for byte in bytes.iter().take(SHOWN) {
        text.push_str(&format!("{byte:02x}"));
    }
    text
}
