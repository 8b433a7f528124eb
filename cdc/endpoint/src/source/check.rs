//! Whether a source can do what a task needs, told before anything is begun, with what to do about it.

use super::Source;
use crate::Error;

/// What a task needs of its source.
#[derive(Clone, Debug, Default)]
pub struct Needs {
    /// The tables (by OID) whose rows are read.
    pub read: Vec<u32>,
    /// The stream; none for a full load only.
    pub stream: Option<StreamNeeds>,
}

/// What the stream needs.
#[derive(Clone, Debug, Default)]
pub struct StreamNeeds {
    /// How many slots are to be made.
    pub new_slots: i64,
    /// Publications that must be there.
    pub publications: Vec<String>,
}

const SERVER: &str = "
select current_setting('wal_level'), pg_is_in_recovery(),
       r.rolsuper or r.rolreplication or coalesce((
           select bool_or(pg_has_role(current_user, g.oid, 'usage')) from pg_roles g where g.rolname = 'rds_replication'), false),
       current_user::text
from pg_roles r where r.rolname = current_user";

/// Who uses the slots and the senders, if these are used up.
const ROOM: &str = "
select current_setting('max_replication_slots')::bigint,
       (select count(*) from pg_replication_slots),
       coalesce((select string_agg(format('%s (%s)', slot_name, case when active then 'in use' else 'not in use' end), ', ' order by active, slot_name)
                 from pg_replication_slots), ''),
       current_setting('max_wal_senders')::bigint,
       (select count(*) from pg_stat_activity where backend_type = 'walsender'),
       coalesce((select string_agg(distinct coalesce(nullif(application_name, ''), 'without a name'), ', ')
                 from pg_stat_activity where backend_type = 'walsender'), '')";

/// Partitioned tables are read by their partitions.
const UNREADABLE: &str = "
select format('%I.%I', n.nspname, c.relname)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.oid = any($1) and not (has_schema_privilege(n.oid, 'usage')
      and (has_table_privilege(c.oid, 'select') or not exists (
           select from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and not has_column_privilege(c.oid, a.attnum, 'select'))))
order by 1";

impl Source {
    /// Checks that the source can do what is needed.
    ///
    /// # Errors
    /// With what is missing, and what to do about it.
    pub async fn check(&self, needs: &Needs) -> Result<(), Error> {
        if self.version() < 140_000 {
            return Err(Error::Refused(format!(
                "the source is PostgreSQL {}: 14 is the oldest that can be replicated from",
                self.version() / 10_000
            )));
        }
        if let Some(stream) = &needs.stream {
            self.check_stream(stream).await?;
        }
        let rows = self.client().query(UNREADABLE, &[&needs.read]).await;
        let rows = rows.map_err(Error::sql("look at the rights on the tables of the source"))?;
        if rows.is_empty() {
            return Ok(());
        }
        let names: Vec<&str> = rows.iter().map(|row| row.get(0)).collect();
        let user = &self.settings().user;
        Err(Error::Refused(format!(
            "{user} may not read {} at the source; grant select on {} to {user} (and usage on the schema)",
            list(&names),
            if names.len() == 1 { names[0] } else { "them" },
        )))
    }

    async fn check_stream(&self, needs: &StreamNeeds) -> Result<(), Error> {
        let what = "look at the settings of the source";
        let row = self.client().query_one(SERVER, &[]).await;
        let row = row.map_err(Error::sql(what))?;
        let (wal_level, standby): (&str, bool) = (row.get(0), row.get(1));
        let (may_replicate, user): (bool, &str) = (row.get(2), row.get(3));
        if wal_level != "logical" {
            return Err(Error::Refused(format!(
                "the source has wal_level = {wal_level}, and changes can only be read with logical; run: alter system set wal_level = logical, and restart the server (managed services have a parameter for it, such as rds.logical_replication = 1)"
            )));
        }
        if standby && self.version() < 160_000 {
            return Err(Error::Refused(format!(
                "the source is a standby of PostgreSQL {}, whose changes can't be read before 16; connect to the primary",
                self.version() / 10_000
            )));
        }
        if !may_replicate {
            return Err(Error::Refused(format!(
                "{user} may not replicate from the source; run as a superuser: alter role \"{user}\" replication"
            )));
        }
        let missing = self.missing_publications(&needs.publications).await?;
        if !missing.is_empty() {
            return Err(Error::Refused(format!(
                "the source has no publication {}; make it (create publication … for table …), or name none to have one made",
                missing.join(", ")
            )));
        }

        let row = self.client().query_one(ROOM, &[]).await;
        let row = row.map_err(Error::sql(what))?;
        let (slots, used, by): (i64, i64, &str) = (row.get(0), row.get(1), row.get(2));
        if needs.new_slots > 0 && used + needs.new_slots > slots {
            return Err(Error::Refused(format!(
                "the source has no free replication slot: all of max_replication_slots = {slots} are taken by {by}; drop one that is not needed (select pg_drop_replication_slot('…')), or raise the setting and restart the server"
            )));
        }
        let (senders, used, by): (i64, i64, &str) = (row.get(3), row.get(4), row.get(5));
        if used >= senders {
            return Err(Error::Refused(format!(
                "the source has no free sender: all of max_wal_senders = {senders} are used ({by}); end one, or raise the setting and restart the server"
            )));
        }
        Ok(())
    }
}

/// The first few of the names.
fn list(names: &[&str]) -> String {
    const SHOWN: usize = 10;
    if names.len() <= SHOWN {
        return names.join(", ");
    }
    format!(
        "{} and {} more",
        names[..SHOWN].join(", "),
        names.len() - SHOWN
    )
}
