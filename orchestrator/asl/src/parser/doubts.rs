//! Warns of texts that look like paths or calls and are none where they stand: AWS's warnings of a definition that can be used.
//!
//! Source: the API reference, `ValidateStateMachineDefinitionDiagnostic`, list of warning codes. A text that JSONata would compute says so
//! itself, between `{%` and `%}`: there is nothing to doubt.

use expression::template::Expression;

use crate::diagnostic::Code;
use crate::json::{Kind, Node};
use crate::parser::findings::{Findings, Place, Pointer};

/// The members that are payload templates: what is computed there has a name that ends with `.$`.
const TEMPLATES: &[&str] = &[
    "Parameters",
    "ResultSelector",
    "ItemSelector",
    "Assign",
    "Credentials",
    "BatchInput",
];

/// The members that hold states of their own, which are looked at by themselves.
const INNER: &[&str] = &["Branches", "ItemProcessor", "Iterator"];

/// Looks through a state whose language is JSONPath.
pub(crate) fn of_state(state: &Place<'_, '_>, findings: &Findings) {
    let is_pass = state.node.get("Type").and_then(|kind| kind.value.as_str()) == Some("Pass");
    for member in state.node.members() {
        let name = &*member.name;
        let place = Place {
            node: &member.value,
            pointer: Pointer::Field(&state.pointer, name),
        };
        if is_pass && name == "Result" {
            of_result(&place, findings);
        } else if !INNER.contains(&name) {
            of_field(name, &place, findings);
        }
    }
}

/// A field of a state, or of what stands in it: a rule, a retrier, a reader.
fn of_field(name: &str, place: &Place<'_, '_>, findings: &Findings) {
    if TEMPLATES.contains(&name) {
        return of_template(place, findings);
    }
    if has_path_twin(name) && looks_computed(place.node) {
        findings.warning(
            Code::NoPath,
            place.pointer,
            place.node.span,
            format!(
                "The value of the field '{name}' looks like a path, and is used as it is; the field that takes a path is '{name}Path'"
            ),
        );
    }
    each_below(place, |name, below| match name {
        Some(name) => of_field(name, below, findings),
        None => of_field("", below, findings),
    });
}

fn of_template(place: &Place<'_, '_>, findings: &Findings) {
    each_below(place, |name, below| {
        if let Some(name) = name.filter(|name| !name.ends_with(".$"))
            && looks_computed(below.node)
        {
            findings.warning(
                Code::NoDollar,
                below.pointer,
                below.node.span,
                format!(
                    "The value of the field '{name}' looks like a JSONPath or an intrinsic function call, and is used as it is; to have it computed, name the field '{name}.$'"
                ),
            );
        }
        of_template(below, findings);
    });
}

fn of_result(place: &Place<'_, '_>, findings: &Findings) {
    if looks_computed(place.node) {
        findings.warning(
            Code::PassResultIsStatic,
            place.pointer,
            place.node.span,
            "The Result of a Pass state is used as it is: nothing in it is computed, as it would be in Parameters",
        );
    }
    each_below(place, |_, below| of_result(below, findings));
}

/// Whether a field of that name has one beside it that takes a path, and itself takes any text.
fn has_path_twin(name: &str) -> bool {
    matches!(
        name,
        "Error"
            | "Cause"
            | "StringEquals"
            | "StringLessThan"
            | "StringLessThanEquals"
            | "StringGreaterThan"
            | "StringGreaterThanEquals"
    )
}

/// Whether a value is a text that could be computed. A lone `$name` may be a text of its own, such as `$HOME`.
fn looks_computed(node: &Node<'_>) -> bool {
    let Some(text) = node.as_str() else {
        return false;
    };
    match Expression::parse(text) {
        Ok(Expression::Path(path)) => match path.variable() {
            Some(name) => text.len() > name.len() + 1,
            None => true,
        },
        Ok(Expression::Call(_)) => true,
        Err(_) => false,
    }
}

/// Gives each member with its name, and each item without one.
fn each_below(place: &Place<'_, '_>, mut look: impl FnMut(Option<&str>, &Place<'_, '_>)) {
    match &place.node.kind {
        Kind::Object(members) => {
            for member in &members.list {
                let below = Place {
                    node: &member.value,
                    pointer: Pointer::Field(&place.pointer, &member.name),
                };
                look(Some(&member.name), &below);
            }
        }
        Kind::Array(_) => {
            for below in place.items() {
                look(None, &below);
            }
        }
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::String(_) => {}
    }
}
