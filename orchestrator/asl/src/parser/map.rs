//! Reads Parallel and Map states; their blocks were found by the outline and are read with all others.

use crate::definition::{BlockId, Map, MapMode, Parallel, QueryLanguage, Seconds};
use crate::json::Kind;
use crate::parser::distributed;
use crate::parser::errors;
use crate::parser::fields::{self, Fields, In, Known};
use crate::parser::findings::Place;
use crate::parser::state::{COMMON, INPUT_AND_OUTPUT, Reader, STEP};

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
            parameters: fields.template("Parameters"),
            result_selector: fields.template("ResultSelector"),
            result_path: fields.result_path(),
            on_error: self.on_error(fields),
        }
    }

    /// A Map state's own part.
    pub(crate) fn map(&self, fields: &Fields<'_, 't>) -> Option<Map> {
        let (processor, mode) = self.processor(fields);
        distributed::check(fields, mode, self.findings);
        fields.exclude("ItemSelector", "Parameters");
        let item_selector = match fields.language {
            QueryLanguage::JsonPath => fields.template("ItemSelector"),
            QueryLanguage::Jsonata => None,
        };
        let parameters = fields.template("Parameters");
        if let Some(items) = fields.get("Items") {
            self.check_items(&items);
        }
        Some(Map {
            items_path: fields.location("ItemsPath"),
            item_selector: item_selector.or(parameters),
            mode,
            max_concurrency: max_concurrency(fields),
            result_selector: fields.template("ResultSelector"),
            result_path: fields.result_path(),
            on_error: self.on_error(fields),
            processor: processor?,
        })
    }

    fn processor(&self, fields: &Fields<'_, 't>) -> (Option<BlockId>, MapMode) {
        fields.exclude("ItemProcessor", "Iterator");
        let found = fields
            .get("ItemProcessor")
            .or_else(|| fields.get("Iterator"));
        let Some(place) = found else {
            fields.require(&["ItemProcessor"]);
            return (None, MapMode::Inline);
        };
        self.expect_object(&place);
        let mode = place
            .field("ProcessorConfig")
            .and_then(|config| self.mode(config));
        let block = self.outline.state(self.id).children.first().copied();
        (block, mode.unwrap_or_default())
    }

    fn mode(&self, config: Place<'_, 't>) -> Option<MapMode> {
        let fields = Fields::new(
            config,
            self.findings,
            QueryLanguage::JsonPath,
            PROCESSOR_CONFIG,
        )?;
        let modes = [
            ("INLINE", MapMode::Inline),
            ("DISTRIBUTED", MapMode::Distributed),
        ];
        let mode = fields.one_of("Mode", &modes);
        fields.one_of("ExecutionType", &[("STANDARD", ()), ("EXPRESS", ())]);
        if mode == Some(MapMode::Distributed) {
            fields.require(&["ExecutionType"]);
        }
        mode
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
