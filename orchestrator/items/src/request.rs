//! What a state asks to have read: its parameters, checked, and in which format the items are.

use std::sync::Arc;

use asl::distributed::{InputType, ManifestType, ReaderConfig, ReaderResource};
use expression::value::Value;

use crate::csv::{CsvParser, Header};
use crate::error::{Error, Malformed};
use crate::json_document::JsonParser;
use crate::json_lines::JsonLinesParser;
use crate::parsed::Parser;

/// What to read; everything is evaluated.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadRequest {
    /// `ItemReader.Resource`
    pub resource: ReaderResource,
    /// `ItemReader.Parameters` or `Arguments`
    pub parameters: Value,
    /// `ItemReader.ReaderConfig`
    pub config: ReaderConfig,
    /// How many items are wanted at most.
    pub max_items: Option<u64>,
}

/// What is to be done.
#[derive(Debug, PartialEq)]
pub(crate) enum Plan {
    /// The items are what a listing says of the objects.
    List(Listed),
    /// The items are in the objects of a listing.
    LoadList(Listed, Format),
    /// The items are in one object.
    Load(Named, Format),
    /// The items are in the files of an inventory, whose manifest this is.
    Inventory(Named),
    /// The items are in the objects whose names are in this one.
    Athena(Named, Format),
}

#[derive(Debug, PartialEq)]
pub(crate) struct Listed {
    pub(crate) bucket: String,
    pub(crate) prefix: String,
    pub(crate) after: Option<String>,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Named {
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) version: Option<String>,
}

/// How an object has its items.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Format {
    Csv { delimiter: u8, header: Header },
    Json { pointer: Arc<str> },
    JsonLines,
    Parquet,
}

impl Plan {
    /// # Errors
    /// When the request makes no sense.
    pub(crate) fn of(request: &ReadRequest) -> Result<Self, Error> {
        let ReadRequest {
            resource,
            parameters,
            config,
            ..
        } = request;
        match (resource, config.loads_objects) {
            (ReaderResource::ListObjects, false) => Ok(Self::List(listed(parameters)?)),
            (ReaderResource::ListObjects, true) => {
                let format = data_format(config, "Transformation is LOAD_AND_FLATTEN")?;
                Ok(Self::LoadList(listed(parameters)?, format))
            }
            (ReaderResource::GetObject, true) => Err(refused(
                "ItemReader loads what is listed only with the Resource arn:aws:states:::s3:listObjectsV2: \
                 Transformation must be NONE here",
            )),
            (ReaderResource::GetObject, false) => {
                let named = named(parameters)?;
                match (config.manifest, config.input_type) {
                    (ManifestType::AthenaData, _) => {
                        let format = data_format(config, "ManifestType is ATHENA_DATA")?;
                        Ok(Self::Athena(named, format))
                    }
                    (ManifestType::Inventory, None | Some(InputType::Manifest)) => {
                        Ok(Self::Inventory(named))
                    }
                    (ManifestType::Inventory, Some(_)) => {
                        let format = data_format(config, "Resource reads one object")?;
                        Ok(Self::Load(named, format))
                    }
                }
            }
        }
    }
}

impl Format {
    /// What reads such text.
    ///
    /// # Errors
    /// When the settings of the format make no sense.
    ///
    /// # Panics
    /// For Parquet, which is no text.
    pub(crate) fn parser(&self) -> Result<Box<dyn Parser>, Malformed> {
        Ok(match self {
            Self::Csv { delimiter, header } => Box::new(CsvParser::new(*delimiter, header)?),
            Self::Json { pointer } => Box::new(JsonParser::new(pointer)?),
            Self::JsonLines => Box::new(JsonLinesParser::default()),
            Self::Parquet => panic!("Parquet has a reader of its own"),
        })
    }
}

fn data_format(config: &ReaderConfig, why: &str) -> Result<Format, Error> {
    Ok(match config.input_type {
        Some(InputType::Csv) => Format::Csv {
            delimiter: u8::try_from(config.delimiter.character())
                .expect("every delimiter is an ASCII character"),
            header: match &config.headers {
                None => Header::FirstRow,
                Some(names) => Header::Given(names.clone()),
            },
        },
        Some(InputType::Json) => Format::Json {
            pointer: config.items_pointer.clone().unwrap_or_default(),
        },
        Some(InputType::JsonLines) => Format::JsonLines,
        Some(InputType::Parquet) => Format::Parquet,
        None | Some(InputType::Manifest) => {
            return Err(refused(&format!(
                "InputType must be CSV, JSON, JSONL or PARQUET where {why}"
            )));
        }
    })
}

fn listed(parameters: &Value) -> Result<Listed, Error> {
    check_names(parameters, &["Bucket", "Prefix", "StartAfter"])?;
    Ok(Listed {
        bucket: required(parameters, "Bucket")?,
        prefix: text(parameters, "Prefix")?.unwrap_or_default(),
        after: text(parameters, "StartAfter")?,
    })
}

fn named(parameters: &Value) -> Result<Named, Error> {
    check_names(parameters, &["Bucket", "Key", "VersionId"])?;
    Ok(Named {
        bucket: required(parameters, "Bucket")?,
        key: required(parameters, "Key")?,
        version: text(parameters, "VersionId")?,
    })
}

/// Refuses what would be passed over in silence.
///
/// # Errors
/// When the parameters are no object, or have another member.
pub(crate) fn check_names(parameters: &Value, known: &[&str]) -> Result<(), Error> {
    let Some(members) = parameters.as_object() else {
        let kind = parameters.type_name();
        return Err(refused(&format!(
            "the parameters must be an object, not of type {kind}"
        )));
    };
    match members.keys().find(|name| !known.contains(&&***name)) {
        None => Ok(()),
        Some(name) => Err(refused(&format!(
            "the parameter {name} is not supported; known here are {}",
            known.join(", ")
        ))),
    }
}

/// A parameter that must be there.
///
/// # Errors
/// When it is not, or is empty or no string.
pub(crate) fn required(parameters: &Value, name: &str) -> Result<String, Error> {
    match text(parameters, name)? {
        Some(text) if !text.is_empty() => Ok(text),
        Some(_) => Err(refused(&format!("the parameter {name} is empty"))),
        None => Err(refused(&format!("the parameter {name} is missing"))),
    }
}

/// A parameter that may be there.
///
/// # Errors
/// When it is no string.
pub(crate) fn text(parameters: &Value, name: &str) -> Result<Option<String>, Error> {
    match parameters.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.to_string())),
        Some(other) => {
            let kind = other.type_name();
            Err(refused(&format!(
                "the parameter {name} must be a string, not of type {kind}"
            )))
        }
    }
}

fn refused(reason: &str) -> Error {
    Error::Request(reason.to_owned())
}
