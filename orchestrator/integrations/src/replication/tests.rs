//! The registry with a performer that does as it is told: starts, attachments, stops, failures, restarts.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use asl::resource::{Resource, ServiceCall};
use expect_test::{Expect, expect};
use expression::value::Value;
use futures_util::future::BoxFuture;
use interpreter::failure::Failure;
use interpreter::payload::Payload;
use pgoutput::Lsn;
use replication::checkpoint::ResyncRequired;
use replicator::status::{Phase, Status};
use replicator::task::{self, Task};
use replicator::{Error, Outcome};
use runtime::arn::Partition;
use runtime::options::Options;
use runtime::runtime::Runtime;
use runtime::tasks::{TaskCall, TaskOutcome, TaskRunner};
use runtime::views::{CreateStateMachine, StartExecution};
use store::memory::MemoryStore;
use store::records::{ExecutionStatus, MachineType};
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::definition::Places;
use super::performer::{Begun, Performer};
use super::registry::ReplicationTasks;
use crate::{Integrations, Settings};

/// Tasks that do what the test says. Clones share them.
#[derive(Clone, Default)]
struct Stage {
    acts: Arc<Mutex<BTreeMap<String, Act>>>,
    /// What began, in order: the task's name, and whether it began anew.
    begun: Arc<Mutex<Vec<String>>>,
    source_end: Arc<Mutex<Lsn>>,
}

struct Act {
    status: Arc<watch::Sender<Status>>,
    end: Option<oneshot::Sender<Result<Outcome, Error>>>,
}

impl Performer for Stage {
    fn begin(&self, task: Task, stop: CancellationToken) -> Begun {
        let (status, seen) = watch::channel(Status::new());
        let status = Arc::new(status);
        let (end, ended) = oneshot::channel();
        let how = match task.start {
            task::Start::Resume => "resumes",
            task::Start::Reload => "reloads",
        };
        let line = format!("{} {how}", task.name);
        self.begun.lock().unwrap().push(line);
        let act = Act {
            status: status.clone(),
            end: Some(end),
        };
        self.acts.lock().unwrap().insert(task.name, act);
        let run: BoxFuture<'static, _> = Box::pin(async move {
            let _status = status;
            tokio::select! {
                () = stop.cancelled() => Ok(Outcome::Stopped),
                ended = ended => ended.expect("the test says how it ends"),
            }
        });
        Begun { status: seen, run }
    }

    fn source_end(&self, _: Task) -> BoxFuture<'static, Result<Lsn, Error>> {
        let end = *self.source_end.lock().unwrap();
        Box::pin(std::future::ready(Ok(end)))
    }

    fn set_sequences(&self, task: Task) -> BoxFuture<'static, Result<(), Error>> {
        self.begun
            .lock()
            .unwrap()
            .push(format!("{} sequences", task.name));
        Box::pin(std::future::ready(Ok(())))
    }
}

impl Stage {
    fn phase(&self, name: &str, phase: Phase) {
        let acts = self.acts.lock().unwrap();
        acts[name].status.send_modify(|status| status.phase = phase);
    }

    fn source_is_at(&self, position: u64) {
        *self.source_end.lock().unwrap() = Lsn(position);
    }

    fn applied(&self, name: &str, position: u64) {
        let acts = self.acts.lock().unwrap();
        acts[name]
            .status
            .send_modify(|status| status.applied = Lsn(position));
    }

    fn end(&self, name: &str, outcome: Result<Outcome, Error>) {
        let end = self.acts.lock().unwrap().get_mut(name).unwrap().end.take();
        assert!(end.unwrap().send(outcome).is_ok(), "it runs");
    }

    fn begun(&self) -> String {
        self.begun.lock().unwrap().join(", ")
    }

    /// Waits until so many tasks have begun.
    async fn has_begun(&self, count: usize) {
        until(|| self.begun.lock().unwrap().len() >= count).await;
    }
}

/// A server's part that performs tasks, over a store that outlives it.
struct Server {
    stage: Stage,
    tasks: ReplicationTasks,
    integrations: Integrations,
}

impl Server {
    async fn open(store: &MemoryStore) -> Self {
        let stage = Stage::default();
        let performer = Box::new(stage.clone());
        let partition = Partition::default();
        let places = Places::default();
        let tasks = ReplicationTasks::open(Arc::new(store.clone()), performer, places, partition)
            .await
            .unwrap();
        let integrations = Integrations::new(&Settings::default()).unwrap();
        Self {
            stage,
            integrations: integrations.with_replication(tasks.clone()),
            tasks,
        }
    }

    /// Makes a call as the first attempt of an execution.
    fn call(&self, execution: &str, action: &str, parameters: &str) -> Answer {
        self.attempt(execution, 1, action, parameters)
    }

    fn attempt(&self, execution: &str, attempt: u64, action: &str, parameters: &str) -> Answer {
        let arn = format!("arn:aws:states:::dms:{action}");
        let Ok(resource @ Resource::Service(ServiceCall { .. })) = Resource::parse(&arn) else {
            panic!("{arn} is a service call");
        };
        let execution_arn: Arc<str> = execution_arn(execution).into();
        let run = self.integrations.run(TaskCall {
            attempt_id: format!("{execution_arn}#{action}{attempt}"),
            execution_arn,
            execution: 1,
            resource,
            input: Payload::parse(parameters).unwrap(),
            credentials_role_arn: None,
            token: None,
            timeout_seconds: None,
            trace: None,
        });
        Answer(tokio::spawn(run))
    }
}

fn execution_arn(name: &str) -> String {
    format!("arn:aws:states:us-east-1:000000000000:execution:m:{name}")
}

/// A call that is being performed.
struct Answer(tokio::task::JoinHandle<TaskOutcome>);

impl Answer {
    /// What came of it: the task's status, stop reason and message, or the failure.
    async fn shown(self) -> String {
        let patience = Duration::from_secs(10);
        let outcome = tokio::time::timeout(patience, self.0).await;
        match outcome.expect("the call is answered").unwrap() {
            TaskOutcome::Succeeded(payload) | TaskOutcome::Submitted(payload) => {
                let task = payload.value().get("ReplicationTask").cloned();
                let text = |name| {
                    let member = task.as_ref().and_then(|task| task.get(name));
                    member.and_then(Value::as_str).unwrap_or("-").to_owned()
                };
                format!(
                    "{}, {}, {}",
                    text("Status"),
                    text("StopReason"),
                    text("LastFailureMessage")
                )
            }
            TaskOutcome::Failed(Failure { error, cause }) => {
                format!(
                    "{}: {}",
                    error.unwrap_or_default(),
                    cause.unwrap_or_default()
                )
            }
        }
    }

    async fn check(self, expected: Expect) {
        expected.assert_eq(&self.shown().await);
    }

    /// The attempt is cancelled, as when its execution is stopped.
    async fn cancel(self) {
        self.0.abort();
        assert!(self.0.await.is_err(), "it was waiting");
    }
}

async fn until(mut holds: impl FnMut() -> bool) {
    let patience = tokio::time::timeout(Duration::from_secs(10), async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    });
    patience.await.expect("it comes to that");
}

/// A task of that name, with more parameters.
fn task(name: &str, more: &str) -> String {
    format!(
        r#"{{"ReplicationTaskIdentifier": "{name}", "Source": {{"Url": "postgresql://a@b/c"}}, "Target": {{"Url": "postgresql://a@b/d"}} {more}}}"#
    )
}

fn only(name: &str, more: &str) -> String {
    format!(r#"{{"ReplicationTaskIdentifier": "{name}" {more}}}"#)
}

#[tokio::test]
async fn a_task_goes_on_when_its_state_has_what_it_waited_for() {
    let server = Server::open(&MemoryStore::new()).await;
    server.stage.source_is_at(100);
    let started = server.call("e", "startReplicationTask.sync", &task("orders", ""));
    server.stage.has_begun(1).await;
    server
        .stage
        .phase("orders", Phase::Following { caught_up: false });
    let loaded = only("orders", r#", "WaitFor": "FULL_LOAD_COMPLETE""#);
    let attached = server.call("f", "startReplicationTask.sync", &loaded);
    attached.check(expect!["running, -, -"]).await;
    server.stage.applied("orders", 100);
    started.check(expect!["running, -, -"]).await;
    // Whoever asks later asks for more.
    server.stage.source_is_at(200);
    let later = server.call("f", "startReplicationTask.sync", &only("orders", ""));
    let first = server.call("f", "startReplicationTask.sync", &loaded);
    first.check(expect!["running, -, -"]).await;
    assert!(!later.0.is_finished(), "it has not caught up");
    server.stage.applied("orders", 200);
    later.check(expect!["running, -, -"]).await;
    let sequences = only("orders", r#", "SetSequences": true"#);
    let stopped = server.call("e", "stopReplicationTask.sync", &sequences);
    stopped
        .check(expect!["stopped, Stop Reason NORMAL, -"])
        .await;
    let again = server.call("e", "stopReplicationTask.sync", &only("orders", ""));
    again.check(expect!["stopped, Stop Reason NORMAL, -"]).await;
    assert_eq!(server.stage.begun(), "orders resumes, orders sequences");
}

#[tokio::test]
async fn failures_have_names() {
    let server = Server::open(&MemoryStore::new()).await;
    let failed = server.call("e", "startReplicationTask.sync", &task("a", ""));
    server.stage.has_begun(1).await;
    server
        .stage
        .end("a", Err(Error::Refused("no wal_level=logical".to_owned())));
    failed
        .check(expect!["Dms.ReplicationTaskFailed: no wal_level=logical"])
        .await;

    let lost = server.call("e", "startReplicationTask.sync", &task("b", ""));
    server.stage.has_begun(2).await;
    let reason = ResyncRequired::SlotMissing {
        slot: "s".to_owned(),
    };
    let error = Error::ResyncRequired {
        task: "b".to_owned(),
        reason,
    };
    server.stage.end("b", Err(error));
    lost.check(expect!["Dms.ResyncRequired: the task b must be loaded anew: the replication slot s does not exist any more at the source; nothing was changed, start it with a reload of its target when that is wanted"]).await;

    let reloaded = server.attempt(
        "e",
        2,
        "startReplicationTask",
        &only("b", r#", "StartReplicationTaskType": "reload-target""#),
    );
    reloaded.check(expect!["starting, -, -"]).await;
    assert_eq!(server.stage.begun(), "a resumes, b resumes, b reloads");

    // A state that waits hears of it when somebody stops the task.
    let waiting = server.call("f", "startReplicationTask.sync", &only("b", ""));
    tokio::task::yield_now().await;
    let stopping = server.call("f", "stopReplicationTask.sync", &only("b", ""));
    waiting
        .check(expect![
            "Dms.ReplicationTaskStopped: The replication task was stopped before it had caught up"
        ])
        .await;
    stopping
        .check(expect!["stopped, Stop Reason NORMAL, -"])
        .await;

    let nothing = server.call("e", "startReplicationTask.sync", &only("c", ""));
    nothing
        .check(expect![
            "Dms.ResourceNotFoundFault: Replication task c not found."
        ])
        .await;
    let nothing = server.call("e", "stopReplicationTask.sync", &only("c", ""));
    nothing
        .check(expect![
            "Dms.ResourceNotFoundFault: Replication task c not found."
        ])
        .await;
    let wrong = server.call(
        "e",
        "startReplicationTask",
        &task("d", r#", "TableMappings": {"rules": 1}"#),
    );
    wrong.check(expect![[r#"Dms.InvalidParameterValueException: Invalid Table Mappings document. It must be an object with an array "rules""#]]).await;
    let wrong = server.call("e", "startReplicationTask", r#"{"ReplicationTaskIdentifier": "d", "Source": {"Endpoint": "x"}, "Target": {"Endpoint": "y"}}"#);
    wrong.check(expect!["Dms.InvalidParameterValueException: Source: the endpoint x is not in the configuration of this server ([replication.endpoints.x])"]).await;
}

#[tokio::test]
async fn a_task_is_not_changed_while_it_runs() {
    let server = Server::open(&MemoryStore::new()).await;
    let started = server.call("e", "startReplicationTask", &task("a", ""));
    started.check(expect!["starting, -, -"]).await;
    let other = server.call(
        "e",
        "startReplicationTask",
        &task("a", r#", "SlotName": "x""#),
    );
    other.check(expect!["Dms.InvalidResourceStateFault: Replication task a is running, and it is described otherwise: stop it before it is changed"]).await;
    let reload = r#", "StartReplicationTaskType": "reload-target""#;
    let reload = server.attempt("e", 2, "startReplicationTask", &task("a", reload));
    reload.check(expect!["Dms.InvalidResourceStateFault: Replication task a is running: stop it before its target is loaded anew"]).await;
}

#[tokio::test]
async fn whoever_started_a_task_takes_it_along() {
    let server = Server::open(&MemoryStore::new()).await;
    // A state that is cancelled while it waits.
    let waiting = server.call("e", "startReplicationTask.sync", &task("a", ""));
    server.stage.has_begun(1).await;
    // Another execution's state that is cancelled takes nothing along.
    let attached = server.call("f", "startReplicationTask.sync", &only("a", ""));
    tokio::task::yield_now().await;
    attached.cancel().await;
    assert_eq!(server.tasks.running(), ["a"]);
    waiting.cancel().await;
    until(|| server.tasks.running().is_empty()).await;

    // An execution that is stopped after its state was over; others' ends mean nothing.
    let started = server.call("g", "startReplicationTask", &task("b", ""));
    started.check(expect!["starting, -, -"]).await;
    let ended = |name: &str, status| {
        let arn: Arc<str> = execution_arn(name).into();
        server.integrations.execution_ended(&arn, status);
    };
    ended("h", ExecutionStatus::Aborted);
    ended("g", ExecutionStatus::Succeeded);
    ended("g", ExecutionStatus::Failed);
    assert_eq!(server.tasks.running(), ["b"]);
    ended("g", ExecutionStatus::TimedOut);
    until(|| server.tasks.running().is_empty()).await;
}

#[tokio::test]
async fn tasks_go_on_with_the_next_process() {
    let store = MemoryStore::new();
    let server = Server::open(&store).await;
    for (name, more) in [
        ("a", ""),
        ("b", ""),
        ("c", r#", "StartReplicationTaskType": "reload-target""#),
    ] {
        let started = server.call("e", "startReplicationTask", &task(name, more));
        started.check(expect!["starting, -, -"]).await;
    }
    let stopped = server.call("e", "stopReplicationTask.sync", &only("b", ""));
    stopped
        .check(expect!["stopped, Stop Reason NORMAL, -"])
        .await;
    let waiting = server.attempt("e", 9, "startReplicationTask.sync", &only("a", ""));
    tokio::task::yield_now().await;
    // A clean end of the process: whoever waits is cancelled, and nothing is stopped for good.
    server.tasks.begin_close();
    waiting.cancel().await;
    server.tasks.close().await;

    let store = store.survivor();
    let server = Server::open(&store).await;
    let runner = Arc::new(server.integrations.clone());
    let runtime = Runtime::open(Arc::new(store.clone()), runner, Options::default())
        .await
        .unwrap();
    server.tasks.resume(&runtime).await;
    assert_eq!(server.stage.begun(), "a resumes, c reloads");
    // It has begun anew: the next process must not.
    server.stage.phase("c", Phase::Loading);
    until(|| reloads(&store, "c") == Some(false)).await;
    // As after kill -9: nobody closed anything.
    let store = store.survivor();
    let server = Server::open(&store).await;
    let runner = Arc::new(server.integrations.clone());
    let runtime = Runtime::open(Arc::new(store), runner, Options::default())
        .await
        .unwrap();
    server.tasks.resume(&runtime).await;
    assert_eq!(server.stage.begun(), "a resumes, c resumes");
    // The same attempt comes again, and finds its task.
    let again = server.attempt("e", 9, "startReplicationTask.sync", &only("a", ""));
    server
        .stage
        .phase("a", Phase::Following { caught_up: true });
    again.check(expect!["running, -, -"]).await;
}

fn reloads(store: &MemoryStore, name: &str) -> Option<bool> {
    use futures_util::FutureExt;
    use store::contract::Store;
    let resource = store
        .resource("replication-task", name)
        .now_or_never()?
        .ok()??;
    let document: serde_json::Value = serde_json::from_str(&resource.document).ok()?;
    document["reloads"].as_bool()
}

#[tokio::test]
async fn an_attempt_that_comes_again_does_not_start_what_has_ended() {
    let store = MemoryStore::new();
    let server = Server::open(&store).await;
    let loaded = server.call(
        "e",
        "startReplicationTask.sync",
        &task("a", r#", "MigrationType": "full-load""#),
    );
    server.stage.has_begun(1).await;
    server.stage.end("a", Ok(Outcome::FullLoadFinished));
    loaded
        .check(expect!["stopped, Stop Reason FULL_LOAD_ONLY_FINISHED, -"])
        .await;
    let server = Server::open(&store.survivor()).await;
    let again = server.call(
        "e",
        "startReplicationTask.sync",
        &task("a", r#", "MigrationType": "full-load""#),
    );
    again
        .check(expect!["stopped, Stop Reason FULL_LOAD_ONLY_FINISHED, -"])
        .await;
    assert_eq!(server.stage.begun(), "");
    // Another attempt does.
    let anew = server.attempt(
        "e",
        2,
        "startReplicationTask",
        &task("a", r#", "MigrationType": "full-load""#),
    );
    anew.check(expect!["starting, -, -"]).await;
}

#[tokio::test]
async fn a_task_whose_execution_was_stopped_meanwhile_is_stopped() {
    let store = MemoryStore::new();
    let server = Server::open(&store).await;
    let runner = Arc::new(server.integrations.clone());
    let runtime = Runtime::open(Arc::new(store.clone()), runner, Options::default())
        .await
        .unwrap();
    let machine = CreateStateMachine {
        name: "m".to_owned(),
        definition: r#"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":600,"End":true}}}"#
            .to_owned(),
        role_arn: "arn:aws:iam::000000000000:role/r".to_owned(),
        machine_type: MachineType::Standard,
        settings: "{}".to_owned(),
        tags: Vec::new(),
    };
    runtime.create_state_machine(machine).await.unwrap();
    let start = StartExecution {
        state_machine: "m".to_owned(),
        name: Some("e".to_owned()),
        ..StartExecution::default()
    };
    runtime.start_execution(start).await.unwrap();
    let started = server.call("e", "startReplicationTask", &task("a", ""));
    started.check(expect!["starting, -, -"]).await;
    // The process dies between the end of the execution and the stop of the task.
    let survivor = store.survivor();
    let other = Runtime::open(
        Arc::new(survivor.clone()),
        Arc::new(Deaf),
        Options::default(),
    )
    .await
    .unwrap();
    other
        .stop_execution("m", "e", Failure::named("Enough"))
        .await
        .unwrap();
    let store = survivor.survivor();

    let server = Server::open(&store).await;
    let runner = Arc::new(server.integrations.clone());
    let runtime = Runtime::open(Arc::new(store), runner, Options::default())
        .await
        .unwrap();
    server.tasks.resume(&runtime).await;
    // It must get to where it was to stop there cleanly.
    server
        .stage
        .phase("a", Phase::Following { caught_up: false });
    until(|| server.tasks.running().is_empty()).await;
    let described = server
        .call("f", "describeReplicationTasks", "{}")
        .0
        .await
        .unwrap();
    let TaskOutcome::Succeeded(described) = described else {
        panic!("it is described");
    };
    let tasks = described
        .value()
        .get("ReplicationTasks")
        .and_then(Value::as_array)
        .unwrap();
    assert_eq!(
        tasks[0].get("Status").and_then(Value::as_str),
        Some("stopped")
    );
}

/// Performs nothing.
struct Deaf;

impl TaskRunner for Deaf {
    fn run(&self, _: TaskCall) -> BoxFuture<'static, TaskOutcome> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn lists_come_in_parts() {
    let server = Server::open(&MemoryStore::new()).await;
    for name in ["a", "b", "c"] {
        let started = server.call("e", "startReplicationTask", &task(name, ""));
        started.check(expect!["starting, -, -"]).await;
    }
    let mut marker = String::new();
    let mut names = Vec::new();
    for _ in 0..2 {
        let parameters = format!(r#"{{"MaxRecords": 2 {marker}}}"#);
        let described = server.call("e", "describeReplicationTasks", &parameters);
        let TaskOutcome::Succeeded(described) = described.0.await.unwrap() else {
            panic!("they are described");
        };
        let described = described.value();
        let tasks = described.get("ReplicationTasks").and_then(Value::as_array);
        names.push(tasks.unwrap().len());
        marker = match described.get("Marker").and_then(Value::as_str) {
            Some(marker) => format!(r#", "Marker": "{marker}""#),
            None => String::new(),
        };
    }
    assert_eq!((names, marker), (vec![2, 1], String::new()));
}
