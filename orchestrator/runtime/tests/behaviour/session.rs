//! A session with a runtime: a script of calls, one a line, and what each of them answers.
//!
//! A line that begins with `&` is called by a client of its own; `join` waits for those clients and tells what they were
//! answered, `leave` lets them go away. Times are told since the session's beginning; tokens are called `token1`, `token2` …
//! in the order in which they were handed over.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use interpreter::input::{AttemptId, Input};
use interpreter::payload::Payload;
use runtime::clock::World;
use runtime::options::{EngineLimits, Options};
use runtime::runtime::Runtime;
use runtime::views::{CreateStateMachine, StartExecution, StateMachineView, UpdateStateMachine};
use store::contract::{Commit, Direction, ExecutionFilter, Store, Write};
use store::encoding::{RecordedInput, encode_input};
use store::memory::{Fault, MemoryStore};
use store::records::{ExecutionId, ExecutionStatus, MachineType, Tag};
use tokio::task::JoinHandle;

use crate::performer::Performer;
use crate::texts::{
    answer, done, error_text, events_text, execution_text, failure, machine_text, masked, ranges,
    since, word,
};

/// When every session begins: milliseconds since 1970.
pub(crate) const BEGINNING: i64 = 1_700_000_000_000;

/// A runtime, its store, and whoever calls it.
pub(crate) struct Session {
    clients: Clients,
    options: Options,
    waiting: Vec<(String, JoinHandle<String>)>,
}

/// What a client needs.
#[derive(Clone)]
struct Clients {
    runtime: Runtime,
    store: MemoryStore,
    performer: Arc<Performer>,
}

impl Session {
    /// Opens a runtime on an empty store. Must be called with paused time.
    pub(crate) async fn open(limits: EngineLimits, resting_executions: usize) -> Self {
        let seed = Arc::new(Mutex::new(0_u128));
        let options = Options {
            limits,
            resting_executions,
            world: World::simulated(BEGINNING, move || {
                let mut seed = seed.lock().unwrap_or_else(PoisonError::into_inner);
                *seed += 1;
                *seed
            }),
            ..Options::default()
        };
        let (store, performer) = (MemoryStore::new(), Arc::new(Performer::default()));
        let runtime = Runtime::open(Arc::new(store.clone()), performer.clone(), options.clone())
            .await
            .expect("an empty store can be opened");
        Self {
            clients: Clients {
                runtime,
                store,
                performer,
            },
            options,
            waiting: Vec::new(),
        }
    }

    /// Carries out one line.
    pub(crate) async fn line(&mut self, line: &str) -> String {
        if let Some(line) = line.strip_prefix("& ") {
            let (clients, call) = (self.clients.clone(), line.to_owned());
            let handle = tokio::spawn(async move { clients.call(&call).await });
            self.waiting.push((line.to_owned(), handle));
            // It gets as far as it can without time passing.
            tokio::time::sleep(Duration::from_millis(1)).await;
            return String::new();
        }
        match line {
            "join" => {
                let mut text = String::new();
                for (line, handle) in self.waiting.drain(..) {
                    let answer = handle.await.unwrap_or_else(|_| "it panicked".to_owned());
                    text.push_str(&format!("{line}: {answer}\n"));
                }
                text
            }
            "leave" => {
                for (_, handle) in self.waiting.drain(..) {
                    handle.abort();
                }
                settle().await;
                String::new()
            }
            "crash" => {
                self.clients.store.crash();
                self.reopen().await
            }
            "close" => answer(self.clients.runtime.close().await, |()| "closed".to_owned()),
            "reopen" => self.reopen().await,
            call => self.clients.call(call).await,
        }
    }

    async fn reopen(&mut self) -> String {
        self.clients.store = self.clients.store.survivor();
        self.clients.performer.begin_again();
        let store = Arc::new(self.clients.store.clone());
        let performer = self.clients.performer.clone();
        match Runtime::open(store, performer, self.options.clone()).await {
            Ok(runtime) => {
                self.clients.runtime = runtime;
                // What is handed over again gets as far as it can.
                tokio::time::sleep(Duration::from_millis(1)).await;
                String::new()
            }
            Err(error) => error_text(&error),
        }
    }
}

impl Clients {
    async fn call(&self, line: &str) -> String {
        let (verb, rest) = word(line);
        let (first, more) = word(rest);
        match verb {
            "sleep" => {
                tokio::time::sleep(duration(first)).await;
                settle().await;
                String::new()
            }
            "create" | "express" | "update" | "machine" | "machine-of" | "machines" | "delete" => {
                self.machine_call(verb, first, more).await
            }
            "start" | "sync" | "stop" | "describe" | "executions" | "history" | "follow" => {
                self.execution_call(verb, first, more).await
            }
            "poll" | "activity" | "describe-activity" | "activities" | "delete-activity" => {
                self.activity_call(verb, first, more).await
            }
            "succeed" | "fail" | "beat" => self.token_call(verb, first, more).await,
            "tag" => {
                let tag = Tag {
                    key: more.into(),
                    value: "yes".into(),
                };
                let changed = self.runtime.change_tags(first, |tags| tags.push(tag)).await;
                answer(changed, |is_there| match is_there {
                    true => done(),
                    false => "none".to_owned(),
                })
            }
            "tags" => answer(self.runtime.tags(first).await, |tags| format!("{tags:?}")),
            "ready" => answer(self.runtime.ready().await, |()| "ready".to_owned()),
            "counters" => self.counters(),
            "calls" => masked(&self.performer.calls().join("\n")),
            "inject" => {
                let count: u64 = more.parse().expect("how many");
                for number in 0..count {
                    self.store.inject(number, fault(first));
                }
                String::new()
            }
            "unfinished" => self.unfinished().await,
            "damage" => self.damage(first, more).await,
            other => panic!("nothing known: {other}"),
        }
    }

    async fn machine_call(&self, verb: &str, name: &str, more: &str) -> String {
        let runtime = &self.runtime;
        let shown = |view: StateMachineView| machine_text(&view);
        match verb {
            "create" | "express" => {
                let request = CreateStateMachine {
                    name: name.to_owned(),
                    definition: more.to_owned(),
                    role_arn: "role".to_owned(),
                    machine_type: if verb == "create" {
                        MachineType::Standard
                    } else {
                        MachineType::Express
                    },
                    settings: "{}".to_owned(),
                    tags: Vec::new(),
                };
                answer(runtime.create_state_machine(request).await, |_| done())
            }
            "update" => {
                let request = UpdateStateMachine {
                    name: name.to_owned(),
                    definition: Some(more.to_owned()),
                    ..UpdateStateMachine::default()
                };
                answer(runtime.update_state_machine(request).await, shown)
            }
            "machine" => answer(runtime.describe_state_machine(name).await, shown),
            "machine-of" => answer(
                runtime
                    .describe_state_machine_for_execution(name, more)
                    .await,
                shown,
            ),
            "machines" => {
                let after = name.parse().ok();
                answer(runtime.list_state_machines(after, 2).await, |items| {
                    let item = items
                        .iter()
                        .map(|item| format!("{} {}", item.number, item.name));
                    item.collect::<Vec<_>>().join(", ")
                })
            }
            _ => answer(runtime.delete_state_machine(name).await, |()| done()),
        }
    }

    async fn execution_call(&self, verb: &str, machine: &str, more: &str) -> String {
        let runtime = &self.runtime;
        let (name, rest) = word(more);
        let request = StartExecution {
            state_machine: machine.to_owned(),
            name: (!name.is_empty()).then(|| name.to_owned()),
            input: (!rest.is_empty()).then(|| rest.to_owned()),
        };
        match verb {
            "start" => answer(runtime.start_execution(request).await, |started| {
                format!("{} {}", masked(&started.arn), since(started.started_at))
            }),
            "sync" => answer(runtime.start_sync_execution(request).await, |sync| {
                let view = execution_text(&sync.execution);
                format!("{view}, {} events", sync.events.len())
            }),
            "stop" => {
                let stopped = runtime.stop_execution(machine, name, failure(rest)).await;
                answer(stopped, since)
            }
            "describe" => answer(runtime.describe_execution(machine, name).await, |view| {
                execution_text(&view)
            }),
            "executions" => {
                let (machine, status) = match machine {
                    "" | "all" => (None, None),
                    "running" => (None, Some(ExecutionStatus::Running)),
                    machine => (Some(machine), None),
                };
                let before = name.parse().ok();
                let listed = runtime.list_executions(machine, status, before, 2).await;
                answer(listed, |items| {
                    let item = items.iter().map(|item| {
                        format!("{} {} {:?}", item.number, masked(&item.name), item.status)
                    });
                    item.collect::<Vec<_>>().join(", ")
                })
            }
            "history" => {
                let direction = match rest {
                    "reverse" => Direction::Reverse,
                    _ => Direction::Forward,
                };
                let page = runtime.history(machine, name, None, 1000, direction).await;
                answer(page, |page| events_text(&page.events))
            }
            _ => {
                let from = rest.parse().unwrap_or(1);
                match runtime.follow(machine, name, from).await {
                    Err(error) => error_text(&error),
                    Ok(events) => {
                        let ids = events.map(|event| match event {
                            Ok(event) => event.id.to_string(),
                            Err(error) => error_text(&error),
                        });
                        let ids: Vec<String> = ids.collect().await;
                        format!("{}, over", ranges(&ids))
                    }
                }
            }
        }
    }

    async fn activity_call(&self, verb: &str, name: &str, more: &str) -> String {
        let runtime = &self.runtime;
        match verb {
            "poll" => {
                let worker = (!more.is_empty()).then_some(more);
                answer(
                    runtime.get_activity_task(name, worker).await,
                    |task| match task {
                        None => "nothing".to_owned(),
                        Some(task) => {
                            let token = self.performer.hold(task.token);
                            format!("{token} {}", task.input.text())
                        }
                    },
                )
            }
            "activity" => answer(
                runtime.create_activity(name, Vec::new()).await,
                |activity| format!("{} {}", activity.arn, since(activity.created_at)),
            ),
            "describe-activity" => answer(runtime.describe_activity(name).await, |activity| {
                activity.arn.to_string()
            }),
            "activities" => {
                let after = (!name.is_empty()).then_some(name);
                answer(runtime.list_activities(after, 2).await, |items| {
                    let names: Vec<&str> = items.iter().map(|item| &*item.name).collect();
                    names.join(", ")
                })
            }
            _ => answer(runtime.delete_activity(name).await, |()| done()),
        }
    }

    async fn token_call(&self, verb: &str, token: &str, more: &str) -> String {
        let runtime = &self.runtime;
        let token = self.performer.token(token);
        let outcome = match verb {
            "succeed" => runtime.send_task_success(&token, more).await,
            "fail" => runtime.send_task_failure(&token, failure(more)).await,
            _ => runtime.send_task_heartbeat(&token).await,
        };
        answer(outcome, |()| done())
    }

    /// The counters that are not 0.
    fn counters(&self) -> String {
        let text = format!("{:?}", self.runtime.counters());
        let inner = text
            .trim_start_matches("Counters { ")
            .trim_end_matches(" }");
        let counted: Vec<&str> = inner
            .split(", ")
            .filter(|counter| !counter.ends_with(": 0"))
            .collect();
        counted.join(", ")
    }

    /// Spoils what the store has of an execution, so that it can't be replayed.
    async fn damage(&self, execution: &str, how: &str) -> String {
        let id = ExecutionId(execution.parse().expect("an execution's number"));
        let write = match how {
            "snapshot" => Write::PutSnapshot {
                id,
                snapshot: b"nonsense".to_vec(),
                wake_at: None,
                needs_dispatch: true,
            },
            how => {
                let input = match how {
                    "panic" => Input::TaskSucceeded {
                        attempt: AttemptId(3),
                        output: Payload::of_known_text("{oops"),
                    },
                    _ => Input::Continue,
                };
                let recorded = RecordedInput {
                    now: BEGINNING,
                    seed: 0,
                    limits: EngineLimits::aws().execution,
                    last_event: 77,
                    input,
                };
                Write::AppendInput {
                    id,
                    sequence: 99,
                    input: encode_input(&recorded),
                    wake_at: None,
                    needs_dispatch: true,
                }
            }
        };
        let commit = Commit {
            writes: vec![write],
        };
        self.store.commit(commit).await.expect("the store is open");
        done()
    }

    /// What the store would hand to the next process: each running execution with the size of its journal.
    async fn unfinished(&self) -> String {
        let running = ExecutionFilter {
            status: Some(ExecutionStatus::Running),
            machine: None,
        };
        let mut texts = Vec::new();
        for record in self
            .store
            .executions(running, None, 100)
            .await
            .unwrap_or_default()
        {
            if let Ok(Some(recovery)) = self.store.recovery(record.id).await {
                let inputs = recovery.inputs.len();
                texts.push(format!("{}: {inputs} inputs", record.name));
            }
        }
        texts.join(", ")
    }
}

/// Lets everybody else do what is to do at this moment.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

fn fault(name: &str) -> Fault {
    match name {
        "full" => Fault::DiskFull,
        "crash-before" => Fault::CrashBeforeWriting,
        "crash-after" => Fault::CrashAfterWriting,
        other => panic!("no fault: {other}"),
    }
}

fn duration(text: &str) -> Duration {
    let milliseconds = text.strip_suffix("ms").map(|text| text.parse::<u64>());
    match milliseconds {
        Some(number) => Duration::from_millis(number.expect("a number")),
        None => Duration::from_secs(text.trim_end_matches('s').parse().expect("a number")),
    }
}
