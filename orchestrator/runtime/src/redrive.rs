//! Redrive, pause and resume: what an operator does to an execution beside stopping it.

use std::sync::Arc;

use interpreter::execution::Execution;
use interpreter::input::Input;
use store::contract::Direction;
use store::encoding::decode_snapshot;
use store::records::{
    ExecutionId, ExecutionRecord, ExecutionStatus, MachineType, RedriveToken, Redrives,
    RevisionRecord,
};
use uuid::Uuid;

use crate::engine::Engine;
use crate::error::Error;
use crate::machines::Revision;
use crate::slot::{Delivery, Durability, Happening, Loaded};
use crate::trace::Carried;
use crate::views::{Redrivable, Redrive};

/// For how long a client token stands for the redrive that it asked for, in milliseconds. AWS: "RedriveExecution".
const TOKEN_LIFE: i64 = 15 * 60 * 1000;

/// How many client tokens are remembered. AWS: "RedriveExecution".
const TOKENS: usize = 10;

/// The longest that an execution may be open, in milliseconds: a year. AWS: "Quotas", state machine executions.
const LONGEST_OPEN: i64 = 365 * DAY;

const DAY: i64 = 24 * 60 * 60 * 1000;

/// A redrive on its way to its execution.
#[derive(Debug)]
pub(crate) struct RedriveCall {
    /// The caller's token, or one that was made for it.
    token: Arc<str>,
    /// The definition to go on with, if it may be another one.
    revision: Option<Arc<Revision>>,
    /// The same, where it is not stored yet.
    correction: Option<RevisionRecord>,
}

impl RedriveCall {
    /// The redrive of a child with its Map Run.
    pub(crate) fn with_map_run(token: Arc<str>, revision: Arc<Revision>) -> Self {
        Self {
            token,
            revision: Some(revision),
            correction: None,
        }
    }
}

/// What a commit writes of a redrive beside the new status.
pub(crate) struct Reopening {
    /// The corrected definition, which is not stored yet.
    pub(crate) correction: Option<RevisionRecord>,
}

impl Engine {
    /// Lets an execution go on that ended without success; says when that was.
    pub(crate) async fn redrive(self: &Arc<Self>, request: Redrive) -> Result<i64, Error> {
        self.refuse_when_closing()?;
        let record = self.find_execution(&request.machine, &request.name).await?;
        let is_of_map_run = request.machine.contains('/');
        let known = self.redriven_before(&record, request.client_token.as_deref());
        if let Some(at) = known.filter(|_| !is_of_map_run) {
            return Ok(at);
        }
        match self.redrivable(&record).await? {
            Redrivable::Yes => {}
            Redrivable::No(why) => return Err(Error::ExecutionNotRedrivable(why.to_owned())),
            Redrivable::ByMapRun => {
                return Err(Error::ExecutionNotRedrivable(
                    "Execution was dispatched by a Map Run and is redriven with the execution of the Map Run"
                        .to_owned(),
                ));
            }
        }
        let correction = match request.definition {
            None => None,
            Some(definition) => Some(self.correct(&record, definition).await?),
        };
        let token: Arc<str> = match request.client_token {
            Some(token) => token.into(),
            None => Uuid::new_v4().hyphenated().to_string().into(),
        };
        let call = Arc::new(RedriveCall {
            token: token.clone(),
            correction: correction.as_ref().map(|revision| revision.record.clone()),
            revision: correction,
        });
        let (delivery, outcome) = Delivery::awaited(Happening::Redrive(call));
        self.push(record.id, delivery);
        match outcome.await.unwrap_or(Err(Error::ShuttingDown)) {
            // It was refused because another one came first, or it is there.
            Ok(_) | Err(Error::TaskTimedOut) => {}
            Err(error) => return Err(error),
        }
        let record = self.find_execution(&request.machine, &request.name).await?;
        self.redriven_before(&record, Some(&token)).ok_or_else(|| {
            Error::ExecutionNotRedrivable("Execution is RUNNING and cannot be redriven".to_owned())
        })
    }

    /// Halts an execution, or lets it go on.
    pub(crate) async fn set_paused(
        self: &Arc<Self>,
        machine: &str,
        name: &str,
        input: Input,
    ) -> Result<(), Error> {
        self.refuse_when_closing()?;
        let record = self.find_execution(machine, name).await?;
        let ended = || Error::ExecutionEnded(self.options.partition.execution(machine, name));
        if record.stopped_at.is_some() {
            return Err(ended());
        }
        match self.deliver_durably(record.id, input, None).await {
            Ok(_) => Ok(()),
            Err(Error::TaskTimedOut) => Err(ended()),
            Err(error) => Err(error),
        }
    }

    /// When the redrive was that a client token stands for.
    fn redriven_before(&self, record: &ExecutionRecord, token: Option<&str>) -> Option<i64> {
        let (token, redrives) = (token?, record.redrives.as_ref()?);
        let now = self.options.world.now();
        let mut known = redrives.tokens.iter();
        let known = known.find(|known| &*known.token == token)?;
        (now - known.at < TOKEN_LIFE).then_some(known.at)
    }

    /// Whether an execution could be redriven now, and why not.
    pub(crate) async fn redrivable(&self, record: &ExecutionRecord) -> Result<Redrivable, Error> {
        let machine = self.machine_name(record.machine).await?;
        let is_of_map_run = machine.contains('/');
        if let Some(why) = self.not_redrivable_by_row(record) {
            return Ok(Redrivable::No(why));
        }
        // A child's own machine is hidden, not deleted: what counts is that of its definition.
        let revision = self.revision(record.revision).await?;
        let machine = self.store.state_machine(revision.record.machine).await?;
        if machine.is_none_or(|machine| machine.is_deleted) {
            return Ok(Redrivable::No("State machine is in DELETING status"));
        }
        if is_of_map_run && is_express(record) {
            return Ok(Redrivable::ByMapRun);
        }
        let last = self
            .store
            .history(record.id, u64::MAX, 1, Direction::Reverse)
            .await?;
        let events = last.events.first().map_or(0, |event| event.id);
        if !self.has_room_for_redrive(events) {
            return Ok(Redrivable::No("Execution history event limit exceeded"));
        }
        let remains = self.store.remains(record.id).await?;
        let execution = remains.as_deref().map(decode_snapshot).transpose()?;
        if !execution.is_some_and(|execution| execution.can_go_on()) {
            // It ended before there was a redrive here, or by a bug that left nothing to trust.
            return Ok(Redrivable::No(
                "Execution was started before the launch of RedriveExecution",
            ));
        }
        Ok(match is_of_map_run {
            true => Redrivable::ByMapRun,
            false => Redrivable::Yes,
        })
    }

    /// Why an execution can't be redriven, as far as its row tells. AWS: "DescribeExecution", redriveStatusReason.
    pub(crate) fn not_redrivable_by_row(&self, record: &ExecutionRecord) -> Option<&'static str> {
        let now = self.options.world.now();
        let stopped_at = match (record.status, record.stopped_at) {
            (ExecutionStatus::Running, _) | (_, None) => {
                return Some("Execution is RUNNING and cannot be redriven");
            }
            (ExecutionStatus::Succeeded, _) => {
                return Some("Execution is SUCCEEDED and cannot be redriven");
            }
            (_, Some(stopped_at)) => stopped_at,
        };
        if is_express(record) {
            // It is started anew, whenever that is.
            return None;
        }
        let window = i64::try_from(self.options.limits.redrive_days).unwrap_or(i64::MAX);
        if now - stopped_at > window.saturating_mul(DAY) {
            return Some("Execution redrivable period exceeded");
        }
        let is_too_old = now - record.started_at > LONGEST_OPEN;
        is_too_old.then_some("Execution has exceeded the max execution time")
    }

    /// Whether a history of that many events can take those of a redrive.
    fn has_room_for_redrive(&self, events: u64) -> bool {
        events
            < self
                .options
                .limits
                .execution
                .history_events
                .saturating_sub(1)
    }

    /// A corrected definition for one execution, compiled. It is stored with the redrive.
    async fn correct(
        &self,
        record: &ExecutionRecord,
        definition: String,
    ) -> Result<Arc<Revision>, Error> {
        let old = self.revision(record.revision).await?;
        let machine = self.compile(&definition, MachineType::Standard)?;
        let remains = self.store.remains(record.id).await?.unwrap_or_default();
        // Checked again when it is done; here so that nothing is begun that can't be.
        let mut execution = decode_snapshot(&remains)?;
        execution
            .rebase(&old.machine, &machine)
            .map_err(|unfit| Error::DefinitionDoesNotFit(unfit.to_string()))?;
        Ok(Arc::new(Revision {
            record: RevisionRecord {
                id: self.next_revision(),
                machine: record.machine,
                definition: definition.into(),
                role_arn: old.record.role_arn.clone(),
                created_at: self.options.world.now(),
                public_id: Some(Uuid::new_v4().hyphenated().to_string().into()),
            },
            machine,
            observed: old.observed.clone(),
            is_traced: old.is_traced,
        }))
    }

    /// An execution that has ended, as a redrive finds it.
    pub(crate) async fn load_ended(&self, id: ExecutionId) -> Result<Option<Box<Loaded>>, Error> {
        let Some(record) = self.store.execution(id).await? else {
            return Ok(None);
        };
        let Some(remains) = self.store.remains(id).await? else {
            return Ok(None);
        };
        let revision = self.revision(record.revision).await?;
        let execution: Execution = decode_snapshot(&remains)?;
        let carried = Carried::new(&execution.identity, record.trace_header, revision.is_traced);
        Ok(Some(Box::new(Loaded {
            execution,
            revision,
            durability: Durability::Full,
            parent: record.parent,
            armed: None,
            inputs: 0,
            input_bytes: 0,
            snapshot_bytes: remains.len(),
            paused_at: None,
            redrives: record.redrives,
            reopening: None,
            carried,
        })))
    }

    /// What a redrive says to the execution as it stands: nothing where it runs already, has nothing to go on from, or does not fit.
    pub(crate) fn redrive_input(&self, loaded: &mut Loaded, call: &RedriveCall) -> Option<Input> {
        let execution = &mut loaded.execution;
        if !execution.can_go_on() || !self.has_room_for_redrive(execution.last_event()) {
            return None;
        }
        if let Some(revision) = &call.revision
            && revision.record.id != loaded.revision.record.id
        {
            let old = &loaded.revision.machine;
            execution.rebase(old, &revision.machine).ok()?;
            loaded.revision = revision.clone();
        }
        let now = self.options.world.now();
        let before = loaded.redrives.take();
        let count = before.as_ref().map_or(0, |redrives| redrives.count);
        let mut tokens = before.map_or_else(Vec::new, |redrives| redrives.tokens);
        tokens.push(RedriveToken {
            token: call.token.clone(),
            at: now,
        });
        let from = tokens.len().saturating_sub(TOKENS);
        loaded.redrives = Some(Redrives {
            count: count + 1,
            last_at: now,
            tokens: tokens.split_off(from),
        });
        loaded.reopening = Some(Reopening {
            correction: call.correction.clone(),
        });
        Some(Input::Redrive)
    }
}

/// Whether the row is that of an Express child of a Map Run: its name has a unique part.
pub(crate) fn is_express(record: &ExecutionRecord) -> bool {
    record.name.contains(':')
}

/// What is shown of an execution's redrives. AWS, "Redriving Map Runs": those of an Express child can't be told apart.
pub(crate) fn shown_redrives(record: &ExecutionRecord) -> Option<&Redrives> {
    record.redrives.as_ref().filter(|_| !is_express(record))
}
