//! Starting executions: Standard, Express, and Express with a caller that waits.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use asl::resource::Pattern;
use interpreter::execution::{Execution, Identity};
use interpreter::input::Input;
use interpreter::mocks::Mocks;
use interpreter::payload::Payload;
use store::records::{ExecutionId, ExecutionRecord, MachineType, Parent, StartedBy};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::commits::status_of;
use crate::engine::Engine;
use crate::error::Error;
use crate::machines::Machine;
use crate::mock_file::split_test_case;
use crate::slot::{Durability, FinishedSync, Loaded, Slot, Stepped};
use crate::trace::Carried;
use crate::versions::{Chosen, version_arn};
use crate::views::{ExecutionView, StartExecution, StartedExecution, SyncExecution};

impl Engine {
    /// Starts an execution; ready when that is durable. The same name again gives the same execution.
    pub(crate) async fn start(
        self: &Arc<Self>,
        request: StartExecution,
    ) -> Result<StartedExecution, Error> {
        match self.start_new(request, None).await? {
            Begun::New(started) => Ok(started),
            Begun::NameTaken(taken) => self.started_before(&taken).await,
        }
    }

    /// Starts an execution unless its name is taken.
    pub(crate) async fn start_new(
        self: &Arc<Self>,
        request: StartExecution,
        origin: Option<Origin>,
    ) -> Result<Begun, Error> {
        self.refuse_when_closing()?;
        let (machine, test_case) = split_test_case(&request.state_machine);
        let machine = self.machine(machine).await?;
        let mocks = self.mocks(&machine, test_case).await?;
        let input = self.parse_input(request.input)?;
        let is_express = machine.record.machine_type == MachineType::Express;
        let name = request
            .name
            .unwrap_or_else(|| Uuid::new_v4().hyphenated().to_string());
        let durability = if is_express {
            Durability::Recovery
        } else {
            Durability::Full
        };
        let chosen = self.choose(&machine, request.qualifier.as_ref()).await?;
        let mut new = self.new_execution(&machine, chosen, &name, input, durability, origin);
        new.carry(request.trace_header);
        new.mock(mocks);
        let started = StartedExecution {
            arn: new.identity.arn.clone(),
            started_at: new.identity.started_at,
        };
        let text = new.identity.input.clone();
        // The work goes on to its end even when the caller goes away.
        let (engine, work) = (self.clone(), new);
        let begun = self
            .tracker
            .spawn(async move { engine.begin(work).await })
            .await
            .unwrap_or(Err(Error::ShuttingDown));
        match begun {
            Ok(()) => Ok(Begun::New(started)),
            Err(Error::Store(store::contract::Error::NameTaken(_))) => {
                Ok(Begun::NameTaken(TakenName {
                    machine,
                    name,
                    input: text,
                }))
            }
            Err(error) => Err(error),
        }
    }

    /// Runs an Express execution to its end, without the store.
    pub(crate) async fn start_sync(
        self: &Arc<Self>,
        request: StartExecution,
    ) -> Result<SyncExecution, Error> {
        self.refuse_when_closing()?;
        let (machine, test_case) = split_test_case(&request.state_machine);
        let machine = self.machine(machine).await?;
        if machine.record.machine_type != MachineType::Express {
            return Err(Error::StateMachineTypeNotSupported(machine.arn.to_string()));
        }
        let mocks = self.mocks(&machine, test_case).await?;
        let input = self.parse_input(request.input)?;
        let name = request
            .name
            .unwrap_or_else(|| Uuid::new_v4().hyphenated().to_string());
        let (done, finished) = oneshot::channel();
        let durability = Durability::None(Vec::new(), Some(done));
        let chosen = self.choose(&machine, request.qualifier.as_ref()).await?;
        let mut new = self.new_execution(&machine, chosen, &name, input, durability, None);
        new.carry(request.trace_header);
        new.mock(mocks);
        // An execution that ends in its first step needs no slot and no task of its own.
        let mut stepped = Stepped::default();
        self.step_one(new.id, &mut new.loaded, Input::Start, &mut stepped);
        let finished = if !new.loaded.execution.is_running() {
            self.count_started();
            self.count_ended(&new.loaded.execution);
            self.tell_observer(&new.loaded, &stepped.events);
            self.counts
                .events
                .fetch_add(stepped.events.len() as u64, Ordering::Relaxed);
            FinishedSync {
                execution: new.loaded.execution,
                events: stepped.events,
                trace_header: new.loaded.carried.header,
            }
        } else {
            if let Durability::None(events, _) = &mut new.loaded.durability {
                events.extend(stepped.events.iter().cloned());
            }
            let slot = Arc::new(Slot::driven(new.id));
            self.insert(&slot);
            let engine = self.clone();
            self.tracker.spawn(async move {
                let commit = store::contract::Commit::default();
                engine
                    .drive_new(&slot, new.loaded, stepped, commit, None)
                    .await
            });
            tokio::select! {
                biased;
                finished = finished => finished.map_err(|_| Error::ShuttingDown)?,
                // Its calls are dropped, so that it does not end any more.
                () = self.closing.cancelled() => return Err(Error::ShuttingDown),
            }
        };
        Ok(SyncExecution {
            execution: ExecutionView {
                trace_header: finished.trace_header,
                ..self.finished_view(&finished.execution)
            },
            events: finished.events,
        })
    }

    /// The responses of the test case that a start names, if it names one.
    async fn mocks(
        &self,
        machine: &Machine,
        test_case: Option<&str>,
    ) -> Result<Option<Mocks>, Error> {
        match test_case {
            Some(test_case) => self
                .test_case(&machine.record.name, test_case)
                .await
                .map(Some),
            None => Ok(None),
        }
    }

    fn new_execution(
        &self,
        machine: &Machine,
        chosen: Chosen,
        name: &str,
        input: Payload,
        durability: Durability,
        origin: Option<Origin>,
    ) -> NewExecution {
        let id = ExecutionId(self.numbers.execution.fetch_add(1, Ordering::Relaxed) + 1);
        let partition = &self.options.partition;
        let machine_name = &machine.record.name;
        let (arn, record_name) = if machine.record.machine_type == MachineType::Express {
            let unique = Uuid::new_v4().hyphenated().to_string();
            (
                partition.express_execution(machine_name, name, &unique),
                format!("{name}:{unique}"),
            )
        } else {
            (partition.execution(machine_name, name), name.to_owned())
        };
        let identity = Arc::new(Identity {
            number: id.0,
            arn: arn.into(),
            name: name.into(),
            role_arn: chosen.revision.record.role_arn.clone(),
            state_machine_arn: machine.arn.clone(),
            state_machine_name: machine_name.clone(),
            version_arn: chosen
                .by
                .version
                .map(|number| version_arn(&machine.arn, number)),
            alias_arn: chosen
                .by
                .alias
                .as_ref()
                .map(|alias| format!("{}:{alias}", machine.arn).into()),
            region: partition.region.clone(),
            started_at: self.options.world.now(),
            input,
        });
        NewExecution {
            id,
            record_name: record_name.into(),
            machine: machine.clone(),
            started_by: chosen.by,
            loaded: Box::new(Loaded {
                execution: Execution::new(identity.clone()),
                revision: chosen.revision,
                durability,
                parent: origin.map(|origin| origin.parent),
                armed: None,
                inputs: 0,
                input_bytes: 0,
                snapshot_bytes: 0,
                paused_at: None,
                redrives: None,
                reopening: None,
                carried: Carried::default(),
            }),
            identity,
            origin,
        }
    }

    /// Takes the first step of a new execution and commits it.
    async fn begin(self: &Arc<Self>, new: NewExecution) -> Result<(), Error> {
        let NewExecution {
            id,
            identity,
            record_name,
            machine,
            mut loaded,
            origin,
            started_by,
        } = new;
        let slot = Arc::new(Slot::driven(id));
        self.insert(&slot);
        let mut stepped = Stepped::default();
        self.step_one(id, &mut loaded, Input::Start, &mut stepped);
        let record = ExecutionRecord {
            id,
            machine: machine.record.id,
            revision: loaded.revision.record.id,
            name: record_name,
            status: status_of(&loaded.execution),
            started_at: identity.started_at,
            stopped_at: loaded.execution.stopped_at,
            parent: loaded.parent,
            started_by,
            redrives: None,
            paused_at: None,
            trace_header: loaded.carried.header.clone(),
        };
        let commit = self.first_commit(record, &mut loaded, &stepped);
        self.drive_new(&slot, loaded, stepped, commit, origin).await
    }

    /// The same name again: the same execution, if it still runs and had the same input.
    pub(crate) async fn started_before(
        &self,
        taken: &TakenName,
    ) -> Result<StartedExecution, Error> {
        let machine = &taken.machine.record.name;
        let arn = self.options.partition.execution(machine, &taken.name);
        let view = self.describe_execution(machine, &taken.name).await?;
        let is_same = view.stopped_at.is_none() && view.input.value() == taken.input.value();
        if is_same {
            Ok(StartedExecution {
                arn: view.arn,
                started_at: view.started_at,
            })
        } else {
            Err(Error::ExecutionAlreadyExists(arn))
        }
    }

    pub(crate) fn refuse_when_closing(&self) -> Result<(), Error> {
        if self.closing.is_cancelled() {
            Err(Error::ShuttingDown)
        } else {
            Ok(())
        }
    }

    pub(crate) fn parse_input(&self, input: Option<String>) -> Result<Payload, Error> {
        let text = input.unwrap_or_else(|| "{}".to_owned());
        self.check_length("input", &text)?;
        Payload::parse(text).map_err(|error| Error::InvalidExecutionInput(error.to_string()))
    }

    pub(crate) fn check_length(&self, what: &'static str, text: &str) -> Result<(), Error> {
        let limit = self.options.limits.execution.payload_bytes;
        if text.len() > limit {
            return Err(Error::TooLong {
                what,
                bytes: text.len(),
                limit,
            });
        }
        Ok(())
    }
}

/// What became of a start.
pub(crate) enum Begun {
    /// It is durable.
    New(StartedExecution),
    /// The machine has an execution of that name.
    NameTaken(TakenName),
}

/// A start whose name is taken.
pub(crate) struct TakenName {
    pub(crate) machine: Machine,
    pub(crate) name: String,
    pub(crate) input: Payload,
}

/// The task that starts an execution.
#[derive(Clone, Copy)]
pub(crate) struct Origin {
    pub(crate) parent: Parent,
    /// How the task goes on once the execution is durable.
    pub(crate) pattern: Pattern,
}

/// An execution before its first step.
struct NewExecution {
    id: ExecutionId,
    identity: Arc<Identity>,
    record_name: Arc<str>,
    machine: Machine,
    loaded: Box<Loaded>,
    origin: Option<Origin>,
    started_by: StartedBy,
}

impl NewExecution {
    /// Makes it a part of a trace.
    fn carry(&mut self, header: Option<Arc<str>>) {
        let is_traced = self.loaded.revision.is_traced;
        self.loaded.carried = Carried::new(&self.identity, header, is_traced);
    }

    /// Lets responses stand in for its tasks.
    fn mock(&mut self, mocks: Option<Mocks>) {
        if let Some(mocks) = mocks {
            self.loaded.execution.mock(mocks);
        }
    }
}
