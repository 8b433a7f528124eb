//! What a schedule is: the document of EventBridge Scheduler, and the policies that go beyond it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::epoch;
use crate::expression::Mistake;

/// A schedule by the names of EventBridge Scheduler's API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Definition {
    /// `at(…)`, `rate(…)` or `cron(…)`.
    pub schedule_expression: String,
    /// The IANA name of the time zone of `at` and `cron`; UTC when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule_expression_timezone: Option<String>,
    /// Nothing is due before: milliseconds since 1970 (seconds in the document).
    #[serde(default, with = "epoch", skip_serializing_if = "Option::is_none")]
    pub start_date: Option<i64>,
    /// Nothing is due after.
    #[serde(default, with = "epoch", skip_serializing_if = "Option::is_none")]
    pub end_date: Option<i64>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether it is to fire. What is in force is remembered by [`crate::state::State::paused`].
    #[serde(default)]
    pub state: Wanted,
    /// Passed through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key_arn: Option<String>,
    /// What is called.
    pub target: Target,
    /// How long after the scheduled time it may be called.
    pub flexible_time_window: FlexibleTimeWindow,
    /// What becomes of it when nothing is due any more.
    #[serde(default)]
    pub action_after_completion: ActionAfterCompletion,
}

/// Whether a schedule is to fire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Wanted {
    /// It fires.
    #[default]
    Enabled,
    /// It does not, and what is due meanwhile is no miss.
    Disabled,
}

/// What a schedule calls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Target {
    /// A resource that can be called, or `arn:aws:scheduler:::aws-sdk:service:action`.
    pub arn: String,
    /// The role; passed through.
    pub role_arn: String,
    /// Where calls are told that failed for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_letter_config: Option<DeadLetterConfig>,
    /// How often and how long a call is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_policy: Option<RetryPolicy>,
    /// What it is called with; keywords such as `<aws.scheduler.scheduled-time>` are replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// What kinds of targets need besides: `SqsParameters`, `EcsParameters` …
    #[serde(flatten)]
    pub others: Map<String, Value>,
}

/// Where calls are told that failed for good.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeadLetterConfig {
    /// A queue's ARN (its letters are kept here), or a function or state machine that is called with the letter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
}

/// How often and how long a call is tried again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RetryPolicy {
    /// From 60 to 86,400 seconds; 86,400 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum_event_age_in_seconds: Option<i64>,
    /// From 0 to 185; 185 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum_retry_attempts: Option<i64>,
}

/// How long after the scheduled time the target may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct FlexibleTimeWindow {
    /// Whether there is a window.
    pub mode: WindowMode,
    /// From 1 to 1,440 minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum_window_in_minutes: Option<i64>,
}

/// Whether there is a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum WindowMode {
    /// The target is called at the scheduled time.
    Off,
    /// It is called some time in the window.
    Flexible,
}

/// What becomes of a schedule when nothing is due any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ActionAfterCompletion {
    /// It stays.
    #[default]
    None,
    /// It is deleted.
    Delete,
}

/// What EventBridge Scheduler does not know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Policies {
    /// What is done when a run is due while another is not over.
    pub overlap: Overlap,
    /// How late a run may begin that was missed; the maximum age of an event when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub catch_up_seconds: Option<i64>,
    /// Whether the schedule pauses when a run fails.
    pub pause_on_failure: bool,
    /// Each run is late by a part of so many seconds.
    pub jitter_seconds: i64,
}

/// What is done when a run is due while another is not over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Overlap {
    /// It is left out.
    Skip,
    /// It begins when the other is over; one may wait, more are left out.
    BufferOne,
    /// It begins when those before it are over.
    BufferAll,
    /// The other is asked to end; it begins when that is over.
    CancelOther,
    /// The other is ended; it begins when that is over.
    TerminateOther,
    /// It begins, too.
    #[default]
    AllowAll,
}

impl Overlap {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Skip,
        Self::BufferOne,
        Self::BufferAll,
        Self::CancelOther,
        Self::TerminateOther,
        Self::AllowAll,
    ];
}

impl Definition {
    /// Everything that is wrong with what it says, but for its expression and time zone, which [`crate::plan::Plan::new`] reads.
    ///
    /// # Errors
    /// The first mistake.
    pub fn check(&self) -> Result<(), Mistake> {
        at_most("Description", self.description.as_deref(), 0, 512)?;
        at_most("KmsKeyArn", self.kms_key_arn.as_deref(), 1, 2048)?;
        at_most("Target.Arn", Some(&self.target.arn), 1, 1600)?;
        at_most("Target.RoleArn", Some(&self.target.role_arn), 1, 1600)?;
        at_most("Target.Input", self.target.input.as_deref(), 1, INPUT)?;
        let arns = [
            ("Target.Arn", Some(&self.target.arn)),
            ("Target.RoleArn", Some(&self.target.role_arn)),
            (
                "Target.DeadLetterConfig.Arn",
                self.target
                    .dead_letter_config
                    .as_ref()
                    .and_then(|config| config.arn.as_ref()),
            ),
        ];
        for (field, arn) in arns {
            if let Some(arn) = arn
                && !(arn.starts_with("arn:aws") && arn.split(':').count() >= 6)
            {
                return Err(Mistake::new(field, arn, "it is no ARN"));
            }
        }
        let retry = self.target.retry_policy.unwrap_or_default();
        within(
            "Target.RetryPolicy.MaximumEventAgeInSeconds",
            retry.maximum_event_age_in_seconds,
            60,
            86_400,
        )?;
        within(
            "Target.RetryPolicy.MaximumRetryAttempts",
            retry.maximum_retry_attempts,
            0,
            185,
        )?;
        self.check_window()?;
        if let (Some(start), Some(end)) = (self.start_date, self.end_date)
            && start >= end
        {
            let end = (end / 1000).to_string();
            return Err(Mistake::new("EndDate", end, "it is not after StartDate"));
        }
        Ok(())
    }

    fn check_window(&self) -> Result<(), Mistake> {
        const FIELD: &str = "FlexibleTimeWindow.MaximumWindowInMinutes";
        let minutes = self.flexible_time_window.maximum_window_in_minutes;
        within(FIELD, minutes, 1, 1440)?;
        match (self.flexible_time_window.mode, minutes) {
            (WindowMode::Flexible, None) => {
                let why = "a FLEXIBLE window needs its length, from 1 to 1440 minutes";
                Err(Mistake::new(FIELD, "", why))
            }
            (WindowMode::Off, Some(minutes)) => {
                let why = "a window that is OFF has no length";
                Err(Mistake::new(FIELD, minutes.to_string(), why))
            }
            (WindowMode::Flexible, Some(_)) | (WindowMode::Off, None) => Ok(()),
        }
    }
}

/// The longest input, in characters: the most that an event may have at AWS.
const INPUT: usize = 262_144;

impl Policies {
    /// What is wrong with them.
    ///
    /// # Errors
    /// The first mistake.
    pub fn check(&self) -> Result<(), Mistake> {
        const YEAR: i64 = 366 * 86_400;
        within("catchUpSeconds", self.catch_up_seconds, 10, YEAR)?;
        within("jitterSeconds", Some(self.jitter_seconds), 0, 86_400)
    }
}

fn within(field: &'static str, value: Option<i64>, least: i64, most: i64) -> Result<(), Mistake> {
    match value {
        Some(value) if !(least..=most).contains(&value) => {
            let why = format!("it must be from {least} to {most}");
            Err(Mistake::new(field, value.to_string(), why))
        }
        Some(_) | None => Ok(()),
    }
}

fn at_most(
    field: &'static str,
    value: Option<&str>,
    least: usize,
    most: usize,
) -> Result<(), Mistake> {
    let Some(value) = value else { return Ok(()) };
    let length = value.chars().count();
    if (least..=most).contains(&length) {
        return Ok(());
    }
    let beginning: String = value.chars().take(40).collect();
    let why = format!("it has {length} characters; {least} to {most} are allowed");
    Err(Mistake::new(field, beginning, why))
}
