//! The inputs of new children: items one after the other, selected and put into batches.

use interpreter::batching::Batched;
use interpreter::failure::{Failure, names};
use interpreter::map_run::SourceItem;
use interpreter::payload::Payload;
use interpreter::step::Env;

use crate::items::{ReadItems, reader_failed};
use crate::map_runs::feed::Feed;
use crate::map_runs::run::Run;

/// What begins a child.
pub(super) struct ChildInput {
    pub(super) payload: Payload,
    pub(super) items: u64,
}

impl Run {
    /// The input of the next child, if there is an item left.
    pub(super) async fn next_input(&mut self) -> Result<Option<ChildInput>, Failure> {
        let Some((item, payload)) = self.next_item().await? else {
            return Ok(None);
        };
        let Some(batch) = &self.scheduled.request.batch else {
            return Ok(Some(ChildInput { payload, items: 1 }));
        };
        let batch = batch.clone();
        let limit = self.engine.options.limits.execution.payload_bytes;
        let mut batched = Batched::begin(&batch, limit, item.index, &payload)?;
        while !batched.is_full() {
            let Some((item, payload)) = self.next_item().await? else {
                break;
            };
            if !batched.add(&payload) {
                self.held = Some((item, payload));
                break;
            }
        }
        let items = batched.items();
        Ok(Some(ChildInput {
            payload: batched.finish(),
            items,
        }))
    }

    /// The next item, and what the ItemSelector makes of it.
    async fn next_item(&mut self) -> Result<Option<(SourceItem, Payload)>, Failure> {
        if let Some(held) = self.held.take() {
            return Ok(Some(held));
        }
        if self.feed.is_none() && self.progress.total == Some(self.progress.items) {
            // All were handed out before, and what gave them need not be there any more.
            return Ok(None);
        }
        if self.feed.is_none() {
            self.feed = Some(self.open().await?);
        }
        let feed = self.feed.as_mut().expect("it was opened above");
        if feed.waiting() == 0 {
            feed.fill().await?;
        }
        let Some(item) = feed.take() else {
            return Ok(None);
        };
        let env = Env {
            now: self.engine.options.world.now(),
            seed: self.engine.options.world.seed(),
            limits: self.engine.options.limits.execution,
        };
        let machine = &self.family.revision.machine;
        let mut selected = self.scheduled.select(machine, &env, [item.clone()]);
        let payload = match selected.pop() {
            Some(selected) => selected?,
            None => return Ok(None),
        };
        let limit = env.limits.payload_bytes;
        if payload.text().len() > limit {
            let cause = format!(
                "The item at index {} has more than the {limit} bytes that an execution's input may have.",
                item.index
            );
            return Err(Failure::new(names::DATA_LIMIT_EXCEEDED, cause));
        }
        Ok(Some((item, payload)))
    }

    async fn open(&self) -> Result<Feed, Failure> {
        let request = &self.scheduled.request;
        if let Some(items) = &request.items {
            return Ok(Feed::inline(items.clone(), &self.progress));
        }
        let Some(reader) = &self.distributed.reader else {
            return Err(reader_failed(
                "the Map state has neither items nor a reader",
            ));
        };
        let Some(store) = &self.engine.options.items else {
            return Err(reader_failed(
                "the server was started without anything that reads items",
            ));
        };
        let request = ReadItems {
            resource: reader.resource,
            parameters: request
                .reader
                .clone()
                .unwrap_or_else(|| Payload::of(expression::value::Value::empty_object())),
            config: reader.config.clone(),
            // AWS takes 0 for no bound.
            max_items: request.max_items.filter(|&most| most > 0),
        };
        Feed::read(&**store, request, &self.progress).await
    }
}
