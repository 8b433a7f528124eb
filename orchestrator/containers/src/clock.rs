//! The machine's clock, and times as Docker writes them.

use std::time::{SystemTime, UNIX_EPOCH};

/// Epoch nanoseconds.
pub(crate) fn nanos() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
    })
}

/// Epoch milliseconds.
pub(crate) fn millis() -> i64 {
    nanos().div_euclid(1_000_000)
}

/// Epoch nanoseconds of a time as `2026-01-31T10:00:00.123456789Z`.
pub(crate) fn parse_nanos(text: &str) -> Option<i64> {
    let time: jiff::Timestamp = text.parse().ok()?;
    i64::try_from(time.as_nanosecond()).ok()
}

/// Epoch milliseconds of a time that Docker tells; `None` for its zero time, which means never.
pub(crate) fn parse_millis(text: Option<&str>) -> Option<i64> {
    let time: jiff::Timestamp = text?.parse().ok()?;
    Some(time.as_millisecond()).filter(|millis| *millis > 0)
}
