//! What callers see.

use schedule::definition::{Definition, Policies};
use schedule::names::ScheduleName;
use schedule::state::State;

/// A schedule.
#[derive(Clone, Debug)]
pub struct ScheduleView {
    /// Its name.
    pub name: ScheduleName,
    /// Its ARN.
    pub arn: String,
    /// What it is; its `state` says whether it fires now.
    pub definition: Definition,
    /// How it behaves beyond what AWS knows.
    pub policies: Policies,
    /// When it was created: milliseconds since 1970.
    pub created_at: i64,
    /// When it was last changed.
    pub modified_at: i64,
    /// What it remembers: runs, what was missed, why it is paused.
    pub state: State,
    /// When it is due next.
    pub next_at: Option<i64>,
}

/// A schedule in a list.
#[derive(Clone, Debug)]
pub struct ScheduleSummary {
    /// Its name.
    pub name: ScheduleName,
    /// Its ARN.
    pub arn: String,
    /// When it is due, as written.
    pub expression: String,
    /// What it calls.
    pub target_arn: String,
    /// Whether it is paused.
    pub is_paused: bool,
    /// When it was created: milliseconds since 1970.
    pub created_at: i64,
    /// When it was last changed.
    pub modified_at: i64,
    /// When it is due next.
    pub next_at: Option<i64>,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupView {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// When it was created: milliseconds since 1970.
    pub created_at: i64,
    /// When it was last changed.
    pub modified_at: i64,
}

/// A page of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// Its items.
    pub items: Vec<T>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
}

/// What became of a trigger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Triggered {
    /// The run began.
    Begun {
        /// Its name.
        run: String,
    },
    /// It begins when others have ended.
    Waits,
    /// It was left out because another run is not over.
    Skipped,
}
