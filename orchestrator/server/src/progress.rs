//! What an execution does, state by state, on standard error.

use std::collections::HashMap;
use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use interpreter::failure::Failure;
use interpreter::history::{EventKind, HistoryEvent, StateType};

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
            Screen::Terminal { bars, open } => {
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
            .map_or("the execution", |state| &state.name);
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
            EventKind::MapStarted { length } => line('…', format!("{name} has {length} items")),
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
            | EventKind::MapRunStarted { .. }
            | EventKind::MapRunSucceeded
            | EventKind::MapRunFailed(_)
            | EventKind::MapRunAborted
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
