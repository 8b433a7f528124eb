//! From the definition's text to a state machine, or to everything that is wrong with it.
//!
//! ```text
//!   text ──json──▶ tree ──outline──▶ numbered blocks and states ──state, flow──▶ StateMachine + findings
//! ```
//!
//! Wordings are AWS's where they were recorded or published; the others follow them in style. Read `outline` first, then
//! `fields` (how members are read), `state` and the states' own files, `flow` and `findings`.

mod choice;
mod distributed;
mod errors;
mod fields;
mod findings;
mod flow;
mod map;
mod outline;
mod scope;
mod simple;
mod state;
mod task;
mod timestamp;

use crate::definition::{Block, BlockId, QueryLanguage, StateMachine};
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::json::{self, Failure, Kind, Node, Span, line_and_column};
use crate::parser::fields::{Fields, In, Known, MAX_SECONDS};
use crate::parser::findings::{Findings, Place, Pointer};
use crate::parser::flow::{Start, Ways};
use crate::parser::outline::Outline;
use crate::parser::state::Reader;

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

const MACHINE: Known = &[&[
    ("Comment", In::Both),
    ("StartAt", In::Both),
    ("States", In::Both),
    ("Version", In::Both),
    ("TimeoutSeconds", In::Both),
    ("QueryLanguage", In::Both),
]];

const BRANCH: Known = &[&[
    ("Comment", In::Both),
    ("StartAt", In::Both),
    ("States", In::Both),
]];

const PROCESSOR: Known = &[&[
    ("Comment", In::Both),
    ("ProcessorConfig", In::Both),
    ("StartAt", In::Both),
    ("States", In::Both),
]];

/// Parses and checks a definition; never stops at the first mistake, except where the text is no JSON.
#[must_use]
pub fn parse(text: &str, options: &Options) -> Parsed {
    if text.len() > options.max_bytes {
        let message = format!(
            "Definition has {} bytes, more than the maximum of {}",
            text.len(),
            options.max_bytes
        );
        return refused(text, |findings, all| {
            findings.error_without_place(Code::SchemaValidationFailed, all, message);
        });
    }
    match json::read(text) {
        Ok(root) => parse_tree(text, &root, options),
        Err(Failure::Empty) => refused(text, |findings, all| {
            findings.error_without_place(Code::SchemaValidationFailed, all, NO_OBJECT);
        }),
        Err(Failure::TooDeep { span }) => refused(text, |findings, _| {
            findings.error_without_place(
                Code::SchemaValidationFailed,
                span,
                format!(
                    "Definition nests deeper than {} levels",
                    expression::value::MAX_DEPTH
                ),
            );
        }),
        Err(Failure::Syntax {
            span,
            seen,
            message,
        }) => no_json(text, span, seen, &message),
    }
}

const NO_OBJECT: &str = "Definition must be a valid JSON object";

/// The answer when there is nothing to look into.
fn refused(text: &str, report: impl FnOnce(&Findings, Span)) -> Parsed {
    let findings = Findings::default();
    let all = Span {
        start: 0,
        end: text.len(),
    };
    report(&findings, all);
    Parsed {
        machine: None,
        diagnostics: findings.into_diagnostics(text),
    }
}

/// AWS hands on what its JSON library says, with the library's own kind of place, and the place once more in the message.
fn no_json(text: &str, span: Span, seen: usize, message: &str) -> Parsed {
    let (line, column) = line_and_column(text, seen);
    let place = format!("[Source: {}; line: {line}, column: {column}]", quoted(text));
    let mut parsed = refused(text, |findings, _| {
        findings.error_without_place(
            Code::InvalidJsonDescription,
            span,
            format!("{message}\n at {place}"),
        );
    });
    for diagnostic in &mut parsed.diagnostics {
        diagnostic.pointer.clone_from(&place);
    }
    parsed
}

/// The source as Jackson quotes it: its first 500 characters.
fn quoted(text: &str) -> String {
    const SHOWN: usize = 500;
    match text.char_indices().nth(SHOWN) {
        None => format!("(String)\"{text}\""),
        Some((end, _)) => {
            let left = text[end..].chars().count();
            format!("(String)\"{}\"[truncated {left} chars]", &text[..end])
        }
    }
}

fn parse_tree(text: &str, root: &Node<'_>, options: &Options) -> Parsed {
    if !matches!(root.kind, Kind::Object(_)) {
        return refused(text, |findings, _| {
            findings.error_without_place(Code::SchemaValidationFailed, root.span, NO_OBJECT);
        });
    }
    let findings = Findings::default();
    let outline = Outline::of(root);
    let place = Place {
        node: root,
        pointer: Pointer::Root,
    };
    repeated_members(&place, &findings);
    let machine = read_machine(&place, &outline, &findings, options);
    let machine = machine.filter(|_| findings.is_usable());
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

fn read_machine(
    place: &Place<'_, '_>,
    outline: &Outline<'_>,
    findings: &Findings,
    options: &Options,
) -> Option<StateMachine> {
    let fields = Fields::new(*place, findings, QueryLanguage::JsonPath, MACHINE)?;
    fields.one_of("Version", &[("1.0", ())]);
    let comment = fields.string("Comment").map(str::to_owned);
    let timeout_seconds = fields.integer("TimeoutSeconds", 1..=MAX_SECONDS);
    let query_language = state::query_language(&fields).unwrap_or_default();
    if query_language == QueryLanguage::Jsonata {
        let place = fields.get("QueryLanguage").unwrap_or(*place);
        findings.not_supported(&place, state::NO_JSONATA);
    }
    let starts: Vec<Start> = outline
        .block_ids()
        .map(|id| read_block(outline, id, findings))
        .collect();
    let mut names = scope::Names::default();
    let mut states = Vec::with_capacity(outline.states.len());
    let mut ways = Vec::with_capacity(outline.states.len());
    for id in outline.state_ids() {
        names.check(outline, id, findings);
        let reader = Reader {
            outline,
            findings,
            options,
            machine_language: query_language,
            id,
            ways: Ways::default().into(),
        };
        let state = reader.read();
        states.push(state);
        ways.push(reader.ways.into_inner());
    }
    flow::check(outline, &starts, &ways, findings);
    let blocks = outline.blocks.iter().zip(starts).map(|(block, start)| {
        let Start::At(start) = start else {
            return None;
        };
        Some(Block {
            start,
            states: block.states.clone(),
            parent: block.parent.map(|(parent, _)| parent),
        })
    });
    Some(StateMachine {
        comment,
        query_language,
        timeout_seconds,
        blocks: blocks.collect::<Option<_>>()?,
        states: states.into_iter().collect::<Option<_>>()?,
    })
}

/// Reads a block's own members; gives its first state.
fn read_block(outline: &Outline<'_>, id: BlockId, findings: &Findings) -> Start {
    let block = outline.block(id);
    let known = match block.parent {
        None => MACHINE,
        Some((_, outline::Step::Branch(_))) => BRANCH,
        Some((_, outline::Step::ItemProcessor | outline::Step::Iterator)) => PROCESSOR,
    };
    let place = Place {
        node: block.node,
        pointer: Pointer::Block(outline, id),
    };
    let fields = match block.parent {
        // The machine's other members were read before, and are not reported twice.
        None => Fields::quietly(place, findings, known),
        Some(_) => match Fields::new(place, findings, QueryLanguage::JsonPath, known) {
            Some(fields) => fields,
            None => return Start::Unclear,
        },
    };
    fields.require(&["States", "StartAt"]);
    if let Some(states) = fields.get("States") {
        match &states.node.kind {
            Kind::Object(members) if members.list.is_empty() => {
                findings.schema(&states, "Value cannot be empty");
            }
            Kind::Object(_) => {}
            _ => findings.schema(&states, "Expected value of type Object"),
        }
    }
    let name = fields.string("StartAt");
    let (Some(start), Some(name)) = (fields.get("StartAt"), name) else {
        return Start::Unclear;
    };
    // Without states the name is not what is wrong.
    if block.states.is_empty() {
        return Start::Unclear;
    }
    flow::target(outline, id, &start, name, findings).map_or(Start::Missing, Start::At)
}

/// Warns of every member that its object has twice, also inside payloads.
fn repeated_members(place: &Place<'_, '_>, findings: &Findings) {
    if let Kind::Object(members) = &place.node.kind {
        for (name, span) in &members.repeated {
            findings.warning(
                Code::RepeatedField,
                Pointer::Field(&place.pointer, name),
                *span,
                format!("Field '{name}' appears more than once; its last value counts"),
            );
        }
        for member in &members.list {
            let inner = Place {
                node: &member.value,
                pointer: Pointer::Field(&place.pointer, &member.name),
            };
            repeated_members(&inner, findings);
        }
    }
    for item in place.items() {
        repeated_members(&item, findings);
    }
}
