//! An execution as it stands between two steps: who it is, how it ended, and what its threads wait for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use asl::definition::StateId;
use expression::variables::Variables;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::input::{AttemptId, TaskToken};
use crate::mocks::Mocks;
use crate::payload::Payload;
use crate::thread::{Phase, Progress, Thread, ThreadId, Work};

/// What never changes about an execution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    /// Its number in the store; part of its task tokens.
    pub number: u64,
    /// Its ARN.
    pub arn: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// The role it runs under.
    pub role_arn: Arc<str>,
    /// The state machine's ARN, without version or alias.
    pub state_machine_arn: Arc<str>,
    /// The state machine's name.
    pub state_machine_name: Arc<str>,
    /// The version that was started, if one was.
    pub version_arn: Option<Arc<str>>,
    /// The alias that was started, if one was.
    pub alias_arn: Option<Arc<str>>,
    /// The region that its service calls go to.
    pub region: Arc<str>,
    /// When it started: milliseconds since 1970.
    pub started_at: i64,
    /// Its input.
    pub input: Payload,
}

impl Identity {
    /// Whether it is an Express execution, as its ARN says.
    #[must_use]
    pub fn is_express(&self) -> bool {
        self.arn.split(':').nth(5) == Some("express")
    }

    /// Whether it is a child of a Map Run: its machine's name says so, as no other's has a slash.
    #[must_use]
    pub fn is_of_map_run(&self) -> bool {
        self.state_machine_name.contains('/')
    }
}

/// How far an execution is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Status {
    /// It is not over.
    Running,
    /// It ended well.
    Succeeded(Payload),
    /// It failed.
    Failed(Failure),
    /// It took longer than the machine allows.
    TimedOut(Failure),
    /// Somebody stopped it.
    Aborted(Failure),
}

/// What operators did to an execution, and what it was started with beside its input.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Supplement {
    /// How often it was redriven.
    pub redrives: u32,
    /// When it was redriven last: milliseconds since 1970.
    pub redriven_at: i64,
    /// Since when it is paused.
    pub paused_at: Option<i64>,
    /// What stands in for its tasks.
    pub mocks: Option<Box<Mocks>>,
}

/// An execution. [`crate::step::step`] is the only thing that changes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Execution {
    /// What never changes.
    pub identity: Arc<Identity>,
    /// How far it is.
    pub status: Status,
    /// When it ended: milliseconds since 1970.
    pub stopped_at: Option<i64>,
    /// The id of its newest event.
    pub(crate) last_event: u64,
    /// The newest event's time; time never goes backwards.
    pub(crate) last_timestamp: i64,
    /// When the machine's timeout is due.
    pub(crate) deadline: Option<i64>,
    /// Its threads; a slot is free when its thread ended.
    pub(crate) threads: Vec<Option<Thread>>,
    /// What a step that stopped at its budget still has to do, last first.
    pub(crate) unfinished: Vec<Work>,
    /// What became of it beside its course; stored after everything else, and only where there is something.
    #[serde(skip)]
    pub(crate) supplement: Supplement,
    /// Free slots of `threads`: the lowest is taken first, whatever the order in which they became free. Derived.
    #[serde(skip)]
    pub(crate) free: BTreeSet<ThreadId>,
    /// When each waiting thread is due. Derived.
    #[serde(skip)]
    pub(crate) timers: BTreeSet<(i64, ThreadId)>,
    /// Which thread waits for which attempt. Derived.
    #[serde(skip)]
    pub(crate) attempts: BTreeMap<AttemptId, ThreadId>,
}

impl Execution {
    /// An execution that has not begun: [`crate::input::Input::Start`] begins it.
    #[must_use]
    pub fn new(identity: Arc<Identity>) -> Self {
        let last_timestamp = identity.started_at;
        Self {
            identity,
            status: Status::Running,
            stopped_at: None,
            last_event: 0,
            last_timestamp,
            deadline: None,
            threads: Vec::new(),
            unfinished: Vec::new(),
            supplement: Supplement::default(),
            free: BTreeSet::new(),
            timers: BTreeSet::new(),
            attempts: BTreeMap::new(),
        }
    }

    /// Lets responses stand in for its tasks. To be called before it begins.
    pub fn mock(&mut self, mocks: Mocks) {
        self.supplement.mocks = Some(Box::new(mocks));
    }

    /// Derives again what a stored execution does not carry. Call it once after loading one.
    pub fn restore(&mut self) {
        self.free.clear();
        self.timers.clear();
        self.attempts.clear();
        // Of one that is over nothing is waited for; its threads are kept for a redrive.
        let threads = match self.status {
            Status::Running => &self.threads[..],
            _ => &[],
        };
        for (slot, thread) in (0..).map(ThreadId).zip(threads) {
            let Some(thread) = thread else {
                self.free.insert(slot);
                continue;
            };
            if let Some(due) = thread.due() {
                self.timers.insert((due, slot));
            }
            match &thread.phase {
                Phase::Task(task) => {
                    self.attempts.insert(task.token.attempt, slot);
                }
                Phase::MapRun(run) | Phase::RedrivenMapRun { run, .. } => {
                    self.attempts.insert(run.attempt, slot);
                }
                Phase::Ready
                | Phase::Waiting { .. }
                | Phase::BackingOff { .. }
                | Phase::Fork(_) => {}
            }
        }
        self.link_variables();
    }

    /// Puts every thread's variables back into the scopes around them: those of the thread that forked, which have not
    /// changed since, because it waits for its children.
    fn link_variables(&mut self) {
        let mut is_linked = vec![false; self.threads.len()];
        for slot in 0..self.threads.len() {
            // From the outermost thread that is not linked yet inwards.
            let mut inwards = Vec::new();
            let mut next = Some(slot);
            while let Some(slot) = next.filter(|&slot| !is_linked[slot]) {
                is_linked[slot] = true;
                inwards.push(slot);
                next = self.parent_of(slot);
            }
            for slot in inwards.into_iter().rev() {
                self.link_variables_of(slot);
            }
        }
    }

    fn parent_of(&self, slot: usize) -> Option<usize> {
        let parent = self.threads[slot].as_ref()?.parent?;
        Some(parent.of.0 as usize)
    }

    fn link_variables_of(&mut self, slot: usize) {
        let parent = self.parent_of(slot);
        let Some(parent) = parent.and_then(|parent| self.threads.get(parent)?.as_ref()) else {
            return;
        };
        let around = parent.variables.inner();
        if let Some(thread) = &mut self.threads[slot] {
            let own = thread.variables.own();
            thread.variables = Variables::from_parts(
                own.map(|(name, value)| (name.clone(), value.clone())),
                around.outer().cloned(),
            );
        }
    }

    /// Whether it has not ended.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.status == Status::Running
    }

    /// The id of its newest event; also the number of its events.
    #[must_use]
    pub fn last_event(&self) -> u64 {
        self.last_event
    }

    /// What operators did to it.
    #[must_use]
    pub fn supplement(&self) -> &Supplement {
        &self.supplement
    }

    /// Gives a loaded execution what was stored beside it.
    pub fn set_supplement(&mut self, supplement: Supplement) {
        self.supplement = supplement;
    }

    /// When [`crate::input::Input::TimerFired`] is due next: milliseconds since 1970.
    #[must_use]
    pub fn next_wake(&self) -> Option<i64> {
        if !self.is_running() || self.supplement.paused_at.is_some() {
            return None;
        }
        let timer = self.timers.first().map(|&(due, _)| due);
        match (timer, self.deadline) {
            (Some(timer), Some(deadline)) => Some(timer.min(deadline)),
            (timer, deadline) => timer.or(deadline),
        }
    }

    /// Whether the last step stopped at its budget, so that [`crate::input::Input::Continue`] is due.
    #[must_use]
    pub fn has_unfinished_work(&self) -> bool {
        !self.unfinished.is_empty() && self.is_running() && self.supplement.paused_at.is_none()
    }

    /// The pending task of that attempt, if there is one and the secret is right.
    #[must_use]
    pub fn pending_task(&self, token: &TaskToken) -> Option<PendingTaskView<'_>> {
        let slot = self.attempts.get(&token.attempt)?;
        self.view(*slot).filter(|view| view.token == *token)
    }

    /// The pending task of that attempt, if there is one.
    #[must_use]
    pub fn pending_attempt(&self, attempt: AttemptId) -> Option<PendingTaskView<'_>> {
        self.attempts
            .get(&attempt)
            .and_then(|&slot| self.view(slot))
    }

    /// All tasks that were scheduled and have not ended, but for mocked ones: nobody performs these.
    pub fn pending_tasks(&self) -> impl Iterator<Item = PendingTaskView<'_>> {
        let is_mocked = |attempt: AttemptId| {
            let mut unfinished = self.unfinished.iter();
            unfinished.any(|work| matches!(work, Work::Mocked(mocked, _) if *mocked == attempt))
        };
        let attempts = self.attempts.iter();
        attempts
            .filter(move |&(attempt, _)| !is_mocked(*attempt))
            .filter_map(|(_, &slot)| self.view(slot))
    }

    fn view(&self, slot: ThreadId) -> Option<PendingTaskView<'_>> {
        let thread = self.threads.get(slot.0 as usize)?.as_ref()?;
        let Phase::Task(task) = &thread.phase else {
            return None;
        };
        Some(PendingTaskView {
            state: thread.state,
            token: task.token,
            input: &task.input,
            credentials_role_arn: task.credentials_role_arn.as_ref(),
            timeout_seconds: task.timeout_seconds,
            heartbeat_seconds: task.heartbeat_seconds,
            is_started: task.progress != Progress::Scheduled,
            is_submitted: task.progress == Progress::Submitted,
        })
    }

    /// The names of the states that it is in, outermost first.
    pub fn current_states(&self) -> impl Iterator<Item = StateId> + '_ {
        self.threads.iter().flatten().map(|thread| thread.state)
    }
}

/// A pending task, for whoever dispatches or completes it.
#[derive(Clone, Copy, Debug)]
pub struct PendingTaskView<'a> {
    /// The Task state.
    pub state: StateId,
    /// Who may end it.
    pub token: TaskToken,
    /// What it was called with.
    pub input: &'a Payload,
    /// The role of the state's Credentials.
    pub credentials_role_arn: Option<&'a Arc<str>>,
    /// Its timeout in seconds.
    pub timeout_seconds: Option<u64>,
    /// Seconds between two heartbeats.
    pub heartbeat_seconds: Option<u64>,
    /// Whether it runs; only an activity's task waits to be taken first.
    pub is_started: bool,
    /// Whether its call was accepted and its job or callback is awaited.
    pub is_submitted: bool,
}
