//! Executions of whatever the checker accepts: no input and no outcome makes a step panic or go on for ever.
//!
//! An input is a definition, a zero byte, and bytes by which things happen.

use std::sync::Arc;
use std::time::{Duration, Instant};

use asl::definition::StateMachine;
use asl::parser::{self, Options};
use interpreter::execution::{Execution, Identity};
use interpreter::failure::Failure;
use interpreter::history::EventKind;
use interpreter::input::{AttemptId, Effect, Input};
use interpreter::map_run::MapRunOutcome;
use interpreter::payload::Payload;
use interpreter::step::{Env, Limits, step};
use tests::corpus::{ROLE_ARN, STARTED_AT};
use tests::support::random::Random;

use super::definitions::PIECES;
use super::joined;
use crate::generate::definition::definition;
use crate::target::{Shown, Target};

pub(super) struct Executions;

const LIMITS: Limits = Limits {
    payload_bytes: 20_000,
    history_events: 300,
    map_concurrency: 3,
    step_events: 50,
};

/// How long one step may take: it may have several expressions to evaluate, each with a limit of its own.
const STEP: Duration = Duration::from_secs(8);

/// How many steps may follow one another without anything from outside.
const IN_A_ROW: u32 = 1000;

impl Target for Executions {
    fn name(&self) -> &'static str {
        "executions"
    }

    fn limit(&self) -> Duration {
        Duration::from_secs(20)
    }

    fn seeds(&self) -> Vec<Vec<u8>> {
        let definitions = crate::corpus::definitions();
        definitions
            .iter()
            .map(|text| joined(text, "\u{1}\u{2}\u{3}abcdefgh"))
            .collect()
    }

    fn generate(&self, random: &mut Random) -> Vec<u8> {
        let mut input = joined(&definition(random), "");
        let count = random.below(60);
        input.extend((0..count).map(|_| u8::try_from(random.below(256)).unwrap_or(0)));
        input
    }

    fn pieces(&self) -> &'static [&'static str] {
        PIECES
    }

    fn run(&mut self, input: &[u8], shown: &mut Shown) {
        let cut = input
            .iter()
            .position(|byte| *byte == 0)
            .unwrap_or(input.len());
        let text = String::from_utf8_lossy(&input[..cut]);
        let bytes = input.get(cut + 1..).unwrap_or_default();
        let Some(machine) = parser::parse(&text, &Options::default()).machine else {
            shown.mark("refused");
            return;
        };
        let mut world = World::new(&machine, Choices { bytes });
        world.live(shown);
    }
}

/// Bytes to choose by.
struct Choices<'b> {
    bytes: &'b [u8],
}

impl Choices<'_> {
    fn below(&mut self, bound: usize) -> usize {
        let Some((&byte, rest)) = self.bytes.split_first() else {
            return 0;
        };
        self.bytes = rest;
        usize::from(byte) % bound
    }

    fn payload(&mut self) -> Payload {
        let text = match self.below(8) {
            0..=2 => {
                r#"{"a": 1, "n": 2, "list": [1, {"list": [3]}, [4]], "s": "text", "o": {"x": [true, null]}, "c": [1, {"a": 2}, "x"]}"#
            }
            3 => r#"{"list": [], "a": {"list": [1]}, "at": "2026-11-22T20:00:03Z", "n": 1e300}"#,
            4 => "[1, {\"a\": 2}, []]",
            5 => "\"text\"",
            6 => "null",
            _ => r#"{"a": -0.0, "n": "2", "list": {"k": 1}, "s": "{", "c": [[[[]]]]}"#,
        };
        Payload::parse(text).expect("it is JSON")
    }
}

struct World<'m, 'b> {
    machine: &'m StateMachine,
    choices: Choices<'b>,
    execution: Execution,
    now: i64,
    seed: u128,
}

impl<'m, 'b> World<'m, 'b> {
    fn new(machine: &'m StateMachine, mut choices: Choices<'b>) -> Self {
        let identity = Identity {
            number: 7,
            arn: "arn:aws:states:us-east-1:123456789012:execution:Machine:Run".into(),
            name: "Run".into(),
            role_arn: ROLE_ARN.into(),
            state_machine_arn: "arn:aws:states:us-east-1:123456789012:stateMachine:Machine".into(),
            state_machine_name: "Machine".into(),
            version_arn: None,
            alias_arn: None,
            region: "us-east-1".into(),
            started_at: STARTED_AT,
            input: choices.payload(),
        };
        Self {
            machine,
            choices,
            execution: Execution::new(Arc::new(identity)),
            now: STARTED_AT,
            seed: 0,
        }
    }

    fn live(&mut self, shown: &mut Shown) {
        self.give(Input::Start, shown);
        while self.execution.is_running() && !self.choices.bytes.is_empty() {
            self.happen(shown);
        }
        // What is stored at the end is loaded as it was.
        let bytes = postcard::to_allocvec(&self.execution).expect("an execution can be stored");
        let mut loaded: Execution =
            postcard::from_bytes(&bytes).expect("what was stored can be loaded");
        loaded.set_supplement(self.execution.supplement().clone());
        loaded.restore();
        assert_eq!(loaded, self.execution, "what is stored");
    }

    fn happen(&mut self, shown: &mut Shown) {
        let tasks: Vec<AttemptId> = self
            .execution
            .pending_tasks()
            .map(|task| task.token.attempt)
            .collect();
        let runs: Vec<AttemptId> = self.execution.pending_map_run_attempts().collect();
        let kind = self.choices.below(14);
        let task = (!tasks.is_empty()).then(|| tasks[self.choices.below(tasks.len())]);
        let input = match (kind, task, runs.first()) {
            (0..=3, Some(attempt), _) => Input::TaskSucceeded {
                attempt,
                output: self.choices.payload(),
            },
            (4..=5, Some(attempt), _) => Input::TaskFailed {
                attempt,
                failure: Failure::new(
                    ["Boom", "States.Timeout", "States.Runtime"][self.choices.below(3)],
                    "why",
                ),
            },
            (6, Some(attempt), _) => Input::TaskStarted {
                attempt,
                worker_name: Some("worker".into()),
            },
            (7, Some(attempt), _) => Input::TaskSubmitted {
                attempt,
                output: self.choices.payload(),
            },
            (8, Some(attempt), _) => Input::Heartbeat { attempt },
            (9, _, _) if self.choices.below(8) == 0 => Input::Stop(Failure::named("Stop")),
            (10, _, _) => Input::Pause,
            (11, _, _) => Input::Resume,
            (_, _, Some(&attempt)) => Input::MapRunEnded {
                attempt,
                outcome: match self.choices.below(4) {
                    0 | 1 => MapRunOutcome::Succeeded(self.choices.payload()),
                    2 => MapRunOutcome::TooLong,
                    _ => MapRunOutcome::Failed(Failure::named("States.ItemReaderFailed")),
                },
            },
            _ => {
                self.now = self.execution.next_wake().unwrap_or(self.now).max(self.now);
                Input::TimerFired
            }
        };
        self.give(input, shown);
        if !self.execution.is_running() && self.choices.below(3) == 0 {
            self.give(Input::Redrive, shown);
        }
    }

    fn give(&mut self, input: Input, shown: &mut Shown) {
        let mut next = Some(input);
        let mut in_a_row = 0;
        while let Some(input) = next.take() {
            in_a_row += 1;
            assert!(in_a_row < IN_A_ROW, "it goes on for ever");
            self.seed += 1;
            let env = Env {
                now: self.now,
                seed: self.seed,
                limits: LIMITS,
            };
            let began = Instant::now();
            let before = self.execution.last_event();
            let taken = step(self.machine, &mut self.execution, input, &env);
            let took = began.elapsed();
            assert!(took < STEP, "one step took {took:?}");
            for (event, id) in taken.events.iter().zip(before + 1..) {
                assert_eq!(event.id, id, "ids have no gap");
                assert!(event.previous < event.id);
                shown.mark(std::mem::discriminant(&event.kind));
                match &event.kind {
                    EventKind::ExecutionFailed(failure) => {
                        shown.text(failure.error.as_deref().unwrap_or_default());
                        shown.text(failure.cause.as_deref().unwrap_or_default());
                    }
                    EventKind::EvaluationFailed { .. } => shown.mark("evaluation"),
                    _ => {}
                }
            }
            for effect in &taken.effects {
                if let Effect::StartMapRun(run) = effect {
                    shown.mark(("map run", run.request.items.is_some()));
                }
            }
            if taken.effects.contains(&Effect::Continue) {
                next = Some(Input::Continue);
            }
        }
    }
}
