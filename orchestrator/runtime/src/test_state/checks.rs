//! What of a test makes sense for which state, and the parts of a test that are JSON.

use std::sync::Arc;

use asl::definition::{Map, State, StateKind, StateMachine};
use asl::distributed::ItemReader;
use asl::resource::{Pattern, Resource};
use expression::value::Value;
use interpreter::payload::Payload;

use crate::test_state::{TestMistake, TestState};

/// What only makes sense beside a mock, and states that need one.
pub(super) fn check_without_mock(request: &TestState, state: &State) -> Result<(), TestMistake> {
    let configuration = &request.configuration;
    let given = [
        (request.context.is_some(), "Context"),
        (
            configuration.retrier_retry_count.is_some(),
            "RetrierRetryCount",
        ),
        (
            configuration.error_caused_by_state.is_some(),
            "ErrorCausedByState",
        ),
        (
            configuration.map_iteration_failure_count.is_some(),
            "MapIterationFailureCount",
        ),
        (
            configuration.map_item_reader_data.is_some(),
            "MapItemReaderData",
        ),
    ];
    if let Some((_, name)) = given.into_iter().find(|(is_given, _)| *is_given) {
        return Err(TestMistake::OnlyWithMock(name));
    }
    let needs = match &state.kind {
        StateKind::Map(_) | StateKind::Parallel(_) => {
            Some(format!("State type '{}'", state.kind.name()))
        }
        StateKind::Task(task) => match &task.resource {
            Resource::Activity(_) => Some("Activity resource".to_owned()),
            Resource::Service(call) if call.pattern != Pattern::RequestResponse => Some(format!(
                "The '{}' service integration pattern",
                call.pattern.suffix()
            )),
            Resource::Service(_) | Resource::Function(_) => None,
        },
        StateKind::Pass(_)
        | StateKind::Choice(_)
        | StateKind::Wait(_)
        | StateKind::Succeed
        | StateKind::Fail(_) => None,
    };
    needs.map_or(Ok(()), |what| Err(TestMistake::NeedsMock(what)))
}

pub(super) fn check_configuration(
    request: &TestState,
    machine: &StateMachine,
    state: &State,
) -> Result<(), TestMistake> {
    let Some(name) = &request.configuration.error_caused_by_state else {
        return Ok(());
    };
    let blocks = match &state.kind {
        StateKind::Map(map) => vec![map.processor],
        StateKind::Parallel(parallel) => parallel.branches.clone(),
        _ => Vec::new(),
    };
    let mut inside = blocks
        .into_iter()
        .flat_map(|block| &machine.block(block).states);
    if inside.any(|&inner| *machine.state(inner).name == **name) {
        Ok(())
    } else {
        Err(TestMistake::NotInside(name.clone()))
    }
}

/// Whether the state's ItemReader has an ItemsPointer.
pub(super) fn points(state: &State) -> bool {
    reader_of(state).is_some_and(|reader| reader.config.items_pointer.is_some())
}

fn reader_of(state: &State) -> Option<&ItemReader> {
    match &state.kind {
        StateKind::Map(map) => map.distributed.as_deref()?.reader.as_ref(),
        _ => None,
    }
}

pub(super) fn has_writer(map: &Map) -> bool {
    let distributed = map.distributed.as_deref();
    distributed.is_some_and(|distributed| distributed.writer.is_some())
}

pub(super) fn variables(request: &TestState) -> Result<Vec<(Arc<str>, Value)>, TestMistake> {
    let Some(text) = &request.variables else {
        return Ok(Vec::new());
    };
    match Value::parse(text) {
        Ok(Value::Object(variables)) => Ok(variables
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()),
        _ => Err(TestMistake::Variables),
    }
}

/// The context object, if it can be one of the state.
pub(super) fn context(request: &TestState, state: &State) -> Result<Option<Value>, TestMistake> {
    let Some(text) = &request.context else {
        return Ok(None);
    };
    let wrong = |why: &str| TestMistake::Context(why.to_owned());
    let value = Value::parse(text).map_err(|_| wrong("Context object is not valid JSON"))?;
    let object = value
        .as_object()
        .ok_or_else(|| wrong("Context object must be a JSON object"))?;
    let known = ["Execution", "Map", "State", "StateMachine", "Task"];
    for (name, part) in object.iter() {
        if !known.contains(&&**name) {
            return Err(TestMistake::Context(format!(
                "Context object contains the unknown field '{name}'"
            )));
        }
        if part.as_object().is_none() {
            return Err(TestMistake::Context(format!(
                "The field '{name}' of the Context object must be a JSON object"
            )));
        }
    }
    let has_task = match &state.kind {
        StateKind::Task(task) => matches!(
            &task.resource,
            Resource::Service(call) if call.pattern != Pattern::RequestResponse
        ),
        _ => false,
    };
    if value.get("Task").is_some() && !has_task {
        return Err(wrong(
            "Context object contains 'Task' when state is not a Task state with a '.sync' or '.waitForTaskToken' service integration pattern",
        ));
    }
    Ok(Some(value))
}

/// The items that an ItemReader read.
pub(super) fn reader_data(
    request: &TestState,
    state: &State,
) -> Result<Option<Payload>, TestMistake> {
    let Some(text) = &request.configuration.map_item_reader_data else {
        return Ok(None);
    };
    let Some(reader) = reader_of(state) else {
        return Err(TestMistake::ReaderData(
            "the state has no ItemReader".to_owned(),
        ));
    };
    crate::reader_data::items(text, &reader.config)
        .map(|items| Some(Payload::of(items)))
        .map_err(TestMistake::ReaderData)
}
