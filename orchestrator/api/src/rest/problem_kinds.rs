//! Every kind of problem, and the pages that explain them.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

use crate::rest::body::Part;
use crate::rest::problem::Problem;

/// Every kind of problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    NoSuchResource,
    MethodNotAllowed,
    ForeignOrigin,
    BodyTooLong,
    InvalidBody,
    InvalidQuery,
    InvalidName,
    InvalidId,
    InvalidDefinition,
    InvalidInput,
    InvalidTest,
    InvalidTestCase,
    InvalidOutput,
    InvalidToken,
    StateMachineNotFound,
    StateMachineExists,
    StateMachineTypeNotSupported,
    ExecutionNotFound,
    ExecutionExists,
    ExecutionParked,
    ExecutionNotRedrivable,
    DefinitionDoesNotFit,
    ExecutionEnded,
    VersionNotFound,
    VersionConflict,
    InvalidRouting,
    TaskNotFound,
    TaskEnded,
    ActivityNotFound,
    JobNotFound,
    JobDefinitionNotFound,
    JobQueueNotFound,
    ComputeEnvironmentNotFound,
    InvalidJobRequest,
    BatchTurnedOff,
    ScheduleNotFound,
    ScheduleExists,
    InvalidSchedule,
    SchedulesTurnedOff,
    PayloadTooLong,
    LimitReached,
    TooManyWorkers,
    Unavailable,
    Internal,
}

/// A kind of problem, explained.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(super) struct Explanation {
    /// The last part of its path.
    pub(super) slug: &'static str,
    /// The kind in a few words.
    pub(super) title: &'static str,
    /// The HTTP status.
    pub(super) status: u16,
    /// When it happens and what helps.
    explanation: &'static str,
}

impl Kind {
    /// All of them, in the order in which they are listed.
    pub(super) const ALL: [Self; 44] = [
        Self::NoSuchResource,
        Self::MethodNotAllowed,
        Self::ForeignOrigin,
        Self::BodyTooLong,
        Self::InvalidBody,
        Self::InvalidQuery,
        Self::InvalidName,
        Self::InvalidId,
        Self::InvalidDefinition,
        Self::InvalidInput,
        Self::InvalidTest,
        Self::InvalidTestCase,
        Self::InvalidOutput,
        Self::InvalidToken,
        Self::StateMachineNotFound,
        Self::StateMachineExists,
        Self::StateMachineTypeNotSupported,
        Self::ExecutionNotFound,
        Self::ExecutionExists,
        Self::ExecutionParked,
        Self::ExecutionNotRedrivable,
        Self::DefinitionDoesNotFit,
        Self::ExecutionEnded,
        Self::VersionNotFound,
        Self::VersionConflict,
        Self::InvalidRouting,
        Self::TaskNotFound,
        Self::TaskEnded,
        Self::ActivityNotFound,
        Self::JobNotFound,
        Self::JobDefinitionNotFound,
        Self::JobQueueNotFound,
        Self::ComputeEnvironmentNotFound,
        Self::InvalidJobRequest,
        Self::BatchTurnedOff,
        Self::ScheduleNotFound,
        Self::ScheduleExists,
        Self::InvalidSchedule,
        Self::SchedulesTurnedOff,
        Self::PayloadTooLong,
        Self::LimitReached,
        Self::TooManyWorkers,
        Self::Unavailable,
        Self::Internal,
    ];

    /// The kind, explained.
    pub(super) fn explanation(self) -> Explanation {
        let (slug, title, status, explanation) = match self {
            Self::NoSuchResource => (
                "no-such-resource",
                "There is nothing at this path",
                404,
                "The path is none of this API's. /api/v1/openapi.json lists them all.",
            ),
            Self::MethodNotAllowed => (
                "method-not-allowed",
                "This path does not know this method",
                405,
                "The path is known, but not with this method. The header Allow says which methods it knows.",
            ),
            Self::ForeignOrigin => (
                "foreign-origin",
                "A page of another origin must not change anything",
                403,
                "A browser sent the request for a page of another origin. Send it from the server's own pages or from a program.",
            ),
            Self::BodyTooLong => (
                "body-too-long",
                "The request's body is too long",
                413,
                "The body is longer than `body_bytes` in the server's configuration allows.",
            ),
            Self::InvalidBody => (
                "invalid-body",
                "The request's body can't be read",
                400,
                "The body is no JSON, lacks a member, has one that is not known or one of the wrong type.",
            ),
            Self::InvalidQuery => (
                "invalid-query",
                "The request's query can't be read",
                400,
                "A query parameter is not known or has a wrong value.",
            ),
            Self::InvalidName => (
                "invalid-name",
                "This can't be a name",
                400,
                "A name has 1 to 80 characters, without white space, brackets and most special characters.",
            ),
            Self::InvalidId => (
                "invalid-id",
                "This is no id",
                400,
                "An execution's id is STATE_MACHINE:NAME.",
            ),
            Self::InvalidDefinition => (
                "invalid-definition",
                "The definition has errors",
                422,
                "`findings` lists everything that is wrong with it, each with its place. `ratchet validate` shows the same.",
            ),
            Self::InvalidInput => (
                "invalid-input",
                "The input can't be used",
                400,
                "The execution's input is no JSON, or nests too deeply.",
            ),
            Self::InvalidTest => (
                "invalid-test",
                "The state can't be tested in this way",
                400,
                "The mock, the context object or what else is given does not go with the state; the detail says why.",
            ),
            Self::InvalidTestCase => (
                "invalid-test-case",
                "The test case can't be used",
                400,
                "The mock configuration file is not set, can't be read, has a mistake or lacks the test case; the detail says which and where.",
            ),
            Self::InvalidOutput => (
                "invalid-output",
                "The output can't be used",
                400,
                "The task's output is no JSON, or nests too deeply.",
            ),
            Self::InvalidToken => (
                "invalid-token",
                "This is no task token",
                400,
                "The text in the path is not a token that this server made.",
            ),
            Self::StateMachineNotFound => (
                "state-machine-not-found",
                "There is no such state machine",
                404,
                "It was never created, or it was deleted.",
            ),
            Self::StateMachineExists => (
                "state-machine-exists",
                "The state machine exists and is another",
                409,
                "A state machine of that name has another definition or type. PUT replaces a definition; a type can't be changed.",
            ),
            Self::StateMachineTypeNotSupported => (
                "state-machine-type-not-supported",
                "State machines of this type can't do that",
                409,
                "Express executions keep no history and can't be listed.",
            ),
            Self::ExecutionNotFound => (
                "execution-not-found",
                "There is no such execution",
                404,
                "It was never started, or it ended longer ago than the retention.",
            ),
            Self::ExecutionExists => (
                "execution-exists",
                "The execution's name is taken",
                409,
                "An execution of that name has another input or has ended. A name is free again after the retention.",
            ),
            Self::ExecutionParked => (
                "execution-parked",
                "The execution can't go on",
                409,
                "What is stored of it does not lead to the same events again, so it waits until somebody looks at it.",
            ),
            Self::ExecutionNotRedrivable => (
                "execution-not-redrivable",
                "The execution can't be redriven",
                409,
                "Only an execution that ended without success can, while its state machine is there, within `limits.redrive_days` after \
                 its end. The detail says which of these it is; start a new execution instead.",
            ),
            Self::DefinitionDoesNotFit => (
                "definition-does-not-fit",
                "The execution can't go on with this definition",
                422,
                "A state from which the execution would go on is not in the corrected definition, or not at the same place among Parallel \
                 and Map states. Keep these states' names and places; everything else may change.",
            ),
            Self::ExecutionEnded => (
                "execution-ended",
                "The execution has ended",
                409,
                "Only an execution that runs can be paused and resumed. One that ended without success can be redriven.",
            ),
            Self::VersionNotFound => (
                "version-not-found",
                "There is no such version or alias",
                404,
                "It was never made, or it was deleted.",
            ),
            Self::VersionConflict => (
                "version-conflict",
                "The version or alias can't be changed so",
                409,
                "The state machine has another revision than the one to publish, or an alias leads to the version that is to be deleted.",
            ),
            Self::InvalidRouting => (
                "invalid-routing",
                "The alias can't lead there",
                400,
                "An alias leads to one version with the weight 100, or to two different ones whose weights come to 100.",
            ),
            Self::TaskNotFound => (
                "task-not-found",
                "There is no such task",
                404,
                "The token's execution is not known here.",
            ),
            Self::TaskEnded => (
                "task-ended",
                "Nobody waits for the task any more",
                410,
                "The task ended before, timed out, or its execution is over.",
            ),
            Self::ActivityNotFound => (
                "activity-not-found",
                "There is no such activity",
                404,
                "It was never created, or it was deleted.",
            ),
            Self::JobNotFound => (
                "job-not-found",
                "There is no such job",
                404,
                "It was never submitted, or it ended longer ago than `batch.job_retention`; or it has had no such attempt.",
            ),
            Self::JobDefinitionNotFound => (
                "job-definition-not-found",
                "There is no such job definition",
                404,
                "It was never registered, or all its revisions were deregistered.",
            ),
            Self::JobQueueNotFound => (
                "job-queue-not-found",
                "There is no such job queue",
                404,
                "It was never created, or it was deleted.",
            ),
            Self::ComputeEnvironmentNotFound => (
                "compute-environment-not-found",
                "There is no such compute environment",
                404,
                "It was never created, or it was deleted.",
            ),
            Self::InvalidJobRequest => (
                "invalid-job-request",
                "Batch refuses this",
                400,
                "What is asked for can't be done as it is, as `detail` says: it names something that there is not, or breaks one of AWS \
                 Batch's rules.",
            ),
            Self::BatchTurnedOff => (
                "batch-turned-off",
                "Container jobs are turned off",
                409,
                "Set `batch.enabled` in the server's configuration to run container jobs.",
            ),
            Self::ScheduleNotFound => (
                "schedule-not-found",
                "There is no such schedule",
                404,
                "It, or its group, was never created, was deleted, or deleted itself when nothing was due any more.",
            ),
            Self::ScheduleExists => (
                "schedule-exists",
                "The schedule exists already",
                409,
                "There is a schedule of that name. PUT replaces it.",
            ),
            Self::InvalidSchedule => (
                "invalid-schedule",
                "The schedule can't be so",
                400,
                "`detail` names the field, what stands there, and what may.",
            ),
            Self::SchedulesTurnedOff => (
                "schedules-turned-off",
                "This process keeps no schedules",
                409,
                "Schedules are kept by `ratchet serve`.",
            ),
            Self::PayloadTooLong => (
                "payload-too-long",
                "The payload is too long",
                413,
                "It is longer than `limits.payload_bytes` in the server's configuration allows.",
            ),
            Self::LimitReached => (
                "limit-reached",
                "There are as many as the server allows",
                409,
                "Delete some, or raise the limit in the server's configuration.",
            ),
            Self::TooManyWorkers => (
                "too-many-workers",
                "Too many workers poll the activity",
                429,
                "Poll with fewer workers, or raise `limits.activity_pollers` in the server's configuration.",
            ),
            Self::Unavailable => (
                "unavailable",
                "The server can't do it now",
                503,
                "The server is stopping, or its disk is full or does not answer. Nothing was done; the same request may succeed later.",
            ),
            Self::Internal => (
                "internal",
                "The server failed",
                500,
                "The server's log says more.",
            ),
        };
        Explanation {
            slug,
            title,
            status,
            explanation,
        }
    }
}

/// Lists every kind of problem
#[utoipa::path(get, path = "/api/v1/problems", tag = "problems", operation_id = "listProblems",
    responses((status = 200, description = "All kinds", body = Vec<Explanation>)))]
pub(super) async fn list() -> Json<Vec<Explanation>> {
    Json(Kind::ALL.map(Kind::explanation).to_vec())
}

/// Explains a kind of problem
#[utoipa::path(get, path = "/api/v1/problems/{slug}", tag = "problems", operation_id = "describeProblem",
    params(("slug" = String, Path, description = "The last part of the problem's `type`")),
    responses(
        (status = 200, description = "The kind", body = Explanation),
        (status = "default", description = "There is none", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn describe(Part(slug): Part) -> Result<Json<Explanation>, Problem> {
    Kind::ALL
        .map(Kind::explanation)
        .into_iter()
        .find(|explanation| explanation.slug == slug)
        .map(Json)
        .ok_or_else(|| Problem::new(Kind::NoSuchResource, format!("there is no problem {slug}")))
}
