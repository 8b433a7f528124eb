//! What an execution does, state by state, on standard error.

use std::collections::HashMap;
use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use interpreter::failure::Failure;
use interpreter::history::{EventKind, HistoryEvent, StateType};
use runtime::map_runs::views::{Counts, MapRunView};

use crate::output;

/// How many states that are in progress a terminal shows at once.
const SHOWN_STATES: usize = 12;

/// Follows an execution's events and shows them: as lines, and on a terminal with what is in progress below them.
pub(crate) struct Progress {
    narration: Narration,
    screen: Screen,
}

enum Screen {
    Silent,
    Lines,
    Terminal {
        bars: MultiProgress,
        open: HashMap<u64, ProgressBar>,
        map_runs: HashMap<Arc<str>, ProgressBar>,
    },
}

impl Progress {
    /// Begins to show an execution.
    pub(crate) fn new(machine: &str, name: &str, is_quiet: bool) -> Self {
        let screen = match (is_quiet, std::io::stderr().is_terminal()) {
            (true, _) => Screen::Silent,
            (false, false) => Screen::Lines,
            (false, true) => Screen::Terminal {
                bars: MultiProgress::new(),
                open: HashMap::new(),
                map_runs: HashMap::new(),
            },
        };
        if !is_quiet {
            output::note(&format!("executing {machine}:{name}"));
        }
        Self {
            narration: Narration::default(),
            screen,
        }
    }

    /// Shows an event.
    pub(crate) fn show(&mut self, event: &HistoryEvent) {
        let told = self.narration.tell(event);
        match &mut self.screen {
            Screen::Silent => {}
            Screen::Lines => {
                if let Some(line) = told.line {
                    output::note(&line);
                }
            }
            Screen::Terminal {
                bars,
                open,
                map_runs,
            } => {
                map_runs.retain(|arn, bar| {
                    let goes_on = self.narration.map_runs.contains_key(arn);
                    if !goes_on {
                        bar.finish_and_clear();
                    }
                    goes_on
                });
                if let Some(bar) = told.closed.and_then(|id| open.remove(&id)) {
                    bar.finish_and_clear();
                }
                if let Some((id, text)) = told.opened
                    && open.len() < SHOWN_STATES
                {
                    let style =
                        ProgressStyle::with_template("{spinner:.cyan} {msg} {elapsed:.dim}");
                    let bar = bars.add(ProgressBar::new_spinner());
                    bar.set_style(style.expect("the template is well-formed"));
                    bar.set_message(text);
                    bar.enable_steady_tick(Duration::from_millis(120));
                    open.insert(id, bar);
                } else if let Some(line) = told.line {
                    bars.suspend(|| output::note(&line));
                }
            }
        }
    }

    /// The ARNs of the Map Runs whose progress is worth asking for.
    pub(crate) fn map_runs(&self) -> Vec<Arc<str>> {
        match self.screen {
            Screen::Silent => Vec::new(),
            Screen::Lines | Screen::Terminal { .. } => {
                self.narration.map_runs.keys().cloned().collect()
            }
        }
    }

    /// Shows how far a Map Run is.
    pub(crate) fn show_map_run(&mut self, view: &MapRunView) {
        let Some(run) = self.narration.map_runs.get_mut(&view.arn) else {
            return;
        };
        let text = format!("{}: {}", run.state, told(&view.items));
        match &mut self.screen {
            Screen::Silent => {}
            Screen::Lines => {
                if run.shown != text {
                    output::note(&format!("{:>9}  … {text}", ""));
                    run.shown = text;
                }
            }
            Screen::Terminal { bars, map_runs, .. } => {
                let bar = map_runs.entry(view.arn.clone()).or_insert_with(|| {
                    let style = ProgressStyle::with_template("  {bar:30.cyan/dim} {msg}");
                    let bar = bars.add(ProgressBar::new(0));
                    bar.set_style(style.expect("the template is well-formed"));
                    bar
                });
                bar.set_length(view.items.total);
                bar.set_position(ended(&view.items));
                bar.set_message(text);
            }
        }
    }

    /// Clears what was shown as in progress.
    pub(crate) fn end(&mut self) {
        if let Screen::Terminal { bars, .. } = &self.screen {
            let _ = bars.clear();
        }
    }
}

/// Turns events into lines. It remembers which state each event belongs to, because an event only says what led to it.
#[derive(Default)]
struct Narration {
    began: Option<i64>,
    states: HashMap<u64, State>,
    state_of_event: HashMap<u64, u64>,
    /// The newest failure: a state whose exit follows it was caught.
    failure: Option<u64>,
    /// The Map Runs that have not ended, by their ARN.
    map_runs: HashMap<Arc<str>, MapRun>,
}

struct MapRun {
    state: Arc<str>,
    /// The event with which its state was entered.
    entered: Option<u64>,
    /// What was said of it last.
    shown: String,
}

struct State {
    name: Arc<str>,
    entered_at: i64,
}

/// What is to be shown of an event.
#[derive(Default)]
struct Told {
    line: Option<String>,
    /// A state that takes its time was entered: the event's id and a text.
    opened: Option<(u64, String)>,
    /// The state that was entered with this event is over.
    closed: Option<u64>,
}

impl Narration {
    fn tell(&mut self, event: &HistoryEvent) -> Told {
        let began = *self.began.get_or_insert(event.timestamp);
        let at = seconds(event.timestamp - began);
        let state = self.state_of_event.get(&event.previous).copied();
        if let Some(state) = state {
            self.state_of_event.insert(event.id, state);
        }
        let name = state
            .and_then(|id| self.states.get(&id))
            .map_or_else(|| Arc::from("the execution"), |state| state.name.clone());
        let line = |mark: char, text: String| Told {
            line: Some(format!("{at:>9}  {mark} {text}")),
            ..Told::default()
        };
        let failed =
            |what: &str, failure: &Failure| line('!', format!("{name} {what}{}", reason(failure)));
        if is_failure(&event.kind) {
            self.failure = Some(event.id);
        }
        match &event.kind {
            EventKind::StateEntered {
                state_type, name, ..
            } => self.enter(event, *state_type, name, &at),
            EventKind::StateExited { name, .. } => self.exit(event, name, &at),
            EventKind::ExecutionSucceeded { .. } => line('✓', "the execution succeeded".to_owned()),
            EventKind::ExecutionFailed(failure) => {
                line('✗', format!("the execution failed{}", reason(failure)))
            }
            EventKind::ExecutionAborted(failure) => {
                line('✗', format!("the execution was stopped{}", reason(failure)))
            }
            EventKind::ExecutionTimedOut(failure) => {
                line('✗', format!("the execution timed out{}", reason(failure)))
            }
            EventKind::TaskFailed { failure, .. }
            | EventKind::TaskStartFailed { failure, .. }
            | EventKind::TaskSubmitFailed { failure, .. }
            | EventKind::LambdaFunctionFailed(failure)
            | EventKind::LambdaFunctionScheduleFailed(failure)
            | EventKind::LambdaFunctionStartFailed(failure)
            | EventKind::ActivityFailed(failure)
            | EventKind::ActivityScheduleFailed(failure) => failed("failed", failure),
            EventKind::TaskTimedOut { failure, .. }
            | EventKind::LambdaFunctionTimedOut(failure)
            | EventKind::ActivityTimedOut(failure) => failed("timed out", failure),
            EventKind::EvaluationFailed { state, failure, .. } => line(
                '!',
                format!(
                    "{state} has an expression without a value{}",
                    reason(failure)
                ),
            ),
            EventKind::TaskSubmitted { resource, .. }
                if resource.resource.ends_with(".waitForTaskToken") =>
            {
                line('…', format!("{name} waits for its task token"))
            }
            EventKind::ActivityScheduled { resource, .. } => {
                line('…', format!("{name} waits for a worker of {resource}"))
            }
            // A distributed Map has none yet when it starts.
            EventKind::MapStarted { length: 0 } => Told::default(),
            EventKind::MapStarted { length } => line('…', format!("{name} has {length} items")),
            EventKind::MapRunStarted { arn } | EventKind::MapRunRedriven { arn, .. } => {
                let run = MapRun {
                    state: name.clone(),
                    entered: state,
                    shown: String::new(),
                };
                self.map_runs.insert(arn.clone(), run);
                Told::default()
            }
            EventKind::MapRunSucceeded | EventKind::MapRunFailed(_) | EventKind::MapRunAborted => {
                self.map_runs.retain(|_, run| run.entered != state);
                Told::default()
            }
            EventKind::StateAborted { .. } => Told {
                closed: state,
                ..Told::default()
            },
            EventKind::ExecutionStarted { .. }
            | EventKind::ExecutionRedriven { .. }
            | EventKind::ParallelStarted
            | EventKind::ParallelSucceeded
            | EventKind::ParallelFailed
            | EventKind::MapSucceeded
            | EventKind::MapFailed
            | EventKind::MapIterationStarted(_)
            | EventKind::MapIterationSucceeded(_)
            | EventKind::MapIterationFailed(_)
            | EventKind::MapIterationAborted(_)
            | EventKind::TaskScheduled { .. }
            | EventKind::TaskStarted { .. }
            | EventKind::TaskSubmitted { .. }
            | EventKind::TaskSucceeded { .. }
            | EventKind::ActivityStarted { .. }
            | EventKind::ActivitySucceeded { .. }
            | EventKind::LambdaFunctionScheduled { .. }
            | EventKind::LambdaFunctionStarted
            | EventKind::LambdaFunctionSucceeded { .. } => Told::default(),
        }
    }

    fn enter(
        &mut self,
        event: &HistoryEvent,
        state_type: StateType,
        name: &Arc<str>,
        at: &str,
    ) -> Told {
        self.state_of_event.insert(event.id, event.id);
        let state = State {
            name: name.clone(),
            entered_at: event.timestamp,
        };
        self.states.insert(event.id, state);
        let takes_time = match state_type {
            StateType::Task | StateType::Wait | StateType::Parallel | StateType::Map => true,
            StateType::Pass | StateType::Choice | StateType::Succeed | StateType::Fail => false,
        };
        if !takes_time {
            return Told::default();
        }
        Told {
            line: Some(format!("{at:>9}  → {name} ({state_type:?})")),
            opened: Some((event.id, format!("{name} ({state_type:?})"))),
            closed: None,
        }
    }

    fn exit(&mut self, event: &HistoryEvent, name: &Arc<str>, at: &str) -> Told {
        let entered = self.entered(event.previous, name);
        let state = entered.and_then(|id| self.states.remove(&id));
        let took = state.map_or_else(String::new, |state| {
            match event.timestamp - state.entered_at {
                0 => String::new(),
                milliseconds => format!(" in {}", seconds(milliseconds)),
            }
        });
        let (mark, how) = match self.failure == Some(event.previous) {
            true => ('↷', " was caught"),
            false => ('✓', ""),
        };
        Told {
            line: Some(format!("{at:>9}  {mark} {name}{how}{took}")),
            opened: None,
            closed: entered,
        }
    }

    /// The event with which a state was entered that is now left. After a Parallel or Map, the events before belong to states
    /// inside it.
    fn entered(&self, previous: u64, name: &Arc<str>) -> Option<u64> {
        let is_it = |id: &u64| self.states.get(id).is_some_and(|state| state.name == *name);
        self.state_of_event
            .get(&previous)
            .copied()
            .filter(is_it)
            .or_else(|| self.states.keys().copied().filter(is_it).min())
    }
}

/// How many items are done with, well or not.
fn ended(items: &Counts) -> u64 {
    items.succeeded + items.failed + items.timed_out + items.aborted
}

/// How far the items of a Map Run are. The total is that of the items that were read so far.
fn told(items: &Counts) -> String {
    let mut text = format!("{} of {} items", ended(items), items.total);
    let failed = items.failed + items.timed_out + items.aborted;
    if failed > 0 {
        text.push_str(&format!(", {failed} failed"));
    }
    text
}

/// Whether a Retry or Catch may follow.
fn is_failure(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::TaskFailed { .. }
            | EventKind::TaskTimedOut { .. }
            | EventKind::LambdaFunctionFailed(_)
            | EventKind::LambdaFunctionTimedOut(_)
            | EventKind::ActivityFailed(_)
            | EventKind::ActivityTimedOut(_)
            | EventKind::ActivityScheduleFailed(_)
            | EventKind::ParallelFailed
            | EventKind::MapFailed
            | EventKind::MapRunFailed(_)
    )
}

fn seconds(milliseconds: i64) -> String {
    format!("{}.{:03}s", milliseconds / 1000, milliseconds % 1000)
}

fn reason(failure: &Failure) -> String {
    match (&failure.error, &failure.cause) {
        (None, None) => String::new(),
        (Some(text), None) | (None, Some(text)) => format!(": {text}"),
        (Some(error), Some(cause)) => format!(": {error}: {cause}"),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use interpreter::payload::Payload;

    use super::*;

    /// What is told of events that follow one another.
    fn check(events: Vec<EventKind>, expected: Expect) {
        let mut narration = Narration::default();
        let lines = events.into_iter().zip(0..).filter_map(|(kind, number)| {
            let event = HistoryEvent {
                id: number + 1,
                previous: number,
                timestamp: 1000 + 10 * i64::try_from(number).unwrap_or_default(),
                kind,
            };
            let mut line = narration.tell(&event).line.unwrap_or_default();
            let mut runs: Vec<_> = narration.map_runs.iter().collect();
            runs.sort_by_key(|(arn, _)| (*arn).clone());
            for (arn, run) in runs {
                line.push_str(&format!(" [{arn} of {}]", run.state));
            }
            (!line.is_empty()).then(|| line.trim().to_owned())
        });
        expected.assert_eq(&lines.collect::<Vec<_>>().join("\n"));
    }

    fn entered(name: &str) -> EventKind {
        EventKind::StateEntered {
            state_type: StateType::Map,
            name: name.into(),
            input: Payload::of(expression::value::Value::Null),
        }
    }

    #[test]
    fn a_map_run_is_followed_while_it_goes_on() {
        check(
            vec![
                entered("Orders"),
                EventKind::MapStarted { length: 0 },
                EventKind::MapRunStarted { arn: "run".into() },
                EventKind::MapRunFailed(Failure::new("Some", "reason")),
            ],
            expect![[r#"
                0.000s  → Orders (Map)
                [run of Orders]"#]],
        );
        check(
            vec![entered("Orders"), EventKind::MapStarted { length: 3 }],
            expect![[r#"
                0.000s  → Orders (Map)
                0.010s  … Orders has 3 items"#]],
        );
    }

    #[test]
    fn items_are_counted() {
        let check = |items: Counts, expected: &str| assert_eq!(told(&items), expected);
        let counts = Counts {
            pending: 1,
            running: 2,
            succeeded: 3,
            total: 6,
            ..Counts::default()
        };
        check(counts, "3 of 6 items");
        let counts = Counts {
            failed: 1,
            timed_out: 1,
            aborted: 1,
            total: 9,
            ..counts
        };
        check(counts, "6 of 9 items, 3 failed");
    }
}
