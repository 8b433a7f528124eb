//! What a step writes: history, and whatever recovery needs at the least cost.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use asl::resource::{Pattern, Resource};
use interpreter::execution::{Execution, Status};
use interpreter::history::HistoryEvent;
use store::contract::{Commit, Write};
use store::encoding::{encode_events, encode_input, encode_snapshot};
use store::records::{ExecutionId, ExecutionRecord, ExecutionStatus, HistoryChunk};

use crate::engine::Engine;
use crate::error::Error;
use crate::machines::Revision;
use crate::map_runs;
use crate::slot::{Durability, Loaded, Slot, Stepped};

/// Up to this size a snapshot is simply replaced at each commit.
const SMALL_SNAPSHOT: usize = 4096;

/// How many executions are written together when the runtime closes.
const SNAPSHOTS_AT_ONCE: usize = 64;

/// What recording an input costs beside its own bytes, when it is weighed against a new snapshot.
const INPUT_OVERHEAD: usize = 128;

impl Engine {
    /// Makes what was stepped durable.
    pub(crate) async fn commit(
        &self,
        slot: &Arc<Slot>,
        loaded: &mut Loaded,
        stepped: &Stepped,
    ) -> Result<(), Error> {
        let mut writes = Vec::with_capacity(3);
        match &mut loaded.durability {
            Durability::None(events, _) => {
                events.extend(stepped.events.iter().cloned());
                return Ok(());
            }
            Durability::Recovery => {
                if loaded.execution.is_running() {
                    self.write_recovery(slot.id, loaded, stepped, &mut writes);
                } else {
                    writes.push(Write::DeleteExecution(slot.id));
                }
            }
            Durability::Ends => {
                if loaded.execution.is_running() {
                    self.write_recovery(slot.id, loaded, stepped, &mut writes);
                } else {
                    writes.push(Write::SetStatus {
                        id: slot.id,
                        status: status_of(&loaded.execution),
                        stopped_at: loaded.execution.stopped_at,
                    });
                    write_events(slot.id, stepped.events.last(), &mut writes);
                }
            }
            Durability::Full => {
                write_history(slot.id, stepped, &mut writes);
                let is_reopened = write_redrive(slot.id, loaded, &mut writes);
                write_pause(slot.id, loaded, &mut writes);
                if loaded.execution.is_running() && is_reopened {
                    self.write_snapshot(slot.id, loaded, &mut writes);
                } else if loaded.execution.is_running() {
                    self.write_recovery(slot.id, loaded, stepped, &mut writes);
                } else {
                    writes.push(Write::SetStatus {
                        id: slot.id,
                        status: status_of(&loaded.execution),
                        stopped_at: loaded.execution.stopped_at,
                    });
                    write_remains(slot.id, loaded, &mut writes);
                    self.mark_trace(slot.id, loaded, &mut writes);
                }
            }
        }
        let now = self.options.world.now();
        writes.extend(map_runs::begun(slot.id, &stepped.effects, now));
        self.store.commit(Commit { writes }).await?;
        Ok(())
    }

    /// The first commit of an execution: its row, its history, and its snapshot unless it has ended already.
    pub(crate) fn first_commit(
        &self,
        record: ExecutionRecord,
        loaded: &mut Loaded,
        stepped: &Stepped,
    ) -> Commit {
        let id = record.id;
        let mut writes = Vec::with_capacity(3);
        match loaded.durability {
            Durability::None(..) => return Commit::default(),
            // An Express execution that has ended already leaves nothing to recover.
            Durability::Recovery if !loaded.execution.is_running() => return Commit::default(),
            Durability::Recovery => writes.push(Write::AddExecution(record)),
            Durability::Ends => {
                writes.push(Write::AddExecution(record));
                let first = stepped.events.first();
                let last = stepped.events.last();
                let last = last.filter(|last| last.id > 1 && !loaded.execution.is_running());
                write_events(id, first.into_iter().chain(last), &mut writes);
            }
            Durability::Full => {
                writes.push(Write::AddExecution(record));
                write_history(id, stepped, &mut writes);
            }
        }
        if loaded.execution.is_running() {
            self.write_snapshot(id, loaded, &mut writes);
        } else {
            write_remains(id, loaded, &mut writes);
            self.mark_trace(id, loaded, &mut writes);
        }
        let now = self.options.world.now();
        writes.extend(map_runs::begun(id, &stepped.effects, now));
        Commit { writes }
    }

    /// A small execution is written as it stands. A large one costs only its inputs, until they outweigh a new snapshot.
    fn write_recovery(
        &self,
        id: ExecutionId,
        loaded: &mut Loaded,
        stepped: &Stepped,
        writes: &mut Vec<Write>,
    ) {
        let inputs: Vec<_> = if loaded.snapshot_bytes > SMALL_SNAPSHOT {
            stepped.recorded.iter().map(encode_input).collect()
        } else {
            Vec::new()
        };
        let bytes: usize = inputs
            .iter()
            .map(|input| input.len() + INPUT_OVERHEAD)
            .sum();
        if inputs.is_empty() || loaded.input_bytes + bytes > loaded.snapshot_bytes {
            self.write_snapshot(id, loaded, writes);
            return;
        }
        let wake_at = loaded.execution.next_wake();
        let needs_dispatch = needs_dispatch(&loaded.execution, &loaded.revision);
        for input in inputs {
            writes.push(Write::AppendInput {
                id,
                sequence: loaded.inputs,
                input,
                wake_at,
                needs_dispatch,
            });
            loaded.inputs += 1;
        }
        loaded.input_bytes += bytes;
        self.journaled().insert(id);
    }

    /// Writes the execution as it stands.
    pub(crate) fn write_snapshot(
        &self,
        id: ExecutionId,
        loaded: &mut Loaded,
        writes: &mut Vec<Write>,
    ) {
        let snapshot = encode_snapshot(&loaded.execution);
        loaded.snapshot_bytes = snapshot.len();
        if loaded.inputs > 0 {
            self.journaled().remove(&id);
        }
        loaded.inputs = 0;
        loaded.input_bytes = 0;
        writes.push(Write::PutSnapshot {
            id,
            snapshot,
            wake_at: loaded.execution.next_wake(),
            needs_dispatch: needs_dispatch(&loaded.execution, &loaded.revision),
        });
    }

    /// Writes every execution as it stands of which inputs were recorded, so that nothing needs to be replayed after a clean end.
    pub(crate) async fn snapshot_all(&self) -> Result<(), Error> {
        let journaled: Vec<ExecutionId> = self.journaled().iter().copied().collect();
        for ids in journaled.chunks(SNAPSHOTS_AT_ONCE) {
            let mut writes = Vec::new();
            for (id, mut loaded) in self.load_many(ids).await? {
                self.write_snapshot(id, &mut loaded, &mut writes);
            }
            if !writes.is_empty() {
                self.store.commit(Commit { writes }).await?;
            }
        }
        Ok(())
    }

    /// Counts a new execution.
    pub(crate) fn count_started(&self) {
        self.counts.started.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts an execution's end.
    pub(crate) fn count_ended(&self, execution: &Execution) {
        let counter = match execution.status {
            Status::Running => return,
            Status::Succeeded(_) => &self.counts.succeeded,
            Status::Failed(_) => &self.counts.failed,
            Status::TimedOut(_) => &self.counts.timed_out,
            Status::Aborted(_) => &self.counts.aborted,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// What a redrive changes of the execution's row; says whether there was one.
fn write_redrive(id: ExecutionId, loaded: &mut Loaded, writes: &mut Vec<Write>) -> bool {
    let Some(reopening) = loaded.reopening.take() else {
        return false;
    };
    writes.extend(reopening.correction.map(Write::AddRevision));
    writes.push(Write::SetStatus {
        id,
        status: ExecutionStatus::Running,
        stopped_at: None,
    });
    // The row has the very time of the event.
    let redriven_at = loaded.execution.supplement().redriven_at;
    if let Some(redrives) = &mut loaded.redrives {
        redrives.last_at = redriven_at;
        if let Some(newest) = redrives.tokens.last_mut() {
            newest.at = redriven_at;
        }
    }
    if let Some(redrives) = loaded.redrives.clone() {
        writes.push(Write::SetRedrive {
            id,
            revision: loaded.revision.record.id,
            redrives,
        });
    }
    true
}

/// Lets the execution's row say whether it is paused.
fn write_pause(id: ExecutionId, loaded: &mut Loaded, writes: &mut Vec<Write>) {
    let paused_at = loaded.execution.supplement().paused_at;
    if paused_at != loaded.paused_at {
        loaded.paused_at = paused_at;
        writes.push(Write::SetPaused { id, paused_at });
    }
}

/// What an execution that ended without success leaves for a redrive.
fn write_remains(id: ExecutionId, loaded: &Loaded, writes: &mut Vec<Write>) {
    if loaded.execution.can_go_on() {
        writes.push(Write::KeepRemains {
            id,
            remains: encode_snapshot(&loaded.execution),
        });
    }
}

/// Writes some of the events and not those between them.
fn write_events<'a>(
    id: ExecutionId,
    events: impl IntoIterator<Item = &'a HistoryEvent>,
    writes: &mut Vec<Write>,
) {
    let events: Vec<HistoryEvent> = events.into_iter().cloned().collect();
    let Some(first) = events.first() else {
        return;
    };
    writes.push(Write::AppendHistory {
        id,
        chunk: HistoryChunk {
            first_event: first.id,
            bytes: encode_events(&events),
        },
    });
}

fn write_history(id: ExecutionId, stepped: &Stepped, writes: &mut Vec<Write>) {
    let Some(first) = stepped.events.first() else {
        return;
    };
    writes.push(Write::AppendHistory {
        id,
        chunk: HistoryChunk {
            first_event: first.id,
            bytes: encode_events(&stepped.events),
        },
    });
}

/// An execution's status as lists show it.
pub(crate) fn status_of(execution: &Execution) -> ExecutionStatus {
    match execution.status {
        Status::Running => ExecutionStatus::Running,
        Status::Succeeded(_) => ExecutionStatus::Succeeded,
        Status::Failed(_) => ExecutionStatus::Failed,
        Status::TimedOut(_) => ExecutionStatus::TimedOut,
        Status::Aborted(_) => ExecutionStatus::Aborted,
    }
}

/// Whether a restart must load the execution at once, because something must be handed over again or looked for.
fn needs_dispatch(execution: &Execution, revision: &Revision) -> bool {
    execution.has_unfinished_work()
        || execution.awaits_map_run()
        || execution.pending_tasks().any(|task| {
            match revision.resource(task.state) {
                Some(Resource::Activity(_)) => !task.is_started,
                Some(Resource::Service(call)) => match call.pattern {
                    // A token's holder finds its way back alone.
                    Pattern::WaitForTaskToken => !task.is_submitted,
                    Pattern::RequestResponse | Pattern::Sync | Pattern::Sync2 => true,
                },
                Some(Resource::Function(_)) | None => true,
            }
        })
}
