//! Redrive: an execution that ended without success goes on from the states that did not succeed.
//!
//! When such an execution ends, its threads are left as they were before the failure took them down ([`Fallen`]). A redrive lets each of
//! them do its state again, with the input that it had; what Parallel's branches and Map's iterations gave is kept.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use asl::definition::{BlockId, State, StateId, StateKind, StateMachine};

use crate::execution::{Execution, Status};
use crate::history::EventKind;
use crate::step::{Stepper, Transition, after_seconds};
use crate::thread::{Child, Phase, Thread, ThreadId, Work};

/// The threads and their work as they were when a branch or iteration failed, before its siblings were ended.
pub(crate) struct Fallen {
    threads: Vec<Option<Thread>>,
    work: Vec<Work>,
}

/// Why an execution can't go on with a corrected definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// A state that did not succeed is gone.
    Missing(Arc<str>),
    /// A state that did not succeed stands elsewhere.
    Moved(Arc<str>),
    /// A Parallel or Map state whose branches or iterations go on is another one.
    Changed(Arc<str>),
}

impl fmt::Display for Unfit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(state) => write!(
                formatter,
                "the state `{state}`, from which the execution would go on, is not in the definition"
            ),
            Self::Moved(state) => write!(
                formatter,
                "the state `{state}`, from which the execution would go on, stands in another Parallel or Map state than before"
            ),
            Self::Changed(state) => write!(
                formatter,
                "the state `{state}`, whose branches or iterations go on, must stay the kind of state that it was, with as many branches or children of the same type"
            ),
        }
    }
}

impl Stepper<'_> {
    /// A branch or iteration failed, and perhaps the execution with it: what a redrive would go on from.
    pub(crate) fn remember_fallen(&mut self) {
        if self.fallen.is_none() && !self.execution.identity.is_express() {
            self.fallen = Some(Fallen {
                threads: self.execution.threads.clone(),
                work: self.work.clone(),
            });
        }
    }

    /// The execution ends: without success it keeps its threads for a redrive.
    pub(crate) fn lay_down(&mut self, status: &Status) {
        let is_kept = match status {
            Status::Running | Status::Succeeded(_) => false,
            Status::Failed(_) | Status::TimedOut(_) | Status::Aborted(_) => {
                !self.is_exhausted && !self.execution.identity.is_express()
            }
        };
        let execution = &mut *self.execution;
        match (is_kept, self.fallen.take()) {
            (false, _) => {
                execution.threads.clear();
                execution.unfinished.clear();
            }
            (true, None) => execution.unfinished = std::mem::take(&mut self.work),
            (true, Some(fallen)) => {
                execution.threads = fallen.threads;
                execution.unfinished = fallen.work;
            }
        }
        execution.free.clear();
        execution.timers.clear();
        execution.supplement.paused_at = None;
    }

    /// Lets the execution go on.
    pub(crate) fn redrive(&mut self) {
        let now = self.now;
        let execution = &mut *self.execution;
        execution.status = Status::Running;
        execution.restore();
        execution.attempts.clear();
        execution.timers.clear();
        execution.stopped_at = None;
        // The machine's timeout is not one of the children that it starts.
        let timeout = self.machine.timeout_seconds;
        execution.deadline = timeout
            .filter(|_| !execution.identity.is_of_map_run())
            .map(|seconds| after_seconds(now, seconds));
        execution.supplement.redrives += 1;
        execution.supplement.redriven_at = now;
        let count = execution.supplement.redrives;
        let last = execution.last_event;
        let redriven = self.emit_after(last, EventKind::ExecutionRedriven { count });
        let mut entering = BTreeSet::new();
        self.work.retain(|work| match work {
            Work::Enter(thread, ..) => entering.insert(*thread),
            Work::Iterate(_) => true,
            Work::Again(_) | Work::Mocked(..) => false,
        });
        let threads = (0..).map(ThreadId).zip(&mut self.execution.threads);
        let mut again = Vec::new();
        for (id, thread) in threads {
            let Some(thread) = thread else { continue };
            thread.retries.clear();
            if matches!(thread.phase, Phase::Fork(_)) {
                // Its children go on.
                continue;
            }
            // A Map Run goes on, too.
            if thread.phase.map_run().is_none() {
                thread.phase = Phase::Ready;
            }
            thread.previous = redriven;
            if !entering.contains(&id) {
                again.push(Work::Again(id));
            }
        }
        self.work.extend(again.into_iter().rev());
    }

    /// Does a thread's state again.
    pub(crate) fn again(&mut self, thread: ThreadId) -> Transition {
        let record = self.thread(thread);
        if let Some((run, redrives)) = record.phase.map_run() {
            let run = run.clone();
            return self.redrive_map_run(thread, run, redrives);
        }
        let (state, input, parent) = (record.state, record.input.clone(), record.parent);
        if record.entered == 0
            && let Some(Child { of, .. }) = parent
            && let StateKind::Map(map) = &self.machine.state(self.thread(of).state).kind
            && let Some(item) = self.thread(thread).item.clone()
        {
            // An iteration whose input could not be made.
            return match self.iteration_input(of, thread, map, item.value) {
                Ok(input) => Transition::Enter(state, input),
                Err(fault) => {
                    self.record_evaluation(thread, &fault);
                    self.thread_failed(thread, fault.failure);
                    Transition::Await
                }
            };
        }
        match &self.machine.state(state).kind {
            // It is entered again, as AWS has it, and fails again.
            StateKind::Fail(_) => Transition::Enter(state, input),
            StateKind::Task(_)
            | StateKind::Pass(_)
            | StateKind::Choice(_)
            | StateKind::Wait(_)
            | StateKind::Succeed
            | StateKind::Parallel(_)
            | StateKind::Map(_) => self.perform(thread),
        }
    }
}

impl Execution {
    /// Whether there is something that a redrive can go on from.
    #[must_use]
    pub fn can_go_on(&self) -> bool {
        !self.is_running() && self.threads.iter().any(Option::is_some)
    }

    /// Moves an execution that ended onto a corrected definition: each state from which it would go on is looked for by its name, at
    /// the same place among Parallel and Map states.
    ///
    /// # Errors
    /// Why the definition does not fit; the execution is then as it was.
    pub fn rebase(&mut self, old: &StateMachine, new: &StateMachine) -> Result<(), Unfit> {
        let rebase = Rebase {
            execution: self,
            old,
            new,
        };
        let slots = 0..self.threads.len();
        let states = slots.map(|slot| rebase.state_of(slot));
        let states: Vec<Option<StateId>> = states.collect::<Result<_, _>>()?;
        let mut work = self.unfinished.clone();
        for one in &mut work {
            if let Work::Enter(_, state, _) = one {
                *state = rebase.find(*state)?;
            }
        }
        self.unfinished = work;
        for (thread, state) in self.threads.iter_mut().zip(states) {
            if let (Some(thread), Some(state)) = (thread, state) {
                thread.state = state;
            }
        }
        Ok(())
    }
}

/// A search for the states of one definition in another.
struct Rebase<'a> {
    execution: &'a Execution,
    old: &'a StateMachine,
    new: &'a StateMachine,
}

impl Rebase<'_> {
    /// The new state of the thread in that slot.
    fn state_of(&self, slot: usize) -> Result<Option<StateId>, Unfit> {
        let Some(thread) = &self.execution.threads[slot] else {
            return Ok(None);
        };
        let id = ThreadId(u32::try_from(slot).expect("an execution has fewer than 2^32 threads"));
        let is_entering = self
            .execution
            .unfinished
            .iter()
            .any(|work| matches!(work, Work::Enter(thread, ..) if *thread == id));
        let found = self.find(thread.state);
        // Where it is between two states, the one that it left may be gone.
        if is_entering {
            return Ok(found.ok());
        }
        let found = found?;
        if thread.phase.map_run().is_some() && !self.is_same_map_run(thread.state, found) {
            return Err(Unfit::Changed(self.old.state(thread.state).name.clone()));
        }
        Ok(Some(found))
    }

    /// Whether the children of a Map Run can go on in the new state.
    fn is_same_map_run(&self, old: StateId, new: StateId) -> bool {
        let child_type = |machine: &StateMachine, state| match &machine.state(state).kind {
            StateKind::Map(map) => {
                let distributed = map.distributed.as_ref();
                distributed.map(|distributed| distributed.child_type)
            }
            _ => None,
        };
        child_type(self.old, old) == child_type(self.new, new)
    }

    /// The new block in place of an old one: that of the same branch or processor.
    fn block_for(&self, block: BlockId) -> Result<BlockId, Unfit> {
        let of = |owner: &State| match &owner.kind {
            StateKind::Parallel(parallel) => parallel.branches.iter().position(|id| *id == block),
            StateKind::Map(map) => (map.processor == block).then_some(0),
            _ => None,
        };
        let mut owners = self.old.states.iter();
        let Some((owner, index)) = owners.find_map(|owner| Some((owner, of(owner)?))) else {
            return Ok(StateMachine::ROOT);
        };
        let new = self.find_in(owner, self.block_for(owner.block)?)?;
        match (&owner.kind, &self.new.state(new).kind) {
            (StateKind::Parallel(old), StateKind::Parallel(new))
                if old.branches.len() == new.branches.len() =>
            {
                Ok(new.branches[index])
            }
            (StateKind::Map(old), StateKind::Map(new))
                if old.distributed.is_some() == new.distributed.is_some() =>
            {
                Ok(new.processor)
            }
            _ => Err(Unfit::Changed(owner.name.clone())),
        }
    }

    /// The new state in place of an old one.
    fn find(&self, state: StateId) -> Result<StateId, Unfit> {
        let state = self.old.state(state);
        self.find_in(state, self.block_for(state.block)?)
    }

    /// The state of the same name in a block.
    fn find_in(&self, state: &State, block: BlockId) -> Result<StateId, Unfit> {
        let name = &state.name;
        let mut here = self.new.block(block).states.iter();
        if let Some(found) = here.find(|&&id| self.new.state(id).name == *name) {
            return Ok(*found);
        }
        let is_elsewhere = self.new.states.iter().any(|state| state.name == *name);
        Err(if is_elsewhere {
            Unfit::Moved(name.clone())
        } else {
            Unfit::Missing(name.clone())
        })
    }
}
