//! An execution as the REST API shows it.

use runtime::views::{ExecutionItem, ExecutionView, StartedExecution};
use serde::{Deserialize, Serialize};
use store::records::ExecutionStatus;
use utoipa::ToSchema;

use crate::rest::body::{Any, instant};
use crate::rest::events::History;
use crate::rest::names::ExecutionId;
use crate::rest::problem::Problem;

/// An execution.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Execution {
    #[serde(flatten)]
    summary: ExecutionSummary,
    /// Its input.
    input: Any,
    /// Its output, if it ended well.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Any, required = false)]
    output: Option<Any>,
    /// The error's name, if it ended otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    error: Option<String>,
    /// What a person should read about the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    cause: Option<String>,
    /// The trace that it is a part of, if it was started as one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    trace_header: Option<String>,
    /// The first page of its history, when it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    history: Option<History>,
}

/// An execution in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExecutionSummary {
    /// `STATE_MACHINE:NAME`
    id: String,
    /// Its ARN, by which AWS's API knows it.
    arn: String,
    /// Its state machine's name.
    state_machine: String,
    /// Its name, unique among its state machine's.
    name: String,
    status: Status,
    /// When it started.
    #[schema(format = DateTime)]
    started_at: String,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    stopped_at: Option<String>,
    /// Since when it is paused; only while it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    paused_at: Option<String>,
    /// How often it was redriven, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    redrive_count: Option<u32>,
    /// When it was redriven last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    redriven_at: Option<String>,
    /// The version of its state machine that was started, if one was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    version: Option<u64>,
    /// The alias by which it was started, if one was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    alias: Option<String>,
}

/// A page of executions.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct Executions {
    /// The executions, the newest first.
    pub(super) executions: Vec<ExecutionSummary>,
    /// The cursor of the next page, if there is one. A search may give one with a page that is not full, or empty: it looks at so many
    /// executions at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) next: Option<String>,
}

/// How far an execution is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Status {
    Running,
    Succeeded,
    Failed,
    TimedOut,
    Aborted,
}

impl Execution {
    /// The execution of a view.
    ///
    /// # Errors
    /// When what is stored of it can't be read.
    pub(super) fn of(view: &ExecutionView) -> Result<Self, Problem> {
        let failure = view.failure.as_ref();
        Ok(Self {
            summary: ExecutionSummary {
                id: format!("{}:{}", view.state_machine_name, view.name),
                arn: view.arn.to_string(),
                state_machine: view.state_machine_name.to_string(),
                name: view.name.to_string(),
                status: view.status.into(),
                started_at: instant(view.started_at),
                stopped_at: view.stopped_at.map(instant),
                paused_at: view.paused_at.map(instant),
                redrive_count: Some(view.redrive_count).filter(|count| *count > 0),
                redriven_at: view.redriven_at.map(instant),
                version: qualifier(view.version_arn.as_deref()).and_then(|text| text.parse().ok()),
                alias: qualifier(view.alias_arn.as_deref()).map(str::to_owned),
            },
            input: Any::of(&view.input)?,
            output: view.output.as_ref().map(Any::of).transpose()?,
            error: failure.and_then(|failure| failure.error.as_deref().map(str::to_owned)),
            cause: failure.and_then(|failure| failure.cause.as_deref().map(str::to_owned)),
            trace_header: view.trace_header.as_deref().map(str::to_owned),
            history: None,
        })
    }

    /// The same with a page of its history.
    pub(super) fn with_history(self, history: History) -> Self {
        Self {
            history: Some(history),
            ..self
        }
    }
}

impl ExecutionSummary {
    /// An execution that was just started.
    pub(super) fn of_started(started: &StartedExecution, id: &ExecutionId) -> Self {
        Self {
            id: id.text(),
            arn: started.arn.to_string(),
            state_machine: id.machine.clone(),
            name: id.name.clone(),
            status: Status::Running,
            started_at: instant(started.started_at),
            stopped_at: None,
            paused_at: None,
            redrive_count: None,
            redriven_at: None,
            version: None,
            alias: None,
        }
    }
}

impl From<&ExecutionItem> for ExecutionSummary {
    fn from(item: &ExecutionItem) -> Self {
        let machine = item
            .state_machine_arn
            .rsplit(':')
            .next()
            .unwrap_or_default();
        Self {
            id: format!("{machine}:{}", item.name),
            arn: item.arn.to_string(),
            state_machine: machine.to_owned(),
            name: item.name.to_string(),
            status: item.status.into(),
            started_at: instant(item.started_at),
            stopped_at: item.stopped_at.map(instant),
            paused_at: item.paused_at.map(instant),
            redrive_count: Some(item.redrive_count).filter(|count| *count > 0),
            redriven_at: item.redriven_at.map(instant),
            version: qualifier(item.version_arn.as_deref()).and_then(|text| text.parse().ok()),
            alias: qualifier(item.alias_arn.as_deref()).map(str::to_owned),
        }
    }
}

/// The last part of a version's or alias's ARN.
fn qualifier(arn: Option<&str>) -> Option<&str> {
    arn?.rsplit(':').next()
}

impl From<ExecutionStatus> for Status {
    fn from(status: ExecutionStatus) -> Self {
        match status {
            ExecutionStatus::Running => Self::Running,
            ExecutionStatus::Succeeded => Self::Succeeded,
            ExecutionStatus::Failed => Self::Failed,
            ExecutionStatus::TimedOut => Self::TimedOut,
            ExecutionStatus::Aborted => Self::Aborted,
        }
    }
}

impl From<Status> for ExecutionStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Running => Self::Running,
            Status::Succeeded => Self::Succeeded,
            Status::Failed => Self::Failed,
            Status::TimedOut => Self::TimedOut,
            Status::Aborted => Self::Aborted,
        }
    }
}
