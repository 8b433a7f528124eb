//! Taking up what was unfinished: loading an execution from its snapshot and inputs, and handing its tasks over again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use asl::resource::{Pattern, Resource};
use interpreter::execution::Execution;
use interpreter::input::ScheduledTask;
use interpreter::step::{Env, step};
use store::contract::Error as StoreError;
use store::encoding::{decode_input, decode_snapshot};
use store::records::{ExecutionId, Recovered, Recovery};

use crate::engine::Engine;
use crate::error::Error;
use crate::machines::Revision;
use crate::slot::{Delivery, Durability, Happening, Loaded, Slot};
use crate::trace::Carried;

/// How many unfinished executions are read at once.
const PAGE: usize = 1000;

impl Engine {
    /// Takes up everything that a stop or crash left unfinished.
    pub(crate) async fn recover(self: &Arc<Self>) -> Result<(), Error> {
        let last = self.store.last_numbers().await?;
        let newest = ExecutionId(last.execution);
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
        let mut machines = 0;
        let mut after = None;
        loop {
            let page = self.store.state_machines(after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            machines += page.len();
        }
        self.catalogue.lock().await.machines = machines;
        self.recover_executions(newest).await
    }

    /// Takes up the executions up to the newest one of before.
    async fn recover_executions(self: &Arc<Self>, newest: ExecutionId) -> Result<(), Error> {
        let mut after: Option<ExecutionId> = None;
        let mut count = 0_usize;
        loop {
            let mut page = self.store.unfinished(after, PAGE).await?;
            // What was taken up has begun to start others, and those are in good hands.
            page.retain(|unfinished| unfinished.id <= newest);
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            count += page.len();
            for unfinished in &page {
                if let Some(due) = unfinished.wake_at {
                    self.timers.set(unfinished.id, due);
                }
            }
            let to_dispatch = page.iter().filter(|unfinished| unfinished.needs_dispatch);
            self.take_up(to_dispatch.map(|unfinished| unfinished.id))
                .await?;
        }
        if count > 0 {
            tracing::info!(executions = count, "took up unfinished executions");
        }
        let engine = self.clone();
        self.tracker
            .spawn(async move { engine.stop_orphans().await });
        Ok(())
    }

    /// Loads executions and hands their pending tasks over again. One that can't be loaded is parked.
    async fn take_up(
        self: &Arc<Self>,
        ids: impl Iterator<Item = ExecutionId>,
    ) -> Result<(), Error> {
        // In the order of their numbers, so that nothing that one of them does reaches a later one before this.
        let (deliveries, outcomes): (Vec<_>, Vec<_>) = ids
            .map(|id| {
                let (delivery, outcome) = Delivery::awaited(Happening::TakeUp);
                ((id, delivery), outcome)
            })
            .unzip();
        self.push_many(deliveries).await;
        for outcome in outcomes {
            match outcome.await {
                Ok(Ok(_) | Err(Error::TaskTimedOut | Error::Parked { .. })) | Err(_) => {}
                Ok(Err(error)) => return Err(error),
            }
        }
        Ok(())
    }

    /// Hands the pending tasks of an execution over again, each with its old attempt id.
    pub(crate) fn hand_over_again(self: &Arc<Self>, slot: &Arc<Slot>, loaded: &Loaded) {
        let revision = &loaded.revision;
        let (arn, carried) = (&loaded.execution.identity.arn, &loaded.carried);
        for run in loaded.execution.pending_map_runs() {
            self.start_map_run(slot.id, revision, &loaded.execution.identity, carried, run);
        }
        let tasks =
            loaded
                .execution
                .pending_tasks()
                .filter(|task| match revision.resource(task.state) {
                    Some(Resource::Activity(_)) => !task.is_started,
                    Some(Resource::Service(call)) => {
                        call.pattern != Pattern::WaitForTaskToken || !task.is_submitted
                    }
                    Some(Resource::Function(_)) => true,
                    None => false,
                });
        for task in tasks {
            let task = ScheduledTask {
                attempt: task.token.attempt,
                state: task.state,
                input: task.input.clone(),
                credentials_role_arn: task.credentials_role_arn.cloned(),
                token: task.token,
                timeout_seconds: task.timeout_seconds,
                heartbeat_seconds: task.heartbeat_seconds,
            };
            self.dispatch(slot, revision, arn, carried, task);
        }
    }

    /// An execution as its snapshot and the inputs after it say; `None` when it has ended.
    pub(crate) async fn load(&self, id: ExecutionId) -> Result<Option<Box<Loaded>>, Error> {
        match self.store.recoveries(&[id]).await?.pop() {
            Some(recovered) => self.restore(recovered).await.map(Some),
            None => Ok(None),
        }
    }

    /// The same for many, in one read. One that can't be restored is left out: whoever needs it meets its error.
    pub(crate) async fn load_many(
        &self,
        ids: &[ExecutionId],
    ) -> Result<Vec<(ExecutionId, Box<Loaded>)>, Error> {
        let mut all = Vec::with_capacity(ids.len());
        for recovered in self.store.recoveries(ids).await? {
            let id = recovered.record.id;
            if let Ok(loaded) = self.restore(recovered).await {
                all.push((id, loaded));
            }
        }
        Ok(all)
    }

    async fn restore(&self, recovered: Recovered) -> Result<Box<Loaded>, Error> {
        let Recovered { record, recovery } = recovered;
        let revision = self.revision(record.revision).await?;
        let execution = replay(record.id, &revision, &recovery)?;
        // The timers were told when that was committed, or when the process began.
        let armed = execution.next_wake();
        if !recovery.inputs.is_empty() {
            self.journaled().insert(record.id);
        }
        let carried = Carried::new(&execution.identity, record.trace_header, revision.is_traced);
        Ok(Box::new(Loaded {
            durability: match execution.identity.is_express() {
                true if execution.identity.is_of_map_run() => Durability::Ends,
                true => Durability::Recovery,
                false => Durability::Full,
            },
            execution,
            revision,
            parent: record.parent,
            armed,
            inputs: u32::try_from(recovery.inputs.len()).unwrap_or(u32::MAX),
            input_bytes: recovery.inputs.iter().map(Vec::len).sum(),
            snapshot_bytes: recovery.snapshot.len(),
            paused_at: record.paused_at,
            redrives: record.redrives,
            reopening: None,
            carried,
        }))
    }
}

/// Steps the recorded inputs again. The same inputs must lead to the same number of events, or nothing is believed.
fn replay(
    id: ExecutionId,
    revision: &Revision,
    recovery: &Recovery,
) -> Result<Execution, StoreError> {
    let damaged = |why: String| StoreError::Damaged {
        what: format!("execution {}", id.0),
        why,
    };
    let mut execution = decode_snapshot(&recovery.snapshot)?;
    for bytes in &recovery.inputs {
        let recorded = decode_input(bytes)?;
        let env = Env {
            now: recorded.now,
            seed: recorded.seed,
            limits: recorded.limits,
        };
        let stepped = catch_unwind(AssertUnwindSafe(|| {
            step(&revision.machine, &mut execution, recorded.input, &env);
        }));
        if stepped.is_err() {
            return Err(damaged("replaying it panicked".to_owned()));
        }
        if execution.last_event() != recorded.last_event {
            return Err(damaged(format!(
                "replaying it led to event {} where event {} was recorded",
                execution.last_event(),
                recorded.last_event
            )));
        }
    }
    Ok(execution)
}
