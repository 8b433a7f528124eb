//! The details of every type of history event: a table from what the engine keeps to what the wire shows.

use interpreter::failure::Failure;
use interpreter::history::{EventKind, MapIteration};
use interpreter::payload::Payload;

use super::Data;
use crate::aws::json::Map;
use crate::aws::states::wire;
use crate::aws::states::wire::HistoryEventDetails as Details;

/// The event's details; `None` for the types that have none.
pub(super) fn details(kind: &EventKind, data: Data) -> Option<Details<'_>> {
    Some(match kind {
        EventKind::ExecutionStarted {
            input,
            role_arn,
            version_arn,
            alias_arn,
        } => Details::ExecutionStarted(wire::ExecutionStartedEventDetails {
            input: data.text(input),
            input_details: data.details(),
            role_arn: Some(role_arn),
            state_machine_alias_arn: alias_arn.as_deref(),
            state_machine_version_arn: version_arn.as_deref(),
        }),
        EventKind::ExecutionSucceeded { output } => {
            Details::ExecutionSucceeded(wire::ExecutionSucceededEventDetails {
                output: data.text(output),
                output_details: data.details(),
            })
        }
        EventKind::ExecutionFailed(failure) => {
            let (error, cause) = parts(failure);
            Details::ExecutionFailed(wire::ExecutionFailedEventDetails { error, cause })
        }
        EventKind::ExecutionAborted(failure) => {
            let (error, cause) = parts(failure);
            Details::ExecutionAborted(wire::ExecutionAbortedEventDetails { error, cause })
        }
        EventKind::ExecutionTimedOut(failure) => {
            let (error, cause) = parts(failure);
            Details::ExecutionTimedOut(wire::ExecutionTimedOutEventDetails { error, cause })
        }
        EventKind::StateEntered { name, input, .. } => {
            Details::StateEntered(wire::StateEnteredEventDetails {
                name,
                input: data.text(input),
                input_details: data.details(),
            })
        }
        EventKind::StateExited {
            name,
            output,
            assigned,
            ..
        } => {
            let shown = data == Data::Included && !assigned.is_empty();
            let variables = assigned.iter().map(|one| (&*one.name, one.value.text()));
            Details::StateExited(wire::StateExitedEventDetails {
                name,
                output: data.text(output),
                output_details: data.details(),
                assigned_variables: shown.then(|| Map(variables.collect())),
                assigned_variables_details: shown.then_some(wire::AssignedVariablesDetails {
                    truncated: Some(false),
                }),
            })
        }
        EventKind::StateAborted { .. }
        | EventKind::ParallelStarted
        | EventKind::ParallelSucceeded
        | EventKind::ParallelFailed
        | EventKind::MapSucceeded
        | EventKind::MapFailed
        | EventKind::MapRunSucceeded
        | EventKind::MapRunAborted
        | EventKind::LambdaFunctionStarted => return None,
        EventKind::MapStarted { length } => {
            Details::MapStateStarted(wire::MapStateStartedEventDetails {
                length: Some(small_number(*length)),
            })
        }
        EventKind::MapRunStarted { arn } => {
            Details::MapRunStarted(wire::MapRunStartedEventDetails {
                map_run_arn: Some(arn),
            })
        }
        EventKind::MapRunRedriven { arn, count } => {
            Details::MapRunRedriven(wire::MapRunRedrivenEventDetails {
                map_run_arn: Some(arn),
                redrive_count: Some(small_number(u64::from(*count))),
            })
        }
        EventKind::MapRunFailed(failure) => {
            let (error, cause) = parts(failure);
            Details::MapRunFailed(wire::MapRunFailedEventDetails { error, cause })
        }
        EventKind::MapIterationStarted(iteration) => {
            Details::MapIterationStarted(iteration_details(iteration))
        }
        EventKind::MapIterationSucceeded(iteration) => {
            Details::MapIterationSucceeded(iteration_details(iteration))
        }
        EventKind::MapIterationFailed(iteration) => {
            Details::MapIterationFailed(iteration_details(iteration))
        }
        EventKind::MapIterationAborted(iteration) => {
            Details::MapIterationAborted(iteration_details(iteration))
        }
        EventKind::TaskScheduled {
            resource,
            region,
            parameters,
            timeout_seconds,
            heartbeat_seconds,
            credentials_role_arn,
        } => Details::TaskScheduled(wire::TaskScheduledEventDetails {
            resource_type: &resource.resource_type,
            resource: &resource.resource,
            region,
            parameters: parameters.text(),
            timeout_in_seconds: timeout_seconds.map(number),
            heartbeat_in_seconds: heartbeat_seconds.map(number),
            task_credentials: credentials(credentials_role_arn.as_deref()),
        }),
        EventKind::TaskStarted { resource } => {
            Details::TaskStarted(wire::TaskStartedEventDetails {
                resource_type: &resource.resource_type,
                resource: &resource.resource,
            })
        }
        EventKind::TaskStartFailed { resource, failure } => {
            Details::TaskStartFailed(wire::TaskStartFailedEventDetails {
                resource_type: &resource.resource_type,
                resource: &resource.resource,
                error: failure.error.as_deref(),
                cause: failure.cause.as_deref(),
            })
        }
        EventKind::TaskSubmitted { resource, output } => {
            Details::TaskSubmitted(wire::TaskSubmittedEventDetails {
                resource_type: &resource.resource_type,
                resource: &resource.resource,
                output: data.text(output),
                output_details: data.details(),
            })
        }
        EventKind::TaskSubmitFailed { resource, failure } => {
            Details::TaskSubmitFailed(wire::TaskSubmitFailedEventDetails {
                resource_type: &resource.resource_type,
                resource: &resource.resource,
                error: failure.error.as_deref(),
                cause: failure.cause.as_deref(),
            })
        }
        EventKind::TaskSucceeded { resource, output } => {
            Details::TaskSucceeded(wire::TaskSucceededEventDetails {
                resource_type: &resource.resource_type,
                resource: &resource.resource,
                output: data.text(output),
                output_details: data.details(),
            })
        }
        EventKind::TaskFailed { resource, failure } => {
            Details::TaskFailed(wire::TaskFailedEventDetails {
                resource_type: &resource.resource_type,
                resource: &resource.resource,
                error: failure.error.as_deref(),
                cause: failure.cause.as_deref(),
            })
        }
        EventKind::TaskTimedOut { resource, failure } => {
            Details::TaskTimedOut(wire::TaskTimedOutEventDetails {
                resource_type: &resource.resource_type,
                resource: &resource.resource,
                error: failure.error.as_deref(),
                cause: failure.cause.as_deref(),
            })
        }
        EventKind::ActivityScheduled {
            resource,
            input,
            timeout_seconds,
            heartbeat_seconds,
        } => Details::ActivityScheduled(wire::ActivityScheduledEventDetails {
            resource,
            input: data.text(input),
            input_details: data.details(),
            timeout_in_seconds: timeout_seconds.map(number),
            heartbeat_in_seconds: heartbeat_seconds.map(number),
        }),
        EventKind::ActivityScheduleFailed(failure) => {
            let (error, cause) = parts(failure);
            Details::ActivityScheduleFailed(wire::ActivityScheduleFailedEventDetails {
                error,
                cause,
            })
        }
        EventKind::ActivityStarted { worker_name } => {
            Details::ActivityStarted(wire::ActivityStartedEventDetails {
                worker_name: worker_name.as_deref(),
            })
        }
        EventKind::ActivitySucceeded { output } => {
            Details::ActivitySucceeded(wire::ActivitySucceededEventDetails {
                output: data.text(output),
                output_details: data.details(),
            })
        }
        EventKind::ActivityFailed(failure) => {
            let (error, cause) = parts(failure);
            Details::ActivityFailed(wire::ActivityFailedEventDetails { error, cause })
        }
        EventKind::ActivityTimedOut(failure) => {
            let (error, cause) = parts(failure);
            Details::ActivityTimedOut(wire::ActivityTimedOutEventDetails { error, cause })
        }
        EventKind::LambdaFunctionScheduled {
            resource,
            input,
            timeout_seconds,
            credentials_role_arn,
        } => Details::LambdaFunctionScheduled(wire::LambdaFunctionScheduledEventDetails {
            resource,
            input: data.text(input),
            input_details: data.details(),
            timeout_in_seconds: timeout_seconds.map(number),
            task_credentials: credentials(credentials_role_arn.as_deref()),
        }),
        EventKind::LambdaFunctionScheduleFailed(failure) => {
            let (error, cause) = parts(failure);
            Details::LambdaFunctionScheduleFailed(wire::LambdaFunctionScheduleFailedEventDetails {
                error,
                cause,
            })
        }
        EventKind::LambdaFunctionStartFailed(failure) => {
            let (error, cause) = parts(failure);
            Details::LambdaFunctionStartFailed(wire::LambdaFunctionStartFailedEventDetails {
                error,
                cause,
            })
        }
        EventKind::LambdaFunctionSucceeded { output } => {
            Details::LambdaFunctionSucceeded(wire::LambdaFunctionSucceededEventDetails {
                output: data.text(output),
                output_details: data.details(),
            })
        }
        EventKind::LambdaFunctionFailed(failure) => {
            let (error, cause) = parts(failure);
            Details::LambdaFunctionFailed(wire::LambdaFunctionFailedEventDetails { error, cause })
        }
        EventKind::LambdaFunctionTimedOut(failure) => {
            let (error, cause) = parts(failure);
            Details::LambdaFunctionTimedOut(wire::LambdaFunctionTimedOutEventDetails {
                error,
                cause,
            })
        }
        EventKind::EvaluationFailed {
            state,
            failure,
            location,
        } => {
            let (error, cause) = parts(failure);
            Details::EvaluationFailed(wire::EvaluationFailedEventDetails {
                error,
                cause,
                location: location.as_deref(),
                state,
            })
        }
        EventKind::ExecutionRedriven { count } => {
            Details::ExecutionRedriven(wire::ExecutionRedrivenEventDetails {
                redrive_count: Some(small_number(u64::from(*count))),
            })
        }
    })
}

/// A count, in the wire's type.
pub(crate) fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl Data {
    fn text(self, payload: &Payload) -> Option<&str> {
        (self == Self::Included).then(|| payload.text())
    }

    /// The API never truncates; only AWS's logs do.
    fn details(self) -> Option<wire::HistoryEventExecutionDataDetails> {
        (self == Self::Included).then_some(wire::HistoryEventExecutionDataDetails {
            truncated: Some(false),
        })
    }
}

fn parts(failure: &Failure) -> (Option<&str>, Option<&str>) {
    (failure.error.as_deref(), failure.cause.as_deref())
}

fn iteration_details(iteration: &MapIteration) -> wire::MapIterationEventDetails<'_> {
    wire::MapIterationEventDetails {
        name: Some(&iteration.name),
        index: Some(small_number(iteration.index)),
    }
}

fn credentials(role_arn: Option<&str>) -> Option<wire::TaskCredentials<'_>> {
    role_arn.map(|role_arn| wire::TaskCredentials {
        role_arn: Some(role_arn),
    })
}

fn small_number(count: u64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
