//! What goes into the scheduler and what comes out.

use std::sync::Arc;

use crate::consumable::ConsumableResource;
use crate::environment::ComputeEnvironment;
use crate::job::Job;
use crate::launch::Launch;
use crate::names::{AttemptId, JobId};
use crate::queue::{JobQueue, SchedulingPolicy};

/// Something that happened. Times are milliseconds since 1970.
#[derive(Clone, Debug)]
pub enum Input {
    /// A queue was made or changed.
    QueuePut(JobQueue),
    /// A queue was deleted: what waits in it is cancelled, what runs is stopped.
    QueueRemoved(Arc<str>),
    /// An environment was made or changed. A new one counts as ready until `EnvironmentDown` says otherwise.
    EnvironmentPut(Box<ComputeEnvironment>),
    /// An environment was deleted. What runs in it goes on.
    EnvironmentRemoved(Arc<str>),
    /// A scheduling policy was made or changed.
    PolicyPut(SchedulingPolicy),
    /// A scheduling policy was deleted.
    PolicyRemoved(Arc<str>),
    /// A consumable resource was made or changed. What running jobs hold is the scheduler's to know.
    ConsumablePut(ConsumableResource),
    /// A consumable resource was deleted.
    ConsumableRemoved(Arc<str>),
    /// The environment's engine answers.
    EnvironmentReady {
        /// The environment.
        name: Arc<str>,
    },
    /// The environment's engine does not answer: nothing new starts there until it is ready. What runs there is still
    /// thought to run.
    EnvironmentDown {
        /// The environment.
        name: Arc<str>,
        /// What is wrong.
        why: Arc<str>,
    },
    /// Jobs were submitted. A parent stands in the same input as its children or nodes.
    Submitted {
        /// The jobs, `SUBMITTED`.
        jobs: Vec<Job>,
        /// What became of dependencies that the scheduler does not know because they ended: `true` for `SUCCEEDED`. For an
        /// array that the jobs wait for index by index, its children as well. A dependency that neither the scheduler knows nor
        /// this list names counts as succeeded.
        ended_dependencies: Vec<(JobId, bool)>,
    },
    /// After a restart, once, after all `…Put`: every job that has not ended, and of array jobs that have not ended the children
    /// that have. Jobs that ended a short time ago may be among them: they count towards fair shares.
    Loaded {
        /// The jobs, in any order.
        jobs: Vec<Job>,
    },
    /// CancelJob. Nothing happens to jobs that are `STARTING`, `RUNNING`, ended or unknown.
    Cancel {
        /// The job.
        id: JobId,
        /// Why; becomes the job's status reason.
        reason: Arc<str>,
    },
    /// TerminateJob. Nothing happens to jobs that ended or are unknown.
    Terminate {
        /// The job.
        id: JobId,
        /// Why; becomes the job's status reason.
        reason: Arc<str>,
    },
    /// The attempt's image is being pulled.
    AttemptPulling {
        /// The attempt.
        attempt: AttemptId,
        /// How far it is.
        text: Arc<str>,
    },
    /// The attempt's container runs. Told again when a running container was taken up after a restart.
    AttemptStarted {
        /// The attempt.
        attempt: AttemptId,
        /// Since when.
        at: i64,
        /// The engine's id of the container.
        container_id: Option<Arc<str>>,
        /// Where its log goes, if elsewhere than the launch said.
        log_stream: Option<Arc<str>>,
        /// Its address, for the other nodes of a multi-node job.
        address: Option<Arc<str>>,
    },
    /// The attempt is over.
    AttemptEnded {
        /// The attempt.
        attempt: AttemptId,
        /// How.
        outcome: Ended,
    },
    /// Time went by: see [`next_wake`](super::Scheduler::next_wake).
    Tick,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// What happened.
    pub kind: EndedKind,
    /// The exit code, if there is one.
    pub exit_code: Option<i32>,
    /// Whether the kernel killed it because its memory was used up.
    pub oom: bool,
    /// What the engine says, in the words that rules of `evaluateOnExit` match (`CannotPullContainerError: …`).
    pub reason: Option<Arc<str>>,
    /// When the container started, if that was not told before.
    pub started_at: Option<i64>,
    /// When it ended.
    pub at: i64,
}

/// What happened to an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndedKind {
    /// It ran and exited, by itself or killed.
    Exited,
    /// It never ran.
    FailedToStart,
    /// Its image cannot be pulled.
    CannotPull,
    /// It is gone, nobody knows how.
    Lost,
}

/// What to do after everything of the [`Step`] was committed.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Run an attempt, or take it up if it is there already.
    Start(Box<Launch>),
    /// Stop an attempt: SIGTERM, and SIGKILL after the grace. It may be asked more than once; its end is told as ever.
    Stop {
        /// The attempt.
        attempt: AttemptId,
        /// The environment that runs it.
        environment: Arc<str>,
        /// How long it has for an orderly end.
        grace_ms: u64,
    },
    /// Remove the container: what became of it is committed.
    Forget {
        /// The attempt.
        attempt: AttemptId,
        /// The environment that ran it.
        environment: Arc<str>,
    },
    /// A job has ended. The scheduler no longer knows it.
    Ended {
        /// The job.
        job: Arc<Job>,
    },
}

/// What an input led to. Commit `changed` and `consumables` together, then carry out the effects in order.
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// All jobs that are other than before, once each, as they are after the step; those that ended too.
    pub changed: Vec<Arc<Job>>,
    /// Consumable resources of which something was used up for ever, as they are after the step.
    pub consumables: Vec<Arc<ConsumableResource>>,
    /// What to do after the commit.
    pub effects: Vec<Effect>,
}
