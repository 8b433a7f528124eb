//! JSONata: what a state's expressions read, what they give, and how their failures read.

use std::cell::OnceCell;
use std::fmt;
use std::sync::Arc;

use asl::definition::{Catcher, ChoiceRule, State, StateKind};
use asl::query::{PayloadTemplate, Query, QueryTemplate};
use expression::comparison::Timestamp;
use expression::scope::{Context, Random};
use expression::value::{Object, Value};
use jsonata::{Bindings, Error, Limits, Surroundings};

use crate::failure::{Failure, names};
use crate::failures::{FailureKind, Fault};
use crate::history::AssignedVariable;
use crate::payload::Payload;
use crate::reading::Source;
use crate::step::Stepper;
use crate::thread::ThreadId;

/// The way from a state to the expression that failed, as AWS writes it: `Output/rows[2]/name`.
#[derive(Clone, Copy)]
pub(crate) enum Field<'a> {
    /// A field of the state.
    Named(&'a str),
    /// A field of the n-th of a list: `Choices[1]/Output`.
    OfList(&'a str, usize, &'a str),
    /// A member.
    Member(&'a Field<'a>, &'a str),
    /// An item.
    Item(&'a Field<'a>, usize),
}

impl fmt::Display for Field<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => formatter.write_str(name),
            Self::OfList(list, index, name) => write!(formatter, "{list}[{index}]/{name}"),
            Self::Member(parent, name) => write!(formatter, "{parent}/{name}"),
            Self::Item(parent, index) => write!(formatter, "{parent}[{index}]"),
        }
    }
}

/// What a state's expressions read, converted when the first of them is evaluated and then kept for the others.
#[derive(Default)]
pub(crate) struct Converted(OnceCell<Bindings>);

impl Stepper<'_> {
    /// The value of one expression.
    pub(crate) fn query(
        &self,
        thread: ThreadId,
        source: &Source<'_>,
        query: &Query,
        field: Field<'_>,
    ) -> Result<Value, Fault> {
        let bindings = source
            .converted
            .0
            .get_or_init(|| self.convert(thread, source));
        let surroundings = Surroundings {
            now_millis: self.now,
            seed: self.random.next(),
        };
        match query
            .expression
            .evaluate(bindings, &surroundings, &Limits::aws())
        {
            Ok(Some(value)) => Ok(value),
            Ok(None) => {
                Err(self.query_failure(thread, query, field, "returned nothing (undefined)."))
            }
            Err(error) => Err(self.query_failure(thread, query, field, &told(&error))),
        }
    }

    /// The payload of a template.
    pub(crate) fn query_template(
        &self,
        thread: ThreadId,
        source: &Source<'_>,
        template: &QueryTemplate,
        field: Field<'_>,
    ) -> Result<Value, Fault> {
        match template {
            QueryTemplate::Constant(value) => Ok(value.clone()),
            QueryTemplate::Query(query) => self.query(thread, source, query, field),
            QueryTemplate::Object(members) => {
                let mut object = Object::default();
                for (name, member) in members {
                    let field = Field::Member(&field, name);
                    let value = self.query_template(thread, source, member, field)?;
                    object.insert(name.clone(), value);
                }
                Ok(Value::Object(Arc::new(object)))
            }
            QueryTemplate::Array(items) => {
                let values: Result<Vec<Value>, Fault> = items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| {
                        self.query_template(thread, source, item, Field::Item(&field, index))
                    })
                    .collect();
                values.map(Value::from)
            }
        }
    }

    /// An expression that must give a whole number from nought.
    pub(crate) fn query_number(
        &self,
        thread: ThreadId,
        source: &Source<'_>,
        query: &Query,
        field: Field<'_>,
    ) -> Result<u64, Fault> {
        let value = self.query(thread, source, query, field)?;
        let Some(number) = value.as_f64() else {
            return Err(self.type_failure(thread, query, field, "number", &value));
        };
        let whole = format!("{number:.0}").parse::<u64>().ok();
        whole
            .filter(|_| number.fract() == 0.0 && number >= 0.0)
            .ok_or_else(|| {
                let why = format!("returned a value that is not a non-negative integer: {number}");
                self.query_failure(thread, query, field, &why)
            })
    }

    /// An expression that must give a text.
    pub(crate) fn query_text(
        &self,
        thread: ThreadId,
        source: &Source<'_>,
        query: &Query,
        field: Field<'_>,
    ) -> Result<Arc<str>, Fault> {
        match self.query(thread, source, query, field)? {
            Value::String(text) => Ok(text),
            other => Err(self.type_failure(thread, query, field, "string", &other)),
        }
    }

    /// An expression that must give a timestamp: milliseconds since 1970, rounded up, so that no wait ends early.
    pub(crate) fn query_timestamp(
        &self,
        thread: ThreadId,
        source: &Source<'_>,
        query: &Query,
        field: Field<'_>,
    ) -> Result<i64, Fault> {
        let text = self.query_text(thread, source, query, field)?;
        let time = Timestamp::parse(&text);
        time.and_then(|time| {
            i64::try_from(time.unix_nanoseconds().saturating_add(999_999).div_euclid(1_000_000)).ok()
        })
        .ok_or_else(|| {
            let why = format!("returned a value that is not an ISO-8601 extended offset date-time format string: {text}");
            self.query_failure(thread, query, field, &why)
        })
    }

    /// An expression that must give a boolean.
    pub(crate) fn query_condition(
        &self,
        thread: ThreadId,
        source: &Source<'_>,
        query: &Query,
        field: Field<'_>,
    ) -> Result<bool, Fault> {
        let value = self.query(thread, source, query, field)?;
        value
            .as_bool()
            .ok_or_else(|| self.type_failure(thread, query, field, "boolean", &value))
    }

    /// The items of a JSONata Map: an array; for a distributed one also an object, whose members are its items.
    pub(crate) fn query_items(
        &self,
        thread: ThreadId,
        source: &Source<'_>,
        items: Option<&PayloadTemplate>,
    ) -> Result<Payload, Fault> {
        let field = Field::Named("Items");
        let takes_objects = matches!(
            &self.state_of(thread).kind,
            StateKind::Map(map) if map.distributed.is_some()
        );
        let are_items = |value: &Value| match value {
            Value::Array(_) => true,
            Value::Object(_) => takes_objects,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
        };
        let items = match items {
            Some(PayloadTemplate::Jsonata(QueryTemplate::Query(query))) => {
                let value = self.query(thread, source, query, field)?;
                if !are_items(&value) {
                    return Err(self.type_failure(thread, query, field, "array", &value));
                }
                Payload::of(value)
            }
            Some(template) => self.evaluate(thread, source, template, field)?,
            None => self.thread(thread).input.clone(),
        };
        if !are_items(items.value()) {
            let cause = format!(
                "Map state input must be an array but was: {}",
                items.value().to_quoted_text()
            );
            let cause = self.located(thread, &cause);
            return Err(Fault {
                failure: Failure::new(names::QUERY_EVALUATION_ERROR, cause),
                kind: FailureKind::Evaluation { location: None },
            });
        }
        Ok(items)
    }

    /// What a JSONata state, choice rule or catcher assigns and gives.
    pub(crate) fn conclude(
        &self,
        thread: ThreadId,
        source: &Source<'_>,
        parts: &Conclusion<'_>,
        otherwise: Payload,
    ) -> Result<(Vec<AssignedVariable>, Payload), Fault> {
        let field = parts.assign.field("Assign");
        let assigned = self.assign(thread, source, parts.assign.template, field)?;
        let output = match parts.output.template {
            Some(output) => {
                let field = parts.output.field("Output");
                self.evaluate(thread, source, output, field)?
            }
            None => otherwise,
        };
        Ok((assigned, output))
    }

    /// Gathers what the state's expressions read, and nothing else.
    fn convert(&self, thread: ThreadId, source: &Source<'_>) -> Bindings {
        let record = self.thread(thread);
        let state = self.machine.state(record.state);
        let reads = &state.reads;
        let mut members = Vec::with_capacity(4);
        if reads.input {
            members.push(("input", record.input.value().clone()));
        }
        if reads.context {
            let context = self.context(thread, source);
            members.push(("context", context.object().clone()));
        }
        if let Some(result) = source.result.filter(|_| reads.result) {
            members.push(("result", result.value().clone()));
        }
        if let Some(error) = source.error_output.filter(|_| reads.error_output) {
            members.push(("errorOutput", error.value().clone()));
        }
        Bindings::new(members, record.variables.clone())
    }

    pub(crate) fn type_failure(
        &self,
        thread: ThreadId,
        query: &Query,
        field: Field<'_>,
        expected: &str,
        value: &Value,
    ) -> Fault {
        let why = format!(
            "returned an unexpected result type. Expected '{expected}', but was '{}' for value: {}",
            value.type_name(),
            value.to_quoted_text()
        );
        self.query_failure(thread, query, field, &why)
    }

    fn query_failure(&self, thread: ThreadId, query: &Query, field: Field<'_>, why: &str) -> Fault {
        let location = field.to_string();
        let cause = format!(
            "The JSONata expression '{}' specified for the field '{location}' {why}",
            query.text()
        );
        Fault {
            failure: Failure::new(names::QUERY_EVALUATION_ERROR, self.located(thread, &cause)),
            kind: FailureKind::Evaluation {
                location: Some(location.into()),
            },
        }
    }
}

/// What ends a JSONata state: its own fields, or those of a choice rule or a catcher.
pub(crate) struct Conclusion<'a> {
    assign: Part<'a>,
    output: Part<'a>,
}

/// A field of a conclusion, and whose it is.
#[derive(Clone, Copy)]
struct Part<'a> {
    template: Option<&'a PayloadTemplate>,
    /// The list and the index, for a choice rule or a catcher.
    of: Option<(&'a str, usize)>,
}

impl<'a> Conclusion<'a> {
    /// Of the state itself.
    pub(crate) fn of_state(state: &'a State) -> Self {
        Self {
            assign: Part::new(state.assign.as_ref(), None),
            output: Part::new(state.output.as_ref(), None),
        }
    }

    /// Of a choice rule; what it lacks is the state's.
    pub(crate) fn of_rule(state: &'a State, index: usize, rule: &'a ChoiceRule) -> Self {
        let of = Some(("Choices", index));
        let mut conclusion = Self::of_state(state);
        if rule.assign.is_some() {
            conclusion.assign = Part::new(rule.assign.as_ref(), of);
        }
        if rule.output.is_some() {
            conclusion.output = Part::new(rule.output.as_ref(), of);
        }
        conclusion
    }

    /// Of a catcher.
    pub(crate) fn of_catcher(index: usize, catcher: &'a Catcher) -> Self {
        let of = Some(("Catch", index));
        Self {
            assign: Part::new(catcher.assign.as_ref(), of),
            output: Part::new(catcher.output.as_ref(), of),
        }
    }
}

impl<'a> Part<'a> {
    fn new(template: Option<&'a PayloadTemplate>, of: Option<(&'a str, usize)>) -> Self {
        Self { template, of }
    }

    fn field(self, name: &'a str) -> Field<'a> {
        match self.of {
            Some((list, index)) => Field::OfList(list, index, name),
            None => Field::Named(name),
        }
    }
}

/// What AWS says of an expression that failed.
fn told(error: &Error) -> String {
    match error {
        Error::Failed { code, message } => {
            format!("threw an error during evaluation. {code}: {message}")
        }
        Error::Unsupported => "returned an unsupported result type.".to_owned(),
    }
}
