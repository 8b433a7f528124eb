//! `ratchet compute-environments …`: a server's compute environments.

use expression::value::Value;
use hyper::Method;
use serde_json::json;

use crate::arguments::Server;
use crate::arguments::batch::ComputeEnvironments;
use crate::client::{Client, encoded};
use crate::commands::executions::cell;
use crate::commands::job_queues::state_text;
use crate::config::layers::Environment;
use crate::outcome::{Error, Outcome};
use crate::output::{self, Format};

/// Does what was asked.
pub(super) async fn perform(
    command: ComputeEnvironments,
    environment: &Environment,
) -> Result<Outcome, Error> {
    let connect = |server: &Server| Client::new(server.server.as_deref(), environment);
    match command {
        ComputeEnvironments::List { server } => {
            let path = "/compute-environments?limit=1000";
            let client = connect(&server)?;
            let found = client.list(path, "computeEnvironments", usize::MAX).await?;
            print_list(found, server.output);
        }
        ComputeEnvironments::Create {
            name,
            engine,
            vcpus,
            memory,
            server,
        } => {
            let mut tags = json!({ "ratchet:engine": engine });
            if let Some(memory) = memory {
                tags["ratchet:memory"] = json!(memory.to_string());
            }
            let body = json!({
                "computeEnvironmentName": name,
                "type": "MANAGED",
                "computeResources": { "type": "EC2", "minvCpus": 0, "maxvCpus": vcpus },
                "tags": tags,
            });
            let created = connect(&server)?
                .send(Method::POST, "/compute-environments", Some(&body.into()))
                .await?;
            print_one(&created, server.output);
        }
        ComputeEnvironments::Describe { name, server } => {
            let found = connect(&server)?.get(&path(&name)).await?;
            print_one(&found, server.output);
        }
        ComputeEnvironments::Update {
            name,
            state,
            vcpus,
            server,
        } => {
            let body = json!({
                "state": state_text(state),
                "computeResources": vcpus.map(|vcpus| json!({ "maxvCpus": vcpus })),
            });
            let updated = connect(&server)?
                .send(Method::PATCH, &path(&name), Some(&body.into()))
                .await?;
            print_one(&updated, server.output);
        }
        ComputeEnvironments::Delete { name, server } => {
            let client = connect(&server)?;
            client.send(Method::DELETE, &path(&name), None).await?;
        }
    }
    Ok(Outcome::Done)
}

fn path(name: &str) -> String {
    format!("/compute-environments/{}", encoded(name))
}

fn print_list(environments: Vec<Value>, format: Format) {
    let text = match format {
        Format::Json => output::indented(&environments),
        Format::Table => {
            let rows = environments.iter().map(|environment| {
                let limits = environment.get("ratchet:limits");
                let limits = limits.cloned().unwrap_or_default();
                [
                    cell(environment, "computeEnvironmentName"),
                    cell(environment, "state"),
                    cell(environment, "status"),
                    cell(environment, "ratchet:engine"),
                    vcpus(&limits),
                    cell(&limits, "memoryMib"),
                    cell(environment, "statusReason"),
                ]
            });
            output::table(
                [
                    "ENVIRONMENT",
                    "STATE",
                    "STATUS",
                    "ENGINE",
                    "VCPUS",
                    "MEMORY",
                    "REASON",
                ],
                rows.collect(),
            )
        }
    };
    output::print(&text);
}

/// Thousandths as a number.
fn vcpus(limits: &Value) -> String {
    let milli = limits.get("vcpusMilli").and_then(Value::as_f64);
    milli.map_or_else(String::new, |milli| (milli / 1000.0).to_string())
}

fn print_one(environment: &Value, format: Format) {
    let text = match format {
        Format::Json => output::indented(environment),
        Format::Table => output::members(environment),
    };
    output::print(&text);
}
