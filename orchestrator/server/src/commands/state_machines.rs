//! `ratchet state-machines …`: a server's state machines.

use std::path::Path;

use expression::value::Value;
use hyper::Method;

use crate::arguments::{MachineSettings, Server, StateMachines};
use crate::client::{Client, encoded};
use crate::commands::executions::cell;
use crate::commands::{read_input, read_text};
use crate::config::layers::Environment;
use crate::outcome::{Error, Outcome};
use crate::output::{self, Format};

/// Does what was asked.
pub(super) async fn perform(
    command: StateMachines,
    environment: &Environment,
) -> Result<Outcome, Error> {
    let connect = |server: &Server| Client::new(server.server.as_deref(), environment);
    match command {
        StateMachines::List { server } => {
            let client = connect(&server)?;
            let path = "/state-machines?limit=1000";
            let found = client.list(path, "stateMachines", usize::MAX).await?;
            print_list(found, server.output);
        }
        StateMachines::Create {
            name,
            file,
            express,
            settings,
            server,
        } => {
            let machine_type = if express { "EXPRESS" } else { "STANDARD" };
            let mut body = vec![
                ("name", Value::from(name)),
                ("type", machine_type.into()),
                ("definition", definition(&file)?),
            ];
            body.extend(settings_of(&settings)?);
            let body = Value::object(body);
            let client = connect(&server)?;
            let created = client
                .send(Method::POST, "/state-machines", Some(&body))
                .await?;
            print_one(&created, server.output);
        }
        StateMachines::Describe { name, server } => {
            let found = connect(&server)?.get(&path(&name)).await?;
            print_one(&found, server.output);
        }
        StateMachines::Update {
            name,
            file,
            settings,
            server,
        } => {
            let client = connect(&server)?;
            // PUT would create a state machine that is not there, which is not what was asked.
            client.get(&path(&name)).await?;
            let mut body = vec![("definition", definition(&file)?)];
            body.extend(settings_of(&settings)?);
            let body = Value::object(body);
            let updated = client.send(Method::PUT, &path(&name), Some(&body)).await?;
            print_one(&updated, server.output);
        }
        StateMachines::Publish {
            name,
            description,
            server,
        } => {
            let body = description.map(|text| ("description", Value::from(text)));
            let published = connect(&server)?
                .send(Method::POST, &versions(&name), Some(&Value::object(body)))
                .await?;
            print_one(&published, server.output);
        }
        StateMachines::Versions { name, server } => {
            let found = connect(&server)?.get(&versions(&name)).await?;
            let columns = ["version", "createdAt", "description"];
            print_members(&found, "versions", columns, server.output);
        }
        StateMachines::DeleteVersion {
            name,
            version,
            server,
        } => {
            let path = format!("{}/{version}", versions(&name));
            connect(&server)?.send(Method::DELETE, &path, None).await?;
        }
        StateMachines::Aliases { name, server } => {
            let path = format!("{}/aliases", path(&name));
            let found = connect(&server)?.get(&path).await?;
            let columns = ["name", "routes", "description"];
            print_members(&found, "aliases", columns, server.output);
        }
        StateMachines::SetAlias {
            name,
            alias,
            routes,
            description,
            server,
        } => {
            let routes = routes.iter().map(|text| route(text));
            let routes = routes.collect::<Result<Vec<_>, _>>()?;
            let mut body = vec![("routes", Value::array(routes))];
            body.extend(description.map(|text| ("description", Value::from(text))));
            let path = format!("{}/aliases/{}", path(&name), encoded(&alias));
            let set = connect(&server)?
                .send(Method::PUT, &path, Some(&Value::object(body)))
                .await?;
            print_one(&set, server.output);
        }
        StateMachines::DeleteAlias {
            name,
            alias,
            server,
        } => {
            let path = format!("{}/aliases/{}", path(&name), encoded(&alias));
            connect(&server)?.send(Method::DELETE, &path, None).await?;
        }
        StateMachines::Delete { name, server } => {
            let client = connect(&server)?;
            client.send(Method::DELETE, &path(&name), None).await?;
        }
    }
    Ok(Outcome::Done)
}

fn path(name: &str) -> String {
    format!("/state-machines/{}", encoded(name))
}

fn versions(name: &str) -> String {
    format!("{}/versions", path(name))
}

/// `3`, or `3=90`
fn route(text: &str) -> Result<Value, Error> {
    let (version, weight) = text.split_once('=').unwrap_or((text, "100"));
    let number = |text: &str| text.parse::<u64>().ok();
    match (number(version), number(weight)) {
        (Some(version), Some(weight)) => Ok(Value::object([
            ("version", Value::from(version)),
            ("weight", weight.into()),
        ])),
        _ => Err(Error::Usage(format!(
            "`{text}` is no VERSION[=WEIGHT]; write 3, or 3=90 and 4=10"
        ))),
    }
}

/// A list inside an answer.
fn print_members(answer: &Value, name: &str, columns: [&str; 3], format: Format) {
    let items = answer
        .get(name)
        .and_then(Value::as_array)
        .unwrap_or_default();
    let text = match format {
        Format::Json => output::indented(&items),
        Format::Table => {
            let rows = items
                .iter()
                .map(|item| columns.map(|column| column_text(item, column)));
            output::table(columns.map(heading), rows.collect())
        }
    };
    output::print(&text);
}

/// The routes of an alias are shown as `set-alias` takes them.
fn column_text(item: &Value, column: &str) -> String {
    match item.get(column).and_then(Value::as_array) {
        Some(routes) => {
            let routes = routes
                .iter()
                .map(|route| format!("{}={}", cell(route, "version"), cell(route, "weight")));
            routes.collect::<Vec<_>>().join(" ")
        }
        None => cell(item, column),
    }
}

fn heading(column: &str) -> &'static str {
    match column {
        "version" => "VERSION",
        "createdAt" => "CREATED",
        "name" => "NAME",
        "routes" => "ROUTES",
        _ => "DESCRIPTION",
    }
}

/// The file's text as it is, so that the server's findings name lines of the file.
fn definition(file: &Path) -> Result<Value, Error> {
    Ok(Value::from(read_text(file)?))
}

/// The settings that were given, as the request has them.
fn settings_of(settings: &MachineSettings) -> Result<Vec<(&'static str, Value)>, Error> {
    let given = [
        (
            "--logging-configuration",
            "loggingConfiguration",
            &settings.logging_configuration,
        ),
        (
            "--tracing-configuration",
            "tracingConfiguration",
            &settings.tracing_configuration,
        ),
    ];
    let mut members = Vec::new();
    for (flag, name, argument) in given {
        if let Some(argument) = argument {
            let text = read_input(flag, argument)?;
            let value = Value::parse(&text).map_err(|error| Error::Usage(error.to_string()))?;
            members.push((name, value));
        }
    }
    Ok(members)
}

fn print_list(machines: Vec<Value>, format: Format) {
    let text = match format {
        Format::Json => output::indented(&machines),
        Format::Table => {
            let rows = machines
                .iter()
                .map(|machine| ["name", "type", "createdAt"].map(|name| cell(machine, name)));
            output::table(["NAME", "TYPE", "CREATED"], rows.collect())
        }
    };
    output::print(&text);
}

fn print_one(machine: &Value, format: Format) {
    let text = match format {
        Format::Json => output::indented(machine),
        Format::Table => output::members(machine),
    };
    output::print(&text);
}
