//! The seam to what schedules call.

use futures_util::future::BoxFuture;
use schedule::definition::Target;
use schedule::expression::Mistake;
use schedule::state::Stop;
use schedule::step::{Accepted, Outcome};
use serde_json::{Map, Value};

/// Calls targets. `server` implements it over the runtime, batch jobs, replication tasks and functions.
pub trait Targets: Send + Sync + 'static {
    /// Whether a target can be called at all; asked before a schedule is taken.
    ///
    /// # Errors
    /// Why it can't.
    fn check(&self, target: &Target) -> Result<(), Mistake>;

    /// Calls a target. The same run may be called again after a crash: it must not be started twice.
    fn call(&self, call: Call) -> BoxFuture<'static, Result<Accepted, Refusal>>;

    /// Waits until a run is over. `handle` is that of the call's answer.
    fn ended(&self, target_arn: &str, handle: &str) -> BoxFuture<'static, Outcome>;

    /// Asks a run to end. One that is over is no mistake.
    ///
    /// # Errors
    /// When it should be tried again: why, for people.
    fn stop(
        &self,
        target_arn: &str,
        handle: &str,
        how: Stop,
    ) -> BoxFuture<'static, Result<(), String>>;
}

/// A call.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The schedule.
    pub schedule_arn: String,
    /// The run's name: the same for every attempt, and for no other run. It has 74 characters at most.
    pub run: String,
    /// Which attempt it is, from 1.
    pub attempt: u32,
    /// What is called.
    pub target_arn: String,
    /// What it is called with.
    pub input: String,
    /// What the definition's target says besides, for its kind of target: `SqsParameters`, `EcsParameters` …
    pub parameters: Map<String, Value>,
}

/// A target did not take a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why, for people.
    pub why: String,
    /// Whether the same call may succeed later.
    pub again: Again,
}

/// Whether the same call may succeed later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// It may.
    Later,
    /// It won't.
    Never,
}

impl Refusal {
    /// A call that won't succeed.
    pub fn never(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            again: Again::Never,
        }
    }

    /// A call that may succeed later.
    pub fn later(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            again: Again::Later,
        }
    }
}
