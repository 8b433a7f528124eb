//! What has come to its end at the target: it is counted, written down where that is needed, and confirmed to the source.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use pgoutput::PgTimestamp;
use replication::piece::TransactionEnd;

use super::Follower;
use super::interruption::Interruption;
use crate::apply::{Applied, Job};
use crate::error::Error;
use crate::lanes::Fallen;
use crate::options::crash_points;
use crate::positions::Urgency;

impl Follower {
    /// Waits for the next commit of a lane.
    pub(crate) async fn land_one(&mut self) -> Result<(), Interruption> {
        let done = tokio::select! {
            done = self.lanes.next() => done,
            error = self.eager.failed() => return Err(self.impatient(error)),
        };
        match done {
            Some(done) => self.landed(done),
            None => Ok(()),
        }
    }

    /// Waits until nothing is in flight.
    pub(crate) async fn land_all(&mut self) -> Result<(), Interruption> {
        while !self.lanes.is_idle() {
            self.land_one().await?;
        }
        Ok(())
    }

    pub(super) fn landed(
        &mut self,
        done: Result<(Arc<Job>, Applied), Fallen<Job>>,
    ) -> Result<(), Interruption> {
        match done {
            Ok((job, applied)) => {
                self.committed(&applied, &job.end);
                Ok(())
            }
            Err((job, error)) => {
                let until = job.map_or_else(|| self.received(), |job| job.end.end_lsn);
                Err(self.interruption(error, until))
            }
        }
    }

    /// A target transaction is durable: counts it, and tells the source.
    pub(crate) fn committed(&mut self, applied: &Applied, end: &TransactionEnd) {
        self.positions.commit(end.end_lsn);
        let now = now();
        let routes = &self.routes;
        let reached = self.positions.reached();
        let received = self.stream.written();
        self.surroundings.status.send_modify(|status| {
            status.applied = reached;
            status.received = received;
            status.source_end = status.source_end.max(received);
            status.commit_time = Some(end.commit_time);
            status.lag = lag(end.commit_time, now);
            status.transactions += applied.transactions;
            status.target_transactions += 1;
            status.bytes += applied.bytes;
            for (relation, tally) in &applied.tables {
                let rows = &tally.rows;
                status.changes += rows.inserts + rows.updates + rows.deletes;
                let Some(route) = routes.get(*relation) else {
                    continue;
                };
                if let Some(table) = status.tables.get_mut(&route.source) {
                    let statistics = &mut table.statistics;
                    statistics.applied.inserts += rows.inserts;
                    statistics.applied.updates += rows.updates;
                    statistics.applied.deletes += rows.deletes;
                    statistics.truncates += tally.truncates;
                    statistics.ddls += tally.ddls;
                    statistics.exceptions += tally.exceptions;
                }
            }
        });
        self.confirm();
    }

    fn confirm(&mut self) {
        let mut position = self.positions.confirmable();
        if !self
            .surroundings
            .task
            .settings
            .replication
            .synchronous_commit
        {
            position = position.min(self.flushed.0);
        }
        if position <= self.confirmed {
            return;
        }
        self.confirmed = position;
        self.surroundings.crash_point(crash_points::BEFORE_CONFIRM);
        self.stream.confirm(position, position);
        self.surroundings.crash_point(crash_points::AFTER_CONFIRM);
        self.surroundings
            .status
            .send_modify(|status| status.confirmed = position);
    }

    pub(super) async fn beat(&mut self) -> Result<(), Interruption> {
        if !self
            .surroundings
            .task
            .settings
            .replication
            .synchronous_commit
        {
            self.look_at_flushes().await?;
        }
        if self.positions.rests(self.stream.written()) {
            self.surroundings.status.send_if_modified(|status| {
                let changed = !status.lag.is_zero();
                status.lag = Duration::ZERO;
                changed
            });
        }
        let urgent = match self.is_caught_up() {
            true => Urgency::Soon,
            false => Urgency::Now,
        };
        self.write_position(urgent).await?;
        if self.counted.is_due(Instant::now()) {
            self.write_statistics().await?;
        }
        let pause = self.surroundings.task.settings.replication.heartbeat;
        if let Some(pause) = pause
            && self.last_heartbeat.elapsed() >= pause
        {
            self.last_heartbeat = Instant::now();
            self.source.heartbeat().await?;
        }
        Ok(())
    }

    /// Finds out what is durable of what was committed without waiting for that.
    async fn look_at_flushes(&mut self) -> Result<(), Interruption> {
        let target = self.control.flushed().await?;
        let (_, waiting) = &mut self.flushed;
        match *waiting {
            // All that had been committed when this was written down is durable.
            Some((written, position)) if target >= written => {
                self.flushed = (position, None);
                self.confirm();
            }
            Some(_) => {}
            None => {
                let position = self.positions.confirmable();
                if position > self.flushed.0 {
                    let written = self.control.written().await?;
                    self.flushed.1 = Some((written, position));
                }
            }
        }
        Ok(())
    }

    /// Writes down what was counted for tables.
    pub(crate) async fn write_statistics(&mut self) -> Result<(), Error> {
        let news = self.counted.compare(&self.surroundings.status.borrow());
        self.counted
            .write(&self.control, news, Instant::now())
            .await
    }

    /// Writes the position of an idle stream down at the target, and confirms it then.
    pub(super) async fn write_position(&mut self, urgent: Urgency) -> Result<(), Interruption> {
        let Some(position) = self.positions.to_write(Instant::now(), urgent) else {
            return Ok(());
        };
        self.control.acknowledge(position).await?;
        self.positions.written(position, Instant::now());
        self.confirm();
        let received = self.stream.written();
        self.surroundings.status.send_modify(|status| {
            status.applied = position;
            status.received = received;
            status.source_end = status.source_end.max(received);
            status.lag = Duration::ZERO;
        });
        Ok(())
    }
}

/// The clock, as PostgreSQL writes it.
fn now() -> PgTimestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let micros = since.map_or(0, |since| {
        i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
    });
    PgTimestamp::from_unix_micros(micros)
}

/// How long ago something was; nothing if the clocks disagree.
fn lag(then: PgTimestamp, now: PgTimestamp) -> Duration {
    let micros = now.0.saturating_sub(then.0);
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}
