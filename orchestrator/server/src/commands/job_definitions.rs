//! `ratchet job-definitions …`: a server's job definitions.

use expression::value::Value;
use hyper::Method;

use crate::arguments::Server;
use crate::arguments::batch::JobDefinitions;
use crate::client::{Client, encoded};
use crate::commands::executions::cell;
use crate::commands::read_text;
use crate::config::layers::Environment;
use crate::outcome::{Error, Outcome};
use crate::output::{self, Format};

/// Does what was asked.
pub(super) async fn perform(
    command: JobDefinitions,
    environment: &Environment,
) -> Result<Outcome, Error> {
    let connect = |server: &Server| Client::new(server.server.as_deref(), environment);
    match command {
        JobDefinitions::Register { file, name, server } => {
            let body = request(&read_text(&file)?, name)?;
            let registered = connect(&server)?
                .send(Method::POST, "/job-definitions", Some(&body))
                .await?;
            print_one(&registered, server.output);
        }
        JobDefinitions::List { name, all, server } => {
            let mut path = "/job-definitions?limit=1000".to_owned();
            if let Some(name) = name {
                path.push_str(&format!("&name={}", encoded(&name)));
            }
            if !all {
                path.push_str("&status=ACTIVE");
            }
            let client = connect(&server)?;
            let found = client.list(&path, "jobDefinitions", usize::MAX).await?;
            print_list(found, server.output);
        }
        JobDefinitions::Describe { definition, server } => {
            let found = connect(&server)?.get(&path(&definition)).await?;
            print_one(&found, server.output);
        }
        JobDefinitions::Deregister { definition, server } => {
            let client = connect(&server)?;
            client
                .send(Method::DELETE, &path(&definition), None)
                .await?;
        }
    }
    Ok(Outcome::Done)
}

fn path(definition: &str) -> String {
    format!("/job-definitions/{}", encoded(definition))
}

/// The file's request, under another name if one is given.
fn request(text: &str, name: Option<String>) -> Result<Value, Error> {
    let request = Value::parse(text)
        .map_err(|error| Error::Usage(format!("the job definition is no JSON: {error}")))?;
    let Some(members) = request.as_object() else {
        return Err(Error::Usage("the job definition is no object".to_owned()));
    };
    let Some(name) = name else {
        return Ok(request);
    };
    let others = members
        .iter()
        .filter(|(member, _)| &***member != "jobDefinitionName")
        .map(|(member, value)| (member.clone(), value.clone()));
    let named = ("jobDefinitionName".into(), Value::from(name));
    Ok(Value::object(others.chain([named])))
}

fn print_list(definitions: Vec<Value>, format: Format) {
    let text = match format {
        Format::Json => output::indented(&definitions),
        Format::Table => {
            let rows = definitions.iter().map(|definition| {
                let container = definition.get("containerProperties");
                let container = container.cloned().unwrap_or_default();
                [
                    format!(
                        "{}:{}",
                        cell(definition, "jobDefinitionName"),
                        cell(definition, "revision")
                    ),
                    cell(definition, "type"),
                    cell(definition, "status"),
                    cell(&container, "image"),
                    command(&container),
                ]
            });
            output::table(
                ["DEFINITION", "TYPE", "STATUS", "IMAGE", "COMMAND"],
                rows.collect(),
            )
        }
    };
    output::print(&text);
}

fn command(container: &Value) -> String {
    let words = container.get("command").and_then(Value::as_array);
    let words = words.unwrap_or_default().iter().filter_map(Value::as_str);
    words.collect::<Vec<_>>().join(" ")
}

fn print_one(definition: &Value, format: Format) {
    let text = match format {
        Format::Json => output::indented(definition),
        Format::Table => output::members(definition),
    };
    output::print(&text);
}
