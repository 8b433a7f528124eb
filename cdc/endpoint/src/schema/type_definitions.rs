//! The statements that make a source's own types and collations.

use std::collections::BTreeMap;

use tokio_postgres::{Client, Row};

use super::definition::{Collation, TypeDefinition};
use super::quote::literal;
use super::read::needs;
use super::type_graph::{TypeGraph, TypeNode};
use crate::Error;

const ENUMS: &str = "
select e.enumtypid as id, array_agg(e.enumlabel::text order by e.enumsortorder) as labels
from pg_enum e where e.enumtypid = any($1) group by e.enumtypid";

const DOMAINS: &str = "
select t.oid as id, format_type(t.typbasetype, t.typtypmod) as base, t.typnotnull, t.typdefault as default,
       case when t.typcollation <> b.typcollation then
            (select quote_ident(n.nspname) || '.' || quote_ident(k.collname)
             from pg_collation k join pg_namespace n on n.oid = k.collnamespace where k.oid = t.typcollation) end as collation,
       array(select 'constraint ' || quote_ident(c.conname) || ' ' || pg_get_constraintdef(c.oid)
             from pg_constraint c where c.contypid = t.oid and c.contype = 'c' order by c.conname) as checks,
       {needs} || array(select unnest({check needs}) from pg_constraint c where c.contypid = t.oid) as needs
from pg_type t join pg_type b on b.oid = t.typbasetype where t.oid = any($1) and t.typtype = 'd'";

const COMPOSITES: &str = "
select t.oid as id,
       string_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)
                  || case when a.attcollation <> b.typcollation then
                          (select ' collate ' || quote_ident(n.nspname) || '.' || quote_ident(k.collname)
                           from pg_collation k join pg_namespace n on n.oid = k.collnamespace where k.oid = a.attcollation)
                     else '' end, ', ' order by a.attnum) as columns
from pg_type t
join pg_attribute a on a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
join pg_type b on b.oid = a.atttypid
where t.oid = any($1) and t.typtype = 'c' group by t.oid";

const RANGES: &str = "
select r.rngtypid as id, format_type(r.rngsubtype, null) as subtype,
       (select quote_ident(n.nspname) || '.' || quote_ident(o.opcname)
        from pg_opclass o join pg_namespace n on n.oid = o.opcnamespace where o.oid = r.rngsubopc and not o.opcdefault) as class,
       (select quote_ident(n.nspname) || '.' || quote_ident(k.collname)
        from pg_collation k join pg_namespace n on n.oid = k.collnamespace
        where k.oid = r.rngcollation and r.rngcollation <> s.typcollation) as collation,
       nullif(r.rngcanonical, 0)::regproc::text as canonical, nullif(r.rngsubdiff, 0)::regproc::text as difference,
       format_type(r.rngmultitypid, null) as multirange,
       {needs} as needs
from pg_range r join pg_type s on s.oid = r.rngsubtype where r.rngtypid = any($1)";

const COLLATIONS: &str = "
with used(id) as (
    select a.attcollation from pg_attribute a where a.attrelid = any($1)
    union select t.typcollation from pg_type t where t.oid = any($2)
    union select r.rngcollation from pg_range r where r.rngtypid = any($2)
    union select d.refobjid from pg_depend d
          where d.refclassid = 'pg_collation'::regclass
            and (d.classid = 'pg_class'::regclass and d.objid in (select i.indexrelid from pg_index i where i.indrelid = any($1))
                 or d.classid = 'pg_constraint'::regclass and d.objid in (select c.oid from pg_constraint c where c.conrelid = any($1))
                 or d.classid = 'pg_attrdef'::regclass and d.objid in (select f.oid from pg_attrdef f where f.adrelid = any($1)))
)
select n.nspname, quote_ident(n.nspname) || '.' || quote_ident(k.collname) as name, k.collprovider::text as provider,
       k.collisdeterministic as deterministic, to_jsonb(k) ->> 'collcollate' as collate, to_jsonb(k) ->> 'collctype' as ctype,
       coalesce(to_jsonb(k) ->> 'colllocale', to_jsonb(k) ->> 'colliculocale') as locale, to_jsonb(k) ->> 'collicurules' as rules
from pg_collation k join pg_namespace n on n.oid = k.collnamespace
where k.oid in (select id from used) and k.oid >= 16384
order by n.nspname, k.collname";

/// What a query tells of a type.
#[derive(Default)]
struct Body {
    sql: String,
    needs: Vec<String>,
    labels: Vec<String>,
}

/// The statements that make the database's own types.
pub(super) async fn definitions(
    client: &Client,
    types: &TypeGraph,
) -> Result<Vec<TypeDefinition>, Error> {
    const WHAT: &str = "read the types of the source";
    let own: Vec<&TypeNode> = types
        .own()
        .into_iter()
        .filter(|node| node.extension.is_none())
        .collect();
    let ids: Vec<u32> = own.iter().map(|node| node.id).collect();
    let mut bodies: BTreeMap<u32, Body> = BTreeMap::new();
    for (sql, body) in [
        (ENUMS, enumeration as fn(&Row) -> String),
        (DOMAINS, domain),
        (COMPOSITES, composite),
        (RANGES, range),
    ] {
        let id = if sql == RANGES { "r.rngtypid" } else { "t.oid" };
        let sql = sql
            .replace("{needs}", &needs("pg_type", id))
            .replace("{check needs}", &needs("pg_constraint", "c.oid"));
        let rows = client.query(&sql, &[&ids]).await;
        for row in &rows.map_err(Error::sql(WHAT))? {
            let body = Body {
                sql: body(row),
                needs: row.try_get("needs").unwrap_or_default(),
                labels: row.try_get("labels").unwrap_or_default(),
            };
            bodies.insert(row.get("id"), body);
        }
    }
    Ok(own
        .into_iter()
        .map(|node| definition(node, bodies.remove(&node.id)))
        .collect())
}

fn definition(node: &TypeNode, body: Option<Body>) -> TypeDefinition {
    let name = &node.type_name;
    let create = match (node.kind, &body) {
        ('d', Some(body)) => Ok(format!("create domain {name} as {}", body.sql)),
        ('c', _) if !node.is_free_standing => Err("it is the row type of a table".to_owned()),
        ('c', None) => Ok(format!("create type {name} as ()")),
        ('e', None) => Ok(format!("create type {name} as enum ()")),
        (_, Some(body)) => Ok(format!("create type {name} as {}", body.sql)),
        (_, None) => Err("it is a base type, which functions in C make".to_owned()),
    };
    let body = body.unwrap_or_default();
    TypeDefinition {
        id: node.id,
        schema: node.schema.clone(),
        name: name.clone(),
        create,
        labels: body.labels,
        needs: body.needs,
    }
}

fn enumeration(row: &Row) -> String {
    let labels: Vec<String> = row.get("labels");
    let labels: Vec<String> = labels.iter().map(|label| literal(label)).collect();
    format!("enum ({})", labels.join(", "))
}

fn domain(row: &Row) -> String {
    let mut body: String = row.get("base");
    if let Some(collation) = row.get::<_, Option<String>>("collation") {
        body.push_str(" collate ");
        body.push_str(&collation);
    }
    if let Some(default) = row.get::<_, Option<String>>("default") {
        body.push_str(" default ");
        body.push_str(&default);
    }
    if row.get("typnotnull") {
        body.push_str(" not null");
    }
    for check in row.get::<_, Vec<String>>("checks") {
        body.push(' ');
        body.push_str(&check);
    }
    body
}

fn composite(row: &Row) -> String {
    format!("({})", row.get::<_, String>("columns"))
}

fn range(row: &Row) -> String {
    let mut parts = vec![format!("subtype = {}", row.get::<_, String>("subtype"))];
    for (name, column) in [
        ("subtype_opclass", "class"),
        ("collation", "collation"),
        ("canonical", "canonical"),
        ("subtype_diff", "difference"),
        ("multirange_type_name", "multirange"),
    ] {
        if let Some(value) = row.get::<_, Option<String>>(column) {
            parts.push(format!("{name} = {value}"));
        }
    }
    format!("range ({})", parts.join(", "))
}

/// The database's own collations that tables and types use.
pub(super) async fn collations(
    client: &Client,
    tables: &[u32],
    types: &[u32],
) -> Result<Vec<Collation>, Error> {
    let rows = client
        .query(COLLATIONS, &[&tables, &types])
        .await
        .map_err(Error::sql("read the collations of the source"))?;
    Ok(rows.iter().map(collation).collect())
}

fn collation(row: &Row) -> Collation {
    let text = |column: &str| row.get::<_, Option<String>>(column);
    let mut parts = Vec::new();
    let provider = match row.get("provider") {
        "i" => "icu",
        "b" => "builtin",
        _ => "libc",
    };
    parts.push(format!("provider = {provider}"));
    // PostgreSQL 14 keeps an ICU locale in the field of libc's.
    match (provider, text("locale"), text("collate")) {
        ("libc", _, Some(collate)) => {
            parts.push(format!("lc_collate = {}", literal(&collate)));
            let ctype = text("ctype").unwrap_or(collate);
            parts.push(format!("lc_ctype = {}", literal(&ctype)));
        }
        (_, Some(locale), _) | (_, None, Some(locale)) => {
            parts.push(format!("locale = {}", literal(&locale)));
        }
        (_, None, None) => {}
    }
    if let Some(rules) = text("rules") {
        parts.push(format!("rules = {}", literal(&rules)));
    }
    if !row.get::<_, bool>("deterministic") {
        parts.push("deterministic = false".to_owned());
    }
    Collation {
        schema: row.get("nspname"),
        create: format!(
            "create collation if not exists {} ({})",
            row.get::<_, String>("name"),
            parts.join(", ")
        ),
    }
}
