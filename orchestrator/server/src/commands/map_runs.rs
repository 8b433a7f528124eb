//! `ratchet map-runs …`: what distributed Maps of a server started, as a whole.

use expression::value::Value;
use hyper::Method;
use runtime::arn::{ArnResource, StatesArn};

use crate::arguments::Server;
use crate::arguments::map_runs::{MapRuns, UpdateMapRun};
use crate::client::{Client, encoded, execution_path};
use crate::commands::executions::cell;
use crate::config::layers::Environment;
use crate::outcome::{Error, Outcome};
use crate::output::{self, Format};

/// Does what was asked.
pub(super) async fn perform(command: MapRuns, environment: &Environment) -> Result<Outcome, Error> {
    let connect = |server: &Server| Client::new(server.server.as_deref(), environment);
    match command {
        MapRuns::List {
            execution,
            limit,
            server,
        } => {
            let path = format!(
                "{}/map-runs?limit={}",
                execution_path(&execution)?,
                limit.clamp(1, 1000)
            );
            let found = connect(&server)?.list(&path, "mapRuns", limit).await?;
            print_list(found, server.output);
        }
        MapRuns::Describe { map_run, server } => {
            let found = connect(&server)?.get(&path(&map_run)?).await?;
            print_one(&found, server.output);
        }
        MapRuns::Update(update) => {
            let client = connect(&update.server)?;
            let path = path(&update.map_run)?;
            let body = change(&update)?;
            let changed = client.send(Method::PATCH, &path, Some(&body)).await?;
            print_one(&changed, update.server.output);
        }
    }
    Ok(Outcome::Done)
}

fn change(update: &UpdateMapRun) -> Result<Value, Error> {
    let count = |name, number: Option<u64>| Some((name, Value::from(number?)));
    let percentage = update.tolerated_failure_percentage;
    let percentage = percentage.map(|percentage| {
        let parsed = Value::parse(&percentage.to_string());
        parsed.map_err(|_| Error::Usage(format!("{percentage} is no percentage")))
    });
    let percentage = percentage.transpose()?;
    let members = [
        count("maxConcurrency", update.max_concurrency),
        count("toleratedFailureCount", update.tolerated_failure_count),
        percentage.map(|percentage| ("toleratedFailurePercentage", percentage)),
    ];
    Ok(Value::object(members.into_iter().flatten()))
}

/// The path of a Map Run that is named by its id or its ARN.
fn path(text: &str) -> Result<String, Error> {
    let id = match StatesArn::parse(text).map(|arn| arn.resource) {
        // A state machine's name has no slash.
        Some(ArnResource::MapRun(machine, unique)) => {
            format!("{}:{unique}", machine.replacen('/', ":", 1))
        }
        Some(_) => return Err(Error::Usage(format!("`{text}` is no ARN of a Map Run"))),
        None => text.to_owned(),
    };
    if id.split(':').filter(|part| !part.is_empty()).count() != 3 {
        return Err(Error::Usage(format!(
            "`{text}` names no Map Run; write STATE_MACHINE:LABEL:UNIQUE or its ARN, as `ratchet map-runs list EXECUTION` shows them"
        )));
    }
    Ok(format!("/map-runs/{}", encoded(&id)))
}

fn print_list(map_runs: Vec<Value>, format: Format) {
    let text = match format {
        Format::Json => output::indented(&map_runs),
        Format::Table => {
            let rows = map_runs.iter().map(|run| {
                let items = run.get("items").cloned().unwrap_or_default();
                [
                    cell(run, "id"),
                    cell(run, "status"),
                    cell(run, "startedAt"),
                    cell(run, "stoppedAt"),
                    cell(&items, "total"),
                    cell(&items, "succeeded"),
                    cell(&items, "failed"),
                ]
            });
            output::table(
                [
                    "MAP RUN",
                    "STATUS",
                    "STARTED",
                    "STOPPED",
                    "ITEMS",
                    "SUCCEEDED",
                    "FAILED",
                ],
                rows.collect(),
            )
        }
    };
    output::print(&text);
}

fn print_one(map_run: &Value, format: Format) {
    let text = match format {
        Format::Json => output::indented(map_run),
        Format::Table => output::members(map_run),
    };
    output::print(&text);
}
