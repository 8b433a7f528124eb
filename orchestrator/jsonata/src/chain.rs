//! The short cut for expressions that only read: `$states.input.order.id`, `$items`.
//!
//! Most expressions are of this kind. Their result is a part of what is there already, so it is shared instead of copied, and its numbers
//! stay exactly what they were.

use expression::value::Value;
use jsonata_core::ast::{AstNode, PathStep};

use crate::bindings::Bindings;

/// A variable and the members below it.
#[derive(Debug)]
pub(crate) struct Chain {
    variable: String,
    members: Vec<String>,
}

impl Chain {
    /// The chain that an expression is, if it is nothing else.
    pub(crate) fn of(node: &AstNode) -> Option<Self> {
        match node {
            AstNode::Variable(variable) if !variable.is_empty() => Some(Self {
                variable: variable.clone(),
                members: Vec::new(),
            }),
            AstNode::Path { steps } => {
                let (first, rest) = steps.split_first()?;
                let (AstNode::Variable(variable), true) = (&first.node, is_plain(first)) else {
                    return None;
                };
                let members: Option<Vec<String>> = rest
                    .iter()
                    .map(|step| match &step.node {
                        AstNode::Name(name) if is_plain(step) => Some(name.clone()),
                        _ => None,
                    })
                    .collect();
                Some(Self {
                    variable: variable.clone(),
                    members: members?,
                })
                .filter(|chain| !chain.variable.is_empty())
            }
            _ => None,
        }
    }

    /// What the chain leads to, or within that `None` where it leads nowhere; `None` where an array stands in its way, over which a path
    /// maps, or where the variable is not set and may be a function.
    pub(crate) fn resolve(&self, bindings: &Bindings) -> Option<Option<Value>> {
        let (value, rest) = bindings.resolve(&self.variable, &self.members)?;
        let mut value = &value;
        for member in rest {
            match value {
                Value::Object(members) => match members.get(member.as_str()) {
                    Some(found) => value = found,
                    None => return Some(None),
                },
                Value::Array(_) => return None,
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                    return Some(None);
                }
            }
        }
        Some(Some(value.clone()))
    }
}

fn is_plain(step: &PathStep) -> bool {
    step.stages.is_empty()
        && step.focus.is_none()
        && step.index_var.is_none()
        && step.ancestor_label.is_none()
        && !step.is_tuple
        && !step.inner_tuple
}
