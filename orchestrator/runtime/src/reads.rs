//! Reading executions: descriptions, lists, histories and live views.

use std::sync::Arc;

use futures_util::stream::{self, BoxStream, StreamExt};
use interpreter::execution::{Execution, Status};
use interpreter::failure::Failure;
use interpreter::history::{EventKind, HistoryEvent};
use interpreter::payload::Payload;
use store::contract::{Direction, ExecutionFilter, Qualifier};
use store::records::{
    ExecutionId, ExecutionRecord, ExecutionStatus, HistoryPage, MachineType, StateMachineId,
    StateMachineRecord,
};
use tokio::sync::broadcast::error::RecvError;

use crate::catalogue::revision_view;
use crate::commits::status_of;
use crate::engine::Engine;
use crate::error::Error;
use crate::redrive::shown_redrives;
use crate::search::started_by;
use crate::views::{
    ActivityView, ExecutionItem, ExecutionView, Redrivable, StateMachineItem, StateMachineView,
};

/// How many events a follower reads from the store at once.
const FOLLOW_PAGE: usize = 500;

impl Engine {
    pub(crate) async fn find_execution(
        &self,
        machine: &str,
        name: &str,
    ) -> Result<ExecutionRecord, Error> {
        let missing =
            || Error::ExecutionDoesNotExist(self.options.partition.execution(machine, name));
        let record = self
            .store
            .state_machine_by_name(machine)
            .await?
            .ok_or_else(missing)?;
        self.store
            .execution_by_name(record.id, name)
            .await?
            .ok_or_else(missing)
    }

    pub(crate) async fn describe_execution(
        &self,
        machine: &str,
        name: &str,
    ) -> Result<ExecutionView, Error> {
        let record = self.find_execution(machine, name).await?;
        self.view(record).await
    }

    /// What a record and its history say of an execution: the first event has the input, the last one the end.
    pub(crate) async fn view(&self, record: ExecutionRecord) -> Result<ExecutionView, Error> {
        let machine = self.machine_name(record.machine).await?;
        let state_machine_arn = self.options.partition.state_machine(&machine);
        let (version_arn, alias_arn) = started_by(&state_machine_arn, &record);
        let redrivable = self.redrivable(&record).await?;
        let map_run = match record.parent.filter(|_| machine.contains('/')) {
            Some(parent) => self.map_run_of(parent, &record).await?,
            None => None,
        };
        let awaits_redrive = map_run.as_ref().is_some_and(|(_, awaits)| *awaits)
            && redrivable == Redrivable::ByMapRun;
        let redrives = shown_redrives(&record).cloned();
        let paused_at = record.paused_at;
        let first = self
            .store
            .history(record.id, 1, 1, Direction::Forward)
            .await?;
        let input = match first.events.into_iter().next().map(|event| event.kind) {
            Some(EventKind::ExecutionStarted { input, .. }) => input,
            _ => {
                return Err(store::contract::Error::Damaged {
                    what: format!("the history of execution {}", record.id.0),
                    why: "it does not begin with ExecutionStarted".to_owned(),
                }
                .into());
            }
        };
        let (output, failure) = if record.status == ExecutionStatus::Running {
            (None, None)
        } else {
            let last = self
                .store
                .history(record.id, u64::MAX, 1, Direction::Reverse)
                .await?;
            ending(last.events.into_iter().next())
        };
        Ok(ExecutionView {
            arn: self
                .options
                .partition
                .recorded_execution(&machine, &record.name)
                .into(),
            state_machine_arn: state_machine_arn.into(),
            state_machine_name: machine,
            name: shown_name(&record.name),
            status: record.status,
            started_at: record.started_at,
            stopped_at: record.stopped_at,
            input,
            output,
            failure,
            version_arn,
            alias_arn,
            redrive_count: redrives.as_ref().map_or(0, |redrives| redrives.count),
            redriven_at: redrives.map(|redrives| redrives.last_at),
            redrivable: match awaits_redrive {
                true => Redrivable::No("Execution is PENDING_REDRIVE and cannot be redriven"),
                false => redrivable,
            },
            awaits_redrive,
            paused_at,
            map_run_arn: map_run.map(|(arn, _)| arn),
            trace_header: record.trace_header,
        })
    }

    /// The same, of an execution in memory, which does not know its trace.
    pub(crate) fn finished_view(&self, execution: &Execution) -> ExecutionView {
        let identity = &execution.identity;
        let (output, failure) = match &execution.status {
            Status::Running => (None, None),
            Status::Succeeded(output) => (Some(output.clone()), None),
            Status::Failed(failure) | Status::TimedOut(failure) | Status::Aborted(failure) => {
                (None, Some(failure.clone()))
            }
        };
        ExecutionView {
            arn: identity.arn.clone(),
            state_machine_arn: identity.state_machine_arn.clone(),
            state_machine_name: identity.state_machine_name.clone(),
            name: identity.name.clone(),
            status: status_of(execution),
            started_at: identity.started_at,
            stopped_at: execution.stopped_at,
            input: identity.input.clone(),
            output,
            failure,
            version_arn: identity.version_arn.clone(),
            alias_arn: identity.alias_arn.clone(),
            redrive_count: execution.supplement().redrives,
            redriven_at: None,
            redrivable: Redrivable::No("Execution is RUNNING and cannot be redriven"),
            awaits_redrive: false,
            paused_at: None,
            map_run_arn: None,
            trace_header: None,
        }
    }

    pub(crate) async fn list_executions(
        &self,
        machine: Option<&str>,
        started_by: Option<Qualifier>,
        status: Option<ExecutionStatus>,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<ExecutionItem>, Error> {
        let machine = match machine {
            None => None,
            Some(name) => {
                let machine = self.machine(name).await?;
                if machine.record.machine_type == MachineType::Express {
                    return Err(Error::StateMachineTypeNotSupported(machine.arn.to_string()));
                }
                Some(machine.record.id)
            }
        };
        let filter = ExecutionFilter {
            machine,
            status,
            started_by,
        };
        let mut items = Vec::new();
        let mut before = before.map(ExecutionId);
        loop {
            let page = self.store.executions(filter.clone(), before, limit).await?;
            let is_last = page.len() < limit;
            for record in page {
                before = Some(record.id);
                let item = self.item(record).await?;
                // The children of Map Runs are listed with their run.
                if !item.state_machine_arn.contains('/') {
                    items.push(item);
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

    /// The state machine as an execution sees it.
    pub(crate) async fn machine_of_execution(
        &self,
        machine: &str,
        name: &str,
    ) -> Result<StateMachineView, Error> {
        let record = self.find_execution(machine, name).await?;
        let missing =
            || Error::ExecutionDoesNotExist(self.options.partition.execution(machine, name));
        let state_machine = self
            .store
            .state_machine(record.machine)
            .await?
            .ok_or_else(missing)?;
        let state_machine = self.compose(Arc::new(state_machine)).await?;
        let revision = self.revision(record.revision).await?;
        Ok(revision_view(&state_machine, &revision))
    }

    pub(crate) async fn list_machines(
        &self,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Vec<StateMachineItem>, Error> {
        let after = after.map(StateMachineId);
        let records = self.store.state_machines(after, limit).await?;
        let item = |record: StateMachineRecord| StateMachineItem {
            number: record.id.0,
            arn: self.options.partition.state_machine(&record.name).into(),
            name: record.name,
            machine_type: record.machine_type,
            created_at: record.created_at,
        };
        Ok(records.into_iter().map(item).collect())
    }

    pub(crate) async fn describe_activity(&self, name: &str) -> Result<ActivityView, Error> {
        let record =
            self.store.activity(name).await?.ok_or_else(|| {
                Error::ActivityDoesNotExist(self.options.partition.activity(name))
            })?;
        Ok(self.activity_view(record))
    }

    pub(crate) async fn list_activities(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<ActivityView>, Error> {
        let records = self.store.activities(after.map(Into::into), limit).await?;
        let view = |record| self.activity_view(record);
        Ok(records.into_iter().map(view).collect())
    }

    pub(crate) async fn read_history(
        &self,
        machine: &str,
        name: &str,
        from: Option<u64>,
        limit: usize,
        direction: Direction,
    ) -> Result<HistoryPage, Error> {
        let record = self.find_execution(machine, name).await?;
        let from = from.unwrap_or(match direction {
            Direction::Forward => 1,
            Direction::Reverse => u64::MAX,
        });
        Ok(self
            .store
            .history(record.id, from, limit, direction)
            .await?)
    }

    /// Events from the store, then live ones; what a slow follower misses it reads from the store again.
    pub(crate) async fn follow_execution(
        self: &Arc<Self>,
        machine: &str,
        name: &str,
        from: u64,
    ) -> Result<BoxStream<'static, Result<HistoryEvent, Error>>, Error> {
        let record = self.find_execution(machine, name).await?;
        let id = record.id;
        let receiver = self.watchers.subscribe(id);
        let state = (self.clone(), receiver, from.max(1), false);
        let pages = stream::unfold(
            state,
            move |(engine, mut receiver, next, is_over)| async move {
                if is_over {
                    return None;
                }
                loop {
                    let (events, has_ended) = match engine.read_on(id, next).await {
                        Ok(read) => read,
                        Err(error) => {
                            return Some((vec![Err(error)], (engine, receiver, next, true)));
                        }
                    };
                    if let Some(last) = events.last() {
                        // What seems to be the end may be followed by a redrive: the store knows.
                        let next = last.id + 1;
                        let batch = events.into_iter().map(Ok).collect();
                        return Some((batch, (engine, receiver, next, false)));
                    }
                    if has_ended {
                        return None;
                    }
                    tokio::select! {
                        told = receiver.recv() => match told {
                            Ok(_) | Err(RecvError::Lagged(_)) => {}
                            Err(RecvError::Closed) => return None,
                        },
                        () = engine.closing.cancelled() => return None,
                    }
                }
            },
        );
        Ok(pages.flat_map(|batch: Vec<_>| stream::iter(batch)).boxed())
    }
}

impl Engine {
    /// The events from one on, and whether none can come after them.
    async fn read_on(
        &self,
        id: ExecutionId,
        from: u64,
    ) -> Result<(Vec<HistoryEvent>, bool), Error> {
        // First the status: what ended before the events are read has all of them.
        let record = self.store.execution(id).await?;
        let has_ended = record.is_none_or(|record| record.stopped_at.is_some());
        let page = self
            .store
            .history(id, from, FOLLOW_PAGE, Direction::Forward)
            .await?;
        Ok((page.events, has_ended))
    }

    /// Waits until an execution has ended.
    pub(crate) async fn wait_for_end(
        self: &Arc<Self>,
        machine: &str,
        name: &str,
    ) -> Result<ExecutionView, Error> {
        let mut receiver = self
            .watchers
            .subscribe(self.find_execution(machine, name).await?.id);
        loop {
            let view = self.describe_execution(machine, name).await?;
            if view.stopped_at.is_some() {
                return Ok(view);
            }
            tokio::select! {
                // However much was missed, the store knows.
                _ = receiver.recv() => {}
                () = self.closing.cancelled() => return Err(Error::ShuttingDown),
            }
        }
    }
}

/// An execution's name without the unique part that the row of an Express one has.
pub(crate) fn shown_name(recorded: &Arc<str>) -> Arc<str> {
    match recorded.split_once(':') {
        Some((name, _)) => name.into(),
        None => recorded.clone(),
    }
}

/// What the last event of an execution says of its end.
pub(crate) fn ending(last: Option<HistoryEvent>) -> (Option<Payload>, Option<Failure>) {
    match last.map(|event| event.kind) {
        Some(EventKind::ExecutionSucceeded { output }) => (Some(output), None),
        Some(
            EventKind::ExecutionFailed(failure)
            | EventKind::ExecutionAborted(failure)
            | EventKind::ExecutionTimedOut(failure),
        ) => (None, Some(failure)),
        _ => (None, None),
    }
}
