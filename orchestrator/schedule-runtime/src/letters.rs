//! Letters about calls that failed for good: kept in the store, and sent where the schedule says.

use std::sync::Arc;

use schedule::state::Run;
use serde_json::{Map, Value, json};
use store::contract::Write;

use crate::book::{Book, Entry};
use crate::payload::{self, Context};
use crate::records::{self, DeadLetter};
use crate::targets::Call;
use crate::turn::Turn;

/// What sends a letter to a queue.
const SEND_MESSAGE: &str = "arn:aws:scheduler:::aws-sdk:sqs:sendMessage";

/// How many letters of a schedule are kept.
const LETTERS: usize = 100;

impl Turn<'_> {
    /// Keeps a letter, if the schedule wants letters; the oldest goes when there are too many.
    pub(crate) fn write_letter(&mut self, key: &Arc<str>, run: &Run) {
        let Some(entry) = self.book.entries.get(key) else {
            return;
        };
        if address(entry).is_none() {
            return;
        }
        let letter = letter(self.book, entry, run);
        let name = format!("{key}/{}", run.name);
        let resource = records::resource(records::DEAD_LETTER, &name, &letter);
        self.write(Write::PutResource(resource));
        let Some(entry) = self.book.entries.get_mut(key) else {
            return;
        };
        let letters = &mut entry.memory.letters;
        letters.push_back(run.name.clone());
        if letters.len() > LETTERS
            && let Some(oldest) = letters.pop_front()
        {
            self.delete(records::DEAD_LETTER, &format!("{key}/{oldest}"));
        }
    }
}

/// Where letters about a schedule's calls go.
pub(crate) fn address(entry: &Entry) -> Option<&str> {
    let config = entry.record.definition.target.dead_letter_config.as_ref()?;
    config.arn.as_deref()
}

/// The call that brings a letter to its address: a queue gets it as AWS writes it, anything else as its input.
pub(crate) fn call(address: &str, letter: &DeadLetter) -> Call {
    let call = |target_arn: &str, input: String| Call {
        schedule_arn: letter.schedule_arn.clone(),
        run: format!("{}-dead", letter.run),
        attempt: letter.attempts,
        target_arn: target_arn.to_owned(),
        input,
        parameters: Map::new(),
    };
    match queue_url(address) {
        Some(url) => call(SEND_MESSAGE, message(&url, letter).to_string()),
        None => {
            let input = serde_json::to_string(letter).expect("a letter has string keys only");
            call(address, input)
        }
    }
}

/// The address of an SQS queue, if that is what the ARN names. An endpoint of the operator's reads the path alone.
fn queue_url(arn: &str) -> Option<String> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let &["arn", _, "sqs", region, account, name] = parts.as_slice() else {
        return None;
    };
    Some(format!(
        "https://sqs.{region}.amazonaws.com/{account}/{name}"
    ))
}

/// SendMessage's input: the payload, and what became of it in attributes.
fn message(queue_url: &str, letter: &DeadLetter) -> Value {
    let (code, _) = letter.error.split_once(':').unwrap_or((&letter.error, ""));
    let code = match code.contains(' ') || code.is_empty() {
        true => "TargetFailed",
        false => code,
    };
    let attributes = [
        ("ERROR_CODE", code),
        ("ERROR_MESSAGE", &letter.error),
        ("EXECUTION_ID", &letter.run),
        ("IS_PAYLOAD_TRUNCATED", "false"),
        (
            "RETRY_ATTEMPTS",
            &letter.attempts.saturating_sub(1).to_string(),
        ),
        ("SCHEDULED_TIME", &letter.scheduled_time),
        ("SCHEDULE_ARN", &letter.schedule_arn),
        ("TARGET_ARN", &letter.target_arn),
    ];
    // SQS takes no attribute without a value.
    let attributes = attributes.into_iter().filter(|(_, text)| !text.is_empty());
    let attributes: Map<String, Value> = attributes
        .map(|(name, text)| {
            let value = json!({"DataType": "String", "StringValue": text});
            (name.to_owned(), value)
        })
        .collect();
    json!({"QueueUrl": queue_url, "MessageBody": letter.payload, "MessageAttributes": attributes})
}

/// The letter about a run.
pub(crate) fn letter(book: &Book, entry: &Entry, run: &Run) -> DeadLetter {
    let target = &entry.record.definition.target;
    let schedule_arn = book.arn(&entry.name);
    let context = Context {
        schedule_arn: &schedule_arn,
        scheduled_at: run.scheduled_at,
        run: &run.name,
        attempt: run.attempts,
        region: &book.options.region,
        account: &book.options.account,
    };
    DeadLetter {
        payload: payload::of(target.input.as_deref(), &context),
        target_arn: target.arn.clone(),
        run: run.name.clone(),
        scheduled_time: payload::time(run.scheduled_at),
        attempts: run.attempts,
        error: run.error.clone().unwrap_or_default(),
        schedule_arn,
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::call;
    use crate::records::DeadLetter;

    #[test]
    fn letters_go_where_the_schedule_says() {
        let letter = |error: &str| DeadLetter {
            schedule_arn: "arn:aws:scheduler:us-east-1:000000000000:schedule/default/nightly"
                .into(),
            target_arn: "arn:aws:lambda:us-east-1:000000000000:function:charge".into(),
            run: "nightly-1".into(),
            scheduled_time: "2026-11-23T02:00:00Z".into(),
            attempts: 3,
            error: error.into(),
            payload: r#"{"day":1}"#.into(),
        };
        let check = |address: &str, error: &str, expected: expect_test::Expect| {
            let call = call(address, &letter(error));
            let input: serde_json::Value = serde_json::from_str(&call.input).unwrap();
            expected.assert_eq(&format!(
                "{} attempt {} of {}\n{input:#}\n",
                call.target_arn, call.attempt, call.run
            ));
        };
        check(
            "arn:aws:sqs:eu-central-1:123456789012:letters",
            "Lambda.TooManyRequestsException: too many",
            expect![[r#"
                arn:aws:scheduler:::aws-sdk:sqs:sendMessage attempt 3 of nightly-1-dead
                {
                  "QueueUrl": "https://sqs.eu-central-1.amazonaws.com/123456789012/letters",
                  "MessageBody": "{\"day\":1}",
                  "MessageAttributes": {
                    "ERROR_CODE": {
                      "DataType": "String",
                      "StringValue": "Lambda.TooManyRequestsException"
                    },
                    "ERROR_MESSAGE": {
                      "DataType": "String",
                      "StringValue": "Lambda.TooManyRequestsException: too many"
                    },
                    "EXECUTION_ID": {
                      "DataType": "String",
                      "StringValue": "nightly-1"
                    },
                    "IS_PAYLOAD_TRUNCATED": {
                      "DataType": "String",
                      "StringValue": "false"
                    },
                    "RETRY_ATTEMPTS": {
                      "DataType": "String",
                      "StringValue": "2"
                    },
                    "SCHEDULED_TIME": {
                      "DataType": "String",
                      "StringValue": "2026-11-23T02:00:00Z"
                    },
                    "SCHEDULE_ARN": {
                      "DataType": "String",
                      "StringValue": "arn:aws:scheduler:us-east-1:000000000000:schedule/default/nightly"
                    },
                    "TARGET_ARN": {
                      "DataType": "String",
                      "StringValue": "arn:aws:lambda:us-east-1:000000000000:function:charge"
                    }
                  }
                }
            "#]],
        );
        check(
            "arn:aws:states:us-east-1:000000000000:stateMachine:told",
            "it is not there",
            expect![[r#"
                arn:aws:states:us-east-1:000000000000:stateMachine:told attempt 3 of nightly-1-dead
                {
                  "scheduleArn": "arn:aws:scheduler:us-east-1:000000000000:schedule/default/nightly",
                  "targetArn": "arn:aws:lambda:us-east-1:000000000000:function:charge",
                  "run": "nightly-1",
                  "scheduledTime": "2026-11-23T02:00:00Z",
                  "attempts": 3,
                  "error": "it is not there",
                  "payload": "{\"day\":1}"
                }
            "#]],
        );
    }
}
