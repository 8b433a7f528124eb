//! Carries one Map Run out: hands its items to children while there is room, and ends when all have ended or too many have failed.
//!
//! One task does this. It alone writes the run's record; children that ended, changes of the run's bounds and its end from outside reach it through
//! its [`Handle`].

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use asl::distributed::{Distributed, ResultTransformation};
use interpreter::failure::{Failure, names};
use interpreter::input::Input;
use interpreter::map_run::{MapRunOutcome, ScheduledMapRun, SourceItem};
use interpreter::payload::Payload;
use interpreter::step::Env;
use store::contract::{Commit, Write};
use store::map_runs::{ChildFilter, MapRunRecord, MapRunStatus};
use store::records::{ExecutionId, ExecutionStatus};

use crate::engine::Engine;
use crate::error::Error;
use crate::items::{ReadItems, WriteResults, reader_failed, writer_failed};
use crate::map_runs::Handle;
use crate::map_runs::children::{Family, NewChild};
use crate::map_runs::feed::Feed;
use crate::map_runs::progress::Progress;
use crate::map_runs::results::{Gathered, Results};

/// How many children run at once when the definition allows more, or says nothing.
const MOST_AT_ONCE: u64 = 10_000;

/// How many children are written together.
const GROUP: usize = 256;

/// How many events the first steps of a group make before it is written.
const GROUP_EVENTS: usize = 10_000;

/// How many bytes of input the children of a group have before it is written.
const GROUP_BYTES: usize = 1 << 20;

/// How long to wait before the store is asked again.
const PAUSE: Duration = Duration::from_millis(500);

/// How many children are read at once.
const PAGE: usize = 1000;

/// The engine closes: the run goes on after the restart.
pub(crate) struct Closing;

/// A Map Run that is carried out.
pub(crate) struct Run {
    pub(crate) engine: Arc<Engine>,
    pub(crate) handle: Arc<Handle>,
    pub(crate) family: Family,
    pub(crate) scheduled: ScheduledMapRun,
    pub(crate) distributed: Distributed,
    pub(crate) record: MapRunRecord,
    pub(crate) progress: Progress,
    pub(crate) results: Results,
    /// The children that have not ended, each with how many items it works on.
    pub(crate) running: HashMap<ExecutionId, u64>,
    pub(crate) feed: Option<Feed>,
    /// An item that did not fit into the batch before.
    pub(crate) held: Option<(SourceItem, Payload)>,
    /// Whether it was ended from outside.
    pub(crate) is_cancelled: bool,
    /// Whether the children that ran were stopped.
    pub(crate) has_stopped: bool,
}

/// What begins a child.
struct ChildInput {
    payload: Payload,
    items: u64,
}

impl Run {
    /// Carries the run out; gives what its Map state waits for, unless nobody waits any more.
    pub(crate) async fn carry_out(mut self) -> Result<Option<MapRunOutcome>, Closing> {
        if self.record.status == MapRunStatus::Running {
            self.take_up_children().await?;
            self.work().await?;
            self.finish().await?;
        } else {
            // It ended before the process did, which gathered nothing.
            self.results.forget();
        }
        self.outcome().await
    }

    /// Counts the children that a process before this one started.
    async fn take_up_children(&mut self) -> Result<(), Closing> {
        if self.progress.children == 0 {
            return Ok(());
        }
        self.results.forget();
        self.progress.of_children = Default::default();
        self.progress.of_items = Default::default();
        let is_batched = self.scheduled.request.batch.is_some();
        let filter = ChildFilter {
            parent: self.record.parent,
            status: None,
        };
        let mut before = None;
        loop {
            let engine = self.engine.clone();
            let page = self
                .retry(|| engine.store.children(filter, before, PAGE))
                .await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            before = Some(last.id);
            for child in page {
                let items = match is_batched {
                    true => self.items_of(child.id).await?,
                    false => 1,
                };
                self.progress.of_children.add(child.status, 1);
                self.progress.of_items.add(child.status, items);
                if child.status == ExecutionStatus::Running {
                    self.running.insert(child.id, items);
                }
            }
        }
    }

    /// How many items a child works on that was begun with several.
    async fn items_of(&self, id: ExecutionId) -> Result<u64, Closing> {
        let engine = self.engine.clone();
        self.retry(|| engine.batched_items(id)).await
    }

    /// Hands items out until there are none left, or something ends the run.
    async fn work(&mut self) -> Result<(), Closing> {
        loop {
            let changed = self.take_notice().await?;
            let must_end = self.is_cancelled || self.progress.failure.is_some();
            if must_end {
                self.stop_children();
                if self.running.is_empty() {
                    return Ok(());
                }
            } else if self.has_room() {
                let started = match self.start_group().await? {
                    Ok(started) => started,
                    Err(failure) => {
                        self.progress.failure = Some(failure);
                        continue;
                    }
                };
                if started > 0 {
                    continue;
                }
                if self.running.is_empty() {
                    return Ok(());
                }
            }
            if !changed {
                self.wait().await?;
            }
        }
    }

    /// Waits until something happens to the run.
    async fn wait(&self) -> Result<(), Closing> {
        tokio::select! {
            () = self.handle.wake.notified() => Ok(()),
            () = self.engine.closing.cancelled() => Err(Closing),
        }
    }

    /// Takes what reached the run; says whether there was anything.
    async fn take_notice(&mut self) -> Result<bool, Closing> {
        if self.engine.closing.is_cancelled() {
            return Err(Closing);
        }
        let (ended, changes, is_cancelled) = {
            let mut shared = self.handle.lock();
            (
                std::mem::take(&mut shared.ended),
                std::mem::take(&mut shared.changes),
                shared.is_cancelled,
            )
        };
        let changed = !ended.is_empty() || !changes.is_empty() || is_cancelled != self.is_cancelled;
        self.is_cancelled = is_cancelled;
        for child in ended {
            // One that is not known had ended before this process looked at it.
            if let Some(items) = self.running.remove(&child.id) {
                let status = child.view.status;
                self.progress.of_children.end(status, 1);
                self.progress.of_items.end(status, items);
                self.results.add(child.id, &child.view);
            }
        }
        let mut answers = Vec::with_capacity(changes.len());
        for change in changes {
            change.apply(&mut self.progress.bounds);
            answers.push(change.done);
        }
        if !answers.is_empty() {
            self.write(Vec::new).await?;
            for done in answers {
                // A caller that has gone needs no answer.
                let _ = done.send(());
            }
        }
        self.look_at_threshold();
        self.show();
        Ok(changed)
    }

    fn look_at_threshold(&mut self) {
        if self.progress.failure.is_none() && self.progress.is_exceeded() {
            self.progress.failure = Some(Failure::new(
                names::EXCEED_TOLERATED_FAILURE_THRESHOLD,
                "The specified tolerated failure threshold was exceeded",
            ));
        }
    }

    /// Lets those see it who ask how far the run is.
    fn show(&self) {
        self.handle.lock().progress = Some(self.progress.clone());
    }

    fn has_room(&self) -> bool {
        (self.running.len() as u64) < self.most_at_once()
    }

    fn most_at_once(&self) -> u64 {
        match self.progress.bounds.max_concurrency {
            0 => MOST_AT_ONCE,
            bound => bound.min(MOST_AT_ONCE),
        }
    }

    /// Starts as many children as there is room for, a group at most; says how many.
    async fn start_group(&mut self) -> Result<Result<usize, Failure>, Closing> {
        let mut group = Vec::new();
        let (mut events, mut bytes, mut running) = (0, 0, self.running.len() as u64);
        let before = self.progress.clone();
        let mut failure = None;
        while group.len() < GROUP
            && events < GROUP_EVENTS
            && bytes < GROUP_BYTES
            && running < self.most_at_once()
            && !self.progress.is_exceeded()
        {
            let input = match self.next_input().await {
                Ok(Some(input)) => input,
                Ok(None) => break,
                Err(failed) => {
                    failure = Some(failed);
                    break;
                }
            };
            bytes += input.payload.text().len();
            let number = self.progress.children;
            let child = self
                .family
                .begin(&self.engine, number, input.items, input.payload);
            events += child.stepped.events.len();
            self.progress.children += 1;
            self.progress.of_children.running += 1;
            self.progress.of_items.running += input.items;
            if child.is_running() {
                running += 1;
            } else {
                let view = self.engine.finished_view(&child.loaded.execution);
                self.progress.of_children.end(view.status, 1);
                self.progress.of_items.end(view.status, child.items);
                self.results.add(child.id, &view);
            }
            group.push(child);
        }
        if let Some(feed) = &self.feed {
            feed.note(&mut self.progress, u64::from(self.held.is_some()));
        }
        if group.is_empty() && self.progress == before {
            return Ok(failure.map_or(Ok(0), Err));
        }
        let count = group.len();
        self.write_group(group).await?;
        self.look_at_threshold();
        Ok(failure.map_or(Ok(count), Err))
    }

    /// Writes new children together with how far the run is, and lets them go on.
    async fn write_group(&mut self, mut group: Vec<NewChild>) -> Result<(), Closing> {
        let engine = self.engine.clone();
        for child in &mut group {
            if child.is_running() {
                self.running.insert(child.id, child.items);
            }
            child.enter(&engine);
        }
        let written = self
            .write(|| {
                let children = group.iter_mut();
                children.flat_map(|child| child.writes(&engine)).collect()
            })
            .await;
        if written.is_err() {
            for child in group {
                child.withdraw(&engine);
            }
            return Err(Closing);
        }
        self.show();
        for child in group {
            child.release(&engine);
        }
        Ok(())
    }

    /// The input of the next child, if there is an item left.
    async fn next_input(&mut self) -> Result<Option<ChildInput>, Failure> {
        let Some((item, payload)) = self.next_item().await? else {
            return Ok(None);
        };
        let Some(batch) = &self.scheduled.request.batch else {
            return Ok(Some(ChildInput { payload, items: 1 }));
        };
        let max_bytes = self.engine.options.limits.execution.payload_bytes;
        let max_bytes = match batch.max_bytes {
            Some(bytes) => usize::try_from(bytes).map_or(max_bytes, |bytes| bytes.min(max_bytes)),
            None => max_bytes,
        };
        let max_items = batch.max_items.unwrap_or(u64::MAX);
        let head = match &batch.input {
            Some(input) => format!("{{\"BatchInput\":{},\"Items\":[", input.text()),
            None => "{\"Items\":[".to_owned(),
        };
        if head.len() + payload.text().len() + 2 > max_bytes {
            let cause = format!(
                "The item at index {} does not fit into a batch of {max_bytes} bytes.",
                item.index
            );
            return Err(Failure::new(names::DATA_LIMIT_EXCEEDED, cause));
        }
        let mut text = head;
        text.push_str(payload.text());
        let mut items = 1;
        while items < max_items {
            let Some((item, payload)) = self.next_item().await? else {
                break;
            };
            if text.len() + payload.text().len() + 3 > max_bytes {
                self.held = Some((item, payload));
                break;
            }
            text.push(',');
            text.push_str(payload.text());
            items += 1;
        }
        text.push_str("]}");
        Ok(Some(ChildInput {
            payload: Payload::of_known_text(text),
            items,
        }))
    }

    /// The next item, and what the ItemSelector makes of it.
    async fn next_item(&mut self) -> Result<Option<(SourceItem, Payload)>, Failure> {
        if let Some(held) = self.held.take() {
            return Ok(Some(held));
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

    /// Stops what runs, once.
    fn stop_children(&mut self) {
        if self.has_stopped {
            return;
        }
        self.has_stopped = true;
        for id in self.running.keys() {
            self.engine.deliver(*id, Input::Stop(Failure::default()));
        }
    }

    /// Writes the results, where they are to be written, and that the run is over.
    async fn finish(&mut self) -> Result<(), Closing> {
        if !self.is_cancelled
            && let Some(target) = self.scheduled.request.writer.clone()
        {
            match self.write_results(target).await? {
                Ok(output) => self.progress.output = Some(output),
                // What ended it first stays the reason.
                Err(failure) => {
                    self.progress.failure.get_or_insert(failure);
                }
            }
        }
        self.record.status = match (self.is_cancelled, &self.progress.failure) {
            (true, _) => MapRunStatus::Aborted,
            (false, Some(_)) => MapRunStatus::Failed,
            (false, None) => MapRunStatus::Succeeded,
        };
        self.record.stopped_at = Some(self.engine.options.world.now());
        self.write(Vec::new).await?;
        self.show();
        Ok(())
    }

    async fn write_results(&mut self, target: Payload) -> Result<Result<String, Failure>, Closing> {
        let Some(store) = self.engine.options.items.clone() else {
            return Ok(Err(writer_failed(
                "the server was started without anything that writes results",
            )));
        };
        let writer = self.distributed.writer.as_ref();
        loop {
            let request = WriteResults {
                map_run_arn: self.scheduled.request.arn.clone(),
                run: self.record.name.rsplit(':').next().unwrap_or("").into(),
                parameters: target.clone(),
                config: writer.and_then(|writer| writer.config).unwrap_or_default(),
            };
            let mut writer = match store.create(request).await {
                Ok(writer) => writer,
                Err(failure) => return Ok(Err(failure)),
            };
            let parent = self.record.parent;
            match self.engine.write_results(parent, &mut *writer).await {
                Ok(Ok(count)) => {
                    let finished = writer.finish().await;
                    if finished.is_ok() {
                        self.progress.results_written = count;
                    }
                    return Ok(finished.map(|output| output.to_text()));
                }
                Ok(Err(failure)) => return Ok(Err(failure)),
                // From the beginning: what was written before is replaced.
                Err(error) => self.pause(&error).await?,
            }
        }
    }

    /// What the Map state is told.
    async fn outcome(mut self) -> Result<Option<MapRunOutcome>, Closing> {
        match self.record.status {
            MapRunStatus::Aborted => return Ok(None),
            MapRunStatus::Failed => {
                let failure = self.progress.failure.take().unwrap_or_default();
                return Ok(Some(MapRunOutcome::Failed(failure)));
            }
            MapRunStatus::Succeeded | MapRunStatus::Running => {}
        }
        if let Some(output) = self.progress.output.take() {
            let output = Payload::of_known_text(output);
            return Ok(Some(MapRunOutcome::Succeeded(output)));
        }
        let gathered = match self.results.finish() {
            Gathered::NotAll => {
                let transformation = transformation(&self.distributed);
                let (engine, parent) = (self.engine.clone(), self.record.parent);
                self.retry(|| engine.read_results(parent, transformation))
                    .await?
            }
            gathered => gathered,
        };
        Ok(Some(match gathered {
            Gathered::All(results) => MapRunOutcome::Succeeded(results),
            Gathered::TooLong | Gathered::NotAll => MapRunOutcome::TooLong,
        }))
    }

    /// Writes how far the run is, with whatever else; tries until it is durable.
    async fn write(&mut self, mut others: impl FnMut() -> Vec<Write>) -> Result<(), Closing> {
        self.record.document = self.progress.document();
        loop {
            let mut writes = others();
            writes.push(Write::PutMapRun(self.record.clone()));
            let error = match self.engine.store.commit(Commit { writes }).await {
                Ok(()) => return Ok(()),
                Err(error) => Error::from(error),
            };
            self.pause(&error).await?;
            // It may have been written all the same.
            let (engine, parent) = (self.engine.clone(), self.record.parent);
            let stored = self.retry(|| engine.store.map_run(parent)).await?;
            if stored.as_ref() == Some(&self.record) {
                return Ok(());
            }
        }
    }

    /// Asks the store until it answers.
    async fn retry<T, E, F>(&self, mut ask: impl FnMut() -> F) -> Result<T, Closing>
    where
        Error: From<E>,
        F: Future<Output = Result<T, E>>,
    {
        loop {
            match ask().await {
                Ok(answer) => return Ok(answer),
                Err(error) => self.pause(&Error::from(error)).await?,
            }
        }
    }

    /// Waits a little after a failure of the store; gives up where nothing else helps.
    async fn pause(&self, error: &Error) -> Result<(), Closing> {
        let is_retryable = error.is_retryable() && !self.engine.closing.is_cancelled();
        let run = &*self.record.name;
        tracing::warn!(run, %error, is_retryable, "cannot carry a Map Run on");
        if !is_retryable {
            return Err(Closing);
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => Ok(()),
            () = self.engine.closing.cancelled() => Err(Closing),
        }
    }
}

/// In which form results are the Map's output: AWS, "ResultWriter", names what holds where nothing is said.
pub(crate) fn transformation(distributed: &Distributed) -> ResultTransformation {
    let writer = distributed.writer.as_ref();
    match writer.and_then(|writer| writer.config) {
        Some(config) => config.transformation,
        None => ResultTransformation::Compact,
    }
}
