//! What a state reads: its effective input, templates over it, and numbers and times at paths.

use std::cell::OnceCell;

use asl::definition::{PathField, Seconds, State, StateKind};
use asl::query::PayloadTemplate;
use expression::comparison::Timestamp;
use expression::path::Path;
use expression::scope::Scope;
use expression::template::Template;
use expression::value::Value;

use crate::context::ContextObject;
use crate::failures::Fault;
use crate::jsonata::{Converted, Field};
use crate::payload::Payload;
use crate::step::Stepper;
use crate::thread::ThreadId;

/// What the expressions of a state are evaluated over.
pub(crate) struct Source<'a> {
    /// `$` of paths: the effective input, or the result where it is there.
    pub(crate) root: &'a Payload,
    /// `$states.result`, where there is one.
    pub(crate) result: Option<&'a Payload>,
    /// `$states.errorOutput`, in a catcher.
    pub(crate) error_output: Option<&'a Payload>,
    /// The token in the context object.
    pub(crate) token: Option<String>,
    /// What JSONata expressions read.
    pub(crate) converted: Converted,
}

impl<'a> Source<'a> {
    /// Before a state has a result.
    pub(crate) fn of(root: &'a Payload) -> Self {
        Self {
            root,
            result: None,
            error_output: None,
            token: None,
            converted: Converted::default(),
        }
    }

    /// When a state has a result.
    pub(crate) fn of_result(result: &'a Payload) -> Self {
        Self {
            result: Some(result),
            ..Self::of(result)
        }
    }

    /// In a catcher.
    pub(crate) fn of_error(error_output: &'a Payload) -> Self {
        Self {
            error_output: Some(error_output),
            ..Self::of(error_output)
        }
    }
}

impl Stepper<'_> {
    /// The payload of a template.
    pub(crate) fn evaluate(
        &self,
        thread: ThreadId,
        source: &Source<'_>,
        template: &PayloadTemplate,
        field: Field<'_>,
    ) -> Result<Payload, Fault> {
        let value = match template {
            PayloadTemplate::JsonPath(template) => {
                let token = source.token.clone();
                let root = source.root.value();
                self.with_token(thread, root, token, |scope| template.evaluate(scope))
                    .map_err(|error| self.template_failure(thread, error))?
            }
            PayloadTemplate::Jsonata(template) => {
                self.query_template(thread, source, template, field)?
            }
        };
        Ok(Payload::of(value))
    }

    /// The state's input after InputPath.
    pub(crate) fn effective_input(
        &self,
        thread: ThreadId,
        state: &State,
    ) -> Result<Payload, Fault> {
        let input = &self.thread(thread).input;
        let effective = match &state.input_path {
            PathField::Everything => input.clone(),
            PathField::Nothing => Payload::of(Value::empty_object()),
            PathField::Path(path) => self.select(thread, input.value(), path)?,
        };
        self.observe(|seen| seen.inspection.after_input_path = Some(effective.clone()));
        Ok(effective)
    }

    /// A template of the paths' language over an input; the input itself where there is no template.
    pub(crate) fn apply_template(
        &self,
        thread: ThreadId,
        template: Option<&Template>,
        input: Payload,
    ) -> Result<Payload, Fault> {
        let Some(template) = template else {
            return Ok(input);
        };
        self.with_scope(thread, input.value(), |scope| template.evaluate(scope))
            .map(Payload::of)
            .map_err(|error| self.template_failure(thread, error))
    }

    /// The part of a value that InputPath, OutputPath or ItemsPath names.
    pub(crate) fn select(
        &self,
        thread: ThreadId,
        root: &Value,
        path: &Path,
    ) -> Result<Payload, Fault> {
        self.with_scope(thread, root, |scope| path.evaluate(scope))
            .map(Payload::of)
            .map_err(|error| self.path_failure(thread, path.text(), error))
    }

    /// A number of seconds, or of whatever else a state counts. A path stands in the field's other form, `…Path`.
    pub(crate) fn seconds(
        &self,
        thread: ThreadId,
        source: &Source<'_>,
        seconds: &Seconds,
        field: &str,
    ) -> Result<u64, Fault> {
        let path = match seconds {
            Seconds::Fixed(seconds) => return Ok(*seconds),
            Seconds::Path(path) => path,
            Seconds::Query(query) => {
                return self.query_number(thread, source, query, Field::Named(field));
            }
        };
        let field = &format!("{field}Path");
        let root = source.root.value();
        let value = self
            .with_scope(thread, root, |scope| path.evaluate(scope))
            .map_err(|error| self.field_failure(thread, field, path.text(), error))?;
        let seconds = value.as_i64().or_else(|| {
            let number = value.as_f64().filter(|number| number.fract() == 0.0)?;
            format!("{number:.0}").parse().ok()
        });
        seconds
            .and_then(|seconds| u64::try_from(seconds).ok())
            .ok_or_else(|| {
                let shown = match &value {
                    Value::String(text) => text.to_string(),
                    other => other.to_quoted_text(),
                };
                let cause = format!(
                    "The {field} parameter does not reference a valid integer: {} == {shown}",
                    path.text()
                );
                self.runtime_failure(thread, &cause)
            })
    }

    pub(crate) fn timestamp(
        &self,
        thread: ThreadId,
        input: &Payload,
        path: &Path,
    ) -> Result<i64, Fault> {
        let value = self
            .with_scope(thread, input.value(), |scope| path.evaluate(scope))
            .map_err(|error| self.field_failure(thread, "TimestampPath", path.text(), error))?;
        let time = value.as_str().and_then(Timestamp::parse);
        // Rounded up, so that the wait never ends early.
        time.and_then(|time| {
            i64::try_from(time.unix_nanoseconds().saturating_add(999_999).div_euclid(1_000_000)).ok()
        })
        .ok_or_else(|| {
                let shown = match &value {
                    Value::String(text) => text.to_string(),
                    other => other.to_quoted_text(),
                };
                let cause = format!(
                    "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: {} == {shown}",
                    path.text()
                );
                self.runtime_failure(thread, &cause)
            })
    }

    /// Evaluates something with `$` being `root`.
    pub(crate) fn with_scope<T>(
        &self,
        thread: ThreadId,
        root: &Value,
        evaluate: impl FnOnce(&Scope<'_>) -> T,
    ) -> T {
        self.with_token(thread, root, None, evaluate)
    }

    /// The same, with `$$.Task.Token`.
    pub(crate) fn with_token<T>(
        &self,
        thread: ThreadId,
        root: &Value,
        token: Option<String>,
        evaluate: impl FnOnce(&Scope<'_>) -> T,
    ) -> T {
        let context = self.context_with_token(thread, token);
        evaluate(&Scope {
            root,
            context: &context,
            variables: &self.thread(thread).variables,
            random: &self.random,
        })
    }

    /// The context object that a state's expressions read.
    pub(crate) fn context(&self, thread: ThreadId, source: &Source<'_>) -> ContextObject<'_> {
        self.context_with_token(thread, source.token.clone())
    }

    fn context_with_token(&self, thread: ThreadId, token: Option<String>) -> ContextObject<'_> {
        let thread = self.thread(thread);
        let state = self.machine.state(thread.state);
        let retries = matches!(
            state.kind,
            StateKind::Task(_) | StateKind::Parallel(_) | StateKind::Map(_)
        );
        ContextObject {
            identity: &self.execution.identity,
            supplement: &self.execution.supplement,
            state_name: &state.name,
            entered_at: thread.entered_at,
            retry_count: retries
                .then(|| thread.retries.iter().sum::<u32>() + self.retries_on_trial()),
            item: thread.item.as_ref(),
            token,
            made: self
                .context_on_trial()
                .map(OnceCell::from)
                .unwrap_or_default(),
        }
    }
}
