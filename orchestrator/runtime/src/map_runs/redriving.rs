//! The redrive of a Map Run: what did not succeed is done again, and everything else stays.
//!
//! Nothing is written about the children that wait for it. Which these are follows from their rows and the run's record
//! ([`Progress::awaits_redrive`](crate::map_runs::progress::Progress::awaits_redrive)), so that after a crash those wait that have not had their turn.

use std::sync::Arc;

use asl::distributed::ChildType;
use interpreter::history::EventKind;
use store::contract::Error as StoreError;
use store::encoding::decode_events;
use store::map_runs::{ChildFilter, ChildRecord, MapRunStatus};
use store::records::{ExecutionId, ExecutionRecord, ExecutionStatus, RedriveToken, Redrives};

use crate::error::Error;
use crate::map_runs::progress::{RunRedrive, redrive_token};
use crate::map_runs::run::{GROUP, Halt, PAGE, Run};
use crate::redrive::RedriveCall;
use crate::slot::{Answer, Delivery, Happening};

/// A child that did not succeed and has not had its turn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PendingChild {
    id: ExecutionId,
    /// How many items it works on.
    items: u64,
    /// How it ended.
    status: ExecutionStatus,
}

impl Run {
    /// Opens the run again if it was redriven since it ended. One that succeeded has nothing to do again.
    pub(super) async fn reopen(&mut self) -> Result<(), Halt> {
        let is_redriven = self.scheduled.redrives > self.progress.redrives();
        if !is_redriven || self.record.status == MapRunStatus::Succeeded {
            return Ok(());
        }
        let newest = self.page_of_children(None, 1).await?;
        self.progress.redrive = Some(RunRedrive {
            count: self.scheduled.redrives,
            at: self.engine.options.world.now(),
            newest: newest.first().map_or(0, |child| child.id.0),
        });
        self.progress.failure = None;
        self.progress.output = None;
        self.progress.results_written = 0;
        self.record.status = MapRunStatus::Running;
        self.record.stopped_at = None;
        self.write(Vec::new).await
    }

    /// Counts the children that are there, and finds those that wait for a redrive.
    pub(super) async fn take_up_children(&mut self) -> Result<(), Halt> {
        if self.progress.children == 0 {
            return Ok(());
        }
        self.results.forget();
        self.progress.of_children = Default::default();
        self.progress.of_items = Default::default();
        let mut before = None;
        loop {
            let page = self.page_of_children(before, PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            before = Some(last.id);
            for child in &page {
                self.take_up_child(child).await?;
            }
        }
    }

    async fn page_of_children(
        &self,
        before: Option<ExecutionId>,
        limit: usize,
    ) -> Result<Vec<ExecutionRecord>, Halt> {
        let filter = ChildFilter {
            parent: self.record.parent,
            status: None,
        };
        let store = &self.engine.store;
        self.retry(|| store.children(filter, before, limit)).await
    }

    async fn take_up_child(&mut self, child: &ExecutionRecord) -> Result<(), Halt> {
        let (id, status) = (child.id, child.status);
        let items = match self.scheduled.request.batch.is_some() {
            true => self.retry(|| self.engine.batched_items(id)).await?,
            false => 1,
        };
        let is_redrivable = match status {
            ExecutionStatus::Running => {
                self.running.insert(id, items);
                true
            }
            ExecutionStatus::Succeeded => true,
            ExecutionStatus::Failed | ExecutionStatus::TimedOut | ExecutionStatus::Aborted => {
                self.is_redrivable(child).await?
            }
        };
        if is_redrivable && self.progress.awaits_redrive(child) {
            self.progress.of_children.pending_redrive += 1;
            self.progress.of_items.pending_redrive += items;
            // The pages come newest first.
            let child = PendingChild { id, items, status };
            self.pending.push_front(child);
            return Ok(());
        }
        self.progress.of_children.add(status, 1);
        self.progress.of_items.add(status, items);
        if !is_redrivable {
            self.count_not_redrivable(items);
        }
        Ok(())
    }

    async fn is_redrivable(&self, child: &ExecutionRecord) -> Result<bool, Halt> {
        if self.engine.not_redrivable_by_row(child).is_some() {
            return Ok(false);
        }
        match self.family.child_type {
            ChildType::Express => Ok(true),
            ChildType::Standard => {
                let remains = self.retry(|| self.engine.store.remains(child.id)).await?;
                Ok(remains.is_some())
            }
        }
    }

    /// Counts a child without success that no redrive can change.
    pub(super) fn count_not_redrivable(&mut self, items: u64) {
        self.progress.of_children.not_redrivable += 1;
        self.progress.of_items.not_redrivable += items;
    }

    /// Redrives as many children as there is room for, a group at most; says how many had their turn.
    pub(super) async fn redrive_group(&mut self) -> Result<usize, Halt> {
        let room = self
            .most_at_once()
            .saturating_sub(self.running.len() as u64);
        let room = usize::try_from(room).unwrap_or(GROUP).min(GROUP);
        let count = room.min(self.pending.len());
        if count == 0 || self.progress.is_exceeded() {
            return Ok(0);
        }
        let group: Vec<PendingChild> = self.pending.drain(..count).collect();
        match self.family.child_type {
            ChildType::Standard => self.redrive_children(group).await?,
            ChildType::Express => self.begin_anew(group).await?,
        }
        self.look_at_threshold();
        self.show();
        Ok(count)
    }

    /// Lets Standard children go on, each with its definition or with the one that its Map's execution was corrected to.
    async fn redrive_children(&mut self, group: Vec<PendingChild>) -> Result<(), Halt> {
        let token = redrive_token(self.progress.redrives());
        let mut outcomes = Vec::with_capacity(group.len());
        for child in group {
            let revision = self.family.revision.clone();
            let call = Arc::new(RedriveCall::with_map_run(token.clone(), revision));
            let (delivery, outcome) = Delivery::awaited(Happening::Redrive(call));
            // Before its end can be told.
            self.running.insert(child.id, child.items);
            self.engine.push(child.id, delivery);
            outcomes.push((child, outcome));
        }
        for (child, outcome) in outcomes {
            let answer = outcome.await.unwrap_or(Err(Error::ShuttingDown));
            self.take_answer(child, answer).await?;
        }
        Ok(())
    }

    async fn take_answer(&mut self, child: PendingChild, answer: Answer) -> Result<(), Halt> {
        match answer {
            Ok(_) => self.count_redriven(child),
            Err(Error::ShuttingDown) => return Err(Halt::Closing),
            Err(error) if error.is_retryable() => {
                self.pause(&error).await?;
                // It may have been written all the same.
                let store = &self.engine.store;
                let record = self.retry(|| store.execution(child.id)).await?;
                if record.is_some_and(|record| self.progress.awaits_redrive(&record)) {
                    self.running.remove(&child.id);
                    self.pending.push_front(child);
                } else {
                    self.count_redriven(child);
                }
            }
            // There is nothing to go on from, no room in its history, or no place for it in a corrected definition.
            Err(error) => {
                tracing::warn!(execution = child.id.0, %error, "cannot redrive a child of a Map Run");
                self.running.remove(&child.id);
                self.leave_behind(child);
                self.count_not_redrivable(child.items);
            }
        }
        Ok(())
    }

    fn count_redriven(&mut self, child: PendingChild) {
        self.progress.of_children.redrive(1);
        self.progress.of_items.redrive(child.items);
    }

    fn leave_behind(&mut self, child: PendingChild) {
        self.progress.of_children.leave(child.status, 1);
        self.progress.of_items.leave(child.status, child.items);
    }

    /// The run ends before these had their turn: they stay as they are.
    pub(super) fn leave_pending(&mut self) {
        for child in std::mem::take(&mut self.pending) {
            self.leave_behind(child);
        }
    }

    /// Starts Express children anew: nothing is kept that they could go on from.
    async fn begin_anew(&mut self, group: Vec<PendingChild>) -> Result<(), Halt> {
        let mut children = Vec::with_capacity(group.len());
        for child in group {
            let Some(ChildRecord { record, first, .. }) = self.read_child(child.id).await? else {
                self.leave_behind(child);
                self.count_not_redrivable(child.items);
                continue;
            };
            let first = first.map(|first| decode_events(&first)).transpose();
            let first = first.map_err(|error| Halt::Failed(error.to_string()))?;
            let first = first.and_then(|events| events.into_iter().next());
            let Some(EventKind::ExecutionStarted { input, .. }) = first.map(|event| event.kind)
            else {
                let damaged = StoreError::Damaged {
                    what: format!("the history of execution {}", child.id.0),
                    why: "it does not begin with ExecutionStarted".to_owned(),
                };
                return Err(Halt::Failed(damaged.to_string()));
            };
            let redrives = self.redrives_of(&record);
            let record = ExecutionRecord {
                redrives: Some(redrives),
                ..record
            };
            let mocks = self.progress.mocks.clone();
            let begun = self
                .family
                .begin_anew(&self.engine, record, child.items, input, mocks);
            self.count_redriven(child);
            self.count_begun(&begun);
            children.push(begun);
        }
        self.write_group(children).await
    }

    async fn read_child(&self, id: ExecutionId) -> Result<Option<ChildRecord>, Halt> {
        let (store, parent) = (&self.engine.store, self.record.parent);
        let after = id.0.checked_sub(1).map(ExecutionId);
        let mut page = self
            .retry(|| store.children_with_ends(parent, after, 1))
            .await?;
        Ok(page.pop().filter(|child| child.record.id == id))
    }

    /// What the row of an Express child says of its redrives from now on.
    fn redrives_of(&self, record: &ExecutionRecord) -> Redrives {
        let at = self.engine.options.world.now();
        let before = record.redrives.as_ref();
        Redrives {
            count: before.map_or(0, |redrives| redrives.count) + 1,
            last_at: at,
            tokens: vec![RedriveToken {
                token: redrive_token(self.progress.redrives()),
                at,
            }],
        }
    }
}
