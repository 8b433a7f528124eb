//! Finds the next local minute that a calendar names: year, month, day, hour and minute, each from the one before.

use jiff::civil::{Date, DateTime, date, time};

use crate::cron::{Choice, Cron, Days, YEARS};

impl Cron {
    /// The first local minute after a local time, if there is one before the year 2200.
    #[must_use]
    pub fn next_after(&self, after: DateTime) -> Option<DateTime> {
        let today = after.date();
        if self.names_day(today)
            && let Some((hour, minute)) = self.next_time(after.hour(), after.minute())
        {
            return Some(today.to_datetime(time(hour, minute, 0, 0)));
        }
        let day = self.next_day(today)?;
        let hour = lowest(self.hours.into())?;
        let minute = lowest(self.minutes)?;
        Some(day.to_datetime(time(hour, minute, 0, 0)))
    }

    /// The first time of the day after the given minute.
    fn next_time(&self, hour: i8, minute: i8) -> Option<(i8, i8)> {
        let hours = u64::from(self.hours);
        if hours >> hour & 1 == 1
            && let Some(minute) = lowest(self.minutes & above(minute))
        {
            return Some((hour, minute));
        }
        let hour = lowest(hours & above(hour))?;
        Some((hour, lowest(self.minutes)?))
    }

    fn names_day(&self, day: Date) -> bool {
        self.years.contains(day.year())
            && self.months >> day.month() & 1 == 1
            && self.days.in_month(day) >> day.day() & 1 == 1
    }

    /// The first day after a day.
    fn next_day(&self, after: Date) -> Option<Date> {
        let (mut year, mut month) = (after.year(), after.month());
        let mut days_left = above(after.day());
        if year < YEARS.0 {
            (year, month, days_left) = (YEARS.0, 1, u64::MAX);
        }
        while year <= YEARS.1 {
            if self.years.contains(year) {
                while month <= 12 {
                    if self.months >> month & 1 == 1 {
                        let first = date(year, month, 1);
                        let days = u64::from(self.days.in_month(first)) & days_left;
                        if let Some(day) = lowest(days) {
                            return Some(date(year, month, day));
                        }
                    }
                    days_left = u64::MAX;
                    month += 1;
                }
            }
            (year, month, days_left) = (year + 1, 1, u64::MAX);
        }
        None
    }
}

impl Days {
    /// The days that are named in a day's month; bit 1 is the first.
    fn in_month(&self, day: Date) -> u32 {
        let first = day.first_of_month();
        let length = first.days_in_month();
        // Counted from Sunday, as in the field.
        let weekday = |day: i8| (first.weekday().to_sunday_one_offset() + day - 2) % 7 + 1;
        let all = u32::MAX >> (31 - length) & !1;
        let named = match self {
            Self::OfMonth {
                days,
                nearest,
                from_last,
                last_weekday,
            } => {
                let mut named = *days;
                for offset in bits((*from_last).into()) {
                    if offset < length {
                        named |= 1 << (length - offset);
                    }
                }
                for day in bits((*nearest).into()).filter(|day| *day <= length) {
                    named |= 1 << nearest_weekday(day, length, weekday(day));
                }
                if *last_weekday == Choice::Yes {
                    named |= 1 << nearest_weekday(length, length, weekday(length));
                }
                named
            }
            Self::OfWeek { days, last, nth } => {
                let is_named = |day: i8| {
                    let bit = 1_u8 << weekday(day);
                    let week = usize::try_from((day - 1) / 7 + 1).unwrap_or_default();
                    days & bit != 0 || (last & bit != 0 && day + 7 > length) || nth[week] & bit != 0
                };
                (1..=length)
                    .filter(|day| is_named(*day))
                    .fold(0, |named, day| named | 1 << day)
            }
        };
        named & all
    }
}

/// The weekday nearest to a day, in the same month.
fn nearest_weekday(day: i8, length: i8, weekday: i8) -> i8 {
    const SUNDAY: i8 = 1;
    const SATURDAY: i8 = 7;
    match weekday {
        SATURDAY if day == 1 => 3,
        SATURDAY => day - 1,
        SUNDAY if day == length => day - 2,
        SUNDAY => day + 1,
        _ => day,
    }
}

/// The lowest bit's number.
fn lowest(mask: u64) -> Option<i8> {
    (mask != 0).then(|| i8::try_from(mask.trailing_zeros()).expect("a mask has 64 bits"))
}

/// All bits above one.
fn above(bit: i8) -> u64 {
    u64::MAX << bit << 1
}

fn bits(mask: u64) -> impl Iterator<Item = i8> {
    (0..64).filter(move |bit| mask >> bit & 1 == 1)
}
