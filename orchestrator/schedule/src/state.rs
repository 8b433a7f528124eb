//! What a schedule remembers, through every crash.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::definition::Overlap;

/// What a schedule remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct State {
    /// The last time of the timetable that was seen to: milliseconds since 1970, as all instants here.
    pub seen: i64,
    /// Why it does not fire, when it doesn't.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused: Option<Pause>,
    /// Runs that are due and wait for their moment in the window.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub planned: Vec<Planned>,
    /// Runs that wait for others to end, the next first.
    #[serde(skip_serializing_if = "VecDeque::is_empty")]
    pub buffer: VecDeque<Due>,
    /// Runs that began and are not over, the oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<Run>,
    /// The last runs that are over, the newest last.
    #[serde(skip_serializing_if = "VecDeque::is_empty")]
    pub recent: VecDeque<Run>,
    /// Times in the past that somebody wants run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub backfills: Vec<Backfill>,
    /// The last times that were missed for good, the newest last.
    #[serde(skip_serializing_if = "VecDeque::is_empty")]
    pub missed: VecDeque<Missed>,
    /// How often what happened.
    pub counts: Counts,
    /// How many triggers and backfills there were, which tells their runs apart.
    pub ordinal: u64,
}

/// Why a schedule does not fire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Since when.
    pub at: i64,
    /// Why, for people.
    pub why: String,
}

/// A run that is due and waits for its moment in the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Planned {
    /// The time it is for.
    pub scheduled_at: i64,
    /// When it is to begin.
    pub begins_at: i64,
}

/// A run that is to begin as soon as its policy allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Due {
    /// The time it is for.
    pub scheduled_at: i64,
    /// Who wants it.
    pub cause: Cause,
    /// What is done when it meets another.
    pub overlap: Overlap,
}

/// Who wants a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Cause {
    /// The timetable.
    Timetable,
    /// Somebody, now.
    Hand {
        /// Which trigger of this schedule.
        ordinal: u64,
    },
    /// Somebody, for a time in the past.
    Backfill {
        /// Which backfill of this schedule.
        ordinal: u64,
    },
}

/// Times in the past that somebody wants run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Backfill {
    /// Which of this schedule.
    pub ordinal: u64,
    /// The last time that was seen to.
    pub seen: i64,
    /// The last time that is wanted.
    pub until: i64,
    /// What is done when its runs meet others.
    pub overlap: Overlap,
}

/// Times that were missed for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Missed {
    /// The first of them.
    pub first: i64,
    /// How many there were.
    pub count: u64,
    /// When that was found out.
    pub noted_at: i64,
}

/// How often what happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Runs that began.
    pub begun: u64,
    /// Runs that failed, or whose target could not be called.
    pub failed: u64,
    /// Times that were left out because another run was not over.
    pub skipped: u64,
    /// Times that were missed for longer than the catch-up window.
    pub missed: u64,
}

/// A run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// Its name, unique among all runs of all schedules.
    pub name: String,
    /// The time it is for.
    pub scheduled_at: i64,
    /// Who wanted it.
    pub cause: Cause,
    /// What is done when others meet it.
    pub overlap: Overlap,
    /// When it began.
    pub began_at: i64,
    /// When it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<i64>,
    /// How often its target was called.
    pub attempts: u32,
    /// How far it is.
    pub phase: Phase,
    /// What the target calls it: an execution's ARN, a job's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    /// What went wrong last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// Its target is being called.
    Calling,
    /// The call failed and comes again.
    Retrying {
        /// When.
        at: i64,
    },
    /// It runs.
    Running,
    /// It was asked to end.
    Stopping(Stop),
    /// Over: its target was called; how that went on is the target's business.
    Started,
    /// Over: it ended well.
    Succeeded,
    /// Over: it failed, or its target could not be called.
    Failed,
    /// Over: it was stopped.
    Stopped,
}

/// How a run is asked to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Stop {
    /// As soon as it can.
    Cancel,
    /// At once.
    Terminate,
}

/// How many runs that are over are remembered.
pub const RECENT: usize = 10;

/// How many runs may wait for others.
pub const BUFFER: usize = 1000;

impl State {
    /// Of a schedule that begins now.
    #[must_use]
    pub fn new(now: i64) -> Self {
        Self {
            // A time that is this very instant is to come.
            seen: now - 1,
            ..Self::default()
        }
    }

    /// The open run of that name.
    #[must_use]
    pub fn run(&self, name: &str) -> Option<&Run> {
        self.open.iter().find(|run| run.name == name)
    }

    /// Whether a run of that name began before, as far as is remembered.
    pub(crate) fn knows(&self, name: &str) -> bool {
        self.run(name).is_some() || self.recent.iter().any(|run| run.name == name)
    }
}

impl Run {
    /// Whether it is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        match self.phase {
            Phase::Calling | Phase::Retrying { .. } | Phase::Running | Phase::Stopping(_) => false,
            Phase::Started | Phase::Succeeded | Phase::Failed | Phase::Stopped => true,
        }
    }
}
