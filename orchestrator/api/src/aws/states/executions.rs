//! The operations on executions.

use std::sync::Arc;

use axum::http::HeaderMap;
use interpreter::failure::Failure;
use runtime::views::{ExecutionView, Redrivable, Redrive, StartExecution};
use store::contract::Qualifier;
use store::records::ExecutionStatus;

use crate::aws::json::{Text, Timestamp, decode, encode};
use crate::aws::states::errors::Mistake;
use crate::aws::states::names::check_name;
use crate::aws::states::page_token::Request;
use crate::aws::states::{Answer, States, map_runs, page_size, wire};
use crate::trace_headers::trace_header;

/// `StartExecution`
pub(super) async fn start(states: &States, body: &[u8], headers: &HeaderMap) -> Answer {
    let request: wire::StartExecutionInput<'_> = decode(body)?;
    let machine = states.arns().qualified(&request.state_machine_arn)?;
    let trace = trace_header(headers, request.trace_header.as_deref());
    let request = to_start(machine, request.name, request.input, trace)?;
    let started = states.runtime.start_execution(request).await?;
    Ok(encode(&wire::StartExecutionOutput {
        execution_arn: &started.arn,
        start_date: Timestamp(started.started_at),
    }))
}

/// `StartSyncExecution`
pub(super) async fn start_sync(states: &States, body: &[u8], headers: &HeaderMap) -> Answer {
    let request: wire::StartSyncExecutionInput<'_> = decode(body)?;
    let machine = states.arns().qualified(&request.state_machine_arn)?;
    let included = included(request.included_data.as_ref());
    let trace = trace_header(headers, request.trace_header.as_deref());
    let request = to_start(machine, request.name, request.input, trace)?;
    let sync = states.runtime.start_sync_execution(request).await?;
    Ok(encode(&sync_output(&sync.execution, included)))
}

/// `StopExecution`
pub(super) async fn stop(states: &States, body: &[u8]) -> Answer {
    let request: wire::StopExecutionInput<'_> = decode(body)?;
    let (machine, name) = states.arns().described(&request.execution_arn)?;
    let failure = Failure {
        error: request.error.as_deref().map(Into::into),
        cause: request.cause.as_deref().map(Into::into),
    };
    let stopped_at = states
        .runtime
        .stop_execution(machine, name, failure)
        .await?;
    Ok(encode(&wire::StopExecutionOutput {
        stop_date: Timestamp(stopped_at),
    }))
}

/// `RedriveExecution`
pub(super) async fn redrive(states: &States, body: &[u8]) -> Answer {
    let request: wire::RedriveExecutionInput<'_> = decode(body)?;
    let (machine, name) = states.arns().execution(&request.execution_arn)?;
    let client_token = request.client_token.as_deref();
    let redriven_at = states
        .runtime
        .redrive_execution(Redrive {
            machine: machine.to_owned(),
            name: name.to_owned(),
            client_token: client_token.map(str::to_owned),
            definition: None,
        })
        .await?;
    Ok(encode(&wire::RedriveExecutionOutput {
        redrive_date: Timestamp(redriven_at),
    }))
}

/// `DescribeExecution`
pub(super) async fn describe(states: &States, body: &[u8]) -> Answer {
    let request: wire::DescribeExecutionInput<'_> = decode(body)?;
    let (machine, name) = states.arns().described(&request.execution_arn)?;
    let included = included(request.included_data.as_ref());
    let view = states.runtime.describe_execution(machine, name).await?;
    Ok(encode(&describe_output(&view, included)))
}

/// `ListExecutions`
pub(super) async fn list(states: &States, body: &[u8]) -> Answer {
    let request: wire::ListExecutionsInput<'_> = decode(body)?;
    let (machine, qualifier) = match (&request.state_machine_arn, &request.map_run_arn) {
        (Some(arn), None) => states.arns().qualified(arn)?,
        (None, Some(arn)) => return map_runs::list_children(states, &request, arn).await,
        _ => {
            return Err(Mistake::Request("Must provide a StateMachine ARN or MapRun ARN").into());
        }
    };
    if request.redrive_filter.is_some() {
        return Err(Mistake::Request("A redrive filter can only be used with a MapRun ARN").into());
    }
    let filter = request.status_filter.as_deref().unwrap_or_default();
    let page = Request {
        operation: wire::Operation::ListExecutions,
        filters: &[
            request.state_machine_arn.as_deref().unwrap_or_default(),
            filter,
        ],
    };
    let before = page.number(request.next_token.as_deref())?;
    let limit = page_size(request.max_results);
    let status = wanted_status(filter)?;
    let mut items = states
        .runtime
        .list_executions(Some(machine), qualifier, status, before, limit + 1)
        .await?;
    let next_token = next_page(&mut items, limit, |item| page.token_at(item.number));
    let executions = items
        .iter()
        .map(|item| wire::ExecutionListItem {
            execution_arn: &item.arn,
            state_machine_arn: &item.state_machine_arn,
            name: &item.name,
            status: wire_status(item.status, item.awaits_redrive),
            start_date: Timestamp(item.started_at),
            stop_date: item.stopped_at.map(Timestamp),
            map_run_arn: None,
            item_count: None,
            state_machine_version_arn: item.version_arn.as_deref(),
            state_machine_alias_arn: item.alias_arn.as_deref(),
            redrive_count: Some(wire_count(item.redrive_count)),
            redrive_date: item.redriven_at.map(Timestamp),
        })
        .collect();
    Ok(encode(&wire::ListExecutionsOutput {
        executions,
        next_token: next_token.as_deref(),
    }))
}

/// Cuts a list that was asked for with one item more than a page has, and makes the next page's token if it was that long.
pub(super) fn next_page<T>(
    items: &mut Vec<T>,
    limit: usize,
    token: impl FnOnce(&T) -> String,
) -> Option<String> {
    if items.len() <= limit {
        return None;
    }
    items.truncate(limit);
    items.last().map(token)
}

/// Whether input, output, error and cause are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Included {
    /// They are.
    All,
    /// They are not.
    Metadata,
}

/// What `includedData` asks for.
pub(super) fn included(text: Option<&Text<'_>>) -> Included {
    match text.and_then(|text| wire::IncludedData::named(text)) {
        None | Some(wire::IncludedData::AllData) => Included::All,
        Some(wire::IncludedData::MetadataOnly) => Included::Metadata,
    }
}

impl Included {
    fn of<T>(self, data: Option<T>) -> Option<T> {
        match self {
            Self::All => data,
            Self::Metadata => None,
        }
    }

    fn details(self) -> wire::CloudWatchEventsExecutionDataDetails {
        wire::CloudWatchEventsExecutionDataDetails {
            included: Some(self == Self::All),
        }
    }
}

fn to_start(
    (machine, qualifier): (&str, Option<Qualifier>),
    name: Option<Text<'_>>,
    input: Option<Text<'_>>,
    trace_header: Option<Arc<str>>,
) -> Result<StartExecution, super::errors::Refusal> {
    if let Some(name) = &name {
        check_name(name)?;
    }
    Ok(StartExecution {
        state_machine: machine.to_owned(),
        qualifier,
        name: name.map(|name| name.0.into_owned()),
        input: input.map(|input| input.0.into_owned()),
        trace_header,
    })
}

/// The status that a list of a state machine's executions is filtered by.
pub(super) fn wanted_status(filter: &str) -> Result<Option<ExecutionStatus>, Mistake> {
    Ok(Some(match wire::ExecutionStatus::named(filter) {
        None => return Ok(None),
        Some(wire::ExecutionStatus::Running) => ExecutionStatus::Running,
        Some(wire::ExecutionStatus::Succeeded) => ExecutionStatus::Succeeded,
        Some(wire::ExecutionStatus::Failed) => ExecutionStatus::Failed,
        Some(wire::ExecutionStatus::TimedOut) => ExecutionStatus::TimedOut,
        Some(wire::ExecutionStatus::Aborted) => ExecutionStatus::Aborted,
        // Only a child of a Map Run waits to be redriven.
        Some(wire::ExecutionStatus::PendingRedrive) => {
            return Err(Mistake::Request(
                "The status filter PENDING_REDRIVE can only be used with a MapRun ARN",
            ));
        }
    }))
}

/// A count on the wire, which ends where an integer does.
pub(super) fn wire_count(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// A status on the wire, where an execution that waits for the redrive of its Map Run has one of its own.
pub(super) fn wire_status(status: ExecutionStatus, awaits_redrive: bool) -> wire::ExecutionStatus {
    match status {
        _ if awaits_redrive => wire::ExecutionStatus::PendingRedrive,
        ExecutionStatus::Running => wire::ExecutionStatus::Running,
        ExecutionStatus::Succeeded => wire::ExecutionStatus::Succeeded,
        ExecutionStatus::Failed => wire::ExecutionStatus::Failed,
        ExecutionStatus::TimedOut => wire::ExecutionStatus::TimedOut,
        ExecutionStatus::Aborted => wire::ExecutionStatus::Aborted,
    }
}

/// Whether an execution can be redriven, and why not.
fn redrive_status(redrivable: Redrivable) -> (wire::ExecutionRedriveStatus, Option<&'static str>) {
    match redrivable {
        Redrivable::Yes => (wire::ExecutionRedriveStatus::Redrivable, None),
        Redrivable::ByMapRun => (wire::ExecutionRedriveStatus::RedrivableByMapRun, None),
        Redrivable::No(why) => (wire::ExecutionRedriveStatus::NotRedrivable, Some(why)),
    }
}

fn describe_output(view: &ExecutionView, included: Included) -> wire::DescribeExecutionOutput<'_> {
    let output = view.output.as_ref();
    let failure = included.of(view.failure.as_ref());
    let (redrive_status, redrive_status_reason) = redrive_status(view.redrivable);
    wire::DescribeExecutionOutput {
        execution_arn: &view.arn,
        state_machine_arn: &view.state_machine_arn,
        name: Some(&view.name),
        status: wire_status(view.status, view.awaits_redrive),
        start_date: Timestamp(view.started_at),
        stop_date: view.stopped_at.map(Timestamp),
        input: included.of(Some(view.input.text())),
        input_details: Some(included.details()),
        output: included.of(output.map(|output| output.text())),
        output_details: output.map(|_| included.details()),
        trace_header: view.trace_header.as_deref(),
        map_run_arn: view.map_run_arn.as_deref(),
        error: failure.and_then(|failure| failure.error.as_deref()),
        cause: failure.and_then(|failure| failure.cause.as_deref()),
        state_machine_version_arn: view.version_arn.as_deref(),
        state_machine_alias_arn: view.alias_arn.as_deref(),
        redrive_count: Some(wire_count(view.redrive_count)),
        redrive_date: view.redriven_at.map(Timestamp),
        redrive_status: Some(redrive_status),
        redrive_status_reason,
    }
}

fn sync_output(view: &ExecutionView, included: Included) -> wire::StartSyncExecutionOutput<'_> {
    let output = view.output.as_ref();
    let failure = included.of(view.failure.as_ref());
    let stopped_at = view.stopped_at.unwrap_or(view.started_at);
    wire::StartSyncExecutionOutput {
        execution_arn: &view.arn,
        state_machine_arn: Some(&view.state_machine_arn),
        name: Some(&view.name),
        start_date: Timestamp(view.started_at),
        stop_date: Timestamp(stopped_at),
        status: sync_status(view.status),
        error: failure.and_then(|failure| failure.error.as_deref()),
        cause: failure.and_then(|failure| failure.cause.as_deref()),
        input: included.of(Some(view.input.text())),
        input_details: Some(included.details()),
        output: included.of(output.map(|output| output.text())),
        output_details: output.map(|_| included.details()),
        trace_header: view.trace_header.as_deref(),
        billing_details: Some(billing(stopped_at - view.started_at)),
    }
}

fn sync_status(status: ExecutionStatus) -> wire::SyncExecutionStatus {
    match status {
        ExecutionStatus::Succeeded => wire::SyncExecutionStatus::Succeeded,
        ExecutionStatus::TimedOut => wire::SyncExecutionStatus::TimedOut,
        // The wire has no word for a stopped Express execution; it did not get to its end.
        ExecutionStatus::Failed | ExecutionStatus::Aborted | ExecutionStatus::Running => {
            wire::SyncExecutionStatus::Failed
        }
    }
}

/// AWS bills every hundred milliseconds that were begun, and 64 MB at least.
fn billing(duration: i64) -> wire::BillingDetails {
    let hundreds = duration.max(1).div_euclid(100) + i64::from(duration.max(1) % 100 != 0);
    wire::BillingDetails {
        billed_memory_used_in_mb: Some(64),
        billed_duration_in_milliseconds: Some(hundreds * 100),
    }
}

#[cfg(test)]
mod tests;
