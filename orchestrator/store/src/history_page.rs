//! Builds a page of history out of an execution's chunks.

use crate::contract::{Direction, Error};
use crate::encoding::decode_events;
use crate::records::HistoryPage;

/// A page that is being filled, chunk by chunk, in the direction in which it is read.
#[derive(Debug)]
pub struct PageBuilder {
    from: u64,
    limit: usize,
    direction: Direction,
    page: HistoryPage,
}

impl PageBuilder {
    /// A page of up to `limit` events from the event `from` on.
    #[must_use]
    pub fn new(from: u64, limit: usize, direction: Direction) -> Self {
        Self {
            from,
            limit,
            direction,
            page: HistoryPage::default(),
        }
    }

    /// Adds what the page still wants of the next chunk. The first one may begin before the page does.
    ///
    /// # Errors
    /// When the bytes are no history chunk.
    pub fn add(&mut self, chunk: &[u8]) -> Result<(), Error> {
        let mut events = decode_events(chunk)?;
        if self.direction == Direction::Reverse {
            events.reverse();
        }
        for event in events {
            let is_before = match self.direction {
                Direction::Forward => event.id < self.from,
                Direction::Reverse => event.id > self.from,
            };
            if is_before {
                continue;
            }
            if self.page.events.len() >= self.limit {
                self.page.next = Some(event.id);
                return Ok(());
            }
            self.page.events.push(event);
        }
        Ok(())
    }

    /// Whether the page and the place of the next one are known, so that no other chunk is needed.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.page.next.is_some()
    }

    /// The page.
    #[must_use]
    pub fn finish(self) -> HistoryPage {
        self.page
    }
}
