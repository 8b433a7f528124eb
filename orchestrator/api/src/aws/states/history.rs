//! GetExecutionHistory, and every history event in its wire form; [`details`] has the details of each type.

pub(super) mod details;

use interpreter::history::{EventKind, HistoryEvent, StateType};
use store::contract::Direction;

use crate::aws::json::{Timestamp, decode, encode};
use crate::aws::states::page_token::Request;
use crate::aws::states::wire::HistoryEventType as Type;
use crate::aws::states::{Answer, States, page_size, wire};

/// `GetExecutionHistory`
pub(super) async fn get(states: &States, body: &[u8]) -> Answer {
    let request: wire::GetExecutionHistoryInput<'_> = decode(body)?;
    let (machine, name) = states.arns().execution(&request.execution_arn)?;
    let (direction, order) = match request.reverse_order.unwrap_or_default() {
        false => (Direction::Forward, "forward"),
        true => (Direction::Reverse, "reverse"),
    };
    let page = Request {
        operation: wire::Operation::GetExecutionHistory,
        filters: &[&request.execution_arn, order],
    };
    let from = page.number(request.next_token.as_deref())?;
    let limit = page_size(request.max_results);
    let runtime = &states.runtime;
    let found = runtime
        .history(machine, name, from, limit, direction)
        .await?;
    let data = match request.include_execution_data {
        None | Some(true) => Data::Included,
        Some(false) => Data::LeftOut,
    };
    let next_token = found.next.map(|next| page.token_at(next));
    Ok(encode(&wire::GetExecutionHistoryOutput {
        events: found
            .events
            .iter()
            .map(|event| wire_event(event, data))
            .collect(),
        next_token: next_token.as_deref(),
    }))
}

/// Whether inputs and outputs are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Data {
    /// They are.
    Included,
    /// They are not.
    LeftOut,
}

/// An event as AWS writes it.
pub(crate) fn wire_event(event: &HistoryEvent, data: Data) -> wire::HistoryEvent<'_> {
    wire::HistoryEvent {
        timestamp: Timestamp(event.timestamp),
        type_: event_type(&event.kind),
        id: details::number(event.id),
        previous_event_id: Some(details::number(event.previous)),
        details: details::details(&event.kind, data),
    }
}

/// The event's type by AWS's name.
pub(crate) fn event_type(kind: &EventKind) -> Type {
    match kind {
        EventKind::ExecutionStarted { .. } => Type::ExecutionStarted,
        EventKind::ExecutionSucceeded { .. } => Type::ExecutionSucceeded,
        EventKind::ExecutionFailed(_) => Type::ExecutionFailed,
        EventKind::ExecutionAborted(_) => Type::ExecutionAborted,
        EventKind::ExecutionTimedOut(_) => Type::ExecutionTimedOut,
        EventKind::StateEntered { state_type, .. } => entered_type(*state_type),
        EventKind::StateExited { state_type, .. } => exited_type(*state_type),
        EventKind::StateAborted { state_type } => aborted_type(*state_type),
        EventKind::ParallelStarted => Type::ParallelStateStarted,
        EventKind::ParallelSucceeded => Type::ParallelStateSucceeded,
        EventKind::ParallelFailed => Type::ParallelStateFailed,
        EventKind::MapStarted { .. } => Type::MapStateStarted,
        EventKind::MapSucceeded => Type::MapStateSucceeded,
        EventKind::MapFailed => Type::MapStateFailed,
        EventKind::MapIterationStarted(_) => Type::MapIterationStarted,
        EventKind::MapIterationSucceeded(_) => Type::MapIterationSucceeded,
        EventKind::MapIterationFailed(_) => Type::MapIterationFailed,
        EventKind::MapIterationAborted(_) => Type::MapIterationAborted,
        EventKind::TaskScheduled { .. } => Type::TaskScheduled,
        EventKind::TaskStarted { .. } => Type::TaskStarted,
        EventKind::TaskStartFailed { .. } => Type::TaskStartFailed,
        EventKind::TaskSubmitted { .. } => Type::TaskSubmitted,
        EventKind::TaskSubmitFailed { .. } => Type::TaskSubmitFailed,
        EventKind::TaskSucceeded { .. } => Type::TaskSucceeded,
        EventKind::TaskFailed { .. } => Type::TaskFailed,
        EventKind::TaskTimedOut { .. } => Type::TaskTimedOut,
        EventKind::ActivityScheduled { .. } => Type::ActivityScheduled,
        EventKind::ActivityScheduleFailed(_) => Type::ActivityScheduleFailed,
        EventKind::ActivityStarted { .. } => Type::ActivityStarted,
        EventKind::ActivitySucceeded { .. } => Type::ActivitySucceeded,
        EventKind::ActivityFailed(_) => Type::ActivityFailed,
        EventKind::ActivityTimedOut(_) => Type::ActivityTimedOut,
        EventKind::LambdaFunctionScheduled { .. } => Type::LambdaFunctionScheduled,
        EventKind::LambdaFunctionScheduleFailed(_) => Type::LambdaFunctionScheduleFailed,
        EventKind::LambdaFunctionStarted => Type::LambdaFunctionStarted,
        EventKind::LambdaFunctionStartFailed(_) => Type::LambdaFunctionStartFailed,
        EventKind::LambdaFunctionSucceeded { .. } => Type::LambdaFunctionSucceeded,
        EventKind::LambdaFunctionFailed(_) => Type::LambdaFunctionFailed,
        EventKind::LambdaFunctionTimedOut(_) => Type::LambdaFunctionTimedOut,
        EventKind::EvaluationFailed { .. } => Type::EvaluationFailed,
        EventKind::ExecutionRedriven { .. } => Type::ExecutionRedriven,
        EventKind::MapRunStarted { .. } => Type::MapRunStarted,
        EventKind::MapRunSucceeded => Type::MapRunSucceeded,
        EventKind::MapRunFailed(_) => Type::MapRunFailed,
        EventKind::MapRunAborted => Type::MapRunAborted,
        EventKind::MapRunRedriven { .. } => Type::MapRunRedriven,
    }
}

fn entered_type(state_type: StateType) -> Type {
    match state_type {
        StateType::Task => Type::TaskStateEntered,
        StateType::Pass => Type::PassStateEntered,
        StateType::Choice => Type::ChoiceStateEntered,
        StateType::Wait => Type::WaitStateEntered,
        StateType::Succeed => Type::SucceedStateEntered,
        StateType::Fail => Type::FailStateEntered,
        StateType::Parallel => Type::ParallelStateEntered,
        StateType::Map => Type::MapStateEntered,
    }
}

/// A Fail state is never left, so AWS has no name for that.
fn exited_type(state_type: StateType) -> Type {
    match state_type {
        StateType::Task => Type::TaskStateExited,
        StateType::Pass => Type::PassStateExited,
        StateType::Choice => Type::ChoiceStateExited,
        StateType::Wait => Type::WaitStateExited,
        StateType::Succeed | StateType::Fail => Type::SucceedStateExited,
        StateType::Parallel => Type::ParallelStateExited,
        StateType::Map => Type::MapStateExited,
    }
}

/// Only a state that takes time can be ended by something outside it, so AWS names no others.
fn aborted_type(state_type: StateType) -> Type {
    match state_type {
        StateType::Wait => Type::WaitStateAborted,
        StateType::Parallel => Type::ParallelStateAborted,
        StateType::Map => Type::MapStateAborted,
        StateType::Task
        | StateType::Pass
        | StateType::Choice
        | StateType::Succeed
        | StateType::Fail => Type::TaskStateAborted,
    }
}

#[cfg(test)]
mod tests;
