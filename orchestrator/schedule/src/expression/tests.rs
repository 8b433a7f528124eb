use super::*;
use expect_test::{Expect, expect};

fn check(texts: &[&str], expected: &Expect) {
    let read: Vec<String> = texts
        .iter()
        .map(|text| match Expression::parse(text) {
            Ok(Expression::At(local)) => format!("{text} = at {local}"),
            Ok(Expression::Rate { period }) => format!("{text} = every {period} ms"),
            Ok(Expression::Cron(_)) => format!("{text} = a calendar"),
            Err(mistake) => format!("{text}: {mistake}"),
        })
        .collect();
    expected.assert_eq(&read.join("\n"));
}

#[test]
fn what_is_right() {
    check(
        &[
            "at(2026-11-24T02:00:00)",
            "rate(1 minute)",
            "rate(5 minutes)",
            "rate(1 hours)",
            "rate(7 days)",
            "cron(0 2 * * ? *)",
            "cron(0/15 8-18 ? * MON-FRI *)",
            "cron(15,45 22-2 ? JAN,jul-SEP fri-MON 2026-2030)",
            "cron(0 0 L * ? *)",
            "cron(0 0 L-3,LW,15W,1 * ? *)",
            "cron(0 0 ? * L *)",
            "cron(0 0 ? * 6L,MON#2 *)",
            "cron(*/7 5/6 1/10 */2 ? 1970/4)",
        ],
        &expect![[r#"
            at(2026-11-24T02:00:00) = at 2026-11-24T02:00:00
            rate(1 minute) = every 60000 ms
            rate(5 minutes) = every 300000 ms
            rate(1 hours) = every 3600000 ms
            rate(7 days) = every 604800000 ms
            cron(0 2 * * ? *) = a calendar
            cron(0/15 8-18 ? * MON-FRI *) = a calendar
            cron(15,45 22-2 ? JAN,jul-SEP fri-MON 2026-2030) = a calendar
            cron(0 0 L * ? *) = a calendar
            cron(0 0 L-3,LW,15W,1 * ? *) = a calendar
            cron(0 0 ? * L *) = a calendar
            cron(0 0 ? * 6L,MON#2 *) = a calendar
            cron(*/7 5/6 1/10 */2 ? 1970/4) = a calendar"#]],
    );
}

#[test]
fn mistakes_name_field_and_value() {
    let long = format!("cron({})", "0,".repeat(200));
    check(
        &[
            "",
            "every day",
            "at(2026-11-24)",
            "at(2026-02-30T00:00:00)",
            "at(2026-11-24T02:00:00Z)",
            "at(2026-11-24T02:00:00",
            "rate(5)",
            "rate(0 minutes)",
            "rate(-1 minutes)",
            "rate(1.5 hours)",
            "rate(5 weeks)",
            "cron(0 2 * * ?)",
            "cron(0 2 * * * *)",
            "cron(0 2 ? * ? *)",
            "cron(60 2 * * ? *)",
            "cron(0 24 * * ? *)",
            "cron(0 2 32 * ? *)",
            "cron(0 2 0 * ? *)",
            "cron(0 2 20-10 * ? *)",
            "cron(0 2 L-31 * ? *)",
            "cron(0 2 W * ? *)",
            "cron(0 2 * 13 ? *)",
            "cron(0 2 * JUNE ? *)",
            "cron(0 2 ? * 0 *)",
            "cron(0 2 ? * MON#6 *)",
            "cron(0 2 ? * 8L *)",
            "cron(0 2 * * ? 1969)",
            "cron(0 2 * * ? 2030-2020)",
            "cron(0/0 2 * * ? *)",
            "cron(0/61 2 * * ? *)",
            "cron(0, 2 * * ? *)",
            "cron(+5 2 * * ? *)",
            "cron(? 2 * * ? *)",
            &long,
        ],
        &expect![[r#"
            : expression ``: write at(2026-11-24T02:00:00), rate(5 minutes) or cron(0 2 * * ? *)
            every day: expression `every day`: write at(2026-11-24T02:00:00), rate(5 minutes) or cron(0 2 * * ? *)
            at(2026-11-24): at `2026-11-24`: write a local time without an offset: 2026-11-24T02:00:00
            at(2026-02-30T00:00:00): at `2026-02-30T00:00:00`: there is no such date or time
            at(2026-11-24T02:00:00Z): at `2026-11-24T02:00:00Z`: write a local time without an offset: 2026-11-24T02:00:00
            at(2026-11-24T02:00:00: expression `at(2026-11-24T02:00:00`: the closing parenthesis is missing
            rate(5): rate `5`: write a number and a unit: rate(5 minutes)
            rate(0 minutes): value `0`: write a whole number from 1
            rate(-1 minutes): value `-1`: write a whole number from 1
            rate(1.5 hours): value `1.5`: write a whole number from 1
            rate(5 weeks): unit `weeks`: write minutes, hours or days
            cron(0 2 * * ?): cron `0 2 * * ?`: it has 5 fields; write six: minutes hours day-of-month month day-of-week year
            cron(0 2 * * * *): day-of-week `*`: day-of-month is `*` and names days already: write `?` in one of the two
            cron(0 2 ? * ? *): day-of-week `?`: only one of day-of-month and day-of-week can be `?`
            cron(60 2 * * ? *): minutes `60`: write a number from 0 to 59
            cron(0 24 * * ? *): hours `24`: write a number from 0 to 23
            cron(0 2 32 * ? *): day-of-month `32`: write a number from 1 to 31
            cron(0 2 0 * ? *): day-of-month `0`: write a number from 1 to 31
            cron(0 2 20-10 * ? *): day-of-month `20-10`: the range ends before it begins
            cron(0 2 L-31 * ? *): day-of-month `L-31`: write L-0 to L-30
            cron(0 2 W * ? *): day-of-month `W`: write 1W to 31W, or LW
            cron(0 2 * 13 ? *): month `13`: write a number from 1 to 12 or a name from JAN to DEC
            cron(0 2 * JUNE ? *): month `JUNE`: write a number from 1 to 12 or a name from JAN to DEC
            cron(0 2 ? * 0 *): day-of-week `0`: write a number from 1 to 7 or a name from SUN to SAT
            cron(0 2 ? * MON#6 *): day-of-week `MON#6`: after `#` write the week, from 1 to 5
            cron(0 2 ? * 8L *): day-of-week `8`: write a number from 1 to 7 or a name from SUN to SAT
            cron(0 2 * * ? 1969): year `1969`: write a number from 1970 to 2199
            cron(0 2 * * ? 2030-2020): year `2030-2020`: the range ends before it begins
            cron(0/0 2 * * ? *): minutes `0/0`: the step must be from 1 to 60
            cron(0/61 2 * * ? *): minutes `0/61`: the step must be from 1 to 60
            cron(0, 2 * * ? *): minutes ``: write a number from 0 to 59
            cron(+5 2 * * ? *): minutes `+5`: write a number from 0 to 59
            cron(? 2 * * ? *): minutes `?`: write a number from 0 to 59
            cron(0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,): expression `cron(0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0…`: it is longer than 256 characters"#]],
    );
}

proptest::proptest! {
    #[test]
    fn nothing_panics(text in "(at|rate|cron)?\\(?[-0-9A-Z*?,/#LW :T]{0,40}\\)?") {
        let _ = Expression::parse(&text);
    }
}
