//! What a failure leads to: a retry, a catcher, or the end of the thread; and the texts of failures that expressions cause.

use std::sync::Arc;

use asl::definition::{Catcher, Jitter, OnError, QueryLanguage, Retrier, StateKind, Then};
use expression::scope::EvaluationError;
use expression::template::TemplateEvaluationError;
use expression::value::Value;

use crate::failure::{Failure, names};
use crate::history::EventKind;
use crate::jsonata::{Conclusion, Field};
use crate::payload::Payload;
use crate::reading::Source;
use crate::step::{Stepper, Transition};
use crate::thread::{Phase, ThreadId};

impl Stepper<'_> {
    /// The thread's state failed: its first matching retrier decides, then its first matching catcher.
    pub(crate) fn state_failed(&mut self, thread: ThreadId, fault: Fault) {
        if self.ended.is_some() {
            return;
        }
        self.record_evaluation(thread, &fault);
        self.observe(|seen| seen.failure = Some(fault.failure.clone()));
        let state = self.machine.state(self.thread(thread).state);
        let (on_error, failed_event) = match &state.kind {
            StateKind::Task(task) => (&task.on_error, None),
            StateKind::Parallel(parallel) => (&parallel.on_error, Some(EventKind::ParallelFailed)),
            StateKind::Map(map) => (&map.on_error, Some(EventKind::MapFailed)),
            StateKind::Pass(_)
            | StateKind::Choice(_)
            | StateKind::Wait(_)
            | StateKind::Succeed
            | StateKind::Fail(_) => {
                self.thread_failed(thread, fault.failure);
                return;
            }
        };
        let name = ErrorName {
            fault: &fault,
            is_parallel: matches!(state.kind, StateKind::Parallel(_)),
        };
        if self.retry(thread, on_error, &name) {
            self.fallen = None;
            return;
        }
        if let Some(event) = failed_event
            && !fault.is_final()
        {
            self.emit(thread, event);
        }
        let catcher = on_error
            .catch
            .iter()
            .enumerate()
            .find(|(_, catcher)| name.is_one_of(&catcher.error_equals));
        let Some((index, catcher)) = catcher else {
            self.thread_failed(thread, fault.failure);
            return;
        };
        match self.catch(thread, index, catcher, &fault.failure) {
            Ok(transition) => {
                self.observe(|seen| seen.inspection.catch_index = Some(index));
                self.fallen = None;
                self.follow(thread, transition);
            }
            Err(fault) => {
                self.record_evaluation(thread, &fault);
                self.thread_failed(thread, fault.failure);
            }
        }
    }

    /// A JSONata failure is an event of its own, before whatever it leads to. It follows the event before the state was
    /// entered when the state has done nothing yet: AWS has it so.
    pub(crate) fn record_evaluation(&mut self, thread: ThreadId, fault: &Fault) {
        let state = self.state_of(thread).name.clone();
        self.record_evaluation_of(thread, state, fault);
    }

    /// The same of a state that is not the thread's own: of a Map whose iteration can't begin.
    pub(crate) fn record_evaluation_of(
        &mut self,
        thread: ThreadId,
        state: Arc<str>,
        fault: &Fault,
    ) {
        let FailureKind::Evaluation { location } = &fault.kind else {
            return;
        };
        let record = self.thread(thread);
        let entered = record.entered;
        let previous = match record.previous == entered {
            false => record.previous,
            true => {
                let event = self.events.iter().rfind(|event| event.id == entered);
                event.map_or(entered, |event| event.previous)
            }
        };
        let kind = EventKind::EvaluationFailed {
            state,
            failure: fault.failure.clone(),
            location: location.clone(),
        };
        let id = self.emit_after(previous, kind);
        self.thread_mut(thread).previous = id;
    }

    /// Arranges the next attempt, if a retrier matches and has attempts left.
    fn retry(&mut self, thread: ThreadId, on_error: &OnError, name: &ErrorName<'_>) -> bool {
        let found = on_error
            .retry
            .iter()
            .position(|retrier| name.is_one_of(&retrier.error_equals));
        let Some(index) = found else { return false };
        let retrier = &on_error.retry[index];
        let used_before = self.retries_on_trial();
        let record = self.thread_mut(thread);
        record.retries.resize(on_error.retry.len(), 0);
        let used = record.retries[index].saturating_add(used_before);
        if used >= retrier.max_attempts {
            return false;
        }
        record.retries[index] += 1;
        let delay = self.delay(retrier, used);
        self.observe(|seen| seen.inspection.retry = Some((index, delay)));
        let until = self.clock().saturating_add(delay);
        self.thread_mut(thread).phase = Phase::BackingOff { until };
        self.arm(thread);
        true
    }

    /// Milliseconds until the next attempt; `used` attempts of this retrier are gone.
    fn delay(&self, retrier: &Retrier, used: u32) -> i64 {
        /// No delay is longer than this: 100,000,000 seconds.
        const LONGEST: f64 = 1e11;
        let exponent = i32::try_from(used).unwrap_or(i32::MAX);
        let interval = milliseconds(retrier.interval_seconds);
        let mut delay = interval * retrier.backoff_rate.powi(exponent);
        if let Some(cap) = retrier.max_delay_seconds {
            delay = delay.min(milliseconds(cap));
        }
        let delay = if delay.is_finite() {
            delay.clamp(0.0, LONGEST)
        } else {
            LONGEST
        };
        let delay = format!("{delay:.0}").parse().unwrap_or(u64::MAX);
        let delay = match retrier.jitter {
            Jitter::None => delay,
            Jitter::Full => self.random.up_to(delay),
        };
        i64::try_from(delay).unwrap_or(i64::MAX)
    }

    fn catch(
        &mut self,
        thread: ThreadId,
        index: usize,
        catcher: &Catcher,
        failure: &Failure,
    ) -> Result<Transition, Fault> {
        let text = |part: &Option<Arc<str>>| match part {
            Some(text) => Value::String(text.clone()),
            None => Value::from(""),
        };
        let error_output = Payload::of(Value::object([
            ("Error", text(&failure.error)),
            ("Cause", text(&failure.cause)),
        ]));
        let state = self.machine.state(self.thread(thread).state);
        let source = Source::of_error(&error_output);
        let (assigned, output) = match state.query_language {
            QueryLanguage::JsonPath => {
                let field = Field::Named("Assign");
                let assigned = self.assign(thread, &source, catcher.assign.as_ref(), field)?;
                let output = self.combine(thread, error_output.clone(), &catcher.result_path)?;
                (assigned, output)
            }
            QueryLanguage::Jsonata => {
                let conclusion = Conclusion::of_catcher(index, catcher);
                self.conclude(thread, &source, &conclusion, error_output.clone())?
            }
        };
        self.exit(thread, state, output, assigned, Then::Next(catcher.next))
    }

    /// `The JSONPath '…' specified for the field '…' could not be found in the input '…'`
    pub(crate) fn field_failure(
        &self,
        thread: ThreadId,
        field: &str,
        path: &str,
        error: EvaluationError,
    ) -> Fault {
        let cause = match error {
            EvaluationError::NoSuchPath { input, .. } => format!(
                "The JSONPath '{path}' specified for the field '{field}' could not be found in the input '{input}'"
            ),
            EvaluationError::NoSuchVariable { name } => format!(
                "The variable '${name}' referenced by '{path}' in the field '{field}' is not defined"
            ),
            EvaluationError::Intrinsic { call, message } => {
                return self.intrinsic_failure(thread, field, &call, &message);
            }
            EvaluationError::Type { message } => {
                format!("The value of '{path}' in the field '{field}' cannot be used: {message}")
            }
        };
        self.runtime_failure(thread, &cause)
    }

    /// A member of a payload template has no value.
    pub(crate) fn template_failure(
        &self,
        thread: ThreadId,
        error: TemplateEvaluationError,
    ) -> Fault {
        let is_missing_path = matches!(error.error, EvaluationError::NoSuchPath { .. });
        let mut fault = self.field_failure(thread, &error.field, &error.expression, error.error);
        if is_missing_path {
            fault.kind = FailureKind::ParameterPath;
        }
        fault
    }

    /// `Invalid path '$.x' : No results for path: $['x']`, for InputPath, OutputPath and ItemsPath.
    pub(crate) fn path_failure(
        &self,
        thread: ThreadId,
        path: &str,
        error: EvaluationError,
    ) -> Fault {
        match error {
            EvaluationError::NoSuchPath { reason, .. } => {
                self.runtime_failure(thread, &format!("Invalid path '{path}' : {reason}"))
            }
            error => self.field_failure(thread, path, path, error),
        }
    }

    /// A result can't be put where ResultPath says.
    pub(crate) fn result_path_failure(
        &self,
        thread: ThreadId,
        path: &str,
        error: EvaluationError,
    ) -> Fault {
        let why = match error {
            EvaluationError::NoSuchPath { reason, .. } => reason.into(),
            EvaluationError::Type { message } => message,
            EvaluationError::NoSuchVariable { name } => format!("no variable ${name}"),
            EvaluationError::Intrinsic { message, .. } => message,
        };
        let input = self.thread(thread).input.text();
        let cause = format!("Unable to apply ReferencePath {path} to input {input}: {why}");
        let cause = self.located(thread, &cause);
        Failure::new(names::RESULT_PATH_MATCH_FAILURE, cause).into()
    }

    fn intrinsic_failure(&self, thread: ThreadId, field: &str, call: &str, message: &str) -> Fault {
        let cause = format!(
            "The function '{call}' specified for the field '{field}' could not be evaluated: {message}"
        );
        Failure::new(names::INTRINSIC_FAILURE, self.located(thread, &cause)).into()
    }

    /// A failure that nothing catches, with the state that it happened in.
    pub(crate) fn runtime_failure(&self, thread: ThreadId, cause: &str) -> Fault {
        Failure::new(names::RUNTIME, self.located(thread, cause)).into()
    }

    /// `An error occurred while executing the state '…' (entered at the event id #…). …`
    pub(crate) fn located(&self, thread: ThreadId, cause: &str) -> String {
        let record = self.thread(thread);
        let name = &self.machine.state(record.state).name;
        format!(
            "An error occurred while executing the state '{name}' (entered at the event id #{}). {cause}",
            record.entered
        )
    }
}

/// A failure on its way to Retry and Catch.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) failure: Failure,
    pub(crate) kind: FailureKind,
}

impl Fault {
    /// Whether a state's own failure can't be caught: AWS then records no `…StateFailed` before `ExecutionFailed`.
    fn is_final(&self) -> bool {
        let error = self.failure.error.as_deref();
        self.kind != FailureKind::Child
            && matches!(error, Some(names::RUNTIME | names::DATA_LIMIT_EXCEEDED))
    }
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        Self {
            failure,
            kind: FailureKind::Ordinary,
        }
    }
}

/// What a failure's name does not tell about how it is matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FailureKind {
    /// Nothing.
    Ordinary,
    /// It is what a branch or an iteration failed with.
    Child,
    /// It is a missed heartbeat: recorded as States.Timeout, matched as States.HeartbeatTimeout too.
    Heartbeat,
    /// It is a path of a template that leads nowhere: AWS records States.Runtime, for a Task too, and the language names it
    /// States.ParameterPathFailure.
    ParameterPath,
    /// It is a task's result that is too long: unlike a state's own output, States.ALL was seen to catch that.
    Result,
    /// It is a JSONata expression that failed.
    Evaluation {
        /// The field, where one is to blame.
        location: Option<Arc<str>>,
    },
}

/// A failure as `ErrorEquals` sees it.
struct ErrorName<'a> {
    fault: &'a Fault,
    is_parallel: bool,
}

impl ErrorName<'_> {
    fn is_one_of(&self, patterns: &[Arc<str>]) -> bool {
        patterns.iter().any(|pattern| self.matches(pattern))
    }

    fn matches(&self, pattern: &str) -> bool {
        let error = self.fault.failure.error.as_deref().unwrap_or("");
        pattern == error
            || match pattern {
                names::ALL => self.is_for_wildcards(error),
                names::TASK_FAILED => error != names::TIMEOUT && self.is_for_wildcards(error),
                names::HEARTBEAT_TIMEOUT => self.fault.kind == FailureKind::Heartbeat,
                names::PARAMETER_PATH_FAILURE => self.fault.kind == FailureKind::ParameterPath,
                names::BRANCH_FAILED => self.is_parallel,
                _ => false,
            }
    }

    fn is_for_wildcards(&self, error: &str) -> bool {
        match error {
            names::RUNTIME => false,
            names::DATA_LIMIT_EXCEEDED => self.fault.kind == FailureKind::Result,
            _ => true,
        }
    }
}

/// Seconds of a retrier as milliseconds; the language bounds them far below where a double loses integers.
fn milliseconds(seconds: u64) -> f64 {
    let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
    f64::from(seconds) * 1000.0
}
