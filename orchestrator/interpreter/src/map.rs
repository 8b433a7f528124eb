//! Map: finding the items, and starting an iteration whenever there is room for one.

use asl::definition::{Map, QueryLanguage, State, StateKind};

use crate::failures::Fault;
use crate::history::{EventKind, MapIteration};
use crate::jsonata::Field;
use crate::payload::Payload;
use crate::reading::Source;
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
        if let Some(distributed) = &map.distributed {
            return self.begin_map_run(thread, state, map, distributed);
        }
        let input = self.effective_input(thread, state)?;
        let source = Source::of(&input);
        let items = self.items(thread, state, map, &source)?;
        let length = items.value().as_array().map_or(0, <[_]>::len);
        let cap = self.env.limits.map_concurrency;
        let concurrency = match &map.max_concurrency {
            None => 0,
            Some(bound) => self.seconds(thread, &source, bound, "MaxConcurrency")?,
        };
        drop(source);
        // One after the other, so that each iteration finds the mocked answers that are meant for it.
        let cap = self.execution.supplement.mocks.as_ref().map_or(cap, |_| 1);
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

    /// The items of a Map state: an array.
    pub(crate) fn items(
        &self,
        thread: ThreadId,
        state: &State,
        map: &Map,
        source: &Source<'_>,
    ) -> Result<Payload, Fault> {
        let input = source.root;
        let items = match (&map.items_path, state.query_language) {
            (_, QueryLanguage::Jsonata) => self.query_items(thread, source, map.items.as_ref())?,
            (None, QueryLanguage::JsonPath) => input.clone(),
            (Some(path), QueryLanguage::JsonPath) if path.is_root() => input.clone(),
            (Some(path), QueryLanguage::JsonPath) => self.select(thread, input.value(), path)?,
        };
        if items.value().as_array().is_some() {
            return Ok(items);
        }
        let cause = match &map.items_path {
            Some(path) => format!("Reference path \"{}\" must point to array.", path.text()),
            None => format!(
                "Map state input must be an array but was: {}",
                items.value().to_quoted_text()
            ),
        };
        Err(self.runtime_failure(thread, &cause))
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
            key: None,
            source: None,
        });
        let child = self.add_thread(child);
        let iteration = MapIteration {
            name: state.name.clone(),
            index: u64::from(index),
        };
        self.emit(child, EventKind::MapIterationStarted(iteration));
        match self.iteration_input(thread, child, map, item) {
            Ok(input) => self.work.push(Work::Enter(child, start, input)),
            Err(fault) => {
                self.record_evaluation_of(child, state.name.clone(), &fault);
                self.thread_failed(child, fault.failure);
            }
        }
    }

    /// What an iteration gets: its item, or what the ItemSelector makes of it.
    pub(crate) fn iteration_input(
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
        let source = Source::of(&root);
        let input = self
            .evaluate(thread, &source, selector, Field::Named("ItemSelector"))
            .and_then(|input| {
                self.check_size(&input, &self.state_of(thread).name)?;
                Ok(input)
            });
        self.thread_mut(thread).item = outer_item;
        input
    }
}
