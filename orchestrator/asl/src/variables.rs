//! Which workflow variables the states of a machine read.

use std::sync::Arc;

use expression::path::Path;
use expression::template::Template;
use indexmap::{IndexMap, IndexSet};

use crate::definition::{
    Choice, Comparison, Condition, Fail, FailText, Map, OnError, Operand, PathField, Seconds,
    State, StateKind, StateMachine, Task, Wait,
};

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
            names.template(parallel.parameters.as_ref());
            names.template(parallel.result_selector.as_ref());
            names.on_error(&parallel.on_error);
        }
        StateKind::Map(map) => names.map(map),
    }
    names.template(state.assign.as_ref());
    names.path_field(&state.output_path);
    names.0.into_iter().map(Arc::from).collect()
}

/// The names found so far.
#[derive(Default)]
struct Names<'m>(IndexSet<&'m str>);

impl<'m> Names<'m> {
    fn path(&mut self, path: &'m Path) {
        self.0.extend(path.variable());
    }

    fn template(&mut self, template: Option<&'m Template>) {
        self.0
            .extend(template.into_iter().flat_map(Template::variables));
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
            Some(Seconds::Fixed(_)) | None => {}
        }
    }

    fn task(&mut self, task: &'m Task) {
        self.template(task.parameters.as_ref());
        self.template(task.credentials.as_ref());
        self.seconds(task.timeout.as_ref());
        self.seconds(task.heartbeat.as_ref());
        self.template(task.result_selector.as_ref());
        self.on_error(&task.on_error);
    }

    fn choice(&mut self, choice: &'m Choice) {
        for rule in &choice.rules {
            self.condition(&rule.condition);
            self.template(rule.assign.as_ref());
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
        }
    }

    fn fail(&mut self, fail: &'m Fail) {
        for text in [&fail.error, &fail.cause] {
            match text {
                Some(FailText::Computed(expression)) => self.0.extend(expression.variables()),
                Some(FailText::Literal(_)) | None => {}
            }
        }
    }

    fn map(&mut self, map: &'m Map) {
        if let Some(path) = &map.items_path {
            self.path(path);
        }
        self.template(map.item_selector.as_ref());
        self.seconds(map.max_concurrency.as_ref());
        self.template(map.result_selector.as_ref());
        self.on_error(&map.on_error);
    }

    fn on_error(&mut self, on_error: &'m OnError) {
        for catcher in &on_error.catch {
            self.template(catcher.assign.as_ref());
        }
    }
}
