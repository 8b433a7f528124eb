//! Names: of states, unique in the whole definition, and of variables, which inner blocks may read but not assign again.

use std::collections::HashSet;

use crate::definition::{BlockId, StateId};
use crate::diagnostic::Code;
use crate::parser::findings::{Findings, Place, Pointer};
use crate::parser::outline::{Outline, variable_name};

/// How long names may be, in characters (quotas page, "State name" and "Variable name").
const MAX_NAME: usize = 80;

/// The state names seen so far.
#[derive(Default)]
pub(crate) struct Names<'t> {
    seen: HashSet<&'t str>,
}

impl<'t> Names<'t> {
    /// Checks one state's name.
    pub(crate) fn check(&mut self, outline: &'t Outline<'_>, id: StateId, findings: &Findings) {
        let state = outline.state(id);
        let pointer = Pointer::State(outline, id);
        if state.name.chars().count() > MAX_NAME {
            findings.schema_at(
                pointer,
                state.name_span,
                format!("State name is longer than {MAX_NAME} characters"),
            );
        }
        if !self.seen.insert(state.name) {
            findings.error(
                Code::DuplicateStateName,
                pointer,
                state.name_span,
                format!("Duplicate State name: {}", state.name),
            );
        }
    }
}

/// Checks the variables that an `Assign` of a state in that block sets.
pub(crate) fn check_assign(
    outline: &Outline<'_>,
    block: BlockId,
    assign: &Place<'_, '_>,
    findings: &Findings,
) {
    for member in assign.node.members() {
        let name = variable_name(&member.name);
        let message = if let Some(reason) = bad_variable_name(name) {
            format!("Variable name '{name}' {reason}")
        } else if outline.is_assigned_outside(block, name) {
            format!("Variable '{name}' is already assigned in an outer scope")
        } else {
            continue;
        };
        findings.schema_at(assign.pointer, member.name_span, message);
    }
}

/// Why a text can't name a variable: names are Unicode identifiers.
fn bad_variable_name(name: &str) -> Option<String> {
    let is_start = |character: char| character.is_alphabetic() || character == '_';
    let is_rest = |character: char| character.is_alphanumeric() || character == '_';
    if name.chars().count() > MAX_NAME {
        return Some(format!("is longer than {MAX_NAME} characters"));
    }
    if name == "states" {
        return Some("is reserved".to_owned());
    }
    let valid = name.starts_with(is_start) && name.chars().all(is_rest);
    (!valid).then(|| "must start with a letter and go on with letters, digits and _".to_owned())
}
