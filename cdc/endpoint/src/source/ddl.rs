//! Logical messages that travel in the stream: heartbeats, and what the source's event triggers tell of its data definitions.

use std::sync::atomic::Ordering;

use pgoutput::Lsn;
use tokio_postgres::types::PgLsn;

use super::Source;
use super::state::lsn;
use crate::Error;

/// The prefix of heartbeats. They are not transactional, so nothing of them is delivered: they only move the stream's position.
pub const HEARTBEAT: &str = "ratchet.heartbeat";
/// The prefix of the messages about data definitions. They are transactional, and so stand among the changes in the right place.
pub const DDL: &str = "ratchet.ddl";

/// Below so many bytes of WAL since the last heartbeat none is sent: its own echo and what the server logs for itself are no news.
const NEWS: u64 = 4096;

/// The search path must be empty, as elsewhere, so that names are written in full. Nothing here may ever fail the user's own statement.
///
/// A message stands in the decoder's order at its record's *end*, which is where the next record begins. When it was written in a
/// subtransaction (the handler's block is one) and the next change in another, the two tie, and the change may come first. So a second message
/// that nobody reads follows each: the first one's place is then before everything else that follows.
///
/// Of a transaction in progress the plugin tells whose subtransaction changed a row, but not whose wrote a message. So the message says it: the
/// last one begun that has not ended is the one that holds the youngest id.
const INSTALL: &str = r#"
begin;
select pg_advisory_xact_lock(hashtextextended('ratchet.ddl', 0));
create schema if not exists ratchet;
create or replace function ratchet.table_shape(id oid) returns jsonb language sql stable set search_path = '' as $$
    select jsonb_build_object(
        'id', c.oid::bigint,
        'name', jsonb_build_object('schema', n.nspname, 'table', c.relname),
        'columns', coalesce((
            select jsonb_agg(jsonb_build_object(
                'number', a.attnum, 'name', a.attname, 'type_name', format_type(a.atttypid, a.atttypmod),
                'type_id', a.atttypid::bigint, 'type_modifier', a.atttypmod, 'not_null', a.attnotnull,
                'default', pg_get_expr(d.adbin, d.adrelid), 'generated', a.attgenerated::text, 'identity', a.attidentity::text,
                'missing', case when a.atthasmissing then (a.attmissingval::text::text[])[1] end,
                'collation', case when a.attcollation <> t.typcollation then (
                    select quote_ident(cn.nspname) || '.' || quote_ident(k.collname)
                    from pg_catalog.pg_collation k join pg_catalog.pg_namespace cn on cn.oid = k.collnamespace where k.oid = a.attcollation) end
                ) order by a.attnum)
            from pg_catalog.pg_attribute a
            join pg_catalog.pg_type t on t.oid = a.atttypid
            left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
            where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped), '[]'))
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.oid = id and c.relkind in ('r', 'p') and c.relpersistence = 'p'
$$;
create or replace function ratchet.subtransaction() returns bigint language sql volatile set search_path = '' as $$
    select transactionid::text::bigint from pg_catalog.pg_locks
    where locktype = 'transactionid' and pid = pg_backend_pid() and mode = 'ExclusiveLock' and granted
    order by age(transactionid) limit 1
$$;
create or replace function ratchet.tell_ddl() returns event_trigger language plpgsql security definer set search_path = '' as $$
declare
    shape jsonb;
begin
    for shape in
        select distinct ratchet.table_shape(t.id)
        from pg_event_trigger_ddl_commands() c
        cross join lateral (
            select c.objid as id where c.classid = 'pg_class'::regclass
            union all select r.oid from pg_catalog.pg_class r where c.classid = 'pg_namespace'::regclass and c.command_tag = 'ALTER SCHEMA' and r.relnamespace = c.objid
        ) t
        where not coalesce(c.in_extension, false)
    loop
        if shape is not null then
            perform pg_logical_emit_message(true, 'ratchet.ddl', jsonb_build_object('tag', tg_tag, 'table', shape,
                'subtransaction', ratchet.subtransaction())::text);
            perform pg_logical_emit_message(true, 'ratchet.ddl.end', '');
        end if;
    end loop;
exception when others then
    raise warning 'ratchet could not tell of %: %', tg_tag, sqlerrm;
end
$$;
create or replace function ratchet.tell_drop() returns event_trigger language plpgsql security definer set search_path = '' as $$
declare
    gone record;
begin
    for gone in select objid, schema_name, object_name from pg_event_trigger_dropped_objects() where object_type = 'table' and not is_temporary
    loop
        perform pg_logical_emit_message(true, 'ratchet.ddl', jsonb_build_object('dropped',
            jsonb_build_object('id', gone.objid::bigint, 'schema', gone.schema_name, 'table', gone.object_name),
            'subtransaction', ratchet.subtransaction())::text);
        perform pg_logical_emit_message(true, 'ratchet.ddl.end', '');
    end loop;
exception when others then
    raise warning 'ratchet could not tell of %: %', tg_tag, sqlerrm;
end
$$;
drop event trigger if exists ratchet_ddl;
create event trigger ratchet_ddl on ddl_command_end
    when tag in ('CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO', 'ALTER TABLE', 'ALTER SCHEMA')
    execute function ratchet.tell_ddl();
drop event trigger if exists ratchet_drop;
create event trigger ratchet_drop on sql_drop execute function ratchet.tell_drop();
commit"#;

const IS_INSTALLED: &str = "
select count(*) = 2 from pg_event_trigger t join pg_proc p on p.oid = t.evtfoid join pg_namespace n on n.oid = p.pronamespace
where t.evtname in ('ratchet_ddl', 'ratchet_drop') and t.evtenabled <> 'D' and n.nspname = 'ratchet'";

const REMOVE: &str = "
begin;
drop event trigger if exists ratchet_ddl;
drop event trigger if exists ratchet_drop;
drop function if exists ratchet.tell_ddl();
drop function if exists ratchet.tell_drop();
drop function if exists ratchet.table_shape(oid);
drop function if exists ratchet.subtransaction();
commit";

const EMIT: &str = "
select pg_logical_emit_message(false, $1::text, $2::text)
where not pg_is_in_recovery() and pg_current_wal_insert_lsn() - $3::pg_lsn > $4::bigint";

/// Whether the source tells of its data definitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DdlTrigger {
    /// It does.
    Installed,
    /// It does not: the user may not install event triggers.
    NotAllowed,
}

impl Source {
    /// Writes a message into the WAL, if anything else was written since the last one, so that an idle database's stream moves and the source
    /// can forget the WAL of its other databases.
    ///
    /// # Errors
    /// When the source can't be reached.
    pub async fn heartbeat(&self) -> Result<(), Error> {
        let last = PgLsn::from(self.heartbeat.load(Ordering::Relaxed));
        let news = i64::try_from(NEWS).expect("it is small");
        let row = self
            .client()
            .query_opt(
                EMIT,
                &[&HEARTBEAT, &self.settings().application_name, &last, &news],
            )
            .await
            .map_err(Error::sql("send a heartbeat through the source"))?;
        if let Some(row) = row {
            let Lsn(position) = lsn(row.get(0));
            self.heartbeat.store(position, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Installs event triggers that tell of data definitions in the stream, if the user may. They serve every task of this source.
    ///
    /// # Errors
    /// When it fails for another reason than rights.
    pub async fn install_ddl_trigger(&self) -> Result<DdlTrigger, Error> {
        let what = "install the event triggers that tell of data definitions at the source";
        let installed = match self.client().batch_execute(INSTALL).await {
            Ok(()) => return Ok(DdlTrigger::Installed),
            // Insufficient privilege: somebody who may has perhaps installed them before.
            Err(error) if error.code().is_some_and(|code| code.code() == "42501") => {
                self.roll_back(what).await?;
                self.client().query_one(IS_INSTALLED, &[]).await
            }
            Err(error) => {
                self.roll_back(what).await?;
                return Err(Error::sql(what)(error));
            }
        };
        let installed: bool = installed.map_err(Error::sql(what))?.get(0);
        Ok(if installed {
            DdlTrigger::Installed
        } else {
            DdlTrigger::NotAllowed
        })
    }

    /// Removes the event triggers.
    ///
    /// # Errors
    /// When the user may not.
    pub async fn remove_ddl_trigger(&self) -> Result<(), Error> {
        let what = "remove the event triggers at the source";
        match self.client().batch_execute(REMOVE).await {
            Ok(()) => Ok(()),
            Err(error) => {
                self.roll_back(what).await?;
                Err(Error::sql(what)(error))
            }
        }
    }

    async fn roll_back(&self, what: &str) -> Result<(), Error> {
        let rolled_back = self.client().batch_execute("rollback").await;
        rolled_back.map_err(Error::sql(what))
    }
}
