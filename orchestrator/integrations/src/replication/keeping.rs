//! The inside of the registry: what each task is and whether it runs, and how it is run to its end.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use interpreter::failure::Failure;
use replicator::status::{Phase, Status};
use replicator::{Error as TaskError, Outcome, Task, task};
use runtime::arn::Partition;
use store::contract::{Commit, Error, Store, Write};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::replication::definition::Places;
use crate::replication::descriptions::View;
use crate::replication::dms_failures::{invalid_parameter, invalid_state, not_found, unavailable};
use crate::replication::parameters::{Start, StartType};
use crate::replication::performer::{Begun, Performer};
use crate::replication::record::{End, How, Record, Wanted};

/// The pauses before something is tried again that could not be asked or remembered, without end.
pub(crate) fn pauses() -> ExponentialBackoff {
    ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(100))
        .with_max_delay(Duration::from_secs(2))
        .without_max_times()
        .with_jitter()
        .build()
}

/// Waits for the next of the pauses.
pub(crate) async fn pause(pauses: &mut ExponentialBackoff) {
    if let Some(pause) = pauses.next() {
        tokio::time::sleep(pause).await;
    }
}

/// What the clones of a registry share.
pub(crate) struct Shared {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) performer: Box<dyn Performer>,
    pub(crate) places: Places,
    pub(crate) partition: Partition,
    pub(crate) tasks: Mutex<Tasks>,
    pub(crate) closing: CancellationToken,
    pub(crate) tracker: TaskTracker,
}

/// The tasks by their names.
pub(crate) type Tasks = BTreeMap<Arc<str>, Entry>;

/// A task.
pub(crate) struct Entry {
    pub(crate) record: Record,
    pub(crate) running: Option<Running>,
}

/// A task that runs.
#[derive(Clone)]
pub(crate) struct Running {
    pub(crate) stop: CancellationToken,
    pub(crate) status: watch::Receiver<Status>,
    /// How it ended, once that is remembered.
    ended: watch::Receiver<Option<Arc<End>>>,
}

/// A task that is about to run, once it is remembered.
pub(crate) struct Launch {
    pub(crate) name: Arc<str>,
    pub(crate) running: Running,
    pub(crate) run: BoxFuture<'static, Result<Outcome, TaskError>>,
    pub(crate) ended: watch::Sender<Option<Arc<End>>>,
    pub(crate) commit: Writing,
}

/// Something that is being written to the store.
type Writing = BoxFuture<'static, Result<(), Error>>;

/// What is to be done about a start.
pub(crate) enum Step {
    /// It is to run, once it is remembered.
    Launch(Launch),
    /// It runs.
    Attach(Running),
    /// This very attempt started it before a crash, and it has ended since.
    Ended(Arc<End>),
    /// It is being stopped: first it must have ended.
    Wait(Running),
}

impl Shared {
    pub(crate) fn tasks(&self) -> MutexGuard<'_, Tasks> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn running_of(&self, identifier: &str) -> Option<Running> {
        let mut tasks = self.tasks();
        find(&mut tasks, identifier)?.1.running.clone()
    }

    /// The task as it is described, to be asked about while it runs.
    pub(crate) fn task(&self, identifier: &str) -> Result<Task, Failure> {
        let mut tasks = self.tasks();
        let Some((name, entry)) = find(&mut tasks, identifier) else {
            return Err(not_found(identifier));
        };
        let definition = &entry.record.definition;
        definition
            .task(&name, &self.places, task::Start::Resume)
            .map_err(|why| invalid_parameter(&why))
    }

    pub(crate) fn arn(&self, identifier: &str) -> String {
        format!(
            "arn:aws:dms:{}:{}:task:{identifier}",
            self.partition.region, self.partition.account
        )
    }

    pub(crate) fn view<'a>(
        &self,
        name: &'a str,
        entry: &'a Entry,
        status: Option<&'a Status>,
    ) -> View<'a> {
        View {
            name,
            arn: self.arn(name),
            record: &entry.record,
            status,
            is_stopping: entry
                .running
                .as_ref()
                .is_some_and(|running| running.stop.is_cancelled()),
            now: now(),
        }
    }

    /// Writes a record; the writes of a task come in the order of these calls.
    pub(crate) fn put(&self, name: &Arc<str>, record: &Record) -> Writing {
        let writes = vec![Write::PutResource(record.resource(name))];
        self.store.commit(Commit { writes })
    }

    pub(crate) fn start_step(
        &self,
        request: &Start,
        owner: &Arc<str>,
        attempt: &str,
    ) -> Result<Step, Failure> {
        let mut tasks = self.tasks();
        let identifier = request.identifier.as_str();
        let Some((name, entry)) = find(&mut tasks, identifier) else {
            let Some(definition) = &request.definition else {
                return Err(not_found(identifier));
            };
            let mut record = Record::new(definition.clone(), now());
            record.owner = Some(owner.clone());
            record.attempt = Some(attempt.to_owned());
            record.reloads = request.start_type == StartType::Reload;
            return self
                .prepare(&mut tasks, identifier.into(), record)
                .map(Step::Launch);
        };
        let is_repeated = entry.record.attempt.as_deref() == Some(attempt);
        let differs = request
            .definition
            .as_ref()
            .is_some_and(|definition| *definition != entry.record.definition);
        if let Some(running) = &entry.running {
            if running.stop.is_cancelled() {
                return Ok(Step::Wait(running.clone()));
            }
            if differs {
                return Err(invalid_state(format!(
                    "Replication task {identifier} is running, and it is described otherwise: stop it before it is changed"
                )));
            }
            if request.start_type == StartType::Reload && !is_repeated {
                return Err(invalid_state(format!(
                    "Replication task {identifier} is running: stop it before its target is loaded anew"
                )));
            }
            return Ok(Step::Attach(running.clone()));
        }
        if let (true, Some(end)) = (is_repeated, &entry.record.end) {
            return Ok(Step::Ended(Arc::new(end.clone())));
        }
        let mut record = entry.record.clone();
        if let Some(definition) = &request.definition {
            record.definition = definition.clone();
        }
        if !is_repeated {
            record.reloads = request.start_type == StartType::Reload;
            record.owner = Some(owner.clone());
            record.attempt = Some(attempt.to_owned());
        }
        record.started_at = now();
        record.wanted = Wanted::Running;
        record.end = None;
        self.prepare(&mut tasks, name, record).map(Step::Launch)
    }

    /// Prepares a task that is kept to run as it is; nothing if it runs already.
    pub(crate) fn relaunch(&self, name: &Arc<str>) -> Result<Option<Launch>, Failure> {
        let mut tasks = self.tasks();
        let Some(entry) = tasks.get(name).filter(|entry| entry.running.is_none()) else {
            return Ok(None);
        };
        let record = entry.record.clone();
        self.prepare(&mut tasks, name.clone(), record).map(Some)
    }

    /// Prepares a task to run.
    fn prepare(
        &self,
        tasks: &mut Tasks,
        name: Arc<str>,
        record: Record,
    ) -> Result<Launch, Failure> {
        if self.closing.is_cancelled() {
            return Err(unavailable("this server is shutting down"));
        }
        let start = if record.reloads {
            task::Start::Reload
        } else {
            task::Start::Resume
        };
        let task = record
            .definition
            .task(&name, &self.places, start)
            .map_err(|why| invalid_parameter(&why))?;
        let stop = CancellationToken::new();
        let Begun { status, run } = self.performer.begin(task, stop.clone());
        let (ended, has_ended) = watch::channel(None);
        let running = Running {
            stop,
            status,
            ended: has_ended,
        };
        let commit = self.put(&name, &record);
        let entry = Entry {
            record,
            running: Some(running.clone()),
        };
        tasks.insert(name.clone(), entry);
        Ok(Launch {
            name,
            running,
            run,
            ended,
            commit,
        })
    }

    /// Runs a task to its end, and remembers that.
    pub(crate) async fn drive(
        &self,
        name: Arc<str>,
        running: Running,
        run: BoxFuture<'static, Result<Outcome, TaskError>>,
        ended: watch::Sender<Option<Arc<End>>>,
    ) {
        let mut run = AssertUnwindSafe(run).catch_unwind().boxed();
        let outcome = tokio::select! {
            outcome = &mut run => outcome,
            () = self.note_reload(&name, &running) => run.await,
        };
        let (how, message) = match outcome {
            Ok(Ok(Outcome::FullLoadFinished)) => (How::FullLoadFinished, None),
            Ok(Ok(Outcome::CaughtUp)) => (How::CaughtUp, None),
            Ok(Ok(Outcome::Stopped)) => (How::Stopped, None),
            Ok(Err(error @ TaskError::ResyncRequired { .. })) => {
                (How::ResyncRequired, Some(error.to_string()))
            }
            Ok(Err(error)) => (How::Failed, Some(error.to_string())),
            Err(_) => (
                How::Failed,
                Some("a mistake in ratchet itself; the log says where".to_owned()),
            ),
        };
        if let Some(message) = &message {
            tracing::error!(task = &*name, "a replication task failed: {message}");
        }
        let Some((end, mut commit)) = self.note_end(&name, how, message) else {
            return;
        };
        let mut pauses = pauses();
        while let Err(error) = commit.await {
            if !error.is_retryable() || self.closing.is_cancelled() {
                tracing::warn!(task = &*name, %error, "cannot remember the end of a replication task");
                return;
            }
            pause(&mut pauses).await;
            let tasks = self.tasks();
            let Some(entry) = tasks.get(&name) else {
                return;
            };
            commit = self.put(&name, &entry.record);
        }
        if let Some(entry) = self.tasks().get_mut(&name) {
            entry.running = None;
        }
        // Nobody may wait for it.
        let _ = ended.send(Some(end));
    }

    /// Once a task that began anew has got so far that it would not do so again, that is remembered. Never ready before.
    async fn note_reload(&self, name: &Arc<str>, running: &Running) {
        let reloads = self
            .tasks()
            .get(name)
            .is_some_and(|entry| entry.record.reloads);
        let mut status = running.status.clone();
        let has_begun = status.wait_for(|status| match status.phase {
            Phase::Loading | Phase::Indexing | Phase::Following { .. } => true,
            Phase::Starting
            | Phase::Recovering { .. }
            | Phase::Stopping
            | Phase::Stopped
            | Phase::ResyncRequired { .. }
            | Phase::Failed { .. } => false,
        });
        if !reloads || has_begun.await.is_err() {
            return std::future::pending().await;
        }
        let commit = {
            let mut tasks = self.tasks();
            let Some(entry) = tasks.get_mut(name) else {
                return;
            };
            entry.record.reloads = false;
            entry.record.fresh_at = now();
            self.put(name, &entry.record)
        };
        if let Err(error) = commit.await {
            // At worst the tables are loaded once more after a crash.
            tracing::warn!(task = &**name, %error, "cannot remember that a replication task began anew");
        }
    }

    /// Writes down how a task ended; nothing if it was only interrupted by the end of the server.
    fn note_end(
        &self,
        name: &Arc<str>,
        how: How,
        message: Option<String>,
    ) -> Option<(Arc<End>, Writing)> {
        let mut tasks = self.tasks();
        let entry = tasks.get_mut(name)?;
        let is_interrupted = how == How::Stopped && entry.record.wanted == Wanted::Running;
        if is_interrupted && self.closing.is_cancelled() {
            entry.running = None;
            return None;
        }
        let status = entry
            .running
            .as_ref()
            .map(|running| running.status.borrow().clone());
        let statistics = self.view(name, entry, status.as_ref()).keep();
        let end = End {
            how,
            message,
            at: now(),
            statistics: Some(statistics),
        };
        entry.record.wanted = Wanted::Stopped;
        entry.record.end = Some(end.clone());
        Some((Arc::new(end), self.put(name, &entry.record)))
    }
}

impl Running {
    /// How it ended, when it has and that is remembered. Never ready when the server ends before.
    pub(crate) async fn end(&self) -> Arc<End> {
        let mut ended = self.ended.clone();
        let end = match ended.wait_for(Option::is_some).await {
            Ok(end) => end.clone(),
            Err(_) => None,
        };
        match end {
            Some(end) => end,
            None => std::future::pending().await,
        }
    }
}

/// The task of that name, with its name as it is kept.
pub(crate) fn find<'a>(
    tasks: &'a mut Tasks,
    identifier: &str,
) -> Option<(Arc<str>, &'a mut Entry)> {
    let name = tasks.get_key_value(identifier)?.0.clone();
    let entry = tasks.get_mut(identifier)?;
    Some((name, entry))
}

/// Milliseconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
