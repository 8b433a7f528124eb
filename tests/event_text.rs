//! How a history is written down: one line for each event, with AWS's names, as the corpus expects it.

use std::fmt::Write;

use interpreter::execution::Status;
use interpreter::failure::Failure;
use interpreter::history::{EventKind, HistoryEvent, StateType, TaskResource};
use interpreter::payload::Payload;

/// Histories longer than this lose their middle.
const LONGEST: usize = 200;
/// What stays of them at each end.
const KEPT: usize = 12;
/// Lines longer than this many characters lose their end.
const LONGEST_LINE: usize = 600;

/// A history and how it ended.
///
/// Times stand on lines of their own, before the events that they are of, as the time since `started_at`. What
/// differs from run to run stands as `<uuid>` and `<token>`. The middle of a very long history is left out, and so is the
/// end of a very long line.
#[must_use]
pub fn history_text(events: &[HistoryEvent], status: &Status, started_at: i64) -> String {
    let mut lines = Vec::new();
    let mut time = started_at;
    for event in events {
        if event.timestamp != time {
            time = event.timestamp;
            lines.push(format!("@ {}", duration(time - started_at)));
        }
        lines.push(event_line(event));
    }
    lines.push(status_line(status));
    let mut text = String::new();
    for line in abridged_lines(lines) {
        text.push_str(&abridged_line(&masked(&line)));
        text.push('\n');
    }
    text
}

/// The lines of a history, without its middle when it is very long.
#[must_use]
pub fn abridged_lines(mut lines: Vec<String>) -> Vec<String> {
    if lines.len() > LONGEST {
        let left_out = lines.len() - 2 * KEPT;
        let end = lines.split_off(lines.len() - KEPT);
        lines.truncate(KEPT);
        lines.push(format!("… {left_out} lines"));
        lines.extend(end);
    }
    lines
}

/// A line, without its end when it is very long.
#[must_use]
pub fn abridged_line(line: &str) -> String {
    match line.char_indices().nth(LONGEST_LINE) {
        None => line.to_owned(),
        Some((end, _)) => {
            let left_out = line[end..].chars().count();
            format!("{}… {left_out} characters", &line[..end])
        }
    }
}

/// `250ms`, `3s`
fn duration(milliseconds: i64) -> String {
    match milliseconds % 1000 {
        0 => format!("{}s", milliseconds / 1000),
        _ => format!("{milliseconds}ms"),
    }
}

/// `SUCCEEDED {"a":1}`, `FAILED error Boom cause it broke`
#[must_use]
pub fn status_line(status: &Status) -> String {
    match status {
        Status::Running => "RUNNING".to_owned(),
        Status::Succeeded(output) => format!("SUCCEEDED {}", output.text()),
        Status::Failed(failure) => format!("FAILED{}", failure_text(failure)),
        Status::TimedOut(failure) => format!("TIMED_OUT{}", failure_text(failure)),
        Status::Aborted(failure) => format!("ABORTED{}", failure_text(failure)),
    }
}

/// `4<-3 PassStateExited Greet output {"a":1}`
#[must_use]
pub fn event_line(event: &HistoryEvent) -> String {
    let mut line = format!("{}<-{} ", event.id, event.previous);
    line.push_str(&kind_text(&event.kind));
    line
}

fn kind_text(kind: &EventKind) -> String {
    match kind {
        EventKind::ExecutionStarted { input, .. } => {
            format!("ExecutionStarted input {}", input.text())
        }
        EventKind::ExecutionSucceeded { output } => with_output("ExecutionSucceeded", output),
        EventKind::ExecutionFailed(failure) => failed("ExecutionFailed", failure),
        EventKind::ExecutionAborted(failure) => failed("ExecutionAborted", failure),
        EventKind::ExecutionTimedOut(failure) => failed("ExecutionTimedOut", failure),
        EventKind::StateEntered {
            state_type,
            name,
            input,
        } => format!(
            "{}StateEntered {name} input {}",
            state_type_name(*state_type),
            input.text()
        ),
        EventKind::StateExited {
            state_type,
            name,
            output,
            assigned,
        } => {
            let mut text = format!(
                "{}StateExited {name} output {}",
                state_type_name(*state_type),
                output.text()
            );
            for (index, variable) in assigned.iter().enumerate() {
                let lead = if index == 0 { " assigned" } else { "," };
                let _ = write!(text, "{lead} {} {}", variable.name, variable.value.text());
            }
            text
        }
        EventKind::StateAborted { state_type } => {
            format!("{}StateAborted", state_type_name(*state_type))
        }
        EventKind::ParallelStarted => "ParallelStateStarted".to_owned(),
        EventKind::ParallelSucceeded => "ParallelStateSucceeded".to_owned(),
        EventKind::ParallelFailed => "ParallelStateFailed".to_owned(),
        EventKind::MapStarted { length } => format!("MapStateStarted length {length}"),
        EventKind::MapSucceeded => "MapStateSucceeded".to_owned(),
        EventKind::MapFailed => "MapStateFailed".to_owned(),
        EventKind::MapRunStarted { .. } => "MapRunStarted".to_owned(),
        EventKind::MapRunSucceeded => "MapRunSucceeded".to_owned(),
        EventKind::MapRunFailed(failure) => failed("MapRunFailed", failure),
        EventKind::MapRunAborted => "MapRunAborted".to_owned(),
        EventKind::MapRunRedriven { count, .. } => format!("MapRunRedriven {count}"),
        EventKind::MapIterationStarted(of) => {
            format!("MapIterationStarted {} {}", of.name, of.index)
        }
        EventKind::MapIterationSucceeded(of) => {
            format!("MapIterationSucceeded {} {}", of.name, of.index)
        }
        EventKind::MapIterationFailed(of) => format!("MapIterationFailed {} {}", of.name, of.index),
        EventKind::MapIterationAborted(of) => {
            format!("MapIterationAborted {} {}", of.name, of.index)
        }
        EventKind::EvaluationFailed {
            state,
            failure,
            location,
        } => {
            let place = match location {
                Some(location) => format!("{state} {location}"),
                None => state.to_string(),
            };
            failed(&format!("EvaluationFailed {place}"), failure)
        }
        of_task => task_text(of_task),
    }
}

/// The events of tasks.
fn task_text(kind: &EventKind) -> String {
    match kind {
        EventKind::TaskScheduled {
            resource,
            region,
            parameters,
            timeout_seconds,
            heartbeat_seconds,
            credentials_role_arn,
        } => {
            let mut text = with_resource("TaskScheduled", resource);
            let _ = write!(text, " region {region} parameters {}", parameters.text());
            seconds(&mut text, *timeout_seconds, *heartbeat_seconds);
            role(&mut text, credentials_role_arn.as_deref());
            text
        }
        EventKind::TaskStarted { resource } => with_resource("TaskStarted", resource),
        EventKind::TaskStartFailed { resource, failure } => {
            failed(&with_resource("TaskStartFailed", resource), failure)
        }
        EventKind::TaskSubmitted { resource, output } => {
            with_output(&with_resource("TaskSubmitted", resource), output)
        }
        EventKind::TaskSubmitFailed { resource, failure } => {
            failed(&with_resource("TaskSubmitFailed", resource), failure)
        }
        EventKind::TaskSucceeded { resource, output } => {
            with_output(&with_resource("TaskSucceeded", resource), output)
        }
        EventKind::TaskFailed { resource, failure } => {
            failed(&with_resource("TaskFailed", resource), failure)
        }
        EventKind::TaskTimedOut { resource, failure } => {
            failed(&with_resource("TaskTimedOut", resource), failure)
        }
        EventKind::ActivityScheduled {
            resource,
            input,
            timeout_seconds,
            heartbeat_seconds,
        } => {
            let mut text = format!("ActivityScheduled {resource} input {}", input.text());
            seconds(&mut text, *timeout_seconds, *heartbeat_seconds);
            text
        }
        EventKind::ActivityScheduleFailed(failure) => failed("ActivityScheduleFailed", failure),
        EventKind::ActivityStarted { worker_name } => match worker_name {
            Some(name) => format!("ActivityStarted worker {name}"),
            None => "ActivityStarted".to_owned(),
        },
        EventKind::ActivitySucceeded { output } => with_output("ActivitySucceeded", output),
        EventKind::ActivityFailed(failure) => failed("ActivityFailed", failure),
        EventKind::ActivityTimedOut(failure) => failed("ActivityTimedOut", failure),
        EventKind::LambdaFunctionScheduled {
            resource,
            input,
            timeout_seconds,
            credentials_role_arn,
        } => {
            let mut text = format!("LambdaFunctionScheduled {resource} input {}", input.text());
            seconds(&mut text, *timeout_seconds, None);
            role(&mut text, credentials_role_arn.as_deref());
            text
        }
        EventKind::LambdaFunctionScheduleFailed(failure) => {
            failed("LambdaFunctionScheduleFailed", failure)
        }
        EventKind::LambdaFunctionStarted => "LambdaFunctionStarted".to_owned(),
        EventKind::LambdaFunctionStartFailed(failure) => {
            failed("LambdaFunctionStartFailed", failure)
        }
        EventKind::LambdaFunctionSucceeded { output } => {
            with_output("LambdaFunctionSucceeded", output)
        }
        EventKind::LambdaFunctionFailed(failure) => failed("LambdaFunctionFailed", failure),
        EventKind::LambdaFunctionTimedOut(failure) => failed("LambdaFunctionTimedOut", failure),
        other => unreachable!("{other:?} is no task's event"),
    }
}

fn state_type_name(state_type: StateType) -> &'static str {
    match state_type {
        StateType::Task => "Task",
        StateType::Pass => "Pass",
        StateType::Choice => "Choice",
        StateType::Wait => "Wait",
        StateType::Succeed => "Succeed",
        StateType::Fail => "Fail",
        StateType::Parallel => "Parallel",
        StateType::Map => "Map",
    }
}

fn with_resource(event: &str, resource: &TaskResource) -> String {
    format!("{event} {}:{}", resource.resource_type, resource.resource)
}

fn with_output(event: &str, output: &Payload) -> String {
    format!("{event} output {}", output.text())
}

fn failed(event: &str, failure: &Failure) -> String {
    event.to_owned() + &failure_text(failure)
}

/// ` error Boom cause it broke`
fn failure_text(failure: &Failure) -> String {
    let mut text = String::new();
    if let Some(error) = &failure.error {
        let _ = write!(text, " error {error}");
    }
    if let Some(cause) = &failure.cause {
        let _ = write!(text, " cause {cause}");
    }
    text
}

fn seconds(text: &mut String, timeout: Option<u64>, heartbeat: Option<u64>) {
    if let Some(timeout) = timeout {
        let _ = write!(text, " timeout {timeout}");
    }
    if let Some(heartbeat) = heartbeat {
        let _ = write!(text, " heartbeat {heartbeat}");
    }
}

fn role(text: &mut String, arn: Option<&str>) {
    if let Some(arn) = arn {
        let _ = write!(text, " role {arn}");
    }
}

/// Puts `<uuid>` and `<token>` where a text has the like.
#[must_use]
pub fn masked(text: &str) -> String {
    let is_part = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_part) {
        masked.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = rest
            .find(|character| !is_part(character))
            .unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        masked.push_str(match word {
            _ if is_uuid(word) => "<uuid>",
            _ if is_token(word) => "<token>",
            _ => word,
        });
        rest = behind;
    }
    masked.push_str(rest);
    masked
}

fn is_uuid(word: &str) -> bool {
    let lengths = word.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && word.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}

fn is_token(word: &str) -> bool {
    interpreter::input::TaskToken::decode(word).is_some()
}
