use proptest::prelude::*;

use super::*;
use crate::value::Value;

#[test]
fn an_asterisk_stands_for_any_characters() {
    fn check(pattern: &str, text: &str, expected: bool) {
        assert_eq!(matches(text, pattern), expected, "{text} against {pattern}");
    }
    check("", "", true);
    check("", "a", false);
    check("*", "", true);
    check("*", "any text", true);
    check("log-*.txt", "log-2024.txt", true);
    check("log-*.txt", "log-.txt", true);
    check("log-*.txt", "log-2024.txt.gz", false);
    check("*ab*ab", "abab", true);
    check("*ab*ab", "aba", false);
    check("a**b", "a-b", true);
    check("*.txt*", "a.tx.txt", true);
    check(r"a\*b", "a*b", true);
    check(r"a\*b", "axb", false);
    check(r"a\\*", r"a\b", true);
    check(r"a\b", r"a\b", true);
    check("ö*ü", "ö→ü", true);
    check("a?c", "abc", false);
    check("*a*a*a*a*a*a*a*b", &"a".repeat(2000), false);
}

#[test]
fn strings_are_in_javas_order() {
    fn check(left: &str, expected: Ordering, right: &str) {
        assert_eq!(compare_strings(left, right), expected, "{left} {right}");
        assert_eq!(
            compare_strings(right, left),
            expected.reverse(),
            "{right} {left}"
        );
    }
    check("", Ordering::Equal, "");
    check("A", Ordering::Less, "A ");
    check("AB", Ordering::Less, "B");
    check("Z", Ordering::Less, "a");
    check("z", Ordering::Less, "ä");
    // By code points it would be the other way round.
    check("\u{1f600}", Ordering::Less, "\u{e000}");
}

#[test]
fn numbers_are_compared_exactly() {
    fn check(left: &str, expected: Ordering, right: &str) {
        let number = |text: &str| match Value::parse(text).unwrap() {
            Value::Number(number) => number,
            other => panic!("{other:?} is no number"),
        };
        let (left, right) = (number(left), number(right));
        assert_eq!(compare_numbers(&left, &right), expected, "{left} {right}");
        assert_eq!(
            compare_numbers(&right, &left),
            expected.reverse(),
            "{right} {left}"
        );
    }
    check("0", Ordering::Equal, "0.0");
    check("0", Ordering::Equal, "-0.0");
    check("1", Ordering::Less, "1.5");
    check("-1", Ordering::Greater, "-1.5");
    check("2.22", Ordering::Equal, "2.22");
    check("9007199254740993", Ordering::Greater, "9007199254740992");
    check("9007199254740993", Ordering::Greater, "9007199254740992.0");
    check(
        "9223372036854775807",
        Ordering::Less,
        "9223372036854775808.0",
    );
    check(
        "18446744073709551615",
        Ordering::Less,
        "18446744073709551616.0",
    );
    check("18446744073709551615", Ordering::Greater, "-1");
    check("1", Ordering::Less, "1e300");
    check("1", Ordering::Greater, "-1e300");
    check("1e300", Ordering::Less, "1e301");
}

#[test]
fn timestamps_need_an_upper_case_t_and_an_offset() {
    fn check(text: &str, nanoseconds: Option<i128>) {
        let parsed = Timestamp::parse(text).map(Timestamp::unix_nanoseconds);
        assert_eq!(parsed, nanoseconds, "{text}");
    }
    check("1970-01-01T00:00:00Z", Some(0));
    check("1969-12-31T23:59:59.999999999Z", Some(-1));
    check("2001-09-09T01:46:40Z", Some(1_000_000_000_000_000_000));
    check("2001-09-09T01:46:40.5Z", Some(1_000_000_000_500_000_000));
    check(
        "2001-09-09T01:46:40.123456789Z",
        Some(1_000_000_000_123_456_789),
    );
    check("2001-09-09T03:46:40+02:00", Some(1_000_000_000_000_000_000));
    check("2001-09-08T22:16:40-03:30", Some(1_000_000_000_000_000_000));
    check("2000-02-29T00:00:00Z", Some(951_782_400_000_000_000));
    check("0000-01-01T00:00:00Z", Some(-62_167_219_200_000_000_000));
    check("9999-12-31T23:59:59Z", Some(253_402_300_799_000_000_000));
    for refused in [
        "",
        "Z",
        "2021-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2021-13-01T00:00:00Z",
        "2021-00-01T00:00:00Z",
        "2021-04-31T00:00:00Z",
        "2021-01-01T24:00:00Z",
        "2021-01-01T00:60:00Z",
        "2021-01-01T00:00:60Z",
        "2021-01-01T00:00:00",
        "2021-01-01T00:00:00.5",
        "2021-01-01T00:00:00.Z",
        "2021-01-01T00:00:00.1234567890Z",
        "2021-01-01t00:00:00Z",
        "2021-01-01T00:00:00z",
        "2021-01-01 00:00:00Z",
        "01-01-2021T00:00:00Z",
        "2021-1-01T00:00:00Z",
        "2021-01-01T00:00Z",
        "2021-01-01",
        "2021-01-01T00:00:00+0100",
        "2021-01-01T00:00:00+24:00",
        "2021-01-01T00:00:00+01:60",
        "+021-01-01T00:00:00Z",
        "2021-01-01T00:00:00Zé",
    ] {
        check(refused, None);
    }
}

proptest! {
    #[test]
    fn no_text_makes_these_panic(left in ".{0,30}", right in ".{0,30}") {
        let _ = matches(&left, &right);
        let _ = compare_strings(&left, &right);
        let _ = Timestamp::parse(&left);
    }

    #[test]
    fn a_text_matches_itself_with_escapes(text in "[a*\\\\ö]{0,8}") {
        let pattern = text.replace('\\', r"\\").replace('*', r"\*");
        prop_assert!(matches(&text, &pattern));
        prop_assert!(matches(&text, "*"));
        let open = format!("{pattern}*");
        prop_assert!(matches(&text, &open));
    }

    #[test]
    fn timestamps_count_days_like_a_calendar(day in -700_000_i64..2_900_000) {
        // One day after another: the date after each date is the next day.
        let date = |days: i64| {
            let (mut year, mut month, mut rest) = (1970, 1, days);
            while rest < 0 {
                year -= 1;
                rest += if days_in_month(year, 2) == 29 { 366 } else { 365 };
            }
            loop {
                let length = if days_in_month(year, 2) == 29 { 366 } else { 365 };
                if rest < length {
                    break;
                }
                rest -= length;
                year += 1;
            }
            while rest >= days_in_month(year, month) {
                rest -= days_in_month(year, month);
                month += 1;
            }
            format!("{year:04}-{month:02}-{:02}T00:00:00Z", rest + 1)
        };
        let parsed = Timestamp::parse(&date(day)).map(Timestamp::unix_nanoseconds);
        prop_assert_eq!(parsed, Some(i128::from(day) * 86_400_000_000_000));
    }
}
