//! Reads members of a state's parameters, with a failure that names what is wrong.

use asl::parameters::{Known, known};
use expression::value::{Object, Value};
use interpreter::failure::Failure;
use interpreter::payload::Payload;

use super::Page;
use crate::failures;
use crate::replication::definition::Place;
use crate::replication::dms_failures::invalid_parameter;

/// The parameters of one call.
pub(super) struct Reader<'a> {
    value: &'a Value,
}

impl<'a> Reader<'a> {
    /// # Errors
    /// Parameters that there are not, all of them at once.
    pub(super) fn new(payload: &'a Payload, action: &str) -> Result<Self, Failure> {
        let value = payload.value();
        let known = known("dms", action).unwrap_or(Known::Unchecked);
        let problems: Vec<String> = value
            .as_object()
            .into_iter()
            .flat_map(Object::keys)
            .filter(|name| !known.contains(name))
            .map(|name| format!("The field \"{name}\" is not supported by Step Functions"))
            .collect();
        if problems.is_empty() {
            Ok(Self { value })
        } else {
            // Only names: the values may have passwords in them.
            Err(failures::parameters(action, &problems))
        }
    }

    /// A member that is there and not null.
    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.value
            .get(name)
            .filter(|value| !matches!(value, Value::Null))
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<&'a str>, Failure> {
        self.typed(name, "a string", Value::as_str)
    }

    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Failure> {
        self.typed(name, "true or false", Value::as_bool)
    }

    fn typed<T>(
        &self,
        name: &str,
        what: &str,
        read: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, Failure> {
        match self.get(name) {
            None => Ok(None),
            Some(value) => match read(value) {
                Some(read) => Ok(Some(read)),
                None => Err(invalid_parameter(&format!("{name} must be {what}"))),
            },
        }
    }

    /// A JSON document: as text, or as JSON.
    pub(super) fn document(&self, name: &str) -> Result<Option<String>, Failure> {
        self.typed(name, "an object, or its text", |value| match value {
            Value::String(text) => Some(text.to_string()),
            Value::Object(_) => Some(value.to_text()),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
        })
    }

    pub(super) fn list(&self, name: &str) -> Result<Vec<String>, Failure> {
        let list = self.typed(name, "an array of strings", strings)?;
        Ok(list.unwrap_or_default())
    }

    /// `{"Url": …}` or `{"Endpoint": …}`
    pub(super) fn place(&self, name: &str) -> Result<Option<Place>, Failure> {
        self.typed(
            name,
            "{\"Url\": a connection URL} or {\"Endpoint\": a name of this server's configuration}",
            |value| {
                let members = value.as_object().filter(|members| members.len() == 1)?;
                let (kind, text) = members.iter().next()?;
                let text = text.as_str()?.to_owned();
                match &**kind {
                    "Url" => Some(Place::Url(text)),
                    "Endpoint" => Some(Place::Endpoint(text)),
                    _ => None,
                }
            },
        )
    }

    pub(super) fn identifier(&self) -> Result<String, Failure> {
        let arn = self.text("ReplicationTaskArn")?.map(of_arn);
        let identifier = match self.text("ReplicationTaskIdentifier")? {
            Some(identifier) => Some(identifier.to_owned()),
            None => arn,
        };
        let Some(identifier) = identifier else {
            return Err(invalid_parameter(
                "ReplicationTaskIdentifier is required but was missing",
            ));
        };
        let is_plain =
            |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
        if identifier.is_empty() || identifier.len() > 255 || !identifier.chars().all(is_plain) {
            return Err(invalid_parameter(&format!(
                "The parameter ReplicationTaskIdentifier is {identifier:?}: it must contain 1 to 255 letters, digits, _ and -"
            )));
        }
        Ok(identifier)
    }

    pub(super) fn page(&self) -> Result<Page, Failure> {
        let what = "a whole number from 1 to 500";
        let limit = self.typed("MaxRecords", what, |value| {
            let limit = usize::try_from(value.as_i64()?).ok()?;
            (1..=500).contains(&limit).then_some(limit)
        })?;
        Ok(Page {
            limit: limit.unwrap_or(Page::default().limit),
            after: self.text("Marker")?.map(str::to_owned),
        })
    }

    /// `[{"Name": …, "Values": […]}]`
    pub(super) fn filters(&self) -> Result<Vec<(String, Vec<String>)>, Failure> {
        let filters = self.typed(
            "Filters",
            "an array of {\"Name\": a string, \"Values\": an array of strings}",
            |value| {
                value
                    .as_array()?
                    .iter()
                    .map(|filter| {
                        let name = filter.get("Name")?.as_str()?.to_owned();
                        Some((name, strings(filter.get("Values")?)?))
                    })
                    .collect::<Option<Vec<_>>>()
            },
        )?;
        Ok(filters.unwrap_or_default())
    }
}

fn strings(value: &Value) -> Option<Vec<String>> {
    let items = value.as_array()?.iter();
    items.map(|item| item.as_str().map(str::to_owned)).collect()
}

/// The identifier in a task's ARN: `arn:aws:dms:us-east-1:000000000000:task:orders`.
pub(super) fn of_arn(arn: &str) -> String {
    arn.rsplit(':').next().unwrap_or(arn).to_owned()
}

pub(super) fn one_of(parameter: &str, value: &str, allowed: &[&str]) -> Failure {
    invalid_parameter(&format!(
        "{parameter} is {value:?}: it must be one of {}",
        allowed.join(", ")
    ))
}
