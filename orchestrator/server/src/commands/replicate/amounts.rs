//! Numbers as people read them.

use std::time::Duration;

/// `1,234,567`
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `812 B`, `4.2 kB`, `540 MB`: three digits at most.
pub(super) fn bytes(number: u64) -> String {
    scaled(number as f64, &["B", "kB", "MB", "GB", "TB", "PB"])
}

/// `1,234`, `45.6k`, `1.2M`: how many there are of something in a second.
pub(super) fn rate(number: f64) -> String {
    if number < 10_000.0 {
        return count(number.round() as u64);
    }
    scaled(number, &["", "k", "M", "G"]).replace(' ', "")
}

/// `0.4 ms`, `12 ms`, `3.2 s`, `4 min 5 s`, `2 h 10 min`.
pub(super) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    let whole = duration.as_secs();
    match whole {
        0 if seconds < 0.01 => format!("{:.1} ms", seconds * 1e3),
        0 => format!("{:.0} ms", seconds * 1e3),
        1..60 => format!("{seconds:.1} s"),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}

fn scaled(number: f64, units: &[&str]) -> String {
    let mut value = number;
    let mut units = units.iter();
    let mut unit = units.next().copied().unwrap_or_default();
    for next in units {
        if value < 1000.0 {
            break;
        }
        value /= 1000.0;
        unit = next;
    }
    // 9.96 would become 10.0.
    let digits = usize::from(value < 9.95 && value.fract() > 0.0 && number >= 1000.0);
    format!("{value:.digits$} {unit}").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    #[test]
    fn numbers_are_short() {
        for (number, expected) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(super::count(number), expected);
        }
        for (number, expected) in [
            (0, "0 B"),
            (812, "812 B"),
            (4_200, "4.2 kB"),
            (9_960, "10 kB"),
            (540_100_000, "540 MB"),
            (1_040_000_000_000, "1.0 TB"),
        ] {
            assert_eq!(super::bytes(number), expected);
        }
        for (number, expected) in [
            (0.4, "0"),
            (1234.0, "1,234"),
            (45_600.0, "46k"),
            (1_230_000.0, "1.2M"),
        ] {
            assert_eq!(super::rate(number), expected);
        }
        for (milliseconds, expected) in [
            (0, "0.0 ms"),
            (12, "12 ms"),
            (3_210, "3.2 s"),
            (245_000, "4 min 5 s"),
            (7_800_000, "2 h 10 min"),
        ] {
            assert_eq!(
                super::duration(Duration::from_millis(milliseconds)),
                expected
            );
        }
    }
}
