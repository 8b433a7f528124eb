//! The children of a Map Run: many are stepped and written together.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use asl::distributed::ChildType;
use interpreter::execution::{Execution, Identity};
use interpreter::input::Input;
use interpreter::map_run::uuid_text;
use interpreter::mocks::Mocks;
use interpreter::payload::Payload;
use sha2::{Digest, Sha256};
use store::contract::Write;
use store::records::{
    ExecutionId, ExecutionRecord, ExecutionStatus, Parent, StartedBy, StateMachineId,
};

use crate::commits::status_of;
use crate::drive::answer_all;
use crate::engine::Engine;
use crate::error::Error;
use crate::machines::Revision;
use crate::reads::shown_name;
use crate::slot::{Durability, Loaded, Slot, Stepped};
use crate::trace::Carried;
use crate::views::{ExecutionView, Redrivable};

/// What all children of a run have in common.
pub(crate) struct Family {
    pub(crate) parent: Parent,
    /// The run's own name, of which those of the children are made.
    pub(crate) run: Arc<str>,
    /// The machine that their rows name: `machine/label`.
    pub(crate) machine: StateMachineId,
    pub(crate) machine_name: Arc<str>,
    pub(crate) machine_arn: Arc<str>,
    pub(crate) child_type: ChildType,
    /// The execution whose Map they are of.
    pub(crate) of: Arc<Identity>,
    pub(crate) revision: Arc<Revision>,
    pub(crate) started_by: StartedBy,
    /// What begins each of them.
    pub(crate) start: Input,
    /// The trace that they are a part of.
    pub(crate) trace_header: Option<Arc<str>>,
}

/// A child that was stepped for the first time and is not written yet.
pub(crate) struct NewChild {
    pub(crate) id: ExecutionId,
    /// How many items it works on.
    pub(crate) items: u64,
    pub(crate) loaded: Box<Loaded>,
    pub(crate) stepped: Stepped,
    record: ExecutionRecord,
    /// Where it is driven, unless it has ended already.
    slot: Option<Arc<Slot>>,
}

impl Family {
    /// Begins the child of that number.
    pub(crate) fn begin(
        &self,
        engine: &Engine,
        number: u64,
        items: u64,
        input: Payload,
        mocks: Option<Mocks>,
    ) -> NewChild {
        let id = ExecutionId(engine.numbers.execution.fetch_add(1, Ordering::Relaxed) + 1);
        let record = ExecutionRecord {
            id,
            machine: self.machine,
            revision: self.revision.record.id,
            name: self.recorded_name(number).into(),
            status: ExecutionStatus::Running,
            started_at: engine.options.world.now(),
            stopped_at: None,
            parent: Some(self.parent),
            started_by: self.started_by.clone(),
            redrives: None,
            paused_at: None,
            trace_header: self.trace_header.clone(),
        };
        self.step_first(engine, record, items, input, mocks)
    }

    /// The child of that number as results show it when it was not begun.
    pub(crate) fn pending(&self, engine: &Engine, number: u64, input: Payload) -> ExecutionView {
        let recorded: Arc<str> = self.recorded_name(number).into();
        let partition = &engine.options.partition;
        ExecutionView {
            arn: partition
                .recorded_execution(&self.machine_name, &recorded)
                .into(),
            state_machine_arn: self.machine_arn.clone(),
            state_machine_name: self.machine_name.clone(),
            name: shown_name(&recorded),
            status: ExecutionStatus::Running,
            started_at: engine.options.world.now(),
            stopped_at: None,
            input,
            output: None,
            failure: None,
            version_arn: None,
            alias_arn: None,
            redrive_count: 0,
            redriven_at: None,
            redrivable: Redrivable::No("Execution is RUNNING and cannot be redriven"),
            awaits_redrive: false,
            paused_at: None,
            map_run_arn: None,
            trace_header: self.trace_header.clone(),
        }
    }

    /// The name that the row of a child has: that of an Express one has a part of the run's, too.
    fn recorded_name(&self, number: u64) -> String {
        let name = child_name(&self.run, number);
        match self.child_type {
            ChildType::Standard => name,
            ChildType::Express => {
                let unique = self.run.rsplit(':').next().unwrap_or_default();
                format!("{name}:{unique}")
            }
        }
    }

    /// Begins an Express child once more, under its number and name; its row says already how often it was redriven.
    pub(crate) fn begin_anew(
        &self,
        engine: &Engine,
        record: ExecutionRecord,
        items: u64,
        input: Payload,
        mocks: Option<Mocks>,
    ) -> NewChild {
        let record = ExecutionRecord {
            revision: self.revision.record.id,
            ..record
        };
        self.step_first(engine, record, items, input, mocks)
    }

    fn step_first(
        &self,
        engine: &Engine,
        record: ExecutionRecord,
        items: u64,
        input: Payload,
        mocks: Option<Mocks>,
    ) -> NewChild {
        let id = record.id;
        let partition = &engine.options.partition;
        let durability = match self.child_type {
            ChildType::Standard => Durability::Full,
            ChildType::Express => Durability::Ends,
        };
        let identity = Arc::new(Identity {
            number: id.0,
            arn: partition
                .recorded_execution(&self.machine_name, &record.name)
                .into(),
            name: shown_name(&record.name),
            role_arn: self.of.role_arn.clone(),
            state_machine_arn: self.machine_arn.clone(),
            state_machine_name: self.machine_name.clone(),
            version_arn: self.of.version_arn.clone(),
            alias_arn: self.of.alias_arn.clone(),
            region: self.of.region.clone(),
            started_at: engine.options.world.now(),
            input,
        });
        let carried = Carried::new(
            &identity,
            record.trace_header.clone(),
            self.revision.is_traced,
        );
        let mut loaded = Box::new(Loaded {
            execution: Execution::new(identity),
            revision: self.revision.clone(),
            durability,
            parent: Some(self.parent),
            armed: None,
            inputs: 0,
            input_bytes: 0,
            snapshot_bytes: 0,
            paused_at: None,
            redrives: record.redrives.clone(),
            reopening: None,
            carried,
        });
        if let Some(mocks) = mocks {
            loaded.execution.mock(mocks);
        }
        let mut stepped = Stepped::default();
        engine.step_one(id, &mut loaded, self.start.clone(), &mut stepped);
        let record = ExecutionRecord {
            status: status_of(&loaded.execution),
            stopped_at: loaded.execution.stopped_at,
            ..record
        };
        NewChild {
            id,
            items,
            loaded,
            stepped,
            record,
            slot: None,
        }
    }
}

impl NewChild {
    /// Whether it goes on after its first step.
    pub(crate) fn is_running(&self) -> bool {
        self.loaded.execution.is_running()
    }

    /// What writes it.
    pub(crate) fn writes(&mut self, engine: &Engine) -> Vec<Write> {
        let commit = engine.first_commit(self.record.clone(), &mut self.loaded, &self.stepped);
        let mut writes = Vec::with_capacity(commit.writes.len() + 2);
        for write in commit.writes {
            match write {
                Write::AddExecution(record) => add(record, &mut writes),
                other => writes.push(other),
            }
        }
        writes
    }

    /// Puts one that goes on into memory, so that what comes for it once it is written finds it.
    pub(crate) fn enter(&mut self, engine: &Engine) {
        if self.is_running() {
            let slot = Arc::new(Slot::driven(self.id));
            engine.insert(&slot);
            self.slot = Some(slot);
        }
    }

    /// Takes it out of memory again: it was not written.
    pub(crate) fn withdraw(self, engine: &Engine) {
        let Some(slot) = self.slot else { return };
        engine.shard(slot.id).remove(&slot.id);
        let orphans = std::mem::take(&mut slot.lock().inbox);
        answer_all(orphans.into(), || Error::ShuttingDown);
    }

    /// It is durable: its effects are released.
    pub(crate) fn release(self, engine: &Arc<Engine>) {
        engine.count_started();
        let Some(slot) = self.slot else {
            engine
                .counts
                .events
                .fetch_add(self.stepped.events.len() as u64, Ordering::Relaxed);
            engine.count_ended(&self.loaded.execution);
            engine.tell_observer(&self.loaded, &self.stepped.events);
            return;
        };
        engine.release(&slot, self.loaded, self.stepped);
        let has_more = !slot.lock().inbox.is_empty();
        if has_more {
            engine.spawn_drive(slot);
        } else {
            engine.rest(&slot);
        }
    }
}

/// Adds the row of a new child; that of one that begins anew is there.
fn add(record: ExecutionRecord, writes: &mut Vec<Write>) {
    let Some(redrives) = record.redrives else {
        writes.push(Write::AddExecution(record));
        return;
    };
    let id = record.id;
    writes.push(Write::ForgetHistory(id));
    writes.push(Write::SetStatus {
        id,
        status: record.status,
        stopped_at: record.stopped_at,
    });
    writes.push(Write::SetRedrive {
        id,
        revision: record.revision,
        redrives,
    });
}

/// A child's name: that of the run and its number lead to no other one.
fn child_name(run: &str, number: u64) -> String {
    let digest = Sha256::new()
        .chain_update(run.as_bytes())
        .chain_update(number.to_be_bytes())
        .finalize();
    let number = digest
        .iter()
        .take(16)
        .fold(0, |name, byte| (name << 8) | u128::from(*byte));
    uuid_text(number)
}
