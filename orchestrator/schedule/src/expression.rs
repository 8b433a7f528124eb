//! Reads schedule expressions: `at(…)`, `rate(…)` and `cron(…)`.
//!
//! Source: "Schedule types in EventBridge Scheduler" of its user guide.

use std::fmt;

use jiff::civil::DateTime;

use crate::cron::Cron;

/// When a schedule is due, without time zone and bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression {
    /// Once, at a local time.
    At(DateTime),
    /// Again and again, so many milliseconds apart.
    Rate {
        /// The distance, in milliseconds. A day has 24 hours.
        period: i64,
    },
    /// At the local times that a calendar names.
    Cron(Box<Cron>),
}

/// Why an expression, or another part of a schedule, can't be taken: which field, with what in it, and what is wrong with that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The field: `minutes`, `day-of-week`, `unit`, `ScheduleExpressionTimezone` …
    pub field: &'static str,
    /// What stands there.
    pub value: String,
    /// What is wrong with it, and what may stand there.
    pub why: String,
}

impl Mistake {
    /// A mistake in a field.
    pub fn new(field: &'static str, value: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            field,
            value: value.into(),
            why: why.into(),
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} `{}`: {}", self.field, self.value, self.why)
    }
}

impl std::error::Error for Mistake {}

/// The longest expression, in characters.
const LONGEST: usize = 256;

const MINUTE: i64 = 60_000;

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Mistake> {
        if text.chars().count() > LONGEST {
            let beginning: String = text.chars().take(40).collect();
            return Err(Mistake::new(
                "expression",
                format!("{beginning}…"),
                format!("it is longer than {LONGEST} characters"),
            ));
        }
        let forms = "write at(2026-11-24T02:00:00), rate(5 minutes) or cron(0 2 * * ? *)";
        let (kind, rest) = text
            .split_once('(')
            .ok_or_else(|| Mistake::new("expression", text, forms))?;
        let inside = rest.strip_suffix(')').ok_or_else(|| {
            Mistake::new("expression", text, "the closing parenthesis is missing")
        })?;
        match kind {
            "at" => at(inside),
            "rate" => rate(inside),
            "cron" => Ok(Self::Cron(Box::new(Cron::parse(inside)?))),
            _ => Err(Mistake::new("expression", text, forms)),
        }
    }
}

fn at(text: &str) -> Result<Expression, Mistake> {
    let wrong = |why: &str| Mistake::new("at", text, why);
    let form = "write a local time without an offset: 2026-11-24T02:00:00";
    let is_form = text.len() == 19
        && text.bytes().enumerate().all(|(index, byte)| match index {
            4 | 7 => byte == b'-',
            10 => byte == b'T',
            13 | 16 => byte == b':',
            _ => byte.is_ascii_digit(),
        });
    if !is_form {
        return Err(wrong(form));
    }
    text.parse()
        .map(Expression::At)
        .map_err(|_| wrong("there is no such date or time"))
}

fn rate(text: &str) -> Result<Expression, Mistake> {
    let mut words = text.split_ascii_whitespace();
    let (Some(value), Some(unit), None) = (words.next(), words.next(), words.next()) else {
        let why = "write a number and a unit: rate(5 minutes)";
        return Err(Mistake::new("rate", text, why));
    };
    let number = value
        .parse::<u32>()
        .ok()
        .filter(|&number| number > 0 && value.bytes().all(|byte| byte.is_ascii_digit()))
        .ok_or_else(|| Mistake::new("value", value, "write a whole number from 1"))?;
    let one = match unit {
        "minute" | "minutes" => MINUTE,
        "hour" | "hours" => 60 * MINUTE,
        "day" | "days" => 24 * 60 * MINUTE,
        _ => {
            let why = "write minutes, hours or days";
            return Err(Mistake::new("unit", unit, why));
        }
    };
    Ok(Expression::Rate {
        period: one * i64::from(number),
    })
}

#[cfg(test)]
mod tests;
