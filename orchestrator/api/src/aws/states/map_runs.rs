//! The operations on Map Runs.

use runtime::map_runs::views::{ChildStatus, Counts, MapRunView, UpdateMapRun, WantedChildren};
use store::map_runs::MapRunStatus;

use crate::aws::json::{Timestamp, decode, encode};
use crate::aws::states::errors::Mistake;
use crate::aws::states::executions::{next_page, wanted_status, wire_count, wire_status};
use crate::aws::states::history::details::number;
use crate::aws::states::page_token::Request;
use crate::aws::states::{Answer, States, page_size, wire};

/// `DescribeMapRun`
pub(super) async fn describe(states: &States, body: &[u8]) -> Answer {
    let request: wire::DescribeMapRunInput<'_> = decode(body)?;
    let name = states.arns().map_run(&request.map_run_arn)?;
    let view = states.runtime.describe_map_run(name).await?;
    Ok(encode(&describe_output(&view)))
}

/// `ListMapRuns`
pub(super) async fn list(states: &States, body: &[u8]) -> Answer {
    let request: wire::ListMapRunsInput<'_> = decode(body)?;
    let (machine, name) = states.arns().execution(&request.execution_arn)?;
    let page = Request {
        operation: wire::Operation::ListMapRuns,
        filters: &[machine, name],
    };
    let before = page.number(request.next_token.as_deref())?;
    let limit = page_size(request.max_results);
    let mut runs = states
        .runtime
        .list_map_runs(machine, name, before, limit + 1)
        .await?;
    let next_token = next_page(&mut runs, limit, |run| page.token_at(run.number));
    let map_runs = runs
        .iter()
        .map(|run| wire::MapRunListItem {
            execution_arn: &run.execution_arn,
            map_run_arn: &run.arn,
            state_machine_arn: &run.state_machine_arn,
            start_date: Timestamp(run.started_at),
            stop_date: run.stopped_at.map(Timestamp),
        })
        .collect();
    Ok(encode(&wire::ListMapRunsOutput {
        map_runs,
        next_token: next_token.as_deref(),
    }))
}

/// `UpdateMapRun`
pub(super) async fn update(states: &States, body: &[u8]) -> Answer {
    let request: wire::UpdateMapRunInput<'_> = decode(body)?;
    let name = states.arns().map_run(&request.map_run_arn)?;
    let update = UpdateMapRun {
        // The model has checked that none is negative.
        max_concurrency: request
            .max_concurrency
            .and_then(|bound| u64::try_from(bound).ok()),
        tolerated_count: request
            .tolerated_failure_count
            .and_then(|count| u64::try_from(count).ok()),
        tolerated_percentage: request.tolerated_failure_percentage,
    };
    if update == UpdateMapRun::default() {
        return Err(Mistake::Request(
            "One of maxConcurrency, toleratedFailureCount or toleratedFailurePercentage must be specified",
        )
        .into());
    }
    states.runtime.update_map_run(name, update).await?;
    Ok(encode(&wire::UpdateMapRunOutput {}))
}

/// `ListExecutions` with the ARN of a Map Run.
pub(super) async fn list_children(
    states: &States,
    request: &wire::ListExecutionsInput<'_>,
    arn: &str,
) -> Answer {
    let name = states.arns().map_run(arn)?;
    let filter = request.status_filter.as_deref().unwrap_or_default();
    let redrive_filter = request.redrive_filter.as_deref().unwrap_or_default();
    let page = Request {
        operation: wire::Operation::ListExecutions,
        filters: &[arn, filter, redrive_filter],
    };
    let before = page.number(request.next_token.as_deref())?;
    let limit = page_size(request.max_results);
    let wanted = WantedChildren {
        status: match wire::ExecutionStatus::named(filter) {
            Some(wire::ExecutionStatus::PendingRedrive) => Some(ChildStatus::PendingRedrive),
            _ => wanted_status(filter)?.map(ChildStatus::Of),
        },
        is_redriven: match wire::ExecutionRedriveFilter::named(redrive_filter) {
            None => None,
            Some(wire::ExecutionRedriveFilter::Redriven) => Some(true),
            Some(wire::ExecutionRedriveFilter::NotRedriven) => Some(false),
        },
    };
    let mut children = states
        .runtime
        .list_children(name, wanted, before, limit + 1)
        .await?;
    let next_token = next_page(&mut children, limit, |(item, _)| page.token_at(item.number));
    let executions = children
        .iter()
        .map(|(item, count)| wire::ExecutionListItem {
            execution_arn: &item.arn,
            state_machine_arn: &item.state_machine_arn,
            name: &item.name,
            status: wire_status(item.status, item.awaits_redrive),
            start_date: Timestamp(item.started_at),
            stop_date: item.stopped_at.map(Timestamp),
            map_run_arn: Some(arn),
            item_count: Some(i32::try_from(*count).unwrap_or(i32::MAX)),
            state_machine_version_arn: None,
            state_machine_alias_arn: None,
            redrive_count: Some(wire_count(item.redrive_count)),
            redrive_date: item.redriven_at.map(Timestamp),
        })
        .collect();
    Ok(encode(&wire::ListExecutionsOutput {
        executions,
        next_token: next_token.as_deref(),
    }))
}

fn describe_output(view: &MapRunView) -> wire::DescribeMapRunOutput<'_> {
    wire::DescribeMapRunOutput {
        map_run_arn: &view.arn,
        execution_arn: &view.execution_arn,
        status: match view.status {
            MapRunStatus::Running => wire::MapRunStatus::Running,
            MapRunStatus::Succeeded => wire::MapRunStatus::Succeeded,
            MapRunStatus::Failed => wire::MapRunStatus::Failed,
            MapRunStatus::Aborted => wire::MapRunStatus::Aborted,
        },
        start_date: Timestamp(view.started_at),
        stop_date: view.stopped_at.map(Timestamp),
        max_concurrency: i32::try_from(view.max_concurrency).unwrap_or(i32::MAX),
        tolerated_failure_percentage: view.tolerated_percentage,
        tolerated_failure_count: number(view.tolerated_count),
        item_counts: item_counts(&view.items),
        execution_counts: execution_counts(&view.executions),
        redrive_count: Some(wire_count(view.redrive_count)),
        redrive_date: view.redriven_at.map(Timestamp),
    }
}

fn item_counts(counts: &Counts) -> wire::MapRunItemCounts {
    wire::MapRunItemCounts {
        pending: number(counts.pending),
        running: number(counts.running),
        succeeded: number(counts.succeeded),
        failed: number(counts.failed),
        timed_out: number(counts.timed_out),
        aborted: number(counts.aborted),
        total: number(counts.total),
        results_written: number(counts.results_written),
        failures_not_redrivable: Some(number(counts.not_redrivable)),
        pending_redrive: Some(number(counts.pending_redrive)),
    }
}

fn execution_counts(counts: &Counts) -> wire::MapRunExecutionCounts {
    wire::MapRunExecutionCounts {
        pending: number(counts.pending),
        running: number(counts.running),
        succeeded: number(counts.succeeded),
        failed: number(counts.failed),
        timed_out: number(counts.timed_out),
        aborted: number(counts.aborted),
        total: number(counts.total),
        results_written: number(counts.results_written),
        failures_not_redrivable: Some(number(counts.not_redrivable)),
        pending_redrive: Some(number(counts.pending_redrive)),
    }
}
