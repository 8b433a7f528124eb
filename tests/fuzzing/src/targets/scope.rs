//! Something that expressions can be evaluated against.

use std::cell::Cell;

use expression::scope::{Context, EvaluationError, Random, Scope};
use expression::value::Value;
use expression::variables::Variables;

use crate::target::Shown;

/// A document, a context object and variables.
pub(super) struct World {
    input: Value,
    context: Value,
    variables: Variables,
    drawn: Cell<u64>,
}

impl World {
    /// With that document; with one of its own where the text is none.
    pub(super) fn new(document: &str) -> Self {
        let input = Value::parse(document)
            .or_else(|_| Value::parse(r#"{"a":1,"c":[1,{"a":2}],"list":[3],"s":"text","n":2}"#))
            .expect("it is JSON");
        let mut variables = Variables::default();
        variables.set("v".into(), input.clone());
        variables.set("größe".into(), Value::from(3_i64));
        Self {
            input,
            context: Value::parse(r#"{"Execution":{"Name":"run-1","Input":{"a":[1,2]}}}"#)
                .expect("it is JSON"),
            variables,
            drawn: Cell::new(0),
        }
    }

    pub(super) fn scope(&self) -> Scope<'_> {
        Scope {
            root: &self.input,
            context: self,
            variables: &self.variables,
            random: self,
        }
    }
}

impl Context for World {
    fn object(&self) -> &Value {
        &self.context
    }
}

impl Random for World {
    fn next(&self) -> u64 {
        let drawn = self.drawn.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.drawn.set(drawn);
        drawn
    }
}

/// Notes what an evaluation came to.
pub(super) fn note(shown: &mut Shown, answer: &Result<Value, EvaluationError>) {
    match answer {
        Ok(value) => shown.mark(value.type_name()),
        Err(EvaluationError::NoSuchPath { reason, .. }) => shown.text(reason),
        Err(EvaluationError::NoSuchVariable { .. }) => shown.mark("no variable"),
        Err(EvaluationError::Intrinsic { message, .. } | EvaluationError::Type { message }) => {
            shown.text(message);
        }
    }
}
