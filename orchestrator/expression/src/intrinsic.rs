//! Intrinsic functions: `States.Format('{}', $.name)`, parsed once into a tree.
//!
//! Source of the rules: the Amazon States Language specification, appendix B, and what AWS was seen to answer.

mod argument;
mod array;
mod encoding;
mod function;
mod number;
mod parse;
mod text;

use crate::intrinsic::function::Function;
use crate::intrinsic::text::Format;
use crate::path::{Path, PathError};
use crate::scope::{EvaluationError, Scope};
use crate::value::Value;

/// How many calls may stand inside one another.
pub const MAX_NESTING: usize = 10;

/// A call of an intrinsic function.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    text: String,
    function: Function,
    arguments: Vec<Argument>,
}

#[derive(Clone, Debug, PartialEq)]
enum Argument {
    Constant(Value),
    /// The first argument of `States.Format`, where it is written out.
    Format(Format),
    /// A string with a backslash before a character that needs none, which AWS reports when the call is made.
    OpenEscape,
    Path(Path),
    Call(Call),
}

impl Call {
    /// Compiles a call with everything nested in it.
    ///
    /// # Errors
    /// When the text is no call, names an unknown function, has a wrong number of arguments, or nests deeper than
    /// [`MAX_NESTING`].
    pub fn parse(text: &str) -> Result<Self, PathError> {
        parse::call(text)
    }

    /// The text that was compiled.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Adds the names of the variables that are read and not listed yet.
    pub fn collect_variables<'c>(&'c self, names: &mut Vec<&'c str>) {
        for argument in &self.arguments {
            match argument {
                Argument::Path(path) => {
                    let name = path.variable().filter(|name| !names.contains(name));
                    names.extend(name);
                }
                Argument::Call(call) => call.collect_variables(names),
                Argument::Constant(_) | Argument::Format(_) | Argument::OpenEscape => {}
            }
        }
    }

    /// The value that the function answers with.
    ///
    /// # Errors
    /// [`EvaluationError::Intrinsic`] when the function refuses an argument or a path leads nowhere,
    /// [`EvaluationError::NoSuchVariable`] when a variable was never assigned.
    pub fn evaluate(&self, scope: &Scope<'_>) -> Result<Value, EvaluationError> {
        let (format, arguments) = match &self.arguments[..] {
            [Argument::Format(format), rest @ ..] => (Some(format), rest),
            arguments => (None, arguments),
        };
        let values = arguments
            .iter()
            .map(|argument| self.argument(argument, scope))
            .collect::<Result<Vec<Value>, EvaluationError>>()?;
        match format {
            Some(format) => format.fill(&values),
            None => self.function.call(&values, scope.random),
        }
        .map_err(|message| self.failure(message))
    }

    fn argument(&self, argument: &Argument, scope: &Scope<'_>) -> Result<Value, EvaluationError> {
        match argument {
            Argument::Constant(value) => Ok(value.clone()),
            Argument::Format(_) => unreachable!("only a first argument is compiled into a format"),
            Argument::OpenEscape => Err(self.failure("an open escape '\\' is found in an argument".to_owned())),
            Argument::Path(path) => path.evaluate(scope).map_err(|error| match error {
                EvaluationError::NoSuchPath { path, input, .. } => self.failure(format!(
                    "The JsonPath argument for the field '{path}' could not be found in the input '{input}'"
                )),
                EvaluationError::Type { message } => self.failure(message),
                other @ (EvaluationError::NoSuchVariable { .. } | EvaluationError::Intrinsic { .. }) => other,
            }),
            Argument::Call(call) => call.evaluate(scope),
        }
    }

    fn failure(&self, message: String) -> EvaluationError {
        EvaluationError::Intrinsic {
            call: self.text.clone(),
            message,
        }
    }
}

#[cfg(test)]
mod tests;
