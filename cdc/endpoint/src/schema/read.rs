//! Reads the source's catalogue.

use std::collections::{BTreeMap, BTreeSet};

use replication::mapping::Selection;
use replication::relation::TableName;
use replication::shape::{ShapeColumn, TableShape};
use tokio_postgres::{Client, Row};

use super::catalogue::{self, Catalogue};
use super::definition::{
    ColumnDefinition, Constraint, ConstraintKind, Extension, Index, Published, Schema, Sequence,
    TableDefinition,
};
use super::pin;
use super::type_definitions;
use super::type_graph::TypeGraph;
use crate::Error;

pub(super) const WHAT: &str = "read the tables of the source";

/// A column that became not null without a look at its rows (PostgreSQL 18) may have nulls.
const COLUMNS: &str = "
select a.attrelid, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod) as type_name, a.atttypid, a.atttypmod,
       a.attnotnull and not exists (select from pg_constraint n where n.conrelid = a.attrelid and n.contype = 'n'
                                    and n.conkey = array[a.attnum] and not n.convalidated) as attnotnull,
       pg_get_expr(d.adbin, d.adrelid) as default, a.attgenerated::text as generated, a.attidentity::text as identity,
       case when a.atthasmissing then (a.attmissingval::text::text[])[1] end as missing,
       case when a.attcollation <> t.typcollation then
            (select quote_ident(n.nspname) || '.' || quote_ident(k.collname)
             from pg_collation k join pg_namespace n on n.oid = k.collnamespace where k.oid = a.attcollation) end as collation,
       a.attislocal, a.attinhcount > 0 as inherited,
       case when a.attstorage <> t.typstorage then a.attstorage::text end as storage, a.attcompression::text as compression,
       col_description(a.attrelid, a.attnum) as comment,
       {needs} as needs
from pg_attribute a
join pg_type t on t.oid = a.atttypid
left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where a.attrelid = any($1) and a.attnum > 0 and not a.attisdropped
order by a.attrelid, a.attnum";

/// A foreign key to a partitioned table has more of its kind, one for each partition; they come with it.
const CONSTRAINTS: &str = "
select c.conrelid, c.conname, c.contype::text as kind, pg_get_constraintdef(c.oid) as definition, i.relname as index,
       c.condeferrable, c.condeferred, c.convalidated,
       not c.conislocal or c.conparentid <> 0 as inherited,
       fn.nspname as foreign_schema, f.relname as foreign_table,
       {needs} as needs
from pg_constraint c
left join pg_class i on i.oid = c.conindid and c.contype in ('p', 'u', 'x')
left join pg_class f on f.oid = c.confrelid
left join pg_namespace fn on fn.oid = f.relnamespace
where c.conrelid = any($1) and c.contype in ('p', 'u', 'x', 'c', 'f') and not exists (select from pg_constraint p where p.oid = c.conparentid and p.conrelid = c.conrelid)
order by c.conrelid, c.contype = 'f', c.contype <> 'p', c.conname";

const INDEXES: &str = "
select i.indrelid, c.relname, pg_get_indexdef(i.indexrelid) as definition, i.indisreplident, i.indisclustered,
       pn.nspname as parent_schema, p.relname as parent_name,
       {needs} as needs
from pg_index i
join pg_class c on c.oid = i.indexrelid
left join pg_inherits h on h.inhrelid = c.oid
left join pg_class p on p.oid = h.inhparent
left join pg_namespace pn on pn.oid = p.relnamespace
where i.indrelid = any($1) and (i.indisvalid or c.relkind = 'I')
order by i.indrelid, c.relname";

const SEQUENCES: &str = "
select n.nspname, c.relname, format_type(s.seqtypid, null) as type_name, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache,
       s.seqcycle, o.deptype = 'i' is true as is_identity, o.refobjid as owner, a.attname as owner_column
from pg_sequence s
join pg_class c on c.oid = s.seqrelid
join pg_namespace n on n.oid = c.relnamespace
left join pg_depend o on o.classid = 'pg_class'::regclass and o.objid = c.oid and o.refclassid = 'pg_class'::regclass
     and o.deptype in ('a', 'i') and o.refobjsubid > 0
left join pg_attribute a on a.attrelid = o.refobjid and a.attnum = o.refobjsubid
where o.refobjid = any($1)
   or exists (select from pg_attrdef d join pg_depend u on u.classid = 'pg_attrdef'::regclass and u.objid = d.oid
              where d.adrelid = any($1) and u.refclassid = 'pg_class'::regclass and u.refobjid = c.oid)
order by n.nspname, c.relname";

/// What the tables' parts use, and to which extension that belongs.
const EXTENSIONS: &str = "
with parts(class, id) as (
    select 'pg_class'::regclass, unnest($1::oid[])
    union all select 'pg_class'::regclass, i.indexrelid from pg_index i where i.indrelid = any($1)
    union all select 'pg_attrdef'::regclass, d.oid from pg_attrdef d where d.adrelid = any($1)
    union all select 'pg_constraint'::regclass, c.oid from pg_constraint c where c.conrelid = any($1)
    union all select 'pg_type'::regclass, unnest($2::oid[])
    union all select 'pg_constraint'::regclass, c.oid from pg_constraint c where c.contypid = any($2)
), used(class, id) as (
    select d.refclassid, d.refobjid from parts p join pg_depend d on d.classid = p.class and d.objid = p.id
    union select 'pg_type'::regclass, unnest($2::oid[])
)
select distinct e.extname, n.nspname
from used u
join pg_depend x on x.classid = u.class and x.objid = u.id and x.deptype = 'e' and x.refclassid = 'pg_extension'::regclass
join pg_extension e on e.oid = x.refobjid
join pg_namespace n on n.oid = e.extnamespace
where e.extname <> 'plpgsql'
order by e.extname";

/// Column lists and row filters are told from PostgreSQL 15 on; a view without them has no such fields.
const PUBLISHED: &str = "
select t.schemaname, t.tablename, to_jsonb(t) ->> 'rowfilter' as row_filter,
       array(select jsonb_array_elements_text(nullif(to_jsonb(t) -> 'attnames', 'null'))) as columns
from pg_publication_tables t
where t.pubname = any($1)";

impl Schema {
    /// Reads the selected tables, and what they need. A partitioned table comes with all its partitions, whatever the selection says of
    /// these; so `publications` tells what of them is published, when it names some.
    ///
    /// # Errors
    /// When the catalogue can't be read.
    pub async fn read(
        client: &Client,
        selection: &Selection,
        publications: &[String],
    ) -> Result<Self, Error> {
        pin(client, WHAT).await?;
        let reading = async {
            let rows = catalogue::tables(client).await?;
            let all = Catalogue::new(&rows);
            let chosen = all.select(|table| selection.includes(&table.name));
            Self::of(client, &all, chosen, selection, publications).await
        };
        in_one_snapshot(client, reading).await
    }

    /// Reads these tables by their OIDs; those that are not there any more are left out.
    ///
    /// # Errors
    /// When the catalogue can't be read.
    pub async fn read_ids(client: &Client, ids: &[u32]) -> Result<Self, Error> {
        pin(client, WHAT).await?;
        let reading = async {
            let rows = catalogue::tables(client).await?;
            let all = Catalogue::new(&rows);
            let chosen = all.select(|table| ids.contains(&table.id));
            Self::of(client, &all, chosen, &Selection::everything(), &[]).await
        };
        in_one_snapshot(client, reading).await
    }

    async fn of(
        client: &Client,
        all: &Catalogue<'_>,
        chosen: BTreeSet<u32>,
        selection: &Selection,
        publications: &[String],
    ) -> Result<Self, Error> {
        let ids: Vec<u32> = chosen.iter().copied().collect();
        let mut tables: BTreeMap<u32, TableDefinition> = chosen
            .iter()
            .map(|id| (*id, all.definition(*id, &chosen, selection)))
            .collect();
        let sequences = sequences(client, &ids, &tables).await?;
        let types = columns(client, &ids, &mut tables, &sequences).await?;
        constraints(client, &ids, &mut tables).await?;
        indexes(client, &ids, &mut tables).await?;
        if !publications.is_empty() {
            published(client, &mut tables, publications).await?;
        }
        let own: Vec<u32> = types.ids().collect();
        let extensions = client
            .query(EXTENSIONS, &[&ids, &own])
            .await
            .map_err(Error::sql(WHAT))?
            .iter()
            .map(|row| Extension {
                name: row.get("extname"),
                schema: row.get("nspname"),
            })
            .collect();
        Ok(Self {
            tables: all.in_order(tables),
            types: type_definitions::definitions(client, &types).await?,
            collations: type_definitions::collations(client, &ids, &own).await?,
            sequences,
            extensions,
        })
    }
}

/// All queries see the catalogue of one moment: a table that is dropped between two of them has its columns still.
async fn in_one_snapshot<T>(
    client: &Client,
    reading: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    client
        .batch_execute("begin transaction isolation level repeatable read, read only")
        .await
        .map_err(Error::sql(WHAT))?;
    let outcome = reading.await;
    let ended = client.batch_execute("rollback").await;
    let read = outcome?;
    ended.map_err(Error::sql(WHAT))?;
    Ok(read)
}

/// The shapes of these tables, by their OIDs, as the catalogue has them now; those that are not there are left out.
///
/// # Errors
/// When the catalogue can't be read.
pub async fn shapes(client: &Client, ids: &[u32]) -> Result<Vec<TableShape>, Error> {
    let schema = Schema::read_ids(client, ids).await?;
    let tables = schema.tables.iter();
    Ok(tables
        .filter(|table| ids.contains(&table.id))
        .map(TableDefinition::shape)
        .collect())
}

/// What a part of a table needs that is the database's own, as text: functions as `regprocedure` writes them, and extensions by their names.
pub(super) fn needs(class: &str, object: &str) -> String {
    format!(
        "array(select distinct case when its.oid is null then use.refobjid::regprocedure::text else 'extension ' || its.extname end
               from pg_depend use
               left join pg_depend part on part.classid = use.refclassid and part.objid = use.refobjid and part.deptype = 'e'
               left join pg_extension its on its.oid = part.refobjid
               where use.classid = '{class}'::regclass and use.objid = {object} and its.extname is distinct from 'plpgsql'
                 and (its.oid is not null or use.refclassid = 'pg_proc'::regclass and use.refobjid >= 16384))"
    )
}

async fn query(client: &Client, sql: &str, ids: &[u32]) -> Result<Vec<Row>, Error> {
    client.query(sql, &[&ids]).await.map_err(Error::sql(WHAT))
}

/// Also tells the types that they use.
async fn columns(
    client: &Client,
    ids: &[u32],
    tables: &mut BTreeMap<u32, TableDefinition>,
    sequences: &[Sequence],
) -> Result<TypeGraph, Error> {
    let rows = query(
        client,
        &COLUMNS.replace("{needs}", &needs("pg_attrdef", "d.oid")),
        ids,
    )
    .await?;
    let used: BTreeSet<u32> = rows.iter().map(|row| row.get("atttypid")).collect();
    let used: Vec<u32> = used.into_iter().collect();
    let types = TypeGraph::read(client, &used, WHAT).await?;
    for row in &rows {
        let Some(table) = tables.get_mut(&row.get("attrelid")) else {
            continue;
        };
        let shape = ShapeColumn {
            number: row.get("attnum"),
            name: row.get("attname"),
            type_name: row.get("type_name"),
            type_id: row.get("atttypid"),
            type_modifier: row.get("atttypmod"),
            not_null: row.get("attnotnull"),
            default: row.get("default"),
            generated: row.get("generated"),
            identity: row.get("identity"),
            missing: row.get("missing"),
            collation: row.get("collation"),
        };
        let owned = |sequence: &&Sequence| {
            sequence.is_identity
                && sequence
                    .owner
                    .as_ref()
                    .is_some_and(|(owner, column)| *owner == table.name && *column == shape.name)
        };
        table.columns.push(ColumnDefinition {
            binary: types.has_binary_form(shape.type_id),
            is_local: row.get("attislocal"),
            is_inherited: row.get("inherited"),
            storage: match row.get("storage") {
                Some("p") => Some("PLAIN"),
                Some("e") => Some("EXTERNAL"),
                Some("x") => Some("EXTENDED"),
                Some("m") => Some("MAIN"),
                Some(_) | None => None,
            },
            compression: match row.get("compression") {
                "p" => Some("pglz"),
                "l" => Some("lz4"),
                _ => None,
            },
            sequence: sequences.iter().find(owned).cloned(),
            needs: row.get("needs"),
            comment: row.get("comment"),
            shape,
        });
    }
    Ok(types)
}

async fn constraints(
    client: &Client,
    ids: &[u32],
    tables: &mut BTreeMap<u32, TableDefinition>,
) -> Result<(), Error> {
    for row in &query(
        client,
        &CONSTRAINTS.replace("{needs}", &needs("pg_constraint", "c.oid")),
        ids,
    )
    .await?
    {
        let Some(table) = tables.get_mut(&row.get("conrelid")) else {
            continue;
        };
        // The definition is that of now: a constraint that was dropped meanwhile has none.
        let Some(definition) = row.get("definition") else {
            continue;
        };
        let references = row
            .get::<_, Option<String>>("foreign_table")
            .map(|table| TableName::new(row.get::<_, String>("foreign_schema"), table));
        table.constraints.push(Constraint {
            name: row.get("conname"),
            kind: match row.get("kind") {
                "p" => ConstraintKind::Primary,
                "u" => ConstraintKind::Unique,
                "x" => ConstraintKind::Exclusion,
                "c" => ConstraintKind::Check,
                _ => ConstraintKind::Foreign,
            },
            definition,
            index: row.get("index"),
            deferral: match (row.get("condeferrable"), row.get("condeferred")) {
                (true, true) => " deferrable initially deferred",
                (true, false) => " deferrable",
                (false, _) => "",
            },
            is_valid: row.get("convalidated"),
            is_inherited: row.get("inherited"),
            references,
            needs: row.get("needs"),
        });
    }
    Ok(())
}

async fn indexes(
    client: &Client,
    ids: &[u32],
    tables: &mut BTreeMap<u32, TableDefinition>,
) -> Result<(), Error> {
    for row in &query(
        client,
        &INDEXES.replace("{needs}", &needs("pg_class", "c.oid")),
        ids,
    )
    .await?
    {
        let Some(table) = tables.get_mut(&row.get("indrelid")) else {
            continue;
        };
        // The definition is that of now: an index that was dropped meanwhile has none.
        let Some(definition) = row.get("definition") else {
            continue;
        };
        let parent = row
            .get::<_, Option<String>>("parent_name")
            .map(|name| TableName::new(row.get::<_, String>("parent_schema"), name));
        table.indexes.push(Index {
            name: row.get("relname"),
            definition,
            is_replica_identity: row.get("indisreplident"),
            is_clustered: row.get("indisclustered"),
            // The parent of a table that is copied without its root is not there.
            parent: parent.filter(|_| table.partition.is_some()),
            needs: row.get("needs"),
        });
    }
    Ok(())
}

async fn sequences(
    client: &Client,
    ids: &[u32],
    tables: &BTreeMap<u32, TableDefinition>,
) -> Result<Vec<Sequence>, Error> {
    let rows = query(client, SEQUENCES, ids).await?;
    let sequence = |row: &Row| Sequence {
        name: name(row, "nspname", "relname"),
        type_name: row.get("type_name"),
        start: row.get("seqstart"),
        increment: row.get("seqincrement"),
        minimum: row.get("seqmin"),
        maximum: row.get("seqmax"),
        cache: row.get("seqcache"),
        cycles: row.get("seqcycle"),
        owner: row.get::<_, Option<u32>>("owner").and_then(|id| {
            let table = tables.get(&id)?;
            Some((table.name.clone(), row.get("owner_column")))
        }),
        is_identity: row.get("is_identity"),
    };
    Ok(rows.iter().map(sequence).collect())
}

/// Several publications add up: a row is published if one's filter lets it pass, a column if one's list has it. What is published by way of
/// its root is told of the root only.
async fn published(
    client: &Client,
    tables: &mut BTreeMap<u32, TableDefinition>,
    publications: &[String],
) -> Result<(), Error> {
    let rows = client
        .query(PUBLISHED, &[&publications])
        .await
        .map_err(Error::sql(WHAT))?;
    let mut found: BTreeMap<TableName, Vec<Published>> = BTreeMap::new();
    for row in &rows {
        let columns: Vec<String> = row.get("columns");
        found
            .entry(name(row, "schemaname", "tablename"))
            .or_default()
            .push(Published {
                row_filter: row.get("row_filter"),
                columns: Some(columns.into_iter().collect()),
            });
    }
    for table in tables.values_mut() {
        let Some(entries) = found.get(&table.name) else {
            continue;
        };
        let filters: Option<Vec<&str>> = entries
            .iter()
            .map(|entry| entry.row_filter.as_deref())
            .collect();
        let lists = entries.iter().flat_map(|entry| &entry.columns);
        let columns: BTreeSet<String> = lists.flatten().cloned().collect();
        let is_all = columns.is_empty()
            || table.columns.iter().all(|column| {
                !column.shape.generated.is_empty() || columns.contains(&column.shape.name)
            });
        table.published = Some(Published {
            row_filter: filters.map(|filters| match filters.as_slice() {
                [one] => (*one).to_owned(),
                several => {
                    let several: Vec<String> =
                        several.iter().map(|filter| format!("({filter})")).collect();
                    several.join(" or ")
                }
            }),
            columns: (!is_all).then_some(columns),
        });
    }
    Ok(())
}

pub(super) fn name(row: &Row, schema: &str, table: &str) -> TableName {
    TableName::new(row.get::<_, String>(schema), row.get::<_, String>(table))
}
