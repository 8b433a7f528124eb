//! Figures for operators.

use std::collections::BTreeMap;
use std::sync::Arc;

use batch::container::Resources;

/// Figures since the runtime was opened, and how things stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Jobs that were submitted; children and nodes count.
    pub submitted: u64,
    /// Jobs that ended well.
    pub succeeded: u64,
    /// Jobs that ended otherwise.
    pub failed: u64,
    /// Attempts that were handed to an engine; those that a restart took up among them.
    pub attempts_started: u64,
    /// Attempts that ended.
    pub attempts_ended: u64,
    /// Inputs that the scheduler decided about.
    pub decisions: u64,
    /// How long it took for all of them, in nanoseconds.
    pub decision_nanos: u64,
    /// Commits.
    pub commits: u64,
    /// Jobs that have not ended, by status, in the order of [`batch::job::JobStatus::ALL`].
    pub jobs: [u64; 7],
    /// How environments stand, by name.
    pub environments: BTreeMap<Arc<str>, EnvironmentFigures>,
}

/// How an environment stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvironmentFigures {
    /// RUNNABLE jobs of the queues that use it.
    pub waiting: u64,
    /// What its jobs use.
    pub used: Resources,
    /// What they may use.
    pub limits: Resources,
    /// Whether its engine answers.
    pub is_ready: bool,
}
