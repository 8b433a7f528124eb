//! What a task state says to `dms:…`, read and checked.

mod reader;
#[cfg(test)]
mod tests;

use interpreter::failure::Failure;
use interpreter::payload::Payload;

use self::reader::{Reader, of_arn, one_of};
use crate::replication::definition::{Definition, Migration};
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
