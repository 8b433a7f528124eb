//! What a task state says to `dms:…`, read and checked.

use asl::parameters::{Known, known};
use expression::value::{Object, Value};
use interpreter::failure::Failure;
use interpreter::payload::Payload;

use crate::failures;
use crate::replication::definition::{Definition, Migration, Place};
use crate::replication::dms_failures::invalid_parameter;

/// `startReplicationTask`
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Start {
    pub(crate) identifier: String,
    /// What the task is; none starts a task that is known as it is.
    pub(crate) definition: Option<Definition>,
    pub(crate) wait_for: Option<Condition>,
    pub(crate) start_type: StartType,
}

/// DMS's `StartReplicationTaskType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StartType {
    /// `start-replication` and `resume-processing`: where it was; at the beginning, the first time.
    Resume,
    /// `reload-target`: everything anew.
    Reload,
}

/// What a state waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Condition {
    /// Every table is loaded, with its indexes and constraints.
    FullLoadComplete,
    /// Everything that the source had committed when the state began to wait is durable at the target.
    CaughtUp,
    /// The task has ended.
    Stopped,
}

/// `stopReplicationTask`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stop {
    pub(crate) identifier: String,
    /// Whether the target's sequences must have the source's values before.
    pub(crate) sets_sequences: bool,
}

/// `describeReplicationTasks`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DescribeTasks {
    /// Only these; all without.
    pub(crate) identifiers: Option<Vec<String>>,
    pub(crate) without_settings: bool,
    pub(crate) page: Page,
}

/// Which part of a list is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    /// `MaxRecords`
    pub(crate) limit: usize,
    /// `Marker`: what the part before this one ended with.
    pub(crate) after: Option<String>,
}

impl Default for Page {
    /// DMS's, for those who say nothing.
    fn default() -> Self {
        Self {
            limit: 100,
            after: None,
        }
    }
}

/// `describeTableStatistics`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DescribeTables {
    pub(crate) identifier: String,
    /// Pairs of a column (`schema-name`, `table-name`, `table-state`) and the values that it may have.
    pub(crate) filters: Vec<(String, Vec<String>)>,
    pub(crate) page: Page,
}

impl Condition {
    const ALL: [(&'static str, Self); 3] = [
        ("FULL_LOAD_COMPLETE", Self::FullLoadComplete),
        ("CAUGHT_UP", Self::CaughtUp),
        ("STOPPED", Self::Stopped),
    ];
}

impl Start {
    pub(crate) fn read(payload: &Payload) -> Result<Self, Failure> {
        let reader = Reader::new(payload, "startReplicationTask")?;
        let identifier = reader.identifier()?;
        let migration = match reader.text("MigrationType")? {
            None => None,
            Some(name) => Some(
                Migration::ALL
                    .into_iter()
                    .find(|migration| migration.name() == name)
                    .ok_or_else(|| {
                        one_of("MigrationType", name, &Migration::ALL.map(Migration::name))
                    })?,
            ),
        };
        let (source, target) = (reader.place("Source")?, reader.place("Target")?);
        let definition = match (source, target) {
            (Some(source), Some(target)) => Some(Definition {
                source,
                target,
                migration: migration.unwrap_or(Migration::FullLoadAndCdc),
                table_mappings: reader.document("TableMappings")?,
                settings: reader.document("ReplicationTaskSettings")?,
                slot: reader.text("SlotName")?.map(str::to_owned),
                publications: reader.list("Publications")?,
            }),
            (None, None) => {
                let more = [
                    "TableMappings",
                    "ReplicationTaskSettings",
                    "SlotName",
                    "Publications",
                    "MigrationType",
                ];
                if let Some(name) = more.iter().find(|name| reader.get(name).is_some()) {
                    return Err(invalid_parameter(&format!(
                        "{name} describes a task, and so do Source and Target, which are missing. Leave all of them out to start a task that is \
                         known"
                    )));
                }
                None
            }
            (None, Some(_)) => {
                return Err(invalid_parameter("Target is given and Source is missing"));
            }
            (Some(_), None) => {
                return Err(invalid_parameter("Source is given and Target is missing"));
            }
        };
        let wait_for = match reader.text("WaitFor")? {
            None => None,
            Some(name) => Some(
                Condition::ALL
                    .iter()
                    .find(|(known, _)| *known == name)
                    .map(|(_, condition)| *condition)
                    .ok_or_else(|| {
                        one_of("WaitFor", name, &Condition::ALL.map(|(name, _)| name))
                    })?,
            ),
        };
        let start_type = match reader.text("StartReplicationTaskType")? {
            None | Some("start-replication" | "resume-processing") => StartType::Resume,
            Some("reload-target") => StartType::Reload,
            Some(other) => {
                return Err(one_of(
                    "StartReplicationTaskType",
                    other,
                    &["start-replication", "resume-processing", "reload-target"],
                ));
            }
        };
        Ok(Self {
            identifier,
            definition,
            wait_for,
            start_type,
        })
    }
}

impl Stop {
    pub(crate) fn read(payload: &Payload) -> Result<Self, Failure> {
        let reader = Reader::new(payload, "stopReplicationTask")?;
        Ok(Self {
            identifier: reader.identifier()?,
            sets_sequences: reader.flag("SetSequences")?.unwrap_or(false),
        })
    }
}

impl DescribeTasks {
    pub(crate) fn read(payload: &Payload) -> Result<Self, Failure> {
        let reader = Reader::new(payload, "describeReplicationTasks")?;
        let mut identifiers: Option<Vec<String>> = None;
        for (name, values) in reader.filters()? {
            let values: Vec<String> = match name.as_str() {
                "replication-task-id" => values,
                "replication-task-arn" => values.iter().map(|arn| of_arn(arn)).collect(),
                other => {
                    return Err(one_of(
                        "Filters",
                        other,
                        &["replication-task-id", "replication-task-arn"],
                    ));
                }
            };
            identifiers = Some(match identifiers {
                None => values,
                Some(earlier) => earlier
                    .into_iter()
                    .filter(|identifier| values.contains(identifier))
                    .collect(),
            });
        }
        Ok(Self {
            identifiers,
            without_settings: reader.flag("WithoutSettings")?.unwrap_or(false),
            page: reader.page()?,
        })
    }
}

impl DescribeTables {
    pub(crate) fn read(payload: &Payload) -> Result<Self, Failure> {
        let reader = Reader::new(payload, "describeTableStatistics")?;
        let filters = reader.filters()?;
        let known = ["schema-name", "table-name", "table-state"];
        for (name, _) in &filters {
            if !known.contains(&name.as_str()) {
                return Err(one_of("Filters", name, &known));
            }
        }
        Ok(Self {
            identifier: reader.identifier()?,
            filters,
            page: reader.page()?,
        })
    }
}

/// Reads members of the parameters, with a failure that names what is wrong.
struct Reader<'a> {
    value: &'a Value,
}

impl<'a> Reader<'a> {
    /// # Errors
    /// Parameters that there are not, all of them at once.
    fn new(payload: &'a Payload, action: &str) -> Result<Self, Failure> {
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
    fn get(&self, name: &str) -> Option<&'a Value> {
        self.value
            .get(name)
            .filter(|value| !matches!(value, Value::Null))
    }

    fn text(&self, name: &str) -> Result<Option<&'a str>, Failure> {
        self.typed(name, "a string", Value::as_str)
    }

    fn flag(&self, name: &str) -> Result<Option<bool>, Failure> {
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
    fn document(&self, name: &str) -> Result<Option<String>, Failure> {
        self.typed(name, "an object, or its text", |value| match value {
            Value::String(text) => Some(text.to_string()),
            Value::Object(_) => Some(value.to_text()),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
        })
    }

    fn list(&self, name: &str) -> Result<Vec<String>, Failure> {
        let list = self.typed(name, "an array of strings", strings)?;
        Ok(list.unwrap_or_default())
    }

    /// `{"Url": …}` or `{"Endpoint": …}`
    fn place(&self, name: &str) -> Result<Option<Place>, Failure> {
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

    fn identifier(&self) -> Result<String, Failure> {
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

    fn page(&self) -> Result<Page, Failure> {
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
    fn filters(&self) -> Result<Vec<(String, Vec<String>)>, Failure> {
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
fn of_arn(arn: &str) -> String {
    arn.rsplit(':').next().unwrap_or(arn).to_owned()
}

fn one_of(parameter: &str, value: &str, allowed: &[&str]) -> Failure {
    invalid_parameter(&format!(
        "{parameter} is {value:?}: it must be one of {}",
        allowed.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use interpreter::payload::Payload;

    use super::{DescribeTables, DescribeTasks, Start, Stop};

    fn check<T: std::fmt::Debug>(
        read: impl Fn(&Payload) -> Result<T, interpreter::failure::Failure>,
        parameters: &str,
        expected: &Expect,
    ) {
        let payload = Payload::parse(parameters).unwrap();
        let shown = match read(&payload) {
            Ok(read) => format!("{read:?}\n"),
            Err(failure) => format!(
                "{}: {}\n",
                failure.error.unwrap_or_default(),
                failure.cause.unwrap_or_default()
            ),
        };
        expected.assert_eq(&shown);
    }

    #[test]
    fn a_start_says_from_where_to_where() {
        check(
            Start::read,
            r#"{"ReplicationTaskIdentifier": "orders", "Source": {"Url": "postgresql://ann:secret@db/shop"}, "Target": {"Endpoint": "copy"},
                "TableMappings": {"rules": []}, "ReplicationTaskSettings": "{}", "WaitFor": "CAUGHT_UP", "Publications": ["p"]}"#,
            &expect![[r#"
                Start { identifier: "orders", definition: Some(Definition { source: postgresql://ann:***@db/shop, target: copy, migration: FullLoadAndCdc, table_mappings: Some("{\"rules\":[]}"), settings: Some("{}"), slot: None, publications: ["p"] }), wait_for: Some(CaughtUp), start_type: Resume }
            "#]],
        );
        check(
            Start::read,
            r#"{"ReplicationTaskArn": "arn:aws:dms:us-east-1:000000000000:task:orders", "StartReplicationTaskType": "reload-target"}"#,
            &expect![[r#"
                Start { identifier: "orders", definition: None, wait_for: None, start_type: Reload }
            "#]],
        );
    }

    #[test]
    fn what_can_t_be_started_is_named() {
        for (parameters, expected) in [
            (
                r#"{}"#,
                expect![[r#"
                Dms.InvalidParameterValueException: ReplicationTaskIdentifier is required but was missing
            "#]],
            ),
            (
                r#"{"ReplicationTaskIdentifier": "a b"}"#,
                expect![[r#"
                Dms.InvalidParameterValueException: The parameter ReplicationTaskIdentifier is "a b": it must contain 1 to 255 letters, digits, _ and -
            "#]],
            ),
            (
                r#"{"ReplicationTaskIdentifier": "a", "Speed": 9}"#,
                expect![[r#"
                    States.Runtime: The Parameters 'startReplicationTask' could not be used to start the Task: [The field "Speed" is not supported by Step Functions]
                "#]],
            ),
            (
                r#"{"ReplicationTaskIdentifier": "a", "Source": {"Url": "x"}}"#,
                expect![[r#"
                    Dms.InvalidParameterValueException: Source is given and Target is missing
                "#]],
            ),
            (
                r#"{"ReplicationTaskIdentifier": "a", "Source": "x", "Target": {"Url": "x"}}"#,
                expect![[r#"
                    Dms.InvalidParameterValueException: Source must be {"Url": a connection URL} or {"Endpoint": a name of this server's configuration}
                "#]],
            ),
            (
                r#"{"ReplicationTaskIdentifier": "a", "MigrationType": "all"}"#,
                expect![[r#"
                    Dms.InvalidParameterValueException: MigrationType is "all": it must be one of full-load, cdc, full-load-and-cdc
                "#]],
            ),
            (
                r#"{"ReplicationTaskIdentifier": "a", "WaitFor": "EVER"}"#,
                expect![[r#"
                    Dms.InvalidParameterValueException: WaitFor is "EVER": it must be one of FULL_LOAD_COMPLETE, CAUGHT_UP, STOPPED
                "#]],
            ),
            (
                r#"{"ReplicationTaskIdentifier": "a", "SlotName": "s"}"#,
                expect![[r#"
                    Dms.InvalidParameterValueException: SlotName describes a task, and so do Source and Target, which are missing. Leave all of them out to start a task that is known
                "#]],
            ),
        ] {
            check(Start::read, parameters, &expected);
        }
    }

    #[test]
    fn stops_and_descriptions_name_their_tasks() {
        check(
            Stop::read,
            r#"{"ReplicationTaskIdentifier": "a", "SetSequences": true}"#,
            &expect![[r#"
                Stop { identifier: "a", sets_sequences: true }
            "#]],
        );
        check(
            Stop::read,
            r#"{"ReplicationTaskIdentifier": "a", "SetSequences": 1}"#,
            &expect![[r#"
                Dms.InvalidParameterValueException: SetSequences must be true or false
            "#]],
        );
        check(
            DescribeTasks::read,
            r#"{"Filters": [{"Name": "replication-task-id", "Values": ["a", "b"]}], "WithoutSettings": true}"#,
            &expect![[r#"
                DescribeTasks { identifiers: Some(["a", "b"]), without_settings: true, page: Page { limit: 100, after: None } }
            "#]],
        );
        check(
            DescribeTasks::read,
            r#"{"Filters": [{"Name": "colour", "Values": []}]}"#,
            &expect![[r#"
                Dms.InvalidParameterValueException: Filters is "colour": it must be one of replication-task-id, replication-task-arn
            "#]],
        );
        check(
            DescribeTables::read,
            r#"{"ReplicationTaskIdentifier": "a", "Filters": [{"Name": "table-name", "Values": ["t"]}]}"#,
            &expect![[r#"
                DescribeTables { identifier: "a", filters: [("table-name", ["t"])], page: Page { limit: 100, after: None } }
            "#]],
        );
    }
}
