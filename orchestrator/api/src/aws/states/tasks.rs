//! The operations by which workers end tasks.

use interpreter::failure::Failure;

use crate::aws::json::decode;
use crate::aws::states::{Answer, States, wire};

/// What an operation without members answers.
pub(super) const NOTHING: &[u8] = b"{}";

/// `SendTaskSuccess`
pub(super) async fn succeed(states: &States, body: &[u8]) -> Answer {
    let request: wire::SendTaskSuccessInput<'_> = decode(body)?;
    let runtime = &states.runtime;
    runtime
        .send_task_success(&request.task_token, &request.output)
        .await?;
    Ok(NOTHING.to_vec())
}

/// `SendTaskFailure`
pub(super) async fn fail(states: &States, body: &[u8]) -> Answer {
    let request: wire::SendTaskFailureInput<'_> = decode(body)?;
    let failure = Failure {
        error: request.error.as_deref().map(Into::into),
        cause: request.cause.as_deref().map(Into::into),
    };
    let runtime = &states.runtime;
    runtime
        .send_task_failure(&request.task_token, failure)
        .await?;
    Ok(NOTHING.to_vec())
}

/// `SendTaskHeartbeat`
pub(super) async fn beat(states: &States, body: &[u8]) -> Answer {
    let request: wire::SendTaskHeartbeatInput<'_> = decode(body)?;
    states
        .runtime
        .send_task_heartbeat(&request.task_token)
        .await?;
    Ok(NOTHING.to_vec())
}
