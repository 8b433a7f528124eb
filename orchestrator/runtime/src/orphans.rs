//! After a restart: nested executions whose waiting task went away while nobody could stop them.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use interpreter::history::EventKind;
use interpreter::input::AttemptId;
use store::contract::{Direction, ExecutionFilter};
use store::records::{ExecutionId, ExecutionRecord, ExecutionStatus, Parent};

use crate::engine::Engine;
use crate::error::Error;

/// How many running executions are looked at at once.
const PAGE: usize = 1000;

/// How long to wait before the store is asked again.
const PAUSE: Duration = Duration::from_secs(1);

/// The attempts that parents wait for, as far as they were looked up.
type Awaited = HashMap<ExecutionId, HashSet<AttemptId>>;

impl Engine {
    /// Stops every nested execution that a task waited for and waits for no more.
    pub(crate) async fn stop_orphans(self: &Arc<Self>) {
        while let Err(error) = self.look_for_orphans().await {
            if !error.is_retryable() || self.closing.is_cancelled() {
                tracing::warn!(%error, "cannot look for nested executions that nobody waits for");
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                () = self.closing.cancelled() => return,
            }
        }
    }

    async fn look_for_orphans(self: &Arc<Self>) -> Result<(), Error> {
        let running = ExecutionFilter {
            machine: None,
            status: Some(ExecutionStatus::Running),
            ..ExecutionFilter::default()
        };
        let mut before = None;
        let mut awaited = Awaited::new();
        loop {
            let page = self.store.executions(running.clone(), before, PAGE).await?;
            let Some(last) = page.last() else {
                break;
            };
            before = Some(last.id);
            for child in page {
                if let Some(parent) = child.parent
                    && self.is_orphaned(parent, &child, &mut awaited).await?
                {
                    self.stop_orphan(child.id);
                }
            }
        }
        for run in self.idle_map_runs().await? {
            let Parent { execution, attempt } = run.parent;
            if !self
                .awaited_by(execution)
                .await?
                .contains(&AttemptId(attempt))
            {
                self.end_lost_map_run(run);
            }
        }
        Ok(())
    }

    async fn is_orphaned(
        &self,
        parent: Parent,
        child: &ExecutionRecord,
        awaited: &mut Awaited,
    ) -> Result<bool, Error> {
        let attempts = match awaited.entry(parent.execution) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(self.awaited_by(parent.execution).await?),
        };
        let is_awaited = attempts.contains(&AttemptId(parent.attempt));
        Ok(!is_awaited
            && match self.started_by(parent).await? {
                Starter::MapRun => true,
                // One that was redriven goes on for itself.
                Starter::WaitingTask => child.redrives.is_none(),
                Starter::Other => false,
            })
    }

    /// The attempts that an execution waits for: none when it has ended.
    async fn awaited_by(&self, id: ExecutionId) -> Result<HashSet<AttemptId>, Error> {
        let Some(loaded) = self.load(id).await? else {
            return Ok(HashSet::new());
        };
        let tasks = loaded.execution.pending_tasks();
        let runs = loaded.execution.pending_map_run_attempts();
        Ok(tasks.map(|task| task.token.attempt).chain(runs).collect())
    }

    async fn started_by(&self, parent: Parent) -> Result<Starter, Error> {
        let page = self
            .store
            .history(parent.execution, parent.attempt, 1, Direction::Forward)
            .await?;
        Ok(match page.events.first().map(|event| &event.kind) {
            Some(EventKind::MapRunStarted { .. }) => Starter::MapRun,
            Some(EventKind::TaskScheduled { resource, .. })
                if resource.resource.contains(".sync") =>
            {
                Starter::WaitingTask
            }
            _ => Starter::Other,
        })
    }
}

/// What started an execution.
enum Starter {
    /// A Map Run.
    MapRun,
    /// A task that waits for its end.
    WaitingTask,
    /// A task that lets it go.
    Other,
}
