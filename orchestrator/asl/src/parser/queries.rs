//! Reads JSONata: expressions, templates, and what a state's expressions read.

use std::sync::Arc;

use expression::value::Value;
use jsonata::Expression;

use crate::definition::{
    Choice, Condition, Fail, FailText, Map, OnError, Parallel, Seconds, State, StateKind, Task,
    Wait,
};
use crate::diagnostic::Code;
use crate::distributed::Percentage;
use crate::json::Kind;
use crate::parser::fields::is_jsonata;
use crate::parser::findings::{Findings, Place, Pointer};
use crate::query::{PayloadTemplate, Query, QueryTemplate, Reads};

/// Whether `$states.errorOutput` is there to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorOutput {
    /// In a catcher.
    Given,
    /// Everywhere else.
    Absent,
}

/// The expression of a `{% … %}` string.
pub(crate) fn query(
    place: &Place<'_, '_>,
    error_output: ErrorOutput,
    findings: &Findings,
) -> Option<Query> {
    let text = place.node.as_str()?;
    let text = text.strip_prefix("{%")?.strip_suffix("%}")?.trim();
    match Expression::parse(text) {
        Ok(expression) => {
            let is_right = check_references(&expression, place, error_output, findings);
            is_right.then_some(Query { expression })
        }
        Err(error) => {
            findings.error(
                Code::InvalidJsonata,
                place.pointer,
                place.node.span,
                error.message,
            );
            None
        }
    }
}

/// An expression has no value to start from: what it reads begins with a variable.
fn check_references(
    expression: &Expression,
    place: &Place<'_, '_>,
    error_output: ErrorOutput,
    findings: &Findings,
) -> bool {
    let references = expression.references();
    let refuse = |message: String| {
        let code = Code::UnsupportedJsonata;
        findings.error(code, place.pointer, place.node.span, message);
    };
    for name in &references.top_level {
        refuse(format!(
            "Reference to '{name}' at the top level is not supported."
        ));
    }
    let reads_error = references.states.iter().any(|name| name == "errorOutput");
    let is_misplaced = reads_error && error_output == ErrorOutput::Absent;
    if is_misplaced {
        refuse("Reference to '$states.errorOutput' is only supported in a catcher.".to_owned());
    }
    references.top_level.is_empty() && !is_misplaced
}

/// A payload template; `None` when an expression in it is wrong.
pub(crate) fn template(
    place: &Place<'_, '_>,
    error_output: ErrorOutput,
    findings: &Findings,
) -> Option<QueryTemplate> {
    match &place.node.kind {
        Kind::String(text) if is_jsonata(text) => {
            query(place, error_output, findings).map(QueryTemplate::Query)
        }
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::String(_) => {
            Some(QueryTemplate::Constant(place.node.to_value()))
        }
        Kind::Array(_) => {
            let items: Vec<Option<QueryTemplate>> = place
                .items()
                .map(|item| template(&item, error_output, findings))
                .collect();
            items.into_iter().collect::<Option<Vec<_>>>().map(array)
        }
        Kind::Object(_) => {
            let members: Vec<Option<(Arc<str>, QueryTemplate)>> = place
                .node
                .members()
                .iter()
                .map(|member| {
                    let inner = Place {
                        node: &member.value,
                        pointer: Pointer::Field(&place.pointer, &member.name),
                    };
                    let value = template(&inner, error_output, findings)?;
                    Some((Arc::from(&*member.name), value))
                })
                .collect();
            members.into_iter().collect::<Option<Vec<_>>>().map(object)
        }
    }
}

/// What holds no expression is one constant.
fn array(items: Vec<QueryTemplate>) -> QueryTemplate {
    let values: Option<Vec<Value>> = items.iter().map(constant).collect();
    match values {
        Some(values) => QueryTemplate::Constant(Value::from(values)),
        None => QueryTemplate::Array(items),
    }
}

fn object(members: Vec<(Arc<str>, QueryTemplate)>) -> QueryTemplate {
    let values: Option<Vec<(Arc<str>, Value)>> = members
        .iter()
        .map(|(name, member)| Some((name.clone(), constant(member)?)))
        .collect();
    match values {
        Some(values) => QueryTemplate::Constant(Value::object(values)),
        None => QueryTemplate::Object(members),
    }
}

fn constant(template: &QueryTemplate) -> Option<Value> {
    match template {
        QueryTemplate::Constant(value) => Some(value.clone()),
        QueryTemplate::Query(_) | QueryTemplate::Object(_) | QueryTemplate::Array(_) => None,
    }
}

/// What the expressions of a state read.
pub(crate) fn reads(state: &State) -> Reads {
    let mut reads = Reads::default();
    each_query(state, &mut |query| reads.add(query));
    reads
}

/// Gives every JSONata expression of a state.
pub(crate) fn each_query<'m>(state: &'m State, visit: &mut impl FnMut(&'m Query)) {
    match &state.kind {
        StateKind::Task(task) => of_task(task, visit),
        StateKind::Pass(_) | StateKind::Succeed => {}
        StateKind::Choice(choice) => of_choice(choice, visit),
        StateKind::Wait(wait) => match wait {
            Wait::Seconds(seconds) => of_seconds(Some(seconds), visit),
            Wait::UntilQuery(query) => visit(query),
            Wait::Until(_) | Wait::UntilPath(_) => {}
        },
        StateKind::Fail(fail) => of_fail(fail, visit),
        StateKind::Parallel(Parallel {
            parameters,
            on_error,
            ..
        }) => {
            of_template(parameters.as_ref(), visit);
            of_catchers(on_error, visit);
        }
        StateKind::Map(map) => of_map(map, visit),
    }
    of_template(state.assign.as_ref(), visit);
    of_template(state.output.as_ref(), visit);
}

fn of_task<'m>(task: &'m Task, visit: &mut impl FnMut(&'m Query)) {
    of_template(task.parameters.as_ref(), visit);
    of_template(task.credentials.as_ref(), visit);
    of_seconds(task.timeout.as_ref(), visit);
    of_seconds(task.heartbeat.as_ref(), visit);
    of_catchers(&task.on_error, visit);
}

fn of_choice<'m>(choice: &'m Choice, visit: &mut impl FnMut(&'m Query)) {
    for rule in &choice.rules {
        match &rule.condition {
            Condition::Query(query) => visit(query),
            Condition::And(_)
            | Condition::Or(_)
            | Condition::Not(_)
            | Condition::Test { .. }
            | Condition::Constant(_) => {}
        }
        of_template(rule.assign.as_ref(), visit);
        of_template(rule.output.as_ref(), visit);
    }
}

fn of_fail<'m>(fail: &'m Fail, visit: &mut impl FnMut(&'m Query)) {
    for text in [&fail.error, &fail.cause] {
        match text {
            Some(FailText::Query(query)) => visit(query),
            Some(FailText::Literal(_) | FailText::Computed(_)) | None => {}
        }
    }
}

fn of_map<'m>(map: &'m Map, visit: &mut impl FnMut(&'m Query)) {
    of_template(map.items.as_ref(), visit);
    of_template(map.item_selector.as_ref(), visit);
    of_seconds(map.max_concurrency.as_ref(), visit);
    if let Some(distributed) = &map.distributed {
        for payload in distributed.payloads() {
            of_template(Some(payload), visit);
        }
        for number in distributed.numbers() {
            of_seconds(Some(number), visit);
        }
        if let Some(Percentage::Query(query)) = &distributed.tolerated_percentage {
            visit(query);
        }
    }
    of_catchers(&map.on_error, visit);
}

fn of_catchers<'m>(on_error: &'m OnError, visit: &mut impl FnMut(&'m Query)) {
    for catcher in &on_error.catch {
        of_template(catcher.assign.as_ref(), visit);
        of_template(catcher.output.as_ref(), visit);
    }
}

fn of_seconds<'m>(seconds: Option<&'m Seconds>, visit: &mut impl FnMut(&'m Query)) {
    match seconds {
        Some(Seconds::Query(query)) => visit(query),
        Some(Seconds::Fixed(_) | Seconds::Path(_)) | None => {}
    }
}

fn of_template<'m>(template: Option<&'m PayloadTemplate>, visit: &mut impl FnMut(&'m Query)) {
    match template {
        Some(PayloadTemplate::Jsonata(template)) => template.each_query(visit),
        Some(PayloadTemplate::JsonPath(_)) | None => {}
    }
}
