//! What the store keeps: resources of four kinds, each a document with a version.

use std::collections::VecDeque;

use schedule::definition::{Definition, Policies};
use schedule::state::State;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use store::records::ResourceRecord;

/// The kind of schedules: what each is. Their names are `group/name`.
pub const SCHEDULE: &str = "schedule";

/// The kind of what schedules remember, apart from what they are: a firing writes only this.
pub const STATE: &str = "schedule-state";

/// The kind of groups.
pub const GROUP: &str = "schedule-group";

/// The kind of letters about calls that failed for good. Their names are `group/name/run`.
pub const DEAD_LETTER: &str = "schedule-dead-letter";

/// The version that this binary writes.
const VERSION: u32 = 1;

/// A schedule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleRecord {
    /// What it is.
    pub definition: Definition,
    /// How it behaves beyond what AWS knows.
    pub policies: Policies,
    /// When it was created: milliseconds since 1970.
    pub created_at: i64,
    /// When it was last changed.
    pub modified_at: i64,
    /// When it got its timetable; where a rate without a start begins.
    pub anchor: i64,
    /// The token of the request that created it, by which that is recognised when it comes again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_token: Option<String>,
}

/// What a schedule remembers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StateRecord {
    /// Its own state.
    pub state: State,
    /// The runs about which there are dead letters, the oldest first.
    #[serde(default, skip_serializing_if = "VecDeque::is_empty")]
    pub letters: VecDeque<String>,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupRecord {
    /// When it was created: milliseconds since 1970.
    pub created_at: i64,
    /// When it was last changed.
    pub modified_at: i64,
    /// The token of the request that created it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_token: Option<String>,
}

/// A letter about a call that failed for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetter {
    /// The schedule.
    pub schedule_arn: String,
    /// What was called.
    pub target_arn: String,
    /// The run.
    pub run: String,
    /// The time that it was for, as in the input.
    pub scheduled_time: String,
    /// How often the target was called.
    pub attempts: u32,
    /// Why the last call failed.
    pub error: String,
    /// What it was called with.
    pub payload: String,
}

#[derive(Serialize, Deserialize)]
struct Versioned<T> {
    version: u32,
    #[serde(flatten)]
    record: T,
}

/// A record as a store keeps it.
///
/// # Panics
/// Never: the records have string keys only.
#[must_use]
pub fn resource<T: Serialize>(kind: &str, name: &str, record: &T) -> ResourceRecord {
    let record = Versioned {
        version: VERSION,
        record,
    };
    let document = serde_json::to_string(&record).expect("a record has string keys only");
    ResourceRecord {
        kind: kind.into(),
        name: name.into(),
        document: document.into(),
    }
}

/// Reads what [`resource`] wrote.
///
/// # Errors
/// When the document is of a version that this binary does not know, or damaged.
pub fn read<T: DeserializeOwned>(resource: &ResourceRecord) -> Result<T, store::contract::Error> {
    let damaged = |why: String| store::contract::Error::Damaged {
        what: format!("the {} {}", resource.kind, resource.name),
        why,
    };
    let Versioned { version, record } =
        serde_json::from_str(&resource.document).map_err(|error| damaged(error.to_string()))?;
    if version != VERSION {
        return Err(damaged(format!(
            "its version is {version}, this binary knows {VERSION}"
        )));
    }
    Ok(record)
}
