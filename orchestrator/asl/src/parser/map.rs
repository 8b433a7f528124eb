//! Reads Parallel and Map states; their blocks were found by the outline and are read with all others.

use crate::definition::{BlockId, Map, Parallel, QueryLanguage, Seconds};
use crate::distributed::ChildType;
use crate::json::Kind;
use crate::parser::distributed;
use crate::parser::errors;
use crate::parser::fields::{self, Fields, In, Known};
use crate::parser::findings::Place;
use crate::parser::state::{COMMON, INPUT_AND_OUTPUT, Reader, STEP};
use crate::parser::task::payload_name;

/// A Parallel state's fields.
pub(crate) const PARALLEL: Known = &[
    COMMON,
    INPUT_AND_OUTPUT,
    STEP,
    errors::ON_ERROR,
    &[
        ("Branches", In::Both),
        ("Parameters", In::JsonPath),
        ("Arguments", In::Jsonata),
        ("ResultSelector", In::JsonPath),
        ("ResultPath", In::JsonPath),
    ],
];

/// A Map state's fields.
pub(crate) const MAP: Known = &[
    COMMON,
    INPUT_AND_OUTPUT,
    STEP,
    errors::ON_ERROR,
    distributed::FIELDS,
    &[
        ("ItemProcessor", In::Both),
        ("Iterator", In::Both),
        ("ItemSelector", In::Both),
        ("Parameters", In::JsonPath),
        ("ItemsPath", In::JsonPath),
        ("Items", In::Jsonata),
        ("MaxConcurrency", In::Both),
        ("MaxConcurrencyPath", In::JsonPath),
        ("ResultSelector", In::JsonPath),
        ("ResultPath", In::JsonPath),
    ],
];

const PROCESSOR_CONFIG: Known = &[&[
    ("Comment", In::Both),
    ("Mode", In::Both),
    ("ExecutionType", In::Both),
]];

/// `ProcessorConfig.Mode`
#[derive(Clone, Copy)]
enum Mode {
    Inline,
    Distributed,
}

impl<'t> Reader<'_, 't> {
    /// A Parallel state's own part.
    pub(crate) fn parallel(&self, fields: &Fields<'_, 't>) -> Parallel {
        fields.require(&["Branches"]);
        if let Some(place) = fields.get("Branches") {
            fields::filled_array(&place, self.findings);
            for branch in place.items() {
                self.expect_object(&branch);
            }
        }
        Parallel {
            branches: self.outline.state(self.id).children.clone(),
            parameters: fields.payload(payload_name(fields.language)),
            result_selector: fields.template("ResultSelector"),
            result_path: fields.result_path(),
            on_error: self.on_error(fields),
        }
    }

    /// A Map state's own part.
    pub(crate) fn map(&self, fields: &Fields<'_, 't>) -> Option<Map> {
        let (processor, children) = self.processor(fields);
        let distributed = distributed::read(self, fields, children);
        fields.exclude("ItemSelector", "Parameters");
        let item_selector = fields.payload("ItemSelector");
        let parameters = fields.payload("Parameters");
        if let Some(items) = fields.get("Items") {
            self.check_items(&items);
        }
        Some(Map {
            items_path: fields.location("ItemsPath"),
            items: fields.payload("Items"),
            item_selector: item_selector.or(parameters),
            distributed: distributed.map(Box::new),
            max_concurrency: max_concurrency(fields),
            result_selector: fields.template("ResultSelector"),
            result_path: fields.result_path(),
            on_error: self.on_error(fields),
            processor: processor?,
        })
    }

    /// The processor's block, and what kind of executions run it if it does not run in the state's own.
    fn processor(&self, fields: &Fields<'_, 't>) -> (Option<BlockId>, Option<ChildType>) {
        fields.exclude("ItemProcessor", "Iterator");
        let found = fields
            .get("ItemProcessor")
            .or_else(|| fields.get("Iterator"));
        let Some(place) = found else {
            fields.require(&["ItemProcessor"]);
            return (None, None);
        };
        self.expect_object(&place);
        let children = place
            .field("ProcessorConfig")
            .and_then(|config| self.children(config));
        let block = self.outline.state(self.id).children.first().copied();
        (block, children)
    }

    fn children(&self, config: Place<'_, 't>) -> Option<ChildType> {
        let fields = Fields::new(
            config,
            self.findings,
            QueryLanguage::JsonPath,
            PROCESSOR_CONFIG,
        )?;
        let modes = [("INLINE", Mode::Inline), ("DISTRIBUTED", Mode::Distributed)];
        let mode = fields.one_of("Mode", &modes)?;
        let types = [
            ("STANDARD", ChildType::Standard),
            ("EXPRESS", ChildType::Express),
        ];
        let children = fields.one_of("ExecutionType", &types);
        match mode {
            Mode::Inline => None,
            Mode::Distributed => {
                fields.require(&["ExecutionType"]);
                // AWS, "Distributed mode": only Standard executions have it. Express children are none.
                let around = self.outline.state(self.id).block;
                let is_express = self.options.express || self.outline.is_run_by_express(around);
                if is_express && let Some(place) = fields.get("Mode") {
                    self.findings.schema(
                        &place,
                        "Express state machine does not support Map state in 'DISTRIBUTED' mode",
                    );
                }
                Some(children.unwrap_or_default())
            }
        }
    }

    fn check_items(&self, place: &Place<'_, '_>) {
        let is_list = match &place.node.kind {
            Kind::Array(_) | Kind::Object(_) => true,
            Kind::String(text) => fields::is_jsonata(text),
            _ => false,
        };
        if !is_list {
            self.findings
                .schema(place, "Expected value of type Array or JSONata expression");
        }
    }

    fn expect_object(&self, place: &Place<'_, '_>) {
        if !matches!(place.node.kind, Kind::Object(_)) {
            self.findings.schema(place, "Expected value of type Object");
        }
    }
}

fn max_concurrency(fields: &Fields<'_, '_>) -> Option<Seconds> {
    fields.number_or_path(
        "MaxConcurrency",
        "MaxConcurrencyPath",
        0..=fields::MAX_SECONDS,
    )
}
