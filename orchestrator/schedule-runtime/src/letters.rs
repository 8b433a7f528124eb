//! Letters about calls that failed for good: kept in the store, and sent where the schedule says.

use std::sync::Arc;

use schedule::state::Run;
use store::contract::Write;

use crate::book::{Book, Entry};
use crate::payload::{self, Context};
use crate::records::{self, DeadLetter};
use crate::turn::Turn;

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

/// Whether letters to an address are only kept: a queue's.
pub(crate) fn is_queue(address: &str) -> bool {
    address.split(':').nth(2) == Some("sqs")
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
