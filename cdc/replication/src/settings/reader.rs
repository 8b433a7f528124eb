//! Reads settings by their path, as the table of known settings says.

use std::time::Duration;

use serde_json::{Map, Value};

use super::known::{Effect, Kind, Known, SETTINGS};
use super::{DdlPolicy, Error};
use crate::nearest::nearest;

/// A document of settings.
pub(super) struct Reader {
    document: Map<String, Value>,
}

impl Reader {
    pub(super) fn new(document: &str) -> Result<Self, Error> {
        match serde_json::from_str(document) {
            Ok(Value::Object(document)) => Ok(Self { document }),
            Ok(other) => Err(Error(format!(
                "Invalid task settings document. It must be a JSON object, and is {}",
                kind_of(&other)
            ))),
            Err(error) => Err(Error(format!(
                "Invalid task settings document. Invalid json: {error}"
            ))),
        }
    }

    /// Checks that everything in the document is known and may be what it is, and gives what has no effect.
    pub(super) fn check(&self) -> Result<Vec<String>, Error> {
        let mut warnings = Vec::new();
        for (section, value) in &self.document {
            if let Some(known) = find(section) {
                warnings.extend(check_value(known, value)?);
                continue;
            }
            if !sections().any(|known| known == section) {
                return Err(unknown("task setting", section, sections()));
            }
            let settings = match value {
                Value::Null => continue,
                Value::Object(settings) => settings,
                other => {
                    return Err(Error(format!(
                        "{section} must be an object, and is {}",
                        kind_of(other)
                    )));
                }
            };
            for (name, value) in settings {
                let path = format!("{section}.{name}");
                let Some(known) = find(&path) else {
                    return Err(unknown("task setting", &path, paths(section)));
                };
                warnings.extend(check_value(known, value)?);
            }
        }
        Ok(warnings)
    }

    pub(super) fn flag(&self, path: &str) -> bool {
        match (self.value(path), known(path).kind) {
            (Some(Value::Bool(flag)), _) => *flag,
            (_, Kind::Flag(default)) => default,
            (_, _) => false,
        }
    }

    pub(super) fn number(&self, path: &str) -> i64 {
        match (self.value(path), known(path).kind) {
            (Some(Value::Number(number)), _) => number.as_i64().unwrap_or(i64::MAX),
            (_, Kind::Number(default, _, _)) => default,
            (_, _) => 0,
        }
    }

    /// A number that is not negative.
    pub(super) fn size(&self, path: &str) -> usize {
        usize::try_from(self.number(path)).unwrap_or(0)
    }

    pub(super) fn seconds(&self, path: &str) -> Duration {
        Duration::from_secs(u64::try_from(self.number(path)).unwrap_or(0))
    }

    pub(super) fn text(&self, path: &str) -> &str {
        match (self.value(path), known(path).kind) {
            (Some(Value::String(text)), _) => text,
            (_, Kind::Text(default)) => default,
            (_, Kind::Choice(names)) => names[0],
            (_, _) => "",
        }
    }

    pub(super) fn ddl_policy(&self, path: &str) -> DdlPolicy {
        match self.value(path) {
            Some(Value::Bool(false)) => DdlPolicy::Ignore,
            Some(Value::String(_)) => DdlPolicy::Stop,
            Some(_) | None => DdlPolicy::Apply,
        }
    }

    fn value(&self, path: &str) -> Option<&Value> {
        match path.split_once('.') {
            Some((section, name)) => self.document.get(section)?.get(name),
            None => self.document.get(path),
        }
    }
}

fn find(path: &str) -> Option<&'static Known> {
    SETTINGS.iter().find(|known| known.path == path)
}

fn known(path: &str) -> &'static Known {
    find(path).expect("settings are read by the paths of the table")
}

fn sections() -> impl Iterator<Item = &'static str> {
    SETTINGS
        .iter()
        .map(|known| known.path.split_once('.').map_or(known.path, |pair| pair.0))
}

fn paths(section: &str) -> impl Iterator<Item = &'static str> {
    SETTINGS
        .iter()
        .map(|known| known.path)
        .filter(move |path| path.split_once('.').is_some_and(|pair| pair.0 == section))
}

/// Checks one value; a warning if it has no effect.
fn check_value(known: &Known, value: &Value) -> Result<Option<String>, Error> {
    if value.is_null() {
        return Ok(None);
    }
    let at_default = match (known.kind, value) {
        (Kind::Flag(default), Value::Bool(flag)) => *flag == default,
        (Kind::Number(default, least, most), Value::Number(number))
            if number
                .as_i64()
                .is_some_and(|number| (least..=most).contains(&number)) =>
        {
            number.as_i64() == Some(default)
        }
        (Kind::Text(default), Value::String(text)) => text == default,
        (Kind::Choice(names), Value::String(text)) if names.contains(&text.as_str()) => {
            text == names[0]
        }
        (Kind::DdlPolicy, Value::Bool(flag)) => *flag,
        (Kind::DdlPolicy, Value::String(text)) if text == "STOP" => false,
        (Kind::Any, value) => match value {
            Value::Array(items) => items.is_empty(),
            Value::Object(fields) => fields.values().all(Value::is_null),
            _ => false,
        },
        (_, _) => return Err(not_allowed(known, value)),
    };
    let path = known.path;
    match known.effect {
        Effect::Read | Effect::Quiet => Ok(None),
        Effect::None(_) | Effect::Refused(_) if at_default => Ok(None),
        Effect::None(reason) => Ok(Some(format!("{path} has no effect: {reason}"))),
        Effect::Refused(reason) => Err(Error(format!("{path} can't be {value}: {reason}"))),
    }
}

fn not_allowed(known: &Known, value: &Value) -> Error {
    let allowed = match known.kind {
        Kind::Flag(_) => "true or false".to_owned(),
        Kind::Number(_, least, most) => format!("a whole number from {least} to {most}"),
        Kind::Text(_) => "a string".to_owned(),
        Kind::Choice([only]) => format!("{only:?}"),
        Kind::Choice(names) => format!("one of {}", names.join(", ")),
        Kind::DdlPolicy => "true (apply), false (ignore) or \"STOP\"".to_owned(),
        Kind::Any => "null".to_owned(),
    };
    let mut shown = value.to_string();
    if shown.chars().count() > 60 {
        shown = shown.chars().take(59).chain(['…']).collect();
    }
    Error(format!("{} must be {allowed}, and is {shown}", known.path))
}

fn unknown(what: &str, name: &str, candidates: impl Iterator<Item = &'static str>) -> Error {
    let hint = nearest(name, candidates)
        .map(|nearest| format!("; the nearest is {nearest}"))
        .unwrap_or_default();
    Error(format!("unknown {what} {name}{hint}"))
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
