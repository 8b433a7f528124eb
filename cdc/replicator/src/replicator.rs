//! The front door: one task, from its start to its end, through trouble.

use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use replication::settings::ErrorBehavior;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::attempt::Attempt;
use crate::error::Error;
use crate::options::{Level, Notice, Options};
use crate::status::{Phase, Status};
use crate::task::Task;

/// One replication task.
///
/// It may be dropped, or its process killed, at any moment: started again, it goes on where it was.
#[derive(Debug)]
pub struct Replicator {
    surroundings: Surroundings,
}

/// What every part of a task has at hand.
#[derive(Clone, Debug)]
pub(crate) struct Surroundings {
    pub(crate) task: Arc<Task>,
    pub(crate) options: Options,
    pub(crate) status: Arc<watch::Sender<Status>>,
}

/// How a task ended that ended well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every table is loaded.
    FullLoadFinished,
    /// Everything that the source had committed when the load was over (or the task started) is durable at the target.
    CaughtUp,
    /// It was asked to stop.
    Stopped,
}

impl Replicator {
    /// A task that has not begun.
    #[must_use]
    pub fn new(task: Task, options: Options) -> Self {
        let (status, _) = watch::channel(Status::new());
        Self {
            surroundings: Surroundings {
                task: Arc::new(task),
                options,
                status: Arc::new(status),
            },
        }
    }

    /// How the task is doing; also after its end.
    #[must_use]
    pub fn status(&self) -> watch::Receiver<Status> {
        self.surroundings.status.subscribe()
    }

    /// Runs the task until it has come to its end, was asked to stop, or can't go on. A stop is clean: what was begun at the target is committed
    /// or rolled back, the sequences are set, the source is told the last position.
    ///
    /// # Errors
    /// When the task can't go on. Trouble that may pass by itself (a lost connection, a server that restarts) is waited for, as
    /// `ErrorBehavior.RecoverableErrorCount` and the settings beside it say.
    pub async fn run(self, stop: CancellationToken) -> Result<Outcome, Error> {
        let surroundings = self.surroundings;
        let ended = run(&surroundings, &stop).await;
        let phase = match &ended {
            Ok(_) => Phase::Stopped,
            Err(Error::ResyncRequired { reason, .. }) => Phase::ResyncRequired {
                reason: reason.to_string(),
            },
            Err(error) => Phase::Failed {
                reason: error.to_string(),
            },
        };
        surroundings.phase(phase);
        ended
    }
}

async fn run(surroundings: &Surroundings, stop: &CancellationToken) -> Result<Outcome, Error> {
    let mut attempt = Attempt::new(surroundings.clone());
    let mut pauses = Pauses::new(&surroundings.task.settings.errors);
    loop {
        let applied = surroundings.status.borrow().applied;
        let error = match attempt.run(stop).await {
            Ok(outcome) => return Ok(outcome),
            Err(error) if !error.is_retryable() => return Err(error),
            Err(error) => error,
        };
        // Whoever makes progress between two failures is not failing all the time.
        if surroundings.status.borrow().applied > applied {
            pauses.start_over();
        }
        let Some(pause) = pauses.next() else {
            return Err(error);
        };
        surroundings.warn(format!("{error}; trying again in {pause:.1?}"));
        surroundings.status.send_modify(|status| {
            status.restarts += 1;
            status.phase = Phase::Recovering {
                reason: error.to_string(),
            };
        });
        tokio::select! {
            () = stop.cancelled() => return Ok(Outcome::Stopped),
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// The pauses between attempts: short at first, as most trouble is over in a second. No two tasks that met the same trouble come back together.
struct Pauses {
    growing: ExponentialBuilder,
    left: ExponentialBackoff,
}

/// The pause before the first repetition, without what chance adds (up to as much again).
const FIRST_PAUSE: Duration = Duration::from_millis(100);

impl Pauses {
    fn new(errors: &ErrorBehavior) -> Self {
        let longest = errors
            .recoverable_throttling_max
            .min(errors.recoverable_interval.max(FIRST_PAUSE) * 12)
            .max(FIRST_PAUSE);
        let growing = ExponentialBuilder::new()
            .with_min_delay(FIRST_PAUSE)
            .with_max_delay(longest)
            .with_jitter();
        Self::growing(match errors.recoverable_count {
            Some(count) => growing.with_max_times(usize::try_from(count).unwrap_or(usize::MAX)),
            None => growing.without_max_times(),
        })
    }

    fn growing(growing: ExponentialBuilder) -> Self {
        Self {
            left: growing.build(),
            growing,
        }
    }

    fn start_over(&mut self) {
        self.left = self.growing.build();
    }

    fn next(&mut self) -> Option<Duration> {
        self.left.next()
    }
}

impl Surroundings {
    pub(crate) fn phase(&self, phase: Phase) {
        self.status.send_if_modified(|status| {
            let changed = status.phase != phase;
            status.phase = phase;
            changed
        });
    }

    pub(crate) fn inform(&self, text: impl Into<String>) {
        self.note(Level::Information, text.into());
    }

    pub(crate) fn warn(&self, text: impl Into<String>) {
        self.note(Level::Warning, text.into());
    }

    /// How the target is connected to: by the task's name, so that a later copy of it finds the sessions of a dead one.
    pub(crate) fn target_settings(&self) -> wire::Settings {
        let mut settings = self.task.target.clone();
        settings.application_name = self.task.application_name();
        settings
    }

    pub(crate) fn crash_point(&self, name: &'static str) {
        (self.options.crash_point)(name);
    }

    fn note(&self, level: Level, text: String) {
        match level {
            Level::Information => tracing::info!(task = self.task.name, "{text}"),
            Level::Warning => tracing::warn!(task = self.task.name, "{text}"),
        }
        (self.options.observer)(&Notice {
            level,
            table: None,
            text,
        });
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use replication::settings::TaskSettings;

    use super::{FIRST_PAUSE, Pauses};

    #[test]
    fn pauses_grow_to_their_longest_and_end_with_their_count() {
        let check = |settings: &str, expected: &[u32]| {
            let settings = TaskSettings::parse(settings).unwrap();
            let mut pauses = Pauses::new(&settings.errors);
            for _ in 0..2 {
                for (number, times) in expected.iter().enumerate() {
                    let pause = pauses.next().expect("there is one more");
                    let least = FIRST_PAUSE * *times;
                    // Half a millisecond for what is lost in a float.
                    let range = least..=least * 2 + Duration::from_micros(500);
                    assert!(range.contains(&pause), "{settings:?} {number}: {pause:?}");
                }
                if settings.errors.recoverable_count.is_some() {
                    assert_eq!(pauses.next(), None);
                }
                pauses.start_over();
            }
        };
        check(
            r#"{"ErrorBehavior": {"RecoverableErrorCount": 8, "RecoverableErrorInterval": 5, "RecoverableErrorThrottlingMax": 5}}"#,
            &[1, 2, 4, 8, 16, 32, 50, 50],
        );
        check(
            r#"{"ErrorBehavior": {"RecoverableErrorCount": 3, "RecoverableErrorInterval": 0}}"#,
            &[1, 2, 4],
        );
        check(r#"{"ErrorBehavior": {"RecoverableErrorCount": 0}}"#, &[]);
        check(
            r#"{"ErrorBehavior": {"RecoverableErrorCount": -1, "RecoverableErrorInterval": 1, "RecoverableErrorThrottling": false}}"#,
            &[1, 2, 4, 8, 10, 10, 10],
        );
    }
}
