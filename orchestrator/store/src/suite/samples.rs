//! Small records and commits, for tests of stores.

use std::sync::Arc;

use interpreter::history::{EventKind, HistoryEvent, StateType};
use interpreter::payload::Payload;

use crate::contract::{Commit, Store, Write};
use crate::encoding::encode_events;
use crate::records::{
    ExecutionId, ExecutionRecord, ExecutionStatus, HistoryChunk, JobRecord, MachineType, Parent,
    RevisionId, RevisionRecord, StartedBy, StateMachineId, StateMachineRecord, Tag,
};

/// The machine that executions belong to where it does not matter.
pub const MACHINE: StateMachineId = StateMachineId(1);

/// A running execution, started at the millisecond of its number.
#[must_use]
pub fn execution(id: u64, name: &str) -> ExecutionRecord {
    ExecutionRecord {
        id: ExecutionId(id),
        machine: MACHINE,
        revision: RevisionId(1),
        name: Arc::from(name),
        status: ExecutionStatus::Running,
        started_at: i64::try_from(id).expect("a sample's number is small"),
        stopped_at: None,
        parent: None,
        started_by: StartedBy::default(),
        redrives: None,
        paused_at: None,
        trace_header: None,
    }
}

/// An execution that another one started and that is over.
#[must_use]
pub fn ended_child(id: u64, name: &str, stopped_at: i64) -> ExecutionRecord {
    ExecutionRecord {
        status: ExecutionStatus::Succeeded,
        stopped_at: Some(stopped_at),
        parent: Some(Parent {
            execution: ExecutionId(id + 1000),
            attempt: 7,
        }),
        ..execution(id, name)
    }
}

/// An event with that number.
#[must_use]
pub fn event(id: u64) -> HistoryEvent {
    let payload = Payload::parse(format!("{{\"number\": {id}}}")).expect("the text is JSON");
    HistoryEvent {
        id,
        previous: id - 1,
        timestamp: 1_000_000,
        kind: EventKind::StateEntered {
            state_type: StateType::Pass,
            name: Arc::from("Next"),
            input: payload,
        },
    }
}

/// The events of two ids and all between them, as one chunk.
#[must_use]
pub fn append(id: u64, first: u64, last: u64) -> Write {
    let events: Vec<HistoryEvent> = (first..=last).map(event).collect();
    Write::AppendHistory {
        id: ExecutionId(id),
        chunk: HistoryChunk {
            first_event: first,
            bytes: encode_events(&events),
        },
    }
}

/// A snapshot with those bytes.
#[must_use]
pub fn snapshot(id: u64, bytes: &str, wake_at: Option<i64>) -> Write {
    Write::PutSnapshot {
        id: ExecutionId(id),
        snapshot: bytes.as_bytes().to_vec(),
        wake_at,
        needs_dispatch: wake_at.is_none(),
    }
}

/// An input with those bytes.
#[must_use]
pub fn input(id: u64, sequence: u32, bytes: &str, wake_at: Option<i64>) -> Write {
    Write::AppendInput {
        id: ExecutionId(id),
        sequence,
        input: bytes.as_bytes().to_vec(),
        wake_at,
        needs_dispatch: wake_at.is_none(),
    }
}

/// The end of an execution.
#[must_use]
pub fn end(id: u64, status: ExecutionStatus, stopped_at: i64) -> Write {
    Write::SetStatus {
        id: ExecutionId(id),
        status,
        stopped_at: Some(stopped_at),
    }
}

/// A state machine.
#[must_use]
pub fn machine(id: u64, name: &str) -> StateMachineRecord {
    StateMachineRecord {
        id: StateMachineId(id),
        name: Arc::from(name),
        machine_type: MachineType::Standard,
        created_at: 5,
        is_deleted: false,
        current: RevisionId(id),
        settings: Arc::from("{}"),
    }
}

/// A definition.
#[must_use]
pub fn revision(id: u64, machine: u64) -> RevisionRecord {
    RevisionRecord {
        id: RevisionId(id),
        machine: StateMachineId(machine),
        definition: Arc::from("{\"StartAt\": \"Ü\"}"),
        role_arn: Arc::from("arn:aws:iam::000000000000:role/r"),
        created_at: 6,
        public_id: (id > 1).then(|| Arc::from("c0ffee")),
    }
}

/// A job of the queue `q`, submitted at the millisecond of its number.
#[must_use]
pub fn job(number: u64, id: &str) -> JobRecord {
    JobRecord {
        number,
        id: Arc::from(id),
        queue: Arc::from("q"),
        parent: None,
        name: Arc::from("n"),
        definition: Arc::from("d:1"),
        share: None,
        status: 0,
        created_at: i64::try_from(number).expect("a sample's number is small"),
        ended_at: None,
        document: Arc::from("{}"),
    }
}

/// A job that is over.
#[must_use]
pub fn ended_job(number: u64, id: &str, status: u8, ended_at: i64) -> JobRecord {
    JobRecord {
        status,
        ended_at: Some(ended_at),
        ..job(number, id)
    }
}

/// A tag.
#[must_use]
pub fn tag(key: &str, value: &str) -> Tag {
    Tag {
        key: Arc::from(key),
        value: Arc::from(value),
    }
}

/// Commits the writes.
///
/// # Panics
/// When the store refuses.
pub async fn write(store: &dyn Store, writes: impl IntoIterator<Item = Write>) {
    let commit = commit(writes);
    store.commit(commit).await.expect("the commit is written");
}

/// The writes as a commit.
pub fn commit(writes: impl IntoIterator<Item = Write>) -> Commit {
    Commit {
        writes: writes.into_iter().collect(),
    }
}

/// The numbers of executions.
#[must_use]
pub fn ids(records: &[ExecutionRecord]) -> Vec<u64> {
    records.iter().map(|record| record.id.0).collect()
}
