//! What a Map state has for its distributed mode: where its items come from, and where its results go.

use std::sync::Arc;

use expression::path::Path;

use crate::definition::Seconds;
use crate::query::{PayloadTemplate, Query};

/// What a Map state has in its distributed mode.
#[derive(Clone, Debug, PartialEq)]
pub struct Distributed {
    /// `ProcessorConfig.ExecutionType`
    pub child_type: ChildType,
    /// `Label`
    pub label: Option<Arc<str>>,
    /// `ItemReader`; without it the items stand in the state's input.
    pub reader: Option<ItemReader>,
    /// `ItemBatcher`
    pub batcher: Option<ItemBatcher>,
    /// `ResultWriter`
    pub writer: Option<ResultWriter>,
    /// `ToleratedFailureCount` or `ToleratedFailureCountPath`
    pub tolerated_count: Option<Seconds>,
    /// `ToleratedFailurePercentage` or `ToleratedFailurePercentagePath`
    pub tolerated_percentage: Option<Percentage>,
}

impl Distributed {
    /// The payloads that it describes, in the order in which AWS lists the fields.
    pub fn payloads(&self) -> impl Iterator<Item = &PayloadTemplate> {
        let reader = self.reader.as_ref();
        let batcher = self.batcher.as_ref();
        let writer = self.writer.as_ref();
        let payloads = [
            reader.and_then(|reader| reader.parameters.as_ref()),
            batcher.and_then(|batcher| batcher.input.as_ref()),
            writer.and_then(|writer| writer.target.as_ref()),
        ];
        payloads.into_iter().flatten()
    }

    /// The numbers that it names, but for the percentage.
    pub fn numbers(&self) -> impl Iterator<Item = &Seconds> {
        let reader = self.reader.as_ref();
        let batcher = self.batcher.as_ref();
        let numbers = [
            reader.and_then(|reader| reader.max_items.as_ref()),
            batcher.and_then(|batcher| batcher.max_items.as_ref()),
            batcher.and_then(|batcher| batcher.max_bytes.as_ref()),
            self.tolerated_count.as_ref(),
        ];
        numbers.into_iter().flatten()
    }
}

/// `ItemReader`
#[derive(Clone, Debug, PartialEq)]
pub struct ItemReader {
    /// `Resource`
    pub resource: ReaderResource,
    /// `Parameters` or `Arguments`
    pub parameters: Option<PayloadTemplate>,
    /// `ReaderConfig`
    pub config: ReaderConfig,
    /// `MaxItems` or `MaxItemsPath`
    pub max_items: Option<Seconds>,
}

/// `ItemBatcher`
#[derive(Clone, Debug, PartialEq)]
pub struct ItemBatcher {
    /// `MaxItemsPerBatch` or `MaxItemsPerBatchPath`
    pub max_items: Option<Seconds>,
    /// `MaxInputBytesPerBatch` or `MaxInputBytesPerBatchPath`
    pub max_bytes: Option<Seconds>,
    /// `BatchInput`
    pub input: Option<PayloadTemplate>,
}

/// `ResultWriter`
#[derive(Clone, Debug, PartialEq)]
pub struct ResultWriter {
    /// `Parameters` or `Arguments`, where there is a `Resource`; without one the results are the state's output, in the form of `config`.
    pub target: Option<PayloadTemplate>,
    /// `WriterConfig`
    pub config: Option<WriterConfig>,
}

/// A share of the items, in percent.
#[derive(Clone, Debug, PartialEq)]
pub enum Percentage {
    /// Written down.
    Fixed(f64),
    /// Found in the input, the context object or a variable.
    Path(Path),
    /// Computed.
    Query(Query),
}

/// What kind of executions a distributed Map starts (`ProcessorConfig.ExecutionType`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChildType {
    /// Durable, each with a history.
    #[default]
    Standard,
    /// Short-lived, without a history.
    Express,
}

/// `ItemReader.Resource`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReaderResource {
    /// `arn:aws:states:::s3:listObjectsV2`: the items are the objects under a prefix.
    ListObjects,
    /// `arn:aws:states:::s3:getObject`: the items stand in an object.
    GetObject,
}

/// `ItemReader.ReaderConfig`, without `MaxItems`, which may be computed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReaderConfig {
    /// `InputType`; a list of objects has none unless their contents are loaded.
    pub input_type: Option<InputType>,
    /// `Transformation` is `LOAD_AND_FLATTEN`: the items are those in the listed objects, one after the other.
    pub loads_objects: bool,
    /// `ManifestType`; absent, the manifest is that of an inventory.
    pub manifest: ManifestType,
    /// `CSVDelimiter`
    pub delimiter: CsvDelimiter,
    /// `CSVHeaders`: the columns' names where `CSVHeaderLocation` is `GIVEN`; without them the first row has the names.
    pub headers: Option<Vec<Arc<str>>>,
    /// `ItemsPointer`: a JSON pointer to the array or object inside a JSON document.
    pub items_pointer: Option<Arc<str>>,
}

/// `InputType`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputType {
    /// Comma-separated values, or values with another delimiter; every item is an object of strings.
    Csv,
    /// A JSON document: an array, or an object whose members are the items.
    Json,
    /// A JSON value on each line.
    JsonLines,
    /// A Parquet file; every row is an item.
    Parquet,
    /// A list of objects with data, or of objects that are the items.
    Manifest,
}

/// `ManifestType`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ManifestType {
    /// `S3_INVENTORY`: the items are the rows of an inventory.
    #[default]
    Inventory,
    /// `ATHENA_DATA`: the items are those in the objects that the manifest lists; `InputType` says in which format.
    AthenaData,
}

/// `CSVDelimiter`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CsvDelimiter {
    /// `,`
    #[default]
    Comma,
    /// `|`
    Pipe,
    /// `;`
    Semicolon,
    /// A space.
    Space,
    /// A tabulator.
    Tab,
}

/// `ResultWriter.WriterConfig`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriterConfig {
    /// `Transformation`
    pub transformation: ResultTransformation,
    /// `OutputType`
    pub output: ResultFormat,
}

/// `WriterConfig.Transformation`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ResultTransformation {
    /// Each child as it would be described.
    #[default]
    None,
    /// The children's outputs only.
    Compact,
    /// The children's outputs, and the elements of those that are arrays.
    Flatten,
}

/// `WriterConfig.OutputType`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ResultFormat {
    /// An array.
    #[default]
    Json,
    /// A JSON value on each line.
    JsonLines,
}

impl CsvDelimiter {
    /// The character.
    #[must_use]
    pub fn character(self) -> char {
        match self {
            Self::Comma => ',',
            Self::Pipe => '|',
            Self::Semicolon => ';',
            Self::Space => ' ',
            Self::Tab => '\t',
        }
    }
}
