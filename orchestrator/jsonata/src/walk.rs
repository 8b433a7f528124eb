//! The parts of a parsed expression, one level at a time. Who looks through all of it keeps a list of what is left: no recursion, however
//! deep it nests.

use jsonata_core::ast::{AstNode, PathStep, Stage};

/// The expressions right below a node, in the order of the text.
pub(crate) fn children(node: &AstNode) -> Vec<&AstNode> {
    match node {
        AstNode::Path { steps } => steps.iter().flat_map(step_children).collect(),
        AstNode::Binary { lhs, rhs, .. } => vec![lhs, rhs],
        AstNode::Unary { operand, .. } => vec![operand],
        AstNode::Function { args, .. } => args.iter().collect(),
        AstNode::Call { procedure, args } => std::iter::once(&**procedure).chain(args).collect(),
        AstNode::Lambda { body, .. } => vec![body],
        AstNode::Array(items) | AstNode::ArrayGroup(items) | AstNode::Block(items) => {
            items.iter().collect()
        }
        AstNode::Object(pairs) => pairs.iter().flat_map(|(key, value)| [key, value]).collect(),
        AstNode::ObjectTransform { input, pattern } => std::iter::once(&**input)
            .chain(pattern.iter().flat_map(|(key, value)| [key, value]))
            .collect(),
        AstNode::Conditional {
            condition,
            then_branch,
            else_branch,
        } => [condition, then_branch]
            .into_iter()
            .chain(else_branch)
            .map(|node| &**node)
            .collect(),
        AstNode::FunctionApplication(inner) => vec![inner],
        AstNode::Sort { input, terms } => std::iter::once(&**input)
            .chain(terms.iter().map(|(term, _)| term))
            .collect(),
        AstNode::Transform {
            location,
            update,
            delete,
        } => [location, update]
            .into_iter()
            .chain(delete)
            .map(|node| &**node)
            .collect(),
        AstNode::String(_)
        | AstNode::Name(_)
        | AstNode::Number(_)
        | AstNode::Boolean(_)
        | AstNode::Null
        | AstNode::Undefined
        | AstNode::Placeholder
        | AstNode::Regex { .. }
        | AstNode::Variable(_)
        | AstNode::ParentVariable(_)
        | AstNode::Wildcard
        | AstNode::Descendant
        | AstNode::Parent(_) => Vec::new(),
    }
}

fn step_children(step: &PathStep) -> impl Iterator<Item = &AstNode> {
    let filters = step.stages.iter().filter_map(|stage| match stage {
        Stage::Filter(filter) => Some(&**filter),
        Stage::KeepArray | Stage::Index(_) => None,
    });
    std::iter::once(&step.node).chain(filters)
}

/// Where an expression stands: a step of a path means something else than the same text elsewhere.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// A step of a path.
    Step,
    /// A name that `:=` binds.
    Bound,
    /// Where its value only goes into the result.
    Result,
    /// The function that the right of `~>` calls with the left.
    Applied,
    /// Anywhere else.
    Operand,
}

/// The expressions right below a node, to be changed.
pub(crate) fn children_mut(node: &mut AstNode) -> Vec<(Place, &mut AstNode)> {
    use jsonata_core::ast::BinaryOp;

    let operand = |node| (Place::Operand, node);
    match node {
        AstNode::Path { steps } => {
            let mut children = Vec::with_capacity(steps.len());
            for step in steps {
                children.push((Place::Step, &mut step.node));
                for stage in &mut step.stages {
                    if let Stage::Filter(filter) = stage {
                        children.push((Place::Operand, &mut **filter));
                    }
                }
            }
            children
        }
        AstNode::Binary { op, lhs, rhs } => {
            let right = match op {
                BinaryOp::ChainPipe => Place::Applied,
                _ => Place::Operand,
            };
            let left = match op {
                BinaryOp::ColonEqual => Place::Bound,
                // What the name after `@` or `#` is bound to is a step.
                BinaryOp::FocusBind | BinaryOp::IndexBind => Place::Step,
                _ => Place::Operand,
            };
            vec![(left, &mut **lhs), (right, &mut **rhs)]
        }
        AstNode::Unary { operand: inner, .. } => vec![operand(&mut **inner)],
        AstNode::Function { args, .. } => args.iter_mut().map(operand).collect(),
        AstNode::Call { procedure, args } => std::iter::once(&mut **procedure)
            .chain(args)
            .map(operand)
            .collect(),
        AstNode::Lambda { body, .. } => vec![operand(&mut **body)],
        AstNode::Array(items) | AstNode::ArrayGroup(items) | AstNode::Block(items) => {
            items.iter_mut().map(operand).collect()
        }
        AstNode::Object(pairs) => pairs
            .iter_mut()
            .flat_map(|(key, value)| [operand(key), operand(value)])
            .collect(),
        AstNode::ObjectTransform { input, pattern } => std::iter::once((Place::Step, &mut **input))
            .chain(
                pattern
                    .iter_mut()
                    .flat_map(|(key, value)| [operand(key), operand(value)]),
            )
            .collect(),
        AstNode::Conditional {
            condition,
            then_branch,
            else_branch,
        } => [condition, then_branch]
            .into_iter()
            .chain(else_branch)
            .map(|node| operand(&mut **node))
            .collect(),
        AstNode::FunctionApplication(inner) => vec![operand(&mut **inner)],
        AstNode::Sort { input, terms } => std::iter::once((Place::Step, &mut **input))
            .chain(terms.iter_mut().map(|(term, _)| operand(term)))
            .collect(),
        AstNode::Transform {
            location,
            update,
            delete,
        } => [location, update]
            .into_iter()
            .chain(delete)
            .map(|node| (Place::Step, &mut **node))
            .collect(),
        AstNode::String(_)
        | AstNode::Name(_)
        | AstNode::Number(_)
        | AstNode::Boolean(_)
        | AstNode::Null
        | AstNode::Undefined
        | AstNode::Placeholder
        | AstNode::Regex { .. }
        | AstNode::Variable(_)
        | AstNode::ParentVariable(_)
        | AstNode::Wildcard
        | AstNode::Descendant
        | AstNode::Parent(_) => Vec::new(),
    }
}
