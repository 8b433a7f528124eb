//! How answers are told: short, and without what is different in each run.

use std::sync::Arc;

use interpreter::failure::Failure;
use interpreter::history::HistoryEvent;
use interpreter::payload::Payload;
use runtime::error::Error;
use runtime::views::{ExecutionView, StateMachineView};

use crate::session::BEGINNING;

pub(crate) fn answer<T>(outcome: Result<T, Error>, shown: impl FnOnce(T) -> String) -> String {
    match outcome {
        Ok(value) => shown(value),
        Err(error) => error_text(&error),
    }
}

pub(crate) fn done() -> String {
    "done".to_owned()
}

/// The variant and the text of an error.
pub(crate) fn error_text(error: &Error) -> String {
    let debug = format!("{error:?}");
    let variant = debug
        .split(|letter: char| !letter.is_alphanumeric())
        .next()
        .unwrap_or_default();
    format!("{variant}: {}", masked(&error.to_string()))
}

pub(crate) fn machine_text(view: &StateMachineView) -> String {
    let revision = if view.revision_id.is_some() {
        "revised"
    } else {
        "first"
    };
    format!(
        "{} {:?} {revision} {}",
        view.arn, view.machine_type, view.definition
    )
}

pub(crate) fn execution_text(view: &ExecutionView) -> String {
    let mut text = format!("{:?} {}", view.status, since(view.started_at));
    if let Some(stopped_at) = view.stopped_at {
        text.push_str(&format!(" to {}", since(stopped_at)));
    }
    text.push_str(&format!(" input {}", view.input.text()));
    if let Some(output) = &view.output {
        text.push_str(&format!(" output {}", masked(output.text())));
    }
    if let Some(failure) = &view.failure {
        let part = |part: &Option<Arc<str>>| part.as_deref().unwrap_or("-").to_owned();
        text.push_str(&format!(
            " error {} cause {}",
            part(&failure.error),
            masked(&part(&failure.cause))
        ));
    }
    if let Some(header) = &view.trace_header {
        text.push_str(&format!(" trace {header}"));
    }
    text
}

/// The kinds of events with their times.
pub(crate) fn events_text(events: &[HistoryEvent]) -> String {
    let line = |event: &HistoryEvent| {
        let kind = format!("{:?}", event.kind);
        let kind = kind
            .split(|letter: char| !letter.is_alphanumeric())
            .next()
            .unwrap_or_default();
        format!("{} {kind} {}", event.id, since(event.timestamp))
    };
    events.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// `1-5, 7`
pub(crate) fn ranges(ids: &[String]) -> String {
    let numbers: Option<Vec<u64>> = ids.iter().map(|id| id.parse().ok()).collect();
    match numbers.as_deref() {
        Some([first, .., last]) if *last - *first + 1 == ids.len() as u64 => {
            format!("{first}-{last}")
        }
        _ => ids.join(", "),
    }
}

/// `+2s`
pub(crate) fn since(moment: i64) -> String {
    let elapsed = moment - BEGINNING;
    if elapsed % 1000 == 0 {
        format!("+{}s", elapsed / 1000)
    } else {
        format!("+{elapsed}ms")
    }
}

/// Without what is different in each run.
pub(crate) fn masked(text: &str) -> String {
    let is_part = |letter: char| letter.is_ascii_hexdigit() || letter == '-';
    let mut output = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(is_part) {
        let (before, from) = rest.split_at(start);
        output.push_str(before);
        let end = from.find(|letter| !is_part(letter)).unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        let is_uuid = word.len() == 36 && word.matches('-').count() == 4;
        output.push_str(if is_uuid { "<uuid>" } else { word });
        rest = after;
    }
    output.push_str(rest);
    output
}

pub(crate) fn failure(text: &str) -> Failure {
    let (error, cause) = word(text);
    let part = |part: &str| (!part.is_empty()).then(|| part.into());
    Failure {
        error: part(error),
        cause: part(cause),
    }
}

/// The first word, and what follows it.
pub(crate) fn word(text: &str) -> (&str, &str) {
    let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
    (first, rest.trim_start())
}

/// A payload of a text that is JSON.
pub(crate) fn payload(text: &str) -> Payload {
    Payload::parse(text).expect("it is JSON")
}
