//! One expression: parsed once, evaluated often.

use std::collections::BTreeSet;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;

use expression::value::Value;
use jsonata_core::ast::AstNode;
use jsonata_core::evaluator::{Context, Evaluator, EvaluatorOptions};
use jsonata_core::parser;
use jsonata_core::value::JValue;

use crate::bindings::Bindings;
use crate::chain::Chain;
use crate::error::{Error, SyntaxError};
use crate::functions::{self, State};
use crate::limits::{Limits, Surroundings};
use crate::names::{self, Names};
use crate::references::References;
use crate::signature;
use crate::{convert, guard};

/// A parsed expression. Clones share it; two are equal when their texts are.
#[derive(Clone)]
pub struct Expression {
    parsed: Arc<Parsed>,
}

struct Parsed {
    text: String,
    root: AstNode,
    chain: Option<Chain>,
    names: Names,
    references: References,
    /// The functions of this crate that the expression calls.
    functions: Vec<String>,
}

impl Expression {
    /// Parses the text that stands between `{%` and `%}`.
    ///
    /// # Errors
    /// What is wrong with the text, in JSONata's codes and words.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let wrong = || SyntaxError::from_text("S0201: Syntax error");
        if signature::is_cut(text) {
            return Err(wrong());
        }
        let mut root = catch_unwind(|| parser::parse(text))
            .map_err(|_| wrong())?
            .map_err(|error| SyntaxError::from_text(&error.to_string()))?;
        let names = Names::of(&root);
        let references = References::of(&root);
        let chain = Chain::of(&root);
        guard::guard(&mut root, &names);
        let guarded = Names::of(&root);
        let functions = guarded
            .called
            .union(&guarded.read)
            .filter(|name| functions::is_ours(name))
            .cloned()
            .collect();
        Ok(Self {
            parsed: Arc::new(Parsed {
                text: text.to_owned(),
                root,
                chain,
                names,
                references,
                functions,
            }),
        })
    }

    /// The text that was parsed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.parsed.text
    }

    /// The names of the variables that it reads, without the dollar sign, `states` among them. Functions and what the expression binds
    /// itself are no such names.
    #[must_use]
    pub fn variables(&self) -> BTreeSet<String> {
        let names = &self.parsed.names;
        let free = |name: &&String| !names.bound.contains(*name) && !names::is_function(name);
        names.read.iter().filter(free).cloned().collect()
    }

    /// The names of the functions that it calls and does not define itself, without the dollar sign.
    #[must_use]
    pub fn functions(&self) -> BTreeSet<String> {
        let names = &self.parsed.names;
        names.called.difference(&names.bound).cloned().collect()
    }

    /// What it refers to that it does not make itself.
    #[must_use]
    pub fn references(&self) -> &References {
        &self.parsed.references
    }

    /// Evaluates it; `None` when the result is nothing.
    ///
    /// # Errors
    /// JSONata's error, a limit that was met, or a result that is no JSON value.
    pub fn evaluate(
        &self,
        bindings: &Bindings,
        surroundings: &Surroundings,
        limits: &Limits,
    ) -> Result<Option<Value>, Error> {
        if let Some(chain) = &self.parsed.chain
            && let Some(result) = chain.resolve(bindings)
        {
            return Ok(result);
        }
        // The implementation promises not to panic. Should it all the same, the expression fails and nothing else.
        catch_unwind(AssertUnwindSafe(|| {
            self.compute(
                &JValue::Undefined,
                |name| bindings.converted(name),
                surroundings,
                limits,
            )
        }))
        .unwrap_or_else(|_| {
            Err(Error::failed(
                "D1001",
                "The expression could not be evaluated",
            ))
        })
    }

    fn compute(
        &self,
        root: &JValue,
        binding: impl Fn(&str) -> Option<JValue>,
        surroundings: &Surroundings,
        limits: &Limits,
    ) -> Result<Option<Value>, Error> {
        let parsed = &*self.parsed;
        let mut context = Context::new();
        for name in parsed.names.read.union(&parsed.names.called) {
            if let Some(value) = binding(name) {
                context.bind(name.clone(), value);
            }
        }
        let options = EvaluatorOptions {
            timeout_ms: u64::try_from(limits.time.as_millis()).ok(),
            cancel: None,
            max_stack_depth: Some(limits.depth),
            max_sequence_length: Some(limits.sequence),
        };
        let mut evaluator = Evaluator::with_options(context, options);
        if !parsed.functions.is_empty() {
            let state = Rc::new(State::new(*surroundings, *limits));
            for name in &parsed.functions {
                functions::register(name, &mut evaluator, &state);
            }
        }
        let result = evaluator
            .evaluate(&parsed.root, root)
            .map_err(|error| Error::from_text(error.message()))?;
        convert::result(&result)
    }

    /// Evaluates it against a root and other variables, as the language's own test suite asks for.
    ///
    /// # Errors
    /// As [`Self::evaluate`].
    pub fn evaluate_against(
        &self,
        root: Option<&Value>,
        variables: &[(&str, &Value)],
        surroundings: &Surroundings,
        limits: &Limits,
    ) -> Result<Option<Value>, Error> {
        let root = root.map_or(JValue::Undefined, convert::value);
        let binding = |name: &str| {
            let (_, value) = variables.iter().find(|(variable, _)| *variable == name)?;
            Some(convert::value(value))
        };
        self.compute(&root, binding, surroundings, limits)
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Expression({:?})", self.text())
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for Expression {}
