//! Which tables of a source are wanted, with their partitions, and in which order.

use std::collections::{BTreeMap, BTreeSet};

use pgoutput::message::ReplicaIdentity;
use replication::mapping::Selection;
use replication::relation::TableName;
use tokio_postgres::{Client, Row};

use super::definition::{Partition, Persistence, TableDefinition, TableKind};
use super::read::{WHAT, name, needs};
use crate::Error;

const TABLES: &str = "
select c.oid, n.nspname, c.relname, c.relispartition, c.relpersistence::text as persistence, c.relreplident::text as identity,
       coalesce(c.reloptions, '{}') as options, c.reltuples::float8 as rows,
       pg_get_partkeydef(c.oid) as partition_key, pg_get_expr(c.relpartbound, c.oid) as bound,
       array(select i.inhparent from pg_inherits i where i.inhrelid = c.oid order by i.inhseqno) as parents,
       case when c.relkind = 'r' then coalesce(pg_relation_size(c.oid), 0) / current_setting('block_size')::int8 else 0 end as pages,
       case when c.relkind = 'r' then coalesce(pg_table_size(c.oid), 0) else 0 end as bytes,
       obj_description(c.oid, 'pg_class') as comment,
       {needs} as needs
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and c.relpersistence <> 't' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
order by n.nspname, c.relname";

pub(super) async fn tables(client: &Client) -> Result<Vec<Row>, Error> {
    let sql = TABLES.replace("{needs}", &needs("pg_class", "c.oid"));
    client.query(&sql, &[]).await.map_err(Error::sql(WHAT))
}

/// The tables of the catalogue, before it is known which of them are wanted.
pub(super) struct Catalogue<'a> {
    rows: BTreeMap<u32, Entry<'a>>,
}

/// One of them.
pub(super) struct Entry<'a> {
    pub(super) id: u32,
    pub(super) name: TableName,
    is_partition: bool,
    parents: Vec<u32>,
    row: &'a Row,
}

impl<'a> Catalogue<'a> {
    pub(super) fn new(rows: &'a [Row]) -> Self {
        let rows = rows.iter().map(|row| {
            let entry = Entry {
                id: row.get("oid"),
                name: name(row, "nspname", "relname"),
                is_partition: row.get("relispartition"),
                parents: row.get("parents"),
                row,
            };
            (entry.id, entry)
        });
        Self {
            rows: rows.collect(),
        }
    }

    /// Tables for which this holds, with the partitions of those that are partitioned.
    pub(super) fn select(&self, holds: impl Fn(&Entry<'a>) -> bool) -> BTreeSet<u32> {
        self.rows
            .values()
            .filter(|table| self.line(table).any(&holds))
            .map(|table| table.id)
            .collect()
    }

    /// A table, and those whose partition it is, up to the root.
    fn line<'b>(&'b self, table: &'b Entry<'a>) -> impl Iterator<Item = &'b Entry<'a>> {
        std::iter::successors(Some(table), |table| {
            let parent = table.parents.first().filter(|_| table.is_partition)?;
            self.rows.get(parent)
        })
    }

    pub(super) fn definition(
        &self,
        id: u32,
        chosen: &BTreeSet<u32>,
        selection: &Selection,
    ) -> TableDefinition {
        let table = &self.rows[&id];
        let row = table.row;
        let is_chosen = |entry: &&Entry<'_>| chosen.contains(&entry.id);
        let parents = table
            .parents
            .iter()
            .filter_map(|id| self.rows.get(id))
            .filter(is_chosen);
        let root = self.line(table).filter(is_chosen).last().unwrap_or(table);
        let partition = (table.is_partition && root.id != id)
            .then(|| {
                Some(Partition {
                    parent: parents.clone().next()?.name.clone(),
                    root: root.name.clone(),
                    bound: row.get("bound"),
                })
            })
            .flatten();
        let rows: f64 = row.get("rows");
        TableDefinition {
            id,
            name: table.name.clone(),
            kind: match row.get("partition_key") {
                Some(key) => TableKind::Partitioned { key },
                None => TableKind::Plain,
            },
            inherits: match table.is_partition {
                true => Vec::new(),
                false => parents.map(|parent| parent.name.clone()).collect(),
            },
            partition,
            persistence: match row.get("persistence") {
                "u" => Persistence::Unlogged,
                _ => Persistence::Logged,
            },
            options: row.get("options"),
            columns: Vec::new(),
            constraints: Vec::new(),
            indexes: Vec::new(),
            identity: match row.get("identity") {
                "n" => ReplicaIdentity::Nothing,
                "f" => ReplicaIdentity::Full,
                "i" => ReplicaIdentity::Index,
                _ => ReplicaIdentity::Default,
            },
            pages: u32::try_from(row.get::<_, i64>("pages")).unwrap_or(u32::MAX),
            bytes: u64::try_from(row.get::<_, i64>("bytes")).unwrap_or(0),
            // Never analysed is -1; a count is a whole number, and small enough.
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            rows: (rows >= 0.0).then_some(rows as u64),
            published: None,
            comment: row.get("comment"),
            load_order: selection
                .load_order(&root.name)
                .max(selection.load_order(&table.name)),
            needs: row.get("needs"),
        }
    }

    /// Parents first; otherwise by load order, then by name.
    pub(super) fn in_order(
        &self,
        mut tables: BTreeMap<u32, TableDefinition>,
    ) -> Vec<TableDefinition> {
        let mut ids: Vec<u32> = tables.keys().copied().collect();
        ids.sort_by_key(|id| (-tables[id].load_order, tables[id].name.clone()));
        let mut order = Vec::with_capacity(ids.len());
        let mut waiting: Vec<u32> = ids.into_iter().rev().collect();
        while let Some(id) = waiting.pop() {
            let parents = self.rows[&id].parents.iter().copied();
            let before: Vec<u32> = parents.filter(|id| tables.contains_key(id)).collect();
            if before.is_empty() {
                order.extend(tables.remove(&id));
            } else {
                waiting.push(id);
                waiting.extend(before);
            }
        }
        order
    }
}
