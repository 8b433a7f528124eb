use super::*;
use expect_test::{Expect, expect};

pub(super) fn instant(text: &str) -> i64 {
    let instant: Timestamp = text.parse().expect("an instant");
    instant.as_millisecond()
}

pub(super) fn timetable(expression: &str, zone_name: &str) -> Timetable {
    Timetable {
        expression: Expression::parse(expression).expect("the expression is right"),
        zone: zone(zone_name).expect("there is such a zone"),
        start: None,
        end: None,
        anchor: 0,
    }
}

/// The times between two instants, as the wall shows them, with the zone's offset.
fn check(expression: &str, zone: &str, after: &str, until: &str, expected: &Expect) {
    let timetable = timetable(expression, zone);
    expected.assert_eq(&shown(&timetable, after, until));
}

fn shown(timetable: &Timetable, after: &str, until: &str) -> String {
    let mut at = instant(after);
    let until = instant(until);
    let mut lines = Vec::new();
    while let Some(next) = timetable.next_after(at).filter(|next| *next <= until) {
        let zoned = Timestamp::from_millisecond(next)
            .expect("it is in range")
            .to_zoned(timetable.zone.clone());
        lines.push(zoned.strftime("%m-%d %H:%M:%S %:z").to_string());
        at = next;
    }
    lines.join("\n")
}

#[test]
fn new_york_forward() {
    let (from, to) = ("2026-03-08T05:00:00Z", "2026-03-08T09:00:00Z");
    let zone = "America/New_York";
    check(
        "cron(30 * * * ? *)",
        zone,
        from,
        to,
        &expect![[r#"
        03-08 00:30:00 -05:00
        03-08 01:30:00 -05:00
        03-08 03:30:00 -04:00
        03-08 04:30:00 -04:00"#]],
    );
    check("cron(30 2 * * ? *)", zone, from, to, &expect![[""]]);
    check(
        "cron(0 3 * * ? *)",
        zone,
        from,
        to,
        &expect!["03-08 03:00:00 -04:00"],
    );
    check(
        "cron(*/30 2 * * ? *)",
        zone,
        from,
        "2026-03-09T08:00:00Z",
        &expect![[r#"
            03-09 02:00:00 -04:00
            03-09 02:30:00 -04:00"#]],
    );
    check("at(2026-03-08T02:30:00)", zone, from, to, &expect![[""]]);
}

#[test]
fn new_york_back() {
    let (from, to) = ("2026-11-01T04:00:00Z", "2026-11-01T08:00:00Z");
    let zone = "America/New_York";
    check(
        "cron(*/30 * * * ? *)",
        zone,
        from,
        to,
        &expect![[r#"
        11-01 00:30:00 -04:00
        11-01 01:00:00 -04:00
        11-01 01:30:00 -04:00
        11-01 02:00:00 -05:00
        11-01 02:30:00 -05:00
        11-01 03:00:00 -05:00"#]],
    );
    check(
        "cron(30 1 * * ? *)",
        zone,
        from,
        to,
        &expect!["11-01 01:30:00 -04:00"],
    );
    check(
        "at(2026-11-01T01:30:00)",
        zone,
        from,
        to,
        &expect!["11-01 01:30:00 -04:00"],
    );
    // From within the second round of the hour, which counts no more.
    check(
        "cron(*/15 1 * * ? *)",
        zone,
        "2026-11-01T06:10:00Z",
        to,
        &expect![[""]],
    );
}

#[test]
fn berlin_both_ways() {
    let zone = "Europe/Berlin";
    check(
        "cron(0/20 1-3 * * ? *)",
        zone,
        "2026-03-28T23:30:00Z",
        "2026-03-29T03:00:00Z",
        &expect![[r#"
            03-29 01:00:00 +01:00
            03-29 01:20:00 +01:00
            03-29 01:40:00 +01:00
            03-29 03:00:00 +02:00
            03-29 03:20:00 +02:00
            03-29 03:40:00 +02:00"#]],
    );
    check(
        "cron(0/20 1-3 * * ? *)",
        zone,
        "2026-10-24T22:30:00Z",
        "2026-10-25T03:00:00Z",
        &expect![[r#"
            10-25 01:00:00 +02:00
            10-25 01:20:00 +02:00
            10-25 01:40:00 +02:00
            10-25 02:00:00 +02:00
            10-25 02:20:00 +02:00
            10-25 02:40:00 +02:00
            10-25 03:00:00 +01:00
            10-25 03:20:00 +01:00
            10-25 03:40:00 +01:00"#]],
    );
}

#[test]
fn lord_howe_moves_by_half_an_hour() {
    let zone = "Australia/Lord_Howe";
    check(
        "cron(*/15 1-2 * * ? *)",
        zone,
        "2026-10-03T14:00:00Z",
        "2026-10-03T17:00:00Z",
        &expect![[r#"
            10-04 01:00:00 +10:30
            10-04 01:15:00 +10:30
            10-04 01:30:00 +10:30
            10-04 01:45:00 +10:30
            10-04 02:30:00 +11:00
            10-04 02:45:00 +11:00"#]],
    );
    check(
        "cron(*/15 1-2 * * ? *)",
        zone,
        "2026-04-04T13:30:00Z",
        "2026-04-04T16:30:00Z",
        &expect![[r#"
            04-05 01:00:00 +11:00
            04-05 01:15:00 +11:00
            04-05 01:30:00 +11:00
            04-05 01:45:00 +11:00
            04-05 02:00:00 +10:30
            04-05 02:15:00 +10:30
            04-05 02:30:00 +10:30
            04-05 02:45:00 +10:30"#]],
    );
}

#[test]
fn a_day_that_samoa_did_not_have() {
    check(
        "cron(0 12 * * ? *)",
        "Pacific/Apia",
        "2011-12-28T00:00:00Z",
        "2012-01-01T00:00:00Z",
        &expect![[r#"
            12-28 12:00:00 -10:00
            12-29 12:00:00 -10:00
            12-31 12:00:00 +14:00
            01-01 12:00:00 +14:00"#]],
    );
}

#[test]
fn a_midnight_that_is_skipped() {
    check(
        "cron(0 0 * * ? *)",
        "America/Havana",
        "2026-03-06T12:00:00Z",
        "2026-03-10T12:00:00Z",
        &expect![[r#"
            03-07 00:00:00 -05:00
            03-09 00:00:00 -04:00
            03-10 00:00:00 -04:00"#]],
    );
}

#[test]
fn days_of_a_rate_have_24_hours() {
    let mut timetable = timetable("rate(1 day)", "America/New_York");
    timetable.anchor = instant("2026-03-06T14:00:00Z");
    let (from, to) = ("2026-03-01T00:00:00Z", "2026-03-10T00:00:00Z");
    expect![[r#"
        03-06 09:00:00 -05:00
        03-07 09:00:00 -05:00
        03-08 10:00:00 -04:00
        03-09 10:00:00 -04:00"#]]
    .assert_eq(&shown(&timetable, from, to));
    timetable.start = Some(instant("2026-03-08T00:00:30Z"));
    expect![[r#"
        03-07 19:00:30 -05:00
        03-08 20:00:30 -04:00"#]]
    .assert_eq(&shown(&timetable, from, to));
}

#[test]
fn bounds_belong_to_the_time_and_do_not_bind_a_single_one() {
    let mut timetable = timetable("cron(0 * * * ? *)", "UTC");
    timetable.start = Some(instant("2026-01-01T02:00:00Z"));
    timetable.end = Some(instant("2026-01-01T04:00:00Z"));
    let (from, to) = ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z");
    expect![[r#"
        01-01 02:00:00 +00:00
        01-01 03:00:00 +00:00
        01-01 04:00:00 +00:00"#]]
    .assert_eq(&shown(&timetable, from, to));
    timetable.expression = Expression::parse("at(2026-01-01T12:00:00)").expect("it is right");
    expect!["01-01 12:00:00 +00:00"].assert_eq(&shown(&timetable, from, to));
}

#[test]
fn zones_by_name() {
    for (name, is_zone) in [
        ("Europe/Berlin", true),
        ("Asia/Kathmandu", true),
        ("UTC", true),
        ("Etc/GMT+5", true),
        ("EST5EDT", true),
        ("Berlin", false),
        ("+02:00", false),
        ("", false),
        ("../etc/passwd", false),
    ] {
        assert_eq!(zone(name).is_ok(), is_zone, "{name}");
    }
}
