//! Where the runtime takes time and randomness from, so that a simulation can bring its own.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;
use uuid::Uuid;

/// Time and randomness.
#[derive(Clone)]
pub struct World {
    now: Arc<dyn Fn() -> i64 + Send + Sync>,
    seed: Arc<dyn Fn() -> u128 + Send + Sync>,
}

impl World {
    /// The machine's clock and randomness.
    #[must_use]
    pub fn real() -> Self {
        Self {
            now: Arc::new(|| {
                let elapsed = SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .unwrap_or_default();
                i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
            }),
            seed: Arc::new(|| Uuid::new_v4().as_u128()),
        }
    }

    /// A simulated world: tokio's own clock, which a test can pause, from a given beginning, and a given randomness.
    pub fn simulated(began_at: i64, seed: impl Fn() -> u128 + Send + Sync + 'static) -> Self {
        let began = Instant::now();
        Self {
            now: Arc::new(move || {
                let elapsed = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
                began_at.saturating_add(elapsed)
            }),
            seed: Arc::new(seed),
        }
    }

    /// The time: milliseconds since 1970.
    #[must_use]
    pub fn now(&self) -> i64 {
        (self.now)()
    }

    /// The next random number.
    #[must_use]
    pub fn seed(&self) -> u128 {
        (self.seed)()
    }

    /// How long until a moment; nothing when it is past.
    pub(crate) fn until(&self, moment: i64) -> Duration {
        let milliseconds = u64::try_from(moment.saturating_sub(self.now())).unwrap_or(0);
        Duration::from_millis(milliseconds)
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("World")
    }
}

impl Default for World {
    fn default() -> Self {
        Self::real()
    }
}
