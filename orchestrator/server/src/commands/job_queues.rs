//! `ratchet job-queues …`: a server's job queues.

use expression::value::Value;
use hyper::Method;
use serde_json::json;

use crate::arguments::Server;
use crate::arguments::batch::{JobQueues, State};
use crate::client::{Client, encoded};
use crate::commands::executions::cell;
use crate::config::layers::Environment;
use crate::outcome::{Error, Outcome};
use crate::output::{self, Format, instant};

/// Does what was asked.
pub(super) async fn perform(
    command: JobQueues,
    environment: &Environment,
) -> Result<Outcome, Error> {
    let connect = |server: &Server| Client::new(server.server.as_deref(), environment);
    match command {
        JobQueues::List { server } => {
            let path = "/job-queues?limit=1000";
            let found = connect(&server)?
                .list(path, "jobQueues", usize::MAX)
                .await?;
            print_list(found, server.output);
        }
        JobQueues::Create {
            name,
            environment,
            priority,
            scheduling_policy,
            server,
        } => {
            let body = json!({
                "jobQueueName": name,
                "priority": priority,
                "computeEnvironmentOrder": order(&environment),
                "schedulingPolicyArn": scheduling_policy,
            });
            let created = connect(&server)?
                .send(Method::POST, "/job-queues", Some(&body.into()))
                .await?;
            print_one(&created, server.output);
        }
        JobQueues::Describe { name, server } => {
            let found = connect(&server)?.get(&path(&name)).await?;
            print_one(&found, server.output);
        }
        JobQueues::Snapshot { name, server } => {
            let path = format!("{}/snapshot", path(&name));
            let found = connect(&server)?.get(&path).await?;
            print_snapshot(&found, server.output);
        }
        JobQueues::Update {
            name,
            state,
            environment,
            priority,
            server,
        } => {
            let body = json!({
                "state": state_text(state),
                "priority": priority,
                "computeEnvironmentOrder": (!environment.is_empty()).then(|| order(&environment)),
            });
            let updated = connect(&server)?
                .send(Method::PATCH, &path(&name), Some(&body.into()))
                .await?;
            print_one(&updated, server.output);
        }
        JobQueues::Delete { name, server } => {
            let client = connect(&server)?;
            client.send(Method::DELETE, &path(&name), None).await?;
        }
    }
    Ok(Outcome::Done)
}

/// What the flags say of a state; nothing when they say nothing.
pub(super) fn state_text(state: State) -> Option<&'static str> {
    match (state.enable, state.disable) {
        (true, _) => Some("ENABLED"),
        (_, true) => Some("DISABLED"),
        (false, false) => None,
    }
}

fn path(name: &str) -> String {
    format!("/job-queues/{}", encoded(name))
}

fn order(environments: &[String]) -> serde_json::Value {
    let entries = environments
        .iter()
        .enumerate()
        .map(|(number, name)| json!({ "order": number + 1, "computeEnvironment": name }));
    entries.collect()
}

fn print_list(queues: Vec<Value>, format: Format) {
    let text = match format {
        Format::Json => output::indented(&queues),
        Format::Table => {
            let rows = queues.iter().map(|queue| {
                let order = queue.get("computeEnvironmentOrder");
                let order = order.and_then(Value::as_array).unwrap_or_default();
                let environments = order.iter().map(|entry| {
                    let arn = cell(entry, "computeEnvironment");
                    arn.rsplit('/').next().unwrap_or(&arn).to_owned()
                });
                [
                    cell(queue, "jobQueueName"),
                    cell(queue, "state"),
                    cell(queue, "status"),
                    cell(queue, "priority"),
                    environments.collect::<Vec<_>>().join(" "),
                ]
            });
            output::table(
                ["QUEUE", "STATE", "STATUS", "PRIORITY", "ENVIRONMENTS"],
                rows.collect(),
            )
        }
    };
    output::print(&text);
}

fn print_snapshot(snapshot: &Value, format: Format) {
    let text = match format {
        Format::Json => output::indented(snapshot),
        Format::Table => {
            let front = snapshot.get("frontOfQueue").cloned().unwrap_or_default();
            let jobs = front.get("jobs").and_then(Value::as_array);
            let rows = jobs.unwrap_or_default().iter().map(|job| {
                let arn = cell(job, "jobArn");
                [
                    arn.rsplit('/').next().unwrap_or(&arn).to_owned(),
                    instant(job.get("earliestTimeAtPosition")),
                ]
            });
            output::table(["JOB", "AT THIS POSITION SINCE"], rows.collect())
        }
    };
    output::print(&text);
}

fn print_one(queue: &Value, format: Format) {
    let text = match format {
        Format::Json => output::indented(queue),
        Format::Table => output::members(queue),
    };
    output::print(&text);
}
