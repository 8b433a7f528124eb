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
        /// The value that the path was applied to, as compact JSON.
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
