//! Responses that stand in for tasks: the test case that an execution was started with.
//!
//! They belong to the execution and are used up in the same step that schedules the attempt, so that an execution that is taken
//! up after a crash goes on with the next one.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::failure::{Failure, names};
use crate::input::AttemptId;
use crate::payload::Payload;
use crate::step::Stepper;
use crate::thread::Work;

/// The responses of a test case, and how many of them are used up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Mocks {
    states: BTreeMap<Arc<str>, MockedState>,
}

/// A Task state that is not performed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct MockedState {
    response: Arc<str>,
    answers: Vec<MockedAnswer>,
    /// How often the state has been performed: one count for the whole execution, retries, iterations and children of Map Runs included.
    invocations: u32,
}

/// What one or several invocations in a row give.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MockedAnswer {
    /// The first invocation, from 0.
    pub first: u32,
    /// The last one.
    pub last: u32,
    /// What they give.
    pub outcome: MockedOutcome,
}

/// What an invocation of a mocked state gives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum MockedOutcome {
    /// A result.
    Return(Payload),
    /// A failure.
    Throw(Failure),
}

impl Mocks {
    /// Lets a state give the answers of a mocked response, which has that name.
    pub fn insert(&mut self, state: Arc<str>, response: Arc<str>, answers: Vec<MockedAnswer>) {
        let mocked = MockedState {
            response,
            answers,
            invocations: 0,
        };
        self.states.insert(state, mocked);
    }

    /// Goes on behind what another execution with the same responses has used up.
    pub fn go_on_after(&mut self, other: &Self) {
        for (state, mocked) in &mut self.states {
            if let Some(other) = other.states.get(state) {
                mocked.invocations = mocked.invocations.max(other.invocations);
            }
        }
    }

    /// What the next invocation of a state gives; `None` where the state is performed.
    fn next(&mut self, state: &str) -> Option<MockedOutcome> {
        let mocked = self.states.get_mut(state)?;
        let invocation = mocked.invocations;
        mocked.invocations = invocation.saturating_add(1);
        let answer = mocked
            .answers
            .iter()
            .find(|answer| (answer.first..=answer.last).contains(&invocation));
        Some(match answer {
            Some(answer) => answer.outcome.clone(),
            None => MockedOutcome::Throw(Failure::new(
                names::RUNTIME,
                format!(
                    "The mocked response '{}' of the state '{state}' has no answer for invocation {invocation} (the first one is 0).",
                    mocked.response
                ),
            )),
        })
    }
}

impl Stepper<'_> {
    /// Lets a mocked state's attempt end by itself; says whether the state is mocked.
    pub(crate) fn answer_by_mock(&mut self, attempt: AttemptId, state: &str) -> bool {
        let mocks = self.execution.supplement.mocks.as_mut();
        let Some(outcome) = mocks.and_then(|mocks| mocks.next(state)) else {
            return false;
        };
        self.work.push(Work::Mocked(attempt, outcome));
        true
    }

    /// A mocked attempt ends, with the events that a real one would have.
    pub(crate) fn mocked(&mut self, attempt: AttemptId, outcome: MockedOutcome) {
        let Some(task) = self.execution.pending_attempt(attempt) else {
            return;
        };
        if !task.is_started {
            self.task_started(attempt, None);
        }
        match outcome {
            MockedOutcome::Return(output) => {
                self.task_submitted(attempt, output.clone());
                self.task_succeeded(attempt, output);
            }
            MockedOutcome::Throw(failure) => self.task_failed(attempt, failure),
        }
    }
}
