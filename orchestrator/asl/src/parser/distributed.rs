//! Reads what a Map state has for its distributed mode: where items come from, how they are batched, where results go.

use std::sync::Arc;

use crate::distributed::{
    ChildType, CsvDelimiter, Distributed, InputType, ItemBatcher, ItemReader, ManifestType,
    Percentage, ReaderConfig, ReaderResource, ResultFormat, ResultTransformation, ResultWriter,
    WriterConfig,
};
use crate::json::Kind;
use crate::parser::fields::{self, Fields, Group, In, Known, MAX_SECONDS};
use crate::parser::findings::{Findings, Place};
use crate::parser::state::Reader;
use crate::parser::task::payload_name;

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

/// The most items that a reader may be asked for.
const MAX_ITEMS: u64 = 100_000_000;

/// The most bytes that a batch may have.
const MAX_BATCH_BYTES: u64 = 262_144;

/// Reads the fields of the distributed mode; a Map whose iterations run in its own execution may have none of them.
pub(crate) fn read(
    reader: &Reader<'_, '_>,
    fields: &Fields<'_, '_>,
    children: Option<ChildType>,
) -> Option<Distributed> {
    let findings = reader.findings;
    let tolerated_count = fields.number_or_path(
        "ToleratedFailureCount",
        "ToleratedFailureCountPath",
        0..=MAX_SECONDS,
    );
    let tolerated_percentage = percentage(fields);
    let label = label(fields, findings);
    let item_reader = fields
        .get("ItemReader")
        .and_then(|place| item_reader(place, fields, findings));
    let batcher = fields
        .get("ItemBatcher")
        .and_then(|place| batcher(place, fields, findings));
    let writer = fields
        .get("ResultWriter")
        .and_then(|place| writer(place, fields, findings));
    let Some(child_type) = children else {
        // AWS was seen to accept the tolerance of a Map in inline mode, where it means nothing.
        let distributed = FIELDS
            .iter()
            .filter(|(name, _)| !name.starts_with("Tolerated"));
        for (name, _) in distributed {
            if let Some(place) = fields.get(name) {
                let message = format!(
                    "Field '{name}' is only supported for Map states in 'DISTRIBUTED' mode"
                );
                findings.schema(&place, message);
            }
        }
        return None;
    };
    Some(Distributed {
        child_type,
        label,
        reader: item_reader,
        batcher,
        writer,
        tolerated_count,
        tolerated_percentage,
    })
}

fn percentage(fields: &Fields<'_, '_>) -> Option<Percentage> {
    const NAME: &str = "ToleratedFailurePercentage";
    const PATH_NAME: &str = "ToleratedFailurePercentagePath";
    fields.exclude(NAME, PATH_NAME);
    if fields.is_jsonata(NAME) {
        return fields.query(NAME).map(Percentage::Query);
    }
    let fixed = fields.number_from(NAME, 0.0).filter(|&share| {
        let is_share = share <= 100.0;
        if !is_share && let Some(place) = fields.get(NAME) {
            fields.findings.schema(&place, "Maximum value is 100");
        }
        is_share
    });
    let found = fields.location(PATH_NAME).map(Percentage::Path);
    fixed.map(Percentage::Fixed).or(found)
}

fn label(fields: &Fields<'_, '_>, findings: &Findings) -> Option<Arc<str>> {
    let label = fields.string("Label")?;
    let place = fields.get("Label")?;
    if label.is_empty() {
        findings.schema(&place, "Value cannot be empty");
    } else if label.chars().count() > MAX_LABEL {
        findings.schema(
            &place,
            format!("Label is longer than {MAX_LABEL} characters"),
        );
    } else if !label.chars().all(may_stand_in_label) {
        findings.schema(&place, "Label contains a character that is not allowed");
    }
    Some(label.into())
}

/// AWS, "Map state fields": a label may not have white space, wildcards, brackets, control characters and those that mean something in an ARN
/// or a URL.
fn may_stand_in_label(character: char) -> bool {
    !character.is_whitespace()
        && !character.is_control()
        && !r##"?*<>{}[]:;,\|^~$#%&`"/"##.contains(character)
        && !matches!(character, '\u{fffe}' | '\u{ffff}' | '\u{10ffff}')
}

fn item_reader(
    place: Place<'_, '_>,
    map: &Fields<'_, '_>,
    findings: &Findings,
) -> Option<ItemReader> {
    let fields = Fields::new(place, findings, map.language, READER)?;
    fields.require(&["Resource"]);
    let resource = resource(
        &fields,
        &[
            ("s3:getObject", ReaderResource::GetObject),
            ("s3:listObjectsV2", ReaderResource::ListObjects),
        ],
    );
    let parameters = fields.payload(payload_name(fields.language));
    let config = fields
        .get("ReaderConfig")
        .and_then(|config| Fields::new(config, findings, map.language, READER_CONFIG));
    let Some(config) = config else {
        if resource == Some(ReaderResource::GetObject) {
            fields.require(&["ReaderConfig"]);
        }
        return Some(ItemReader {
            resource: resource?,
            parameters,
            config: ReaderConfig::default(),
            max_items: None,
        });
    };
    let max_items = config.number_or_path("MaxItems", "MaxItemsPath", 0..=MAX_ITEMS);
    let config = reader_config(&config, resource);
    Some(ItemReader {
        resource: resource?,
        parameters,
        config,
        max_items,
    })
}

fn reader_config(fields: &Fields<'_, '_>, resource: Option<ReaderResource>) -> ReaderConfig {
    if resource == Some(ReaderResource::GetObject) {
        fields.require(&["InputType"]);
    }
    let input_type = fields.one_of(
        "InputType",
        &[
            ("CSV", InputType::Csv),
            ("JSON", InputType::Json),
            ("JSONL", InputType::JsonLines),
            ("PARQUET", InputType::Parquet),
            ("MANIFEST", InputType::Manifest),
        ],
    );
    let loads_objects = fields.one_of(
        "Transformation",
        &[("NONE", false), ("LOAD_AND_FLATTEN", true)],
    );
    let manifest = fields.one_of(
        "ManifestType",
        &[
            ("S3_INVENTORY", ManifestType::Inventory),
            ("ATHENA_DATA", ManifestType::AthenaData),
        ],
    );
    let delimiter = fields.one_of(
        "CSVDelimiter",
        &[
            ("COMMA", CsvDelimiter::Comma),
            ("PIPE", CsvDelimiter::Pipe),
            ("SEMICOLON", CsvDelimiter::Semicolon),
            ("SPACE", CsvDelimiter::Space),
            ("TAB", CsvDelimiter::Tab),
        ],
    );
    let is_given = fields.one_of(
        "CSVHeaderLocation",
        &[("FIRST_ROW", false), ("GIVEN", true)],
    );
    if is_given == Some(true) {
        fields.require(&["CSVHeaders"]);
    }
    let headers = fields
        .get("CSVHeaders")
        .and_then(|place| headers(&place, fields.findings));
    if let Some(text) = fields.string("ItemsPointer")
        && !(text.is_empty() || text.starts_with('/'))
        && let Some(place) = fields.get("ItemsPointer")
    {
        fields.findings.schema(
            &place,
            "Value is not a JSON Pointer: it does not start with '/'",
        );
    }
    ReaderConfig {
        input_type,
        loads_objects: loads_objects.unwrap_or_default(),
        manifest: manifest.unwrap_or_default(),
        delimiter: delimiter.unwrap_or_default(),
        headers: headers.filter(|_| is_given == Some(true)),
        items_pointer: fields.string("ItemsPointer").map(Into::into),
    }
}

fn headers(place: &Place<'_, '_>, findings: &Findings) -> Option<Vec<Arc<str>>> {
    fields::filled_array(place, findings)?;
    place
        .items()
        .map(|item| fields::string(&item, findings).map(Arc::from))
        .collect()
}

fn batcher(place: Place<'_, '_>, map: &Fields<'_, '_>, findings: &Findings) -> Option<ItemBatcher> {
    let fields = Fields::new(place, findings, map.language, BATCHER)?;
    let max_items =
        fields.number_or_path("MaxItemsPerBatch", "MaxItemsPerBatchPath", 1..=MAX_SECONDS);
    let max_bytes = fields.number_or_path(
        "MaxInputBytesPerBatch",
        "MaxInputBytesPerBatchPath",
        1..=MAX_BATCH_BYTES,
    );
    let bounds = [
        "MaxItemsPerBatch",
        "MaxItemsPerBatchPath",
        "MaxInputBytesPerBatch",
        "MaxInputBytesPerBatchPath",
    ];
    let allowed = bounds.iter().filter(|name| fields.allows(name));
    if !allowed
        .clone()
        .any(|name| fields.place.node.get(name).is_some())
    {
        fields.at_object("One of these fields is required: [MaxItemsPerBatch, MaxItemsPerBatchPath, MaxInputBytesPerBatch, MaxInputBytesPerBatchPath]");
    }
    if let Some(place) = fields.get("BatchInput")
        && !matches!(place.node.kind, Kind::Object(_))
        && !fields.is_jsonata("BatchInput")
    {
        findings.schema(&place, "Expected value of type Object");
    }
    Some(ItemBatcher {
        max_items,
        max_bytes,
        input: fields.payload("BatchInput"),
    })
}

fn writer(place: Place<'_, '_>, map: &Fields<'_, '_>, findings: &Findings) -> Option<ResultWriter> {
    let fields = Fields::new(place, findings, map.language, WRITER)?;
    let name = payload_name(fields.language);
    let resource = resource(&fields, &[("s3:putObject", ())]);
    let parameters = fields.payload(name);
    if resource.is_some() {
        fields.require(&[name]);
    } else if fields.has(name) {
        fields.require(&["Resource"]);
    } else if !fields.has("Resource") && !fields.has("WriterConfig") {
        fields.at_object("One of these fields is required: [Resource, WriterConfig]");
    }
    let config = fields
        .get("WriterConfig")
        .and_then(|config| Fields::new(config, findings, map.language, WRITER_CONFIG))
        .map(|config| writer_config(&config));
    Some(ResultWriter {
        target: parameters.filter(|_| resource.is_some()),
        config,
    })
}

fn writer_config(fields: &Fields<'_, '_>) -> WriterConfig {
    let transformation = fields.one_of(
        "Transformation",
        &[
            ("NONE", ResultTransformation::None),
            ("COMPACT", ResultTransformation::Compact),
            ("FLATTEN", ResultTransformation::Flatten),
        ],
    );
    let output = fields.one_of(
        "OutputType",
        &[
            ("JSON", ResultFormat::Json),
            ("JSONL", ResultFormat::JsonLines),
        ],
    );
    WriterConfig {
        transformation: transformation.unwrap_or_default(),
        output: output.unwrap_or_default(),
    }
}

/// What an ARN of the service itself stands for, in whatever partition.
fn resource<T: Copy>(fields: &Fields<'_, '_>, known: &[(&str, T)]) -> Option<T> {
    let text = fields.string("Resource")?;
    let place = fields.get("Resource")?;
    let found = text.split_once(":states:::").and_then(|(partition, name)| {
        let is_ours = partition.starts_with("arn:aws");
        known
            .iter()
            .find(|(known, _)| is_ours && *known == name)
            .map(|(_, value)| *value)
    });
    if found.is_none() {
        fields.findings.schema(
            &place,
            format!(
                "The resource provided {text} is not recognized. The value is not a valid resource ARN, or the resource is not available in this region."
            ),
        );
    }
    found
}
