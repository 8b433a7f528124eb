//! Taking up what was unfinished: loading an execution from its snapshot and inputs, and handing its tasks over again.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use asl::resource::{Pattern, Resource};
use interpreter::execution::Execution;
use interpreter::input::{Input, ScheduledTask};
use interpreter::step::{Env, step};
use store::contract::Error as StoreError;
use store::encoding::{decode_input, decode_snapshot};
use store::records::{ExecutionId, Recovered, Recovery};

use crate::engine::Engine;
use crate::error::Error;
use crate::machines::Revision;
use crate::slot::{Delivery, Durability, Happening, Loaded, Slot};

/// How many unfinished executions are read at once.
const PAGE: usize = 1000;

impl Engine {
    /// Takes up everything that a stop or crash left unfinished.
    pub(crate) async fn recover(self: &Arc<Self>) -> Result<(), Error> {
        let last = self.store.last_numbers().await?;
        self.numbers
            .execution
            .store(last.execution, Ordering::Relaxed);
        self.numbers
            .state_machine
            .store(last.state_machine, Ordering::Relaxed);
        self.numbers
            .revision
            .store(last.revision, Ordering::Relaxed);
        let mut after = None;
        loop {
            let page = self.store.activities(after.clone(), PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.name.clone());
            for activity in page {
                self.activities.remember(activity.name);
            }
        }
        let mut after: Option<ExecutionId> = None;
        let mut count = 0_usize;
        loop {
            let page = self.store.unfinished(after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            count += page.len();
            for unfinished in page {
                if let Some(due) = unfinished.wake_at {
                    self.timers.set(unfinished.id, due);
                }
                if unfinished.needs_dispatch
                    && let Err(error) = self.take_up(unfinished.id).await
                {
                    self.counts.parked.fetch_add(1, Ordering::Relaxed);
                    tracing::error!(execution = unfinished.id.0, %error, "cannot take up an execution; it is parked");
                }
            }
        }
        if count > 0 {
            tracing::info!(executions = count, "took up unfinished executions");
        }
        Ok(())
    }

    /// Loads an execution and hands its pending tasks over again, each with its old attempt id.
    async fn take_up(self: &Arc<Self>, id: ExecutionId) -> Result<(), Error> {
        let Some(loaded) = self.load(id).await? else {
            return Ok(());
        };
        let tasks: Vec<ScheduledTask> = loaded
            .execution
            .pending_tasks()
            .filter(|task| match loaded.revision.resource(task.state) {
                Some(Resource::Activity(_)) => !task.is_started,
                Some(Resource::Service(call)) => {
                    call.pattern != Pattern::WaitForTaskToken || !task.is_submitted
                }
                Some(Resource::Function(_)) => true,
                None => false,
            })
            .map(|task| ScheduledTask {
                attempt: task.token.attempt,
                state: task.state,
                input: task.input.clone(),
                credentials_role_arn: task.credentials_role_arn.cloned(),
                token: task.token,
                timeout_seconds: task.timeout_seconds,
                heartbeat_seconds: task.heartbeat_seconds,
            })
            .collect();
        let revision = loaded.revision.clone();
        let arn = loaded.execution.identity.arn.clone();
        let slot = Arc::new(Slot::driven(id));
        {
            let mut state = slot.lock();
            if loaded.execution.has_unfinished_work() {
                state
                    .inbox
                    .push_back(Delivery::of(Happening::Input(Input::Continue)));
            }
            state.loaded = Some(loaded);
        }
        self.insert(&slot);
        for task in tasks {
            self.dispatch(&slot, &revision, &arn, task);
        }
        let engine = self.clone();
        self.tracker.spawn(async move { engine.drive(&slot).await });
        Ok(())
    }

    /// An execution as its snapshot and the inputs after it say; `None` when it has ended.
    pub(crate) async fn load(&self, id: ExecutionId) -> Result<Option<Box<Loaded>>, Error> {
        match self.store.recoveries(&[id]).await?.pop() {
            Some(recovered) => self.restore(recovered).await.map(Some),
            None => Ok(None),
        }
    }

    /// Brings the executions into memory that are not there, all in one read. One that can't be restored is left for
    /// whoever needs it, who then meets its error.
    pub(crate) async fn load_many(&self, ids: &[ExecutionId]) -> Result<(), Error> {
        let missing: Vec<_> = ids
            .iter()
            .copied()
            .filter(|id| self.slot(*id).is_none())
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        for recovered in self.store.recoveries(&missing).await? {
            let id = recovered.record.id;
            if let Ok(loaded) = self.restore(recovered).await {
                self.insert_resting(id, loaded);
            }
        }
        Ok(())
    }

    async fn restore(&self, recovered: Recovered) -> Result<Box<Loaded>, Error> {
        let Recovered { record, recovery } = recovered;
        let revision = self.revision(record.revision).await?;
        let execution = replay(record.id, &revision, &recovery)?;
        Ok(Box::new(Loaded {
            durability: if execution.identity.is_express() {
                Durability::Recovery
            } else {
                Durability::Full
            },
            execution,
            revision,
            parent: record.parent,
            armed: None,
            inputs: u32::try_from(recovery.inputs.len()).unwrap_or(u32::MAX),
            input_bytes: recovery.inputs.iter().map(Vec::len).sum(),
            snapshot_bytes: recovery.snapshot.len(),
        }))
    }
}

/// Steps the recorded inputs again. The same inputs must lead to the same number of events, or nothing is believed.
fn replay(
    id: ExecutionId,
    revision: &Revision,
    recovery: &Recovery,
) -> Result<Execution, StoreError> {
    let mut execution = decode_snapshot(&recovery.snapshot)?;
    for bytes in &recovery.inputs {
        let recorded = decode_input(bytes)?;
        let env = Env {
            now: recorded.now,
            seed: recorded.seed,
            limits: recorded.limits,
        };
        step(&revision.machine, &mut execution, recorded.input, &env);
        if execution.last_event() != recorded.last_event {
            return Err(StoreError::Damaged {
                what: format!("execution {}", id.0),
                why: format!(
                    "replaying it led to event {} where event {} was recorded",
                    execution.last_event(),
                    recorded.last_event
                ),
            });
        }
    }
    Ok(execution)
}
