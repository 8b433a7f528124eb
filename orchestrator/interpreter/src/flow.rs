//! How data flows through a state: entering it, what Pass, Wait, Succeed and Fail do, and leaving it.

use asl::definition::{
    Fail, FailText, Pass, PathField, QueryLanguage, ResultPath, State, StateId, StateKind, Then,
    Wait,
};
use asl::query::PayloadTemplate;
use expression::value::Value;

use crate::failure::{Failure, names};
use crate::failures::Fault;
use crate::history::{AssignedVariable, EventKind, StateType};
use crate::jsonata::{Conclusion, Field};
use crate::payload::Payload;
use crate::reading::Source;
use crate::step::{Stepper, Transition, after_seconds};
use crate::thread::{Phase, ThreadId};

impl Stepper<'_> {
    /// Enters a state and does what can be done at once.
    pub(crate) fn enter(&mut self, thread: ThreadId, state: StateId, input: Payload) -> Transition {
        let definition = self.machine.state(state);
        {
            let thread = self.thread_mut(thread);
            thread.state = state;
            thread.input = input.clone();
            thread.retries.clear();
            thread.phase = Phase::Ready;
        }
        let kind = EventKind::StateEntered {
            state_type: state_type(&definition.kind),
            name: definition.name.clone(),
            input,
        };
        let entered = self.emit(thread, kind);
        let now = self.now;
        let thread_record = self.thread_mut(thread);
        thread_record.entered = entered;
        thread_record.entered_at = now;
        self.perform(thread)
    }

    /// Does what the thread's state does: on entering it, and again at each retry.
    pub(crate) fn perform(&mut self, thread: ThreadId) -> Transition {
        let state = self.machine.state(self.thread(thread).state);
        let result = match &state.kind {
            StateKind::Pass(pass) => self.pass(thread, state, pass),
            StateKind::Wait(wait) => self.wait(thread, state, wait),
            StateKind::Succeed => self.succeed(thread, state),
            StateKind::Fail(fail) => self.fail(thread, fail),
            StateKind::Choice(choice) => self.choose(thread, state, choice),
            StateKind::Task(task) => self.schedule(thread, state, task),
            StateKind::Parallel(parallel) => self.fork_branches(thread, state, parallel),
            StateKind::Map(map) => self.fork_items(thread, state, map),
        };
        result.unwrap_or_else(Transition::Fail)
    }

    fn pass(&mut self, thread: ThreadId, state: &State, pass: &Pass) -> Result<Transition, Fault> {
        let input = self.effective_input(thread, state)?;
        let input = self.apply_template(thread, pass.parameters.as_ref(), input)?;
        self.observe(|seen| seen.inspection.after_parameters = Some(input.clone()));
        let result = match &pass.result {
            Some(result) => {
                let result = Payload::of(result.clone());
                self.observe(|seen| seen.inspection.result = Some(result.clone()));
                result
            }
            None => input,
        };
        self.leave(thread, state, result, None, &pass.result_path)
    }

    fn wait(&mut self, thread: ThreadId, state: &State, wait: &Wait) -> Result<Transition, Fault> {
        let input = self.effective_input(thread, state)?;
        let until = match wait {
            Wait::Seconds(seconds) => {
                let source = Source::of(&input);
                let seconds = self.seconds(thread, &source, seconds, "Seconds")?;
                after_seconds(self.now, seconds)
            }
            Wait::Until(until) => *until,
            Wait::UntilPath(path) => self.timestamp(thread, &input, path)?,
            Wait::UntilQuery(query) => {
                let source = Source::of(&input);
                self.query_timestamp(thread, &source, query, Field::Named("Timestamp"))?
            }
        };
        if until <= self.now {
            return self.leave(thread, state, input, None, &ResultPath::Replace);
        }
        self.thread_mut(thread).phase = Phase::Waiting { until };
        self.arm(thread);
        Ok(Transition::Await)
    }

    /// A Wait state's time has come.
    pub(crate) fn waited(&mut self, thread: ThreadId) -> Transition {
        let state = self.machine.state(self.thread(thread).state);
        self.thread_mut(thread).phase = Phase::Ready;
        self.effective_input(thread, state)
            .and_then(|input| self.leave(thread, state, input, None, &ResultPath::Replace))
            .unwrap_or_else(Transition::Fail)
    }

    fn succeed(&mut self, thread: ThreadId, state: &State) -> Result<Transition, Fault> {
        let input = self.effective_input(thread, state)?;
        self.leave(thread, state, input, None, &ResultPath::Replace)
    }

    fn fail(&mut self, thread: ThreadId, fail: &Fail) -> Result<Transition, Fault> {
        let input = self.thread(thread).input.clone();
        let source = Source::of(&input);
        let text = |field: Option<&FailText>, name: &str| match field {
            None => Ok(None),
            Some(FailText::Literal(text)) => Ok(Some(text.clone())),
            Some(FailText::Query(query)) => self
                .query_text(thread, &source, query, Field::Named(name))
                .map(Some),
            Some(FailText::Computed(expression)) => {
                let name = &format!("{name}Path");
                let value = self
                    .with_scope(thread, input.value(), |scope| expression.evaluate(scope))
                    .map_err(|error| self.field_failure(thread, name, expression.text(), error))?;
                match value {
                    Value::String(text) => Ok(Some(text)),
                    other => Err(self.runtime_failure(
                        thread,
                        &format!(
                            "The {name} field refers to value {} which is not a valid string: {}",
                            other.to_quoted_text(),
                            expression.text()
                        ),
                    )),
                }
            }
        };
        let failure = Failure {
            error: text(fail.error.as_ref(), "Error")?,
            cause: text(fail.cause.as_ref(), "Cause")?,
        };
        Ok(Transition::Fail(failure.into()))
    }

    /// Leaves a state: ResultPath, OutputPath, Assign, the exit event, and where it goes.
    ///
    /// `selected` is the result after ResultSelector, if that differs from the raw result; Assign reads the raw one.
    pub(crate) fn leave(
        &mut self,
        thread: ThreadId,
        state: &State,
        result: Payload,
        selected: Option<Payload>,
        result_path: &ResultPath,
    ) -> Result<Transition, Fault> {
        if state.query_language == QueryLanguage::Jsonata {
            return self.leave_jsonata(thread, state, result);
        }
        let source = Source::of(&result);
        let field = Field::Named("Assign");
        let assigned = self.assign(thread, &source, state.assign.as_ref(), field)?;
        let result = selected.unwrap_or(result);
        self.observe(|seen| seen.inspection.after_result_selector = Some(result.clone()));
        let combined = self.combine(thread, result, result_path)?;
        self.observe(|seen| seen.inspection.after_result_path = Some(combined.clone()));
        let output = self.output_of(thread, state, combined)?;
        self.exit(thread, state, output, assigned, state.then)
    }

    /// The same in JSONata: Assign and Output read the input, and the result where the state has one of its own.
    fn leave_jsonata(
        &mut self,
        thread: ThreadId,
        state: &State,
        result: Payload,
    ) -> Result<Transition, Fault> {
        let source = match &state.kind {
            StateKind::Task(_) | StateKind::Parallel(_) | StateKind::Map(_) => {
                Source::of_result(&result)
            }
            StateKind::Pass(_)
            | StateKind::Choice(_)
            | StateKind::Wait(_)
            | StateKind::Succeed
            | StateKind::Fail(_) => Source::of(&result),
        };
        let conclusion = Conclusion::of_state(state);
        let (assigned, output) = self.conclude(thread, &source, &conclusion, result.clone())?;
        self.exit(thread, state, output, assigned, state.then)
    }

    /// What OutputPath leaves of the combined result.
    pub(crate) fn output_of(
        &self,
        thread: ThreadId,
        state: &State,
        combined: Payload,
    ) -> Result<Payload, Fault> {
        match &state.output_path {
            PathField::Everything => Ok(combined),
            PathField::Nothing => Ok(Payload::of(Value::empty_object())),
            PathField::Path(path) => self.select(thread, combined.value(), path),
        }
    }

    /// Puts a result into the state's raw input as ResultPath says.
    pub(crate) fn combine(
        &self,
        thread: ThreadId,
        result: Payload,
        result_path: &ResultPath,
    ) -> Result<Payload, Fault> {
        let input = &self.thread(thread).input;
        match result_path {
            ResultPath::Replace => Ok(result),
            ResultPath::Discard => Ok(input.clone()),
            ResultPath::Put(path) => path
                .put(input.value().clone(), result.value().clone())
                .map(Payload::of)
                .map_err(|error| self.result_path_failure(thread, path.text(), error)),
        }
    }

    /// Records the exit, sets the variables, and says where the thread goes.
    pub(crate) fn exit(
        &mut self,
        thread: ThreadId,
        state: &State,
        output: Payload,
        assigned: Vec<AssignedVariable>,
        then: Then,
    ) -> Result<Transition, Fault> {
        self.check_size(&output, &state.name)?;
        for variable in &assigned {
            self.thread_mut(thread)
                .variables
                .set(variable.name.clone(), variable.value.value().clone());
        }
        let kind = EventKind::StateExited {
            state_type: state_type(&state.kind),
            name: state.name.clone(),
            output: output.clone(),
            assigned,
        };
        self.emit(thread, kind);
        self.thread_mut(thread).entered = 0;
        Ok(match then {
            Then::Next(next) => Transition::Enter(next, output),
            Then::End => Transition::Succeed(output),
        })
    }

    /// Refuses a payload that is longer than allowed.
    pub(crate) fn check_size(&self, payload: &Payload, state_name: &str) -> Result<(), Fault> {
        if payload.fits(self.env.limits.payload_bytes, &self.scratch) {
            Ok(())
        } else {
            Err(data_limit_exceeded(state_name).into())
        }
    }

    /// What an `Assign` sets; the variables change only when the state exits.
    pub(crate) fn assign(
        &self,
        thread: ThreadId,
        source: &Source<'_>,
        template: Option<&PayloadTemplate>,
        field: Field<'_>,
    ) -> Result<Vec<AssignedVariable>, Fault> {
        let Some(template) = template else {
            return Ok(Vec::new());
        };
        let values = self.evaluate(thread, source, template, field)?;
        let Value::Object(values) = values.value() else {
            return Err(self.runtime_failure(thread, "The field 'Assign' is not an object"));
        };
        let assigned: Vec<_> = values
            .iter()
            .map(|(name, value)| AssignedVariable {
                name: name.clone(),
                value: Payload::of(value.clone()),
            })
            .collect();
        let mut left = self.env.limits.payload_bytes;
        for variable in &assigned {
            if !variable.value.fits(left, &self.scratch) {
                return Err(data_limit_exceeded(&self.state_of(thread).name).into());
            }
            left -= variable.value.text().len();
        }
        Ok(assigned)
    }
}

/// The failure of a state or task whose payload is too long. AWS names a state by its name, a function or activity by its
/// ARN and a service by its type.
pub(crate) fn data_limit_exceeded(name: &str) -> Failure {
    Failure::new(
        names::DATA_LIMIT_EXCEEDED,
        format!(
            "The state/task '{name}' returned a result with a size exceeding the maximum number of bytes service limit."
        ),
    )
}

/// The type of a state, as its events name it.
pub(crate) fn state_type(kind: &StateKind) -> StateType {
    match kind {
        StateKind::Task(_) => StateType::Task,
        StateKind::Pass(_) => StateType::Pass,
        StateKind::Choice(_) => StateType::Choice,
        StateKind::Wait(_) => StateType::Wait,
        StateKind::Succeed => StateType::Succeed,
        StateKind::Fail(_) => StateType::Fail,
        StateKind::Parallel(_) => StateType::Parallel,
        StateKind::Map(_) => StateType::Map,
    }
}
