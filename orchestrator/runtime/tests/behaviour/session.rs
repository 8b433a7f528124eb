//! A session with a runtime: a script of calls, one a line, and what each of them answers.
//!
//! A line that begins with `&` is called by a client of its own; `join` waits for those clients and tells what they were
//! answered, `leave` lets them go away. Times are told since the session's beginning; tokens are called `token1`, `token2` …
//! in the order in which they were handed over.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use interpreter::input::{AttemptId, Input};
use interpreter::payload::Payload;
use runtime::arn::qualifier_of;
use runtime::clock::World;
use runtime::options::{EngineLimits, Options};
use runtime::runtime::Runtime;
use runtime::views::{
    AliasView, CreateStateMachine, InputField, PutAlias, Redrive, Route, Search, StartExecution,
    StateMachineView, UpdateStateMachine,
};
use store::contract::{Commit, Direction, ExecutionFilter, Store, Write};
use store::encoding::{RecordedInput, encode_input};
use store::map_runs::MapRunRecord;
use store::memory::{Fault, MemoryStore};
use store::records::{ExecutionId, ExecutionStatus, MachineType, Parent, Tag};
use tokio::task::JoinHandle;

use crate::map_run_calls;
use crate::performer::Performer;
use crate::shelf::Shelf;
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
    shelf: Shelf,
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
    pub(crate) async fn open(
        limits: EngineLimits,
        resting_executions: usize,
        mock_config: Option<PathBuf>,
    ) -> Self {
        let seed = Arc::new(Mutex::new(0_u128));
        let shelf = Shelf::default();
        let options = Options {
            limits,
            resting_executions,
            mock_config: mock_config.map(Into::into),
            items: Some(Arc::new(shelf.clone())),
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
            shelf,
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
            mocks if mocks.starts_with("mocks ") => {
                let file = self.options.mock_config.as_ref();
                let file = file.expect("the session has a mock configuration file");
                std::fs::write(file, &mocks["mocks ".len()..]).expect("it can be written");
                String::new()
            }
            "close" => answer(self.clients.runtime.close().await, |()| "closed".to_owned()),
            "reopen" => self.reopen().await,
            "results" => self.shelf.text(),
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
            "redrive" | "correct" | "pause" | "resume" | "redrivable" | "search" => {
                self.operator_call(verb, first, more).await
            }
            "runs" | "children" | "child" | "bound" | "tolerate" => {
                map_run_calls::call(&self.runtime, verb, first, more).await
            }
            "publish" | "versions" | "unpublish" | "alias" | "realias" | "aliases" | "unalias"
            | "qualified" => self.version_call(verb, first, more).await,
            "traced" | "traced-sync" => {
                let (machine, more) = word(more);
                let verb = verb.strip_prefix("traced-").unwrap_or("start");
                self.execution_call(verb, machine, more, Some(first.into()))
                    .await
            }
            "start" | "sync" | "stop" | "describe" | "executions" | "history" | "follow" => {
                self.execution_call(verb, first, more, None).await
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
            "mend" => {
                self.performer.mend();
                done()
            }
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
            "damage-run" => self.damage_run(first, more).await,
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

    async fn operator_call(&self, verb: &str, machine: &str, more: &str) -> String {
        let runtime = &self.runtime;
        let (name, rest) = word(more);
        match verb {
            "redrive" | "correct" => {
                let rest = (!rest.is_empty()).then(|| rest.to_owned());
                let (client_token, definition) = match verb {
                    "redrive" => (rest, None),
                    _ => (None, rest),
                };
                let request = Redrive {
                    machine: machine.to_owned(),
                    name: name.to_owned(),
                    client_token,
                    definition,
                };
                answer(runtime.redrive_execution(request).await, since)
            }
            "pause" => answer(runtime.pause_execution(machine, name).await, |()| done()),
            "resume" => answer(runtime.resume_execution(machine, name).await, |()| done()),
            "redrivable" => answer(runtime.describe_execution(machine, name).await, |view| {
                let paused = view.paused_at.map_or("", |_| ", paused");
                format!(
                    "{} redrives, {:?}{paused}",
                    view.redrive_count, view.redrivable
                )
            }),
            _ => {
                let mut search = Search {
                    state_machine: (machine != "all").then(|| machine.to_owned()),
                    ..Search::default()
                };
                for wanted in more.split_whitespace() {
                    match wanted.split_once(':') {
                        Some(("prefix", text)) => search.name_prefix = Some(text.to_owned()),
                        Some(("after", text)) => search.started_after = Some(moment(text)),
                        Some(("before", text)) => search.started_before = Some(moment(text)),
                        Some(("input", text)) => search.input.extend(InputField::parse(text)),
                        Some(("paused", text)) => search.is_paused = text.parse().ok(),
                        Some(("redriven", text)) => search.is_redriven = text.parse().ok(),
                        _ => panic!("nothing known: {wanted}"),
                    }
                }
                answer(runtime.search_executions(&search, None, 3).await, |found| {
                    let names = found.executions.iter().map(|item| &*item.name);
                    let names = names.collect::<Vec<_>>().join(", ");
                    let next = if found.next.is_some() { ", more" } else { "" };
                    format!("{names} of {}{next}", found.looked_at)
                })
            }
        }
    }

    async fn version_call(&self, verb: &str, machine: &str, more: &str) -> String {
        let runtime = &self.runtime;
        let (name, rest) = word(more);
        let alias_text = |alias: AliasView| {
            let routes = alias.routes.iter();
            let routes = routes.map(|(arn, weight)| {
                let number = arn.rsplit(':').next().unwrap_or_default();
                format!("{number}={weight}")
            });
            format!("{} -> {}", alias.name, routes.collect::<Vec<_>>().join(" "))
        };
        let put = || PutAlias {
            state_machine: machine.to_owned(),
            name: name.to_owned(),
            description: None,
            routes: Some(
                rest.split_whitespace()
                    .filter_map(|route| route.split_once('='))
                    .map(|(version, weight)| Route {
                        state_machine: machine.to_owned(),
                        version: version.parse().expect("a version"),
                        weight: weight.parse().expect("a weight"),
                    })
                    .collect(),
            ),
        };
        match verb {
            "publish" => {
                let revision = (!name.is_empty()).then_some(name);
                let published = runtime.publish_version(machine, revision, None).await;
                answer(published, |version| version.arn.to_string())
            }
            "versions" => answer(runtime.list_versions(machine).await, |versions| {
                let numbers = versions.iter().map(|version| version.number.to_string());
                numbers.collect::<Vec<_>>().join(", ")
            }),
            "unpublish" => {
                let number = name.parse().expect("a number");
                answer(runtime.delete_version(machine, number).await, |()| done())
            }
            "alias" => answer(runtime.create_alias(put()).await, alias_text),
            "realias" => answer(runtime.update_alias(put()).await, alias_text),
            "aliases" => {
                let version = name.parse().ok();
                answer(runtime.list_aliases(machine, version).await, |aliases| {
                    let aliases = aliases.into_iter().map(alias_text);
                    aliases.collect::<Vec<_>>().join(", ")
                })
            }
            "unalias" => answer(runtime.delete_alias(machine, name).await, |()| done()),
            _ => {
                let qualifier = qualifier_of(name);
                let found = runtime.describe_qualified(machine, &qualifier);
                answer(found.await, |view| machine_text(&view))
            }
        }
    }

    async fn execution_call(
        &self,
        verb: &str,
        machine: &str,
        more: &str,
        trace_header: Option<Arc<str>>,
    ) -> String {
        let runtime = &self.runtime;
        let (name, rest) = word(more);
        let (machine, qualifier) = match machine.split_once('@') {
            Some((machine, qualifier)) => (machine, Some(qualifier_of(qualifier))),
            None => (machine, None),
        };
        let request = StartExecution {
            state_machine: machine.to_owned(),
            qualifier: qualifier.clone(),
            name: (!name.is_empty()).then(|| name.to_owned()),
            input: (!rest.is_empty()).then(|| rest.to_owned()),
            trace_header,
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
                let listed = runtime
                    .list_executions(machine, qualifier, status, before, 2)
                    .await;
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
    /// Makes the record of a Map Run unreadable.
    async fn damage_run(&self, execution: &str, attempt: &str) -> String {
        let parent = Parent {
            execution: ExecutionId(execution.parse().expect("an execution's number")),
            attempt: attempt.parse().expect("an attempt"),
        };
        let record = self.store.map_run(parent).await.expect("the store answers");
        let record = MapRunRecord {
            document: "nonsense".into(),
            ..record.expect("there is such a run")
        };
        let writes = vec![Write::PutMapRun(record)];
        let written = self.store.commit(Commit { writes }).await;
        written.expect("the store takes it");
        done()
    }

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
            ..ExecutionFilter::default()
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

/// A moment of a session: so long after its beginning.
fn moment(text: &str) -> i64 {
    BEGINNING + i64::try_from(duration(text).as_millis()).expect("sessions are short")
}
