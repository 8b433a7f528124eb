//! Schemas: what the source's tables are, and how the target gets the same.
//!
//! ```text
//!   source catalogue ──Schema::read──► tables, types, sequences, extensions
//!   Schema + target ──create::plan──► statements before the load (one transaction)
//!   Schema + target ──complete::plan──► statements after the load, in groups that run in parallel: indexes, keys, foreign keys
//!   SchemaChange ──change::statements──► SQL for the target
//!   target catalogue ──target_tables──► TargetTable
//! ```
//!
//! Read in this order: [`definition`], [`read`], [`create`], [`complete`], [`change`], [`sequences`], [`target_table`], [`quote`].

mod catalogue;
mod create_table;
mod presence;
mod type_definitions;
mod type_graph;

pub mod change;
pub mod complete;
pub mod create;
pub mod definition;
pub mod partitions;
pub mod quote;
pub mod read;
pub mod sequences;
pub mod target_table;

use replication::relation::TableName;
use tokio_postgres::Client;

use crate::Error;

/// Names that the catalogue's functions write are then full ones, and nothing that a user made is found by chance.
async fn pin(client: &Client, what: &str) -> Result<(), Error> {
    client
        .batch_execute("set search_path = ''")
        .await
        .map_err(Error::sql(what))
}

/// Schemas and names, as arrays for a query.
fn split(names: &[TableName]) -> (Vec<&str>, Vec<&str>) {
    names
        .iter()
        .map(|name| (name.schema.as_str(), name.table.as_str()))
        .unzip()
}
