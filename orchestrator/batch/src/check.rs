//! The rules that several documents share: names, tags, sizes, retry strategies. Each text names the member and its value.

use crate::definition::{ConsumableResourceProperties, JobTimeout, Map, RetryStrategy};
use crate::error::{Error, Result};

/// The most bytes of a definition.
pub(crate) const DEFINITION_BYTES: usize = 24 * 1024;
/// The most bytes of a SubmitJob.
pub(crate) const SUBMISSION_BYTES: usize = 30 * 1024;
/// The most characters of a reason.
const REASON_CHARACTERS: usize = 1024;

/// A name: 1 to 128 letters, digits, `-` and `_`.
pub(crate) fn name(member: &str, value: &str) -> Result<()> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if value.is_empty() || value.len() > 128 || !value.bytes().all(is_plain) {
        return Err(Error::Client(format!(
            "{member} must be 1 to 128 letters, digits, hyphens and underscores, not {}",
            shown(value)
        )));
    }
    Ok(())
}

/// A job's name: as others, and its first character is a letter or a digit.
pub(crate) fn job_name(value: &str) -> Result<()> {
    name("jobName", value)?;
    if !value.starts_with(|first: char| first.is_ascii_alphanumeric()) {
        let value = shown(value);
        return Err(Error::Client(format!(
            "jobName must begin with a letter or a digit, unlike {value}"
        )));
    }
    Ok(())
}

/// A share's identifier: 1 to 255 letters and digits.
pub(crate) fn share(member: &str, value: &str) -> Result<()> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if value.is_empty() || value.len() > 255 || !value.bytes().all(is_plain) {
        return Err(Error::Client(format!(
            "{member} must be 1 to 255 letters and digits, not {}",
            shown(value)
        )));
    }
    Ok(())
}

/// A value for an error's text: quoted, and cut if it is long.
pub(crate) fn shown(value: &str) -> String {
    match value.char_indices().nth(100) {
        Some((end, _)) => format!("{:?}…", &value[..end]),
        None => format!("{value:?}"),
    }
}

/// A number in a range.
pub(crate) fn range(member: &str, value: i64, least: i64, most: i64) -> Result<()> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(Error::Client(format!(
        "{member} must be between {least} and {most}, not {value}"
    )))
}

/// A number with a lower bound.
pub(crate) fn at_least(member: &str, value: i64, least: i64) -> Result<()> {
    if value >= least {
        return Ok(());
    }
    Err(Error::Client(format!(
        "{member} must be at least {least}, not {value}"
    )))
}

/// Why a job is ended.
///
/// # Errors
/// When it is longer than 1024 characters.
pub fn reason(value: &str) -> Result<()> {
    let length = value.chars().count();
    if length > REASON_CHARACTERS {
        return Err(Error::Client(format!(
            "reason must be at most {REASON_CHARACTERS} characters, not {length}"
        )));
    }
    Ok(())
}

/// Tags: at most 50, keys of 1 to 128 and values of at most 256 characters, none that begins with `aws:`.
///
/// # Errors
/// When they are not so.
pub fn tags(tags: &Map) -> Result<()> {
    if tags.len() > 50 {
        return Err(Error::Client(format!(
            "tags must be at most 50, not {}",
            tags.len()
        )));
    }
    for (key, value) in tags {
        if key.is_empty() || key.chars().count() > 128 {
            return Err(Error::Client(format!(
                "a tag's key must be 1 to 128 characters, not {}",
                shown(key)
            )));
        }
        if value.chars().count() > 256 {
            return Err(Error::Client(format!(
                "the value of tag {key:?} must be at most 256 characters"
            )));
        }
        if key
            .get(..4)
            .is_some_and(|start| start.eq_ignore_ascii_case("aws:"))
        {
            return Err(Error::Client(format!(
                "tag {key:?} begins with aws:, which is AWS's own"
            )));
        }
    }
    Ok(())
}

/// A retry strategy: 1 to 10 attempts, at most 5 rules, whose globs are sound.
pub(crate) fn retry(strategy: &RetryStrategy) -> Result<()> {
    let rules = &strategy.evaluate_on_exit;
    match strategy.attempts {
        Some(attempts) => range("retryStrategy.attempts", attempts.into(), 1, 10)?,
        None if rules.is_empty() => {}
        None => {
            return Err(Error::client(
                "RetryAttempts must be provided with retry strategy",
            ));
        }
    }
    if rules.len() > 5 {
        let count = rules.len();
        return Err(Error::Client(format!(
            "retryStrategy.evaluateOnExit must have at most 5 rules, not {count}"
        )));
    }
    for (index, rule) in rules.iter().enumerate() {
        let at = format!("retryStrategy.evaluateOnExit[{index}]");
        glob(
            &format!("{at}.onStatusReason"),
            rule.on_status_reason.as_deref(),
        )?;
        glob(&format!("{at}.onReason"), rule.on_reason.as_deref())?;
        glob(&format!("{at}.onExitCode"), rule.on_exit_code.as_deref())?;
        let code = rule.on_exit_code.as_deref().unwrap_or_default();
        if !code
            .trim_end_matches('*')
            .bytes()
            .all(|byte| byte.is_ascii_digit())
        {
            return Err(Error::Client(format!(
                "{at}.onExitCode must be digits with at most one * at the end, not {}",
                shown(code)
            )));
        }
    }
    Ok(())
}

/// A glob: exact, or with one `*` at the end; 1 to 512 characters.
fn glob(member: &str, value: Option<&str>) -> Result<()> {
    let Some(value) = value else { return Ok(()) };
    if value.is_empty() || value.chars().count() > 512 {
        return Err(Error::Client(format!(
            "{member} must be 1 to 512 characters, not {}",
            shown(value)
        )));
    }
    if value.find('*').is_some_and(|at| at + 1 != value.len()) {
        return Err(Error::Client(format!(
            "{member} may have one * and only at its end, unlike {}",
            shown(value)
        )));
    }
    Ok(())
}

/// A timeout: at least 60 seconds.
pub(crate) fn timeout(timeout: &JobTimeout) -> Result<()> {
    match timeout.attempt_duration_seconds {
        Some(seconds) if seconds < 60 => Err(Error::Client(format!(
            "timeout.attemptDurationSeconds must be at least 60, not {seconds}"
        ))),
        Some(_) | None => Ok(()),
    }
}

/// What is taken from stores of consumable resources: each store once, with a name and an amount.
pub(crate) fn consumables(properties: &ConsumableResourceProperties) -> Result<()> {
    let list = &properties.consumable_resource_list;
    for (index, requirement) in list.iter().enumerate() {
        let at = format!("consumableResourceProperties.consumableResourceList[{index}]");
        let Some(resource) = requirement
            .consumable_resource
            .as_deref()
            .filter(|name| !name.is_empty())
        else {
            return Err(Error::Client(format!(
                "{at}.consumableResource must be given"
            )));
        };
        match requirement.quantity {
            Some(quantity) => at_least(&format!("{at}.quantity"), quantity, 0)?,
            None => return Err(Error::Client(format!("{at}.quantity must be given"))),
        }
        let same = |other: &crate::definition::ConsumableResourceRequirement| {
            other
                .consumable_resource
                .as_deref()
                .map(crate::names::name_of)
                == Some(crate::names::name_of(resource))
        };
        if list.iter().take(index).any(same) {
            return Err(Error::Client(format!(
                "{at}.consumableResource {resource:?} is there twice"
            )));
        }
    }
    Ok(())
}
