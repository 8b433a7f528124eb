//! Events of the wire, written down as the corpus expects them.

use std::fmt::Write;

use serde_json::Value;
use tests::corpus::{Case, Happening};
use tests::event_text::{abridged_line, abridged_lines, masked};

use crate::script::said;

/// A history and how it ended, a line for each event.
pub(crate) fn lines<'a>(
    events: &'a [Value],
    ended: &'a Value,
) -> impl Iterator<Item = String> + 'a {
    let status = ended["status"].as_str().unwrap_or_default().to_owned();
    let end = std::iter::once(status + &named(ended, &["output", "error", "cause"], &["output"]));
    events.iter().map(line).chain(end)
}

/// A line without what differs here in any case: the machine's name, and how a function says that it failed.
pub(crate) fn comparable(line: &str, machine: &str, case: &Case) -> String {
    let mut line = line.replace(machine, "Machine");
    let moments = case.tasks.iter().flat_map(|task| &task.moments);
    for moment in moments {
        let Happening::Fail(error) = &moment.happening else {
            continue;
        };
        let said = said(error).to_string();
        let quoted = Value::from(said.as_str()).to_string();
        match &error.cause {
            Some(cause) => {
                line = line.replace(&quoted, &Value::from(cause.as_str()).to_string());
                line = line.replace(&said, cause);
            }
            None => {
                line = line.replace(&quoted, "\"\"");
                line = line.replace(&format!(" cause {said}"), "");
            }
        }
    }
    plain(&abridged_line(&masked(&line)))
}

/// The lines without the middle of a long history.
pub(crate) fn abridged(lines: Vec<String>) -> Vec<String> {
    abridged_lines(lines)
}

/// A line as both sides can have it: `<time>` for a date, even one that was cut, and assigned variables in one order, which objects
/// of the wire lose here.
pub(crate) fn plain(line: &str) -> String {
    let line = timeless(line);
    let Some((exited, assigned)) = line.split_once(" assigned ") else {
        return line;
    };
    let mut assigned: Vec<_> = assigned.split(", ").collect();
    assigned.sort_unstable();
    format!("{exited} assigned {}", assigned.join(", "))
}

fn timeless(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some(start) = rest.find("2026-") {
        text.push_str(&rest[..start]);
        text.push_str("<time>");
        rest = rest[start..]
            .trim_start_matches(|letter: char| letter.is_ascii_digit() || "-:.TZ".contains(letter));
    }
    text + rest
}

fn line(event: &Value) -> String {
    let kind = event["type"].as_str().unwrap_or_default();
    let mut line = format!("{}<-{} {kind}", event["id"], event["previousEventId"]);
    let details = event
        .as_object()
        .and_then(|members| {
            members
                .iter()
                .find(|(name, _)| name.ends_with("EventDetails"))
        })
        .map_or(&Value::Null, |(_, details)| details);
    line += &named(
        details,
        &[
            "name",
            "state",
            "location",
            "index",
            "resource",
            "length",
            "input",
            "output",
            "timeoutInSeconds",
            "error",
            "cause",
        ],
        &["name", "state", "location", "index", "resource"],
    );
    if let Some(role) = details["taskCredentials"]["roleArn"].as_str() {
        let _ = write!(line, " role {role}");
    }
    let assigned = details["assignedVariables"]
        .as_object()
        .into_iter()
        .flatten();
    for (number, (name, value)) in assigned.enumerate() {
        let lead = if number == 0 { " assigned" } else { "," };
        let _ = write!(line, "{lead} {name} {}", value.as_str().unwrap_or_default());
    }
    line
}

/// Members of an object, each behind its name unless it speaks for itself.
fn named(object: &Value, names: &[&str], bare: &[&str]) -> String {
    let mut text = String::new();
    for name in names {
        let value = match &object[name] {
            Value::Null => continue,
            Value::String(value) => value.clone(),
            other => other.to_string(),
        };
        let shown = if *name == "timeoutInSeconds" {
            "timeout"
        } else {
            name
        };
        match bare.contains(name) {
            true => write!(text, " {value}"),
            false => write!(text, " {shown} {value}"),
        }
        .expect("a text can be written to");
    }
    text
}
