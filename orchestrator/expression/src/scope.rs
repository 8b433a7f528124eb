//! What an expression may read while it is evaluated, and how evaluation fails.

use crate::value::Value;
use crate::variables::Variables;

/// Everything that an expression may read. Nothing here is computed before an expression asks for it.
pub struct Scope<'a> {
    /// `$`: the state's effective input, or the result where a ResultSelector or Assign reads it.
    pub root: &'a Value,
    /// `$$`: the context object.
    pub context: &'a dyn Context,
    /// `$name`: the workflow variables.
    pub variables: &'a Variables,
    /// Where `States.UUID` and `States.MathRandom` draw from; the interpreter records the seed, so that a replay draws the same.
    pub random: &'a dyn Random,
}

/// The context object, built when an expression first reads it.
pub trait Context {
    /// The whole object, as `$$` shows it.
    fn object(&self) -> &Value;
}

/// A deterministic source of randomness: the same seed gives the same draws.
pub trait Random {
    /// The next 64 bits.
    fn next(&self) -> u64;
}

/// Why an expression has no value. The interpreter adds the field and the state and chooses the error's name.
#[derive(Clone, Debug, PartialEq)]
pub enum EvaluationError {
    /// A definite path leads nowhere. `normalized` is the path as Jayway prints it: `$['a']['b']`, up to the missing step.
    NoSuchPath {
        /// The path as the definition writes it.
        path: String,
        /// The path up to and with the step that is missing, in brackets.
        normalized: String,
        /// Jayway's words, which AWS quotes behind `Invalid path '…' : `: `No results for path: $['a']` where the last
        /// step is missing, `Missing property in path $['a']` before it, and others where a step meets a wrong type.
        reason: Box<str>,
        /// The value that the path was applied to, as compact JSON; only what it is where that is very long.
        input: String,
    },
    /// A variable that was never assigned.
    NoSuchVariable {
        /// Its name, without the dollar sign.
        name: String,
    },
    /// An intrinsic function refused its arguments: becomes `States.IntrinsicFailure`.
    Intrinsic {
        /// The call as the definition writes it.
        call: String,
        /// What was wrong, in AWS's words where they are known.
        message: String,
    },
    /// A value has the wrong type for where it is used, or a path cannot be applied to it.
    Type {
        /// What was expected and what was found.
        message: String,
    },
}

#[cfg(test)]
pub(crate) mod testing {
    //! Something to evaluate against.

    use std::cell::Cell;

    use super::{Context, Random, Scope};
    use crate::value::Value;
    use crate::variables::Variables;

    /// An input, a context object, two variables and a counter that stands for randomness.
    pub(crate) struct World {
        input: Value,
        context: Value,
        variables: Variables,
        drawn: Cell<u64>,
    }

    impl World {
        pub(crate) fn new(input: &str) -> Self {
            Self::of(Value::parse(input).unwrap())
        }

        pub(crate) fn of(input: Value) -> Self {
            let mut variables = Variables::default();
            let order = Value::parse(r#"{"items":[{"id":1},{"id":2}]}"#).unwrap();
            variables.set("order".into(), order);
            variables.set("größe".into(), Value::from(3_i64));
            Self {
                input,
                context: Value::parse(r#"{"Execution":{"Name":"run-1"}}"#).unwrap(),
                variables,
                drawn: Cell::new(0),
            }
        }

        pub(crate) fn scope(&self) -> Scope<'_> {
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
            self.drawn
                .set(self.drawn.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
            self.drawn.get()
        }
    }
}
