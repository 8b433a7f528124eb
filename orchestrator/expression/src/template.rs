//! Payload templates (`Parameters`, `ResultSelector`, `ItemSelector`, `Assign`): JSON whose `name.$` members are computed.

use std::sync::Arc;

use indexmap::IndexSet;

use crate::intrinsic::Call;
use crate::java;
use crate::path::{Path, PathError};
use crate::scope::{EvaluationError, Scope};
use crate::value::{Object, Value};

/// A string that is computed: a path, or a call of an intrinsic function.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// `$.path`, `$$.path` or `$variable`
    Path(Path),
    /// `States.Function(…)`
    Call(Call),
}

impl Expression {
    /// Compiles `$.path`, `$$.path`, `$variable` or `States.Function(…)`.
    ///
    /// # Errors
    /// When the text is neither.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        if text.starts_with('$') {
            return Path::parse(text).map(Self::Path);
        }
        if text.starts_with("States.") {
            return Call::parse(text).map(Self::Call);
        }
        Err(PathError::new(
            "a path begins with '$', a call with 'States.'",
        ))
    }

    /// The text that was compiled.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Path(path) => path.text(),
            Self::Call(call) => call.text(),
        }
    }

    /// The names of the variables that are read, each once, in order of appearance.
    #[must_use]
    pub fn variables(&self) -> Vec<&str> {
        let mut names = Vec::new();
        match self {
            Self::Path(path) => names.extend(path.variable()),
            Self::Call(call) => call.collect_variables(&mut names),
        }
        names
    }

    /// The value.
    ///
    /// # Errors
    /// See [`EvaluationError`].
    pub fn evaluate(&self, scope: &Scope<'_>) -> Result<Value, EvaluationError> {
        match self {
            Self::Path(path) => path.evaluate(scope),
            Self::Call(call) => call.evaluate(scope),
        }
    }
}

/// A compiled payload template. A template without computed members is one constant and costs a reference count.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    root: Node,
    variables: Names,
}

/// Names, each once, in order of appearance.
type Names = IndexSet<Arc<str>, foldhash::fast::FixedState>;

/// One mistake in a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// Where: the JSON pointer, inside the template, of the object that has the mistaken member; empty for the template
    /// itself. AWS reports these mistakes at the object and names the member in the message.
    pub pointer: String,
    /// What is wrong, in AWS's words.
    pub message: String,
    /// Why, in ours: what the parser did not understand.
    pub reason: String,
}

/// Where and why a template has no value.
#[derive(Clone, Debug, PartialEq)]
pub struct TemplateEvaluationError {
    /// The member that failed, as written (`value.$`), innermost name only.
    pub field: Arc<str>,
    /// The text of the expression.
    pub expression: Arc<str>,
    /// Why.
    pub error: EvaluationError,
}

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Constant(Value),
    Object(ObjectNode),
    Array(Vec<Node>),
}

/// An object with a computed member somewhere below it.
#[derive(Clone, Debug, PartialEq)]
struct ObjectNode {
    /// The result with its constants in place and `null` where a slot is filled.
    skeleton: Object,
    slots: Vec<Slot>,
}

#[derive(Clone, Debug, PartialEq)]
struct Slot {
    position: usize,
    content: Content,
}

#[derive(Clone, Debug, PartialEq)]
enum Content {
    /// A member that is itself a template.
    Node(Node),
    /// A computed member, with its name as written.
    Expression(Arc<str>, Expression),
}

impl Template {
    /// Compiles a template.
    ///
    /// # Errors
    /// All mistakes, each with its place.
    pub fn parse(value: &Value) -> Result<Self, Vec<TemplateError>> {
        let mut parser = Parser::default();
        let root = parser.node(value);
        if !parser.errors.is_empty() {
            return Err(parser.errors);
        }
        Ok(Self {
            root,
            variables: parser.variables,
        })
    }

    /// The names of the variables that are read, each once, in order of appearance.
    #[must_use]
    pub fn variables(&self) -> Vec<&str> {
        self.variables.iter().map(|name| &**name).collect()
    }

    /// The payload.
    ///
    /// # Errors
    /// The first member that has no value.
    pub fn evaluate(&self, scope: &Scope<'_>) -> Result<Value, TemplateEvaluationError> {
        self.root.evaluate(scope)
    }
}

impl Node {
    fn evaluate(&self, scope: &Scope<'_>) -> Result<Value, TemplateEvaluationError> {
        match self {
            Self::Constant(value) => Ok(value.clone()),
            Self::Object(node) => node.evaluate(scope),
            Self::Array(items) => {
                let items: Result<Vec<Value>, _> =
                    items.iter().map(|item| item.evaluate(scope)).collect();
                items.map(Value::from)
            }
        }
    }
}

impl ObjectNode {
    fn evaluate(&self, scope: &Scope<'_>) -> Result<Value, TemplateEvaluationError> {
        let mut members = self.skeleton.clone();
        for slot in &self.slots {
            members[slot.position] = match &slot.content {
                Content::Node(node) => node.evaluate(scope)?,
                Content::Expression(field, expression) => {
                    expression
                        .evaluate(scope)
                        .map_err(|error| TemplateEvaluationError {
                            field: field.clone(),
                            expression: expression.text().into(),
                            error,
                        })?
                }
            };
        }
        Ok(Value::Object(Arc::new(members)))
    }
}

/// Compiles nodes and gathers all mistakes on the way.
#[derive(Default)]
struct Parser {
    pointer: String,
    errors: Vec<TemplateError>,
    variables: Names,
}

impl Parser {
    fn node(&mut self, value: &Value) -> Node {
        match value {
            Value::Object(members) => self.object(value, members),
            Value::Array(items) => self.array(value, items),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                Node::Constant(value.clone())
            }
        }
    }

    fn array(&mut self, value: &Value, items: &[Value]) -> Node {
        let items = items.iter().enumerate();
        let nodes: Vec<Node> = items
            .map(|(position, item)| self.below(&position.to_string(), |parser| parser.node(item)))
            .collect();
        if nodes.iter().all(|node| matches!(node, Node::Constant(_))) {
            return Node::Constant(value.clone());
        }
        Node::Array(nodes)
    }

    /// The members come in AWS's order: what is constant or an object or array of its own as written, then what is
    /// computed in the order of a Java hash map.
    fn object(&mut self, value: &Value, members: &Object) -> Node {
        let mut skeleton = Object::default();
        let mut slots = Vec::new();
        let mut computed = Vec::new();
        for (name, member) in members {
            if let Some(target) = name.strip_suffix(".$") {
                computed.extend(self.computed(name, target, member, members));
                continue;
            }
            let node = self.below(name, |parser| parser.node(member));
            let constant = match node {
                Node::Constant(value) => value,
                node @ (Node::Object(_) | Node::Array(_)) => {
                    let content = Content::Node(node);
                    slots.push(Slot {
                        position: skeleton.len(),
                        content,
                    });
                    Value::Null
                }
            };
            skeleton.insert(name.clone(), constant);
        }
        if slots.is_empty() && computed.is_empty() {
            return Node::Constant(value.clone());
        }
        java::sort_as_hash_map(&mut computed, |(target, _)| target);
        for (target, content) in computed {
            slots.push(Slot {
                position: skeleton.len(),
                content,
            });
            skeleton.insert(target.into(), Value::Null);
        }
        Node::Object(ObjectNode { skeleton, slots })
    }

    fn computed<'m>(
        &mut self,
        name: &Arc<str>,
        target: &'m str,
        member: &Value,
        members: &Object,
    ) -> Option<(&'m str, Content)> {
        if members.contains_key(target) {
            self.error(
                format!("The fields '{target}' and '{name}' cannot be specified together"),
                "both would set the same member",
            );
        }
        let parsed = match member {
            Value::String(text) => Expression::parse(text),
            other => Err(PathError::new(format!(
                "a string is expected, not {}",
                other.type_name()
            ))),
        };
        match parsed {
            Ok(expression) => {
                let variables = expression.variables();
                self.variables.extend(variables.into_iter().map(Arc::from));
                Some((target, Content::Expression(name.clone(), expression)))
            }
            Err(PathError { message }) => {
                self.error(
                    format!(
                        "The value for the field '{name}' must be a valid JSONPath or a valid intrinsic function call"
                    ),
                    &message,
                );
                None
            }
        }
    }

    fn error(&mut self, message: String, reason: &str) {
        self.errors.push(TemplateError {
            pointer: self.pointer.clone(),
            message,
            reason: reason.to_owned(),
        });
    }

    fn below<T>(&mut self, token: &str, parse: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.pointer.len();
        self.pointer.push('/');
        self.pointer
            .push_str(&token.replace('~', "~0").replace('/', "~1"));
        let parsed = parse(self);
        self.pointer.truncate(length);
        parsed
    }
}

#[cfg(test)]
mod tests;
