//! What depends on the present moment, which is an argument here.

use jsonata_core::value::JValue;

use super::patterns::check_picture;
use super::{Answer, State, argument, failure};

/// `$millis()`.
pub(super) fn millis(state: &State, _: &[JValue]) -> Answer {
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds of any year that people live in fit"
    )]
    let now = state.surroundings.now_millis as f64;
    Ok(JValue::Number(now))
}

/// `$now()` without a picture: `2026-11-23T06:00:00.000Z`. With a picture the call is one of `$fromMillis`.
pub(super) fn now(state: &State, _: &[JValue]) -> Answer {
    Ok(JValue::string(instant(state.surroundings.now_millis)))
}

/// An instant in ISO 8601, after Howard Hinnant's `civil_from_days`.
fn instant(millis: i64) -> String {
    const DAY: i64 = 86_400_000;
    let (days, of_day) = (millis.div_euclid(DAY), millis.rem_euclid(DAY));
    let shifted = days + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute) = (of_day / 3_600_000, of_day / 60_000 % 60);
    let (second, thousandth) = (of_day / 1000 % 60, of_day % 1000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{thousandth:03}Z")
}

/// The timestamp that `$toMillis` reads by a picture, with what the picture leaves to the present moment before it.
pub(super) fn stamp(state: &State, arguments: &[JValue]) -> Answer {
    let (timestamp, picture) = (argument(arguments, 0), argument(arguments, 1));
    let (Some(text), Some(written)) = (timestamp.as_str(), picture.as_str()) else {
        return Ok(timestamp.clone());
    };
    let now = instant(state.surroundings.now_millis);
    let mut completed = String::new();
    for part in missing(written)? {
        completed.push_str(&now[part.in_instant.clone()]);
        completed.push('~');
    }
    completed.push_str(text);
    Ok(JValue::string(completed))
}

/// The picture that belongs to what [`stamp`] returns.
pub(super) fn picture(_: &State, arguments: &[JValue]) -> Answer {
    let picture = argument(arguments, 0);
    let Some(written) = picture.as_str() else {
        return Ok(picture.clone());
    };
    check_picture(written)?;
    let mut completed = String::new();
    for part in missing(written)? {
        completed.push_str(part.marker);
        completed.push('~');
    }
    completed.push_str(written);
    Ok(JValue::string(completed))
}

/// A part of an instant, from the largest.
struct Part {
    letters: &'static [char],
    marker: &'static str,
    in_instant: std::ops::Range<usize>,
}

const PARTS: &[Part] = &[
    Part {
        letters: &['Y'],
        marker: "[Y0001]",
        in_instant: 0..4,
    },
    Part {
        letters: &['M'],
        marker: "[M01]",
        in_instant: 5..7,
    },
    Part {
        letters: &['D'],
        marker: "[D01]",
        in_instant: 8..10,
    },
    Part {
        letters: &['H', 'h'],
        marker: "[H01]",
        in_instant: 11..13,
    },
    Part {
        letters: &['m'],
        marker: "[m01]",
        in_instant: 14..16,
    },
    Part {
        letters: &['s'],
        marker: "[s01]",
        in_instant: 17..19,
    },
    Part {
        letters: &['f'],
        marker: "[f001]",
        in_instant: 20..23,
    },
];

/// The parts before the largest one that the picture has: JSONata takes them from the clock.
fn missing(picture: &str) -> Result<&'static [Part], jsonata_core::evaluator::EvaluatorError> {
    let picture = picture.replace("[[", "");
    let letters: Vec<char> = picture
        .split('[')
        .skip(1)
        .filter_map(|marker| marker.trim_start().chars().next())
        .collect();
    let has = |wanted: &[char]| letters.iter().any(|letter| wanted.contains(letter));
    if has(&['X', 'x', 'W', 'w']) {
        return match has(&['X']) {
            true => Ok(&[]),
            false => Err(failure(
                "D3136",
                "The date/time picture string is missing specifiers required to parse the timestamp",
            )),
        };
    }
    if has(&['d']) {
        return Ok(if has(&['Y']) { &[] } else { &PARTS[..1] });
    }
    let first = PARTS.iter().position(|part| has(part.letters));
    // A picture of plain text matches nothing.
    Ok(&PARTS[..first.unwrap_or(0)])
}

#[cfg(test)]
mod tests {
    use super::{instant, missing};

    #[test]
    fn instants_are_written_in_iso_8601() {
        fn check(millis: i64, expected: &str) {
            assert_eq!(instant(millis), expected);
        }
        check(0, "1970-01-01T00:00:00.000Z");
        check(951_782_400_001, "2000-02-29T00:00:00.001Z");
        check(1_795_413_600_123, "2026-11-23T06:00:00.123Z");
        check(-1, "1969-12-31T23:59:59.999Z");
    }

    #[test]
    fn what_a_picture_leaves_open_is_known() {
        fn check(picture: &str, expected: &str) {
            let missing = match missing(picture) {
                Ok(parts) => parts.iter().map(|part| part.marker).collect(),
                Err(error) => error.to_string(),
            };
            assert_eq!(missing, expected, "{picture}");
        }
        check("[Y0001]-[M01]-[D01]", "");
        check("[M01]/[D01]", "[Y0001]");
        check("[D01]", "[Y0001][M01]");
        check("[H01]:[m01]", "[Y0001][M01][D01]");
        check("[[Y]] [h]:[m] [P]", "[Y0001][M01][D01]");
        check("[X0001]-W[W01]-[F1]", "");
        check("[d001]", "[Y0001]");
        check("plain", "");
    }
}
