//! What the target has already.

use std::collections::{BTreeMap, BTreeSet};

use replication::relation::TableName;
use tokio_postgres::Client;

use super::definition::Schema;
use super::read::name;
use super::{pin, split};
use crate::Error;

/// What the target has already, of all that a schema could need.
#[derive(Clone, Debug, Default)]
pub(super) struct Presence {
    pub(super) schemas: BTreeSet<String>,
    pub(super) tables: BTreeSet<TableName>,
    /// Those of the tables that are partitioned.
    pub(super) partitioned: BTreeSet<TableName>,
    pub(super) sequences: BTreeSet<TableName>,
    /// The labels of enums in their order, by `format_type`'s name.
    pub(super) labels: BTreeMap<String, Vec<String>>,
    /// As `format_type` writes them.
    pub(super) types: BTreeSet<String>,
    /// Installed in the database.
    pub(super) extensions: BTreeSet<String>,
    /// Installed on the server.
    pub(super) available_extensions: BTreeSet<String>,
    /// As `regprocedure` writes them.
    functions: BTreeSet<String>,
    compressions: BTreeSet<String>,
    /// Views, and foreign keys of other tables, by the table that they stand on.
    pub(super) dependants: BTreeMap<TableName, Vec<String>>,
}

const WHAT: &str = "read the catalogue of the target";

const NAMES: &str = "
select 'schema' as kind, nspname::text as name from pg_namespace
union all select 'extension', extname::text from pg_extension
union all select 'available extension', name::text from pg_available_extensions
union all select 'compression', unnest(enumvals) from pg_settings where name = 'default_toast_compression'
union all select 'function', p.oid::regprocedure::text from pg_proc p where p.oid >= 16384
union all select 'type', format_type(t.oid, -1) from pg_type t where t.oid >= 16384 and not (t.typtype = 'b' and t.typcategory = 'A')";

const LABELS: &str = "
select format_type(e.enumtypid, -1) as name, array_agg(e.enumlabel::text order by e.enumsortorder) as labels
from pg_enum e group by e.enumtypid";

const RELATIONS: &str = "
select n.nspname, c.relname, c.relkind::text as kind
from unnest($1::text[], $2::text[]) as wanted(schema, name)
join pg_namespace n on n.nspname = wanted.schema
join pg_class c on c.relnamespace = n.oid and c.relname = wanted.name";

const DEPENDANTS: &str = "
with mine(id, schema, name) as (
    select c.oid, n.nspname, c.relname
    from unnest($1::text[], $2::text[]) as wanted(schema, name)
    join pg_namespace n on n.nspname = wanted.schema
    join pg_class c on c.relnamespace = n.oid and c.relname = wanted.name
)
select distinct m.schema, m.name, 'the view ' || v.oid::regclass::text as dependant
from mine m
join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = m.id and d.classid = 'pg_rewrite'::regclass
join pg_rewrite r on r.oid = d.objid
join pg_class v on v.oid = r.ev_class and v.oid <> m.id
union all
select m.schema, m.name, 'the foreign key ' || quote_ident(c.conname) || ' of ' || c.conrelid::regclass::text
from mine m
join pg_constraint c on c.contype = 'f' and c.confrelid = m.id
where c.conrelid not in (select id from mine) and c.conparentid = 0
order by 1, 2, 3";

impl Presence {
    pub(super) async fn read(target: &Client, schema: &Schema) -> Result<Self, Error> {
        pin(target, WHAT).await?;
        let mut presence = Self::default();
        for row in target.query(NAMES, &[]).await.map_err(Error::sql(WHAT))? {
            let set = match row.get("kind") {
                "schema" => &mut presence.schemas,
                "extension" => &mut presence.extensions,
                "available extension" => &mut presence.available_extensions,
                "compression" => &mut presence.compressions,
                "function" => &mut presence.functions,
                _ => &mut presence.types,
            };
            set.insert(row.get("name"));
        }
        for row in target.query(LABELS, &[]).await.map_err(Error::sql(WHAT))? {
            presence.labels.insert(row.get("name"), row.get("labels"));
        }
        // What a foreign key refers to may be there without being selected.
        let references = schema
            .tables
            .iter()
            .flat_map(|table| &table.constraints)
            .filter_map(|constraint| constraint.references.clone());
        let names: Vec<TableName> = schema
            .names()
            .cloned()
            .chain(
                schema
                    .sequences
                    .iter()
                    .map(|sequence| sequence.name.clone()),
            )
            .chain(references)
            .collect();
        let (schemas, relations) = split(&names);
        for row in target
            .query(RELATIONS, &[&schemas, &relations])
            .await
            .map_err(Error::sql(WHAT))?
        {
            let name = name(&row, "nspname", "relname");
            match row.get("kind") {
                "S" => {
                    presence.sequences.insert(name);
                }
                "p" => {
                    presence.partitioned.insert(name.clone());
                    presence.tables.insert(name);
                }
                _ => {
                    presence.tables.insert(name);
                }
            }
        }
        let names: Vec<TableName> = schema.names().cloned().collect();
        let (schemas, relations) = split(&names);
        for row in target
            .query(DEPENDANTS, &[&schemas, &relations])
            .await
            .map_err(Error::sql(WHAT))?
        {
            presence
                .dependants
                .entry(name(&row, "schema", "name"))
                .or_default()
                .push(row.get("dependant"));
        }
        Ok(presence)
    }

    /// The first of these that the target neither has nor can get.
    pub(super) fn lacks<'a>(&self, needs: &'a [String]) -> Option<&'a str> {
        needs
            .iter()
            .map(String::as_str)
            .find(|need| match need.strip_prefix("extension ") {
                Some(extension) => {
                    !self.extensions.contains(extension)
                        && !self.available_extensions.contains(extension)
                }
                None => !self.functions.contains(*need),
            })
    }

    pub(super) fn compresses_with(&self, method: &str) -> bool {
        self.compressions.contains(method)
    }
}
