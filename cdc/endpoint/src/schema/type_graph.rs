//! The types that columns use, with all that these are made of.

use std::collections::{BTreeMap, BTreeSet};

use tokio_postgres::{Client, Row};

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
