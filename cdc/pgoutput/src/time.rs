//! A moment as PostgreSQL's protocols write it.

/// Microseconds since 2000-01-01 00:00:00 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PgTimestamp(pub i64);

/// Microseconds from the Unix epoch to PostgreSQL's.
const EPOCH: i64 = 946_684_800_000_000;

impl PgTimestamp {
    /// From microseconds since 1970.
    #[must_use]
    pub fn from_unix_micros(micros: i64) -> Self {
        Self(micros.saturating_sub(EPOCH))
    }

    /// Microseconds since 1970.
    #[must_use]
    pub fn unix_micros(self) -> i64 {
        self.0.saturating_add(EPOCH)
    }
}
