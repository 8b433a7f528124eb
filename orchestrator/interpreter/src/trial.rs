//! One state on trial, with no execution around it: what `TestState` asks for.
//!
//! The state is entered as in any execution; what its handlers find on the way is written down, and where it leads ends the trial.
//! A mock takes the place of a task, and of all branches or iterations of a Parallel or Map.

mod shown;
pub(crate) mod work;

use std::cell::RefCell;
use std::sync::Arc;

use asl::definition::{StateId, StateMachine};
use expression::value::Value;

use crate::execution::{Execution, Identity, Status};
use crate::failure::Failure;
use crate::history::EventKind;
use crate::input::{Effect, Input, ScheduledTask};
use crate::payload::Payload;
use crate::step::{Env, Stepper};
use crate::thread::{Phase, Thread, ThreadId, Work};
use crate::trial::shown::shown;
use crate::trial::work::{Iterations, Observer};

/// What is tried.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Who the state believes to belong to; its input is the state's.
    pub identity: Arc<Identity>,
    /// The state.
    pub state: StateId,
    /// The variables that it sees.
    pub variables: Vec<(Arc<str>, Value)>,
    /// The context object that it sees instead of its own.
    pub context: Option<Value>,
    /// What takes the place of its work.
    pub mock: Option<Mock>,
    /// How often its retriers have been used.
    pub retries: u32,
    /// How many iterations of a Map failed.
    pub failed_iterations: Option<u64>,
    /// What an ItemReader read.
    pub items: Option<Payload>,
}

/// What takes the place of a state's work.
#[derive(Clone, Debug, PartialEq)]
pub enum Mock {
    /// It gives a result.
    Result(Payload),
    /// It fails.
    Error(Failure),
}

/// What a state's handlers found, each where the state has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inspection {
    /// The input after InputPath.
    pub after_input_path: Option<Payload>,
    /// The input after Parameters or Arguments.
    pub after_parameters: Option<Payload>,
    /// The raw result.
    pub result: Option<Payload>,
    /// The result after ResultSelector.
    pub after_result_selector: Option<Payload>,
    /// The input with the result put into it.
    pub after_result_path: Option<Payload>,
    /// A Map's items.
    pub after_items_path: Option<Payload>,
    /// What each iteration gets.
    pub after_item_selector: Option<Payload>,
    /// The inputs of the children, where items are batched.
    pub after_item_batcher: Option<Payload>,
    /// How many iterations run at once; 0 for no bound.
    pub max_concurrency: Option<u64>,
    /// How many iterations may fail.
    pub tolerated_failure_count: Option<u64>,
    /// How many of a hundred iterations may fail.
    pub tolerated_failure_percentage: Option<f64>,
    /// Which catcher took the failure.
    pub catch_index: Option<usize>,
    /// Which retrier would try again, and after how many milliseconds.
    pub retry: Option<(usize, i64)>,
}

/// A state on trial.
#[derive(Debug)]
pub struct Trial {
    execution: Execution,
    thread: ThreadId,
    context: Option<Value>,
    retries: u32,
    inspection: Inspection,
    failure: Option<Failure>,
    now: Now,
}

/// How far a trial is.
#[derive(Clone, Debug)]
enum Now {
    Task(ScheduledTask),
    Waiting,
    Over(Verdict),
}

/// What the trial needs next.
#[derive(Clone, Debug)]
pub enum Need<'a> {
    /// A task's outcome, before [`Trial::next_wake`].
    Task(&'a ScheduledTask),
    /// Only that time passes until [`Trial::next_wake`].
    Time,
    /// Nothing: it is over.
    Nothing(&'a Verdict),
}

/// How a state ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// In which way.
    pub outcome: Outcome,
    /// Its output, unless it failed.
    pub output: Option<Payload>,
    /// The failure that it had, also one that was caught or would be retried.
    pub failure: Option<Failure>,
    /// The state that follows.
    pub next: Option<Arc<str>>,
    /// The variables after it.
    pub variables: Vec<(Arc<str>, Value)>,
}

/// In which way a state ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Well.
    Succeeded,
    /// With a failure that nothing took.
    Failed,
    /// With a failure that a retrier takes.
    Retriable,
    /// With a failure that a catcher took.
    Caught,
}

impl Trial {
    /// Enters the state.
    #[must_use]
    pub fn begin(machine: &StateMachine, setup: Setup, env: &Env) -> Self {
        let input = setup.identity.input.clone();
        let mut trial = Self {
            execution: Execution::new(setup.identity),
            thread: ThreadId(0),
            context: setup.context,
            retries: setup.retries,
            inspection: Inspection::default(),
            failure: None,
            now: Now::Waiting,
        };
        let items = Iterations {
            failed: setup.failed_iterations,
            read: setup.items,
        };
        let (state, variables, mock) = (setup.state, setup.variables, setup.mock);
        trial.run(machine, env, |stepper| {
            let identity = stepper.execution.identity.clone();
            let started = EventKind::ExecutionStarted {
                input: input.clone(),
                role_arn: identity.role_arn.clone(),
                version_arn: None,
                alias_arn: None,
            };
            stepper.emit_after(0, started);
            let mut thread = Thread::new(None, state, 0, input.clone());
            for (name, value) in variables {
                thread.variables.set(name, value);
            }
            let thread = stepper.add_thread(thread);
            stepper.try_state(thread, state, input, mock, &items)
        });
        trial
    }

    /// What it needs next.
    #[must_use]
    pub fn need(&self) -> Need<'_> {
        match &self.now {
            Now::Task(task) => Need::Task(task),
            Now::Waiting => Need::Time,
            Now::Over(verdict) => Need::Nothing(verdict),
        }
    }

    /// When [`Input::TimerFired`] is due: milliseconds since 1970.
    #[must_use]
    pub fn next_wake(&self) -> Option<i64> {
        self.execution.next_wake()
    }

    /// Gives it a task's outcome, or lets time have passed.
    pub fn go_on(&mut self, machine: &StateMachine, input: Input, env: &Env) {
        if matches!(self.now, Now::Over(_)) {
            return;
        }
        self.run(machine, env, |stepper| {
            stepper.accept(input);
            if stepper.is_firing {
                stepper.fire_next();
            }
        });
    }

    /// What was found, of what a state of its kind shows.
    #[must_use]
    pub fn inspection(&self, machine: &StateMachine) -> Inspection {
        let state = machine.state(self.state());
        shown(
            self.inspection.clone(),
            state,
            self.execution.identity.input.clone(),
        )
    }

    /// The state's name, with which its context object begins.
    fn state(&self) -> StateId {
        self.execution.threads[self.thread.0 as usize]
            .as_ref()
            .map_or(StateId(0), |thread| thread.state)
    }

    /// Lets something happen and sees where it leads; no state after this one is entered.
    fn run(&mut self, machine: &StateMachine, env: &Env, happening: impl FnOnce(&mut Stepper<'_>)) {
        let mut stepper = Stepper::new(machine, &mut self.execution, env);
        stepper.trial = Some(RefCell::new(Observer {
            inspection: std::mem::take(&mut self.inspection),
            failure: self.failure.take(),
            context: self.context.take(),
            retries: self.retries,
        }));
        happening(&mut stepper);
        let observer = stepper.trial.take().map(RefCell::into_inner);
        let observer = observer.expect("the observer was put in above");
        self.inspection = observer.inspection;
        self.failure = observer.failure;
        self.context = observer.context;
        let scheduled = stepper.effects.drain(..).find_map(|effect| match effect {
            Effect::ScheduleTask(task) => Some(task),
            Effect::StartMapRun(_)
            | Effect::CancelTask { .. }
            | Effect::Continue
            | Effect::Complete => None,
        });
        let followed = stepper.work.pop();
        let ended = stepper.ended.take();
        let thread = self.execution.threads[self.thread.0 as usize].as_ref();
        let is_backing_off =
            thread.is_some_and(|thread| matches!(thread.phase, Phase::BackingOff { .. }));
        let variables = thread.into_iter().flat_map(|thread| thread.variables.own());
        let variables = variables
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let verdict = |outcome, output, failure, next| {
            Now::Over(Verdict {
                outcome,
                output,
                failure,
                next,
                variables,
            })
        };
        let caught = self.inspection.catch_index.and(self.failure.clone());
        self.now = match (ended, followed, scheduled) {
            (Some(Status::Succeeded(output)), ..) => {
                verdict(Outcome::Succeeded, Some(output), None, None)
            }
            (
                Some(
                    Status::Failed(failure) | Status::TimedOut(failure) | Status::Aborted(failure),
                ),
                ..,
            ) => verdict(Outcome::Failed, None, Some(failure), None),
            (Some(Status::Running) | None, Some(Work::Enter(_, next, output)), _) => {
                let outcome = match caught {
                    Some(_) => Outcome::Caught,
                    None => Outcome::Succeeded,
                };
                let next = machine.state(next).name.clone();
                verdict(outcome, Some(output), caught, Some(next))
            }
            _ if is_backing_off => {
                let failure = self.failure.clone();
                verdict(Outcome::Retriable, None, failure, None)
            }
            (.., Some(task)) => Now::Task(task),
            _ => Now::Waiting,
        };
    }
}
