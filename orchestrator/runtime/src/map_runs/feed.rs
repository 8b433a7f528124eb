//! The items of a Map Run, one after the other, from wherever a run before the crash had come to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use expression::value::Value;
use interpreter::failure::Failure;
use interpreter::map_run::{STATE_DATA, SourceItem, item_count};
use interpreter::payload::Payload;

use crate::items::{Item, ItemReader, ItemStore, ReadItems, reader_failed};
use crate::map_runs::progress::Progress;

/// How many items of a state's input are taken at once.
const INLINE_CHUNK: usize = 1024;

/// Items that are being handed out.
pub(crate) struct Feed {
    source: Source,
    /// What was read and not handed out.
    waiting: VecDeque<Item>,
    /// Where the chunk that is being handed out began.
    chunk: Option<Arc<str>>,
    /// Where the next one begins.
    next_chunk: Option<Arc<str>>,
    /// How many items of the chunk were handed out.
    offset: u64,
    /// How many items were handed out altogether.
    handed_out: u64,
    /// How many items are wanted at most.
    max_items: Option<u64>,
    /// Whether nothing is left to be read.
    is_read: bool,
    /// What items of a reader that says nothing else are said to come from.
    origin: Arc<str>,
}

enum Source {
    /// An array or object.
    Inline(Payload),
    /// Whatever the definition names. Nobody ever waits for the lock: it lets the feed be shared.
    Reader(Mutex<Box<dyn ItemReader>>),
}

impl Feed {
    /// The items of a state's input.
    pub(crate) fn inline(items: Payload, progress: &Progress) -> Self {
        Self {
            source: Source::Inline(items),
            waiting: VecDeque::new(),
            chunk: None,
            next_chunk: None,
            offset: progress.offset,
            handed_out: progress.items,
            max_items: None,
            is_read: false,
            origin: STATE_DATA.into(),
        }
    }

    /// The items that a reader gives.
    pub(crate) async fn read(
        store: &dyn ItemStore,
        request: ReadItems,
        progress: &Progress,
    ) -> Result<Self, Failure> {
        let chunk: Option<Arc<str>> = progress.chunk.as_deref().map(Into::into);
        let origin = origin(request.parameters.value());
        let max_items = request.max_items;
        let reader = store.open(request, chunk.clone()).await?;
        let mut feed = Self {
            source: Source::Reader(Mutex::new(reader)),
            waiting: VecDeque::new(),
            chunk: chunk.clone(),
            next_chunk: chunk,
            offset: 0,
            handed_out: progress.items,
            max_items,
            is_read: false,
            origin,
        };
        // What had been handed out of the chunk before the crash.
        let mut left = progress.offset;
        while left > 0 {
            feed.fill().await?;
            if feed.waiting.is_empty() {
                return Err(reader_failed(
                    "the items became fewer while they were worked on",
                ));
            }
            let skipped = left.min(feed.waiting.len() as u64);
            feed.waiting
                .drain(..usize::try_from(skipped).unwrap_or(usize::MAX));
            feed.offset += skipped;
            left -= skipped;
        }
        Ok(feed)
    }

    /// Reads on when nothing waits to be handed out; afterwards something does, or there is nothing more.
    pub(crate) async fn fill(&mut self) -> Result<(), Failure> {
        while self.waiting.is_empty() && !self.is_over() {
            match &mut self.source {
                Source::Inline(items) => {
                    let begin = usize::try_from(self.offset).unwrap_or(usize::MAX);
                    self.waiting
                        .extend(inline_items(items.value(), begin, &self.origin));
                    self.is_read = self.waiting.is_empty();
                }
                Source::Reader(reader) => match reader
                    .get_mut()
                    .unwrap_or_else(PoisonError::into_inner)
                    .next()
                    .await?
                {
                    None => self.is_read = true,
                    Some(chunk) => {
                        self.chunk = self.next_chunk.take();
                        self.next_chunk = Some(chunk.next);
                        self.offset = 0;
                        self.waiting.extend(chunk.items);
                    }
                },
            }
        }
        Ok(())
    }

    /// The next item, if one waits and is wanted.
    pub(crate) fn take(&mut self) -> Option<SourceItem> {
        if self.is_full() {
            self.waiting.clear();
            return None;
        }
        let item = self.waiting.pop_front()?;
        let index = self.handed_out;
        self.offset += 1;
        self.handed_out += 1;
        Some(SourceItem {
            index,
            value: Payload::of(item.value),
            key: item.key,
            source: item.source.unwrap_or_else(|| self.origin.clone()),
        })
    }

    /// How many items wait that were read.
    pub(crate) fn waiting(&self) -> usize {
        match self.max_items {
            None => self.waiting.len(),
            Some(most) => {
                let left = most.saturating_sub(self.handed_out);
                self.waiting
                    .len()
                    .min(usize::try_from(left).unwrap_or(usize::MAX))
            }
        }
    }

    /// Whether every item was handed out.
    pub(crate) fn is_over(&self) -> bool {
        self.is_full() || (self.is_read && self.waiting.is_empty())
    }

    /// How many items there are, as far as that is known.
    pub(crate) fn total(&self) -> Option<u64> {
        match &self.source {
            _ if self.is_over() => Some(self.handed_out),
            Source::Inline(items) => Some(item_count(items.value())),
            Source::Reader(_) => None,
        }
    }

    /// Writes down how far it is, less some items that were taken and not given to a child.
    pub(crate) fn note(&self, progress: &mut Progress, untold: u64) {
        progress.chunk = self.chunk.as_deref().map(Into::into);
        progress.offset = self.offset - untold;
        progress.items = self.handed_out - untold;
        progress.total = self.total();
    }

    fn is_full(&self) -> bool {
        self.max_items.is_some_and(|most| self.handed_out >= most)
    }
}

fn inline_items(items: &Value, begin: usize, origin: &Arc<str>) -> Vec<Item> {
    let item = |key: Option<&Arc<str>>, value: &Value| Item {
        value: value.clone(),
        key: key.cloned(),
        source: Some(origin.clone()),
    };
    match items {
        Value::Array(items) => {
            let items = items.iter().skip(begin).take(INLINE_CHUNK);
            items.map(|value| item(None, value)).collect()
        }
        Value::Object(members) => {
            let members = members.iter().skip(begin).take(INLINE_CHUNK);
            members.map(|(key, value)| item(Some(key), value)).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

/// `S3://bucket/key`
fn origin(parameters: &Value) -> Arc<str> {
    let text = |name: &str| parameters.get(name).and_then(Value::as_str);
    match (text("Bucket"), text("Key")) {
        (Some(bucket), Some(key)) => format!("S3://{bucket}/{key}").into(),
        (Some(bucket), None) => format!("S3://{bucket}").into(),
        (None, _) => "S3://".into(),
    }
}
