//! Schedules as they are sent and shown: camelCase, times in RFC 3339.

use jiff::Timestamp;
use runtime::arn::Partition;
use schedule::definition::{
    ActionAfterCompletion, DeadLetterConfig, Definition, FlexibleTimeWindow, Overlap, Policies,
    RetryPolicy, Target, Wanted, WindowMode,
};
use schedule::state::{Cause, Missed, Pause, Phase, Run};
use schedule_runtime::views::{ScheduleSummary, ScheduleView};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::rest::body::{Any, instant};
use crate::rest::problem::Problem;
use crate::rest::problem_kinds::Kind;
use crate::rest::schedules::id_of;

/// What is done when a run is due while another is not over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(in crate::rest) enum OverlapPolicy {
    /// It is left out.
    Skip,
    /// It begins when the other is over; one may wait.
    BufferOne,
    /// It begins when those before it are over.
    BufferAll,
    /// The other is asked to end first.
    CancelOther,
    /// The other is ended first.
    TerminateOther,
    /// It begins, too.
    AllowAll,
}

/// What a schedule calls.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::rest) struct NewTarget {
    /// The name of a state machine here; or else `arn`.
    state_machine: Option<String>,
    /// The ARN of a state machine, a job queue, a function, another resource that EventBridge Scheduler can call, or
    /// `arn:aws:scheduler:::aws-sdk:service:action`.
    arn: Option<String>,
    /// What it is called with. Keywords such as `<aws.scheduler.scheduled-time>` are replaced in its text.
    input: Option<Any>,
    /// What the kind of target needs besides, by the names of EventBridge Scheduler: `{"SqsParameters": {"MessageGroupId": "a"}}`.
    #[schema(value_type = Option<Object>)]
    parameters: Option<Map<String, Value>>,
    /// The role; only passed through.
    role_arn: Option<String>,
    /// Where calls are told that failed for good: a queue's ARN (letters are kept here), a function's or a state machine's.
    dead_letter_arn: Option<String>,
    /// How long a failed call is tried again, in seconds.
    maximum_age_seconds: Option<i64>,
    /// How often a failed call is tried again.
    maximum_retries: Option<i64>,
}

/// How a schedule is to be.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::rest) struct NewSchedule {
    /// NAME or GROUP:NAME; a PUT has it in its path.
    pub(super) id: Option<String>,
    /// `cron(0 2 * * ? *)`, `rate(5 minutes)` or `at(2026-11-24T02:00:00)`.
    expression: String,
    /// The IANA name of its time zone; UTC when absent.
    time_zone: Option<String>,
    /// Nothing is due before.
    #[schema(format = DateTime)]
    start: Option<String>,
    /// Nothing is due after.
    #[schema(format = DateTime)]
    end: Option<String>,
    /// What it is for.
    description: Option<String>,
    /// Whether it is paused from the first.
    #[serde(default)]
    paused: bool,
    target: NewTarget,
    /// Calls come some time within so many minutes.
    window_minutes: Option<i64>,
    /// Whether it is deleted when nothing is due any more.
    #[serde(default)]
    delete_after_completion: bool,
    /// `ALLOW_ALL` when absent.
    overlap: Option<OverlapPolicy>,
    /// How late a run may begin that was missed; as long as a failed call is tried again when absent.
    catch_up_seconds: Option<i64>,
    /// Whether it pauses when a run fails.
    #[serde(default)]
    pause_on_failure: bool,
    /// Each run is late by a part of so many seconds.
    #[serde(default)]
    jitter_seconds: i64,
}

impl NewSchedule {
    /// The schedule's definition and policies.
    ///
    /// # Errors
    /// When a time is none, or the target names nothing or two things.
    pub(super) fn read(self, partition: &Partition) -> Result<(Definition, Policies), Problem> {
        let policies = Policies {
            overlap: self.overlap.map_or(Overlap::default(), Overlap::from),
            catch_up_seconds: self.catch_up_seconds,
            pause_on_failure: self.pause_on_failure,
            jitter_seconds: self.jitter_seconds,
        };
        let definition = Definition {
            schedule_expression: self.expression,
            schedule_expression_timezone: self.time_zone,
            start_date: time("start", self.start.as_deref())?,
            end_date: time("end", self.end.as_deref())?,
            description: self.description,
            state: if self.paused {
                Wanted::Disabled
            } else {
                Wanted::Enabled
            },
            kms_key_arn: None,
            target: self.target.read(partition)?,
            flexible_time_window: FlexibleTimeWindow {
                mode: match self.window_minutes {
                    None => WindowMode::Off,
                    Some(_) => WindowMode::Flexible,
                },
                maximum_window_in_minutes: self.window_minutes,
            },
            action_after_completion: if self.delete_after_completion {
                ActionAfterCompletion::Delete
            } else {
                ActionAfterCompletion::None
            },
        };
        Ok((definition, policies))
    }
}

impl NewTarget {
    fn read(self, partition: &Partition) -> Result<Target, Problem> {
        let arn = match (self.arn, self.state_machine) {
            (Some(arn), None) => arn,
            (None, Some(name)) => partition.state_machine(&name),
            (None, None) | (Some(_), Some(_)) => {
                let detail = "the target needs either `arn` or `stateMachine`";
                return Err(Problem::new(Kind::InvalidSchedule, detail));
            }
        };
        let retry = RetryPolicy {
            maximum_event_age_in_seconds: self.maximum_age_seconds,
            maximum_retry_attempts: self.maximum_retries,
        };
        Ok(Target {
            arn,
            role_arn: self
                .role_arn
                .unwrap_or_else(|| format!("arn:aws:iam::{}:role/ratchet", partition.account)),
            dead_letter_config: self
                .dead_letter_arn
                .map(|arn| DeadLetterConfig { arn: Some(arn) }),
            retry_policy: (retry != RetryPolicy::default()).then_some(retry),
            input: self.input.map(|input| input.text().to_owned()),
            others: self.parameters.unwrap_or_default(),
        })
    }
}

/// What a schedule calls.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ShownTarget {
    arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<Value>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Option<Object>)]
    parameters: Map<String, Value>,
    role_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    dead_letter_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    maximum_age_seconds: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    maximum_retries: Option<i64>,
}

/// A schedule.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::rest) struct Schedule {
    /// NAME, or GROUP:NAME outside of the default group.
    id: String,
    /// Its ARN, by which AWS's API knows it.
    arn: String,
    expression: String,
    time_zone: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    start: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    end: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// Whether it fires no more for now.
    paused: bool,
    /// Why it is paused, and since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pause: Option<ShownPause>,
    target: ShownTarget,
    #[serde(skip_serializing_if = "Option::is_none")]
    window_minutes: Option<i64>,
    delete_after_completion: bool,
    overlap: OverlapPolicy,
    #[serde(skip_serializing_if = "Option::is_none")]
    catch_up_seconds: Option<i64>,
    pause_on_failure: bool,
    jitter_seconds: i64,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
    /// When it is due next.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    next_at: Option<String>,
    /// How many runs are not over.
    running: usize,
    /// How many runs wait for others to end.
    waiting: usize,
    counts: ShownCounts,
    /// Times that were missed for longer than the catch-up window, the newest last.
    missed: Vec<ShownMissed>,
}

/// Why a schedule is paused.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ShownPause {
    #[schema(format = DateTime)]
    since: String,
    why: String,
}

/// How often what happened.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ShownCounts {
    /// Runs that began.
    begun: u64,
    /// Runs that failed.
    failed: u64,
    /// Times that were left out because another run was not over.
    skipped: u64,
    /// Times that were missed for longer than the catch-up window.
    missed: u64,
}

/// Times that were missed.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ShownMissed {
    /// The first of them.
    #[schema(format = DateTime)]
    first: String,
    /// How many there were.
    count: u64,
    /// When that was found out.
    #[schema(format = DateTime)]
    noted_at: String,
}

/// A schedule in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::rest) struct ScheduleItem {
    id: String,
    arn: String,
    expression: String,
    target_arn: String,
    paused: bool,
    #[schema(format = DateTime)]
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    next_at: Option<String>,
}

/// A run of a schedule.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::rest) struct ScheduleRun {
    /// Its name, unique among all runs; that of the execution, where it starts one.
    name: String,
    /// The time it is for.
    #[schema(format = DateTime)]
    scheduled_at: String,
    /// `SCHEDULE`, `TRIGGER` or `BACKFILL`.
    cause: &'static str,
    /// `CALLING`, `RETRYING`, `RUNNING`, `STOPPING`; when it is over `STARTED` (more is not known), `SUCCEEDED`, `FAILED` or `STOPPED`.
    status: &'static str,
    #[schema(format = DateTime)]
    began_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    ended_at: Option<String>,
    /// How often the target was called.
    attempts: u32,
    /// What the target calls it: an execution's ARN, a job's.
    #[serde(skip_serializing_if = "Option::is_none")]
    target_run: Option<String>,
    /// What went wrong last.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl From<&ScheduleView> for Schedule {
    fn from(view: &ScheduleView) -> Self {
        let definition = &view.definition;
        let target = &definition.target;
        let retry = target.retry_policy.unwrap_or_default();
        let state = &view.state;
        Self {
            id: id_of(&view.name),
            arn: view.arn.clone(),
            expression: definition.schedule_expression.clone(),
            time_zone: definition
                .schedule_expression_timezone
                .clone()
                .unwrap_or_else(|| "UTC".to_owned()),
            start: definition.start_date.map(instant),
            end: definition.end_date.map(instant),
            description: definition.description.clone(),
            paused: state.paused.is_some(),
            pause: state.paused.as_ref().map(ShownPause::from),
            target: ShownTarget {
                arn: target.arn.clone(),
                input: target.input.as_deref().map(value_of),
                parameters: target.others.clone(),
                role_arn: target.role_arn.clone(),
                dead_letter_arn: target
                    .dead_letter_config
                    .as_ref()
                    .and_then(|config| config.arn.clone()),
                maximum_age_seconds: retry.maximum_event_age_in_seconds,
                maximum_retries: retry.maximum_retry_attempts,
            },
            window_minutes: definition.flexible_time_window.maximum_window_in_minutes,
            delete_after_completion: definition.action_after_completion
                == ActionAfterCompletion::Delete,
            overlap: view.policies.overlap.into(),
            catch_up_seconds: view.policies.catch_up_seconds,
            pause_on_failure: view.policies.pause_on_failure,
            jitter_seconds: view.policies.jitter_seconds,
            created_at: instant(view.created_at),
            updated_at: instant(view.modified_at),
            next_at: view.next_at.map(instant),
            running: state.open.len(),
            waiting: state.buffer.len(),
            counts: ShownCounts {
                begun: state.counts.begun,
                failed: state.counts.failed,
                skipped: state.counts.skipped,
                missed: state.counts.missed,
            },
            missed: state.missed.iter().map(ShownMissed::from).collect(),
        }
    }
}

impl From<&ScheduleSummary> for ScheduleItem {
    fn from(summary: &ScheduleSummary) -> Self {
        Self {
            id: id_of(&summary.name),
            arn: summary.arn.clone(),
            expression: summary.expression.clone(),
            target_arn: summary.target_arn.clone(),
            paused: summary.is_paused,
            created_at: instant(summary.created_at),
            next_at: summary.next_at.map(instant),
        }
    }
}

impl From<&Run> for ScheduleRun {
    fn from(run: &Run) -> Self {
        Self {
            name: run.name.clone(),
            scheduled_at: instant(run.scheduled_at),
            cause: match run.cause {
                Cause::Timetable => "SCHEDULE",
                Cause::Hand { .. } => "TRIGGER",
                Cause::Backfill { .. } => "BACKFILL",
            },
            status: match run.phase {
                Phase::Calling => "CALLING",
                Phase::Retrying { .. } => "RETRYING",
                Phase::Running => "RUNNING",
                Phase::Stopping(_) => "STOPPING",
                Phase::Started => "STARTED",
                Phase::Succeeded => "SUCCEEDED",
                Phase::Failed => "FAILED",
                Phase::Stopped => "STOPPED",
            },
            began_at: instant(run.began_at),
            ended_at: run.ended_at.map(instant),
            attempts: run.attempts,
            target_run: run.handle.clone(),
            error: run.error.clone(),
        }
    }
}

impl From<&Pause> for ShownPause {
    fn from(pause: &Pause) -> Self {
        Self {
            since: instant(pause.at),
            why: pause.why.clone(),
        }
    }
}

impl From<&Missed> for ShownMissed {
    fn from(missed: &Missed) -> Self {
        Self {
            first: instant(missed.first),
            count: missed.count,
            noted_at: instant(missed.noted_at),
        }
    }
}

impl From<OverlapPolicy> for Overlap {
    fn from(policy: OverlapPolicy) -> Self {
        match policy {
            OverlapPolicy::Skip => Self::Skip,
            OverlapPolicy::BufferOne => Self::BufferOne,
            OverlapPolicy::BufferAll => Self::BufferAll,
            OverlapPolicy::CancelOther => Self::CancelOther,
            OverlapPolicy::TerminateOther => Self::TerminateOther,
            OverlapPolicy::AllowAll => Self::AllowAll,
        }
    }
}

impl From<Overlap> for OverlapPolicy {
    fn from(overlap: Overlap) -> Self {
        match overlap {
            Overlap::Skip => Self::Skip,
            Overlap::BufferOne => Self::BufferOne,
            Overlap::BufferAll => Self::BufferAll,
            Overlap::CancelOther => Self::CancelOther,
            Overlap::TerminateOther => Self::TerminateOther,
            Overlap::AllowAll => Self::AllowAll,
        }
    }
}

/// Reads a time.
///
/// # Errors
/// When it is none.
pub(super) fn time(member: &str, text: Option<&str>) -> Result<Option<i64>, Problem> {
    let Some(text) = text else { return Ok(None) };
    match text.parse::<Timestamp>() {
        Ok(time) => Ok(Some(time.as_millisecond())),
        Err(_) => Err(Problem::new(
            Kind::InvalidSchedule,
            format!("{member}: `{text}` is no time; write 2026-11-24T02:00:00Z"),
        )),
    }
}

/// An input as JSON, or as a text where it is none.
fn value_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}
