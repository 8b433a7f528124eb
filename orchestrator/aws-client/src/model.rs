//! A service's own description of itself: its operations and the shapes of what they take and give.
//!
//! The document is botocore's `service-2.json`; what a call does not need may be missing from it.

use std::collections::HashMap;

use indexmap::IndexMap;
use serde::Deserialize;

/// A service's model.
#[derive(Debug, Deserialize)]
pub struct Model {
    /// What the service is called and how it speaks.
    pub metadata: Metadata,
    /// Its operations by their names, such as `GetItem`.
    pub operations: HashMap<Box<str>, Operation>,
    shapes: HashMap<Box<str>, Shape>,
}

/// What a service is called and how it speaks.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Metadata {
    /// `DynamoDB`, `CloudWatch Logs`
    pub service_id: String,
    /// The first part of the host: `dynamodb`, `api.sagemaker`
    pub endpoint_prefix: String,
    /// The name in signatures, where it is not [`Metadata::endpoint_prefix`].
    pub signing_name: Option<String>,
    protocol: String,
    protocols: Vec<String>,
    /// `1.0` or `1.1`, for JSON.
    pub json_version: Option<String>,
    /// What stands before the operation in `X-Amz-Target`.
    pub target_prefix: Option<String>,
    /// `2012-11-05`
    pub api_version: String,
    /// Present where the service once spoke the query protocol and still answers with its error codes.
    pub aws_query_compatible: Option<serde::de::IgnoredAny>,
}

/// How requests and answers look on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// The operation in a header, JSON both ways.
    Json,
    /// A form to one path, answers in XML.
    Query,
    /// The same with EC2's own lists and names.
    Ec2,
    /// Members in path, query and headers; JSON for the rest.
    RestJson,
    /// Members in path, query and headers; XML for the rest.
    RestXml,
    /// CBOR both ways, the operation in the path.
    Cbor,
}

/// An operation.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Operation {
    /// Method and path.
    #[serde(default)]
    pub http: Http,
    /// What it takes.
    pub input: Option<Reference>,
    /// What it gives.
    pub output: Option<Reference>,
    /// The errors that the model knows.
    #[serde(default)]
    pub errors: Vec<Reference>,
    endpoint: Option<HostPrefix>,
    authtype: Option<String>,
    http_checksum: Option<Checksum>,
    #[serde(default)]
    http_checksum_required: bool,
}

/// Method and path of an operation.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Http {
    /// `POST`
    pub method: String,
    /// `/{Bucket}/{Key+}?acl`
    pub request_uri: String,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            method: "POST".to_owned(),
            request_uri: "/".to_owned(),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct HostPrefix {
    host_prefix: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Checksum {
    #[serde(default)]
    request_checksum_required: bool,
}

/// A shape and what its place adds to it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Reference {
    /// The shape's name.
    pub shape: Box<str>,
    /// `uri`, `querystring`, `header`, `headers` or `statusCode`; the body where it is absent.
    pub location: Option<Box<str>>,
    location_name: Option<Box<str>>,
    query_name: Option<Box<str>>,
    flattened: bool,
    streaming: bool,
    timestamp_format: Option<Box<str>>,
    xml_namespace: Option<Namespace>,
    /// Whether it is an attribute of its element.
    pub xml_attribute: bool,
    /// Whether the caller is to make it up, so that a request that is sent again is known.
    pub idempotency_token: bool,
    /// Whether a header carries it as JSON in base 64.
    pub jsonvalue: bool,
    /// Whether the host begins with it.
    pub host_label: bool,
    /// The element around the result, in answers of the query protocol.
    pub result_wrapper: Option<Box<str>>,
    eventstream: bool,
}

/// An XML namespace: its address, or that with a prefix.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Namespace {
    /// Only the address.
    Address(Box<str>),
    /// The address, and a prefix for what belongs to it.
    Prefixed {
        /// The address.
        uri: Box<str>,
        /// The prefix.
        prefix: Option<Box<str>>,
    },
}

/// A shape.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shape {
    /// What it is.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// A structure's members, in the model's order and spelling.
    #[serde(default)]
    pub members: IndexMap<Box<str>, Reference>,
    /// A structure's members that must be there.
    #[serde(default)]
    pub required: Vec<Box<str>>,
    /// A list's items.
    pub member: Option<Box<Reference>>,
    /// A map's keys.
    pub key: Option<Box<Reference>>,
    /// A map's values.
    pub value: Option<Box<Reference>>,
    /// The member that is the whole body.
    pub payload: Option<Box<str>>,
    /// Whether it is an error.
    #[serde(default)]
    pub exception: bool,
    /// What an error is called on the wire.
    pub error: Option<ErrorTrait>,
    /// The values that a string may have.
    #[serde(default, rename = "enum")]
    pub values: Vec<Box<str>>,
    /// The least number, or the least length.
    pub min: Option<serde_json::Number>,
    /// The greatest number, or the greatest length.
    pub max: Option<serde_json::Number>,
    /// Whether any JSON may stand here.
    #[serde(default)]
    pub document: bool,
    #[serde(default)]
    flattened: bool,
    #[serde(default)]
    streaming: bool,
    #[serde(default)]
    eventstream: bool,
    timestamp_format: Option<Box<str>>,
    location_name: Option<Box<str>>,
    xml_namespace: Option<Namespace>,
}

/// What an error is called on the wire.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ErrorTrait {
    /// The code, where it is not the shape's name.
    pub code: Option<Box<str>>,
}

/// What a shape is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Named members.
    Structure,
    /// Items of one shape.
    List,
    /// Values of one shape under names of the caller.
    Map,
    /// A text; `character` is one, too.
    #[serde(alias = "character")]
    String,
    /// A number of 32 bits; smaller ones, too.
    #[serde(alias = "byte", alias = "short", alias = "intenum")]
    Integer,
    /// A number of 64 bits.
    #[serde(alias = "biginteger")]
    Long,
    /// A number of 32 bits with fractions.
    Float,
    /// A number of 64 bits with fractions.
    #[serde(alias = "bigdecimal")]
    Double,
    /// `true` or `false`.
    Boolean,
    /// Bytes.
    Blob,
    /// A point in time.
    Timestamp,
}

/// A shape at its place: what the place says wins over what the shape says.
#[derive(Clone, Copy, Debug)]
pub struct Place<'m> {
    /// The place.
    pub reference: &'m Reference,
    /// The shape.
    pub shape: &'m Shape,
}

impl Model {
    /// Reads a model.
    ///
    /// # Errors
    /// When the document is no model.
    pub fn parse(document: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(document)
    }

    /// The operation that an action names: `getItem` is `GetItem`. What stands in the model as `ListThings2015_03_31` is `listThings`, too.
    #[must_use]
    pub fn operation(&self, action: &str) -> Option<(&str, &Operation)> {
        let mut letters = action.chars();
        let name: String = letters
            .next()
            .into_iter()
            .map(|first| first.to_ascii_uppercase())
            .chain(letters)
            .collect();
        let found = self.operations.get_key_value(&*name).or_else(|| {
            let dated = |full: &str| {
                full.strip_prefix(&*name).is_some_and(|rest| {
                    !rest.is_empty()
                        && rest
                            .chars()
                            .all(|letter| letter.is_ascii_digit() || letter == '_')
                })
            };
            let same = |full: &str| full.eq_ignore_ascii_case(&name);
            let mut all = self.operations.iter();
            all.find(|(full, _)| dated(full) || same(full))
        });
        found.map(|(name, operation)| (&**name, operation))
    }

    /// The shape of a name; an empty structure where the model has none, which no model of AWS does.
    #[must_use]
    pub fn shape(&self, name: &str) -> Option<&Shape> {
        self.shapes.get(name)
    }

    /// A shape at its place.
    #[must_use]
    pub fn place<'m>(&'m self, reference: &'m Reference) -> Option<Place<'m>> {
        let shape = self.shapes.get(&reference.shape)?;
        Some(Place { reference, shape })
    }

    /// How the service speaks: of several ways that which people can read.
    #[must_use]
    pub fn protocol(&self) -> Option<Protocol> {
        let metadata = &self.metadata;
        let spoken = |name: &str| {
            metadata.protocol == name || metadata.protocols.iter().any(|one| one == name)
        };
        [
            ("json", Protocol::Json),
            ("rest-json", Protocol::RestJson),
            ("rest-xml", Protocol::RestXml),
            ("query", Protocol::Query),
            ("ec2", Protocol::Ec2),
            ("smithy-rpc-v2-cbor", Protocol::Cbor),
        ]
        .into_iter()
        .find_map(|(name, protocol)| spoken(name).then_some(protocol))
    }

    /// The name of the error shape of a code: of those that the operation names, or of any of the service, as the SDK for Java looks for it.
    #[must_use]
    pub fn error_shape<'m>(&'m self, operation: &'m Operation, code: &str) -> Option<&'m str> {
        let named = operation.errors.iter().find_map(|reference| {
            let shape = self.shapes.get(&reference.shape)?;
            is_called(&reference.shape, shape, code).then_some(&*reference.shape)
        });
        named.or_else(|| {
            let mut shapes = self.shapes.iter();
            let found =
                shapes.find(|(name, shape)| shape.exception && is_called(name, shape, code));
            found.map(|(name, _)| &**name)
        })
    }
}

/// Whether an error's shape has this code on the wire.
fn is_called(name: &str, shape: &Shape, code: &str) -> bool {
    let on_wire = shape.error.as_ref().and_then(|error| error.code.as_deref());
    on_wire == Some(code) || name == code
}

impl Metadata {
    /// The name in signatures.
    #[must_use]
    pub fn signing_name(&self) -> &str {
        self.signing_name
            .as_deref()
            .unwrap_or(&self.endpoint_prefix)
    }

    /// Whether the service is S3 or one of its kin, whose paths are signed as they are sent.
    #[must_use]
    pub fn is_s3(&self) -> bool {
        matches!(
            self.signing_name(),
            "s3" | "s3-outposts" | "s3-object-lambda" | "s3express"
        )
    }
}

impl Operation {
    /// What the host begins with, with names of members in braces.
    #[must_use]
    pub fn host_prefix(&self) -> Option<&str> {
        self.endpoint.as_ref()?.host_prefix.as_deref()
    }

    /// Whether the request is signed.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        self.authtype.as_deref() != Some("none")
    }

    /// Whether the request must carry a checksum of its body.
    #[must_use]
    pub fn needs_checksum(&self) -> bool {
        self.http_checksum_required
            || self
                .http_checksum
                .as_ref()
                .is_some_and(|checksum| checksum.request_checksum_required)
    }
}

impl<'m> Place<'m> {
    /// What it is called on the wire, where that is not the member's own name.
    #[must_use]
    pub fn wire_name(&self) -> Option<&'m str> {
        self.reference
            .location_name
            .as_deref()
            .or(self.shape.location_name.as_deref())
    }

    /// What it is called in EC2's forms.
    #[must_use]
    pub fn query_name(&self) -> Option<&'m str> {
        self.reference.query_name.as_deref()
    }

    /// Whether a list or a map has no element of its own.
    #[must_use]
    pub fn is_flattened(&self) -> bool {
        self.reference.flattened || self.shape.flattened
    }

    /// Whether it is bytes that were not made for a document.
    #[must_use]
    pub fn is_streaming(&self) -> bool {
        self.reference.streaming || self.shape.streaming
    }

    /// Whether it is a stream of events, which no workflow can read.
    #[must_use]
    pub fn is_event_stream(&self) -> bool {
        self.reference.eventstream || self.shape.eventstream
    }

    /// How times are written here.
    #[must_use]
    pub fn timestamp_format(&self) -> Option<&'m str> {
        self.reference
            .timestamp_format
            .as_deref()
            .or(self.shape.timestamp_format.as_deref())
    }

    /// The XML namespace.
    #[must_use]
    pub fn namespace(&self) -> Option<&'m Namespace> {
        self.reference
            .xml_namespace
            .as_ref()
            .or(self.shape.xml_namespace.as_ref())
    }
}
