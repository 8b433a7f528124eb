//! Makes the request of a call, as the service's protocol has it.

mod form;
mod json;
mod rest;
mod rest_xml;
mod rpc;

use bytes::Bytes;
use md5::{Digest, Md5};
use serde_json::Value;

use crate::error::Error;
use crate::model::{Model, Operation, Protocol};
use crate::parameters::{self, Member, Node};
use crate::signature::{Slash, encode_into};

/// A request before it is known where it goes and who signs it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prepared {
    /// `POST`
    pub method: String,
    /// Percent-encoded, from the service's root on.
    pub path: String,
    /// Names and values, not encoded.
    pub query: Vec<(String, String)>,
    /// Names and values, without those of the signature.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
    /// What the host begins with at AWS itself.
    pub host_prefix: Option<String>,
}

/// Makes a request. `token` stands for members that the caller is to make up.
///
/// # Errors
/// When the parameters don't fit, or the operation can't be called from here.
pub fn prepare(
    model: &Model,
    name: &str,
    operation: &Operation,
    given: &Value,
    token: &str,
) -> Result<Prepared, Error> {
    let unsupported = |reason: &str| Error::Unsupported {
        service: model.metadata.service_id.clone(),
        action: name.to_owned(),
        reason: reason.to_owned(),
    };
    let protocol = model
        .protocol()
        .ok_or_else(|| unsupported("it speaks no protocol that is known here"))?;
    if has_event_stream(model, operation) {
        return Err(unsupported("it is a stream of events"));
    }
    let input = operation
        .input
        .as_ref()
        .and_then(|reference| model.place(reference));
    let members = match input {
        Some(place) => parameters::read(model, place, given, token).map_err(Error::Parameters)?,
        None => match given.as_object() {
            Some(given) if !given.is_empty() => {
                let unknown = given
                    .keys()
                    .map(|name| format!("The field \"{name}\" is not supported by Step Functions"));
                return Err(Error::Parameters(unknown.collect()));
            }
            _ => Vec::new(),
        },
    };
    let mut prepared = match protocol {
        Protocol::Json => rpc::json(model, name, &members),
        Protocol::Cbor => rpc::cbor(model, name, input, &members),
        Protocol::Query => form::query(model, name, &members),
        Protocol::Ec2 => form::ec2(model, name, &members),
        Protocol::RestJson | Protocol::RestXml => {
            rest::prepare(model, protocol, operation, input, &members)
        }
    };
    if operation.needs_checksum() && !prepared.has_header("Content-MD5") {
        use base64::Engine as _;
        let digest = Md5::digest(&prepared.body);
        let digest = base64::engine::general_purpose::STANDARD.encode(digest);
        prepared.header("Content-MD5", digest);
    }
    prepared.host_prefix = operation
        .host_prefix()
        .map(|prefix| filled(prefix, &members));
    Ok(prepared)
}

impl Prepared {
    fn has_header(&self, name: &str) -> bool {
        let mut names = self.headers.iter().map(|(name, _)| name);
        names.any(|known| known.eq_ignore_ascii_case(name))
    }

    fn post(path: &str, content_type: String, body: impl Into<Bytes>) -> Self {
        Self {
            method: "POST".to_owned(),
            path: path.to_owned(),
            headers: vec![("Content-Type".to_owned(), content_type)],
            body: body.into(),
            ..Self::default()
        }
    }

    fn header(&mut self, name: &str, value: String) {
        self.headers.push((name.to_owned(), value));
    }

    /// The query as it is signed and sent: percent-encoded and sorted.
    #[must_use]
    pub fn query_text(&self) -> String {
        let encoded = |text: &str| {
            let mut encoded = String::with_capacity(text.len());
            encode_into(&mut encoded, text, Slash::Encode);
            encoded
        };
        let pairs = self.query.iter();
        let mut pairs: Vec<(String, String)> = pairs
            .map(|(name, value)| (encoded(name), encoded(value)))
            .collect();
        pairs.sort_unstable();
        let pairs: Vec<String> = pairs
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("&")
    }
}

/// The members' values in the places that a template names: `{Name}`.
fn filled(template: &str, members: &[Member<'_>]) -> String {
    let mut text = template.to_owned();
    for member in members
        .iter()
        .filter(|member| member.place.reference.host_label)
    {
        if let Node::Text(value) = &member.node {
            text = text.replace(&format!("{{{}}}", member.name), value);
        }
    }
    text
}

fn has_event_stream(model: &Model, operation: &Operation) -> bool {
    [&operation.input, &operation.output]
        .into_iter()
        .flatten()
        .filter_map(|reference| model.place(reference))
        .flat_map(|place| place.shape.members.values())
        .filter_map(|member| model.place(member))
        .any(|place| place.is_event_stream())
}
