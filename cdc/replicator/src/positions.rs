//! Which positions may be confirmed to the source.

use std::time::{Duration, Instant};

use pgoutput::Lsn;

/// Positions of an idle stream are written down at the target at most this often.
const PAUSE: Duration = Duration::from_secs(1);

/// What is known about positions.
#[derive(Clone, Debug)]
pub(crate) struct Positions {
    /// How many target transactions were begun so far, and how many of them are durable.
    begun: u64,
    durable: u64,
    /// The last checkpoint that is durable.
    checkpoint: Lsn,
    /// A position that the stream named when nothing was under way in it, and how many transactions were begun before.
    idle: Option<(Lsn, u64)>,
    /// What is written down at the target.
    acknowledged: Lsn,
    last_written: Option<Instant>,
    /// How many were durable when it was last asked whether the stream rests.
    rested: u64,
}

impl Positions {
    /// A task that has come to a checkpoint, and has confirmed up to `acknowledged`.
    pub(crate) fn new(checkpoint: Lsn, acknowledged: Lsn) -> Self {
        Self {
            begun: 0,
            durable: 0,
            checkpoint,
            idle: None,
            acknowledged: acknowledged.max(checkpoint),
            last_written: None,
            rested: 0,
        }
    }

    /// A target transaction begins. Answers how many there were before it.
    pub(crate) fn begin(&mut self) -> u64 {
        self.begun += 1;
        self.begun - 1
    }

    /// How many target transactions were begun.
    pub(crate) fn begun(&self) -> u64 {
        self.begun
    }

    /// The next of them is durable, with this checkpoint.
    pub(crate) fn commit(&mut self, checkpoint: Lsn) {
        self.durable += 1;
        self.checkpoint = self.checkpoint.max(checkpoint);
    }

    /// The last checkpoint that is durable.
    pub(crate) fn checkpoint(&self) -> Lsn {
        self.checkpoint
    }

    /// The stream named a position.
    pub(crate) fn idle_at(&mut self, position: Lsn) {
        self.idle = Some((position, self.begun));
    }

    /// How far everything is durable at the target, be it written down or not.
    pub(crate) fn reached(&self) -> Lsn {
        match self.idle {
            Some((position, begun)) if self.durable >= begun => position.max(self.checkpoint),
            _ => self.checkpoint,
        }
    }

    /// Whether all that was received is applied, and was so already when this was last asked.
    pub(crate) fn rests(&mut self, received: Lsn) -> bool {
        let since = std::mem::replace(&mut self.rested, self.durable);
        since == self.durable && self.durable == self.begun && self.reached() >= received
    }

    /// A position that should be written down at the target now, before it is confirmed.
    pub(crate) fn to_write(&self, now: Instant, urgent: Urgency) -> Option<Lsn> {
        let rested = self
            .last_written
            .is_none_or(|written| now.duration_since(written) >= PAUSE);
        let reached = self.reached();
        let news = reached > self.acknowledged && reached > self.checkpoint;
        (news && (rested || urgent == Urgency::Now)).then_some(reached)
    }

    /// It was written down.
    pub(crate) fn written(&mut self, position: Lsn, now: Instant) {
        self.acknowledged = position;
        self.last_written = Some(now);
    }

    /// What may be confirmed.
    pub(crate) fn confirmable(&self) -> Lsn {
        self.acknowledged.max(self.checkpoint)
    }
}

/// Whether a position can wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// No.
    Now,
    /// Yes.
    Soon,
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use pgoutput::Lsn;

    use super::{PAUSE, Positions, Urgency};

    #[test]
    fn a_position_waits_for_what_was_begun_before_it() {
        let start = Instant::now();
        let mut positions = Positions::new(Lsn(10), Lsn(15));
        assert_eq!(positions.confirmable(), Lsn(15));
        assert_eq!(positions.begin(), 0);
        positions.idle_at(Lsn(30));
        assert_eq!(positions.reached(), Lsn(10));
        assert_eq!(positions.to_write(start, Urgency::Now), None);
        positions.commit(Lsn(20));
        assert_eq!(positions.confirmable(), Lsn(20));
        assert_eq!(positions.reached(), Lsn(30));
        assert_eq!(positions.to_write(start, Urgency::Soon), Some(Lsn(30)));
        positions.written(Lsn(30), start);
        assert_eq!(positions.confirmable(), Lsn(30));
        // The next one waits, if it may.
        positions.idle_at(Lsn(40));
        assert_eq!(positions.to_write(start, Urgency::Soon), None);
        assert_eq!(positions.to_write(start, Urgency::Now), Some(Lsn(40)));
        assert_eq!(
            positions.to_write(start + PAUSE, Urgency::Soon),
            Some(Lsn(40))
        );
        // A transaction that comes after it does not hold it back.
        positions.begin();
        assert_eq!(positions.reached(), Lsn(40));
    }

    #[test]
    fn a_stream_rests_when_all_that_came_is_applied_for_a_while() {
        let mut positions = Positions::new(Lsn(10), Lsn(10));
        assert!(positions.rests(Lsn(10)));
        positions.begin();
        assert!(!positions.rests(Lsn(20)));
        positions.commit(Lsn(20));
        // What has just been applied has a lag that is worth showing.
        assert!(!positions.rests(Lsn(20)));
        assert!(positions.rests(Lsn(20)));
        // The source is further.
        assert!(!positions.rests(Lsn(30)));
        positions.idle_at(Lsn(30));
        assert!(positions.rests(Lsn(30)));
    }
}
