//! Reads one state: what all states have, then what its type has.

use std::cell::RefCell;

use crate::definition::{QueryLanguage, State, StateId, StateKind, Then};
use crate::json::Kind;
use crate::parser::Options;
use crate::parser::fields::{self, Fields, Group, In, Known};
use crate::parser::findings::{Findings, Place, Pointer};
use crate::parser::flow::{self, Ways};
use crate::parser::outline::Outline;
use crate::parser::{choice, doubts, map, queries, scope, simple, task};
use crate::query::PayloadTemplate;

/// Every state has these.
pub(crate) const COMMON: Group = &[
    ("Type", In::Both),
    ("Comment", In::Both),
    ("QueryLanguage", In::Both),
];

/// What is read, and what is passed on.
pub(crate) const INPUT_AND_OUTPUT: Group = &[
    ("InputPath", In::JsonPath),
    ("OutputPath", In::JsonPath),
    ("Output", In::Jsonata),
];

/// Whatever is not an end or a choice leads on.
pub(crate) const STEP: Group = &[("Next", In::Both), ("End", In::Both), ("Assign", In::Both)];

/// The types, in AWS's order.
const TYPES: &[(&str, Type)] = &[
    ("Task", Type::Task),
    ("Wait", Type::Wait),
    ("Pass", Type::Pass),
    ("Succeed", Type::Succeed),
    ("Fail", Type::Fail),
    ("Choice", Type::Choice),
    ("Parallel", Type::Parallel),
    ("Map", Type::Map),
];

#[derive(Clone, Copy)]
enum Type {
    Task,
    Wait,
    Pass,
    Succeed,
    Fail,
    Choice,
    Parallel,
    Map,
}

impl Type {
    fn fields(self) -> Known {
        match self {
            Self::Task => task::FIELDS,
            Self::Wait => simple::WAIT,
            Self::Pass => simple::PASS,
            Self::Succeed => simple::SUCCEED,
            Self::Fail => simple::FAIL,
            Self::Choice => choice::FIELDS,
            Self::Parallel => map::PARALLEL,
            Self::Map => map::MAP,
        }
    }
}

/// The language that an object names; a finding when it is neither. AWS takes every other text for JSONata.
pub(crate) fn query_language(fields: &Fields<'_, '_>) -> Option<QueryLanguage> {
    fields.get("QueryLanguage")?;
    let known = [
        ("JSONPath", QueryLanguage::JsonPath),
        ("JSONata", QueryLanguage::Jsonata),
    ];
    let named = fields.one_of("QueryLanguage", &known);
    named.or(Some(QueryLanguage::Jsonata))
}

/// Reads one state.
pub(crate) struct Reader<'p, 't> {
    /// All blocks and states.
    pub(crate) outline: &'p Outline<'t>,
    /// Where findings go.
    pub(crate) findings: &'p Findings,
    /// How strictly to read.
    pub(crate) options: &'p Options,
    /// The machine's language.
    pub(crate) machine_language: QueryLanguage,
    /// The state.
    pub(crate) id: StateId,
    /// Where it leads, as far as it has been read.
    pub(crate) ways: RefCell<Ways>,
}

impl<'p, 't> Reader<'p, 't> {
    /// The state; `None` when it is so wrong that there is none. Some that are wrong are `Some` all the same: whether a
    /// machine can be made is for the findings to say.
    pub(crate) fn read(&self) -> Option<State> {
        let outline = self.outline.state(self.id);
        let place = Place {
            node: outline.node,
            pointer: Pointer::State(self.outline, self.id),
        };
        let Some(kind) = self.kind(&place) else {
            self.lose_way();
            return None;
        };
        let language = self.language(&place);
        if language == QueryLanguage::JsonPath {
            doubts::of_state(&place, self.findings);
        }
        let fields = Fields::new(place, self.findings, language, kind.fields())?;
        let kind_read = self.read_kind(kind, &fields);
        let then = match kind {
            Type::Task | Type::Wait | Type::Pass | Type::Parallel | Type::Map => self.then(&fields),
            Type::Succeed | Type::Fail => {
                self.ways.borrow_mut().is_end = true;
                Some(Then::End)
            }
            Type::Choice => Some(Then::End),
        };
        // A `Next` where none may be is reported as such; whatever it names was meant to be reached.
        if outline.node.get("Next").is_some() && !fields.allows("Next") {
            self.lose_way();
        }
        let (input_path, output_path) = match kind {
            Type::Fail => Default::default(),
            _ => (
                fields.path_field("InputPath"),
                fields.path_field("OutputPath"),
            ),
        };
        let assign = match kind {
            Type::Succeed | Type::Fail => None,
            _ => self.assign(&fields),
        };
        let output = match kind {
            Type::Fail => None,
            _ => fields.payload("Output"),
        };
        let mut state = State {
            name: outline.name.into(),
            block: outline.block,
            query_language: language,
            input_path,
            output_path,
            assign,
            output,
            reads: Default::default(),
            then: then?,
            kind: kind_read?,
        };
        state.reads = queries::reads(&state);
        Some(state)
    }

    fn kind(&self, place: &Place<'_, '_>) -> Option<Type> {
        if !matches!(place.node.kind, Kind::Object(_)) {
            self.findings.schema(place, "Expected value of type Object");
            return None;
        }
        let Some(type_place) = place.field("Type") else {
            self.findings.schema_at(
                place.pointer,
                place.brace(),
                "These fields are required: [Type]",
            );
            return None;
        };
        let text = fields::string(&type_place, self.findings)?;
        let found = TYPES.iter().find(|(name, _)| *name == text);
        if found.is_none() {
            let names: Vec<&str> = TYPES.iter().map(|(name, _)| *name).collect();
            self.findings.schema(
                &type_place,
                format!(
                    "The field 'Type' should have one of these values: [{}]",
                    names.join(", ")
                ),
            );
        }
        found.map(|(_, kind)| *kind)
    }

    fn language(&self, place: &Place<'_, '_>) -> QueryLanguage {
        let fields = Fields::quietly(*place, self.findings, &[COMMON]);
        let own = query_language(&fields);
        if (own, self.machine_language) == (Some(QueryLanguage::JsonPath), QueryLanguage::Jsonata) {
            fields.at_object(
                "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine",
            );
        }
        own.unwrap_or(self.machine_language)
    }

    fn read_kind(&self, kind: Type, fields: &Fields<'_, 't>) -> Option<StateKind> {
        match kind {
            Type::Task => self.task(fields).map(Box::new).map(StateKind::Task),
            Type::Wait => simple::wait(fields).map(StateKind::Wait),
            Type::Pass => Some(StateKind::Pass(simple::pass(fields))),
            Type::Succeed => Some(StateKind::Succeed),
            Type::Fail => Some(StateKind::Fail(simple::fail(fields))),
            Type::Choice => self.choice(fields).map(StateKind::Choice),
            Type::Parallel => Some(StateKind::Parallel(self.parallel(fields))),
            Type::Map => self.map(fields).map(Box::new).map(StateKind::Map),
        }
    }

    /// `Next` or `End`.
    fn then(&self, fields: &Fields<'_, '_>) -> Option<Then> {
        let is_end = fields.boolean("End");
        let next = fields.get("Next");
        match (next, is_end) {
            (Some(_), Some(true)) => {
                self.ways.borrow_mut().is_end = true;
                fields.at_object("Only one of these fields can be specified: [Next, End]");
                self.next(fields).map(Then::Next)
            }
            (Some(_), _) => self.next(fields).map(Then::Next),
            (None, Some(true)) => {
                self.ways.borrow_mut().is_end = true;
                Some(Then::End)
            }
            (None, _) => {
                self.lose_way();
                // An `End` that is no boolean has been reported.
                if is_end.is_some() || !fields.has("End") {
                    fields.at_object("One of these fields is required: [Next, End]");
                }
                None
            }
        }
    }

    /// The state that a member names, where one must be named.
    pub(crate) fn next(&self, fields: &Fields<'_, '_>) -> Option<StateId> {
        if !fields.has("Next") {
            self.lose_way();
        }
        self.target(fields, "Next")
    }

    /// The state that a member names.
    pub(crate) fn target(&self, fields: &Fields<'_, '_>, name: &str) -> Option<StateId> {
        let place = fields.get(name)?;
        let Some(target) = fields::string(&place, self.findings) else {
            self.lose_way();
            return None;
        };
        let block = self.outline.state(self.id).block;
        let found = flow::target(self.outline, block, &place, target, self.findings);
        let mut ways = self.ways.borrow_mut();
        match found {
            Some(found) => ways.targets.push(found),
            None => ways.is_dangling = true,
        }
        found
    }

    /// Something is so wrong that it is not known where the state leads.
    pub(crate) fn lose_way(&self) {
        self.ways.borrow_mut().is_unclear = true;
    }

    /// `Assign`, of the state, a choice rule or a catcher.
    pub(crate) fn assign(&self, fields: &Fields<'_, '_>) -> Option<PayloadTemplate> {
        let place = fields.get("Assign")?;
        if !matches!(place.node.kind, Kind::Object(_)) {
            self.findings
                .schema(&place, "Expected value of type Object");
            return None;
        }
        let block = self.outline.state(self.id).block;
        scope::check_assign(self.outline, block, &place, self.findings);
        fields.payload("Assign")
    }
}
