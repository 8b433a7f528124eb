//! Choice: which rule holds, and where it leads.

use std::cmp::Ordering;

use asl::definition::{
    Choice, Comparison, Condition, Operand, Order, QueryLanguage, State, Then, TypeTest,
};
use expression::comparison::{Timestamp, compare_numbers, compare_strings, matches};
use expression::path::Path;
use expression::scope::{EvaluationError, Scope};
use expression::value::Value;

use crate::failure::{Failure, names};
use crate::failures::Fault;
use crate::jsonata::{Conclusion, Field};
use crate::reading::Source;
use crate::step::{Stepper, Transition};
use crate::thread::ThreadId;

impl Stepper<'_> {
    /// Leaves a Choice state by the first rule that holds, else by its Default.
    pub(crate) fn choose(
        &mut self,
        thread: ThreadId,
        state: &State,
        choice: &Choice,
    ) -> Result<Transition, Fault> {
        if state.query_language == QueryLanguage::Jsonata {
            return self.choose_jsonata(thread, state, choice);
        }
        let input = self.effective_input(thread, state)?;
        let decided = self.with_scope(thread, input.value(), |scope| {
            for rule in &choice.rules {
                if holds(&rule.condition, scope)? {
                    return Ok(Some(rule));
                }
            }
            Ok(None)
        });
        let rule = decided.map_err(|error| self.condition_failure(thread, error))?;
        let (next, assign) = match (rule, choice.default) {
            (Some(rule), _) => (rule.next, rule.assign.as_ref().or(state.assign.as_ref())),
            (None, Some(default)) => (default, state.assign.as_ref()),
            (None, None) => return Err(self.no_choice(thread)),
        };
        let source = Source::of(&input);
        let assigned = self.assign(thread, &source, assign, Field::Named("Assign"))?;
        let output = self.output_of(thread, state, input)?;
        self.exit(thread, state, output, assigned, Then::Next(next))
    }

    /// The same in JSONata: all conditions, and what follows from them, read the state's input.
    fn choose_jsonata(
        &mut self,
        thread: ThreadId,
        state: &State,
        choice: &Choice,
    ) -> Result<Transition, Fault> {
        let input = self.thread(thread).input.clone();
        let source = Source::of(&input);
        let mut decided = None;
        for (index, rule) in choice.rules.iter().enumerate() {
            let holds = match &rule.condition {
                Condition::Query(query) => {
                    let field = Field::OfList("Choices", index, "Condition");
                    self.query_condition(thread, &source, query, field)?
                }
                Condition::Constant(holds) => *holds,
                // Comparisons are JSONPath's.
                Condition::And(_)
                | Condition::Or(_)
                | Condition::Not(_)
                | Condition::Test { .. } => false,
            };
            if holds {
                decided = Some((index, rule));
                break;
            }
        }
        let (conclusion, next) = match (decided, choice.default) {
            (Some((index, rule)), _) => (Conclusion::of_rule(state, index, rule), rule.next),
            (None, Some(default)) => (Conclusion::of_state(state), default),
            (None, None) => return Err(self.no_choice(thread)),
        };
        let (assigned, output) = self.conclude(thread, &source, &conclusion, input.clone())?;
        self.exit(thread, state, output, assigned, Then::Next(next))
    }

    fn no_choice(&self, thread: ThreadId) -> Fault {
        let cause =
            "Failed to transition out of the state. The state does not point to a next state.";
        let cause = self.located(thread, cause);
        Failure::new(names::NO_CHOICE_MATCHED, cause).into()
    }

    fn condition_failure(&self, thread: ThreadId, error: ConditionError) -> Fault {
        let ConditionError { path, error } = error;
        match error {
            EvaluationError::NoSuchPath { .. } => self.runtime_failure(
                thread,
                &format!("Invalid path '{path}': The choice state's condition path references an invalid value."),
            ),
            error => self.field_failure(thread, "Variable", &path, error),
        }
    }
}

/// A path of a condition has no value.
struct ConditionError {
    path: String,
    error: EvaluationError,
}

fn holds(condition: &Condition, scope: &Scope<'_>) -> Result<bool, ConditionError> {
    match condition {
        Condition::And(conditions) => {
            for condition in conditions {
                if !holds(condition, scope)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        Condition::Or(conditions) => {
            for condition in conditions {
                if holds(condition, scope)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Condition::Not(condition) => Ok(!holds(condition, scope)?),
        Condition::Constant(holds) => Ok(*holds),
        // Expressions are JSONata's, and evaluated where its states choose.
        Condition::Query(_) => Ok(false),
        Condition::Test {
            variable,
            comparison,
        } => test(variable, comparison, scope),
    }
}

fn test(
    variable: &Path,
    comparison: &Comparison,
    scope: &Scope<'_>,
) -> Result<bool, ConditionError> {
    if let Comparison::Is(TypeTest::Present, expected) = comparison {
        return Ok(variable.is_present(scope) == *expected);
    }
    let value = read(variable, scope)?;
    Ok(match comparison {
        Comparison::String(order, operand) => {
            let other = operand_value(operand, scope)?;
            let texts = value.as_str().zip(other.as_str());
            texts.is_some_and(|(left, right)| is_in_order(compare_strings(left, right), *order))
        }
        Comparison::Numeric(order, operand) => match (&value, &operand_value(operand, scope)?) {
            (Value::Number(left), Value::Number(right)) => {
                is_in_order(compare_numbers(left, right), *order)
            }
            _ => false,
        },
        Comparison::Timestamp(order, operand) => {
            let other = operand_value(operand, scope)?;
            let times = time(&value).zip(time(&other));
            times.is_some_and(|(left, right)| is_in_order(left.cmp(&right), *order))
        }
        Comparison::Boolean(operand) => {
            let other = operand_value(operand, scope)?;
            let flags = value.as_bool().zip(other.as_bool());
            flags.is_some_and(|(left, right)| left == right)
        }
        Comparison::Matches(pattern) => value.as_str().is_some_and(|text| matches(text, pattern)),
        Comparison::Is(test, expected) => is_of_type(&value, *test) == *expected,
    })
}

fn is_of_type(value: &Value, test: TypeTest) -> bool {
    match test {
        TypeTest::Null => *value == Value::Null,
        TypeTest::Present => true,
        TypeTest::Numeric => matches!(value, Value::Number(_)),
        TypeTest::String => value.as_str().is_some(),
        TypeTest::Boolean => value.as_bool().is_some(),
        TypeTest::Timestamp => time(value).is_some(),
    }
}

fn is_in_order(ordering: Ordering, order: Order) -> bool {
    match order {
        Order::Equals => ordering.is_eq(),
        Order::LessThan => ordering.is_lt(),
        Order::LessThanEquals => ordering.is_le(),
        Order::GreaterThan => ordering.is_gt(),
        Order::GreaterThanEquals => ordering.is_ge(),
    }
}

fn time(value: &Value) -> Option<i128> {
    Timestamp::parse(value.as_str()?).map(Timestamp::unix_nanoseconds)
}

fn operand_value(operand: &Operand, scope: &Scope<'_>) -> Result<Value, ConditionError> {
    match operand {
        Operand::Literal(value) => Ok(value.clone()),
        Operand::Path(path) => read(path, scope),
    }
}

fn read(path: &Path, scope: &Scope<'_>) -> Result<Value, ConditionError> {
    path.evaluate(scope).map_err(|error| ConditionError {
        path: path.text().to_owned(),
        error,
    })
}
