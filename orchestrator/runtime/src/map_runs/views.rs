//! What is shown of Map Runs, and changed about them.

use std::sync::Arc;

use store::map_runs::{ChildFilter, MapRunRecord, MapRunStatus};
use store::records::{ExecutionId, ExecutionRecord, ExecutionStatus, Parent};
use tokio::sync::oneshot;

use crate::engine::Engine;
use crate::error::Error;
use crate::map_runs::Change;
use crate::map_runs::progress::{Progress, Tally};
use crate::views::ExecutionItem;

/// A Map Run.
#[derive(Clone, Debug, PartialEq)]
pub struct MapRunView {
    /// Where the next page of a list goes on below this one.
    pub number: u64,
    /// Its ARN.
    pub arn: Arc<str>,
    /// The ARN of the execution that it is of.
    pub execution_arn: Arc<str>,
    /// The ARN that its children name as their machine's: that of the machine, with the label.
    pub state_machine_arn: Arc<str>,
    /// How far it is.
    pub status: MapRunStatus,
    /// When it started: milliseconds since 1970.
    pub started_at: i64,
    /// When it ended.
    pub stopped_at: Option<i64>,
    /// How many children may run at once; 0 means no bound of its own.
    pub max_concurrency: u64,
    /// How many items may fail.
    pub tolerated_count: u64,
    /// Which share of the items may fail, in percent.
    pub tolerated_percentage: f64,
    /// What became of the items.
    pub items: Counts,
    /// What became of the children.
    pub executions: Counts,
    /// How often it was redriven.
    pub redrive_count: u32,
    /// When it was redriven last: milliseconds since 1970.
    pub redriven_at: Option<i64>,
}

/// How many there are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Known, and not begun.
    pub pending: u64,
    /// Being worked on.
    pub running: u64,
    /// Ended well.
    pub succeeded: u64,
    /// Failed.
    pub failed: u64,
    /// Took too long.
    pub timed_out: u64,
    /// Were stopped.
    pub aborted: u64,
    /// Ended without success and wait for their redrive.
    pub pending_redrive: u64,
    /// Those without success that no redrive can change.
    pub not_redrivable: u64,
    /// All of them.
    pub total: u64,
    /// Stand in what the result writer wrote.
    pub results_written: u64,
}

/// Which children of a Map Run are listed: those that meet everything that is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WantedChildren {
    /// With this status.
    pub status: Option<ChildStatus>,
    /// That were redriven, or were not.
    pub is_redriven: Option<bool>,
}

/// How far a child of a Map Run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChildStatus {
    /// As every execution.
    Of(ExecutionStatus),
    /// It ended without success and waits for the redrive of its Map Run.
    PendingRedrive,
}

/// New bounds of a Map Run; what is absent stays.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct UpdateMapRun {
    /// How many children may run at once; 0 means no bound of its own.
    pub max_concurrency: Option<u64>,
    /// How many items may fail.
    pub tolerated_count: Option<u64>,
    /// Which share of the items may fail, in percent.
    pub tolerated_percentage: Option<f64>,
}

impl Engine {
    /// A Map Run by its machine, label and unique part: `machine/label:uuid`.
    pub(crate) async fn describe_map_run(&self, name: &str) -> Result<MapRunView, Error> {
        let record = self.find_map_run(name).await?;
        self.map_run_view(record).await
    }

    async fn find_map_run(&self, name: &str) -> Result<MapRunRecord, Error> {
        let record = self.store.map_run_by_name(name).await?;
        record.ok_or_else(|| Error::MapRunDoesNotExist(self.options.partition.map_run(name)))
    }

    /// The Map Runs of an execution, newest first, below the given number.
    pub(crate) async fn list_map_runs(
        &self,
        machine: &str,
        name: &str,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<MapRunView>, Error> {
        let execution = self.find_execution(machine, name).await?;
        let records = self.store.map_runs(execution.id, before, limit).await?;
        let mut views = Vec::with_capacity(records.len());
        for record in records {
            views.push(self.map_run_view(record).await?);
        }
        Ok(views)
    }

    /// Changes the bounds of a run that is not over; ready when that is durable.
    pub(crate) async fn update_map_run(
        &self,
        name: &str,
        update: UpdateMapRun,
    ) -> Result<(), Error> {
        let record = self.find_map_run(name).await?;
        let is_over = || Error::MapRunIsOver(self.options.partition.map_run(name));
        if record.status != MapRunStatus::Running {
            return Err(is_over());
        }
        let Some(handle) = self.map_runs.get(record.parent) else {
            // It ended just now, or is taken up in a moment.
            let record = self.find_map_run(name).await?;
            return Err(match record.status {
                MapRunStatus::Running => Error::ShuttingDown,
                _ => is_over(),
            });
        };
        let (done, changed) = oneshot::channel();
        handle.lock().changes.push(Change { update, done });
        handle.wake.notify_one();
        drop(handle);
        // The run has ended before it took notice.
        changed.await.map_err(|_| is_over())
    }

    /// The children of a Map Run, newest first, below the given number; each with the number of its items.
    pub(crate) async fn list_children(
        &self,
        name: &str,
        wanted: WantedChildren,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(ExecutionItem, u64)>, Error> {
        let record = self.find_map_run(name).await?;
        let progress = Progress::of(&record)?;
        let filter = ChildFilter {
            parent: record.parent,
            status: match wanted.status {
                Some(ChildStatus::Of(status)) => Some(status),
                Some(ChildStatus::PendingRedrive) | None => None,
            },
        };
        let mut before = before.map(ExecutionId);
        let mut items = Vec::new();
        loop {
            let page = self.store.children(filter, before, limit).await?;
            let is_last = page.len() < limit;
            for child in page {
                before = Some(child.id);
                let awaits_redrive = self.awaits_redrive(&record, &progress, &child);
                let item = ExecutionItem {
                    awaits_redrive,
                    ..self.item(child).await?
                };
                if wanted.are_met_by(&item) {
                    let count = self.items_of_child(ExecutionId(item.number), &progress);
                    items.push((item, count.await?));
                }
                if items.len() == limit {
                    return Ok(items);
                }
            }
            if is_last {
                return Ok(items);
            }
        }
    }

    fn awaits_redrive(
        &self,
        run: &MapRunRecord,
        progress: &Progress,
        child: &ExecutionRecord,
    ) -> bool {
        run.status == MapRunStatus::Running
            && progress.awaits_redrive(child)
            && self.not_redrivable_by_row(child).is_none()
    }

    /// The ARN of the run that a child belongs to, and whether the child waits for the redrive of it.
    pub(crate) async fn map_run_of(
        &self,
        parent: Parent,
        child: &ExecutionRecord,
    ) -> Result<Option<(Arc<str>, bool)>, Error> {
        let Some(record) = self.store.map_run(parent).await? else {
            return Ok(None);
        };
        let arn = self.options.partition.map_run(&record.name).into();
        let awaits_redrive = self.awaits_redrive(&record, &Progress::of(&record)?, child);
        Ok(Some((arn, awaits_redrive)))
    }

    async fn map_run_view(&self, record: MapRunRecord) -> Result<MapRunView, Error> {
        let active = self.map_runs.get(record.parent);
        let shown = active.and_then(|handle| handle.lock().progress.clone());
        let progress = match shown {
            Some(progress) if record.status == MapRunStatus::Running => progress,
            _ => Progress::of(&record)?,
        };
        let partition = &self.options.partition;
        let machine = record.name.split(':').next().unwrap_or(&record.name);
        let execution = self.store.execution(record.parent.execution).await?;
        let execution =
            execution.ok_or_else(|| Error::MapRunDoesNotExist(partition.map_run(&record.name)))?;
        let of = self.machine_name(execution.machine).await?;
        let known = progress.total.unwrap_or(progress.items);
        let pending = known.saturating_sub(progress.items);
        // How many children the items that wait will have is only known where each has one.
        let is_batched = progress.items != progress.children;
        let pending_children = if is_batched { 0 } else { pending };
        Ok(MapRunView {
            number: record.parent.attempt,
            arn: partition.map_run(&record.name).into(),
            execution_arn: partition.recorded_execution(&of, &execution.name).into(),
            state_machine_arn: partition.state_machine(machine).into(),
            status: record.status,
            started_at: record.started_at,
            stopped_at: record.stopped_at,
            max_concurrency: progress.bounds.max_concurrency,
            tolerated_count: progress.bounds.tolerated_count.unwrap_or(0),
            tolerated_percentage: progress.bounds.tolerated_percentage.unwrap_or(0.0),
            items: counts(progress.of_items, pending, progress.results_written),
            executions: counts(
                progress.of_children,
                pending_children,
                progress.results_written,
            ),
            redrive_count: progress.redrives(),
            redriven_at: progress.redrive.map(|redrive| redrive.at),
        })
    }
}

impl WantedChildren {
    fn are_met_by(self, child: &ExecutionItem) -> bool {
        let has_status = match self.status {
            None => true,
            Some(ChildStatus::PendingRedrive) => child.awaits_redrive,
            Some(ChildStatus::Of(status)) => child.status == status && !child.awaits_redrive,
        };
        let is_redriven = child.redrive_count > 0;
        has_status && self.is_redriven.is_none_or(|wanted| is_redriven == wanted)
    }
}

fn counts(tally: Tally, pending: u64, results_written: u64) -> Counts {
    let Tally {
        running,
        succeeded,
        failed,
        timed_out,
        aborted,
        pending_redrive,
        not_redrivable,
    } = tally;
    Counts {
        pending,
        running,
        succeeded,
        failed,
        timed_out,
        aborted,
        pending_redrive,
        not_redrivable,
        total: pending + running + succeeded + failed + timed_out + aborted + pending_redrive,
        results_written,
    }
}
