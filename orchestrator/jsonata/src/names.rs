//! Which names an expression reads, calls and binds.

use std::collections::BTreeSet;

use jsonata_core::ast::{AstNode, BinaryOp, Stage};

use crate::walk;

/// What an expression refers to, without the dollar sign.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// Variables that are read: `$x`.
    pub(crate) read: BTreeSet<String>,
    /// Functions that are called by name: `$x()`.
    pub(crate) called: BTreeSet<String>,
    /// What the expression itself binds: parameters, `:=`, `@$x` and `#$x`.
    pub(crate) bound: BTreeSet<String>,
}

impl Names {
    /// The names of an expression.
    pub(crate) fn of(root: &AstNode) -> Self {
        let mut names = Self::default();
        let mut left = vec![root];
        while let Some(node) = left.pop() {
            names.see(node);
            left.extend(walk::children(node));
        }
        names
    }

    fn see(&mut self, node: &AstNode) {
        match node {
            AstNode::Variable(name) if !name.is_empty() => {
                self.read.insert(name.clone());
            }
            AstNode::Function {
                name,
                is_builtin: true,
                ..
            } => {
                self.called.insert(name.clone());
            }
            AstNode::Lambda { params, .. } => self.bound.extend(params.iter().cloned()),
            AstNode::Binary {
                op: BinaryOp::ColonEqual,
                lhs,
                ..
            } => {
                if let AstNode::Variable(name) = &**lhs {
                    self.bound.insert(name.clone());
                }
            }
            AstNode::Path { steps } => {
                for step in steps {
                    self.bound.extend(step.focus.clone());
                    self.bound.extend(step.index_var.clone());
                    self.bound
                        .extend(step.stages.iter().filter_map(|stage| match stage {
                            Stage::Index(name) => Some(name.clone()),
                            Stage::Filter(_) | Stage::KeepArray => None,
                        }));
                }
            }
            _ => {}
        }
    }
}

/// Whether a name is one of JSONata's or Step Functions' functions.
pub(crate) fn is_function(name: &str) -> bool {
    FUNCTIONS.binary_search(&name).is_ok()
}

/// All of them, sorted.
#[rustfmt::skip]
const FUNCTIONS: &[&str] = &[
    "abs", "append", "assert", "average", "base64decode", "base64encode", "boolean", "ceil", "clone", "contains", "count",
    "decodeUrl", "decodeUrlComponent", "distinct", "each", "encodeUrl", "encodeUrlComponent", "error", "eval", "exists", "filter",
    "floor", "formatBase", "formatInteger", "formatNumber", "fromMillis", "hash", "join", "keys", "length", "lookup", "lowercase",
    "map", "match", "max", "merge", "millis", "min", "not", "now", "number", "pad", "parse", "parseInteger", "partition", "power",
    "random", "range", "reduce", "replace", "reverse", "round", "shuffle", "sift", "single", "sort", "split", "spread", "sqrt",
    "string", "substring", "substringAfter", "substringBefore", "sum", "toMillis", "trim", "type", "uppercase", "uuid", "zip",
];
