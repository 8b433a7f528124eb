//! What goes to the terminal: JSON or tables on standard output, messages on standard error.

use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use expression::value::Value;

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For programs
    Json,
    /// For people
    Table,
}

/// Whether something that was to be printed could not be written.
static WAS_LOST: AtomicBool = AtomicBool::new(false);

/// Whether a result did not reach standard output, so that the command must not say that it was done.
pub(crate) fn was_lost() -> bool {
    WAS_LOST.load(Ordering::Relaxed)
}

/// Prints lines for people or JSON for programs on standard output.
///
/// A reader that has gone away (`| head`) is no error: there is nobody left to tell. A full disk is one.
pub(crate) fn print(text: &str) {
    let end = if text.ends_with('\n') { "" } else { "\n" };
    let mut stdout = std::io::stdout().lock();
    let written = write!(stdout, "{text}{end}").and_then(|()| stdout.flush());
    if let Err(error) = written
        && error.kind() != ErrorKind::BrokenPipe
    {
        WAS_LOST.store(true, Ordering::Relaxed);
        print_error(&format!("cannot write to standard output: {error}"));
    }
}

/// Prints findings on standard output, if there are any.
pub(crate) fn print_findings(text: &str) {
    if !text.is_empty() {
        print(text);
    }
}

/// Prints JSON on standard output: indented for a terminal, as it is for a program.
pub(crate) fn print_json(text: &str) {
    match Value::parse(text) {
        Ok(value) if std::io::stdout().is_terminal() => print(&indented(&value)),
        _ => print(text),
    }
}

/// JSON with two spaces of indentation.
pub(crate) fn indented(value: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(value).expect("what we print has string keys only")
}

/// Prints a message for the user on standard error.
pub(crate) fn note(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Prints the one message that says why a command did not work.
pub(crate) fn print_error(text: &str) {
    if std::io::stderr().is_terminal() {
        note(&format!("\u{1b}[1;31merror:\u{1b}[0m {text}"));
    } else {
        note(&format!("error: {text}"));
    }
}

/// A time of AWS Batch's documents, milliseconds since 1970, for people: RFC 3339 in UTC; nothing where there is none.
pub(crate) fn instant(milliseconds: Option<&Value>) -> String {
    let milliseconds = milliseconds.and_then(Value::as_i64);
    let instant = milliseconds.and_then(|number| jiff::Timestamp::from_millisecond(number).ok());
    instant.map_or_else(String::new, |instant| format!("{instant:.3}"))
}

/// An object's members, one a line; those that are objects or arrays stand indented below their name.
pub(crate) fn members(object: &Value) -> String {
    let members: Vec<(&str, &Value)> = object
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (&**name, value))
        .collect();
    let width = members
        .iter()
        .map(|(name, _)| name.len())
        .max()
        .unwrap_or(0);
    let line = |(name, value): (&str, &Value)| match value {
        Value::String(text) => format!("{name:width$}  {text}\n"),
        Value::Array(_) | Value::Object(_) => {
            let text = indented(value).replace('\n', "\n  ");
            format!("{name}\n  {text}\n")
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {
            format!("{name:width$}  {}\n", value.to_text())
        }
    };
    members.into_iter().map(line).collect()
}

/// A table without lines, as `kubectl` and `docker` print theirs.
pub(crate) fn table<const N: usize>(header: [&str; N], rows: Vec<[String; N]>) -> String {
    let mut table = comfy_table::Table::new();
    table
        .load_style(comfy_table::presets::NOTHING)
        .set_content_arrangement(comfy_table::ContentArrangement::Disabled)
        .set_header(header);
    for row in rows {
        table.add_row(row);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}
