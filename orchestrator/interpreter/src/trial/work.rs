//! What a state on trial does: it is entered like any other, but for a Parallel or Map whose mock takes the place of its children.

use asl::definition::{Map, Parallel, State, StateId, StateKind};
use asl::distributed::Distributed;
use expression::value::Value;

use crate::batching::batches;
use crate::failure::{Failure, names};
use crate::failures::{FailureKind, Fault};
use crate::flow::state_type;
use crate::history::EventKind;
use crate::input::Effect;
use crate::jsonata::Field;
use crate::map_run::STATE_DATA;
use crate::payload::Payload;
use crate::reading::Source;
use crate::step::{Stepper, Transition};
use crate::thread::{Item, ThreadId};
use crate::trial::{Inspection, Mock};

/// What is said of a Map's iterations.
pub(crate) struct Iterations {
    pub(crate) failed: Option<u64>,
    pub(crate) read: Option<Payload>,
}

/// Who looks over the handlers' shoulders.
#[derive(Debug)]
pub(crate) struct Observer {
    pub(crate) inspection: Inspection,
    /// The failure that Retry and Catch were asked about.
    pub(crate) failure: Option<Failure>,
    /// The context object that takes the place of the state's own.
    pub(crate) context: Option<Value>,
    /// How often the retriers have been used.
    pub(crate) retries: u32,
}

impl Stepper<'_> {
    /// Lets whoever looks on write something down.
    pub(crate) fn observe(&self, write: impl FnOnce(&mut Observer)) {
        if let Some(observer) = &self.trial {
            write(&mut observer.borrow_mut());
        }
    }

    /// The context object that takes the place of a state's own, on trial.
    pub(crate) fn context_on_trial(&self) -> Option<Value> {
        self.trial.as_ref()?.borrow().context.clone()
    }

    /// How often a state's retriers have been used before it was put on trial.
    pub(crate) fn retries_on_trial(&self) -> u32 {
        self.trial
            .as_ref()
            .map_or(0, |observer| observer.borrow().retries)
    }

    pub(crate) fn try_state(
        &mut self,
        thread: ThreadId,
        id: StateId,
        input: Payload,
        mock: Option<Mock>,
        iterations: &Iterations,
    ) {
        let machine = self.machine;
        let state = machine.state(id);
        let transition = match (&state.kind, mock) {
            (StateKind::Parallel(parallel), Some(mock)) => {
                self.arrive(thread, state, input);
                self.gather_branches(thread, state, parallel, mock)
            }
            (StateKind::Map(map), Some(mock)) => {
                self.arrive(thread, state, input);
                self.gather_items(thread, state, map, mock, iterations)
            }
            (_, mock) => {
                let transition = self.enter(thread, id, input);
                self.follow(thread, transition);
                if let Some(mock) = mock {
                    self.answer(mock);
                }
                return;
            }
        };
        self.follow(thread, transition.unwrap_or_else(Transition::Fail));
    }

    /// Ends the task that was scheduled by its mock.
    fn answer(&mut self, mock: Mock) {
        let scheduled = self.effects.iter().find_map(|effect| match effect {
            Effect::ScheduleTask(task) => Some(task.attempt),
            Effect::StartMapRun(_)
            | Effect::CancelTask { .. }
            | Effect::Continue
            | Effect::Complete => None,
        });
        let Some(attempt) = scheduled else { return };
        self.effects.clear();
        match mock {
            Mock::Result(output) => self.task_succeeded(attempt, output),
            Mock::Error(failure) => self.task_failed(attempt, failure),
        }
    }

    /// Enters a Parallel or Map without beginning its work.
    fn arrive(&mut self, thread: ThreadId, state: &State, input: Payload) {
        let kind = EventKind::StateEntered {
            state_type: state_type(&state.kind),
            name: state.name.clone(),
            input,
        };
        let entered = self.emit(thread, kind);
        let now = self.now;
        let record = self.thread_mut(thread);
        record.entered = entered;
        record.entered_at = now;
    }

    fn gather_branches(
        &mut self,
        thread: ThreadId,
        state: &State,
        parallel: &Parallel,
        mock: Mock,
    ) -> Result<Transition, Fault> {
        let input = self.effective_input(thread, state)?;
        if let Some(parameters) = &parallel.parameters {
            let source = Source::of(&input);
            self.evaluate(thread, &source, parameters, Field::Named("Arguments"))?;
        }
        match mock {
            Mock::Result(result) => Ok(self.fork_gave(thread, state, result)),
            Mock::Error(failure) => Err(child_fault(failure)),
        }
    }

    fn gather_items(
        &mut self,
        thread: ThreadId,
        state: &State,
        map: &Map,
        mock: Mock,
        iterations: &Iterations,
    ) -> Result<Transition, Fault> {
        let input = self.effective_input(thread, state)?;
        let source = Source::of(&input);
        let distributed = map.distributed.as_deref();
        let items = match distributed {
            None => Some(self.items(thread, state, map, &source)?),
            Some(Distributed { reader: None, .. }) => {
                Some(self.items_of(thread, state, map, &source)?)
            }
            Some(_) => None,
        };
        self.observe(|seen| seen.inspection.after_items_path.clone_from(&items));
        let items = items.or_else(|| iterations.read.clone());
        let concurrency = match &map.max_concurrency {
            None => 0,
            Some(bound) => self.seconds(thread, &source, bound, "MaxConcurrency")?,
        };
        self.observe(|seen| seen.inspection.max_concurrency = Some(concurrency));
        let request = distributed
            .map(|distributed| self.map_run_request(thread, &source, distributed))
            .transpose()?;
        let count = request.as_ref().and_then(|request| request.tolerated_count);
        let percentage = request
            .as_ref()
            .and_then(|request| request.tolerated_percentage);
        self.observe(|seen| {
            seen.inspection.tolerated_failure_count = count;
            seen.inspection.tolerated_failure_percentage = percentage;
        });
        drop(source);
        let items = items.as_ref().and_then(|items| items.value().as_array());
        if let Some(items) = items {
            let inputs = self.select_items(thread, map, &input, items)?;
            let batch = request.as_ref().and_then(|request| request.batch.as_ref());
            if let Some(batch) = batch {
                let limit = self.env.limits.payload_bytes;
                let inputs = batches(batch, limit, inputs).map_err(child_fault)?;
                let inputs = inputs.iter().map(|input| input.value().clone());
                let inputs = Payload::of(Value::array(inputs));
                self.observe(|seen| seen.inspection.after_item_batcher = Some(inputs));
            }
        }
        let result = match mock {
            Mock::Error(failure) => return Err(child_fault(failure)),
            Mock::Result(result) => result,
        };
        let total = result.value().as_array().or(items).map_or(0, <[_]>::len);
        if is_exceeded(
            iterations.failed.unwrap_or(0),
            total as u64,
            count,
            percentage,
        ) {
            let failure = Failure::new(
                names::EXCEED_TOLERATED_FAILURE_THRESHOLD,
                "The specified tolerated failure threshold was exceeded",
            );
            return Err(child_fault(failure));
        }
        Ok(self.fork_gave(thread, state, result))
    }

    /// Evaluates the ItemSelector for each item; answers what iterations get.
    fn select_items(
        &mut self,
        thread: ThreadId,
        map: &Map,
        input: &Payload,
        items: &[Value],
    ) -> Result<Vec<Payload>, Fault> {
        let Some(selector) = &map.item_selector else {
            return Ok(items.iter().cloned().map(Payload::of).collect());
        };
        let outer = self.thread(thread).item.clone();
        let mut inputs = Vec::with_capacity(items.len());
        for (index, item) in (0..).zip(items) {
            self.thread_mut(thread).item = Some(Item {
                index,
                value: Payload::of(item.clone()),
                key: None,
                source: map.distributed.as_ref().map(|_| STATE_DATA.into()),
            });
            let source = Source::of(input);
            let selected = self.evaluate(thread, &source, selector, Field::Named("ItemSelector"));
            self.thread_mut(thread).item = outer.clone();
            inputs.push(selected?);
        }
        let shown = inputs.iter().map(|input| input.value().clone());
        let shown = Payload::of(Value::array(shown));
        self.observe(|seen| seen.inspection.after_item_selector = Some(shown));
        Ok(inputs)
    }
}

/// A failure of a branch or iteration, as its state sees it.
fn child_fault(failure: Failure) -> Fault {
    Fault {
        failure,
        kind: FailureKind::Child,
    }
}

/// Whether more iterations failed than a Map bears. One that says nothing of it bears all: AWS was seen to let a trial pass.
fn is_exceeded(failed: u64, total: u64, count: Option<u64>, percentage: Option<f64>) -> bool {
    let too_many = count.is_some_and(|count| failed > count);
    let too_much = percentage.is_some_and(|percentage| {
        let share = |number: u64| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
        total > 0 && share(failed) * 100.0 > percentage * share(total)
    });
    too_many || too_much
}
