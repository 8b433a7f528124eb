//! TestState: one state, performed for its own sake. Nothing of it is kept.

mod checks;

use std::sync::Arc;
use std::time::Duration;

use asl::definition::{QueryLanguage, State, StateId, StateKind, StateMachine};
use asl::parser::{self, Options as ParserOptions};
use expression::value::Value;
use interpreter::execution::Identity;
use interpreter::failure::{Failure, names};
use interpreter::input::{Input, ScheduledTask};
use interpreter::payload::Payload;
use interpreter::step::Env;
use interpreter::trial::{Inspection, Mock, Need, Outcome, Setup, Trial, Verdict};
use uuid::Uuid;

use crate::child_calls::{child_request, stable_name, start_failure, start_response};
use crate::dispatch::is_nested_execution;
use crate::engine::Engine;
use crate::error::Error;
use crate::tasks::{FieldValidation, HttpExchange, TaskCall, TaskOutcome};
use crate::test_state::checks::{
    check_configuration, check_without_mock, context, has_writer, points, reader_data, variables,
};

/// The longest that a test may take.
const LONGEST: Duration = Duration::from_secs(5 * 60);

/// What a lone state is called.
const LONE: &str = "StateName";

/// Asks for a state to be tested.
#[derive(Clone, Debug, Default)]
pub struct TestState {
    /// A state's definition, or a whole machine's with [`TestState::state_name`].
    pub definition: String,
    /// Which state of the machine.
    pub state_name: Option<String>,
    /// The state's input, JSON text.
    pub input: Option<String>,
    /// The role that it runs under.
    pub role_arn: Option<String>,
    /// The variables that it sees: a JSON object's text.
    pub variables: Option<String>,
    /// The context object that it sees: a JSON object's text.
    pub context: Option<String>,
    /// What takes the place of its work.
    pub mock: Option<MockInput>,
    /// What happened before.
    pub configuration: Configuration,
    /// Whether secrets of an HTTP task's connection are shown.
    pub reveal_secrets: bool,
}

/// What takes the place of a state's work.
#[derive(Clone, Debug, Default)]
pub struct MockInput {
    /// A result, JSON text.
    pub result: Option<String>,
    /// A failure.
    pub error_output: Option<Failure>,
    /// How strictly the result is held against the service's model.
    pub validation: FieldValidation,
}

/// What happened before.
#[derive(Clone, Debug, Default)]
pub struct Configuration {
    /// How often the retrier that applies has been used.
    pub retrier_retry_count: Option<u32>,
    /// The state inside a Map or Parallel that the mocked failure came from.
    pub error_caused_by_state: Option<String>,
    /// How many iterations failed.
    pub map_iteration_failure_count: Option<u32>,
    /// What the ItemReader read, as it stands in its source.
    pub map_item_reader_data: Option<String>,
}

/// What a test gave.
#[derive(Clone, Debug)]
pub struct TestedState {
    /// The state's input.
    pub input: Payload,
    /// How it ended.
    pub verdict: Verdict,
    /// What its handlers found.
    pub inspection: Inspection,
    /// Whether its language is JSONata, whose `Arguments` stand where JSONPath has `Parameters`.
    pub is_jsonata: bool,
    /// What an ItemsPointer left of the reader's data.
    pub after_items_pointer: Option<Payload>,
    /// The variables after it, where there are any.
    pub variables: Option<Payload>,
    /// What an HTTP task sent and received.
    pub exchange: Option<HttpExchange>,
}

/// What is wrong with a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TestMistake {
    /// The machine has no such state.
    NoSuchState(String),
    /// A state of this type can't be mocked.
    NoMock(&'static str),
    /// A state of this type, or with this resource, must be mocked.
    NeedsMock(String),
    /// A Task state without a mock and without a role.
    NoRole,
    /// What can only be given with a mock.
    OnlyWithMock(&'static str),
    /// What can't be given with a mock.
    NotWithMock(&'static str),
    /// A mock with a result and an error, or with neither.
    Either,
    /// A mocked error without a name.
    NoErrorName,
    /// A mocked result that is no JSON.
    ResultNotJson,
    /// A mocked result that must be an array.
    ResultNotArray,
    /// A mocked result that must be an object.
    ResultNotObject,
    /// A mocked result that must have an item for each branch.
    ResultNotBranches,
    /// A mocked result that the service could not give; why.
    ResultNotOfService(String),
    /// Variables that are no JSON object.
    Variables,
    /// A context object that can't be; why.
    Context(String),
    /// A state that is not inside the Map or Parallel.
    NotInside(String),
    /// Data of an ItemReader that are no items; why.
    ReaderData(String),
}

impl Engine {
    /// Performs a single state.
    pub(crate) async fn test_state(
        self: &Arc<Self>,
        request: TestState,
    ) -> Result<TestedState, Error> {
        self.refuse_when_closing()?;
        let (machine, state) = self.tested_machine(&request)?;
        let definition = machine.state(state);
        let mock = self.checked_mock(&request, definition)?;
        check_configuration(&request, &machine, definition)?;
        if matches!(definition.kind, StateKind::Task(_))
            && mock.is_none()
            && request.role_arn.is_none()
        {
            return Err(TestMistake::NoRole.into());
        }
        let input = self.parse_input(request.input.clone())?;
        let setup = Setup {
            identity: Arc::new(self.tested_identity(&request, input.clone())),
            state,
            variables: variables(&request)?,
            context: context(&request, definition)?,
            mock,
            retries: request.configuration.retrier_retry_count.unwrap_or(0),
            failed_iterations: request
                .configuration
                .map_iteration_failure_count
                .map(u64::from),
            items: reader_data(&request, definition)?,
        };
        let after_items_pointer = setup.items.clone().filter(|_| points(definition));
        let is_jsonata = definition.query_language == QueryLanguage::Jsonata;
        let identity = setup.identity.clone();
        let mut trial = Trial::begin(&machine, setup, &self.test_env());
        let mut exchange = None;
        let work = self.try_out(&machine, &identity, &mut trial, &mut exchange, &request);
        let is_over = tokio::time::timeout(LONGEST, work).await;
        let verdict = match (is_over, trial.need()) {
            (Ok(()), Need::Nothing(verdict)) => verdict.clone(),
            _ => Verdict {
                outcome: Outcome::Failed,
                output: None,
                failure: Some(Failure::named(names::TIMEOUT)),
                next: None,
                variables: Vec::new(),
            },
        };
        let variables = match verdict.variables.is_empty() {
            true => None,
            false => Some(Payload::of(Value::object(verdict.variables.clone()))),
        };
        Ok(TestedState {
            input,
            verdict,
            after_items_pointer,
            variables,
            inspection: trial.inspection(&machine),
            is_jsonata,
            exchange,
        })
    }

    /// Gives a trial what it needs until it is over.
    async fn try_out(
        self: &Arc<Self>,
        machine: &StateMachine,
        identity: &Arc<Identity>,
        trial: &mut Trial,
        exchange: &mut Option<HttpExchange>,
        request: &TestState,
    ) {
        loop {
            let wake = trial.next_wake().map(|wake| self.options.world.until(wake));
            let input = match trial.need() {
                Need::Nothing(_) => return,
                Need::Time => {
                    let Some(wake) = wake else { return };
                    tokio::time::sleep(wake).await;
                    Input::TimerFired
                }
                Need::Task(task) => {
                    let attempt = task.attempt;
                    let work = self.perform_once(machine, identity, task, request.reveal_secrets);
                    let outcome = match wake {
                        None => Some(work.await),
                        Some(wake) => tokio::time::timeout(wake, work).await.ok(),
                    };
                    match outcome {
                        None => Input::TimerFired,
                        Some((outcome, seen)) => {
                            *exchange = seen;
                            match outcome {
                                TaskOutcome::Succeeded(output) | TaskOutcome::Submitted(output) => {
                                    Input::TaskSucceeded { attempt, output }
                                }
                                TaskOutcome::Failed(failure) => {
                                    Input::TaskFailed { attempt, failure }
                                }
                            }
                        }
                    }
                }
            };
            trial.go_on(machine, input, &self.test_env());
        }
    }

    /// Performs the state's task.
    async fn perform_once(
        self: &Arc<Self>,
        machine: &StateMachine,
        identity: &Arc<Identity>,
        task: &ScheduledTask,
        reveal_secrets: bool,
    ) -> (TaskOutcome, Option<HttpExchange>) {
        let StateKind::Task(definition) = &machine.state(task.state).kind else {
            return (TaskOutcome::Failed(Failure::named(names::RUNTIME)), None);
        };
        let resource = &definition.resource;
        if is_nested_execution(resource) {
            return (self.start_once(identity, &task.input).await, None);
        }
        let call = TaskCall {
            attempt_id: format!("{}#{}", identity.arn, task.attempt.0),
            execution_arn: identity.arn.clone(),
            execution: identity.number,
            resource: resource.clone(),
            input: task.input.clone(),
            credentials_role_arn: task.credentials_role_arn.clone(),
            token: None,
            timeout_seconds: task.timeout_seconds,
            trace: None,
        };
        self.runner.run_observed(call, reveal_secrets).await
    }

    /// Starts the execution that a state asks for.
    async fn start_once(
        self: &Arc<Self>,
        identity: &Arc<Identity>,
        parameters: &Payload,
    ) -> TaskOutcome {
        let request = match child_request(parameters, stable_name(&identity.arn)) {
            Ok(request) => request,
            Err(failure) => return TaskOutcome::Failed(failure),
        };
        match self.start(request).await {
            Ok(started) => {
                let response = start_response(&started.arn, started.started_at);
                TaskOutcome::Succeeded(Payload::of(response))
            }
            Err(error) => TaskOutcome::Failed(start_failure(&error)),
        }
    }

    /// The definition, and the state that is tested.
    fn tested_machine(&self, request: &TestState) -> Result<(StateMachine, StateId), Error> {
        let options = ParserOptions {
            max_bytes: self.options.limits.definition_bytes,
            express: false,
        };
        let parsed = match &request.state_name {
            Some(_) => parser::parse(&request.definition, &options),
            None => parser::parse_state(&request.definition, LONE, &options),
        };
        let machine = parsed
            .machine
            .ok_or(Error::InvalidDefinition(parsed.diagnostics))?;
        let name = request.state_name.as_deref().unwrap_or(LONE);
        let found = (0..)
            .map(StateId)
            .zip(&machine.states)
            .find(|(_, state)| *state.name == *name)
            .map(|(id, _)| id);
        match found {
            Some(state) => Ok((machine, state)),
            None => Err(TestMistake::NoSuchState(name.to_owned()).into()),
        }
    }

    /// The mock, if it can be one of the state.
    fn checked_mock(&self, request: &TestState, state: &State) -> Result<Option<Mock>, Error> {
        let Some(mock) = &request.mock else {
            check_without_mock(request, state)?;
            return Ok(None);
        };
        let kind = &state.kind;
        if !matches!(
            kind,
            StateKind::Task(_) | StateKind::Parallel(_) | StateKind::Map(_)
        ) {
            return Err(TestMistake::NoMock(kind.name()).into());
        }
        if request.reveal_secrets {
            return Err(TestMistake::NotWithMock("RevealSecrets").into());
        }
        let result = match (&mock.result, &mock.error_output) {
            (Some(result), None) => result,
            (None, Some(failure)) if failure.error.is_none() => {
                return Err(TestMistake::NoErrorName.into());
            }
            (None, Some(failure)) => return Ok(Some(Mock::Error(failure.clone()))),
            (Some(_), Some(_)) | (None, None) => return Err(TestMistake::Either.into()),
        };
        self.check_length("mock.result", result)?;
        let result = Payload::parse(&**result).map_err(|_| TestMistake::ResultNotJson)?;
        let items = result.value().as_array().map(<[_]>::len);
        match kind {
            StateKind::Map(map) if has_writer(map) => {
                let object = result.value().as_object();
                object.ok_or(TestMistake::ResultNotObject)?;
            }
            StateKind::Map(_) if items.is_none() => {
                return Err(TestMistake::ResultNotArray.into());
            }
            StateKind::Parallel(parallel) => {
                let items = items.ok_or(TestMistake::ResultNotArray)?;
                if items != parallel.branches.len() {
                    return Err(TestMistake::ResultNotBranches.into());
                }
            }
            StateKind::Task(task) => {
                self.runner
                    .check_mock(&task.resource, result.value(), mock.validation)
                    .map_err(TestMistake::ResultNotOfService)?;
            }
            _ => {}
        }
        Ok(Some(Mock::Result(result)))
    }

    fn tested_identity(&self, request: &TestState, input: Payload) -> Identity {
        let partition = &self.options.partition;
        let name = Uuid::new_v4().hyphenated().to_string();
        let unique = Uuid::new_v4().hyphenated().to_string();
        Identity {
            number: 0,
            arn: partition.express_execution(&name, &name, &unique).into(),
            name: name.as_str().into(),
            role_arn: request.role_arn.as_deref().unwrap_or_default().into(),
            state_machine_arn: partition.state_machine(&name).into(),
            state_machine_name: name.into(),
            version_arn: None,
            alias_arn: None,
            region: partition.region.clone(),
            started_at: self.options.world.now(),
            input,
        }
    }

    fn test_env(&self) -> Env {
        Env {
            now: self.options.world.now(),
            seed: self.options.world.seed(),
            limits: self.options.limits.execution,
        }
    }
}

impl From<TestMistake> for Error {
    fn from(mistake: TestMistake) -> Self {
        Self::InvalidTest(mistake)
    }
}
