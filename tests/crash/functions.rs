//! The functions behind the Lambda endpoint, which remember every call that reaches them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Condvar, Mutex};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::support::lambda::{Answer, Call};

/// All functions and what they have seen.
#[derive(Debug, Default)]
pub(crate) struct Functions {
    /// The attempts by the work that they were made for.
    seen: Mutex<BTreeMap<String, Vec<String>>>,
    letters: Mutex<Letters>,
    news: Condvar,
}

/// The tokens that were handed out.
#[derive(Debug, Default)]
struct Letters {
    tokens: BTreeMap<String, String>,
    waiting: Vec<Letter>,
    contradictions: Vec<String>,
}

/// A token that waits for its clerk.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    pub(crate) token: String,
    pub(crate) number: u64,
    /// When it is to be answered.
    pub(crate) due: Instant,
}

impl Functions {
    /// Performs a call.
    pub(crate) fn perform(&self, call: &Call) -> Answer {
        let payload = &call.payload;
        let key = text(payload, "key");
        self.note(format!("{} {key}", call.function), &call.attempt);
        let number = payload["n"].as_u64().unwrap_or_default();
        let duration = Duration::from_millis(payload["milliseconds"].as_u64().unwrap_or_default());
        match call.function.as_str() {
            "ask" => {
                // Some are answered while the call that hands the token out is still in progress.
                let wait = if number.is_multiple_of(5) {
                    Duration::ZERO
                } else {
                    duration
                };
                self.hand_out(key, text(payload, "token"), number, Instant::now() + wait);
                sleep(Duration::from_millis(number % 3 * 100));
                Answer::Result(Value::Null)
            }
            "broken" => {
                sleep(duration / 4);
                Answer::Error("Broken")
            }
            "flaky" if !key.ends_with("/2") => {
                sleep(duration / 4);
                Answer::Error("Busy")
            }
            "gate" if payload["index"] == 0 && payload["redrives"] == 0 => {
                sleep(duration / 4);
                Answer::Error("Closed")
            }
            "add" | "flaky" | "seen" | "gate" => {
                sleep(duration);
                Answer::Result(json!(number + 1))
            }
            _ => Answer::Error("UnknownFunction"),
        }
    }

    /// The letter that is due next, once it is due; none when there is nothing to do for a moment.
    pub(crate) fn next_letter(&self) -> Option<Letter> {
        let letters = self.letters.lock().unwrap();
        let moment = Duration::from_millis(50);
        let (mut letters, _) = self
            .news
            .wait_timeout_while(letters, moment, |letters| letters.due().is_none())
            .unwrap();
        let position = letters.due()?;
        Some(letters.waiting.swap_remove(position))
    }

    /// How many calls there were.
    pub(crate) fn calls(&self) -> usize {
        self.seen.lock().unwrap().values().map(Vec::len).sum()
    }

    /// How many of the calls were made again because the first was cut off.
    pub(crate) fn repeated(&self) -> usize {
        self.calls() - self.seen.lock().unwrap().len()
    }

    /// Whether a function was called for that work.
    pub(crate) fn has_seen(&self, function: &str, key: &str) -> bool {
        let seen = self.seen.lock().unwrap();
        seen.contains_key(&format!("{function} {key}"))
    }

    /// What contradicts "a task is delivered again only as the same attempt".
    pub(crate) fn contradictions(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        let mut wrong = self.letters.lock().unwrap().contradictions.clone();
        let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
        for (work, attempts) in seen.iter() {
            let distinct: BTreeSet<_> = attempts.iter().collect();
            if distinct.len() > 1 {
                wrong.push(format!("{work} was done as {} attempts", distinct.len()));
            }
            for attempt in distinct {
                if let Some(other) = owners.insert(attempt, work) {
                    wrong.push(format!("{work} and {other} are the same attempt"));
                }
            }
        }
        wrong
    }

    fn note(&self, work: String, attempt: &str) {
        let mut seen = self.seen.lock().unwrap();
        seen.entry(work).or_default().push(attempt.to_owned());
    }

    fn hand_out(&self, key: &str, token: &str, number: u64, due: Instant) {
        let mut letters = self.letters.lock().unwrap();
        match letters.tokens.insert(key.to_owned(), token.to_owned()) {
            Some(other) if other != token => {
                let contradiction = format!("{key} was given two tokens");
                letters.contradictions.push(contradiction);
            }
            Some(_) => {}
            None => letters.waiting.push(Letter {
                token: token.to_owned(),
                number,
                due,
            }),
        }
        drop(letters);
        self.news.notify_one();
    }
}

impl Letters {
    fn due(&self) -> Option<usize> {
        let now = Instant::now();
        self.waiting.iter().position(|letter| letter.due <= now)
    }
}

fn text<'a>(payload: &'a Value, name: &str) -> &'a str {
    payload[name].as_str().unwrap_or_default()
}
