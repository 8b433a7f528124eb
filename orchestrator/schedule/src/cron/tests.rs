use super::*;
use expect_test::{Expect, expect};
use jiff::civil::DateTime;

/// The first five times after an instant.
fn check(text: &str, after: &str, expected: &Expect) {
    let cron = Cron::parse(text).expect("the expression is right");
    let mut at: DateTime = after.parse().expect("the time is right");
    let mut lines = Vec::new();
    for _ in 0..5 {
        let Some(next) = cron.next_after(at) else {
            lines.push("never".to_owned());
            break;
        };
        lines.push(next.strftime("%Y-%m-%d %H:%M %a").to_string());
        at = next;
    }
    expected.assert_eq(&lines.join("\n"));
}

#[test]
fn times_of_the_day() {
    check(
        "0/20 22-1 * * ? *",
        "2026-11-23T23:30:00",
        &expect![[r#"
        2026-11-23 23:40 Mon
        2026-11-24 00:00 Tue
        2026-11-24 00:20 Tue
        2026-11-24 00:40 Tue
        2026-11-24 01:00 Tue"#]],
    );
    check(
        "59 23 31 12 ? *",
        "2026-12-31T23:59:00",
        &expect![[r#"
        2027-12-31 23:59 Fri
        2028-12-31 23:59 Sun
        2029-12-31 23:59 Mon
        2030-12-31 23:59 Tue
        2031-12-31 23:59 Wed"#]],
    );
}

#[test]
fn last_days() {
    check(
        "0 0 L * ? *",
        "2027-12-31T00:00:00",
        &expect![[r#"
        2028-01-31 00:00 Mon
        2028-02-29 00:00 Tue
        2028-03-31 00:00 Fri
        2028-04-30 00:00 Sun
        2028-05-31 00:00 Wed"#]],
    );
    check(
        "0 0 L-2 2 ? *",
        "2026-01-01T00:00:00",
        &expect![[r#"
        2026-02-26 00:00 Thu
        2027-02-26 00:00 Fri
        2028-02-27 00:00 Sun
        2029-02-26 00:00 Mon
        2030-02-26 00:00 Tue"#]],
    );
    check(
        "0 0 LW * ? *",
        "2026-01-01T00:00:00",
        &expect![[r#"
        2026-01-30 00:00 Fri
        2026-02-27 00:00 Fri
        2026-03-31 00:00 Tue
        2026-04-30 00:00 Thu
        2026-05-29 00:00 Fri"#]],
    );
    check(
        "0 0 L-30 * ? *",
        "2026-01-02T00:00:00",
        &expect![[r#"
        2026-03-01 00:00 Sun
        2026-05-01 00:00 Fri
        2026-07-01 00:00 Wed
        2026-08-01 00:00 Sat
        2026-10-01 00:00 Thu"#]],
    );
}

#[test]
fn nearest_weekdays() {
    check(
        "0 0 1W * ? *",
        "2026-01-02T00:00:00",
        &expect![[r#"
        2026-02-02 00:00 Mon
        2026-03-02 00:00 Mon
        2026-04-01 00:00 Wed
        2026-05-01 00:00 Fri
        2026-06-01 00:00 Mon"#]],
    );
    check(
        "0 0 15W * ? *",
        "2026-01-16T00:00:00",
        &expect![[r#"
        2026-02-16 00:00 Mon
        2026-03-16 00:00 Mon
        2026-04-15 00:00 Wed
        2026-05-15 00:00 Fri
        2026-06-15 00:00 Mon"#]],
    );
    check(
        "0 0 31W * ? *",
        "2026-01-01T00:00:00",
        &expect![[r#"
        2026-01-30 00:00 Fri
        2026-03-31 00:00 Tue
        2026-05-29 00:00 Fri
        2026-07-31 00:00 Fri
        2026-08-31 00:00 Mon"#]],
    );
}

#[test]
fn days_of_the_week() {
    check(
        "0 0 ? * FRI-MON *",
        "2026-11-19T00:00:00",
        &expect![[r#"
        2026-11-20 00:00 Fri
        2026-11-21 00:00 Sat
        2026-11-22 00:00 Sun
        2026-11-23 00:00 Mon
        2026-11-27 00:00 Fri"#]],
    );
    check(
        "0 0 ? * 6L *",
        "2026-01-01T00:00:00",
        &expect![[r#"
        2026-01-30 00:00 Fri
        2026-02-27 00:00 Fri
        2026-03-27 00:00 Fri
        2026-04-24 00:00 Fri
        2026-05-29 00:00 Fri"#]],
    );
    check(
        "0 0 ? * MON#5 *",
        "2026-01-01T00:00:00",
        &expect![[r#"
        2026-03-30 00:00 Mon
        2026-06-29 00:00 Mon
        2026-08-31 00:00 Mon
        2026-11-30 00:00 Mon
        2027-03-29 00:00 Mon"#]],
    );
    check(
        "0 0 ? * TUE#1,L *",
        "2026-01-01T00:00:00",
        &expect![[r#"
        2026-01-03 00:00 Sat
        2026-01-06 00:00 Tue
        2026-01-10 00:00 Sat
        2026-01-17 00:00 Sat
        2026-01-24 00:00 Sat"#]],
    );
}

#[test]
fn rare_and_past_years() {
    check(
        "0 0 29 2 ? *",
        "2026-01-01T00:00:00",
        &expect![[r#"
        2028-02-29 00:00 Tue
        2032-02-29 00:00 Sun
        2036-02-29 00:00 Fri
        2040-02-29 00:00 Wed
        2044-02-29 00:00 Mon"#]],
    );
    check("0 0 30 2 ? *", "2026-01-01T00:00:00", &expect!["never"]);
    check("0 0 1 1 ? 2020", "2026-01-01T00:00:00", &expect!["never"]);
    check(
        "0 0 1 1 ? 2199",
        "2026-01-01T00:00:00",
        &expect![[r#"
        2199-01-01 00:00 Tue
        never"#]],
    );
}
