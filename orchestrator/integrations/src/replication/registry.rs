//! The replication tasks of this server: what they are is kept in the store, those that are to run do so in the background.
//!
//! ```text
//!   a state starts, attaches, stops, looks ──► ReplicationTasks ──► Record in the store (what is wanted, how it ended)
//!                                                   │
//!                                                   └──► Performer: runs the task until it ends, or is asked to
//! ```
//!
//! A task outlives the state that started it, and the process: one that is wanted to run is started again with the server.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use expression::value::Value;
use interpreter::failure::Failure;
use pgoutput::Lsn;
use replicator::status::Status;
use runtime::arn::{ArnResource, Partition, StatesArn};
use runtime::runtime::Runtime;
use store::contract::{Error, Store};
use store::records::ExecutionStatus;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::replication::conditions::{Goal, is_reached, judge};
use crate::replication::definition::{Migration, Places};
use crate::replication::dms_failures::{not_found, task_failed, unavailable};
use crate::replication::keeping::{Entry, Launch, Running, Shared, Step, find, pause, pauses};
use crate::replication::parameters::{Condition, Start};
use crate::replication::performer::Performer;
use crate::replication::record::{End, KIND, Record, Wanted};

/// How long a stop that a crash cut short may take to get back to where it was.
const STOP_AGAIN: Duration = Duration::from_secs(60);

/// The replication tasks of this server. Clones share them.
#[derive(Clone)]
pub struct ReplicationTasks {
    shared: Arc<Shared>,
}

/// What a start led to.
pub(crate) enum Started {
    /// It runs.
    Running(Running),
    /// This very attempt started it before a crash, and it has ended since.
    Ended(Arc<End>),
}

impl ReplicationTasks {
    /// Finds the tasks of the store. None of them runs before [`ReplicationTasks::resume`].
    ///
    /// # Errors
    /// When the store can't be read.
    pub(crate) async fn open(
        store: Arc<dyn Store>,
        performer: Box<dyn Performer>,
        places: Places,
        partition: Partition,
    ) -> Result<Self, Error> {
        let mut tasks = BTreeMap::new();
        for resource in store.resources(KIND).await? {
            match Record::read(&resource) {
                Ok(record) => {
                    let entry = Entry {
                        record,
                        running: None,
                    };
                    tasks.insert(resource.name, entry);
                }
                Err(why) => tracing::error!("{why}; it is left alone"),
            }
        }
        Ok(Self {
            shared: Arc::new(Shared {
                store,
                performer,
                places,
                partition,
                tasks: Mutex::new(tasks),
                closing: CancellationToken::new(),
                tracker: TaskTracker::new(),
            }),
        })
    }

    /// Starts the tasks again that are wanted to run, and stops those whose execution was stopped meanwhile. Called once the runtime is open:
    /// states that wait for a task may have started it by then.
    pub async fn resume(&self, runtime: &Runtime) {
        let resting: Vec<(Arc<str>, Record)> = self
            .shared
            .tasks()
            .iter()
            .filter(|(_, entry)| entry.running.is_none() && entry.record.end.is_none())
            .map(|(name, entry)| (name.clone(), entry.record.clone()))
            .collect();
        for (name, record) in resting {
            let is_orphan = match &record.owner {
                Some(owner) => was_stopped(runtime, owner).await,
                None => false,
            };
            match record.wanted {
                Wanted::Running if !is_orphan => self.run_again(&name),
                Wanted::Running | Wanted::Stopped => self.stop_again(&name).await,
            }
        }
    }

    /// From now on tasks that are stopped are only interrupted: they are started again with the server. States that wait for them are
    /// interrupted, too.
    pub fn begin_close(&self) {
        self.shared.closing.cancel();
    }

    /// Interrupts all tasks, and waits for their clean ends.
    pub async fn close(&self) {
        self.begin_close();
        let running: Vec<Running> = self
            .shared
            .tasks()
            .values()
            .filter_map(|entry| entry.running.clone())
            .collect();
        for running in running {
            running.stop.cancel();
        }
        self.shared.tracker.close();
        self.shared.tracker.wait().await;
    }

    /// The figures of the tasks that run, in Prometheus's text format.
    #[must_use]
    pub fn figures(&self) -> String {
        let statuses: Vec<(Arc<str>, Status)> = self
            .shared
            .tasks()
            .iter()
            .filter_map(|(name, entry)| {
                let status = entry.running.as_ref()?.status.borrow().clone();
                Some((name.clone(), status))
            })
            .collect();
        if statuses.is_empty() {
            return String::new();
        }
        replicator::metrics::render(statuses.iter().map(|(name, status)| (&**name, status)))
    }

    /// The names of the tasks that run.
    #[must_use]
    pub fn running(&self) -> Vec<String> {
        let tasks = self.shared.tasks();
        let running = tasks.iter().filter(|(_, entry)| entry.running.is_some());
        running.map(|(name, _)| name.to_string()).collect()
    }

    /// An execution is over: if somebody or its time limit stopped it, so are the tasks that it started.
    pub(crate) fn execution_ended(&self, execution_arn: &Arc<str>, status: ExecutionStatus) {
        match status {
            ExecutionStatus::Aborted | ExecutionStatus::TimedOut => self.stop_owned(execution_arn),
            ExecutionStatus::Running | ExecutionStatus::Succeeded | ExecutionStatus::Failed => {}
        }
    }

    /// Starts a task, or finds it running.
    pub(crate) async fn start(
        &self,
        request: &Start,
        owner: &Arc<str>,
        attempt: &str,
    ) -> Result<Started, Failure> {
        loop {
            match self.shared.start_step(request, owner, attempt)? {
                Step::Attach(running) => return Ok(Started::Running(running)),
                Step::Ended(end) => return Ok(Started::Ended(end)),
                Step::Launch(launch) => return Ok(Started::Running(self.launch(launch).await?)),
                Step::Wait(running) => {
                    running.end().await;
                }
            }
        }
    }

    /// Stops a task, remembers that, and gives what runs until it has ended; nothing if it has.
    pub(crate) async fn stop(&self, identifier: &str) -> Result<Option<Running>, Failure> {
        let (running, commit) = {
            let mut tasks = self.shared.tasks();
            let Some((name, entry)) = find(&mut tasks, identifier) else {
                return Err(not_found(identifier));
            };
            if entry.running.is_none() && entry.record.end.is_some() {
                return Ok(None);
            }
            entry.record.wanted = Wanted::Stopped;
            (entry.running.clone(), self.shared.put(&name, &entry.record))
        };
        commit
            .await
            .map_err(|error| unavailable(error.to_string()))?;
        match running {
            Some(running) => {
                running.stop.cancel();
                Ok(Some(running))
            }
            None => {
                // A crash cut its stop short.
                self.stop_again(&Arc::from(identifier)).await;
                Ok(self.shared.running_of(identifier))
            }
        }
    }

    /// Sets the target's sequences to the source's values.
    pub(crate) async fn set_sequences(&self, identifier: &str) -> Result<(), Failure> {
        let task = self.shared.task(identifier)?;
        let set = self.shared.performer.set_sequences(task).await;
        set.map_err(|error| task_failed(format!("The sequences were not set: {error}")))
    }

    /// Waits until a condition of a running task holds.
    pub(crate) async fn reach(
        &self,
        identifier: &str,
        running: &Running,
        condition: Condition,
    ) -> Result<(), Failure> {
        let goal = match condition {
            Condition::FullLoadComplete => Goal::Following,
            Condition::Stopped => Goal::End,
            Condition::CaughtUp => {
                // Only then is it known where the task must come to: the source may be busy for as long as the load takes.
                self.come_to(running, Goal::Following, condition).await?;
                Goal::At(self.source_end(identifier, running, condition).await?)
            }
        };
        self.come_to(running, goal, condition).await
    }

    /// Where the source is now. While it can't be asked, the task can't go on either, and knows for how long to try.
    async fn source_end(
        &self,
        identifier: &str,
        running: &Running,
        condition: Condition,
    ) -> Result<Lsn, Failure> {
        let mut pauses = pauses();
        loop {
            let task = self.shared.task(identifier)?;
            let asked = self.shared.performer.source_end(task);
            let error = tokio::select! {
                asked = asked => match asked {
                    Ok(position) => return Ok(position),
                    Err(error) => error,
                },
                end = running.end() => {
                    judge(&end, condition)?;
                    return Ok(Lsn::ZERO);
                }
            };
            if !error.is_retryable() {
                return Err(task_failed(error.to_string()));
            }
            pause(&mut pauses).await;
        }
    }

    /// Waits until a running task has come to a goal, or has ended.
    async fn come_to(
        &self,
        running: &Running,
        goal: Goal,
        condition: Condition,
    ) -> Result<(), Failure> {
        let mut status = running.status.clone();
        loop {
            if is_reached(goal, &status.borrow_and_update()) {
                return Ok(());
            }
            tokio::select! {
                biased;
                end = running.end() => return judge(&end, condition),
                changed = status.changed() => if changed.is_err() {
                    let end = running.end().await;
                    return judge(&end, condition);
                },
            }
        }
    }

    /// Describes a task: itself and its tables.
    pub(crate) fn describe(
        &self,
        identifier: &str,
        without_settings: bool,
    ) -> Result<(Value, Value), Failure> {
        let mut tasks = self.shared.tasks();
        let Some((name, entry)) = find(&mut tasks, identifier) else {
            return Err(not_found(identifier));
        };
        let status = entry
            .running
            .as_ref()
            .map(|running| running.status.borrow().clone());
        let view = self.shared.view(&name, entry, status.as_ref());
        Ok((view.task(without_settings), view.tables()))
    }

    /// What a task replicates.
    pub(crate) fn migration(&self, identifier: &str) -> Option<Migration> {
        let mut tasks = self.shared.tasks();
        Some(find(&mut tasks, identifier)?.1.record.definition.migration)
    }

    /// The names of all tasks.
    pub(crate) fn names(&self) -> Vec<String> {
        let tasks = self.shared.tasks();
        tasks.keys().map(|name| name.to_string()).collect()
    }

    /// The ARN of a task of that name.
    pub(crate) fn arn(&self, identifier: &str) -> String {
        self.shared.arn(identifier)
    }

    /// Stops the tasks that an execution started, in the background.
    fn stop_owned(&self, execution_arn: &Arc<str>) {
        let owned: Vec<Arc<str>> = self
            .shared
            .tasks()
            .iter()
            .filter(|(_, entry)| {
                entry.record.owner.as_ref() == Some(execution_arn)
                    && entry.record.wanted == Wanted::Running
                    && entry.record.end.is_none()
            })
            .map(|(name, _)| name.clone())
            .collect();
        for name in owned {
            self.stop_in_background(name);
        }
    }

    /// Stops a task in the background if that execution started it.
    pub(crate) fn stop_if_owned(&self, identifier: &str, execution_arn: &Arc<str>) {
        let name = {
            let mut tasks = self.shared.tasks();
            find(&mut tasks, identifier)
                .filter(|(_, entry)| entry.record.owner.as_ref() == Some(execution_arn))
                .map(|(name, _)| name)
        };
        if let Some(name) = name {
            self.stop_in_background(name);
        }
    }

    fn stop_in_background(&self, name: Arc<str>) {
        if self.shared.closing.is_cancelled() {
            return;
        }
        let this = self.clone();
        let stopping = async move {
            let mut pauses = pauses();
            while let Err(failure) = this.stop(&name).await {
                if this.shared.closing.is_cancelled() {
                    return;
                }
                tracing::warn!(task = &*name, ?failure, "cannot stop a replication task");
                pause(&mut pauses).await;
            }
        };
        // Outside a runtime everything is ending anyway.
        if let Ok(handle) = tokio::runtime::Handle::try_current() {
            self.shared.tracker.spawn_on(stopping, &handle);
        }
    }

    /// Runs a task that ran when the process before this one ended.
    fn run_again(&self, name: &Arc<str>) {
        match self.shared.relaunch(name) {
            Ok(Some(launch)) => {
                tracing::info!(task = &**name, "a replication task goes on");
                let this = self.clone();
                self.shared.tracker.spawn(async move {
                    if let Err(failure) = this.launch(launch).await {
                        tracing::error!(?failure, "cannot start a replication task");
                    }
                });
            }
            Ok(None) => {}
            Err(failure) => {
                tracing::error!(
                    task = &**name,
                    ?failure,
                    "cannot start a replication task again"
                );
            }
        }
    }

    /// Ends a task cleanly whose stop was cut short by the end of the process: it must get to where it was before it can stop there.
    async fn stop_again(&self, name: &Arc<str>) {
        {
            let mut tasks = self.shared.tasks();
            if let Some(entry) = tasks.get_mut(name) {
                entry.record.wanted = Wanted::Stopped;
            }
        }
        let launch = match self.shared.relaunch(name) {
            Ok(Some(launch)) => launch,
            Ok(None) => return,
            Err(failure) => {
                tracing::error!(
                    task = &**name,
                    ?failure,
                    "cannot stop a replication task again"
                );
                return;
            }
        };
        let Ok(running) = self.launch(launch).await else {
            return;
        };
        let this = self.clone();
        self.shared.tracker.spawn(async move {
            let there = this.come_to(&running, Goal::Following, Condition::FullLoadComplete);
            // Whether it got there or not, it is stopped.
            let _ = tokio::time::timeout(STOP_AGAIN, there).await;
            running.stop.cancel();
        });
    }

    /// Remembers a task that is to run, and runs it.
    async fn launch(&self, launch: Launch) -> Result<Running, Failure> {
        let Launch {
            name,
            running,
            run,
            ended,
            commit,
        } = launch;
        if let Err(error) = commit.await {
            // Nobody may think that it runs.
            let mut tasks = self.shared.tasks();
            if let Some(entry) = tasks.get_mut(&name) {
                entry.running = None;
            }
            return Err(unavailable(format!(
                "cannot remember the replication task {name}: {error}"
            )));
        }
        let shared = self.shared.clone();
        let driven = running.clone();
        self.shared
            .tracker
            .spawn(async move { shared.drive(name, driven, run, ended).await });
        Ok(running)
    }
}

/// Whether somebody or its time limit stopped an execution. One that is not known any more ended long ago, and not so.
async fn was_stopped(runtime: &Runtime, execution_arn: &str) -> bool {
    let Some(StatesArn {
        resource: ArnResource::Execution(machine, name),
        ..
    }) = StatesArn::parse(execution_arn)
    else {
        return false;
    };
    match runtime.describe_execution(machine, name).await {
        Ok(view) => matches!(
            view.status,
            ExecutionStatus::Aborted | ExecutionStatus::TimedOut
        ),
        Err(_) => false,
    }
}
