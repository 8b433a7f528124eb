//! Map: finding the items, and starting an iteration whenever there is room for one.

use asl::definition::{Map, State, StateKind};

use crate::failures::Fault;
use crate::history::{EventKind, MapIteration};
use crate::payload::Payload;
use crate::step::{Stepper, Transition};
use crate::thread::{Child, Fork, Item, Phase, Thread, ThreadId, Work};

impl Stepper<'_> {
    /// Finds the items of a Map state and starts its first iterations.
    pub(crate) fn fork_items(
        &mut self,
        thread: ThreadId,
        state: &State,
        map: &Map,
    ) -> Result<Transition, Fault> {
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
                    items.value().to_quoted_text()
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
            Err(fault) => self.thread_failed(child, fault.failure),
        }
    }

    /// What an iteration gets: its item, or what the ItemSelector makes of it.
    fn iteration_input(
        &mut self,
        thread: ThreadId,
        child: ThreadId,
        map: &Map,
        item: Payload,
    ) -> Result<Payload, Fault> {
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
        let input = self
            .apply_template(thread, Some(selector), root)
            .and_then(|input| {
                self.check_size(&input, &self.state_of(thread).name)?;
                Ok(input)
            });
        self.thread_mut(thread).item = outer_item;
        input
    }
}
