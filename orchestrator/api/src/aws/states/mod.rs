//! AWS Step Functions: every operation of the service, as [`wire`] names them.
//!
//! Read [`executions`] for what an operation looks like, [`errors`] for how one refuses.

mod activities;
mod errors;
mod executions;
pub(crate) mod history;
mod machines;
mod map_runs;
pub(crate) mod names;
mod page_token;
pub(crate) mod settings;
mod tags;
mod tasks;
pub(crate) mod test_state;
mod validation;
mod versions;
#[allow(
    dead_code,
    reason = "the model says more than this version reads or answers"
)]
pub(crate) mod wire;

use axum::http::HeaderMap;
use runtime::runtime::Runtime;

use crate::aws::problem::Problem;
use errors::{Refusal, problem};
use names::Arns;
use wire::Operation;

/// The service, over one engine.
#[derive(Clone)]
pub(crate) struct States {
    runtime: Runtime,
}

/// An answer's body.
type Answer = Result<Vec<u8>, Refusal>;

impl States {
    /// The service over that engine.
    pub(crate) fn new(runtime: Runtime) -> Self {
        Self { runtime }
    }

    /// Performs an operation: a request's body and headers in, an answer's body out.
    ///
    /// # Errors
    /// The error answer; its code is one that the operation declares or a common one.
    pub(crate) async fn call(
        &self,
        operation: Operation,
        body: &[u8],
        headers: &HeaderMap,
    ) -> Result<Vec<u8>, Problem> {
        self.perform(operation, body, headers)
            .await
            .map_err(|refusal| problem(operation, self.arns(), refusal))
    }

    async fn perform(&self, operation: Operation, body: &[u8], headers: &HeaderMap) -> Answer {
        match operation {
            Operation::StartExecution => executions::start(self, body, headers).await,
            Operation::StartSyncExecution => executions::start_sync(self, body, headers).await,
            Operation::StopExecution => executions::stop(self, body).await,
            Operation::DescribeExecution => executions::describe(self, body).await,
            Operation::ListExecutions => executions::list(self, body).await,
            Operation::DescribeMapRun => map_runs::describe(self, body).await,
            Operation::ListMapRuns => map_runs::list(self, body).await,
            Operation::UpdateMapRun => map_runs::update(self, body).await,
            Operation::GetExecutionHistory => history::get(self, body).await,
            Operation::CreateStateMachine => machines::create(self, body).await,
            Operation::UpdateStateMachine => machines::update(self, body).await,
            Operation::DescribeStateMachine => machines::describe(self, body).await,
            Operation::DescribeStateMachineForExecution => {
                machines::describe_for_execution(self, body).await
            }
            Operation::ListStateMachines => machines::list(self, body).await,
            Operation::DeleteStateMachine => machines::delete(self, body).await,
            Operation::ValidateStateMachineDefinition => validation::validate(self, body),
            Operation::TestState => test_state::test(self, body).await,
            Operation::CreateActivity => activities::create(self, body).await,
            Operation::DescribeActivity => activities::describe(self, body).await,
            Operation::ListActivities => activities::list(self, body).await,
            Operation::DeleteActivity => activities::delete(self, body).await,
            Operation::GetActivityTask => activities::get_task(self, body).await,
            Operation::SendTaskSuccess => tasks::succeed(self, body).await,
            Operation::SendTaskFailure => tasks::fail(self, body).await,
            Operation::SendTaskHeartbeat => tasks::beat(self, body).await,
            Operation::TagResource => tags::add(self, body).await,
            Operation::UntagResource => tags::remove(self, body).await,
            Operation::ListTagsForResource => tags::list(self, body).await,
            Operation::RedriveExecution => executions::redrive(self, body).await,
            Operation::PublishStateMachineVersion => versions::publish(self, body).await,
            Operation::ListStateMachineVersions => versions::list(self, body).await,
            Operation::DeleteStateMachineVersion => versions::delete(self, body).await,
            Operation::CreateStateMachineAlias => versions::create_alias(self, body).await,
            Operation::UpdateStateMachineAlias => versions::update_alias(self, body).await,
            Operation::DescribeStateMachineAlias => versions::describe_alias(self, body).await,
            Operation::ListStateMachineAliases => versions::list_aliases(self, body).await,
            Operation::DeleteStateMachineAlias => versions::delete_alias(self, body).await,
        }
    }

    fn arns(&self) -> Arns<'_> {
        Arns {
            partition: &self.runtime.options().partition,
        }
    }
}

/// How many of a list's items a page has: AWS takes 0 for its default of 100.
fn page_size(max_results: Option<i32>) -> usize {
    match max_results.and_then(|size| usize::try_from(size).ok()) {
        None | Some(0) => 100,
        Some(size) => size,
    }
}
