//! The values of sequences: read at the source, set at the target.

use replication::relation::TableName;
use tokio_postgres::Client;

use super::definition::{Schema, Sequence};
use super::pin;
use super::quote::{literal, relation};
use crate::Error;

/// How far a sequence is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SequenceValue {
    /// Which.
    pub name: TableName,
    /// The table and column that it belongs to.
    pub owner: Option<(TableName, String)>,
    /// Its last value.
    pub last_value: i64,
    /// Whether that was given out already.
    pub is_called: bool,
}

/// How many are read or set in one statement.
const AT_ONCE: usize = 200;

/// Reads the values of the sequences that the tables use.
///
/// # Errors
/// When they can't be read.
pub async fn read_sequences(source: &Client, schema: &Schema) -> Result<Vec<SequenceValue>, Error> {
    const WHAT: &str = "read the sequences of the source";
    let mut values = Vec::with_capacity(schema.sequences.len());
    for sequences in schema.sequences.chunks(AT_ONCE) {
        let selects: Vec<String> = sequences
            .iter()
            .enumerate()
            .map(|(index, sequence)| {
                let name = relation(&sequence.name);
                format!("select {index} as index, last_value, is_called from {name}")
            })
            .collect();
        let sql = selects.join(" union all ");
        let mut rows = source.query(&sql, &[]).await.map_err(Error::sql(WHAT))?;
        rows.sort_by_key(|row| row.get::<_, i32>("index"));
        values.extend(
            sequences.iter().zip(&rows).map(|(sequence, row)| {
                value(sequence, row.get("last_value"), row.get("is_called"))
            }),
        );
    }
    Ok(values)
}

fn value(sequence: &Sequence, last_value: i64, is_called: bool) -> SequenceValue {
    SequenceValue {
        name: sequence.name.clone(),
        owner: sequence.owner.clone(),
        last_value,
        is_called,
    }
}

/// The sequence of the same column, whatever it is called, or else the one of the same name.
const FIND: &str = "
select wanted.place, coalesce(
    (select s.oid
     from pg_attribute a
     join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = a.attrelid and d.refobjsubid = a.attnum
          and d.classid = 'pg_class'::regclass and d.deptype in ('a', 'i')
     join pg_class s on s.oid = d.objid and s.relkind = 'S'
     where a.attrelid = to_regclass(wanted.owner) and a.attname = wanted.attribute
     order by s.relname = wanted.name desc, s.oid limit 1),
    (select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = wanted.schema and c.relname = wanted.name and c.relkind = 'S'))::int8 as id
from unnest($1::text[], $2::text[], $3::text[], $4::text[]) with ordinality as wanted(schema, name, owner, attribute, place)
order by wanted.place";

/// Sets them at the target, and tells those that it does not have.
///
/// # Errors
/// When one can't be set.
pub async fn set_sequences(
    target: &Client,
    values: &[SequenceValue],
) -> Result<Vec<TableName>, Error> {
    const WHAT: &str = "set the sequences of the target";
    pin(target, WHAT).await?;
    let mut missing = Vec::new();
    for values in values.chunks(AT_ONCE) {
        let schemas: Vec<&str> = values
            .iter()
            .map(|value| value.name.schema.as_str())
            .collect();
        let names: Vec<&str> = values
            .iter()
            .map(|value| value.name.table.as_str())
            .collect();
        let owners: Vec<Option<String>> = values
            .iter()
            .map(|value| value.owner.as_ref().map(|(table, _)| relation(table)))
            .collect();
        let columns: Vec<Option<&str>> = values
            .iter()
            .map(|value| value.owner.as_ref().map(|(_, column)| column.as_str()))
            .collect();
        let rows = target
            .query(FIND, &[&schemas, &names, &owners, &columns])
            .await
            .map_err(Error::sql(WHAT))?;
        let mut calls = Vec::with_capacity(values.len());
        for (value, row) in values.iter().zip(&rows) {
            match row.get::<_, Option<i64>>("id") {
                Some(id) => calls.push(format!(
                    "select setval({}::oid::regclass, {}, {})",
                    literal(&id.to_string()),
                    value.last_value,
                    value.is_called
                )),
                None => missing.push(value.name.clone()),
            }
        }
        if !calls.is_empty() {
            target
                .batch_execute(&calls.join(";\n"))
                .await
                .map_err(Error::sql(WHAT))?;
        }
    }
    Ok(missing)
}
