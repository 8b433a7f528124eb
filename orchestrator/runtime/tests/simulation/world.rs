//! What outlives the process: the clients' plans and what they were told, and what the called services remember.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use interpreter::history::HistoryEvent;
use serde_json::Value;

use crate::machines::Machine;

/// The world around the process. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct World(Arc<Mutex<Records>>);

/// Everything that is remembered.
#[derive(Default)]
pub(crate) struct Records {
    /// Which life of the process this is.
    pub(crate) life: u64,
    pub(crate) machines: Vec<Machine>,
    pub(crate) starts: Vec<Start>,
    /// Every call of a task, in order.
    pub(crate) calls: Vec<Call>,
    /// The attempts of each task, by execution and key, in the order in which they were first seen.
    pub(crate) attempts: HashMap<(String, String), Vec<String>>,
    /// Work with a token, by token.
    pub(crate) work: BTreeMap<String, Work>,
    /// Results that were acknowledged: token and nonce.
    pub(crate) acknowledged: Vec<(String, u64)>,
    /// What each history looked like when it was last read.
    pub(crate) reads: HashMap<(String, String), Vec<HistoryEvent>>,
    pub(crate) nonces: u64,
    /// What should not have happened.
    pub(crate) violations: Vec<String>,
    /// Attempts handed over in this life.
    pub(crate) handed_over: HashSet<String>,
}

/// An execution that a client wants.
#[derive(Clone, Debug)]
pub(crate) struct Start {
    pub(crate) machine: usize,
    pub(crate) name: String,
    pub(crate) input: Value,
    /// When its client asks for it, in milliseconds of its own waiting.
    pub(crate) delay: u64,
    /// Whether an answer may have been lost.
    pub(crate) was_tried: bool,
    /// The start that was acknowledged: ARN and time.
    pub(crate) acknowledged: Option<(String, i64)>,
    /// Whether somebody stops it, and after which time.
    pub(crate) stop: Option<u64>,
    /// When it was stopped, as acknowledged.
    pub(crate) stopped: Option<i64>,
    /// Whether the client has asked for all it wants.
    pub(crate) is_done: bool,
    /// Whether somebody pauses it: after which time, and for how long.
    pub(crate) pause: Option<(u64, u64)>,
    /// Whether the pause is over, or there was none.
    pub(crate) is_resumed: bool,
    /// How often somebody redrives it when it has ended without success.
    pub(crate) redrives: u32,
    /// The redrives that were acknowledged: their times.
    pub(crate) redriven: Vec<i64>,
    /// Whether nobody will redrive it any more.
    pub(crate) is_left: bool,
}

/// A call of a task.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) attempt_id: String,
    pub(crate) execution_arn: String,
    pub(crate) input: String,
}

/// A task that somebody holds the token of.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    pub(crate) value: u64,
    pub(crate) latency: u64,
    pub(crate) outcome: Outcome,
    pub(crate) nonce: u64,
    pub(crate) was_sent: bool,
    pub(crate) is_done: bool,
}

/// What becomes of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Succeeds,
    Fails(&'static str),
    Hangs,
}

impl World {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Records> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn violation(&self, text: String) {
        let mut records = self.lock();
        let life = records.life;
        records.violations.push(format!("life {life}: {text}"));
    }
}

impl Records {
    /// What becomes of an attempt, always the same for the same one: the first ones hang, then some are flaky.
    pub(crate) fn outcome(
        &mut self,
        execution_arn: &str,
        attempt: &str,
        payload: &Value,
    ) -> Outcome {
        let key = payload["key"].as_str().unwrap_or_default().to_owned();
        let script = &payload["script"];
        let attempts = self
            .attempts
            .entry((execution_arn.to_owned(), key))
            .or_default();
        let number = match attempts.iter().position(|known| known == attempt) {
            Some(number) => number,
            None => {
                attempts.push(attempt.to_owned());
                attempts.len() - 1
            }
        } as u64;
        let hangs = script["hangs"].as_u64().unwrap_or(0);
        let flaky = script["flaky"].as_u64().unwrap_or(0);
        if number < hangs {
            Outcome::Hangs
        } else if number < hangs + flaky {
            Outcome::Fails("Flaky")
        } else if script["doomed"] == true {
            Outcome::Fails("Doomed")
        } else {
            Outcome::Succeeds
        }
    }

    pub(crate) fn next_nonce(&mut self) -> u64 {
        self.nonces += 1;
        self.nonces
    }

    /// Notes work with a token; says whether it is new.
    pub(crate) fn take_work(&mut self, token: &str, payload: &Value, outcome: Outcome) -> bool {
        if self.work.contains_key(token) {
            return false;
        }
        let nonce = self.next_nonce();
        let script = &payload["script"];
        let work = Work {
            value: script["value"].as_u64().unwrap_or(0),
            latency: script["callback"].as_u64().unwrap_or(0),
            outcome,
            nonce,
            was_sent: false,
            is_done: false,
        };
        self.work.insert(token.to_owned(), work);
        true
    }
}
