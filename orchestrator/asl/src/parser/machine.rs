//! Reads the machine: its own members, then every block's, then every state.

use crate::definition::{Block, BlockId, QueryLanguage, State, StateMachine};
use crate::diagnostic::Code;
use crate::json::Kind;
use crate::parser::Options;
use crate::parser::fields::{Fields, In, Known, MAX_SECONDS};
use crate::parser::findings::{Findings, Place, Pointer};
use crate::parser::flow;
use crate::parser::flow::{Start, Ways};
use crate::parser::outline::{Outline, Step};
use crate::parser::scope::Names;
use crate::parser::state::{self, Reader};

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

/// What reading gave, before it is known whether it is right.
pub(crate) struct Draft {
    /// The machine; `None` when a part of it is missing.
    pub(crate) machine: Option<StateMachine>,
    /// Where each block begins.
    pub(crate) starts: Vec<Start>,
    /// Where each state leads.
    pub(crate) ways: Vec<Ways>,
}

/// Reads a definition that is known to be an object.
pub(crate) fn read(
    place: &Place<'_, '_>,
    outline: &Outline<'_>,
    findings: &Findings,
    options: &Options,
) -> Draft {
    let fields = Fields::known_object(*place, findings, QueryLanguage::JsonPath, MACHINE);
    fields.one_of("Version", &[("1.0", ())]);
    let comment = fields.get("Comment");
    let comment = comment.and_then(|place| place.node.as_str().map(str::to_owned));
    let timeout_seconds = fields.integer("TimeoutSeconds", 1..=MAX_SECONDS);
    let query_language = state::query_language(&fields).unwrap_or_default();
    let starts: Vec<Start> = outline
        .block_ids()
        .map(|id| read_block(outline, id, findings))
        .collect();
    let mut names = Names::default();
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
    let blocks = blocks(outline, &starts);
    let states: Option<Vec<State>> = states.into_iter().collect();
    let machine = blocks.zip(states).map(|(blocks, states)| StateMachine {
        comment,
        query_language,
        timeout_seconds,
        blocks,
        states,
    });
    Draft {
        machine,
        starts,
        ways,
    }
}

fn blocks(outline: &Outline<'_>, starts: &[Start]) -> Option<Vec<Block>> {
    let blocks = outline.blocks.iter().zip(starts);
    blocks
        .map(|(block, start)| match start {
            Start::At(start) => Some(Block {
                start: *start,
                states: block.states.clone(),
                parent: block.parent.map(|(parent, _)| parent),
            }),
            Start::Missing | Start::Unclear => None,
        })
        .collect()
}

/// Reads a block's own members; gives its first state.
fn read_block(outline: &Outline<'_>, id: BlockId, findings: &Findings) -> Start {
    let block = outline.block(id);
    let known = match block.parent {
        None => MACHINE,
        Some((_, Step::Branch(_))) => BRANCH,
        Some((_, Step::ItemProcessor | Step::Iterator)) => PROCESSOR,
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
pub(crate) fn repeated_members(place: &Place<'_, '_>, findings: &Findings) {
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
