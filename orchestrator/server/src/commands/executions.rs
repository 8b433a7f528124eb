//! `ratchet executions …`: a server's executions.

use expression::value::Value;
use hyper::Method;

use crate::arguments::{Executions, Search, Server};
use crate::client::{Client, encoded, execution_path};
use crate::commands::{read_input, read_text};
use crate::config::layers::Environment;
use crate::outcome::{Error, Outcome};
use crate::output::{self, Format};

/// Does what was asked.
pub(super) async fn perform(
    command: Executions,
    environment: &Environment,
) -> Result<Outcome, Error> {
    let connect = |server: &Server| Client::new(server.server.as_deref(), environment);
    match command {
        Executions::List {
            state_machine,
            status,
            search,
            limit,
            server,
        } => {
            let mut path = format!("/executions?limit={}", limit.clamp(1, 1000));
            if let Some(name) = state_machine {
                path.push_str(&format!("&stateMachine={}", encoded(&name)));
            }
            if let Some(status) = status {
                path.push_str(&format!(
                    "&status={}",
                    status.to_uppercase().replace('-', "_")
                ));
            }
            path.push_str(&search_query(&search));
            let found = connect(&server)?.list(&path, "executions", limit).await?;
            print_list(found, server.output);
        }
        Executions::Start {
            state_machine,
            input,
            name,
            qualifier,
            test_case,
            trace_header,
            server,
        } => {
            let input = read_input("--input", &input)?;
            let input = Value::parse(&input).map_err(|error| Error::Usage(error.to_string()))?;
            let mut body = vec![("input", input)];
            body.extend(name.map(|name| ("name", name.into())));
            body.extend(qualifier.map(|qualifier| ("qualifier", qualifier.into())));
            body.extend(test_case.map(|test_case| ("testCase", test_case.into())));
            body.extend(trace_header.map(|header| ("traceHeader", header.into())));
            let path = format!("/state-machines/{}/executions", encoded(&state_machine));
            let started = connect(&server)?
                .send(Method::POST, &path, Some(&Value::object(body)))
                .await?;
            print_one(&started, server.output);
        }
        Executions::Describe { execution, server } => {
            let found = connect(&server)?.get(&execution_path(&execution)?).await?;
            print_one(&found, server.output);
        }
        Executions::History { execution, server } => {
            let path = format!("{}/history?limit=1000", execution_path(&execution)?);
            let events = connect(&server)?.list(&path, "events", usize::MAX).await?;
            print_history(events, server.output);
        }
        Executions::Redrive {
            execution,
            definition,
            server,
        } => {
            let definition = definition.map(|file| read_text(&file)).transpose()?;
            let body = definition.map(|text| ("definition", Value::from(text)));
            let path = format!("{}/redrive", execution_path(&execution)?);
            let redriven = connect(&server)?
                .send(Method::POST, &path, Some(&Value::object(body)))
                .await?;
            print_one(&redriven, server.output);
        }
        Executions::Pause { execution, server } => {
            let path = format!("{}/pause", execution_path(&execution)?);
            let paused = connect(&server)?.send(Method::POST, &path, None).await?;
            print_one(&paused, server.output);
        }
        Executions::Resume { execution, server } => {
            let path = format!("{}/resume", execution_path(&execution)?);
            let resumed = connect(&server)?.send(Method::POST, &path, None).await?;
            print_one(&resumed, server.output);
        }
        Executions::Stop {
            execution,
            error,
            cause,
            server,
        } => {
            let given = [("error", error), ("cause", cause)];
            let body = given
                .into_iter()
                .filter_map(|(name, text)| Some((name, Value::from(text?))));
            let path = format!("{}/stop", execution_path(&execution)?);
            let stopped = connect(&server)?
                .send(Method::POST, &path, Some(&Value::object(body)))
                .await?;
            print_one(&stopped, server.output);
        }
    }
    Ok(Outcome::Done)
}

/// What is looked for, as the query has it.
fn search_query(search: &Search) -> String {
    let texts = [
        ("namePrefix", &search.name_prefix),
        ("startedAfter", &search.started_after),
        ("startedBefore", &search.started_before),
        ("input", &search.input),
    ];
    let flags = [("paused", search.paused), ("redriven", search.redriven)];
    let texts = texts
        .into_iter()
        .filter_map(|(name, text)| Some(format!("&{name}={}", encoded(text.as_ref()?))));
    let flags = flags
        .into_iter()
        .filter(|(_, is_set)| *is_set)
        .map(|(name, _)| format!("&{name}=true"));
    texts.chain(flags).collect()
}

/// A member as a table shows it: a text without its quotes, nothing where there is none.
pub(super) fn cell(value: &Value, name: &str) -> String {
    match value.get(name) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.to_string(),
        Some(other) => other.to_text(),
    }
}

fn print_list(executions: Vec<Value>, format: Format) {
    let text = match format {
        Format::Json => output::indented(&executions),
        Format::Table => {
            let rows = executions.iter().map(|execution| {
                ["id", "status", "startedAt", "stoppedAt"].map(|name| cell(execution, name))
            });
            output::table(
                ["EXECUTION", "STATUS", "STARTED", "STOPPED"],
                rows.collect(),
            )
        }
    };
    output::print(&text);
}

fn print_one(execution: &Value, format: Format) {
    let text = match format {
        Format::Json => output::indented(execution),
        Format::Table => output::members(execution),
    };
    output::print(&text);
}

fn print_history(events: Vec<Value>, format: Format) {
    let text = match format {
        Format::Json => output::indented(&events),
        Format::Table => {
            let rows = events.iter().map(|event| {
                let details = event.get("details").cloned().unwrap_or_default();
                let said = ["name", "resource", "error", "cause"]
                    .map(|name| cell(&details, name))
                    .into_iter()
                    .filter(|text| !text.is_empty())
                    .collect::<Vec<_>>();
                [
                    cell(event, "id"),
                    cell(event, "timestamp"),
                    cell(event, "type"),
                    said.join(" "),
                ]
            });
            output::table(["ID", "TIME", "TYPE", "DETAILS"], rows.collect())
        }
    };
    output::print(&text);
}
