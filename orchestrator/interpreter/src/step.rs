//! One step: everything that one input leads to, up to the next real wait.

use std::cell::{Cell, RefCell};

use asl::definition::{BlockId, State, StateId, StateKind, StateMachine};
use serde::{Deserialize, Serialize};

use crate::execution::{Execution, Status};
use crate::failure::{Failure, names};
use crate::failures::Fault;
use crate::history::{EventKind, HistoryEvent};
use crate::input::{AttemptId, Effect, Input};
use crate::payload::Payload;
use crate::random::SeededRandom;
use crate::redrive::Fallen;
use crate::thread::{Thread, ThreadId, Work};
use crate::trial::work::Observer;

/// What a step may know of the world.
#[derive(Clone, Copy, Debug)]
pub struct Env {
    /// The time: milliseconds since 1970.
    pub now: i64,
    /// Where all of the step's randomness comes from; unpredictable, because task tokens are made from it.
    pub seed: u128,
    /// The limits in force.
    pub limits: Limits,
}

/// The limits that an execution runs under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// The longest payload, in bytes of its JSON text.
    pub payload_bytes: usize,
    /// The most events in one history; the last one says that the execution failed.
    pub history_events: u64,
    /// How many iterations of an inline Map run at once when it sets no lower bound itself.
    pub map_concurrency: u32,
    /// How many events one step may make before it is committed and continued.
    pub step_events: u32,
}

/// What a step led to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    /// What happened, to be appended to the history.
    pub events: Vec<HistoryEvent>,
    /// What to do once the events are committed.
    pub effects: Vec<Effect>,
}

/// Gives an input to an execution.
///
/// There is no error: a workflow that fails is a result like any other, and an input that comes too late changes nothing.
pub fn step(machine: &StateMachine, execution: &mut Execution, input: Input, env: &Env) -> Step {
    let is_redrive = matches!(input, Input::Redrive);
    if execution.is_running() == is_redrive {
        return Step::default();
    }
    let mut stepper = Stepper::new(machine, execution, env);
    stepper.accept(input);
    stepper.walk();
    stepper.finish()
}

/// Ends an execution with a failure from outside the language: a bug in a step, or a replay that differs.
///
/// `last_event` is the id of the newest event that is known to be recorded.
pub fn fail(execution: &mut Execution, last_event: u64, now: i64, failure: Failure) -> Step {
    let attempts = pending_attempts(execution);
    let cancelled = attempts
        .into_iter()
        .map(|(attempt, state)| Effect::CancelTask { attempt, state });
    let effects = cancelled.chain([Effect::Complete]).collect();
    let timestamp = now.max(execution.last_timestamp);
    execution.last_event = last_event + 1;
    execution.last_timestamp = timestamp;
    execution.status = Status::Failed(failure.clone());
    execution.stopped_at = Some(timestamp);
    execution.threads.clear();
    execution.free.clear();
    execution.timers.clear();
    execution.unfinished.clear();
    Step {
        events: vec![HistoryEvent {
            id: execution.last_event,
            previous: last_event,
            timestamp,
            kind: EventKind::ExecutionFailed(failure),
        }],
        effects,
    }
}

/// All attempts that have not ended, with their states; the execution forgets them.
fn pending_attempts(execution: &mut Execution) -> Vec<(AttemptId, StateId)> {
    let attempts = std::mem::take(&mut execution.attempts);
    let threads = &execution.threads;
    let with_state = attempts.into_iter().filter_map(|(attempt, thread)| {
        let thread = threads.get(thread.0 as usize)?.as_ref()?;
        Some((attempt, thread.state))
    });
    with_state.collect()
}

/// A state handler's answer: where its thread goes from here.
pub(crate) enum Transition {
    /// Into a state; the one before has exited.
    Enter(StateId, Payload),
    /// The thread's block ended well with this output.
    Succeed(Payload),
    /// The state waits, or has forked: something else moves the thread on.
    Await,
    /// The state failed.
    Fail(Fault),
}

/// The work of one step.
pub(crate) struct Stepper<'a> {
    pub(crate) machine: &'a StateMachine,
    pub(crate) env: &'a Env,
    pub(crate) random: SeededRandom,
    /// The time of every event of this step.
    pub(crate) now: i64,
    pub(crate) execution: &'a mut Execution,
    /// What is still to do, last first: one thread is walked as far as it goes before the next one starts.
    pub(crate) work: Vec<Work>,
    pub(crate) events: Vec<HistoryEvent>,
    pub(crate) effects: Vec<Effect>,
    /// Where the texts of payloads are put together.
    pub(crate) scratch: Cell<String>,
    /// Whether timers that are due go off, each when the work of the one before is done.
    pub(crate) is_firing: bool,
    /// How the execution ended, once it has: from then on nothing is recorded.
    pub(crate) ended: Option<Status>,
    /// Whether it ended because its history is full.
    pub(crate) is_exhausted: bool,
    /// What a redrive would go on from, while a failure inside a Parallel or Map makes its way out.
    pub(crate) fallen: Option<Fallen>,
    /// Who looks on, where a single state is tried.
    pub(crate) trial: Option<RefCell<Observer>>,
}

impl<'a> Stepper<'a> {
    pub(crate) fn new(
        machine: &'a StateMachine,
        execution: &'a mut Execution,
        env: &'a Env,
    ) -> Self {
        Self {
            machine,
            env,
            random: SeededRandom::new(env.seed),
            now: env.now.max(execution.last_timestamp),
            work: std::mem::take(&mut execution.unfinished),
            execution,
            events: Vec::with_capacity(16),
            effects: Vec::new(),
            scratch: Cell::new(String::with_capacity(512)),
            is_firing: false,
            ended: None,
            is_exhausted: false,
            fallen: None,
            trial: None,
        }
    }
}

impl Stepper<'_> {
    /// Turns the input into work.
    pub(crate) fn accept(&mut self, input: Input) {
        match input {
            Input::Start => self.start(StateMachine::ROOT, self.machine.timeout_seconds),
            Input::StartChild {
                map,
                timeout_seconds,
            } => {
                if let StateKind::Map(map) = &self.machine.state(map).kind {
                    self.start(map.processor, timeout_seconds);
                }
            }
            Input::MapRunEnded { attempt, outcome } => self.map_run_ended(attempt, 0, outcome),
            Input::RedrivenMapRunEnded {
                attempt,
                redrives,
                outcome,
            } => self.map_run_ended(attempt, redrives, outcome),
            Input::Continue => {}
            Input::TaskStarted {
                attempt,
                worker_name,
            } => self.task_started(attempt, worker_name),
            Input::TaskSubmitted { attempt, output } => self.task_submitted(attempt, output),
            Input::TaskSucceeded { attempt, output } => self.task_succeeded(attempt, output),
            Input::TaskFailed { attempt, failure } => self.task_failed(attempt, failure),
            Input::Heartbeat { attempt } => self.heartbeat(attempt),
            Input::TimerFired if self.is_paused() => {}
            Input::TimerFired => self.timer_fired(),
            Input::Stop(failure) => {
                self.emit_after(0, EventKind::ExecutionAborted(failure.clone()));
                self.end(Status::Aborted(failure));
            }
            Input::Redrive => self.redrive(),
            Input::Pause => self.pause(),
            Input::Resume => self.resume(),
        }
    }

    /// Does what is to do until nothing is left, the execution ended, or the step has made enough events.
    fn walk(&mut self) {
        if self.is_paused() {
            return;
        }
        while self.ended.is_none() && self.events.len() < self.env.limits.step_events as usize {
            match self.work.pop() {
                Some(Work::Enter(thread, state, input)) => {
                    let transition = self.enter(thread, state, input);
                    self.follow(thread, transition);
                }
                Some(Work::Iterate(thread)) => self.iterate(thread),
                Some(Work::Again(thread)) => {
                    let transition = self.again(thread);
                    self.follow(thread, transition);
                }
                Some(Work::Mocked(attempt, outcome)) => self.mocked(attempt, outcome),
                None if self.is_firing && self.fire_next() => {}
                None => break,
            }
        }
    }

    /// Moves a thread on after its state's handler answered.
    pub(crate) fn follow(&mut self, thread: ThreadId, transition: Transition) {
        if self.ended.is_some() {
            return;
        }
        match transition {
            Transition::Enter(state, input) => self.work.push(Work::Enter(thread, state, input)),
            Transition::Succeed(output) => self.thread_succeeded(thread, output),
            Transition::Await => {}
            Transition::Fail(fault) => self.state_failed(thread, fault),
        }
    }

    fn finish(mut self) -> Step {
        if let Some(status) = self.ended.take() {
            for (attempt, state) in pending_attempts(self.execution) {
                self.cancel(attempt, state);
            }
            self.effects.push(Effect::Complete);
            self.lay_down(&status);
            self.execution.status = status;
            self.execution.stopped_at = Some(self.execution.last_timestamp);
        } else if !self.work.is_empty() {
            let is_paused = self.is_paused();
            self.execution.unfinished = self.work;
            if !is_paused {
                self.effects.push(Effect::Continue);
            }
        }
        Step {
            events: self.events,
            effects: self.effects,
        }
    }

    fn start(&mut self, block: BlockId, timeout_seconds: Option<u64>) {
        if self.execution.last_event != 0 {
            return;
        }
        let identity = self.execution.identity.clone();
        self.execution.deadline =
            timeout_seconds.map(|seconds| after_seconds(identity.started_at, seconds));
        self.emit_after(
            0,
            EventKind::ExecutionStarted {
                input: identity.input.clone(),
                role_arn: identity.role_arn.clone(),
                version_arn: identity.version_arn.clone(),
                alias_arn: identity.alias_arn.clone(),
            },
        );
        let start = self.machine.block(block).start;
        let thread = self.add_thread(Thread::new(None, start, 0, identity.input.clone()));
        self.work
            .push(Work::Enter(thread, start, identity.input.clone()));
    }

    /// Nobody waits for an attempt any more. One that this very step asked for is not performed at all.
    pub(crate) fn cancel(&mut self, attempt: AttemptId, state: StateId) {
        let scheduled = self.effects.iter().position(|effect| match effect {
            Effect::ScheduleTask(task) => task.attempt == attempt,
            Effect::StartMapRun(run) => run.attempt == attempt,
            Effect::CancelTask { .. } | Effect::Continue | Effect::Complete => false,
        });
        match scheduled {
            Some(index) => {
                self.effects.remove(index);
            }
            None => self.effects.push(Effect::CancelTask { attempt, state }),
        }
    }

    /// Ends the execution. The status is taken over when the step is finished.
    pub(crate) fn end(&mut self, status: Status) {
        if self.ended.is_none() {
            self.ended = Some(status);
        }
    }

    /// Records what happened to a thread; the thread's next event follows this one.
    pub(crate) fn emit(&mut self, thread: ThreadId, kind: EventKind) -> u64 {
        let id = self.emit_after(self.thread(thread).previous, kind);
        self.thread_mut(thread).previous = id;
        id
    }

    /// Records what happened; `previous` is the event that led to it.
    pub(crate) fn emit_after(&mut self, previous: u64, kind: EventKind) -> u64 {
        if self.ended.is_some() {
            return self.execution.last_event;
        }
        let id = self.execution.last_event + 1;
        let limit = self.env.limits.history_events;
        let is_last = matches!(
            kind,
            EventKind::ExecutionSucceeded { .. }
                | EventKind::ExecutionFailed(_)
                | EventKind::ExecutionAborted(_)
                | EventKind::ExecutionTimedOut(_)
        );
        let kind = if id >= limit && !is_last {
            let failure = Failure::new(
                names::RUNTIME,
                format!("The execution reached the maximum number of history events ({limit})."),
            );
            self.end(Status::Failed(failure.clone()));
            self.is_exhausted = true;
            EventKind::ExecutionFailed(failure)
        } else {
            kind
        };
        self.execution.last_event = id;
        self.execution.last_timestamp = self.now;
        self.events.push(HistoryEvent {
            id,
            previous,
            timestamp: self.now,
            kind,
        });
        id
    }

    pub(crate) fn thread(&self, id: ThreadId) -> &Thread {
        self.execution.threads[id.0 as usize]
            .as_ref()
            .expect("a thread is only asked for while it is alive")
    }

    pub(crate) fn thread_mut(&mut self, id: ThreadId) -> &mut Thread {
        self.execution.threads[id.0 as usize]
            .as_mut()
            .expect("a thread is only asked for while it is alive")
    }

    /// The state that a thread is in.
    pub(crate) fn state_of(&self, thread: ThreadId) -> &State {
        self.machine.state(self.thread(thread).state)
    }

    pub(crate) fn add_thread(&mut self, thread: Thread) -> ThreadId {
        if let Some(id) = self.execution.free.pop_first() {
            self.execution.threads[id.0 as usize] = Some(thread);
            return id;
        }
        let id = ThreadId(
            u32::try_from(self.execution.threads.len())
                .expect("an execution has fewer than 2^32 threads"),
        );
        self.execution.threads.push(Some(thread));
        id
    }

    pub(crate) fn remove_thread(&mut self, id: ThreadId) -> Thread {
        self.disarm(id);
        let thread = self.execution.threads[id.0 as usize]
            .take()
            .expect("a thread is removed once");
        self.execution.free.insert(id);
        thread
    }

    /// Puts the thread's timer into the execution's list, after its phase was set.
    pub(crate) fn arm(&mut self, id: ThreadId) {
        if let Some(due) = self.thread(id).due() {
            self.execution.timers.insert((due, id));
        }
    }

    /// Takes the thread's timer out of the execution's list, before its phase changes.
    pub(crate) fn disarm(&mut self, id: ThreadId) {
        if let Some(due) = self.thread(id).due() {
            self.execution.timers.remove(&(due, id));
        }
    }
}

/// A moment some seconds later, as far as numbers reach.
pub(crate) fn after_seconds(moment: i64, seconds: u64) -> i64 {
    let milliseconds = i64::try_from(seconds.saturating_mul(1000)).unwrap_or(i64::MAX);
    moment.saturating_add(milliseconds)
}
