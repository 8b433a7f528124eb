//! A calendar in six fields: which local minutes it names.
//!
//! Source: "Cron-based schedules" of EventBridge Scheduler's user guide; what it leaves open (lists of `L` and `W`, `L-3`, `LW`, ranges
//! that go over the end, such as `FRI-MON`) is as in Quartz, whose language this is.

mod fields;
mod search;

use crate::expression::Mistake;
use fields::Field;

/// The years that can be named.
pub const YEARS: (i16, i16) = (1970, 2199);

/// What the six fields name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    /// Bit 0 is minute 0.
    minutes: u64,
    /// Bit 0 is hour 0.
    hours: u32,
    days: Days,
    /// Bit 1 is January.
    months: u16,
    years: Years,
}

/// The days that are named, of the month or of the week.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Days {
    OfMonth {
        /// Bit 1 is the first.
        days: u32,
        /// Bit n is the weekday nearest to day n (`15W`).
        nearest: u32,
        /// Bit n is the day n before the last (`L`, `L-3`).
        from_last: u32,
        /// The last weekday (`LW`).
        last_weekday: Choice,
    },
    OfWeek {
        /// Bit 1 is Sunday.
        days: u8,
        /// Bit 1 is the last Sunday of the month (`1L`).
        last: u8,
        /// At 1 to 5 the days that are named for the first to the fifth week (`2#1`); bit 1 is Sunday.
        nth: [u8; 6],
    },
}

/// Whether something is among what was named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Choice {
    #[default]
    No,
    Yes,
}

/// A set of years.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Years([u64; 4]);

impl Years {
    fn contains(self, year: i16) -> bool {
        let Ok(offset) = usize::try_from(year - YEARS.0) else {
            return false;
        };
        year <= YEARS.1 && self.0[offset / 64] >> (offset % 64) & 1 == 1
    }

    fn insert(&mut self, year: i16) {
        let offset = usize::try_from(year - YEARS.0).expect("the field's bounds were checked");
        self.0[offset / 64] |= 1 << (offset % 64);
    }
}

impl Cron {
    /// Reads the six fields: minutes, hours, day of month, month, day of week, year.
    ///
    /// # Errors
    /// Which field is wrong, and why.
    pub fn parse(text: &str) -> Result<Self, Mistake> {
        let parts: Vec<&str> = text.split_ascii_whitespace().collect();
        let &[minutes, hours, day_of_month, month, day_of_week, year] = parts.as_slice() else {
            return Err(Mistake::new(
                "cron",
                text,
                format!(
                    "it has {} fields; write six: minutes hours day-of-month month day-of-week year",
                    parts.len()
                ),
            ));
        };
        let days = match (day_of_month, day_of_week) {
            ("?", "?") => {
                let why = "only one of day-of-month and day-of-week can be `?`";
                return Err(Mistake::new("day-of-week", day_of_week, why));
            }
            ("?", _) => fields::days_of_week(day_of_week)?,
            (_, "?") => fields::days_of_month(day_of_month)?,
            _ => {
                let why = format!(
                    "day-of-month is `{day_of_month}` and names days already: write `?` in one of the two"
                );
                return Err(Mistake::new("day-of-week", day_of_week, why));
            }
        };
        let mut years = Years([0; 4]);
        for year in Field::YEAR.values(year)? {
            years.insert(i16::try_from(year).expect("the field's bounds were checked"));
        }
        let cron = Self {
            minutes: Field::MINUTES.mask(minutes)?,
            hours: narrow(Field::HOURS.mask(hours)?),
            days,
            months: narrow(Field::MONTH.mask(month)?),
            years,
        };
        Ok(cron)
    }
}

/// A mask whose bits were bounded by its field.
fn narrow<T: TryFrom<u64>>(mask: u64) -> T {
    T::try_from(mask)
        .ok()
        .expect("the field's bounds were checked")
}

#[cfg(test)]
mod tests;
