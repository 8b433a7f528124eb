//! Which workflow variables the states of a machine read.

use std::borrow::Cow;
use std::sync::Arc;

use expression::path::Path;
use expression::template::Template;
use indexmap::{IndexMap, IndexSet};

use crate::definition::{
    Choice, Comparison, Condition, Fail, FailText, Map, OnError, Operand, PathField, Seconds,
    State, StateKind, StateMachine, Task, Wait,
};
use crate::distributed::Percentage;
use crate::query::{PayloadTemplate, Query};

/// The variables that each state reads, by the state's name: each once, in order of appearance. States that read none are
/// left out (`variableReferences` of AWS's DescribeStateMachine).
#[must_use]
pub fn variable_references(machine: &StateMachine) -> IndexMap<Arc<str>, Vec<Arc<str>>> {
    machine
        .states
        .iter()
        .map(|state| (state.name.clone(), read_by(state)))
        .filter(|(_, names)| !names.is_empty())
        .collect()
}

fn read_by(state: &State) -> Vec<Arc<str>> {
    let mut names = Names::default();
    names.path_field(&state.input_path);
    match &state.kind {
        StateKind::Task(task) => names.task(task),
        StateKind::Pass(pass) => names.template(pass.parameters.as_ref()),
        StateKind::Choice(choice) => names.choice(choice),
        StateKind::Wait(wait) => names.wait(wait),
        StateKind::Succeed => {}
        StateKind::Fail(fail) => names.fail(fail),
        StateKind::Parallel(parallel) => {
            names.payload(parallel.parameters.as_ref());
            names.template(parallel.result_selector.as_ref());
            names.on_error(&parallel.on_error);
        }
        StateKind::Map(map) => names.map(map),
    }
    names.payload(state.assign.as_ref());
    names.payload(state.output.as_ref());
    names.path_field(&state.output_path);
    names.0.iter().map(|name| Arc::from(&**name)).collect()
}

/// The names found so far.
#[derive(Default)]
struct Names<'m>(IndexSet<Cow<'m, str>>);

impl<'m> Names<'m> {
    fn add(&mut self, names: impl IntoIterator<Item = &'m str>) {
        self.0.extend(names.into_iter().map(Cow::Borrowed));
    }

    fn query(&mut self, query: &Query) {
        let names = query.expression.variables().into_iter();
        let names = names.filter(|name| name != "states");
        self.0.extend(names.map(Cow::Owned));
    }

    fn payload(&mut self, template: Option<&'m PayloadTemplate>) {
        match template {
            Some(PayloadTemplate::JsonPath(template)) => self.template(Some(template)),
            Some(PayloadTemplate::Jsonata(template)) => {
                template.each_query(&mut |query| self.query(query));
            }
            None => {}
        }
    }

    fn path(&mut self, path: &'m Path) {
        self.add(path.variable());
    }

    fn template(&mut self, template: Option<&'m Template>) {
        self.add(template.into_iter().flat_map(Template::variables));
    }

    fn path_field(&mut self, field: &'m PathField) {
        match field {
            PathField::Everything | PathField::Nothing => {}
            PathField::Path(path) => self.path(path),
        }
    }

    fn seconds(&mut self, seconds: Option<&'m Seconds>) {
        match seconds {
            Some(Seconds::Path(path)) => self.path(path),
            Some(Seconds::Query(query)) => self.query(query),
            Some(Seconds::Fixed(_)) | None => {}
        }
    }

    fn task(&mut self, task: &'m Task) {
        self.payload(task.parameters.as_ref());
        self.payload(task.credentials.as_ref());
        self.seconds(task.timeout.as_ref());
        self.seconds(task.heartbeat.as_ref());
        self.template(task.result_selector.as_ref());
        self.on_error(&task.on_error);
    }

    fn choice(&mut self, choice: &'m Choice) {
        for rule in &choice.rules {
            self.condition(&rule.condition);
            self.payload(rule.assign.as_ref());
            self.payload(rule.output.as_ref());
        }
    }

    fn condition(&mut self, condition: &'m Condition) {
        match condition {
            Condition::And(inner) | Condition::Or(inner) => {
                for condition in inner {
                    self.condition(condition);
                }
            }
            Condition::Not(inner) => self.condition(inner),
            Condition::Constant(_) => {}
            Condition::Query(query) => self.query(query),
            Condition::Test {
                variable,
                comparison,
            } => {
                self.path(variable);
                match comparison {
                    Comparison::String(_, operand)
                    | Comparison::Numeric(_, operand)
                    | Comparison::Timestamp(_, operand)
                    | Comparison::Boolean(operand) => self.operand(operand),
                    Comparison::Matches(_) | Comparison::Is(_, _) => {}
                }
            }
        }
    }

    fn operand(&mut self, operand: &'m Operand) {
        match operand {
            Operand::Literal(_) => {}
            Operand::Path(path) => self.path(path),
        }
    }

    fn wait(&mut self, wait: &'m Wait) {
        match wait {
            Wait::Seconds(seconds) => self.seconds(Some(seconds)),
            Wait::Until(_) => {}
            Wait::UntilPath(path) => self.path(path),
            Wait::UntilQuery(query) => self.query(query),
        }
    }

    fn fail(&mut self, fail: &'m Fail) {
        for text in [&fail.error, &fail.cause] {
            match text {
                Some(FailText::Computed(expression)) => self.add(expression.variables()),
                Some(FailText::Query(query)) => self.query(query),
                Some(FailText::Literal(_)) | None => {}
            }
        }
    }

    fn map(&mut self, map: &'m Map) {
        if let Some(path) = &map.items_path {
            self.path(path);
        }
        self.payload(map.items.as_ref());
        self.payload(map.item_selector.as_ref());
        self.seconds(map.max_concurrency.as_ref());
        if let Some(distributed) = &map.distributed {
            for payload in distributed.payloads() {
                self.payload(Some(payload));
            }
            for number in distributed.numbers() {
                self.seconds(Some(number));
            }
            match &distributed.tolerated_percentage {
                Some(Percentage::Path(path)) => self.path(path),
                Some(Percentage::Query(query)) => self.query(query),
                Some(Percentage::Fixed(_)) | None => {}
            }
        }
        self.template(map.result_selector.as_ref());
        self.on_error(&map.on_error);
    }

    fn on_error(&mut self, on_error: &'m OnError) {
        for catcher in &on_error.catch {
            self.payload(catcher.assign.as_ref());
            self.payload(catcher.output.as_ref());
        }
    }
}
