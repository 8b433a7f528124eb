//! The operation that performs one state for its own sake.

use interpreter::failure::Failure;
use interpreter::payload::Payload;
use interpreter::trial::{Inspection, Outcome};
use runtime::tasks::{FieldValidation, HttpExchange};
use runtime::test_state::{Configuration, MockInput, TestMistake, TestState, TestedState};

use crate::aws::json::{Text, decode, encode};
use crate::aws::states::{Answer, States, wire};

/// `TestState`
pub(super) async fn test(states: &States, body: &[u8]) -> Answer {
    let request: wire::TestStateInput<'_> = decode(body)?;
    let level = request.inspection_level.as_deref();
    let level = level.and_then(wire::InspectionLevel::named);
    let tested = states.runtime.test_state(to_test(request)).await?;
    Ok(encode(&shown(&tested, level)))
}

fn to_test(request: wire::TestStateInput<'_>) -> TestState {
    let configuration = request.state_configuration.unwrap_or_default();
    let count = |number: Option<i32>| number.and_then(|number| u32::try_from(number).ok());
    TestState {
        definition: request.definition.into_string(),
        state_name: owned(request.state_name),
        input: owned(request.input),
        role_arn: owned(request.role_arn),
        variables: owned(request.variables),
        context: owned(request.context),
        mock: request.mock.map(to_mock),
        configuration: Configuration {
            retrier_retry_count: count(configuration.retrier_retry_count),
            error_caused_by_state: owned(configuration.error_caused_by_state),
            map_iteration_failure_count: count(configuration.map_iteration_failure_count),
            map_item_reader_data: owned(configuration.map_item_reader_data),
        },
        reveal_secrets: request.reveal_secrets.unwrap_or(false),
    }
}

fn to_mock(mock: wire::MockInput<'_>) -> MockInput {
    use wire::MockResponseValidationMode as Wire;
    let mode = mock.field_validation_mode.as_deref();
    MockInput {
        result: owned(mock.result),
        error_output: mock.error_output.map(|failure| Failure {
            error: failure.error.as_deref().map(Into::into),
            cause: failure.cause.as_deref().map(Into::into),
        }),
        validation: match mode.and_then(Wire::named) {
            None | Some(Wire::Strict) => FieldValidation::Strict,
            Some(Wire::Present) => FieldValidation::Present,
            Some(Wire::None) => FieldValidation::None,
        },
    }
}

fn owned(text: Option<Text<'_>>) -> Option<String> {
    text.map(|text| text.0.into_owned())
}

fn shown(tested: &TestedState, level: Option<wire::InspectionLevel>) -> wire::TestStateOutput<'_> {
    let verdict = &tested.verdict;
    let failure = verdict.failure.as_ref();
    let inspection_data = match level {
        None | Some(wire::InspectionLevel::Info) => None,
        Some(wire::InspectionLevel::Debug) => Some(inspected(tested, None)),
        Some(wire::InspectionLevel::Trace) => Some(inspected(tested, tested.exchange.as_ref())),
    };
    wire::TestStateOutput {
        output: text(verdict.output.as_ref()),
        error: failure.and_then(|failure| failure.error.as_deref()),
        cause: failure.and_then(|failure| failure.cause.as_deref()),
        inspection_data,
        next_state: verdict.next.as_deref(),
        status: Some(match verdict.outcome {
            Outcome::Succeeded => wire::TestExecutionStatus::Succeeded,
            Outcome::Failed => wire::TestExecutionStatus::Failed,
            Outcome::Retriable => wire::TestExecutionStatus::Retriable,
            Outcome::Caught => wire::TestExecutionStatus::CaughtError,
        }),
    }
}

fn text(payload: Option<&Payload>) -> Option<&str> {
    payload.map(Payload::text)
}

fn inspected<'t>(
    tested: &'t TestedState,
    exchange: Option<&'t HttpExchange>,
) -> wire::InspectionData<'t> {
    let found = &tested.inspection;
    let parameters = text(found.after_parameters.as_ref());
    let (after_arguments, after_parameters) = match tested.is_jsonata {
        true => (parameters, None),
        false => (None, parameters),
    };
    let count =
        |number: Option<u64>| number.map(|number| i32::try_from(number).unwrap_or(i32::MAX));
    let response = exchange.and_then(|exchange| exchange.response.as_ref());
    wire::InspectionData {
        input: Some(tested.input.text()),
        after_arguments,
        after_input_path: text(found.after_input_path.as_ref()),
        after_parameters,
        result: text(found.result.as_ref()),
        after_result_selector: text(found.after_result_selector.as_ref()),
        after_result_path: text(found.after_result_path.as_ref()),
        request: exchange.map(|exchange| wire::InspectionDataRequest {
            protocol: Some(&exchange.request.protocol),
            method: Some(&exchange.request.method),
            url: Some(&exchange.request.url),
            headers: Some(&exchange.request.headers),
            body: exchange.request.body.as_deref(),
        }),
        response: response.map(|response| wire::InspectionDataResponse {
            protocol: Some(&response.protocol),
            status_code: Some(&response.status_code),
            status_message: Some(&response.status_message),
            headers: Some(&response.headers),
            body: response.body.as_deref(),
        }),
        variables: text(tested.variables.as_ref()),
        error_details: error_details(found),
        after_items_path: text(found.after_items_path.as_ref()),
        after_item_selector: text(found.after_item_selector.as_ref()),
        after_item_batcher: text(found.after_item_batcher.as_ref()),
        after_items_pointer: text(tested.after_items_pointer.as_ref()),
        tolerated_failure_count: count(found.tolerated_failure_count),
        tolerated_failure_percentage: found.tolerated_failure_percentage,
        max_concurrency: count(found.max_concurrency),
    }
}

fn error_details(found: &Inspection) -> Option<wire::InspectionErrorDetails> {
    let number = |index: usize| i32::try_from(index).unwrap_or(i32::MAX);
    match (found.catch_index, found.retry) {
        (Some(index), _) => Some(wire::InspectionErrorDetails {
            catch_index: Some(number(index)),
            retry_index: None,
            retry_backoff_interval_seconds: None,
        }),
        (None, Some((index, milliseconds))) => Some(wire::InspectionErrorDetails {
            catch_index: None,
            retry_index: Some(number(index)),
            retry_backoff_interval_seconds: Some(
                i32::try_from(milliseconds / 1000).unwrap_or(i32::MAX),
            ),
        }),
        (None, None) => None,
    }
}

/// What is wrong with a test, in AWS's words where they are known.
pub(crate) fn mistake_text(mistake: &TestMistake) -> String {
    match mistake {
        TestMistake::NoSuchState(name) => format!("State '{name}' not found in definition"),
        TestMistake::NoMock(kind) => {
            format!("State type '{kind}' is not supported when a mock is specified")
        }
        TestMistake::NeedsMock(what) => {
            format!("{what} is not supported when a mock is not specified")
        }
        TestMistake::NoRole => "RoleArn must be specified when testing a Task state".to_owned(),
        TestMistake::OnlyWithMock(what) => {
            format!("TestState does not support {what} when a mock is not specified.")
        }
        TestMistake::NotWithMock(what) => {
            format!("TestState does not support {what} when a mock is specified.")
        }
        TestMistake::Either => {
            "A test mock should have only one of the following fields: [result, errorOutput]."
                .to_owned()
        }
        TestMistake::NoErrorName => {
            "The field 'error' is required in the errorOutput of a test mock.".to_owned()
        }
        TestMistake::ResultNotJson => "Mocked result must be valid JSON".to_owned(),
        TestMistake::ResultNotArray => "Mocked result must be an array.".to_owned(),
        TestMistake::ResultNotObject => "Mocked result must be an object.".to_owned(),
        TestMistake::ResultNotBranches => {
            "Mocked result must contain the same number of items as number of Parallel branches."
                .to_owned()
        }
        TestMistake::ResultNotOfService(why) => {
            format!("Mock result schema validation error: {why}")
        }
        TestMistake::Variables => "Variables must be a JSON object".to_owned(),
        TestMistake::Context(why) => format!("Invalid Context object provided: {why}"),
        TestMistake::NotInside(name) => {
            format!("The state '{name}' in ErrorCausedByState is not part of the tested state")
        }
        TestMistake::ReaderData(why) => format!("Invalid MapItemReaderData provided: {why}"),
    }
}
