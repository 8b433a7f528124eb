//! `ratchet jobs logs`: what a job's attempt printed, and what it prints.

use expression::value::Value;

use crate::client::{Client, Event};
use crate::commands::executions::cell;
use crate::outcome::Error;
use crate::output::{self, Format, instant};

/// Which lines, and how they are printed.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// The attempt, from 1; the last when absent.
    pub(super) attempt: Option<u32>,
    /// The last so many lines.
    pub(super) tail: Option<usize>,
    /// Whether the time stands before each.
    pub(super) timestamps: bool,
    /// Lines for people, or JSON, one object a line.
    pub(super) format: Format,
}

impl Wanted {
    /// All lines as they were printed.
    pub(super) fn plain() -> Self {
        Self {
            attempt: None,
            tail: None,
            timestamps: false,
            format: Format::Table,
        }
    }

    fn query(&self) -> String {
        let mut query = String::from("?");
        if let Some(attempt) = self.attempt {
            query.push_str(&format!("&attempt={attempt}"));
        }
        if let Some(tail) = self.tail {
            query.push_str(&format!("&tail={tail}"));
        }
        query
    }

    fn text(&self, line: &Value) -> String {
        let text = cell(line, "text");
        match self.format {
            Format::Json => line.to_text(),
            Format::Table if self.timestamps => format!("{} {text}", instant(line.get("time"))),
            Format::Table => text,
        }
    }
}

/// Prints the lines that there are.
pub(super) async fn print(client: &Client, job: &str, wanted: &Wanted) -> Result<(), Error> {
    let mut path = format!("{job}/logs{}", wanted.query());
    loop {
        let page = client.get(&path).await?;
        let lines = page.get("lines").and_then(Value::as_array);
        let lines = lines.unwrap_or_default();
        if lines.is_empty() {
            return Ok(());
        }
        let text: Vec<String> = lines.iter().map(|line| wanted.text(line)).collect();
        output::print(&text.join("\n"));
        match page.get("next").and_then(Value::as_str) {
            Some(next) => path = format!("{job}/logs{}&cursor={next}", wanted.query()),
            None => return Ok(()),
        }
    }
}

/// Gives the lines as they come to `print`, until the job has ended.
pub(super) async fn follow(
    client: &Client,
    job: &str,
    wanted: &Wanted,
    print: fn(&str),
) -> Result<(), Error> {
    let path = format!("{job}/logs/stream{}", wanted.query());
    client
        .follow(&path, |event: Event| {
            let told = Value::parse(&event.data).unwrap_or_default();
            match &*event.kind {
                "line" => print(&wanted.text(&told)),
                "status" => note_status(&told),
                _ => {}
            }
            event.kind != "end"
        })
        .await
}

/// Says why a job waits; that it runs or has ended can be seen.
fn note_status(status: &Value) {
    let reason = cell(status, "statusReason");
    if !reason.is_empty() {
        output::note(&format!("{}: {reason}", cell(status, "status")));
    }
}
