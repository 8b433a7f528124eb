//! Keeps a parsed expression within bounds: what can grow out of all proportion in one step is replaced by functions that look first.
//!
//! The language's implementation checks time and depth between steps, but a single step may double a string, look through a value that
//! shares its parts a million times, or search a text for hours. So
//!
//! - `a & b`, `a..b` and the calls of `$pad`, `$join`, `$replace` and `$string` look at what they are given,
//! - what is searched for, and pictures, are looked at before they are used,
//! - arrays, objects and whatever functions make of them are looked at after they were made, unless they only go into the result,
//!
//! all by functions of [`crate::functions`], whose names no expression can write.

use jsonata_core::ast::{AstNode, BinaryOp, PathStep};
use jsonata_core::parser;

use crate::functions::{
    ADDEND, BOUNDED, CONCATENATE, DISTINCT, END, FINITE, FRAMED, LETTERS, LOCATED, MADE, MILLIS,
    NUMERAL, PART, PICTURE, SCANNED, SEARCHED, SIZED, STAMP, TEXT, WIDTH, ZONE, written_out,
};
use crate::names::Names;
use crate::walk::{self, Place};

/// The largest regular expression, written out, that may be kept and called as a function.
const LARGEST_FUNCTION: usize = 256;

/// Changes a whole expression. `names` are those of the expression: a name that it binds itself is its own.
pub(crate) fn guard(root: &mut AstNode, names: &Names) {
    let is_maker = |name: &str| names.read.contains(name) && !names.bound.contains(name);
    let mut guard = Guard {
        names,
        lends_makers: MAKERS.iter().any(|name| is_maker(name)),
        sites: 0,
    };
    let mut left = Vec::new();
    guard.result(root, &mut left);
    while let Some((place, node)) = left.pop() {
        guard.node(place, node, &mut left);
    }
}

struct Guard<'n> {
    names: &'n Names,
    /// Whether it hands such functions on by name, so that any call may be one of theirs: `$f := $zip`.
    lends_makers: bool,
    /// How many calls there are whose arguments are looked at together.
    sites: u32,
}

type Left<'a> = Vec<(Place, &'a mut AstNode)>;

impl Guard<'_> {
    /// What stands where its value is the result, and nothing else: its size is looked at when the result is taken over.
    fn result<'a>(&mut self, node: &'a mut AstNode, left: &mut Left<'a>) {
        let mut open = vec![node];
        while let Some(node) = open.pop() {
            match node {
                AstNode::Block(items) => {
                    let last = items.split_last_mut();
                    if let Some((last, before)) = last {
                        left.extend(before.iter_mut().map(|node| (Place::Operand, node)));
                        open.push(last);
                    }
                }
                AstNode::Conditional {
                    condition,
                    then_branch,
                    else_branch,
                } => {
                    left.push((Place::Operand, condition));
                    open.push(then_branch);
                    open.extend(else_branch.as_deref_mut());
                }
                AstNode::Object(pairs) => {
                    for (key, value) in pairs {
                        left.push((Place::Operand, key));
                        open.push(value);
                    }
                }
                node => left.push((Place::Result, node)),
            }
        }
    }

    fn node<'a>(&mut self, place: Place, node: &'a mut AstNode, left: &mut Left<'a>) {
        // What is put around a node is not looked at again: what is inside it is.
        let node = match (place, self.maker(node)) {
            (Place::Operand, Some(function)) => wrapped(node, function),
            _ => node,
        };
        match node {
            AstNode::Variable(name)
                if place != Place::Bound && !self.names.bound.contains(name) =>
            {
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
                    for end in [lhs, rhs] {
                        wrap_number(end, END);
                    }
                    let range = take(node);
                    *node = call(BOUNDED, vec![range]);
                    // The range itself is seen to; what is left are its ends.
                    left.extend(
                        walk::children_mut(node)
                            .into_iter()
                            .flat_map(|(_, range)| walk::children_mut(range)),
                    );
                    return;
                }
                BinaryOp::ChainPipe => match &mut **rhs {
                    AstNode::Function { name, args, .. }
                        if !self.names.bound.contains(name)
                            && !args.contains(&AstNode::Placeholder) =>
                    {
                        let name = name.clone();
                        let count = args.len() + 1;
                        let all = std::iter::once(&mut **lhs).chain(args);
                        self.arguments(&name, count, all);
                    }
                    AstNode::Regex { .. } => {
                        let searched = vec![take(lhs), (**rhs).clone()];
                        **lhs = call(SEARCHED, searched);
                    }
                    _ => {}
                },
                _ => {}
            },
            AstNode::Function {
                name,
                args,
                is_builtin: true,
            } if args.contains(&AstNode::Placeholder) && !self.names.bound.contains(name) => {
                // A part of the arguments comes later: then all of them are looked at.
                if let Some(function) = as_function(name) {
                    *node = AstNode::Call {
                        procedure: Box::new(function),
                        args: std::mem::take(args),
                    };
                }
            }
            AstNode::Function {
                name,
                args,
                is_builtin: true,
            } if place != Place::Applied && !self.names.bound.contains(name) => {
                if name == "now" && !args.is_empty() && !args.contains(&AstNode::Placeholder) {
                    // The moment is an argument, so it is one for the formatting function, too.
                    rename(name, "fromMillis");
                    args.insert(0, call(MILLIS, Vec::new()));
                }
                if name == "distinct" && args.len() == 1 && !args.contains(&AstNode::Placeholder) {
                    rename(name, DISTINCT);
                }
                if place == Place::Step && takes_context(name, args) {
                    args.insert(0, AstNode::Variable(String::new()));
                }
                let name = name.clone();
                self.arguments(&name, args.len(), args.iter_mut());
            }
            AstNode::Transform { location, .. } => {
                let located = vec![take(location), AstNode::Variable(String::new())];
                **location = call(LOCATED, located);
            }
            AstNode::Regex { pattern, .. }
                if place == Place::Operand && written_out(pattern) > LARGEST_FUNCTION =>
            {
                let regex = take(node);
                *node = call(SEARCHED, vec![AstNode::Undefined, regex]);
                return;
            }
            _ => {}
        }
        // What is searched for was seen to where it is handed over.
        let is_search =
            matches!(node, AstNode::Function { name, .. } if name == SCANNED || name == SEARCHED);
        // An array within an array is no call: calls are taken for what they return. A path within a path's step may ask for its parents.
        let is_array = matches!(node, AstNode::Array(_) | AstNode::ArrayGroup(_));
        let is_step = place == Place::Step && matches!(node, AstNode::Block(_));
        let is_around_step =
            place == Place::Step && matches!(node, AstNode::FunctionApplication(_));
        if let AstNode::Lambda { body, .. } = node {
            return self.tail(body, left);
        }
        let children = walk::children_mut(node);
        let last = children.len().saturating_sub(1);
        for (index, (place, child)) in children.into_iter().enumerate() {
            let is_seen_to = is_search
                || is_array && matches!(child, AstNode::Array(_))
                || is_step && index == last;
            left.push(match (is_around_step, is_seen_to) {
                (true, _) => (Place::Step, child),
                (_, true) => (Place::Result, child),
                (false, false) => (place, child),
            });
        }
    }

    /// Which function looks at what a node makes, if it makes something that can grow.
    fn maker(&self, node: &AstNode) -> Option<&'static str> {
        match node {
            AstNode::Array(items) if !items.iter().all(is_plain) => Some(MADE),
            AstNode::Object(pairs) if !pairs.iter().all(|(_, value)| is_plain(value)) => {
                Some(SIZED)
            }
            AstNode::ObjectTransform { .. } => Some(SIZED),
            AstNode::Path { steps } if steps.iter().skip(1).any(makes) => Some(SIZED),
            AstNode::Binary {
                op: BinaryOp::ChainPipe,
                ..
            } => Some(SIZED),
            AstNode::Call { args, .. }
                if self.lends_makers && !args.contains(&AstNode::Placeholder) =>
            {
                Some(SIZED)
            }
            AstNode::Function { name, args, .. }
                if self.names.bound.contains(name) && !args.contains(&AstNode::Placeholder) =>
            {
                self.lends_makers.then_some(SIZED)
            }
            AstNode::Function { name, args, .. }
                if MAKERS.contains(&name.as_str()) && !args.contains(&AstNode::Placeholder) =>
            {
                Some(MADE)
            }
            _ => None,
        }
    }

    /// Goes on with a function's body. What it returns is looked at where it is called, so that a function can call itself last as often as it
    /// likes.
    fn tail<'a>(&self, body: &'a mut AstNode, left: &mut Left<'a>) {
        let mut open = vec![body];
        while let Some(node) = open.pop() {
            match node {
                AstNode::Block(items) => {
                    if let Some((last, before)) = items.split_last_mut() {
                        left.extend(before.iter_mut().map(|node| (Place::Operand, node)));
                        open.push(last);
                    }
                }
                AstNode::Conditional {
                    condition,
                    then_branch,
                    else_branch,
                } => {
                    left.push((Place::Operand, condition));
                    open.push(then_branch);
                    open.extend(else_branch.as_deref_mut());
                }
                node => {
                    let is_call = match &*node {
                        AstNode::Call { .. } => true,
                        AstNode::Function { name, .. } => self.names.bound.contains(name),
                        _ => false,
                    };
                    let place = if is_call {
                        Place::Result
                    } else {
                        Place::Operand
                    };
                    left.push((place, node));
                }
            }
        }
    }

    fn site(&mut self) -> u32 {
        self.sites += 1;
        self.sites - 1
    }

    /// Lets the arguments of a call be looked at before the call.
    fn arguments<'a>(
        &mut self,
        name: &str,
        count: usize,
        all: impl Iterator<Item = &'a mut AstNode>,
    ) {
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
            "formatInteger" => {
                let mut all: Vec<_> = all.collect();
                if let [number, picture] = &mut all[..] {
                    let written = take(picture);
                    **number = call(NUMERAL, vec![take(number), written.clone()]);
                    **picture = call(FRAMED, vec![written]);
                }
            }
            "parseInteger" => {
                let mut all: Vec<_> = all.collect();
                if let [text, picture] = &mut all[..] {
                    let written = take(picture);
                    **text = call(LETTERS, vec![take(text), written.clone()]);
                    **picture = call(FRAMED, vec![written]);
                }
            }
            "formatBase" | "formatNumber" | "fromMillis" => {
                let functions = match name {
                    "formatBase" => &[FINITE][..],
                    "formatNumber" => &[FINITE, FRAMED],
                    _ => &[ADDEND, FRAMED, ZONE],
                };
                for (argument, function) in all.zip(functions) {
                    wrap(argument, function, &[]);
                }
            }
            "substring" => all.for_each(|argument| wrap_number(argument, ADDEND)),
            "match" | "contains" | "split" if count > 1 => {
                let site = self.site();
                for (position, argument) in (0_u32..).zip(all.take(2)) {
                    wrap(
                        argument,
                        SCANNED,
                        &[site, position, u32::from(name == "contains")],
                    );
                }
            }
            "join" | "replace" => {
                let replaces = name == "replace";
                let (site, search) = (self.site(), self.site());
                for (position, argument) in (0_u32..).zip(all) {
                    wrap(argument, PART, &[site, u32::from(replaces), position]);
                    if replaces {
                        wrap(argument, SCANNED, &[search, position, 2]);
                    }
                }
            }
            _ => {}
        }
    }
}

/// The functions that make arrays, objects and texts of others.
#[rustfmt::skip]
const MAKERS: &[&str] = &[
    "append", "base64decode", "base64encode", "decodeUrl", "decodeUrlComponent", "distinct", "each", "encodeUrl",
    "encodeUrlComponent", "filter", "keys", "lowercase", "map", "match", "merge", "partition", "reduce", "reverse", "shuffle",
    "sift", "sort", "split", "spread", "substring", "substringAfter", "substringBefore", "trim", "uppercase", "zip",
];

/// Whether a step makes something for each value that it is given.
fn makes(step: &PathStep) -> bool {
    !matches!(
        step.node,
        AstNode::Name(_)
            | AstNode::String(_)
            | AstNode::Number(_)
            | AstNode::Wildcard
            | AstNode::Descendant
            | AstNode::Parent(_)
    )
}

/// Whether nothing large can come of a node.
fn is_plain(node: &AstNode) -> bool {
    matches!(
        node,
        AstNode::String(_)
            | AstNode::Number(_)
            | AstNode::Boolean(_)
            | AstNode::Null
            | AstNode::Undefined
            | AstNode::Regex { .. }
    )
}

/// Whether a call leaves out the text that it searches: it is then what a path has come to.
fn takes_context(name: &str, args: &[AstNode]) -> bool {
    if args.is_empty() || args.contains(&AstNode::Placeholder) {
        return false;
    }
    match name {
        "match" | "contains" | "split" => args.len() == 1,
        "replace" => args.len() == 2 || matches!(args, [_, _, AstNode::Number(_)]),
        _ => false,
    }
}

/// The function of that name as an expression, where calling it must be looked at: `$map($items, $pad)`.
fn as_function(name: &str) -> Option<AstNode> {
    let parameters = match name {
        "string" | "distinct" => "$_1",
        "join" | "contains" | "formatBase" | "formatInteger" | "parseInteger" | "toMillis" => {
            "$_1, $_2"
        }
        "pad" | "match" | "split" | "formatNumber" | "fromMillis" | "substring" => "$_1, $_2, $_3",
        "replace" => "$_1, $_2, $_3, $_4",
        _ => return None,
    };
    let text = format!("function({parameters}) {{ ${name}({parameters}) }}");
    Some(parser::parse(&text).expect("the text is a function"))
}

fn rename(name: &mut String, other: &str) {
    name.clear();
    name.push_str(other);
}

/// Puts a function around a node, and gives what is inside it now.
fn wrapped<'a>(node: &'a mut AstNode, function: &str) -> &'a mut AstNode {
    wrap(node, function, &[]);
    match node {
        AstNode::Function { args, .. } => args.last_mut().expect("it was put there"),
        _ => unreachable!("it was just made a call"),
    }
}

fn wrap(argument: &mut AstNode, function: &str, numbers: &[u32]) {
    let numbers = numbers
        .iter()
        .map(|number| AstNode::number((*number).into()));
    let arguments = numbers.chain([take(argument)]).collect();
    *argument = call(function, arguments);
}

/// Puts a function around what may be a number that it changes.
fn wrap_number(argument: &mut AstNode, function: &str) {
    let is_harmless = match &*argument {
        AstNode::Number(number) => number.abs() < 1e15,
        other => is_plain(other),
    };
    if !is_harmless {
        wrap(argument, function, &[]);
    }
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
