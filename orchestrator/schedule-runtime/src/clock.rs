//! Where time comes from, so that a simulation can bring its own.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// A clock of milliseconds since 1970.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> i64 + Send + Sync>);

impl Clock {
    /// The machine's.
    #[must_use]
    pub fn real() -> Self {
        Self(Arc::new(|| {
            let elapsed = SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default();
            i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
        }))
    }

    /// Tokio's own clock, which a test can pause, from a given beginning.
    #[must_use]
    pub fn simulated(began_at: i64) -> Self {
        let began = Instant::now();
        Self(Arc::new(move || {
            let elapsed = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
            began_at.saturating_add(elapsed)
        }))
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> i64 {
        (self.0)()
    }

    /// How long until a moment; nothing when it is past.
    pub(crate) fn until(&self, moment: i64) -> Duration {
        let milliseconds = u64::try_from(moment.saturating_sub(self.now())).unwrap_or(0);
        Duration::from_millis(milliseconds)
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::real()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Clock")
    }
}
