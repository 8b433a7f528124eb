//! Points in time, as services and workflows write them.

use jiff::Timestamp;
use jiff::fmt::{rfc2822, strtime};
use serde_json::{Number, Value};

/// How results tell a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `2026-11-23T05:38:39.250Z`
    Text,
    /// Milliseconds since 1970.
    Milliseconds,
}

/// Reads what a state or a service gives: ISO 8601, RFC 822, or seconds since 1970.
pub(crate) fn read(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Number(number) => of_seconds(number.as_f64()?),
        Value::String(text) => {
            let text = text.trim();
            text.parse::<Timestamp>()
                .ok()
                .or_else(|| {
                    // A local time without an offset is meant as UTC.
                    let local = text.parse::<jiff::civil::DateTime>().ok()?;
                    Some(local.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
                })
                .or_else(|| rfc2822::parse(text).ok().map(|zoned| zoned.timestamp()))
                .or_else(|| of_seconds(text.parse().ok()?))
        }
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn of_seconds(seconds: f64) -> Option<Timestamp> {
    let milliseconds = (seconds * 1000.0).round();
    if !milliseconds.is_finite() || milliseconds.abs() > 1e17 {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "it is whole and within the bounds"
    )]
    let milliseconds = milliseconds as i64;
    Timestamp::from_millisecond(milliseconds).ok()
}

/// As results have it.
pub(crate) fn shown(time: Timestamp, style: Style) -> Value {
    match style {
        Style::Text => Value::String(iso(time)),
        Style::Milliseconds => Value::from(time.as_millisecond()),
    }
}

/// `2026-11-23T05:38:39Z`; with three digits of a second where there are any.
pub(crate) fn iso(time: Timestamp) -> String {
    let format = if time.subsec_millisecond() == 0 {
        "%Y-%m-%dT%H:%M:%SZ"
    } else {
        "%Y-%m-%dT%H:%M:%S.%3fZ"
    };
    strtime::format(format, time).unwrap_or_default()
}

/// `Mon, 23 Nov 2026 05:38:39 GMT`
pub(crate) fn http(time: Timestamp) -> String {
    strtime::format("%a, %d %b %Y %H:%M:%S GMT", time).unwrap_or_default()
}

/// Seconds since 1970, whole ones as integers.
pub(crate) fn seconds(time: Timestamp) -> Number {
    let milliseconds = time.as_millisecond();
    if milliseconds % 1000 == 0 {
        return Number::from(milliseconds / 1000);
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds of all dates fit into a double"
    )]
    let seconds = milliseconds as f64 / 1000.0;
    Number::from_f64(seconds).unwrap_or_else(|| Number::from(0))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{http, iso, read, seconds};

    #[test]
    fn all_ways_of_telling_a_time_are_understood() {
        for (given, expected) in [
            (json!("2026-11-23T05:38:39Z"), "2026-11-23T05:38:39Z"),
            (
                json!("2026-11-23T06:38:39.25+01:00"),
                "2026-11-23T05:38:39.250Z",
            ),
            (json!("2026-11-23T05:38:39"), "2026-11-23T05:38:39Z"),
            (
                json!("Mon, 23 Nov 2026 05:38:39 GMT"),
                "2026-11-23T05:38:39Z",
            ),
            (json!(1_795_412_319), "2026-11-23T05:38:39Z"),
            (json!(1_795_412_319.25), "2026-11-23T05:38:39.250Z"),
            (json!("1795412319"), "2026-11-23T05:38:39Z"),
        ] {
            let time = read(&given).unwrap();
            assert_eq!(iso(time), expected, "{given}");
        }
        let time = read(&json!(1_795_412_319.5)).unwrap();
        assert_eq!(http(time), "Mon, 23 Nov 2026 05:38:39 GMT");
        assert_eq!(seconds(time).to_string(), "1795412319.5");
        assert_eq!(read(&json!("yesterday")), None);
        assert_eq!(read(&json!(1e300)), None);
    }
}
