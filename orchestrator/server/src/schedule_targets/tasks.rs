//! What schedules call as a workflow's task would: functions and replication tasks.

use asl::resource::{Pattern, Resource, ServiceCall};
use interpreter::failure::Failure;
use interpreter::payload::Payload;
use runtime::tasks::{TaskCall, TaskOutcome, TaskRunner};
use schedule::step::{Accepted, Outcome};
use schedule_runtime::targets::{Call, Refusal};

use crate::schedule_targets::explained;

/// Calls a function and waits for its end. Its own failure is the run's; only a function that can't be called is called again.
pub(super) async fn invoke(
    tasks: &impl TaskRunner,
    arn: &str,
    call: Call,
) -> Result<Accepted, Refusal> {
    let handle = call.run.clone();
    let outcome = match run(tasks, Resource::Function(arn.into()), call).await? {
        Ok(()) => Outcome::Succeeded,
        Err(failure) => match refusal(&failure, "Lambda.") {
            Some(refusal) => return Err(refusal),
            None => Outcome::Failed {
                why: explained(&failure),
            },
        },
    };
    Ok(Accepted {
        handle: Some(handle),
        outcome: Some(outcome),
    })
}

/// Starts a replication task; that it runs is not waited for.
pub(super) async fn start_replication(
    tasks: &impl TaskRunner,
    call: Call,
) -> Result<Accepted, Refusal> {
    let handle = call.run.clone();
    match run(
        tasks,
        service_call("dms", "startReplicationTask", &call),
        call,
    )
    .await?
    {
        Ok(()) => Ok(Accepted {
            handle: Some(handle),
            outcome: Some(Outcome::Started),
        }),
        Err(failure) => {
            let refusal = refusal(&failure, "Dms.");
            Err(refusal.unwrap_or_else(|| Refusal::never(explained(&failure))))
        }
    }
}

/// Calls an operation of a service of AWS: with its answer the run is over.
pub(super) async fn call_service(
    tasks: &impl TaskRunner,
    kind: &str,
    operation: &str,
    call: Call,
) -> Result<Accepted, Refusal> {
    let handle = call.run.clone();
    let resource = service_call(kind, operation, &call);
    match run(tasks, resource, call).await? {
        Ok(()) => Ok(Accepted {
            handle: Some(handle),
            outcome: Some(Outcome::Succeeded),
        }),
        Err(failure) => {
            let name = failure.error.as_deref().unwrap_or_default();
            let (of, _) = name.split_once('.').unwrap_or_default();
            // What can't be made a request never will.
            if of == "States" {
                return Err(Refusal::never(explained(&failure)));
            }
            let refusal = refusal(&failure, &format!("{of}."));
            Err(refusal.unwrap_or_else(|| Refusal::later(explained(&failure))))
        }
    }
}

fn service_call(kind: &str, operation: &str, call: &Call) -> Resource {
    Resource::Service(ServiceCall {
        arn: call.target_arn.as_str().into(),
        resource_type: kind.into(),
        resource: operation.into(),
        action: operation.into(),
        pattern: Pattern::RequestResponse,
    })
}

async fn run(
    tasks: &impl TaskRunner,
    resource: Resource,
    call: Call,
) -> Result<Result<(), Failure>, Refusal> {
    let input = Payload::parse(call.input)
        .map_err(|error| Refusal::never(format!("the target's input is no JSON: {error}")))?;
    let outcome = tasks
        .run(TaskCall {
            // A retry is another attempt; the same attempt after a crash is not.
            attempt_id: format!("{}:{}", call.run, call.attempt),
            execution_arn: call.schedule_arn.into(),
            execution: 0,
            resource,
            input,
            credentials_role_arn: None,
            token: None,
            timeout_seconds: None,
            trace: None,
        })
        .await;
    Ok(match outcome {
        TaskOutcome::Succeeded(_) | TaskOutcome::Submitted(_) => Ok(()),
        TaskOutcome::Failed(failure) => Err(failure),
    })
}

/// The service's own failure, as opposed to that of what it performs.
fn refusal(failure: &Failure, service: &str) -> Option<Refusal> {
    let kind = failure.error.as_deref()?.strip_prefix(service)?;
    if kind == "Unknown" {
        return None;
    }
    let is_final = ["NotFound", "Invalid", "Validation", "TooLarge", "Unsupported"]
        .iter()
        .any(|word| kind.contains(word))
        // The task may be at something else just now.
        && kind != "InvalidResourceStateFault";
    Some(if is_final {
        Refusal::never(explained(failure))
    } else {
        Refusal::later(explained(failure))
    })
}
