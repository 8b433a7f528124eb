//! After a restart: Map Runs whose execution went away while nobody could end them.

use std::sync::Arc;
use std::time::Duration;

use interpreter::failure::{Failure, names};
use interpreter::history::EventKind;
use interpreter::input::Input;
use interpreter::map_run::MapRunOutcome;
use interpreter::payload::Payload;
use store::contract::{Commit, Direction, Write};
use store::map_runs::{ChildFilter, MapRunRecord, MapRunStatus};
use store::records::{ExecutionId, ExecutionStatus, Parent};

use crate::engine::Engine;
use crate::error::Error;
use crate::map_runs::progress::Progress;

/// How many are read at once.
const PAGE: usize = 1000;

/// How often it is looked whether the children of a lost run have ended.
const PAUSE: Duration = Duration::from_millis(200);

impl Engine {
    /// Map Runs that are not over and that nobody carries out.
    pub(crate) async fn idle_map_runs(&self) -> Result<Vec<MapRunRecord>, Error> {
        let mut idle = Vec::new();
        let mut after = None;
        loop {
            let page = self.store.unfinished_map_runs(after, PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(idle);
            };
            after = Some(last.parent);
            idle.extend(
                page.into_iter()
                    .filter(|record| self.map_runs.get(record.parent).is_none()),
            );
        }
    }

    /// Ends a run that nobody waits for, once its children, which are being stopped, have ended.
    pub(crate) fn end_lost_map_run(self: &Arc<Self>, record: MapRunRecord) {
        let redrives = Progress::of(&record).map_or(0, |progress| progress.redrives());
        if !self.map_runs.begin_lost(record.parent, redrives) {
            return;
        }
        let engine = self.clone();
        self.tracker.spawn(async move {
            engine.end_once_children_have(&record).await;
            engine.go_on_after(record.parent);
        });
    }

    async fn end_once_children_have(&self, record: &MapRunRecord) {
        loop {
            match self.try_to_end(record).await {
                Ok(true) => return,
                Ok(false) => {}
                Err(error) if error.is_retryable() => {}
                Err(error) => {
                    let run = &*record.name;
                    tracing::warn!(run, %error, "cannot end a Map Run that nobody waits for");
                    return;
                }
            }
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                () = self.closing.cancelled() => return,
            }
        }
    }

    /// The store can't be used for a run, and trying again does not help: its children are stopped, and it fails with a clear cause.
    pub(crate) async fn give_up_map_run(
        self: &Arc<Self>,
        parent: Parent,
        why: String,
    ) -> MapRunOutcome {
        tracing::error!(
            execution = parent.execution.0,
            why,
            "a Map Run can't be carried on; it fails"
        );
        let failure = Failure::new(
            names::RUNTIME,
            format!("The Map Run cannot be carried on: {why}."),
        );
        if let Err(error) = self.try_to_give_up(parent, &failure).await {
            tracing::warn!(execution = parent.execution.0, %error, "cannot write the end of a Map Run");
        }
        MapRunOutcome::FailedForGood(failure)
    }

    async fn try_to_give_up(
        self: &Arc<Self>,
        parent: Parent,
        failure: &Failure,
    ) -> Result<(), Error> {
        let filter = ChildFilter {
            parent,
            status: Some(ExecutionStatus::Running),
        };
        let mut before = None;
        loop {
            let page = self.store.children(filter, before, PAGE).await?;
            let Some(last) = page.last() else { break };
            before = Some(last.id);
            for child in page {
                self.deliver(child.id, Input::Stop(Failure::default()));
            }
        }
        let Some(record) = self.store.map_run(parent).await? else {
            return Ok(());
        };
        let document = match Progress::of(&record) {
            Ok(mut progress) => {
                progress.failure = Some(failure.clone());
                progress.document()
            }
            // It stays as it is, for whoever looks what is wrong with it.
            Err(_) => record.document.clone(),
        };
        let record = MapRunRecord {
            status: MapRunStatus::Failed,
            stopped_at: Some(self.options.world.now()),
            document,
            ..record
        };
        let writes = vec![Write::PutMapRun(record)];
        self.store.commit(Commit { writes }).await?;
        Ok(())
    }

    async fn try_to_end(&self, record: &MapRunRecord) -> Result<bool, Error> {
        let mut progress = Progress::of(record)?;
        progress.of_children = Default::default();
        progress.of_items = Default::default();
        let filter = ChildFilter {
            parent: record.parent,
            status: None,
        };
        let mut before = None;
        loop {
            let page = self.store.children(filter, before, PAGE).await?;
            let Some(last) = page.last() else { break };
            before = Some(last.id);
            for child in page {
                if child.status == ExecutionStatus::Running {
                    return Ok(false);
                }
                progress.of_children.add(child.status, 1);
                let items = self.items_of_child(child.id, &progress).await?;
                progress.of_items.add(child.status, items);
            }
        }
        let record = MapRunRecord {
            status: MapRunStatus::Aborted,
            stopped_at: Some(self.options.world.now()),
            document: progress.document(),
            ..record.clone()
        };
        let writes = vec![Write::PutMapRun(record)];
        self.store.commit(Commit { writes }).await?;
        Ok(true)
    }

    /// How many items a child works on; only where there are more items than children does anybody have to look.
    pub(crate) async fn items_of_child(
        &self,
        child: ExecutionId,
        progress: &Progress,
    ) -> Result<u64, Error> {
        if progress.items == progress.children {
            return Ok(1);
        }
        self.batched_items(child).await
    }

    /// How many items stand in the input of a child that works on a batch.
    pub(crate) async fn batched_items(&self, child: ExecutionId) -> Result<u64, Error> {
        let first = self.store.history(child, 1, 1, Direction::Forward).await?;
        let input = first.events.into_iter().next().map(|event| event.kind);
        let Some(EventKind::ExecutionStarted { input, .. }) = input else {
            return Ok(1);
        };
        Ok(items_in_batch(&input))
    }
}

fn items_in_batch(input: &Payload) -> u64 {
    let items = input.value().get("Items");
    let items = items.and_then(|items| items.as_array());
    items.map_or(1, |items| items.len() as u64)
}
