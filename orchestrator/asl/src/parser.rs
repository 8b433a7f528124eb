//! From the definition's text to a state machine, or to everything that is wrong with it.
//!
//! ```text
//!   text ──json──▶ tree ──outline──▶ numbered blocks and states ──machine, flow──▶ StateMachine + findings
//! ```
//!
//! Wordings are AWS's where they were recorded or published; the others follow them in style. Read `outline` first, then
//! `fields` (how members are read), `machine`, `state` and the states' own files, `flow` and `findings`.

mod choice;
mod distributed;
mod doubts;
mod errors;
mod fields;
mod findings;
mod flow;
mod lone;
mod machine;
mod map;
mod outline;
mod queries;
mod scope;
mod simple;
mod state;
mod task;
mod timestamp;

use crate::definition::StateMachine;
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::json::{self, Failure, Kind, Node, Span};
use crate::parser::findings::{Findings, Place, Pointer};
use crate::parser::outline::Outline;

/// How strictly a definition is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The longest definition, in bytes.
    pub max_bytes: usize,
    /// Whether it is for an Express machine, which knows no `.sync`, no task tokens and no activities.
    pub express: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_bytes: 1_048_576,
            express: false,
        }
    }
}

/// What parsing gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// The machine; there is none when a finding is an error.
    pub machine: Option<StateMachine>,
    /// All findings, in the order of their places; those without a place come last. At most a thousand.
    pub diagnostics: Vec<Diagnostic>,
}

/// Parses and checks a definition; never stops at the first mistake, except where the text is no JSON.
#[must_use]
pub fn parse(text: &str, options: &Options) -> Parsed {
    match read(text, options) {
        Ok(root) => parse_tree(text, &root, options, Flow::Checked),
        Err(refused) => refused,
    }
}

/// Parses a lone state, as TestState takes it: the states that it names need not be there.
///
/// The machine begins at that state; each state that it names and that is not there stands in it as an empty Succeed state.
/// Findings point to `/States/{name}/…`.
#[must_use]
pub fn parse_state(text: &str, name: &str, options: &Options) -> Parsed {
    match read(text, options) {
        Ok(state) => parse_tree(text, &lone::machine(state, name), options, Flow::Unchecked),
        Err(refused) => refused,
    }
}

/// Whether it is looked into where states lead.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Checked,
    Unchecked,
}

/// The text as a tree whose root is an object; else the finding that says why not.
fn read<'t>(text: &'t str, options: &Options) -> Result<Node<'t>, Parsed> {
    let all = Span {
        start: 0,
        end: text.len(),
    };
    if text.len() > options.max_bytes {
        let message = format!(
            "Definition has {} bytes, more than the maximum of {}",
            text.len(),
            options.max_bytes
        );
        return Err(refused(text, all, message));
    }
    match json::read(text) {
        Ok(root) if matches!(root.kind, Kind::Object(_)) => Ok(root),
        Ok(root) => Err(refused(text, root.span, NO_OBJECT)),
        Err(Failure::Empty) => Err(refused(text, all, NO_OBJECT)),
        Err(Failure::TooDeep { span }) => {
            let message = format!(
                "Definition nests deeper than {} levels",
                expression::value::MAX_DEPTH
            );
            Err(refused(text, span, message))
        }
        Err(Failure::Syntax {
            span,
            seen,
            message,
        }) => Err(no_json(text, span, seen, &message)),
    }
}

const NO_OBJECT: &str = "Definition must be a valid JSON object";

/// The answer when there is nothing to look into.
fn refused(text: &str, span: Span, message: impl Into<String>) -> Parsed {
    let findings = Findings::default();
    findings.error_without_place(Code::SchemaValidationFailed, span, message);
    Parsed {
        machine: None,
        diagnostics: findings.into_diagnostics(text),
    }
}

/// AWS hands on what its JSON library says, with the library's own kind of place, and the place once more in the message.
fn no_json(text: &str, span: Span, seen: usize, message: &str) -> Parsed {
    let place = json::source_place(text, seen);
    let mut parsed = refused(text, span, format!("{message}\n at {place}"));
    for diagnostic in &mut parsed.diagnostics {
        diagnostic.code = Code::InvalidJsonDescription;
        diagnostic.pointer.clone_from(&place);
    }
    parsed
}

fn parse_tree(text: &str, root: &Node<'_>, options: &Options, flow: Flow) -> Parsed {
    let findings = Findings::default();
    let outline = Outline::of(root);
    let place = Place {
        node: root,
        pointer: Pointer::Root,
    };
    machine::repeated_members(&place, &findings);
    let draft = machine::read(&place, &outline, &findings, options);
    if flow == Flow::Checked {
        flow::check(&outline, &draft.starts, &draft.ways, &findings);
    }
    let machine = draft.machine.filter(|_| findings.is_usable());
    let diagnostics = findings.into_diagnostics(text);
    debug_assert_eq!(
        machine.is_none(),
        diagnostics
            .iter()
            .any(|diagnostic| diagnostic.severity == Severity::Error),
        "there is a machine or an error"
    );
    Parsed {
        machine,
        diagnostics,
    }
}
