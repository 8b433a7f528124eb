//! Parallel and Map: starting children, gathering their results, and ending them all when one fails.

use asl::definition::{Map, Parallel, State, StateKind};
use expression::value::Value;

use crate::execution::{Child, Fork, Item, Phase, Status, Thread, ThreadId, Work};
use crate::failure::Failure;
use crate::flow::state_type;
use crate::history::{EventKind, MapIteration, StateType};
use crate::input::Effect;
use crate::payload::Payload;
use crate::step::{Stepper, Transition};

impl Stepper<'_> {
    /// Starts all branches of a Parallel state.
    pub(crate) fn fork_branches(
        &mut self,
        thread: ThreadId,
        state: &State,
        parallel: &Parallel,
    ) -> Result<Transition, Failure> {
        let input = self.effective_input(thread, state)?;
        let input = self.apply_template(thread, parallel.parameters.as_ref(), input)?;
        let started = self.emit(thread, EventKind::ParallelStarted);
        let count = child_count(parallel.branches.len());
        self.thread_mut(thread).phase = Phase::Fork(Fork {
            follows: started,
            running: count,
            next: count,
            concurrency: count,
            is_iterating: false,
            input: input.clone(),
            items: None,
            results: vec![None; parallel.branches.len()],
        });
        let (variables, item) = {
            let parent = self.thread(thread);
            (parent.variables.inner(), parent.item.clone())
        };
        let mut children = Vec::with_capacity(parallel.branches.len());
        for (index, branch) in (0..).zip(&parallel.branches) {
            let start = self.machine.block(*branch).start;
            let parent = Child { of: thread, index };
            let mut child = Thread::new(Some(parent), start, started, input.clone());
            child.variables = variables.clone();
            child.item = item.clone();
            let child = self.add_thread(child);
            children.push(Work::Enter(child, start, input.clone()));
        }
        self.work.extend(children.into_iter().rev());
        Ok(Transition::Await)
    }

    /// Finds the items of a Map state and starts its first iterations.
    pub(crate) fn fork_items(
        &mut self,
        thread: ThreadId,
        state: &State,
        map: &Map,
    ) -> Result<Transition, Failure> {
        let input = self.effective_input(thread, state)?;
        let items = match &map.items_path {
            None => input.clone(),
            Some(path) if path.is_root() => input.clone(),
            Some(path) => self.select(thread, input.value(), path)?,
        };
        let Some(length) = items.value().as_array().map(<[_]>::len) else {
            let cause = match &map.items_path {
                Some(path) => format!("Reference path \"{}\" must point to array.", path.text()),
                None => format!(
                    "Map state input must be an array but was: {}",
                    items.value().to_text()
                ),
            };
            return Err(self.runtime_failure(thread, &cause));
        };
        let cap = self.env.limits.map_concurrency;
        let concurrency = match &map.max_concurrency {
            None => 0,
            Some(bound) => self.seconds(thread, &input, bound, "MaxConcurrencyPath")?,
        };
        let concurrency = match u32::try_from(concurrency).unwrap_or(cap) {
            0 => cap,
            bound => bound.min(cap),
        };
        let started = self.emit(
            thread,
            EventKind::MapStarted {
                length: length as u64,
            },
        );
        self.thread_mut(thread).phase = Phase::Fork(Fork {
            follows: started,
            running: 0,
            next: 0,
            concurrency,
            is_iterating: true,
            input,
            items: Some(items),
            results: vec![None; length],
        });
        self.work.push(Work::Iterate(thread));
        Ok(Transition::Await)
    }

    /// Starts the next iteration of a Map, if its concurrency allows one.
    pub(crate) fn iterate(&mut self, thread: ThreadId) {
        let state = self.machine.state(self.thread(thread).state);
        let StateKind::Map(map) = &state.kind else {
            return;
        };
        let start = self.machine.block(map.processor).start;
        let (index, follows, item) = {
            let Phase::Fork(fork) = &mut self.thread_mut(thread).phase else {
                return;
            };
            let items = fork.items.clone();
            let item = items
                .as_ref()
                .and_then(|items| items.value().as_array()?.get(fork.next as usize));
            let item = item.filter(|_| fork.running < fork.concurrency);
            let Some(item) = item.cloned() else {
                fork.is_iterating = false;
                let is_over = fork.running == 0 && fork.next as usize == fork.results.len();
                if is_over {
                    self.fork_succeeded(thread);
                }
                return;
            };
            let index = fork.next;
            fork.next += 1;
            fork.running += 1;
            (index, fork.follows, Payload::of(item))
        };
        self.work.push(Work::Iterate(thread));
        let mut child = Thread::new(
            Some(Child { of: thread, index }),
            start,
            follows,
            item.clone(),
        );
        child.variables = self.thread(thread).variables.inner();
        child.item = Some(Item {
            index: u64::from(index),
            value: item.clone(),
        });
        let child = self.add_thread(child);
        let iteration = MapIteration {
            name: state.name.clone(),
            index: u64::from(index),
        };
        self.emit(child, EventKind::MapIterationStarted(iteration));
        match self.iteration_input(thread, child, map, item) {
            Ok(input) => self.work.push(Work::Enter(child, start, input)),
            Err(failure) => self.thread_failed(child, failure),
        }
    }

    /// What an iteration gets: its item, or what the ItemSelector makes of it.
    fn iteration_input(
        &mut self,
        thread: ThreadId,
        child: ThreadId,
        map: &Map,
        item: Payload,
    ) -> Result<Payload, Failure> {
        let Some(selector) = &map.item_selector else {
            return Ok(item);
        };
        let Phase::Fork(fork) = &self.thread(thread).phase else {
            return Ok(item);
        };
        let root = fork.input.clone();
        // The selector sees the Map state's context with the child's item.
        let item_of_child = self.thread(child).item.clone();
        let outer_item = std::mem::replace(&mut self.thread_mut(thread).item, item_of_child);
        let input = self.apply_template(thread, Some(selector), root);
        self.thread_mut(thread).item = outer_item;
        input
    }

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
    fn fork_succeeded(&mut self, thread: ThreadId) {
        // A pending Iterate of this fork has nothing left to start.
        self.work
            .retain(|work| !matches!(work, Work::Iterate(of) if *of == thread));
        let state = self.machine.state(self.thread(thread).state);
        let phase = std::mem::replace(&mut self.thread_mut(thread).phase, Phase::Ready);
        let Phase::Fork(fork) = phase else { return };
        let (event, result_path, selector) = match &state.kind {
            StateKind::Parallel(parallel) => (
                EventKind::ParallelSucceeded,
                &parallel.result_path,
                parallel.result_selector.as_ref(),
            ),
            StateKind::Map(map) => (
                EventKind::MapSucceeded,
                &map.result_path,
                map.result_selector.as_ref(),
            ),
            _ => return,
        };
        let previous = self.thread(thread).previous;
        self.emit_after(previous, event);
        let result = Payload::array(fork.results.into_iter().flatten().collect());
        let transition = self
            .apply_selector(thread, selector, &result)
            .and_then(|selected| self.leave(thread, state, result, selected, result_path))
            .unwrap_or_else(Transition::Fail);
        self.follow(thread, transition);
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
        self.state_failed(of, failure);
    }

    /// Ends everything below a thread; all its events follow `previous`.
    fn abort_children(&mut self, of: ThreadId, previous: u64) {
        let children: Vec<ThreadId> = (0..)
            .map(ThreadId)
            .zip(&self.execution.threads)
            .filter(|(_, thread)| {
                thread
                    .as_ref()
                    .and_then(|thread| thread.parent)
                    .is_some_and(|child| child.of == of)
            })
            .map(|(id, _)| id)
            .collect();
        let parent = self.state_of(of);
        let map_name = matches!(parent.kind, StateKind::Map(_)).then(|| parent.name.clone());
        for id in children {
            if matches!(self.thread(id).phase, Phase::Fork(_)) {
                self.abort_children(id, previous);
            }
            // A child that has not entered its first state has nothing to abort.
            if self.thread(id).entered != 0 {
                let state_type = state_type(&self.state_of(id).kind);
                self.emit_after(previous, EventKind::StateAborted { state_type });
            }
            if let (Some(name), Some(child)) = (&map_name, self.thread(id).parent) {
                let iteration = MapIteration {
                    name: name.clone(),
                    index: u64::from(child.index),
                };
                self.emit_after(previous, EventKind::MapIterationAborted(iteration));
            }
            if let Phase::Task(task) = &self.thread(id).phase {
                let attempt = task.token.attempt;
                let state = self.thread(id).state;
                self.execution.attempts.remove(&attempt);
                self.effects.push(Effect::CancelTask { attempt, state });
            }
            self.remove_thread(id);
            self.work.retain(|work| match work {
                Work::Enter(thread, ..) | Work::Iterate(thread) => *thread != id,
            });
        }
        self.work
            .retain(|work| !matches!(work, Work::Iterate(thread) if *thread == of));
    }

    /// Everything that is due now happens.
    pub(crate) fn timer_fired(&mut self) {
        if let Some(deadline) = self.execution.deadline
            && deadline <= self.now
        {
            // The execution ends exactly when its time was up, however late the timer came.
            self.now = deadline.max(self.execution.last_timestamp);
            let failure = Failure::default();
            self.emit_after(0, EventKind::ExecutionTimedOut(failure.clone()));
            self.end(Status::TimedOut(failure));
            return;
        }
        while let Some(&(due, thread)) = self.execution.timers.first() {
            if due > self.now || self.ended.is_some() {
                break;
            }
            self.disarm(thread);
            let phase = &mut self.thread_mut(thread).phase;
            match phase {
                Phase::Waiting { .. } => {
                    let transition = self.waited(thread);
                    self.follow(thread, transition);
                }
                Phase::BackingOff { .. } => {
                    *phase = Phase::Ready;
                    let transition = self.perform(thread);
                    self.follow(thread, transition);
                }
                Phase::Task(_) => {
                    // The task's own code takes the timer out, so put it back first.
                    self.arm(thread);
                    self.task_timed_out(thread);
                }
                Phase::Ready | Phase::Fork(_) => {}
            }
        }
    }
}

impl Thread {
    /// A thread at the beginning of a block.
    pub(crate) fn new(
        parent: Option<Child>,
        state: asl::definition::StateId,
        previous: u64,
        input: Payload,
    ) -> Self {
        Self {
            parent,
            state,
            previous,
            entered: 0,
            entered_at: 0,
            input,
            variables: expression::variables::Variables::default(),
            retries: Vec::new(),
            item: None,
            phase: Phase::Ready,
        }
    }
}

impl Payload {
    /// The array of some payloads; its text is made of theirs, which stay as they are.
    pub(crate) fn array(items: Vec<Payload>) -> Self {
        let length: usize = items.iter().map(|item| item.text().len() + 1).sum();
        let mut text = String::with_capacity(length + 2);
        text.push('[');
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                text.push(',');
            }
            text.push_str(item.text());
        }
        text.push(']');
        let value = items
            .iter()
            .all(Payload::has_value)
            .then(|| Value::array(items.iter().map(|item| item.value().clone())));
        Self::of_parts(text.into_boxed_str(), value)
    }
}

fn child_count(branches: usize) -> u32 {
    u32::try_from(branches).expect("a definition has fewer than 2^32 branches")
}
