//! What a target is called with: the schedule's input with its keywords replaced, or the event that stands for none.
//!
//! Source: "Adding context attributes" of EventBridge Scheduler's user guide.

use std::borrow::Cow;

/// What the keywords stand for.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// `<aws.scheduler.schedule-arn>`
    pub schedule_arn: &'a str,
    /// `<aws.scheduler.scheduled-time>`: milliseconds since 1970.
    pub scheduled_at: i64,
    /// `<aws.scheduler.execution-id>`: the run's name, which is the same for every attempt.
    pub run: &'a str,
    /// `<aws.scheduler.attempt-number>`
    pub attempt: u32,
    /// The server's region.
    pub region: &'a str,
    /// The server's account.
    pub account: &'a str,
}

const KEYWORD: &str = "<aws.scheduler.";

/// The input of a call.
#[must_use]
pub fn of(input: Option<&str>, context: &Context<'_>) -> String {
    match input {
        Some(input) => replaced(input, context).into_owned(),
        None => event(context),
    }
}

/// Replaces the keywords of a text; what is no keyword stays as it is.
fn replaced<'a>(input: &'a str, context: &Context<'_>) -> Cow<'a, str> {
    if !input.contains(KEYWORD) {
        return Cow::Borrowed(input);
    }
    let mut text = String::with_capacity(input.len() + 64);
    let mut rest = input;
    while let Some(start) = rest.find(KEYWORD) {
        let (before, keyword) = rest.split_at(start);
        text.push_str(before);
        let inside = &keyword[KEYWORD.len()..];
        let value = match inside.split_once('>') {
            Some((name, after)) => value(name, context).map(|value| (value, after)),
            None => None,
        };
        match value {
            Some((value, after)) => {
                text.push_str(&value);
                rest = after;
            }
            None => {
                text.push_str(KEYWORD);
                rest = inside;
            }
        }
    }
    text.push_str(rest);
    Cow::Owned(text)
}

fn value<'a>(name: &str, context: &Context<'a>) -> Option<Cow<'a, str>> {
    match name {
        "schedule-arn" => Some(context.schedule_arn.into()),
        "scheduled-time" => Some(time(context.scheduled_at).into()),
        "execution-id" => Some(context.run.into()),
        "attempt-number" => Some(context.attempt.to_string().into()),
        _ => None,
    }
}

/// The event that a target gets whose schedule has no input.
fn event(context: &Context<'_>) -> String {
    serde_json::json!({
        "version": "0",
        "id": context.run,
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": context.account,
        "time": time(context.scheduled_at),
        "region": context.region,
        "resources": [context.schedule_arn],
        "detail": "{}",
    })
    .to_string()
}

/// `2026-11-24T02:00:00Z`
pub(crate) fn time(instant: i64) -> String {
    schedule::names::time(instant)
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(input: Option<&str>, expected: Expect) {
        let context = Context {
            schedule_arn: "arn:aws:scheduler:us-east-1:000000000000:schedule/default/nightly",
            scheduled_at: 1_795_485_600_000,
            run: "nightly-20261124T020000Z-0badcafe",
            attempt: 2,
            region: "us-east-1",
            account: "000000000000",
        };
        expected.assert_eq(&of(input, &context));
    }

    #[test]
    fn keywords_are_replaced() {
        check(
            Some(
                r#"{"a":"<aws.scheduler.schedule-arn>","t":"<aws.scheduler.scheduled-time>","x":"<aws.scheduler.execution-id>","n":"<aws.scheduler.attempt-number>"}"#,
            ),
            expect![[
                r#"{"a":"arn:aws:scheduler:us-east-1:000000000000:schedule/default/nightly","t":"2026-11-24T02:00:00Z","x":"nightly-20261124T020000Z-0badcafe","n":"2"}"#
            ]],
        );
    }

    #[test]
    fn what_is_no_keyword_stays() {
        check(
            Some(
                "<aws.scheduler.nothing> <aws.scheduler. <aws.scheduler.attempt-number><aws.scheduler.attempt-number",
            ),
            expect!["<aws.scheduler.nothing> <aws.scheduler. 2<aws.scheduler.attempt-number"],
        );
        check(Some(r#"{"day":1}"#), expect![[r#"{"day":1}"#]]);
    }

    #[test]
    fn without_an_input_there_is_an_event() {
        check(
            None,
            expect![[
                r#"{"version":"0","id":"nightly-20261124T020000Z-0badcafe","detail-type":"Scheduled Event","source":"aws.scheduler","account":"000000000000","time":"2026-11-24T02:00:00Z","region":"us-east-1","resources":["arn:aws:scheduler:us-east-1:000000000000:schedule/default/nightly"],"detail":"{}"}"#
            ]],
        );
    }
}
