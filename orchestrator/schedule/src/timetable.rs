//! When a schedule is due: an expression in a time zone, within bounds.
//!
//! Local times are those of the wall: one that a clock change leaves out is skipped, one that comes twice counts once, the first time.
//! The days of a rate have 24 hours. Source: "Time zones" and "Daylight savings time" of EventBridge Scheduler's user guide.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};

use crate::expression::{Expression, Mistake};

/// An expression with all that decides when it is due.
#[derive(Clone, Debug)]
pub struct Timetable {
    /// The expression.
    pub expression: Expression,
    /// Where the wall is whose clock counts.
    pub zone: TimeZone,
    /// Nothing is due before, except once (`at`), which has no bounds: milliseconds since 1970.
    pub start: Option<i64>,
    /// Nothing is due after.
    pub end: Option<i64>,
    /// Where a rate without a start begins.
    pub anchor: i64,
}

impl Timetable {
    /// The first time after an instant (milliseconds since 1970), if there is one.
    #[must_use]
    pub fn next_after(&self, after: i64) -> Option<i64> {
        if let Expression::At(local) = &self.expression {
            return self.instant(*local).filter(|instant| *instant > after);
        }
        // A time that is exactly the start is within the bounds.
        let after = self.start.map_or(after, |start| after.max(start - 1));
        let next = match &self.expression {
            Expression::At(_) => None,
            Expression::Rate { period } => self.next_of_rate(*period, after),
            Expression::Cron(cron) => {
                let mut local = self.local(after)?;
                loop {
                    local = cron.next_after(local)?;
                    match self.instant(local) {
                        Some(instant) if instant > after => break Some(instant),
                        // Left out by a clock change, or the second round of an hour.
                        Some(_) | None => {}
                    }
                }
            }
        };
        next.filter(|next| self.end.is_none_or(|end| *next <= end))
    }

    /// How many times there are after one instant and up to another, counted up to a limit.
    #[must_use]
    pub fn count(&self, after: i64, until: i64, limit: u64) -> u64 {
        let mut count = 0;
        let mut at = after;
        while count < limit {
            match self.next_after(at) {
                Some(next) if next <= until => at = next,
                Some(_) | None => break,
            }
            count += 1;
        }
        count
    }

    fn next_of_rate(&self, period: i64, after: i64) -> Option<i64> {
        let anchor = self.start.unwrap_or(self.anchor);
        if after < anchor {
            return Some(anchor);
        }
        let passed = after.checked_sub(anchor)?.div_euclid(period);
        anchor.checked_add(passed.checked_add(1)?.checked_mul(period)?)
    }

    /// The wall's time at an instant.
    fn local(&self, instant: i64) -> Option<DateTime> {
        let instant = Timestamp::from_millisecond(instant).ok()?;
        Some(self.zone.to_datetime(instant))
    }

    /// When the wall first shows a time, if it ever does.
    fn instant(&self, local: DateTime) -> Option<i64> {
        let ambiguous = self.zone.to_ambiguous_timestamp(local);
        let offset = match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { offset } => offset,
            AmbiguousOffset::Gap { .. } => return None,
            AmbiguousOffset::Fold { before, .. } => before,
        };
        let instant = offset.to_timestamp(local).ok()?;
        Some(instant.as_millisecond())
    }
}

/// The longest name of a time zone.
const LONGEST_ZONE: usize = 50;

/// A time zone by its IANA name, from the database that is part of this program.
///
/// # Errors
/// When there is none of that name.
pub fn zone(name: &str) -> Result<TimeZone, Mistake> {
    let found = (name.len() <= LONGEST_ZONE)
        .then(|| TimeZoneDatabase::bundled().get(name).ok())
        .flatten();
    found.ok_or_else(|| {
        Mistake::new(
            "ScheduleExpressionTimezone",
            name,
            "there is no time zone of that name; write one of the IANA database, such as Europe/Berlin",
        )
    })
}

#[cfg(test)]
mod tests;
