//! The world of one case: a runtime, whoever performs its tasks, its workers, and the one who stops it.

use std::collections::HashMap;
use std::future::pending;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use asl::resource::Resource;
use futures_util::StreamExt;
use futures_util::future::{BoxFuture, FutureExt};
use interpreter::execution::Status;
use interpreter::failure::Failure;
use interpreter::history::{EventKind, HistoryEvent, StateType};
use interpreter::payload::Payload;
use runtime::arn::Partition;
use runtime::clock::World as Clock;
use runtime::options::{EngineLimits, Options};
use runtime::runtime::Runtime;
use runtime::tasks::{TaskCall, TaskOutcome, TaskRunner};
use runtime::views::{CreateStateMachine, ExecutionView, StartExecution};
use store::contract::{Direction, Store};
use store::memory::MemoryStore;
use store::records::{ExecutionId, ExecutionStatus, MachineType};
use tests::corpus::{self, Case, Happening, Moment, ROLE_ARN, STARTED_AT};
use tests::event_text::history_text;
use tokio::time::{Instant, sleep_until, timeout};

/// After so long, in simulated time, nothing more happens.
const LONGEST: Duration = Duration::from_secs(3 * 24 * 60 * 60);

const MACHINE: &str = "Machine";
const EXECUTION: &str = "Run";

/// What everybody in the case knows.
#[derive(Clone)]
pub(crate) struct World {
    case: Arc<Case>,
    store: MemoryStore,
    runtime: Arc<OnceLock<Runtime>>,
}

impl World {
    /// Runs a case and writes its history down.
    pub(crate) fn run(case: &Case) -> String {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime can be built")
            .block_on(async {
                let world = Self {
                    case: Arc::new(case.clone()),
                    store: MemoryStore::new(),
                    runtime: Arc::default(),
                };
                match case.machine_type {
                    corpus::MachineType::Standard => world.run_standard().await,
                    corpus::MachineType::Express => world.run_express().await,
                }
            })
    }

    async fn run_standard(self) -> String {
        self.open(MachineType::Standard).await;
        self.runtime()
            .start_execution(start(&self.case))
            .await
            .expect("the case starts");
        if let Some(stop) = self.case.stop.clone() {
            let world = self.clone();
            tokio::spawn(async move {
                sleep_until(Instant::now() + duration(stop.after)).await;
                // It may have ended before.
                let _ = world
                    .runtime()
                    .stop_execution(MACHINE, EXECUTION, failure(&stop.reason))
                    .await;
            });
        }
        // If it has not ended by then, it never does.
        let _ = timeout(LONGEST, self.follow()).await;
        let view = self.runtime().describe_execution(MACHINE, EXECUTION).await;
        let events = self.history().await;
        history_text(&events, &status(view.unwrap()), STARTED_AT)
    }

    async fn run_express(self) -> String {
        self.open(MachineType::Express).await;
        let runtime = self.runtime();
        let ended = runtime.start_sync_execution(start(&self.case)).await;
        let ended = ended.expect("the case runs");
        let text = history_text(&ended.events, &status(ended.execution), STARTED_AT);
        // The corpus counts its executions.
        text.replace(":Run:<uuid>", ":Run:1")
    }

    async fn open(&self, machine_type: MachineType) {
        let runner = Arc::new(Performer {
            world: self.clone(),
            invocations: Mutex::default(),
        });
        let mut options = Options {
            partition: Partition {
                account: "123456789012".into(),
                ..Partition::default()
            },
            limits: limits(&self.case),
            world: {
                let seed = Mutex::new(0_u128);
                Clock::simulated(STARTED_AT, move || {
                    let mut seed = seed.lock().unwrap();
                    *seed += 1;
                    *seed
                })
            },
            ..Options::default()
        };
        options.activity_poll = LONGEST;
        let store = Arc::new(self.store.clone());
        let runtime = Runtime::open(store, runner, options).await.unwrap();
        for activity in activities(&self.case.definition) {
            runtime.create_activity(activity, Vec::new()).await.unwrap();
        }
        let request = CreateStateMachine {
            name: MACHINE.to_owned(),
            definition: self.case.definition.clone(),
            role_arn: ROLE_ARN.to_owned(),
            machine_type,
            settings: "{}".to_owned(),
            tags: Vec::new(),
        };
        runtime.create_state_machine(request).await.unwrap();
        assert!(self.runtime.set(runtime).is_ok(), "a case is opened once");
    }

    fn runtime(&self) -> &Runtime {
        self.runtime.get().expect("the case was opened")
    }

    async fn history(&self) -> Vec<HistoryEvent> {
        let page = self
            .store
            .history(ExecutionId(1), 1, usize::MAX, Direction::Forward);
        page.await.unwrap().events
    }

    /// Sees what happens, to the end; an activity's task that was scheduled finds its worker.
    async fn follow(&self) {
        let mut invocations = HashMap::new();
        let events = self.runtime().follow(MACHINE, EXECUTION, 1).await;
        let mut events = events.unwrap();
        let mut seen = Vec::new();
        while let Some(event) = events.next().await {
            seen.push(event.unwrap());
            let event = seen.last().unwrap();
            let EventKind::ActivityScheduled { resource, .. } = &event.kind else {
                continue;
            };
            let state = state_of(&seen, event.id);
            let invocation: &mut u32 = invocations.entry(state.clone()).or_default();
            *invocation += 1;
            let activity = resource.rsplit(':').next().unwrap().to_owned();
            let moments = self.case.script(&state, *invocation).to_vec();
            tokio::spawn(self.clone().work(activity, moments));
        }
    }

    /// A worker takes a task and does what the script says.
    async fn work(self, activity: String, moments: Vec<Moment>) {
        let scheduled = Instant::now();
        let mut token = String::new();
        for moment in moments {
            sleep_until(scheduled + duration(moment.after)).await;
            if let Happening::Start(worker) = &moment.happening {
                let polled = self
                    .runtime()
                    .get_activity_task(&activity, worker.as_deref());
                let Ok(Some(task)) = polled.await else { return };
                token = task.token;
            } else {
                self.tell(&token, &moment.happening).await;
            }
        }
    }

    /// What somebody who has the token says of the task.
    async fn tell(&self, token: &str, happening: &Happening) {
        let runtime = self.runtime();
        let told = match happening {
            Happening::Start(_) | Happening::Submit(_) => return,
            Happening::Heartbeat => runtime.send_task_heartbeat(token).await,
            Happening::Succeed(output) => runtime.send_task_success(token, output).await,
            Happening::Fail(error) => runtime.send_task_failure(token, failure(error)).await,
        };
        // In some cases it comes too late.
        let _ = told;
    }
}

/// Performs the tasks of a case.
struct Performer {
    world: World,
    invocations: Mutex<HashMap<String, u32>>,
}

impl TaskRunner for Performer {
    fn run(&self, call: TaskCall) -> BoxFuture<'static, TaskOutcome> {
        assert!(!matches!(call.resource, Resource::Activity(_)));
        let events = self.world.history().now_or_never().unwrap();
        let attempt = call.attempt_id.rsplit('#').next().unwrap();
        let state = state_of(&events, attempt.parse().unwrap());
        // An Express execution has no history; the cases for it have one Task state.
        let state = match (state.is_empty(), self.world.case.tasks.first()) {
            (true, Some(only)) => only.state.clone(),
            (_, _) => state,
        };
        let invocation = {
            let mut invocations = self.invocations.lock().unwrap();
            let invocation = invocations.entry(state.clone()).or_default();
            *invocation += 1;
            *invocation
        };
        let moments = self.world.case.script(&state, invocation).to_vec();
        perform(self.world.clone(), call.token, moments).boxed()
    }
}

/// Does what the script says. Whoever has a token goes on with it after the call was answered.
async fn perform(world: World, token: Option<String>, moments: Vec<Moment>) -> TaskOutcome {
    let scheduled = Instant::now();
    let mut moments = moments.into_iter();
    while let Some(moment) = moments.next() {
        if moment.after > 0 {
            sleep_until(scheduled + duration(moment.after)).await;
        }
        match (&token, moment.happening) {
            (_, Happening::Fail(error)) => return TaskOutcome::Failed(failure(&error)),
            (None, Happening::Succeed(output)) => return TaskOutcome::Succeeded(payload(&output)),
            (Some(token), Happening::Submit(output)) => {
                let token = token.clone();
                tokio::spawn(async move {
                    for moment in moments {
                        sleep_until(scheduled + duration(moment.after)).await;
                        world.tell(&token, &moment.happening).await;
                    }
                });
                return TaskOutcome::Succeeded(payload(&output));
            }
            (Some(token), happening) => world.tell(token, &happening).await,
            (None, happening) => panic!("no call can do that: {happening:?}"),
        }
    }
    pending().await
}

/// The Task state that an attempt is of: its events lead back to where the state was entered.
fn state_of(events: &[HistoryEvent], attempt: u64) -> String {
    let mut id = attempt;
    while let Some(event) = usize::try_from(id)
        .ok()
        .and_then(|id| events.get(id.checked_sub(1)?))
    {
        if let EventKind::StateEntered {
            state_type: StateType::Task,
            name,
            ..
        } = &event.kind
        {
            return name.to_string();
        }
        id = event.previous;
    }
    String::new()
}

fn start(case: &Case) -> StartExecution {
    StartExecution {
        state_machine: MACHINE.to_owned(),
        qualifier: None,
        name: Some(EXECUTION.to_owned()),
        input: Some(case.input.clone()),
        trace_header: None,
    }
}

fn limits(case: &Case) -> EngineLimits {
    let mut limits = EngineLimits::aws();
    let execution = &mut limits.execution;
    let given = &case.limits;
    execution.payload_bytes = given.payload_bytes.unwrap_or(execution.payload_bytes);
    execution.history_events = given.history_events.unwrap_or(execution.history_events);
    execution.map_concurrency = given.map_concurrency.unwrap_or(execution.map_concurrency);
    execution.step_events = given.step_events.unwrap_or(execution.step_events);
    limits
}

/// The names of the activities in a definition.
fn activities(definition: &str) -> impl Iterator<Item = &str> {
    definition
        .split(":activity:")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
}

fn status(view: ExecutionView) -> Status {
    let failure = view.failure.unwrap_or_default();
    match view.status {
        ExecutionStatus::Running => Status::Running,
        ExecutionStatus::Succeeded => Status::Succeeded(view.output.unwrap()),
        ExecutionStatus::Failed => Status::Failed(failure),
        ExecutionStatus::TimedOut => Status::TimedOut(failure),
        ExecutionStatus::Aborted => Status::Aborted(failure),
    }
}

fn failure(error: &corpus::Error) -> Failure {
    Failure {
        error: error.error.as_deref().map(Arc::from),
        cause: error.cause.as_deref().map(Arc::from),
    }
}

fn payload(text: &str) -> Payload {
    Payload::parse(text).expect("a task's output is JSON")
}

fn duration(milliseconds: i64) -> Duration {
    Duration::from_millis(u64::try_from(milliseconds).unwrap_or(0))
}
