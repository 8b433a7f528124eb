//! Whether an attempt that failed is followed by another: `retryStrategy` with its `evaluateOnExit`.

use crate::definition::{EvaluateOnExit, ExitAction, RetryStrategy};

/// How an attempt failed, as rules see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure<'a> {
    /// `statusReason` of the attempt.
    pub status_reason: &'a str,
    /// `container.reason`; empty if there is none.
    pub reason: &'a str,
    /// The exit code, if the container exited.
    pub exit_code: Option<i32>,
}

/// Whether the attempt of this number (from 1) is followed by another.
///
/// The first rule whose conditions all match decides; if none does, the answer is to try again, as on AWS.
pub fn is_retried(strategy: &RetryStrategy, number: u32, failure: Failure<'_>) -> bool {
    let attempts = strategy
        .attempts
        .and_then(|attempts| u32::try_from(attempts).ok())
        .unwrap_or(1);
    if number >= attempts {
        return false;
    }
    let rule = strategy
        .evaluate_on_exit
        .iter()
        .find(|rule| matches(rule, failure));
    rule.is_none_or(|rule| rule.action == ExitAction::Retry)
}

/// Whether all conditions that the rule has are met. A condition on the exit code is not met without an exit code.
fn matches(rule: &EvaluateOnExit, failure: Failure<'_>) -> bool {
    let text = |pattern: &Option<String>, text: &str| {
        pattern
            .as_ref()
            .is_none_or(|pattern| is_like(pattern, text))
    };
    let code = || match (&rule.on_exit_code, failure.exit_code) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(pattern), Some(code)) => is_like(pattern, &code.to_string()),
    };
    text(&rule.on_status_reason, failure.status_reason)
        && text(&rule.on_reason, failure.reason)
        && code()
}

/// Whether the text is the pattern, or begins with it if the pattern ends with `*`.
fn is_like(pattern: &str, text: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => text.starts_with(start),
        None => text == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rules are written `statusReason|reason|exitCode>ACTION`; an empty part is no condition.
    fn check(
        attempts: Option<i32>,
        rules: &[&str],
        number: u32,
        failure: (&str, &str, Option<i32>),
        expected: bool,
    ) {
        let part = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let rule = |text: &&str| {
            let (conditions, action) = text.split_once('>').expect("a rule has an action");
            let parts: Vec<&str> = conditions.split('|').collect();
            EvaluateOnExit {
                on_status_reason: part(parts[0]),
                on_reason: part(parts[1]),
                on_exit_code: part(parts[2]),
                action: serde_json::from_value(action.into()).expect("RETRY or EXIT"),
            }
        };
        let strategy = RetryStrategy {
            attempts,
            evaluate_on_exit: rules.iter().map(rule).collect(),
        };
        let (status_reason, reason, exit_code) = failure;
        let failure = Failure {
            status_reason,
            reason,
            exit_code,
        };
        assert_eq!(
            is_retried(&strategy, number, failure),
            expected,
            "{rules:?} of {failure:?}"
        );
    }

    #[test]
    fn attempts_bound_it() {
        let failure = ("Essential container in task exited", "", Some(1));
        check(None, &[], 1, failure, false);
        check(Some(1), &[], 1, failure, false);
        check(Some(3), &[], 1, failure, true);
        check(Some(3), &[], 2, failure, true);
        check(Some(3), &[], 3, failure, false);
        check(Some(3), &["||1>RETRY"], 3, failure, false);
    }

    #[test]
    fn the_first_rule_that_matches_decides() {
        let exited = |code| ("Essential container in task exited", "", Some(code));
        check(Some(3), &["||1>EXIT", "||*>RETRY"], 1, exited(1), false);
        check(Some(3), &["||*>RETRY", "||1>EXIT"], 1, exited(1), true);
        check(Some(3), &["||1>EXIT"], 1, exited(2), true);
        check(Some(3), &["||1*>EXIT"], 1, exited(137), false);
        check(Some(3), &["||1>EXIT"], 1, exited(137), true);
        check(Some(3), &["||13>exit"], 1, exited(13), false);
        check(
            Some(3),
            &["Host EC2*||>RETRY", "||*>EXIT"],
            1,
            ("Host EC2 (instance i-1) terminated.", "", None),
            true,
        );
        check(
            Some(3),
            &["Host EC2*||>RETRY", "|*|>EXIT"],
            1,
            exited(1),
            false,
        );
    }

    #[test]
    fn all_conditions_of_a_rule_must_match() {
        let oom = (
            "Essential container in task exited",
            "OutOfMemoryError: Container killed due to memory usage",
            Some(137),
        );
        check(Some(2), &["|OutOfMemoryError*|137>EXIT"], 1, oom, false);
        check(Some(2), &["|OutOfMemoryError*|1>EXIT"], 1, oom, true);
        check(
            Some(2),
            &["Task failed*|OutOfMemoryError*|137>EXIT"],
            1,
            oom,
            true,
        );
        check(
            Some(2),
            &["|CannotPullContainerError*|>EXIT"],
            1,
            ("Task failed to start", "CannotPullContainerError: no", None),
            false,
        );
        check(
            Some(2),
            &["||*>EXIT"],
            1,
            ("Task failed to start", "CannotPullContainerError: no", None),
            true,
        );
        check(Some(2), &["|OutOfMemory|>EXIT"], 1, oom, true);
    }
}
