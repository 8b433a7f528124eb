//! A container in ECS's words: `ecsProperties` with one task of one container says what `containerProperties` say.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{ContainerOverrides, ContainerProperties};
use crate::error::{Error, Result};

/// What a task may say besides its containers, and how a container says it.
const OF_TASK: [(&str, &str); 7] = [
    ("executionRoleArn", "executionRoleArn"),
    ("taskRoleArn", "jobRoleArn"),
    ("networkConfiguration", "networkConfiguration"),
    ("ephemeralStorage", "ephemeralStorage"),
    ("runtimePlatform", "runtimePlatform"),
    ("volumes", "volumes"),
    ("enableExecuteCommand", "enableExecuteCommand"),
];

/// The container that `ecsProperties` describe.
///
/// # Errors
/// When they describe more than one container, or something of it that only ECS has.
pub(crate) fn container(at: &str, ecs: &Value) -> Result<Arc<ContainerProperties>> {
    let task = only(at, "taskProperties", ecs)?;
    let at = format!("{at}.taskProperties[0]");
    let mut described = only(&at, "containers", task)?
        .as_object()
        .cloned()
        .unwrap_or_default();
    for name in ["ipcMode", "pidMode"] {
        match task.get(name).and_then(Value::as_str) {
            None | Some("none" | "task") => {}
            Some(mode) => {
                return Err(Error::Client(format!(
                    "{at}.{name} {mode:?} is not supported"
                )));
            }
        }
    }
    let at = format!("{at}.containers[0]");
    for (name, what) in [
        ("dependsOn", "there is no other container"),
        ("firelensConfiguration", "logs go to Ratchet's own"),
    ] {
        let is_set = described
            .get(name)
            .is_some_and(|value| !value.is_null() && *value != json!([]));
        if is_set {
            return Err(Error::Client(format!(
                "{at}.{name} is not supported: {what}"
            )));
        }
    }
    if described.get("essential") == Some(&Value::Bool(false)) {
        return Err(Error::Client(format!(
            "{at}.essential must not be false: it is the only container"
        )));
    }
    for (of_task, of_container) in OF_TASK {
        if let Some(value) = task.get(of_task) {
            described.insert(of_container.to_owned(), value.clone());
        }
    }
    described.retain(|_, value| !value.is_null());
    let read = serde_json::from_value(Value::Object(described));
    read.map(Arc::new)
        .map_err(|error| Error::Client(format!("{at}: {error}")))
}

/// What `ecsPropertiesOverride` changes of the definition's container.
///
/// # Errors
/// When it changes more than one container, or one of another name.
pub(crate) fn overrides(definition: &Value, overrides: &Value) -> Result<ContainerOverrides> {
    let at = "ecsPropertiesOverride";
    let Some(task) = optional(at, "taskProperties", overrides)? else {
        return Ok(ContainerOverrides::default());
    };
    let at = format!("{at}.taskProperties[0]");
    let Some(changes) = optional(&at, "containers", task)? else {
        return Ok(ContainerOverrides::default());
    };
    let at = format!("{at}.containers[0]");
    let known = definition
        .pointer("/taskProperties/0/containers/0/name")
        .and_then(Value::as_str);
    match changes.get("name").and_then(Value::as_str) {
        Some(name) if known != Some(name) => {
            let known = known.unwrap_or("none");
            return Err(Error::Client(format!(
                "{at}.name {name:?} is not the definition's container, {known:?}"
            )));
        }
        Some(_) | None => {}
    }
    let changes: Map<String, Value> = changes.as_object().cloned().unwrap_or_default();
    serde_json::from_value(Value::Object(changes))
        .map_err(|error| Error::Client(format!("{at}: {error}")))
}

/// The only element of a list.
fn only<'a>(at: &str, list: &str, value: &'a Value) -> Result<&'a Value> {
    match optional(at, list, value)? {
        Some(element) => Ok(element),
        None => Err(Error::Client(format!("{at}.{list} must have one element"))),
    }
}

/// The only element of a list that may be empty.
fn optional<'a>(at: &str, list: &str, value: &'a Value) -> Result<Option<&'a Value>> {
    match value.get(list).and_then(Value::as_array).map(Vec::as_slice) {
        None | Some([]) => Ok(None),
        Some([element]) => Ok(Some(element)),
        Some(more) => {
            let count = more.len();
            Err(Error::Client(format!(
                "{at}.{list} has {count} elements: jobs of more than one container are not supported"
            )))
        }
    }
}
