//! Which lines of a source a stream has already, after its writer died.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::{Direction, From, LogStore, Query};
use crate::runner::Error;

/// How far the order of a source's times may be off: its two outputs are stamped beside each other.
const SLACK: i64 = 3_000_000_000;

/// The newest lines of a stream, by time and text. A source that is read again from [`Seen::since`] gives these lines again, in whatever
/// order: each is told apart once.
#[derive(Debug, Default)]
pub struct Seen {
    lines: HashMap<(i64, u64), u32>,
    since: i64,
}

impl Seen {
    /// What the stream has.
    ///
    /// # Errors
    /// When the stream can't be read.
    pub fn of(store: &LogStore, stream: &str) -> Result<Self, Error> {
        let mut seen = Self::default();
        let mut from = From::End;
        let mut newest = None;
        loop {
            let query = Query {
                from,
                direction: Direction::Backward,
                limit: 1000,
                ..Query::default()
            };
            let page = store.read(stream, &query)?.unwrap_or_default();
            let Some(oldest) = page.entries.iter().map(|entry| entry.nanos).min() else {
                return Ok(seen);
            };
            let newest = *newest.get_or_insert_with(|| {
                let times = page.entries.iter().map(|entry| entry.nanos);
                times.max().unwrap_or(oldest)
            });
            seen.since = newest - SLACK;
            for entry in &page.entries {
                let key = (entry.nanos, hash(entry.text.as_bytes()));
                *seen.lines.entry(key).or_default() += 1;
            }
            // Twice the slack: a line that is older than `since` may stand after one that is not.
            if oldest < newest - 2 * SLACK {
                return Ok(seen);
            }
            from = From::Offset(page.start);
        }
    }

    /// Epoch seconds from which the source is to be read; 0: from its beginning.
    #[must_use]
    pub const fn since(&self) -> i64 {
        self.since.div_euclid(1_000_000_000)
    }

    /// Whether the stream has this line not yet. Asked once for each line of the source.
    pub fn is_new(&mut self, nanos: i64, text: &[u8]) -> bool {
        // `since` has whole seconds for the source, and exactness here.
        if nanos < self.since {
            return false;
        }
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let key = (nanos, hash(String::from_utf8_lossy(text).as_bytes()));
        match self.lines.get_mut(&key) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        }
    }
}

fn hash(text: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
