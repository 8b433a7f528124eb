//! What the actor is told and asked.

use std::sync::Arc;

use batch::consumable::ConsumableResource;
use batch::container::Resources;
use batch::definition::JobDefinition;
use batch::environment::{ComputeEnvironment, Engine};
use batch::job::StatusSummary;
use batch::names::JobId;
use batch::queue::{JobQueue, SchedulingPolicy};
use batch::request::{SubmitJob, UpdateConsumableResource};
use batch::scheduler::Input;
use batch::view::SubmittedJob;
use batch::{Error, Result};
use store::records::Tag;
use tokio::sync::oneshot;

use crate::counters::Counters;

/// Who waits for an answer.
pub(crate) type Reply<T> = oneshot::Sender<T>;

/// What the actor is told and asked. Replies to what changes something come after the commit.
pub(crate) enum Message {
    /// SubmitJob.
    Submit {
        /// What is to be submitted.
        request: Box<SubmitJob>,
        /// What a workflow adds.
        submission: Submission,
        /// Who waits.
        reply: Reply<Result<SubmittedJob>>,
    },
    /// CancelJob and TerminateJob.
    End {
        /// The job.
        id: JobId,
        /// Why.
        reason: Arc<str>,
        /// Which of both.
        how: EndHow,
        /// Who waits.
        reply: Reply<Result<()>>,
    },
    /// Definitions, queues, environments, policies, consumables or tags change.
    Change {
        /// How; all together or not at all.
        changes: Vec<Change>,
        /// Who waits.
        reply: Reply<Result<()>>,
    },
    /// UpdateConsumableResource, decided here: jobs use resources up in the meantime.
    UpdateConsumable {
        /// What is to be changed.
        request: UpdateConsumableResource,
        /// Who waits.
        reply: Reply<Result<Arc<ConsumableResource>>>,
    },
    /// An attempt goes on or ended.
    Input(Input),
    /// An engine answers, or does not.
    Engine {
        /// Which.
        engine: Engine,
        /// The attempts that it has, or what is wrong.
        state: std::result::Result<Vec<String>, Arc<str>>,
    },
    /// Whoever waits for the job's task token knows of its end.
    TokenTold(JobId),
    /// A question, answered from memory.
    Ask(Question),
    /// No more: attempts are left alone.
    Close,
}

/// What a workflow adds to a submission.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Submission {
    /// The same key again gives the job that is there already, whatever the request says.
    pub key: Option<String>,
    /// The task token that waits for the job: the container has it as `TaskToken`.
    pub task_token: Option<Arc<str>>,
    /// The execution that waits for the job's end. It is kept, so that whoever ends executions finds what is left of them
    /// ([`crate::Batch::awaited`]), and the container is told that a workflow started it.
    pub awaited_by: Option<Arc<str>>,
}

/// How a job is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndHow {
    /// Only if it has not started.
    Cancel,
    /// Also if it runs.
    Terminate,
}

/// A change of what is not a job.
pub(crate) enum Change {
    /// A revision was registered or deregistered.
    PutDefinition(Arc<JobDefinition>),
    /// A queue was made or changed.
    PutQueue(Arc<JobQueue>),
    /// A queue was deleted.
    RemoveQueue(Arc<str>),
    /// An environment was made or changed.
    PutEnvironment(Arc<ComputeEnvironment>),
    /// An environment was deleted.
    RemoveEnvironment(Arc<str>),
    /// A policy was made or changed.
    PutPolicy(Arc<SchedulingPolicy>),
    /// A policy was deleted.
    RemovePolicy(Arc<str>),
    /// A consumable resource was made or changed.
    PutConsumable(Arc<ConsumableResource>),
    /// A consumable resource was deleted.
    RemoveConsumable(Arc<str>),
    /// A resource has other tags now.
    PutTags {
        /// The resource.
        arn: Arc<str>,
        /// All its tags.
        tags: Vec<Tag>,
    },
}

/// What is known of a job that has not ended, and changes too often to be kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct Passing {
    /// Why it has not started, or how far its start is.
    pub(crate) text: Option<String>,
    /// The counts of an array's children.
    pub(crate) summary: Option<Box<StatusSummary>>,
}

/// A question, answered from memory.
pub(crate) enum Question {
    /// What is known of these jobs besides what is kept.
    Passing(Vec<JobId>, Reply<Vec<Passing>>),
    /// Tells when the job has ended; dropped at once if it is not known here.
    End(JobId, Reply<()>),
    /// A queue's front.
    Snapshot(Arc<str>, Reply<Option<batch::snapshot::Snapshot>>),
    /// Consumable resources with how much of them is held.
    Consumables(Reply<Vec<(Arc<ConsumableResource>, i64)>>),
    /// The jobs that take from a consumable resource and have not ended.
    Consumers(Arc<str>, Reply<Vec<Arc<batch::job::Job>>>),
    /// The jobs that have not ended and that executions wait for, with those executions.
    Awaited(Reply<Vec<(JobId, Arc<str>)>>),
    /// What is wrong with an engine, if anything.
    Trouble(Reply<Vec<(Engine, Arc<str>)>>),
    /// What an environment's jobs use.
    Used(Arc<str>, Reply<Option<Resources>>),
    /// Figures.
    Counters(Reply<Counters>),
}

/// The answer of a runtime that is closed or closing.
pub(crate) fn closed() -> Error {
    Error::Unavailable(
        "container jobs have stopped: the server is shutting down, or its log says why".to_owned(),
    )
}
