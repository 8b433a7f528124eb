//! Reads one field of a calendar: `*`, values, names, ranges, steps, lists, and what only days know.

use crate::cron::{Choice, Days, YEARS, narrow};
use crate::expression::Mistake;

/// What may stand in a field.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    name: &'static str,
    first: u16,
    last: u16,
    names: &'static [&'static str],
    /// Whether a range may go over the end: `22-2`, `FRI-MON`.
    ranges: Ranges,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ranges {
    Upwards,
    Around,
}

const MONTHS: [&str; 12] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

impl Field {
    pub(super) const MINUTES: Self = Self::of("minutes", 0, 59, &[], Ranges::Around);
    pub(super) const HOURS: Self = Self::of("hours", 0, 23, &[], Ranges::Around);
    pub(super) const MONTH: Self = Self::of("month", 1, 12, &MONTHS, Ranges::Around);
    pub(super) const YEAR: Self = Self::of(
        "year",
        YEARS.0.unsigned_abs(),
        YEARS.1.unsigned_abs(),
        &[],
        Ranges::Upwards,
    );
    const DAY_OF_MONTH: Self = Self::of("day-of-month", 1, 31, &[], Ranges::Upwards);
    const DAY_OF_WEEK: Self = Self::of("day-of-week", 1, 7, &WEEKDAYS, Ranges::Around);

    const fn of(
        name: &'static str,
        first: u16,
        last: u16,
        names: &'static [&'static str],
        ranges: Ranges,
    ) -> Self {
        Self {
            name,
            first,
            last,
            names,
            ranges,
        }
    }

    /// All values that a list names, as bits.
    pub(super) fn mask(&self, text: &str) -> Result<u64, Mistake> {
        let values = self.values(text)?;
        Ok(values.into_iter().fold(0, |mask, value| mask | 1 << value))
    }

    /// All values that a list names.
    pub(super) fn values(&self, text: &str) -> Result<Vec<u16>, Mistake> {
        let mut values = Vec::new();
        for item in text.split(',') {
            values.extend(self.item(item)?);
        }
        Ok(values)
    }

    /// The values of one item: `*`, `5`, `MON`, `1-5`, `*/10`, `5/10`, `10-40/5`.
    fn item(&self, item: &str) -> Result<Vec<u16>, Mistake> {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, Some(self.step(item, step)?)),
            None => (item, None),
        };
        let (first, last) = match range.split_once('-') {
            None if range == "*" => (self.first, self.last),
            None => {
                let first = self.value(range)?;
                (first, if step.is_some() { self.last } else { first })
            }
            Some((first, last)) => (self.value(first)?, self.value(last)?),
        };
        let size = self.last - self.first + 1;
        let length = if last >= first {
            last - first
        } else if self.ranges == Ranges::Around {
            last + size - first
        } else {
            return Err(self.wrong(item, "the range ends before it begins"));
        };
        let value = |offset: u16| self.first + (first - self.first + offset) % size;
        Ok((0..=length)
            .step_by(step.unwrap_or(1).into())
            .map(value)
            .collect())
    }

    fn step(&self, item: &str, step: &str) -> Result<u16, Mistake> {
        let most = self.last - self.first + 1;
        number(step)
            .filter(|step| (1..=most).contains(step))
            .ok_or_else(|| self.wrong(item, &format!("the step must be from 1 to {most}")))
    }

    fn value(&self, text: &str) -> Result<u16, Mistake> {
        let named = self
            .names
            .iter()
            .position(|name| name.eq_ignore_ascii_case(text));
        let named = named.and_then(|index| u16::try_from(index).ok());
        let value = named.map(|index| index + self.first);
        value
            .or_else(|| number(text).filter(|value| (self.first..=self.last).contains(value)))
            .ok_or_else(|| self.wrong(text, &self.allowed()))
    }

    fn allowed(&self) -> String {
        let (first, last) = (self.first, self.last);
        match (self.names.first(), self.names.last()) {
            (Some(from), Some(to)) => {
                format!("write a number from {first} to {last} or a name from {from} to {to}")
            }
            _ => format!("write a number from {first} to {last}"),
        }
    }

    fn wrong(&self, value: &str, why: &str) -> Mistake {
        Mistake::new(self.name, value, why)
    }
}

/// Days of the month: besides the usual, `L`, `L-3`, `LW` and `15W`.
pub(super) fn days_of_month(text: &str) -> Result<Days, Mistake> {
    let field = Field::DAY_OF_MONTH;
    let (mut days, mut nearest, mut from_last) = (0_u64, 0_u64, 0_u64);
    let mut last_weekday = Choice::No;
    for item in text.split(',') {
        if item == "L" {
            from_last |= 1;
        } else if item == "LW" {
            last_weekday = Choice::Yes;
        } else if let Some(offset) = item.strip_prefix("L-") {
            let offset = number(offset)
                .filter(|offset| *offset <= 30)
                .ok_or_else(|| field.wrong(item, "write L-0 to L-30"))?;
            from_last |= 1 << offset;
        } else if let Some(day) = item.strip_suffix('W') {
            let day = number(day)
                .filter(|day| (1..=31).contains(day))
                .ok_or_else(|| field.wrong(item, "write 1W to 31W, or LW"))?;
            nearest |= 1 << day;
        } else {
            days |= field.mask(item)?;
        }
    }
    Ok(Days::OfMonth {
        days: narrow(days),
        nearest: narrow(nearest),
        from_last: narrow(from_last),
        last_weekday,
    })
}

/// Days of the week: besides the usual, `L` (Saturday), `6L` and `6#3`.
pub(super) fn days_of_week(text: &str) -> Result<Days, Mistake> {
    let field = Field::DAY_OF_WEEK;
    let (mut days, mut last, mut nth) = (0_u64, 0_u64, [0_u8; 6]);
    for item in text.split(',') {
        if item == "L" {
            days |= 1 << field.last;
        } else if let Some(day) = item.strip_suffix('L') {
            last |= 1 << field.value(day)?;
        } else if let Some((day, week)) = item.split_once('#') {
            let day = field.value(day)?;
            let week = number(week)
                .filter(|week| (1..=5).contains(week))
                .ok_or_else(|| field.wrong(item, "after `#` write the week, from 1 to 5"))?;
            nth[usize::from(week)] |= 1 << day;
        } else {
            days |= field.mask(item)?;
        }
    }
    Ok(Days::OfWeek {
        days: narrow(days),
        last: narrow(last),
        nth,
    })
}

/// A number in digits alone: no sign, no white space.
fn number(text: &str) -> Option<u16> {
    let is_number =
        !text.is_empty() && text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}
