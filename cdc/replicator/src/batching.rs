//! When a batch is taken from the stream: what arrives before is put together.

use std::time::{Duration, Instant};

use pgoutput::Lsn;
use replication::settings::{ApplyMode, TaskSettings};

/// A stream rests when nothing has come for so long.
const REST: Duration = Duration::from_millis(100);
/// A batch does not wait when the stream is so many bytes of WAL further: its window may be full, or will be soon.
const FULL: usize = 8 << 20;

/// How batches are made. They are not closer together than the least time; after that one is taken when the stream rests, and when it does
/// not, after the longest time. One that is full is taken at once.
#[derive(Clone, Debug)]
pub(crate) struct Batching {
    /// `BatchApplyTimeoutMin`. Zero does not wait at all.
    least: Duration,
    /// `BatchApplyTimeoutMax`.
    longest: Duration,
    /// So many bytes of WAL are enough.
    full: u64,
    /// When the last batch was taken, and how far the stream was read then.
    taken: (Instant, Lsn),
    /// How far the stream was read when last seen, and since when.
    seen: (Instant, Lsn),
    /// Since when something waits.
    waits: Option<Instant>,
}

impl Batching {
    pub(crate) fn new(settings: &TaskSettings, position: Lsn, now: Instant) -> Self {
        let tuning = &settings.tuning;
        Self {
            least: match settings.apply {
                ApplyMode::Transactional => Duration::ZERO,
                ApplyMode::Batch => tuning.batch_timeout_min,
            },
            longest: tuning.batch_timeout_max.max(tuning.batch_timeout_min),
            full: tuning.batch_memory.min(FULL) as u64,
            taken: (now, position),
            seen: (now, position),
            waits: None,
        }
    }

    /// Whether what has arrived may be taken, now that the stream was read up to `received`.
    pub(crate) fn may_take(&mut self, received: Lsn, now: Instant) -> bool {
        if self.least.is_zero() {
            return true;
        }
        if self.seen.1 != received {
            self.seen = (now, received);
        }
        let (taken, position) = self.taken;
        if received > position {
            self.waits.get_or_insert(now);
        }
        if received.0.saturating_sub(position.0) >= self.full {
            return true;
        }
        let rests = now.duration_since(self.seen.0) >= REST;
        let long = self
            .waits
            .is_some_and(|since| now.duration_since(since) >= self.longest);
        now.duration_since(taken) >= self.least && (rests || long)
    }

    /// A batch was taken.
    pub(crate) fn took(&mut self, received: Lsn, now: Instant) {
        self.taken = (now, received);
        self.waits = None;
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use pgoutput::Lsn;
    use replication::settings::TaskSettings;

    use super::Batching;

    /// Looks every tenth of a second at a stream that was read up to these positions; says at which looks a batch was taken.
    fn check(tuning: &str, received: impl Fn(u64) -> u64, looks: u64, expected: &[u64]) {
        let settings = format!(
            r#"{{"TargetMetadata": {{"BatchApplyEnabled": true}}, "ChangeProcessingTuning": {{{tuning}}}}}"#
        );
        let settings = TaskSettings::parse(&settings).unwrap();
        let start = Instant::now();
        let mut batching = Batching::new(&settings, Lsn(0), start);
        let taken: Vec<u64> = (1..=looks)
            .filter(|look| {
                let now = start + Duration::from_millis(100 * look);
                let position = Lsn(received(*look));
                let takes = position > batching.taken.1 && batching.may_take(position, now);
                if takes {
                    batching.took(position, now);
                }
                takes
            })
            .collect();
        assert_eq!(taken, expected, "{tuning}");
    }

    #[test]
    fn a_batch_waits_for_its_time() {
        let one_to_three = r#""BatchApplyTimeoutMin": 1, "BatchApplyTimeoutMax": 3"#;
        // A few changes, and then nothing: after the least time.
        check(one_to_three, |look| look.min(3), 40, &[10]);
        // They come after the least time has passed: as soon as the stream rests.
        check(
            one_to_three,
            |look| look.saturating_sub(20).min(5),
            40,
            &[26],
        );
        // They come all the time: the longest time after the first of each batch.
        check(one_to_three, |look| look, 95, &[31, 62, 93]);
        // So many that the window is full.
        check(one_to_three, |look| look << 21, 12, &[4, 8, 12]);
        let little =
            r#""BatchApplyTimeoutMin": 1, "BatchApplyTimeoutMax": 3, "BatchApplyMemoryLimit": 2"#;
        check(little, |look| look << 20, 6, &[2, 4, 6]);
        // Ours: no waiting.
        let none = r#""BatchApplyTimeoutMin": 0, "BatchApplyTimeoutMax": 3"#;
        check(none, |look| look, 4, &[1, 2, 3, 4]);
    }
}
