//! Target tables as replication binds to them.

use std::collections::BTreeMap;

use replication::relation::TableName;
use replication::table::{TargetColumn, TargetTable, UniqueIndex};
use tokio_postgres::Client;

use super::type_graph::TypeGraph;
use super::{pin, split};
use crate::Error;

/// What a session is that applies changes, by `session_replication_role`: it decides which triggers fire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionRole {
    /// An ordinary session.
    Origin,
    /// A replica: only triggers that are made for it fire.
    Replica,
}

const TABLES: &str = "
select c.oid, n.nspname, c.relname,
       exists (select from pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal
               and t.tgenabled::text = any(case when $3 then array['R', 'A'] else array['O', 'A'] end)) as triggers,
       exists (select from pg_rewrite r where r.ev_class = c.oid and r.ev_type <> '1'
               and r.ev_enabled::text = any(case when $3 then array['R', 'A'] else array['O', 'A'] end)) as rules
from unnest($1::text[], $2::text[]) with ordinality as wanted(schema, name, place)
join pg_namespace n on n.nspname = wanted.schema
join pg_class c on c.relnamespace = n.oid and c.relname = wanted.name and c.relkind in ('r', 'p', 'f')
order by wanted.place";

const COLUMNS: &str = "
select a.attrelid, a.attnum, a.attname, format_type(a.atttypid, -1) as type_name, a.atttypid, a.attnotnull,
       a.attgenerated <> '' as generated, a.attidentity = 'a' as identity_always
from pg_attribute a
where a.attrelid = any($1) and a.attnum > 0 and not a.attisdropped
order by a.attrelid, a.attnum";

/// An index that isn't valid yet is maintained, and unique, all the same; one that isn't ready isn't.
const INDEXES: &str = "
select i.indrelid, i.indisprimary, i.indimmediate, i.indnkeyatts,
       (i.indexprs is not null or i.indpred is not null) as special,
       i.indisunique, i.indisvalid,
       (select array_agg(key order by place) from unnest(i.indkey::int2[]) with ordinality as keys(key, place)
        where place <= i.indnkeyatts) as keys
from pg_index i
where i.indrelid = any($1) and i.indisready and (i.indisunique or i.indisexclusion)
order by i.indrelid, i.indisprimary desc, i.indexrelid";

/// Describes these tables; those that are not there are left out. The order is that of the names.
///
/// # Errors
/// When the catalogue can't be read.
pub async fn target_tables(
    client: &Client,
    names: &[TableName],
    role: SessionRole,
) -> Result<Vec<TargetTable>, Error> {
    const WHAT: &str = "read the tables of the target";
    pin(client, WHAT).await?;
    let (schemas, tables) = split(names);
    let replica = role == SessionRole::Replica;
    let rows = client
        .query(TABLES, &[&schemas, &tables, &replica])
        .await
        .map_err(Error::sql(WHAT))?;
    let mut found = BTreeMap::new();
    let mut order = Vec::with_capacity(rows.len());
    for row in rows {
        let id: u32 = row.get("oid");
        order.push(id);
        found.insert(
            id,
            TargetTable {
                name: TableName::new(
                    row.get::<_, String>("nspname"),
                    row.get::<_, String>("relname"),
                ),
                columns: Vec::new(),
                primary_key: Vec::new(),
                unique_indexes: Vec::new(),
                other_constraints: false,
                triggers_fire: row.get::<_, bool>("triggers") || row.get::<_, bool>("rules"),
            },
        );
    }
    let columns = client
        .query(COLUMNS, &[&order])
        .await
        .map_err(Error::sql(WHAT))?;
    let mut types: Vec<u32> = columns.iter().map(|row| row.get("atttypid")).collect();
    types.sort_unstable();
    types.dedup();
    let types = TypeGraph::read(client, &types, WHAT).await?;
    // Where each column stands, by table and number: dropped ones leave gaps.
    let mut places = BTreeMap::new();
    for row in &columns {
        let id: u32 = row.get("attrelid");
        let Some(table) = found.get_mut(&id) else {
            continue;
        };
        places.insert((id, row.get::<_, i16>("attnum")), table.columns.len());
        let type_id = row.get("atttypid");
        table.columns.push(TargetColumn {
            name: row.get("attname"),
            type_name: row.get("type_name"),
            type_id,
            not_null: row.get("attnotnull"),
            generated: row.get("generated"),
            identity_always: row.get("identity_always"),
            comparable: types.is_comparable(type_id),
        });
    }
    let indexes = client
        .query(INDEXES, &[&order])
        .await
        .map_err(Error::sql(WHAT))?;
    for row in &indexes {
        let id: u32 = row.get("indrelid");
        let Some(table) = found.get_mut(&id) else {
            continue;
        };
        let keys: Vec<i16> = row.get("keys");
        let columns: Option<Vec<usize>> = keys
            .iter()
            .map(|number| places.get(&(id, *number)).copied())
            .collect();
        let plain = row.get::<_, bool>("indisunique")
            && row.get::<_, bool>("indimmediate")
            && !row.get::<_, bool>("special");
        match columns {
            Some(columns) if plain && row.get::<_, bool>("indisvalid") => {
                if row.get("indisprimary") {
                    table.primary_key = columns;
                } else {
                    let not_null = columns.iter().all(|&column| table.columns[column].not_null);
                    table.unique_indexes.push(UniqueIndex { columns, not_null });
                }
            }
            Some(_) | None => table.other_constraints = true,
        }
    }
    Ok(order
        .into_iter()
        .filter_map(|id| found.remove(&id))
        .collect())
}

/// A type at the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetType {
    /// Its name, as [`TargetColumn::type_name`] has it.
    pub name: String,
    /// Its OID at the target.
    pub id: u32,
    /// Whether it has an equality, as [`TargetColumn::comparable`].
    pub comparable: bool,
}

const TYPE: &str = "
select t.oid, format_type(t.oid, -1) as type_name from pg_type t where t.oid = to_regtype($1)";

/// The type of this name (a modifier is left out of account); none if the target has no such type.
///
/// # Errors
/// When the catalogue can't be read.
pub async fn target_type(client: &Client, name: &str) -> Result<Option<TargetType>, Error> {
    const WHAT: &str = "read a type of the target";
    pin(client, WHAT).await?;
    let row = client.query_opt(TYPE, &[&name]).await;
    let Some(row) = row.map_err(Error::sql(WHAT))? else {
        return Ok(None);
    };
    let id = row.get("oid");
    let types = TypeGraph::read(client, &[id], WHAT).await?;
    Ok(Some(TargetType {
        name: row.get("type_name"),
        id,
        comparable: types.is_comparable(id),
    }))
}
