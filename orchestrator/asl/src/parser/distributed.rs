//! Checks what a Map state has for its distributed mode: where items come from, how they are batched, where results go.

use crate::definition::MapMode;
use crate::parser::fields::{Fields, Group, In, Known, MAX_SECONDS};
use crate::parser::findings::{Findings, Place};

/// What is said of the distributed mode until Map Runs are made.
const NOT_YET: &str = "Map state in DISTRIBUTED mode is not supported yet";

/// The fields of the distributed mode.
pub(crate) const FIELDS: Group = &[
    ("ItemReader", In::Both),
    ("ItemBatcher", In::Both),
    ("ResultWriter", In::Both),
    ("ToleratedFailureCount", In::Both),
    ("ToleratedFailureCountPath", In::JsonPath),
    ("ToleratedFailurePercentage", In::Both),
    ("ToleratedFailurePercentagePath", In::JsonPath),
    ("Label", In::Both),
];

const READER: Known = &[&[
    ("Comment", In::Both),
    ("Resource", In::Both),
    ("Parameters", In::JsonPath),
    ("Arguments", In::Jsonata),
    ("ReaderConfig", In::Both),
]];

const READER_CONFIG: Known = &[&[
    ("Comment", In::Both),
    ("InputType", In::Both),
    ("Transformation", In::Both),
    ("ManifestType", In::Both),
    ("CSVDelimiter", In::Both),
    ("CSVHeaderLocation", In::Both),
    ("CSVHeaders", In::Both),
    ("ItemsPointer", In::Both),
    ("MaxItems", In::Both),
    ("MaxItemsPath", In::JsonPath),
]];

const BATCHER: Known = &[&[
    ("Comment", In::Both),
    ("MaxItemsPerBatch", In::Both),
    ("MaxItemsPerBatchPath", In::JsonPath),
    ("MaxInputBytesPerBatch", In::Both),
    ("MaxInputBytesPerBatchPath", In::JsonPath),
    ("BatchInput", In::Both),
]];

const WRITER: Known = &[&[
    ("Comment", In::Both),
    ("Resource", In::Both),
    ("Parameters", In::JsonPath),
    ("Arguments", In::Jsonata),
    ("WriterConfig", In::Both),
]];

const WRITER_CONFIG: Known = &[&[
    ("Comment", In::Both),
    ("Transformation", In::Both),
    ("OutputType", In::Both),
]];

/// How long a label may be.
const MAX_LABEL: usize = 40;

/// Checks the fields of the distributed mode, and says that it is not there yet.
pub(crate) fn check(fields: &Fields<'_, '_>, mode: MapMode, findings: &Findings) {
    fields.number_or_path(
        "ToleratedFailureCount",
        "ToleratedFailureCountPath",
        0..=MAX_SECONDS,
    );
    fields.number_or_path(
        "ToleratedFailurePercentage",
        "ToleratedFailurePercentagePath",
        0..=100,
    );
    if let Some(label) = fields.string("Label")
        && label.chars().count() > MAX_LABEL
        && let Some(place) = fields.get("Label")
    {
        findings.schema(
            &place,
            format!("Label is longer than {MAX_LABEL} characters"),
        );
    }
    if let Some(place) = fields.get("ItemReader") {
        check_reader(place, fields, findings);
    }
    if let Some(place) = fields.get("ItemBatcher") {
        check_batcher(place, fields, findings);
    }
    if let Some(place) = fields.get("ResultWriter") {
        check_writer(place, fields, findings);
    }
    if mode == MapMode::Distributed {
        findings.not_supported(&fields.place, NOT_YET);
    }
    for (name, _) in FIELDS {
        if let Some(place) = fields.get(name) {
            findings.not_supported(&place, NOT_YET);
        }
    }
}

fn check_reader(place: Place<'_, '_>, map: &Fields<'_, '_>, findings: &Findings) {
    let Some(fields) = Fields::new(place, findings, map.language, READER) else {
        return;
    };
    fields.require(&["Resource"]);
    fields.string("Resource");
    fields.template("Parameters");
    let Some(config) = fields.get("ReaderConfig") else {
        return;
    };
    let Some(config) = Fields::new(config, findings, map.language, READER_CONFIG) else {
        return;
    };
    let texts = [
        "InputType",
        "Transformation",
        "ManifestType",
        "CSVDelimiter",
        "CSVHeaderLocation",
        "ItemsPointer",
    ];
    for name in texts {
        config.string(name);
    }
    config.number_or_path("MaxItems", "MaxItemsPath", 0..=100_000_000);
}

fn check_batcher(place: Place<'_, '_>, map: &Fields<'_, '_>, findings: &Findings) {
    let Some(fields) = Fields::new(place, findings, map.language, BATCHER) else {
        return;
    };
    fields.number_or_path("MaxItemsPerBatch", "MaxItemsPerBatchPath", 1..=MAX_SECONDS);
    fields.number_or_path(
        "MaxInputBytesPerBatch",
        "MaxInputBytesPerBatchPath",
        1..=262_144,
    );
}

fn check_writer(place: Place<'_, '_>, map: &Fields<'_, '_>, findings: &Findings) {
    let Some(fields) = Fields::new(place, findings, map.language, WRITER) else {
        return;
    };
    fields.string("Resource");
    fields.template("Parameters");
    if let Some(config) = fields.get("WriterConfig") {
        Fields::new(config, findings, map.language, WRITER_CONFIG);
    }
}
