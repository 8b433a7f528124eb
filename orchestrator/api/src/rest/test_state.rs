//! `/api/v1/test-state`: one state, performed for its own sake.

use axum::Json;
use axum::extract::State;
use interpreter::failure::Failure;
use interpreter::payload::Payload;
use interpreter::trial::Outcome as Ended;
use runtime::runtime::Runtime;
use runtime::tasks::{FieldValidation, HttpExchange};
use runtime::test_state::{Configuration, MockInput, TestState, TestedState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::rest::body::{Answer, Any, Body, even_null};
use crate::rest::problem::Problem;
use crate::rest::state_machines::definition_text;

/// Asks for a state to be tested.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct StateTest {
    /// A state's definition, or a state machine's with `state`; as JSON or as a text with JSON in it.
    definition: Any,
    /// Which state of the state machine.
    state: Option<String>,
    /// Its input, any JSON value; `{}` when absent.
    #[serde(default, deserialize_with = "even_null")]
    #[schema(value_type = Any, required = false)]
    input: Option<Any>,
    /// The role that it runs under.
    role_arn: Option<String>,
    /// The variables that it sees: an object.
    variables: Option<Any>,
    /// The context object that it sees instead of its own; only with a mock.
    context: Option<Any>,
    /// What takes the place of its work: of a task, or of all branches or iterations.
    mock: Option<StateMock>,
    /// How often the retrier that applies has been used; only with a mock.
    retries: Option<u32>,
    /// The state inside a Map or Parallel that the mocked failure came from.
    error_caused_by: Option<String>,
    /// How many iterations of a Map failed; only with a mock.
    failed_iterations: Option<u32>,
    /// What a Map's ItemReader read: a text as it stands in the source.
    item_reader_data: Option<String>,
    /// Whether secrets of an HTTP task's connection are shown.
    #[serde(default)]
    reveal_secrets: bool,
}

/// What takes the place of a state's work: a result or a failure.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct StateMock {
    /// The result, any JSON value.
    #[serde(default, deserialize_with = "even_null")]
    #[schema(value_type = Any, required = false)]
    result: Option<Any>,
    /// The failure's name.
    error: Option<String>,
    /// What a person should read about the failure.
    cause: Option<String>,
    /// How strictly the result is held against the model of the service.
    #[serde(default)]
    validation: Validation,
}

/// How strictly a mocked result is held against the model of the service.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Validation {
    #[default]
    Strict,
    Present,
    None,
}

/// How a state ended, and what it did on the way.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct StateTested {
    outcome: Outcome,
    /// Its output.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    output: Option<Any>,
    /// The failure's name, also of one that was caught or would be retried.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    error: Option<String>,
    /// What a person should read about the failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    cause: Option<String>,
    /// The state that follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next: Option<String>,
    inspection: Inspection,
}

/// In which way a state ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Outcome {
    Succeeded,
    Failed,
    Retriable,
    CaughtError,
}

/// What the state's data were at each point, where the state has it.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Inspection {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    after_input_path: Option<Any>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    after_arguments: Option<Any>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    after_parameters: Option<Any>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    result: Option<Any>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    after_result_selector: Option<Any>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    after_result_path: Option<Any>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    after_items_pointer: Option<Any>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    after_items_path: Option<Any>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    after_item_selector: Option<Any>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    after_item_batcher: Option<Any>,
    /// The variables after the state.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    variables: Option<Any>,
    /// How many iterations run at once; 0 for no bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    max_concurrency: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    tolerated_failure_count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    tolerated_failure_percentage: Option<f64>,
    /// Which catcher took the failure, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    catch_index: Option<usize>,
    /// Which retrier would try again, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    retry_index: Option<usize>,
    /// After how many seconds it would.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    retry_after_seconds: Option<i64>,
    /// What an HTTP task sent and received.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    http: Option<Http>,
}

/// What an HTTP task sent and received.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Http {
    method: String,
    url: String,
    request_headers: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    request_body: Option<String>,
    /// Absent when there was no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    response_headers: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    response_body: Option<String>,
}

/// Performs one state for its own sake
///
/// Nothing is kept of it. A task is really performed unless a mock takes its place.
#[utoipa::path(post, path = "/api/v1/test-state", tag = "state machines", operation_id = "testState",
    request_body = StateTest,
    responses(
        (status = 200, description = "How it ended", body = StateTested),
        (status = 422, description = "The definition has errors", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn test(
    State(runtime): State<Runtime>,
    Body(test): Body<StateTest>,
) -> Answer<StateTested> {
    let account = &runtime.options().partition.account;
    let default_role = format!("arn:aws:iam::{account}:role/ratchet");
    let text = |any: Option<Any>| any.map(|any| any.text().to_owned());
    let request = TestState {
        definition: definition_text(&test.definition)?,
        state_name: test.state,
        input: text(test.input),
        role_arn: Some(test.role_arn.unwrap_or(default_role)),
        variables: text(test.variables),
        context: text(test.context),
        mock: test.mock.map(StateMock::into_input),
        configuration: Configuration {
            retrier_retry_count: test.retries,
            error_caused_by_state: test.error_caused_by,
            map_iteration_failure_count: test.failed_iterations,
            map_item_reader_data: test.item_reader_data,
        },
        reveal_secrets: test.reveal_secrets,
    };
    let tested = runtime.test_state(request).await?;
    Ok(Json(StateTested::of(&tested)?))
}

impl StateMock {
    fn into_input(self) -> MockInput {
        let has_failure = self.error.is_some() || self.cause.is_some();
        MockInput {
            result: self.result.map(|result| result.text().to_owned()),
            error_output: has_failure.then(|| Failure {
                error: self.error.map(Into::into),
                cause: self.cause.map(Into::into),
            }),
            validation: match self.validation {
                Validation::Strict => FieldValidation::Strict,
                Validation::Present => FieldValidation::Present,
                Validation::None => FieldValidation::None,
            },
        }
    }
}

impl StateTested {
    fn of(tested: &TestedState) -> Result<Self, Problem> {
        let verdict = &tested.verdict;
        let failure = verdict.failure.clone().unwrap_or_default();
        Ok(Self {
            outcome: match verdict.outcome {
                Ended::Succeeded => Outcome::Succeeded,
                Ended::Failed => Outcome::Failed,
                Ended::Retriable => Outcome::Retriable,
                Ended::Caught => Outcome::CaughtError,
            },
            output: any(verdict.output.as_ref())?,
            error: failure.error.map(|error| error.to_string()),
            cause: failure.cause.map(|cause| cause.to_string()),
            next: verdict.next.as_ref().map(ToString::to_string),
            inspection: Inspection::of(tested)?,
        })
    }
}

impl Inspection {
    fn of(tested: &TestedState) -> Result<Self, Problem> {
        let found = &tested.inspection;
        let parameters = any(found.after_parameters.as_ref())?;
        let (after_arguments, after_parameters) = match tested.is_jsonata {
            true => (parameters, None),
            false => (None, parameters),
        };
        Ok(Self {
            after_input_path: any(found.after_input_path.as_ref())?,
            after_arguments,
            after_parameters,
            result: any(found.result.as_ref())?,
            after_result_selector: any(found.after_result_selector.as_ref())?,
            after_result_path: any(found.after_result_path.as_ref())?,
            after_items_pointer: any(tested.after_items_pointer.as_ref())?,
            after_items_path: any(found.after_items_path.as_ref())?,
            after_item_selector: any(found.after_item_selector.as_ref())?,
            after_item_batcher: any(found.after_item_batcher.as_ref())?,
            variables: any(tested.variables.as_ref())?,
            max_concurrency: found.max_concurrency,
            tolerated_failure_count: found.tolerated_failure_count,
            tolerated_failure_percentage: found.tolerated_failure_percentage,
            catch_index: found.catch_index,
            retry_index: found.retry.map(|(index, _)| index),
            retry_after_seconds: found.retry.map(|(_, milliseconds)| milliseconds / 1000),
            http: tested.exchange.as_ref().map(Http::of),
        })
    }
}

impl Http {
    fn of(exchange: &HttpExchange) -> Self {
        let HttpExchange { request, response } = exchange.clone();
        let response = response.as_ref();
        Self {
            method: request.method,
            url: request.url,
            request_headers: request.headers,
            request_body: request.body,
            status: response.map(|response| response.status_code.clone()),
            response_headers: response.map(|response| response.headers.clone()),
            response_body: response.and_then(|response| response.body.clone()),
        }
    }
}

fn any(payload: Option<&Payload>) -> Result<Option<Any>, Problem> {
    payload.map(Any::of).transpose()
}
