//! Replication slots, and the snapshot that a new one exports.

use std::time::{Duration, Instant};

use pgoutput::Lsn;
use tokio::time::{MissedTickBehavior, interval};
use wire::{Mode, Session};

use super::Source;
use crate::Error;
use crate::schema::quote::{identifier, literal};

/// How often is told whom the creation of a slot waits for.
const TELL: Duration = Duration::from_secs(1);
/// How long a slot may take to become free when who used it was ended.
const RELEASE: Duration = Duration::from_secs(30);

/// Whom a process waits for. A prepared transaction has no process.
const BLOCKERS: &str = "
select a.pid, a.usename::text, a.application_name, a.state, extract(epoch from now() - a.xact_start)::float8, a.query
from pg_stat_activity a where a.pid = any(pg_blocking_pids($1))
union all
select 0, p.owner::text, p.gid, 'prepared', extract(epoch from now() - p.prepared)::float8, ''
from pg_prepared_xacts p where 0 = any(pg_blocking_pids($1))
order by 5 desc";

const HOLDER: &str = "
select s.active_pid, a.application_name
from pg_replication_slots s left join pg_stat_activity a on a.pid = s.active_pid
where s.slot_name = $1";

/// What kind of slot to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotKind {
    /// It stays until it is dropped.
    Permanent,
    /// It goes with the connection that made it.
    Temporary,
}

/// How to make a slot.
#[derive(Clone, Debug)]
pub struct SlotOptions {
    /// Its name.
    pub name: String,
    /// How long it lives.
    pub kind: SlotKind,
    /// Prepared transactions are decoded when they are prepared (PostgreSQL 15).
    pub two_phase: bool,
    /// It is copied to standbys (PostgreSQL 17).
    pub failover: bool,
    /// How long to wait for transactions in progress before it is tried again.
    pub lock_timeout: Duration,
}

/// A slot that was made.
#[derive(Debug)]
pub struct CreatedSlot {
    /// Where its stream begins: all transactions that commit after it are in the stream, and none of them in the snapshot.
    pub consistent_point: Lsn,
    /// The source as of that point.
    pub snapshot: Snapshot,
}

/// A snapshot of the source: it can be taken up (`set transaction snapshot`) until this is dropped. A temporary slot lives as long.
#[derive(Debug)]
pub struct Snapshot {
    name: String,
    /// Any command on it would end the snapshot.
    session: Session,
}

/// What takes a snapshot without a slot.
const EXPORT: &str = "begin isolation level repeatable read read only; select pg_export_snapshot()";

/// Why the creation of a slot takes time.
#[derive(Clone, Debug, PartialEq)]
pub enum SlotProgress {
    /// It waits for transactions that were there before it, the oldest first.
    WaitsFor {
        /// Them.
        blockers: Vec<Blocker>,
        /// For how long already.
        waited: Duration,
    },
    /// It waits for something else: on a standby for the primary to log its running transactions (`select pg_log_standby_snapshot()` there).
    Waits {
        /// For how long already.
        waited: Duration,
        /// Whether the source is a standby.
        standby: bool,
    },
    /// It waited as long as it may, and is tried again.
    Again,
}

/// Who is waited for.
#[derive(Clone, Debug, PartialEq)]
pub struct Blocker {
    /// Its process; 0 for a prepared transaction.
    pub pid: i32,
    /// Its user.
    pub user: String,
    /// Its application, or the prepared transaction's identifier.
    pub application: String,
    /// `active`, `idle in transaction`, `prepared` …
    pub state: String,
    /// How old its transaction is.
    pub age: Duration,
    /// Its latest statement.
    pub query: String,
}

impl Snapshot {
    /// Its name, for `set transaction snapshot`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The source's process that holds it.
    #[must_use]
    pub fn pid(&self) -> i32 {
        self.session.backend_pid()
    }

    /// Ends it.
    pub async fn close(self) {
        self.session.close().await;
    }
}

impl Source {
    /// Which transactions a snapshot sees, as `pg_current_snapshot` writes it.
    ///
    /// # Errors
    /// When the source refuses.
    pub async fn transactions_of(&self, snapshot: &Snapshot) -> Result<String, Error> {
        let what = "see which transactions are in the snapshot";
        let mut session = Session::connect(self.settings(), Mode::Sql)
            .await
            .map_err(Error::wire(what))?;
        let sql = format!(
            "begin isolation level repeatable read read only; set transaction snapshot {}; select pg_current_snapshot()",
            literal(snapshot.name())
        );
        let answer = session.simple(&sql).await.map_err(Error::wire(what))?;
        session.close().await;
        let row = answer.last().and_then(|rows| rows.rows.first());
        match row.and_then(|row| row.get(0)) {
            Some(text) => Ok(text.to_owned()),
            None => {
                let broken = "the answer has no snapshot".to_owned();
                Err(Error::wire(what)(wire::Error::Protocol(broken)))
            }
        }
    }

    /// Exports a snapshot of the source as it is now, without a slot: for a load that is not followed.
    ///
    /// # Errors
    /// When the source refuses.
    pub async fn export_snapshot(&self) -> Result<Snapshot, Error> {
        let what = || "take a snapshot of the source";
        let mut session = Session::connect(self.settings(), Mode::Sql)
            .await
            .map_err(Error::wire(what()))?;
        let answer = session.simple(EXPORT).await.map_err(Error::wire(what()))?;
        let row = answer.last().and_then(|rows| rows.rows.first());
        let Some(name) = row.and_then(|row| row.get(0)) else {
            let broken = "the answer names no snapshot".to_owned();
            return Err(Error::wire(what())(wire::Error::Protocol(broken)));
        };
        Ok(Snapshot {
            name: name.to_owned(),
            session,
        })
    }

    /// Makes a slot, and exports its snapshot. While it waits for transactions in progress `progress` hears of it; after
    /// [`SlotOptions::lock_timeout`] it lets go (others may wait behind it) and tries again, without end.
    ///
    /// # Errors
    /// When the source refuses: a slot of the name exists (42710), or there is no free slot (53400).
    pub async fn create_slot(
        &self,
        options: &SlotOptions,
        progress: &(dyn Fn(SlotProgress) + Send + Sync),
    ) -> Result<CreatedSlot, Error> {
        let what = || format!("create the replication slot {}", options.name);
        let mut settings = self.settings().clone();
        let timeout = options.lock_timeout.as_millis().to_string();
        settings
            .parameters
            .push(("lock_timeout".to_owned(), timeout));
        let command = create_command(options, self.version());
        loop {
            let mut session = Session::connect(&settings, Mode::Replication)
                .await
                .map_err(Error::wire(what()))?;
            match self.watch(&mut session, &command, progress).await {
                Ok(answer) => {
                    let row = answer.first().and_then(|rows| rows.rows.first());
                    let field = |column: usize| row.and_then(|row| row.get(column));
                    let point = field(1).and_then(|text| text.parse().ok());
                    let (Some(consistent_point), Some(name)) = (point, field(2)) else {
                        let broken = "the answer names no consistent point or snapshot";
                        return Err(Error::wire(what())(wire::Error::Protocol(
                            broken.to_owned(),
                        )));
                    };
                    return Ok(CreatedSlot {
                        consistent_point,
                        snapshot: Snapshot {
                            name: name.to_owned(),
                            session,
                        },
                    });
                }
                // Lock not available: it waited for too long.
                Err(error) if error.code() == Some("55P03") => progress(SlotProgress::Again),
                Err(error) => return Err(Error::wire(what())(error)),
            }
        }
    }

    /// Drops a slot, after ending our own use of it. That there is none is no error.
    ///
    /// # Errors
    /// When somebody else uses it, or the user may not.
    pub async fn drop_slot(&self, slot: &str) -> Result<(), Error> {
        self.release_slot(slot).await?;
        let sql = "select pg_drop_replication_slot($1)";
        match self.client().query_one(sql, &[&slot]).await {
            Ok(_) => Ok(()),
            // Undefined object.
            Err(error) if error.code().is_some_and(|code| code.code() == "42704") => Ok(()),
            Err(error) => Err(Error::sql(format!("drop the replication slot {slot}"))(
                error,
            )),
        }
    }

    /// Ends whoever of this task's connections streams from the slot (a predecessor that died without a word), and waits until it is free.
    ///
    /// # Errors
    /// When it is somebody else, who is named.
    pub async fn release_slot(&self, slot: &str) -> Result<(), Error> {
        let what = format!("free the replication slot {slot}");
        let began = Instant::now();
        loop {
            let row = self.client().query_opt(HOLDER, &[&slot]).await;
            let row = row.map_err(Error::sql(&what))?;
            let Some(pid) = row.as_ref().and_then(|row| row.get::<_, Option<i32>>(0)) else {
                return Ok(());
            };
            let application: Option<String> = row.and_then(|row| row.get(1));
            // Not to be seen for lack of rights, or gone meanwhile.
            let ours = application
                .as_ref()
                .is_none_or(|name| *name == self.settings().application_name);
            if !ours || began.elapsed() > RELEASE {
                return Err(Error::Refused(format!(
                    "the replication slot {slot} is used by the process {pid} ({}) at the source; end that, or give this task a slot of its own",
                    application
                        .as_deref()
                        .unwrap_or("of an unknown application")
                )));
            }
            // Waits up to the given time for its end.
            self.client()
                .query("select pg_terminate_backend($1, 2000)", &[&pid])
                .await
                .map_err(Error::sql(&what))?;
        }
    }

    /// Runs the command, and tells what it waits for.
    async fn watch(
        &self,
        session: &mut Session,
        command: &str,
        progress: &(dyn Fn(SlotProgress) + Send + Sync),
    ) -> Result<Vec<wire::session::Rows>, wire::Error> {
        let pid = session.backend_pid();
        let began = Instant::now();
        let creating = session.simple(command);
        tokio::pin!(creating);
        let mut tick = interval(TELL);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        tick.tick().await;
        loop {
            tokio::select! {
                biased;
                answer = &mut creating => return answer,
                _ = tick.tick() => {
                    let waited = began.elapsed();
                    if let Some(told) = self.waits_for(pid, waited).await {
                        progress(told);
                    }
                }
            }
        }
    }

    /// What a process waits for. None when it can't be told: the creation goes on without.
    async fn waits_for(&self, pid: i32, waited: Duration) -> Option<SlotProgress> {
        let rows = self.client().query(BLOCKERS, &[&pid]).await.ok()?;
        let text = |row: &tokio_postgres::Row, column: usize| {
            row.get::<_, Option<String>>(column).unwrap_or_default()
        };
        let blockers: Vec<Blocker> = rows
            .iter()
            .map(|row| Blocker {
                pid: row.get(0),
                user: text(row, 1),
                application: text(row, 2),
                state: text(row, 3),
                age: Duration::from_secs_f64(row.get::<_, Option<f64>>(4).unwrap_or(0.0).max(0.0)),
                query: text(row, 5),
            })
            .collect();
        if !blockers.is_empty() {
            return Some(SlotProgress::WaitsFor { blockers, waited });
        }
        let row = self
            .client()
            .query_one("select pg_is_in_recovery()", &[])
            .await
            .ok()?;
        Some(SlotProgress::Waits {
            waited,
            standby: row.get(0),
        })
    }
}

fn create_command(options: &SlotOptions, version: u32) -> String {
    let name = identifier(&options.name);
    let temporary = match options.kind {
        SlotKind::Permanent => "",
        SlotKind::Temporary => " TEMPORARY",
    };
    if version < 150_000 {
        return format!(
            "CREATE_REPLICATION_SLOT {name}{temporary} LOGICAL pgoutput EXPORT_SNAPSHOT"
        );
    }
    let mut more = vec!["SNAPSHOT 'export'"];
    if options.two_phase {
        more.push("TWO_PHASE");
    }
    // A temporary slot can't be copied.
    if options.failover && version >= 170_000 && options.kind == SlotKind::Permanent {
        more.push("FAILOVER");
    }
    format!(
        "CREATE_REPLICATION_SLOT {name}{temporary} LOGICAL pgoutput ({})",
        more.join(", ")
    )
}
