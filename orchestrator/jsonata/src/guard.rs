//! Keeps a parsed expression within bounds: what can grow out of all proportion in one step is replaced by functions that look first.
//!
//! The language's implementation checks time and depth between steps, but a single step may double a string or make a hundred million
//! characters of padding. `a & b`, `a..b` and the calls of `$pad`, `$join`, `$replace` and `$string` therefore go through functions of
//! [`crate::functions`], whose names no expression can write.

use jsonata_core::ast::{AstNode, BinaryOp};
use jsonata_core::parser;

use crate::functions::{BOUNDED, CONCATENATE, MILLIS, PART, PICTURE, STAMP, TEXT, WIDTH};
use crate::names::Names;
use crate::walk::{self, Place};

/// Changes a whole expression. `names` are those of the expression: a name that it binds itself is its own.
pub(crate) fn guard(root: &mut AstNode, names: &Names) {
    let mut sites = 0;
    let mut left = vec![(Place::Operand, root)];
    while let Some((place, node)) = left.pop() {
        match node {
            AstNode::Variable(name) if place != Place::Step && !names.bound.contains(name) => {
                if let Some(function) = as_function(name) {
                    *node = function;
                }
            }
            AstNode::Binary { op, lhs, rhs } if place != Place::Step => match op {
                BinaryOp::Concatenate => {
                    let operands = vec![take(lhs), take(rhs)];
                    *node = call(CONCATENATE, operands);
                }
                BinaryOp::Range => {
                    let range = take(node);
                    *node = call(BOUNDED, vec![range]);
                    // The range itself is seen to; what is left are its ends.
                    left.extend(
                        walk::children_mut(node)
                            .into_iter()
                            .flat_map(|(_, range)| walk::children_mut(range)),
                    );
                    continue;
                }
                BinaryOp::ChainPipe => {
                    if let AstNode::Function { name, args, .. } = &mut **rhs
                        && !names.bound.contains(name)
                        && !args.contains(&AstNode::Placeholder)
                    {
                        let name = name.clone();
                        let all = std::iter::once(&mut **lhs).chain(args);
                        arguments(&name, all, &mut sites);
                    }
                }
                _ => {}
            },
            AstNode::Function {
                name,
                args,
                is_builtin: true,
            } if place != Place::Applied && !names.bound.contains(name) => {
                if name == "now" && !args.is_empty() && !args.contains(&AstNode::Placeholder) {
                    // The moment is an argument, so it is one for the formatting function, too.
                    name.clear();
                    name.push_str("fromMillis");
                    args.insert(0, call(MILLIS, Vec::new()));
                }
                let name = name.clone();
                arguments(&name, args.iter_mut(), &mut sites);
            }
            _ => {}
        }
        left.extend(walk::children_mut(node));
    }
}

/// Lets the arguments of a call be looked at before the call.
fn arguments<'a>(name: &str, all: impl Iterator<Item = &'a mut AstNode>, sites: &mut u32) {
    let all = all.filter(|argument| **argument != AstNode::Placeholder);
    match name {
        "pad" => all.for_each(|argument| wrap(argument, WIDTH, &[])),
        "string" => all.take(1).for_each(|argument| wrap(argument, TEXT, &[])),
        "toMillis" => {
            let mut all: Vec<_> = all.collect();
            if let [timestamp, picture] = &mut all[..] {
                let written = take(picture);
                **timestamp = call(STAMP, vec![take(timestamp), written.clone()]);
                **picture = call(PICTURE, vec![written]);
            }
        }
        "join" | "replace" => {
            let kind = u32::from(name == "replace");
            for (position, argument) in (0_u32..).zip(all) {
                wrap(argument, PART, &[*sites, kind, position]);
            }
            *sites += 1;
        }
        _ => {}
    }
}

/// The function of that name as an expression, where calling it must be looked at: `$map($items, $pad)`.
fn as_function(name: &str) -> Option<AstNode> {
    let text = match name {
        "pad" => "function($string, $width, $char) { $pad($string, $width, $char) }",
        "join" => "function($parts, $separator) { $join($parts, $separator) }",
        "replace" => {
            "function($string, $pattern, $by, $limit) { $replace($string, $pattern, $by, $limit) }"
        }
        _ => return None,
    };
    Some(parser::parse(text).expect("the text is a function"))
}

fn wrap(argument: &mut AstNode, function: &str, numbers: &[u32]) {
    let numbers = numbers
        .iter()
        .map(|number| AstNode::number((*number).into()));
    let arguments = numbers.chain([take(argument)]).collect();
    *argument = call(function, arguments);
}

fn call(name: &str, args: Vec<AstNode>) -> AstNode {
    AstNode::Function {
        name: name.to_owned(),
        args,
        is_builtin: true,
    }
}

fn take(node: &mut AstNode) -> AstNode {
    std::mem::replace(node, AstNode::Null)
}
