//! What the source says about itself and about a slot.

use pgoutput::Lsn;
use replication::checkpoint::{SlotState, SourceState};
use tokio_postgres::types::PgLsn;
use wire::{Mode, Session};

use super::Source;
use crate::Error;

/// Columns that only newer versions have are asked for by their names in a document: they are null in older ones.
const SLOT: &str = "
select s.plugin::text, s.database::text, s.confirmed_flush_lsn, s.wal_status, s.active_pid, s.temporary,
       coalesce(to_jsonb(s) ->> 'invalidation_reason',
                case when to_jsonb(s) ->> 'conflicting' = 'true' then 'conflicting with recovery' end) as invalidation,
       coalesce((to_jsonb(s) ->> 'synced')::boolean, false) as synced
from pg_replication_slots s
where s.slot_name = $1";

const WAL_END: &str = "select case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_flush_lsn() end";

impl Source {
    /// What the source says about itself and the slot.
    ///
    /// # Errors
    /// When it can't be asked; it needs the right to replicate.
    pub async fn state(&self, slot: &str) -> Result<SourceState, Error> {
        let what = "ask the source who it is";
        let mut session = Session::connect(self.settings(), Mode::Replication)
            .await
            .map_err(Error::wire(what))?;
        let answer = session
            .simple("IDENTIFY_SYSTEM")
            .await
            .map_err(Error::wire(what))?;
        let row = answer.first().and_then(|rows| rows.rows.first());
        let field = |column: usize| row.and_then(|row| row.get(column)).unwrap_or_default();
        let system_identifier = field(0).to_owned();
        let timeline: u32 = field(1).parse().unwrap_or(0);
        let history = history(&mut session, timeline).await?;
        session.close().await;
        Ok(SourceState {
            system_identifier,
            timeline,
            history,
            wal_end: self.wal_end().await?,
            slot: self.slot(slot).await?,
        })
    }

    /// The end of the source's WAL: what is durable there.
    ///
    /// # Errors
    /// When it can't be asked.
    pub async fn wal_end(&self) -> Result<Lsn, Error> {
        let row = self.client().query_one(WAL_END, &[]).await;
        let row = row.map_err(Error::sql("ask the source for the end of its WAL"))?;
        Ok(lsn(row.get(0)))
    }

    /// What the source says about a slot; none if it has none of this name.
    ///
    /// # Errors
    /// When it can't be asked.
    pub async fn slot(&self, slot: &str) -> Result<Option<SlotState>, Error> {
        let row = self.client().query_opt(SLOT, &[&slot]).await;
        let row = row.map_err(Error::sql(format!("look at the replication slot {slot}")))?;
        Ok(row.map(|row| SlotState {
            plugin: row.get::<_, Option<String>>(0).unwrap_or_default(),
            database: row.get::<_, Option<String>>(1).unwrap_or_default(),
            confirmed_flush: lsn(row.get(2)),
            wal_status: row.get(3),
            active_pid: row.get(4),
            invalidation: row.get("invalidation"),
            // A copy is temporary until it has caught up with its original.
            unsynchronised: row.get("synced") && row.get("temporary"),
        }))
    }
}

pub(super) fn lsn(position: Option<PgLsn>) -> Lsn {
    Lsn(position.map_or(0, u64::from))
}

/// The file of a timeline's history has a line for each timeline before it: its number, the position where it was left, and why.
async fn history(session: &mut Session, timeline: u32) -> Result<Vec<(u32, Lsn)>, Error> {
    if timeline <= 1 {
        return Ok(Vec::new());
    }
    let answer = match session
        .simple(&format!("TIMELINE_HISTORY {timeline}"))
        .await
    {
        Ok(answer) => answer,
        // The file is gone.
        Err(wire::Error::Database(error)) => {
            tracing::debug!(%error, timeline, "the history of the timeline can't be read");
            return Ok(Vec::new());
        }
        Err(error) => {
            return Err(Error::wire("read the history of the source's timeline")(
                error,
            ));
        }
    };
    let content = answer
        .first()
        .and_then(|rows| rows.rows.first()?.get(1))
        .unwrap_or_default();
    Ok(content
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?))
        })
        .collect())
}
