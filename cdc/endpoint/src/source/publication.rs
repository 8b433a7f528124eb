//! Publications: what of a table goes into the stream.
//!
//! A table in a publication that publishes its updates and deletes needs a replica identity, or else *the application's* updates fail at the
//! source. So tables without one go into a second publication, which publishes inserts and truncations only.

use std::collections::BTreeSet;

use replication::relation::TableName;

use super::Source;
use crate::Error;
use crate::schema::quote::{identifier, relation};

/// The publishable ones of these tables, with what stands for them in a publication: a partition's topmost parent, if that is among them.
/// Of a partitioned table all partitions must have an identity.
const TABLES: &str = "
with recursive
chosen as (select c.oid, c.relkind from pg_class c where c.oid = any($1) and c.relkind in ('r', 'p') and c.relpersistence = 'p'),
up as (
    select oid, oid as top from chosen
    union all select u.oid, i.inhparent from up u join pg_inherits i on i.inhrelid = u.top
        join pg_class c on c.oid = u.top and c.relispartition
),
tops as (
    select distinct on (u.oid) u.top
    from up u join chosen t on t.oid = u.top
    order by u.oid, (select count(*) from pg_partition_ancestors(u.top))
),
leaves as (
    select t.top, coalesce(l.relid, t.top) as leaf from (select distinct top from tops) t
    left join lateral (select relid from pg_partition_tree(t.top) where isleaf) l on true
)
select n.nspname, c.relname,
       bool_and(f.relreplident = 'f' or exists (
           select from pg_index i where i.indrelid = f.oid and i.indisvalid and i.indimmediate
           and case f.relreplident when 'd' then i.indisprimary when 'i' then i.indisreplident end)) as identity
from leaves l
join pg_class c on c.oid = l.top join pg_namespace n on n.oid = c.relnamespace
join pg_class f on f.oid = l.leaf
group by n.nspname, c.relname
order by n.nspname, c.relname";

const PUBLICATION: &str = "
select p.puballtables, p.pubupdate, p.pubviaroot,
       array(select n.nspname from pg_publication_rel r join pg_class c on c.oid = r.prrelid join pg_namespace n on n.oid = c.relnamespace
             where r.prpubid = p.oid order by r.oid) as schemas,
       array(select c.relname from pg_publication_rel r join pg_class c on c.oid = r.prrelid
             where r.prpubid = p.oid order by r.oid) as tables
from pg_publication p where p.pubname = $1";

const MISSING: &str = "select name from unnest($1::text[]) as name where not exists (select from pg_publication where pubname = name)";

impl Source {
    /// Makes our own publications of these tables (by OID), or brings them up to date: `name` for those with a replica identity and
    /// `name_inserts` for those without. Both exist afterwards, even if empty. Gives their names.
    ///
    /// They must be there before the slot: the stream looks a publication up as of the change that it reads.
    ///
    /// # Errors
    /// When the user may not.
    pub async fn ensure_publication(
        &self,
        name: &str,
        tables: &[u32],
    ) -> Result<Vec<String>, Error> {
        let what = format!("look up the tables of the publication {name}");
        let rows = self.client().query(TABLES, &[&tables]).await;
        let (mut all, mut inserts) = (BTreeSet::new(), BTreeSet::new());
        for row in rows.map_err(Error::sql(what))? {
            let table = TableName::new(row.get::<_, String>(0), row.get::<_, String>(1));
            if row.get::<_, bool>(2) {
                all.insert(table);
            } else {
                inserts.insert(table);
            }
        }
        let second = inserts_name(name);
        // A table never stands in both with its updates: it leaves the one before it enters the other.
        self.publish(name, &all, "insert, update, delete, truncate")
            .await?;
        self.publish(&second, &inserts, "insert, truncate").await?;
        Ok(vec![name.to_owned(), second])
    }

    /// Drops our own publications.
    ///
    /// # Errors
    /// When the user may not.
    pub async fn drop_publication(&self, name: &str) -> Result<(), Error> {
        let sql = format!(
            "drop publication if exists {}, {}",
            identifier(name),
            identifier(&inserts_name(name))
        );
        self.client()
            .batch_execute(&sql)
            .await
            .map_err(Error::sql(format!("drop the publication {name}")))
    }

    /// Which of these publications don't exist.
    ///
    /// # Errors
    /// When the source can't be asked.
    pub async fn missing_publications(&self, names: &[String]) -> Result<Vec<String>, Error> {
        let rows = self.client().query(MISSING, &[&names]).await;
        let rows = rows.map_err(Error::sql("look up publications"))?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    async fn publish(
        &self,
        name: &str,
        tables: &BTreeSet<TableName>,
        operations: &str,
    ) -> Result<(), Error> {
        let list: Vec<String> = tables.iter().map(relation).collect();
        let list = list.join(", ");
        let quoted = identifier(name);
        let existing = self.client().query_opt(PUBLICATION, &[&name]).await;
        let existing = existing.map_err(Error::sql(format!("look up the publication {name}")))?;
        let sql = match existing {
            None => {
                let tables = if list.is_empty() {
                    String::new()
                } else {
                    format!(" for table {list}")
                };
                format!(
                    "create publication {quoted}{tables} with (publish = '{operations}', publish_via_partition_root = true)"
                )
            }
            Some(row) => {
                let (for_all, updates, via_root): (bool, bool, bool) =
                    (row.get(0), row.get(1), row.get(2));
                if for_all || !via_root || updates != operations.contains("update") {
                    return Err(Error::Refused(format!(
                        "the publication {name} exists and is not one that this task made; name it as the task's publication to use it as it is, or drop it"
                    )));
                }
                let (schemas, names): (Vec<String>, Vec<String>) = (row.get(3), row.get(4));
                let published: BTreeSet<TableName> = schemas
                    .into_iter()
                    .zip(names)
                    .map(|(schema, table)| TableName::new(schema, table))
                    .collect();
                if published == *tables {
                    return Ok(());
                }
                if list.is_empty() {
                    let gone: Vec<String> = published.iter().map(relation).collect();
                    format!("alter publication {quoted} drop table {}", gone.join(", "))
                } else {
                    format!("alter publication {quoted} set table {list}")
                }
            }
        };
        self.client().batch_execute(&sql).await.map_err(|source| {
            // Insufficient privilege.
            if source.code().is_some_and(|code| code.code() == "42501") {
                let reason = source.as_db_error().map_or("", |told| told.message());
                return Error::Refused(format!(
                    "cannot publish the tables as {}: {reason}; let it own the tables and grant it create on the database, or make a publication (create publication … for table …) and name it",
                    self.settings().user
                ));
            }
            Error::sql(format!("set up the publication {name}"))(source)
        })
    }
}

/// The second publication's name. PostgreSQL keeps 63 bytes of a name.
fn inserts_name(name: &str) -> String {
    let mut end = name.len().min(55);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}_inserts", &name[..end])
}
