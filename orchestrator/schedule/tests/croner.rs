//! Compares calendars with the crate `croner` over random expressions and instants, where no clock changes.
#![allow(
    clippy::unwrap_used,
    reason = "these are tests: a failure is a panic that names its place"
)]

use croner::parser::{CronParser, Seconds, Year};
use jiff::Timestamp;
use schedule::expression::Expression;
use schedule::names::mixed;
use schedule::timetable::{Timetable, zone};

/// How many expressions are compared, each at several instants.
const EXPRESSIONS: u64 = 10_000;

const ZONES: [&str; 8] = [
    "UTC",
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/Sao_Paulo",
    "Pacific/Auckland",
    "Africa/Casablanca",
];

/// Draws numbers from a seed.
struct Drawn(u64);

impl Drawn {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(1);
        mixed(self.0) % bound
    }

    fn between(&mut self, first: u64, last: u64) -> u64 {
        first + self.below(last - first + 1)
    }

    /// A field: `*`, a value, a list, a range, a step.
    fn field(&mut self, first: u64, last: u64) -> String {
        match self.below(6) {
            0 => "*".to_owned(),
            1 => self.between(first, last).to_string(),
            2 => {
                let values = (0..=self.below(3)).map(|_| self.between(first, last).to_string());
                values.collect::<Vec<_>>().join(",")
            }
            3 => {
                let begin = self.between(first, last);
                format!("{begin}-{}", self.between(begin, last))
            }
            4 => format!("*/{}", self.between(1, last - first)),
            _ => {
                let begin = self.between(first, last);
                let end = self.between(begin, last);
                format!("{begin}-{end}/{}", self.between(1, last - first))
            }
        }
    }

    /// The same expression in our six fields and in croner's, which has seconds first and counts the days of the week from Sunday, 1, in
    /// its Quartz mode as we do.
    fn expression(&mut self) -> (String, String) {
        let minutes = self.field(0, 59);
        let hours = self.field(0, 23);
        let month = self.field(1, 12);
        let year = match self.below(3) {
            0 => format!("2026-{}", self.between(2026, 2040)),
            _ => "*".to_owned(),
        };
        let (day, weekday) = match self.below(7) {
            0 => ("L".to_owned(), "?".to_owned()),
            1 => (format!("{}W", self.between(2, 27)), "?".to_owned()),
            2 => ("?".to_owned(), format!("{}L", self.between(1, 7))),
            3 => (
                "?".to_owned(),
                format!("{}#{}", self.between(1, 7), self.between(1, 5)),
            ),
            4 => ("?".to_owned(), self.field(1, 7)),
            _ => (self.field(1, 31), "?".to_owned()),
        };
        let ours = format!("cron({minutes} {hours} {day} {month} {weekday} {year})");
        let theirs = format!("0 {minutes} {hours} {day} {month} {weekday} {year}");
        (ours, theirs)
    }
}

/// Whether the zone's offset is the same for a day around an instant.
fn is_quiet(zone: &jiff::tz::TimeZone, instant: i64) -> bool {
    const DAY: i64 = 86_400_000;
    let offset = |at: i64| zone.to_offset(Timestamp::from_millisecond(at).unwrap());
    let here = offset(instant);
    (-8..=8).all(|step| offset(instant + step * DAY / 8) == here)
}

#[test]
fn agrees_with_croner_where_no_clock_changes() {
    let mut drawn = Drawn(0x5eed);
    let parser = CronParser::builder()
        .seconds(Seconds::Required)
        .year(Year::Required)
        .alternative_weekdays(true)
        .build();
    let mut compared = 0;
    for _ in 0..EXPRESSIONS {
        let (ours, theirs) = drawn.expression();
        let zone_name = ZONES[usize::try_from(drawn.below(8)).unwrap()];
        let timetable = Timetable {
            expression: Expression::parse(&ours).unwrap_or_else(|error| panic!("{ours}: {error}")),
            zone: zone(zone_name).unwrap(),
            start: None,
            end: None,
            anchor: 0,
        };
        let oracle = parser
            .parse(&theirs)
            .unwrap_or_else(|error| panic!("{theirs}: {error}"));
        // Croner works in UTC on the wall's time; clocks change nowhere near.
        let begin = Timestamp::from_second(
            i64::try_from(drawn.between(1_767_225_600, 1_900_000_000)).unwrap(),
        )
        .unwrap();
        let mut at = begin.as_millisecond();
        for _ in 0..3 {
            let next = timetable.next_after(at);
            let wall = timetable
                .zone
                .to_datetime(Timestamp::from_millisecond(at).unwrap());
            let expected = following(&oracle, wall);
            let Some(next) = next else {
                assert_eq!(expected, None, "{ours} in {zone_name} after {wall}");
                break;
            };
            if !is_quiet(&timetable.zone, next) || !is_quiet(&timetable.zone, at) {
                at = next;
                continue;
            }
            let shown = timetable
                .zone
                .to_datetime(Timestamp::from_millisecond(next).unwrap());
            let passed_a_gap = expected.is_some_and(|expected| {
                let ambiguous = timetable.zone.to_ambiguous_timestamp(expected);
                !matches!(
                    ambiguous.offset(),
                    jiff::tz::AmbiguousOffset::Unambiguous { .. }
                )
            });
            if !passed_a_gap {
                assert_eq!(Some(shown), expected, "{ours} in {zone_name} after {wall}");
                compared += 1;
            }
            at = next;
        }
    }
    assert!(
        compared > EXPRESSIONS,
        "only {compared} times were compared"
    );
}

/// What croner names after a wall's time.
fn following(oracle: &croner::Cron, wall: jiff::civil::DateTime) -> Option<jiff::civil::DateTime> {
    use chrono::{DateTime, Utc};
    let utc = wall.to_zoned(jiff::tz::TimeZone::UTC).unwrap();
    let at: DateTime<Utc> = DateTime::from_timestamp(utc.timestamp().as_second(), 0).unwrap();
    let next = oracle.find_next_occurrence(&at, false).ok()?;
    let next = Timestamp::from_second(next.timestamp()).unwrap();
    Some(jiff::tz::TimeZone::UTC.to_datetime(next))
}
