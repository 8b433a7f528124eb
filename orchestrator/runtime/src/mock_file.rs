//! The mock configuration file of Step Functions Local: test cases of state machines, and the responses that stand in for tasks.
//!
//! ```text
//! {"StateMachines":   {"Order": {"TestCases": {"HappyPath": {"Charge": "Charged"}}}},
//!  "MockedResponses": {"Charged": {"0-1": {"Throw": {"Error": "Busy", "Cause": "…"}}, "2": {"Return": {"paid": true}}}}}
//! ```
//!
//! See <https://docs.aws.amazon.com/step-functions/latest/dg/sfn-local-mock-cfg-file.html>. `StartExecution` on
//! `…:stateMachine:Order#HappyPath` runs the machine with these responses. The file is read at each such start, so that it can be
//! changed while the server runs; an execution that runs keeps the responses that it was started with.

use std::path::Path;
use std::sync::Arc;

use expression::value::{Object, Value};
use interpreter::failure::Failure;
use interpreter::mocks::{MockedAnswer, MockedOutcome, Mocks};
use interpreter::payload::Payload;

use crate::engine::Engine;
use crate::error::Error;

/// Takes a test case's name off the name of a state machine: `Order#HappyPath`.
#[must_use]
pub fn split_test_case(machine: &str) -> (&str, Option<&str>) {
    match machine.split_once('#') {
        Some((machine, test_case)) => (machine, Some(test_case)),
        None => (machine, None),
    }
}

impl Engine {
    /// The responses of a test case, as the file has them now.
    pub(crate) async fn test_case(&self, machine: &str, test_case: &str) -> Result<Mocks, Error> {
        let refused = |why: String| {
            Error::TestCase(format!(
                "cannot use the test case '{test_case}' of the state machine '{machine}': {why}"
            ))
        };
        let Some(path) = self.options.mock_config.clone() else {
            return Err(refused(
                "no mock configuration file is set (mock_config, SFN_MOCK_CONFIG)".to_owned(),
            ));
        };
        let from = path.clone();
        let read = tokio::task::spawn_blocking(move || std::fs::read_to_string(&from)).await;
        let text = match read {
            Ok(Ok(text)) => text,
            Ok(Err(error)) => return Err(refused(format!("{}: {error}", path.display()))),
            Err(_) => return Err(Error::ShuttingDown),
        };
        find(&text, machine, test_case).map_err(|why| refused(in_file(&path, &why)))
    }
}

fn in_file(path: &Path, why: &str) -> String {
    format!("{}: {why}", path.display())
}

/// The responses of a test case of a file's text; else what is wrong, and where.
fn find(text: &str, machine: &str, test_case: &str) -> Result<Mocks, String> {
    let root = Value::parse(text).map_err(|error| format!("it is no JSON: {error}"))?;
    let root = Place {
        value: &root,
        pointer: String::new(),
    };
    let machines = root.member("StateMachines")?;
    let responses = root.member("MockedResponses")?;
    // All of it is looked at, so that a mistake does not wait for the one test case that meets it.
    let answers = responses
        .members()?
        .into_iter()
        .map(|(name, response)| Ok((name, answers(&response)?)))
        .collect::<Result<Vec<_>, String>>()?;
    for (_, machine) in machines.members()? {
        for (_, test_case) in machine.member("TestCases")?.members()? {
            for (_, response) in test_case.members()? {
                response.text()?;
            }
        }
    }
    let cases = machines
        .named(machine, "state machine")?
        .member("TestCases")?;
    let mut mocks = Mocks::default();
    for (state, response) in cases.named(test_case, "test case")?.members()? {
        let name = response.text()?;
        let Some((_, answers)) = answers.iter().find(|(known, _)| **known == *name) else {
            return Err(format!(
                "{}: there is no mocked response '{name}' in /MockedResponses",
                response.pointer
            ));
        };
        mocks.insert(state, name, answers.clone());
    }
    Ok(mocks)
}

/// A mocked response: what each of a state's invocations gives.
fn answers(response: &Place<'_>) -> Result<Vec<MockedAnswer>, String> {
    let mut answers: Vec<MockedAnswer> = Vec::new();
    for (range, answer) in response.members()? {
        let Some((first, last)) = invocations(&range) else {
            return Err(format!(
                "{}: '{range}' is no invocation such as \"0\", and no range such as \"1-3\"",
                response.pointer
            ));
        };
        if let Some(other) = answers
            .iter()
            .find(|other| first <= other.last && other.first <= last)
        {
            return Err(format!(
                "{}: invocation {} has two answers",
                response.pointer,
                first.max(other.first)
            ));
        }
        let outcome = outcome(&answer)?;
        answers.push(MockedAnswer {
            first,
            last,
            outcome,
        });
    }
    if answers.is_empty() {
        return Err(format!("{}: there is no answer in it", response.pointer));
    }
    Ok(answers)
}

/// `0` or `1-3`
fn invocations(range: &str) -> Option<(u32, u32)> {
    let number = |text: &str| {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| text.parse::<u32>().ok()).flatten()
    };
    match range.split_once('-') {
        None => number(range).map(|only| (only, only)),
        Some((first, last)) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some((first, last))
        }
    }
}

/// `{"Return": …}` or `{"Throw": {"Error": …, "Cause": …}}`
fn outcome(answer: &Place<'_>) -> Result<MockedOutcome, String> {
    answer.only(&["Return", "Throw"])?;
    match (answer.find("Return")?, answer.find("Throw")?) {
        (Some(result), None) => Ok(MockedOutcome::Return(Payload::of(result.value.clone()))),
        (None, Some(failure)) => {
            failure.only(&["Error", "Cause"])?;
            let text = |name: &str| match failure.find(name)? {
                Some(text) => text.text().map(Some),
                None => Ok(None),
            };
            Ok(MockedOutcome::Throw(Failure {
                error: text("Error")?,
                cause: text("Cause")?,
            }))
        }
        (None, None) => Err(format!(
            "{}: it has neither Return nor Throw",
            answer.pointer
        )),
        (Some(_), Some(_)) => Err(format!("{}: it has Return and Throw", answer.pointer)),
    }
}

/// A part of the file, and where it is.
struct Place<'a> {
    value: &'a Value,
    pointer: String,
}

impl<'a> Place<'a> {
    fn object(&self) -> Result<&'a Object, String> {
        self.value
            .as_object()
            .ok_or_else(|| format!("{}: it must be an object", self.shown()))
    }

    fn at(&self, name: &str, value: &'a Value) -> Self {
        Self {
            value,
            pointer: format!("{}/{name}", self.pointer),
        }
    }

    fn members(&self) -> Result<Vec<(Arc<str>, Self)>, String> {
        let members = self.object()?.iter();
        Ok(members
            .map(|(name, value)| (name.clone(), self.at(name, value)))
            .collect())
    }

    fn find(&self, name: &str) -> Result<Option<Self>, String> {
        let value = self.object()?.get(name);
        Ok(value.map(|value| self.at(name, value)))
    }

    /// A member that must be there.
    fn member(&self, name: &str) -> Result<Self, String> {
        self.find(name)?
            .ok_or_else(|| format!("{}: the field '{name}' is missing", self.shown()))
    }

    /// A member that a caller named.
    fn named(&self, name: &str, what: &str) -> Result<Self, String> {
        let found = self.find(name)?;
        let missing = || {
            let known = self.object().map(|object| {
                let names: Vec<&str> = object.iter().map(|(name, _)| &**name).collect();
                names.join(", ")
            });
            format!(
                "{}: there is no {what} '{name}'; there is {}",
                self.shown(),
                known
                    .ok()
                    .filter(|known| !known.is_empty())
                    .unwrap_or_else(|| "none".to_owned())
            )
        };
        found.ok_or_else(missing)
    }

    /// Refuses every member but those.
    fn only(&self, known: &[&str]) -> Result<(), String> {
        let mut names = self.object()?.iter();
        match names.find(|(name, _)| !known.contains(&&***name)) {
            Some((name, _)) => Err(format!(
                "{}: the field '{name}' is not known; there can be {}",
                self.shown(),
                known.join(" and ")
            )),
            None => Ok(()),
        }
    }

    fn text(&self) -> Result<Arc<str>, String> {
        match self.value {
            Value::String(text) => Ok(text.clone()),
            _ => Err(format!("{}: it must be a string", self.shown())),
        }
    }

    fn shown(&self) -> &str {
        if self.pointer.is_empty() {
            "/"
        } else {
            &self.pointer
        }
    }
}

#[cfg(test)]
mod tests;
