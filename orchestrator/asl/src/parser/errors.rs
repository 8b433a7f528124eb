//! Reads `Retry` and `Catch`.

use std::sync::Arc;

use crate::definition::{Catcher, Jitter, OnError, QueryLanguage, Retrier};
use crate::parser::fields::{self, Fields, Group, In, Known, MAX_SECONDS};
use crate::parser::findings::{Findings, Place};
use crate::parser::state::Reader;

/// Task, Parallel and Map states have these.
pub(crate) const ON_ERROR: Group = &[("Retry", In::Both), ("Catch", In::Both)];

const RETRIER: Known = &[&[
    ("Comment", In::Both),
    ("ErrorEquals", In::Both),
    ("IntervalSeconds", In::Both),
    ("MaxAttempts", In::Both),
    ("BackoffRate", In::Both),
    ("MaxDelaySeconds", In::Both),
    ("JitterStrategy", In::Both),
]];

const CATCHER: Known = &[&[
    ("Comment", In::Both),
    ("ErrorEquals", In::Both),
    ("Next", In::Both),
    ("ResultPath", In::JsonPath),
    ("Assign", In::Both),
    ("Output", In::Jsonata),
]];

/// The longest `MaxDelaySeconds`: a year of 366 days.
const MAX_DELAY_SECONDS: u64 = 31_622_400;

/// The name that matches every error.
const ALL: &str = "States.ALL";

impl<'t> Reader<'_, 't> {
    /// `Retry` and `Catch`.
    pub(crate) fn on_error(&self, fields: &Fields<'_, 't>) -> OnError {
        let retry = fields.get("Retry").map(|place| self.retriers(&place));
        let catch = fields
            .get("Catch")
            .map(|place| self.catchers(&place, fields.language));
        OnError {
            retry: retry.unwrap_or_default(),
            catch: catch.unwrap_or_default(),
        }
    }

    fn retriers(&self, list: &Place<'_, 't>) -> Vec<Retrier> {
        let count = fields::array(list, self.findings).map_or(0, <[_]>::len);
        list.items()
            .enumerate()
            .filter_map(|(index, place)| self.retrier(place, index + 1 == count))
            .collect()
    }

    fn retrier(&self, place: Place<'_, 't>, is_last: bool) -> Option<Retrier> {
        let fields = Fields::new(place, self.findings, QueryLanguage::JsonPath, RETRIER)?;
        fields.require(&["ErrorEquals"]);
        let error_equals = error_equals(&fields, is_last, self.findings);
        let interval_seconds = fields.integer("IntervalSeconds", 1..=MAX_SECONDS);
        let max_attempts = fields.integer("MaxAttempts", 0..=MAX_SECONDS);
        let backoff_rate = fields.number_from("BackoffRate", 1.0);
        let max_delay_seconds = fields.integer("MaxDelaySeconds", 1..=MAX_DELAY_SECONDS);
        let jitter = fields.one_of(
            "JitterStrategy",
            &[("FULL", Jitter::Full), ("NONE", Jitter::None)],
        );
        Some(Retrier {
            error_equals: error_equals?,
            interval_seconds: interval_seconds.unwrap_or(1),
            max_attempts: max_attempts.map_or(3, |attempts| {
                u32::try_from(attempts).expect("the range ends below")
            }),
            backoff_rate: backoff_rate.unwrap_or(2.0),
            max_delay_seconds,
            jitter: jitter.unwrap_or_default(),
        })
    }

    fn catchers(&self, list: &Place<'_, 't>, language: QueryLanguage) -> Vec<Catcher> {
        let count = fields::array(list, self.findings).map_or(0, <[_]>::len);
        list.items()
            .enumerate()
            .filter_map(|(index, place)| self.catcher(place, index + 1 == count, language))
            .collect()
    }

    fn catcher(
        &self,
        place: Place<'_, 't>,
        is_last: bool,
        language: QueryLanguage,
    ) -> Option<Catcher> {
        let Some(fields) = Fields::new(place, self.findings, language, CATCHER) else {
            self.lose_way();
            return None;
        };
        fields.require(&["ErrorEquals", "Next"]);
        let error_equals = error_equals(&fields, is_last, self.findings);
        let next = self.next(&fields);
        let result_path = fields.result_path();
        let assign = self.assign(&fields);
        Some(Catcher {
            error_equals: error_equals?,
            next: next?,
            result_path,
            assign,
            output: fields.payload("Output"),
        })
    }
}

/// `ErrorEquals`: `States.ALL` stands alone, and in the last of the list, because nothing behind it would be reached.
fn error_equals(
    fields: &Fields<'_, '_>,
    is_last: bool,
    findings: &Findings,
) -> Option<Vec<Arc<str>>> {
    let place = fields.get("ErrorEquals")?;
    fields::filled_array(&place, findings)?;
    let names: Vec<Arc<str>> = place
        .items()
        .filter_map(|item| fields::string(&item, findings).map(Arc::from))
        .collect();
    if names.iter().any(|name| &**name == ALL) {
        if names.len() > 1 {
            findings.schema(&place, format!("{ALL} must be the only error of its list"));
        } else if !is_last {
            findings.schema(&place, format!("{ALL} must be in the last of its list"));
        }
    }
    Some(names)
}
