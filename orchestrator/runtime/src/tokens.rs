//! Ending tasks from outside: whoever has a token may succeed it, fail it or keep it alive; and stopping executions.

use std::sync::Arc;

use interpreter::failure::Failure;
use interpreter::input::{AttemptId, Input, TaskToken};
use interpreter::payload::Payload;
use store::records::ExecutionId;

use crate::engine::Engine;
use crate::error::Error;

impl Engine {
    pub(crate) async fn succeed_task(
        self: &Arc<Self>,
        token: &str,
        output: &str,
    ) -> Result<(), Error> {
        let token = decode(token)?;
        self.check_length("output", output)?;
        let output =
            Payload::parse(output).map_err(|error| Error::InvalidOutput(error.to_string()))?;
        self.end_task(token, |attempt| Input::TaskSucceeded { attempt, output })
            .await
    }

    pub(crate) async fn fail_task(
        self: &Arc<Self>,
        token: &str,
        failure: Failure,
    ) -> Result<(), Error> {
        self.end_task(decode(token)?, |attempt| Input::TaskFailed {
            attempt,
            failure,
        })
        .await
    }

    pub(crate) async fn beat_task(self: &Arc<Self>, token: &str) -> Result<(), Error> {
        self.end_task(decode(token)?, |attempt| Input::Heartbeat { attempt })
            .await
    }

    async fn end_task(
        self: &Arc<Self>,
        token: TaskToken,
        input: impl FnOnce(AttemptId) -> Input,
    ) -> Result<(), Error> {
        self.refuse_when_closing()?;
        let id = ExecutionId(token.execution);
        self.deliver_durably(id, input(token.attempt), Some(token))
            .await
            .map(|_| ())
    }

    /// Stops an execution; one that has ended stays as it is.
    pub(crate) async fn stop(
        self: &Arc<Self>,
        machine: &str,
        name: &str,
        failure: Failure,
    ) -> Result<i64, Error> {
        self.refuse_when_closing()?;
        let record = self.find_execution(machine, name).await?;
        if let Some(stopped_at) = record.stopped_at {
            return Ok(stopped_at);
        }
        let stopped = self
            .deliver_durably(record.id, Input::Stop(failure), None)
            .await;
        match stopped {
            // It may have ended by itself in between.
            Ok(_) | Err(Error::TaskTimedOut) => {}
            Err(error) => return Err(error),
        }
        let record = self.find_execution(machine, name).await?;
        Ok(record
            .stopped_at
            .unwrap_or_else(|| self.options.world.now()))
    }
}

fn decode(token: &str) -> Result<TaskToken, Error> {
    TaskToken::decode(token).ok_or(Error::InvalidToken)
}
