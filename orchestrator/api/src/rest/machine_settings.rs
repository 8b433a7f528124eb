//! The settings of a state machine as the REST API takes and shows them: what is logged of its executions, and whether they are traced.
//! They are AWS's structures, so that what was written for one serves the other.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::aws::states::settings::check_text;
use crate::rest::problem::Problem;
use crate::rest::problem_kinds::Kind;

/// The settings that were given, or are in force.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MachineSettings {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) logging_configuration: Option<LoggingConfiguration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tracing_configuration: Option<TracingConfiguration>,
}

/// What is logged of a state machine's executions.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct LoggingConfiguration {
    /// Which events; `OFF` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    level: Option<LogLevel>,
    /// Whether with inputs and outputs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    include_execution_data: Option<bool>,
    /// Where to: exactly one, unless the level is `OFF`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    destinations: Option<Vec<LogDestination>>,
}

/// Which events are logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum LogLevel {
    /// Every event.
    All,
    /// What failed.
    Error,
    /// Ends without success.
    Fatal,
    /// Nothing.
    Off,
}

/// Where events are logged to.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LogDestination {
    cloud_watch_logs_log_group: LogGroup,
}

/// A log group.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LogGroup {
    /// `arn:aws:logs:REGION:ACCOUNT:log-group:NAME:*`
    log_group_arn: String,
}

/// Whether a state machine's executions are traced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TracingConfiguration {
    enabled: bool,
}

impl MachineSettings {
    /// What is kept of a state machine. What stands there of other settings is no matter here.
    pub(super) fn of_text(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }

    /// These settings as they are kept, over those that were kept before; none where nothing was given.
    ///
    /// # Errors
    /// When there can't be such a logging configuration.
    pub(super) fn over(self, kept: &str) -> Result<Option<String>, Problem> {
        if self == Self::default() {
            return Ok(None);
        }
        let given = serde_json::to_value(&self);
        let given = given.map_err(|error| Problem::new(Kind::Internal, error.to_string()))?;
        let kept: serde_json::Value = serde_json::from_str(kept).unwrap_or_default();
        let mut all = kept.as_object().cloned().unwrap_or_default();
        all.extend(given.as_object().cloned().unwrap_or_default());
        let text = serde_json::Value::Object(all).to_string();
        check_text(&text).map_err(|why| {
            Problem::new(Kind::InvalidBody, format!("loggingConfiguration: {why}"))
        })?;
        Ok(Some(text))
    }
}
