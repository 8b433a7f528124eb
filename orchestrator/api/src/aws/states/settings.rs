//! Settings of a state machine that the engine passes through: logging, tracing, encryption.

use serde::{Deserialize, Serialize};

use crate::aws::json::encode;
use crate::aws::states::errors::{Mistake, Refusal};
use crate::aws::states::history::Data;
use crate::aws::states::wire;

/// The settings as they are kept: JSON by the API's names; what was never set is left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Settings<'a> {
    /// Where the history is logged to.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub(super) logging_configuration: Option<wire::LoggingConfiguration<'a>>,
    /// Whether traces are sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tracing_configuration: Option<wire::TracingConfiguration>,
    /// How data is encrypted.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub(super) encryption_configuration: Option<wire::EncryptionConfiguration<'a>>,
}

impl<'a> Settings<'a> {
    /// The kept settings. A text that is none of ours has no settings.
    pub(super) fn of_text(text: &'a str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }

    /// As they are kept.
    pub(super) fn to_text(&self) -> String {
        String::from_utf8_lossy(&encode(self)).into_owned()
    }

    /// Whether none is set.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Checks what the model can't say.
    ///
    /// # Errors
    /// InvalidLoggingConfiguration, InvalidEncryptionConfiguration.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        if let Some(logging) = &self.logging_configuration {
            check_logging(logging)?;
        }
        check_encryption(self.encryption_configuration.as_ref())
    }

    /// These settings, with those of the older that these leave out.
    pub(super) fn over(self, older: Self) -> Self {
        Self {
            logging_configuration: self.logging_configuration.or(older.logging_configuration),
            tracing_configuration: self.tracing_configuration.or(older.tracing_configuration),
            encryption_configuration: self
                .encryption_configuration
                .or(older.encryption_configuration),
        }
    }
}

/// Checks settings that came another way than over AWS's wire; why they can't be.
pub(crate) fn check_text(text: &str) -> Result<(), String> {
    let settings: Settings<'_> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    match settings.check() {
        Ok(()) => Ok(()),
        Err(Refusal::Mistake(Mistake::Logging(why) | Mistake::Encryption(why))) => {
            Err(why.to_owned())
        }
        Err(refusal) => Err(format!("{refusal:?}")),
    }
}

/// What is logged of a state machine's executions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// Every event.
    All,
    /// What failed.
    Error,
    /// Ends without success.
    Fatal,
    /// Nothing.
    Off,
}

/// A loggingConfiguration, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Logging {
    /// Which events.
    pub(crate) level: Level,
    /// Whether with inputs and outputs.
    pub(crate) data: Data,
    /// The ARN of the log group.
    pub(crate) group: Option<String>,
}

impl Logging {
    /// The logging of a machine with these settings.
    pub(crate) fn of_settings(settings: &str) -> Self {
        let set = Settings::of_text(settings).logging_configuration;
        let set = set.unwrap_or_default();
        let level = set.level.as_deref().and_then(wire::LogLevel::named);
        let destination = set.destinations.as_deref().and_then(<[_]>::first);
        let group = destination.and_then(|one| one.cloud_watch_logs_log_group.as_ref());
        Self {
            level: match level {
                Some(wire::LogLevel::All) => Level::All,
                Some(wire::LogLevel::Error) => Level::Error,
                Some(wire::LogLevel::Fatal) => Level::Fatal,
                Some(wire::LogLevel::Off) | None => Level::Off,
            },
            data: match set.include_execution_data {
                Some(true) => Data::Included,
                Some(false) | None => Data::LeftOut,
            },
            group: group.and_then(|group| Some(group.log_group_arn.as_deref()?.to_owned())),
        }
    }
}

/// The logging that AWS shows for a machine that was made without any.
pub(super) fn logging_shown<'a>(
    set: Option<wire::LoggingConfiguration<'a>>,
) -> wire::LoggingConfiguration<'a> {
    let set = set.unwrap_or_default();
    wire::LoggingConfiguration {
        level: set.level.or(Some(crate::aws::json::Text("OFF".into()))),
        include_execution_data: set.include_execution_data.or(Some(false)),
        destinations: set.destinations,
    }
}

/// Checks an encryption configuration. It is kept and shown for clients that set one; the store is the operator's to encrypt, and no key
/// is ever asked for.
///
/// # Errors
/// InvalidEncryptionConfiguration.
pub(super) fn check_encryption(
    encryption: Option<&wire::EncryptionConfiguration<'_>>,
) -> Result<(), Refusal> {
    let Some(encryption) = encryption else {
        return Ok(());
    };
    match wire::EncryptionType::named(&encryption.type_) {
        Some(wire::EncryptionType::CustomerManagedKmsKey) if encryption.kms_key_id.is_none() => {
            Err(Mistake::Encryption("A CUSTOMER_MANAGED_KMS_KEY needs a KmsKeyId").into())
        }
        Some(wire::EncryptionType::CustomerManagedKmsKey) => Ok(()),
        Some(wire::EncryptionType::AwsOwnedKey) | None if encryption.kms_key_id.is_some() => {
            Err(Mistake::Encryption("An AWS_OWNED_KEY has no KmsKeyId").into())
        }
        Some(wire::EncryptionType::AwsOwnedKey) | None => Ok(()),
    }
}

fn check_logging(logging: &wire::LoggingConfiguration<'_>) -> Result<(), Refusal> {
    let destinations = logging.destinations.as_deref().unwrap_or_default();
    let level = logging.level.as_deref().unwrap_or("OFF");
    let is_off = wire::LogLevel::named(level) == Some(wire::LogLevel::Off);
    if destinations.len() > 1 || (destinations.is_empty() && !is_off) {
        return Err(Mistake::Logging("Must specify exactly one Log Destination.").into());
    }
    for destination in destinations {
        let group = destination.cloud_watch_logs_log_group.as_ref();
        let arn = group.and_then(|group| group.log_group_arn.as_deref());
        let is_group = arn.is_some_and(|arn| {
            let parts: Vec<_> = arn.split(':').collect();
            parts.len() == 8 && parts[2] == "logs" && parts[5] == "log-group" && parts[7] == "*"
        });
        if !is_group {
            return Err(Mistake::Logging("Invalid Log Destination.").into());
        }
    }
    Ok(())
}
