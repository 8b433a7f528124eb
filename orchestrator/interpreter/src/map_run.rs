//! Distributed Map: what a Map Run is asked for, what its children begin with, and where its end leads.
//!
//! The state waits for its run as a Task waits for its end; the iterations are executions of their own, which whoever carries the run out starts
//! with [`crate::input::Input::StartChild`].

mod request;

use std::sync::Arc;

use asl::definition::{Map, QueryLanguage, State, StateId, StateKind, StateMachine};
use asl::distributed::Distributed;
use asl::query::PayloadTemplate;
use expression::value::Value;
use serde::{Deserialize, Serialize};

use crate::execution::Execution;
use crate::failure::Failure;
use crate::failures::{FailureKind, Fault};
use crate::flow::data_limit_exceeded;
use crate::history::EventKind;
use crate::input::{AttemptId, Effect, Input};
use crate::jsonata::Field;
use crate::mocks::Mocks;
use crate::payload::Payload;
use crate::reading::Source;
use crate::step::{Env, Stepper, Transition};
use crate::thread::{Item, Phase, ThreadId, Work};

/// What a distributed Map asks of its run; everything that can be evaluated before there is an item is evaluated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MapRunRequest {
    /// The run's ARN.
    pub arn: Arc<str>,
    /// The array or object whose elements or members are the items; without it they are read.
    pub items: Option<Payload>,
    /// `ItemReader.Parameters` or `Arguments`
    pub reader: Option<Payload>,
    /// `MaxItems`
    pub max_items: Option<u64>,
    /// `MaxConcurrency`; 0 means no bound of its own.
    pub max_concurrency: u64,
    /// `ToleratedFailureCount`
    pub tolerated_count: Option<u64>,
    /// `ToleratedFailurePercentage`
    pub tolerated_percentage: Option<f64>,
    /// What makes several items the input of one child.
    pub batch: Option<Batch>,
    /// `ResultWriter.Parameters` or `Arguments`
    pub writer: Option<Payload>,
}

/// What makes several items the input of one child.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    /// `MaxItemsPerBatch`
    pub max_items: Option<u64>,
    /// `MaxInputBytesPerBatch`
    pub max_bytes: Option<u64>,
    /// `BatchInput`
    pub input: Option<Payload>,
}

/// A Map Run to carry out.
#[derive(Clone, Debug, PartialEq)]
pub struct ScheduledMapRun {
    /// Which attempt of the execution.
    pub attempt: AttemptId,
    /// The Map state.
    pub state: StateId,
    /// What is asked for.
    pub request: MapRunRequest,
    /// How often it was redriven: more than were carried out before, or the same again after a crash.
    pub redrives: u32,
    /// The execution with nothing but the thread that waits, so that an ItemSelector can be evaluated as in it.
    scope: Execution,
}

/// An item of a distributed Map, as its source gives it.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceItem {
    /// Its place, from 0.
    pub index: u64,
    /// Its value.
    pub value: Payload,
    /// The name of the member that it is the value of.
    pub key: Option<Arc<str>>,
    /// Where it comes from.
    pub source: Arc<str>,
}

/// How a Map Run ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum MapRunOutcome {
    /// Well: the results, or where they were written.
    Succeeded(Payload),
    /// Well, but its results are longer than a state's output may be.
    TooLong,
    /// Not well; a redrive goes on with its children.
    Failed(Failure),
    /// Not well, and there is nothing to go on with: a redrive begins another run.
    FailedForGood(Failure),
}

/// A Map Run that a thread waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct PendingMapRun {
    pub(crate) attempt: AttemptId,
    /// The effective input of the state: what an ItemSelector reads.
    pub(crate) input: Payload,
    pub(crate) request: MapRunRequest,
}

impl ScheduledMapRun {
    /// What stands in for the tasks of its children.
    #[must_use]
    pub fn mocks(&self) -> Option<&Mocks> {
        self.scope.supplement.mocks.as_deref()
    }

    /// What tells the execution how the run ended.
    #[must_use]
    pub fn ended(&self, outcome: MapRunOutcome) -> Input {
        let (attempt, redrives) = (self.attempt, self.redrives);
        match redrives {
            0 => Input::MapRunEnded { attempt, outcome },
            _ => Input::RedrivenMapRunEnded {
                attempt,
                redrives,
                outcome,
            },
        }
    }

    /// What the items give to children, each for itself: the item, or what the ItemSelector makes of it.
    pub fn select(
        &mut self,
        machine: &StateMachine,
        env: &Env,
        items: impl IntoIterator<Item = SourceItem>,
    ) -> Vec<Result<Payload, Failure>> {
        let StateKind::Map(map) = &machine.state(self.state).kind else {
            return Vec::new();
        };
        let Some(selector) = &map.item_selector else {
            return items.into_iter().map(|item| Ok(item.value)).collect();
        };
        let mut stepper = Stepper::new(machine, &mut self.scope, env);
        items
            .into_iter()
            .map(|item| {
                stepper
                    .select_item(selector, item)
                    .map_err(|fault| fault.failure)
            })
            .collect()
    }
}

impl Execution {
    /// The Map Runs that it waits for.
    pub fn pending_map_runs(&self) -> impl Iterator<Item = ScheduledMapRun> + '_ {
        let threads = self.attempts.values();
        threads.filter_map(|&thread| self.scheduled_map_run(thread))
    }

    /// Whether it waits for a Map Run.
    #[must_use]
    pub fn awaits_map_run(&self) -> bool {
        self.pending_map_run_attempts().next().is_some()
    }

    /// The attempts of the Map Runs that it waits for.
    pub fn pending_map_run_attempts(&self) -> impl Iterator<Item = AttemptId> + '_ {
        let threads = (0..).map(ThreadId).zip(&self.threads);
        threads.filter_map(|(id, thread)| {
            let (run, _) = thread.as_ref()?.phase.map_run()?;
            (!self.is_to_redrive(id)).then_some(run.attempt)
        })
    }

    /// Whether a step stopped at its budget before it redrove the thread's Map Run.
    fn is_to_redrive(&self, thread: ThreadId) -> bool {
        self.unfinished.contains(&Work::Again(thread))
    }

    fn scheduled_map_run(&self, thread: ThreadId) -> Option<ScheduledMapRun> {
        let waiting = self.threads.get(thread.0 as usize)?.as_ref()?;
        let (run, redrives) = waiting.phase.map_run()?;
        if self.is_to_redrive(thread) {
            return None;
        }
        let mut scope = Execution::new(self.identity.clone());
        scope.last_event = self.last_event;
        scope.last_timestamp = self.last_timestamp;
        scope.supplement = self.supplement.clone();
        let mut alone = waiting.clone();
        alone.parent = None;
        scope.threads.push(Some(alone));
        Some(ScheduledMapRun {
            attempt: run.attempt,
            state: waiting.state,
            request: run.request.clone(),
            redrives,
            scope,
        })
    }
}

/// How often a Map Run can be redriven. AWS: "Quotas", Distributed Map.
const MOST_REDRIVES: u32 = 1000;

/// The only thread of a [`ScheduledMapRun`]'s scope.
const ALONE: ThreadId = ThreadId(0);

/// `$$.Map.Item.Source` of items that stand in the state's input.
pub const STATE_DATA: &str = "STATE_DATA";

impl Stepper<'_> {
    /// Begins the Map Run of a distributed Map.
    pub(crate) fn begin_map_run(
        &mut self,
        thread: ThreadId,
        state: &State,
        map: &Map,
        distributed: &Distributed,
    ) -> Result<Transition, Fault> {
        let input = self.effective_input(thread, state)?;
        let source = Source::of(&input);
        let items = match &distributed.reader {
            Some(_) => None,
            None => Some(self.items_of(thread, state, map, &source)?),
        };
        let max_concurrency = match &map.max_concurrency {
            None => 0,
            Some(bound) => self.seconds(thread, &source, bound, "MaxConcurrency")?,
        };
        let length = items.as_ref().map_or(0, |items| item_count(items.value()));
        self.emit(thread, EventKind::MapStarted { length });
        let request = self.map_run_request(thread, &source, distributed)?;
        drop(source);
        let attempt = AttemptId(self.execution.last_event + 1);
        let arn = self.map_run_arn(state, distributed, attempt);
        self.emit(thread, EventKind::MapRunStarted { arn: arn.clone() });
        if self.ended.is_some() {
            return Ok(Transition::Await);
        }
        let request = MapRunRequest {
            arn,
            items,
            max_concurrency,
            ..request
        };
        self.thread_mut(thread).phase = Phase::MapRun(Box::new(PendingMapRun {
            attempt,
            input,
            request,
        }));
        self.await_map_run(thread, attempt);
        Ok(Transition::Await)
    }

    fn await_map_run(&mut self, thread: ThreadId, attempt: AttemptId) {
        self.execution.attempts.insert(attempt, thread);
        let scheduled = self.execution.scheduled_map_run(thread);
        let scheduled = scheduled.expect("its caller has let the thread wait for the run");
        self.effects.push(Effect::StartMapRun(Box::new(scheduled)));
    }

    /// Lets a Map Run go on that did not succeed before the execution was redriven.
    pub(crate) fn redrive_map_run(
        &mut self,
        thread: ThreadId,
        run: PendingMapRun,
        redrives: u32,
    ) -> Transition {
        if redrives >= MOST_REDRIVES {
            let cause = format!("The Map Run has been redriven {MOST_REDRIVES} times.");
            return Transition::Fail(self.runtime_failure(thread, &cause));
        }
        let (attempt, arn, count) = (run.attempt, run.request.arn.clone(), redrives + 1);
        self.emit(thread, EventKind::MapRunRedriven { arn, count });
        if self.ended.is_none() {
            self.thread_mut(thread).phase = Phase::RedrivenMapRun {
                run: Box::new(run),
                redrives: count,
            };
            self.await_map_run(thread, attempt);
        }
        Transition::Await
    }

    /// The items that stand in the state's input.
    pub(crate) fn items_of(
        &self,
        thread: ThreadId,
        state: &State,
        map: &Map,
        source: &Source<'_>,
    ) -> Result<Payload, Fault> {
        let items = match (&map.items_path, state.query_language) {
            (_, QueryLanguage::Jsonata) => {
                return self.query_items(thread, source, map.items.as_ref());
            }
            (None, QueryLanguage::JsonPath) => source.root.clone(),
            (Some(path), QueryLanguage::JsonPath) if path.is_root() => source.root.clone(),
            (Some(path), QueryLanguage::JsonPath) => {
                self.select(thread, source.root.value(), path)?
            }
        };
        if matches!(items.value(), Value::Array(_) | Value::Object(_)) {
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

    /// `arn:aws:states:…:mapRun:machine/label:uuid`
    fn map_run_arn(
        &self,
        state: &State,
        distributed: &Distributed,
        attempt: AttemptId,
    ) -> Arc<str> {
        let identity = &self.execution.identity;
        let prefix: Vec<&str> = identity.arn.splitn(6, ':').take(5).collect();
        let machine = &identity.state_machine_name;
        let label = match &distributed.label {
            Some(label) => label.to_string(),
            // AWS makes one of its own, which stays with the state.
            None => uuid_text(fingerprint(machine, &state.name)),
        };
        let unique = uuid_text(self.random.secret(attempt.0));
        format!("{}:mapRun:{machine}/{label}:{unique}", prefix.join(":")).into()
    }

    /// A Map Run ended.
    pub(crate) fn map_run_ended(
        &mut self,
        attempt: AttemptId,
        redrives: u32,
        outcome: MapRunOutcome,
    ) {
        let Some(&thread) = self.execution.attempts.get(&attempt) else {
            return;
        };
        let awaited = self.thread(thread).phase.map_run();
        if awaited.is_none_or(|(_, awaited)| awaited != redrives) {
            return;
        }
        self.execution.attempts.remove(&attempt);
        if !matches!(outcome, MapRunOutcome::Failed(_)) {
            self.thread_mut(thread).phase = Phase::Ready;
        }
        let state = self.machine.state(self.thread(thread).state);
        let StateKind::Map(map) = &state.kind else {
            return;
        };
        let result = match outcome {
            MapRunOutcome::Succeeded(result) => result,
            MapRunOutcome::TooLong => {
                self.emit(thread, EventKind::MapRunSucceeded);
                self.state_failed(thread, data_limit_exceeded(&state.name).into());
                return;
            }
            MapRunOutcome::Failed(failure) | MapRunOutcome::FailedForGood(failure) => {
                self.emit(thread, EventKind::MapRunFailed(failure.clone()));
                // Whatever it is called: it is no fault of the state's own, which nothing could catch.
                let kind = FailureKind::Child;
                self.state_failed(thread, Fault { failure, kind });
                self.forget_map_run(thread);
                return;
            }
        };
        self.emit(thread, EventKind::MapRunSucceeded);
        let previous = self.thread(thread).previous;
        self.emit_after(previous, EventKind::MapSucceeded);
        let transition = self
            .apply_selector(thread, map.result_selector.as_ref(), &result)
            .and_then(|selected| self.leave(thread, state, result, selected, &map.result_path))
            .unwrap_or_else(Transition::Fail);
        self.follow(thread, transition);
    }

    /// The run of a thread that goes on is of no use any more: only an execution that ended keeps it, for a redrive.
    fn forget_map_run(&mut self, thread: ThreadId) {
        let thread = &mut self.execution.threads[thread.0 as usize];
        if self.ended.is_none()
            && let Some(thread) = thread
            && thread.phase.map_run().is_some()
        {
            thread.phase = Phase::Ready;
        }
    }

    /// What the ItemSelector makes of an item.
    fn select_item(
        &mut self,
        selector: &PayloadTemplate,
        item: SourceItem,
    ) -> Result<Payload, Fault> {
        let record = self.thread_mut(ALONE);
        let Some((run, _)) = record.phase.map_run() else {
            return Ok(item.value);
        };
        let root = run.input.clone();
        record.item = Some(Item {
            index: item.index,
            value: item.value,
            key: item.key,
            source: Some(item.source),
        });
        let source = Source::of(&root);
        let field = Field::Named("ItemSelector");
        let input = self.evaluate(ALONE, &source, selector, field)?;
        self.check_size(&input, &self.state_of(ALONE).name)?;
        Ok(input)
    }
}

/// How many items a value has.
#[must_use]
pub fn item_count(items: &Value) -> u64 {
    match items {
        Value::Array(items) => items.len() as u64,
        Value::Object(members) => members.len() as u64,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// A label for a state that has none: the same for every run of the state.
fn fingerprint(machine: &str, state: &str) -> u128 {
    // FNV-1a of 128 bits; nothing depends on its strength.
    const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let bytes = machine.bytes().chain([0]).chain(state.bytes());
    bytes.fold(OFFSET, |hash, byte| {
        (hash ^ u128::from(byte)).wrapping_mul(PRIME)
    })
}

/// The number as a UUID of version 4.
#[must_use]
pub fn uuid_text(number: u128) -> String {
    const VERSION: u128 = 0xf << 76;
    const VARIANT: u128 = 0x3 << 62;
    let number = (number & !VERSION & !VARIANT) | (0x4 << 76) | (0x2 << 62);
    let text = format!("{number:032x}");
    format!(
        "{}-{}-{}-{}-{}",
        &text[..8],
        &text[8..12],
        &text[12..16],
        &text[16..20],
        &text[20..]
    )
}

#[cfg(test)]
mod tests {
    use super::{fingerprint, uuid_text};

    #[test]
    fn a_number_is_shown_as_a_uuid() {
        assert_eq!(uuid_text(0), "00000000-0000-4000-8000-000000000000");
        assert_eq!(uuid_text(u128::MAX), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    }

    #[test]
    fn a_state_has_a_label_of_its_own() {
        assert_eq!(fingerprint("m", "s"), fingerprint("m", "s"));
        assert_ne!(fingerprint("m", "s"), fingerprint("ms", ""));
    }
}
