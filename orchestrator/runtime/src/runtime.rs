//! The front door: everything that a caller can ask of the engine.

use std::sync::Arc;

use futures_util::stream::BoxStream;
use interpreter::failure::Failure;
use interpreter::history::HistoryEvent;
use store::contract::{Direction, Store};
use store::records::{ExecutionStatus, HistoryPage, Tag};

use crate::error::Error;
use crate::options::Options;
use crate::tasks::TaskRunner;
use crate::views::{
    ActivityTask, ActivityView, Counters, CreateStateMachine, ExecutionItem, ExecutionView,
    StartExecution, StartedExecution, StateMachineItem, StateMachineView, SyncExecution,
    UpdateStateMachine,
};

/// The engine. Clones share it.
#[derive(Clone)]
pub struct Runtime {
    _inner: Arc<()>,
}

impl Runtime {
    /// Opens the engine on a store and takes up everything that was unfinished.
    ///
    /// # Errors
    /// When the store can't be read.
    pub async fn open(
        _store: Arc<dyn Store>,
        _tasks: Arc<dyn TaskRunner>,
        _options: Options,
    ) -> Result<Self, Error> {
        std::future::ready(Ok(Self {
            _inner: Arc::new(()),
        }))
        .await
    }

    /// How the engine was set up.
    #[must_use]
    pub fn options(&self) -> &Options {
        unreachable!()
    }

    /// Takes no new work, lets steps in progress commit, snapshots everything and closes the store.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn close(&self) -> Result<(), Error> {
        std::future::ready(Err(Error::ShuttingDown)).await
    }

    /// Whether the engine can work now.
    ///
    /// # Errors
    /// Why it can't.
    pub async fn ready(&self) -> Result<(), Error> {
        std::future::ready(Err(Error::ShuttingDown)).await
    }

    /// What happened since the process began.
    #[must_use]
    pub fn counters(&self) -> Counters {
        Counters::default()
    }

    /// Makes a state machine. The same request again gives the same machine (role and tags are not compared).
    ///
    /// # Errors
    /// InvalidDefinition, StateMachineAlreadyExists, LimitExceeded, Store.
    pub async fn create_state_machine(
        &self,
        _request: CreateStateMachine,
    ) -> Result<StateMachineView, Error> {
        std::future::ready(Err(Error::ShuttingDown)).await
    }

    /// Changes a state machine; executions that run keep their definition. A change of nothing makes no new revision.
    ///
    /// # Errors
    /// StateMachineDoesNotExist, InvalidDefinition, Store.
    pub async fn update_state_machine(
        &self,
        _request: UpdateStateMachine,
    ) -> Result<StateMachineView, Error> {
        std::future::ready(Err(Error::ShuttingDown)).await
    }

    /// A state machine.
    ///
    /// # Errors
    /// StateMachineDoesNotExist, Store.
    pub async fn describe_state_machine(&self, _name: &str) -> Result<StateMachineView, Error> {
        std::future::ready(Err(Error::ShuttingDown)).await
    }

    /// The state machine as an execution sees it: with the definition and role that it started with.
    ///
    /// # Errors
    /// ExecutionDoesNotExist, Store.
    pub async fn describe_state_machine_for_execution(
        &self,
        _machine: &str,
        _name: &str,
    ) -> Result<StateMachineView, Error> {
        std::future::ready(Err(Error::ShuttingDown)).await
    }

    /// State machines in the order of their creation, after the given number.
    ///
    /// # Errors
    /// Store.
    pub async fn list_state_machines(
        &self,
        _after: Option<u64>,
        _limit: usize,
    ) -> Result<Vec<StateMachineItem>, Error> {
        std::future::ready(Err(Error::ShuttingDown)).await
    }

    /// Deletes a state machine; one that is not there is no mistake. Executions that run go on to their end.
    ///
    /// # Errors
    /// Store.
    pub async fn delete_state_machine(&self, _name: &str) -> Result<(), Error> {
        std::future::ready(Err(Error::ShuttingDown)).await
    }

    /// Starts an execution; ready when that is durable. For an Express machine too.
    ///
    /// # Errors
    /// StateMachineDoesNotExist, ExecutionAlreadyExists, InvalidExecutionInput, TooLong, Store.
    pub async fn start_execution(
        &self,
        _request: StartExecution,
    ) -> Result<StartedExecution, Error> {
        std::future::ready(Err(Error::ShuttingDown)).await
    }

    /// Runs an Express execution to its end.
    ///
    /// # Errors
    /// StateMachineDoesNotExist, StateMachineTypeNotSupported, InvalidExecutionInput, TooLong, Store.
    pub async fn start_sync_execution(
        &self,
        _request: StartExecution,
    ) -> Result<SyncExecution, Error> {
        std::future::ready(Err(Error::ShuttingDown)).await
    }

    /// Stops an execution and says when it ended; one that has ended stays as it is.
    ///
    /// # Errors
    /// ExecutionDoesNotExist, Store.
    pub async fn stop_execution(
        &self,
        _machine: &str,
        _name: &str,
        _failure: Failure,
    ) -> Result<i64, Error> {
        std::future::ready(Err(Error::ShuttingDown)).await
    }

    /// An execution.
    ///
    /// # Errors
    /// ExecutionDoesNotExist, Store.
    pub async fn describe_execution(
        &self,
        _machine: &str,
        _name: &str,
    ) -> Result<ExecutionView, Error> {
        std::future::ready(Err(Error::ShuttingDown)).await
    }

    /// Executions, newest first, below the given number; of one machine or of all.
    ///
    /// # Errors
    /// StateMachineDoesNotExist, StateMachineTypeNotSupported, Store.
    pub async fn list_executions(
        &self,
        _machine: Option<&str>,
        _status: Option<ExecutionStatus>,
        _before: Option<u64>,
        _limit: usize,
    ) -> Result<Vec<ExecutionItem>, Error> {
        std::future::ready(Err(Error::ShuttingDown)).await
    }

    /// A page of an execution's history from an event id on; `None` begins at the beginning, or at the end in reverse.
    ///
    /// # Errors
    /// ExecutionDoesNotExist, Store.
    pub async fn history(
        &self,
        _machine: &str,
        _name: &str,
        _from: Option<u64>,
        _limit: usize,
        _direction: Direction,
    ) -> Result<HistoryPage, Error> {
        std::future::ready(Err(Error::ShuttingDown)).await
    }

    /// The execution's events from the given id on, as they are committed; ends after the last one.
    ///
    /// # Errors
    /// ExecutionDoesNotExist, Store.
    pub async fn follow(
        &self,
        _machine: &str,
        _name: &str,
        _from: u64,
    ) -> Result<BoxStream<'static, Result<HistoryEvent, Error>>, Error> {
        std::future::ready(Err(Error::ShuttingDown)).await
    }

    /// Ends a task with a result, durably. `output` is JSON text.
    ///
    /// # Errors
    /// InvalidToken, TaskDoesNotExist, TaskTimedOut, InvalidOutput, TooLong, Store.
    pub async fn send_task_success(&self, _token: &str, _output: &str) -> Result<(), Error> {
        std::future::ready(Err(Error::ShuttingDown)).await
    }

    /// Ends a task with a failure, durably.
    ///
    /// # Errors
    /// InvalidToken, TaskDoesNotExist, TaskTimedOut, Store.
    pub async fn send_task_failure(&self, _token: &str, _failure: Failure) -> Result<(), Error> {
        std::future::ready(Err(Error::ShuttingDown)).await
    }

    /// Says that a task is alive.
    ///
    /// # Errors
    /// InvalidToken, TaskDoesNotExist, TaskTimedOut, Store.
    pub async fn send_task_heartbeat(&self, _token: &str) -> Result<(), Error> {
        std::future::ready(Err(Error::ShuttingDown)).await
    }

    /// Waits for a task of an activity, as long as the options allow.
    ///
    /// # Errors
    /// ActivityDoesNotExist, ActivityWorkerLimitExceeded, Store.
    pub async fn get_activity_task(
        &self,
        _activity: &str,
        _worker_name: Option<&str>,
    ) -> Result<Option<ActivityTask>, Error> {
        std::future::ready(Err(Error::ShuttingDown)).await
    }

    /// Makes an activity; one that is there stays as it is.
    ///
    /// # Errors
    /// LimitExceeded, Store.
    pub async fn create_activity(
        &self,
        _name: &str,
        _tags: Vec<Tag>,
    ) -> Result<ActivityView, Error> {
        std::future::ready(Err(Error::ShuttingDown)).await
    }

    /// An activity.
    ///
    /// # Errors
    /// ActivityDoesNotExist, Store.
    pub async fn describe_activity(&self, _name: &str) -> Result<ActivityView, Error> {
        std::future::ready(Err(Error::ShuttingDown)).await
    }

    /// Activities by name, after the given one.
    ///
    /// # Errors
    /// Store.
    pub async fn list_activities(
        &self,
        _after: Option<&str>,
        _limit: usize,
    ) -> Result<Vec<ActivityView>, Error> {
        std::future::ready(Err(Error::ShuttingDown)).await
    }

    /// Deletes an activity; one that is not there is no mistake.
    ///
    /// # Errors
    /// Store.
    pub async fn delete_activity(&self, _name: &str) -> Result<(), Error> {
        std::future::ready(Err(Error::ShuttingDown)).await
    }

    /// The tags of a resource, by its ARN; `None` when there is no such resource.
    ///
    /// # Errors
    /// Store.
    pub async fn tags(&self, _arn: &str) -> Result<Option<Vec<Tag>>, Error> {
        std::future::ready(Err(Error::ShuttingDown)).await
    }

    /// Replaces the tags of a resource.
    ///
    /// # Errors
    /// LimitExceeded, Store.
    pub async fn put_tags(&self, _arn: &str, _tags: Vec<Tag>) -> Result<(), Error> {
        std::future::ready(Err(Error::ShuttingDown)).await
    }
}
