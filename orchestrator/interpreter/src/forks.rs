//! What Parallel and Map share: gathering the children's results, and ending them all when one fails.

use asl::definition::{State, StateKind};

use crate::execution::Status;
use crate::failure::Failure;
use crate::failures::{FailureKind, Fault};
use crate::flow::state_type;
use crate::history::{EventKind, MapIteration, StateType};
use crate::payload::Payload;
use crate::step::{Stepper, Transition};
use crate::thread::{Child, Phase, ThreadId, Work};

impl Stepper<'_> {
    /// A thread's block ended well.
    pub(crate) fn thread_succeeded(&mut self, thread: ThreadId, output: Payload) {
        let record = self.thread(thread);
        let (last, parent) = (record.previous, record.parent);
        let Some(Child { of, index }) = parent else {
            self.emit_after(
                last,
                EventKind::ExecutionSucceeded {
                    output: output.clone(),
                },
            );
            self.end(Status::Succeeded(output));
            return;
        };
        let state = self.state_of(of);
        let is_map = matches!(state.kind, StateKind::Map(_));
        let iteration = MapIteration {
            name: state.name.clone(),
            index: u64::from(index),
        };
        let ended = if is_map {
            self.emit_after(last, EventKind::MapIterationSucceeded(iteration))
        } else {
            last
        };
        self.remove_thread(thread);
        let Phase::Fork(fork) = &mut self.thread_mut(of).phase else {
            return;
        };
        fork.results[index as usize] = Some(output);
        fork.running -= 1;
        fork.follows = last;
        let has_more = (fork.next as usize) < fork.results.len();
        let is_over = fork.running == 0 && !has_more;
        let must_iterate = has_more && !fork.is_iterating;
        fork.is_iterating |= must_iterate;
        if must_iterate {
            self.work.push(Work::Iterate(of));
        }
        if is_over {
            self.thread_mut(of).previous = ended;
            self.fork_succeeded(of);
        }
    }

    /// All children ended well.
    pub(crate) fn fork_succeeded(&mut self, thread: ThreadId) {
        // A pending Iterate of this fork has nothing left to start.
        self.work
            .retain(|work| !matches!(work, Work::Iterate(of) if *of == thread));
        let state = self.machine.state(self.thread(thread).state);
        let phase = std::mem::replace(&mut self.thread_mut(thread).phase, Phase::Ready);
        let Phase::Fork(fork) = phase else { return };
        let event = match &state.kind {
            StateKind::Parallel(_) => EventKind::ParallelSucceeded,
            StateKind::Map(_) => EventKind::MapSucceeded,
            _ => return,
        };
        let previous = self.thread(thread).previous;
        self.emit_after(previous, event);
        let results: Vec<Payload> = fork.results.into_iter().flatten().collect();
        let result = Payload::array(&results, self.env.limits.payload_bytes);
        let transition = self.fork_gave(thread, state, result);
        self.follow(thread, transition);
    }

    /// Leaves a Parallel or Map with what its children gave.
    pub(crate) fn fork_gave(
        &mut self,
        thread: ThreadId,
        state: &State,
        result: Payload,
    ) -> Transition {
        let (result_path, selector) = match &state.kind {
            StateKind::Parallel(parallel) => {
                (&parallel.result_path, parallel.result_selector.as_ref())
            }
            StateKind::Map(map) => (&map.result_path, map.result_selector.as_ref()),
            _ => return Transition::Await,
        };
        self.apply_selector(thread, selector, &result)
            .and_then(|selected| self.leave(thread, state, result, selected, result_path))
            .unwrap_or_else(Transition::Fail)
    }

    /// A thread's block ended with a failure that nothing in it caught.
    pub(crate) fn thread_failed(&mut self, thread: ThreadId, failure: Failure) {
        let record = self.thread(thread);
        let (last, parent) = (record.previous, record.parent);
        let failed_type = state_type(&self.machine.state(record.state).kind);
        let Some(Child { of, index }) = parent else {
            self.emit_after(last, EventKind::ExecutionFailed(failure.clone()));
            self.end(Status::Failed(failure));
            return;
        };
        self.remember_fallen();
        let state = self.state_of(of);
        if matches!(state.kind, StateKind::Map(_)) {
            let iteration = MapIteration {
                name: state.name.clone(),
                index: u64::from(index),
            };
            self.emit_after(last, EventKind::MapIterationFailed(iteration));
        } else if failed_type == StateType::Task {
            self.emit_after(
                last,
                EventKind::StateAborted {
                    state_type: failed_type,
                },
            );
        }
        self.remove_thread(thread);
        self.abort_children(of, last);
        if self.ended.is_some() {
            return;
        }
        let parent = self.thread_mut(of);
        parent.previous = last;
        parent.phase = Phase::Ready;
        let kind = FailureKind::Child;
        self.state_failed(of, Fault { failure, kind });
    }

    /// Ends everything below a thread, in the order of its children; all events follow `previous`.
    fn abort_children(&mut self, of: ThreadId, previous: u64) {
        let mut children: Vec<(u32, ThreadId)> = (0..)
            .map(ThreadId)
            .zip(&self.execution.threads)
            .filter_map(|(id, thread)| Some((id, thread.as_ref()?.parent?)))
            .filter(|(_, child)| child.of == of)
            .map(|(id, child)| (child.index, id))
            .collect();
        children.sort_unstable();
        let parent = self.state_of(of);
        let map_name = matches!(parent.kind, StateKind::Map(_)).then(|| parent.name.clone());
        for (index, id) in children {
            self.abort_thread(id, previous);
            if let Some(name) = &map_name {
                let iteration = MapIteration {
                    name: name.clone(),
                    index: u64::from(index),
                };
                self.emit_after(previous, EventKind::MapIterationAborted(iteration));
            }
        }
        self.work
            .retain(|work| !matches!(work, Work::Iterate(thread) if *thread == of));
    }

    fn abort_thread(&mut self, id: ThreadId, previous: u64) {
        if matches!(self.thread(id).phase, Phase::Fork(_)) {
            self.abort_children(id, previous);
        }
        if let Some((run, _)) = self.thread(id).phase.map_run() {
            let (attempt, state) = (run.attempt, self.thread(id).state);
            self.emit_after(previous, EventKind::MapRunAborted);
            self.execution.attempts.remove(&attempt);
            self.cancel(attempt, state);
        }
        let thread = self.thread(id);
        // A thread that is between two states, or before its first, has no state to abort.
        if thread.entered != 0 {
            let state_type = state_type(&self.machine.state(thread.state).kind);
            self.emit_after(previous, EventKind::StateAborted { state_type });
        }
        if let Phase::Task(task) = &self.thread(id).phase {
            let attempt = task.token.attempt;
            let state = self.thread(id).state;
            self.execution.attempts.remove(&attempt);
            self.cancel(attempt, state);
        }
        self.remove_thread(id);
        self.work.retain(|work| match work {
            Work::Enter(thread, ..) | Work::Iterate(thread) | Work::Again(thread) => *thread != id,
            // It finds nobody who waits for the attempt.
            Work::Mocked(..) => true,
        });
    }
}
