//! What callers ask for.

use schedule::definition::{Definition, Overlap, Policies};
use schedule::names::ScheduleName;

/// A schedule that is to be.
#[derive(Clone, Debug)]
pub struct NewSchedule {
    /// Its name.
    pub name: ScheduleName,
    /// What it is.
    pub definition: Definition,
    /// How it behaves beyond what AWS knows; when a schedule is replaced, absent policies stay as they are.
    pub policies: Option<Policies>,
    /// The same request with the same token is taken once.
    pub client_token: Option<String>,
}

/// Which schedules to list.
#[derive(Clone, Debug, Default)]
pub struct ScheduleFilter {
    /// Only those of this group.
    pub group: Option<String>,
    /// Only those whose names begin so.
    pub prefix: String,
    /// Only those that fire, or only those that don't.
    pub firing: Option<Firing>,
}

/// Whether a schedule fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Firing {
    /// It does.
    Enabled,
    /// It does not: it is paused.
    Paused,
}

/// A time in the past whose runs are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackfillRange {
    /// The first instant: milliseconds since 1970.
    pub from: i64,
    /// The last instant.
    pub until: i64,
    /// What is done when its runs meet others; the schedule's policy when absent.
    pub overlap: Option<Overlap>,
}
