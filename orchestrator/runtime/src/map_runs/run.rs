//! Carries one Map Run out: hands its items to children while there is room, and ends when all have ended or too many have failed.
//!
//! One task does this. It alone writes the run's record; children that ended, changes of the run's bounds and its end from outside reach it through
//! its [`Handle`].

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use asl::distributed::Distributed;
use interpreter::failure::{Failure, names};
use interpreter::input::Input;
use interpreter::map_run::{MapRunOutcome, ScheduledMapRun, SourceItem};
use interpreter::payload::Payload;
use store::map_runs::{MapRunRecord, MapRunStatus};
use store::records::ExecutionId;

use crate::engine::Engine;
use crate::map_runs::children::{Family, NewChild};
use crate::map_runs::feed::Feed;
use crate::map_runs::progress::Progress;
use crate::map_runs::redriving::PendingChild;
use crate::map_runs::results::Results;
use crate::map_runs::{Handle, is_redrivable};

/// How many children run at once when the definition allows more, or says nothing.
const MOST_AT_ONCE: u64 = 10_000;

/// How many children are written together.
pub(super) const GROUP: usize = 256;

/// How many events the first steps of a group make before it is written.
const GROUP_EVENTS: usize = 10_000;

/// How many bytes of input the children of a group have before it is written.
const GROUP_BYTES: usize = 1 << 20;

/// How many children are read at once.
pub(super) const PAGE: usize = 1000;

/// Why a run is not carried on.
pub(crate) enum Halt {
    /// The engine closes: the run goes on after the restart.
    Closing,
    /// The store can't be used, and trying again does not help; why.
    Failed(String),
}

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
    /// The children that wait for a redrive, in the order of their items.
    pub(crate) pending: VecDeque<PendingChild>,
    pub(crate) feed: Option<Feed>,
    /// An item that did not fit into the batch before.
    pub(crate) held: Option<(SourceItem, Payload)>,
    /// Whether it was ended from outside.
    pub(crate) is_cancelled: bool,
    /// Whether the children that ran were stopped.
    pub(crate) has_stopped: bool,
}

impl Run {
    /// Carries the run out; gives what its Map state waits for, unless nobody waits any more.
    pub(crate) async fn carry_out(mut self) -> Result<Option<MapRunOutcome>, Halt> {
        self.reopen().await?;
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

    /// Hands items out until there are none left, or something ends the run.
    async fn work(&mut self) -> Result<(), Halt> {
        loop {
            let changed = self.take_notice().await?;
            let must_end = self.is_cancelled || self.progress.failure.is_some();
            if must_end {
                self.stop_children();
                if self.running.is_empty() {
                    return Ok(());
                }
            } else if self.has_room() {
                if self.redrive_group().await? > 0 {
                    continue;
                }
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
    async fn wait(&self) -> Result<(), Halt> {
        tokio::select! {
            () = self.handle.wake.notified() => Ok(()),
            () = self.engine.closing.cancelled() => Err(Halt::Closing),
        }
    }

    /// Takes what reached the run; says whether there was anything.
    async fn take_notice(&mut self) -> Result<bool, Halt> {
        if self.engine.closing.is_cancelled() {
            return Err(Halt::Closing);
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
                self.progress.note_mocks(child.mocks.as_deref());
                if !child.is_redrivable {
                    self.count_not_redrivable(items);
                }
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

    pub(super) fn look_at_threshold(&mut self) {
        if self.progress.failure.is_none() && self.progress.is_exceeded() {
            self.progress.failure = Some(Failure::new(
                names::EXCEED_TOLERATED_FAILURE_THRESHOLD,
                "The specified tolerated failure threshold was exceeded",
            ));
        }
    }

    /// Lets those see it who ask how far the run is.
    pub(super) fn show(&self) {
        self.handle.lock().progress = Some(self.progress.clone());
    }

    fn has_room(&self) -> bool {
        (self.running.len() as u64) < self.most_at_once()
    }

    pub(super) fn most_at_once(&self) -> u64 {
        match self.progress.bounds.max_concurrency {
            // One after the other, so that each child finds the mocked answers that are meant for it.
            _ if self.progress.mocks.is_some() => 1,
            0 => MOST_AT_ONCE,
            bound => bound.min(MOST_AT_ONCE),
        }
    }

    /// Starts as many children as there is room for, a group at most; says how many.
    async fn start_group(&mut self) -> Result<Result<usize, Failure>, Halt> {
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
            let mocks = self.progress.mocks.clone();
            let child = self
                .family
                .begin(&self.engine, number, input.items, input.payload, mocks);
            events += child.stepped.events.len();
            self.progress.children += 1;
            self.progress.of_children.running += 1;
            self.progress.of_items.running += input.items;
            running += u64::from(child.is_running());
            self.count_begun(&child);
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

    /// Counts the end of a child that ended in its first step.
    pub(super) fn count_begun(&mut self, child: &NewChild) {
        if child.is_running() {
            return;
        }
        let execution = &child.loaded.execution;
        self.progress
            .note_mocks(execution.supplement().mocks.as_deref());
        let view = self.engine.finished_view(execution);
        self.progress.of_children.end(view.status, 1);
        self.progress.of_items.end(view.status, child.items);
        self.results.add(child.id, &view);
        if !is_redrivable(execution) {
            self.count_not_redrivable(child.items);
        }
    }

    /// Writes new children together with how far the run is, and lets them go on.
    pub(super) async fn write_group(&mut self, mut group: Vec<NewChild>) -> Result<(), Halt> {
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
        if let Err(halt) = written {
            for child in group {
                child.withdraw(&engine);
            }
            return Err(halt);
        }
        self.show();
        for child in group {
            child.release(&engine);
        }
        Ok(())
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
}
