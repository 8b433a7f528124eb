//! The front door: everything that a caller can ask of the engine.

use std::sync::Arc;

use futures_util::stream::BoxStream;
use interpreter::failure::Failure;
use interpreter::history::HistoryEvent;
use interpreter::input::Input;
use store::contract::{Direction, Qualifier, Store};
use store::records::{ExecutionStatus, HistoryPage, Tag};

use crate::catalogue::machine_view;
use crate::engine::Engine;
use crate::error::Error;
use crate::map_runs::views::{MapRunView, UpdateMapRun, WantedChildren};
use crate::options::Options;
use crate::tasks::TaskRunner;
use crate::test_state::{TestState, TestedState};
use crate::tracer::{EndedTrace, TracedExecution};
use crate::views::{
    ActivityTask, ActivityView, AliasView, Counters, CreateStateMachine, ExecutionItem,
    ExecutionView, Found, PutAlias, Redrive, Search, StartExecution, StartedExecution,
    StateMachineItem, StateMachineView, SyncExecution, UpdateStateMachine, VersionView,
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

    /// Performs a single state, which belongs to no machine, and says how it ended.
    ///
    /// # Errors
    /// InvalidDefinition, InvalidExecutionInput, InvalidTest, TooLong.
    pub async fn test_state(&self, request: TestState) -> Result<TestedState, Error> {
        self.engine.test_state(request).await
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

    /// Lets an execution go on that ended without success, from the states that did not succeed; says when that was.
    ///
    /// # Errors
    /// ExecutionDoesNotExist, ExecutionNotRedrivable, InvalidDefinition, DefinitionDoesNotFit, Store.
    pub async fn redrive_execution(&self, request: Redrive) -> Result<i64, Error> {
        self.engine.redrive(request).await
    }

    /// Halts an execution: no state is entered and no timer goes off until it is resumed. Once more changes nothing.
    ///
    /// # Errors
    /// ExecutionDoesNotExist, ExecutionEnded, Store.
    pub async fn pause_execution(&self, machine: &str, name: &str) -> Result<(), Error> {
        self.engine.set_paused(machine, name, Input::Pause).await
    }

    /// Lets a halted execution go on; one that is not halted stays as it is.
    ///
    /// # Errors
    /// ExecutionDoesNotExist, ExecutionEnded, Store.
    pub async fn resume_execution(&self, machine: &str, name: &str) -> Result<(), Error> {
        self.engine.set_paused(machine, name, Input::Resume).await
    }

    /// Looks for executions, newest first, below the given number.
    ///
    /// # Errors
    /// StateMachineDoesNotExist, Store.
    pub async fn search_executions(
        &self,
        search: &Search,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Found, Error> {
        self.engine.search(search, before, limit).await
    }

    /// Publishes the current definition as a version, unless that is done already; only if it is the given revision.
    ///
    /// # Errors
    /// StateMachineDoesNotExist, Conflict, QuotaExceeded, Store.
    pub async fn publish_version(
        &self,
        machine: &str,
        revision_id: Option<&str>,
        description: Option<String>,
    ) -> Result<VersionView, Error> {
        self.engine.publish(machine, revision_id, description).await
    }

    /// A version of a state machine, or the one that an alias leads to most often.
    ///
    /// # Errors
    /// StateMachineDoesNotExist, Store.
    pub async fn describe_qualified(
        &self,
        machine: &str,
        qualifier: &Qualifier,
    ) -> Result<StateMachineView, Error> {
        self.engine.describe_qualified(machine, qualifier).await
    }

    /// The versions of a state machine, newest first.
    ///
    /// # Errors
    /// StateMachineDoesNotExist, Store.
    pub async fn list_versions(&self, machine: &str) -> Result<Vec<VersionView>, Error> {
        self.engine.list_versions(machine).await
    }

    /// Deletes a version; one that is not there is no mistake.
    ///
    /// # Errors
    /// Conflict while an alias leads to it, Store.
    pub async fn delete_version(&self, machine: &str, number: u64) -> Result<(), Error> {
        self.engine.delete_version(machine, number).await
    }

    /// Makes an alias; the same again is the same.
    ///
    /// # Errors
    /// NoSuchQualifier, InvalidRouting, Conflict, QuotaExceeded, Store.
    pub async fn create_alias(&self, request: PutAlias) -> Result<AliasView, Error> {
        self.engine.create_alias(request).await
    }

    /// Changes an alias; what is absent stays.
    ///
    /// # Errors
    /// NoSuchQualifier, InvalidRouting, Store.
    pub async fn update_alias(&self, request: PutAlias) -> Result<AliasView, Error> {
        self.engine.update_alias(request).await
    }

    /// An alias.
    ///
    /// # Errors
    /// NoSuchQualifier, Store.
    pub async fn describe_alias(&self, machine: &str, alias: &str) -> Result<AliasView, Error> {
        self.engine.describe_alias(machine, alias).await
    }

    /// The aliases of a state machine, or those of them that lead to a version, newest first.
    ///
    /// # Errors
    /// StateMachineDoesNotExist, NoSuchQualifier, Store.
    pub async fn list_aliases(
        &self,
        machine: &str,
        version: Option<u64>,
    ) -> Result<Vec<AliasView>, Error> {
        self.engine.list_aliases(machine, version).await
    }

    /// Deletes an alias; its versions stay.
    ///
    /// # Errors
    /// NoSuchQualifier, Store.
    pub async fn delete_alias(&self, machine: &str, alias: &str) -> Result<(), Error> {
        self.engine.delete_alias(machine, alias).await
    }

    /// Executions, newest first, below the given number; of one machine, or of a version or alias of it, or of all.
    ///
    /// # Errors
    /// StateMachineDoesNotExist, StateMachineTypeNotSupported, Store.
    pub async fn list_executions(
        &self,
        machine: Option<&str>,
        started_by: Option<Qualifier>,
        status: Option<ExecutionStatus>,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<ExecutionItem>, Error> {
        self.engine
            .list_executions(machine, started_by, status, before, limit)
            .await
    }

    /// A Map Run, by `machine/label:uuid`.
    ///
    /// # Errors
    /// MapRunDoesNotExist, Store.
    pub async fn describe_map_run(&self, name: &str) -> Result<MapRunView, Error> {
        self.engine.describe_map_run(name).await
    }

    /// The Map Runs of an execution, newest first, below the given number.
    ///
    /// # Errors
    /// ExecutionDoesNotExist, Store.
    pub async fn list_map_runs(
        &self,
        machine: &str,
        name: &str,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<MapRunView>, Error> {
        self.engine
            .list_map_runs(machine, name, before, limit)
            .await
    }

    /// Changes the bounds of a Map Run that is not over; ready when that is durable.
    ///
    /// # Errors
    /// MapRunDoesNotExist, MapRunIsOver, ShuttingDown, Store.
    pub async fn update_map_run(&self, name: &str, update: UpdateMapRun) -> Result<(), Error> {
        self.engine.update_map_run(name, update).await
    }

    /// The children of a Map Run, newest first, below the given number, each with the number of its items.
    ///
    /// # Errors
    /// MapRunDoesNotExist, Store.
    pub async fn list_children(
        &self,
        map_run: &str,
        wanted: WantedChildren,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(ExecutionItem, u64)>, Error> {
        self.engine
            .list_children(map_run, wanted, before, limit)
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

    /// The executions that have ended and whose spans were not sent, the oldest first.
    ///
    /// # Errors
    /// Store.
    pub async fn ended_traces(&self) -> Result<Vec<EndedTrace>, Error> {
        self.engine.ended_traces().await
    }

    /// What spans tell of an execution, by its number; `None` when it was deleted.
    ///
    /// # Errors
    /// Store.
    pub async fn traced_execution(&self, number: u64) -> Result<Option<TracedExecution>, Error> {
        self.engine.traced_execution(number).await
    }

    /// Some events of an execution's stored history, by its number.
    ///
    /// # Errors
    /// Store.
    pub async fn traced_events(
        &self,
        number: u64,
        from: u64,
        limit: usize,
    ) -> Result<Vec<HistoryEvent>, Error> {
        self.engine.traced_events(number, from, limit).await
    }

    /// The spans of these have been sent, or are given up.
    ///
    /// # Errors
    /// Store.
    pub async fn forget_traces(&self, sent: &[EndedTrace]) -> Result<(), Error> {
        self.engine.forget_traces(sent).await
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
