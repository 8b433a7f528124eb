//! The types that columns use, with all that these are made of.

use std::collections::{BTreeMap, BTreeSet};

use tokio_postgres::{Client, Row};

use super::definition::{Collation, TypeDefinition};
use super::quote::literal;
use super::read::needs;
use crate::Error;

/// Types by their OIDs, closed: what a type is made of is here, too.
#[derive(Clone, Debug, Default)]
pub(super) struct TypeGraph {
    types: BTreeMap<u32, TypeNode>,
}

/// A type.
#[derive(Clone, Debug)]
pub(super) struct TypeNode {
    /// Its OID.
    pub(super) id: u32,
    /// Its full name, quoted, as `format_type` writes it.
    pub(super) type_name: String,
    /// Its schema.
    pub(super) schema: String,
    /// `pg_type.typtype`: `b`ase, `c`omposite, `d`omain, `e`num, `p`seudo, `r`ange, `m`ultirange.
    pub(super) kind: char,
    /// Whether it is an array (or the array of another type).
    pub(super) is_array: bool,
    /// The extension that it belongs to.
    pub(super) extension: Option<String>,
    /// For a composite: whether it stands by itself, and is not a table's row.
    pub(super) is_free_standing: bool,
    /// What it is made of: element, base type, columns, subtype.
    pub(super) parts: Vec<u32>,
    has_binary_form: bool,
    is_ordered: bool,
}

/// An OID from here on is a database's own: it differs from one to the other. PostgreSQL's `FirstNormalObjectId`.
pub(super) const FIRST_OWN: u32 = 16_384;

/// The types whose binary form is an OID, which means something else in another database.
const NAMED_BY_OID: &str = "regclass regcollation regconfig regdictionary regnamespace regoper regoperator regproc regprocedure regrole regtype";

const TYPES: &str = "
with recursive used(id) as (
    select unnest($1::oid[])
    union
    select part.id
    from used
    join pg_type t on t.oid = used.id
    cross join lateral (
        select t.typelem where t.typelem <> 0
        union all select t.typbasetype where t.typbasetype <> 0
        union all select a.atttypid from pg_attribute a
                  where a.attrelid = t.typrelid and t.typrelid <> 0 and a.attnum > 0 and not a.attisdropped
        union all select r.rngsubtype from pg_range r where r.rngtypid = t.oid
        union all select r.rngtypid from pg_range r where r.rngmultitypid = t.oid
    ) as part(id)
)
select t.oid, n.nspname, t.typname, format_type(t.oid, -1) as type_name, t.typtype::text as kind,
       t.typtype = 'b' and t.typcategory = 'A' as is_array,
       t.typsend <> 0 and t.typreceive <> 0 and t.typname <> all(string_to_array($2, ' ')) as has_binary_form,
       (select c.relkind = 'c' from pg_class c where c.oid = t.typrelid) is true as is_free_standing,
       (select e.extname from pg_depend d join pg_extension e on e.oid = d.refobjid
        where d.classid = 'pg_type'::regclass and d.objid = t.oid and d.deptype = 'e'
          and d.refclassid = 'pg_extension'::regclass) as extension,
       exists (select from pg_opclass o join pg_am m on m.oid = o.opcmethod
               where m.amname in ('btree', 'hash') and o.opcdefault
                 and (o.opcintype = t.oid
                      or exists (select from pg_cast k where k.castsource = t.oid and k.casttarget = o.opcintype
                                 and k.castmethod = 'b' and k.castcontext = 'i'))) as is_ordered,
       array(select t.typelem where t.typelem <> 0
             union all select t.typbasetype where t.typbasetype <> 0
             union all (select a.atttypid from pg_attribute a
                        where a.attrelid = t.typrelid and t.typrelid <> 0 and a.attnum > 0 and not a.attisdropped
                        order by a.attnum)
             union all select r.rngsubtype from pg_range r where r.rngtypid = t.oid
             union all select r.rngtypid from pg_range r where r.rngmultitypid = t.oid) as parts
from used join pg_type t on t.oid = used.id join pg_namespace n on n.oid = t.typnamespace";

impl TypeGraph {
    /// Reads these types and all that they are made of.
    pub(super) async fn read(client: &Client, ids: &[u32], what: &str) -> Result<Self, Error> {
        let rows = client
            .query(TYPES, &[&ids, &NAMED_BY_OID])
            .await
            .map_err(Error::sql(what))?;
        let types = rows.iter().map(node).map(|node| (node.id, node)).collect();
        Ok(Self { types })
    }

    /// All OIDs.
    pub(super) fn ids(&self) -> impl Iterator<Item = u32> {
        self.types.keys().copied()
    }

    /// Whether values have an equality that an index or `is not distinct from` can use.
    pub(super) fn is_comparable(&self, id: u32) -> bool {
        self.types.get(&id).is_some_and(|node| match node.kind {
            'e' | 'r' | 'm' => true,
            'd' | 'c' => self.all_parts(node, Self::is_comparable),
            _ if node.is_array => self.all_parts(node, Self::is_comparable),
            _ => node.is_ordered,
        })
    }

    /// Whether the binary form of a value means the same in another database.
    pub(super) fn has_binary_form(&self, id: u32) -> bool {
        self.types.get(&id).is_some_and(|node| {
            // `point` and others have an element type, too, that plays no part in their form.
            let made_of_parts = node.is_array || node.kind != 'b';
            node.has_binary_form && (!made_of_parts || self.all_parts(node, Self::has_binary_form))
        })
    }

    /// The database's own types, each after those that it is made of; arrays and multiranges come with the types that they belong to.
    pub(super) fn own(&self) -> Vec<&TypeNode> {
        let mut seen = BTreeSet::new();
        let mut order = Vec::new();
        for id in self.types.keys() {
            self.visit(*id, &mut seen, &mut order);
        }
        order
    }

    fn visit<'a>(&'a self, id: u32, seen: &mut BTreeSet<u32>, order: &mut Vec<&'a TypeNode>) {
        let Some(node) = self.types.get(&id).filter(|_| seen.insert(id)) else {
            return;
        };
        for part in &node.parts {
            self.visit(*part, seen, order);
        }
        if node.id >= FIRST_OWN && !node.is_array && node.kind != 'm' {
            order.push(node);
        }
    }

    fn all_parts(&self, node: &TypeNode, holds: fn(&Self, u32) -> bool) -> bool {
        node.parts.iter().all(|part| holds(self, *part))
    }
}

fn node(row: &Row) -> TypeNode {
    let kind: String = row.get("kind");
    TypeNode {
        id: row.get("oid"),
        type_name: row.get("type_name"),
        schema: row.get("nspname"),
        kind: kind.chars().next().unwrap_or('b'),
        is_array: row.get("is_array"),
        extension: row.get("extension"),
        is_free_standing: row.get("is_free_standing"),
        parts: row.get("parts"),
        has_binary_form: row.get("has_binary_form"),
        is_ordered: row.get("is_ordered"),
    }
}

const ENUMS: &str = "
select e.enumtypid as id, string_agg(quote_literal(e.enumlabel), ', ' order by e.enumsortorder) as labels
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
    let mut bodies: BTreeMap<u32, (String, Vec<String>)> = BTreeMap::new();
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
        for row in &client
            .query(&sql, &[&ids])
            .await
            .map_err(Error::sql(WHAT))?
        {
            let needs = row.try_get("needs").unwrap_or_default();
            bodies.insert(row.get("id"), (body(row), needs));
        }
    }
    Ok(own
        .into_iter()
        .map(|node| definition(node, bodies.remove(&node.id)))
        .collect())
}

fn definition(node: &TypeNode, body: Option<(String, Vec<String>)>) -> TypeDefinition {
    let (body, needs) = body.unzip();
    let create = match (node.kind, body) {
        ('d', Some(body)) => Ok(format!("create domain {} as {body}", node.type_name)),
        ('c', _) if !node.is_free_standing => Err("it is the row type of a table".to_owned()),
        ('c', None) => Ok(format!("create type {} as ()", node.type_name)),
        ('e', None) => Ok(format!("create type {} as enum ()", node.type_name)),
        (_, Some(body)) => Ok(format!("create type {} as {body}", node.type_name)),
        (_, None) => Err("it is a base type, which functions in C make".to_owned()),
    };
    TypeDefinition {
        id: node.id,
        schema: node.schema.clone(),
        name: node.type_name.clone(),
        create,
        needs: needs.unwrap_or_default(),
    }
}

fn enumeration(row: &Row) -> String {
    format!("enum ({})", row.get::<_, String>("labels"))
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
