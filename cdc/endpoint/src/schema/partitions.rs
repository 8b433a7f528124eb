//! Partitions that came, went, were attached or detached at the source since the target's tables were made.

use std::collections::BTreeMap;

use replication::relation::TableName;
use tokio_postgres::Client;

use super::create::Statement;
use super::definition::{Schema, TableDefinition, TableKind};
use super::quote::relation;
use super::{pin, split};
use crate::Error;

/// The partitions of these tables, at any depth, and tables of the other names as they are.
const PARTITIONS: &str = "
select n.nspname, c.relname, pn.nspname as parent_schema, p.relname as parent_name
from unnest($1::text[], $2::text[]) as wanted(schema, name)
join pg_namespace n on n.nspname = wanted.schema
join pg_class c on c.relnamespace = n.oid and c.relname = wanted.name and c.relkind in ('r', 'p')
left join pg_inherits i on i.inhrelid = c.oid and c.relispartition
left join pg_class p on p.oid = i.inhparent
left join pg_namespace pn on pn.oid = p.relnamespace
union
select n.nspname, c.relname, pn.nspname, p.relname
from unnest($3::text[], $4::text[]) as root(schema, name)
join pg_namespace rn on rn.nspname = root.schema
join pg_class r on r.relnamespace = rn.oid and r.relname = root.name and r.relkind = 'p'
cross join lateral pg_partition_tree(r.oid) t
join pg_class c on c.oid = t.relid
join pg_namespace n on n.oid = c.relnamespace
join pg_class p on p.oid = t.parentrelid
join pg_namespace pn on pn.oid = p.relnamespace";

/// What makes the partitions of these partitioned tables at the target what they are at the source. Those that are gone at the source are
/// detached; whether they are dropped, too, is another matter.
///
/// # Errors
/// When the catalogue can't be read.
pub async fn plan(
    schema: &Schema,
    target: &Client,
    roots: &[TableName],
) -> Result<Vec<Statement>, Error> {
    const WHAT: &str = "read the partitions of the target";
    let of_roots = |table: &&TableDefinition| {
        let partition = table.partition.as_ref();
        partition.is_some_and(|partition| roots.contains(&partition.root))
    };
    let wanted: Vec<&TableDefinition> = schema.tables.iter().filter(of_roots).collect();
    let names: Vec<TableName> = schema.names().cloned().collect();
    pin(target, WHAT).await?;
    let (schemas, tables) = split(&names);
    let (root_schemas, root_tables) = split(roots);
    let rows = target
        .query(
            PARTITIONS,
            &[&schemas, &tables, &root_schemas, &root_tables],
        )
        .await
        .map_err(Error::sql(WHAT))?;
    let mut there: BTreeMap<TableName, Option<TableName>> = BTreeMap::new();
    for row in &rows {
        let name = TableName::new(row.get::<_, String>(0), row.get::<_, String>(1));
        let parent: Option<String> = row.get(2);
        let parent = parent.map(|schema| TableName::new(schema, row.get::<_, String>(3)));
        there.insert(name, parent);
    }
    Ok(statements(&wanted, &there, roots))
}

fn statements(
    wanted: &[&TableDefinition],
    there: &BTreeMap<TableName, Option<TableName>>,
    roots: &[TableName],
) -> Vec<Statement> {
    let mut statements = Vec::new();
    // Those that go make room for the bounds of those that come.
    for (name, parent) in there {
        let Some(parent) = parent else { continue };
        let ours = roots.iter().any(|root| is_below(there, name, root));
        let stays = wanted.iter().any(|table| {
            let partition = table.partition.as_ref();
            table.name == *name && partition.is_some_and(|partition| partition.parent == *parent)
        });
        if ours && !stays {
            statements.push(Statement::new(
                format!("detach the partition {name}"),
                format!(
                    "alter table {} detach partition {}",
                    relation(parent),
                    relation(name)
                ),
            ));
        }
    }
    for table in wanted {
        let Some(partition) = &table.partition else {
            continue;
        };
        let (name, parent) = (relation(&table.name), relation(&partition.parent));
        let bound = &partition.bound;
        match there.get(&table.name) {
            Some(Some(known)) if *known == partition.parent => {}
            Some(_) => statements.push(Statement::new(
                format!("attach the partition {}", table.name),
                format!("alter table {parent} attach partition {name} {bound}"),
            )),
            None => {
                let key = match &table.kind {
                    TableKind::Plain => String::new(),
                    TableKind::Partitioned { key } => format!(" partition by {key}"),
                };
                statements.push(Statement::new(
                    format!("create the partition {}", table.name),
                    format!("create table {name} partition of {parent} {bound}{key}"),
                ));
            }
        }
    }
    statements
}

/// Whether a table of the target is a partition below another one.
fn is_below(
    there: &BTreeMap<TableName, Option<TableName>>,
    name: &TableName,
    root: &TableName,
) -> bool {
    let mut above = there.get(name).and_then(Option::as_ref);
    while let Some(parent) = above {
        if parent == root {
            return true;
        }
        above = there.get(parent).and_then(Option::as_ref);
    }
    false
}
