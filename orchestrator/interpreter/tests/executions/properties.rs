//! What holds for every machine, whatever happens to it.
//!
//! | always | checked by |
//! |---|---|
//! | ids count from 1; an event follows an earlier one; time never goes back; one last event, and nothing after it | `History` |
//! | a running execution waits for a task or a time, or has work left | `check_alive` |
//! | effects ask for exactly the tasks that are pending, and never twice | `Tasks` |
//! | storing and loading after every step changes nothing | `Twin` |
//! | inputs that nobody waits for change nothing | `check_ignored` |
//! | the same inputs give the same events | `replays_alike` |
//! | the size of steps does not show | `steps_of_any_size` |
//! | a spread delay is between nothing and the capped delay | `jitter_stays_within_the_delay` |
//! | a token leads back to its task, and nothing else does | `tokens_lead_back` |

use std::collections::BTreeSet;
use std::sync::Arc;

use asl::definition::StateMachine;
use asl::parser::{Options, parse};
use interpreter::execution::Execution;
use interpreter::failure::Failure;
use interpreter::history::{EventKind, HistoryEvent};
use interpreter::input::{AttemptId, Effect, Input, TaskToken};
use interpreter::payload::Payload;
use interpreter::step::{Env, Limits, Step, fail, step};
use proptest::prelude::*;
use tests::corpus::{MachineType, STARTED_AT};

use crate::generator::{self, Choices, Randomness};
use crate::simulation::{identity, reload};

const LIMITS: Limits = Limits {
    payload_bytes: 2_000,
    history_events: 300,
    map_concurrency: 3,
    step_events: 1_000,
};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_execution_keeps_the_rules(
        machine in bytes(150), input in 0_u8.., happenings in bytes(120)
    ) {
        let machine = compile(&machine, Randomness::Allowed);
        let mut world = World::new(&machine, input, LIMITS);
        world.live(&mut Choices::new(&happenings));
    }

    #[test]
    fn replays_alike(machine in bytes(150), input in 0_u8.., happenings in bytes(120)) {
        let machine = compile(&machine, Randomness::Allowed);
        let mut world = World::new(&machine, input, LIMITS);
        world.live(&mut Choices::new(&happenings));
        let mut execution = World::new(&machine, input, LIMITS).execution;
        let mut events = Vec::new();
        for (input, env) in world.inputs {
            events.extend(step(&machine, &mut execution, input, &env).events);
        }
        prop_assert_eq!(events, world.history.events);
        prop_assert_eq!(execution, world.execution);
    }

    #[test]
    fn steps_of_any_size(
        machine in bytes(150), input in 0_u8.., happenings in bytes(120), step_events in 1_u32..10
    ) {
        let machine = compile(&machine, Randomness::Forbidden);
        let mut large = World::new(&machine, input, LIMITS);
        large.live(&mut Choices::new(&happenings));
        let mut small = World::new(&machine, input, Limits { step_events, ..LIMITS });
        small.live(&mut Choices::new(&happenings));
        prop_assert_eq!(small.history.events, large.history.events);
    }

    #[test]
    fn jitter_stays_within_the_delay(seed: u128) {
        let definition = r#"{"StartAt":"Call","States":{"Call":{"Type":"Task","End":true,
            "Resource":"arn:aws:lambda:us-east-1:123456789012:function:call",
            "Retry":[{"ErrorEquals":["States.ALL"],"IntervalSeconds":2,"MaxAttempts":4,
                "MaxDelaySeconds":5,"JitterStrategy":"FULL"}]}}}"#;
        let machine = parse(definition, &Options::default()).machine.unwrap();
        let mut execution = World::new(&machine, 0, LIMITS).execution;
        let mut env = Env { now: STARTED_AT, seed, limits: LIMITS };
        step(&machine, &mut execution, Input::Start, &env);
        for most in [2_000, 4_000, 5_000, 5_000] {
            let attempt = execution.pending_tasks().next().unwrap().token.attempt;
            let failure = Failure::named("Boom");
            step(&machine, &mut execution, Input::TaskFailed { attempt, failure }, &env);
            let wake = execution.next_wake().unwrap();
            prop_assert!((env.now..=env.now + most).contains(&wake));
            env.now = wake;
            env.seed = env.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(1);
            step(&machine, &mut execution, Input::TimerFired, &env);
        }
    }

    #[test]
    fn tokens_lead_back(execution: u64, attempt: u64, secret: u128, text in "[A-Za-z0-9_-]{0,60}") {
        let token = TaskToken { execution, attempt: AttemptId(attempt), secret };
        prop_assert_eq!(TaskToken::decode(&token.encode()), Some(token));
        if let Some(other) = TaskToken::decode(&text) {
            prop_assert_eq!(other.encode(), text);
        }
    }
}

#[test]
fn a_token_with_another_secret_is_nobodys() {
    let definition = r#"{"StartAt":"Ask","States":{"Ask":{"Type":"Task","End":true,
        "Resource":"arn:aws:states:::sqs:sendMessage.waitForTaskToken","Parameters":{}}}}"#;
    let machine = parse(definition, &Options::default()).machine.unwrap();
    let mut world = World::new(&machine, 0, LIMITS);
    world.give(Input::Start);
    let token = world.execution.pending_tasks().next().unwrap().token;
    let guessed = TaskToken {
        secret: token.secret ^ 1,
        ..token
    };
    assert!(world.execution.pending_task(&token).is_some());
    assert!(world.execution.pending_task(&guessed).is_none());
}

#[test]
fn a_failure_from_outside_ends_everything() {
    let machine = compile(&[], Randomness::Forbidden);
    let mut execution = World::new(&machine, 0, LIMITS).execution;
    let failure = Failure::new("States.Runtime", "a replay differs");
    let failed = fail(&mut execution, 12, STARTED_AT + 5, failure.clone());
    assert_eq!(failed.effects, [Effect::Complete]);
    assert_eq!(failed.events[0].id, 13);
    assert_eq!(failed.events[0].previous, 12);
    assert_eq!(failed.events[0].kind, EventKind::ExecutionFailed(failure));
    assert!(!execution.is_running());
    assert_eq!(execution.stopped_at, Some(STARTED_AT + 5));
}

fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..most)
}

fn payload(text: impl Into<Box<str>>) -> Payload {
    Payload::parse(text).expect("it is JSON")
}

fn compile(bytes: &[u8], randomness: Randomness) -> StateMachine {
    let definition = generator::machine(&mut Choices::new(bytes), randomness);
    let parsed = parse(&definition, &Options::default());
    parsed
        .machine
        .unwrap_or_else(|| panic!("{definition}\n{:?}", parsed.diagnostics))
}

/// An execution to which anything may happen, watched at every step.
struct World<'m> {
    machine: &'m StateMachine,
    limits: Limits,
    execution: Execution,
    twin: Execution,
    now: i64,
    history: History,
    tasks: Tasks,
    inputs: Vec<(Input, Env)>,
}

impl<'m> World<'m> {
    fn new(machine: &'m StateMachine, input: u8, limits: Limits) -> Self {
        let input = generator::payload(&mut Choices::new(&[input]));
        let input = payload(input);
        let execution = Execution::new(Arc::new(identity(input, MachineType::Standard)));
        Self {
            machine,
            limits,
            twin: execution.clone(),
            execution,
            now: STARTED_AT,
            history: History::default(),
            tasks: Tasks::default(),
            inputs: Vec::new(),
        }
    }

    fn live(&mut self, choices: &mut Choices<'_>) {
        self.give(Input::Start);
        while self.execution.is_running() && !choices.is_used_up() {
            self.happen(choices);
        }
        // Whatever still waits gets what it waits for, so that most executions come to an end.
        for _ in 0..100 {
            let Some(attempt) = self.tasks.pending.first().copied() else {
                break;
            };
            self.give(Input::TaskSucceeded {
                attempt,
                output: payload("{\"list\": [1]}"),
            });
        }
        if !self.execution.is_running() {
            self.check_ignored(Input::Stop(Failure::named("late")));
            self.check_ignored(Input::TimerFired);
        }
    }

    fn happen(&mut self, choices: &mut Choices<'_>) {
        let pending: Vec<AttemptId> = self.tasks.pending.iter().copied().collect();
        let mut attempt = || pending.get(choices.below(pending.len().max(1))).copied();
        let attempt = attempt();
        match (choices.below(12), attempt) {
            (0..=2, Some(attempt)) => {
                let output = payload(generator::payload(choices));
                self.give(Input::TaskSucceeded { attempt, output });
            }
            (3..=4, Some(attempt)) => {
                let failure = Failure::new(choices.one_of(&["Boom", "Other"]), "why");
                self.give(Input::TaskFailed { attempt, failure });
            }
            (5, Some(attempt)) => {
                let worker_name = Some("worker".into());
                self.give(Input::TaskStarted {
                    attempt,
                    worker_name,
                });
            }
            (6, Some(attempt)) => {
                let output = payload("{}");
                self.give(Input::TaskSubmitted { attempt, output });
            }
            (7, Some(attempt)) => self.give(Input::Heartbeat { attempt }),
            (8, _) => self.check_nonsense(choices),
            (9, _) if choices.below(10) == 9 => {
                self.give(Input::Stop(Failure::default()));
            }
            _ => self.wake(choices),
        }
    }

    /// Time passes: up to the next timer, and sometimes far beyond it.
    fn wake(&mut self, choices: &mut Choices<'_>) {
        let Some(wake) = self.execution.next_wake() else {
            self.now += 500;
            return;
        };
        if wake > self.now + 1 {
            self.now = wake - 1;
            self.check_ignored(Input::TimerFired);
        }
        let late = [0, 900, 1800][choices.below(3)];
        self.now = self.now.max(wake) + late;
        while self
            .execution
            .next_wake()
            .is_some_and(|wake| wake <= self.now)
        {
            self.give(Input::TimerFired);
        }
    }

    /// Inputs for nobody.
    fn check_nonsense(&mut self, choices: &mut Choices<'_>) {
        let attempt = AttemptId(1_000_000);
        let output = payload("1");
        let failure = Failure::named("Boom");
        // One choice for all: which tasks were asked for and then cancelled depends on the size of steps.
        let kind = choices.below(5);
        let ended = self.tasks.ended.iter().copied();
        for attempt in ended.chain([attempt]).collect::<Vec<_>>() {
            self.check_ignored(match kind {
                0 => Input::TaskSucceeded {
                    attempt,
                    output: output.clone(),
                },
                1 => Input::TaskFailed {
                    attempt,
                    failure: failure.clone(),
                },
                2 => Input::TaskStarted {
                    attempt,
                    worker_name: None,
                },
                3 => Input::TaskSubmitted {
                    attempt,
                    output: output.clone(),
                },
                _ => Input::Heartbeat { attempt },
            });
        }
        self.check_ignored(Input::Start);
        self.check_ignored(Input::Continue);
    }

    fn give(&mut self, input: Input) {
        self.step(input);
        while self.execution.has_unfinished_work() {
            self.step(Input::Continue);
        }
    }

    fn step(&mut self, input: Input) -> Step {
        let env = Env {
            now: self.now,
            seed: 0x1234_5678_9abc_def0_0fed_cba9_8765_4321,
            limits: self.limits,
        };
        self.inputs.push((input.clone(), env));
        let was_running = self.execution.is_running();
        let taken = step(self.machine, &mut self.execution, input.clone(), &env);
        let same = step(self.machine, &mut self.twin, input, &env);
        assert_eq!(taken, same, "an execution that was stored and loaded");
        self.twin = reload(&self.twin);
        assert_eq!(self.execution, self.twin, "what is stored");
        for event in &taken.events {
            self.history.take(event, was_running);
        }
        self.tasks.take(&taken.effects, &self.execution);
        self.check_alive(&taken);
        taken
    }

    fn check_alive(&self, taken: &Step) {
        let execution = &self.execution;
        let continues = taken.effects.contains(&Effect::Continue);
        assert_eq!(continues, execution.has_unfinished_work());
        let waits = execution.pending_tasks().next().is_some() || execution.next_wake().is_some();
        assert_eq!(execution.last_event(), self.history.events.len() as u64);
        if execution.is_running() {
            assert!(!self.history.has_ended);
            assert!(waits || continues, "nothing will ever move it on");
        } else {
            assert!(self.history.has_ended);
            assert!(!waits && !continues);
            assert_eq!(
                execution.stopped_at,
                self.history.events.last().map(|last| last.timestamp)
            );
        }
    }

    fn check_ignored(&mut self, input: Input) {
        let before = self.execution.clone();
        let shown = format!("{input:?}");
        let taken = self.step(input);
        assert_eq!(taken, Step::default(), "{shown}");
        assert_eq!(self.execution, before, "{shown}");
    }
}

/// The events so far.
#[derive(Default)]
struct History {
    events: Vec<HistoryEvent>,
    has_ended: bool,
}

impl History {
    fn take(&mut self, event: &HistoryEvent, was_running: bool) {
        assert!(
            was_running && !self.has_ended,
            "{event:?} comes after the end"
        );
        assert_eq!(event.id, self.events.len() as u64 + 1);
        assert!(event.previous < event.id);
        let last = self.events.last().map_or(STARTED_AT, |last| last.timestamp);
        assert!(event.timestamp >= last, "{event:?} goes back in time");
        assert!(event.id <= LIMITS.history_events);
        self.has_ended = matches!(
            event.kind,
            EventKind::ExecutionSucceeded { .. }
                | EventKind::ExecutionFailed(_)
                | EventKind::ExecutionAborted(_)
                | EventKind::ExecutionTimedOut(_)
        );
        self.events.push(event.clone());
    }
}

/// The tasks that effects asked for.
#[derive(Default)]
struct Tasks {
    pending: BTreeSet<AttemptId>,
    ended: BTreeSet<AttemptId>,
    /// Map Runs that were asked for.
    runs: BTreeSet<AttemptId>,
}

impl Tasks {
    fn take(&mut self, effects: &[Effect], execution: &Execution) {
        for effect in effects {
            match effect {
                Effect::ScheduleTask(task) => {
                    assert!(
                        self.pending.insert(task.attempt),
                        "{task:?} is asked for twice"
                    );
                    assert!(!self.ended.contains(&task.attempt));
                }
                Effect::StartMapRun(run) => {
                    assert!(self.runs.insert(run.attempt), "{run:?} is asked for twice");
                }
                Effect::CancelTask { attempt, .. } if self.runs.remove(attempt) => {}
                Effect::CancelTask { attempt, .. } => {
                    assert!(self.pending.remove(attempt), "{attempt:?} is not pending");
                    self.ended.insert(*attempt);
                }
                Effect::Continue => {}
                Effect::Complete => assert!(!execution.is_running()),
            }
        }
        let pending: BTreeSet<AttemptId> = execution
            .pending_tasks()
            .map(|task| task.token.attempt)
            .collect();
        // A task whose outcome this step took is pending no more.
        let ended: Vec<_> = self.pending.difference(&pending).copied().collect();
        self.ended.extend(&ended);
        assert!(
            ended.len() <= 1,
            "{ended:?} ended at once without being cancelled"
        );
        self.pending.retain(|attempt| pending.contains(attempt));
        assert_eq!(
            self.pending, pending,
            "pending without having been asked for"
        );
    }
}
