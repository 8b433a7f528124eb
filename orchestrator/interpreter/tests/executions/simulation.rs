//! Walks an execution with simulated time: `step` alone, and tasks that do what a script says.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use asl::definition::StateMachine;
use asl::diagnostic::invalid_definition_text;
use asl::parser::{Options, parse};
use interpreter::execution::{Execution, Identity};
use interpreter::failure::Failure;
use interpreter::history::HistoryEvent;
use interpreter::input::{AttemptId, Effect, Input, ScheduledTask};
use interpreter::payload::Payload;
use interpreter::step::{Env, Limits, step};
use tests::corpus::{self, Case, Happening, MachineType, ROLE_ARN, STARTED_AT};

use crate::map_runs;

/// What AWS allows.
pub(crate) const AWS_LIMITS: Limits = Limits {
    payload_bytes: 262_144,
    history_events: 25_000,
    map_concurrency: 40,
    step_events: 10_000,
};

/// What is done to an execution between two steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Between {
    /// Nothing.
    Nothing,
    /// It is stored and loaded again.
    Reload,
}

/// An execution in a world where only the script happens.
pub(crate) struct Simulation<'c> {
    case: &'c Case,
    machine: StateMachine,
    limits: Limits,
    between: Between,
    pub(crate) execution: Execution,
    pub(crate) history: Vec<HistoryEvent>,
    now: i64,
    steps: u128,
    /// What will happen, by its time and the order in which it became known.
    agenda: BTreeMap<(i64, u64), Input>,
    planned: u64,
    invocations: BTreeMap<String, u32>,
}

impl<'c> Simulation<'c> {
    pub(crate) fn new(case: &'c Case, between: Between) -> Self {
        let express = case.machine_type == MachineType::Express;
        let options = Options {
            express,
            ..Options::default()
        };
        let parsed = parse(&case.definition, &options);
        let machine = parsed
            .machine
            .unwrap_or_else(|| panic!("{}", invalid_definition_text(&parsed.diagnostics)));
        let limits = Limits {
            payload_bytes: case
                .limits
                .payload_bytes
                .unwrap_or(AWS_LIMITS.payload_bytes),
            history_events: case
                .limits
                .history_events
                .unwrap_or(AWS_LIMITS.history_events),
            map_concurrency: case
                .limits
                .map_concurrency
                .unwrap_or(AWS_LIMITS.map_concurrency),
            step_events: case.limits.step_events.unwrap_or(AWS_LIMITS.step_events),
        };
        let input = Payload::parse(case.input.as_str()).expect("the input is JSON");
        Self {
            case,
            machine,
            limits,
            between,
            execution: Execution::new(Arc::new(identity(input, case.machine_type))),
            history: Vec::new(),
            now: STARTED_AT,
            steps: 0,
            agenda: BTreeMap::new(),
            planned: 0,
            invocations: BTreeMap::new(),
        }
    }

    /// How many events a step may make.
    pub(crate) fn with_budget(mut self, step_events: u32) -> Self {
        self.limits.step_events = step_events;
        self
    }

    /// Runs until the execution ends, or nothing more can happen.
    pub(crate) fn run(mut self) -> Self {
        if let Some(stop) = &self.case.stop {
            self.plan(stop.after, Input::Stop(failure(&stop.reason)));
        }
        self.give(Input::Start);
        while self.execution.is_running() {
            let wake = self.execution.next_wake();
            let next = self.agenda.first_key_value().map(|(&(at, _), _)| at);
            match (wake, next) {
                (Some(wake), next) if next.is_none_or(|next| wake <= next) => {
                    self.now = self.now.max(wake);
                    self.give(Input::TimerFired);
                }
                (_, Some(_)) => {
                    let ((at, _), input) = self.agenda.pop_first().expect("it was there just now");
                    self.now = self.now.max(at);
                    self.give(input);
                }
                (_, None) => break,
            }
        }
        self
    }

    /// Gives an input, and goes on for as long as the step asks for it.
    fn give(&mut self, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            self.steps += 1;
            let env = Env {
                now: self.now,
                seed: self
                    .steps
                    .wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835),
                limits: self.limits,
            };
            let step = step(&self.machine, &mut self.execution, input, &env);
            self.history.extend(step.events);
            if self.between == Between::Reload {
                self.execution = reload(&self.execution);
            }
            for effect in step.effects {
                match effect {
                    Effect::ScheduleTask(task) => self.perform(&task),
                    Effect::StartMapRun(run) => {
                        let attempt = run.attempt;
                        let outcome = map_runs::carry_out(
                            &self.machine,
                            &self.execution.identity,
                            *run,
                            &env,
                        );
                        inputs.push_back(Input::MapRunEnded { attempt, outcome });
                    }
                    Effect::CancelTask { attempt, .. } => self.cancel(attempt),
                    Effect::Continue => inputs.push_back(Input::Continue),
                    Effect::Complete => {}
                }
            }
        }
    }

    /// Plans what the script says of a task.
    fn perform(&mut self, task: &ScheduledTask) {
        let state = self.machine.state(task.state).name.to_string();
        let invocation = self.invocations.entry(state.clone()).or_default();
        *invocation += 1;
        let attempt = task.attempt;
        for moment in self.case.script(&state, *invocation) {
            self.plan(
                self.now - STARTED_AT + moment.after,
                input(attempt, &moment.happening),
            );
        }
    }

    fn plan(&mut self, after: i64, input: Input) {
        self.planned += 1;
        self.agenda
            .insert((STARTED_AT + after, self.planned), input);
    }

    fn cancel(&mut self, cancelled: AttemptId) {
        self.agenda.retain(|_, input| match input {
            Input::TaskStarted { attempt, .. }
            | Input::TaskSubmitted { attempt, .. }
            | Input::TaskSucceeded { attempt, .. }
            | Input::TaskFailed { attempt, .. }
            | Input::Heartbeat { attempt } => *attempt != cancelled,
            Input::Start
            | Input::Continue
            | Input::TimerFired
            | Input::Stop(_)
            | Input::Redrive
            | Input::Pause
            | Input::Resume
            | Input::StartChild { .. }
            | Input::MapRunEnded { .. }
            | Input::RedrivenMapRunEnded { .. } => true,
        });
    }
}

/// Who the execution is.
pub(crate) fn identity(input: Payload, machine_type: MachineType) -> Identity {
    let arn = match machine_type {
        MachineType::Standard => "arn:aws:states:us-east-1:123456789012:execution:Machine:Run",
        MachineType::Express => "arn:aws:states:us-east-1:123456789012:express:Machine:Run:1",
    };
    Identity {
        number: 7,
        arn: arn.into(),
        name: "Run".into(),
        role_arn: ROLE_ARN.into(),
        state_machine_arn: "arn:aws:states:us-east-1:123456789012:stateMachine:Machine".into(),
        state_machine_name: "Machine".into(),
        version_arn: None,
        alias_arn: None,
        region: "us-east-1".into(),
        started_at: STARTED_AT,
        input,
    }
}

/// Stores an execution and loads it again.
pub(crate) fn reload(execution: &Execution) -> Execution {
    let bytes = postcard::to_allocvec(execution).expect("an execution can be stored");
    let mut loaded: Execution =
        postcard::from_bytes(&bytes).expect("what was stored can be loaded");
    loaded.restore();
    loaded
}

fn input(attempt: AttemptId, happening: &Happening) -> Input {
    let payload = |text: &String| Payload::parse(text.as_str()).expect("a task's output is JSON");
    match happening {
        Happening::Start(worker) => Input::TaskStarted {
            attempt,
            worker_name: worker.as_deref().map(Arc::from),
        },
        Happening::Submit(output) => Input::TaskSubmitted {
            attempt,
            output: payload(output),
        },
        Happening::Heartbeat => Input::Heartbeat { attempt },
        Happening::Succeed(output) => Input::TaskSucceeded {
            attempt,
            output: payload(output),
        },
        Happening::Fail(error) => Input::TaskFailed {
            attempt,
            failure: failure(error),
        },
    }
}

fn failure(error: &corpus::Error) -> Failure {
    Failure {
        error: error.error.as_deref().map(Arc::from),
        cause: error.cause.as_deref().map(Arc::from),
    }
}
