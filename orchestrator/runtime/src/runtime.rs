//! The front door: everything that a caller can ask of the engine.

use std::sync::Arc;

use futures_util::stream::BoxStream;
use interpreter::failure::Failure;
use interpreter::history::HistoryEvent;
use store::contract::{Direction, Store};
use store::records::{ExecutionStatus, HistoryPage, Tag};

use crate::catalogue::machine_view;
use crate::engine::Engine;
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
    engine: Arc<Engine>,
}

impl Runtime {
    /// Opens the engine on a store and takes up everything that was unfinished.
    ///
    /// # Errors
    /// When the store can't be read.
    pub async fn open(
        store: Arc<dyn Store>,
        tasks: Arc<dyn TaskRunner>,
        options: Options,
    ) -> Result<Self, Error> {
        let engine = Arc::new(Engine::new(store, tasks, options));
        if let Err(error) = engine.recover().await {
            // What was taken up must not go on behind the back of the next one that is opened.
            engine.halt().await;
            return Err(error);
        }
        engine.start_housekeeping();
        Ok(Self { engine })
    }

    /// How the engine was set up.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.engine.options
    }

    /// Takes no new work, lets steps in progress commit, snapshots everything and closes the store.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn close(&self) -> Result<(), Error> {
        self.engine.close().await
    }

    /// Whether the engine can work now.
    ///
    /// # Errors
    /// Why it can't.
    pub async fn ready(&self) -> Result<(), Error> {
        self.engine.refuse_when_closing()?;
        Ok(self.engine.store.ping().await?)
    }

    /// What happened since the process began.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.engine.counters()
    }

    /// Makes a state machine. The same request again gives the same machine (role and tags are not compared).
    ///
    /// # Errors
    /// InvalidDefinition, StateMachineAlreadyExists, LimitExceeded, Store.
    pub async fn create_state_machine(
        &self,
        request: CreateStateMachine,
    ) -> Result<StateMachineView, Error> {
        self.engine.create_machine(request).await
    }

    /// Changes a state machine; executions that run keep their definition. A change of nothing makes no new revision.
    ///
    /// # Errors
    /// StateMachineDoesNotExist, InvalidDefinition, Store.
    pub async fn update_state_machine(
        &self,
        request: UpdateStateMachine,
    ) -> Result<StateMachineView, Error> {
        self.engine.update_machine(request).await
    }

    /// A state machine.
    ///
    /// # Errors
    /// StateMachineDoesNotExist, Store.
    pub async fn describe_state_machine(&self, name: &str) -> Result<StateMachineView, Error> {
        Ok(machine_view(&self.engine.machine(name).await?))
    }

    /// The state machine as an execution sees it: with the definition and role that it started with.
    ///
    /// # Errors
    /// ExecutionDoesNotExist, Store.
    pub async fn describe_state_machine_for_execution(
        &self,
        machine: &str,
        name: &str,
    ) -> Result<StateMachineView, Error> {
        self.engine.machine_of_execution(machine, name).await
    }

    /// State machines in the order of their creation, after the given number.
    ///
    /// # Errors
    /// Store.
    pub async fn list_state_machines(
        &self,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Vec<StateMachineItem>, Error> {
        self.engine.list_machines(after, limit).await
    }

    /// Deletes a state machine; one that is not there is no mistake. Executions that run go on to their end.
    ///
    /// # Errors
    /// Store.
    pub async fn delete_state_machine(&self, name: &str) -> Result<(), Error> {
        self.engine.delete_machine(name).await
    }

    /// Starts an execution; ready when that is durable. For an Express machine too.
    ///
    /// # Errors
    /// StateMachineDoesNotExist, ExecutionAlreadyExists, InvalidExecutionInput, TooLong, Store.
    pub async fn start_execution(
        &self,
        request: StartExecution,
    ) -> Result<StartedExecution, Error> {
        self.engine.start(request).await
    }

    /// Runs an Express execution to its end.
    ///
    /// # Errors
    /// StateMachineDoesNotExist, StateMachineTypeNotSupported, InvalidExecutionInput, TooLong, Store.
    pub async fn start_sync_execution(
        &self,
        request: StartExecution,
    ) -> Result<SyncExecution, Error> {
        self.engine.start_sync(request).await
    }

    /// Stops an execution and says when it ended; one that has ended stays as it is.
    ///
    /// # Errors
    /// ExecutionDoesNotExist, Store.
    pub async fn stop_execution(
        &self,
        machine: &str,
        name: &str,
        failure: Failure,
    ) -> Result<i64, Error> {
        self.engine.stop(machine, name, failure).await
    }

    /// An execution.
    ///
    /// # Errors
    /// ExecutionDoesNotExist, Store.
    pub async fn describe_execution(
        &self,
        machine: &str,
        name: &str,
    ) -> Result<ExecutionView, Error> {
        self.engine.describe_execution(machine, name).await
    }

    /// Executions, newest first, below the given number; of one machine or of all.
    ///
    /// # Errors
    /// StateMachineDoesNotExist, StateMachineTypeNotSupported, Store.
    pub async fn list_executions(
        &self,
        machine: Option<&str>,
        status: Option<ExecutionStatus>,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<ExecutionItem>, Error> {
        self.engine
            .list_executions(machine, status, before, limit)
            .await
    }

    /// A page of an execution's history from an event id on; `None` begins at the beginning, or at the end in reverse.
    ///
    /// # Errors
    /// ExecutionDoesNotExist, Store.
    pub async fn history(
        &self,
        machine: &str,
        name: &str,
        from: Option<u64>,
        limit: usize,
        direction: Direction,
    ) -> Result<HistoryPage, Error> {
        self.engine
            .read_history(machine, name, from, limit, direction)
            .await
    }

    /// The execution's events from the given id on, as they are committed; ends after the last one.
    ///
    /// # Errors
    /// ExecutionDoesNotExist, Store.
    pub async fn follow(
        &self,
        machine: &str,
        name: &str,
        from: u64,
    ) -> Result<BoxStream<'static, Result<HistoryEvent, Error>>, Error> {
        self.engine.follow_execution(machine, name, from).await
    }

    /// Ends a task with a result, durably. `output` is JSON text.
    ///
    /// # Errors
    /// InvalidToken, TaskDoesNotExist, TaskTimedOut, InvalidOutput, TooLong, Store.
    pub async fn send_task_success(&self, token: &str, output: &str) -> Result<(), Error> {
        self.engine.succeed_task(token, output).await
    }

    /// Ends a task with a failure, durably.
    ///
    /// # Errors
    /// InvalidToken, TaskDoesNotExist, TaskTimedOut, Store.
    pub async fn send_task_failure(&self, token: &str, failure: Failure) -> Result<(), Error> {
        self.engine.fail_task(token, failure).await
    }

    /// Says that a task is alive.
    ///
    /// # Errors
    /// InvalidToken, TaskDoesNotExist, TaskTimedOut, Store.
    pub async fn send_task_heartbeat(&self, token: &str) -> Result<(), Error> {
        self.engine.beat_task(token).await
    }

    /// Waits for a task of an activity, as long as the options allow.
    ///
    /// # Errors
    /// ActivityDoesNotExist, ActivityWorkerLimitExceeded, Store.
    pub async fn get_activity_task(
        &self,
        activity: &str,
        worker_name: Option<&str>,
    ) -> Result<Option<ActivityTask>, Error> {
        self.engine.take_activity_task(activity, worker_name).await
    }

    /// Makes an activity; one that is there stays as it is.
    ///
    /// # Errors
    /// LimitExceeded, Store.
    pub async fn create_activity(&self, name: &str, tags: Vec<Tag>) -> Result<ActivityView, Error> {
        self.engine.make_activity(name, tags).await
    }

    /// An activity.
    ///
    /// # Errors
    /// ActivityDoesNotExist, Store.
    pub async fn describe_activity(&self, name: &str) -> Result<ActivityView, Error> {
        self.engine.describe_activity(name).await
    }

    /// Activities by name, after the given one.
    ///
    /// # Errors
    /// Store.
    pub async fn list_activities(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<ActivityView>, Error> {
        self.engine.list_activities(after, limit).await
    }

    /// Deletes an activity; one that is not there is no mistake.
    ///
    /// # Errors
    /// Store.
    pub async fn delete_activity(&self, name: &str) -> Result<(), Error> {
        self.engine.remove_activity(name).await
    }

    /// The tags of a resource, by its ARN; `None` when there is no such resource.
    ///
    /// # Errors
    /// Store.
    pub async fn tags(&self, arn: &str) -> Result<Option<Vec<Tag>>, Error> {
        self.engine.read_tags(arn).await
    }

    /// Changes the tags of a resource; says whether there is such a resource. No other change comes in between.
    ///
    /// # Errors
    /// LimitExceeded, Store.
    pub async fn change_tags(
        &self,
        arn: &str,
        change: impl FnOnce(&mut Vec<Tag>) + Send,
    ) -> Result<bool, Error> {
        self.engine.change_tags(arn, change).await
    }
}
